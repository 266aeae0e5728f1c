//! When a half of the outbox is emptied. While a transaction is open elsewhere, every row that was there when it began or came
//! since stays in the sequencer's way, unless its half is emptied as a whole.
//!
//! It is tried once after ids went on into the other half, and again after a rest as long as somebody uses the one that
//! they left, or makes a backup. Not more often: statements over the outbox are planned anew afterwards, and a try that fails
//! may have read all that is in the way.

use std::time::Duration;

use tokio::time::Instant;

use crate::db::sequence::PER_HALF;

/// How long whoever uses a half is given to come to an end: it doubles from the first to the second while he does not.
const REST: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// What one sequencer knows of the halves.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    /// The highest stretch of ids that it moved rows of.
    stretch: Option<i64>,
    /// When to try; `None` where there is nothing to empty.
    due: Option<Instant>,
    /// The rest after the last try; none after one that left nothing to do.
    rest: Duration,
}

impl Halves {
    /// Rows were moved, the newest with this id.
    pub fn moved(&mut self, newest: i64, now: Instant) {
        let stretch = Some(newest / PER_HALF);
        if stretch > self.stretch {
            (self.stretch, self.due) = (stretch, Some(now));
        }
    }

    /// Whether to try now.
    pub fn due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// It was tried, and there is nothing left to do, or there is.
    pub fn tried(&mut self, cleared: bool, now: Instant) {
        self.rest = if cleared { Duration::ZERO } else { (self.rest * 2).clamp(REST.0, REST.1) };
        self.due = (!cleared).then(|| now + self.rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crossing_is_followed_by_one_try_and_more_only_where_it_failed() {
        let (mut halves, start) = (Halves::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert!(!halves.due(at(0)), "nothing was moved yet");
        halves.moved(5, at(0));
        assert!(halves.due(at(0)), "nobody knows what was there before");
        halves.tried(true, at(1));
        halves.moved(PER_HALF - 1, at(2));
        assert!(!halves.due(at(1_000)), "ids are in the same half");
        halves.moved(PER_HALF, at(1_000));
        assert!(halves.due(at(1_000)));
        halves.tried(false, at(1_001));
        assert!(!halves.due(at(1_250)));
        assert!(halves.due(at(1_251)), "whoever used it had his time");
        halves.tried(true, at(1_252));
        halves.moved(PER_HALF - 2, at(1_253));
        halves.moved(PER_HALF + 1, at(1_254));
        assert!(!halves.due(at(2_000)), "a row that came late is no crossing");
        halves.moved(9 * PER_HALF, at(2_000));
        assert!(halves.due(at(2_000)), "however far ids went on");
    }

    #[test]
    fn rests_grow_while_it_fails_and_begin_again_after_it_did_not() {
        let (mut halves, start) = (Halves::default(), Instant::now());
        let mut rests = |tries: &[bool]| -> Vec<Option<u128>> {
            let tries = tries.iter().map(|cleared| {
                halves.tried(*cleared, start);
                halves.due.map(|due| (due - start).as_millis())
            });
            tries.collect()
        };
        let growing = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000].map(Some);
        assert_eq!(rests(&[false; 7]), growing);
        assert_eq!(rests(&[true, false, false]), [None, Some(250), Some(500)]);
    }
}
