//! From a buyer's document to a new order: checked, normalised, with its amounts. Pure.

use chassis::{
    Field,
    search::{self, Indexed},
    secret, value,
};
use prost::Message as _;
use proto::orders::{OrderContent, OrderLine, ScheduleLine, SupplierAddress, Warning};
use rust_decimal::{Decimal, RoundingStrategy};
use time::Date;

/// The most lines of an order.
pub const MAX_LINES: usize = 10_000;
/// The most schedule lines of an order.
pub const MAX_SCHEDULE_LINES: usize = 20_000;

/// A document that may be published: checked and normalised.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Every line has its schedule lines, every schedule line its number and quantity.
    pub content: OrderContent,
    pub supplier: SupplierAddress,
    /// One for each schedule line, in the order of the content.
    pub schedule: Vec<NewSchedule>,
    pub price_includes_tax: bool,
    /// Without tax. `None` where a price is unstated, or the tax that it includes.
    pub net_amount: Option<Decimal>,
    /// The earliest requested day.
    pub requested_date: Option<Date>,
    /// Ship-to sites of the buyer.
    pub sites: Vec<String>,
    /// Lines that came without schedule lines and were given one.
    pub unscheduled: Vec<usize>,
    /// Of the encoded content.
    pub sha256: [u8; 32],
    pub warnings: Vec<Warning>,
}

impl NewOrder {
    /// What it is found by. Its partner's name is looked up, since names change.
    pub fn looked_for(&self) -> Indexed {
        let items = self.content.lines.iter().filter_map(|line| line.item.as_ref());
        let texts = items.flat_map(|item| [&item.buyer_item_id, &item.seller_item_id, &item.name]);
        search::index(texts.chain([&self.content.order_number]).map(String::as_str))
    }
}

/// A schedule line to be created.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// Place of its line in the content.
    pub line: usize,
    /// Its place in the line.
    pub place: usize,
    pub quantity: Decimal,
    pub requested_date: Option<Date>,
}

/// Quantity × (price ÷ base quantity), rounded half up to 2 decimals. `None` on overflow.
pub fn line_amount(quantity: Decimal, price: Decimal, base_quantity: Decimal) -> Option<Decimal> {
    Some(rounded(quantity.checked_mul(price)?.checked_div(base_quantity)?))
}

fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// What the line's amount is divided by to take its tax out: 1 + rate where prices include tax, else 1. `None` where
/// the rate is unstated, so that the net amount is not known.
fn tax_divisor(line: &OrderLine, includes_tax: bool) -> Option<Decimal> {
    if !includes_tax {
        return Some(Decimal::ONE);
    }
    let rate = parsed(line.tax.as_ref().and_then(|tax| tax.rate.as_ref()))?;
    Decimal::ONE.checked_add(rate)
}

/// The line's amount without tax: the amount is rounded first, then the tax taken out and rounded again, so that net
/// and tax make up the amount.
fn line_net(line: &OrderLine, quantity: Decimal, price: Decimal, divisor: Decimal) -> Option<Decimal> {
    let base = parsed(line.price.as_ref().and_then(|price| price.base_quantity.as_ref()));
    let amount = line_amount(quantity, price, base.unwrap_or(Decimal::ONE))?;
    Some(rounded(amount.checked_div(divisor)?))
}

/// Gives every line its schedule lines and every schedule line its number, and collects what later steps need. The
/// content was checked before: what cannot be parsed here was named as a bad field there.
///
/// # Errors
/// Lines whose schedule does not add up, and amounts that do not fit.
pub fn normalise(
    mut content: OrderContent,
    supplier: SupplierAddress,
    warnings: Vec<Warning>,
) -> Result<NewOrder, Vec<Field>> {
    let (mut schedule, mut wrong, mut sites) = (Vec::new(), Vec::new(), Vec::new());
    let mut unscheduled = Vec::new();
    let mut net_amount = Some(Decimal::ZERO);
    let header_window = content.requested_delivery.clone();
    let includes_tax = content.price_includes_tax.unwrap_or_default();
    for (index, line) in content.lines.iter_mut().enumerate() {
        let path = format!("content.lines[{index}]");
        if line.schedule_lines.is_empty() {
            unscheduled.push(index);
        }
        let quantity = fill_schedule(line, header_window.as_ref(), &path, &mut wrong);
        for (place, planned) in line.schedule_lines.iter().enumerate() {
            if !planned.ship_to_site.is_empty() && !sites.contains(&planned.ship_to_site) {
                sites.push(planned.ship_to_site.clone());
            }
            schedule.push(NewSchedule {
                line: index,
                place,
                quantity: parsed(planned.quantity.as_ref()).unwrap_or_default(),
                requested_date: first_day(planned),
            });
        }
        if let Some(sum) = net_amount {
            let stated = parsed(line.price.as_ref().and_then(|price| price.amount.as_ref()));
            net_amount = match (stated, tax_divisor(line, includes_tax)) {
                (Some(price), Some(divisor)) => {
                    let total = line_net(line, quantity, price, divisor).and_then(|net| sum.checked_add(net));
                    if total.is_none() {
                        let message = "makes an amount that is too large";
                        wrong.push(Field::new(format!("{path}.price"), "RANGE", message));
                    }
                    total
                }
                _ => None,
            };
        }
    }
    if schedule.len() > MAX_SCHEDULE_LINES {
        let message = format!("has more than {MAX_SCHEDULE_LINES} schedule lines; split the order");
        wrong.push(Field::new("content.lines", "TOO_MANY", message));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(NewOrder {
        price_includes_tax: includes_tax,
        requested_date: schedule.iter().filter_map(|line| line.requested_date).min(),
        net_amount,
        sha256: secret::sha256(&content.encode_to_vec()),
        content,
        supplier,
        schedule,
        sites,
        unscheduled,
        warnings,
    })
}

/// The line's quantity, with at least one schedule line that carries it.
fn fill_schedule(
    line: &mut OrderLine,
    header_window: Option<&proto::orders::DeliveryWindow>,
    path: &str,
    wrong: &mut Vec<Field>,
) -> Decimal {
    let stated = parsed(line.quantity.as_ref());
    if line.schedule_lines.is_empty() {
        line.schedule_lines.push(ScheduleLine { quantity: line.quantity.clone(), ..ScheduleLine::default() });
    }
    let single = line.schedule_lines.len() == 1;
    for (place, planned) in line.schedule_lines.iter_mut().enumerate() {
        if planned.schedule_line_number.is_empty() {
            planned.schedule_line_number = (place + 1).to_string();
        }
        if planned.quantity.is_none() {
            planned.quantity = Some(match stated {
                Some(quantity) if single => value::wire_decimal(quantity),
                _ => value::wire_decimal(Decimal::ZERO),
            });
        }
        if planned.requested_delivery.is_none() {
            planned.requested_delivery = header_window.cloned();
        }
    }
    let sum =
        line.schedule_lines.iter().filter_map(|planned| parsed(planned.quantity.as_ref())).sum::<Decimal>();
    match stated {
        Some(quantity) if quantity != sum => wrong.push(Field::new(
            format!("{path}.schedule_lines"),
            "SUM",
            format!("add up to {sum}, but the line's quantity is {quantity}"),
        )),
        Some(_) => {}
        None => line.quantity = Some(value::wire_decimal(sum)),
    }
    stated.unwrap_or(sum)
}

fn parsed(decimal: Option<&proto::Decimal>) -> Option<Decimal> {
    value::decimal(decimal).ok().flatten()
}

fn first_day(planned: &ScheduleLine) -> Option<Date> {
    let window = planned.requested_delivery.as_ref()?;
    let day = window.from.as_ref().or(window.until.as_ref())?;
    value::date(day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_line_amount_rounds_half_up() {
        for (quantity, price, base, amount) in [
            ("60000", "38.60", "1000", "2316.00"),
            ("1800.5", "14.20", "1", "25567.10"),
            ("1", "10.005", "1", "10.01"),
            ("3", "8.85", "1", "26.55"),
            ("200000", "52.00", "1000", "10400.00"),
        ] {
            let got = line_amount(decimal(quantity), decimal(price), decimal(base)).unwrap();
            assert_eq!(got, decimal(amount), "{quantity} × {price} ÷ {base}");
        }
    }

    #[test]
    fn the_net_amount_has_the_tax_taken_out() {
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        for (quantity, price, rate, net) in [
            ("3600", "4.52", Some("0.13"), Some("14400.00")),
            ("3", "8.85", Some("0.13"), Some("23.50")),
            ("1", "1", None, None),
        ] {
            let line = OrderLine {
                line_number: "1".into(),
                quantity: wire(quantity),
                price: Some(proto::orders::Price { amount: wire(price), ..Default::default() }),
                tax: rate.map(|rate| proto::orders::Tax { rate: wire(rate), ..Default::default() }),
                ..OrderLine::default()
            };
            let content =
                OrderContent { lines: vec![line], price_includes_tax: Some(true), ..OrderContent::default() };
            let order = normalise(content, SupplierAddress::default(), Vec::new()).unwrap();
            assert_eq!(order.net_amount, net.map(decimal), "{quantity} × {price} with tax");
        }
    }

    #[test]
    fn a_line_without_schedule_gets_one_with_its_quantity() {
        let line = OrderLine {
            line_number: "1".into(),
            quantity: Some(proto::Decimal { value: "7.50".into() }),
            ..OrderLine::default()
        };
        let content = OrderContent { lines: vec![line], ..OrderContent::default() };
        let order = normalise(content, SupplierAddress::default(), Vec::new()).unwrap();
        assert_eq!(order.schedule.len(), 1);
        assert_eq!(order.schedule[0].quantity.to_string(), "7.50");
        assert_eq!(order.net_amount, None, "no price is stated");
    }
}
