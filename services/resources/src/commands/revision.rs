//! The owner drafts, releases and withdraws revisions; others take note of them.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent};
use proto::resources as wire;
use time::Date;
use uuid::Uuid;

use super::{Begun, Command, Now, announce, binding};
use crate::{
    convert::{
        resource::resource_out,
        revision::{acknowledgement_out, revision_out, state_out},
    },
    db::{
        self,
        access::{self, Kind, NewEntry},
        acknowledgement,
        announcement::What,
        resource::{Seen, Sight},
        revision::{self as rows, Draft, Locked},
    },
    error, events,
    resource::Category,
    revision::{self as rules, State},
};

/// A new draft.
pub(crate) async fn create(
    command: &Command<'_>,
    resource: Uuid,
    request: &wire::CreateRevisionRequest,
) -> Result<wire::RevisionReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    standing(&mut tx, resource).await?;
    let (number, same) = rows::next(&mut tx, resource, &request.label).await?;
    if let Some(same) = same {
        return Err(Error::new(Reason::ALREADY_EXISTS)
            .message("a revision of the resource has this label already")
            .with("revision_id", same));
    }
    let now = command.now();
    let draft = Draft {
        id: now.deps.clock.id(),
        resource_id: resource,
        number,
        label: &request.label,
        change_note: &request.change_note,
        location: &request.location,
        at: now.at,
    };
    rows::insert(&mut tx, &draft).await?;
    let receipt = wire::RevisionReceipt {
        revision_id: draft.id.to_string(),
        resource_id: resource.to_string(),
        number,
        state: wire::RevisionState::Draft.into(),
        superseded_revision_id: String::new(),
    };
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Releases a draft; what was released before is superseded.
pub(crate) async fn release(
    command: &Command<'_>,
    id: Uuid,
    effectivity: (i16, Option<Date>),
) -> Result<wire::RevisionReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let (locked, state) = lock(&mut tx, id).await?;
    let resource = standing(&mut tx, locked.resource_id).await?;
    let row = rows::one(&mut tx, id).await?.ok_or_else(|| error::unreadable(id))?;
    let category = Category::from_number(resource.category).ok_or_else(|| error::unreadable(resource.id))?;
    rules::release(state, category, row.files.len(), &locked.location).map_err(error::not_released)?;
    let now = command.now();
    let superseded = rows::supersede(&mut tx, locked.resource_id, now.at).await?;
    rows::release(&mut tx, id, effectivity, now.at).await?;
    let bound = binding::pin_open(&mut tx, now, locked.resource_id).await?;
    tell(tx, command, now, What::RevisionReleased, (&locked, superseded), bound).await
}

/// Takes a revision back. Nobody is told of a draft.
pub(crate) async fn withdraw(command: &Command<'_>, id: Uuid) -> Result<wire::RevisionReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let (locked, state) = lock(&mut tx, id).await?;
    let now = command.now();
    if state != State::Withdrawn {
        rows::withdraw(&mut tx, id, now.at).await?;
    }
    if state.is_out() {
        return tell(tx, command, now, What::RevisionWithdrawn, (&locked, None), Vec::new()).await;
    }
    let receipt = receipt(&locked, State::Withdrawn, None);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// The tenant's firm takes note of a revision of another's.
pub(crate) async fn acknowledge(command: &Command<'_>, id: Uuid) -> Result<wire::Acknowledgement> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    let row = rows::one(&mut tx, id).await?.filter(|row| row.owner != me).ok_or_else(Error::not_found)?;
    let firm_name = &command.caller.firm_name;
    if let Some(standing) = acknowledgement::own(&mut tx, row.owner, id).await? {
        let answer = acknowledgement_out(&standing, firm_name);
        command.finish(tx, &answer, Vec::new()).await?;
        return Ok(answer);
    }
    if State::from_name(&row.state) != Some(State::Released) {
        return Err(Error::new(Reason::REVISION_STATE));
    }
    let seen = db::resource::one(&mut tx, row.resource_id).await?;
    let seen = seen.filter(|seen| seen.sight == Sight::Use).ok_or_else(Error::not_found)?;
    let now = command.now();
    let actor = &command.caller.actor_name;
    acknowledgement::insert(&mut tx, row.owner, id, actor, now.at).await?;
    let entry = NewEntry {
        owner: row.owner,
        id: now.deps.clock.id(),
        at: now.at,
        kind: Kind::Acknowledged,
        firm: Some(me),
        actor_name: actor,
        resource_id: Some(row.resource_id),
        revision_id: Some(id),
        entitlement_id: None,
    };
    access::insert(&mut tx, &entry).await?;
    let standing = acknowledgement::Acknowledged {
        firm: me,
        revision_id: id,
        at: Some(now.at),
        actor_name: Some(actor.clone()),
    };
    let answer = acknowledgement_out(&standing, firm_name);
    let event = events::acknowledged(now, &seen, &row, answer.clone(), vec![row.owner, me])?;
    command.finish(tx, &answer, vec![event]).await?;
    Ok(answer)
}

/// The tenant's resource, which is not withdrawn.
async fn standing(tx: &mut TenantTx, id: Uuid) -> Result<db::resource::Locked> {
    let resource = db::resource::lock(tx, id).await?.ok_or_else(Error::not_found)?;
    match resource.withdrawn {
        true => Err(Error::new(Reason::RESOURCE_WITHDRAWN)),
        false => Ok(resource),
    }
}

async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<(Locked, State)> {
    let locked = rows::lock(tx, id).await?.ok_or_else(Error::not_found)?;
    let state = State::from_name(&locked.state).ok_or_else(|| error::unreadable(id))?;
    Ok((locked, state))
}

fn receipt(locked: &Locked, state: State, superseded: Option<Uuid>) -> wire::RevisionReceipt {
    wire::RevisionReceipt {
        revision_id: locked.id.to_string(),
        resource_id: locked.resource_id.to_string(),
        number: locked.number,
        state: state_out(state).into(),
        superseded_revision_id: superseded.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// Tells the owner, and as many others at once as one transaction holds; and what happened beside.
async fn tell(
    mut tx: TenantTx,
    command: &Command<'_>,
    now: Now<'_>,
    what: What,
    (locked, superseded): (&Locked, Option<Uuid>),
    beside: Vec<NewEvent>,
) -> Result<wire::RevisionReceipt> {
    let missing = || error::unreadable(locked.id);
    let row = rows::one(&mut tx, locked.id).await?.ok_or_else(missing)?;
    let seen: Seen = db::resource::one(&mut tx, locked.resource_id).await?.ok_or_else(missing)?;
    let (resource, revision) = (resource_out(&seen)?, revision_out(&row)?);
    let own = events::resource(now, what, (seen.id, seen.version), resource, Some(revision), seen.owner);
    let mut events = announce::begin(&mut tx, now, what, seen.id, Some(row.id)).await?;
    events.push(own);
    events.extend(beside);
    let state = State::from_name(&row.state).ok_or_else(missing)?;
    let receipt = receipt(locked, state, superseded);
    command.finish(tx, &receipt, events).await?;
    Ok(receipt)
}
