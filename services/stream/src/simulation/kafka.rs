//! A small model of Kafka: partitions that keep the order of what is written to them, an idempotent producer some of whose
//! records fail or go unanswered, consumers that begin at the end, and an operator who takes everything away.

use bytes::Bytes;

use super::{defect::Defect, random::Random, writer::FEEDS};

/// Partitions of the internal topic; a feed has one.
pub const PARTITIONS: usize = 2;
/// Firms with a topic of their own.
const FIRMS: usize = FEEDS.len();

/// Where each feed stood at a moment.
pub type Heads = [i64; FIRMS];

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A partition of the internal topic.
    Internal(usize),
    /// A firm's own.
    Export(usize),
}

/// A record on its way.
struct Flight {
    topic: Topic,
    value: Bytes,
    /// It was written, or never will be.
    settled: bool,
    /// What its producer was told.
    answer: Option<bool>,
}

/// What one producer sent.
#[derive(Default)]
pub struct Session {
    flights: Vec<Flight>,
    /// Where something was not written, so that nothing after it will be.
    dead: Vec<Topic>,
    /// The first of the batch that is waited for.
    from: usize,
}

/// A firm's own topic from a time on when it was empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beginning {
    /// Where the feed stood when everything was taken away, or, with a server that was lost, what of it had been published:
    /// what came later is due.
    pub since: i64,
    /// What its reader saw.
    pub places: Vec<i64>,
}

pub struct Kafka {
    pub up: bool,
    /// Changes when everything was taken away.
    pub epoch: u32,
    partitions: [Vec<Bytes>; PARTITIONS],
    /// Each firm's own topic, from each beginning.
    pub exported: [Vec<Beginning>; FIRMS],
    /// Where the feeds stood when somebody published for the first time.
    pub begun: Option<Heads>,
    sessions: Vec<Session>,
}

impl Kafka {
    pub fn new() -> Self {
        Self {
            up: true,
            epoch: 0,
            partitions: Default::default(),
            exported: std::array::from_fn(|_| vec![Beginning::default()]),
            begun: None,
            sessions: Vec::new(),
        }
    }

    /// A new producer, while feeds stand there. What the one before sent may still arrive.
    pub fn connect(&mut self, heads: Heads) -> usize {
        self.begun.get_or_insert(heads);
        self.sessions.push(Session::default());
        self.sessions.len() - 1
    }

    /// Sends records in their order.
    pub fn send(&mut self, session: usize, records: Vec<(Topic, Bytes)>) {
        let session = &mut self.sessions[session];
        session.from = session.flights.len();
        let flight = |(topic, value)| Flight { topic, value, settled: false, answer: None };
        session.flights.extend(records.into_iter().map(flight));
    }

    /// What the producer knows of each record that it sent last.
    pub fn answers(&self, session: usize) -> Vec<Option<bool>> {
        let session = &self.sessions[session];
        session.flights[session.from..].iter().map(|flight| flight.answer).collect()
    }

    /// Something becomes of one record: the next one of its producer in its partition.
    pub fn work(&mut self, random: &mut Random, faults: bool) -> bool {
        let busy = |session: &Session| session.flights.iter().any(|flight| !flight.settled);
        let busy: Vec<usize> = (0..self.sessions.len()).filter(|i| busy(&self.sessions[*i])).collect();
        if busy.is_empty() {
            return false;
        }
        let session = &mut self.sessions[busy[random.below(busy.len())]];
        let topics = (0..PARTITIONS).map(Topic::Internal).chain((0..FIRMS).map(Topic::Export));
        let open: Vec<usize> = topics
            .filter_map(|topic| session.flights.iter().position(|f| !f.settled && f.topic == topic))
            .collect();
        let flight = &mut session.flights[open[random.below(open.len())]];
        flight.settled = true;
        // Down, or too late: it fails, and so do those after it in its partition.
        let fails = !self.up || session.dead.contains(&flight.topic) || (faults && random.one_in(12));
        if fails && !Defect::GapsInTopics.present() {
            session.dead.push(flight.topic);
        }
        let unanswered = faults && random.one_in(24);
        flight.answer = Some(!fails && !unanswered);
        if fails {
            return true;
        }
        match flight.topic {
            Topic::Internal(partition) => self.partitions[partition].push(flight.value.clone()),
            Topic::Export(firm) => {
                let seq: [u8; 8] = flight.value[..].try_into().expect("a place has eight bytes");
                let topic = self.exported[firm].last_mut().expect("a beginning");
                topic.places.push(i64::from_be_bytes(seq));
            }
        }
        true
    }

    /// Where a partition ends.
    pub fn end(&self, partition: usize) -> usize {
        self.partitions[partition].len()
    }

    /// Records of a partition from an offset on.
    pub fn fetch(&self, partition: usize, offset: usize, most: usize) -> &[Bytes] {
        let records = &self.partitions[partition];
        let from = offset.min(records.len());
        &records[from..records.len().min(from + most)]
    }

    /// Takes everything away after the log lost its last commits: what is on its way is of another history, and so is what the
    /// topics had. `heads`: what the log knows to be published; `published`: whether it still knows that anything was.
    pub fn begin_anew(&mut self, heads: Heads, published: bool) {
        self.epoch += 1;
        self.partitions = Default::default();
        self.exported = heads.map(|since| vec![Beginning { since, places: Vec::new() }]);
        self.begun = self.begun.filter(|_| published);
        for flight in self.sessions.iter_mut().flat_map(|session| &mut session.flights) {
            if !flight.settled {
                (flight.settled, flight.answer) = (true, Some(false));
            }
        }
    }

    /// Takes everything away, topics and all, while feeds stand there.
    pub fn wipe(&mut self, heads: Heads) {
        self.epoch += 1;
        self.partitions = Default::default();
        for (topic, since) in self.exported.iter_mut().zip(heads) {
            topic.push(Beginning { since, places: Vec::new() });
        }
    }
}
