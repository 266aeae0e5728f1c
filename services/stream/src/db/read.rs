//! What readers read: the live tail over all feeds, and pages of one feed inside its firm's transaction.

use std::sync::Arc;

use chassis::db::TenantTx;
use futures::TryStreamExt as _;
use sqlx::PgPool;
use tokio::task::coop::consume_budget;

use crate::entry::{Batch, Entry, Fact, LogPlace, Placed, Standing};

/// The most facts of one step of the tail, and about how many bytes of payload.
const TAIL_FACTS: i64 = 512;
const TAIL_BYTES: i64 = 4 * 1024 * 1024;

/// The fact of a row. Each statement's rows are of a type of their own, which holds more than the fact's columns.
macro_rules! fact {
    ($row:ident) => {
        Arc::new(Fact {
            event_id: $row.event_id,
            subject_id: $row.subject_id,
            kind: $row.kind,
            source: $row.source,
            subject: $row.subject,
            at: $row.at,
            traceparent: $row.traceparent,
            version: $row.version,
            audience: $row.audience,
            sites: $row.sites,
            purchasing_group: $row.purchasing_group,
            scope_firm: $row.scope_firm,
            payload: $row.payload.into(),
            payload_sha256: $row.payload_sha256.into(),
            shared: Default::default(),
        })
    };
}

/// Where the log stands.
pub async fn log_head(pool: &PgPool) -> Result<Standing, sqlx::Error> {
    let row = sqlx::query!(r#"select log_pos, month, pg_postmaster_start_time() as "run!" from event.head"#)
        .fetch_one(pool)
        .await?;
    Ok(Standing { place: LogPlace { log_pos: row.log_pos, month: row.month }, run: row.run })
}

/// The next stretch of the log with all its entries; `None` at its end. The log's places have no gaps and become
/// visible in order, so that nothing is skipped.
pub async fn tail(pool: &PgPool, after: LogPlace) -> Result<Option<Batch>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select l.log_pos, l.month, l.event_id, l.subject_id, l.type as kind, l.source, l.subject, l.at,
                  l.traceparent, l.version, l.audience, l.sites, l.purchasing_group, l.scope_firm, l.payload,
                  l.payload_sha256, e.feeds as "feeds!", e.seqs as "seqs!", e.chains as "chains!", e.lasts as "lasts!",
                  pg_postmaster_start_time() as "run!"
           from (select first.log_pos, first.month, first.event_id, first.subject_id, first.type, first.source,
                        first.subject, first.at, first.traceparent, first.version, first.audience, first.sites,
                        first.purchasing_group, first.scope_firm, first.payload, first.payload_sha256,
                        sum(octet_length(first.payload)) over (order by first.log_pos)
                            - octet_length(first.payload) as before
                 from (select log_pos, month, event_id, subject_id, type, source, subject, at, traceparent, version,
                              audience, sites, purchasing_group, scope_firm, payload, payload_sha256
                       from event.event_log where log_pos > $1 and month >= $2
                       order by log_pos limit $3) first) l
           cross join lateral (
               select coalesce(array_agg(f.feed), '{}') as feeds, coalesce(array_agg(f.seq), '{}') as seqs,
                      coalesce(array_agg(f.chain), '{}') as chains,
                      coalesce(array_agg(f.last_of_command), '{}') as lasts
               from event.feed_entry f where f.log_pos = l.log_pos and f.month = l.month) e
           where l.before < $4
           order by l.log_pos"#,
        after.log_pos,
        after.month,
        TAIL_FACTS,
        TAIL_BYTES
    )
    .fetch_all(pool)
    .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let (upto, run) = (LogPlace { log_pos: last.log_pos, month: last.month }, last.run);
    let facts = rows.into_iter().map(|row| {
        let fact = fact!(row);
        let places = row.feeds.into_iter().zip(row.seqs).zip(row.chains.into_iter().zip(row.lasts));
        let entries = places.map(|((feed, seq), (chain, last))| {
            Ok(Arc::new(Entry::new(feed, seq, sized(chain)?, last, fact.clone())))
        });
        let entries = entries.collect::<Result<_, sqlx::Error>>()?;
        Ok(Placed { log_pos: row.log_pos, month: row.month, fact, entries })
    });
    Ok(Some(Batch { run, after: after.log_pos, upto, facts: facts.collect::<Result<_, sqlx::Error>>()? }))
}

/// Entries of a feed after a place.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The chain at the place, of the same moment; absent where no entry follows, or none stands there.
    pub before: Option<Vec<u8>>,
    /// In their order.
    pub entries: Vec<Arc<Entry>>,
}

/// Entries of the firm's feed after a place: at most `entries`, and about `bytes` of payload, but one at least. Each is
/// shown to `each` as it comes, in their order.
pub async fn page(
    tx: &mut TenantTx,
    after: i64,
    entries: i64,
    bytes: i64,
    mut each: impl FnMut(&Entry),
) -> Result<Stretch, sqlx::Error> {
    let feed = tx.firm();
    let mut rows = sqlx::query!(
        r#"select p.seq, p.chain, p.last_of_command, p.event_id, p.subject_id, p.type as kind, p.source, p.subject, p.at,
                p.traceparent, p.version, p.audience, p.sites, p.purchasing_group, p.scope_firm, p.payload,
                p.payload_sha256,
                (select b.chain from event.feed_entry b where b.feed = $1 and b.seq = $2) as "before?"
         from (select f.seq, f.chain, f.last_of_command, l.event_id, l.subject_id, l.type, l.source, l.subject, l.at,
                      l.traceparent, l.version, l.audience, l.sites, l.purchasing_group, l.scope_firm, l.payload,
                      l.payload_sha256,
                      sum(octet_length(l.payload)) over (order by f.seq) - octet_length(l.payload) as before
               from (select seq, chain, last_of_command, log_pos, month from event.feed_entry
                     where feed = $1 and seq > $2 order by seq limit $3) f
               join event.event_log l on l.log_pos = f.log_pos and l.month = f.month) p
         where p.before < $4
         order by p.seq"#,
        feed,
        after,
        entries,
        bytes
    )
    .fetch(tx.conn());
    let mut page = Stretch::default();
    while let Some(row) = rows.try_next().await? {
        // Others have the thread after a part of a long page.
        consume_budget().await;
        let fact = fact!(row);
        page.before = row.before;
        let chain = sized(row.chain)?;
        let entry = Entry::new(feed, row.seq, chain, row.last_of_command, fact);
        each(&entry);
        page.entries.push(Arc::new(entry));
    }
    Ok(page)
}

fn sized(chain: Vec<u8>) -> Result<[u8; 32], sqlx::Error> {
    chain.try_into().map_err(|_| sqlx::Error::Decode("a chain has not 32 bytes".into()))
}
