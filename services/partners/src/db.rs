//! Every SQL statement of partners: free functions over the tenant transaction. Each names its firm or its id; row
//! security is the second wall, not the first.
//!
//! `own` is the firm whose row it must be; tests pass `None` to see that the second wall stands alone.

pub(crate) mod alias;
pub(crate) mod announcement;
pub(crate) mod cluster;
pub(crate) mod filter;
pub(crate) mod firm;
pub(crate) mod invitation;
pub(crate) mod key;
pub(crate) mod link;
pub(crate) mod member;
pub(crate) mod operator;
pub(crate) mod relationship;

use chassis::{Error, Reason, Result, caller::Role, db::is_constraint};

use crate::firm::{FirmState, PartyId};

/// A state that this program does not know: the row was written by a newer one.
fn unknown(table: &'static str, state: &str) -> Error {
    Error::internal(anyhow::anyhow!("{table} has the unknown state {state}"))
}

fn firm_state(text: &str) -> Result<FirmState> {
    FirmState::parse(text).ok_or_else(|| unknown("partners.firm", text))
}

fn roles(numbers: &[i32]) -> Vec<Role> {
    numbers.iter().filter_map(|number| Role::try_from(*number).ok()).collect()
}

fn numbers(roles: &[Role]) -> Vec<i32> {
    roles.iter().map(|role| i32::from(*role)).collect()
}

fn columns(party_ids: &[PartyId]) -> (Vec<String>, Vec<String>) {
    party_ids.iter().map(|one| (one.scheme.clone(), one.value.clone())).unzip()
}

/// ALREADY_EXISTS where the named constraint says so, and PERMISSION_DENIED where the second wall does.
fn refusal(error: sqlx::Error, constraint: &str) -> Error {
    if is_constraint(&error, constraint) {
        return Error::new(Reason::ALREADY_EXISTS);
    }
    let denied = matches!(&error, sqlx::Error::Database(db) if db.code().as_deref() == Some("42501"));
    let mut refused = Error::from(error);
    if denied {
        refused.reason = Reason::PERMISSION_DENIED;
    }
    refused
}
