//! Firms at work on processes that may die: writers who repeat a request until it is answered, by themselves or as the
//! client library does, and followers of several kinds who resume where they stood. Everything they see is written down.

mod durable;
mod follower;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    Access, accept_all,
    chaos::{self, Party},
    history::{self, History, Outcome, Record, Recorder},
    order, until,
};
use proto::{
    follow::is_passing,
    orders::{OrderReceipt, PublishOrderRequest, RespondToOrderRequest},
    retry::again,
    stream::GetHeadRequest,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

pub use follower::Pace;

use follower::Follower;

/// Firms' people who publish and answer at the same time.
const WRITERS: usize = 4;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client waits before it tries again.
const PAUSE: Duration = Duration::from_millis(5);
/// How long work may stand still.
const STALLED: Duration = Duration::from_secs(60);

/// How writers call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// At once again, now here and now there, and each try is written down.
    Own,
    /// As the client library does; what fails in spite of it is a failure.
    Library,
}

/// What was counted so far.
#[derive(Debug, Default)]
pub struct Counts {
    pub acknowledged: AtomicUsize,
    pub unanswered: AtomicUsize,
    /// Of these, those that a client did not learn at once to send again, elsewhere: other codes than UNAVAILABLE; and
    /// everything that the client library gave up.
    pub broken: AtomicUsize,
    /// The last of these.
    pub last_broken: Mutex<String>,
    pub replayed: AtomicUsize,
    pub delivered: AtomicUsize,
    /// Streams that began behind what their reader had acknowledged.
    pub kept: AtomicUsize,
}

/// Counts to be reached.
pub struct Goal {
    acknowledged: usize,
    delivered: usize,
}

/// What is left when everybody has stopped.
pub struct Seen {
    pub records: Vec<Record>,
    pub counts: Arc<Counts>,
}

#[derive(Clone)]
struct Shared {
    history: History,
    buyer: Party,
    supplier: Party,
    commands: Vec<SocketAddr>,
    feeds: Vec<SocketAddr>,
    manner: Manner,
    counts: Arc<Counts>,
}

/// Firms at work.
pub struct Load {
    shared: Shared,
    writers: Vec<tokio::task::JoinHandle<()>>,
    followers: JoinSet<()>,
    /// How far each follower came, and whose feed it follows.
    places: Vec<(Uuid, Arc<AtomicI64>)>,
    writers_stop: CancellationToken,
    followers_stop: CancellationToken,
}

impl Load {
    /// Begins to work, with these followers of each firm.
    pub fn begin(
        name: &str,
        pair: (Party, Party),
        commands: Vec<SocketAddr>,
        feeds: Vec<SocketAddr>,
        paces: &[Pace],
    ) -> Self {
        Self::of(Manner::Own, name, pair, (commands, feeds), paces)
    }

    /// The same by the client library, writers and readers, at one address that leads to whoever listens.
    pub fn by_library(name: &str, pair: (Party, Party), api: SocketAddr) -> Self {
        Self::of(Manner::Library, name, pair, (vec![api], vec![api]), &[Pace::Library, Pace::Library])
    }

    fn of(
        manner: Manner,
        name: &str,
        (buyer, supplier): (Party, Party),
        (commands, feeds): (Vec<SocketAddr>, Vec<SocketAddr>),
        paces: &[Pace],
    ) -> Self {
        let (history, counts) = (History::create(name), Arc::default());
        let shared = Shared { history, buyer, supplier, commands, feeds, manner, counts };
        let (writers_stop, followers_stop) = (CancellationToken::new(), CancellationToken::new());
        let writers = (0..WRITERS).map(|n| {
            let writer = Writer::new(&shared, n, writers_stop.clone());
            tokio::spawn(writer.run())
        });
        let writers = writers.collect();
        let (mut followers, mut places) = (JoinSet::new(), Vec::new());
        for (name, party) in [("buyer", &shared.buyer), ("supplier", &shared.supplier)] {
            for (n, pace) in paces.iter().enumerate() {
                let name = format!("{name}-{n}-{pace:?}").to_lowercase();
                let follower = Follower::new(&shared, name, party, *pace, followers_stop.clone());
                places.push((party.id, follower.place.clone()));
                followers.spawn(follower.run());
            }
        }
        Self { shared, writers, followers, places, writers_stop, followers_stop }
    }

    /// What was counted so far.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// So many more acknowledged writes and delivered events than now.
    pub fn goal(&self, acknowledged: usize, delivered: usize) -> Goal {
        let counts = &self.shared.counts;
        Goal {
            acknowledged: counts.acknowledged.load(Ordering::Relaxed) + acknowledged,
            delivered: counts.delivered.load(Ordering::Relaxed) + delivered,
        }
    }

    /// Whether it has come so far; panics where somebody gave up.
    pub fn reached(&self, goal: &Goal) -> bool {
        let refused = self.writers.iter().any(tokio::task::JoinHandle::is_finished);
        assert!(!refused, "a writer was refused; its panic says why");
        let counts = &self.shared.counts;
        counts.acknowledged.load(Ordering::Relaxed) >= goal.acknowledged
            && counts.delivered.load(Ordering::Relaxed) >= goal.delivered
    }

    /// Lets every writer end with an acknowledged write.
    pub async fn writers_stop(&self) {
        self.writers_stop.cancel();
        until("the writers end", STALLED, async || {
            self.writers.iter().all(tokio::task::JoinHandle::is_finished).then_some(())
        })
        .await;
    }

    /// Lets followers reach the heads of their feeds, and ends everything. The outbox must be empty.
    pub async fn followers_stop(mut self) -> Seen {
        for writer in self.writers {
            writer.await.expect("no writer was refused");
        }
        let shared = self.shared;
        let mut heads = Vec::new();
        for party in [&shared.buyer, &shared.supplier] {
            let access = chaos::access(shared.feeds[0], Some(&party.key));
            heads.push((party.id, head(&access).await));
        }
        let reached = |(feed, place): &(Uuid, Arc<AtomicI64>)| {
            heads.iter().any(|(of, head)| of == feed && place.load(Ordering::Relaxed) >= *head)
        };
        until("followers reach the heads", STALLED, async || self.places.iter().all(reached).then_some(()))
            .await;
        self.followers_stop.cancel();
        while let Some(ended) = self.followers.join_next().await {
            ended.expect("no follower was refused");
        }
        Seen { records: shared.history.records(), counts: shared.counts }
    }
}

async fn head(access: &Access) -> i64 {
    let found = until("the feed has a head", STALLED, async || {
        access.stream().get_head(GetHeadRequest {}).await.ok()
    });
    found.await.into_inner().seq
}

/// A change of an order.
#[derive(Clone)]
enum Change {
    Publish(Box<PublishOrderRequest>),
    Respond(RespondToOrderRequest),
}

impl Change {
    fn request_id(&self) -> &str {
        match self {
            Change::Publish(request) => &request.request_id,
            Change::Respond(request) => &request.request_id,
        }
    }

    async fn send(&self, access: &Access, trace: &str) -> Result<OrderReceipt, Status> {
        let call = async {
            Ok(match self.clone() {
                Change::Publish(request) => access.orders().publish_order(traced(*request, trace)).await?,
                Change::Respond(request) => access.orders().respond_to_order(traced(request, trace)).await?,
            })
        };
        let answer = tokio::time::timeout(PATIENCE, call).await;
        Ok(answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("nobody answered")))?.into_inner())
    }
}

fn traced<T>(message: T, trace: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", trace.parse().expect("a trace is ascii"));
    request
}

/// Sends a change as the client library does; every try but the last was answered by nobody.
async fn by_library(
    change: &Change,
    access: &Access,
    trace: &str,
    counts: &Counts,
) -> Result<OrderReceipt, Status> {
    let mut tries = 0;
    let answer = again(|| {
        tries += 1;
        let sent = change.send(access, trace);
        async move { sent.await.map(Response::new) }
    });
    let answer = answer.await;
    counts.unanswered.fetch_add(tries - 1, Ordering::Relaxed);
    answer
}

/// Publishes one order after the other as buyer, and answers every second one as supplier.
struct Writer {
    name: String,
    manner: Manner,
    pen: Recorder,
    buyer: Vec<Access>,
    supplier: Vec<Access>,
    feeds: [Uuid; 2],
    counts: Arc<Counts>,
    stop: CancellationToken,
}

impl Writer {
    fn new(shared: &Shared, n: usize, stop: CancellationToken) -> Self {
        let name = format!("writer-{n}");
        let callers = |key: &str| {
            let mut callers: Vec<Access> =
                shared.commands.iter().map(|api| chaos::access(*api, Some(key))).collect();
            // Each begins somewhere else.
            callers.rotate_left(n % shared.commands.len());
            callers
        };
        Self {
            pen: shared.history.client(&name),
            buyer: callers(&shared.buyer.key),
            supplier: callers(&shared.supplier.key),
            feeds: [shared.buyer.id, shared.supplier.id],
            counts: shared.counts.clone(),
            manner: shared.manner,
            name,
            stop,
        }
    }

    async fn run(mut self) {
        for number in 1.. {
            if self.stop.is_cancelled() {
                break;
            }
            let order =
                order(&format!("{}-{number}", self.name)).line("10", "P-1", "100", "12.50").to("V100");
            let callers = self.buyer.clone();
            let receipt = self.insist(&callers, &Change::Publish(Box::new(order))).await;
            if number % 2 == 0 {
                let callers = self.supplier.clone();
                self.insist(&callers, &Change::Respond(accept_all(&receipt.order_id))).await;
            }
        }
        self.pen.flush();
    }

    /// Sends a change, the same again and again, now here and now there, until somebody acknowledges it.
    async fn insist(&mut self, callers: &[Access], change: &Change) -> OrderReceipt {
        let trace = history::trace();
        for access in callers.iter().cycle() {
            let invoked = self.pen.now();
            let answer = match self.manner {
                Manner::Own => change.send(access, &trace).await,
                Manner::Library => by_library(change, access, &trace, &self.counts).await,
            };
            let outcome = self.pen.write(invoked, change.request_id(), &trace, &self.feeds, &answer);
            match (outcome, answer) {
                (Outcome::Ok, Ok(receipt)) => {
                    self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                    self.counts.replayed.fetch_add(usize::from(receipt.replayed), Ordering::Relaxed);
                    return receipt;
                }
                (Outcome::Fail, answer) => panic!("{}: a right request was refused: {answer:?}", self.name),
                (_, answer) => {
                    self.counts.unanswered.fetch_add(1, Ordering::Relaxed);
                    // A client's words for a request that met a closing connection: the server said nothing of it, or
                    // that it takes no more and did nothing of what it has not answered (RFC 9113, section 6.8).
                    let gone = |status: &Status| format!("{status:?}").contains("GoAway");
                    let cut = |status: &Status| match status.code() {
                        Code::Cancelled => is_passing(status),
                        Code::Internal => is_passing(status) && gone(status),
                        _ => false,
                    };
                    let learnt = |status: &Status| status.code() == Code::Unavailable || cut(status);
                    if let Err(status) = answer
                        && (self.manner == Manner::Library || !learnt(&status))
                    {
                        self.counts.broken.fetch_add(1, Ordering::Relaxed);
                        *self.counts.last_broken.lock().unwrap() = status.to_string();
                    }
                }
            };
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("there is an address");
    }
}
