//! What a changed document does to an order: pure.
//!
//! The document is compared with what was last **published**, never with what was agreed since: last night's old date
//! must not void today's accepted proposal. Lines that it does not list stand; absence cancels nothing.

pub mod diff;

use std::collections::{HashMap, HashSet};

use chassis::{Field, value};
use proto::orders::{
    ChangeKind, Commitment, DeliveryWindow, FieldChange, LineChange, OrderContent, OrderDifference,
    OrderLine, ScheduleLine, SupplierAddress, Warning,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    order::{Order, Quantities, Schedule},
    publish::{self, NewOrder},
};

/// An order's document as it was last published.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Without lines.
    pub header: OrderContent,
    /// By place, current rows alone.
    pub lines: Vec<PublishedLine>,
}

/// A line as it was last published.
#[derive(Clone, Debug, Default)]
pub struct PublishedLine {
    /// Its place in the order, kept through all revisions.
    pub position: i32,
    /// With its schedule lines.
    pub content: OrderLine,
    /// Of its schedule lines, in the same order: id and place.
    pub schedule: Vec<(Uuid, i32)>,
}

/// What a change comes to.
#[derive(Clone, Debug)]
pub struct Change {
    /// The whole document after it, normalised.
    pub document: NewOrder,
    /// Old and new, field by field.
    pub difference: OrderDifference,
    /// Lines to be written: place in the document, place in the order.
    pub lines: Vec<(usize, i32)>,
    /// Schedule lines that are new, or whose content or quantities change.
    pub schedule: Vec<ChangedSchedule>,
}

/// A schedule line that a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSchedule {
    /// How it stands after the change.
    pub after: Schedule,
    /// It was not there before.
    pub new: bool,
    /// Its published row is another one now.
    pub rewritten: bool,
    /// Its place in the order.
    pub position: i32,
    /// The place of its line in the order.
    pub line_position: i32,
    /// Its place in the document's schedule.
    pub planned: usize,
}

impl Change {
    /// Schedule lines that have to be answered anew.
    pub fn reconfirm(&self) -> usize {
        self.difference.lines.iter().filter(|line| line.reconfirm).count()
    }
}

/// Which line of the merged document came from where.
struct Origin {
    /// Place in [`Published::lines`].
    published: Option<usize>,
    /// Place in the request.
    request: Option<usize>,
}

/// What it takes to compare: the order as it stands, its document, and what the supplier has promised.
pub struct Standing<'a> {
    pub order: &'a Order,
    pub published: &'a Published,
    pub promises: &'a HashMap<Uuid, Vec<Commitment>>,
}

/// Compares a document (the header in full, lines that are new or differ) with what was last published. `None`: there
/// is no difference. `new_id` names new schedule lines.
///
/// # Errors
/// Every field that does not fit what stands.
pub fn compare(
    standing: &Standing<'_>,
    request: OrderContent,
    supplier: SupplierAddress,
    warnings: Vec<Warning>,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Option<Change>, Vec<Field>> {
    let (merged, origins) = merge(standing.published, request)?;
    let document =
        publish::normalise(merged, supplier, warnings).map_err(|fields| renamed(fields, &origins))?;
    let header = diff::headers(&standing.published.header, &document.content);
    let mut work = Work {
        standing,
        document: &document,
        header_is_material: header.iter().any(|change| change.material),
        difference: OrderDifference {
            from_revision: standing.order.revision,
            to_revision: standing.order.revision + 1,
            header,
            ..OrderDifference::default()
        },
        lines: Vec::new(),
        schedule: Vec::new(),
    };
    work.run(&origins, new_id);
    let Work { difference, lines, schedule, .. } = work;
    let same = difference.header.is_empty() && difference.lines.is_empty();
    Ok((!same).then_some(Change { document, difference, lines, schedule }))
}

/// The published document with the request's header, its changed lines in their places and its new lines at the end.
fn merge(
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
            Some((place, line)) => {
                let path = format!("content.lines[{place}]");
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
fn renamed(fields: Vec<Field>, origins: &[Origin]) -> Vec<Field> {
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

/// A comparison on its way.
struct Work<'a> {
    standing: &'a Standing<'a>,
    document: &'a NewOrder,
    header_is_material: bool,
    difference: OrderDifference,
    lines: Vec<(usize, i32)>,
    schedule: Vec<ChangedSchedule>,
}

/// A schedule line of the merged document, with what was published of it.
struct Place<'a> {
    planned: usize,
    line: &'a OrderLine,
    new: &'a ScheduleLine,
    line_position: i32,
    /// What the line itself changed.
    line_changes: &'a [FieldChange],
}

impl Work<'_> {
    fn run(&mut self, origins: &[Origin], new_id: &mut dyn FnMut() -> Uuid) {
        let (document, published) = (self.document, self.standing.published);
        let mut next_line = published.lines.iter().map(|line| line.position + 1).max().unwrap_or_default();
        let places = published.lines.iter().flat_map(|line| &line.schedule);
        let mut next_place = places.map(|(_, position)| position + 1).max().unwrap_or_default();
        let mut planned = 0;
        for (index, (line, origin)) in document.content.lines.iter().zip(origins).enumerate() {
            let old = origin.published.map(|place| &published.lines[place]);
            let line_position = old.map_or(next_line, |old| old.position);
            let line_changes = old.map(|old| diff::lines(&old.content, line)).unwrap_or_default();
            match old {
                None => {
                    next_line += 1;
                    self.lines.push((index, line_position));
                }
                Some(old) if bare(&old.content) != bare(line) => self.lines.push((index, line_position)),
                Some(_) => {}
            }
            if !line_changes.is_empty() {
                self.difference.lines.push(LineChange {
                    line_number: line.line_number.clone(),
                    kind: ChangeKind::Changed.into(),
                    changes: line_changes.clone(),
                    ..LineChange::default()
                });
            }
            for new in &line.schedule_lines {
                let place = Place { planned, line, new, line_position, line_changes: &line_changes };
                let before = old.and_then(|old| published_schedule(old, new));
                match before {
                    Some((id, position, content)) => self.standing_line(&place, id, position, content),
                    None => {
                        self.added(&place, next_place, new_id());
                        next_place += 1;
                    }
                }
                planned += 1;
            }
        }
    }

    fn added(&mut self, place: &Place<'_>, position: i32, id: Uuid) {
        let plan = &self.document.schedule[place.planned];
        let after = Schedule {
            id,
            line_number: place.line.line_number.clone(),
            schedule_line_number: place.new.schedule_line_number.clone(),
            requested_date: plan.requested_date,
            quantities: Quantities::published(plan.quantity),
            revision: self.standing.order.revision + 1,
            ..Schedule::default()
        };
        self.difference.lines.push(LineChange {
            kind: ChangeKind::Added.into(),
            reconfirm: plan.quantity > Decimal::ZERO,
            changes: diff::schedule_lines(&ScheduleLine::default(), place.new),
            ..named(&after)
        });
        self.schedule.push(ChangedSchedule {
            after,
            new: true,
            rewritten: true,
            position,
            line_position: place.line_position,
            planned: place.planned,
        });
    }

    /// A schedule line that was published before: it stands, is only caught up with, or is unanswered again.
    fn standing_line(&mut self, place: &Place<'_>, id: Uuid, position: i32, old: &ScheduleLine) {
        let order = self.standing.order;
        let Some(before) = order.place(id).map(|place| &order.schedule[place]) else { return };
        let plan = &self.document.schedule[place.planned];
        let changes = diff::schedule_lines(old, place.new);
        let rewritten = old != place.new;
        let material: Vec<&FieldChange> =
            changes.iter().chain(place.line_changes).filter(|change| change.material).collect();
        let mut after = Schedule { requested_date: plan.requested_date, ..before.clone() };
        if rewritten {
            after.revision = order.revision + 1;
        }
        let mut reconfirm = false;
        if self.header_is_material || !material.is_empty() {
            let promises = self.standing.promises.get(&id).map(Vec::as_slice).unwrap_or_default();
            let asked = Asked { quantity: plan.quantity, line: place.line, schedule: place.new };
            let caught_up = !self.header_is_material && catches_up(before, promises, &asked, &material);
            match caught_up {
                true => {
                    after.quantities = caught_up_with(&before.quantities, plan.quantity);
                    after.agreed_differs = before.agreed_differs && !fits(promises, &asked);
                }
                false => reconfirm = reopen(&mut after, before, plan.quantity, order.version + 1),
            }
        }
        if after == *before && !rewritten {
            return;
        }
        if reconfirm || !changes.is_empty() {
            self.difference.lines.push(LineChange {
                kind: ChangeKind::Changed.into(),
                reconfirm,
                changes,
                ..named(&after)
            });
        }
        self.schedule.push(ChangedSchedule {
            after,
            new: false,
            rewritten,
            position,
            line_position: place.line_position,
            planned: place.planned,
        });
    }
}

/// Everything that is neither cancelled nor done goes back to unanswered; answers whether anything did.
///
/// A published quantity is what the buyer wants in all. Where it is another one than before, it is the newest word and
/// earlier cancellations are in it; where it is the same, they stand.
fn reopen(after: &mut Schedule, before: &Schedule, quantity: Decimal, version: i64) -> bool {
    let same_quantity = quantity == before.quantities.ordered;
    if before.closed && same_quantity {
        return false;
    }
    let cancelled = if same_quantity { before.quantities.cancelled } else { Decimal::ZERO };
    let unanswered = quantity - cancelled;
    after.quantities = Quantities { ordered: quantity, unanswered, cancelled, ..Quantities::default() };
    after.answered_since = version;
    after.agreed_differs = false;
    after.closed = false;
    unanswered > Decimal::ZERO
}

/// What the new document asks of one schedule line.
struct Asked<'a> {
    quantity: Decimal,
    line: &'a OrderLine,
    schedule: &'a ScheduleLine,
}

/// Whether the buyer's system only catches up with what happened on the platform: the quantity is what a cancellation
/// left, or quantity, day and price are those that both sides agreed.
fn catches_up(
    before: &Schedule,
    promises: &[Commitment],
    asked: &Asked<'_>,
    material: &[&FieldChange],
) -> bool {
    let q = &before.quantities;
    let left = q.ordered - q.cancelled;
    let all_agreed = q.accepted == left && q.accepted > Decimal::ZERO;
    let promised = promises.iter().map(|each| decimal(each.quantity.as_ref())).sum::<Decimal>();
    material.iter().all(|change| match change.field.split('.').next().unwrap_or_default() {
        "quantity" => asked.quantity == left || (all_agreed && asked.quantity == promised),
        "requested_delivery" => all_agreed && promises.iter().all(|each| on_day(each, asked.schedule)),
        "price" => all_agreed && promises.iter().all(|each| at_price(each, asked.line)),
        _ => false,
    })
}

/// The published quantity is the agreed one from now on.
fn caught_up_with(before: &Quantities, quantity: Decimal) -> Quantities {
    if quantity == before.ordered {
        return *before;
    }
    let left = before.ordered - before.cancelled;
    // More or less was agreed than was asked for: all of it is accepted.
    let accepted = if quantity == left { before.accepted } else { quantity };
    Quantities { ordered: quantity, cancelled: Decimal::ZERO, accepted, ..*before }
}

/// Whether everything promised is as asked.
fn fits(promises: &[Commitment], asked: &Asked<'_>) -> bool {
    let promised: Decimal = promises.iter().map(|each| decimal(each.quantity.as_ref())).sum();
    let as_asked = |each: &Commitment| {
        on_day(each, asked.schedule)
            && each.substitute.is_none()
            && (each.price.is_none() || at_price(each, asked.line))
    };
    promised == asked.quantity && promises.iter().all(as_asked)
}

fn on_day(promise: &Commitment, asked: &ScheduleLine) -> bool {
    let window: Option<&DeliveryWindow> = asked.requested_delivery.as_ref();
    let day = window.and_then(|window| window.from.or(window.until));
    let one_day = window
        .is_none_or(|window| window.until.is_none() || window.from.is_none() || window.from == window.until);
    one_day && day.is_some() && day == promise.committed_delivery_date
}

fn at_price(promise: &Commitment, line: &OrderLine) -> bool {
    let per = |price: Option<&proto::orders::Price>| {
        let price = price?;
        let base = price.base_quantity.as_ref().map_or(Decimal::ONE, |base| decimal(Some(base)));
        Some((value::decimal(price.amount.as_ref()).ok()??, base))
    };
    promise.price.is_some() && per(promise.price.as_ref()) == per(line.price.as_ref())
}

fn decimal(wire: Option<&proto::Decimal>) -> Decimal {
    value::decimal(wire).ok().flatten().unwrap_or_default()
}

/// The line without its schedule lines, as it is stored.
fn bare(line: &OrderLine) -> OrderLine {
    OrderLine { schedule_lines: Vec::new(), ..line.clone() }
}

fn published_schedule<'a>(
    line: &'a PublishedLine,
    new: &ScheduleLine,
) -> Option<(Uuid, i32, &'a ScheduleLine)> {
    let same = |planned: &ScheduleLine| planned.schedule_line_number == new.schedule_line_number;
    let place = line.content.schedule_lines.iter().position(same)?;
    let (id, position) = *line.schedule.get(place)?;
    Some((id, position, &line.content.schedule_lines[place]))
}

fn named(line: &Schedule) -> LineChange {
    LineChange {
        line_number: line.line_number.clone(),
        schedule_line_number: line.schedule_line_number.clone(),
        schedule_line_id: line.id.to_string(),
        ..LineChange::default()
    }
}

impl Order {
    /// Takes a change over: another revision, one version further.
    pub fn revise(&mut self, change: &Change) {
        let changed: HashMap<Uuid, &Schedule> =
            change.schedule.iter().map(|each| (each.after.id, &each.after)).collect();
        let reopened: HashSet<Uuid> =
            changed.values().filter(|line| line.answered_since > self.version).map(|line| line.id).collect();
        for line in &mut self.schedule {
            if let Some(after) = changed.get(&line.id) {
                *line = (*after).clone();
            }
        }
        let new = change.schedule.iter().filter(|each| each.new).map(|each| each.after.clone());
        self.schedule.extend(new);
        self.proposals.retain(|open| !reopened.contains(&open.schedule_line));
        self.purchasing_group = change.document.content.purchasing_group.clone();
        self.sites = change.document.sites.clone();
        self.revision += 1;
        self.version += 1;
    }
}

/// Differences of several revisions as one: the first old value and the last new one of each field.
pub fn joined(differences: Vec<OrderDifference>) -> OrderDifference {
    let mut whole = OrderDifference::default();
    for (n, each) in differences.into_iter().enumerate() {
        if n == 0 {
            whole.from_revision = each.from_revision;
        }
        whole.to_revision = each.to_revision;
        whole.lines_omitted += each.lines_omitted;
        follow(&mut whole.header, each.header);
        for line in each.lines {
            let same = |own: &&mut LineChange| {
                own.line_number == line.line_number && own.schedule_line_number == line.schedule_line_number
            };
            match whole.lines.iter_mut().find(same) {
                Some(own) => {
                    own.reconfirm |= line.reconfirm;
                    follow(&mut own.changes, line.changes);
                }
                None => whole.lines.push(line),
            }
        }
    }
    whole.lines.retain(|line| line.reconfirm || !line.changes.is_empty());
    whole
}

/// What a command moved between the parts of schedule lines, old and new.
pub fn moved(before: &Order, after: &Order, places: &[usize]) -> OrderDifference {
    let line = |place: &usize| {
        let (old, new) = (&before.schedule[*place], &after.schedule[*place]);
        let part = |field: &str, of: fn(&Quantities) -> Decimal| FieldChange {
            field: field.into(),
            old: of(&old.quantities).normalize().to_string(),
            new: of(&new.quantities).normalize().to_string(),
            material: false,
        };
        let mut changes = vec![
            part("accepted", |q| q.accepted),
            part("rejected", |q| q.rejected),
            part("proposed", |q| q.proposed),
            part("unanswered", |q| q.unanswered),
            part("cancelled", |q| q.cancelled),
            flag("closed", old.closed, new.closed),
        ];
        changes.retain(|change| change.old != change.new);
        LineChange { kind: ChangeKind::Changed.into(), changes, ..named(new) }
    };
    let mut header = vec![flag("held", before.held, after.held)];
    header.retain(|change| change.old != change.new);
    OrderDifference {
        from_revision: before.revision,
        to_revision: after.revision,
        header,
        lines: places.iter().map(line).collect(),
        lines_omitted: 0,
    }
}

fn flag(field: &str, old: bool, new: bool) -> FieldChange {
    FieldChange { field: field.into(), old: old.to_string(), new: new.to_string(), material: false }
}

fn follow(known: &mut Vec<FieldChange>, later: Vec<FieldChange>) {
    for change in later {
        match known.iter_mut().find(|own| own.field == change.field) {
            Some(own) => own.new = change.new,
            None => known.push(change),
        }
    }
    known.retain(|change| change.old != change.new);
}

#[cfg(test)]
mod tests;
