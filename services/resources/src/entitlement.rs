//! Who may use what, and how that begins and ends. Pure.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::resource::{Category, Classification};

/// Where an entitlement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Requested,
    Granted,
    Refused,
    Expired,
    Revoked,
}

impl State {
    /// All of them, in the order of the contract.
    pub const ALL: [State; 5] =
        [State::Requested, State::Granted, State::Refused, State::Expired, State::Revoked];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Granted => "granted",
            State::Refused => "refused",
            State::Expired => "expired",
            State::Revoked => "revoked",
        }
    }

    /// From what is stored.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What the owner does with an entitlement that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Grant,
    Refuse,
    Revoke,
}

/// What an act makes of an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Becomes(State),
    /// It has ended so already.
    Stays,
    /// It does not go there.
    Refused,
}

/// From where an entitlement stands.
pub fn next(state: State, act: Act) -> Next {
    match (state, act) {
        (State::Requested, Act::Grant) => Next::Becomes(State::Granted),
        (State::Requested, Act::Refuse) => Next::Becomes(State::Refused),
        (State::Granted, Act::Revoke) => Next::Becomes(State::Revoked),
        (State::Revoked | State::Expired, Act::Revoke) => Next::Stays,
        _ => Next::Refused,
    }
}

/// Who may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Firm(Uuid),
    /// The members of a cluster.
    Cluster(Uuid),
}

/// What may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Resource(Uuid),
    /// All of the owner's of a category, but core ones.
    Category(Category),
}

/// Whether a resource of this class may be granted to them: a core one to firms alone.
pub fn grantable(class: Classification, who: Who) -> bool {
    class != Classification::Core || matches!(who, Who::Firm(_))
}

/// What an entitlement allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub purpose: String,
    /// `None`: from when it is granted.
    pub valid_from: Option<OffsetDateTime>,
    /// `None`: until it is revoked.
    pub valid_until: Option<OffsetDateTime>,
    /// `None`: no bound.
    pub download_limit: Option<i32>,
}

/// From when it is valid, granted at this moment; `None` where that would be over before it began.
pub fn valid_from(terms: &Terms, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let from = terms.valid_from.unwrap_or(now);
    terms.valid_until.is_none_or(|until| until > from && until > now).then_some(from)
}

/// Whether one more may use a resource of which so many do; 0 seats: no such bound.
pub fn has_seat(seats: i32, taken: i64) -> bool {
    seats == 0 || taken < i64::from(seats)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_owner_decides_once_and_ends_what_was_granted() {
        use Act::{Grant, Refuse, Revoke};
        for (state, act, expected) in [
            (State::Requested, Grant, Next::Becomes(State::Granted)),
            (State::Requested, Refuse, Next::Becomes(State::Refused)),
            (State::Requested, Revoke, Next::Refused),
            (State::Granted, Grant, Next::Refused),
            (State::Granted, Refuse, Next::Refused),
            (State::Granted, Revoke, Next::Becomes(State::Revoked)),
            (State::Refused, Grant, Next::Refused),
            (State::Refused, Revoke, Next::Refused),
            (State::Expired, Revoke, Next::Stays),
            (State::Expired, Grant, Next::Refused),
            (State::Revoked, Revoke, Next::Stays),
            (State::Revoked, Grant, Next::Refused),
        ] {
            assert_eq!(next(state, act), expected, "{state:?} {act:?}");
        }
    }

    #[test]
    fn what_is_over_is_not_granted() {
        let now = datetime!(2026-11-28 12:00 UTC);
        let terms = |valid_from, valid_until| Terms {
            purpose: String::new(),
            valid_from,
            valid_until,
            download_limit: None,
        };
        let (before, after) = (datetime!(2026-11-01 0:00 UTC), datetime!(2026-12-31 0:00 UTC));
        for (from, until, expected) in [
            (None, None, Some(now)),
            (None, Some(after), Some(now)),
            (Some(before), Some(after), Some(before)),
            (Some(after), None, Some(after)),
            (None, Some(now), None),
            (Some(before), Some(now), None),
            (Some(after), Some(after), None),
        ] {
            assert_eq!(valid_from(&terms(from, until), now), expected, "{from:?} {until:?}");
        }
    }

    #[test]
    fn seats_are_taken_up_to_the_last() {
        assert!(has_seat(0, 1_000) && has_seat(5, 4) && !has_seat(5, 5));
    }
}
