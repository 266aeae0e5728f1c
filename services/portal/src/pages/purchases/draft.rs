//! A new order as it is typed, what it means, and what is wrong with it. Pure.

use std::collections::BTreeSet;

use proto::orders::{Note, OrderContent, OrderLine, OrderType, Tax};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use super::questions::Asked;
use crate::{
    added::{self, Added, Wrong},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    typed,
};

/// Lines of an empty form.
const ROWS: usize = 5;
/// The most lines of a form; who buys more at once sends a file.
pub(super) const MOST: usize = 100;

/// The name of a field, and what is wrong with it.
pub(super) type Fault = (String, String);

/// The form as it was typed, or as it begins.
pub(super) struct Draft {
    /// What is said of the order as a whole.
    pub(super) head: Fields,
    pub(super) lines: Vec<Added>,
}

impl Draft {
    /// An empty one, with a number that says when it was begun.
    pub(super) fn empty(now: OffsetDateTime, language: &str) -> Self {
        let number = suggested(now);
        let head = [("number", number.as_str()), ("currency", "CNY"), ("note_language", language)];
        let numbers = (1..=ROWS).map(|at| (at * 10).to_string());
        Self { head: Fields::begun(head), lines: numbers.map(Added::empty).collect() }
    }

    /// As posted.
    pub(super) fn read(fields: Fields) -> Self {
        Self { lines: added::read(&fields, MOST), head: fields }
    }

    /// One more empty line, as long as there is room for it.
    pub(super) fn add(&mut self) {
        if self.lines.len() < MOST {
            let numbers: Vec<String> = self.lines.iter().map(|line| line.number.clone()).collect();
            self.lines.push(Added::empty(added::next_number(&numbers)));
        }
    }
}

/// A number for an order that is begun now.
pub(super) fn suggested(now: OffsetDateTime) -> String {
    format!("PO{}", format::stamp(now))
}

/// What would be published.
pub(super) struct Meant {
    pub(super) content: OrderContent,
    /// Which lines of the form its lines are.
    pub(super) rows: Vec<usize>,
}

/// What the form means.
///
/// # Errors
/// Every field that cannot be used; that something is missing beside the lines is for [`Asked::lacking`].
pub(super) fn interpret(t: &Text, draft: &Draft, today: Date) -> Result<Meant, Vec<Fault>> {
    let Draft { head, lines } = draft;
    let mut faults = Vec::new();
    let day = added::day(head.get("date"), false, "date".into(), &mut faults);
    if day.is_some_and(|day| day < today) {
        faults.push(added::Fault { field: "date".into(), wrong: Wrong::DatePast });
    }
    let needs_day = head.get("date").is_empty();
    let (mut taken, mut rows, mut meant) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (at, typed) in lines.iter().enumerate().filter(|(_, typed)| !typed.is_blank()) {
        if let Some(line) = added::line(typed, at, needs_day, today, &mut taken, &mut faults) {
            rows.push(at);
            meant.push(line);
        }
    }
    let mut said: Vec<Fault> = faults.into_iter().map(|fault| named(t, lines, fault)).collect();
    let tax = tax(head.get("rate"));
    if tax.is_err() {
        said.insert(0, ("rate".into(), t.one(key::ASK_WRONG, t.say(key::TAX_RATE))));
    }
    if lines.iter().all(Added::is_blank) {
        said.push(("ai-0".into(), t.say(key::NEW_ORDER_NO_LINE)));
    }
    match tax {
        Ok(tax) if said.is_empty() => {
            let lines = meant.into_iter().map(|line| whole(line, &tax, head.get("site"))).collect();
            Ok(Meant { content: content(head, day, lines), rows })
        }
        _ => Err(said),
    }
}

fn content(head: &Fields, day: Option<Date>, lines: Vec<OrderLine>) -> OrderContent {
    let note = Note { text: head.get("note").to_string(), language: head.get("note_language").to_string() };
    OrderContent {
        order_number: head.get("number").to_string(),
        order_type: OrderType::Standalone as i32,
        currency: head.get("currency").to_string(),
        price_includes_tax: Some(head.get("tax") == "yes"),
        purchasing_group: head.get("group").to_string(),
        notes: if note.text.is_empty() { Vec::new() } else { vec![note] },
        requested_delivery: day.map(added::on),
        lines,
        ..OrderContent::default()
    }
}

/// A line with what is said once for all of them; a site of its own stays.
fn whole(mut line: OrderLine, tax: &Option<Tax>, site: &str) -> OrderLine {
    for part in line.schedule_lines.iter_mut().filter(|part| part.ship_to_site.is_empty()) {
        part.ship_to_site = site.to_string();
    }
    OrderLine { tax: tax.clone(), ..line }
}

/// A rate as people say it, such as 13; nothing for none.
fn tax(percent: &str) -> Result<Option<Tax>, ()> {
    if percent.is_empty() {
        return Ok(None);
    }
    let percent = typed::quantity(percent).filter(|percent| *percent <= Decimal::ONE_HUNDRED).ok_or(())?;
    let rate = percent.checked_div(Decimal::ONE_HUNDRED).ok_or(())?.normalize();
    Ok(Some(Tax { rate: Some(chassis::value::wire_decimal(rate)), ..Tax::default() }))
}

/// A fault with the line that it is of.
fn named(t: &Text, lines: &[Added], fault: added::Fault) -> Fault {
    let text = t.say(fault.wrong.said());
    let at = fault.field.rsplit_once('-').and_then(|(_, at)| at.parse::<usize>().ok());
    match at.and_then(|at| lines.get(at)) {
        Some(line) => (fault.field, t.two(key::FAULT_OF_LINE, &line.number, text)),
        None => (fault.field, text),
    }
}

/// What the API refuses, by the fields of the form; whatever is of none is of the form.
pub(super) fn refused(
    t: &Text,
    failure: &Failure,
    draft: &Draft,
    rows: &[usize],
    asked: &Asked,
) -> Vec<Fault> {
    let mut said: Vec<Fault> = Vec::new();
    for (path, reason) in &failure.fields {
        let question = || asked.all().find(|one| one.is_at(path));
        let of_order = || question().map(|one| (one.name.to_string(), one.refusal(t, reason)));
        let found = refused_line(t, path, draft, rows).or_else(of_order);
        let new = found.filter(|(name, _)| said.iter().all(|(other, _)| other != name));
        said.extend(new);
    }
    if said.is_empty() {
        said.push(match failure.reason.as_str() {
            "ORDER_EXISTS" => ("number".into(), t.say(key::NEW_ORDER_TAKEN)),
            reason if is_about_supplier(reason) => ("supplier".into(), failure.sentence(t)),
            _ => ("new-order".into(), failure.sentence(t)),
        });
    }
    said
}

/// Whether another supplier, or none but this one, would mend it.
pub(super) fn is_about_supplier(reason: &str) -> bool {
    ["SUPPLIER_UNKNOWN", "SUPPLIER_AMBIGUOUS", "RELATIONSHIP_NOT_ACTIVE", "FIRM_SUSPENDED"].contains(&reason)
}

/// `content.lines[1].price.amount` is the price of the line that was typed at `rows[1]`.
fn refused_line(t: &Text, path: &str, draft: &Draft, rows: &[usize]) -> Option<Fault> {
    let (index, rest) = path.strip_prefix("content.lines[")?.split_once(']')?;
    let at = *rows.get(index.parse::<usize>().ok()?)?;
    let line = draft.lines.get(at)?;
    let name = match rest {
        _ if rest.contains("ship_to_site") && !line.site.is_empty() => "as",
        // These are said once for all lines.
        _ if rest.contains("ship_to_site") => {
            return Some(("site".into(), t.one(key::ASK_WRONG, t.say(key::CHANGED_SITE))));
        }
        _ if rest.contains(".tax") => {
            return Some(("rate".into(), t.one(key::ASK_WRONG, t.say(key::TAX_RATE))));
        }
        _ if rest.contains("buyer_item_id") => "ac",
        _ if rest.contains(".item") => "ai",
        _ if rest.contains(".price") => "ap",
        _ if rest.contains("requested_delivery") => "ad",
        _ => "aq",
    };
    Some((format!("{name}-{at}"), t.two(key::FAULT_OF_LINE, &line.number, t.say(key::FAULT_REFUSED))))
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    fn text() -> Text {
        Text::new(Catalogue::load().unwrap(), Lang::Zh)
    }

    /// The first and third line are typed.
    fn draft(head: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::empty(datetime!(2026-11-23 01:00 UTC), "zh");
        for at in [0, 2] {
            draft.lines[at].item = format!("箱盖 {at}");
            draft.lines[at].quantity = "1,000".into();
            draft.lines[at].price = "2.30".into();
        }
        Draft { head: Fields::of(head), ..draft }
    }

    fn meant(head: &[(&str, &str)]) -> Result<Meant, Vec<Fault>> {
        interpret(&text(), &draft(head), date!(2026 - 11 - 23))
    }

    #[test]
    fn empty_lines_are_left_out_and_what_is_said_once_holds_for_all() {
        let head = [
            ("date", "2026-12-28"),
            ("site", "P100"),
            ("rate", "13"),
            ("note", "加急"),
            ("note_language", "zh"),
        ];
        let Meant { content, rows } = meant(&head).unwrap();
        assert_eq!(rows, [0, 2]);
        assert_eq!(content.requested_delivery, Some(added::on(date!(2026 - 12 - 28))));
        assert_eq!((content.notes[0].text.as_str(), content.notes[0].language.as_str()), ("加急", "zh"));
        for (line, number) in content.lines.iter().zip(["10", "30"]) {
            assert_eq!(line.line_number, number);
            assert_eq!(line.tax.clone().unwrap().rate.unwrap().value, "0.13");
            assert_eq!(line.schedule_lines[0].ship_to_site, "P100");
            assert_eq!(line.schedule_lines[0].requested_delivery, None, "the order's day is the line's");
        }
        assert!(meant(&[("date", "2026-12-28")]).unwrap().content.notes.is_empty());
        let mut own = draft(&head);
        own.lines[2].site = "P200".into();
        let meant = interpret(&text(), &own, date!(2026 - 11 - 23)).unwrap();
        let sites = meant.content.lines.iter().map(|line| line.schedule_lines[0].ship_to_site.as_str());
        assert!(sites.eq(["P100", "P200"]), "a line's own site is kept");
    }

    #[test]
    fn every_wrong_field_is_named_with_its_line() {
        let names = |head: &[(&str, &str)]| -> Vec<String> {
            meant(head).err().unwrap().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&[]), ["ad-0", "ad-2"], "a day is needed on the order or on its lines");
        assert_eq!(names(&[("date", "2026-11-22")]), ["date"]);
        assert_eq!(names(&[("date", "morgen"), ("rate", "101")]), ["rate", "date"]);
        assert_eq!(meant(&[]).err().unwrap()[1].1, "第 30 行：请填写日期，如 2026-12-28。");
        let nothing = Draft::empty(datetime!(2026-11-23 01:00 UTC), "zh");
        let faults = interpret(&text(), &nothing, date!(2026 - 11 - 23)).err().unwrap();
        assert_eq!((faults[0].0.as_str(), faults.len()), ("ai-0", 1));
        assert_eq!(nothing.head.get("number"), "PO20261123-090000");
    }

    #[test]
    fn what_the_api_names_is_the_field_that_was_typed() {
        let mut draft = draft(&[]);
        draft.lines[0].site = "P200".into();
        let name = |path: &str| refused_line(&text(), path, &draft, &[0, 2]).map(|(name, _)| name);
        for (path, wanted) in [
            ("content.lines[1].price.amount", Some("ap-2")),
            ("content.lines[0].item.name", Some("ai-0")),
            ("content.lines[1].item.buyer_item_id", Some("ac-2")),
            ("content.lines[1].schedule_lines[0].requested_delivery.from", Some("ad-2")),
            ("content.lines[1].schedule_lines[0].ship_to_site", Some("site")),
            ("content.lines[0].schedule_lines[0].ship_to_site", Some("as-0")),
            ("content.lines[0].tax.rate", Some("rate")),
            ("content.lines[1].quantity", Some("aq-2")),
            ("content.lines[2].quantity", None),
            ("content.currency", None),
        ] {
            assert_eq!(name(path).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn a_form_has_room_for_so_many_lines() {
        let mut draft = draft(&[]);
        for _ in 0..MOST {
            draft.add();
        }
        assert_eq!((draft.lines.len(), draft.lines[5].number.as_str()), (MOST, "60"));
    }
}
