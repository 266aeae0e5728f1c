//! Orders consume the reservations that their lines name: looked at under their locks, and taken in the order's own
//! transaction.

use chassis::{Error, Field, Reason, Result, db::TenantTx};
use proto::orders::OrderContent;
use uuid::Uuid;

use crate::{
    db::reservation as db,
    reservation::{Named, Reservation, named, unusable},
};

/// An order whose lines name reservations.
pub(super) struct Consuming {
    pub order: Uuid,
    pub supplier: Uuid,
    pub lines: Vec<Named>,
}

impl Consuming {
    /// A new order with this document.
    pub(super) fn of(order: Uuid, supplier: Uuid, content: &OrderContent) -> Self {
        Consuming { order, supplier, lines: named(content) }
    }
}

/// Consumes what the lines of these orders name, or nothing of it: then the inner error says which lines cannot, of the
/// first order that has such.
pub(super) async fn consume(tx: &mut TenantTx, orders: &[Consuming]) -> Result<Result<()>> {
    let ids: Vec<Uuid> = orders.iter().flat_map(|order| &order.lines).map(|line| line.reservation).collect();
    if ids.is_empty() {
        return Ok(Ok(()));
    }
    let mut standing = db::lock(tx, &ids).await?;
    let (mut of, mut line_numbers) = (Vec::new(), Vec::new());
    for order in orders {
        let mut wrong = Vec::new();
        for line in &order.lines {
            let reservation = standing.get_mut(&line.reservation);
            let by = (order.order, line.line_number.as_str());
            match unusable(reservation.as_deref(), order.supplier, by) {
                Some(why) => wrong.push(field(line, why)),
                None => reservation.into_iter().for_each(|reservation| consumed(reservation, by)),
            }
            of.push(order.order);
            line_numbers.push(line.line_number.clone());
        }
        if !wrong.is_empty() {
            return Ok(Err(Error::new(Reason::RESERVATION_UNUSABLE).fields(wrong)));
        }
    }
    db::take(tx, &ids, &of, &line_numbers).await?;
    Ok(Ok(()))
}

/// Lines that wait for the supplier's consent, in whose transaction nothing of the buyer's can be consumed.
pub(super) fn waiting<'a>(lines: impl Iterator<Item = &'a Named>) -> Result<()> {
    let wrong: Vec<Field> = lines
        .map(|line| field(line, ("FROZEN", "the line waits for the supplier; name it once it is agreed")))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(Reason::RESERVATION_UNUSABLE).fields(wrong)) }
}

/// The next order of the slice that names it finds it consumed.
fn consumed(reservation: &mut Reservation, (order, line_number): (Uuid, &str)) {
    reservation.state = "consumed".into();
    reservation.consumed_by = Some((order, line_number.to_owned()));
}

fn field(line: &Named, (reason, message): (&'static str, &'static str)) -> Field {
    Field::new(format!("content.lines[{}].reservation_id", line.place), reason, message)
}
