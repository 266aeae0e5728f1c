//! Messages outside the portal, against robots and a mail server of this machine.

mod channels;
mod health;
mod invitation_code;
mod sign_in;

use std::{sync::Arc, time::Duration};

use chassis::{Reason, clock::FixedClock};
use harness::{
    Firm, Options, World, answer, cli, order,
    outside::{MailServer, Robots},
    refusal::{bad_fields, refused},
    request_id, until,
};
use proto::{
    notices::{
        Channel, CreateChannelRequest, DeleteChannelRequest, Delivery, DeliveryState, ListChannelsRequest,
        ListDeliveriesRequest, Medium, NoticeKind, SendTestNoticeRequest, UpdateChannelRequest,
    },
    partners::{Role, Scope},
};
use serde_json::json;
use time::OffsetDateTime;
use tonic::Status;

/// How long a message may take.
const SOON: Duration = Duration::from_secs(60);
const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
const SECRET: &str = "this is secret";

/// 23 Nov 2026 09:10:00 in Shanghai: a Monday, off the half hours.
fn monday() -> OffsetDateTime {
    time::macros::datetime!(2026-11-23 01:10:00 UTC)
}

fn address(medium: Medium) -> String {
    match medium {
        Medium::Wecom => format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"),
        Medium::Dingtalk => format!("https://oapi.dingtalk.com/robot/send?access_token={KEY}"),
        Medium::Feishu => format!("https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"),
        _ => "lin@example.invalid".into(),
    }
}

fn channel(medium: Medium) -> CreateChannelRequest {
    CreateChannelRequest {
        request_id: request_id(),
        channel: Some(Channel {
            medium: medium.into(),
            name: "销售群".into(),
            digest_s: Some(0),
            ..Channel::default()
        }),
        address: address(medium),
        secret: if matches!(medium, Medium::Dingtalk | Medium::Feishu) {
            SECRET.into()
        } else {
            String::new()
        },
    }
}

async fn set_up(firm: &Firm, request: CreateChannelRequest) -> Result<Channel, Status> {
    Ok(firm.notices().create_channel(request).await?.into_inner())
}

async fn deliveries(firm: &Firm) -> Vec<Delivery> {
    let request = ListDeliveriesRequest { page_size: 1_000, ..Default::default() };
    firm.notices().list_deliveries(request).await.expect("listed").into_inner().deliveries
}

async fn test(firm: &Firm, channel: &Channel) -> Result<Delivery, Status> {
    let request = SendTestNoticeRequest { request_id: request_id(), channel_id: channel.id.clone() };
    Ok(firm.notices().send_test_notice(request).await?.into_inner())
}

async fn world(robots: &Arc<Robots>) -> World {
    World::with(Options { dialer: Some(robots.clone()), ..Options::default() }).await
}

/// A world whose time stands still until it is moved.
async fn still_world(robots: &Arc<Robots>) -> (World, Arc<FixedClock>) {
    let clock = FixedClock::new(monday());
    let options = Options { dialer: Some(robots.clone()), clock: clock.clone(), ..Options::default() };
    (World::with(options).await, clock)
}

async fn calls(robots: &Robots, count: usize) {
    until("the robots are called", SOON, async || (robots.called().len() >= count).then_some(())).await;
}

#[tokio::test]
async fn a_supplier_is_told_of_an_order_in_each_mediums_own_form() {
    let robots = Robots::start().await;
    let (world, _) = still_world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    for medium in [Medium::Wecom, Medium::Dingtalk, Medium::Feishu] {
        let made = set_up(&supplier, channel(medium)).await.expect("set up");
        assert!(made.masked_address.ends_with("/…5aaa"), "{}", made.masked_address);
    }
    let request = order("CY26110231").line("10", "X", "10", "6.85").line("20", "Y", "5", "2.30").to("V100");
    let ordered = buyer.publish(request).await.expect("published");
    calls(&robots, 3).await;
    let line = "CY26110231 · 新订单 · 澄屿家居用品(示例)有限公司 · 2 行 · 要求到货 2026-12-28";
    let link = format!("{}/orders/{}", world.node().config.portal_url(), ordered.order_id);
    let called = robots.called();
    let of = |host: &str| called.iter().find(|call| call.host == host).expect("each host is called once");

    let wecom = of("qyapi.weixin.qq.com");
    assert_eq!(wecom.path, format!("/cgi-bin/webhook/send?key={KEY}"));
    assert!(wecom.content_type.starts_with("application/json"));
    let content = format!("**新订单 CY26110231**\n> {line}\n[登录查看]({link})");
    assert_eq!(wecom.body, json!({ "msgtype": "markdown", "markdown": { "content": content } }));

    let dingtalk = of("oapi.dingtalk.com");
    let ms = (monday().unix_timestamp() * 1_000).to_string();
    assert_eq!((dingtalk.query("access_token"), dingtalk.query("timestamp")), (Some(KEY), Some(&*ms)));
    assert_eq!(dingtalk.query("sign"), Some(&*notices::sign::dingtalk(ms.parse().unwrap(), SECRET)));
    let text = format!("#### 新订单 CY26110231\n\n- {line}\n\n[登录查看]({link})");
    assert_eq!(
        dingtalk.body,
        json!({
            "msgtype": "markdown",
            "markdown": { "title": "新订单 CY26110231", "text": text },
            "at": { "atMobiles": [], "isAtAll": false },
        })
    );

    let feishu = of("open.feishu.cn");
    assert_eq!(feishu.path, format!("/open-apis/bot/v2/hook/{KEY}"));
    let s = monday().unix_timestamp();
    let text = format!("新订单 CY26110231\n{line}\n登录查看:{link}");
    assert_eq!(
        feishu.body,
        json!({
            "timestamp": s.to_string(),
            "sign": notices::sign::feishu(s, SECRET),
            "msg_type": "text",
            "content": { "text": text },
        })
    );
    let everything = format!("{called:?}");
    assert!(!everything.contains("6.85") && !everything.contains("80.00"), "no price leaves");
    until("all are recorded", SOON, async || {
        deliveries(&supplier).await.iter().all(|one| one.state() == DeliveryState::Sent).then_some(())
    })
    .await;
    assert!(deliveries(&buyer).await.is_empty(), "the buyer did that itself, and set up nothing");
    world.finish().await;
}

#[tokio::test]
async fn many_of_a_kind_become_one_message_and_nothing_is_told_twice() {
    let robots = Robots::start().await;
    let (world, clock) = still_world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let mut request = channel(Medium::Wecom);
    request.channel.as_mut().unwrap().digest_s = Some(300);
    set_up(&supplier, request).await.expect("set up");
    for n in 0..3 {
        let publish = order(&format!("CY{n}")).line("10", "X", "10", "1").to("V100");
        buyer.publish(publish).await.expect("published");
    }
    world.settled().await;
    noted(&world, 3).await;
    assert!(robots.called().is_empty(), "the window is open");
    clock.advance(time::Duration::seconds(301));
    calls(&robots, 1).await;
    let content = robots.called()[0].body["markdown"]["content"].as_str().unwrap().to_string();
    assert!(content.starts_with("**3 个新订单**\n> CY0 "), "{content}");
    assert_eq!(content.lines().count(), 5);
    assert!(content.ends_with(&format!("[登录查看]({}/)", world.node().config.portal_url())));
    until("it is recorded", SOON, async || {
        let listed = deliveries(&supplier).await;
        (listed.len() == 1 && listed[0].state() == DeliveryState::Sent && listed[0].notices == 3)
            .then_some(())
    })
    .await;

    // The place in the feed goes back, as after a crash between two transactions that there are not.
    let owner = world.owner_pool().await;
    sqlx::query("update notices.follower set seq = 0").execute(owner).await.unwrap();
    buyer.publish(order("CY9").line("10", "X", "10", "1").to("V100")).await.expect("published");
    world.settled().await;
    noted(&world, 5).await;
    clock.advance(time::Duration::seconds(301));
    until("what is new is told", SOON, async || {
        robots.called().iter().any(|call| call.body.to_string().contains("CY9")).then_some(())
    })
    .await;
    let told = robots.called().iter().filter(|call| call.body.to_string().contains("CY1 ")).count();
    assert_eq!(told, 1, "by the event's id");
    world.finish().await;
}

/// Waits until so many notices stand there and every feed was followed to its end.
async fn noted(world: &World, count: i64) {
    let owner = world.owner_pool().await;
    until("the feed is followed", SOON, async || {
        let (notices, behind): (i64, i64) = sqlx::query_as(
            "select (select count(*) from notices.notice),
                    (select count(*) from notices.follower f join event.feed_head h on h.feed = f.firm
                     where h.next_seq - 1 > f.seq)",
        )
        .fetch_one(owner)
        .await
        .unwrap();
        (notices >= count && behind == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn quiet_hours_are_kept_until_the_morning() {
    let robots = Robots::start().await;
    let (world, clock) = still_world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let mut request = channel(Medium::Wecom);
    let given = request.channel.as_mut().unwrap();
    (given.quiet_from, given.quiet_until) = ("08:00".into(), "12:00".into());
    let made = set_up(&supplier, request).await.expect("set up");
    for n in ["CY1", "CY2"] {
        buyer.publish(order(n).line("10", "X", "10", "1").to("V100")).await.expect("published");
    }
    world.settled().await;
    noted(&world, 2).await;
    let tested = test(&supplier, &made).await.expect("a test does not wait");
    assert_eq!(tested.state(), DeliveryState::Sent, "{tested:?}");
    clock.advance(time::Duration::minutes(169));
    test(&supplier, &made).await.expect("11:59");
    assert_eq!(robots.called().len(), 2, "the tests alone");
    clock.advance(time::Duration::minutes(2));
    calls(&robots, 3).await;
    let content = robots.called()[2].body["markdown"]["content"].to_string();
    assert!(content.contains("2 个新订单"), "{content}");
    world.finish().await;
}

#[tokio::test]
async fn a_robot_that_has_enough_is_left_alone() {
    let robots = Robots::start().await;
    let (world, clock) = still_world(&robots).await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let dingtalk = set_up(&supplier, channel(Medium::Dingtalk)).await.expect("set up");
    robots.answer(200, r#"{"errcode":130101,"errmsg":"send too fast"}"#);
    let first = test(&supplier, &dingtalk).await.expect("tried");
    assert_eq!((first.state(), &*first.failure, first.attempts), (DeliveryState::Waiting, "130101", 1));
    let paused = listed(&supplier, &dingtalk.id).await.paused_until.expect("paused");
    assert_eq!(paused.seconds, (monday() + time::Duration::minutes(10)).unix_timestamp(), "for ten minutes");
    clock.advance(time::Duration::minutes(9));
    let wecom = set_up(&supplier, channel(Medium::Wecom)).await.expect("set up");
    test(&supplier, &wecom).await.expect("others go on");
    assert_eq!(robots.called().len(), 2);
    clock.advance(time::Duration::minutes(2));
    until("it is told after all", SOON, async || {
        let all = deliveries(&supplier).await;
        all.iter().find(|one| one.id == first.id && one.state() == DeliveryState::Sent).map(drop)
    })
    .await;

    // Twenty in a minute, and the next ones wait for it to pass.
    clock.advance(time::Duration::minutes(2));
    let before = robots.called().len();
    let mut states = Vec::new();
    for _ in 0..21 {
        states.push(test(&supplier, &wecom).await.expect("tried").state());
    }
    assert!(states[..20].iter().all(|state| *state == DeliveryState::Sent), "{states:?}");
    assert_eq!(states[20], DeliveryState::Waiting);
    assert_eq!(robots.called().len() - before, 20);
    clock.advance(time::Duration::seconds(61));
    calls(&robots, before + 21).await;
    world.finish().await;
}

async fn listed(firm: &Firm, id: &str) -> Channel {
    let all =
        firm.notices().list_channels(ListChannelsRequest::default()).await.expect("listed").into_inner();
    all.channels.into_iter().find(|one| one.id == id).expect("the channel is listed")
}

#[tokio::test]
async fn a_failure_is_tried_again_and_given_up_with_its_reason() {
    let robots = Robots::start().await;
    let (world, clock) = still_world(&robots).await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let feishu = set_up(&supplier, channel(Medium::Feishu)).await.expect("set up");
    robots.answer(200, r#"{"code":19021,"msg":"sign match fail"}"#);
    let wrong = test(&supplier, &feishu).await.expect("tried");
    assert_eq!((wrong.state(), &*wrong.failure), (DeliveryState::Failed, "19021"));
    clock.advance(time::Duration::seconds(10));
    robots.answer(503, "");
    robots.answer(503, "");
    let flaky = test(&supplier, &feishu).await.expect("tried");
    assert_eq!((flaky.state(), &*flaky.failure), (DeliveryState::Waiting, "HTTP 503"));
    clock.advance(time::Duration::seconds(31));
    calls(&robots, 3).await;
    let one = async |attempts: i32| {
        until("the attempt is recorded", SOON, async || {
            let all = deliveries(&supplier).await;
            all.into_iter().find(|one| one.id == flaky.id && one.attempts >= attempts)
        })
        .await
    };
    let second = one(2).await;
    assert_eq!(second.state(), DeliveryState::Waiting);
    clock.advance(time::Duration::seconds(61));
    until("it is taken in the end", SOON, async || {
        let all = deliveries(&supplier).await;
        let found = all.iter().find(|one| one.id == flaky.id)?;
        (found.state() == DeliveryState::Sent && found.attempts == 3 && found.failure.is_empty())
            .then_some(())
    })
    .await;
    world.finish().await;
}

#[tokio::test]
async fn an_address_is_a_secret() {
    let robots = Robots::start().await;
    let world = world(&robots).await;
    let (buyer, supplier) = world.pair().await;
    let request = channel(Medium::Wecom);
    let made = set_up(&supplier, request.clone()).await.expect("set up");
    assert_eq!(made.masked_address, "qyapi.weixin.qq.com/…5aaa");
    let replay = set_up(&supplier, request.clone()).await.expect("replayed");
    assert_eq!(replay.id, made.id);
    let again = CreateChannelRequest { request_id: request_id(), ..request.clone() };
    refused(set_up(&supplier, again.clone()).await, Reason::ALREADY_EXISTS);
    set_up(&buyer, again).await.expect("another firm is not told that somebody has it");
    let dump: Vec<String> = sqlx::query_scalar("select row_to_json(c)::text from notices.channel c")
        .fetch_all(world.owner_pool().await)
        .await
        .unwrap();
    let receipts: Vec<Vec<u8>> = sqlx::query_scalar("select receipt from event.idempotency")
        .fetch_all(world.owner_pool().await)
        .await
        .unwrap();
    let hex_key = hex::encode(KEY);
    assert!(dump.iter().all(|row| !row.contains(KEY) && !row.contains(&hex_key)), "encrypted at rest");
    assert!(receipts.iter().all(|bytes| !bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes())));

    for bad in [
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=693a91f6aaaa",
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6aaaa",
        "https://127.0.0.1/cgi-bin/webhook/send?key=693a91f6aaaa",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ] {
        let request =
            CreateChannelRequest { address: bad.into(), request_id: request_id(), ..request.clone() };
        bad_fields(set_up(&supplier, request).await, &[("address", "ADDRESS")]);
    }
    let unsigned = CreateChannelRequest { secret: String::new(), ..channel(Medium::Dingtalk) };
    bad_fields(set_up(&supplier, unsigned).await, &[("secret", "REQUIRED")]);
    refused(set_up(&supplier, channel(Medium::Mail)).await, Reason::NOTICES_NOT_SET_UP);

    let delete = |id: &str| DeleteChannelRequest { request_id: request_id(), channel_id: id.into() };
    refused(buyer.notices().delete_channel(delete(&made.id)).await, Reason::NOT_FOUND);
    supplier.notices().delete_channel(delete(&made.id)).await.expect("deleted");
    refused(test(&supplier, &made).await, Reason::NOT_FOUND);
    let left: i64 =
        sqlx::query_scalar("select octet_length(address)::bigint from notices.channel where id = $1::uuid")
            .bind(&made.id)
            .fetch_one(world.owner_pool().await)
            .await
            .unwrap();
    assert_eq!(left, 0, "the address is forgotten");
    let anew = CreateChannelRequest { request_id: request_id(), ..request };
    set_up(&supplier, anew).await.expect("and may come back");
    world.finish().await;
}
