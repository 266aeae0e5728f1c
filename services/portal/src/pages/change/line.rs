//! One schedule line of the answer form.

use proto::orders::OrderContent;

use crate::{
    answer::{Asked, Entry, Fault, Per, Place, Wrong},
    i18n::{Text, key},
    order::Row,
    pages::preview::Outcome,
    typed::{self, iso},
};

/// A schedule line of the form.
pub struct LineForm {
    pub at: usize,
    pub entry: Entry,
    pub number: String,
    pub item: String,
    pub unit: String,
    pub asked: String,
    pub requested: String,
    /// What is typed otherwise than asked; empty for nothing.
    pub given: String,
    pub unanswered: String,
    /// What has changed since the form was made.
    pub differences: Vec<String>,
    pub faults: Vec<(Place, String)>,
    /// The order's price, to be compared with.
    pub price: String,
    /// What an answer would do, where that was asked for.
    pub outcome: Option<Outcome>,
}

impl LineForm {
    /// Whether it has something to be read, so that it is not folded.
    pub fn unfolds(&self) -> bool {
        let told = self.outcome.is_some() && !self.given.is_empty();
        told || !self.faults.is_empty() || !self.differences.is_empty()
    }

    /// Whether another price or item is typed, or has to be mended.
    pub fn opens(&self) -> bool {
        other_terms(&self.entry) || ["price", "item"].iter().any(|name| self.fault(name).is_some())
    }

    pub fn fault(&self, name: &str) -> Option<&str> {
        self.faults.iter().find(|(place, _)| place.name() == name).map(|(_, text)| text.as_str())
    }
}

/// A line of the form: as it was typed, or filled with what is asked.
pub fn line(
    t: &Text,
    at: usize,
    row: &Row,
    content: &OrderContent,
    typed: &[Entry],
    faults: &[Fault],
) -> LineForm {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let number = row.number(t);
    let (from, until) = row.requested(content);
    let now = Asked { unanswered: row.unanswered(), from, until };
    let before = typed.iter().position(|entry| entry.id == row.state.schedule_line_id);
    let entry = match before {
        Some(before) => Entry { was: now.clone(), number: number.clone(), ..typed[before].clone() },
        None => Entry {
            id: row.state.schedule_line_id.clone(),
            quantity: now.unanswered.to_string(),
            date: iso(until),
            was: now.clone(),
            number: number.clone(),
            per: Per::of(row.line.price.as_ref()),
            ..Entry::default()
        },
    };
    let faults = faults.iter().filter(|fault| Some(fault.entry) == before);
    LineForm {
        at,
        number,
        item: row.item_name().to_string(),
        asked: t.quantity(now.unanswered, &unit),
        requested: t.window(from, until),
        given: given(t, &entry, &unit),
        unanswered: now.unanswered.to_string(),
        differences: before.map_or_else(Vec::new, |before| differences(t, &typed[before].was, &now, &unit)),
        faults: faults.map(|fault| (fault.place, fault_text(t, fault.wrong, &unit))).collect(),
        price: match &row.line.price {
            Some(price) => t.price(Some(price), &content.currency, &unit),
            None => String::new(),
        },
        outcome: None,
        entry,
        unit,
    }
}

fn other_terms(entry: &Entry) -> bool {
    [&entry.price, &entry.substitute, &entry.substitute_id].iter().any(|text| !text.is_empty())
}

/// What is typed otherwise than asked, as far as it can be read.
fn given(t: &Text, entry: &Entry, unit: &str) -> String {
    let quantity = typed::quantity(&entry.quantity).filter(|typed| *typed != entry.was.unanswered);
    let day = typed::date(&entry.date).ok().flatten().filter(|day| !entry.was.covers(*day));
    let parts = [
        quantity.map(|quantity| t.quantity(quantity, unit)),
        day.map(|day| t.day(day)),
        other_terms(entry).then(|| t.say(key::LINE_OTHER)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { t.one(key::LINE_GIVEN, parts.join(" · ")) }
}

fn differences(t: &Text, was: &Asked, now: &Asked, unit: &str) -> Vec<String> {
    let mut all = Vec::new();
    if was.unanswered != now.unanswered {
        let (before, after) = (t.quantity(was.unanswered, unit), t.quantity(now.unanswered, unit));
        all.push(t.two(key::DIFFERENCE_QUANTITY, after, before));
    }
    if (was.from, was.until) != (now.from, now.until) {
        let (before, after) = (t.window(was.from, was.until), t.window(now.from, now.until));
        all.push(t.two(key::DIFFERENCE_DATE, after, before));
    }
    all
}

fn fault_text(t: &Text, wrong: Wrong, unit: &str) -> String {
    match wrong {
        Wrong::NoNumber => t.say(key::FAULT_NUMBER),
        Wrong::TooMuch(left) => t.one(key::FAULT_TOO_MUCH, t.quantity(left, unit)),
        Wrong::NoDate => t.say(key::FAULT_DATE),
        Wrong::DatePast => t.say(key::FAULT_DATE_PAST),
        Wrong::RestUnsaid => t.say(key::FAULT_REST),
        Wrong::ReasonMissing => t.say(key::FAULT_REASON),
        Wrong::NoteMissing => t.say(key::FAULT_NOTE),
        Wrong::NameMissing => t.say(key::FAULT_SUBSTITUTE),
        Wrong::RestSum(rest) => t.one(key::FAULT_REST_SUM, t.quantity(rest, unit)),
        Wrong::Refused => t.say(key::FAULT_REFUSED),
    }
}
