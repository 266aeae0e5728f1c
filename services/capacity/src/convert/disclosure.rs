//! Policies in and out.

use chassis::{Error, Result, value};
use proto::capacity::{Disclosure, DisclosureLevel, SetDisclosureRequest};
use uuid::Uuid;

use crate::{db::disclosure::Policy, disclosure::Level};

/// The customer, or `None` for every other, and the level.
pub(crate) fn policy(request: &SetDisclosureRequest) -> Result<(Option<Uuid>, Level)> {
    let customer = value::optional_id("customer_id", &request.customer_id)?;
    let level = match request.level() {
        DisclosureLevel::Exact => Level::Exact,
        DisclosureLevel::Banded => Level::Banded,
        DisclosureLevel::YesNo => Level::YesNo,
        DisclosureLevel::Hidden => Level::Hidden,
        DisclosureLevel::Unspecified => {
            return Err(Error::field("level", "REQUIRED", "say how much is shown"));
        }
    };
    Ok((customer, level))
}

pub(crate) fn level(level: Level) -> DisclosureLevel {
    match level {
        Level::Exact => DisclosureLevel::Exact,
        Level::Banded => DisclosureLevel::Banded,
        Level::YesNo => DisclosureLevel::YesNo,
        Level::Hidden => DisclosureLevel::Hidden,
    }
}

pub(crate) fn policy_out(policy: &Policy) -> Disclosure {
    Disclosure {
        customer_id: policy.customer.map(|id| id.to_string()).unwrap_or_default(),
        level: level(policy.level).into(),
        updated_at: Some(value::timestamp(policy.updated_at)),
    }
}
