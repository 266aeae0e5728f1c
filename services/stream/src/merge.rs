//! The one rule by which live items reach a reader, wherever they come from. A source may repeat, skip or lose
//! items; by this rule that costs a read of Postgres and never an event.

#[cfg(test)]
use crate::simulation::Defect;

/// What to do with a live item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next one.
    Deliver,
    /// It was there before.
    Drop,
    /// Something lies between: read Postgres after this place.
    ReadAfter(i64),
}

/// Judges an item at `seq` for a reader who stands at `last`.
pub fn merge(last: i64, seq: i64) -> Verdict {
    #[cfg(test)]
    if (Defect::NoDedupe.present() && seq <= last) || (Defect::NoBackfill.present() && seq > last) {
        return Verdict::Deliver;
    }
    if seq <= last {
        Verdict::Drop
    } else if seq == last + 1 {
        Verdict::Deliver
    } else {
        Verdict::ReadAfter(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader over a record of `n` events and a source that hands it any sequence of places.
    fn read(n: i64, source: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let (mut last, mut got) = (0, Vec::new());
        for seq in source {
            match merge(last, seq) {
                Verdict::Deliver => got.push(seq),
                Verdict::Drop => continue,
                Verdict::ReadAfter(after) => got.extend(after + 1..=n.min(seq)),
            }
            last = *got.last().unwrap_or(&last);
        }
        got
    }

    #[test]
    fn the_next_is_delivered_the_past_dropped_and_a_gap_read() {
        assert_eq!(merge(4, 5), Verdict::Deliver);
        assert_eq!(merge(4, 4), Verdict::Drop);
        assert_eq!(merge(4, 1), Verdict::Drop);
        assert_eq!(merge(4, 6), Verdict::ReadAfter(4));
        assert_eq!(merge(0, 1), Verdict::Deliver);
    }

    #[test]
    fn a_source_that_repeats_skips_and_reorders_costs_nothing_but_reads() {
        let whole: Vec<i64> = (1..=9).collect();
        assert_eq!(read(9, 1..=9), whole);
        assert_eq!(read(9, [1, 1, 2, 2, 3, 1, 4, 5, 6, 7, 8, 9, 9]), whole, "duplicates");
        assert_eq!(read(9, [3, 9]), whole, "gaps");
        assert_eq!(read(9, [5, 2, 1, 7, 6, 9, 3]), whole, "reordered");
    }
}
