//! A new order that begins as one that was bought before.

use proto::orders::{OrderContent, OrderLine};
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::draft::{Draft, suggested};
use crate::{
    added::Added,
    failure::Failure,
    form::Fields,
    format,
    i18n::{Lang, key},
    order::{self, Loaded},
    session::Member,
};

/// The same of the same supplier, under a number of its own and without days; and what is said of that.
///
/// # Errors
/// 404 where the member's firm is not its buyer.
pub(super) async fn begin(member: &Member, id: &str) -> Result<(Draft, String), Failure> {
    let loaded = order::load(member, id, "").await?;
    if loaded.order.buyer_id != member.who.firm_id {
        return Err(Failure::not_found());
    }
    let t = member.text();
    let content = loaded.order.content.clone().unwrap_or_default();
    let said = t.one(key::NEW_ORDER_AGAIN, &content.order_number);
    let said = match loaded.next.is_empty() {
        true => said,
        false => format!("{said} {}", t.say(key::NEW_ORDER_CUT)),
    };
    Ok((as_before(&loaded, &content, member.app().clock.now(), t.lang), said))
}

fn as_before(loaded: &Loaded, content: &OrderContent, now: OffsetDateTime, lang: Lang) -> Draft {
    let lines = || loaded.rows.iter().filter(|row| row.first).map(|row| &row.line);
    let number = suggested(now);
    let rate = rate(lines()).map(|rate| rate.to_string()).unwrap_or_default();
    let mut sites = loaded.rows.iter().map(|row| row.schedule.ship_to_site.as_str());
    let notes: Vec<&str> = content.notes.iter().map(|note| note.text.as_str()).collect();
    let note = notes.join("\n");
    let language = content.notes.first().and_then(|note| Lang::parse(&note.language)).unwrap_or(lang);
    let head = [
        ("supplier", loaded.order.supplier_id.as_str()),
        ("number", number.as_str()),
        ("currency", content.currency.as_str()),
        ("tax", content.price_includes_tax.map_or("", |included| if included { "yes" } else { "no" })),
        ("rate", rate.as_str()),
        ("site", sites.find(|site| !site.is_empty()).unwrap_or_default()),
        ("group", content.purchasing_group.as_str()),
        ("note", note.as_str()),
        ("note_language", language.code()),
    ];
    Draft {
        head: Fields::begun(head),
        lines: lines().enumerate().map(|(at, line)| again(line, at)).collect(),
    }
}

fn again(line: &OrderLine, at: usize) -> Added {
    let item = line.item.clone().unwrap_or_default();
    let nameless = item.name.is_empty() && item.buyer_item_id.is_empty();
    let empty = Added::empty(((at + 1) * 10).to_string());
    let typed = |number: Option<Decimal>| number.map(|number| number.to_string()).unwrap_or_default();
    Added {
        item: if nameless { item.seller_item_id } else { item.name },
        item_number: item.buyer_item_id,
        unit: if line.unit_code.is_empty() { empty.unit.clone() } else { line.unit_code.clone() },
        quantity: typed(format::decimal(line.quantity.as_ref())),
        price: typed(price_of_one(line)),
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
    use proto::orders::{Item, Price, Tax};

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

    #[test]
    fn a_line_is_named_as_it_was() {
        let item = Item { seller_item_id: "SM-1".into(), ..Item::default() };
        let bought = OrderLine { item: Some(item), quantity: wire("900.50"), ..OrderLine::default() };
        let typed = again(&bought, 1);
        assert_eq!((typed.number.as_str(), typed.item.as_str(), typed.unit.as_str()), ("20", "SM-1", "H87"));
        assert_eq!((typed.quantity.as_str(), typed.price.as_str(), typed.date.as_str()), ("900.50", "", ""));
    }
}
