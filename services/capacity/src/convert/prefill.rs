//! A reservation → the order that uses it, as far as the platform knows it.

use chassis::{calendar::day_of, value};
use proto::{
    capacity as wire,
    orders::{
        DeliveryWindow, Item, OrderContent, OrderLine, OrderType, Price, ScheduleLine, SupplierAddress,
    },
};
use rust_decimal::Decimal;
use time::Duration;

/// One line that names the reservation, with a schedule line for each week. `offer`: what was offered, where the holder
/// still sees it.
pub(crate) fn prefilled(
    reservation: &wire::Reservation,
    offer: Option<&wire::OfferContent>,
) -> wire::PrefilledOrder {
    let shown = Shown::of(reservation);
    let schedule = reservation.parts.iter().enumerate().map(|(place, part)| ScheduleLine {
        schedule_line_number: (place + 1).to_string(),
        quantity: amount(part.quantity.as_ref()).map(|quantity| shown.quantity(quantity)),
        requested_delivery: window(part),
        ..ScheduleLine::default()
    });
    let total = reservation.parts.iter().filter_map(|part| amount(part.quantity.as_ref())).sum();
    let line = OrderLine {
        line_number: "10".into(),
        item: Some(Item { name: offer.map(name).unwrap_or_default(), ..Item::default() }),
        quantity: Some(shown.quantity(total)),
        unit_code: shown.unit.clone(),
        price: offer.and_then(|offer| amount(offer.price_hint.as_ref())).map(|price| Price {
            // A price for a second has no more places than make a price for an hour.
            amount: Some(value::wire_decimal(price.saturating_mul(shown.factor).round_dp(4))),
            ..Price::default()
        }),
        schedule_lines: schedule.collect(),
        reservation_id: reservation.id.clone(),
        ..OrderLine::default()
    };
    let content = OrderContent {
        order_type: OrderType::Standalone.into(),
        currency: offer.map(|offer| offer.currency.clone()).unwrap_or_default(),
        lines: vec![line],
        ..OrderContent::default()
    };
    let supplier = SupplierAddress { firm_id: reservation.supplier_id.clone(), ..SupplierAddress::default() };
    wire::PrefilledOrder { supplier: Some(supplier), content: Some(content) }
}

/// How quantities are written: machine time is kept in seconds and bought by the hour, where that is exact.
struct Shown {
    unit: String,
    /// Units of the reservation in one that is shown.
    factor: Decimal,
}

impl Shown {
    fn of(reservation: &wire::Reservation) -> Self {
        let hour = Decimal::from(3_600);
        let exact = |part: &wire::ReservedPart| {
            amount(part.quantity.as_ref())
                .is_some_and(|seconds| (seconds / hour).round_dp(4) * hour == seconds)
        };
        if reservation.unit_code == "SEC" && reservation.parts.iter().all(exact) {
            return Shown { unit: "HUR".into(), factor: hour };
        }
        Shown { unit: reservation.unit_code.clone(), factor: Decimal::ONE }
    }

    fn quantity(&self, quantity: Decimal) -> proto::Decimal {
        value::wire_decimal((quantity / self.factor).normalize())
    }
}

fn amount(decimal: Option<&proto::Decimal>) -> Option<Decimal> {
    value::decimal(decimal).ok().flatten()
}

/// Process and machine, such as 注塑 650 t 二号机.
fn name(offer: &wire::OfferContent) -> String {
    format!("{} {}", offer.process, offer.machine).trim().to_owned()
}

/// The week, or the day of a slot.
fn window(part: &wire::ReservedPart) -> Option<DeliveryWindow> {
    let monday = value::date(part.monday.as_ref()?).ok()?;
    let slot = part.starts_at.as_ref().and_then(value::time).map(day_of);
    let (from, until) = slot.map_or((monday, monday + Duration::days(6)), |day| (day, day));
    Some(DeliveryWindow {
        from: Some(value::wire_date(from)),
        until: Some(value::wire_date(until)),
        ..DeliveryWindow::default()
    })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn reservation(unit: &str, quantities: &[&str]) -> wire::Reservation {
        let part = |(week, quantity): (i64, &&str)| wire::ReservedPart {
            monday: Some(value::wire_date(date!(2026 - 12 - 28) + Duration::weeks(week))),
            quantity: Some(proto::Decimal { value: (*quantity).into() }),
            ..wire::ReservedPart::default()
        };
        wire::Reservation {
            id: "R".into(),
            supplier_id: "S".into(),
            unit_code: unit.into(),
            parts: (0..).zip(quantities).map(part).collect(),
            ..wire::Reservation::default()
        }
    }

    #[test]
    fn hours_are_bought_where_seconds_make_them_up() {
        let offer = wire::OfferContent {
            process: "注塑".into(),
            price_hint: Some(proto::Decimal { value: "0.05".into() }),
            currency: "CNY".into(),
            ..wire::OfferContent::default()
        };
        for (unit, quantities, shown_unit, quantity, each, price) in [
            ("SEC", &["144000", "5400"][..], "HUR", "41.5", &["40", "1.5"][..], "180.00"),
            ("SEC", &["144000", "1"], "SEC", "144001", &["144000", "1"], "0.05"),
            ("HUR", &["2.5"], "HUR", "2.5", &["2.5"], "0.05"),
        ] {
            let order = prefilled(&reservation(unit, quantities), Some(&offer));
            let content = order.content.unwrap();
            let line = &content.lines[0];
            let text = |decimal: &Option<proto::Decimal>| decimal.clone().unwrap().value;
            assert_eq!((line.unit_code.as_str(), text(&line.quantity).as_str()), (shown_unit, quantity));
            let parts: Vec<String> = line.schedule_lines.iter().map(|part| text(&part.quantity)).collect();
            assert_eq!(parts, each, "{unit} {quantities:?}");
            assert_eq!(text(&line.price.as_ref().unwrap().amount), price);
            let window = line.schedule_lines[0].requested_delivery.as_ref().unwrap();
            assert_eq!(
                (window.from, window.until),
                (
                    Some(value::wire_date(date!(2026 - 12 - 28))),
                    Some(value::wire_date(date!(2027 - 01 - 03)))
                )
            );
            assert_eq!((line.reservation_id.as_str(), content.currency.as_str()), ("R", "CNY"));
        }
        let bare = prefilled(&reservation("SEC", &["3600"]), None).content.unwrap();
        assert!(bare.lines[0].price.is_none() && bare.currency.is_empty());
    }
}
