//! Months of the log that are older than events are kept: what is in them goes as a whole, each reader is told, and nobody who
//! writes, reads or follows meanwhile notices.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chassis::Reason;
use harness::{
    Firm, Options, World, order,
    refusal::{metadata, refused},
    request_id, until,
};
use proto::stream::{
    CreateSubscriptionRequest, FeedEvent, GetHeadRequest, GetHeadResponse, SubscribeRequest,
    create_subscription_request as create, subscribe_request::Start,
};
use stream::{db::retention as db, retention, verify_chain};
use tandem::node::ServiceName;
use time::Date;
use tokio::time::timeout;

use crate::gateway::commit_one;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(60);
/// Far longer than a sequencer waits for who wants a month to go.
const BLINK: Duration = Duration::from_secs(5);

/// Publishes an order of each number to the supplier `V100`.
async fn publish(buyer: &Firm, numbers: impl IntoIterator<Item = usize>) {
    for n in numbers {
        let order = order(&format!("45{n:05}")).line("10", "X", "10", "6.85").to("V100");
        buyer.publish(order).await.expect("published");
    }
}

async fn head(firm: &Firm) -> GetHeadResponse {
    firm.stream().get_head(GetHeadRequest {}).await.expect("a feed has a head").into_inner()
}

/// How many of the two parts of a month are there.
async fn parts(world: &World, month: Date) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'event' and c.relkind = 'r'
             and c.relname in ('event_log_' || to_char($1::date, 'YYYY_MM'), 'feed_entry_' || to_char($1::date, 'YYYY_MM'))",
    )
    .bind(month)
    .fetch_one(world.owner_pool().await)
    .await
    .expect("the catalogue")
}

/// Checks that these events follow one another and `last`, by their chain.
fn follow_one_another(firm: &Firm, last: &FeedEvent, events: &[FeedEvent]) {
    let chain = <[u8; 32]>::try_from(&last.chain[..]).expect("32 bytes");
    verify_chain(firm.uuid(), (last.seq, chain), events).expect("the chain goes on");
}

/// M08.
#[tokio::test]
async fn a_month_goes_and_each_reader_is_told_where_to_begin() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    publish(&buyer, 1..=3).await;
    world.settled().await;
    let before = buyer.events().await;
    let last = before.last().expect("there are events").clone();
    let new = CreateSubscriptionRequest {
        request_id: request_id(),
        name: "erp".into(),
        start: Some(create::Start::After(before[0].cursor.clone())),
    };
    buyer.subscriptions().create_subscription(new).await.expect("set up");
    let month = world.age(5).await;
    publish(&buyer, [4]).await;
    world.settled().await;
    let kept = buyer.events_after(&last.cursor).await;
    assert!(!kept.is_empty());

    assert_eq!(world.let_go().await, (vec![month], 0));
    assert_eq!(parts(&world, month).await, 0);
    let ends = head(&buyer).await;
    assert_eq!((ends.oldest_seq, &ends.oldest_cursor), (last.seq + 1, &last.cursor));
    assert_eq!(buyer.events().await, kept, "the earliest is what is still there");
    assert_eq!(buyer.events_after(&last.cursor).await, kept, "who had read all of it goes on");
    follow_one_another(&buyer, &last, &kept);
    for start in [Start::After(before[0].cursor.clone()), Start::Subscription("erp".into())] {
        let status = refused(buyer.try_read(start).await, Reason::CURSOR_EXPIRED);
        assert_eq!(metadata(&status)["oldest_cursor"], last.cursor);
    }
    assert_eq!(world.let_go().await, (vec![], 0), "and that is all");
    world.finish().await;
}

#[tokio::test]
async fn a_feed_of_which_everything_is_old_goes_on_where_it_ended() {
    let world = World::start().await;
    let quiet = world.firm("北屿家具(示例)").await;
    commit_one(&world, &quiet, 1).await;
    commit_one(&world, &quiet, 2).await;
    world.settled().await;
    let before = quiet.events().await;
    let last = before.last().expect("there are events");
    let month = world.age(5).await;
    assert_eq!(world.let_go().await, (vec![month], 0));
    let ends = head(&quiet).await;
    assert_eq!((ends.seq, ends.oldest_seq), (last.seq, last.seq + 1));
    assert_eq!((&ends.cursor, &ends.oldest_cursor), (&last.cursor, &last.cursor));
    assert!(quiet.events().await.is_empty() && quiet.events_after(&last.cursor).await.is_empty());
    refused(quiet.try_read(Start::After(before[0].cursor.clone())).await, Reason::CURSOR_EXPIRED);
    commit_one(&world, &quiet, 3).await;
    world.settled().await;
    let after = quiet.events().await;
    assert_eq!(after.len(), 1);
    follow_one_another(&quiet, last, &after);
    world.finish().await;
}

#[tokio::test]
async fn what_a_follower_of_this_deployment_has_not_read_stays() {
    let roles = vec![ServiceName::Partners, ServiceName::Orders, ServiceName::Stream];
    let world = World::with(Options { roles, ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    publish(&buyer, 1..=2).await;
    world.settled().await;
    let first = world.age(6).await;
    publish(&buyer, 3..=4).await;
    world.settled().await;
    let second = world.age(5).await;
    let (owner, end) = (world.owner_pool().await, head(&supplier).await.seq);
    let put = async |statement: &'static str, firm: &Firm, seq: i64| {
        sqlx::query(statement).bind(firm.uuid()).bind(seq).execute(owner).await.expect("the owner may");
    };
    // It has read the first of the two months.
    let mut gone = vec![first];
    for statement in [
        "insert into capacity.feed_place (supplier, seq) values ($1, $2)
         on conflict (supplier) do update set seq = excluded.seq",
        "insert into resources.feed_place (owner, seq) values ($1, $2)
         on conflict (owner) do update set seq = excluded.seq",
        "insert into notices.follower (firm, seq) values ($1, $2) on conflict (firm) do update set seq = excluded.seq",
    ] {
        put(statement, &supplier, end - 1).await;
        assert_eq!(world.let_go().await, (std::mem::take(&mut gone), 1), "{statement}");
        put(statement, &supplier, end).await;
    }
    let publisher = async |seconds: f64| {
        sqlx::query(
            "update event.kafka_place set log_pos = 1, month = $1,
                 held_until = clock_timestamp() + make_interval(secs => $2)",
        )
        .bind(first)
        .bind(seconds)
        .execute(owner)
        .await
        .expect("the owner may");
    };
    publisher(8.0).await;
    assert_eq!(world.let_go().await, (vec![], 1), "it publishes");
    publisher(-2.0 * 86_400.0).await;
    // Nor does a firm that is suspended keep everybody's log.
    let state = "update partners.firm set state = $2 where id = $1";
    let follow = "insert into capacity.feed_place (supplier, seq) values ($1, 0)";
    sqlx::query(follow).bind(buyer.uuid()).execute(owner).await.expect("the owner may");
    for (name, expected) in
        [("active", (vec![], 1)), ("suspended", (vec![second], 0)), ("active", (vec![], 0))]
    {
        sqlx::query(state).bind(buyer.uuid()).bind(name).execute(owner).await.expect("the owner may");
        assert_eq!(world.let_go().await, expected, "{name}");
    }
    sqlx::query("delete from capacity.feed_place").execute(owner).await.expect("the owner may");
    sqlx::query("delete from resources.feed_place").execute(owner).await.expect("the owner may");
    world.finish().await;
}

#[tokio::test]
async fn whoever_dies_between_two_steps_leaves_nothing_half_done() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    publish(&buyer, 1..=2).await;
    world.settled().await;
    let old = buyer.events().await;
    let last = old.last().expect("there are events");
    let month = world.age(5).await;
    publish(&buyer, [3]).await;
    world.settled().await;
    let pool = world.stream_pool().await;
    let kept = buyer.events_after(&last.cursor).await;

    let early = db::drop_month(pool, month).await.expect_err("feeds begin there").to_string();
    assert!(early.contains("still begins"), "{early}");
    let present = sqlx::query_scalar("select month from event.head").fetch_one(world.owner_pool().await);
    let early = db::drop_month(pool, present.await.expect("a month")).await.expect_err("now").to_string();
    assert!(early.contains("may still be written"), "{early}");
    assert_eq!(buyer.events().await.len(), old.len() + kept.len(), "nothing happened");

    // Feeds were moved, and whoever did it died.
    assert!(retention::shorten(pool, month).await.expect("moved") >= 2);
    let mut busy = world.owner_pool().await.begin().await.expect("begin");
    sqlx::query("select from event.feed_head for update").execute(&mut *busy).await.expect("all heads");
    let again = timeout(SOON, retention::shorten(pool, month)).await.expect("it locks no head");
    assert_eq!(again.expect("nothing is left to do"), 0);
    busy.rollback().await.expect("rollback");
    assert_eq!(parts(&world, month).await, 2);
    assert_eq!(buyer.events().await, kept);
    refused(buyer.try_read(Start::After(old[0].cursor.clone())).await, Reason::CURSOR_EXPIRED);

    // Somebody reads for long: it gives up, and the sequencer goes on.
    let mut reader = world.app_pool().await.begin().await.expect("begin");
    let look = "select count(*) from event.feed_entry";
    sqlx::query(look).execute(&mut *reader).await.expect("tandem_app may look");
    let since = Instant::now();
    assert!(!db::drop_month(pool, month).await.expect("it waits for nobody"));
    publish(&buyer, [4]).await;
    let end = kept.last().expect("there are events").seq;
    until("it is sequenced", SOON, async || (head(&buyer).await.seq > end).then_some(())).await;
    assert!(since.elapsed() < BLINK, "{:?}", since.elapsed());
    assert_eq!(parts(&world, month).await, 2);
    reader.rollback().await.expect("rollback");

    // The entries went, and whoever did it died.
    until("one part is left", SOON, async || {
        db::drop_month(pool, month).await.expect("whatever is in the way");
        (parts(&world, month).await == 1).then_some(())
    })
    .await;
    world.settled().await;
    let kept = buyer.events().await;
    follow_one_another(&buyer, last, &kept);
    assert_eq!(world.let_go().await, (vec![month], 0));
    assert_eq!((parts(&world, month).await, buyer.events().await), (0, kept));
    world.finish().await;
}

/// How often a reader who resumed read on, and how often it was told that its cursor has expired.
#[derive(Default)]
struct Resumed {
    whole: usize,
    expired: usize,
}

/// Resumes after each of these events, which follow one another, again and again until this is over, and once more then. Each
/// time all that follows comes, or the cursor has expired, and what is said to be the oldest lies behind it.
async fn resume(firm: &Firm, known: &[FeedEvent], over: &AtomicBool) -> Resumed {
    let mut resumed = Resumed::default();
    loop {
        let last = over.load(Ordering::Acquire);
        for (n, after) in known.iter().enumerate() {
            let read = firm.try_read(Start::After(after.cursor.clone())).await;
            if let Ok(events) = &read {
                follow_one_another(firm, after, events);
                assert!(events.starts_with(&known[n + 1..]), "after {}: something was skipped", after.seq);
                resumed.whole += 1;
                continue;
            }
            let oldest = metadata(&refused(read, Reason::CURSOR_EXPIRED))["oldest_cursor"].clone();
            let place = known.iter().position(|event| event.cursor == oldest);
            assert!(place.is_some_and(|place| place > n), "after {}: {oldest} of {place:?}", after.seq);
            resumed.expired += 1;
        }
        if last {
            return resumed;
        }
    }
}

/// M25, beside a reader whose stream stays open.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_let_months_go_disturb_neither_writers_nor_readers() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    publish(&buyer, 1..=10).await;
    world.settled().await;
    let first = world.age(6).await;
    publish(&buyer, 11..=20).await;
    world.settled().await;
    let second = world.age(5).await;
    let old = buyer.events().await;
    let last = old.last().expect("there are events").clone();
    let request = SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
    let mut live = buyer.stream().subscribe(request).await.expect("subscribed").into_inner();

    let over = AtomicBool::new(false);
    let going = async {
        let done = tokio::join!(publish(&buyer, 21..=60), world.let_go(), world.let_go());
        over.store(true, Ordering::Release);
        done
    };
    let ((_, one, two), resumed) = tokio::join!(going, resume(&buyer, &old, &over));
    println!("resumed {} times, and {} times told where to begin", resumed.whole, resumed.expired);
    // Who has read all of it goes on, and all others are told in the end.
    assert!(resumed.whole > 0 && resumed.expired >= old.len() - 1);
    assert_eq!((one.1, two.1), (0, 0));
    let mut gone = [one.0, two.0].concat();
    gone.sort_unstable();
    gone.dedup();
    assert_eq!(gone, [first, second]);

    world.settled().await;
    let kept = buyer.events().await;
    assert!(kept.len() >= 40, "{}", kept.len());
    follow_one_another(&buyer, &last, &kept);
    let mut seen = Vec::new();
    while seen.len() < kept.len() {
        let message = timeout(SOON, live.message()).await.expect("a message comes soon");
        seen.extend(message.expect("the stream is well").expect("the stream goes on").events);
    }
    assert_eq!(seen, kept);
    world.finish().await;
}
