//! What the operator does to firms: each act with its reason, and nothing of a firm lost by it.

use std::time::Duration;

use chassis::Reason;
use harness::{
    Access, Firm, World, cli,
    events::{Payload, check_feed, event, of_order, payload, short},
    order,
    refusal::{bad_fields, metadata, refused},
    request_id, until,
};
use proto::{
    partners::{
        FindFirmsRequest, FirmState, GetFirmRequest, ListActionsOnOwnFirmRequest, ListMembersRequest,
        ListOperatorActionsRequest, ListRelationshipsRequest, MergeFirmsRequest, MergeFirmsResponse,
        OperatedFirm, OperatorActionKind as Kind, RedeemSignInLinkRequest, ReinstateFirmRequest,
        ResetLastAdminRequest, SuspendFirmRequest, UnverifyFirmRequest, VerifyFirmRequest, WhoAmIRequest,
    },
    stream::{SubscribeRequest, subscribe_request::Start},
};
use tonic::Status;

/// Within which a suspended firm is out.
const OUT: Duration = Duration::from_secs(5);

async fn suspend(operator: &Firm, firm_id: &str) -> Result<OperatedFirm, Status> {
    let request = SuspendFirmRequest {
        request_id: request_id(),
        firm_id: firm_id.into(),
        reason: "冒用他人营业执照,待核实".into(),
    };
    Ok(operator.operating().suspend_firm(request).await?.into_inner())
}

async fn reinstate(operator: &Firm, firm_id: &str) -> Result<OperatedFirm, Status> {
    let request =
        ReinstateFirmRequest {
            request_id: request_id(), firm_id: firm_id.into(), reason: "已核实".into()
        };
    Ok(operator.operating().reinstate_firm(request).await?.into_inner())
}

async fn merge(operator: &Firm, duplicate: &str, survivor: &str) -> Result<MergeFirmsResponse, Status> {
    let request = MergeFirmsRequest {
        request_id: request_id(),
        duplicate_id: duplicate.into(),
        survivor_id: survivor.into(),
        reason: "同一企业重复注册".into(),
    };
    Ok(operator.operating().merge_firms(request).await?.into_inner())
}

async fn whoami(access: &Access) -> Result<(), Status> {
    access.sessions().who_am_i(WhoAmIRequest {}).await.map(drop)
}

async fn actions(firm: &Firm) -> Vec<(Kind, String)> {
    let listed = firm.operating().list_actions_on_own_firm(ListActionsOnOwnFirmRequest::default()).await;
    let actions = listed.expect("a firm reads what was done to it").into_inner().actions;
    actions.into_iter().map(|action| (action.kind(), action.note)).collect()
}

#[tokio::test]
async fn a_firm_is_verified_on_evidence_and_everybody_concerned_sees_it() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("局外企业").await;
    let verify = |evidence: &str| VerifyFirmRequest {
        request_id: request_id(),
        firm_id: supplier.id.clone(),
        evidence: evidence.into(),
    };
    bad_fields(operator.operating().verify_firm(verify(" ")).await, &[("evidence", "REQUIRED")]);
    let seen =
        operator.operating().verify_firm(verify("营业执照已核对")).await.expect("verified").into_inner();
    assert!(seen.firm.as_ref().is_some_and(|firm| firm.verified));
    assert_eq!((seen.administrators, seen.buyers, seen.suppliers), (1, 1, 0));
    operator.operating().verify_firm(verify("again")).await.expect("twice is no error");
    let get = GetFirmRequest { firm_id: supplier.id.clone() };
    assert!(buyer.firms().get_firm(get.clone()).await.unwrap().into_inner().verified);
    refused(stranger.firms().get_firm(get).await, Reason::NOT_FOUND);
    assert_eq!(actions(&supplier).await, [(Kind::Verify, "营业执照已核对".to_string())]);
    assert!(actions(&buyer).await.is_empty());

    let unverify = UnverifyFirmRequest {
        request_id: request_id(),
        firm_id: supplier.id.clone(),
        reason: "执照已过期".into(),
    };
    operator.operating().unverify_firm(unverify).await.expect("taken back");
    let listed = ListOperatorActionsRequest { firm_id: supplier.id.clone(), ..Default::default() };
    let listed = operator.operating().list_operator_actions(listed).await.unwrap().into_inner().actions;
    let kinds: Vec<Kind> = listed.iter().map(|action| action.kind()).collect();
    assert_eq!(kinds, [Kind::Unverify, Kind::Verify], "the newest first");
    assert!(listed.iter().all(|action| !action.actor_name.is_empty() && action.at.is_some()));

    world.settled().await;
    for firm in [&buyer, &supplier] {
        let feed = firm.events().await;
        let told: Vec<bool> = feed
            .iter()
            .filter_map(|entry| match payload(event(entry)) {
                Payload::FirmChanged(changed) => Some(changed.verified),
                _ => None,
            })
            .collect();
        assert_eq!(told, [true, false], "each change once");
        check_feed(&firm.id, &feed);
    }
    assert!(stranger.events().await.is_empty());
    let unknown = VerifyFirmRequest { firm_id: request_id(), ..verify("x") };
    refused(operator.operating().verify_firm(unknown).await, Reason::NOT_FOUND);
    refused(buyer.operating().verify_firm(verify("x")).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_firm_is_out_at_once_and_loses_nothing() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let before = buyer.publish(order("A1").line("10", "X", "10", "1").to("V100")).await.expect("published");
    let follow = SubscribeRequest { start: Some(Start::Earliest(true)), filter: None, until_head: false };
    let mut stream = supplier.stream().subscribe(follow).await.unwrap().into_inner();
    whoami(&supplier).await.expect("its key works");
    let seen = suspend(operator, &supplier.id).await.expect("suspended");
    assert_eq!(seen.firm.unwrap().state(), FirmState::Suspended);
    // This process forgets at once; others within seconds.
    refused(whoami(&supplier).await, Reason::UNAUTHENTICATED);
    refused(whoami(supplier.session()).await, Reason::UNAUTHENTICATED);
    let end = tokio::time::timeout(OUT, async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("an open stream does not end with OK"),
                Err(status) => return status,
            }
        }
    });
    refused(Err::<(), _>(end.await.expect("its stream ends within 5 s")), Reason::UNAUTHENTICATED);
    suspend(operator, &supplier.id).await.expect("twice is no error");

    let publish = order("A2").line("10", "X", "10", "1").to("V100");
    refused(buyer.publish(publish.clone()).await, Reason::FIRM_SUSPENDED);
    let listed = buyer.relationships().list_relationships(ListRelationshipsRequest::default()).await;
    let relationship = listed.unwrap().into_inner().relationships.remove(0);
    assert_eq!(relationship.supplier_state(), FirmState::Suspended, "partners see the state");
    assert_eq!(buyer.order(&before.order_id).await.expect("what was exchanged stays").version, 1);

    reinstate(operator, &supplier.id).await.expect("reinstated");
    until("its key works again", OUT, async || whoami(&supplier).await.ok()).await;
    supplier.accept_all(&before.order_id).await.expect("and its orders are there");
    buyer.publish(publish).await.expect("published");
    let done: Vec<Kind> = actions(&supplier).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(done, [Kind::Reinstate, Kind::Suspend]);

    // A buyer that is suspended is seen by its supplier.
    suspend(operator, &buyer.id).await.expect("suspended");
    let listed = supplier.relationships().list_relationships(ListRelationshipsRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().relationships[0].buyer_state(), FirmState::Suspended);
    reinstate(operator, &buyer.id).await.expect("reinstated");

    let (placeholder, _) = world.invite(&buyer, "清禾包装", "V400").await;
    refused(suspend(operator, &placeholder.supplier_id).await, Reason::FIRM_NOT_ACTIVE);
    refused(suspend(operator, &operator.id).await, Reason::FIRM_NOT_ACTIVE);
    world.finish().await;
}

#[tokio::test]
async fn a_duplicate_with_an_account_becomes_the_survivor() {
    let world = World::start().await;
    let operator = world.operator().await;
    let [buyer, other] = [world.firm("澄屿家居").await, world.firm("木棉门业").await];
    let [survivor, duplicate] = [world.firm("顺模塑料").await, world.firm("顺模塑料厂").await];
    world.partner(&buyer, &duplicate, "0000410882").await;
    world.partner(&other, &survivor, "GYS-033").await;
    let order_1 =
        buyer.publish(order("A1").line("10", "X", "10", "1").to("0000410882")).await.expect("published");
    duplicate.accept_all(&order_1.order_id).await.expect("answered before");
    let order_2 =
        buyer.publish(order("A2").line("10", "X", "10", "1").to("0000410882")).await.expect("published");

    let merged = merge(operator, &duplicate.id, &survivor.id).await.expect("merged");
    assert_eq!(merged.relationships, 1);
    assert_eq!(merged.survivor.unwrap().buyers, 2);
    refused(whoami(&duplicate).await, Reason::UNAUTHENTICATED);
    world.settled().await;
    for (receipt, version) in [(&order_1, 3), (&order_2, 2)] {
        for firm in [&buyer, &survivor] {
            let seen = firm.order(&receipt.order_id).await.expect("the order moved");
            assert_eq!((seen.supplier_id.as_str(), seen.version), (&*survivor.id, version));
        }
        let feed = survivor.events().await;
        let told: Vec<&str> = of_order(&feed, &receipt.order_id).into_iter().map(short).collect();
        assert_eq!(told, ["order.supplier_changed"], "its history of the order begins with the whole");
        let feed = buyer.events().await;
        let versions: Vec<i64> =
            of_order(&feed, &receipt.order_id).into_iter().map(|entry| event(entry).version).collect();
        assert_eq!(versions, (1..=version).collect::<Vec<i64>>(), "contiguous for the buyer");
        check_feed(&buyer.id, &feed);
    }
    survivor.accept_all(&order_2.order_id).await.expect("it answers what was open");
    let next =
        buyer.publish(order("A3").line("10", "X", "1", "1").to("0000410882")).await.expect("published");
    assert_eq!(next.supplier_id, survivor.id, "the number is the survivor's now, leading zeros and all");
    let done = actions(&survivor).await;
    assert_eq!(done, [(Kind::Merge, "同一企业重复注册".to_string())], "the survivor reads it too");
    let find = FindFirmsRequest { query: duplicate.id.clone(), ..Default::default() };
    let found = operator.operating().find_firms(find).await.unwrap().into_inner().firms;
    assert_eq!(found[0].firm.as_ref().unwrap().state(), FirmState::Claimed);
    world.finish().await;
}

#[tokio::test]
async fn a_placeholder_becomes_one_with_a_supplier_that_the_buyer_has_already() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let (placeholder, path) = world.invite(&buyer, "顺模塑料制品", "V999").await;
    let ordered = buyer.publish(order("A1").line("10", "X", "10", "1").to("V999")).await.expect("published");
    merge(operator, &placeholder.supplier_id, &supplier.id).await.expect("merged");
    world.settled().await;
    assert_eq!(buyer.order(&ordered.order_id).await.unwrap().supplier_id, supplier.id);
    let listed = buyer.relationships().list_relationships(ListRelationshipsRequest::default()).await;
    let listed = listed.unwrap().into_inner().relationships;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].vendor_number, "V100", "the one that was in use stays");
    let mut by_old = order("A2").line("10", "X", "1", "1").to("V999");
    by_old.supplier.as_mut().unwrap().invite_as = "顺模塑料制品".into();
    let found = buyer.publish(by_old).await.expect("documents may still carry the other number");
    assert_eq!(found.supplier_id, supplier.id);
    let token = harness_token(&path);
    let link = proto::partners::InspectLinkRequest { token };
    refused(world.anybody().sessions().inspect_link(link).await, Reason::LINK_EXPIRED);
    world.finish().await;
}

fn harness_token(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_string()
}

#[tokio::test]
async fn firms_that_cannot_become_one_are_not_merged() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let twin = world.firm("顺模塑料厂").await;
    world.partner(&buyer, &twin, "V101").await;
    let because = |result: Result<MergeFirmsResponse, Status>| {
        metadata(&refused(result, Reason::MERGE_REFUSED))["because"].clone()
    };
    assert_eq!(because(merge(operator, &twin.id, &supplier.id).await), "same_buyer");
    assert_eq!(because(merge(operator, &buyer.id, &supplier.id).await), "buys");
    assert_eq!(because(merge(operator, &supplier.id, &supplier.id).await), "same_firm");
    assert_eq!(because(merge(operator, &supplier.id, &buyer.id).await), "own_supplier");
    assert_eq!(because(merge(operator, &operator.id, &supplier.id).await), "operator");
    let lonely = world.firm("单独企业").await;
    suspend(operator, &lonely.id).await.expect("suspended");
    assert_eq!(because(merge(operator, &twin.id, &lonely.id).await), "survivor_state");
    merge(operator, &lonely.id, &supplier.id).await.expect("a suspended duplicate may go");
    assert_eq!(because(merge(operator, &lonely.id, &supplier.id).await), "duplicate_state");
    refused(merge(operator, &request_id(), &supplier.id).await, Reason::NOT_FOUND);
    assert!(whoami(&twin).await.is_ok(), "a refusal changes nothing");
    world.finish().await;
}

#[tokio::test]
async fn a_firm_without_its_administrator_gets_another_and_is_told() {
    let world = World::start().await;
    let operator = world.operator().await;
    let firm = world.firm("恒铆五金冲压").await;
    let request = || ResetLastAdminRequest {
        request_id: request_id(),
        firm_id: firm.id.clone(),
        admin_name: "何姐".into(),
        admin_locale: "zh".into(),
        reason: "原管理员离职,已核对授权书".into(),
    };
    let again = request();
    let made = operator.operating().reset_last_admin(again.clone()).await.expect("made").into_inner();
    assert!(made.sign_in_path.starts_with("/s/"));
    let replay = operator.operating().reset_last_admin(again).await.expect("replayed").into_inner();
    assert_eq!((replay.member_id, replay.sign_in_path.as_str()), (made.member_id.clone(), ""), "shown once");
    let redeem = RedeemSignInLinkRequest { token: harness_token(&made.sign_in_path), device: "x".into() };
    let session = world.anybody().sessions().redeem_sign_in_link(redeem).await.expect("works").into_inner();
    let members =
        world.access(&session.session_token).members().list_members(ListMembersRequest::default()).await;
    let members = members.expect("an administrator").into_inner().members;
    assert!(members.iter().any(|member| member.name == "何姐"));
    world.settled().await;
    let feed = firm.events().await;
    let Payload::AdminReset(told) = payload(event(feed.last().expect("told"))) else {
        panic!("another event")
    };
    assert_eq!((told.member_id, told.admin_name.as_str()), (made.member_id, "何姐"));
    assert_eq!(actions(&firm).await[0], (Kind::ResetAdmin, "原管理员离职,已核对授权书".to_string()));
    let nameless = ResetLastAdminRequest { admin_name: String::new(), reason: String::new(), ..request() };
    bad_fields(
        operator.operating().reset_last_admin(nameless).await,
        &[("admin_name", "REQUIRED"), ("reason", "REQUIRED")],
    );
    suspend(operator, &firm.id).await.expect("suspended");
    refused(operator.operating().reset_last_admin(request()).await, Reason::FIRM_NOT_ACTIVE);
    world.finish().await;
}

#[tokio::test]
async fn the_operator_finds_firms_and_sees_no_business() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let ordered = buyer.publish(order("A1").line("10", "X", "10", "1").to("V100")).await.expect("published");
    let find = async |query: &str, state: FirmState| {
        let request = FindFirmsRequest { query: query.into(), state: state.into(), ..Default::default() };
        let found = operator.operating().find_firms(request).await.expect("found").into_inner().firms;
        found.into_iter().map(|seen| seen.firm.unwrap().id).collect::<Vec<String>>()
    };
    assert_eq!(find("顺模", FirmState::Active).await, std::slice::from_ref(&supplier.id));
    assert_eq!(find(&buyer.id, FirmState::Active).await, std::slice::from_ref(&buyer.id));
    assert!(find("顺模", FirmState::Suspended).await.is_empty());
    assert!(find("%", FirmState::Unspecified).await.is_empty(), "a sign of a pattern is a letter here");
    assert_eq!(find("", FirmState::Active).await.len(), 3);
    refused(operator.order(&ordered.order_id).await, Reason::PERMISSION_DENIED);
    for path in ["/tandem.operator", "/tandem.orders.v1.OrderService/ListOrders"] {
        let answer = operator.call(path, FindFirmsRequest::default()).await;
        assert!(answer.is_err(), "{path}");
    }
    refused(buyer.operating().find_firms(FindFirmsRequest::default()).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_works_from_the_command_line() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let run = async |arguments: &[&str]| cli::run(&world, &operator.key, arguments).await;
    let found = run(&["admin", "firms", "澄屿", "--state", "active"]).await.done().json();
    assert_eq!(found[0]["firm"]["id"], buyer.id.as_str());
    let verified = run(&["admin", "verify", &supplier.id, "--evidence", "营业执照"]).await.done().json();
    assert_eq!(verified[0]["firm"]["verified"], true);
    let suspended = run(&["admin", "suspend", &supplier.id, "--reason", "核实"]).await.done().json();
    assert_eq!(suspended[0]["firm"]["state"], "FIRM_STATE_SUSPENDED");
    run(&["admin", "reinstate", &supplier.id, "--reason", "已核实"]).await.done();
    let unmerged = run(&["admin", "merge", &buyer.id, "--into", &supplier.id, "--reason", "重复"]).await;
    assert_eq!(unmerged.code, Some(3), "{unmerged:?}");
    assert!(unmerged.err.contains("MERGE_REFUSED"), "{}", unmerged.err);
    let reset = ["admin", "reset-admin", &supplier.id, "--name", "何姐", "--reason", "离职"];
    let made = run(&reset).await.done().json();
    assert!(made[0]["signInPath"].as_str().is_some_and(|path| path.starts_with("/s/")), "{made:?}");
    let actions = run(&["admin", "actions", "--firm", &supplier.id]).await.done().json();
    let kinds: Vec<&str> = actions.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let expected = ["RESET_ADMIN", "REINSTATE", "SUSPEND", "VERIFY"];
    assert_eq!(kinds, expected.map(|kind| format!("OPERATOR_ACTION_KIND_{kind}")));
    announced_from_the_command_line(&world, operator, &buyer).await;
    let denied = cli::run(&world, &buyer.key, &["admin", "firms"]).await;
    assert_eq!(denied.code, Some(5), "{denied:?}");

    // A key for one purchasing group, made and ended by its firm.
    let create = ["keys", "create", "group P01", "--role", "buyer", "--group", "P01", "--site", "1000"];
    let made = cli::run(&world, &buyer.key, &create).await.done().json();
    let narrow = world.access(made[0]["key"].as_str().unwrap());
    let publish = |group: &str| order(&request_id()).group(group).line("10", "X", "1", "1").to("V100");
    narrow.publish(publish("P01")).await.expect("its own group");
    refused_key(&narrow, publish("P02")).await;
    let id = made[0]["apiKey"]["id"].as_str().unwrap();
    cli::run(&world, &buyer.key, &["keys", "revoke", id]).await.done();
    refused(whoami(&narrow).await, Reason::UNAUTHENTICATED);
    let listed = cli::run(&world, &buyer.key, &["keys", "list"]).await.done().json();
    assert!(listed.iter().any(|key| key["id"] == id && key["scope"]["purchasingGroups"][0] == "P01"));
    world.finish().await;
}

/// What is announced is shown to everybody and put away by each, and a change is shown again.
async fn announced_from_the_command_line(world: &World, operator: &Firm, buyer: &Firm) {
    let run = async |arguments: &[&str]| cli::run(world, &operator.key, arguments).await;
    let day = |days| (chassis::clock::system().now() + time::Duration::days(days)).date().to_string();
    let (begins, ends) = (format!("{}T22:00:00+08:00", day(2)), format!("{}T02:00:00+08:00", day(3)));
    let bad =
        run(&["admin", "announce", "--kind", "maintenance", "--begins", &ends, "--ends", &begins]).await;
    assert!(
        bad.err.contains("announcement.text_zh") && bad.err.contains("announcement.ends_at"),
        "{}",
        bad.err
    );
    let announce = [
        "admin",
        "announce",
        "--kind",
        "maintenance",
        "--zh",
        "系统升级",
        "--begins",
        &begins,
        "--ends",
        &ends,
    ];
    let told = run(&announce).await.done().json()[0]["announcement"].clone();
    let (id, etag) = (told["id"].as_str().unwrap(), told["etag"].as_str().unwrap());
    assert_eq!(told["shownUntil"], told["endsAt"], "until it ends");
    let seen = async |firm: &Firm, more: &[&str]| {
        let arguments: Vec<&str> = ["announcements"].iter().chain(more).copied().collect();
        let seen = cli::run(world, &firm.key, &arguments).await.done().json();
        seen.iter().map(|one| one["textZh"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen(buyer, &[]).await, ["系统升级"]);
    assert!(seen(buyer, &["--dismiss", id]).await.is_empty() && seen(buyer, &[]).await.is_empty());
    let other = buyer.session().sessions().who_am_i(WhoAmIRequest {}).await.unwrap().into_inner();
    assert_eq!(other.announcements.len(), 1, "another hand of the firm has not read it");
    let until = format!("{}T00:00:00+08:00", day(9));
    let change = ["admin", "announce", "--change", id, "--etag", etag, "--zh", "升级改期", "--until", &until];
    let changed = run(&change).await.done().json()[0]["announcement"]["etag"].as_str().unwrap().to_owned();
    let stale = run(&change).await;
    assert!(stale.err.contains("STALE_ETAG"), "{}", stale.err);
    assert_eq!(seen(buyer, &[]).await, ["升级改期"], "what changed is shown again");
    run(&["admin", "withdraw-announcement", id, "--etag", &changed]).await.done();
    assert!(seen(buyer, &[]).await.is_empty(), "withdrawn at once");
    let all = run(&["admin", "announcements"]).await.done().json();
    assert!(
        all.iter().any(|one| one["announcement"]["id"] == id && one["withdrawnAt"].is_string()),
        "{all:?}"
    );
}

async fn refused_key(narrow: &Access, request: proto::orders::PublishOrderRequest) {
    refused(narrow.publish(request).await, Reason::PERMISSION_DENIED);
}
