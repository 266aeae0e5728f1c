//! What a worse stream would do. Each is caught by the validators, or these would be worth nothing.
//!
//! A switch holds for the thread of one test. The code of the product asks for it where the decision stands and in test
//! builds alone; defects of statements are the model's of Postgres. Those of the whole product, with what notices each, are
//! listed in `tests/architecture/defects.rs`.

use std::cell::Cell;

/// A fault that somebody could well have built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The sequencer reads what has an id beyond the last one it saw, and not whatever is there.
    NaiveIdTail,
    /// It reads what was written by transactions before the oldest that still runs, in their order.
    XidFence,
    /// It does not hold the log's head, nor what else it saw, against what is there when it moves it.
    NoRowLock,
    /// It remembers below which id nothing waits any more.
    LowWater,
    /// What was sent to Kafka counts as published.
    MarkBeforeAcknowledgement,
    /// So does what was sent before something that was acknowledged.
    HighestAcknowledgement,
    /// Its client writes on in a partition after something that it did not write.
    GapsInTopics,
    /// What came before is delivered again.
    NoDedupe,
    /// What comes after a gap is delivered without what lies between.
    NoBackfill,
    /// The log is taken for the same one whatever run of the server has it.
    OneRun,
    /// Each stream has a queue of its own that takes whatever comes.
    UnboundedChannel,
    /// A webhook is claimed whoever else sends for it.
    NoLease,
    /// Whoever sent saves where it stands, whether or not the webhook is still its own.
    NoFence,
    /// A webhook goes on to what follows while something waits to be tried again.
    NotWaitedFor,
    /// What went out counts as accepted.
    AcceptedWhenSent,
    /// What was read in its slice goes out, however long that took.
    SentLate,
    /// A feed is looked through until there is something that the webhook wants, however long that takes.
    LookedOn,
    /// Each failure is followed by the first pause of the ladder.
    FirstRung,
}

thread_local! {
    static PRESENT: Cell<Option<Defect>> = const { Cell::new(None) };
}

impl Defect {
    /// Whether this thread runs with it.
    pub fn present(self) -> bool {
        PRESENT.get() == Some(self)
    }
}

/// Runs something with a defect, or without any.
pub fn with<T>(defect: Option<Defect>, run: impl FnOnce() -> T) -> T {
    let before = PRESENT.replace(defect);
    let outcome = run();
    PRESENT.set(before);
    outcome
}
