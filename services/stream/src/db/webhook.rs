//! Webhooks and their secrets, which are sealed before they come here.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    convert,
    filter::Filter,
    webhook::{Disabled, Scope, Standing, Webhook},
};

struct Row {
    id: Uuid,
    name: String,
    url: String,
    types: Vec<String>,
    counterparties: Vec<Uuid>,
    subject_prefix: String,
    sites: Vec<String>,
    purchasing_groups: Vec<String>,
    ordered: bool,
    in_flight: i32,
    disabled: String,
    seq: i64,
    retry_at: Option<OffsetDateTime>,
    attempts: i32,
    version: i64,
    created_at: OffsetDateTime,
}

fn webhook(row: Row) -> (Webhook, Standing) {
    let webhook = Webhook {
        id: row.id,
        name: row.name,
        url: row.url,
        filter: Filter {
            types: row.types.iter().filter_map(|text| convert::pattern(text)).collect(),
            counterparties: row.counterparties,
            subject_prefix: row.subject_prefix,
        },
        scope: Scope { sites: row.sites, purchasing_groups: row.purchasing_groups },
        ordered: row.ordered,
        in_flight: row.in_flight,
        disabled: Disabled::parse(&row.disabled),
        seq: row.seq,
        version: row.version,
        created_at: row.created_at,
    };
    let standing = Standing { retry_at: row.retry_at, attempts: row.attempts, ..Standing::default() };
    (webhook, standing)
}

/// Makes changes of a firm's webhooks wait for each other; how many it has.
pub(crate) async fn lock(tx: &mut TenantTx) -> Result<i64> {
    let firm = tx.firm();
    chassis::command::lock(tx, "event.webhook", "").await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from event.webhook where firm = $1 and deleted_at is null"#,
        firm
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A new webhook, which begins after its `seq`.
pub(crate) async fn insert(tx: &mut TenantTx, new: &Webhook) -> Result<()> {
    let firm = tx.firm();
    let types: Vec<String> = new.filter.types.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "insert into event.webhook
             (firm, id, name, url, types, counterparties, subject_prefix, sites, purchasing_groups, ordered, in_flight,
              disabled, seq, seen, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)",
        firm,
        new.id,
        new.name,
        new.url,
        &types,
        &new.filter.counterparties,
        new.filter.subject_prefix,
        &new.scope.sites,
        &new.scope.purchasing_groups,
        new.ordered,
        new.in_flight,
        new.disabled.map_or("", Disabled::as_str),
        new.seq,
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A webhook that was not deleted; `own` is the firm whose it must be, `None` in tests of the second wall.
pub(crate) async fn get(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    id: Uuid,
) -> Result<Option<(Webhook, Standing)>> {
    let row = sqlx::query_as!(
        Row,
        r#"select w.id, w.name, w.url, w.types, w.counterparties, w.subject_prefix, w.sites, w.purchasing_groups, w.ordered,
                  w.in_flight, w.disabled, w.seq, w.retry_at, w.version, w.created_at,
                  coalesce((select n.attempts from unnest(w.noted, w.noted_accepted, w.noted_attempts) n (seq, accepted, attempts)
                            where not n.accepted order by n.seq limit 1), 0) as "attempts!"
           from event.webhook w
           where w.id = $1 and ($2::uuid is null or w.firm = $2) and w.deleted_at is null"#,
        id,
        own
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(webhook))
}

/// Webhooks in the order in which they were set up, after one.
pub(crate) async fn list(
    tx: &mut TenantTx,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Webhook, Standing)>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select w.id, w.name, w.url, w.types, w.counterparties, w.subject_prefix, w.sites, w.purchasing_groups, w.ordered,
                  w.in_flight, w.disabled, w.seq, w.retry_at, w.version, w.created_at,
                  coalesce((select n.attempts from unnest(w.noted, w.noted_accepted, w.noted_attempts) n (seq, accepted, attempts)
                            where not n.accepted order by n.seq limit 1), 0) as "attempts!"
           from event.webhook w
           where w.firm = $1 and w.deleted_at is null and ($2::uuid is null or w.id > $2)
           order by w.id limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(webhook).collect())
}

/// Writes a change onto the version that it was made on; whether that was still there. The place stays.
pub(crate) async fn update(tx: &mut TenantTx, changed: &Webhook) -> Result<bool> {
    let firm = tx.firm();
    let types: Vec<String> = changed.filter.types.iter().map(ToString::to_string).collect();
    let done = sqlx::query!(
        "update event.webhook
         set name = $4, url = $5, types = $6, counterparties = $7, subject_prefix = $8, sites = $9,
             purchasing_groups = $10, ordered = $11, in_flight = $12, disabled = $13, version = version + 1
         where firm = $1 and id = $2 and version = $3 and deleted_at is null",
        firm,
        changed.id,
        changed.version,
        changed.name,
        changed.url,
        &types,
        &changed.filter.counterparties,
        changed.filter.subject_prefix,
        &changed.scope.sites,
        &changed.scope.purchasing_groups,
        changed.ordered,
        changed.in_flight,
        changed.disabled.map_or("", Disabled::as_str)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everything that was not accepted is tried at once, as for the first time.
pub(crate) async fn begin_anew(tx: &mut TenantTx, id: Uuid, now: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.webhook
         set epoch = epoch + 1, retry_at = case when pending > 0 then $3::timestamptz end,
             noted_attempts = array_fill(0, array[cardinality(noted)]),
             noted_next_at = array_fill($3::timestamptz, array[cardinality(noted)])
         where firm = $1 and id = $2",
        firm,
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a webhook to another place of the feed, and forgets what waits.
pub(crate) async fn move_to(tx: &mut TenantTx, id: Uuid, seq: i64) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.webhook
         set seq = $3, seen = $3, noted = '{}', noted_accepted = '{}', noted_attempts = '{}', noted_next_at = '{}',
             pending = 0, retry_at = null, epoch = epoch + 1, version = version + 1
         where firm = $1 and id = $2",
        firm,
        id,
        seq
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets a webhook's address, its secrets and what waits; whether it was there. What was sent is still listed.
pub(crate) async fn delete(tx: &mut TenantTx, id: Uuid, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        "update event.webhook
         set deleted_at = $3, url = '', noted = '{}', noted_accepted = '{}', noted_attempts = '{}', noted_next_at = '{}',
             pending = 0, retry_at = null, epoch = epoch + 1, version = version + 1
         where firm = $1 and id = $2 and deleted_at is null",
        firm,
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    end_secrets(tx, id, at, at).await?;
    Ok(done.rows_affected() == 1)
}

/// A sealed secret.
pub(crate) struct Secret {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
}

/// The secrets that work, the newest first.
pub(crate) async fn secrets(tx: &mut TenantTx, webhook: Uuid, now: OffsetDateTime) -> Result<Vec<Secret>> {
    let firm = tx.firm();
    Ok(sqlx::query_as!(
        Secret,
        "select id, sealed, created_at, expires_at from event.webhook_secret
         where firm = $1 and webhook = $2 and (expires_at is null or expires_at > $3)
         order by id desc",
        firm,
        webhook,
        now
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Adds a secret.
pub(crate) async fn insert_secret(
    tx: &mut TenantTx,
    webhook: Uuid,
    (id, sealed): (Uuid, &[u8]),
    at: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "insert into event.webhook_secret (firm, webhook, id, sealed, created_at) values ($1, $2, $3, $4, $5)",
        firm,
        webhook,
        id,
        sealed,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets the secrets of a webhook end then, unless they end before; what has ended is forgotten.
pub(crate) async fn end_secrets(
    tx: &mut TenantTx,
    webhook: Uuid,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.webhook_secret set expires_at = least(expires_at, $3) where firm = $1 and webhook = $2",
        firm,
        webhook,
        at
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update event.webhook_secret set sealed = '' where firm = $1 and webhook = $2 and expires_at <= $3",
        firm,
        webhook,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
