//! What many readers of some firms, who all begin at the beginning, take from everybody else: turns to read, connections to
//! the database, and time. And that each of them gets its own feed, whole and in order.

use harness::{Access, Options};
use proto::orders::{ListOrdersRequest, Side};
use tokio::{runtime, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::*;

/// Events of a command, and commands of a transaction, while feeds are filled.
const COMMAND: usize = 100;
const COMMANDS: usize = 50;
/// Firms whose feeds are read from the beginning.
const FIRMS: usize = 4;
/// Streams of each that take nothing: more than a firm's pages that have a turn or wait for one.
const STALLED: usize = 10;
/// Streams of one connection of the readers.
const STREAMS: usize = 25;
/// How many streams a firm may have open beside those of its readers.
const ROOM: usize = STALLED + 10;
/// How long feeds may take to be filled.
const FILLED: Duration = Duration::from_secs(900);
/// How long whoever is not behind may wait for anything. Longer than many pages take, and shorter than the patience for a
/// connection to the database.
const PROMPT: Duration = Duration::from_secs(5);
/// What an event that is told to two feeds is about.
const SHARED: &str = "tests/shared";

/// M20, with as many as there is time for in every run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_from_the_beginning_take_little_from_others() {
    fair::<26>(800, usize::MAX).await;
}

/// M20.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn five_hundred_readers_of_a_million_events_take_little_from_others() {
    fair::<125>(250_000, 200).await;
}

/// So many readers of each firm, of so many events; others look as long as they read, at most so often. Then whoever still
/// reads is stopped.
async fn fair<const READERS: usize>(events: usize, looks: usize) {
    let places = |config: &mut chassis::config::Config| config.limits.streams_per_firm = READERS + ROOM;
    let world = World::with(Options { configure: places, ..Options::default() }).await;
    let (calm, greedy) = (world.firm("顺模塑料(示例)").await, world.firm("澄屿家居(示例)").await);
    let (mut busy, mut stalled) = (Vec::new(), Vec::new());
    for n in 0..FIRMS {
        let firm = world.firm(&format!("北屿家具{n}(示例)")).await;
        let place = fill(&world, &firm, events).await;
        // Over another connection than everybody else: who does not read fills the window of the connection as well.
        let narrow = world.narrow(&firm.key);
        for _ in 0..STALLED {
            stalled.push(narrow.stream().subscribe(from(Start::Earliest(true))).await.expect("subscribe"));
        }
        busy.push((firm, place));
    }
    let stop = CancellationToken::new();
    let mut readers = begin(&world, &busy, READERS, &stop);
    // Both are up to date; the second shares its feed with many who are not.
    let firms = [&calm, &busy[0].0];
    let mut live = [latest(&world, firms[0]).await, latest(&world, firms[1]).await];
    too_many(&world, &greedy, READERS + ROOM).await;

    let (mut taken, mut waited) = (Vec::new(), Waited::default());
    for n in 0..looks {
        look(&world, firms, &mut live, n, &mut waited).await;
        while let Some(ended) = readers.try_join_next() {
            taken.push(ended.expect("events follow one another"));
        }
        if readers.is_empty() {
            break;
        }
    }
    let whole = taken.len();
    stop.cancel();
    while let Some(ended) = readers.join_next().await {
        taken.push(ended.expect("events follow one another"));
    }
    println!(
        "{} readers took {} events, {whole} of them all there were; beside them, median and longest of {}: an event {:?}, \
         a stream {:?}, calls {:?}, a feed {:?}",
        taken.len(),
        taken.iter().sum::<i64>(),
        waited.events.len(),
        middle(&waited.events),
        middle(&waited.streams),
        middle(&waited.calls),
        middle(&waited.feeds),
    );
    assert!(waited.events.len() > 1, "they read while others looked");
    assert!(taken.iter().all(|events| *events > 0), "each had its turn");
    for waited in [&waited.events, &waited.streams, &waited.calls] {
        assert!(middle(waited).1 < PROMPT, "{:?}", middle(waited));
    }
    assert!(middle(&waited.feeds).1 < 2 * PROMPT, "of a firm alone: {:?}", middle(&waited.feeds));
    drop(stalled);
    world.finish().await;
}

/// Lets readers begin, so many of each firm.
fn begin(world: &World, busy: &[(Firm, Place)], each: usize, stop: &CancellationToken) -> JoinSet<i64> {
    let elsewhere = elsewhere();
    // A connection belongs to the threads that it is made on.
    let _entered = elsewhere.enter();
    let mut readers = JoinSet::new();
    for (firm, place) in busy {
        let mut access = world.connection(&firm.key);
        for n in 1..=each {
            let reader = Reader { access: access.clone(), firm: firm.id.clone(), place: *place };
            readers.spawn(reader.read(stop.clone()));
            if n % STREAMS == 0 {
                access = world.connection(&firm.key);
            }
        }
    }
    readers
}

/// Threads of the readers, which are machines of their own: on the server's threads, what they make of a hundred pages would
/// stand before each of its steps.
fn elsewhere() -> &'static runtime::Runtime {
    let mut threads = runtime::Builder::new_multi_thread();
    // For ever: where a test fails, a runtime must not be dropped by what runs on another.
    Box::leak(Box::new(threads.worker_threads(2).enable_all().build().expect("a runtime")))
}

/// What the n-th event that a firm's feed was filled with says.
fn said(firm: &str, n: i64) -> Vec<u8> {
    format!("{firm} {n:0200}").into_bytes()
}

/// Where the events stand in a feed that it was filled with.
#[derive(Clone, Copy)]
struct Place {
    /// Before the first.
    start: i64,
    /// The last.
    upto: i64,
}

/// Leaves so many events in a feed.
async fn fill(world: &World, firm: &Firm, events: usize) -> Place {
    // Whatever else the firm is told stands before.
    world.settled().await;
    let start = head(firm).await.seq;
    let one =
        |n: usize| event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", said(&firm.id, n as i64));
    let numbers: Vec<usize> = (1..=events).collect();
    for numbers in numbers.chunks(COMMAND * COMMANDS) {
        let commands: Vec<Vec<NewEvent>> =
            numbers.chunks(COMMAND).map(|some| some.iter().map(|n| one(*n)).collect()).collect();
        let mut tx = world.deps().pool.begin(firm.uuid()).await.expect("begin");
        outbox::append(&mut tx, commands).await.expect("append");
        tx.commit().await.expect("commit");
        world.deps().wake.wake();
    }
    let upto = start + events as i64;
    harness::until("the feed is filled", FILLED, async || (head(firm).await.seq >= upto).then_some(())).await;
    Place { start, upto }
}

/// Who reads a feed from its beginning.
struct Reader {
    access: Access,
    firm: String,
    place: Place,
}

impl Reader {
    /// Reads until it has all or is stopped: how many events. Each has to follow the one before it and to be of this feed.
    async fn read(self, stop: CancellationToken) -> i64 {
        let Place { start, upto } = self.place;
        let stream = self.access.stream().subscribe(from(Start::Earliest(true))).await;
        let (mut stream, mut last) = (stream.expect("subscribe").into_inner(), 0);
        while last < upto {
            let message = tokio::select! {
                () = stop.cancelled() => break,
                message = stream.message() => message,
            };
            let message = message.expect("the stream is well").expect("the stream goes on");
            for entry in message.events {
                assert_eq!(entry.seq, last + 1, "without a gap, and once");
                last = entry.seq;
                if (start + 1..=upto).contains(&last) {
                    let event = entry.event.expect("event");
                    assert!(event.data == said(&self.firm, last - start), "{last} is another's");
                }
            }
        }
        last
    }
}

/// A stream of what happens from now on, on a new connection.
async fn latest(world: &World, firm: &Firm) -> Streaming<SubscribeResponse> {
    let access = world.connection(&firm.key);
    let stream = access.stream().subscribe(from(Start::Latest(true))).await;
    let mut stream = stream.expect("whoever is up to date begins at once").into_inner();
    assert!(message(&mut stream).await.live);
    stream
}

/// Opens as many streams as a firm may have, and one more.
async fn too_many(world: &World, firm: &Firm, most: usize) {
    let access = world.connection(&firm.key);
    let mut open = Vec::new();
    for _ in 0..most {
        open.push(access.stream().subscribe(from(Start::Latest(true))).await.expect("subscribe"));
    }
    let one_more = access.stream().subscribe(from(Start::Latest(true))).await;
    let status = refusal::refused(one_more.map(drop), Reason::TOO_MANY_STREAMS);
    assert_eq!(refusal::metadata(&status)["limit"], most.to_string());
}

/// What those who are not behind waited for, look by look.
#[derive(Default)]
struct Waited {
    /// From before the commit until the event came to both readers who are live.
    events: Vec<Duration>,
    /// A new stream, on a new connection, until it was live.
    streams: Vec<Duration>,
    /// Two calls.
    calls: Vec<Duration>,
    /// A whole feed, which is short.
    feeds: Vec<Duration>,
}

/// What firms do now and then, and how long it takes.
async fn look(
    world: &World,
    firms: [&Firm; 2],
    live: &mut [Streaming<SubscribeResponse>; 2],
    n: usize,
    waited: &mut Waited,
) {
    let since = Instant::now();
    let audience = firms.map(Firm::uuid);
    let told = event(&audience, "tandem.test.happened.v1", SHARED, n.to_string().into());
    let id = told.id.to_string();
    commit(world, vec![told]).await;
    for live in live {
        let came = read(live, |events| !events.is_empty()).await;
        let ids: Vec<&str> = came.iter().filter_map(|entry| Some(&*entry.event.as_ref()?.id)).collect();
        assert_eq!(ids, [&*id]);
    }
    waited.events.push(since.elapsed());
    let [calm, _] = firms;
    let since = Instant::now();
    drop(latest(world, calm).await);
    waited.streams.push(since.elapsed());
    let since = Instant::now();
    head(calm).await;
    let list = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
    calm.orders().list_orders(list).await.expect("it is answered");
    waited.calls.push(since.elapsed());
    let since = Instant::now();
    assert_eq!(calm.events().await.last().map(|entry| entry.seq), Some(head(calm).await.seq));
    waited.feeds.push(since.elapsed());
}

/// The median, and the longest.
fn middle(of: &[Duration]) -> (Duration, Duration) {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}
