//! The log's months: which there are, who has still to read one, where feeds begin, and that one goes.

use sqlx::PgPool;
use time::Date;
use uuid::Uuid;

use crate::retention::Log;

/// The log's months, of one moment: those that are there whole or in part.
pub async fn log(pool: &PgPool) -> Result<Log, sqlx::Error> {
    sqlx::query_as!(
        Log,
        r#"select h.month as written, now() as "now!",
                  array(select distinct to_date(right(c.relname, 7), 'YYYY_MM')
                        from pg_inherits i join pg_class c on c.oid = i.inhrelid
                        where i.inhparent in ('event.event_log'::regclass, 'event.feed_entry'::regclass)) as "months!"
           from event.head h"#
    )
    .fetch_one(pool)
    .await
}

/// How many followers of this deployment's own have not read their feed up to the month's end.
pub async fn unread(pool: &PgPool, month: Date) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select event.unread_upto($1) as "unread!""#, month).fetch_one(pool).await
}

/// The next feeds after one that have entries, sorted.
pub async fn feeds(pool: &PgPool, after: Uuid, most: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select feed from event.feed_head where feed > $1 and min_seq < next_seq order by feed limit $2",
        after,
        most
    )
    .fetch_all(pool)
    .await
}

/// Has these feeds begin behind the month, with the chain that stands there; how many began before. Their heads are locked in
/// the order in which a sequencer moves them, and their columns are others than it writes. Nothing is written any more in a
/// month that has passed, so that the last entry there is the last for ever.
pub async fn shorten(pool: &PgPool, feeds: &[Uuid], month: Date) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update event.feed_head h set min_seq = cut.seq + 1, min_chain = cut.chain
         from (select locked.feed, last.seq, last.chain
               from (select f.feed from event.feed_head f
                     where f.feed = any($1) and exists (
                         select from event.feed_entry e where e.feed = f.feed and e.seq = f.min_seq and e.month <= $2)
                     order by f.feed for no key update) locked
               cross join lateral (
                   select e.seq, e.chain from event.feed_entry e
                   where e.feed = locked.feed and e.month <= $2 order by e.seq desc limit 1) last) cut
         where h.feed = cut.feed and h.min_seq <= cut.seq",
        feeds,
        month
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Drops a part of the month; whether nothing of it is left. Where not, that is to be tried again after a rest: the other part
/// is still there, or somebody is in the way. Waits for nobody to speak of.
///
/// # Errors
/// Where a feed still begins in the month, or the log may still be written there.
pub async fn drop_month(pool: &PgPool, month: Date) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select event.drop_month($1) as "gone!""#, month).fetch_one(pool).await
}
