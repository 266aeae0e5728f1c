//! Hints that are lost, doubled, out of order and invented, and wakes that nobody hears: a switch of tests. By the crate's
//! invariant only latency may change.

use std::{sync::Arc, time::Duration};

use chassis::secret;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{handoff::Handoff, hub::Hub};

/// What becomes of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives.
    Kept,
    Lost,
    Doubled,
    /// It arrives after the next one.
    Late,
}

/// Half of them arrive as they should.
pub(crate) fn fate() -> Fate {
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

/// Hints of what did not happen, and rings that forget, until shutdown.
pub(crate) async fn invent(handoff: Arc<Handoff>, hub: Arc<Hub>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(Duration::from_millis(u64::from(chance()))) => {}
        }
        match chance() % 3 {
            0 => handoff.hint(),
            1 => hub.wake_all(),
            _ => hub.forget(),
        }
    }
}
