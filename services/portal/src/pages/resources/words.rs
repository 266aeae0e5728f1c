//! Categories, classes, states and events in words.

use proto::resources::{
    AccessKind, CurrentRevision, Effectivity, Entitlement, EntitlementState, Resource, ResourceCategory,
    ResourceClassification, ResourceVisibility, Revision, RevisionFile, RevisionState,
};
use time::{Duration, OffsetDateTime};

use crate::{
    ask::Choice,
    i18n::{Key, Lang, Text, key},
    order::Tag,
};

/// How long something is new.
const NEW: Duration = Duration::days(14);

/// All of them, with their names.
pub const CATEGORIES: [(ResourceCategory, Key<0>); 8] = [
    (ResourceCategory::Drawing, key::RESOURCE_DRAWING),
    (ResourceCategory::Specification, key::RESOURCE_SPECIFICATION),
    (ResourceCategory::Software, key::RESOURCE_SOFTWARE),
    (ResourceCategory::Data, key::RESOURCE_DATA),
    (ResourceCategory::Template, key::RESOURCE_TEMPLATE),
    (ResourceCategory::Course, key::RESOURCE_COURSE),
    (ResourceCategory::Instrument, key::RESOURCE_INSTRUMENT),
    (ResourceCategory::Design, key::RESOURCE_DESIGN),
];

/// Classes, the least one first.
pub const CLASSES: [(ResourceClassification, Key<0>); 3] = [
    (ResourceClassification::General, key::RESOURCE_GENERAL),
    (ResourceClassification::Important, key::RESOURCE_IMPORTANT),
    (ResourceClassification::Core, key::RESOURCE_CORE),
];

pub fn category(t: &Text, category: ResourceCategory) -> String {
    let known = CATEGORIES.iter().find(|(one, _)| *one == category);
    known.map(|(_, label)| t.say(label)).unwrap_or_default()
}

/// As a form posts it; nothing for anything else.
pub fn category_of(text: &str) -> ResourceCategory {
    let number = text.parse::<i32>().unwrap_or_default();
    ResourceCategory::try_from(number).unwrap_or_default()
}

/// Categories to choose from, with a first choice of none.
pub fn categories(t: &Text, none: Key<0>, chosen: &str) -> Vec<Choice> {
    let all = CATEGORIES.iter().map(|(one, label)| Choice::new(*one as i32, t.say(label)));
    choices([Choice::new("", t.say(none))].into_iter().chain(all), chosen)
}

/// With one of them chosen.
pub fn choices(all: impl Iterator<Item = Choice>, chosen: &str) -> Vec<Choice> {
    all.map(|one| Choice { on: one.value == chosen, ..one }).collect()
}

pub fn class(t: &Text, class: ResourceClassification) -> String {
    let known = CLASSES.iter().find(|(one, _)| *one == class);
    known.map(|(_, label)| t.say(label)).unwrap_or_default()
}

pub fn visibility(t: &Text, visibility: ResourceVisibility) -> String {
    match visibility {
        ResourceVisibility::Granted => t.say(key::RESOURCE_GRANTED_ALONE),
        ResourceVisibility::Partners => t.say(key::SHARE_PARTNERS),
        ResourceVisibility::Cluster => t.say(key::SHARE_CLUSTER),
        ResourceVisibility::All => t.say(key::SHARE_ALL),
        ResourceVisibility::Unspecified => String::new(),
    }
}

pub fn name(t: &Text, one: &Resource) -> String {
    let content = one.content.clone().unwrap_or_default();
    if t.lang == Lang::En && !content.name_en.is_empty() { content.name_en } else { content.name }
}

/// Whether it was published or released within the last two weeks.
pub fn is_new(one: &Resource, now: OffsetDateTime) -> bool {
    let released = one.current.as_ref().and_then(|current| current.released_at.as_ref());
    let latest = [released, one.published_at.as_ref()].into_iter().flatten().filter_map(chassis::value::time);
    latest.max().is_some_and(|at| now - at < NEW)
}

/// What is in force, and since when.
pub fn current(t: &Text, current: Option<&CurrentRevision>) -> String {
    match current {
        Some(current) => {
            t.two(key::RESOURCE_IN_FORCE, t.moment(current.released_at.as_ref()), &current.label)
        }
        None => t.say(key::RESOURCE_NONE_RELEASED),
    }
}

/// How a resource stands to the visitor's firm.
pub fn standing(t: &Text, one: &Resource, own: bool) -> Tag {
    let waits = one.current.as_ref().is_some_and(|current| current.to_acknowledge);
    let (shape, label) = match (one.withdrawn, own, waits, one.usable) {
        (true, ..) => ("cancelled", key::RESOURCE_WITHDRAWN),
        (_, true, ..) => ("accepted", key::RESOURCE_PUBLISHED),
        (_, _, true, _) => ("unanswered", key::RESOURCE_WAITS),
        (_, _, _, true) => ("accepted", key::RESOURCE_USABLE),
        (_, _, _, false) => ("part", key::RESOURCE_TO_REQUEST),
    };
    Tag { shape, label: t.say(label) }
}

pub fn revision_state(t: &Text, state: RevisionState) -> Tag {
    let (shape, label) = match state {
        RevisionState::Released => ("accepted", key::REVISION_RELEASED),
        RevisionState::Superseded => ("part", key::REVISION_SUPERSEDED),
        RevisionState::Withdrawn => ("cancelled", key::REVISION_WITHDRAWN),
        RevisionState::Draft | RevisionState::Unspecified => ("proposed", key::REVISION_DRAFT),
    };
    Tag { shape, label: t.say(label) }
}

/// For which orders a revision counts.
pub fn effectivity(t: &Text, revision: &Revision) -> String {
    match revision.effectivity() {
        Effectivity::NewOrders => t.say(key::EFFECTIVITY_NEW_ORDERS),
        Effectivity::FromDate => t.say(key::EFFECTIVITY_FROM_DATE),
        Effectivity::AtOnce => t.say(key::EFFECTIVITY_AT_ONCE),
        Effectivity::Unspecified => String::new(),
    }
}

/// From when it counts: a day of its own, else when it was released; empty for a draft without either.
pub fn effective(t: &Text, revision: &Revision) -> String {
    match (&revision.effective_date, &revision.released_at) {
        (Some(day), _) => t.wire_day(Some(day)),
        (None, Some(at)) => t.moment(Some(at)),
        (None, None) => String::new(),
    }
}

/// A file and its size.
pub fn file(t: &Text, file: &RevisionFile) -> String {
    t.two(key::RESOURCE_FILE, &file.name, size(file.size_bytes))
}

/// A size in the largest unit of which there is one, rounded down.
pub fn size(bytes: i64) -> String {
    const KIB: i64 = 1024;
    if bytes < KIB {
        format!("{bytes} B")
    } else if bytes < KIB * KIB {
        format!("{} KiB", bytes / KIB)
    } else if bytes < KIB * KIB * KIB {
        format!("{} MiB", bytes / KIB / KIB)
    } else {
        format!("{} GiB", bytes / KIB / KIB / KIB)
    }
}

/// What is entitled: the resource, or a category.
pub fn entitled(t: &Text, one: &Entitlement) -> String {
    match one.resource_id.is_empty() {
        true => t.one(key::ENTITLEMENT_CATEGORY, category(t, one.category())),
        false => one.resource_name.clone(),
    }
}

pub fn entitlement_state(t: &Text, state: EntitlementState) -> Tag {
    let (shape, label) = match state {
        EntitlementState::Granted => ("accepted", key::ENTITLEMENT_GRANTED),
        EntitlementState::Refused => ("rejected", key::ENTITLEMENT_REFUSED),
        EntitlementState::Expired => ("cancelled", key::ENTITLEMENT_EXPIRED),
        EntitlementState::Revoked => ("cancelled", key::ENTITLEMENT_REVOKED),
        EntitlementState::Requested | EntitlementState::Unspecified => {
            ("unanswered", key::ENTITLEMENT_REQUESTED)
        }
    };
    Tag { shape, label: t.say(label) }
}

/// Until when, and how many downloads of how many.
pub fn bounds(t: &Text, one: &Entitlement) -> String {
    let terms = one.terms.clone().unwrap_or_default();
    let until = match &terms.valid_until {
        Some(until) => t.one(key::ENTITLEMENT_UNTIL, t.moment(Some(until))),
        None => t.say(key::ENTITLEMENT_ENDLESS),
    };
    match terms.download_limit {
        0 => until,
        limit => t.three(key::ENTITLEMENT_BOUNDS, one.downloads, limit, until),
    }
}

/// What somebody did.
pub fn access(t: &Text, kind: AccessKind) -> String {
    t.say(match kind {
        AccessKind::Downloaded => key::ACCESS_DOWNLOADED,
        AccessKind::Requested => key::ACCESS_REQUESTED,
        AccessKind::Granted => key::ACCESS_GRANTED,
        AccessKind::Refused => key::ACCESS_REFUSED,
        AccessKind::Expired => key::ACCESS_EXPIRED,
        AccessKind::Revoked => key::ACCESS_REVOKED,
        AccessKind::Acknowledged => key::ACCESS_ACKNOWLEDGED,
        AccessKind::Viewed | AccessKind::Unspecified => key::ACCESS_VIEWED,
    })
}

/// What was just done.
pub fn done(t: &Text, done: &str) -> String {
    t.say(match done {
        "published" => key::RESOURCE_PUBLISHED_DONE,
        "saved" => key::RESOURCE_SAVED_DONE,
        "withdrawn" => key::RESOURCE_WITHDRAWN_DONE,
        "drafted" => key::REVISION_DRAFTED_DONE,
        "uploaded" => key::FILES_UPLOADED_DONE,
        "removed" => key::FILES_REMOVED_DONE,
        "released" => key::REVISION_RELEASED_DONE,
        "taken-back" => key::REVISION_WITHDRAWN_DONE,
        "requested" => key::ENTITLEMENT_REQUESTED_DONE,
        "acknowledged" => key::REVISION_ACKNOWLEDGED_DONE,
        "granted" => key::ENTITLEMENT_GRANTED_DONE,
        "refused" => key::ENTITLEMENT_REFUSED_DONE,
        "revoked" => key::ENTITLEMENT_REVOKED_DONE,
        "followed" => key::FOLLOWED_DONE,
        "ruled" => key::BINDING_POLICY_DONE,
        "unfollowed" => key::UNFOLLOWED_DONE,
        _ => return String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_said_in_the_largest_unit_that_fits() {
        for (bytes, said) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (2_097_152, "2 MiB"), (4_294_967_296, "4 GiB")]
        {
            assert_eq!(size(bytes), said);
        }
    }
}
