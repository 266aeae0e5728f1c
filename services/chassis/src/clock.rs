//! Time and ids, passed in so that tests can hold them still.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use uuid::Uuid;

/// Tells the time and makes ids.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, UTC.
    fn now(&self) -> OffsetDateTime;
    /// A new UUIDv7: ordered by time, so that new rows go to the end of an index.
    fn id(&self) -> Uuid;
}

/// A clock that many tasks share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "the one place where real time and ids come from")]
impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The machine's clock, shared.
pub fn system() -> SharedClock {
    Arc::new(SystemClock)
}

/// A clock that stands where it was put.
pub struct FixedClock {
    now: Mutex<OffsetDateTime>,
}

impl FixedClock {
    /// A clock that says `now` until it is moved.
    pub fn new(now: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(now) })
    }

    /// Moves the clock.
    pub fn advance(&self, by: time::Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self) -> Uuid {
        SystemClock.id()
    }
}
