//! What a changed document does to an order: pure.
//!
//! The document is compared with what was last **published**, never with what was agreed since: last night's old date
//! must not void today's accepted proposal. Lines that it does not list stand; absence cancels nothing.

mod agreement;
pub mod diff;
mod merge;
mod told;

use std::collections::{HashMap, HashSet};

use chassis::Field;
use proto::orders::{
    ChangeKind, Commitment, FieldChange, LineChange, OrderContent, OrderDifference, OrderLine, ScheduleLine,
    SupplierAddress, Warning,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    order::{Order, Places, Quantities, Schedule},
    publish::{self, NewOrder},
};

use agreement::{Asked, catches_up, caught_up_with, fits};
use merge::{Origin, merge, renamed};
use told::named;
pub use told::{joined, moved};

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
    /// Schedule lines that are answered anew although something of them was accepted, with how much.
    pub fn unsettled(&self, before: &Order) -> Vec<(Uuid, Decimal)> {
        let reopened =
            self.schedule.iter().filter(|each| !each.new && each.after.answered_since > before.version);
        let stood =
            reopened.filter_map(|each| before.place(each.after.id)).map(|place| &before.schedule[place]);
        let accepted = stood.map(|line| (line.id, line.quantities.accepted));
        accepted.filter(|(_, accepted)| *accepted > Decimal::ZERO).collect()
    }

    /// Schedule lines that have to be answered anew.
    pub fn reconfirm(&self) -> usize {
        self.difference.lines.iter().filter(|line| line.reconfirm).count()
    }

    /// Those lines of the document behind it that are new or not as they were published.
    pub fn listed(&self, content: &OrderContent) -> Vec<OrderLine> {
        let lines = self.lines.iter().map(|(place, _)| &self.document.content.lines[*place].line_number);
        let schedule = self.schedule.iter().filter(|each| each.rewritten).map(|each| &each.after.line_number);
        let differing: HashSet<&String> = lines.chain(schedule).collect();
        content.lines.iter().filter(|line| differing.contains(&line.line_number)).cloned().collect()
    }
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
        places: standing.order.places(),
    };
    work.run(&origins, new_id);
    let Work { difference, lines, schedule, .. } = work;
    let same = difference.header.is_empty() && difference.lines.is_empty();
    Ok((!same).then_some(Change { document, difference, lines, schedule }))
}

/// A comparison on its way.
struct Work<'a> {
    standing: &'a Standing<'a>,
    document: &'a NewOrder,
    header_is_material: bool,
    difference: OrderDifference,
    lines: Vec<(usize, i32)>,
    schedule: Vec<ChangedSchedule>,
    places: Places<'a>,
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
        let Some(before) = self.places.of(id).map(|place| &order.schedule[place]) else { return };
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

#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;
