//! Demand: the head that stands, its versions, and its series as matching reads them.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use prost::Message;
use proto::capacity::DemandContent;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::demand::{SeriesKey, Weeks};

/// A demand without its series.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub id: Uuid,
    pub customer: Uuid,
    pub supplier: Uuid,
    pub material_number_customer: String,
    pub version: i64,
    pub inactive: bool,
    pub changed_at: OffsetDateTime,
    pub received_at: OffsetDateTime,
}

/// The tenant's demands with this id or this key, locked.
pub(crate) async fn lock_known(
    tx: &mut TenantTx,
    id: Option<Uuid>,
    supplier: Uuid,
    material: &str,
) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select id, customer, supplier, material_number_customer, version, inactive, changed_at, received_at
           from capacity.material_demand
           where customer = $1 and (id = $2 or (supplier = $3 and material_number_customer = $4))
           order by id for update"#,
        me,
        id,
        supplier,
        material
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A demand that its customer may change, locked. `own`: the customer whose it must be, by our own decision.
pub(crate) async fn lock(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Head>> {
    let row = sqlx::query_as!(
        Head,
        r#"select id, customer, supplier, material_number_customer, version, inactive, changed_at, received_at
           from capacity.material_demand
           where ($1::uuid is null or customer = $1) and id = $2 for update"#,
        own,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// A demand for either firm. `own`: the firm that must be on one side.
pub(crate) async fn get(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Head>> {
    let row = sqlx::query_as!(
        Head,
        r#"select id, customer, supplier, material_number_customer, version, inactive, changed_at, received_at
           from capacity.material_demand
           where ($1::uuid is null or customer = $1 or supplier = $1) and id = $2
           order by customer limit 1"#,
        own,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// A new demand, or the new state of one that is locked; `unit`: that of its quantities, `None` where it is omitted.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head, unit: Option<&str>) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.material_demand
               (customer, id, supplier, material_number_customer, version, inactive, changed_at, received_at,
                unit_code)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict on constraint material_demand_pkey do update
           set version = excluded.version, inactive = excluded.inactive, changed_at = excluded.changed_at,
               received_at = excluded.received_at, unit_code = excluded.unit_code
           where material_demand.version = excluded.version - 1"#,
        head.customer,
        head.id,
        head.supplier,
        head.material_number_customer,
        head.version,
        head.inactive,
        head.changed_at,
        head.received_at,
        unit
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Keeps the version for ever, and leaves word for the supplier's groups.
pub(crate) async fn insert_version(
    tx: &mut TenantTx,
    head: &Head,
    content: &[u8],
    actor_name: &str,
) -> Result<()> {
    let sha256 = chassis::secret::sha256(content);
    sqlx::query!(
        r#"with kept as (
               insert into capacity.demand_version
                   (customer, demand_id, version, supplier, content, sha256, changed_at, actor_name, received_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9))
           insert into capacity.demand_arrival (supplier, customer, demand_id, version, material_number_customer)
           values ($4, $1, $2, $3, $10)"#,
        head.customer,
        head.id,
        head.version,
        head.supplier,
        content,
        sha256.as_slice(),
        head.changed_at,
        actor_name,
        head.received_at,
        head.material_number_customer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces all series.
pub(crate) async fn save_series(
    tx: &mut TenantTx,
    head: &Head,
    series: &BTreeMap<SeriesKey, Weeks>,
) -> Result<()> {
    if head.version > 1 {
        sqlx::query!(
            r#"update capacity.demand_series set removed = true, mondays = '{}', quantities = '{}'
               where customer = $1 and demand_id = $2 and not removed"#,
            head.customer,
            head.id
        )
        .execute(tx.conn())
        .await?;
    }
    for (key, weeks) in series {
        let mondays: Vec<Date> = weeks.keys().copied().collect();
        let quantities: Vec<Decimal> = weeks.values().copied().collect();
        sqlx::query!(
            r#"insert into capacity.demand_series
                   (customer, demand_id, supplier, customer_location, demand_category, expected_supplier_location,
                    mondays, quantities)
               values ($1, $2, $3, $4, $5, $6, $7, $8)
               on conflict on constraint demand_series_pkey do update
               set mondays = excluded.mondays, quantities = excluded.quantities, removed = false"#,
            head.customer,
            head.id,
            head.supplier,
            key.customer_location,
            key.category.code(),
            key.expected_supplier_location,
            &mondays,
            &quantities
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// What was stated in a version, and when it was; `None` where there is no such version.
pub(crate) async fn version(
    tx: &mut TenantTx,
    head: &Head,
    version: i64,
) -> Result<Option<(DemandContent, OffsetDateTime, OffsetDateTime)>> {
    let row = sqlx::query!(
        r#"select content, changed_at, received_at from capacity.demand_version
           where customer = $1 and demand_id = $2 and version = $3"#,
        head.customer,
        head.id,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let content = DemandContent::decode(row.content.as_slice()).map_err(chassis::Error::internal)?;
    Ok(Some((content, row.changed_at, row.received_at)))
}

/// One accepted version.
pub(crate) struct VersionRow {
    pub version: i64,
    pub changed_at: OffsetDateTime,
    pub received_at: OffsetDateTime,
    pub actor_name: String,
    pub sha256: Vec<u8>,
}

/// Versions before one, the newest first.
pub(crate) async fn versions(
    tx: &mut TenantTx,
    head: &Head,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<VersionRow>> {
    let rows = sqlx::query_as!(
        VersionRow,
        r#"select version, changed_at, received_at, actor_name, sha256 from capacity.demand_version
           where customer = $1 and demand_id = $2 and ($3::bigint is null or version < $3)
           order by version desc limit $4"#,
        head.customer,
        head.id,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What a list is narrowed to.
pub(crate) struct Which<'a> {
    /// The firm that must be on one side, by our own decision.
    pub own: Option<Uuid>,
    pub counterparty: Option<Uuid>,
    /// Empty: any.
    pub material: &'a str,
    /// Own sites that the caller is narrowed to; empty: all.
    pub sites: &'a [String],
    /// Customer and id of the last one of the page before.
    pub after: Option<(Uuid, Uuid)>,
    pub limit: i64,
}

/// Demands of the tenant on either side, by customer and id.
pub(crate) async fn list(tx: &mut TenantTx, which: &Which<'_>) -> Result<Vec<Head>> {
    let (after_customer, after_id) = which.after.unzip();
    let rows = sqlx::query_as!(
        Head,
        r#"select id, customer, supplier, material_number_customer, version, inactive, changed_at, received_at
           from capacity.material_demand
           where ($1::uuid is null or customer = $1 or supplier = $1)
               and ($2::uuid is null or customer = $2 or supplier = $2)
               and ($3 = '' or material_number_customer = $3)
               and ($4::uuid is null or (customer, id) > ($4, $5::uuid))
               and ($7::text[] = '{}' or capacity.demand_in($7, customer, id))
           order by customer, id limit $6"#,
        which.own,
        which.counterparty,
        which.material,
        after_customer,
        after_id,
        which.limit,
        which.sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A version that the tenant's groups were not matched with.
pub(crate) struct Arrival {
    pub customer: Uuid,
    pub demand_id: Uuid,
    pub version: i64,
    pub material_number_customer: String,
}

/// What arrived for the tenant as supplier.
pub(crate) async fn arrivals(tx: &mut TenantTx, limit: i64) -> Result<Vec<Arrival>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Arrival,
        r#"select customer, demand_id, version, material_number_customer from capacity.demand_arrival
           where supplier = $1 and matched_at is null
           order by customer, demand_id, version limit $2"#,
        me,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Notes that they were matched.
pub(crate) async fn matched(tx: &mut TenantTx, arrivals: &[Arrival], at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let customers: Vec<Uuid> = arrivals.iter().map(|one| one.customer).collect();
    let demands: Vec<Uuid> = arrivals.iter().map(|one| one.demand_id).collect();
    let versions: Vec<i64> = arrivals.iter().map(|one| one.version).collect();
    sqlx::query!(
        r#"update capacity.demand_arrival a set matched_at = $5
           from unnest($2::uuid[], $3::uuid[], $4::bigint[]) done (customer, demand_id, version)
           where a.supplier = $1 and a.customer = done.customer and a.demand_id = done.demand_id
               and a.version = done.version"#,
        me,
        &customers,
        &demands,
        &versions,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Suppliers with something that arrived. Outside any firm: ids only.
pub(crate) async fn firms_to_match(tx: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from capacity.firms_to_match($1)"#, most)
        .fetch_all(tx.conn())
        .await?)
}
