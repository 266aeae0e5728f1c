//! Channels, by the API and from the command line.

use super::*;

#[tokio::test]
async fn a_channel_tells_what_it_was_asked_for_in_its_language() {
    let robots = Robots::start().await;
    let world = world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let mut request = channel(Medium::Wecom);
    let given = request.channel.as_mut().unwrap();
    given.locale = "en".into();
    given.kinds = vec![NoticeKind::OrderResponded.into()];
    given.scope = Some(Scope { purchasing_groups: vec!["P01".into()], ..Scope::default() });
    let made = set_up(&buyer, request).await.expect("set up");
    let ids = [
        buyer.publish(order("A1").group("P02").line("10", "X", "10", "1").to("V100")).await.unwrap().order_id,
        buyer.publish(order("A2").group("P01").line("10", "X", "10", "1").to("V100")).await.unwrap().order_id,
    ];
    supplier.accept_all(&ids[0]).await.expect("answered");
    let propose = answer(&ids[1]).propose("10", "", &[("10", "2027-01-04")]).done();
    supplier.respond(propose).await.expect("proposed");
    calls(&robots, 1).await;
    let content = robots.called()[0].body["markdown"]["content"].as_str().unwrap().to_string();
    assert!(
        content.starts_with("**Order answered A2**\n> A2 · answered · with a proposal to decide\n[Sign in")
    );

    let change = Channel { kinds: Vec::new(), scope: None, name: "所有消息".into(), ..made.clone() };
    let update =
        |channel: &Channel| UpdateChannelRequest { request_id: request_id(), channel: Some(channel.clone()) };
    let changed = buyer.notices().update_channel(update(&change)).await.expect("changed").into_inner();
    assert_eq!((&*changed.name, &changed.kinds), ("所有消息", &Vec::new()));
    refused(buyer.notices().update_channel(update(&change)).await, Reason::STALE_ETAG);
    refused(supplier.notices().update_channel(update(&changed)).await, Reason::NOT_FOUND);
    supplier.accept_all(&ids[0]).await.expect_err("nothing is unanswered");
    let viewer = buyer.key_with(&[Role::Viewer], None).await;
    refused(viewer.notices().list_channels(ListChannelsRequest::default()).await, Reason::PERMISSION_DENIED);
    world.settled().await;
    noted(&world, 1).await;
    assert_eq!(robots.called().len(), 1, "A1 is another group's, and is not told later either");
    world.finish().await;
}

#[tokio::test]
async fn a_members_channel_is_narrowed_as_the_member_is() {
    let robots = Robots::start().await;
    let world = world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    // That they are partners now is told too, to channels that are there.
    world.settled().await;
    let scope = Scope { purchasing_groups: vec!["P01".into()], ..Scope::default() };
    let (member, _) = buyer.person("王敏", &[Role::Buyer], Some(scope)).await;
    let mut request = channel(Medium::Wecom);
    request.channel.as_mut().unwrap().member_id = member;
    set_up(&buyer, request).await.expect("set up");
    let mut stranger = channel(Medium::Feishu);
    stranger.channel.as_mut().unwrap().member_id = supplier.admin_id.clone();
    bad_fields(set_up(&buyer, stranger).await, &[("channel.member_id", "UNKNOWN")]);
    for (number, group) in [("A1", "P02"), ("A2", "P01")] {
        let id = buyer
            .publish(order(number).group(group).line("10", "X", "1", "1").to("V100"))
            .await
            .unwrap()
            .order_id;
        supplier.accept_all(&id).await.expect("answered");
    }
    calls(&robots, 1).await;
    world.settled().await;
    noted(&world, 1).await;
    let told: Vec<String> = robots.called().iter().map(|call| call.body.to_string()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("A2"), "{told:?}");
    world.finish().await;
}

#[tokio::test]
async fn mail_goes_out_and_is_refused_with_its_code() {
    let server = MailServer::start().await;
    let options = Options { smtp_url: server.url(), ..Options::default() };
    let world = World::with(options).await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let made = set_up(&supplier, channel(Medium::Mail)).await.expect("set up");
    assert_eq!(made.masked_address, "l***@example.invalid");
    buyer.publish(order("CY26110231").line("10", "X", "10", "6.85").to("V100")).await.expect("published");
    until("the mail is there", SOON, async || (!server.mails().is_empty()).then_some(())).await;
    let mail = server.mails().remove(0);
    assert!(mail.from.contains("<no-reply@example.invalid>"), "{}", mail.from);
    assert!(mail.to[0].contains("<lin@example.invalid>"), "{:?}", mail.to);
    assert!(mail.header("Subject").is_some_and(|subject| subject.starts_with("=?utf-8?")), "{}", mail.raw);
    let text = mail.text();
    assert!(text.contains("CY26110231 · 新订单") && text.contains("/orders/"), "{text}");
    assert!(!text.contains("6.85"), "{text}");

    let mut refuse = channel(Medium::Mail);
    refuse.address = "refused@example.invalid".into();
    let made = set_up(&supplier, refuse).await.expect("set up");
    let failed = test(&supplier, &made).await.expect("tried");
    assert_eq!((failed.state(), &*failed.failure), (DeliveryState::Failed, "SMTP 550"));
    // A robot where nobody may call robots.
    let robot = set_up(&supplier, channel(Medium::Wecom)).await.expect("set up");
    let off = test(&supplier, &robot).await.expect("tried");
    assert_eq!((off.state(), &*off.failure), (DeliveryState::Failed, "ROBOTS_OFF"));
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_firm_is_told_when_it_is_back_and_a_new_administrator_is_told_of_at_once() {
    let robots = Robots::start().await;
    let world = world(&robots).await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let mut request = channel(Medium::Wecom);
    let given = request.channel.as_mut().unwrap();
    given.kinds = vec![NoticeKind::OrderPublished.into()];
    given.digest_s = Some(86_400);
    set_up(&supplier, request).await.expect("set up");
    let firm_id = supplier.id.clone();
    let suspend = proto::partners::SuspendFirmRequest {
        request_id: request_id(),
        firm_id: firm_id.clone(),
        reason: "核实".into(),
    };
    operator.operating().suspend_firm(suspend).await.expect("suspended");
    world.settled().await;
    let reinstate = proto::partners::ReinstateFirmRequest {
        request_id: request_id(),
        firm_id: firm_id.clone(),
        reason: "已核实".into(),
    };
    operator.operating().reinstate_firm(reinstate).await.expect("reinstated");
    buyer.publish(order("A1").line("10", "X", "1", "1").to("V100")).await.expect("published");
    let reset = proto::partners::ResetLastAdminRequest {
        request_id: request_id(),
        firm_id,
        admin_name: "何姐".into(),
        admin_locale: "zh".into(),
        reason: "原管理员离职".into(),
    };
    operator.operating().reset_last_admin(reset).await.expect("reset");
    calls(&robots, 1).await;
    let told = robots.called()[0].body["markdown"]["content"].as_str().unwrap().to_string();
    assert!(told.contains("何姐") && !told.contains("离职"), "{told}");
    noted(&world, 2).await;
    assert_eq!(robots.called().len(), 1, "the order waits for its digest");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_are_set_up_from_the_command_line_with_the_address_from_a_file() {
    use tokio::io::AsyncWriteExt as _;

    let robots = Robots::start().await;
    let world = world(&robots).await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let add = ["notices", "add", "dingtalk", "销售群", "--quiet", "22:00-07:30"];
    let mut command = cli::command(&world, &supplier.key, &add);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let given = format!("{}\n{SECRET}\n", address(Medium::Dingtalk));
    child.stdin.take().unwrap().write_all(given.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
    let made: serde_json::Value = serde_json::from_str(shown.trim()).unwrap();
    assert_eq!(made["quietFrom"], "22:00");
    let id = made["id"].as_str().unwrap();
    cli::run(&world, &supplier.key, &["notices", "test", id]).await.done();
    assert_eq!(robots.called().len(), 1);
    robots.answer(200, r#"{"errcode":310000}"#);
    let failed = cli::run(&world, &supplier.key, &["notices", "test", id]).await;
    assert_eq!((failed.code, &failed.json()[0]["failure"]), (Some(1), &"310000".into()));
    let sent = cli::run(&world, &supplier.key, &["notices", "sent"]).await.done().json();
    assert_eq!(sent.len(), 2);
    cli::run(&world, &supplier.key, &["notices", "remove", id]).await.done();
    assert!(cli::run(&world, &supplier.key, &["notices", "list"]).await.done().json().is_empty());
    world.finish().await;
}
