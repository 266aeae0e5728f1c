//! What the operator does to firms. Each act is written down with its reason in the same transaction, and told to the
//! firm and its partners.

use chassis::{
    Error, Result,
    outbox::{MAX_AUDIENCE, NewEvent},
    secret, value,
};
use proto::partners as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    convert,
    db::{
        self,
        operator::{AdminLink, By, Search},
    },
    events,
    link::{LinkKind, SIGN_IN_VALID},
    operator::{Act, ActionKind, Merge, NewAdmin, OperatedFirm, refusal},
};

fn by<'a>(command: &'a Command<'_>, at: OffsetDateTime) -> By<'a> {
    By { action: command.deps.clock.id(), actor_name: &command.caller.actor_name, at }
}

async fn seen(tx: &mut chassis::db::TenantTx, firm: Uuid) -> Result<OperatedFirm> {
    let search = Search { ids: Some(&[firm]), limit: 1, ..Search::default() };
    db::operator::find(tx, &search).await?.pop().ok_or_else(Error::not_found)
}

/// Verifies, unverifies, suspends or reinstates a firm.
pub(crate) async fn operate(command: &Command<'_>, act: Act) -> Result<wire::OperatedFirm> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let outcome = db::operator::operate(&mut tx, &act, &by(command, at)).await?;
    if let Some(refused) = refusal(&outcome) {
        return Err(refused);
    }
    let firm = seen(&mut tx, act.firm).await?;
    let told = match outcome.as_str() {
        "same" => Vec::new(),
        _ => tell(command, at, &firm, None, db::operator::partners_of(&mut tx, act.firm).await?),
    };
    let receipt = convert::operated(&firm);
    command.finish_apart(tx, &receipt, told).await?;
    if act.kind == ActionKind::Suspend {
        command.deps.resolver.forget_firm(act.firm);
    }
    Ok(receipt)
}

/// The event for the firm itself and its partners, as many times as their number asks for.
fn tell(
    command: &Command<'_>,
    at: OffsetDateTime,
    firm: &OperatedFirm,
    survivor: Option<Uuid>,
    partners: Vec<Uuid>,
) -> Vec<Vec<NewEvent>> {
    let audience: Vec<Uuid> = std::iter::once(firm.firm.id).chain(partners).collect();
    let payload = convert::firm_changed(firm, survivor);
    audience
        .chunks(MAX_AUDIENCE)
        .map(|some| {
            let id = command.deps.clock.id();
            vec![events::firm_changed(id, at, &command.caller.traceparent, firm.firm.id, &payload, some)]
        })
        .collect()
}

/// Makes one firm of two.
pub(crate) async fn merge_firms(command: &Command<'_>, merge: Merge) -> Result<wire::MergeFirmsResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let partners = db::operator::partners_of(&mut tx, merge.duplicate).await?;
    let (outcome, moved) = db::operator::merge(&mut tx, &merge, &by(command, at)).await?;
    if let Some(refused) = refusal(&outcome) {
        return Err(refused);
    }
    let gone = seen(&mut tx, merge.duplicate).await?;
    let mut told = tell(command, at, &gone, Some(merge.survivor), partners);
    for relationship in &moved {
        let event = events::relationship_changed(
            command.deps.clock.id(),
            at,
            &command.caller.traceparent,
            relationship,
            convert::trading_relationship(relationship),
            Some(merge.duplicate),
        );
        told.push(vec![event]);
    }
    let receipt = wire::MergeFirmsResponse {
        survivor: Some(convert::operated(&seen(&mut tx, merge.survivor).await?)),
        relationships: i32::try_from(moved.len()).unwrap_or(i32::MAX),
    };
    command.finish_apart(tx, &receipt, told).await?;
    command.deps.resolver.forget_firm(merge.duplicate);
    Ok(receipt)
}

/// Makes a named person an administrator of a firm that lost its own.
pub(crate) async fn reset_last_admin(
    command: &Command<'_>,
    new: NewAdmin,
) -> Result<wire::ResetLastAdminResponse> {
    let at = command.deps.now();
    let token = secret::token();
    let sha256 = secret::sha256(token.as_bytes());
    let expires_at = at + SIGN_IN_VALID;
    let member = command.deps.clock.id();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let link = AdminLink { member, sha256: &sha256, expires_at };
    let outcome = db::operator::reset_admin(&mut tx, &new, &link, &by(command, at)).await?;
    if let Some(refused) = refusal(&outcome) {
        return Err(refused);
    }
    let payload = wire::AdminReset {
        firm_id: new.firm.to_string(),
        member_id: member.to_string(),
        admin_name: new.name,
        reason: new.note,
    };
    let id = command.deps.clock.id();
    let event = events::admin_reset(id, at, &command.caller.traceparent, new.firm, &payload);
    let mut receipt = wire::ResetLastAdminResponse {
        member_id: member.to_string(),
        sign_in_path: String::new(),
        expires_at: Some(value::timestamp(expires_at)),
    };
    command.finish(tx, &receipt, vec![event]).await?;
    receipt.sign_in_path = LinkKind::SignIn.path(&token);
    Ok(receipt)
}
