//! A small model of Postgres: what a statement of READ COMMITTED sees, row locks, and transactions that commit late or
//! vanish. Each method is one statement; one that has to wait answers [`Blocked`] and is tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chassis::feed::{FIRST_CHAIN, Head as FeedHead};
use time::{Date, Duration, macros::date};
use uuid::Uuid;

use super::defect::Defect;
use crate::{
    db::sequence::{Head, Row},
    entry::{Batch, Entry, LogPlace, Placed},
    sequencer::Feeds,
};

/// A transaction's number, given when it first writes.
pub type Tx = u64;

/// The statement waits for another transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked;

/// The most facts of one read of the tail.
const TAIL_FACTS: usize = 3;
const FIRST_MONTH: Date = date!(2026 - 01 - 01);

/// What a transaction of a sequencer has done and not committed.
#[derive(Default)]
struct Change {
    deleted: Vec<i64>,
    last_id: i64,
    appended: Option<(Vec<Placed>, Feeds, LogPlace)>,
}

struct Waiting {
    payload: Vec<u8>,
    tx: Tx,
}

struct Feed {
    next_seq: i64,
    chain: [u8; 32],
    min_seq: i64,
    min_chain: [u8; 32],
    lock: Option<Tx>,
}

/// How far the log was published, and who publishes.
#[derive(Default)]
struct Place {
    at: Option<LogPlace>,
    holder: Option<Uuid>,
    until: u64,
}

/// An aggregate.
#[derive(Default)]
pub struct Order {
    pub version: i64,
    lock: Option<Tx>,
}

pub struct Postgres {
    pub now: u64,
    /// So many ticks are a month; 0: time stands still.
    pub month_ticks: u64,
    next_id: i64,
    next_tx: Tx,
    open: BTreeSet<Tx>,
    outbox: BTreeMap<i64, Waiting>,
    head: LogPlace,
    head_lock: Option<Tx>,
    /// The highest id that was moved; only the naive tail looks at it.
    last_id: i64,
    changes: BTreeMap<Tx, Change>,
    log: BTreeMap<(i64, Date), Placed>,
    feeds: BTreeMap<Uuid, Feed>,
    entries: BTreeMap<(Uuid, i64, Date), Arc<Entry>>,
    /// Everything that was ever committed to the feeds, for the judges.
    pub ever: Vec<Arc<Entry>>,
    pub orders: BTreeMap<usize, Order>,
    place: Place,
}

impl Postgres {
    pub fn new(month_ticks: u64) -> Self {
        Self {
            now: 0,
            month_ticks,
            next_id: 1,
            next_tx: 1,
            open: BTreeSet::new(),
            outbox: BTreeMap::new(),
            head: LogPlace { log_pos: 0, month: FIRST_MONTH },
            head_lock: None,
            last_id: 0,
            changes: BTreeMap::new(),
            log: BTreeMap::new(),
            feeds: BTreeMap::new(),
            entries: BTreeMap::new(),
            ever: Vec::new(),
            orders: BTreeMap::new(),
            place: Place::default(),
        }
    }

    fn month(&self, at: u64) -> Date {
        let months = at.checked_div(self.month_ticks).unwrap_or(0) as i64;
        // Any day will do to tell months apart.
        FIRST_MONTH + Duration::days(31 * months)
    }

    /// A transaction that writes.
    pub fn begin(&mut self) -> Tx {
        let tx = self.next_tx;
        self.next_tx += 1;
        self.open.insert(tx);
        tx
    }

    /// Takes back all that a transaction did, and frees what it held.
    pub fn vanish(&mut self, tx: Tx) {
        self.changes.remove(&tx);
        self.free(tx);
    }

    fn free(&mut self, tx: Tx) {
        self.open.remove(&tx);
        let mine = |lock: &mut Option<Tx>| {
            if *lock == Some(tx) {
                *lock = None;
            }
        };
        mine(&mut self.head_lock);
        self.feeds.values_mut().for_each(|feed| mine(&mut feed.lock));
        self.orders.values_mut().for_each(|order| mine(&mut order.lock));
    }

    /// `select … from order for update`: its version.
    pub fn lock_order(&mut self, tx: Tx, order: usize) -> Result<i64, Blocked> {
        let order = self.orders.entry(order).or_default();
        match order.lock {
            Some(other) if other != tx => Err(Blocked),
            _ => {
                order.lock = Some(tx);
                Ok(order.version)
            }
        }
    }

    /// The id of a row of the outbox, given when it is inserted and visible when it is committed.
    pub fn insert(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Commits a command: its row, and its orders' new versions.
    pub fn commit_command(&mut self, tx: Tx, id: i64, payload: Vec<u8>, versions: &[(usize, i64)]) {
        self.outbox.insert(id, Waiting { payload, tx });
        for (order, version) in versions {
            self.orders.entry(*order).or_default().version = *version;
        }
        self.free(tx);
    }

    /// Whether anything waits.
    pub fn waiting(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The first statement of `event.take`: the log's head, locked. `began` is when the transaction did.
    pub fn lock_head(&mut self, tx: Tx, began: u64) -> Result<Head, Blocked> {
        if !Defect::NoRowLock.present() {
            if self.head_lock.is_some_and(|other| other != tx) {
                return Err(Blocked);
            }
            self.head_lock = Some(tx);
        }
        let month = self.head.month.max(self.month(began));
        let now = time::OffsetDateTime::UNIX_EPOCH;
        Ok(Head { log_pos: self.head.log_pos, month, now })
    }

    /// The second one: deletes the oldest rows that wait. Whoever finds a row that another deletes waits for it.
    pub fn take(&mut self, tx: Tx, most: usize, low_water: i64) -> Result<Vec<Row>, Blocked> {
        let oldest_open = self.open.iter().find(|open| **open != tx).copied().unwrap_or(Tx::MAX);
        let mut seen: Vec<(i64, Tx)> = self.outbox.iter().map(|(id, row)| (*id, row.tx)).collect();
        if Defect::NaiveIdTail.present() {
            seen.retain(|(id, _)| *id > self.last_id);
        }
        if Defect::LowWater.present() {
            seen.retain(|(id, _)| *id >= low_water);
        }
        if Defect::XidFence.present() {
            seen.retain(|(_, by)| *by < oldest_open);
            seen.sort_by_key(|(id, by)| (*by, *id));
        }
        seen.truncate(most);
        let elsewhere =
            |id: i64| self.changes.iter().any(|(other, change)| *other != tx && change.deleted.contains(&id));
        if seen.iter().any(|(id, _)| elsewhere(*id)) {
            return Err(Blocked);
        }
        let change = self.changes.entry(tx).or_default();
        change.deleted = seen.iter().map(|(id, _)| *id).collect();
        change.last_id = change.deleted.iter().copied().max().unwrap_or(0);
        Ok(seen.iter().map(|(id, _)| Row { id: *id, payload: self.outbox[id].payload.clone() }).collect())
    }

    /// `select … from feed_head for update` in the order of their ids, and those that are missing are made.
    pub fn lock_feeds(&mut self, tx: Tx, audience: &[Uuid]) -> Result<Feeds, Blocked> {
        let mut locked = Feeds::new();
        for id in audience {
            let feed = self.feeds.entry(*id).or_insert(Feed {
                next_seq: 1,
                chain: FIRST_CHAIN,
                min_seq: 1,
                min_chain: FIRST_CHAIN,
                lock: None,
            });
            if feed.lock.is_some_and(|other| other != tx) {
                return Err(Blocked);
            }
            feed.lock = Some(tx);
            locked.insert(*id, (feed.next_seq, feed.chain));
        }
        Ok(locked)
    }

    /// Appends to log and feeds and moves their heads. False where a key is there already: the transaction is lost.
    pub fn append(&mut self, tx: Tx, batch: &Batch, feeds: &Feeds) -> Result<bool, Blocked> {
        let month = batch.upto.month;
        let others = self.changes.iter().filter(|(other, _)| **other != tx);
        let mut pending = others.filter_map(|(_, change)| change.appended.as_ref());
        let meets = |placed: &Placed| batch.facts.iter().any(|mine| mine.log_pos == placed.log_pos);
        if pending.any(|(facts, _, upto)| upto.month == month && facts.iter().any(meets))
            || self.head_lock.is_some_and(|other| other != tx)
        {
            return Err(Blocked);
        }
        self.head_lock = Some(tx);
        if batch.facts.iter().any(|placed| self.log.contains_key(&(placed.log_pos, month))) {
            return Ok(false);
        }
        let facts = batch.facts.clone();
        self.changes.entry(tx).or_default().appended = Some((facts, feeds.clone(), batch.upto));
        Ok(true)
    }

    /// Commits what a sequencer did.
    pub fn commit_sequenced(&mut self, tx: Tx) {
        let change = self.changes.remove(&tx).unwrap_or_default();
        for id in change.deleted {
            self.outbox.remove(&id);
        }
        self.last_id = self.last_id.max(change.last_id);
        if let Some((facts, feeds, upto)) = change.appended {
            for placed in facts {
                for entry in &placed.entries {
                    self.entries.insert((entry.feed, entry.seq, upto.month), entry.clone());
                    self.ever.push(entry.clone());
                }
                self.log.insert((placed.log_pos, upto.month), placed);
            }
            for (id, (next_seq, chain)) in feeds {
                if let Some(feed) = self.feeds.get_mut(&id) {
                    (feed.next_seq, feed.chain) = (next_seq, chain);
                }
            }
            self.head = upto;
        }
        self.free(tx);
    }

    /// Where the log stands.
    pub fn log_head(&self) -> LogPlace {
        self.head
    }

    /// The next stretch of the log, as `db::read::tail` asks for it.
    pub fn tail(&self, after: LogPlace) -> Option<Batch> {
        let beyond = self.log.range((after.log_pos + 1, FIRST_MONTH)..);
        let rows = beyond.filter(|((_, month), _)| *month >= after.month).take(TAIL_FACTS);
        let rows: Vec<(&(i64, Date), &Placed)> = rows.collect();
        let (&(log_pos, month), _) = *rows.last()?;
        let facts = rows.into_iter().map(|(_, placed)| placed.clone()).collect();
        Some(Batch { after: after.log_pos, upto: LogPlace { log_pos, month }, facts })
    }

    /// `event.feed_head` as its firm reads it.
    pub fn feed_head(&self, feed: Uuid) -> FeedHead {
        match self.feeds.get(&feed) {
            Some(found) => FeedHead {
                feed,
                seq: found.next_seq - 1,
                chain: found.chain.into(),
                min_seq: found.min_seq,
                min_chain: found.min_chain.into(),
            },
            None => {
                let none = || FIRST_CHAIN.to_vec();
                FeedHead { feed, seq: 0, chain: none(), min_seq: 1, min_chain: none() }
            }
        }
    }

    /// The chain at a place of a feed.
    pub fn chain_at(&self, feed: Uuid, seq: i64) -> Option<Vec<u8>> {
        let mut found = self.entries.range((feed, seq, FIRST_MONTH)..=(feed, seq, Date::MAX));
        found.next().map(|(_, entry)| entry.chain.into())
    }

    /// Entries of a feed after a place.
    pub fn page(&self, feed: Uuid, after: i64, most: usize) -> Vec<Arc<Entry>> {
        let rows = self.entries.range((feed, after + 1, FIRST_MONTH)..=(feed, i64::MAX, Date::MAX));
        rows.take(most).map(|(_, entry)| entry.clone()).collect()
    }

    /// A feed's oldest entries may go from now on, in a commit of its own.
    pub fn shorten(&mut self, feed: Uuid, min_seq: i64) {
        let chain = self.chain_at(feed, min_seq - 1);
        if let (Some(feed), Some(chain)) = (self.feeds.get_mut(&feed), chain)
            && min_seq > feed.min_seq
            && min_seq <= feed.next_seq
        {
            feed.min_seq = min_seq;
            feed.min_chain = chain.try_into().expect("a chain has 32 bytes");
        }
    }

    /// And now they go.
    pub fn drop_old(&mut self) {
        let feeds = &self.feeds;
        self.entries.retain(|(feed, seq, _), _| feeds.get(feed).is_none_or(|feed| *seq >= feed.min_seq));
    }

    /// Takes the right to publish, as `db::kafka::claim`.
    pub fn claim(&mut self, holder: Uuid, ticks: u64) -> Option<LogPlace> {
        if self.place.until >= self.now && self.place.holder.is_some_and(|other| other != holder) {
            return None;
        }
        let at = self.place.at.filter(|at| at.log_pos <= self.head.log_pos).unwrap_or(self.head);
        self.place = Place { at: Some(at), holder: Some(holder), until: self.now + ticks };
        Some(at)
    }

    /// Notes how far was published, as `db::kafka::moved`.
    pub fn moved(&mut self, holder: Uuid, upto: LogPlace, ticks: u64) -> bool {
        let mine = self.place.holder == Some(holder);
        if mine {
            self.place = Place { at: Some(upto), holder: Some(holder), until: self.now + ticks };
        }
        mine
    }

    /// Every transaction vanishes.
    pub fn crash(&mut self) {
        let open: Vec<Tx> = self.open.iter().copied().collect();
        open.into_iter().for_each(|tx| self.vanish(tx));
    }

    /// Whether a transaction still runs, which a crash may have ended.
    pub fn runs(&self, tx: Tx) -> bool {
        self.open.contains(&tx)
    }
}
