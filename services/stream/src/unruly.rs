//! Hints that are lost, doubled, out of order and invented, and wakes that nobody hears: a switch of tests. By the crate's
//! invariant only latency may change. What befell whom is counted, since a switch that does nothing proves nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::{
    secret,
    service::{Mischief, Testing},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    entry::Batch,
    handoff::Handoff,
    hub::{Hub, lock},
};

/// What becomes of a hint.
enum Fate {
    /// It arrives.
    Kept,
    Lost,
    Doubled,
    /// It arrives after the next one.
    Late,
}

/// Half of them arrive as they should.
fn fate() -> Fate {
    match chance() % 10 {
        0..=4 => Fate::Kept,
        5..=6 => Fate::Lost,
        7 => Fate::Doubled,
        _ => Fate::Late,
    }
}

fn chance() -> u8 {
    u8::from_be_bytes(secret::random())
}

/// What befalls batches and hints on their way to the tail, and what was held back for that.
#[derive(Debug)]
pub(crate) struct Unruly {
    late: Mutex<Option<Batch>>,
    testing: Arc<Testing>,
}

impl Unruly {
    /// Counts what befalls them there.
    pub fn new(testing: Arc<Testing>) -> Self {
        Self { late: Mutex::default(), testing }
    }

    /// What arrives now where a batch was handed over, in this order.
    pub fn befall(&self, batch: Batch) -> Vec<Batch> {
        let late = lock(&self.late).take();
        let mut arriving = match fate() {
            Fate::Kept => vec![batch],
            Fate::Lost => {
                self.testing.count(Mischief::BatchLost);
                Vec::new()
            }
            Fate::Doubled => {
                self.testing.count(Mischief::BatchDoubled);
                vec![batch.clone(), batch]
            }
            Fate::Late => {
                *lock(&self.late) = Some(batch);
                Vec::new()
            }
        };
        if let Some(late) = late {
            self.testing.count(Mischief::BatchLate);
            arriving.push(late);
        }
        arriving
    }

    /// Whether nobody hears of a hint.
    pub fn loses_hint(&self) -> bool {
        lost(&self.testing, Mischief::HintLost)
    }
}

/// Whether something is lost that has no order and counts once however often it comes.
pub(crate) fn lost(testing: &Testing, mischief: Mischief) -> bool {
    let lost = matches!(fate(), Fate::Lost);
    if lost {
        testing.count(mischief);
    }
    lost
}

/// Hints of what did not happen, and rings that forget, until shutdown.
pub(crate) async fn invent(
    testing: Arc<Testing>,
    handoff: Arc<Handoff>,
    hub: Arc<Hub>,
    shutdown: CancellationToken,
) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(Duration::from_millis(u64::from(chance()))) => {}
        }
        // Where nobody reads, nobody is woken and nothing is kept.
        if hub.is_empty() {
            continue;
        }
        let mischief = match chance() % 3 {
            0 => {
                handoff.hint();
                Mischief::HintInvented
            }
            1 => {
                hub.wake_all();
                Mischief::WakeInvented
            }
            _ => {
                hub.forget();
                Mischief::RingForgotten
            }
        };
        testing.count(mischief);
    }
}
