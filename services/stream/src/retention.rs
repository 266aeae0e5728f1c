//! How far back the log reaches: which of its months are old enough to go, and how one goes.
//!
//! In three steps, of which each is harmless where it is the last one that is done, and which any number of processes may do at
//! once. The followers of this deployment's own have read the month; others who stand in it are slow, and are told. Each
//! feed says that it begins behind it, and with which chain, so that what is left is still verified. Then its entries go, and
//! then the facts that they named.

use sqlx::PgPool;
use time::{Date, Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::db::retention as db;

/// Readers may count on so many days, and nobody means more than the second.
const DAYS: (u32, u32) = (90, 36_500);
/// Feeds whose heads are locked at once: a sequencer waits for no more.
const FEEDS: i64 = 100;

/// For how long events stay, as stream.keep_days says; `None`: for ever.
///
/// # Errors
/// Where it is less than readers may count on, or more than anybody means.
pub fn keep(days: u32) -> anyhow::Result<Option<Duration>> {
    match days {
        0 => Ok(None),
        days if (DAYS.0..=DAYS.1).contains(&days) => Ok(Some(Duration::days(days.into()))),
        _ => anyhow::bail!(
            "stream.keep_days = {days}: 0 keeps events for ever, and else it is {} to {}",
            DAYS.0,
            DAYS.1
        ),
    }
}

/// The log's months, of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Those that are there, whole or in part, by their first days; those ahead included.
    pub months: Vec<Date>,
    /// The one that was written last.
    pub written: Date,
    /// The database's time, which all processes share.
    pub now: OffsetDateTime,
}

impl Log {
    /// The months whose last day is longer ago than events are kept, the oldest first. The one that was written last stays
    /// however long ago that was: whoever is about to write it finds it.
    pub fn old(&self, keep: Option<Duration>) -> Vec<Date> {
        let Some(since) = keep.and_then(|keep| self.now.checked_sub(keep)) else { return Vec::new() };
        let first_kept = month(since.to_offset(UtcOffset::UTC).date()).min(month(self.written));
        let mut old: Vec<Date> =
            self.months.iter().copied().filter(|first| month(*first) < first_kept).collect();
        old.sort_unstable();
        old
    }

    /// How many months it reaches back, the one that was written last included.
    pub fn reach(&self) -> usize {
        self.months.iter().filter(|first| month(**first) <= month(self.written)).count()
    }
}

fn month(day: Date) -> (i32, u8) {
    (day.year(), u8::from(day.month()))
}

/// What one look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many months the log reaches back.
    pub months: usize,
    /// Those of which nothing is left now.
    pub gone: Vec<Date>,
    /// How many followers have not read a month that is old enough, which stays for them.
    pub unread: i64,
    /// A part of a month is still to go, soon.
    pub again: bool,
}

/// Lets months that are older than events are kept go, until one has to stay.
///
/// # Errors
/// Where the database fails; what was done stays done.
pub async fn look(pool: &PgPool, keep: Option<Duration>) -> Result<Looked, sqlx::Error> {
    let log = db::log(pool).await?;
    let mut looked = Looked { months: log.reach(), ..Looked::default() };
    for month in log.old(keep) {
        looked.unread = db::unread(pool, month).await?;
        if looked.unread > 0 {
            break;
        }
        shorten(pool, month).await?;
        if !db::drop_month(pool, month).await? {
            looked.again = true;
            break;
        }
        looked.months -= 1;
        looked.gone.push(month);
    }
    Ok(looked)
}

/// Has every feed begin behind a month that has passed; how many began before.
///
/// # Errors
/// Where the database fails; feeds that were moved stay moved.
pub async fn shorten(pool: &PgPool, month: Date) -> Result<u64, sqlx::Error> {
    let (mut moved, mut after) = (0, Uuid::nil());
    loop {
        let feeds = db::feeds(pool, after, FEEDS).await?;
        let Some(last) = feeds.last().copied() else { return Ok(moved) };
        moved += db::shorten(pool, &feeds, month).await?;
        after = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn log(written: Date, now: OffsetDateTime) -> Log {
        let months = [
            date!(2026 - 03 - 01),
            date!(2025 - 12 - 01),
            date!(2026 - 01 - 01),
            date!(2026 - 02 - 01),
            date!(2026 - 04 - 01),
            date!(2026 - 05 - 01),
            date!(2026 - 06 - 01),
        ];
        Log { months: months.into(), written, now }
    }

    #[test]
    fn a_month_is_old_once_its_last_day_is_longer_ago_than_events_are_kept() {
        let (may, december, january) = (date!(2026 - 05 - 01), date!(2025 - 12 - 01), date!(2026 - 01 - 01));
        for (now, written, days, expected) in [
            // 90 days before are still in December.
            (datetime!(2026-03-31 23:59:59 UTC), date!(2026 - 03 - 01), 90, vec![]),
            (datetime!(2026-04-01 00:00 UTC), date!(2026 - 04 - 01), 90, vec![december]),
            (datetime!(2026-05-01 23:59:59 UTC), may, 90, vec![december]),
            (datetime!(2026-05-02 00:00 UTC), may, 90, vec![december, january]),
            // Months are those of UTC.
            (datetime!(2026-05-02 07:59 +8), may, 90, vec![december]),
            (datetime!(2026-05-02 00:00 UTC), may, 365, vec![]),
            (datetime!(2027-05-02 00:00 UTC), january, 90, vec![december]),
            // Nobody has written for long.
            (datetime!(2027-05-02 00:00 UTC), december, 90, vec![]),
        ] {
            let keep = keep(days).unwrap();
            assert_eq!(log(written, now).old(keep), expected, "{now}, {written}, {days}");
        }
        let late = log(may, datetime!(2036-01-01 00:00 UTC));
        assert_eq!(late.old(Some(Duration::days(90))).len(), 5, "neither the one written last nor any ahead");
        assert!(late.old(None).is_empty() && late.old(Some(Duration::MAX)).is_empty());
        assert_eq!(late.reach(), 6);
    }

    #[test]
    fn events_are_kept_for_ever_or_for_as_long_as_readers_may_count_on() {
        assert_eq!(keep(0).unwrap(), None);
        assert_eq!(keep(90).unwrap(), Some(Duration::days(90)));
        assert_eq!(keep(36_500).unwrap(), Some(Duration::days(36_500)));
        for wrong in [1, 89, 36_501, u32::MAX] {
            assert!(keep(wrong).is_err(), "{wrong}");
        }
    }
}
