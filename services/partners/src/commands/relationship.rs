//! Inviting suppliers, claiming invitations, and changing relationships.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent, secret, value};
use proto::partners as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Begun, Command, session::check_code};
use crate::{
    convert,
    db::{self, link::Claimed},
    events,
    firm::FirmState,
    link::{INVITATION_VALID, LinkKind},
    relationship::{Change, NewSupplier, Relationship, Side, State},
};

/// Invites a supplier: a placeholder firm, the relationship, and a link to hand over.
pub(crate) async fn invite_supplier(
    command: &Command<'_>,
    new: NewSupplier,
) -> Result<wire::InviteSupplierResponse> {
    let clock = &command.deps.clock;
    let (placeholder, id, at) = (clock.id(), clock.id(), command.deps.now());
    let token = secret::token();
    let sha256 = secret::sha256(token.as_bytes());
    let expires_at = at + INVITATION_VALID;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::relationship::invite(&mut tx, placeholder, id, &new, at).await?;
    db::link::insert_invitation(&mut tx, id, &sha256, expires_at).await?;
    let (relationship, event) = changed(command, &mut tx, id, None, at).await?;
    let mut receipt = wire::InviteSupplierResponse {
        relationship: Some(relationship),
        invitation_path: String::new(),
        expires_at: Some(value::timestamp(expires_at)),
    };
    command.finish(tx, &receipt, vec![event]).await?;
    receipt.invitation_path = LinkKind::Invitation.path(&token);
    Ok(receipt)
}

/// A new link for a supplier that has not accepted yet; earlier links end.
pub(crate) async fn renew_invitation(
    command: &Command<'_>,
    id: Uuid,
) -> Result<wire::RenewInvitationResponse> {
    let token = secret::token();
    let sha256 = secret::sha256(token.as_bytes());
    let expires_at = command.deps.now() + INVITATION_VALID;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let (relationship, side) = own(command, &mut tx, id).await?;
    if side != Side::Buyer {
        // The supplier sees the relationship, but the invitation was never its own.
        return Err(Error::new(Reason::PERMISSION_DENIED).message("only the buyer renews an invitation"));
    }
    if relationship.state == State::Ended {
        return Err(Error::new(Reason::RELATIONSHIP_ENDED));
    }
    if relationship.supplier_state != FirmState::Placeholder
        || !db::link::insert_invitation(&mut tx, id, &sha256, expires_at).await?
    {
        return Err(Error::new(Reason::INVITATION_ACCEPTED));
    }
    let mut receipt = wire::RenewInvitationResponse {
        invitation_path: String::new(),
        expires_at: Some(value::timestamp(expires_at)),
    };
    command.finish(tx, &receipt, Vec::new()).await?;
    receipt.invitation_path = LinkKind::Invitation.path(&token);
    Ok(receipt)
}

/// Takes an invitation into the caller's own firm. The orders move when their service sees the claim.
pub(crate) async fn claim_invitation(
    command: &Command<'_>,
    token: &str,
    code: Option<String>,
) -> Result<wire::ClaimInvitationResponse> {
    let at = command.deps.now();
    let sha256 = secret::sha256(token.as_bytes());
    if let Some(code) = code {
        // In a transaction of its own, so that a wrong try counts; the link of a repeated request was used, and asks for none.
        check_code(command.deps, &sha256, &code).await?;
    }
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    // After the replay, since the link of a repeated request was used by the first.
    let link = db::link::inspect(&mut tx, &sha256).await?.ok_or_else(Error::not_found)?;
    link.check_for(LinkKind::Invitation, at)?;
    let (id, placeholder) = match db::link::claim(&mut tx, &sha256, at).await? {
        Claimed::Yes { relationship, placeholder } => (relationship, placeholder),
        Claimed::OwnFirm => return Err(Error::new(Reason::OWN_FIRM)),
        Claimed::Unusable => return Err(Error::new(Reason::LINK_USED)),
    };
    let (relationship, event) = changed(command, &mut tx, id, Some(placeholder), at).await?;
    let receipt = wire::ClaimInvitationResponse { relationship: Some(relationship) };
    command.finish(tx, &receipt, vec![event]).await?;
    Ok(receipt)
}

/// Changes what the caller's side may change.
pub(crate) async fn update_relationship(
    command: &Command<'_>,
    id: Uuid,
    change: Change,
    etag: &str,
) -> Result<wire::TradingRelationship> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let (before, side) = own(command, &mut tx, id).await?;
    if convert::etag(before.version) != etag {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    let written = before.change(side, &change)?;
    if !db::relationship::update(&mut tx, id, before.version, &written, at).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    let (receipt, event) = changed(command, &mut tx, id, None, at).await?;
    let events =
        if receipt.state == convert::trading_relationship(&before).state { vec![] } else { vec![event] };
    command.finish(tx, &receipt, events).await?;
    Ok(receipt)
}

async fn load(tx: &mut TenantTx, id: Uuid) -> Result<Relationship> {
    db::relationship::get(tx, id).await?.ok_or_else(Error::not_found)
}

/// A relationship of the caller's firm, and the side that it is on.
async fn own(command: &Command<'_>, tx: &mut TenantTx, id: Uuid) -> Result<(Relationship, Side)> {
    let relationship = load(tx, id).await?;
    let side = match relationship.side(command.caller.firm) {
        Some(side) => side,
        // Only where tests switched the decision off: row security has shown a stranger's row.
        None if command.own().is_none() => Side::Buyer,
        None => return Err(Error::not_found()),
    };
    Ok((relationship, side))
}

/// How the relationship stands now, and the event that tells both firms.
async fn changed(
    command: &Command<'_>,
    tx: &mut TenantTx,
    id: Uuid,
    claimed: Option<Uuid>,
    at: OffsetDateTime,
) -> Result<(wire::TradingRelationship, NewEvent)> {
    let relationship = load(tx, id).await?;
    let wire = convert::trading_relationship(&relationship);
    let event_id = command.deps.clock.id();
    let traceparent = &command.caller.traceparent;
    let event = events::relationship_changed(event_id, at, traceparent, &relationship, wire.clone(), claimed);
    Ok((wire, event))
}
