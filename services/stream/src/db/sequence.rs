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

/// Takes the fence. A statement of its own, so that the next one has a fresh snapshot: one taken while waiting here
/// would miss what the sequencer before us saw.
pub async fn lock_head(conn: &mut PgConnection) -> Result<Head, sqlx::Error> {
    sqlx::query_as!(
        Head,
        r#"select log_pos, greatest(month, date_trunc('month', now() at time zone 'utc')::date) as "month!",
                  now() as "now!"
           from event.head for update"#
    )
    .fetch_one(conn)
    .await
}

/// Takes the oldest waiting commands out of the outbox, at most `commands` and about `bytes`, sorted by id. By
/// ctid, since the planner's idea of a table that is nearly always empty is often wrong and rows are never updated.
pub async fn take(conn: &mut PgConnection, commands: i64, bytes: i64) -> Result<Vec<Row>, sqlx::Error> {
    let mut rows = sqlx::query_as!(
        Row,
        "delete from event.outbox where ctid = any(array(
             select sized.row from (
                 select first.row, sum(first.size) over (order by first.id) - first.size as before
                 from (select ctid as row, id, octet_length(payload) as size
                       from event.outbox order by id limit $1) first
             ) sized where sized.before < $2))
         returning id, payload",
        commands,
        bytes
    )
    .fetch_all(conn)
    .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
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

/// Appends facts and their entries, and moves the heads of the log and of the feeds.
pub async fn append(
    conn: &mut PgConnection,
    facts: &[Placed],
    feeds: &Feeds,
    upto: LogPlace,
) -> Result<(), sqlx::Error> {
    insert_facts(&mut *conn, facts, upto.month).await?;
    let entries = || facts.iter().flat_map(|placed| placed.entries.iter().map(move |entry| (placed, entry)));
    let entry_feeds: Vec<Uuid> = entries().map(|(_, entry)| entry.feed).collect();
    let seqs: Vec<i64> = entries().map(|(_, entry)| entry.seq).collect();
    let places: Vec<i64> = entries().map(|(placed, _)| placed.log_pos).collect();
    let chains: Vec<&[u8]> = entries().map(|(_, entry)| entry.chain.as_slice()).collect();
    let lasts: Vec<bool> = entries().map(|(_, entry)| entry.last_of_command).collect();
    let head_feeds: Vec<Uuid> = feeds.keys().copied().collect();
    let next_seqs: Vec<i64> = feeds.values().map(|(next_seq, _)| *next_seq).collect();
    let head_chains: Vec<&[u8]> = feeds.values().map(|(_, chain)| chain.as_slice()).collect();
    // One round trip: the three touch different tables.
    sqlx::query!(
        "with entries as (
             insert into event.feed_entry (feed, seq, month, log_pos, chain, last_of_command)
             select u.feed, u.seq, $1, u.log_pos, u.chain, u.last
             from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bytea[], $6::boolean[])
                  u (feed, seq, log_pos, chain, last)
         ), heads as (
             update event.feed_head h set next_seq = u.next_seq, chain = u.chain
             from unnest($7::uuid[], $8::bigint[], $9::bytea[]) u (feed, next_seq, chain)
             where h.feed = u.feed
         )
         update event.head set log_pos = $10, month = $1",
        upto.month,
        &entry_feeds,
        &seqs,
        &places,
        &chains as &[&[u8]],
        &lasts,
        &head_feeds,
        &next_seqs,
        &head_chains as &[&[u8]],
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

async fn insert_facts(conn: &mut PgConnection, facts: &[Placed], month: Date) -> Result<(), sqlx::Error> {
    let audience = flat(facts.iter().map(|placed| placed.fact.audience.as_slice()));
    let sites = flat(facts.iter().map(|placed| placed.fact.sites.as_slice()));
    let places: Vec<i64> = facts.iter().map(|placed| placed.log_pos).collect();
    let ids: Vec<Uuid> = facts.iter().map(|placed| placed.fact.event_id).collect();
    let subject_ids: Vec<Option<Uuid>> = facts.iter().map(|placed| placed.fact.subject_id).collect();
    let kinds: Vec<&str> = facts.iter().map(|placed| placed.fact.kind.as_str()).collect();
    let sources: Vec<&str> = facts.iter().map(|placed| placed.fact.source.as_str()).collect();
    let subjects: Vec<&str> = facts.iter().map(|placed| placed.fact.subject.as_str()).collect();
    let times: Vec<OffsetDateTime> = facts.iter().map(|placed| placed.fact.at).collect();
    let traces: Vec<&str> = facts.iter().map(|placed| placed.fact.traceparent.as_str()).collect();
    let versions: Vec<i64> = facts.iter().map(|placed| placed.fact.version).collect();
    let groups: Vec<&str> = facts.iter().map(|placed| placed.fact.purchasing_group.as_str()).collect();
    let scopes: Vec<Option<Uuid>> = facts.iter().map(|placed| placed.fact.scope_firm).collect();
    let payloads: Vec<&[u8]> = facts.iter().map(|placed| placed.fact.payload.as_ref()).collect();
    let hashes: Vec<&[u8]> = facts.iter().map(|placed| placed.fact.payload_sha256.as_ref()).collect();
    sqlx::query!(
        "insert into event.event_log
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
                 payload, payload_sha256)",
        month,
        &audience.items,
        &sites.items,
        &places,
        &ids,
        &subject_ids as &[Option<Uuid>],
        &kinds as &[&str],
        &sources as &[&str],
        &subjects as &[&str],
        &times,
        &traces as &[&str],
        &versions,
        &audience.from,
        &audience.upto,
        &sites.from,
        &sites.upto,
        &groups as &[&str],
        &scopes as &[Option<Uuid>],
        &payloads as &[&[u8]],
        &hashes as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}
