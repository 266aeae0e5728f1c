//! The supplier's policies.

use chassis::{Error, Result};
use proto::capacity::Disclosure;
use uuid::Uuid;

use super::{Begun, Now, Single, disclose, matching, scope};
use crate::{
    convert,
    db::{
        disclosure::{self as db, Policy},
        group, partner,
    },
    disclosure::Level,
};

/// Groups written out anew between two reads.
const PAGE: i64 = 500;

/// Sets what one customer sees, or every one without a policy of its own.
pub(crate) async fn set(command: &Single<'_>, customer: Option<Uuid>, level: Level) -> Result<Disclosure> {
    scope::unnarrowed(command)?;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if let Some(customer) = customer
        && partner::customer(&mut tx, customer).await?.is_none()
    {
        return Err(Error::not_found());
    }
    // What was found of the groups stands still while it is written out anew.
    matching::lock(&mut tx).await?;
    let policy = Policy { customer, level, updated_at: command.now() };
    db::set(&mut tx, &policy, &command.caller.actor_name).await?;
    let now = Now { deps: command.deps, at: policy.updated_at, traceparent: &command.caller.traceparent };
    let mut after = None;
    loop {
        let page = group::list(&mut tx, customer, &[], &[], after, PAGE).await?;
        for head in page.iter().filter(|head| head.customer.is_some()) {
            disclose::group(now, &mut tx, head).await?;
        }
        match page.last().filter(|_| page.len() as i64 == PAGE) {
            Some(last) => after = Some(last.id),
            None => break,
        }
    }
    let receipt = convert::disclosure::policy_out(&policy);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
