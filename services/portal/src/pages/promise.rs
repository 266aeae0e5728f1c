//! Capable to promise: what the supplier's machines have room for, over all its customers, before it answers an order. The
//! buyer sees none of it.

use futures::future::{join_all, try_join_all};
use proto::{
    access::Permission,
    capacity::{PreviewPromiseRequest, PromisePreview, PromiseResult, TurnedWeek},
    orders::{Order, OrderContent, OrderState},
};
use rust_decimal::Decimal;
use time::{Date, Duration};

use crate::{
    answer::{Entry, Per, Rest},
    failure::Failure,
    format,
    i18n::{Text, key},
    order::{Loaded, Row, Tag},
    pages::capacity::{read, state::State},
    session::Member,
    typed::iso,
    week::monday_of,
};

/// Lines that are tried out.
const LINES: usize = 12;
/// Deliveries that the answer form takes of one line.
const DELIVERIES: usize = 3;

/// A week that would get tight.
pub struct Turned {
    /// As a mark: words and a shape of its own.
    pub shape: &'static str,
    pub text: String,
}

/// What can be promised of a line.
pub struct Tried {
    pub title: String,
    pub tag: Tag,
    /// The earliest split, one entry a delivery.
    pub split: Vec<String>,
    /// What accepting all of it as asked would turn.
    pub turned: Vec<Turned>,
    /// What is said where it would turn nothing.
    pub unturned: String,
}

/// All of it.
pub struct Panel {
    pub lines: Vec<Tried>,
    /// Lines whose unit the supplier's groups do not count in.
    pub unconverted: Vec<Unconverted>,
    /// Lines that were not tried.
    pub further: usize,
    /// Whether some line can be proposed otherwise than it was asked for.
    pub differs: bool,
}

/// A line whose unit cannot be converted into that of the accepted orders of its material.
pub struct Unconverted {
    pub title: String,
    pub text: String,
}

/// A line that was tried out.
enum Outcome<'a> {
    Found(Found<'a>),
    /// Its unit does not convert.
    Unit(&'a Row),
}

/// What was asked of a line, and what can be promised of it.
struct Found<'a> {
    row: &'a Row,
    requested: Date,
    preview: PromisePreview,
}

/// What can be promised of an order that waits for the member's answer; `None` where nothing is known of it.
///
/// # Errors
/// None where only capacity does not answer: an order can be answered without.
pub async fn panel(member: &Member, order: &Order, rows: &[Row]) -> Result<Option<Panel>, Failure> {
    let content = order.content.clone().unwrap_or_default();
    let (found, units) = try_out(member, order, &content, rows).await;
    if found.is_empty() && units.is_empty() {
        return Ok(None);
    }
    let t = member.text();
    let unconverted = |row: &&Row| Unconverted {
        title: t.two(key::LINE_OF, row.item_name(), row.number(t)),
        text: t.one(key::PROMISE_UNIT, t.unit(&row.line.unit_code, &row.line.unit_text)),
    };
    let names = names(member, &found).await;
    let today = format::today(member.app().clock.now());
    let line = |found: &Found<'_>| {
        let unit = t.unit(&found.row.line.unit_code, &found.row.line.unit_text);
        let split = split(&found.preview, found.requested, today);
        let delivery = |(day, quantity): &(Date, Decimal)| {
            t.two(key::DELIVERY, t.day(*day), t.quantity(*quantity, &unit))
        };
        let name = |turned: &TurnedWeek| {
            let known = names.iter().find(|(id, _)| *id == turned.group_id);
            known.map_or("–", |(_, name)| name.as_str())
        };
        Tried {
            title: t.two(key::LINE_OF, found.row.item_name(), found.row.number(t)),
            tag: verdict(t, &found.preview, &unit),
            split: split.iter().map(delivery).collect(),
            unturned: t.say(match found.preview.result() {
                PromiseResult::OnTime => key::PROMISE_UNTURNED,
                _ => key::PROMISE_TIGHT_ALREADY,
            }),
            turned: found.preview.turned_as_requested.iter().map(|one| turned(t, one, name(one))).collect(),
        }
    };
    let waiting = rows.iter().filter(|row| !row.unanswered().is_zero()).count();
    Ok(Some(Panel {
        further: waiting.saturating_sub(LINES),
        differs: found.iter().any(|found| found.preview.result() == PromiseResult::Late),
        lines: found.iter().map(line).collect(),
        unconverted: units.iter().map(unconverted).collect(),
    }))
}

/// The answer form filled with the earliest split, as if it had been typed. Lines that can come as asked are left.
pub async fn entries(member: &Member, loaded: &Loaded) -> Vec<Entry> {
    let content = loaded.order.content.clone().unwrap_or_default();
    let today = format::today(member.app().clock.now());
    let (found, _) = try_out(member, &loaded.order, &content, &loaded.rows).await;
    let late = found.iter().filter(|found| found.preview.result() == PromiseResult::Late);
    late.filter_map(|found| entry(found, &split(&found.preview, found.requested, today))).collect()
}

fn entry(found: &Found<'_>, split: &[(Date, Decimal)]) -> Option<Entry> {
    let delivery = |at: usize| match split.get(at) {
        Some((day, quantity)) => (quantity.normalize().to_string(), iso(Some(*day))),
        None => (String::new(), String::new()),
    };
    let (quantity, date) = split.first().map(|_| delivery(0))?;
    let ((second_quantity, second_date), (third_quantity, third_date)) = (delivery(1), delivery(2));
    Some(Entry {
        id: found.row.state.schedule_line_id.clone(),
        quantity,
        date,
        rest: if split.len() > 1 { Rest::Later } else { Rest::Unsaid },
        second_quantity,
        second_date,
        third_quantity,
        third_date,
        per: Per::of(found.row.line.price.as_ref()),
        ..Entry::default()
    })
}

/// Tries the first lines that wait, as far as groups make them, and beside what is found the lines whose unit does not
/// convert. Where capacity does not answer, nothing is known.
async fn try_out<'a>(
    member: &Member,
    order: &Order,
    content: &OrderContent,
    rows: &'a [Row],
) -> (Vec<Found<'a>>, Vec<&'a Row>) {
    let answers = order.supplier_id == member.who.firm_id
        && order.state() == OrderState::Unanswered
        && member.may(Permission::OrdersRespond)
        && member.may(Permission::CapacityRead);
    if !answers {
        return (Vec::new(), Vec::new());
    }
    let waiting = rows.iter().filter(|row| !row.unanswered().is_zero()).take(LINES);
    let one = |row: &'a Row| async move {
        let requested = row.requested(content).1?;
        let material = row.line.item.as_ref().map(|item| item.buyer_item_id.clone())?;
        let location = row.schedule.ship_to_site.clone();
        if material.is_empty() {
            return None;
        }
        let request = PreviewPromiseRequest {
            customer_id: order.buyer_id.clone(),
            material_number_customer: material,
            customer_location: location,
            quantity: Some(chassis::value::wire_decimal(row.unanswered())),
            unit_code: row.line.unit_code.clone(),
            requested_delivery_date: Some(chassis::value::wire_date(requested)),
            ..PreviewPromiseRequest::default()
        };
        let preview = member.app().api.promises().preview_promise(member.call(request)).await;
        match preview {
            Ok(preview) => {
                let preview = preview.into_inner();
                let known = preview.result() != PromiseResult::Unknown;
                known.then_some(Outcome::Found(Found { row, requested, preview }))
            }
            Err(status) => unit_alone(&Failure::from(status)).then_some(Outcome::Unit(row)),
        }
    };
    let (mut found, mut units) = (Vec::new(), Vec::new());
    for outcome in join_all(waiting.map(one)).await.into_iter().flatten() {
        match outcome {
            Outcome::Found(one) => found.push(one),
            Outcome::Unit(row) => units.push(row),
        }
    }
    (found, units)
}

/// Whether a line was refused for nothing but its unit.
fn unit_alone(failure: &Failure) -> bool {
    !failure.fields.is_empty() && failure.fields.iter().all(|(path, _)| path == "unit_code")
}

/// Names of the groups that would turn.
async fn names(member: &Member, found: &[Found<'_>]) -> Vec<(String, String)> {
    let mut ids: Vec<&str> = found
        .iter()
        .flat_map(|found| &found.preview.turned_as_requested)
        .map(|turned| turned.group_id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let name = |id: &str| {
        let id = id.to_string();
        async move {
            let group = read::group(member, &id, 0).await?;
            Ok::<_, Failure>((id, group.content.unwrap_or_default().name))
        }
    };
    try_join_all(ids.into_iter().map(name)).await.unwrap_or_default()
}

fn verdict(t: &Text, preview: &PromisePreview, unit: &str) -> Tag {
    let amount = |wire| t.quantity(format::decimal_or_zero(wire).normalize(), unit);
    let (shape, label) = match preview.result() {
        PromiseResult::OnTime => ("accepted", t.say(key::PROMISE_ON_TIME)),
        PromiseResult::Late => ("unanswered", t.one(key::PROMISE_LATE, amount(preview.late.as_ref()))),
        PromiseResult::Partial => ("part", t.one(key::PROMISE_PARTIAL, amount(preview.unpromised.as_ref()))),
        PromiseResult::None | PromiseResult::Unknown | PromiseResult::Unspecified => {
            ("rejected", t.say(key::PROMISE_NONE))
        }
    };
    Tag { shape, label }
}

fn turned(t: &Text, week: &TurnedWeek, group: &str) -> Turned {
    let (before, after) = (State::of(week.before()), State::of(week.after()));
    let when = format::day(week.monday.as_ref()).map_or_else(String::new, |monday| t.whole_week(monday));
    let place = t.two(key::SHORT_WHERE, group, when);
    let change = t.two(key::PROMISE_TURN, after.label(t), before.label(t));
    Turned { shape: after.tag(t).shape, text: t.two(key::GRID_FAULT, change, place) }
}

/// The earliest split as deliveries: what is made in a week is there on its Friday, in the requested week on the requested
/// day. What the form has no room for comes with the last one.
fn split(preview: &PromisePreview, requested: Date, today: Date) -> Vec<(Date, Decimal)> {
    let weeks = preview.weeks.iter().filter_map(|week| {
        let monday = format::day(week.monday.as_ref())?;
        let quantity = format::decimal(week.quantity.as_ref()).filter(|quantity| !quantity.is_zero())?;
        let day = if monday == monday_of(requested) { requested } else { monday + Duration::days(4) };
        Some((day.max(today), quantity))
    });
    let mut deliveries: Vec<(Date, Decimal)> = Vec::new();
    for (day, quantity) in weeks {
        match deliveries.last_mut() {
            // Both were due before today.
            Some(last) if last.0 == day => last.1 += quantity,
            _ => deliveries.push((day, quantity)),
        }
    }
    while deliveries.len() > DELIVERIES {
        let Some((day, quantity)) = deliveries.pop() else { break };
        if let Some(last) = deliveries.last_mut() {
            *last = (day, last.1 + quantity);
        }
    }
    deliveries
}

#[cfg(test)]
mod tests {
    use proto::capacity::PromiseWeek;
    use time::macros::date;

    use super::*;

    fn preview(weeks: &[(Date, &str)]) -> PromisePreview {
        let week = |(monday, quantity): &(Date, &str)| PromiseWeek {
            monday: Some(chassis::value::wire_date(*monday)),
            quantity: Some(proto::Decimal { value: (*quantity).into() }),
            ..PromiseWeek::default()
        };
        PromisePreview { weeks: weeks.iter().map(week).collect(), ..PromisePreview::default() }
    }

    #[test]
    fn a_split_comes_on_fridays_and_fits_the_form() {
        let (requested, today) = (date!(2026 - 12 - 23), date!(2026 - 11 - 23));
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        for (weeks, expected) in [
            (
                vec![
                    (date!(2026 - 12 - 21), "16000"),
                    (date!(2026 - 12 - 28), "0"),
                    (date!(2027 - 01 - 04), "1600"),
                ],
                vec![(requested, "16000"), (date!(2027 - 01 - 08), "1600")],
            ),
            (
                vec![
                    (date!(2026 - 12 - 21), "1"),
                    (date!(2026 - 12 - 28), "2"),
                    (date!(2027 - 01 - 04), "3"),
                    (date!(2027 - 01 - 11), "4"),
                ],
                vec![(requested, "1"), (date!(2027 - 01 - 01), "2"), (date!(2027 - 01 - 15), "7")],
            ),
            (vec![], vec![]),
        ] {
            let expected: Vec<(Date, Decimal)> =
                expected.into_iter().map(|(day, quantity)| (day, d(quantity))).collect();
            assert_eq!(split(&preview(&weeks), requested, today), expected);
        }
        let past = preview(&[(date!(2026 - 11 - 16), "1"), (date!(2026 - 11 - 23), "2")]);
        let late = date!(2026 - 11 - 28);
        assert_eq!(split(&past, date!(2026 - 11 - 17), late), [(late, d("3"))], "nothing comes in the past");
    }
}
