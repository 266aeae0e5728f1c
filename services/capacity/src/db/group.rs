//! Groups: the head that stands, its versions, and its links. All of the supplier's tenant.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Result, db::TenantTx};
use prost::Message;
use proto::capacity::GroupContent;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::demand::VersionRow;
use crate::group::{Group, LinkKey};

/// A group without its links and weeks.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub id: Uuid,
    pub supplier: Uuid,
    pub customer: Option<Uuid>,
    pub name: String,
    pub unit_code: Option<String>,
    pub version: i64,
    pub inactive: bool,
    pub changed_at: OffsetDateTime,
    pub received_at: OffsetDateTime,
    /// Where it is: the sites of its supplier that it concerns.
    pub locations: Vec<String>,
}

/// A group of the tenant, locked. `own`: the supplier whose it must be, by our own decision. Not against those who only refer to
/// it: whoever has its weeks and writes one of them twice looks whether their group is there, and would wait for whoever has
/// the group and waits for the weeks.
pub(crate) async fn lock(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Head>> {
    let row = sqlx::query_as!(
        Head,
        r#"select id, supplier, customer, name, unit_code, version, inactive, changed_at, received_at,
                  supplier_locations as locations
           from capacity.capacity_group where ($1::uuid is null or supplier = $1) and id = $2
           for no key update"#,
        own,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// A group for its supplier. `own`: the supplier whose it must be.
pub(crate) async fn get(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Head>> {
    let row = sqlx::query_as!(
        Head,
        r#"select id, supplier, customer, name, unit_code, version, inactive, changed_at, received_at,
                  supplier_locations as locations
           from capacity.capacity_group where ($1::uuid is null or supplier = $1) and id = $2"#,
        own,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Those of the tenant's groups that are there.
pub(crate) async fn heads(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select id, supplier, customer, name, unit_code, version, inactive, changed_at, received_at,
                  supplier_locations as locations
           from capacity.capacity_group where supplier = $1 and id = any($2) order by id"#,
        me,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// The tenant's groups of these sites with all of these words in their name or their customer's, by id; of all where there is
/// none.
pub(crate) async fn list(
    tx: &mut TenantTx,
    customer: Option<Uuid>,
    sites: &[String],
    words: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select id, supplier, customer, name, unit_code, version, inactive, changed_at, received_at,
                  supplier_locations as locations
           from capacity.capacity_group
           where supplier = $1 and ($2::uuid is null or customer = $2) and ($3::uuid is null or id > $3)
               and capacity.covers($5, supplier_locations)
               and ($6::text[] = '{}' or (
                   select not exists (
                       select from unnest(array(
                           select distinct lower(normalize(w.word, nfkc)) from unnest($6) w (word))) w (word)
                       where strpos(t.said, w.word) = 0)
                   from (select lower(normalize(concat_ws(' ', name,
                             (select f.name || ' ' || f.name_en from partners.firm_name f where f.id = customer)), nfkc))
                             as said offset 0) t))
           order by id limit $4"#,
        me,
        customer,
        after,
        limit,
        sites,
        words
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A new group, or the new state of one that is locked.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.capacity_group
               (supplier, id, customer, name, unit_code, version, inactive, changed_at, received_at, supplier_locations)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict on constraint capacity_group_pkey do update
           set name = excluded.name, unit_code = excluded.unit_code, version = excluded.version,
               inactive = excluded.inactive, changed_at = excluded.changed_at, received_at = excluded.received_at,
               supplier_locations = excluded.supplier_locations
           where capacity_group.version = excluded.version - 1"#,
        head.supplier,
        head.id,
        head.customer,
        head.name,
        head.unit_code,
        head.version,
        head.inactive,
        head.changed_at,
        head.received_at,
        &head.locations
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Keeps the version for ever.
pub(crate) async fn insert_version(
    tx: &mut TenantTx,
    head: &Head,
    content: &[u8],
    actor_name: &str,
) -> Result<()> {
    let sha256 = chassis::secret::sha256(content);
    sqlx::query!(
        r#"insert into capacity.group_version
               (supplier, group_id, version, content, sha256, changed_at, actor_name, received_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        head.supplier,
        head.id,
        head.version,
        content,
        sha256.as_slice(),
        head.changed_at,
        actor_name,
        head.received_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces all links.
pub(crate) async fn save_links(tx: &mut TenantTx, head: &Head, group: &Group) -> Result<()> {
    if head.version > 1 {
        sqlx::query!(
            r#"with series as (
                   update capacity.linked_demand set removed = true
                   where supplier = $1 and group_id = $2 and not removed)
               update capacity.linked_group set removed = true
               where supplier = $1 and parent = $2 and not removed"#,
            head.supplier,
            head.id
        )
        .execute(tx.conn())
        .await?;
    }
    let keys: Vec<&LinkKey> = group.linked_demand.keys().collect();
    let customers: Vec<Uuid> = keys.iter().map(|key| key.customer).collect();
    let materials: Vec<String> = keys.iter().map(|key| key.material_number_customer.clone()).collect();
    let locations: Vec<String> = keys.iter().map(|key| key.customer_location.clone()).collect();
    let categories: Vec<String> = keys.iter().map(|key| key.category.code().to_owned()).collect();
    let factors: Vec<Option<Decimal>> = group.linked_demand.values().map(|link| link.load_factor).collect();
    if !keys.is_empty() {
        sqlx::query!(
            r#"insert into capacity.linked_demand
                   (supplier, group_id, customer, material_number_customer, customer_location, demand_category,
                    load_factor)
               select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::numeric[])
               on conflict on constraint linked_demand_pkey do update
               set load_factor = excluded.load_factor, removed = false"#,
            head.supplier,
            head.id,
            &customers,
            &materials,
            &locations,
            &categories,
            &factors as &[Option<Decimal>]
        )
        .execute(tx.conn())
        .await?;
    }
    let children: Vec<Uuid> = group.linked_groups.iter().copied().collect();
    if !children.is_empty() {
        sqlx::query!(
            r#"insert into capacity.linked_group (supplier, parent, child) select $1, $2, * from unnest($3::uuid[])
               on conflict on constraint linked_group_pkey do update set removed = false"#,
            head.supplier,
            head.id,
            &children
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Which group sums which others, of all the tenant's.
pub(crate) async fn all_links(tx: &mut TenantTx) -> Result<BTreeMap<Uuid, BTreeSet<Uuid>>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select parent, child from capacity.linked_group where supplier = $1 and not removed"#,
        me
    )
    .fetch_all(tx.conn())
    .await?;
    let mut links: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for row in rows {
        links.entry(row.parent).or_default().insert(row.child);
    }
    Ok(links)
}

/// Where the customer's series are that a group links, or that groups below it do.
pub(crate) async fn customer_locations(tx: &mut TenantTx, id: Uuid) -> Result<Vec<String>> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(r#"select capacity.customer_locations($1, $2) as "locations!""#, me, id)
        .fetch_one(tx.conn())
        .await?)
}

/// Groups that sum this one, with the customer that each names.
pub(crate) async fn parents(tx: &mut TenantTx, id: Uuid) -> Result<Vec<(Uuid, Option<Uuid>)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select g.id, g.customer from capacity.linked_group l
           join capacity.capacity_group g on g.supplier = l.supplier and g.id = l.parent
           where l.supplier = $1 and l.child = $2 and not l.removed"#,
        me,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.customer)).collect())
}

/// What was stated in a version, and when it was; `None` where there is no such version.
pub(crate) async fn version(
    tx: &mut TenantTx,
    head: &Head,
    version: i64,
) -> Result<Option<(GroupContent, OffsetDateTime, OffsetDateTime)>> {
    let row = sqlx::query!(
        r#"select content, changed_at, received_at from capacity.group_version
           where supplier = $1 and group_id = $2 and version = $3"#,
        head.supplier,
        head.id,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let content = GroupContent::decode(row.content.as_slice()).map_err(chassis::Error::internal)?;
    Ok(Some((content, row.changed_at, row.received_at)))
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
        r#"select version, changed_at, received_at, actor_name, sha256 from capacity.group_version
           where supplier = $1 and group_id = $2 and ($3::bigint is null or version < $3)
           order by version desc limit $4"#,
        head.supplier,
        head.id,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
