//! Which sites things concern, and whether that hides them from a caller who is narrowed to some; `scope.rs` says what
//! each concerns. Lists leave out what is hidden by themselves, with the same functions of the schema.

use std::collections::BTreeMap;

use chassis::{Error, Result, db::TenantTx};
use uuid::Uuid;

/// What a caller asks about, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A demand that the tenant states.
    Demand(Uuid),
    /// A group of the tenant's.
    Group(Uuid),
    /// An offer of the tenant's.
    Offer(Uuid),
    /// On either side.
    Reservation(Uuid),
    /// On either side.
    Match(Uuid),
    /// A comment that the tenant wrote.
    Comment(Uuid),
}

/// NOT_FOUND where the tenant has it, and it concerns others of its sites alone. What the tenant has not is not looked for,
/// and is missed by whoever looks next.
pub(crate) async fn seen(tx: &mut TenantTx, sites: &[String], about: About) -> Result<()> {
    if sites.is_empty() || !hidden(tx, sites, about).await? { Ok(()) } else { Err(Error::not_found()) }
}

async fn hidden(tx: &mut TenantTx, sites: &[String], about: About) -> Result<bool> {
    match about {
        About::Demand(id) => demand_hidden(tx, sites, id).await,
        About::Group(id) => group_hidden(tx, sites, id).await,
        About::Offer(id) => offer_hidden(tx, sites, id).await,
        About::Reservation(id) => reservation_hidden(tx, sites, id).await,
        About::Match(id) => match_hidden(tx, sites, id).await,
        About::Comment(id) => comment_hidden(tx, sites, id).await,
    }
}

async fn demand_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.material_demand
                       where customer = $1 and id = $2 and not capacity.demand_in($3, customer, id)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn group_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.capacity_group
                       where supplier = $1 and id = $2
                           and not capacity.covers($3, supplier_locations)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn offer_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.offer
                       where supplier = $1 and id = $2 and not capacity.group_in($3, group_id)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn reservation_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.reservation
                       where id = $2 and (holder = $1 or supplier = $1)
                           and not capacity.reservation_in($3, supplier, offer_id, id)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn match_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.capacity_match
                       where id = $2 and (requester = $1 or supplier = $1) and offer_id is not null
                           and not capacity.offer_in($3, supplier, offer_id)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn comment_hidden(tx: &mut TenantTx, sites: &[String], id: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.comment
                       where firm = $1 and id = $2
                           and not capacity.subject_in($3, object_type, customer, supplier, object_id)) as "hidden!""#,
        me,
        id,
        sites
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether a demand that the tenant states or is asked to make concerns one of these sites.
pub(crate) async fn demand(tx: &mut TenantTx, sites: &[String], customer: Uuid, id: Uuid) -> Result<bool> {
    if sites.is_empty() {
        return Ok(true);
    }
    Ok(sqlx::query_scalar!(r#"select capacity.demand_in($1, $2, $3) as "within!""#, sites, customer, id)
        .fetch_one(tx.conn())
        .await?)
}

/// Those of these groups that are the tenant's and concern one of these sites, in their order.
pub(crate) async fn groups(tx: &mut TenantTx, sites: &[String], groups: Vec<Uuid>) -> Result<Vec<Uuid>> {
    if sites.is_empty() || groups.is_empty() {
        return Ok(groups);
    }
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select id from capacity.capacity_group
           where supplier = $1 and id = any($2) and capacity.covers($3, supplier_locations) order by id"#,
        me,
        &groups,
        sites
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Those of these materials, each with its customer, of which the tenant has a demand that concerns one of these sites.
pub(crate) async fn materials(
    tx: &mut TenantTx,
    sites: &[String],
    wanted: &[(Uuid, String)],
) -> Result<Vec<(Uuid, String)>> {
    let me = tx.firm();
    let (customers, materials): (Vec<Uuid>, Vec<String>) = wanted.iter().cloned().unzip();
    let rows = sqlx::query!(
        r#"select d.customer, d.material_number_customer
           from unnest($2::uuid[], $3::text[]) wanted (customer, material)
           join capacity.material_demand d on d.supplier = $1 and d.customer = wanted.customer
               and d.material_number_customer = wanted.material
           where capacity.demand_in($4, d.customer, d.id)"#,
        me,
        &customers,
        &materials,
        sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.material_number_customer)).collect())
}

/// Sites by the firm whose they are.
pub(crate) type Sites = Vec<(Uuid, Vec<String>)>;

/// Which sites an offer concerns, of its supplier.
pub(crate) async fn offer_sites(tx: &mut TenantTx, supplier: Uuid, offer: Uuid) -> Result<Sites> {
    let sites = sqlx::query_scalar!("select capacity.offer_sites($1, $2)", supplier, offer)
        .fetch_one(tx.conn())
        .await?;
    Ok(sites.map(|sites| (supplier, sites)).into_iter().collect())
}

/// Which sites reservations concern, of either side.
pub(crate) async fn reservation_sites(
    tx: &mut TenantTx,
    reservations: &[Uuid],
) -> Result<BTreeMap<Uuid, Sites>> {
    let rows = sqlx::query!(
        r#"select reservation as "reservation!", firm as "firm!", sites as "sites!"
           from capacity.reservation_sites($1)"#,
        reservations
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Sites> = BTreeMap::new();
    for row in rows {
        found.entry(row.reservation).or_default().push((row.firm, row.sites));
    }
    Ok(found)
}

/// Which sites something concerns that comments are about, of either side.
pub(crate) async fn subject_sites(
    tx: &mut TenantTx,
    object_type: &str,
    (customer, supplier): (Uuid, Uuid),
    object: Uuid,
) -> Result<Sites> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", sites as "sites!" from capacity.subject_sites($1, $2, $3, $4)"#,
        object_type,
        customer,
        supplier,
        object
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.sites)).collect())
}
