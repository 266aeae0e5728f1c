//! The access log: each side writes what it does, the owner reads.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Viewed,
    Downloaded,
    Requested,
    Granted,
    Refused,
    Expired,
    Revoked,
    Acknowledged,
}

impl Kind {
    /// As it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Viewed => "viewed",
            Kind::Downloaded => "downloaded",
            Kind::Requested => "requested",
            Kind::Granted => "granted",
            Kind::Refused => "refused",
            Kind::Expired => "expired",
            Kind::Revoked => "revoked",
            Kind::Acknowledged => "acknowledged",
        }
    }
}

/// An entry about to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry<'a> {
    pub owner: Uuid,
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub kind: Kind,
    pub firm: Option<Uuid>,
    /// Empty where time acted.
    pub actor_name: &'a str,
    pub resource_id: Option<Uuid>,
    pub revision_id: Option<Uuid>,
    pub entitlement_id: Option<Uuid>,
}

/// Writes it.
pub(crate) async fn insert(tx: &mut TenantTx, entry: &NewEntry<'_>) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into resources.access_entry
               (owner, id, at, kind, firm, actor_name, resource_id, revision_id, entitlement_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        entry.owner,
        entry.id,
        entry.at,
        entry.kind.as_str(),
        entry.firm,
        entry.actor_name,
        entry.resource_id,
        entry.revision_id,
        entry.entitlement_id
    )
    .execute(tx.conn())
    .await;
    super::one_row_of_others(saved)
}

/// An entry, with what things are called now.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub kind: String,
    pub firm: Option<Uuid>,
    pub actor_name: String,
    pub resource_id: Option<Uuid>,
    pub resource_name: Option<String>,
    pub resource_number: Option<String>,
    pub revision_id: Option<Uuid>,
    pub revision_label: Option<String>,
    pub file_id: Option<Uuid>,
    pub file_name: Option<String>,
    pub sent_bytes: Option<i64>,
    pub entitlement_id: Option<Uuid>,
}

/// Which entries. `None`: no condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub resource: Option<Uuid>,
    pub firm: Option<Uuid>,
    pub kinds: Option<Vec<String>>,
    pub from: Option<OffsetDateTime>,
    pub until: Option<OffsetDateTime>,
}

/// Entries before one, the newest first; of the tenant's resources.
pub(crate) async fn newest(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Entry,
        r#"select a.id, a.at, a.kind, a.firm, a.actor_name, a.resource_id, r.name as "resource_name?",
                  r.resource_number as "resource_number?", a.revision_id, v.label as "revision_label?", a.file_id,
                  f.name as "file_name?", a.sent_bytes, a.entitlement_id
           from resources.access_entry a
           left join resources.resource r on r.owner = a.owner and r.id = a.resource_id
           left join resources.revision v on v.owner = a.owner and v.id = a.revision_id
           left join resources.revision_file f on f.owner = a.owner and f.id = a.file_id
           where a.owner = $1 and ($2::uuid is null or a.resource_id = $2) and ($3::uuid is null or a.firm = $3)
               and ($4::text[] is null or a.kind = any($4)) and ($5::timestamptz is null or a.at >= $5)
               and ($6::timestamptz is null or a.at < $6) and ($7::uuid is null or a.id < $7)
           order by a.id desc limit $8"#,
        me,
        filter.resource,
        filter.firm,
        filter.kinds.as_deref(),
        filter.from,
        filter.until,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Entries after one, the oldest first; of the tenant's resources.
pub(crate) async fn oldest(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Entry,
        r#"select a.id, a.at, a.kind, a.firm, a.actor_name, a.resource_id, r.name as "resource_name?",
                  r.resource_number as "resource_number?", a.revision_id, v.label as "revision_label?", a.file_id,
                  f.name as "file_name?", a.sent_bytes, a.entitlement_id
           from resources.access_entry a
           left join resources.resource r on r.owner = a.owner and r.id = a.resource_id
           left join resources.revision v on v.owner = a.owner and v.id = a.revision_id
           left join resources.revision_file f on f.owner = a.owner and f.id = a.file_id
           where a.owner = $1 and ($2::uuid is null or a.resource_id = $2) and ($3::uuid is null or a.firm = $3)
               and ($4::text[] is null or a.kind = any($4)) and ($5::timestamptz is null or a.at >= $5)
               and ($6::timestamptz is null or a.at < $6) and ($7::uuid is null or a.id > $7)
           order by a.id limit $8"#,
        me,
        filter.resource,
        filter.firm,
        filter.kinds.as_deref(),
        filter.from,
        filter.until,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Whether the tenant's person of this name looked at it within the last seconds already: at the resource, where no revision
/// is named.
pub(crate) async fn viewed_lately(
    tx: &mut TenantTx,
    owner: Uuid,
    resource: Uuid,
    revision: Option<Uuid>,
    actor_name: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select resources.viewed_lately($1, $2, $3, $4) as "viewed!""#,
        owner,
        resource,
        revision,
        actor_name
    )
    .fetch_one(tx.conn())
    .await?)
}
