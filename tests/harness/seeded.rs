//! Faults that are put in on purpose, and how soon they are noticed: a test that took minutes for one would be left out.

use std::time::Duration;

use crate::{
    long,
    tell::{late, measured},
};

/// So long a fault may take until it is noticed, from when all is there that it needs.
const SOON: Duration = Duration::from_secs(10);
/// And so many times as long where other tests run beside it, on the same processors.
const BESIDE: u32 = 3;

/// Says that a fault was noticed after so long, and warns where that was not soon.
///
/// # Panics
/// Where long variants were asked for and it took too long even for a machine that is busy.
#[track_caller]
pub fn noticed(fault: &str, took: Duration) {
    let seconds = took.as_secs_f64();
    measured(&format!("noticed-{fault}"), format_args!("{seconds:.1}"), "s");
    if took > SOON {
        late(format_args!(
            "{fault} was noticed after {seconds:.1} s, of {} that it may take",
            SOON.as_secs()
        ));
    }
    assert!(!long() || took <= SOON * BESIDE, "{fault} was noticed after {took:?}");
}
