//! The statements of the sequencer's transaction.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    entry::{LogPlace, Placed},
    sequencer::Feeds,
};

/// Where the log stands.
pub struct Head {
    /// The newest place.
    pub log_pos: i64,
    /// The month to write: the present one, but never before the last one written.
    pub month: Date,
    /// The database's time.
    pub now: OffsetDateTime,
}

/// A committed command that waits.
pub struct Row {
    /// Follows the order of commits within one aggregate.
    pub id: i64,
    /// tandem.event.v1.Command
    pub payload: Vec<u8>,
}

/// Whether anything waits. Without a lock, so that an idle poll writes nothing.
pub async fn waiting(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from event.outbox) as "waiting!""#).fetch_one(pool).await
}

/// Takes the fence, and the oldest waiting commands out of the outbox, at most `commands` and about `bytes`, sorted by id;
/// `None` where nothing waits.
pub async fn take(
    conn: &mut PgConnection,
    commands: i64,
    bytes: i64,
) -> Result<Option<(Head, Vec<Row>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select log_pos as "log_pos!", month as "month!", at as "now!", id as "id!", payload as "payload!"
           from event.take($1, $2)"#,
        commands,
        bytes
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let head = Head { log_pos: first.log_pos, month: first.month, now: first.now };
    let mut rows: Vec<Row> = rows.into_iter().map(|row| Row { id: row.id, payload: row.payload }).collect();
    rows.sort_by_key(|row| row.id);
    Ok(Some((head, rows)))
}

/// Locks the heads of feeds in the order of their ids, and makes those that are missing.
pub async fn lock_feeds(conn: &mut PgConnection, feeds: &[Uuid]) -> Result<Feeds, sqlx::Error> {
    let locked = select_feeds(&mut *conn, feeds).await?;
    if locked.len() == feeds.len() {
        return Ok(locked);
    }
    let missing: Vec<Uuid> = feeds.iter().filter(|feed| !locked.contains_key(feed)).copied().collect();
    sqlx::query!(
        r"insert into event.feed_head (feed, chain, min_chain)
          select feed, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
          from unnest($1::uuid[]) feed
          on conflict do nothing",
        &missing
    )
    .execute(&mut *conn)
    .await?;
    select_feeds(conn, feeds).await
}

async fn select_feeds(conn: &mut PgConnection, feeds: &[Uuid]) -> Result<Feeds, sqlx::Error> {
    let rows = sqlx::query!(
        "select feed, next_seq, chain from event.feed_head where feed = any($1) order by feed for update",
        feeds
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let chain =
                row.chain.try_into().map_err(|_| sqlx::Error::Decode("a chain has not 32 bytes".into()))?;
            Ok((row.feed, (row.next_seq, chain)))
        })
        .collect::<Result<BTreeMap<_, _>, _>>()
}

/// Appends facts and their entries, and moves the heads of the log and of the feeds. One round trip: the four touch
/// different tables.
pub async fn append(
    conn: &mut PgConnection,
    facts: &[Placed],
    feeds: &Feeds,
    upto: LogPlace,
) -> Result<(), sqlx::Error> {
    let (log, entries, heads) = (Log::of(facts), Entries::of(facts), Heads::of(feeds));
    sqlx::query!(
        "with facts as (
             insert into event.event_log
                 (log_pos, month, event_id, subject_id, type, source, subject, at, traceparent, version,
                  audience, sites, purchasing_group, scope_firm, payload, payload_sha256)
             select u.log_pos, $1, u.event_id, u.subject_id, u.type, u.source, u.subject, u.at, u.traceparent, u.version,
                    ($2::uuid[])[u.audience_from:u.audience_upto], ($3::text[])[u.sites_from:u.sites_upto],
                    u.purchasing_group, u.scope_firm, u.payload, u.payload_sha256
             from unnest($4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
                         $11::text[], $12::bigint[], $13::int[], $14::int[], $15::int[], $16::int[], $17::text[],
                         $18::uuid[], $19::bytea[], $20::bytea[])
                  u (log_pos, event_id, subject_id, type, source, subject, at, traceparent, version,
                     audience_from, audience_upto, sites_from, sites_upto, purchasing_group, scope_firm,
                     payload, payload_sha256)
         ), entries as (
             insert into event.feed_entry (feed, seq, month, log_pos, chain, last_of_command)
             select u.feed, u.seq, $1, u.log_pos, u.chain, u.last
             from unnest($21::uuid[], $22::bigint[], $23::bigint[], $24::bytea[], $25::boolean[])
                  u (feed, seq, log_pos, chain, last)
         ), heads as (
             update event.feed_head h set next_seq = u.next_seq, chain = u.chain
             from unnest($26::uuid[], $27::bigint[], $28::bytea[]) u (feed, next_seq, chain)
             where h.feed = u.feed
         )
         update event.head set log_pos = $29, month = $1",
        upto.month,
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
        &heads.feeds,
        &heads.next_seqs,
        &heads.chains as &[&[u8]],
        upto.log_pos
    )
    .execute(conn)
    .await?;
    Ok(())
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
