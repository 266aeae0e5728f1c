//! Links to sign in that members ask for by mail, and who learns what by it.

use chassis::rates::MAILED_LINKS_BURST;
use harness::Access;
use proto::{
    notices::{GetMailStateRequest, RequestSignInLinkRequest, RequestSignInLinkResponse},
    partners::{Member, RedeemSignInLinkRequest, UpdateMemberRequest, WhoAmIRequest},
};

use super::*;

pub(super) async fn mailing() -> (MailServer, World) {
    let server = MailServer::start().await;
    let options = Options { smtp_url: server.url(), ..Options::default() };
    let world = World::with(options).await;
    (server, world)
}

/// The mail channel of a member, by which it may sign in or not.
fn mail_of(member: &str, address: &str, signs_in: bool) -> CreateChannelRequest {
    let mut request = channel(Medium::Mail);
    let given = request.channel.as_mut().unwrap();
    (given.member_id, given.signs_in) = (member.into(), signs_in);
    request.address = address.into();
    request
}

async fn ask(world: &World, address: &str) -> Result<RequestSignInLinkResponse, Status> {
    let request = RequestSignInLinkRequest { address: address.into() };
    Ok(world.anybody().notices().request_sign_in_link(request).await?.into_inner())
}

/// The mails, once there are so many.
pub(super) async fn mails(server: &MailServer, count: usize) -> Vec<String> {
    let mails =
        until("the mail is there", SOON, async || Some(server.mails()).filter(|mails| mails.len() >= count));
    mails.await.iter().map(|mail| mail.text()).collect()
}

/// The token of the link in a mail.
fn token(world: &World, text: &str) -> String {
    let link = format!("{}/s/", world.node().config.portal_url());
    let (_, token) = text.split_once(&link).expect("a link to the portal");
    token.trim().to_string()
}

#[tokio::test]
async fn a_member_asks_for_a_link_by_mail_and_is_signed_in_by_it_once() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let (member, _) = firm.person("何姐", &[Role::Sales], None).await;
    let made = set_up(&firm, mail_of(&member, "he@example.invalid", true)).await.expect("set up");
    assert!(made.signs_in && made.member_id == member);
    let state = world.anybody().notices().get_mail_state(GetMailStateRequest {}).await.expect("answered");
    assert!(state.into_inner().sends_mail);
    ask(&world, " He@Example.invalid").await.expect("asked");
    let text = mails(&server, 1).await.remove(0);
    assert!(text.contains("何姐 · 顺模塑料制品(示例)厂") && text.contains("一小时内有效"), "{text}");
    let token = token(&world, &text);

    let rows: Vec<String> = sqlx::query_scalar("select row_to_json(d)::text from notices.delivery d")
        .fetch_all(world.owner_pool().await)
        .await
        .unwrap();
    assert!(rows.len() == 1 && !rows[0].contains(&token), "the link stands nowhere: {rows:?}");
    let redeem = RedeemSignInLinkRequest { token, device: "手机".into() };
    let anybody = world.anybody();
    let session = anybody.sessions().redeem_sign_in_link(redeem.clone()).await.expect("signed in");
    let own = world.access(&session.into_inner().session_token);
    let who = own.sessions().who_am_i(WhoAmIRequest {}).await.expect("signed in").into_inner();
    assert_eq!((who.member_id, who.firm_id), (member, firm.id.clone()));
    refused(anybody.sessions().redeem_sign_in_link(redeem).await, Reason::LINK_USED);
    until("it is recorded", SOON, async || {
        let listed = deliveries(&firm).await;
        let one = listed.first()?;
        let sent = one.kind() == NoticeKind::SignIn && one.state() == DeliveryState::Sent;
        (sent && one.title == "您的登录链接").then_some(())
    })
    .await;
    world.finish().await;
}

#[tokio::test]
async fn whose_an_address_is_is_told_to_nobody() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let (member, _) = firm.person("何姐", &[Role::Sales], None).await;
    let (leaver, _) = firm.person("李强", &[Role::Viewer], None).await;
    set_up(&firm, mail_of("", "team@example.invalid", false)).await.expect("the firm's");
    set_up(&firm, mail_of(&member, "told@example.invalid", false)).await.expect("for notices alone");
    set_up(&firm, mail_of(&leaver, "gone@example.invalid", true)).await.expect("set up");
    let lost = set_up(&firm, mail_of(&member, "lost@example.invalid", true)).await.expect("set up");
    set_up(&firm, mail_of(&member, "he@example.invalid", true)).await.expect("set up");
    let delete = DeleteChannelRequest { request_id: request_id(), channel_id: lost.id };
    firm.notices().delete_channel(delete).await.expect("deleted");
    let disabled = Member { disabled: true, ..firm.member(&leaver).await };
    let update = UpdateMemberRequest { request_id: request_id(), member: Some(disabled) };
    firm.members().update_member(update).await.expect("disabled");

    for name in ["nobody", "team", "told", "gone", "lost", "he"] {
        let answer = ask(&world, &format!("{name}@example.invalid")).await.expect(name);
        assert_eq!(answer, RequestSignInLinkResponse {}, "{name}");
    }
    assert!(mails(&server, 1).await[0].contains("何姐"));
    until("all were looked at", SOON, async || {
        let listed = deliveries(&firm).await;
        let failed = listed.iter().any(|one| one.failure == "MEMBER_LEFT");
        (listed.len() == 2 && failed).then_some(())
    })
    .await;
    let waiting: i64 = sqlx::query_scalar("select count(*) from notices.sign_in_request")
        .fetch_one(world.owner_pool().await)
        .await
        .unwrap();
    assert_eq!((waiting, server.mails().len()), (0, 1));
    world.finish().await;
}

#[tokio::test]
async fn links_are_mailed_seldom_whoever_asks_and_only_where_mail_goes_out() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let (member, _) = firm.person("何姐", &[Role::Sales], None).await;
    set_up(&firm, mail_of(&member, "he@example.invalid", true)).await.expect("set up");
    for address in ["he@example.invalid", "nobody@example.invalid"] {
        for _ in 0..MAILED_LINKS_BURST {
            ask(&world, address).await.expect("asked");
        }
        refused(ask(&world, address).await, Reason::RATE_LIMITED);
    }
    mails(&server, MAILED_LINKS_BURST as usize).await;
    for bad in ["", "x", "a@b@", "a b@example.invalid", "a\r\nRcpt: x@example.invalid"] {
        bad_fields(ask(&world, bad).await, &[("address", "ADDRESS")]);
    }
    world.finish().await;

    let world = World::start().await;
    let state = world.anybody().notices().get_mail_state(GetMailStateRequest {}).await.expect("answered");
    assert!(!state.into_inner().sends_mail);
    refused(ask(&world, "he@example.invalid").await, Reason::NOTICES_NOT_SET_UP);
    world.finish().await;
}

#[tokio::test]
async fn who_names_an_address_may_do_and_see_what_it_opens() {
    let (_server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let scope = Scope { purchasing_groups: vec!["P01".into()], ..Scope::default() };
    let (narrow_member, _) = firm.person("王敏", &[Role::Buyer], Some(scope.clone())).await;
    let narrow = firm.key_with(&[Role::Admin], Some(scope)).await;
    let make = async |by: &Access, request: CreateChannelRequest| by.notices().create_channel(request).await;
    let of_all = |signs_in| mail_of(&firm.admin_id, "admin@example.invalid", signs_in);
    refused(make(&narrow, of_all(true)).await, Reason::PERMISSION_DENIED);
    make(&narrow, of_all(false)).await.expect("notices alone");
    make(&narrow, mail_of(&narrow_member, "wang@example.invalid", true)).await.expect("within its own");

    let mut robot = channel(Medium::Wecom);
    let given = robot.channel.as_mut().unwrap();
    (given.member_id, given.signs_in) = (narrow_member, true);
    bad_fields(set_up(&firm, robot).await, &[("channel.signs_in", "FORBIDDEN")]);
    let nobodys = mail_of("", "team@example.invalid", true);
    bad_fields(set_up(&firm, nobodys).await, &[("channel.signs_in", "FORBIDDEN")]);
    world.finish().await;
}

#[tokio::test]
async fn an_address_opens_no_more_than_who_named_it_could_give() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let scope = Scope { purchasing_groups: vec!["P01".into()], ..Scope::default() };
    let (member, _) = firm.person("王敏", &[Role::Viewer], Some(scope.clone())).await;
    let narrow = firm.key_with(&[Role::Admin], Some(scope.clone())).await;
    let named = mail_of(&member, "wang@example.invalid", true);
    narrow.notices().create_channel(named).await.expect("within its own");
    let change = async |role: Role, scope: Option<Scope>| {
        let changed = Member { roles: vec![role.into()], scope, ..firm.member(&member).await };
        let update = UpdateMemberRequest { request_id: request_id(), member: Some(changed) };
        firm.members().update_member(update).await.expect("changed");
        ask(&world, "wang@example.invalid").await.expect("asked");
    };
    change(Role::Buyer, Some(scope)).await;
    assert!(mails(&server, 1).await[0].contains("王敏"), "no more than it could give");
    change(Role::Admin, None).await;
    change(Role::Viewer, None).await;
    until("both were looked at", SOON, async || {
        let listed = deliveries(&firm).await;
        (listed.iter().filter(|one| one.failure == "MEMBER_LEFT").count() == 2).then_some(())
    })
    .await;
    assert_eq!(server.mails().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_mailed_link_ends_with_its_address_and_with_what_its_member_might_do() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let (member, _) = firm.person("何姐", &[Role::Sales], None).await;
    let made = set_up(&firm, mail_of(&member, "he@example.invalid", true)).await.expect("set up");
    let redeem = async |text: &str| {
        let request = RedeemSignInLinkRequest { token: token(&world, text), device: "手机".into() };
        world.anybody().sessions().redeem_sign_in_link(request).await
    };
    ask(&world, "he@example.invalid").await.expect("asked");
    let first = mails(&server, 1).await.remove(0);
    let changed = Member { roles: vec![Role::Buyer.into()], ..firm.member(&member).await };
    let update = UpdateMemberRequest { request_id: request_id(), member: Some(changed) };
    firm.members().update_member(update).await.expect("changed");
    refused(redeem(&first).await, Reason::LINK_EXPIRED);

    ask(&world, "he@example.invalid").await.expect("asked");
    let second = mails(&server, 2).await.into_iter().find(|text| *text != first).expect("another link");
    let delete = DeleteChannelRequest { request_id: request_id(), channel_id: made.id };
    firm.notices().delete_channel(delete).await.expect("deleted");
    refused(redeem(&second).await, Reason::LINK_EXPIRED);
    world.finish().await;
}

#[tokio::test]
async fn nobody_is_mailed_a_link_that_was_asked_for_hours_ago() {
    let (server, world) = mailing().await;
    let firm = world.firm("顺模塑料制品(示例)厂").await;
    let (member, _) = firm.person("何姐", &[Role::Sales], None).await;
    set_up(&firm, mail_of(&member, "he@example.invalid", true)).await.expect("set up");
    let owner = world.owner_pool().await;
    let ask_at = "insert into notices.sign_in_request (id, fingerprint, at)
        select gen_random_uuid(), fingerprint, now() - make_interval(mins => $1) from notices.channel where signs_in";
    for minutes in [120, 50] {
        sqlx::query(ask_at).bind(minutes).execute(owner).await.expect("the owner may");
    }
    mails(&server, 1).await;
    let left = "select count(*) from notices.sign_in_request";
    until("all were looked at", SOON, async || {
        let left: i64 = sqlx::query_scalar(left).fetch_one(owner).await.expect("the owner may");
        (left == 0).then_some(())
    })
    .await;
    assert_eq!((deliveries(&firm).await.len(), server.mails().len()), (1, 1));
    world.finish().await;
}
