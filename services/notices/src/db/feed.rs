//! The firm's own feed, and what is noted of it.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::note::Event;

/// Takes the firm's place in its feed for this transaction; `None` where another process has it, or nothing is
/// followed.
pub(crate) async fn lock_place(tx: &mut TenantTx) -> Result<Option<i64>> {
    let firm = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select seq from notices.follower where firm = $1 for update skip locked"#,
        firm
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The next events of the firm's feed with their places.
pub(crate) async fn events(tx: &mut TenantTx, after: i64, limit: i64) -> Result<Vec<(i64, Event)>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select e.seq, l.event_id, l.type as kind, l.subject, l.at, l.payload, l.sites, l.purchasing_group,
                  l.scope_firm
           from event.feed_entry e
           join event.event_log l on l.log_pos = e.log_pos and l.month = e.month
           where e.feed = $1 and e.seq > $2
           order by e.seq limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let event = rows.into_iter().map(|row| {
        let event = Event {
            id: row.event_id,
            r#type: row.kind,
            subject: row.subject,
            at: row.at,
            payload: row.payload,
            sites: row.sites,
            purchasing_group: row.purchasing_group,
            scope_firm: row.scope_firm,
        };
        (row.seq, event)
    });
    Ok(event.collect())
}

/// Moves the firm's place on.
pub(crate) async fn move_place(tx: &mut TenantTx, seq: i64) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(r#"update notices.follower set seq = $2 where firm = $1"#, firm, seq)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A notice for a channel.
pub(crate) struct NewNotice {
    pub channel: Uuid,
    pub event: Uuid,
    pub kind: i32,
    pub subject: String,
    pub number: String,
    pub line: String,
    pub due_at: OffsetDateTime,
}

/// Notes events for channels; one that was noted before is not noted again.
pub(crate) async fn insert_notices(
    tx: &mut TenantTx,
    notices: &[NewNotice],
    now: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    let text = |of: fn(&NewNotice) -> &String| -> Vec<String> {
        notices.iter().map(|notice| of(notice).clone()).collect()
    };
    let channels: Vec<Uuid> = notices.iter().map(|notice| notice.channel).collect();
    let events: Vec<Uuid> = notices.iter().map(|notice| notice.event).collect();
    let kinds: Vec<i32> = notices.iter().map(|notice| notice.kind).collect();
    let due: Vec<OffsetDateTime> = notices.iter().map(|notice| notice.due_at).collect();
    sqlx::query!(
        r#"insert into notices.notice (firm, channel, event_id, kind, subject, number, line, at, due_at)
           select $1, channel, event_id, kind, subject, number, line, $2, due_at
           from unnest($3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
               as t (channel, event_id, kind, subject, number, line, due_at)
           on conflict do nothing"#,
        firm,
        now,
        &channels,
        &events,
        &kinds,
        &text(|notice| &notice.subject),
        &text(|notice| &notice.number),
        &text(|notice| &notice.line),
        &due
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
