//! Feeds resume exactly where a reader stopped, from wherever. Readers of every pace under load are in wakes.rs.

use std::time::Duration;

use chassis::{Reason, cursor::Cursor};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use harness::{
    Access, Firm, World, accept_all,
    history::{self, History, Outcome, Recorder},
    order,
    refusal::{bad_fields, metadata, refused},
    validators,
};
use proto::stream::{
    FeedEvent, Filter, GetHeadRequest, GetHeadResponse, SubscribeRequest, SubscribeResponse,
    subscribe_request::Start,
};
use tonic::{Request, Status, Streaming};

use crate::gateway::commit_one;

/// How many calls of a test are under way at once.
const AT_ONCE: usize = 8;
/// How long anything may take that does not wait for anybody.
const SOON: Duration = Duration::from_secs(60);

const PUBLISHED: &str = "tandem.orders.order.published.v1";

/// Publishes orders and answers them, and writes down what was acknowledged.
async fn work(history: &History, name: &str, buyer: &Firm, supplier: &Firm, orders: usize) {
    let feeds = [buyer.uuid(), supplier.uuid()];
    let write = move |number: usize| async move {
        let mut pen = history.client(&format!("{name}-{number}"));
        let publish = order(&format!("{name}-{number}")).line("10", "P-1", "100", "12.50").to("V100");
        let (began, trace, id) = (pen.now(), history::trace(), publish.request_id.clone());
        let answer = buyer.orders().publish_order(traced(publish, &trace)).await;
        let answer = answer.map(tonic::Response::into_inner);
        assert_eq!(pen.write(began, &id, &trace, &feeds, &answer), Outcome::Ok, "{answer:?}");
        let respond = accept_all(&answer?.order_id);
        let (began, trace, id) = (pen.now(), history::trace(), respond.request_id.clone());
        let answer = supplier.orders().respond_to_order(traced(respond, &trace)).await;
        let answer = answer.map(tonic::Response::into_inner);
        assert_eq!(pen.write(began, &id, &trace, &feeds, &answer), Outcome::Ok, "{answer:?}");
        pen.flush();
        Ok::<(), Status>(())
    };
    let done = stream::iter(0..orders).map(write).buffer_unordered(AT_ONCE).try_collect::<()>().await;
    done.expect("orders are published and answered");
}

fn traced<T>(message: T, trace: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", trace.parse().expect("a trace is ascii"));
    request
}

async fn head(access: &Access) -> GetHeadResponse {
    access.stream().get_head(GetHeadRequest {}).await.expect("a feed has a head").into_inner()
}

async fn open(
    access: &Access,
    start: Start,
    filter: Option<Filter>,
) -> Result<Streaming<SubscribeResponse>, Status> {
    let request = SubscribeRequest { start: Some(start), filter, until_head: false };
    Ok(access.stream().subscribe(request).await?.into_inner())
}

/// The next message of a stream that has one.
async fn next(messages: &mut Streaming<SubscribeResponse>) -> SubscribeResponse {
    let message = tokio::time::timeout(SOON, messages.message()).await.expect("a message comes soon");
    message.expect("the stream goes on").expect("the stream stays open")
}

/// Reads on from a cursor to the head and writes it down.
async fn resume(pen: &mut Recorder, firm: &Firm, after: i64, cursor: &str, filter: Option<Filter>) {
    let until = head(firm).await.seq;
    let types: Vec<&str> = filter.iter().flat_map(|filter| &filter.types).map(String::as_str).collect();
    let stream = pen.subscribe(firm.uuid(), after, Some(until), &types);
    let request = SubscribeRequest { start: Some(Start::After(cursor.into())), filter, until_head: true };
    let mut messages = firm.stream().subscribe(request).await.expect("the cursor is good").into_inner();
    while let Some(message) = messages.message().await.expect("the feed is read") {
        pen.message(firm.uuid(), stream, &message);
    }
    pen.end(firm.uuid(), stream, Outcome::Ok);
    pen.flush();
}

/// Follows a feed, to which nobody writes any more, from its beginning to its end.
async fn follow(mut pen: Recorder, firm: &Firm) {
    let (mut seq, end) = (0, head(firm).await.seq);
    let stream = pen.subscribe(firm.uuid(), 0, None, &[]);
    let mut messages = open(firm, Start::Earliest(true), None).await.expect("a feed can be followed");
    while seq < end {
        let message = next(&mut messages).await;
        seq = message.seq;
        pen.message(firm.uuid(), stream, &message);
    }
    pen.flush();
}

/// M10: each of them is old, and as good as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cursor_resumes_with_exactly_what_follows_it() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let history = History::create("resume-every-cursor");
    work(&history, "order", &buyer, &supplier, 60).await;
    world.settled().await;
    let mut resumed = 0;
    for firm in [&buyer, &supplier] {
        follow(history.client(&format!("follower-{}", firm.id)), firm).await;
        let events = firm.events().await;
        assert!(events.len() > 120, "{} events", events.len());
        let places = std::iter::once((0, head(firm).await.oldest_cursor));
        let places = places.chain(events.iter().map(|entry| (entry.seq, entry.cursor.clone())));
        let reads = places.map(|(after, cursor)| {
            let mut pen = history.client(&format!("after-{after}-{}", firm.id));
            async move { resume(&mut pen, firm, after, &cursor, None).await }
        });
        resumed += events.len() + 1;
        stream::iter(reads).buffer_unordered(AT_ONCE).collect::<()>().await;
    }
    validators::check(&history.records());
    println!("resumed from {resumed} cursors");
    world.finish().await;
}

#[tokio::test]
async fn a_bookmark_moves_a_filtered_reader_past_what_it_left_out() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let history = History::create("resume-bookmark");
    work(&history, "before", &buyer, &supplier, 10).await;
    world.settled().await;
    let published = || Some(Filter { types: vec![PUBLISHED.into()], ..Filter::default() });
    let nothing = Filter { types: vec!["tandem.nothing.*".into()], ..Filter::default() };

    // Nothing is for this reader, and it is told where it stands all the same.
    let mut messages = open(&buyer, Start::Earliest(true), Some(nothing)).await.expect("a filtered stream");
    let bookmark = next(&mut messages).await;
    let first = head(&buyer).await;
    assert!(bookmark.live && bookmark.events.is_empty());
    assert_eq!((bookmark.seq, &bookmark.cursor), (first.seq, &first.cursor));

    work(&history, "after", &buyer, &supplier, 10).await;
    world.settled().await;
    resume(&mut history.client("from-bookmark"), &buyer, bookmark.seq, &bookmark.cursor, None).await;
    let oldest = head(&buyer).await.oldest_cursor;
    resume(&mut history.client("filtered"), &buyer, 0, &oldest, published()).await;
    for firm in [&buyer, &supplier] {
        follow(history.client(&format!("follower-{}", firm.id)), firm).await;
    }
    let records = history.records();
    validators::check(&records);
    let of = |client: &str| {
        let delivered =
            |record: &&history::Record| matches!(record.operation, history::Operation::Deliver { .. });
        records.iter().filter(delivered).filter(|record| record.client == client).count()
    };
    assert_eq!((of("from-bookmark"), of("filtered")), (20, 20));
    world.finish().await;
}

#[tokio::test]
#[ignore = "waits for the 15 seconds between bookmarks"]
async fn a_quiet_stream_gets_a_bookmark_every_15_seconds() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    world.settled().await;
    let mut messages = open(&buyer, Start::Latest(true), None).await.expect("a feed can be followed");
    assert!(next(&mut messages).await.live);
    let since = std::time::Instant::now();
    let bookmark = next(&mut messages).await;
    assert!(
        bookmark.events.is_empty() && since.elapsed() <= Duration::from_secs(16),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(bookmark.cursor, head(&buyer).await.cursor);
    drop(messages);
    world.finish().await;
}

/// M01 to M04: with a bit turned (M01), cut short (M02), of another feed (M03), which is that of another firm (M04).
#[tokio::test]
async fn a_cursor_that_is_not_of_this_feed_is_refused() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    buyer.publish(order("PO-1").line("10", "P-1", "5", "1.00").to("V100")).await.expect("an order");
    world.settled().await;
    let own = head(&buyer).await.cursor;
    let foreign = head(&supplier).await.cursor;
    let mut wrong = vec![foreign, String::new(), "0".into(), own[..own.len() - 1].into(), format!("{own}A")];
    for place in 0..own.len() {
        let mut bytes = own.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        wrong.push(String::from_utf8(bytes).expect("ascii"));
    }
    for cursor in wrong {
        refused(buyer.try_read(Start::After(cursor)).await, Reason::CURSOR_INVALID);
    }
    bad_fields(buyer.try_read(Start::Earliest(false)).await, &[("start", "REQUIRED")]);
    assert_eq!(buyer.events_after(&own).await, [], "the own one is good");
    world.finish().await;
}

/// M06, M07 and M09.
#[tokio::test]
async fn a_cursor_of_another_history_is_never_skipped_over() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    for number in 0..3 {
        let order = order(&format!("PO-{number}")).line("10", "P-1", "5", "1.00").to("V100");
        buyer.publish(order).await.expect("an order");
    }
    world.settled().await;
    let events = buyer.events().await;
    let last = events.last().expect("there are events").clone();
    let keys = &world.deps().keys;
    let diverged = [
        // As after a restore: the database forgot what this reader has seen.
        Cursor::new(buyer.uuid(), last.seq + 1, &last.chain),
        Cursor::new(buyer.uuid(), last.seq + 1_000, &[7; 32]),
        Cursor::new(buyer.uuid(), last.seq + 1_000_000_000, &last.chain),
        Cursor::new(buyer.uuid(), i64::MAX, &last.chain),
        // And as after a restore that went on differently.
        Cursor::new(buyer.uuid(), last.seq, &[7; 32]),
        Cursor::new(buyer.uuid(), 2, &last.chain),
        Cursor::new(buyer.uuid(), 0, &last.chain),
    ];
    for cursor in diverged {
        let answer = buyer.try_read(Start::After(cursor.encode(keys))).await;
        refused(answer.map(|events| (cursor, events)), Reason::FEED_DIVERGED);
    }
    // Signed by the platform itself, and still no place of a feed.
    for seq in [-1, i64::MIN] {
        let cursor = Cursor::new(buyer.uuid(), seq, &last.chain).encode(keys);
        refused(buyer.try_read(Start::After(cursor)).await, Reason::CURSOR_INVALID);
    }
    world.finish().await;
}

/// M21, where it leaves after each.
#[tokio::test]
async fn a_reader_who_leaves_after_every_so_many_events_misses_none_and_gets_none_twice() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    for n in 0..40 {
        commit_one(&world, &firm, n).await;
    }
    world.settled().await;
    let (whole, oldest) = (firm.events().await, head(&firm).await.oldest_cursor);
    assert!(whole.len() >= 40, "{} events", whole.len());
    for every in 1..40 {
        let (mut got, mut at) = (Vec::new(), oldest.clone());
        while got.len() < whole.len() {
            let mut messages = open(&firm, Start::After(at), None).await.expect("the cursor is good");
            let goal = whole.len().min(got.len() + every);
            while got.len() < goal {
                got.extend(next(&mut messages).await.events);
            }
            // The stream is reset, and what came with the last message is forgotten.
            drop(messages);
            got.truncate(goal);
            at = got.last().expect("something came").cursor.clone();
        }
        assert!(got == whole, "after every {every} events");
    }
    world.finish().await;
}

/// M08.
#[tokio::test]
async fn a_cursor_that_the_log_no_longer_reaches_says_where_to_begin() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let publish = async |number: usize| {
        let order = order(&format!("PO-{number}")).line("10", "P-1", "5", "1.00").to("V100");
        buyer.publish(order).await.expect("an order");
        world.settled().await;
    };
    publish(0).await;
    let read = buyer.events().await.len();
    let month = world.age(5).await;
    publish(1).await;
    publish(2).await;
    let events = buyer.events().await;
    let gone: &FeedEvent = &events[read - 1];
    assert_eq!(world.let_go().await, (vec![month], 0));
    let expired = buyer.try_read(Start::After(events[0].cursor.clone())).await;
    let status = refused(expired, Reason::CURSOR_EXPIRED);
    let oldest = metadata(&status)["oldest_cursor"].clone();
    assert_eq!(oldest, gone.cursor);
    assert_eq!(buyer.events_after(&oldest).await, events[read..]);
    assert_eq!(buyer.events().await, events[read..], "the earliest is what is still there");
    world.finish().await;
}
