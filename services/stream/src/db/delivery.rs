//! Sending: which webhooks are due, who sends, how far they have come, and what was sent.

use chassis::{Error, Result, db::TenantTx};
use proto::stream::{WebhookDeliveryKind, WebhookOutcome};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    place::{Noted, Place},
    webhook::{Delivery, Disabled},
};

/// Webhooks with something to send now, those of firms that have the fewest in `busy` first. Outside any firm: ids only.
pub(crate) async fn due(
    tx: &mut TenantTx,
    now: OffsetDateTime,
    most: i32,
    busy: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", webhook as "webhook!" from event.webhooks_in_turn($1, $2, $3)"#,
        now,
        most,
        busy
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.webhook)).collect())
}

/// What a process takes over with a webhook.
pub(crate) struct Claim {
    pub epoch: i64,
    pub place: Place,
}

/// Takes a webhook over for so many seconds; `None` where it is disabled, gone, or another process sends.
pub(crate) async fn claim(tx: &mut TenantTx, id: Uuid, lease: Uuid, seconds: f64) -> Result<Option<Claim>> {
    let firm = tx.firm();
    let row = sqlx::query!(
        "update event.webhook set lease = $3, leased_until = clock_timestamp() + make_interval(secs => $4)
         where firm = $1 and id = $2 and disabled = '' and deleted_at is null
             and (lease is null or leased_until < clock_timestamp())
         returning seen, epoch, noted, noted_accepted, noted_attempts, noted_next_at",
        firm,
        id,
        lease,
        seconds
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let states = row.noted_accepted.into_iter().zip(row.noted_attempts).zip(row.noted_next_at);
    let noted = row.noted.into_iter().zip(states);
    let noted =
        noted.map(|(seq, ((accepted, attempts), next_at))| (seq, Noted { accepted, attempts, next_at }));
    Ok(Some(Claim { epoch: row.epoch, place: Place::new(row.seen, noted) }))
}

/// Lets a webhook go.
pub(crate) async fn release(tx: &mut TenantTx, id: Uuid, lease: Uuid) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.webhook set lease = null, leased_until = clock_timestamp() where firm = $1 and id = $2 and lease = $3",
        firm,
        id,
        lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where a webhook's sender stands.
pub(crate) struct Progress<'a> {
    pub lease: Uuid,
    pub epoch: i64,
    pub place: &'a Place,
    /// Set where it is given up.
    pub disabled: Option<Disabled>,
}

/// Saves how far a webhook has come; its version, or `None` where it is not ours any more, or was moved by hand, and
/// nothing was saved.
pub(crate) async fn save(tx: &mut TenantTx, id: Uuid, progress: &Progress<'_>) -> Result<Option<i64>> {
    let firm = tx.firm();
    let place = progress.place;
    let (seqs, noted): (Vec<i64>, Vec<Noted>) = place.all_noted().unzip();
    let accepted: Vec<bool> = noted.iter().map(|one| one.accepted).collect();
    let attempts: Vec<i32> = noted.iter().map(|one| one.attempts).collect();
    let next_at: Vec<OffsetDateTime> = noted.iter().map(|one| one.next_at).collect();
    let version = sqlx::query_scalar!(
        "update event.webhook
         set seq = $5, seen = $6, pending = $7, retry_at = $8, disabled = case when $9::text = '' then disabled else $9 end,
             version = version + case when $9 = '' then 0 else 1 end,
             noted = $10, noted_accepted = $11, noted_attempts = $12, noted_next_at = $13
         where firm = $1 and id = $2 and lease = $3 and epoch = $4
         returning version",
        firm,
        id,
        progress.lease,
        progress.epoch,
        place.seq(),
        place.seen(),
        place.pending(),
        place.retry_at(),
        progress.disabled.map_or("", Disabled::as_str),
        &seqs,
        &accepted,
        &attempts,
        &next_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(version)
}

/// Notes an attempt.
pub(crate) async fn insert(tx: &mut TenantTx, one: &Delivery) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "insert into event.webhook_delivery
             (firm, id, webhook, kind, outcome, event_id, type, seq, attempt, at, duration_ms, status, failure, answer,
              retry_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        firm,
        one.id,
        one.webhook,
        i32::from(one.kind),
        i32::from(one.outcome),
        one.event_id,
        one.r#type,
        one.seq,
        one.attempt,
        one.at,
        one.duration_ms,
        one.status,
        one.failure,
        one.answer,
        one.retry_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what came of an attempt that was noted when it began.
pub(crate) async fn finish(tx: &mut TenantTx, one: &Delivery) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.webhook_delivery set outcome = $3, duration_ms = $4, status = $5, failure = $6, answer = $7
         where firm = $1 and id = $2",
        firm,
        one.id,
        i32::from(one.outcome),
        one.duration_ms,
        one.status,
        one.failure,
        one.answer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which attempts are listed.
#[derive(Default)]
pub(crate) struct Which {
    pub id: Option<Uuid>,
    pub webhook: Option<Uuid>,
    pub before: Option<Uuid>,
    pub limit: i64,
}

/// Attempts, the newest first.
pub(crate) async fn list(tx: &mut TenantTx, which: &Which) -> Result<Vec<Delivery>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        "select id, webhook, kind, outcome, event_id, type as event_type, seq, attempt, at, duration_ms, status, failure, answer,
                retry_at
         from event.webhook_delivery
         where firm = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or webhook = $3)
             and ($4::uuid is null or id < $4)
         order by id desc limit $5",
        firm,
        which.id,
        which.webhook,
        which.before,
        which.limit
    )
    .fetch_all(tx.conn())
    .await?;
    let unknown = |_| {
        Error::internal(anyhow::anyhow!("event.webhook_delivery has a number that is newer than this build"))
    };
    rows.into_iter()
        .map(|row| {
            Ok(Delivery {
                id: row.id,
                webhook: row.webhook,
                kind: WebhookDeliveryKind::try_from(row.kind).map_err(unknown)?,
                outcome: WebhookOutcome::try_from(row.outcome).map_err(unknown)?,
                event_id: row.event_id,
                r#type: row.event_type,
                seq: row.seq,
                attempt: row.attempt,
                at: row.at,
                duration_ms: row.duration_ms,
                status: row.status,
                failure: row.failure,
                answer: row.answer,
                retry_at: row.retry_at,
            })
        })
        .collect()
}

/// Forgets attempts of before, at most so many; how many it were.
pub(crate) async fn forget(pool: &PgPool, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from event.webhook_delivery where ctid = any(array(
             select ctid from event.webhook_delivery where at < $1 order by at limit $2))",
        before,
        limit
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
