//! The access log, out; and what of it is asked for.

use chassis::{Result, value};
use proto::resources as wire;

use super::read::Wrong;
use crate::db::{
    Names,
    access::{Entry, Filter, Kind},
};

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn filter(wire: Option<&wire::AccessFilter>) -> Result<Filter> {
    let Some(wire) = wire else { return Ok(Filter::default()) };
    let mut wrong = Wrong::default();
    let id = |wrong: &mut Wrong, path: &str, text: &str| match text.is_empty() {
        true => None,
        false => wrong.id(path, text),
    };
    let resource = id(&mut wrong, "filter.resource_id", &wire.resource_id);
    let firm = id(&mut wrong, "filter.firm_id", &wire.firm_id);
    let from = wrong.time("filter.from", wire.from.as_ref());
    let until = wrong.time("filter.until", wire.until.as_ref());
    let kinds = wire.kinds().filter_map(kind_in).map(|kind| kind.as_str().to_owned()).collect::<Vec<_>>();
    let kinds = Some(kinds).filter(|kinds| !kinds.is_empty());
    wrong.done(Some(Filter { resource, firm, kinds, from, until }))
}

const KINDS: [(wire::AccessKind, Kind); 8] = [
    (wire::AccessKind::Viewed, Kind::Viewed),
    (wire::AccessKind::Downloaded, Kind::Downloaded),
    (wire::AccessKind::Requested, Kind::Requested),
    (wire::AccessKind::Granted, Kind::Granted),
    (wire::AccessKind::Refused, Kind::Refused),
    (wire::AccessKind::Expired, Kind::Expired),
    (wire::AccessKind::Revoked, Kind::Revoked),
    (wire::AccessKind::Acknowledged, Kind::Acknowledged),
];

fn kind_in(wire: wire::AccessKind) -> Option<Kind> {
    KINDS.iter().find(|(one, _)| *one == wire).map(|(_, kind)| *kind)
}

fn kind_out(stored: &str) -> wire::AccessKind {
    KINDS.iter().find(|(_, kind)| kind.as_str() == stored).map(|(wire, _)| *wire).unwrap_or_default()
}

/// An entry, with what things and firms are called.
pub(crate) fn entry_out(entry: &Entry, names: &Names) -> wire::AccessEntry {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    wire::AccessEntry {
        id: entry.id.to_string(),
        at: Some(value::timestamp(entry.at)),
        kind: kind_out(&entry.kind).into(),
        firm_id: id(entry.firm),
        firm_name: entry.firm.and_then(|firm| names.get(&firm).cloned()).unwrap_or_default(),
        actor_name: entry.actor_name.clone(),
        resource_id: id(entry.resource_id),
        resource_name: entry.resource_name.clone().unwrap_or_default(),
        resource_number: entry.resource_number.clone().unwrap_or_default(),
        revision_id: id(entry.revision_id),
        revision_label: entry.revision_label.clone().unwrap_or_default(),
        file_id: id(entry.file_id),
        file_name: entry.file_name.clone().unwrap_or_default(),
        sent_bytes: entry.sent_bytes.unwrap_or_default(),
        entitlement_id: id(entry.entitlement_id),
    }
}
