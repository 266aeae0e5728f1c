//! How far this process follows the log: what the tail decides between its reads, without reading anything itself.
//! [`crate::tail`] drives it, and the simulation as well.
//!
//! **Invariant:** what it offers comes from the run of the server on which it follows the log. Another run may have another
//! history, whose places say nothing about the one before.

use time::OffsetDateTime;

#[cfg(test)]
use crate::simulation::Defect;
use crate::{
    carried::Carriage,
    entry::{Batch, LogPlace, Standing},
    handoff::Handed,
    hub::Hub,
};

/// How far the log was followed.
#[derive(Debug, Default)]
pub(crate) struct Following {
    /// Everything up to here was offered to the readers of this process, once there is a place.
    at: Option<LogPlace>,
    /// When the server was started that has it.
    run: Option<OffsetDateTime>,
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
                // Of another history, maybe: the look says which one is there.
                _ if !self.same(batch.run) => read = true,
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
        let (carried, others): (Vec<_>, Vec<_>) =
            carried.into_iter().partition(|carried| self.same(carried.run));
        read |= !others.is_empty();
        carried.iter().for_each(|carried| self.carriage.add(carried));
        hub.offer(carried.into_iter().map(|carried| carried.entry));
        self.at = self.at.map(|at| self.carriage.whole_after(at));
        read
    }

    /// The log stands there: up to where it has to be read now, if at all. Where events come over Kafka, what is there
    /// since the last look and did not come yet is not late.
    pub fn look(&mut self, standing: Standing, carrying: bool, hub: &Hub) -> Option<i64> {
        let Standing { place: head, run } = standing;
        let before = self.looked.replace(head);
        match self.at {
            Some(at) if self.same(run) && at.log_pos <= head.log_pos => {}
            known => {
                if known.is_some() {
                    tracing::warn!("the database was started anew or restored; everybody reads it again");
                }
                self.begin(standing, hub);
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
        if !self.same(batch.run) {
            return self.begin(Standing { place: batch.upto, run: batch.run }, hub);
        }
        self.at = Some(batch.upto);
        hub.offer(batch.entries());
    }

    /// Whether that is the run of the server on which it follows the log.
    fn same(&self, run: OffsetDateTime) -> bool {
        #[cfg(test)]
        if Defect::OneRun.present() {
            return true;
        }
        self.run == Some(run)
    }

    /// Follows the log from there on. Whoever registered before this moment reads from its own place.
    fn begin(&mut self, standing: Standing, hub: &Hub) {
        let Standing { place, run } = standing;
        *self = Self { at: Some(place), run: Some(run), carriage: Carriage::default(), looked: Some(place) };
        hub.read_again();
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::Arc};

    use chassis::{
        caller::{Credential, CredentialKind, Grants},
        serve::Leaving,
    };
    use time::{Duration, macros::date};
    use uuid::Uuid;

    use super::*;
    use crate::{
        carried::Carried,
        entry::Placed,
        hub::Registration,
        ring::Next,
        sample::{chain, entry},
    };

    const FEED: Uuid = Uuid::from_u128(1);
    const FIRST: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    /// A server that was started later.
    fn second() -> OffsetDateTime {
        FIRST + Duration::HOUR
    }

    fn place(log_pos: i64) -> LogPlace {
        LogPlace { log_pos, month: date!(2026 - 11 - 01) }
    }

    fn standing(log_pos: i64, run: OffsetDateTime) -> Standing {
        Standing { place: place(log_pos), run }
    }

    /// What lies in the log after one place up to another; an entry's place in its feed is the one in the log.
    fn batch(after: i64, upto: i64, run: OffsetDateTime) -> Batch {
        let placed = |log_pos: i64| {
            let entry = entry(FEED, log_pos);
            Placed { log_pos, month: place(log_pos).month, fact: entry.fact.clone(), entries: vec![entry] }
        };
        Batch { run, after, upto: place(upto), facts: (after + 1..=upto).map(placed).collect() }
    }

    fn handed(batch: Batch) -> Handed {
        Handed { batches: VecDeque::from([batch]), carried: Vec::new(), hinted: false, carrying: false }
    }

    /// A hub with a reader, followed up to 5, of which the last two entries came by.
    fn followed() -> (Arc<Hub>, Registration, Following) {
        let hub = Hub::new(9);
        let credential = Credential { kind: CredentialKind::ApiKey, id: "a".into() };
        let place = hub.register(FEED, credential, &Grants::default(), Leaving::default()).unwrap();
        let mut following = Following::default();
        assert_eq!(following.look(standing(3, FIRST), false, &hub), None);
        assert!(!following.take(handed(batch(3, 5, FIRST)), false, &hub));
        assert_eq!(waiting(&place, 3), 2);
        (hub, place, following)
    }

    fn waiting(place: &Registration, last: i64) -> usize {
        match place.feed.after(last, &chain(FEED, last), usize::MAX) {
            Next::Entries(entries) => entries.len(),
            Next::Nothing | Next::Gone | Next::Other => 0,
        }
    }

    #[test]
    fn another_run_of_the_server_is_another_history_wherever_it_stands() {
        for head in [4, 5, 8] {
            let (hub, place, mut following) = followed();
            let before = hub.generation();
            assert_eq!(following.look(standing(head, FIRST + Duration::SECOND), false, &hub), None);
            assert_ne!(hub.generation(), before, "head {head}");
            assert_eq!(waiting(&place, 3), 0, "what came by before is forgotten");
            assert_eq!(following.short_of(head), None);
            assert_eq!(following.short_of(head + 1).map(|at| at.log_pos), Some(head));
        }
        let (hub, _place, mut following) = followed();
        let before = hub.generation();
        assert_eq!(following.look(standing(8, FIRST), false, &hub), Some(8));
        assert_eq!(hub.generation(), before, "the same one went on");
        assert_eq!(following.look(standing(4, FIRST), false, &hub), None);
        assert_ne!(hub.generation(), before, "it was set back");
    }

    #[test]
    fn what_another_run_moved_is_not_offered_before_the_look() {
        for (after, upto) in [(3, 5), (5, 7), (4, 6)] {
            let (hub, place, mut following) = followed();
            assert!(
                following.take(handed(batch(after, upto, second())), false, &hub),
                "it has to be looked at"
            );
            assert_eq!(waiting(&place, 5), 0, "{after} to {upto}");
            assert_eq!(following.look(standing(upto, second()), false, &hub), None);
            assert!(!following.take(handed(batch(upto, upto + 1, second())), false, &hub));
            assert_eq!(waiting(&place, upto), 1);
        }
    }

    #[test]
    fn what_another_run_published_is_not_offered() {
        let carried = |run| {
            let entry = entry(FEED, 6);
            let carried = vec![Carried { run, place: place(6), entries: 1, entry }];
            Handed { batches: VecDeque::new(), carried, hinted: false, carrying: true }
        };
        for (run, expected) in [(FIRST, (false, 1)), (second(), (true, 0))] {
            let (hub, reader, mut following) = followed();
            assert_eq!((following.take(carried(run), false, &hub), waiting(&reader, 5)), expected);
            assert_eq!(following.short_of(6).is_none(), run == FIRST);
        }
    }

    #[test]
    fn what_is_read_from_another_run_is_not_offered() {
        let (hub, place, mut following) = followed();
        let before = hub.generation();
        assert_eq!(following.look(standing(7, FIRST), false, &hub), Some(7));
        following.read(batch(5, 7, second()), &hub);
        assert_eq!((waiting(&place, 5), following.short_of(7)), (0, None));
        assert_ne!(hub.generation(), before);
    }

    #[test]
    fn what_came_over_kafka_does_not_outlast_the_history_that_it_is_of() {
        let (hub, _place, mut following) = followed();
        following.carriage.add_whole(place(7));
        following.carriage.add_whole(place(8));
        assert_eq!(following.look(standing(6, second()), true, &hub), None);
        assert!(!following.take(handed(batch(6, 7, second())), false, &hub));
        assert_eq!(following.short_of(8).map(|at| at.log_pos), Some(7), "the 8 that came is another one");
    }
}
