//! Reservations: read by both sides, written by functions of the schema alone.

use std::collections::{BTreeMap, BTreeSet};

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
    /// It is in another state, which stands.
    Stands,
}

/// A hold to be taken.
pub(crate) struct Hold<'a> {
    pub offer: Uuid,
    pub id: Uuid,
    /// How much of which bucket.
    pub parts: &'a BTreeMap<Uuid, Decimal>,
    /// `None`: as long as the offer allows.
    pub seconds: Option<i32>,
}

/// What became of a hold that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// It stands; where its buckets are, and which sites of the supplier it concerns.
    Done(Box<Head>, Vec<Place>, Vec<String>),
    /// No such offer or bucket.
    NotFound,
    /// The offer allows no more than so many seconds.
    TooLong(i32),
    /// Of this bucket too little is left.
    Short(Uuid),
}

/// As holder: in their order, each hold takes all of it or nothing, whatever becomes of the others.
pub(crate) async fn hold_many(tx: &mut TenantTx, holds: &[Hold<'_>]) -> Result<Vec<Held>> {
    let offers = sorted(holds.iter().map(|hold| hold.offer));
    let buckets = sorted(holds.iter().flat_map(|hold| hold.parts.keys().map(|id| (*id, hold.offer))));
    let parts = || holds.iter().flat_map(|hold| hold.parts.iter().map(|part| (hold.offer, part)));
    let ids: Vec<Uuid> = holds.iter().map(|hold| hold.id).collect();
    let of_offers: Vec<i32> = holds.iter().map(|hold| place(&offers, &hold.offer)).collect();
    let seconds: Vec<Option<i32>> = holds.iter().map(|hold| hold.seconds).collect();
    let mut end = 0;
    let ends: Vec<i32> = holds
        .iter()
        .map(|hold| {
            end += hold.parts.len() as i32;
            end
        })
        .collect();
    let (bucket_ids, bucket_offers): (Vec<Uuid>, Vec<i32>) =
        buckets.iter().map(|(id, offer)| (*id, place(&offers, offer))).unzip();
    let part_buckets: Vec<i32> =
        parts().map(|(offer, (bucket, _))| place(&buckets, &(*bucket, offer))).collect();
    let quantities: Vec<Decimal> = parts().map(|(_, (_, quantity))| *quantity).collect();
    let rows = sqlx::query_as!(
        HeldRow,
        r#"select place as "place!", outcome as "outcome!", supplier, hold_seconds, unit_code, bucket, monday, starts_at,
                  ends_at, held_at, expires_at, sites
           from capacity.hold_many($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        &offers,
        &ids,
        &of_offers,
        &seconds as &[Option<i32>],
        &ends,
        &bucket_ids,
        &bucket_offers,
        &part_buckets,
        &quantities
    )
    .fetch_all(tx.conn())
    .await?;
    let holder = tx.firm();
    let mut held: Vec<Held> = holds.iter().map(|_| Held::NotFound).collect();
    for row in rows {
        let at = usize::try_from(row.place - 1).unwrap_or_default();
        if let (Some(hold), Some(became)) = (holds.get(at), held.get_mut(at)) {
            row.tell(hold, holder, became);
        }
    }
    Ok(held)
}

/// Each once, so that it has a place.
fn sorted<T: Ord>(of: impl Iterator<Item = T>) -> Vec<T> {
    of.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Where it is among them, as the database counts.
fn place<T: Ord>(of: &[T], one: &T) -> i32 {
    of.partition_point(|other| other < one) as i32 + 1
}

/// What is said of a hold: a row a part where it stands, else one.
struct HeldRow {
    place: i32,
    outcome: String,
    supplier: Option<Uuid>,
    hold_seconds: Option<i32>,
    unit_code: Option<String>,
    bucket: Option<Uuid>,
    monday: Option<Date>,
    starts_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
    held_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    sites: Option<Vec<String>>,
}

impl HeldRow {
    /// Adds this row to what is known of its hold.
    fn tell(self, hold: &Hold<'_>, holder: Uuid, became: &mut Held) {
        match (self.outcome.as_str(), self.supplier, self.bucket) {
            ("held", Some(supplier), Some(bucket_id)) => {
                let (Some(monday), Some(held_at), Some(expires_at)) =
                    (self.monday, self.held_at, self.expires_at)
                else {
                    return;
                };
                let unit_code = self.unit_code.unwrap_or_default();
                let (starts_at, ends_at) = (self.starts_at, self.ends_at);
                let place = Place { bucket_id, monday, starts_at, ends_at, unit_code };
                if let Held::Done(_, places, _) = became {
                    places.push(place);
                    return;
                }
                let head = Head {
                    supplier,
                    id: hold.id,
                    holder,
                    offer_id: hold.offer,
                    state: "held".into(),
                    version: 1,
                    held_at,
                    expires_at,
                    ended_at: None,
                    order_id: None,
                    order_line: None,
                };
                *became = Held::Done(Box::new(head), vec![place], self.sites.unwrap_or_default());
            }
            ("short", _, Some(bucket)) => *became = Held::Short(bucket),
            ("seconds", ..) => *became = Held::TooLong(self.hold_seconds.unwrap_or_default()),
            _ => {}
        }
    }
}

/// What a function answered or refused, by its SQLSTATE; with a refusal the transaction is over.
fn outcome(answer: std::result::Result<Option<String>, sqlx::Error>) -> Result<Outcome> {
    match answer {
        Ok(state) if state.as_deref() == Some("done") => Ok(Outcome::Done),
        Ok(_) => Ok(Outcome::Stands),
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("TC404") => {
            Ok(Outcome::NotFound)
        }
        Err(error) => Err(error.into()),
    }
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

/// The tenant's reservations on either side that concern these sites of it, by id; all where there is none.
pub(crate) async fn list(
    tx: &mut TenantTx,
    sites: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select supplier, id, holder, offer_id, state, version, held_at, expires_at, ended_at, order_id, order_line
           from capacity.reservation
           where (holder = $1 or supplier = $1) and ($2::uuid is null or id > $2)
               and ($4::text[] = '{}' or capacity.reservation_in($4, supplier, offer_id, id))
           order by id limit $3"#,
        me,
        after,
        limit,
        sites
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
