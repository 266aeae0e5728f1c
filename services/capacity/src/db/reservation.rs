//! Reservations: read by both sides, written by functions of the schema alone.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A reservation without its parts.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub supplier: Uuid,
    pub id: Uuid,
    pub holder: Uuid,
    pub offer_id: Uuid,
    pub state: String,
    pub version: i64,
    pub held_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub order_id: Option<Uuid>,
    pub order_line: Option<String>,
}

/// What a reservation takes of one bucket.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub reservation_id: Uuid,
    pub bucket_id: Uuid,
    pub quantity: Decimal,
}

/// Where the bucket of a part is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub bucket_id: Uuid,
    pub monday: Date,
    pub starts_at: Option<OffsetDateTime>,
    pub ends_at: Option<OffsetDateTime>,
    pub unit_code: String,
}

/// What came of asking a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    NotFound,
    /// Of this bucket too little is left.
    Short(Option<Uuid>),
    /// It is in another state, which stands.
    Stands,
}

/// A refusal that a function raised, by its SQLSTATE; the transaction is over with it.
fn refusal(error: sqlx::Error) -> Result<Outcome> {
    let sqlx::Error::Database(database) = &error else { return Err(error.into()) };
    let code = database.code().unwrap_or_default().into_owned();
    match code.as_str() {
        "TC404" => Ok(Outcome::NotFound),
        "TC409" => {
            let postgres = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
            let detail = postgres.and_then(|error| error.detail());
            Ok(Outcome::Short(detail.and_then(|id| Uuid::try_parse(id).ok())))
        }
        _ => Err(error.into()),
    }
}

/// A hold to be taken.
pub(crate) struct Hold<'a> {
    pub supplier: Uuid,
    pub offer: Uuid,
    pub id: Uuid,
    pub buckets: &'a [Uuid],
    pub quantities: &'a [Decimal],
    pub seconds: i32,
}

/// As holder: takes all of it or nothing.
pub(crate) async fn hold(tx: &mut TenantTx, hold: &Hold<'_>) -> Result<Outcome> {
    let held = sqlx::query_scalar!(
        r#"select capacity.hold_capacity($1, $2, $3, $4, $5, $6) as "expires_at!""#,
        hold.supplier,
        hold.offer,
        hold.id,
        hold.buckets,
        hold.quantities,
        hold.seconds
    )
    .fetch_one(tx.conn())
    .await;
    held.map_or_else(refusal, |_| Ok(Outcome::Done))
}

fn outcome(answer: std::result::Result<Option<String>, sqlx::Error>) -> Result<Outcome> {
    answer.map_or_else(refusal, |state| {
        Ok(if state.as_deref() == Some("done") { Outcome::Done } else { Outcome::Stands })
    })
}

/// As holder.
pub(crate) async fn confirm(tx: &mut TenantTx, supplier: Uuid, id: Uuid) -> Result<Outcome> {
    let answer = sqlx::query_scalar!("select capacity.confirm_reservation($1, $2)", supplier, id);
    outcome(answer.fetch_one(tx.conn()).await)
}

/// `released` as holder, `expired` as supplier.
pub(crate) async fn end(tx: &mut TenantTx, supplier: Uuid, id: Uuid, how: &str) -> Result<Outcome> {
    let answer = sqlx::query_scalar!("select capacity.end_reservation($1, $2, $3)", supplier, id, how);
    outcome(answer.fetch_one(tx.conn()).await)
}

/// As supplier: gives back what order lines consumed, of those that were delivered not the weeks that have begun. What was
/// given back now.
pub(crate) async fn give_back(
    tx: &mut TenantTx,
    reservations: &[Uuid],
    delivered: &[bool],
    begun: Date,
) -> Result<Vec<Uuid>> {
    let rows = sqlx::query_scalar!(
        r#"select id as "id!" from capacity.give_back_consumed($1, $2, $3) id"#,
        reservations,
        delivered,
        begun
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// As supplier: both sides are told that an order consumed it. The group that offered it; `None` where they were before.
pub(crate) async fn announced(tx: &mut TenantTx, id: Uuid) -> Result<Option<Uuid>> {
    let me = tx.firm();
    let group = sqlx::query_scalar!(
        r#"update capacity.reservation r set announced = true
           from capacity.offer o
           where r.supplier = $1 and r.id = $2 and r.state = 'consumed' and not r.announced
               and o.supplier = r.supplier and o.id = r.offer_id
           returning o.group_id"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(group)
}

/// A reservation of the tenant on either side.
pub(crate) async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select supplier, id, holder, offer_id, state, version, held_at, expires_at, ended_at, order_id, order_line
           from capacity.reservation where id = $2 and (holder = $1 or supplier = $1)"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The tenant's reservations on either side, by id.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select supplier, id, holder, offer_id, state, version, held_at, expires_at, ended_at, order_id, order_line
           from capacity.reservation
           where (holder = $1 or supplier = $1) and ($2::uuid is null or id > $2) order by id limit $3"#,
        me,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What reservations of the tenant take.
pub(crate) async fn parts(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<Vec<Part>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Part,
        r#"select reservation_id, bucket_id, quantity from capacity.reservation_part
           where reservation_id = any($2) and (holder = $1 or supplier = $1) order by reservation_id, bucket_id"#,
        me,
        reservations
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Where the buckets of the tenant's reservations are, though the offer may not be in its sight any more.
pub(crate) async fn places(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<Vec<Place>> {
    let rows = sqlx::query_as!(
        Place,
        r#"select bucket_id as "bucket_id!", monday as "monday!", starts_at, ends_at, unit_code as "unit_code!"
           from capacity.places_of($1)"#,
        reservations
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Reservations to look at, with their suppliers; without a tenant, or only holds of these buckets.
pub(crate) async fn due(tx: &mut TenantTx, buckets: Option<&[Uuid]>, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", id as "id!" from capacity.reservations_due($1, $2)"#,
        buckets,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}
