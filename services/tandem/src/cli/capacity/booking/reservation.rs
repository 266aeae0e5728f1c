//! Reservations as people read them: with what both firms are called.

use proto::capacity::{Reservation, ReservationState};

use crate::cli::{
    Session,
    capacity::{
        figure,
        names::{Names, names},
    },
    failure::Failure,
    json::time_text,
    output::{short, table, table_text},
};

/// Says them as they are in JSON, or in a table with the names of their firms.
pub(super) async fn told(reservations: &[Reservation], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for one in reservations {
            session.out.value(&session.contract.to_json("tandem.capacity.v1.Reservation", one)?)?;
        }
        return Ok(());
    }
    let names = names(reservations.iter().flat_map(|one| [&one.supplier_id, &one.holder_id]), session).await;
    session.out.line(&text(reservations, &names))
}

fn text(reservations: &[Reservation], names: &Names) -> String {
    let mut table = table(&["STATE", "UNTIL", "WHAT", "SUPPLIER", "HOLDER", "ORDER", "FOR GROUP", "ID"]);
    for one in reservations {
        let held = one.state() == ReservationState::Held;
        let parts = one.parts.iter().map(|part| {
            format!("{} {}", part.iso_week, figure::quantity(part.quantity.as_ref(), &one.unit_code))
        });
        table.add_row([
            short(one.state().as_str_name(), "RESERVATION_STATE_").to_lowercase(),
            if held { time_text(one.expires_at.as_ref()) } else { String::new() },
            parts.collect::<Vec<_>>().join(", "),
            names.of(&one.supplier_id),
            names.of(&one.holder_id),
            one.order_id.clone(),
            one.borrowing_group_id.clone(),
            one.id.clone(),
        ]);
    }
    table_text(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_is_held_and_by_whom() {
        let reservation = Reservation {
            id: "r-1".into(),
            supplier_id: "f-1".into(),
            holder_id: "f-2".into(),
            state: ReservationState::Confirmed.into(),
            ..Reservation::default()
        };
        let text = text(&[reservation], &Names::default());
        let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ["confirmed", "f-1", "f-2", "r-1"], "{text}");
    }
}
