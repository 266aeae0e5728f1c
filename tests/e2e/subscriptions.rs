//! Subscriptions whose places the server keeps: what is acknowledged does not come again, and everything else does.

use std::time::Duration;

use chassis::{Reason, cursor::Cursor};
use harness::{
    Access, Firm, World, cli,
    refusal::{bad_fields, metadata, refused},
    request_id,
};
use proto::{
    partners::Role,
    stream::{
        AcknowledgeSubscriptionRequest, CreateSubscriptionRequest, DeleteSubscriptionRequest, FeedEvent,
        GetSubscriptionRequest, ListSubscriptionsRequest, SubscribeRequest, SubscribeResponse, Subscription,
        create_subscription_request as create, subscribe_request::Start,
    },
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::gateway::commit_one;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(60);

fn new(name: &str, start: create::Start) -> CreateSubscriptionRequest {
    CreateSubscriptionRequest { request_id: request_id(), name: name.into(), start: Some(start) }
}

async fn set_up(access: &Access, request: CreateSubscriptionRequest) -> Result<Subscription, Status> {
    Ok(access.subscriptions().create_subscription(request).await?.into_inner())
}

fn acknowledgement(name: &str, cursor: &str, rewind: bool) -> AcknowledgeSubscriptionRequest {
    AcknowledgeSubscriptionRequest {
        request_id: request_id(),
        name: name.into(),
        cursor: cursor.into(),
        rewind,
    }
}

async fn acknowledge(
    access: &Access,
    request: AcknowledgeSubscriptionRequest,
) -> Result<Subscription, Status> {
    Ok(access.subscriptions().acknowledge_subscription(request).await?.into_inner())
}

async fn get(access: &Access, name: &str) -> Result<Subscription, Status> {
    let request = GetSubscriptionRequest { name: name.into() };
    Ok(access.subscriptions().get_subscription(request).await?.into_inner())
}

/// So much happens to a firm; everything that it is told then.
async fn happened(world: &World, firm: &Firm, times: usize) -> Vec<FeedEvent> {
    for n in 0..times {
        commit_one(world, firm, n).await;
    }
    world.settled().await;
    firm.events().await
}

/// Places of what a subscription has not acknowledged.
async fn waiting(access: &Access, name: &str) -> Vec<i64> {
    let read = access.try_read(Start::Subscription(name.into())).await;
    read.expect("it goes on where it stands").iter().map(|event| event.seq).collect()
}

/// M16, and M17 by a viewer and by another firm.
#[tokio::test]
async fn what_is_acknowledged_does_not_come_again() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let events = happened(&world, &buyer, 4).await;
    let last = events.last().expect("there are events");
    assert!(events.len() >= 4, "{}", events.len());

    let request = new("erp", create::Start::Earliest(true));
    let made = set_up(&buyer, request.clone()).await.expect("set up");
    assert_eq!((made.seq, made.behind, made.acknowledged_at), (0, last.seq, None));
    assert_eq!(set_up(&buyer, request).await.expect("replayed"), made);
    let again = set_up(&buyer, new("erp", create::Start::Latest(true))).await;
    refused(again, Reason::ALREADY_EXISTS);
    bad_fields(
        set_up(&buyer, CreateSubscriptionRequest { start: None, ..new("a b", create::Start::Latest(true)) })
            .await,
        &[("name", "VALUE"), ("start", "REQUIRED")],
    );

    // Sent and not acknowledged: it comes again.
    let all: Vec<i64> = (1..=last.seq).collect();
    assert_eq!(waiting(&buyer, "erp").await, all);
    assert_eq!(waiting(&buyer, "erp").await, all);
    let request = acknowledgement("erp", &events[1].cursor, false);
    let moved = acknowledge(&buyer, request.clone()).await.expect("acknowledged");
    assert_eq!((moved.seq, &moved.cursor), (events[1].seq, &events[1].cursor));
    assert!(moved.acknowledged_at.is_some());
    assert_eq!(waiting(&buyer, "erp").await, all[2..]);

    // Forward alone, unless somebody asks for more; a request that is repeated does nothing then.
    let further = acknowledge(&buyer, acknowledgement("erp", &last.cursor, false)).await.expect("further");
    assert_eq!(further.behind, 0);
    assert_eq!(acknowledge(&buyer, request).await.expect("replayed"), moved);
    acknowledge(&buyer, acknowledgement("erp", &last.cursor, false)).await.expect("once more");
    let back = acknowledge(&buyer, acknowledgement("erp", &events[0].cursor, false)).await;
    let status = refused(back, Reason::SUBSCRIPTION_AHEAD);
    assert_eq!(metadata(&status)["cursor"], last.cursor);
    assert_eq!(waiting(&buyer, "erp").await, [] as [i64; 0]);
    acknowledge(&buyer, acknowledgement("erp", &events[0].cursor, true)).await.expect("it was asked for");
    assert_eq!(waiting(&buyer, "erp").await, all[1..]);
    assert_eq!(get(&buyer, "erp").await.expect("it is there").behind, last.seq - 1);

    // Nobody who only reads moves what others rely on, and nobody else's cursor or name fits.
    let viewer = buyer.key_with(&[Role::Viewer], None).await;
    assert_eq!(waiting(&viewer, "erp").await, all[1..]);
    let tried = acknowledge(&viewer, acknowledgement("erp", &last.cursor, false)).await;
    refused(tried, Reason::PERMISSION_DENIED);
    let foreign = supplier.events().await.last().expect("there are events").cursor.clone();
    for cursor in [foreign.as_str(), "", "0", &last.cursor[1..]] {
        let tried = acknowledge(&buyer, acknowledgement("erp", cursor, true)).await;
        refused(tried, Reason::CURSOR_INVALID);
    }
    refused(acknowledge(&supplier, acknowledgement("erp", &foreign, false)).await, Reason::NOT_FOUND);
    refused(supplier.try_read(Start::Subscription("erp".into())).await, Reason::NOT_FOUND);
    refused(get(&supplier, "erp").await, Reason::NOT_FOUND);
    set_up(&supplier, new("erp", create::Start::Latest(true))).await.expect("a name is a firm's own");

    let delete = DeleteSubscriptionRequest { request_id: request_id(), name: "erp".into() };
    buyer.subscriptions().delete_subscription(delete).await.expect("taken away");
    refused(get(&buyer, "erp").await, Reason::NOT_FOUND);
    refused(buyer.try_read(Start::Subscription("erp".into())).await, Reason::NOT_FOUND);
    let anew = set_up(&buyer, new("erp", create::Start::After(events[1].cursor.clone()))).await;
    assert_eq!(anew.expect("the name is free again").seq, events[1].seq);
    world.finish().await;
}

/// M15, where what never came is of a history that was lost.
#[tokio::test]
async fn a_subscription_to_what_is_gone_or_another_history_is_never_skipped_over() {
    let world = World::start().await;
    let buyer = world.firm("北屿家具(示例)").await;
    let events = happened(&world, &buyer, 4).await;
    let last = events.last().expect("there are events");
    for name in ["erp", "wms"] {
        set_up(&buyer, new(name, create::Start::After(events[0].cursor.clone()))).await.expect("set up");
    }
    // As after a restore.
    let lost = Cursor::new(buyer.uuid(), last.seq + 1, &last.chain).encode(&world.deps().keys);
    let other = Cursor::new(buyer.uuid(), 2, &[7; 8]).encode(&world.deps().keys);
    for cursor in [&lost, &other] {
        let tried = acknowledge(&buyer, acknowledgement("erp", cursor, false)).await;
        refused(tried, Reason::FEED_DIVERGED);
        let tried = set_up(&buyer, new("new", create::Start::After(cursor.clone()))).await;
        refused(tried, Reason::FEED_DIVERGED);
    }
    let owner = world.owner_pool().await;
    let turned =
        "update event.subscription set chain = '\\x0707070707070707' where firm = $1 and name = 'wms'";
    sqlx::query(turned).bind(buyer.uuid()).execute(owner).await.expect("the owner may");
    refused(buyer.try_read(Start::Subscription("wms".into())).await, Reason::FEED_DIVERGED);
    // And as after a long absence.
    sqlx::query("update event.feed_head set min_seq = $2, min_chain = $3 where feed = $1")
        .bind(buyer.uuid())
        .bind(last.seq)
        .bind(&events[events.len() - 2].chain[..])
        .execute(owner)
        .await
        .expect("the owner may");
    let status = refused(buyer.try_read(Start::Subscription("erp".into())).await, Reason::CURSOR_EXPIRED);
    let oldest = metadata(&status)["oldest_cursor"].clone();
    let tried = acknowledge(&buyer, acknowledgement("erp", &events[1].cursor, false)).await;
    refused(tried, Reason::CURSOR_EXPIRED);
    acknowledge(&buyer, acknowledgement("erp", &oldest, false)).await.expect("on from what is there");
    assert_eq!(waiting(&buyer, "erp").await, [last.seq]);

    for n in 0..98 {
        set_up(&buyer, new(&format!("n{n}"), create::Start::Latest(true))).await.expect("room");
    }
    let status =
        refused(set_up(&buyer, new("more", create::Start::Latest(true))).await, Reason::LIMIT_REACHED);
    assert_eq!(metadata(&status)["limit"], "100");
    let mut request = ListSubscriptionsRequest { page_size: 60, ..Default::default() };
    let mut names = Vec::new();
    loop {
        let page =
            buyer.subscriptions().list_subscriptions(request.clone()).await.expect("a page").into_inner();
        names.extend(page.subscriptions.into_iter().map(|one| one.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(names.len() == 100 && names.is_sorted(), "{names:?}");
    world.finish().await;
}

/// Places of the next events of a stream, so many or a few more.
async fn next(stream: &mut Streaming<SubscribeResponse>, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.len() < count {
        let message = timeout(SOON, stream.message()).await.expect("a message comes soon");
        let message = message.expect("the stream is well").expect("the stream goes on");
        seqs.extend(message.events.iter().map(|event| event.seq));
    }
    seqs
}

/// M22.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_hold_one_subscription_get_all_and_neither_takes_the_other_back() {
    let world = World::start().await;
    let buyer = world.firm("北屿家具(示例)").await;
    let events = happened(&world, &buyer, 9).await;
    set_up(&buyer, new("erp", create::Start::Earliest(true))).await.expect("set up");
    let all: Vec<i64> = events.iter().map(|event| event.seq).collect();
    let holders = [world.connection(&buyer.key), world.connection(&buyer.key)];
    let mut open = Vec::new();
    for holder in &holders {
        let start = Some(Start::Subscription("erp".into()));
        let request = SubscribeRequest { start, filter: None, until_head: false };
        open.push(holder.stream().subscribe(request).await.expect("both may").into_inner());
    }
    for stream in &mut open {
        assert_eq!(next(stream, all.len()).await, all, "neither has a part of it");
    }
    // Both acknowledge at the same time, now the one and now the other the later event: that one counts, whoever comes first.
    for (n, pair) in events.windows(2).enumerate() {
        let (ahead, behind) = (&holders[n % 2], &holders[1 - n % 2]);
        let (later, earlier) = tokio::join!(
            acknowledge(ahead, acknowledgement("erp", &pair[1].cursor, false)),
            acknowledge(behind, acknowledgement("erp", &pair[0].cursor, false)),
        );
        assert_eq!(later.expect("further").seq, pair[1].seq);
        if earlier.is_err() {
            let status = refused(earlier, Reason::SUBSCRIPTION_AHEAD);
            assert_eq!(metadata(&status)["cursor"], pair[1].cursor);
        }
        assert_eq!(get(&buyer, "erp").await.expect("it is there").seq, pair[1].seq);
    }
    // What one has acknowledged is told to the other all the same, whose stream is its own; whoever begins gets the rest.
    let more = happened(&world, &buyer, 2).await;
    let new: Vec<i64> = more.iter().map(|event| event.seq).filter(|seq| !all.contains(seq)).collect();
    let middle = acknowledgement("erp", &more[more.len() - 2].cursor, false);
    acknowledge(&holders[0], middle).await.expect("further");
    for stream in &mut open {
        assert_eq!(next(stream, new.len()).await, new);
    }
    assert_eq!(waiting(&buyer, "erp").await, new[new.len() - 1..]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_goes_on_where_its_subscription_stands() {
    let world = World::start().await;
    let buyer = world.firm("北屿家具(示例)").await;
    happened(&world, &buyer, 3).await;
    let run = async |arguments: &[&str]| cli::run(&world, &buyer.key, arguments).await;
    let read = async |more: &[&str]| {
        let whole: Vec<&str> = ["events", "--subscription", "erp"].iter().chain(more).copied().collect();
        run(&whole).await.done().json()
    };
    let missing = run(&["events", "--subscription", "erp"]).await;
    assert!(missing.code == Some(3) && missing.err.contains("NOT_FOUND"), "{missing:?}");
    run(&["subscriptions", "create", "erp"]).await.done();
    let first = read(&[]).await;
    assert!(!first.is_empty());
    assert_eq!(read(&[]).await, [] as [serde_json::Value; 0], "what was printed is acknowledged");
    happened(&world, &buyer, 1).await;
    assert_eq!(read(&["--type", "nothing"]).await, [] as [serde_json::Value; 0]);
    assert_eq!(read(&[]).await, [] as [serde_json::Value; 0], "and so is what was left out");
    let cursor = first[0]["cursor"].as_str().expect("a cursor");
    let back = run(&["subscriptions", "acknowledge", "erp", cursor]).await;
    assert!(back.code == Some(3) && back.err.contains("SUBSCRIPTION_AHEAD"), "{back:?}");
    run(&["subscriptions", "acknowledge", "erp", cursor, "--rewind"]).await.done();
    let listed = run(&["subscriptions", "list"]).await.done().json();
    assert_eq!((&listed[0]["name"], &listed[0]["cursor"]), (&"erp".into(), &cursor.into()));
    assert_eq!(read(&[]).await.len(), first.len(), "all but the first, and the new one");
    run(&["subscriptions", "delete", "erp"]).await.done();
    assert_eq!(run(&["subscriptions", "list"]).await.done().json(), [] as [serde_json::Value; 0]);
    let gone = get(&buyer, "erp").await.expect_err("it is gone");
    assert_eq!(gone.code(), Code::NotFound);
    world.finish().await;
}
