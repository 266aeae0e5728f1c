//! What firms do at every service besides their orders and feeds, while its processes are struck: each trader repeats a
//! request until somebody answers it, keeps what it was told, and looks in the end whether that is there, once.

mod booking;
mod documents;
mod drawings;
mod inviting;
mod pages;
mod telling;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use harness::{
    Access,
    chaos::{self, Party},
    history::{self, Outcome},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

/// How long a client waits for an answer, and before it asks again.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
/// How long one request may be repeated.
const STALLED: Duration = Duration::from_secs(60);
/// Between two rounds of a trader, so that six of them leave some of the machine to those they trade with.
const BREATH: Duration = Duration::from_millis(30);

/// Who does the same again and again, and judges what became of it.
trait Trader: Send + 'static {
    /// One round, the `number`th.
    fn trade(&mut self, desk: &Desk, number: usize) -> impl Future<Output = ()> + Send;

    /// Adds to what it was told something that nobody ever told it; what its judgement has to say of that.
    fn invent(&mut self) -> String;

    /// What was acknowledged and is not there, or is there twice, for people.
    fn judge(self, desk: &Desk) -> impl Future<Output = Vec<String>> + Send;
}

/// What was counted so far at one service.
#[derive(Debug, Default)]
struct Counts {
    acknowledged: AtomicUsize,
    unanswered: AtomicUsize,
}

/// Where a trader asks.
struct Desk {
    service: &'static str,
    counts: Arc<Counts>,
}

impl Desk {
    /// Repeats a request until it is answered, and counts the write.
    async fn insist<R: Clone, T, Sent>(
        &self,
        access: &Access,
        request: R,
        send: impl Fn(Access, R) -> Sent,
    ) -> T
    where
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let answer = self.ask(access, request, send).await;
        self.took();
        answer
    }

    /// The same where nothing is written.
    async fn ask<R: Clone, T, Sent>(&self, access: &Access, request: R, send: impl Fn(Access, R) -> Sent) -> T
    where
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let settled = self.settle(access, request, send).await;
        settled
            .unwrap_or_else(|(_, status)| panic!("{}: a right request was refused: {status}", self.service))
    }

    /// Repeats a request until it is answered or refused, then with how many tries nobody had answered before.
    async fn settle<R: Clone, T, Sent>(
        &self,
        access: &Access,
        request: R,
        send: impl Fn(Access, R) -> Sent,
    ) -> Result<T, (usize, Status)>
    where
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let since = Instant::now();
        let mut unanswered = 0;
        loop {
            let answer = tokio::time::timeout(PATIENCE, send(access.clone(), request.clone())).await;
            let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("nobody answered")));
            let outcome = history::outcome(&answer);
            let status = match answer {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            if outcome == Outcome::Fail {
                return Err((unanswered, status));
            }
            unanswered += 1;
            self.missed();
            assert!(since.elapsed() < STALLED, "{}: nobody answers: {status}", self.service);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A write was acknowledged.
    fn took(&self) {
        self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Nobody answered a try.
    fn missed(&self) {
        self.counts.unanswered.fetch_add(1, Ordering::Relaxed);
    }
}

/// A trader at work.
struct Engaged {
    service: &'static str,
    counts: Arc<Counts>,
    work: JoinHandle<Vec<String>>,
}

/// All traders.
pub struct Trade {
    engaged: Vec<Engaged>,
    stop: CancellationToken,
}

impl Trade {
    /// Lets firms trade with services that are reached there, and with the portal: one pair with everybody, and one that is
    /// told of its orders alone.
    pub async fn begin(
        api: SocketAddr,
        portal: SocketAddr,
        (buyer, supplier): &(Party, Party),
        told: &(Party, Party),
    ) -> Self {
        let caller = |party: &Party| chaos::access(api, Some(&party.key));
        let (buys, sells) = (caller(buyer), caller(supplier));
        let mut trade = Self { engaged: Vec::new(), stop: CancellationToken::new() };
        let desk = self::desk("capacity");
        let bookings = booking::Bookings::open(&desk, buys.clone(), sells.clone()).await;
        trade.engage(desk, bookings);
        let firm_id = supplier.id.to_string();
        trade.engage(self::desk("resources"), drawings::Drawings::new(buys.clone(), sells.clone(), firm_id));
        trade.engage(self::desk("partners"), inviting::Invitations::new(buys.clone(), api));
        trade.engage(self::desk("interchange"), documents::Documents::new(buys.clone(), sells.clone()));
        let desk = self::desk("notices");
        let messages = telling::Messages::open(&desk, caller(&told.0), caller(&told.1)).await;
        trade.engage(desk, messages);
        let desk = self::desk("portal");
        let pages = pages::Pages::open(&desk, (buys, sells), api, portal).await;
        trade.engage(desk, pages);
        trade
    }

    fn engage(&mut self, desk: Desk, trader: impl Trader) {
        let (service, counts) = (desk.service, desk.counts.clone());
        let work = tokio::spawn(work(trader, desk, self.stop.clone()));
        self.engaged.push(Engaged { service, counts, work });
    }

    /// Writes that a service acknowledged; `None` where nobody trades there, since orders and feeds have their own load.
    pub fn acknowledged(&self, service: &str) -> Option<usize> {
        let found = self.engaged.iter().find(|engaged| engaged.service == service)?;
        Some(found.counts.acknowledged.load(Ordering::Relaxed))
    }

    /// Tries that nobody answered.
    pub fn unanswered(&self) -> usize {
        self.engaged.iter().map(|engaged| engaged.counts.unanswered.load(Ordering::Relaxed)).sum()
    }

    /// Whether all of them do; panics where one gave up.
    pub fn goes_on(&self) -> bool {
        let gave_up = self.engaged.iter().find(|engaged| engaged.work.is_finished());
        assert!(gave_up.is_none(), "who trades with {} gave up", gave_up.map_or("", |one| one.service));
        true
    }

    /// Acknowledged writes by service.
    pub fn tally(&self) -> Vec<(&'static str, usize)> {
        let of = |engaged: &Engaged| (engaged.service, engaged.counts.acknowledged.load(Ordering::Relaxed));
        self.engaged.iter().map(of).collect()
    }

    /// Lets everybody finish a round; what was acknowledged and is not there once, by service.
    pub async fn stop(self) -> Vec<String> {
        self.stop.cancel();
        let mut faults = Vec::new();
        for engaged in self.engaged {
            let found = engaged.work.await.expect("no trader gave up");
            faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", engaged.service)));
        }
        faults
    }
}

fn desk(service: &'static str) -> Desk {
    Desk { service, counts: Arc::default() }
}

async fn work(mut trader: impl Trader, desk: Desk, stop: CancellationToken) -> Vec<String> {
    for number in 1.. {
        if stop.is_cancelled() {
            break;
        }
        trader.trade(&desk, number).await;
        tokio::time::sleep(BREATH).await;
    }
    let invented = trader.invent();
    let found = trader.judge(&desk).await;
    let (lies, faults): (Vec<String>, Vec<String>) =
        found.into_iter().partition(|fault| fault.contains(&invented));
    assert!(!lies.is_empty(), "{}: a lie is seen: {invented}", desk.service);
    faults
}
