//! A small model of Postgres: what a statement of READ COMMITTED sees, row locks, and transactions that commit late or
//! vanish. Each method is one statement; one that has to wait answers [`Blocked`] and is tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chassis::feed::{FIRST_CHAIN, Head as FeedHead};
use time::{Date, Duration, OffsetDateTime, macros::date};
use uuid::Uuid;

use super::{defect::Defect, kafka::Heads, writer::FEEDS};
use crate::{
    db::sequence::{Head, Row, Step},
    entry::{Batch, Entry, LogPlace, Placed, Standing},
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

/// What the sequencer that holds the head's row has done and not committed.
struct Change {
    ids: Vec<i64>,
    facts: Vec<Placed>,
    feeds: Feeds,
    upto: LogPlace,
}

#[derive(Clone)]
struct Waiting {
    payload: Vec<u8>,
    tx: Tx,
}

#[derive(Clone)]
struct Feed {
    next_seq: i64,
    chain: [u8; 32],
    min_seq: i64,
    min_chain: [u8; 32],
}

/// How far the log was published, and who publishes.
#[derive(Clone, Default)]
struct Place {
    at: Option<LogPlace>,
    holder: Option<Uuid>,
    until: u64,
}

/// An aggregate.
#[derive(Clone, Default)]
pub struct Order {
    pub version: i64,
    lock: Option<Tx>,
}

/// What was committed.
#[derive(Clone)]
struct Committed {
    outbox: BTreeMap<i64, Waiting>,
    head: LogPlace,
    /// Which transaction left the head as it is.
    mark: Tx,
    /// The highest id that was moved; only the naive tail looks at it.
    last_id: i64,
    log: BTreeMap<(i64, Date), Placed>,
    feeds: BTreeMap<Uuid, Feed>,
    entries: BTreeMap<(Uuid, i64, Date), Arc<Entry>>,
    ever: Vec<Arc<Entry>>,
    orders: BTreeMap<usize, Order>,
    place: Place,
}

pub struct Postgres {
    pub now: u64,
    /// So many ticks are a month; 0: time stands still.
    pub month_ticks: u64,
    next_id: i64,
    next_tx: Tx,
    open: BTreeSet<Tx>,
    head_lock: Option<Tx>,
    change: Option<Change>,
    data: Committed,
    /// What a standby has that nothing reaches any more.
    standby: Option<Committed>,
    /// How often the server was started.
    runs: i64,
    /// The feeds as they were when a standby took over.
    pub before: Option<Vec<Arc<Entry>>>,
}

impl Postgres {
    pub fn new(month_ticks: u64) -> Self {
        Self {
            now: 0,
            month_ticks,
            next_id: 1,
            next_tx: 1,
            open: BTreeSet::new(),
            head_lock: None,
            change: None,
            data: Committed {
                outbox: BTreeMap::new(),
                head: LogPlace { log_pos: 0, month: FIRST_MONTH },
                mark: 0,
                last_id: 0,
                log: BTreeMap::new(),
                feeds: BTreeMap::new(),
                entries: BTreeMap::new(),
                ever: Vec::new(),
                orders: BTreeMap::new(),
                place: Place::default(),
            },
            standby: None,
            runs: 0,
            before: None,
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
        if self.head_lock == Some(tx) {
            self.change = None;
        }
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
        self.data.orders.values_mut().for_each(|order| mine(&mut order.lock));
    }

    /// `select … from order for update`: its version.
    pub fn lock_order(&mut self, tx: Tx, order: usize) -> Result<i64, Blocked> {
        let order = self.data.orders.entry(order).or_default();
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
        self.data.outbox.insert(id, Waiting { payload, tx });
        for (order, version) in versions {
            self.data.orders.entry(*order).or_default().version = *version;
        }
        self.free(tx);
    }

    /// Whether anything waits.
    pub fn waiting(&self) -> bool {
        !self.data.outbox.is_empty()
    }

    /// `db::sequence::peek`: where the log stands and the oldest rows that wait.
    pub fn peek(&self, most: usize, low_water: i64) -> Option<(Head, Vec<Row>)> {
        let oldest_open = self.open.first().copied().unwrap_or(Tx::MAX);
        let mut seen: Vec<(i64, Tx)> = self.data.outbox.iter().map(|(id, row)| (*id, row.tx)).collect();
        if Defect::NaiveIdTail.present() {
            seen.retain(|(id, _)| *id > self.data.last_id);
        }
        if Defect::LowWater.present() {
            seen.retain(|(id, _)| *id >= low_water);
        }
        if Defect::XidFence.present() {
            seen.retain(|(_, by)| *by < oldest_open);
            seen.sort_by_key(|(id, by)| (*by, *id));
        }
        seen.truncate(most);
        if seen.is_empty() {
            return None;
        }
        let month = self.data.head.month.max(self.month(self.now));
        let (mark, run) = (self.mark(self.data.mark), self.run());
        let head =
            Head { log_pos: self.data.head.log_pos, month, now: OffsetDateTime::UNIX_EPOCH, mark, run };
        let row = |id: i64| Row { id, place: id.to_string(), payload: self.data.outbox[&id].payload.clone() };
        Some((head, seen.into_iter().map(|(id, _)| row(id)).collect()))
    }

    /// `db::sequence::heads`.
    pub fn heads(&self, feeds: &[Uuid]) -> Feeds {
        let head = |id: &Uuid| self.data.feeds.get(id).map(|feed| (*id, (feed.next_seq, feed.chain)));
        feeds.iter().filter_map(head).collect()
    }

    /// `db::sequence::apply` before its transaction commits: whoever comes second waits for the head's row. Its mark; `None`
    /// where anything is not as it was seen, and where a key is there already: the transaction is lost.
    pub fn apply(&mut self, tx: Tx, step: &Step<'_>) -> Result<Option<String>, Blocked> {
        if self.head_lock.is_some_and(|other| other != tx) {
            return Err(Blocked);
        }
        let Step { mark, ids, before, after, batch, .. } = step;
        let month = batch.upto.month;
        // A feed without entries stands at its first place, and nowhere else.
        let stands = |(id, head): (&Uuid, &(i64, [u8; 32]))| {
            self.heads(&[*id]).get(id).map_or(head.0 == 1, |it| it == head)
        };
        let fenced = self.data.head.log_pos == batch.after
            && self.mark(self.data.mark) == *mark
            && ids.iter().all(|id| self.data.outbox.contains_key(id))
            && before.iter().all(stands);
        let there = |placed: &Placed| self.data.log.contains_key(&(placed.log_pos, month));
        if !(fenced || Defect::NoRowLock.present()) || batch.facts.iter().any(there) {
            return Ok(None);
        }
        self.head_lock = Some(tx);
        let (ids, facts, feeds) = (ids.to_vec(), batch.facts.clone(), (*after).clone());
        self.change = Some(Change { ids, facts, feeds, upto: batch.upto });
        Ok(Some(self.mark(tx)))
    }

    /// Commits what a sequencer did.
    pub fn commit_sequenced(&mut self, tx: Tx) {
        let Some(change) = self.change.take().filter(|_| self.head_lock == Some(tx)) else { return };
        for id in change.ids {
            self.data.outbox.remove(&id);
            self.data.last_id = self.data.last_id.max(id);
        }
        let Change { facts, feeds, upto, .. } = change;
        for placed in facts {
            for entry in &placed.entries {
                self.data.entries.insert((entry.feed, entry.seq, upto.month), entry.clone());
                self.data.ever.push(entry.clone());
            }
            self.data.log.insert((placed.log_pos, upto.month), placed);
        }
        for (id, (next_seq, chain)) in feeds {
            let new = Feed { next_seq, chain, min_seq: 1, min_chain: FIRST_CHAIN };
            let feed = self.data.feeds.entry(id).or_insert(new);
            (feed.next_seq, feed.chain) = (next_seq, chain);
        }
        (self.data.head, self.data.mark) = (upto, tx);
        self.free(tx);
    }

    /// When the server was started, as `pg_postmaster_start_time()` says.
    fn run(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(self.runs)
    }

    /// The mark of a head that this transaction left. Of this run of the server: a standby's head is as some transaction before
    /// left it, and what was read under that mark since then may be of a head that is lost.
    fn mark(&self, tx: Tx) -> String {
        format!("{tx} {}", self.runs)
    }

    /// Everything that was ever committed to the feeds, for the judges.
    pub fn ever(&self) -> &[Arc<Entry>] {
        &self.data.ever
    }

    /// Where the log stands.
    pub fn log_head(&self) -> Standing {
        Standing { place: self.data.head, run: self.run() }
    }

    /// The next stretch of the log, as `db::read::tail` asks for it.
    pub fn tail(&self, after: LogPlace) -> Option<Batch> {
        let beyond = self.data.log.range((after.log_pos + 1, FIRST_MONTH)..);
        let rows = beyond.filter(|((_, month), _)| *month >= after.month).take(TAIL_FACTS);
        let rows: Vec<(&(i64, Date), &Placed)> = rows.collect();
        let (&(log_pos, month), _) = *rows.last()?;
        let facts = rows.into_iter().map(|(_, placed)| placed.clone()).collect();
        Some(Batch { run: self.run(), after: after.log_pos, upto: LogPlace { log_pos, month }, facts })
    }

    /// `event.feed_head` as its firm reads it.
    pub fn feed_head(&self, feed: Uuid) -> FeedHead {
        match self.data.feeds.get(&feed) {
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

    /// Where each feed stands.
    pub fn feed_heads(&self) -> Heads {
        FEEDS.map(|feed| self.feed_head(feed).seq)
    }

    /// Where each feed stood where the log was published up to.
    pub fn published_heads(&self) -> Heads {
        let upto = self.data.place.at.map_or(0, |at| at.log_pos);
        let published: Vec<&Arc<Entry>> =
            self.data.log.range(..=(upto, Date::MAX)).flat_map(|(_, placed)| &placed.entries).collect();
        FEEDS.map(|feed| {
            let of_feed = published.iter().filter(|entry| entry.feed == feed);
            of_feed.map(|entry| entry.seq).max().unwrap_or(0)
        })
    }

    /// The chain at a place of a feed.
    pub fn chain_at(&self, feed: Uuid, seq: i64) -> Option<Vec<u8>> {
        let mut found = self.data.entries.range((feed, seq, FIRST_MONTH)..=(feed, seq, Date::MAX));
        found.next().map(|(_, entry)| entry.chain.into())
    }

    /// Entries of a feed after a place.
    pub fn page(&self, feed: Uuid, after: i64, most: usize) -> Vec<Arc<Entry>> {
        let rows = self.data.entries.range((feed, after + 1, FIRST_MONTH)..=(feed, i64::MAX, Date::MAX));
        rows.take(most).map(|(_, entry)| entry.clone()).collect()
    }

    /// A feed's oldest entries may go from now on, in a commit of its own.
    pub fn shorten(&mut self, feed: Uuid, min_seq: i64) {
        let chain = self.chain_at(feed, min_seq - 1);
        if let (Some(feed), Some(chain)) = (self.data.feeds.get_mut(&feed), chain)
            && min_seq > feed.min_seq
            && min_seq <= feed.next_seq
        {
            feed.min_seq = min_seq;
            feed.min_chain = chain.try_into().expect("a chain has 32 bytes");
        }
    }

    /// And now they go.
    pub fn drop_old(&mut self) {
        let feeds = &self.data.feeds;
        self.data.entries.retain(|(feed, seq, _), _| feeds.get(feed).is_none_or(|feed| *seq >= feed.min_seq));
    }

    /// Takes the right to publish, as `db::kafka::claim`.
    pub fn claim(&mut self, holder: Uuid, ticks: u64) -> Option<Standing> {
        if self.data.place.until >= self.now && self.data.place.holder.is_some_and(|other| other != holder) {
            return None;
        }
        let at =
            self.data.place.at.filter(|at| at.log_pos <= self.data.head.log_pos).unwrap_or(self.data.head);
        self.data.place = Place { at: Some(at), holder: Some(holder), until: self.now + ticks };
        Some(Standing { place: at, run: self.run() })
    }

    /// Notes how far was published, as `db::kafka::moved`.
    pub fn moved(&mut self, holder: Uuid, upto: Standing, ticks: u64) -> bool {
        let mine = self.data.place.holder == Some(holder) && upto.run == self.run();
        if mine {
            self.data.place = Place { at: Some(upto.place), holder: Some(holder), until: self.now + ticks };
        }
        mine
    }

    /// The wire to the standby is cut; whether there was one that was not cut yet.
    pub fn cut(&mut self) -> bool {
        let reached = self.standby.is_none() && self.before.is_none();
        if reached {
            self.standby = Some(self.data.clone());
        }
        reached
    }

    /// The standby takes over with what it has: whether there was one.
    pub fn promote(&mut self) -> bool {
        let Some(standby) = self.standby.take() else { return false };
        self.crash();
        let lost = std::mem::replace(&mut self.data, standby);
        self.before = Some(lost.ever);
        // Held by transactions of the server that is lost.
        self.data.orders.values_mut().for_each(|order| order.lock = None);
        true
    }

    /// Whether somebody published.
    pub fn published(&self) -> bool {
        self.data.place.at.is_some()
    }

    /// Every transaction vanishes, and the server starts anew.
    pub fn crash(&mut self) {
        self.runs += 1;
        let open: Vec<Tx> = self.open.iter().copied().collect();
        open.into_iter().for_each(|tx| self.vanish(tx));
    }

    /// Whether a transaction still runs, which a crash may have ended.
    pub fn runs(&self, tx: Tx) -> bool {
        self.open.contains(&tx)
    }
}
