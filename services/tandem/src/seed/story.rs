//! The sandbox's data as it is written down, checked and moved to the current week.

use std::{collections::BTreeMap, str::FromStr as _};

use anyhow::{Context as _, bail};
use proto::orders::{CancelReason, HoldReason, RejectReason};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use time::{Date, Duration, Month, format_description::BorrowedFormatItem, macros::format_description};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Firms, partners and items.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub operator: Firm,
    pub anchors: Vec<Firm>,
    pub suppliers: Vec<Firm>,
    pub invited: Vec<Firm>,
    /// Buyer → supplier → vendor number.
    pub partners: BTreeMap<String, BTreeMap<String, String>>,
    pub terms: Vec<TermsOf>,
    pub tolerances: Vec<Tolerance>,
    pub items: BTreeMap<String, Item>,
    #[serde(skip)]
    pub orders: Vec<Order>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firm {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub name_en: String,
    pub uscc: String,
    /// The ERP that numbers its orders.
    #[serde(default)]
    pub system: String,
    pub site: Option<Site>,
    #[serde(default)]
    pub people: Vec<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub code: String,
    pub name: String,
    pub address: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: String,
    pub roles: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// Comes with the firm.
    #[serde(default)]
    pub first: bool,
    /// Whose sign-in link is shown for the firm.
    #[serde(default)]
    pub desk: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub seller: String,
    pub name: String,
    pub en: String,
    pub group: String,
    pub unit: String,
    pub unit_text: String,
    #[serde(deserialize_with = "exact")]
    pub price: Decimal,
    /// Base quantity of the price.
    #[serde(default = "one", deserialize_with = "exact")]
    pub per: Decimal,
    #[serde(default)]
    pub with_tax: bool,
}

/// What a buyer agreed on with one supplier, or with all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsOf {
    pub buyer: String,
    #[serde(default)]
    pub supplier: String,
    /// Working days.
    pub answer: i32,
    /// Working days.
    pub frozen: i32,
}

/// What a buyer takes from one supplier, or from all, without being asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    pub buyer: String,
    #[serde(default)]
    pub supplier: String,
    /// Of items; empty: everything.
    #[serde(default)]
    pub group: String,
    pub over: Bound,
    pub under: Bound,
    pub early: Option<i32>,
    pub late: Option<i32>,
    /// Percent of the price.
    pub dearer: Option<String>,
}

/// The smaller of the two counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub percent: String,
    pub absolute: Option<String>,
}

/// One row of orders.tsv.
#[derive(Clone, Debug)]
pub struct Order {
    pub number: String,
    pub buyer: String,
    pub supplier: String,
    pub group: String,
    pub issued: Date,
    pub requested: Date,
    pub lines: Vec<Line>,
    pub net: Decimal,
    pub with_tax: Decimal,
    pub answer: Answer,
    /// Documents that stood before `lines`, as far as they differed: each a line's place and its quantity.
    pub before: Vec<(usize, Decimal)>,
    /// What the buyer did after the answer.
    pub acts: Vec<Act>,
}

/// What a buyer does to a published order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Hold(HoldReason),
    /// Of the first line; everything where no quantity is named.
    Cancel(Option<Decimal>, CancelReason),
    /// The first line, at what was delivered.
    Close(Decimal),
}

#[derive(Clone, Debug)]
pub struct Line {
    pub item: String,
    pub quantity: Decimal,
    pub price: Option<Decimal>,
    pub drawing: String,
}

/// What the supplier said.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    None,
    Accept,
    Reject(RejectReason),
    Part {
        accepted: Decimal,
        rest: RejectReason,
    },
    Propose(Proposal),
    /// Proposed, and within what the buyer tolerates.
    Tolerated(Proposal),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub deliveries: Vec<(Decimal, Date)>,
    pub price: Option<Decimal>,
    pub note: String,
}

/// Decimals stand as text, so that no float comes between.
fn exact<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn one() -> Decimal {
    Decimal::ONE
}

/// VAT of everything in the sandbox.
pub fn vat() -> Decimal {
    Decimal::new(13, 2)
}

/// Amounts are kept to the fen, rounded half up.
pub fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

impl Story {
    /// The story with its dates moved by whole weeks, so that its first Monday is the Monday of `today`'s week.
    pub fn load(today: Date) -> anyhow::Result<Story> {
        let mut story: Story = toml::from_str(include_str!("story.toml")).context("story.toml")?;
        let shift = shift(today)?;
        for row in include_str!("orders.tsv").lines().filter(|line| !line.starts_with('#')).skip(1) {
            let order = order(row, shift).with_context(|| format!("orders.tsv: {row}"))?;
            story.orders.push(order);
        }
        Ok(story)
    }

    /// A line's price: the item's, or its own.
    pub fn price(&self, line: &Line) -> anyhow::Result<(Decimal, Decimal)> {
        let item = self.item(&line.item)?;
        Ok((line.price.unwrap_or(item.price), item.per))
    }

    pub fn item(&self, id: &str) -> anyhow::Result<&Item> {
        self.items.get(id).with_context(|| format!("no item {id}"))
    }

    pub fn anchor(&self, id: &str) -> anyhow::Result<&Firm> {
        self.anchors.iter().find(|firm| firm.id == id).with_context(|| format!("no anchor {id}"))
    }

    /// An order states its prices with tax where its items' prices are so and no line says otherwise.
    pub fn with_tax(&self, order: &Order) -> anyhow::Result<bool> {
        let mut all = true;
        for line in &order.lines {
            all &= self.item(&line.item)?.with_tax && line.price.is_none();
        }
        Ok(all)
    }
}

impl Story {
    /// Net amount and amount with tax, as the lines have them.
    pub fn amounts(&self, order: &Order) -> anyhow::Result<(Decimal, Decimal)> {
        let mut stated = Decimal::ZERO;
        for line in &order.lines {
            let (price, per) = self.price(line)?;
            stated += cents(line.quantity * price / per);
        }
        let factor = Decimal::ONE + vat();
        Ok(if self.with_tax(order)? {
            (cents(stated / factor), stated)
        } else {
            (stated, cents(stated * factor))
        })
    }

    /// The documents of an order, from the first that was published to the one that stands.
    pub fn documents(&self, order: &Order) -> anyhow::Result<Vec<Order>> {
        let mut documents = Vec::with_capacity(order.before.len() + 1);
        for (place, quantity) in &order.before {
            let mut earlier = order.clone();
            let line = place.checked_sub(1).and_then(|index| earlier.lines.get_mut(index));
            line.with_context(|| format!("no line {place}"))?.quantity = *quantity;
            (earlier.net, earlier.with_tax) = self.amounts(&earlier)?;
            documents.push(earlier);
        }
        documents.push(order.clone());
        Ok(documents)
    }
}

/// Days from the story's week to that of `today`.
fn shift(today: Date) -> anyhow::Result<Duration> {
    let first = Date::from_calendar_date(2026, Month::November, 23)?;
    let monday = today - Duration::days(i64::from(today.weekday().number_days_from_monday()));
    Ok(monday - first)
}

fn order(row: &str, shift: Duration) -> anyhow::Result<Order> {
    let fields: Vec<&str> = row.split('\t').collect();
    let [_, number, buyer, supplier, group, issued, requested, lines, net, with_tax, said, course] =
        fields.as_slice()
    else {
        bail!("{} columns instead of 12", fields.len());
    };
    let moved = |day: &str| anyhow::Ok(Date::parse(day, DAY)? + shift);
    let (before, acts) = course_of(course)?;
    Ok(Order {
        number: (*number).to_owned(),
        buyer: (*buyer).to_owned(),
        supplier: (*supplier).to_owned(),
        group: (*group).to_owned(),
        issued: moved(issued)?,
        requested: moved(requested)?,
        lines: lines.split(',').map(line).collect::<anyhow::Result<_>>()?,
        net: net.parse()?,
        with_tax: with_tax.parse()?,
        answer: answer(said, &moved)?,
        before,
        acts,
    })
}

/// Lines by their places with what they asked for before, and acts.
type Course = (Vec<(usize, Decimal)>, Vec<Act>);

/// Documents that stood before, and acts, from `was:2*400,hold:demand`.
fn course_of(text: &str) -> anyhow::Result<Course> {
    let (mut before, mut acts) = (Vec::new(), Vec::new());
    for part in text.split(',').filter(|part| *part != "-") {
        let words: Vec<&str> = part.split(':').collect();
        match words.as_slice() {
            ["was", line] => {
                let (place, quantity) = line.split_once('*').context("a line is place*quantity")?;
                before.push((place.parse::<usize>()?, quantity.parse()?));
            }
            ["hold", why] => acts.push(Act::Hold(named("HOLD", why, HoldReason::from_str_name)?)),
            ["cancel", why] => {
                acts.push(Act::Cancel(None, named("CANCEL", why, CancelReason::from_str_name)?))
            }
            ["cancel", quantity, why] => {
                let reason = named("CANCEL", why, CancelReason::from_str_name)?;
                acts.push(Act::Cancel(Some(quantity.parse()?), reason));
            }
            ["close", delivered] => acts.push(Act::Close(delivered.parse()?)),
            _ => bail!("nothing is written {part}"),
        }
    }
    Ok((before, acts))
}

/// A reason of the contract by its short name.
fn named<T>(kind: &str, text: &str, find: fn(&str) -> Option<T>) -> anyhow::Result<T> {
    find(&format!("{kind}_REASON_{}", text.to_uppercase())).with_context(|| format!("no reason {text}"))
}

fn line(text: &str) -> anyhow::Result<Line> {
    let (text, drawing) = text.split_once('#').unwrap_or((text, ""));
    let (text, price) = match text.split_once('@') {
        Some((text, price)) => (text, Some(Decimal::from_str(price)?)),
        None => (text, None),
    };
    let (item, quantity) = text.split_once('*').context("a line is item*quantity")?;
    Ok(Line { item: item.to_owned(), quantity: quantity.parse()?, price, drawing: drawing.to_owned() })
}

fn answer(text: &str, moved: &impl Fn(&str) -> anyhow::Result<Date>) -> anyhow::Result<Answer> {
    let parts: Vec<&str> = text.split(':').collect();
    Ok(match parts.as_slice() {
        ["-"] => Answer::None,
        ["accept"] => Answer::Accept,
        ["reject", why] => Answer::Reject(reason(why)?),
        ["part", accepted, why] => Answer::Part { accepted: accepted.parse()?, rest: reason(why)? },
        ["propose", rest @ ..] => Answer::Propose(proposal(rest, moved)?),
        ["tolerated", rest @ ..] => Answer::Tolerated(proposal(rest, moved)?),
        _ => bail!("no answer is written {text}"),
    })
}

fn proposal(parts: &[&str], moved: &impl Fn(&str) -> anyhow::Result<Date>) -> anyhow::Result<Proposal> {
    let deliveries = parts.first().context("a proposal names quantity@date")?;
    let delivery = |text: &str| {
        let (quantity, date) = text.split_once('@').context("a delivery is quantity@date")?;
        anyhow::Ok((quantity.parse()?, moved(date)?))
    };
    Ok(Proposal {
        deliveries: deliveries.split('+').map(delivery).collect::<anyhow::Result<_>>()?,
        price: parts.get(1).filter(|text| !text.is_empty()).map(|text| text.parse()).transpose()?,
        note: parts.get(2).copied().unwrap_or_default().to_owned(),
    })
}

fn reason(text: &str) -> anyhow::Result<RejectReason> {
    named("REJECT", text, RejectReason::from_str_name)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn story() -> Story {
        Story::load(date!(2026 - 11 - 23)).unwrap()
    }

    #[test]
    fn amounts_are_those_of_the_lines() {
        let story = story();
        assert_eq!(story.orders.len(), 41);
        for order in &story.orders {
            assert_eq!(story.amounts(order).unwrap(), (order.net, order.with_tax), "{}", order.number);
        }
    }

    #[test]
    fn one_order_is_long_and_waits_for_nobody() {
        let story = story();
        let long = story.orders.iter().find(|order| order.number == "CY26110250").unwrap();
        assert_eq!((long.lines.len(), &long.answer), (40, &Answer::Accept));
        assert_eq!(story.item(&long.lines[0].item).unwrap().name.chars().count(), 48);
    }

    #[test]
    fn every_order_goes_to_a_partner_of_its_buyer() {
        let story = story();
        for order in &story.orders {
            assert!(story.partners[&order.buyer].contains_key(&order.supplier), "{}", order.number);
        }
    }

    #[test]
    fn proposals_differ_from_what_was_asked() {
        for order in story().orders {
            let (Answer::Propose(proposal) | Answer::Tolerated(proposal)) = order.answer else { continue };
            let asked = [(order.lines[0].quantity, order.requested)];
            assert!(proposal.price.is_some() || proposal.deliveries != asked, "{}", order.number);
        }
    }

    #[test]
    fn what_stood_before_has_its_own_amounts() {
        let story = story();
        let order = story.orders.iter().find(|order| order.number == "CY26110214").unwrap();
        let documents = story.documents(order).unwrap();
        let seen: Vec<_> = documents.iter().map(|one| (one.lines[1].quantity, one.net)).collect();
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(
            seen,
            [(decimal("400"), decimal("111200.00")), (decimal("600"), decimal("112000.00"))],
            "line 2 alone"
        );
        let cancelled = story.orders.iter().find(|order| order.number == "YZ-PO-771115").unwrap();
        let acts = [Act::Cancel(Some(decimal("1500")), CancelReason::Demand), Act::Close(decimal("2500"))];
        assert_eq!(cancelled.acts, acts);
    }

    #[test]
    fn dates_move_by_whole_weeks() {
        let later = Story::load(date!(2027 - 03 - 07)).unwrap();
        let moved = later.orders[0].requested - story().orders[0].requested;
        // Sunday 2027-03-07 belongs to the week of Monday 2027-03-01.
        assert_eq!(moved, Duration::weeks(14));
    }

    #[test]
    fn names_say_that_they_are_examples() {
        let story = story();
        let firms =
            story.anchors.iter().chain(&story.suppliers).chain(&story.invited).chain([&story.operator]);
        for firm in firms {
            assert!(firm.name.contains("示例"), "{}", firm.name);
        }
    }

    #[test]
    fn everyone_has_one_first_person_and_one_desk() {
        let story = story();
        for firm in story.anchors.iter().chain(&story.suppliers) {
            assert_eq!(firm.people.iter().filter(|p| p.first).count(), 1, "{}", firm.id);
            assert_eq!(firm.people.iter().filter(|p| p.desk).count(), 1, "{}", firm.id);
        }
    }
}
