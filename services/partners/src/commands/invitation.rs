//! Inviting many suppliers at once.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent, secret, value};
use proto::partners as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    convert, db, events,
    invitation::{Contact, Plan, Row, plan},
    link::{INVITATION_VALID, LinkKind},
    relationship::NewSupplier,
};

/// How to go about it.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub renew_links: bool,
    pub validate_only: bool,
}

/// What is made of one row.
struct Made {
    result: wire::SupplierRowResult,
    /// The new link's token; stands in no receipt.
    token: Option<String>,
}

/// Invites the suppliers of the rows, each with its own result.
pub(crate) async fn invite_suppliers(
    command: &Command<'_>,
    rows: Vec<Row>,
    how: How,
) -> Result<wire::InviteSuppliersResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let plans = planned(&mut tx, &rows).await?;
    if how.validate_only {
        tx.rollback().await?;
        let results = rows.iter().zip(&plans).map(|(row, plan)| convert::row_result(row, plan)).collect();
        return Ok(wire::InviteSuppliersResponse { results, expires_at: None });
    }
    let mut made = Vec::with_capacity(rows.len());
    for (row, plan) in rows.iter().zip(&plans) {
        made.push(carry_out(command, &mut tx, row, plan, how, at).await?);
    }
    let fresh = invited(&made, &plans);
    let events = if fresh.is_empty() { Vec::new() } else { tell(command, &mut tx, &fresh, at).await? };
    set_contacts(&mut tx, &rows, &made, at).await?;
    let mut receipt = wire::InviteSuppliersResponse {
        results: made.iter().map(|one| one.result.clone()).collect(),
        expires_at: Some(value::timestamp(at + INVITATION_VALID)),
    };
    command.finish_apart(tx, &receipt, events).await?;
    for (result, one) in receipt.results.iter_mut().zip(&made) {
        let path = one.token.as_deref().map(|token| LinkKind::Invitation.path(token));
        result.invitation_path = path.unwrap_or_default();
    }
    Ok(receipt)
}

async fn planned(tx: &mut TenantTx, rows: &[Row]) -> Result<Vec<Plan>> {
    let wanted: Vec<&NewSupplier> =
        rows.iter().filter_map(|row| row.wanted.as_ref().ok().map(|(new, _)| new)).collect();
    let numbers: Vec<String> = wanted.iter().map(|new| new.vendor_number.clone()).collect();
    let usccs: Vec<String> =
        wanted.iter().map(|new| new.uscc.clone()).filter(|uscc| !uscc.is_empty()).collect();
    let known = db::invitation::known(tx, &numbers, &usccs).await?;
    Ok(plan(rows, &known))
}

async fn carry_out(
    command: &Command<'_>,
    tx: &mut TenantTx,
    row: &Row,
    plan: &Plan,
    how: How,
    at: OffsetDateTime,
) -> Result<Made> {
    let mut result = convert::row_result(row, plan);
    let relationship = match (plan, &row.wanted) {
        (Plan::Invite, Ok((new, _))) => {
            let (placeholder, id) = (command.deps.clock.id(), command.deps.clock.id());
            // The number was free a moment ago: another request took it meanwhile, and finds its supplier next time.
            db::relationship::invite(tx, placeholder, id, new, at).await.map_err(|error| {
                match error.reason {
                    Reason::ALREADY_EXISTS => Error::new(Reason::CONFLICT),
                    _ => error,
                }
            })?;
            id
        }
        (Plan::Pending(id), _) if how.renew_links => *id,
        _ => return Ok(Made { result, token: None }),
    };
    let token = secret::token();
    let sha256 = secret::sha256(token.as_bytes());
    let linked = db::link::insert_invitation(tx, relationship, &sha256, at + INVITATION_VALID).await?;
    result.relationship_id = relationship.to_string();
    Ok(Made { result, token: linked.then_some(token) })
}

/// Relationships that began here.
fn invited(made: &[Made], plans: &[Plan]) -> Vec<Uuid> {
    let new = made.iter().zip(plans).filter(|(_, plan)| **plan == Plan::Invite);
    new.filter_map(|(one, _)| Uuid::try_parse(&one.result.relationship_id).ok()).collect()
}

/// One event for each new relationship, to both of its firms.
async fn tell(
    command: &Command<'_>,
    tx: &mut TenantTx,
    fresh: &[Uuid],
    at: OffsetDateTime,
) -> Result<Vec<Vec<NewEvent>>> {
    let relationships = db::relationship::get_all(tx, fresh).await?;
    let event = |relationship| {
        let wire = convert::trading_relationship(relationship);
        let id = command.deps.clock.id();
        vec![events::relationship_changed(id, at, &command.caller.traceparent, relationship, wire, None)]
    };
    Ok(relationships.iter().map(event).collect())
}

async fn set_contacts(tx: &mut TenantTx, rows: &[Row], made: &[Made], at: OffsetDateTime) -> Result<()> {
    let contacts: Vec<(Uuid, &Contact)> = rows
        .iter()
        .zip(made)
        .filter_map(|(row, one)| {
            let (_, contact) = row.wanted.as_ref().ok().filter(|(_, contact)| !contact.is_empty())?;
            Some((Uuid::try_parse(&one.result.relationship_id).ok()?, contact))
        })
        .collect();
    // A code may mean one supplier in two rows; the later row counts.
    let mut last: Vec<(Uuid, &Contact)> = Vec::with_capacity(contacts.len());
    for (id, contact) in contacts {
        last.retain(|(other, _)| *other != id);
        last.push((id, contact));
    }
    if last.is_empty() {
        return Ok(());
    }
    db::invitation::set_contacts(tx, &last, at).await
}
