//! Business reasons of this service and how they are worded; chassis makes statuses of them.

use chassis::{Error, Reason};

use uuid::Uuid;

use crate::{group::BadLinks, ingest::Refused};

/// The version that stands, which must have been kept.
pub(crate) fn missing(id: Uuid) -> Error {
    Error::internal(anyhow::anyhow!("the present version of {id} was not kept"))
}

/// Why an upload has no effect. `no_partner` is what the method answers where the other firm is not a partner.
pub(crate) fn refused(refused: Refused, no_partner: Reason) -> Error {
    match refused {
        // The gate and `convert` refuse these before, each with its own fields.
        Refused::Invalid => Error::new(Reason::INVALID_FIELDS),
        Refused::NotSender => Error::new(Reason::PERMISSION_DENIED),
        Refused::NotPartner => Error::new(no_partner),
        Refused::LinkKinds => bad_links(BadLinks::Kinds),
        Refused::StartInPast => Error::field(
            "content.volatility.start_at",
            "IN_PAST",
            "must lie ahead, or be what was stated before",
        ),
        Refused::OtherId(id) => Error::new(Reason::ALREADY_EXISTS)
            .message("the material has a demand of another id")
            .with("demand_id", id),
        Refused::OtherKey => Error::invalid(vec![chassis::Field::new(
            "id",
            "IMMUTABLE",
            "stands for other firms or another material, which cannot change; use a new id",
        )]),
        Refused::Older => Error::new(Reason::CHANGED_AT_OLDER),
    }
}

/// What of a group's links does not hold.
pub(crate) fn bad_links(bad: BadLinks) -> Error {
    match bad {
        BadLinks::Kinds => Error::field(
            "content.linked_group_ids",
            "LINK_KINDS",
            "link demand series or other groups: a group with a customer exactly one kind, an own one at most one",
        ),
        BadLinks::LoadFactors => Error::field(
            "content.linked_demand",
            "LOAD_FACTORS",
            "a load factor on one linked series means one on each",
        ),
        BadLinks::OtherCustomer => Error::field(
            "content.linked_demand",
            "CUSTOMER_DIFFERS",
            "all must be series of the group's customer",
        ),
    }
}

/// A group that names a customer would sum demand of others.
pub(crate) fn foreign_group(path: &str) -> Error {
    Error::field(path, "CUSTOMER_DIFFERS", "a group that names a customer sums groups of that customer alone")
}
