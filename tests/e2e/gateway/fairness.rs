//! What many readers of one firm, who all begin at the beginning, take from another firm: turns to read, connections to the
//! database, and time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use harness::{Access, Options};
use proto::orders::{ListOrdersRequest, Side};
use tokio::task::JoinSet;

use super::*;

/// Events of a command, and commands of a transaction, while the feed is filled.
const COMMAND: usize = 100;
const COMMANDS: usize = 50;
/// Bytes of an event's payload.
const BYTES: usize = 300;
/// Streams of one connection of the readers.
const STREAMS: usize = 25;
/// How long the feed may take to be filled.
const FILLED: Duration = Duration::from_secs(900);
/// Connections to the database, as many as the product has where nothing is said; and how many of them may be in use while
/// the readers read: half of them for pages, and what everybody else does.
const CONNECTIONS: u32 = 24;
const USED: u32 = 21;

/// How many readers follow a feed of so many events, and how often the other firm looks meanwhile.
struct Crowd {
    readers: usize,
    events: usize,
    looks: usize,
}

/// What the other firm waited for, look by look.
#[derive(Default)]
struct Waited {
    /// From before the commit until the event came to a reader who is live.
    events: Vec<Duration>,
    /// Two calls, and its own feed from the beginning.
    calls: Vec<Duration>,
    /// The most connections to the database that were in use.
    used: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_from_the_beginning_take_little_from_another_firm() {
    fair(Crowd { readers: 100, events: 4_000, looks: 25 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn five_hundred_readers_of_a_million_events_take_little_from_another_firm() {
    fair(Crowd { readers: 500, events: 1_000_000, looks: 200 }).await;
}

async fn fair(crowd: Crowd) {
    let usual = |config: &mut chassis::config::Config| config.database.app_connections = CONNECTIONS;
    let world = World::with(Options { configure: usual, ..Options::default() }).await;
    let (many, other) = (world.firm("北屿家具(示例)").await, world.firm("顺模塑料(示例)").await);
    fill(&world, &many, crowd.events).await;
    let access = world.connection(&other.key);
    let mut live =
        access.stream().subscribe(from(Start::Latest(true))).await.expect("subscribe").into_inner();
    assert!(message(&mut live).await.live);
    let alone = look(&world, &other, &mut live, crowd.looks).await;

    let delivered: Arc<Vec<AtomicUsize>> =
        Arc::new((0..crowd.readers).map(|_| AtomicUsize::new(0)).collect());
    let elsewhere = elsewhere();
    let mut readers = JoinSet::new();
    let open = || {
        // A connection belongs to the threads that it is made on.
        let _entered = elsewhere.enter();
        world.connection(&many.key)
    };
    let mut connection = open();
    for n in 0..crowd.readers {
        if n % STREAMS == 0 {
            connection = open();
        }
        let reading = read_over_and_over(connection.clone(), delivered.clone(), n, crowd.events as i64);
        readers.spawn_on(reading, elsewhere.handle());
    }
    let all_read = || delivered.iter().all(|count| count.load(Ordering::Relaxed) > 0).then_some(());
    harness::until("each of them reads", SOON, async || all_read()).await;
    let sum = || delivered.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>();
    let before = sum();
    let beside = look(&world, &other, &mut live, crowd.looks).await;
    let read = sum() - before;
    // They go on for ever: whoever ended has failed.
    while let Some(ended) = readers.try_join_next() {
        ended.expect("events follow one another");
    }
    readers.shutdown().await;
    println!(
        "{} readers of {} events took {read} of them meanwhile; median and longest: events {:?} alone, {:?} beside, calls \
         {:?} alone, {:?} beside; connections {} alone, {} beside",
        crowd.readers,
        crowd.events,
        middle(&alone.events),
        middle(&beside.events),
        middle(&alone.calls),
        middle(&beside.calls),
        alone.used,
        beside.used
    );
    assert!(read > crowd.readers, "they read all the while");
    assert!(beside.used <= USED, "{} connections are in use", beside.used);
    for (alone, beside) in [(&alone.events, &beside.events), (&alone.calls, &beside.calls)] {
        let ((usual, _), (median, longest)) = (middle(alone), middle(beside));
        assert!(median <= usual * 20 + Duration::from_millis(100), "{median:?} instead of {usual:?}");
        assert!(longest < Duration::from_secs(5), "{longest:?}");
    }
    world.finish().await;
}

/// Threads of the readers, which are machines of their own: on the server's threads, what they make of a hundred pages stood
/// before each of its steps.
fn elsewhere() -> &'static tokio::runtime::Runtime {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    // For ever: where a test fails, a runtime must not be dropped by what runs on another.
    Box::leak(Box::new(threads.worker_threads(2).enable_all().build().expect("a runtime")))
}

/// Leaves so many events in a feed.
async fn fill(world: &World, firm: &Firm, events: usize) {
    let start = head(firm).await.seq;
    let mut left = events;
    while left > 0 {
        let mut commands = Vec::new();
        while left > 0 && commands.len() < COMMANDS {
            let some = left.min(COMMAND);
            let one = || event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", vec![7; BYTES]);
            commands.push((0..some).map(|_| one()).collect());
            left -= some;
        }
        let mut tx = world.deps().pool.begin(firm.uuid()).await.expect("begin");
        outbox::append(&mut tx, commands).await.expect("append");
        tx.commit().await.expect("commit");
        world.deps().wake.wake();
    }
    let goal = start + events as i64;
    harness::until("the feed is filled", FILLED, async || (head(firm).await.seq >= goal).then_some(())).await;
}

/// Reads a feed from its beginning to so far, and again from there; each event has to follow the one before it.
async fn read_over_and_over(access: Access, delivered: Arc<Vec<AtomicUsize>>, n: usize, upto: i64) {
    loop {
        let stream = access.stream().subscribe(from(Start::Earliest(true))).await;
        let (mut stream, mut last) = (stream.expect("subscribe").into_inner(), 0);
        while last < upto {
            let message = stream.message().await.expect("the stream is well").expect("it goes on");
            for event in &message.events {
                assert_eq!(event.seq, last + 1);
                last = event.seq;
            }
            delivered[n].fetch_add(message.events.len(), Ordering::Relaxed);
        }
    }
}

/// What a firm does now and then, and how long it takes.
async fn look(world: &World, firm: &Firm, live: &mut Streaming<SubscribeResponse>, looks: usize) -> Waited {
    let mut waited = Waited::default();
    for n in 0..looks {
        let since = Instant::now();
        commit_one(world, firm, n).await;
        assert_eq!(read(live, |events| !events.is_empty()).await.len(), 1);
        waited.events.push(since.elapsed());
        let since = Instant::now();
        head(firm).await;
        let list = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
        firm.orders().list_orders(list).await.expect("it is answered");
        firm.events().await;
        waited.calls.push(since.elapsed());
        let (open, idle) = world.deps().pool.connections();
        waited.used = waited.used.max(open.saturating_sub(idle as u32));
    }
    waited
}

/// The median, and the longest.
fn middle(of: &[Duration]) -> (Duration, Duration) {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}
