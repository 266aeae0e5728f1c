//! Whether stated amounts add up, by the rules of Peppol BIS 3 Order. A document that names a Peppol profile has to
//! keep them all. For others some rules are warnings only: there are documents whose totals mean something else
//! (OIOUBL states the tax alone as TaxExclusiveAmount), and stated amounts are kept as stated.

use proto::{
    Decimal as WireDecimal,
    orders::{AllowanceCharge, OrderContent, OrderLine},
};
use rust_decimal::Decimal;

use super::{
    number,
    read::{Node, Reader},
    tree::{cac, cbc},
};

/// Notes every rule that the amounts break.
pub fn check<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>, content: &OrderContent) {
    for (node, line) in root.all(cac("OrderLine")).zip(&content.lines) {
        let Some(item) = node.first(cac("LineItem")) else { continue };
        let Some(leaf) = item.first(cbc("LineExtensionAmount")) else { continue };
        if let (Some(stated), Some(expected)) = (value(line.amount.as_ref()), line_amount(line))
            && (stated - expected).abs() > Decimal::new(2, 2)
        {
            reader.breach(&leaf, "TOTALS_DIFFER", differs("PEPPOL-T01-R024", stated, expected));
        }
    }
    let Some(node) = root.first(cac("AnticipatedMonetaryTotal")) else { return };
    for (rule, local, stated, expected) in rules(content, reader.strict) {
        let (Some(leaf), Some(stated), Some(expected)) = (node.first(cbc(local)), stated, expected) else {
            continue;
        };
        if stated != expected {
            reader.breach(&leaf, "TOTALS_DIFFER", differs(rule, stated, expected));
        }
    }
}

type Rule = (&'static str, &'static str, Option<Decimal>, Option<Decimal>);

/// Each rule with the element that it is about, what is stated there, and what follows from the other amounts.
fn rules(content: &OrderContent, strict: bool) -> Vec<Rule> {
    let Some(totals) = &content.totals else { return Vec::new() };
    let or_zero = |wire: &Option<WireDecimal>| value(wire.as_ref()).unwrap_or_default();
    let of_lines: Option<Decimal> = content.lines.iter().map(|line| value(line.amount.as_ref())).sum();
    let lines = value(totals.line_amount.as_ref());
    let (allowances, charges) = (or_zero(&totals.allowance_amount), or_zero(&totals.charge_amount));
    let exclusive = value(totals.tax_exclusive_amount.as_ref());
    let inclusive = value(totals.tax_inclusive_amount.as_ref());
    let tax = content.tax_totals.first().and_then(|total| value(total.amount.as_ref()));
    let due = or_zero(&totals.rounding_amount) - or_zero(&totals.prepaid_amount);
    let all = &content.allowance_charges;
    let mut rules = vec![
        ("PEPPOL-T01-R008", "LineExtensionAmount", lines, of_lines),
        (
            "PEPPOL-T01-R009",
            "AllowanceTotalAmount",
            value(totals.allowance_amount.as_ref()),
            amounts(all, false),
        ),
        ("PEPPOL-T01-R010", "ChargeTotalAmount", value(totals.charge_amount.as_ref()), amounts(all, true)),
    ];
    if strict {
        let net = lines.map(|lines| lines - allowances + charges);
        let gross = exclusive.zip(tax).map(|(net, tax)| net + tax);
        rules.push(("PEPPOL-T01-R011", "TaxExclusiveAmount", exclusive, net));
        rules.push(("PEPPOL-T01-R017", "TaxInclusiveAmount", inclusive, gross));
    }
    let payable = inclusive.map(|gross| gross + due);
    rules.push(("PEPPOL-T01-R016", "PayableAmount", value(totals.payable_amount.as_ref()), payable));
    rules
}

fn differs(rule: &str, stated: Decimal, expected: Decimal) -> String {
    format!("{rule}: is {stated}, the other amounts make it {expected}")
}

fn value(wire: Option<&WireDecimal>) -> Option<Decimal> {
    number::decimal(&wire?.value).ok()
}

/// All allowances or all charges; `None` where one has no amount in the order's currency.
fn amounts(all: &[AllowanceCharge], charge: bool) -> Option<Decimal> {
    all.iter().filter(|found| found.charge == charge).map(|found| value(found.amount.as_ref())).sum()
}

/// Quantity × (price ÷ base quantity) + charges − allowances; `None` where something is unstated or too large.
fn line_amount(line: &OrderLine) -> Option<Decimal> {
    let price = line.price.as_ref()?;
    let base = price.base_quantity.as_ref().map_or(Some(Decimal::ONE), |base| value(Some(base)))?;
    if !price.base_unit_code.is_empty() && price.base_unit_code != line.unit_code {
        return None;
    }
    let goods =
        value(line.quantity.as_ref())?.checked_mul(value(price.amount.as_ref())?)?.checked_div(base)?;
    let charged = goods.checked_add(amounts(&line.allowance_charges, true)?)?;
    Some(charged.checked_sub(amounts(&line.allowance_charges, false)?)?.round_dp(2))
}
