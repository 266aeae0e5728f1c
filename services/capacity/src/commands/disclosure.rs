//! The supplier's policies.

use chassis::{Error, Result};
use proto::capacity::Disclosure;
use uuid::Uuid;

use super::{Begun, Single};
use crate::{
    convert,
    db::{
        disclosure::{self as db, Policy},
        partner,
    },
    disclosure::Level,
};

/// Sets what one customer sees, or every one without a policy of its own.
pub(crate) async fn set(command: &Single<'_>, customer: Option<Uuid>, level: Level) -> Result<Disclosure> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if let Some(customer) = customer
        && !partner::is_customer(&mut tx, customer).await?
    {
        return Err(Error::not_found());
    }
    let policy = Policy { customer, level, updated_at: command.now() };
    db::set(&mut tx, &policy, &command.caller.actor_name).await?;
    let receipt = convert::disclosure::policy_out(&policy);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
