//! When a buyer may remind a supplier of an order: pure.

use time::{Duration, OffsetDateTime};

/// How long after a reminder the next one of the same order may be sent.
pub const AGAIN_AFTER: Duration = Duration::HOUR;

/// Why an order's supplier is not reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untimely {
    /// Nothing waits for the supplier, and nothing that it accepted is open.
    Nothing,
    /// The last one is too fresh; the moment from which another may be sent.
    Recently(OffsetDateTime),
}

/// Whether the supplier may be reminded of an order with something unanswered or something accepted.
///
/// # Errors
/// Why not.
pub fn check(
    unanswered: bool,
    accepted: bool,
    last: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(), Untimely> {
    if !unanswered && !accepted {
        return Err(Untimely::Nothing);
    }
    match last.map(|last| last + AGAIN_AFTER) {
        Some(next) if now < next => Err(Untimely::Recently(next)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_supplier_is_reminded_of_what_waits_and_once_an_hour() {
        let now = datetime!(2026-11-24 10:00 UTC);
        assert_eq!(check(true, false, None, now), Ok(()));
        assert_eq!(check(false, true, None, now), Ok(()), "what was accepted may be urged too");
        assert_eq!(check(false, false, None, now), Err(Untimely::Nothing));
        let next = datetime!(2026-11-24 10:00:01 UTC);
        assert_eq!(check(true, false, Some(next - AGAIN_AFTER), now), Err(Untimely::Recently(next)));
        assert_eq!(check(true, false, Some(now - AGAIN_AFTER), now), Ok(()), "an hour is enough");
    }
}
