//! Confirms and releases of reservations that wait together, decided by one function of the schema. As holder.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::reservation::{Head, Part, Place};

/// What is wanted of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// That a hold stays.
    Confirmed,
    /// That it is given back.
    Released,
}

impl Want {
    /// The state that is wanted.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Want::Confirmed => "confirmed",
            Want::Released => "released",
        }
    }
}

/// What became of a wish.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// `done`, or the state that stands instead.
    pub outcome: String,
    pub head: Head,
    pub parts: Vec<Part>,
    pub places: Vec<Place>,
}

/// In one go, each once, whatever becomes of the others; `None` where the tenant holds no such reservation. The ids differ.
pub(crate) async fn settle_many(tx: &mut TenantTx, wishes: &[(Uuid, Want)]) -> Result<Vec<Option<Settled>>> {
    let ids: Vec<Uuid> = wishes.iter().map(|(id, _)| *id).collect();
    let wants: Vec<&str> = wishes.iter().map(|(_, want)| want.state()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select place as "place!", outcome as "outcome!", supplier as "supplier!", offer_id as "offer_id!",
                  state as "state!", version as "version!", held_at as "held_at!", expires_at as "expires_at!", ended_at,
                  order_id, order_line, unit_code as "unit_code!", bucket as "bucket!", quantity as "quantity!",
                  monday as "monday!", starts_at, ends_at
           from capacity.settle_many($1, $2)"#,
        &ids,
        &wants as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    let holder = tx.firm();
    let mut settled: Vec<Option<Settled>> = wishes.iter().map(|_| None).collect();
    for row in rows {
        let at = usize::try_from(row.place - 1).unwrap_or_default();
        if let (Some(id), Some(of)) = (ids.get(at), settled.get_mut(at)) {
            row.tell(*id, holder, of);
        }
    }
    Ok(settled)
}

/// What is said of a wish: a row a part.
struct Row {
    place: i32,
    outcome: String,
    supplier: Uuid,
    offer_id: Uuid,
    state: String,
    version: i64,
    held_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    order_id: Option<Uuid>,
    order_line: Option<String>,
    unit_code: String,
    bucket: Uuid,
    quantity: Decimal,
    monday: Date,
    starts_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
}

impl Row {
    /// Adds this row to what is known of its wish.
    fn tell(self, id: Uuid, holder: Uuid, of: &mut Option<Settled>) {
        let settled = of.get_or_insert_with(|| Settled {
            outcome: self.outcome,
            head: Head {
                supplier: self.supplier,
                id,
                holder,
                offer_id: self.offer_id,
                state: self.state,
                version: self.version,
                held_at: self.held_at,
                expires_at: self.expires_at,
                ended_at: self.ended_at,
                order_id: self.order_id,
                order_line: self.order_line,
            },
            parts: Vec::new(),
            places: Vec::new(),
        });
        settled.parts.push(Part { reservation_id: id, bucket_id: self.bucket, quantity: self.quantity });
        settled.places.push(Place {
            bucket_id: self.bucket,
            monday: self.monday,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            unit_code: self.unit_code,
        });
    }
}
