//! IdBasedRequestForUpdate 3.0: what a partner wants to be sent.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::object::Object;
use crate::convert::read::Wrong;

/// The most objects that a request names.
const MOST: usize = 100_000;

/// Which objects of one kind are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Nothing,
    /// Each where it is newer than what the partner has; `None`: whatever it has.
    Named(BTreeMap<Uuid, Option<OffsetDateTime>>),
}

impl Wanted {
    /// Whether this object is wanted as it stands.
    pub(crate) fn is(&self, id: Uuid, changed_at: OffsetDateTime) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Nothing => false,
            Wanted::Named(named) => {
                named.get(&id).is_some_and(|known| known.is_none_or(|known| changed_at > known))
            }
        }
    }
}

/// Which demands and which groups a request wants: `{}` is everything, an empty list all of its kind, a kind that is not
/// named beside one that is, nothing.
pub(crate) fn wanted(wrong: &mut Wrong, object: &Object<'_>) -> (Wanted, Wanted) {
    let (demands, groups) = ("weekBasedMaterialDemand", "weekBasedCapacityGroup");
    if !object.has(demands) && !object.has(groups) {
        return (Wanted::All, Wanted::All);
    }
    (kind(wrong, object, demands, "materialDemandId"), kind(wrong, object, groups, "capacityGroupId"))
}

fn kind(wrong: &mut Wrong, object: &Object<'_>, name: &str, id: &str) -> Wanted {
    if !object.has(name) {
        return Wanted::Nothing;
    }
    let mut named = BTreeMap::new();
    let list = object.list(wrong, name, MOST);
    let all = list.is_empty();
    for (path, raw) in list {
        if let Some(one) = Object::read(wrong, &path, raw) {
            named.insert(one.required_uuid(wrong, id), one.time(wrong, "changedAt"));
        }
    }
    if all { Wanted::All } else { Wanted::Named(named) }
}
