//! How far what was published may be noted: the highest place up to which everything was acknowledged, and never one
//! beyond a record of which nobody knows what became of it.

use crate::entry::{Batch, LogPlace, Placed};
#[cfg(test)]
use crate::simulation::Defect;

/// A batch whose records are on their way.
#[derive(Debug)]
pub(crate) struct Publication {
    after: LogPlace,
    /// The place of each fact, and how many records it has.
    facts: Vec<(LogPlace, usize)>,
    /// Of each record in its order.
    acknowledged: Vec<bool>,
}

impl Publication {
    /// The batch that follows `after`, of whose facts so many records are sent each.
    pub fn of(after: LogPlace, batch: &Batch, records: impl IntoIterator<Item = usize>) -> Self {
        let facts: Vec<(LogPlace, usize)> = batch.facts.iter().map(Placed::place).zip(records).collect();
        let acknowledged = vec![false; facts.iter().map(|(_, records)| records).sum()];
        Self { after, facts, acknowledged }
    }

    /// All copies of a record are written; it is counted from the batch's first.
    pub fn acknowledge(&mut self, record: usize) {
        if let Some(known) = self.acknowledged.get_mut(record) {
            *known = true;
        }
    }

    /// The place that may be noted.
    pub fn upto(&self) -> LogPlace {
        let (mut upto, mut from) = (self.after, 0);
        for (place, records) in &self.facts {
            let whole = self.acknowledged[from..from + records].iter().all(|known| *known);
            #[cfg(test)]
            if Defect::HighestAcknowledgement.present() && !whole {
                from += records;
                continue;
            }
            #[cfg(test)]
            let whole = whole || Defect::MarkBeforeAcknowledgement.present();
            if !whole {
                break;
            }
            (upto, from) = (*place, from + records);
        }
        upto
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::fact;
    use std::sync::Arc;
    use time::macros::date;

    fn place(log_pos: i64) -> LogPlace {
        let month = if log_pos < 7 { date!(2026 - 11 - 01) } else { date!(2026 - 12 - 01) };
        LogPlace { log_pos, month }
    }

    #[test]
    fn what_lies_beyond_an_open_record_is_not_noted() {
        let facts = (5..=7).map(|log_pos| Placed {
            log_pos,
            month: place(log_pos).month,
            fact: Arc::new(fact(log_pos, vec![])),
            entries: Vec::new(),
        });
        let run = time::OffsetDateTime::UNIX_EPOCH;
        let batch = Batch { run, after: 4, upto: place(7), facts: facts.collect() };
        // Two records, none, and one.
        let mut publication = Publication::of(place(4), &batch, [2, 0, 1]);
        assert_eq!(publication.upto(), place(4));
        publication.acknowledge(2);
        publication.acknowledge(1);
        assert_eq!(publication.upto(), place(4), "of the first fact a record is open");
        publication.acknowledge(0);
        assert_eq!(publication.upto(), place(7));
        let mut publication = Publication::of(place(4), &batch, [2, 0, 1]);
        publication.acknowledge(0);
        publication.acknowledge(1);
        assert_eq!(publication.upto(), place(6), "what nobody reads is published, and in its own month");
    }
}
