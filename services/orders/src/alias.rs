//! What a buyer's ERP writes → what it means: units, ship-to plants and tax codes, by the buyer's own tables. What the
//! document wrote is kept beside the meaning, and what no table knows stays as written. Pure.

use std::collections::HashMap;

use chassis::{Field, unit, value};
use proto::orders::{OrderContent, OrderLine, Warning};
use rust_decimal::Decimal;

use crate::publish::{self, NewOrder};

/// A table of the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Unit,
    Site,
    Tax,
}

impl Kind {
    /// From its name in the view of partners.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "unit" => Self::Unit,
            "site" => Self::Site,
            "tax" => Self::Tax,
            _ => return None,
        })
    }
}

/// What something written means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Unit code, site code or tax category.
    pub meaning: String,
    /// With a tax category.
    pub tax_rate: Option<Decimal>,
}

/// The tables of a buyer, as far as some documents ask for them.
#[derive(Clone, Debug, Default)]
pub struct Aliases(HashMap<(Kind, String, String), Meaning>);

impl Aliases {
    /// Another entry; an empty source system is every one.
    pub fn add(&mut self, kind: Kind, source_system: String, written: String, meaning: Meaning) {
        self.0.insert((kind, source_system, written), meaning);
    }

    /// The entry of the order's own ERP, or else that of every one.
    fn find(&self, kind: Kind, source_system: &str, written: &str) -> Option<&Meaning> {
        if self.0.is_empty() || written.is_empty() {
            return None;
        }
        let of = |system: &str| self.0.get(&(kind, system.to_string(), written.to_string()));
        of(source_system).or_else(|| of(""))
    }
}

/// Everything written in an order that a table may know, each once.
pub fn written(content: &OrderContent) -> Vec<&str> {
    let mut all: Vec<&str> = content
        .lines
        .iter()
        .flat_map(|line| {
            let tax = line.tax.as_ref().map(|tax| tax.category.as_str());
            let base = line.price.as_ref().map(|price| price.base_unit_code.as_str());
            let sites = line.schedule_lines.iter().map(|planned| planned.ship_to_site.as_str());
            [Some(line.unit_code.as_str()), tax, base].into_iter().flatten().chain(sites)
        })
        .filter(|text| !text.is_empty())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The order as the tables read it; `None` where they and the units leave it as it is.
///
/// # Errors
/// As [`publish::normalise`], which sums up again with the rates that the tables give.
pub fn apply(order: &NewOrder, aliases: &Aliases) -> Result<Option<NewOrder>, Vec<Field>> {
    if aliases.0.is_empty() && unknown_units(&order.content).is_empty() {
        return Ok(None);
    }
    let mut content = order.content.clone();
    let (mapped, warnings) = translate(&mut content, aliases);
    if !mapped && warnings.is_empty() {
        return Ok(None);
    }
    let all = order.warnings.iter().cloned().chain(warnings).collect();
    let read = publish::normalise(content, order.supplier.clone(), all)?;
    // Which lines came without schedule lines was seen when they were given one.
    Ok(Some(NewOrder { unscheduled: order.unscheduled.clone(), ..read }))
}

/// Replaces what is written by what it means: whether anything was replaced, and what is to be looked at.
pub fn translate(content: &mut OrderContent, aliases: &Aliases) -> (bool, Vec<Warning>) {
    let system = content.source_system.clone();
    let (mut mapped, mut warnings) = (false, Vec::new());
    for (i, line) in content.lines.iter_mut().enumerate() {
        mapped |= apply_line(line, &system, aliases, &format!("content.lines[{i}]"), &mut warnings);
    }
    warnings.extend(unknown_units(content));
    (mapped, warnings)
}

/// Whether anything of the line was mapped.
fn apply_line(
    line: &mut OrderLine,
    system: &str,
    aliases: &Aliases,
    path: &str,
    warnings: &mut Vec<Warning>,
) -> bool {
    let mut mapped = false;
    if let Some(unit) = aliases.find(Kind::Unit, system, &line.unit_code) {
        line.unit_original = std::mem::replace(&mut line.unit_code, unit.meaning.clone());
        mapped = true;
    }
    if let Some(price) = &mut line.price
        && let Some(unit) = aliases.find(Kind::Unit, system, &price.base_unit_code)
    {
        price.base_unit_code.clone_from(&unit.meaning);
        mapped = true;
    }
    if let Some(tax) = &mut line.tax
        && let Some(known) = aliases.find(Kind::Tax, system, &tax.category)
    {
        line.tax_original = std::mem::replace(&mut tax.category, known.meaning.clone());
        mapped = true;
        let stated = value::decimal(tax.rate.as_ref()).ok().flatten();
        match (stated, known.tax_rate) {
            // Stated amounts stand as stated.
            (Some(stated), Some(rate)) if stated != rate => warnings.push(Warning {
                field: format!("{path}.tax.rate"),
                reason: "TAX_RATE_DIFFERS".into(),
                message: format!("{stated} is stated, but {} means {rate}", line.tax_original),
            }),
            (None, Some(rate)) => tax.rate = Some(value::wire_decimal(rate)),
            _ => {}
        }
    }
    for planned in &mut line.schedule_lines {
        if let Some(site) = aliases.find(Kind::Site, system, &planned.ship_to_site) {
            planned.ship_to_site_original =
                std::mem::replace(&mut planned.ship_to_site, site.meaning.clone());
            mapped = true;
        }
    }
    mapped
}

/// One warning for each unit that is no code, at the first line that has it.
fn unknown_units(content: &OrderContent) -> Vec<Warning> {
    let mut seen: Vec<&str> = Vec::new();
    let mut warnings = Vec::new();
    for (i, line) in content.lines.iter().enumerate() {
        let code = line.unit_code.as_str();
        if code.is_empty() || unit::is_known(code) || seen.contains(&code) {
            continue;
        }
        seen.push(code);
        // An ERP writes a few units; whoever sends thousands is told of the first.
        if seen.len() > 100 {
            break;
        }
        let lines = content.lines.iter().filter(|other| other.unit_code == code).count();
        warnings.push(Warning {
            field: format!("content.lines[{i}].unit_code"),
            reason: "UNIT_UNKNOWN".into(),
            message: format!(
                "{code} is no unit of un/ece rec 20 that is known here ({lines} lines); say what it means with an alias"
            ),
        });
    }
    warnings
}

/// Clears what the platform alone sets.
pub fn clear_originals(content: &mut OrderContent) {
    for line in &mut content.lines {
        line.unit_original.clear();
        line.tax_original.clear();
        for planned in &mut line.schedule_lines {
            planned.ship_to_site_original.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::{Price, ScheduleLine, SupplierAddress, Tax};

    use super::*;

    fn decimal(text: &str) -> Option<proto::Decimal> {
        Some(proto::Decimal { value: text.into() })
    }

    fn new_order(unit: &str, site: &str, tax: Tax) -> NewOrder {
        let line = OrderLine {
            line_number: "10".into(),
            unit_code: unit.into(),
            price: Some(Price { amount: decimal("11.30"), base_unit_code: unit.into(), ..Price::default() }),
            tax: Some(tax),
            schedule_lines: vec![ScheduleLine {
                quantity: decimal("10"),
                ship_to_site: site.into(),
                ..ScheduleLine::default()
            }],
            ..OrderLine::default()
        };
        let content = OrderContent {
            source_system: "sap".into(),
            lines: vec![line],
            price_includes_tax: Some(true),
            ..OrderContent::default()
        };
        publish::normalise(content, SupplierAddress::default(), Vec::new()).unwrap()
    }

    fn tables(entries: &[(Kind, &str, &str, &str, Option<&str>)]) -> Aliases {
        let mut aliases = Aliases::default();
        for (kind, system, written, meaning, rate) in entries {
            let meaning =
                Meaning { meaning: (*meaning).into(), tax_rate: rate.map(|rate| rate.parse().unwrap()) };
            aliases.add(*kind, (*system).into(), (*written).into(), meaning);
        }
        aliases
    }

    fn reasons(order: &NewOrder) -> Vec<&str> {
        order.warnings.iter().map(|warning| warning.reason.as_str()).collect()
    }

    #[test]
    fn what_is_written_gets_its_meaning_and_stays_beside_it() {
        let aliases = tables(&[
            (Kind::Unit, "", "PCS", "H87", None),
            (Kind::Site, "", "1000", "NT-1", None),
            (Kind::Tax, "", "J1", "S", Some("0.13")),
        ]);
        let order = new_order("PCS", "1000", Tax { category: "J1".into(), rate: None });
        assert_eq!(order.net_amount, None, "the rate is unstated");
        let read = apply(&order, &aliases).unwrap().unwrap();
        let line = &read.content.lines[0];
        assert_eq!((line.unit_code.as_str(), line.unit_original.as_str()), ("H87", "PCS"));
        assert_eq!(line.price.as_ref().unwrap().base_unit_code, "H87");
        let planned = &line.schedule_lines[0];
        assert_eq!((&*planned.ship_to_site, &*planned.ship_to_site_original), ("NT-1", "1000"));
        assert_eq!(line.tax, Some(Tax { category: "S".into(), rate: decimal("0.13") }));
        assert_eq!(line.tax_original, "J1");
        assert_eq!(read.sites, ["NT-1"], "who is narrowed to sites is so by their own codes");
        assert_eq!(read.net_amount, "100.00".parse().ok(), "with the rate that the table gives");
        assert!(read.warnings.is_empty());
    }

    #[test]
    fn the_orders_own_system_goes_first() {
        let aliases = tables(&[(Kind::Unit, "", "ST", "H87", None), (Kind::Unit, "sap", "ST", "SET", None)]);
        let read = apply(&new_order("ST", "", Tax::default()), &aliases).unwrap().unwrap();
        assert_eq!(read.content.lines[0].unit_code, "SET");
    }

    #[test]
    fn an_unknown_unit_is_a_warning_and_stays() {
        let read = apply(&new_order("箱子", "", Tax::default()), &Aliases::default()).unwrap().unwrap();
        assert_eq!(reasons(&read), ["UNIT_UNKNOWN"]);
        assert_eq!(read.warnings[0].field, "content.lines[0].unit_code");
        assert_eq!(read.content.lines[0].unit_code, "箱子");
        assert!(apply(&new_order("H87", "X", Tax::default()), &Aliases::default()).unwrap().is_none());
        assert!(apply(&new_order("", "", Tax::default()), &Aliases::default()).unwrap().is_none());
    }

    #[test]
    fn a_stated_rate_stands() {
        let aliases = tables(&[(Kind::Tax, "", "J1", "S", Some("0.13"))]);
        let order = new_order("H87", "", Tax { category: "J1".into(), rate: decimal("0.09") });
        let read = apply(&order, &aliases).unwrap().unwrap();
        assert_eq!(read.content.lines[0].tax, Some(Tax { category: "S".into(), rate: decimal("0.09") }));
        assert_eq!(reasons(&read), ["TAX_RATE_DIFFERS"]);
        let same = new_order("H87", "", Tax { category: "J1".into(), rate: decimal("0.130") });
        assert!(apply(&same, &aliases).unwrap().unwrap().warnings.is_empty(), "0.130 is 0.13");
    }

    #[test]
    fn each_word_is_asked_for_once() {
        let order = new_order("PCS", "1000", Tax { category: "J1".into(), rate: None });
        assert_eq!(written(&order.content), ["1000", "J1", "PCS"]);
    }
}
