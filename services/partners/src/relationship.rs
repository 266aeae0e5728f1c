//! Trading relationships: invited → active → suspended → ended. Each side has a switch of its own, so that neither
//! resumes what the other suspended; the state follows from the switches, in the database.

use chassis::{Error, Reason, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::firm::{FirmState, PartyId};

/// What a relationship allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The supplier has not accepted yet; orders may be published to it.
    Invited,
    Active,
    /// No new documents; what was exchanged stays.
    Suspended,
    /// For good, until a new invitation.
    Ended,
}

impl State {
    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "invited" => Self::Invited,
            "active" => Self::Active,
            "suspended" => Self::Suspended,
            "ended" => Self::Ended,
            _ => return None,
        })
    }
}

/// One of the two firms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buyer,
    Supplier,
}

/// A buyer and a supplier.
#[derive(Clone, Debug)]
pub struct Relationship {
    pub id: Uuid,
    pub buyer: Uuid,
    pub buyer_name: String,
    pub buyer_state: FirmState,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub supplier_state: FirmState,
    pub state: State,
    /// Of the supplier, in the buyer's system.
    pub vendor_number: String,
    /// Of the buyer, in the supplier's system.
    pub customer_number: String,
    pub buyer_suspended: bool,
    pub supplier_suspended: bool,
    pub version: i64,
    pub created_at: OffsetDateTime,
}

/// A supplier to be invited.
#[derive(Clone, Debug)]
pub struct NewSupplier {
    pub name: String,
    pub vendor_number: String,
    pub uscc: String,
    pub party_ids: Vec<PartyId>,
}

/// What one side wants to change; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub state: Option<State>,
    pub vendor_number: Option<String>,
    pub customer_number: Option<String>,
}

/// What both sides may write of a relationship, after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub vendor_number: String,
    pub customer_number: String,
    pub buyer_suspended: bool,
    pub supplier_suspended: bool,
    pub ended: bool,
}

impl Relationship {
    /// Which side the firm is on; `None` for strangers.
    pub fn side(&self, firm: Uuid) -> Option<Side> {
        if firm == self.buyer {
            Some(Side::Buyer)
        } else if firm == self.supplier {
            Some(Side::Supplier)
        } else {
            None
        }
    }

    /// What to write for a side's change.
    ///
    /// # Errors
    /// RELATIONSHIP_ENDED after the end; PERMISSION_DENIED for the other side's number; RELATIONSHIP_NOT_ACTIVE for
    /// resuming what the other side suspended or has not accepted.
    pub fn change(&self, side: Side, change: &Change) -> Result<Written> {
        if self.state == State::Ended {
            return Err(Error::new(Reason::RELATIONSHIP_ENDED));
        }
        if change.vendor_number.is_some() && side != Side::Buyer {
            return Err(
                Error::new(Reason::PERMISSION_DENIED).message("only the buyer sets the vendor number")
            );
        }
        if change.customer_number.is_some() && side != Side::Supplier {
            return Err(
                Error::new(Reason::PERMISSION_DENIED).message("only the supplier sets the customer number")
            );
        }
        let mut written = Written {
            vendor_number: change.vendor_number.clone().unwrap_or_else(|| self.vendor_number.clone()),
            customer_number: change.customer_number.clone().unwrap_or_else(|| self.customer_number.clone()),
            buyer_suspended: self.buyer_suspended,
            supplier_suspended: self.supplier_suspended,
            ended: false,
        };
        let (own, others) = match side {
            Side::Buyer => (&mut written.buyer_suspended, self.supplier_suspended),
            Side::Supplier => (&mut written.supplier_suspended, self.buyer_suspended),
        };
        match change.state {
            None => {}
            Some(State::Suspended) => *own = true,
            Some(State::Ended) => written.ended = true,
            // A side takes its own suspension back even where the other's keeps the relationship suspended.
            Some(State::Active | State::Invited) if *own => *own = false,
            Some(State::Active | State::Invited) if others => {
                return Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)
                    .message("the partner has suspended the relationship; only the partner can resume it"));
            }
            Some(wanted) if wanted == self.state => {}
            Some(_) => {
                return Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)
                    .message("the supplier has not accepted the invitation yet"));
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relationship(state: State, buyer_suspended: bool, supplier_suspended: bool) -> Relationship {
        Relationship {
            id: Uuid::from_u128(9),
            buyer: Uuid::from_u128(1),
            buyer_name: "B".into(),
            buyer_state: FirmState::Active,
            supplier: Uuid::from_u128(2),
            supplier_name: "S".into(),
            supplier_state: FirmState::Active,
            state,
            vendor_number: "0000410882".into(),
            customer_number: String::new(),
            buyer_suspended,
            supplier_suspended,
            version: 3,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn to(state: State) -> Change {
        Change { state: Some(state), ..Change::default() }
    }

    #[test]
    fn strangers_have_no_side() {
        let one = relationship(State::Active, false, false);
        assert_eq!(one.side(Uuid::from_u128(1)), Some(Side::Buyer));
        assert_eq!(one.side(Uuid::from_u128(2)), Some(Side::Supplier));
        assert_eq!(one.side(Uuid::from_u128(3)), None);
    }

    #[test]
    fn either_side_suspends_and_only_that_side_resumes() {
        use Side::{Buyer, Supplier};
        let active = relationship(State::Active, false, false);
        assert!(active.change(Buyer, &to(State::Suspended)).unwrap().buyer_suspended);
        assert!(active.change(Supplier, &to(State::Suspended)).unwrap().supplier_suspended);

        let by_buyer = relationship(State::Suspended, true, false);
        assert!(!by_buyer.change(Buyer, &to(State::Active)).unwrap().buyer_suspended);
        let refused = by_buyer.change(Supplier, &to(State::Active)).unwrap_err();
        assert_eq!(refused.reason, Reason::RELATIONSHIP_NOT_ACTIVE);

        let by_both = relationship(State::Suspended, true, true);
        let resumed = by_both.change(Buyer, &to(State::Active)).unwrap();
        assert!(!resumed.buyer_suspended && resumed.supplier_suspended, "the other's switch stays");
    }

    #[test]
    fn nobody_accepts_for_the_supplier() {
        let invited = relationship(State::Invited, false, false);
        let refused = invited.change(Side::Buyer, &to(State::Active)).unwrap_err();
        assert_eq!(refused.reason, Reason::RELATIONSHIP_NOT_ACTIVE);
        assert!(invited.change(Side::Buyer, &to(State::Ended)).unwrap().ended);
    }

    #[test]
    fn each_side_writes_its_own_number() {
        let active = relationship(State::Active, false, false);
        let vendor = Change { vendor_number: Some("007".into()), ..Change::default() };
        let customer = Change { customer_number: Some("K1".into()), ..Change::default() };
        assert_eq!(active.change(Side::Buyer, &vendor).unwrap().vendor_number, "007");
        assert_eq!(active.change(Side::Supplier, &customer).unwrap().vendor_number, "0000410882");
        for (side, change) in [(Side::Supplier, &vendor), (Side::Buyer, &customer)] {
            assert_eq!(active.change(side, change).unwrap_err().reason, Reason::PERMISSION_DENIED);
        }
    }

    #[test]
    fn the_end_is_the_end() {
        let ended = relationship(State::Ended, false, false);
        for state in [State::Active, State::Suspended, State::Ended] {
            let refused = ended.change(Side::Buyer, &to(state)).unwrap_err();
            assert_eq!(refused.reason, Reason::RELATIONSHIP_ENDED);
        }
    }
}
