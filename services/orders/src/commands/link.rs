//! The buyer hands out links to one order; either side ends them.

use chassis::{
    Error, Reason, Result,
    caller::{Credential, CredentialKind, new_token},
};
use proto::orders::{CreateOrderLinkResponse, OrderLink};

use super::{
    follow,
    single::{self, Begun, Single},
};
use crate::{
    convert::{self, NewLink},
    db::link::{self as db, LinkRow},
};

/// The most links of one order that work at the same time.
const MOST: i64 = 20;

/// Makes a link, and shows its token once.
pub(crate) async fn create_link(command: &Single<'_>, new: NewLink) -> Result<CreateOrderLinkResponse> {
    let (caller, at) = (command.caller, command.now());
    let (id, token, sha256) = new_token(CredentialKind::OrderLink);
    let mut tx = match single::begin_about(command, &[new.order]).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    // After the replay, since a request that is repeated when its time is over still answers its receipt.
    let expires_at = new.expires_at(at)?;
    let order = db::order(&mut tx, new.order).await?.ok_or_else(Error::not_found)?;
    let narrowed = !caller.covers(&order.sites, &order.purchasing_group);
    if command.deps.checks_ownership() && (order.buyer != caller.firm || narrowed) {
        return Err(Error::not_found());
    }
    if order.supplier_state != "placeholder" {
        return Err(Error::new(Reason::SUPPLIER_HAS_ACCOUNT));
    }
    chassis::command::lock(&mut tx, "order links", &new.order.to_string()).await?;
    if db::count(&mut tx, new.order, at).await? >= MOST {
        return Err(Error::new(Reason::TOO_MANY_LINKS));
    }
    let label = if new.label.is_empty() { order.supplier_name } else { new.label };
    let row = LinkRow {
        id,
        order_id: new.order,
        actor: command.deps.clock.id(),
        label,
        created_by: caller.actor_name.clone(),
        created_at: at,
        expires_at,
        revoked_at: None,
    };
    db::insert(&mut tx, &row, &sha256).await?;
    let mut receipt = CreateOrderLinkResponse {
        link: Some(convert::order_link(&row)),
        ..CreateOrderLinkResponse::default()
    };
    command.finish(tx, &receipt, Vec::new()).await?;
    receipt.path = format!("/d/{}", token.reveal());
    receipt.token = token.reveal().clone();
    Ok(receipt)
}

/// Ends a link; revoking twice is no error.
pub(crate) async fn revoke_link(command: &Single<'_>, id: String) -> Result<OrderLink> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let row = db::revoke(&mut tx, command.own(), &id, command.now()).await?.ok_or_else(Error::not_found)?;
    // Of the order that it is for, which is known by now alone; what it did is undone with the transaction.
    follow::seen(command.deps, &mut tx, command.caller, row.order_id).await?;
    let receipt = convert::order_link(&row);
    command.finish(tx, &receipt, Vec::new()).await?;
    command.deps.resolver.forget(&Credential { kind: CredentialKind::OrderLink, id });
    Ok(receipt)
}
