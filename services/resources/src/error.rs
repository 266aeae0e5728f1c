//! Business reasons of this service and how they are worded; chassis makes statuses of them.

use chassis::{Error, Reason};
use uuid::Uuid;

use crate::{resource::Misfit, revision::NotReleased};

/// A row that says what none of ours says.
pub(crate) fn unreadable(id: Uuid) -> Error {
    Error::internal(anyhow::anyhow!("what was kept of {id} cannot be read"))
}

/// What does not go together, by the field that says so.
pub(crate) fn misfit(misfit: Misfit) -> Error {
    match misfit {
        Misfit::ImportantForAll => {
            Error::field("visibility", "CLASSIFICATION", "important resources are not visible to all")
        }
        Misfit::CoreFound => Error::field(
            "visibility",
            "CLASSIFICATION",
            "core resources are visible to those alone to whom they are granted",
        ),
        Misfit::OpenToNobody => {
            Error::field("open", "UNEXPECTED", "is for resources that are found without an entitlement")
        }
    }
}

/// Why a revision is not released.
pub(crate) fn not_released(why: NotReleased) -> Error {
    Error::new(match why {
        NotReleased::State => Reason::REVISION_STATE,
        NotReleased::Empty => Reason::REVISION_EMPTY,
    })
}

/// Something of the same that stands.
pub(crate) fn stands(id: Uuid) -> Error {
    Error::new(Reason::ENTITLEMENTS_STAND).with("entitlement_id", id)
}
