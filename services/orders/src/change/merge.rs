//! A document that lists what is new or differs, put into the one that was last published. Pure.

use std::collections::HashMap;

use chassis::{Field, value};
use proto::orders::{OrderContent, OrderLine, ScheduleLine};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Published;

/// Which line of the merged document came from where.
pub(super) struct Origin {
    /// Place in [`Published::lines`].
    pub published: Option<usize>,
    /// Place in the request.
    pub request: Option<usize>,
}

/// The published document with the request's header, its changed lines in their places and its new lines at the end.
pub(super) fn merge(
    published: &Published,
    mut request: OrderContent,
) -> Result<(OrderContent, Vec<Origin>), Vec<Field>> {
    let mut wrong = Vec::new();
    let mut given: HashMap<String, (usize, OrderLine)> = HashMap::new();
    let mut order = Vec::new();
    for (place, line) in std::mem::take(&mut request.lines).into_iter().enumerate() {
        order.push(line.line_number.clone());
        given.insert(line.line_number.clone(), (place, line));
    }
    let (mut lines, mut origins) = (Vec::new(), Vec::new());
    for (index, old) in published.lines.iter().enumerate() {
        let (line, place) = match given.remove(&old.content.line_number) {
            Some((place, mut line)) => {
                let path = format!("content.lines[{place}]");
                keep_reservation(&old.content, &mut line, &path, &mut wrong);
                keep_revision(&old.content, &mut line);
                (merged_line(&old.content, line, &path, &mut wrong), Some(place))
            }
            None => (old.content.clone(), None),
        };
        lines.push(line);
        origins.push(Origin { published: Some(index), request: place });
    }
    for number in order {
        if let Some((place, line)) = given.remove(&number) {
            lines.push(line);
            origins.push(Origin { published: None, request: Some(place) });
        }
    }
    request.lines = lines;
    if wrong.is_empty() { Ok((request, origins)) } else { Err(wrong) }
}

/// What a line consumed stays with it, whatever a system that does not know of it sends.
fn keep_reservation(old: &OrderLine, new: &mut OrderLine, path: &str, wrong: &mut Vec<Field>) {
    if old.reservation_id.is_empty() {
        return;
    }
    if new.reservation_id.is_empty() {
        new.reservation_id.clone_from(&old.reservation_id);
    } else if Uuid::try_parse(&new.reservation_id) != Uuid::try_parse(&old.reservation_id) {
        let message = "the line has consumed another one, which never changes; add a line";
        wrong.push(Field::new(format!("{path}.reservation_id"), "FIXED", message));
    } else {
        new.reservation_id.clone_from(&old.reservation_id);
    }
}

/// A line stays with the revision of its drawing that it was changed to, whatever a system that does not know of it sends:
/// saying nothing is no change, and another one is said.
fn keep_revision(old: &OrderLine, new: &mut OrderLine) {
    let item = |line: &OrderLine| line.item.as_ref().map(|item| item.buyer_item_id.clone());
    if new.resource_revision.is_empty() && item(old) == item(new) {
        new.resource_revision.clone_from(&old.resource_revision);
    }
}

/// The new line with the schedule lines that it does not list put back in their places.
fn merged_line(old: &OrderLine, mut new: OrderLine, path: &str, wrong: &mut Vec<Field>) -> OrderLine {
    let quantity = |wire: Option<&proto::Decimal>| value::decimal(wire).ok().flatten();
    if new.schedule_lines.is_empty() && old.schedule_lines.len() > 1 {
        let same =
            new.quantity.is_none() || quantity(new.quantity.as_ref()) == quantity(old.quantity.as_ref());
        if !same {
            let message = "the line has several schedule lines; say the quantity of each that changes";
            wrong.push(Field::new(format!("{path}.schedule_lines"), "REQUIRED", message));
        }
        new.schedule_lines = old.schedule_lines.clone();
        new.quantity = old.quantity.clone();
        return new;
    }
    if new.schedule_lines.is_empty()
        && let [only] = old.schedule_lines.as_slice()
    {
        // As publishing did: the line's only schedule line, under the number that it has.
        new.schedule_lines.push(ScheduleLine {
            schedule_line_number: only.schedule_line_number.clone(),
            quantity: new.quantity.clone(),
            ..ScheduleLine::default()
        });
    }
    for (place, planned) in new.schedule_lines.iter_mut().enumerate() {
        if planned.schedule_line_number.is_empty() {
            planned.schedule_line_number = (place + 1).to_string();
        }
    }
    let listed: Vec<String> = new.schedule_lines.iter().map(|p| p.schedule_line_number.clone()).collect();
    let absent: Vec<&ScheduleLine> =
        old.schedule_lines.iter().filter(|planned| !listed.contains(&planned.schedule_line_number)).collect();
    if absent.is_empty() {
        return in_old_order(old, new);
    }
    // The stated quantity is checked against what the document itself lists; the line's own is the sum with the rest.
    let stated = quantity(new.quantity.as_ref());
    let sum: Option<Decimal> =
        new.schedule_lines.iter().map(|planned| quantity(planned.quantity.as_ref())).sum();
    let rest: Option<Decimal> = absent.iter().map(|planned| quantity(planned.quantity.as_ref())).sum();
    if let (Some(stated), Some(sum), Some(rest)) = (stated, sum, rest)
        && stated != sum
        && stated != sum + rest
    {
        let message = format!("add up to {sum}, but the line's quantity is {stated}");
        wrong.push(Field::new(format!("{path}.schedule_lines"), "SUM", message));
    }
    new.quantity = None;
    new.schedule_lines.extend(absent.into_iter().cloned());
    in_old_order(old, new)
}

/// Schedule lines that were there before in the places that they had, new ones after them.
fn in_old_order(old: &OrderLine, mut new: OrderLine) -> OrderLine {
    let place = |planned: &ScheduleLine| {
        let same = |own: &ScheduleLine| own.schedule_line_number == planned.schedule_line_number;
        old.schedule_lines.iter().position(same).unwrap_or(usize::MAX)
    };
    new.schedule_lines.sort_by_key(place);
    new
}

/// Problems of the merged document, named by their places in the request.
pub(super) fn renamed(fields: Vec<Field>, origins: &[Origin]) -> Vec<Field> {
    let rename = |field: Field| {
        let inside = field.path.strip_prefix("content.lines[").and_then(|rest| rest.split_once(']'));
        let found = inside.and_then(|(place, rest)| {
            let origin = origins.get(place.parse::<usize>().ok()?)?;
            Some(format!("content.lines[{}]{rest}", origin.request?))
        });
        Field { path: found.unwrap_or(field.path), ..field }
    };
    fields.into_iter().map(rename).collect()
}
