//! Reservations of the supplier's capacity that lines of an order name, and which of them a line may consume. Pure.

use std::collections::HashSet;

use proto::orders::{OrderContent, OrderLine};
use uuid::Uuid;

/// A line that names a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Place of the line in the document.
    pub place: usize,
    pub line_number: String,
    pub reservation: Uuid,
}

/// The lines of a document that name a reservation.
pub fn named(content: &OrderContent) -> Vec<Named> {
    let lines = content.lines.iter().enumerate();
    lines
        .filter_map(|(place, line)| {
            let reservation = Uuid::try_parse(&line.reservation_id).ok()?;
            Some(Named { place, line_number: line.line_number.clone(), reservation })
        })
        .collect()
}

/// Those lines of a newer document that name one and had none: what a line consumed before stays with it.
pub fn newly_named<'a>(content: &OrderContent, published: impl Iterator<Item = &'a OrderLine>) -> Vec<Named> {
    let had = published.filter(|line| !line.reservation_id.is_empty()).map(|line| line.line_number.as_str());
    let had: HashSet<&str> = had.collect();
    named(content).into_iter().filter(|line| !had.contains(line.line_number.as_str())).collect()
}

/// A reservation of the buyer's as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub supplier: Uuid,
    /// `held` only while its time is not over.
    pub state: String,
    /// The order and its line that consumed it.
    pub consumed_by: Option<(Uuid, String)>,
}

/// Why a line cannot consume what it names: a reason and a message.
pub type Unusable = (&'static str, &'static str);

/// Whether this line of an order to this supplier may consume the reservation, which is `None` where it is not the
/// buyer's. What the same line consumed before, it may name again.
pub fn unusable(
    reservation: Option<&Reservation>,
    supplier: Uuid,
    (order, line_number): (Uuid, &str),
) -> Option<Unusable> {
    let Some(reservation) = reservation else {
        return Some(("NOT_FOUND", "is no reservation of yours"));
    };
    if reservation.supplier != supplier {
        return Some(("SUPPLIER_DIFFERS", "is a reservation with another supplier"));
    }
    let same = reservation.consumed_by.as_ref().is_some_and(|(of, line)| *of == order && line == line_number);
    match reservation.state.as_str() {
        "held" | "confirmed" => None,
        "consumed" if same => None,
        "consumed" => Some(("CONSUMED", "was consumed by another line")),
        "released" => Some(("RELEASED", "was given back; hold anew")),
        _ => Some(("EXPIRED", "was not confirmed in time; hold anew")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUPPLIER: Uuid = Uuid::from_u128(1);
    const ORDER: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_line_consumes_what_is_held_for_it_and_nothing_else() {
        let other = Uuid::from_u128(9);
        for (supplier, state, consumed_by, expected) in [
            (SUPPLIER, "held", None, None),
            (SUPPLIER, "confirmed", None, None),
            (SUPPLIER, "consumed", Some((ORDER, "10")), None),
            (SUPPLIER, "consumed", Some((ORDER, "20")), Some("CONSUMED")),
            (SUPPLIER, "consumed", Some((other, "10")), Some("CONSUMED")),
            (SUPPLIER, "released", None, Some("RELEASED")),
            (SUPPLIER, "expired", None, Some("EXPIRED")),
            (other, "confirmed", None, Some("SUPPLIER_DIFFERS")),
            (other, "expired", None, Some("SUPPLIER_DIFFERS")),
        ] {
            let consumed_by = consumed_by.map(|(order, line)| (order, line.to_owned()));
            let found = Reservation { supplier, state: state.into(), consumed_by };
            let said = unusable(Some(&found), SUPPLIER, (ORDER, "10")).map(|(reason, _)| reason);
            assert_eq!(said, expected, "{found:?}");
        }
        assert_eq!(unusable(None, SUPPLIER, (ORDER, "10")).map(|(reason, _)| reason), Some("NOT_FOUND"));
    }

    #[test]
    fn only_lines_that_had_none_name_one_anew() {
        let line = |number: &str, reservation: u128| OrderLine {
            line_number: number.into(),
            reservation_id: match reservation {
                0 => String::new(),
                id => Uuid::from_u128(id).to_string(),
            },
            ..OrderLine::default()
        };
        let published = [line("10", 1), line("20", 0), line("30", 0)];
        let content = OrderContent {
            lines: vec![line("30", 0), line("20", 2), line("10", 1), line("40", 4)],
            ..OrderContent::default()
        };
        let new: Vec<_> = newly_named(&content, published.iter())
            .into_iter()
            .map(|named| (named.place, named.line_number, named.reservation.as_u128()))
            .collect();
        assert_eq!(new, [(1, "20".into(), 2), (3, "40".into(), 4)]);
        assert_eq!(named(&content).len(), 3);
    }
}
