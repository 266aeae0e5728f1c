//! The statements of the sequencer.

use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    entry::{Batch, Placed},
    sequencer::Feeds,
};

/// Ids fill one half of the outbox and then the other, so many at a time; by 0006_two_halves.sql, which says why there are two.
pub const PER_HALF: i64 = 2_048;

/// Where the log stands.
pub struct Head {
    /// The newest place.
    pub log_pos: i64,
    /// The month to write: the present one, but never before the last one written.
    pub month: Date,
    /// The database's time.
    pub now: OffsetDateTime,
    /// Which transaction of which run of the server put it there: two that differ are two states of the log.
    pub mark: String,
    /// When that run began.
    pub run: OffsetDateTime,
}

/// A committed command that waits.
pub struct Row {
    /// Follows the order of commits within one aggregate.
    pub id: i64,
    /// Where it lies in its half of the outbox, by which it is found again: the planner's idea of a table that is nearly always
    /// empty is often wrong. In the other half another row may lie at the same place, and has another id: what has one of
    /// the ids and lies at one of the places that were seen is a row that was seen, since rows are never updated.
    pub place: String,
    /// tandem.event.v1.Command
    pub payload: Vec<u8>,
}

/// Where the log stands and the oldest waiting commands, at most `commands` and about `bytes`, sorted by id; `None` where
/// nothing waits. Of one moment, and without a lock, so that an idle look writes nothing: [`apply`] sees whether that moment
/// has passed. `event.take` did this for the version before, which may still run beside this one.
pub async fn peek(
    conn: &mut PgConnection,
    commands: i64,
    bytes: i64,
) -> Result<Option<(Head, Vec<Row>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select h.log_pos, greatest(h.month, date_trunc('month', now() at time zone 'utc')::date) as "month!",
                  now() as "now!", concat_ws(' ', h.xmin, pg_postmaster_start_time()) as "mark!",
                  pg_postmaster_start_time() as "run!", w.id, w.place as "place!", w.payload
           from (
               select first.id, first.place, first.payload, sum(first.size) over (order by first.id) - first.size as before
               from (select o.id, o.ctid::text as place, o.payload, octet_length(o.payload) as size
                     from event.outbox o order by o.id limit $1) first
           ) w
           cross join event.head h
           where w.before < $2
           order by w.id"#,
        commands,
        bytes
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (mark, run) = (first.mark.clone(), first.run);
    let head = Head { log_pos: first.log_pos, month: first.month, now: first.now, mark, run };
    let rows = rows.into_iter().map(|row| Row { id: row.id, place: row.place, payload: row.payload });
    Ok(Some((head, rows.collect())))
}

/// The heads of those of these feeds that have entries.
pub async fn heads(conn: &mut PgConnection, feeds: &[Uuid]) -> Result<Feeds, sqlx::Error> {
    let rows = sqlx::query!("select feed, next_seq, chain from event.feed_head where feed = any($1)", feeds)
        .fetch_all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let chain =
                row.chain.try_into().map_err(|_| sqlx::Error::Decode("a chain has not 32 bytes".into()))?;
            Ok((row.feed, (row.next_seq, chain)))
        })
        .collect()
}

/// What a sequencer saw and what it makes of it.
pub struct Step<'a> {
    /// Of the log's head.
    pub mark: &'a str,
    /// The rows of the outbox by their ids and by where they lie, as often as there are rows.
    pub ids: &'a [i64],
    pub places: &'a [String],
    /// The heads of all feeds that it touches, before and after.
    pub before: &'a Feeds,
    pub after: &'a Feeds,
    pub batch: &'a Batch,
}

/// Takes the commands out of the outbox, appends their facts and entries, and moves the heads of the log and of the feeds:
/// all of it where everything still is as it was seen, and else nothing, `None`. The new head's mark. One statement and so one
/// transaction.
pub async fn apply(conn: &mut PgConnection, step: &Step<'_>) -> Result<Option<String>, sqlx::Error> {
    let Step { mark, ids, places, before, after, batch } = step;
    let (log, entries) = (Log::of(&batch.facts), Entries::of(&batch.facts));
    // Of the same feeds in the same order.
    let (before, after) = (Heads::of(before), Heads::of(after));
    sqlx::query_file_scalar!(
        "src/db/apply.sql",
        batch.upto.month,
        &log.audience.items,
        &log.sites.items,
        &log.places,
        &log.ids,
        &log.subject_ids as &[Option<Uuid>],
        &log.kinds as &[&str],
        &log.sources as &[&str],
        &log.subjects as &[&str],
        &log.times,
        &log.traces as &[&str],
        &log.versions,
        &log.audience.from,
        &log.audience.upto,
        &log.sites.from,
        &log.sites.upto,
        &log.groups as &[&str],
        &log.scopes as &[Option<Uuid>],
        &log.payloads as &[&[u8]],
        &log.hashes as &[&[u8]],
        &entries.feeds,
        &entries.seqs,
        &entries.places,
        &entries.chains as &[&[u8]],
        &entries.lasts,
        &after.feeds,
        &after.next_seqs,
        &after.chains as &[&[u8]],
        batch.upto.log_pos,
        batch.after,
        mark,
        ids,
        places,
        &before.next_seqs,
        &before.chains as &[&[u8]]
    )
    .fetch_optional(conn)
    .await
}

/// Empties the half of the outbox that is not written just now, where nothing waits in it and nobody uses it; whether there is
/// nothing left to do. Waits for nobody.
pub async fn clear(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select event.clear_outbox() as "cleared!""#).fetch_one(pool).await
}

/// Lists of different lengths travel flat, with where each begins and ends: Postgres knows no ragged arrays.
struct Flat<T> {
    items: Vec<T>,
    from: Vec<i32>,
    upto: Vec<i32>,
}

fn flat<'a, T: Clone + 'a>(lists: impl Iterator<Item = &'a [T]>) -> Flat<T> {
    let mut flat = Flat { items: Vec::new(), from: Vec::new(), upto: Vec::new() };
    for list in lists {
        flat.from.push(flat.items.len() as i32 + 1);
        flat.items.extend_from_slice(list);
        flat.upto.push(flat.items.len() as i32);
    }
    flat
}

/// Columns of the log.
struct Log<'a> {
    places: Vec<i64>,
    ids: Vec<Uuid>,
    subject_ids: Vec<Option<Uuid>>,
    kinds: Vec<&'a str>,
    sources: Vec<&'a str>,
    subjects: Vec<&'a str>,
    times: Vec<OffsetDateTime>,
    traces: Vec<&'a str>,
    versions: Vec<i64>,
    audience: Flat<Uuid>,
    sites: Flat<String>,
    groups: Vec<&'a str>,
    scopes: Vec<Option<Uuid>>,
    payloads: Vec<&'a [u8]>,
    hashes: Vec<&'a [u8]>,
}

impl<'a> Log<'a> {
    fn of(placed: &'a [Placed]) -> Self {
        let facts = || placed.iter().map(|placed| placed.fact.as_ref());
        Self {
            places: placed.iter().map(|placed| placed.log_pos).collect(),
            ids: facts().map(|fact| fact.event_id).collect(),
            subject_ids: facts().map(|fact| fact.subject_id).collect(),
            kinds: facts().map(|fact| fact.kind.as_str()).collect(),
            sources: facts().map(|fact| fact.source.as_str()).collect(),
            subjects: facts().map(|fact| fact.subject.as_str()).collect(),
            times: facts().map(|fact| fact.at).collect(),
            traces: facts().map(|fact| fact.traceparent.as_str()).collect(),
            versions: facts().map(|fact| fact.version).collect(),
            audience: flat(facts().map(|fact| fact.audience.as_slice())),
            sites: flat(facts().map(|fact| fact.sites.as_slice())),
            groups: facts().map(|fact| fact.purchasing_group.as_str()).collect(),
            scopes: facts().map(|fact| fact.scope_firm).collect(),
            payloads: facts().map(|fact| fact.payload.as_ref()).collect(),
            hashes: facts().map(|fact| fact.payload_sha256.as_ref()).collect(),
        }
    }
}

/// Columns of the feeds' entries.
struct Entries<'a> {
    feeds: Vec<Uuid>,
    seqs: Vec<i64>,
    places: Vec<i64>,
    chains: Vec<&'a [u8]>,
    lasts: Vec<bool>,
}

impl<'a> Entries<'a> {
    fn of(placed: &'a [Placed]) -> Self {
        let entries =
            || placed.iter().flat_map(|placed| placed.entries.iter().map(move |entry| (placed, entry)));
        Self {
            feeds: entries().map(|(_, entry)| entry.feed).collect(),
            seqs: entries().map(|(_, entry)| entry.seq).collect(),
            places: entries().map(|(placed, _)| placed.log_pos).collect(),
            chains: entries().map(|(_, entry)| entry.chain.as_slice()).collect(),
            lasts: entries().map(|(_, entry)| entry.last_of_command).collect(),
        }
    }
}

/// Columns of the feeds' heads.
struct Heads<'a> {
    feeds: Vec<Uuid>,
    next_seqs: Vec<i64>,
    chains: Vec<&'a [u8]>,
}

impl<'a> Heads<'a> {
    fn of(feeds: &'a Feeds) -> Self {
        Self {
            feeds: feeds.keys().copied().collect(),
            next_seqs: feeds.values().map(|(next_seq, _)| *next_seq).collect(),
            chains: feeds.values().map(|(_, chain)| chain.as_slice()).collect(),
        }
    }
}
