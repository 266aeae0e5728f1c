//! A process that serves the webhook, step by step, as `deliver` drives it.

use chassis::hook::{Answer, Failure};
use time::{Duration, OffsetDateTime};

use super::hook::{Claim, Lease};
use crate::sending::{Attempt, Next, Sending, in_time};

/// How long an attempt takes at most: as `chassis::hook` gives up.
pub const ATTEMPT: Duration = Duration::seconds(15);

/// How long a receiver that is busy asks to be left alone.
pub const ASKED: Duration = Duration::seconds(30);

/// What was answered.
pub type Answered = Result<Answer, Failure>;

/// A process's own clock.
#[derive(Default)]
pub struct Clock {
    ahead: Duration,
    stands: Option<OffsetDateTime>,
}

impl Clock {
    pub fn read(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.stands.unwrap_or(now + self.ahead)
    }

    pub fn jump(&mut self, by: Duration) {
        self.ahead += by;
        self.stands = self.stands.map(|at| at + by);
    }

    pub fn stand(&mut self, now: OffsetDateTime) {
        self.stands = Some(self.read(now));
    }
}

/// An attempt that is on its way, or was answered and not recorded.
pub struct Flight {
    pub attempt: Attempt,
    pub began: OffsetDateTime,
    pub answer: Option<Answered>,
}

/// How far a process is with what goes out next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// It does not look for it, and records what comes of what is on its way.
    #[default]
    Nothing,
    /// It looks for it, and the last entry was left out.
    Looking,
    /// It was read, and this is when that was decided by the process's clock.
    Ready(Attempt, OffsetDateTime),
}

/// A webhook that was claimed.
pub struct Run {
    pub lease: Lease,
    pub epoch: i64,
    pub version: i64,
    pub sending: Sending,
    pub began: OffsetDateTime,
    pub ahead: Ahead,
    pub flights: Vec<Flight>,
    /// It met another version than it began with.
    pub told: bool,
}

impl Run {
    pub fn new(lease: Lease, claim: Claim, (in_flight, oldest): (i32, i64), began: OffsetDateTime) -> Self {
        let Claim { epoch, version, place } = claim;
        let sending = Sending::new(place, in_flight, oldest);
        let ahead = Ahead::default();
        Self { lease, epoch, version, sending, began, ahead, flights: Vec::new(), told: false }
    }

    /// What goes out next, by the process's clock.
    pub fn next(&self, clock: OffsetDateTime, now: OffsetDateTime) -> Next {
        self.sending.next(clock, self.flights.len(), (now - self.began).unsigned_abs())
    }

    /// Whether what was read may go out.
    pub fn in_time(&self, now: OffsetDateTime) -> bool {
        in_time((now - self.began).unsigned_abs())
    }

    /// One of those that were answered, or of those that were not.
    pub fn pick(&self, answered: bool, nth: usize) -> Option<usize> {
        let like = |n: &usize| self.flights[*n].answer.is_some() == answered;
        let all: Vec<usize> = (0..self.flights.len()).filter(like).collect();
        (!all.is_empty()).then(|| all[nth % all.len()])
    }
}

/// What a process is about.
#[derive(Default)]
pub enum State {
    #[default]
    Idle,
    /// It saw that something is to be sent, and claims it next; since when.
    Found(OffsetDateTime),
    Serving(Box<Run>),
}

#[derive(Default)]
pub struct Sender {
    pub clock: Clock,
    pub state: State,
}

impl Sender {
    pub fn idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }
}
