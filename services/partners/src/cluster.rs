//! Clusters: firms that an operator brings together, each by its own consent.

use time::OffsetDateTime;
use uuid::Uuid;

/// How a firm stands to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipState {
    Invited,
    Joined,
    /// By itself, or it declined; until the operator invites again.
    Left,
}

impl MembershipState {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }

    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Joined, Self::Left].into_iter().find(|state| state.as_str() == text)
    }

    /// Whether a firm may go from here to `to` by itself. Staying is always allowed; nobody joins uninvited.
    pub fn may_become(self, to: MembershipState) -> bool {
        self == to
            || matches!((self, to), (Self::Invited, Self::Joined | Self::Left) | (Self::Joined, Self::Left))
    }
}

/// A cluster as one firm sees it.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub id: Uuid,
    pub name: String,
    pub name_en: String,
    pub operator: Uuid,
    pub operator_name: String,
    pub members: i64,
    /// `None` for the operator.
    pub own_state: Option<MembershipState>,
    pub created_at: OffsetDateTime,
}

/// A firm in a cluster.
#[derive(Clone, Debug)]
pub struct Membership {
    pub cluster: Uuid,
    pub firm: Uuid,
    pub firm_name: String,
    pub firm_name_en: String,
    pub state: MembershipState,
    pub changed_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;
    use MembershipState::{Invited, Joined, Left};

    #[test]
    fn a_firm_joins_only_when_invited_and_leaves_when_it_likes() {
        for (from, to, may) in [
            (Invited, Joined, true),
            (Invited, Left, true),
            (Joined, Left, true),
            (Joined, Joined, true),
            (Left, Left, true),
            (Left, Joined, false),
            (Left, Invited, false),
            (Joined, Invited, false),
        ] {
            assert_eq!(from.may_become(to), may, "{from:?} → {to:?}");
        }
        for state in [Invited, Joined, Left] {
            assert_eq!(MembershipState::parse(state.as_str()), Some(state));
        }
    }
}
