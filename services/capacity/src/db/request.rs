//! Requests for capacity, in their firm's tenant; what others see of them; and the offers that may meet one.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{db::offer, offer::Visibility};

/// A request. What only its firm knows is `None` for others.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub firm: Uuid,
    pub id: Uuid,
    pub version: i64,
    pub content: Vec<u8>,
    pub closed: bool,
    pub published_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
    pub visibility: Option<String>,
    pub cluster: Option<Uuid>,
}

/// A request of the tenant, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select firm, id, version, content, closed, published_at, changed_at, visibility as "visibility?", cluster
           from capacity.request where firm = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The tenant's own requests, the newest first, or one of them.
pub(crate) async fn own(
    tx: &mut TenantTx,
    only: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select firm, id, version, content, closed, published_at, changed_at, visibility as "visibility?", cluster
           from capacity.request
           where firm = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        me,
        only,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Open requests of others that the tenant may see, the newest first, or one of them.
pub(crate) async fn in_sight(
    tx: &mut TenantTx,
    only: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let rows = sqlx::query_as!(
        Head,
        r#"select firm as "firm!", id as "id!", version as "version!", content as "content!", false as "closed!",
                  published_at as "published_at!", changed_at as "changed_at!", null::text as visibility,
                  null::uuid as cluster
           from capacity.requests_in_sight($1, $2, $3)"#,
        only,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A new request, or the new state of one that is locked.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.request as q
               (firm, id, version, content, visibility, cluster, closed, published_at, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict on constraint request_pkey do update
           set version = excluded.version, content = excluded.content, visibility = excluded.visibility,
               cluster = excluded.cluster, closed = excluded.closed, changed_at = excluded.changed_at
           where q.version = excluded.version - 1"#,
        head.firm,
        head.id,
        head.version,
        head.content,
        head.visibility,
        head.cluster,
        head.closed,
        head.published_at,
        head.changed_at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Whom a request names from now on.
pub(crate) async fn save_readers(tx: &mut TenantTx, request: Uuid, visibility: &Visibility) -> Result<()> {
    let me = tx.firm();
    let named: &[Uuid] = match visibility {
        Visibility::Named(firms) => firms,
        _ => &[],
    };
    sqlx::query!(
        r#"update capacity.request_reader set removed = true
           where firm = $1 and request_id = $2 and not removed and reader <> all($3)"#,
        me,
        request,
        named
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into capacity.request_reader (firm, request_id, reader) select $1, $2, * from unnest($3::uuid[])
           on conflict on constraint request_reader_pkey do update set removed = false"#,
        me,
        request,
        named
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whom the tenant's requests name, by request.
pub(crate) async fn readers(tx: &mut TenantTx, requests: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select request_id, reader from capacity.request_reader
           where firm = $1 and request_id = any($2) and not removed order by request_id, reader"#,
        me,
        requests
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        found.entry(row.request_id).or_default().push(row.reader);
    }
    Ok(found)
}

/// An offer that may meet a request, and what is free of it in the window, by bucket.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub head: offer::Head,
    pub free: Vec<(Date, Decimal)>,
}

/// What the database looks for.
pub(crate) struct Wanted<'a> {
    pub process_key: &'a str,
    pub first: Date,
    pub last: Date,
    /// Units that can be compared, and their factors.
    pub units: &'a [String],
    pub factors: &'a [Decimal],
    /// How much must be free, in the base of the units; `None`: as much as there is.
    pub least: Option<Decimal>,
}

/// Offers of others that the tenant may see, by what an index serves.
pub(crate) async fn offers_to_match(tx: &mut TenantTx, wanted: &Wanted<'_>) -> Result<Vec<Found>> {
    let rows = sqlx::query!(
        r#"select supplier as "supplier!", id as "id!", version as "version!", content as "content!",
                  unit_code as "unit_code!", hold_seconds as "hold_seconds!", published_at as "published_at!",
                  changed_at as "changed_at!", mondays as "mondays!: Vec<Date>", free as "free!: Vec<Decimal>"
           from capacity.offers_to_match($1, $2, $3, $4, $5, $6)"#,
        wanted.process_key,
        wanted.first,
        wanted.last,
        wanted.units,
        wanted.factors,
        wanted.least
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| Found {
        head: offer::Head {
            supplier: row.supplier,
            id: row.id,
            version: row.version,
            content: row.content,
            unit_code: row.unit_code,
            hold_seconds: row.hold_seconds,
            withdrawn: false,
            published_at: row.published_at,
            changed_at: row.changed_at,
            group_id: None,
            visibility: None,
            cluster: None,
            process_key: None,
        },
        free: row.mondays.into_iter().zip(row.free).collect(),
    });
    Ok(found.collect())
}
