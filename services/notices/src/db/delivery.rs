//! Messages: made of notices, taken out to be sent, and what came of them.

use chassis::{Result, db::TenantTx};
use proto::notices::NoticeKind;
use time::OffsetDateTime;
use uuid::Uuid;

use super::unknown;

/// Whether this transaction alone makes messages of the firm's notices.
pub(crate) async fn try_lock_composing(tx: &mut TenantTx) -> Result<bool> {
    let firm = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('notices.compose ' || $1::uuid::text, 0)) as "mine!""#,
        firm
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A notice that no message tells yet.
pub(crate) struct Untold {
    pub channel: Uuid,
    pub event: Uuid,
    pub kind: i32,
    pub subject: String,
    pub number: String,
    pub line: String,
}

/// All notices of each channel and kind of which one's time has come, in the order of their channels, kinds and events.
pub(crate) async fn untold(tx: &mut TenantTx, now: OffsetDateTime) -> Result<Vec<Untold>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Untold,
        r#"select n.channel, n.event_id as event, n.kind, n.subject, n.number, n.line
           from notices.notice n
           join (select distinct channel, kind from notices.notice
                 where firm = $1 and delivery is null and due_at <= $2) d
               on d.channel = n.channel and d.kind = n.kind
           where n.firm = $1 and n.delivery is null
           order by n.channel, n.kind, n.at, n.event_id
           limit 5000"#,
        firm,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A message on its way out.
pub(crate) struct NewDelivery<'a> {
    pub id: Uuid,
    pub channel: Uuid,
    pub kind: NoticeKind,
    pub title: &'a str,
    pub body: &'a str,
    pub link: &'a str,
    pub due_at: OffsetDateTime,
    /// The events that it tells of.
    pub events: &'a [Uuid],
}

/// Writes a message and marks the notices that it tells.
pub(crate) async fn insert(tx: &mut TenantTx, new: &NewDelivery<'_>, now: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into notices.delivery
               (firm, id, channel, kind, state, notices, title, body, link, due_at, created_at)
           values ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, $9, $10)"#,
        firm,
        new.id,
        new.channel,
        i32::from(new.kind),
        i32::try_from(new.events.len()).unwrap_or(i32::MAX),
        new.title,
        new.body,
        new.link,
        new.due_at,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"update notices.notice set delivery = $4
           where firm = $1 and channel = $2 and event_id = any ($3)"#,
        firm,
        new.channel,
        new.events,
        new.id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks notices of a channel that is gone, so that they do not come again: they keep no message.
pub(crate) async fn give_up(tx: &mut TenantTx, channel: Uuid, after: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"update notices.delivery set state = 'failed', failure = 'CHANNEL_DELETED'
           where firm = $1 and channel = $2 and state in ('waiting', 'link') and due_at <= $3"#,
        firm,
        channel,
        after
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A message to send now.
pub(crate) struct Job {
    pub id: Uuid,
    pub channel: Uuid,
    pub kind: i32,
    pub title: String,
    pub body: String,
    pub link: String,
    pub locale: String,
    pub medium: String,
    /// This one included.
    pub attempts: i32,
}

/// How a channel was called of late.
pub(crate) struct Recent {
    pub in_a_second: i64,
    pub in_a_minute: i64,
    /// The oldest call of the last minute.
    pub oldest: Option<OffsetDateTime>,
}

/// Messages whose time has come and that nobody is sending: (id, channel, medium), oldest first.
pub(crate) async fn due(
    tx: &mut TenantTx,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(Uuid, Uuid, String)>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select d.id, d.channel, c.medium
           from notices.delivery d
           join notices.channel c on c.firm = d.firm and c.id = d.channel
           where d.firm = $1 and d.state in ('waiting', 'link') and d.due_at <= $2
               and (d.leased_until is null or d.leased_until < $2)
           order by d.id limit $3"#,
        firm,
        now,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.channel, row.medium)).collect())
}

/// How often a channel was called within the last minute, while nobody else counts.
pub(crate) async fn lock_recent(tx: &mut TenantTx, channel: Uuid, now: OffsetDateTime) -> Result<Recent> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select from notices.channel where firm = $1 and id = $2 for no key update"#,
        firm,
        channel
    )
    .execute(tx.conn())
    .await?;
    let recent = sqlx::query_as!(
        Recent,
        r#"select count(*) filter (where at > $3::timestamptz - interval '1 second') as "in_a_second!",
                  count(*) as "in_a_minute!", min(at) as oldest
           from notices.attempt
           where firm = $1 and channel = $2 and at > $3::timestamptz - interval '1 minute'"#,
        firm,
        channel,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(recent)
}

/// Takes a message out to be sent: nobody else does until the lease ends. `None` where somebody has.
pub(crate) async fn lease(
    tx: &mut TenantTx,
    id: Uuid,
    attempt: Uuid,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Option<Job>> {
    let firm = tx.firm();
    let job = sqlx::query_as!(
        Job,
        r#"update notices.delivery d set leased_until = $4, attempts = d.attempts + 1
           from notices.channel c
           where d.firm = $1 and d.id = $2 and d.state in ('waiting', 'link') and d.due_at <= $3
               and (d.leased_until is null or d.leased_until < $3) and c.firm = d.firm and c.id = d.channel
           returning d.id, d.channel, d.kind, d.title, d.body, d.link, c.locale, c.medium, d.attempts"#,
        firm,
        id,
        now,
        until
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(job) = &job {
        sqlx::query!(
            r#"insert into notices.attempt (firm, id, channel, delivery, at) values ($1, $2, $3, $4, $5)"#,
            firm,
            attempt,
            job.channel,
            id,
            now
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(job)
}

/// Lets a message wait until a moment without an attempt.
pub(crate) async fn postpone(tx: &mut TenantTx, id: Uuid, until: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"update notices.delivery set due_at = $3 where firm = $1 and id = $2 and state in ('waiting', 'link')"#,
        firm,
        id,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What an attempt came to.
pub(crate) enum Outcome<'a> {
    Sent(OffsetDateTime),
    /// Again at this moment.
    Waits(OffsetDateTime, &'a str),
    Failed(&'a str),
}

/// Records what an attempt came to; a message that was given up meanwhile stays so, unless it was taken after all.
pub(crate) async fn record(tx: &mut TenantTx, id: Uuid, outcome: &Outcome<'_>) -> Result<()> {
    let firm = tx.firm();
    let (state, sent_at, due_at, failure) = match outcome {
        Outcome::Sent(at) => ("sent", Some(*at), None, ""),
        Outcome::Waits(at, failure) => ("waiting", None, Some(*at), *failure),
        Outcome::Failed(failure) => ("failed", None, None, *failure),
    };
    sqlx::query!(
        r#"update notices.delivery
           set state = case $3::text when 'waiting' then state else $3 end, sent_at = $4,
               due_at = coalesce($5, due_at), failure = $6, leased_until = null
           where firm = $1 and id = $2 and (state in ('waiting', 'link') or $3 = 'sent')"#,
        firm,
        id,
        state,
        sent_at,
        due_at,
        failure
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Sent,
    Failed,
}

/// A message as it is listed.
pub(crate) struct Delivery {
    pub id: Uuid,
    pub channel: Uuid,
    pub kind: i32,
    pub state: State,
    pub notices: i32,
    pub title: String,
    pub created_at: OffsetDateTime,
    pub due_at: OffsetDateTime,
    pub sent_at: Option<OffsetDateTime>,
    pub attempts: i32,
    pub failure: String,
}

/// Which messages to list.
#[derive(Default)]
pub(crate) struct Which {
    pub id: Option<Uuid>,
    pub channel: Option<Uuid>,
    pub before: Option<Uuid>,
    pub limit: i64,
}

/// Messages, the newest first.
pub(crate) async fn list(tx: &mut TenantTx, which: &Which) -> Result<Vec<Delivery>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select id, channel, kind, state, notices, title, created_at, due_at, sent_at, attempts, failure
           from notices.delivery
           where firm = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or channel = $3)
               and ($4::uuid is null or id < $4)
           order by id desc limit $5"#,
        firm,
        which.id,
        which.channel,
        which.before,
        which.limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = match row.state.as_str() {
                "waiting" | "link" => State::Waiting,
                "sent" => State::Sent,
                "failed" => State::Failed,
                other => return Err(unknown("notices.delivery", other)),
            };
            Ok(Delivery {
                id: row.id,
                channel: row.channel,
                kind: row.kind,
                state,
                notices: row.notices,
                title: row.title,
                created_at: row.created_at,
                due_at: row.due_at,
                sent_at: row.sent_at,
                attempts: row.attempts,
                failure: row.failure,
            })
        })
        .collect()
}
