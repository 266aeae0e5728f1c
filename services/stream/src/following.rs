//! How far this process follows the log: what the tail decides between its reads, without reading anything itself.
//! [`crate::tail`] drives it, and the simulation as well.

use crate::{
    carried::Carriage,
    entry::{Batch, LogPlace},
    handoff::Handed,
    hub::Hub,
};

/// How far the log was followed.
#[derive(Debug, Default)]
pub(crate) struct Following {
    /// Everything up to here was offered to the readers of this process, once there is a place.
    at: Option<LogPlace>,
    /// What is here of the log beyond that.
    carriage: Carriage,
    /// Where the log stood at the last look.
    looked: Option<LogPlace>,
}

impl Following {
    /// Offers what was handed over; whether the log has to be looked at. `look` asks for that in any case.
    pub fn take(&mut self, handed: Handed, look: bool, hub: &Hub) -> bool {
        let Handed { batches, carried, hinted, carrying } = handed;
        let mut read = look || (hinted && !carrying);
        for batch in batches {
            match self.at {
                Some(at) if batch.after == at.log_pos => {
                    self.at = Some(batch.upto);
                    hub.offer(batch.entries());
                }
                Some(at) if batch.upto.log_pos <= at.log_pos => {}
                // Another process moved something in between, which comes over Kafka; its readers sort it out.
                Some(_) if carrying => {
                    batch.facts.iter().for_each(|placed| self.carriage.add_whole(placed.place()));
                    hub.offer(batch.entries());
                }
                // Or is read first; then this is there as well.
                _ => read = true,
            }
        }
        carried.iter().for_each(|carried| self.carriage.add(carried));
        hub.offer(carried.into_iter().map(|carried| carried.entry));
        self.at = self.at.map(|at| self.carriage.whole_after(at));
        read
    }

    /// The log stands at `head`: up to where it has to be read now, if at all. Where events come over Kafka, what is there
    /// since the last look and did not come yet is not late.
    pub fn look(&mut self, head: LogPlace, carrying: bool, hub: &Hub) -> Option<i64> {
        let before = self.looked.replace(head);
        match self.at {
            Some(at) if at.log_pos <= head.log_pos => {}
            known => {
                if known.is_some() {
                    tracing::warn!("the log stands before what was read; the database was restored");
                }
                // Whoever registered before this moment reads from its own place.
                self.at = Some(head);
                hub.read_again();
                return None;
            }
        }
        if hub.is_empty() {
            // Whoever registers from now on reads Postgres after that, where all of this is.
            self.at = Some(head);
            return None;
        }
        Some(before.filter(|_| carrying).map_or(head.log_pos, |before| before.log_pos.min(head.log_pos)))
    }

    /// After which place the log has to be read to be followed up to `upto`.
    pub fn short_of(&self, upto: i64) -> Option<LogPlace> {
        self.at.filter(|at| at.log_pos < upto)
    }

    /// Offers what was read after [`Following::short_of`].
    pub fn read(&mut self, batch: Batch, hub: &Hub) {
        self.at = Some(batch.upto);
        hub.offer(batch.entries());
    }
}
