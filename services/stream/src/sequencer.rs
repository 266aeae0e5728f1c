//! Moves committed commands from the outbox into the log and gives each firm's feed its next places.
//!
//! One stream a database: whoever finds `event.head` as it was when it looked moves it, so that any number of processes may
//! run this loop. It is one transaction; a crash anywhere means that nothing happened.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chassis::{Result, background, clock::SharedClock, outbox::Wake};
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    chain::{self, Chain},
    command,
    db::{
        self,
        sequence::{Head, Row, Step},
    },
    entry::{Batch, Entry, Fact, LogPlace, Placed},
    halves::Halves,
    handoff::Handoff,
};

/// Where each feed stands: its next place and the chain before that.
pub type Feeds = BTreeMap<Uuid, (i64, Chain)>;

/// Where a feed without entries stands.
const FIRST: (i64, Chain) = (1, chassis::feed::FIRST_CHAIN);
/// The most commands of one transaction.
const COMMANDS: i64 = 500;
/// About the most bytes of one transaction, so that large commands do not come five hundred at a time.
const BYTES: i64 = 16 * 1024 * 1024;
/// The most feeds whose heads a process keeps: some megabytes.
const FEEDS: usize = 50_000;
/// How long to wait for a wake before looking again: it doubles from the first to the second while nothing comes.
const POLL: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(25));
/// How long to wait after a database error: doubles likewise.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long a connection is kept: the pool, which ends those that are old, sees it in between.
const KEEP: Duration = Duration::from_secs(60);
/// The shortest time between two hints to other processes.
const HINT_EVERY: Duration = Duration::from_millis(5);

/// What one transaction moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Commands taken from the outbox; 0 where nothing waited.
    pub moved: usize,
    /// Events that they held.
    pub events: usize,
    /// Whether it was as much as one transaction moves, so that more may wait.
    pub full: bool,
    /// Whether something changed between the look and the move, most often by another sequencer: nothing was moved.
    pub lost: bool,
}

/// Moves one batch. This is the whole of sequencing: the loop only repeats it, with what it knows.
pub async fn sequence_once(pool: &PgPool, known: &mut Known) -> Result<Outcome> {
    let mut conn = pool.acquire().await?;
    Ok(step(&mut conn, known).await?.0)
}

/// Moves batches until nothing waits, and hints to running gateways; how many commands.
pub async fn drain(pool: &PgPool) -> Result<usize> {
    let (mut moved, mut known) = (0, Known::default());
    loop {
        let outcome = sequence_once(pool, &mut known).await?;
        moved += outcome.moved;
        if outcome.moved == 0 && !outcome.lost {
            break;
        }
    }
    db::hint(pool, "").await?;
    Ok(moved)
}

/// What one step moved.
struct Moved {
    batch: Batch,
    /// The highest id that it moved.
    newest: i64,
}

/// Two trips where the feeds are known: a look at what waits, and one statement that moves all of it or, where it is not as
/// it was seen any more, nothing.
async fn step(conn: &mut PgConnection, known: &mut Known) -> Result<(Outcome, Option<Moved>)> {
    let Some((head, rows)) = db::sequence::peek(conn, COMMANDS, BYTES).await? else {
        return Ok((Outcome::default(), None));
    };
    let mark = head.mark.clone();
    let (ids, places): (Vec<i64>, Vec<String>) = rows.iter().map(|row| (row.id, row.place.clone())).unzip();
    let taken = Taken::of(head, rows, COMMANDS, BYTES);
    let unknown = known.unknown(&taken);
    if !unknown.is_empty() {
        known.learn(db::sequence::heads(conn, &unknown).await?);
    }
    let before = known.heads(&taken);
    let mut after = before.clone();
    let (outcome, batch) = taken.assign(&mut after);
    // Kept again where it is certain that they stand there.
    let mut kept = std::mem::take(known);
    let step =
        Step { mark: &mark, ids: &ids, places: &places, before: &before, after: &after, batch: &batch };
    let Some(mark) = db::sequence::apply(conn, &step).await? else {
        return Ok((Outcome { lost: true, ..Outcome::default() }, None));
    };
    kept.moved(mark, after);
    *known = kept;
    // They are sorted, and where nothing waited there was no step.
    let newest = ids.last().copied().unwrap_or_default();
    Ok((outcome, Some(Moved { batch, newest })))
}

/// The heads of feeds that a sequencer need not read: while the log's head is the one that it left, nobody else moved them.
#[derive(Debug, Default)]
pub struct Known {
    mark: String,
    feeds: Feeds,
}

impl Known {
    /// Which feeds of these commands have to be read. Forgets all where somebody else moved the log.
    pub(crate) fn unknown(&mut self, taken: &Taken) -> Vec<Uuid> {
        if self.mark != taken.head.mark || self.feeds.len() > FEEDS {
            *self = Self { mark: taken.head.mark.clone(), feeds: Feeds::new() };
        }
        taken.audience().into_iter().filter(|feed| !self.feeds.contains_key(feed)).collect()
    }

    /// Keeps heads that were read.
    pub(crate) fn learn(&mut self, heads: Feeds) {
        self.feeds.extend(heads);
    }

    /// The heads of the feeds of these commands.
    pub(crate) fn heads(&self, taken: &Taken) -> Feeds {
        let head = |feed: Uuid| (feed, self.feeds.get(&feed).copied().unwrap_or(FIRST));
        taken.audience().into_iter().map(head).collect()
    }

    /// Keeps where they stand after they were moved, with the log's head that this left.
    pub(crate) fn moved(&mut self, mark: String, heads: Feeds) {
        self.mark = mark;
        self.feeds.extend(heads);
    }
}

/// What was peeked at: between its statements, what a sequencer has to do.
pub(crate) struct Taken {
    head: Head,
    commands: Vec<Vec<Fact>>,
    full: bool,
}

impl Taken {
    /// The rows, sorted by id, that waited within these bounds while the log stood at `head`.
    pub fn of(head: Head, rows: Vec<Row>, most: i64, most_bytes: i64) -> Self {
        let bytes: usize = rows.iter().map(|row| row.payload.len()).sum();
        let full = rows.len() as i64 >= most || bytes as i64 >= most_bytes;
        let commands = rows.into_iter().map(|row| command::facts(row.id, row.payload, head.now)).collect();
        Self { head, commands, full }
    }

    /// The feeds whose heads are needed, in their order.
    fn audience(&self) -> Vec<Uuid> {
        let facts = self.commands.iter().flatten();
        let mut audience: Vec<Uuid> = facts.flat_map(|fact| fact.audience.iter().copied()).collect();
        audience.sort_unstable();
        audience.dedup();
        audience
    }

    /// Gives each fact its place in the log and in the feeds of its audience, and moves `feeds` along.
    pub fn assign(self, feeds: &mut Feeds) -> (Outcome, Batch) {
        let Self { head, commands, full } = self;
        let moved = commands.len();
        let batch = assign(&head, feeds, commands);
        (Outcome { moved, events: batch.facts.len(), full, lost: false }, batch)
    }
}

/// Gives each fact its place in the log and in the feeds of its audience, and moves `feeds` along.
fn assign(head: &Head, feeds: &mut Feeds, commands: Vec<Vec<Fact>>) -> Batch {
    let mut log_pos = head.log_pos;
    let mut facts = Vec::new();
    for command in commands {
        // The last fact of the command in each feed.
        let last: BTreeMap<Uuid, usize> = command
            .iter()
            .enumerate()
            .flat_map(|(i, fact)| fact.audience.iter().map(move |feed| (*feed, i)))
            .collect();
        for (i, fact) in command.into_iter().enumerate() {
            log_pos += 1;
            let fact = Arc::new(fact);
            let place = |feed: &Uuid| {
                let (next_seq, chain) = feeds.entry(*feed).or_insert(FIRST);
                let seq = *next_seq;
                *chain = chain::next(chain, *feed, seq, fact.event_id, &fact.payload_sha256);
                *next_seq += 1;
                Arc::new(Entry::new(*feed, seq, *chain, last.get(feed) == Some(&i), fact.clone()))
            };
            let entries = fact.audience.iter().map(place).collect();
            facts.push(Placed { log_pos, month: head.month, fact, entries });
        }
    }
    Batch { run: head.run, after: head.log_pos, upto: LogPlace { log_pos, month: head.month }, facts }
}

/// What a loop keeps from step to step.
#[derive(Default)]
struct Kept {
    /// And since when.
    conn: Option<(PoolConnection<Postgres>, Instant)>,
    known: Known,
    halves: Halves,
}

/// The sequencer of a process.
pub struct Sequencer {
    /// Connections of tandem_stream.
    pub pool: PgPool,
    /// To tell how long events waited.
    pub clock: SharedClock,
    /// Takes what was moved to this process's readers.
    pub handoff: Arc<Handoff>,
    /// Asks for a hint to other processes.
    pub hint: Arc<Notify>,
}

impl Sequencer {
    /// Moves one batch and tells the readers. By the connection of the step before, whose server process has everything at
    /// hand, unless that ended in an error.
    async fn try_one(&self, kept: &mut Kept) -> Result<Outcome> {
        let Kept { conn, known, halves } = kept;
        let kept = conn.take_if(|(_, since)| since.elapsed() < KEEP);
        // Given back before another is asked for.
        *conn = None;
        let (mut mine, since) = match kept {
            Some(kept) => kept,
            None => (self.pool.acquire().await?, Instant::now()),
        };
        let (outcome, moved) = step(&mut mine, known).await?;
        *conn = Some((mine, since));
        if let Some(Moved { batch, newest }) = moved {
            metrics::counter!("tandem_sequenced_events_total").increment(outcome.events as u64);
            if let Some(oldest) = batch.facts.first() {
                let lag = (self.clock.now() - oldest.fact.at).as_seconds_f64().max(0.0);
                metrics::histogram!("tandem_stream_lag_seconds").record(lag);
            }
            self.handoff.give(batch);
            self.hint.notify_one();
            halves.moved(newest, Instant::now());
        }
        // What was moved is with its readers; what is committed meanwhile waits for this, which is why it is tried so seldom.
        self.clear(halves).await;
        Ok(outcome)
    }

    /// Empties the half of the outbox that ids have left, where that is due.
    async fn clear(&self, halves: &mut Halves) {
        if !halves.due(Instant::now()) {
            return;
        }
        let cleared = db::sequence::clear(&self.pool).await.unwrap_or_else(|error| {
            background::failed("clearing the outbox");
            tracing::warn!(%error, "a half of the outbox was not cleared; going on until the next one");
            true
        });
        halves.tried(cleared, Instant::now());
    }

    /// Moves batches until shutdown, and then what still waits. Errors back off and never end the loop.
    pub async fn run(self, wake: Wake, shutdown: CancellationToken) {
        let (mut pause, mut backoff) = (POLL.0, BACKOFF.0);
        let mut kept = Kept::default();
        while !shutdown.is_cancelled() {
            match self.try_one(&mut kept).await {
                Ok(outcome) => {
                    backoff = BACKOFF.0;
                    pause = if outcome.moved > 0 { POLL.0 } else { (pause * 2).min(POLL.1) };
                    // To look again at once would nearly always be for nothing: whoever committed meanwhile woke, or is
                    // found by the next look.
                    if !outcome.full {
                        tokio::select! {
                            () = shutdown.cancelled() => break,
                            () = wake.woken() => {}
                            () = sleep(pause) => {}
                        }
                    }
                }
                Err(error) => {
                    background::failed("sequencing");
                    tracing::warn!(error = %source(&error), "sequencing failed; trying again");
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(BACKOFF.1);
                }
            }
        }
        // Whoever moves it instead of this one does not need it.
        while matches!(self.try_one(&mut kept).await, Ok(outcome) if outcome.moved > 0) {}
    }
}

/// What really happened, for the log.
pub(crate) fn source(error: &chassis::Error) -> String {
    error.source.as_ref().map_or_else(|| error.to_string(), |source| format!("{source:#}"))
}

/// Sends hints to other processes, at most one every 5 ms and never inside a transaction that somebody waits for.
pub async fn send_hints(pool: PgPool, process: String, hint: Arc<Notify>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hint.notified() => {}
        }
        if let Err(error) = db::hint(&pool, &process).await {
            // Others poll once a second.
            tracing::debug!(%error, "a hint was not sent");
        }
        sleep(HINT_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::fact;
    use time::{OffsetDateTime, macros::date};

    fn head(log_pos: i64) -> Head {
        let month = date!(2026 - 03 - 01);
        let at = OffsetDateTime::UNIX_EPOCH;
        Head { log_pos, month, now: at, mark: log_pos.to_string(), run: at }
    }

    fn to(audience: &[u128], n: i64) -> Fact {
        Fact { audience: audience.iter().map(|n| Uuid::from_u128(*n)).collect(), ..fact(n, vec![n as u8]) }
    }

    #[test]
    fn each_feed_gets_its_next_places_and_its_chain() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut feeds = Feeds::from([(one, (5, [9; 32]))]);
        let commands = vec![vec![to(&[1, 2], 1), to(&[1], 2)], vec![to(&[], 3)], vec![to(&[2], 4)]];
        let batch = assign(&head(100), &mut feeds, commands);
        assert_eq!((batch.after, batch.upto.log_pos), (100, 104));
        assert_eq!(batch.facts.iter().map(|placed| placed.log_pos).collect::<Vec<_>>(), [101, 102, 103, 104]);
        let entries: Vec<_> = batch
            .facts
            .iter()
            .flat_map(|placed| &placed.entries)
            .map(|entry| (entry.feed, entry.seq, entry.last_of_command))
            .collect();
        let expected = [(one, 5, false), (two, 1, true), (one, 6, true), (two, 2, true)];
        assert_eq!(entries, expected);
        let chained = |previous: &[u8], feed, seq, n| {
            let fact = fact(n, vec![n as u8]);
            chain::next(previous, feed, seq, fact.event_id, &fact.payload_sha256)
        };
        let first = chained(&[9; 32], one, 5, 1);
        assert_eq!(feeds[&one], (7, chained(&first, one, 6, 2)));
        assert_eq!(feeds[&two], (3, chained(&chained(&[0; 32], two, 1, 1), two, 2, 4)));
        assert_eq!(batch.facts[3].entries[0].chain, feeds[&two].1);
    }
}
