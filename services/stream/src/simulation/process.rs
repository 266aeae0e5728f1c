//! One process of Tandem: the machines of the product, and between them the statements and messages that drive them there
//! and here. A kill leaves nothing of it.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    kafka::{Kafka, PARTITIONS},
    postgres::{Blocked, Postgres, Tx},
    random::Random,
};
use crate::{
    carried,
    db::sequence::Step,
    entry::Batch,
    following::Following,
    handoff::Handoff,
    hub::Hub,
    sequencer::{Feeds, Known, Taken},
};

/// Bounds small enough to be met.
const COMMANDS: usize = 3;
const HANDED: usize = 2;
const CARRIED: usize = 6;
pub const RING: usize = 4;

/// What was peeked at.
struct Seen {
    mark: String,
    ids: Vec<i64>,
}

enum Sequencing {
    Idle,
    Peeked { seen: Seen, taken: Taken },
    Assigned { tx: Tx, seen: Seen, before: Feeds, after: Feeds, batch: Batch },
    Applied { tx: Tx, mark: String, after: Feeds, batch: Batch, highest: i64 },
    Committed { batch: Batch },
}

enum Tailing {
    Idle,
    Looking { carrying: bool },
    Reading { upto: i64 },
}

/// What takes records from Kafka: its offset of each partition once that is known.
struct Receiver {
    epoch: u32,
    offsets: [Option<usize>; PARTITIONS],
}

pub struct Process {
    pub id: Uuid,
    pub hub: Arc<Hub>,
    pub handoff: Handoff,
    sequencing: Sequencing,
    known: Known,
    /// Below it nothing waits, thinks a worse sequencer.
    low_water: i64,
    following: Following,
    tailing: Tailing,
    receiver: Option<Receiver>,
    /// Hints that were sent to it and not heard yet.
    pub hints: usize,
    /// Whether it hinted at the others, once somebody asks.
    pub hinted: bool,
}

impl Process {
    pub fn start(id: u128) -> Self {
        Self {
            id: Uuid::from_u128(id),
            hub: Hub::with_rings(100, RING),
            handoff: Handoff::bounded(HANDED, CARRIED),
            sequencing: Sequencing::Idle,
            known: Known::default(),
            low_water: 0,
            following: Following::default(),
            tailing: Tailing::Idle,
            receiver: None,
            hints: 1,
            hinted: false,
        }
    }

    /// The transaction that ends with it.
    pub fn transaction(&self) -> Option<Tx> {
        match &self.sequencing {
            Sequencing::Assigned { tx, .. } | Sequencing::Applied { tx, .. } => Some(*tx),
            Sequencing::Idle | Sequencing::Peeked { .. } | Sequencing::Committed { .. } => None,
        }
    }

    /// The database was away: what it was about is lost, and it looks again.
    pub fn reconnect(&mut self) {
        if !matches!(self.sequencing, Sequencing::Committed { .. }) {
            self.sequencing = Sequencing::Idle;
        }
        self.tailing = Tailing::Idle;
        self.hints += 1;
    }

    /// One statement of the sequencer; whether it did anything. `sure`: its commit is heard of.
    pub fn sequence(&mut self, postgres: &mut Postgres, sure: bool) -> bool {
        if matches!(self.sequencing, Sequencing::Idle) && !postgres.waiting() {
            return false;
        }
        let state = std::mem::replace(&mut self.sequencing, Sequencing::Idle);
        let (next, moved) = self.advance(state, postgres, sure);
        self.sequencing = next;
        moved
    }

    /// The next state; the same again, and `false`, where a statement has to wait.
    fn advance(&mut self, state: Sequencing, postgres: &mut Postgres, sure: bool) -> (Sequencing, bool) {
        let next = match state {
            Sequencing::Idle => match postgres.peek(COMMANDS, self.low_water) {
                Some((head, rows)) => {
                    let seen = Seen { mark: head.mark.clone(), ids: rows.iter().map(|row| row.id).collect() };
                    Sequencing::Peeked { seen, taken: Taken::of(head, rows, COMMANDS as i64, i64::MAX) }
                }
                None => Sequencing::Idle,
            },
            Sequencing::Peeked { seen, taken } => {
                let unknown = self.known.unknown(&taken);
                self.known.learn(postgres.heads(&unknown));
                let before = self.known.heads(&taken);
                let mut after = before.clone();
                let (_, batch) = taken.assign(&mut after);
                Sequencing::Assigned { tx: postgres.begin(), seen, before, after, batch }
            }
            Sequencing::Assigned { tx, seen, before, after, batch } => {
                let Seen { mark, ids } = &seen;
                let step = Step { mark, ids, places: &[], before: &before, after: &after, batch: &batch };
                match postgres.apply(tx, &step) {
                    Ok(Some(mark)) => {
                        let highest = ids.iter().copied().max().unwrap_or(0);
                        Sequencing::Applied { tx, mark, after, batch, highest }
                    }
                    Ok(None) => {
                        postgres.vanish(tx);
                        self.known = Known::default();
                        Sequencing::Idle
                    }
                    Err(Blocked) => return (Sequencing::Assigned { tx, seen, before, after, batch }, false),
                }
            }
            Sequencing::Applied { tx, mark, after, batch, highest } => {
                postgres.commit_sequenced(tx);
                if sure {
                    self.known.moved(mark, after);
                    self.low_water = self.low_water.max(highest + 1);
                    Sequencing::Committed { batch }
                } else {
                    self.known = Known::default();
                    Sequencing::Idle
                }
            }
            Sequencing::Committed { batch } => {
                self.handoff.give(batch);
                self.hinted = true;
                Sequencing::Idle
            }
        };
        (next, true)
    }

    /// One statement of the tail, or what lies before it; `false` where it has nothing to do.
    pub fn tail(&mut self, postgres: &Postgres, look: bool) -> bool {
        if self.hints > 0 {
            self.hints = 0;
            self.handoff.hint();
        }
        match self.tailing {
            Tailing::Idle => {
                let handed = self.handoff.take();
                let carrying = handed.carrying;
                let nothing = handed.batches.is_empty() && handed.carried.is_empty();
                if self.following.take(handed, look, &self.hub) {
                    self.tailing = Tailing::Looking { carrying };
                } else if nothing {
                    return false;
                }
            }
            Tailing::Looking { carrying } => {
                self.tailing = match self.following.look(postgres.log_head(), carrying, &self.hub) {
                    Some(upto) => Tailing::Reading { upto },
                    None => Tailing::Idle,
                };
            }
            Tailing::Reading { upto } => {
                let next = self.following.short_of(upto).and_then(|after| postgres.tail(after));
                match next {
                    Some(batch) => self.following.read(batch, &self.hub),
                    None => self.tailing = Tailing::Idle,
                }
            }
        }
        true
    }

    /// Whether the tail is in the middle of something.
    pub fn tails(&self) -> bool {
        !matches!(self.tailing, Tailing::Idle)
    }

    /// What takes records from Kafka: connects, learns where the partitions end, takes some.
    pub fn receive(&mut self, kafka: &Kafka, random: &mut Random) -> bool {
        let gone = |receiver: &Receiver| !kafka.up || receiver.epoch != kafka.epoch;
        match &mut self.receiver {
            None if !kafka.up => false,
            None => {
                self.receiver = Some(Receiver { epoch: kafka.epoch, offsets: [None; PARTITIONS] });
                self.handoff.carrying(true);
                true
            }
            Some(receiver) if gone(receiver) => {
                self.receiver = None;
                self.handoff.carrying(false);
                true
            }
            Some(receiver) => {
                let partition = random.below(PARTITIONS);
                let Some(offset) = &mut receiver.offsets[partition] else {
                    receiver.offsets[partition] = Some(kafka.end(partition));
                    return true;
                };
                let records = kafka.fetch(partition, *offset, 1 + random.below(4));
                *offset += records.len();
                let decode = |bytes: &bytes::Bytes| carried::decode(bytes.clone()).expect("it was encoded");
                self.handoff.carry(records.iter().map(decode).collect());
                !records.is_empty()
            }
        }
    }
}
