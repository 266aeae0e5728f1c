//! Reservations as people read them: with what both firms are called.

use std::collections::{BTreeMap, BTreeSet};

use proto::{
    capacity::{ListFirmNamesRequest, Reservation, ReservationState},
    partners::WhoAmIRequest,
};

use crate::cli::{
    Session,
    capacity::figure,
    failure::Failure,
    json::time_text,
    output::{short, table, table_text},
};

/// How many names one request may ask for.
const MAX_NAMES: usize = 1_000;

/// What firms are called, by their ids.
type Names = BTreeMap<String, String>;

/// Says them as they are in JSON, or in a table with the names of their firms.
pub(super) async fn told(reservations: &[Reservation], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for one in reservations {
            session.out.value(&session.contract.to_json("tandem.capacity.v1.Reservation", one)?)?;
        }
        return Ok(());
    }
    let names = names(reservations, session).await;
    session.out.line(&text(reservations, &names))
}

/// What their firms are called. A name that cannot be learnt is left out: what was held is told all the same.
async fn names(reservations: &[Reservation], session: &Session) -> Names {
    let firms = reservations.iter().flat_map(|one| [one.supplier_id.clone(), one.holder_id.clone()]);
    let firms: Vec<String> = firms.collect::<BTreeSet<_>>().into_iter().collect();
    let mut names = Names::new();
    for some in firms.chunks(MAX_NAMES) {
        let request = ListFirmNamesRequest { firm_ids: some.to_vec() };
        if let Ok(list) = session.connection.capabilities().list_firm_names(request).await {
            names.extend(list.into_inner().firms.into_iter().map(|one| (one.firm_id, one.name)));
        }
    }
    // That list has the others alone.
    if let Ok(own) = session.connection.sessions().who_am_i(WhoAmIRequest {}).await {
        let own = own.into_inner();
        names.insert(own.firm_id, own.firm_name);
    }
    names
}

/// A firm whose name is not known is told by its id.
fn text(reservations: &[Reservation], names: &Names) -> String {
    let name = |firm: &String| names.get(firm).unwrap_or(firm).clone();
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
            name(&one.supplier_id),
            name(&one.holder_id),
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
    fn firms_are_told_by_name_where_they_have_one() {
        let reservation = Reservation {
            id: "r-1".into(),
            supplier_id: "f-1".into(),
            holder_id: "f-2".into(),
            state: ReservationState::Confirmed.into(),
            ..Reservation::default()
        };
        let names = Names::from([("f-1".to_owned(), "顺模塑料制品(示例)厂".to_owned())]);
        let text = text(&[reservation], &names);
        let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ["confirmed", "顺模塑料制品(示例)厂", "f-2", "r-1"], "{text}");
    }
}
