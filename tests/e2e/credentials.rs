//! API keys, sessions and members: what works, what no longer does, and how soon.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chassis::Reason;
use harness::{
    Access, World, events, order,
    refusal::{bad_fields, refused, visible},
    request_id, signed, until,
};
use proto::{
    partners::{
        CreateApiKeyRequest, CreateSignInLinkRequest, DeleteSavedFilterRequest, EndSessionRequest,
        FilteredList, ListApiKeysRequest, ListSavedFiltersRequest, Member, RedeemSignInLinkRequest,
        RevokeApiKeyRequest, Role, SaveFilterRequest, SavedFilter, Scope, SetLocaleRequest,
        UpdateMemberRequest, WhoAmIRequest,
    },
    stream::{SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use tonic::{Status, Streaming, metadata::MetadataMap};

const WHO_AM_I: &str = "/tandem.partners.v1.SessionService/WhoAmI";
/// Within which a revoked credential stops working everywhere.
const REVOKED: Duration = Duration::from_secs(5);

async fn whoami(access: &Access) -> Result<proto::partners::WhoAmIResponse, Status> {
    Ok(access.sessions().who_am_i(WhoAmIRequest {}).await?.into_inner())
}

async fn follow(access: &Access) -> Streaming<SubscribeResponse> {
    let request = SubscribeRequest { start: Some(Start::Earliest(true)), filter: None, until_head: false };
    access.stream().subscribe(request).await.expect("subscribed").into_inner()
}

/// Reads until the stream ends; panics where it does not end in time.
async fn ended(mut stream: Streaming<SubscribeResponse>) -> Status {
    let read = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("an open stream does not end with OK"),
                Err(status) => return status,
            }
        }
    };
    tokio::time::timeout(REVOKED, read).await.expect("the stream ends within 5 s")
}

#[tokio::test]
async fn a_key_works_only_as_it_was_given() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let key = firm.key.clone();
    let other = firm.session().new_key("other", &[Role::Viewer], None).await;
    let (body, _) = key.rsplit_once('_').unwrap();
    let (prefix, _) = body.rsplit_once('_').unwrap();
    let wrong_secret = signed(&format!("{prefix}_{}", "0".repeat(64)));
    let of_test = key.replace("tdm_live_", "tdm_test_");
    for (what, header) in [
        ("a wrong checksum", format!("Bearer {}", flip(&key))),
        ("the right id with a wrong secret", format!("Bearer {wrong_secret}")),
        ("another environment", format!("Bearer {of_test}")),
        ("cut short", format!("Bearer {}", &key[..key.len() - 1])),
        ("something behind it", format!("Bearer {key}\t")),
        ("capitals", format!("Bearer {}", key.to_uppercase())),
        ("no scheme", key.clone()),
        ("another scheme", format!("Basic {key}")),
        ("a small scheme", format!("bearer {key}")),
        ("nothing behind the scheme", "Bearer ".into()),
        ("two keys in one header", format!("Bearer {key},{other}")),
        ("a kilobyte", format!("Bearer {}", "a".repeat(1_000))),
    ] {
        let mut headers = MetadataMap::new();
        headers.insert("authorization", header.parse().unwrap());
        let answer = world.anybody().call_with(WHO_AM_I, Bytes::new(), headers).await;
        let status = refused(answer, Reason::UNAUTHENTICATED);
        let none = refused(whoami(&world.anybody()).await, Reason::UNAUTHENTICATED);
        assert_eq!(visible(&status), visible(&none), "{what} says no more than no key at all");
    }
    let mut two = MetadataMap::new();
    for key in [&key, &other] {
        two.append("authorization", format!("Bearer {key}").parse().unwrap());
    }
    refused(world.anybody().call_with(WHO_AM_I, Bytes::new(), two).await, Reason::UNAUTHENTICATED);
    let in_query = format!("{WHO_AM_I}?authorization=Bearer%20{key}&key={key}");
    refused(
        world.anybody().call_with(&in_query, Bytes::new(), MetadataMap::new()).await,
        Reason::UNAUTHENTICATED,
    );
    assert_eq!(whoami(&firm).await.expect("as it was given").firm_id, firm.id);
    let viewer = world.access(&other);
    let publish = order("1").line("10", "X", "1", "1").to("V100");
    refused(viewer.publish(publish).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

fn flip(key: &str) -> String {
    let last = if key.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &key[..key.len() - 1])
}

#[tokio::test]
async fn a_key_that_has_expired_does_not_work() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let make = |seconds: i64| CreateApiKeyRequest {
        request_id: request_id(),
        name: "short".into(),
        roles: vec![Role::Viewer.into()],
        scope: None,
        expires_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
    };
    let now = world.deps().clock.now().unix_timestamp();
    let made = firm.session().members().create_api_key(make(now + 3_600)).await.unwrap().into_inner();
    bad_fields(firm.session().members().create_api_key(make(now - 1)).await, &[("expires_at", "RANGE")]);
    sqlx::query("update partners.api_key set expires_at = now() where id = $1")
        .bind(made.api_key.unwrap().id)
        .execute(world.owner_pool().await)
        .await
        .unwrap();
    refused(whoami(&world.access(&made.key)).await, Reason::UNAUTHENTICATED);
    world.finish().await;
}

#[tokio::test]
async fn revoking_a_key_ends_its_calls_and_streams_within_five_seconds() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let (id, key) = firm.session().try_key("erp", &[Role::Viewer], None).await.unwrap();
    let (access, kept) = (world.access(&key), follow(&firm).await);
    assert!(whoami(&access).await.is_ok());
    let stream = follow(&access).await;
    let revoke = || RevokeApiKeyRequest { request_id: request_id(), api_key_id: id.clone() };
    let revoked = firm.session().members().revoke_api_key(revoke()).await.expect("revoked").into_inner();
    assert!(revoked.revoked_at.is_some());
    until("calls with the key fail", REVOKED, async || whoami(&access).await.err()).await;
    refused(Err::<(), _>(ended(stream).await), Reason::UNAUTHENTICATED);
    let again =
        firm.session().members().revoke_api_key(revoke()).await.expect("twice is no error").into_inner();
    assert_eq!(again.revoked_at, revoked.revoked_at);
    let listed =
        firm.session().members().list_api_keys(ListApiKeysRequest::default()).await.unwrap().into_inner();
    assert!(listed.api_keys.iter().any(|each| each.id == id && each.revoked_at.is_some()));
    drop(kept);
    world.finish().await;
}

/// D03: without passwords, this is how who was signed in somewhere is put out everywhere.
#[tokio::test]
async fn a_disabled_member_is_out_within_five_seconds() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let (id, session) = firm.person("王敏", &[Role::Buyer], None).await;
    let stream = follow(&session).await;
    let mut member = firm.member(&id).await;
    member.disabled = true;
    let disable = UpdateMemberRequest { request_id: request_id(), member: Some(member.clone()) };
    let disabled = firm.session().members().update_member(disable).await.expect("disabled").into_inner();
    until("calls of the session fail", REVOKED, async || whoami(&session).await.err()).await;
    refused(Err::<(), _>(ended(stream).await), Reason::UNAUTHENTICATED);
    let stale = UpdateMemberRequest { request_id: request_id(), member: Some(member) };
    refused(firm.session().members().update_member(stale).await, Reason::STALE_ETAG);
    let enable = Member { disabled: false, ..disabled };
    let enable = UpdateMemberRequest { request_id: request_id(), member: Some(enable) };
    firm.session().members().update_member(enable).await.expect("back again");
    refused(whoami(&session).await, Reason::UNAUTHENTICATED);
    assert!(whoami(&firm.sign_in(&id).await).await.is_ok(), "with a new session");
    world.finish().await;
}

#[tokio::test]
async fn a_narrowed_member_sees_less_on_an_open_stream_within_five_seconds() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let (id, session) = buyer.person("王敏", &[Role::Buyer], None).await;
    let mut stream = follow(&session).await;
    let publish = async |n: usize, group: &str| {
        let request = order(&format!("{group}-{n}")).group(group).line("10", "X", "1", "1").to("V100");
        buyer.publish(request).await.expect("published");
    };
    let member = buyer.member(&id).await;
    let scope = Some(Scope { sites: Vec::new(), purchasing_groups: vec!["P1".into()] });
    let narrow = UpdateMemberRequest { request_id: request_id(), member: Some(Member { scope, ..member }) };
    let narrowed = buyer.session().members().update_member(narrow).await.expect("narrowed").into_inner();
    let since = Instant::now();
    // What is published to others shows until it does not any more; what is the member's own always does.
    let read = async |stream: &mut Streaming<SubscribeResponse>, n: usize| {
        publish(n, "P2").await;
        publish(n, "P1").await;
        let mut seen = Vec::new();
        while !seen.contains(&format!("P1-{n}")) {
            let message = stream.message().await.expect("it is well").expect("it goes on");
            seen.extend(message.events.iter().filter_map(|entry| {
                match events::payload(events::event(entry)) {
                    events::Payload::Published(published) => published.order?.content.map(|c| c.order_number),
                    _ => None,
                }
            }));
        }
        seen.contains(&format!("P2-{n}"))
    };
    let mut n = 0;
    while read(&mut stream, n).await {
        assert!(since.elapsed() < REVOKED, "others' orders still show");
        n += 1;
    }
    let widen = Member { scope: None, ..narrowed };
    let widen = UpdateMemberRequest { request_id: request_id(), member: Some(widen) };
    buyer.session().members().update_member(widen).await.expect("widened");
    let since = Instant::now();
    while !read(&mut stream, n + 1).await {
        assert!(since.elapsed() < REVOKED, "others' orders show again");
        n += 1;
    }
    world.finish().await;
}

#[tokio::test]
async fn a_changed_role_counts_without_signing_in_again() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let (id, session) = buyer.person("王敏", &[Role::Buyer], None).await;
    let update = async |change: Member| {
        let request = UpdateMemberRequest { request_id: request_id(), member: Some(change) };
        buyer.session().members().update_member(request).await.expect("updated").into_inner()
    };
    let roles_are = async |roles: &[Role]| {
        let roles: Vec<i32> = roles.iter().map(|role| i32::from(*role)).collect();
        until("the roles count", REVOKED, async || {
            (whoami(&session).await.ok()?.roles == roles).then_some(())
        })
        .await;
    };
    let more = Member { roles: vec![Role::Buyer.into(), Role::Sales.into()], ..buyer.member(&id).await };
    let wide = update(more).await;
    roles_are(&[Role::Buyer, Role::Sales]).await;
    let less = update(Member { roles: vec![Role::Viewer.into()], ..wide }).await;
    roles_are(&[Role::Viewer]).await;
    refused(
        session.publish(order("0").line("10", "X", "1", "1").to("V100")).await,
        Reason::PERMISSION_DENIED,
    );
    let scope = Scope { purchasing_groups: vec!["P1".into()], ..Scope::default() };
    update(Member { scope: Some(scope), ..less }).await;
    let publish = order("1").group("P2").line("10", "X", "1", "1").to("V100");
    let hidden = buyer.publish(publish).await.expect("published").order_id;
    until("the order is out of sight", REVOKED, async || session.order(&hidden).await.err()).await;
    world.finish().await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let admin = firm.member(&firm.admin_id).await;
    let update = |member: Member| UpdateMemberRequest { request_id: request_id(), member: Some(member) };
    let lower = Member { roles: vec![Role::Viewer.into()], ..admin.clone() };
    refused(firm.session().members().update_member(update(lower.clone())).await, Reason::LAST_ADMIN);
    let disable = Member { disabled: true, ..admin.clone() };
    refused(firm.session().members().update_member(update(disable)).await, Reason::LAST_ADMIN);
    let (_, second) = firm.person("第二位", &[Role::Admin], None).await;
    second.members().update_member(update(lower)).await.expect("there is another one now");
    world.finish().await;
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_have() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let scope = Scope { purchasing_groups: vec!["P1".into()], ..Scope::default() };
    let scope_of_p1 = scope.clone();
    let (narrow_id, narrow) = firm.person("分管", &[Role::Admin], Some(scope.clone())).await;
    refused(narrow.try_key("wide", &[Role::Viewer], None).await, Reason::PERMISSION_DENIED);
    narrow.try_key("narrow", &[Role::Viewer], Some(scope)).await.expect("within the own scope");
    refused(firm.session().try_key("ops", &[Role::Operator], None).await, Reason::PERMISSION_DENIED);
    let (id, viewer) = firm.person("只读", &[Role::Viewer], None).await;
    refused(viewer.try_key("more", &[Role::Admin], None).await, Reason::PERMISSION_DENIED);
    let more = Member { roles: vec![Role::Admin.into()], ..firm.member(&id).await };
    let more = UpdateMemberRequest { request_id: request_id(), member: Some(more) };
    refused(viewer.members().update_member(more).await, Reason::PERMISSION_DENIED);

    // Whoever signs another one in has what that one has, and whoever locks one out had it too.
    let link = |id: &str| CreateSignInLinkRequest { request_id: request_id(), member_id: id.into() };
    let admin = firm.member(&firm.admin_id).await;
    refused(narrow.members().create_sign_in_link(link(&admin.id)).await, Reason::PERMISSION_DENIED);
    refused(narrow.members().create_sign_in_link(link(&id)).await, Reason::PERMISSION_DENIED);
    let lock_out = Member { disabled: true, ..admin };
    let lock_out = UpdateMemberRequest { request_id: request_id(), member: Some(lock_out) };
    refused(narrow.members().update_member(lock_out).await, Reason::PERMISSION_DENIED);
    narrow.members().create_sign_in_link(link(&narrow_id)).await.expect("for itself");
    let (third, _) = firm.person("同组", &[Role::Buyer], Some(scope_of_p1)).await;
    narrow.members().create_sign_in_link(link(&third)).await.expect("for one of its own group");
    world.finish().await;
}

#[tokio::test]
async fn a_firm_has_at_most_fifty_active_keys() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let mut last = String::new();
    for n in 1..50 {
        last = firm.session().try_key(&n.to_string(), &[Role::Viewer], None).await.expect("a key").0;
    }
    refused(firm.session().try_key("51", &[Role::Viewer], None).await, Reason::TOO_MANY_KEYS);
    let revoke = RevokeApiKeyRequest { request_id: request_id(), api_key_id: last };
    firm.session().members().revoke_api_key(revoke).await.expect("revoked");
    firm.session().try_key("51", &[Role::Viewer], None).await.expect("room again");
    world.finish().await;
}

/// Filters are of whoever keeps them, each once, and at most twenty.
async fn filters(person: &Access, key: &Access) {
    let save = |name: &str, text: &str| SaveFilterRequest {
        request_id: request_id(),
        filter: Some(SavedFilter {
            list: FilteredList::Inbox.into(),
            name: name.into(),
            text: text.into(),
            ..SavedFilter::default()
        }),
    };
    let kept = async |access: &Access| {
        let kept = access.sessions().list_saved_filters(ListSavedFiltersRequest {}).await.expect("a list");
        kept.into_inner().filters.into_iter().map(|one| (one.name, one.text)).collect::<Vec<_>>()
    };
    for (name, text) in [("支架", "支架"), ("箱", "收纳箱"), (" 支架 ", "YZ-10022")] {
        person.sessions().save_filter(save(name, text)).await.expect("kept");
    }
    let both =
        [("支架", "YZ-10022"), ("箱", "收纳箱")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(kept(person).await, both, "replaced where it stood");
    assert!(kept(key).await.is_empty(), "another hand of the firm keeps its own");
    for n in 2..20 {
        person.sessions().save_filter(save(&n.to_string(), "")).await.expect("room");
    }
    refused(person.sessions().save_filter(save("20", "")).await, Reason::LIMIT_REACHED);
    let named = |name: &str| DeleteSavedFilterRequest {
        request_id: request_id(),
        list: FilteredList::Inbox.into(),
        name: name.into(),
    };
    for name in ["支架", "nothing"] {
        person.sessions().delete_saved_filter(named(name)).await.expect("gone");
    }
    assert_eq!(kept(person).await.len(), 19);
    let long = person.sessions().save_filter(save(&"长".repeat(41), "")).await;
    bad_fields(long, &[("filter.name", "TOO_LONG")]);
}

#[tokio::test]
async fn a_sign_in_link_works_once_and_a_session_until_its_end() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let link = CreateSignInLinkRequest { request_id: request_id(), member_id: firm.admin_id.clone() };
    let link = firm.session().members().create_sign_in_link(link).await.expect("a link").into_inner();
    let token = link.path.rsplit('/').next().unwrap().to_string();
    let redeem = RedeemSignInLinkRequest { token, device: "手机".into() };
    let anybody = world.anybody();
    let session =
        anybody.sessions().redeem_sign_in_link(redeem.clone()).await.expect("signed in").into_inner();
    refused(anybody.sessions().redeem_sign_in_link(redeem).await, Reason::LINK_USED);
    let unknown = RedeemSignInLinkRequest { token: "x".repeat(43), device: String::new() };
    refused(anybody.sessions().redeem_sign_in_link(unknown).await, Reason::NOT_FOUND);

    let access = world.access(&session.session_token);
    access.sessions().set_locale(SetLocaleRequest { locale: "en".into() }).await.expect("english");
    assert_eq!(whoami(&access).await.unwrap().locale, "en");
    bad_fields(
        access.sessions().set_locale(SetLocaleRequest { locale: "fr".into() }).await,
        &[("locale", "LOCALE")],
    );
    filters(&access, &firm).await;
    access.sessions().end_session(EndSessionRequest {}).await.expect("signed out");
    // D02: whoever kept the cookie has nothing of it.
    refused(whoami(&access).await, Reason::UNAUTHENTICATED);
    firm.sessions().end_session(EndSessionRequest {}).await.expect("a key has no session to end");
    assert!(whoami(&firm).await.is_ok());
    world.finish().await;
}
