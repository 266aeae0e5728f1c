//! One function a command: replay or load, decide, save, record the receipt, and append to the outbox last. Nothing here
//! calls the network.

pub(crate) mod borrow;
pub(crate) mod capability;
pub(crate) mod catena;
pub(crate) mod comment;
pub(crate) mod demand;
pub(crate) mod disclose;
pub(crate) mod disclosure;
pub(crate) mod group;
pub(crate) mod hold;
pub(crate) mod lend;
pub(crate) mod load;
pub(crate) mod matched;
pub(crate) mod matching;
pub(crate) mod offer;
pub(crate) mod request;
pub(crate) mod reservation;
pub(crate) mod scope;
pub(crate) mod settle;
pub(crate) mod slice;
pub(crate) mod together;
pub(crate) mod volatility;

pub(crate) use chassis::command::{Begun, Now, Single};
use chassis::{Error, Reason, Result, caller::Caller, outbox::Wake, service::Deps};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::partner::Partner;

/// What commands work with.
#[derive(Clone)]
pub(crate) struct Context {
    pub deps: Deps,
    /// Wakes the matching of demand that arrived, in the same process; others look by themselves.
    pub arrived: Wake,
}

impl Context {
    /// The firm whose row it must be, by our own decision; tests switch that off to see the second wall alone.
    pub(crate) fn own(&self, caller: &Caller) -> Option<Uuid> {
        self.deps.checks_ownership().then_some(caller.firm)
    }
}

/// When something happens, and by whom.
pub(crate) struct Moment<'a> {
    pub deps: &'a Deps,
    pub at: OffsetDateTime,
    pub caller: &'a Caller,
}

impl<'a> Moment<'a> {
    pub(crate) fn of(context: &'a Context, caller: &'a Caller) -> Self {
        Self { deps: &context.deps, at: context.deps.now(), caller }
    }

    pub(crate) fn now(&self) -> Now<'a> {
        Now { deps: self.deps, at: self.at, traceparent: &self.caller.traceparent }
    }
}

/// Whether something new may go over a relationship.
fn active(partner: &Partner) -> Result<()> {
    match (partner.state.as_str(), partner.firm_state.as_str()) {
        ("active", "active") => Ok(()),
        ("active", "suspended") => Err(Error::new(Reason::FIRM_SUSPENDED)),
        ("invited", _) => Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)
            .message("the firm has not accepted the invitation yet")),
        _ => Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)),
    }
}
