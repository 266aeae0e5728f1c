//! What publishes, statement by statement: as `publisher` drives it, whose client is no part of the simulation.

use bytes::Bytes;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    kafka::{Kafka, PARTITIONS, Topic},
    postgres::Postgres,
};
use crate::{
    carried,
    entry::{Batch, Standing},
    publication::Publication,
};

/// How long the right to publish lasts.
const LEASE: u64 = 40;

pub enum Publisher {
    /// It has no right, or something went wrong.
    Idle,
    Ready {
        at: Standing,
        session: usize,
    },
    Sent {
        session: usize,
        run: OffsetDateTime,
        publication: Publication,
    },
}

impl Publisher {
    /// One statement, or one look at what was acknowledged; whether it did anything.
    pub fn step(&mut self, holder: Uuid, postgres: &mut Postgres, kafka: &mut Kafka) -> bool {
        match std::mem::replace(self, Self::Idle) {
            Self::Idle => {
                if let Some(at) = postgres.claim(holder, LEASE) {
                    *self = Self::Ready { at, session: kafka.connect(postgres.feed_heads()) };
                    return true;
                }
                false
            }
            Self::Ready { at, session } => {
                let Some(batch) = postgres.tail(at.place) else {
                    if postgres.moved(holder, at, LEASE) {
                        *self = Self::Ready { at, session };
                    }
                    return false;
                };
                if batch.run != at.run {
                    return true;
                }
                // Each entry within, and in its firm's own topic as well.
                let records = batch.facts.iter().map(|placed| 2 * placed.entries.len());
                let publication = Publication::of(at.place, &batch, records);
                kafka.send(session, records_of(&batch));
                *self = Self::Sent { session, run: at.run, publication };
                true
            }
            Self::Sent { session, run, mut publication } => {
                let answers = kafka.answers(session);
                if answers.contains(&None) {
                    *self = Self::Sent { session, run, publication };
                    return false;
                }
                let written = answers.iter().enumerate().filter(|(_, answer)| **answer == Some(true));
                written.for_each(|(record, _)| publication.acknowledge(record));
                let upto = Standing { place: publication.upto(), run };
                if postgres.moved(holder, upto, LEASE) && !answers.contains(&Some(false)) {
                    *self = Self::Ready { at: upto, session };
                }
                true
            }
        }
    }
}

fn records_of(batch: &Batch) -> Vec<(Topic, Bytes)> {
    let entries =
        batch.facts.iter().flat_map(|placed| placed.entries.iter().map(move |entry| (placed, entry)));
    entries
        .flat_map(|(placed, entry)| {
            let firm = entry.feed.as_u128() as usize;
            let carried = Bytes::from(carried::encode(batch.run, placed, entry));
            let seq = Bytes::copy_from_slice(&entry.seq.to_be_bytes());
            [(Topic::Internal(firm % PARTITIONS), carried), (Topic::Export(firm - 1), seq)]
        })
        .collect()
}
