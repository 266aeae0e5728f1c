//! Differences as they are told: of several revisions as one, and of what a command moved. Pure.

use proto::orders::{ChangeKind, FieldChange, LineChange, OrderDifference};
use rust_decimal::Decimal;

use crate::order::{Order, Quantities, Schedule};

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

/// The names of a schedule line.
pub(super) fn named(line: &Schedule) -> LineChange {
    LineChange {
        line_number: line.line_number.clone(),
        schedule_line_number: line.schedule_line_number.clone(),
        schedule_line_id: line.id.to_string(),
        ..LineChange::default()
    }
}
