//! Where hours that a group borrows in a week come from.

use proto::capacity::{CapacityGroup, ListReservationsRequest, Reservation, ReservationState as State};
use rust_decimal::Decimal;
use time::Date;

use crate::{
    failure::Failure,
    format,
    i18n::Text,
    measure::Measure,
    order::Tag,
    pages::booking::{self, read::Known},
    session::Member,
};

/// Hours of one reservation.
pub struct Lent {
    pub from: String,
    pub quantity: String,
    pub tag: Tag,
    /// The order that contracts them; empty where there is none.
    pub order: String,
}

/// What a group borrows in a week, by reservation; of the first thousand.
pub async fn of(member: &Member, group: &CapacityGroup, monday: Date) -> Result<Vec<Lent>, Failure> {
    let mut weeks = group.matched.iter().filter(|week| format::day(week.monday.as_ref()) == Some(monday));
    if weeks.all(|week| format::decimal_or_zero(week.borrowed.as_ref()).is_zero()) {
        return Ok(Vec::new());
    }
    let request = ListReservationsRequest { page_size: 1_000, page_token: String::new() };
    let list = member.app().api.reservations().list_reservations(member.call(request)).await?.into_inner();
    let some = list.reservations.into_iter().filter(|one| one.borrowing_group_id == group.id);
    let some = some.filter_map(|one| Some((quantity(&one, monday)?, one)));
    let some: Vec<(Decimal, Reservation)> = some.collect();
    let known = Known::read(member).await?.meet(member, some.iter().map(|(_, one)| &one.supplier_id)).await?;
    let t = member.text();
    Ok(some.iter().map(|(quantity, one)| lent(t, &known, *quantity, one)).collect())
}

/// How much of a reservation is of a week; `None` where nothing is.
fn quantity(one: &Reservation, monday: Date) -> Option<Decimal> {
    let parts = one.parts.iter().filter(|part| format::day(part.monday.as_ref()) == Some(monday));
    let sum: Decimal = parts.map(|part| format::decimal_or_zero(part.quantity.as_ref())).sum();
    (!sum.is_zero()).then_some(sum)
}

fn lent(t: &Text, known: &Known, quantity: Decimal, one: &Reservation) -> Lent {
    Lent {
        from: known.name(t, &one.supplier_id),
        quantity: Measure::of(&one.unit_code).said(t, quantity),
        tag: booking::tag(t, one.state()),
        order: if one.state() == State::Consumed {
            format!("/orders/{}", one.order_id)
        } else {
            String::new()
        },
    }
}
