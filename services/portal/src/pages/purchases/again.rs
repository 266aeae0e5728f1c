//! A new order that begins as one that was bought before.

use std::collections::BTreeSet;

use proto::orders::{Item, Order, OrderContent, OrderLine, OrderState, OrderType};
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::draft::{Draft, suggested};
use crate::{
    added::Added,
    failure::Failure,
    form::Fields,
    format,
    i18n::{Lang, key},
    order::{self, Loaded, Row},
    session::Member,
};

/// Whether a new order may begin as this one. The form writes orders that stand by themselves, and of one that is
/// cancelled nothing is left to buy again.
pub(super) fn is_offered(order: &Order) -> bool {
    let kind = order.content.as_ref().map(OrderContent::order_type).unwrap_or_default();
    !matches!(kind, OrderType::CallOff | OrderType::Framework) && order.state() != OrderState::Cancelled
}

/// The same of the same supplier, under a number of its own and without days; and what is said of that.
///
/// # Errors
/// 404 where the member's firm is not its buyer, and where it is not offered.
pub(super) async fn begin(member: &Member, id: &str) -> Result<(Draft, String), Failure> {
    let loaded = order::load(member, id, "").await?;
    if loaded.order.buyer_id != member.who.firm_id || !is_offered(&loaded.order) {
        return Err(Failure::not_found());
    }
    let t = member.text();
    let content = loaded.order.content.clone().unwrap_or_default();
    let lines: Vec<Bought<'_>> = loaded.rows.chunk_by(|_, next| !next.first).filter_map(Bought::of).collect();
    let mut said = vec![t.one(key::NEW_ORDER_AGAIN, &content.order_number)];
    if !loaded.next.is_empty() {
        said.push(t.say(key::NEW_ORDER_CUT));
    }
    if leaves_out(&content, &lines) {
        said.push(t.say(key::NEW_ORDER_LEFT_OUT));
    }
    let mut draft = as_before(&loaded, &content, &lines, member.app().clock.now(), t.lang);
    if draft.lines.is_empty() {
        draft.add();
    }
    Ok((draft, said.join(" ")))
}

/// What is left of an order line after cancellations.
struct Bought<'a> {
    line: &'a OrderLine,
    quantity: Decimal,
    /// Where it goes; an empty one where that is unstated.
    sites: BTreeSet<&'a str>,
    /// Whether a part of it goes to a place without a code.
    addressed: bool,
}

impl<'a> Bought<'a> {
    /// Of the schedule lines of one order line; `None` where all of them are cancelled.
    fn of(rows: &'a [Row]) -> Option<Self> {
        let left: Vec<(&Row, Decimal)> =
            rows.iter().map(|row| (row, left(row))).filter(|(_, left)| *left > Decimal::ZERO).collect();
        let (first, _) = left.first()?;
        Some(Self {
            line: &first.line,
            quantity: left.iter().map(|(_, left)| *left).sum(),
            sites: left.iter().map(|(row, _)| row.schedule.ship_to_site.as_str()).collect(),
            addressed: left.iter().any(|(row, _)| row.schedule.ship_to.is_some()),
        })
    }

    /// The one site of all of it.
    fn site(&self) -> Option<&'a str> {
        let site = self.sites.first().copied();
        site.filter(|_| self.sites.len() == 1)
    }
}

fn left(row: &Row) -> Decimal {
    let of = row.state.quantities.clone().unwrap_or_default();
    format::decimal_or_zero(of.ordered.as_ref()) - format::decimal_or_zero(of.cancelled.as_ref())
}

/// Whether the order says anything that the form has no field for, beside what is of that one order alone.
fn leaves_out(content: &OrderContent, lines: &[Bought<'_>]) -> bool {
    let rest = OrderContent {
        source_system: String::new(),
        order_number: String::new(),
        order_type: 0,
        order_type_code: String::new(),
        issue_date: None,
        issue_time: String::new(),
        currency: String::new(),
        price_includes_tax: None,
        purchasing_group: String::new(),
        notes: Vec::new(),
        requested_delivery: None,
        tax_totals: Vec::new(),
        totals: None,
        lines: Vec::new(),
        ..content.clone()
    };
    let taxed = lines.iter().any(|one| one.line.tax.is_some());
    rest != OrderContent::default()
        || (taxed && rate(lines.iter().map(|one| one.line)).is_none())
        || lines.iter().any(|one| one.site().is_none() || one.addressed || says_more(one.line))
}

/// The same of a line. The platform says anew which revision it is of, and a reservation is used up.
fn says_more(line: &OrderLine) -> bool {
    let item = line.item.clone().unwrap_or_default();
    let item = Item { name: String::new(), buyer_item_id: String::new(), ..item };
    let rest = OrderLine {
        line_number: String::new(),
        item: None,
        quantity: None,
        unit_code: String::new(),
        unit_text: String::new(),
        price: None,
        tax: None,
        amount: None,
        resource_revision: String::new(),
        schedule_lines: Vec::new(),
        unit_original: String::new(),
        tax_original: String::new(),
        reservation_id: String::new(),
        ..line.clone()
    };
    let priceless = line.price.is_some() && price_of_one(line).is_none();
    priceless || item != Item::default() || rest != OrderLine::default()
}

fn as_before(
    loaded: &Loaded,
    content: &OrderContent,
    bought: &[Bought<'_>],
    now: OffsetDateTime,
    lang: Lang,
) -> Draft {
    let number = suggested(now);
    let rate = rate(bought.iter().map(|one| one.line)).map(|rate| rate.to_string()).unwrap_or_default();
    let sites: BTreeSet<&str> = bought.iter().flat_map(|one| one.sites.iter().copied()).collect();
    // Said once where all of it goes there, else line by line.
    let site = sites.first().copied().filter(|_| sites.len() == 1);
    let notes: Vec<&str> = content.notes.iter().map(|note| note.text.as_str()).collect();
    let note = notes.join("\n");
    let language = content.notes.first().and_then(|note| Lang::parse(&note.language)).unwrap_or(lang);
    let head = [
        ("supplier", loaded.order.supplier_id.as_str()),
        ("number", number.as_str()),
        ("currency", content.currency.as_str()),
        ("tax", content.price_includes_tax.map_or("", |included| if included { "yes" } else { "no" })),
        ("rate", rate.as_str()),
        ("site", site.unwrap_or_default()),
        ("group", content.purchasing_group.as_str()),
        ("note", note.as_str()),
        ("note_language", language.code()),
    ];
    let mut lines: Vec<Added> = bought.iter().enumerate().map(|(at, one)| again(one, at)).collect();
    if site.is_some() {
        lines.iter_mut().for_each(|line| line.site.clear());
    }
    Draft { head: Fields::begun(head), lines }
}

fn again(bought: &Bought<'_>, at: usize) -> Added {
    let line = bought.line;
    let item = line.item.clone().unwrap_or_default();
    let nameless = item.name.is_empty() && item.buyer_item_id.is_empty();
    let empty = Added::empty(((at + 1) * 10).to_string());
    Added {
        item: if nameless { item.seller_item_id } else { item.name },
        item_number: item.buyer_item_id,
        unit: if line.unit_code.is_empty() { empty.unit.clone() } else { line.unit_code.clone() },
        quantity: bought.quantity.to_string(),
        price: price_of_one(line).map(|price| price.to_string()).unwrap_or_default(),
        site: bought.site().unwrap_or_default().to_string(),
        ..empty
    }
}

/// The price of one unit, where it can be said exactly.
fn price_of_one(line: &OrderLine) -> Option<Decimal> {
    let price = line.price.as_ref()?;
    if !price.base_unit_code.is_empty() && price.base_unit_code != line.unit_code {
        return None;
    }
    let amount = format::decimal(price.amount.as_ref())?;
    let base = format::decimal(price.base_quantity.as_ref()).unwrap_or(Decimal::ONE);
    if base == Decimal::ONE {
        return Some(amount);
    }
    let one = amount.checked_div(base)?.normalize();
    (one.checked_mul(base)? == amount).then_some(one)
}

/// The rate of all lines, as people say it; `None` where they have several or none.
fn rate<'a>(mut lines: impl Iterator<Item = &'a OrderLine>) -> Option<Decimal> {
    let of = |line: &OrderLine| format::decimal(line.tax.as_ref()?.rate.as_ref());
    let first = of(lines.next()?)?;
    let percent = first.checked_mul(Decimal::ONE_HUNDRED)?.normalize();
    lines.all(|line| of(line) == Some(first)).then_some(percent)
}

#[cfg(test)]
mod tests {
    use proto::orders::{Attachment, Party, Price, Quantities, ScheduleLine, ScheduleLineState, Tax};

    use super::*;

    fn wire(text: &str) -> Option<proto::Decimal> {
        Some(proto::Decimal { value: text.into() })
    }

    fn line(amount: &str, base: &str, base_unit: &str) -> OrderLine {
        let price = Price {
            amount: wire(amount),
            base_quantity: wire(base),
            base_unit_code: base_unit.into(),
            ..Price::default()
        };
        OrderLine { unit_code: "H87".into(), price: Some(price), ..OrderLine::default() }
    }

    #[test]
    fn a_price_is_taken_over_where_the_price_of_one_is_exact() {
        for (amount, base, unit, one) in [
            ("6.80", "1", "", Some("6.80")),
            ("38.60", "1000", "H87", Some("0.0386")),
            ("1", "3", "", None),
            ("38.60", "1", "KGM", None),
        ] {
            let found = price_of_one(&line(amount, base, unit)).map(|price| price.to_string());
            assert_eq!(found.as_deref(), one, "{amount} / {base} {unit}");
        }
        assert_eq!(price_of_one(&OrderLine::default()), None);
    }

    #[test]
    fn a_rate_is_taken_over_where_all_lines_have_it() {
        let taxed = |rate: &str| OrderLine {
            tax: Some(Tax { rate: wire(rate), ..Tax::default() }),
            ..OrderLine::default()
        };
        let found = |lines: &[OrderLine]| rate(lines.iter()).map(|rate| rate.to_string());
        assert_eq!(found(&[taxed("0.13"), taxed("0.130")]).as_deref(), Some("13"));
        assert_eq!(found(&[taxed("0.13"), taxed("0.09")]), None);
        assert_eq!(found(&[taxed("0.13"), OrderLine::default()]), None);
        assert_eq!(found(&[]), None);
    }

    fn row(ordered: &str, cancelled: &str, site: &str, first: bool) -> Row {
        let item = Item { seller_item_id: "SM-1".into(), ..Item::default() };
        let quantities =
            Quantities { ordered: wire(ordered), cancelled: wire(cancelled), ..Quantities::default() };
        Row {
            line: OrderLine { item: Some(item), ..OrderLine::default() },
            schedule: ScheduleLine { ship_to_site: site.into(), ..ScheduleLine::default() },
            state: ScheduleLineState { quantities: Some(quantities), ..ScheduleLineState::default() },
            first,
            several: false,
        }
    }

    #[test]
    fn a_line_is_named_as_it_was() {
        let rows = [row("900.50", "0", "", true)];
        let typed = again(&Bought::of(&rows).unwrap(), 1);
        assert_eq!((typed.number.as_str(), typed.item.as_str(), typed.unit.as_str()), ("20", "SM-1", "H87"));
        assert_eq!((typed.quantity.as_str(), typed.price.as_str(), typed.date.as_str()), ("900.50", "", ""));
    }

    /// What is typed for all, and for each line, of these schedule lines: the site, and how many.
    fn begun(rows: Vec<Row>) -> (String, Vec<(String, String)>) {
        let loaded = Loaded { order: Order::default(), rows, next: String::new() };
        let bought: Vec<Bought<'_>> =
            loaded.rows.chunk_by(|_, next| !next.first).filter_map(Bought::of).collect();
        let now = time::macros::datetime!(2026-11-23 01:00 UTC);
        let draft = as_before(&loaded, &OrderContent::default(), &bought, now, Lang::Zh);
        let lines = draft.lines.into_iter().map(|line| (line.site, line.quantity)).collect();
        (draft.head.get("site").to_string(), lines)
    }

    #[test]
    fn a_site_is_said_once_where_it_is_the_same_and_else_by_line() {
        let line = |site: &str, quantity: &str| (site.to_string(), quantity.to_string());
        let one = begun(vec![row("5", "0", "P100", true), row("7", "0", "P100", true)]);
        assert_eq!(one, ("P100".to_string(), vec![line("", "5"), line("", "7")]));
        let two = begun(vec![row("5", "0", "P100", true), row("7", "0", "P200", true)]);
        assert_eq!(two, (String::new(), vec![line("P100", "5"), line("P200", "7")]));
        let unstated = begun(vec![row("5", "0", "", true), row("7", "0", "P200", true)]);
        assert_eq!(unstated, (String::new(), vec![line("", "5"), line("P200", "7")]));
        let split = begun(vec![row("5", "0", "P100", true), row("7", "0", "P200", false)]);
        assert_eq!(split, (String::new(), vec![line("", "12")]), "no line goes where a part of it did not");
    }

    #[test]
    fn what_was_cancelled_is_not_bought_again() {
        let rows = vec![
            row("5", "5", "P100", true),
            row("7", "2", "P200", true),
            row("8", "8", "P300", false),
            row("1.5", "0", "P200", false),
        ];
        assert_eq!(begun(rows), ("P200".to_string(), vec![(String::new(), "6.5".to_string())]));
        assert!(begun(vec![row("5", "5", "P100", true)]).1.is_empty());
    }

    fn kept(line: &OrderLine) -> Bought<'_> {
        Bought { line, quantity: Decimal::ONE, sites: BTreeSet::from(["P100"]), addressed: false }
    }

    #[test]
    fn what_the_form_has_no_field_for_is_noticed() {
        let bare = OrderLine { line_number: "10".into(), ..line("6.80", "1", "") };
        let content = OrderContent { order_number: "1".into(), currency: "CNY".into(), ..Default::default() };
        assert!(!leaves_out(&content, &[kept(&bare)]));
        for content in [
            OrderContent { agreement_ref: "R-1".into(), ..content.clone() },
            OrderContent { parties: vec![Party::default()], ..content.clone() },
            OrderContent { attachments: vec![Attachment::default()], ..content.clone() },
        ] {
            assert!(leaves_out(&content, &[kept(&bare)]), "{content:?}");
        }
        let item = Item { seller_item_id: "SM-1".into(), ..Item::default() };
        for line in [
            OrderLine { item: Some(item), ..bare.clone() },
            OrderLine { price: line("1", "3", "").price, ..bare.clone() },
            OrderLine { accounting_cost: "4711".into(), ..bare.clone() },
        ] {
            assert!(leaves_out(&content, &[kept(&line)]), "{line:?}");
        }
        let split = Bought { sites: BTreeSet::from(["P100", "P200"]), ..kept(&bare) };
        assert!(leaves_out(&content, &[split]));
    }

    #[test]
    fn it_is_offered_of_orders_that_stand_by_themselves() {
        let order = |kind: OrderType, state: OrderState| {
            let content = OrderContent { order_type: kind as i32, ..OrderContent::default() };
            Order { content: Some(content), state: state as i32, ..Order::default() }
        };
        assert!(is_offered(&order(OrderType::Standalone, OrderState::Accepted)));
        assert!(!is_offered(&order(OrderType::Standalone, OrderState::Cancelled)));
        assert!(!is_offered(&order(OrderType::CallOff, OrderState::Accepted)));
        assert!(!is_offered(&order(OrderType::Framework, OrderState::Accepted)));
    }
}
