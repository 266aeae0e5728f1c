//! A firm asks for a resource; the owner grants, refuses and revokes; and what has its time ends by itself.

use chassis::{Error, Reason, Result, db::TenantTx};
use proto::resources as wire;
use uuid::Uuid;

use super::{Begun, Command, Now};
use crate::{
    convert::entitlement::{Grant, entitlement_out, kept_terms, name_of},
    db::{
        self, Known,
        access::{self, Kind, NewEntry},
        entitlement::{self as rows, Row},
        resource::Sight,
    },
    entitlement::{self as rules, Act, Next, State, Terms, What, Who},
    error, events,
    resource::Classification,
};

/// The caller's firm asks for a resource that it may find and not use.
pub(crate) async fn request(
    command: &Command<'_>,
    resource: Uuid,
    terms: Terms,
    note: &str,
) -> Result<wire::Entitlement> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    let seen = db::resource::one(&mut tx, resource).await?;
    let seen = seen.filter(|seen| seen.sight != Sight::Own).ok_or_else(Error::not_found)?;
    let now = command.now();
    let row = Row {
        firm: Some(me),
        resource_id: Some(resource),
        resource_name: name_of(&seen)?,
        state: State::Requested.as_str().to_owned(),
        request_note: note.to_owned(),
        requested_at: Some(now.at),
        ..fresh(now, seen.owner, &terms)?
    };
    if let Some(standing) = rows::standing(&mut tx, &row).await? {
        return Err(error::stands(standing));
    }
    if seen.sight == Sight::Use {
        return Err(Error::new(Reason::ENTITLEMENTS_STAND).message("it may be used already; ask for nothing"));
    }
    rows::insert(&mut tx, &row).await?;
    finish(tx, command, now, Kind::Requested, row).await
}

/// The owner grants what was requested, or what nobody asked for.
pub(crate) async fn grant(command: &Command<'_>, grant: Grant, note: &str) -> Result<wire::Entitlement> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let now = command.now();
    // By the clock that decides whether it is valid, which may be behind ours.
    let from = now.at.min(db::clock(&mut tx).await?);
    let row = match grant {
        Grant::Requested { id, terms } => {
            let before = decided(&mut tx, id, Act::Grant).await?.0;
            let terms = terms.unwrap_or_else(|| kept_terms(&before));
            let who = before.firm.map(Who::Firm);
            let what = before.resource_id.map(What::Resource);
            let (who, what) = who.zip(what).ok_or_else(|| error::unreadable(id))?;
            may_grant(&mut tx, who, what).await?;
            let granted = fresh(Now { at: from, ..now }, before.owner, &terms)?;
            let row = Row {
                id,
                firm: before.firm,
                resource_id: before.resource_id,
                resource_name: before.resource_name,
                state: State::Granted.as_str().to_owned(),
                version: before.version + 1,
                request_note: before.request_note,
                requested_at: before.requested_at,
                decision_note: note.to_owned(),
                decided_at: Some(now.at),
                ..granted
            };
            rows::save(&mut tx, &row).await?;
            row
        }
        Grant::New { who, what, terms } => {
            let resource_name = may_grant(&mut tx, who, what).await?;
            let (firm, cluster) = match who {
                Who::Firm(firm) => (Some(firm), None),
                Who::Cluster(cluster) => (None, Some(cluster)),
            };
            let (resource_id, category) = match what {
                What::Resource(resource) => (Some(resource), None),
                What::Category(category) => (None, Some(category.number())),
            };
            let row = Row {
                firm,
                cluster,
                resource_id,
                category,
                resource_name,
                state: State::Granted.as_str().to_owned(),
                decision_note: note.to_owned(),
                decided_at: Some(now.at),
                ..fresh(Now { at: from, ..now }, tx.firm(), &terms)?
            };
            if let Some(standing) = rows::standing(&mut tx, &row).await? {
                return Err(error::stands(standing));
            }
            rows::insert(&mut tx, &row).await?;
            row
        }
    };
    finish(tx, command, now, Kind::Granted, row).await
}

/// The owner refuses what was requested.
pub(crate) async fn refuse(command: &Command<'_>, id: Uuid, note: &str) -> Result<wire::Entitlement> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let (before, _) = decided(&mut tx, id, Act::Refuse).await?;
    let now = command.now();
    let row = Row {
        state: State::Refused.as_str().to_owned(),
        version: before.version + 1,
        decision_note: note.to_owned(),
        decided_at: Some(now.at),
        ..before
    };
    rows::save(&mut tx, &row).await?;
    finish(tx, command, now, Kind::Refused, row).await
}

/// The owner ends what was granted.
pub(crate) async fn revoke(command: &Command<'_>, id: Uuid, note: &str) -> Result<wire::Entitlement> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let (before, next) = decided(&mut tx, id, Act::Revoke).await?;
    if next == Next::Stays {
        let answer = out(&mut tx, &before).await?;
        command.finish(tx, &answer, Vec::new()).await?;
        return Ok(answer);
    }
    let now = command.now();
    let row = Row {
        state: State::Revoked.as_str().to_owned(),
        version: before.version + 1,
        decision_note: if note.is_empty() { before.decision_note.clone() } else { note.to_owned() },
        ended_at: Some(now.at),
        ..before
    };
    rows::save(&mut tx, &row).await?;
    finish(tx, command, now, Kind::Revoked, row).await
}

/// Why an entitlement ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Its time.
    Time,
    /// The partnership in which it was granted.
    Partnership,
}

/// Ends an entitlement that is over; whether it was still standing.
pub(crate) async fn expire(now: Now<'_>, owner: Uuid, id: Uuid, over: Over) -> Result<bool> {
    let mut tx = now.deps.pool.begin_by_keys(owner).await?;
    db::lock_publisher(&mut tx).await?;
    let Some(before) = rows::lock(&mut tx, id).await? else { return Ok(false) };
    if State::from_name(&before.state) != Some(State::Granted) {
        return Ok(false);
    }
    let (state, kind) = match (over, before.firm) {
        (Over::Time, _) => (State::Expired, Kind::Expired),
        // They may be partners again by now.
        (Over::Partnership, Some(firm)) if db::has_left(&mut tx, firm).await? => {
            (State::Revoked, Kind::Revoked)
        }
        (Over::Partnership, _) => return Ok(false),
    };
    let row = Row {
        state: state.as_str().to_owned(),
        version: before.version + 1,
        ended_at: Some(now.at),
        ..before
    };
    rows::save(&mut tx, &row).await?;
    log(&mut tx, now, kind, "", &row).await?;
    let event = events::entitlement(now, kind, out(&mut tx, &row).await?, &row);
    chassis::outbox::append(&mut tx, vec![vec![event]]).await?;
    tx.commit().await?;
    now.deps.wake.wake();
    Ok(true)
}

/// What all entitlements begin as. INVALID_ARGUMENT where its time would be over before it began.
pub(super) fn fresh(now: Now<'_>, owner: Uuid, terms: &Terms) -> Result<Row> {
    let valid_from = rules::valid_from(terms, now.at).ok_or_else(|| {
        Error::field("terms.valid_until", "IN_PAST", "must lie ahead, and after valid_from")
    })?;
    Ok(Row {
        owner,
        id: now.deps.clock.id(),
        firm: None,
        cluster: None,
        resource_id: None,
        category: None,
        resource_name: String::new(),
        state: String::new(),
        version: 1,
        purpose: terms.purpose.clone(),
        valid_from,
        valid_until: terms.valid_until,
        download_limit: terms.download_limit,
        downloads: 0,
        request_note: String::new(),
        decision_note: String::new(),
        order_id: None,
        requested_at: None,
        decided_at: None,
        ended_at: None,
    })
}

/// An entitlement to a resource of the tenant's, which the act fits.
async fn decided(tx: &mut TenantTx, id: Uuid, act: Act) -> Result<(Row, Next)> {
    let row = rows::lock(tx, id).await?.ok_or_else(Error::not_found)?;
    let state = State::from_name(&row.state).ok_or_else(|| error::unreadable(id))?;
    match rules::next(state, act) {
        Next::Refused => Err(Error::new(Reason::ENTITLEMENT_STATE).with("state", state.as_str())),
        next => Ok((row, next)),
    }
}

/// Whether the tenant may grant this to them; what it is called.
async fn may_grant(tx: &mut TenantTx, who: Who, what: What) -> Result<String> {
    match who {
        Who::Firm(firm) => match db::knows(tx, firm).await? {
            Known::Open => {}
            Known::Closed => return Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)),
            Known::No => return Err(Error::not_found()),
        },
        Who::Cluster(cluster) if db::in_or_of(tx, cluster).await? => {}
        Who::Cluster(_) => return Err(Error::not_found()),
    }
    let What::Resource(id) = what else { return Ok(String::new()) };
    let resource = db::resource::lock(tx, id).await?.ok_or_else(Error::not_found)?;
    if resource.withdrawn {
        return Err(Error::new(Reason::RESOURCE_WITHDRAWN));
    }
    let class = Classification::from_number(resource.classification).ok_or_else(|| error::unreadable(id))?;
    if !rules::grantable(class, who) {
        return Err(Error::field(
            "cluster_id",
            "CLASSIFICATION",
            "core resources are granted to firms alone",
        ));
    }
    if !rules::has_seat(resource.seats, rows::seats_taken(tx, id).await?) {
        return Err(Error::new(Reason::LIMIT_REACHED).with("seats", resource.seats));
    }
    Ok(resource.name)
}

pub(super) async fn out(tx: &mut TenantTx, row: &Row) -> Result<wire::Entitlement> {
    let names = db::names(tx, [Some(row.owner), row.firm].into_iter().flatten().collect()).await?;
    entitlement_out(row, &names)
}

pub(super) async fn log(
    tx: &mut TenantTx,
    now: Now<'_>,
    kind: Kind,
    actor_name: &str,
    row: &Row,
) -> Result<()> {
    let entry = NewEntry {
        owner: row.owner,
        id: now.deps.clock.id(),
        at: now.at,
        kind,
        firm: row.firm,
        actor_name,
        resource_id: row.resource_id,
        revision_id: None,
        entitlement_id: Some(row.id),
    };
    access::insert(tx, &entry).await
}

async fn finish(
    mut tx: TenantTx,
    command: &Command<'_>,
    now: Now<'_>,
    kind: Kind,
    row: Row,
) -> Result<wire::Entitlement> {
    log(&mut tx, now, kind, &command.caller.actor_name, &row).await?;
    let answer = out(&mut tx, &row).await?;
    let event = events::entitlement(now, kind, answer.clone(), &row);
    command.finish(tx, &answer, vec![event]).await?;
    Ok(answer)
}
