//! What comes of a request: one side proposes, the other answers, and the requester tells how it went.

use chassis::{Error, Reason, Result, db::TenantTx};
use proto::capacity as wire;
use uuid::Uuid;

use super::{Begun, Now, Single, scope::begin};
use crate::{
    convert::matched::{NewMatch, match_out},
    db::{
        capability,
        matched::{self as db, Head},
        offer, request,
        scope::{About, Sites, offer_sites},
    },
    error,
    events::request as events,
    matched::{Side, State, may},
};

/// Proposes a match, as requester to an offer's supplier or a firm with a profile, or as supplier to a request's firm.
pub(crate) async fn propose(command: &Single<'_>, new: NewMatch) -> Result<wire::CapacityMatch> {
    let about: Vec<About> = new.offer.map(About::Offer).into_iter().collect();
    let mut tx = match begin(command, &about).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    let (request, supplier) = match request::lock(&mut tx, new.request).await? {
        Some(request) => (request, asked(&mut tx, &new).await?),
        None => {
            let request = request::in_sight(&mut tx, Some(new.request), None, 1).await?.pop();
            if let Some(id) = new.offer {
                let own = offer::own(&mut tx, Some(id), &[], &[], None, 1).await?.pop();
                own.filter(|offer| !offer.withdrawn).ok_or_else(Error::not_found)?;
            }
            (request.ok_or_else(Error::not_found)?, me)
        }
    };
    if request.closed {
        return Err(Error::new(Reason::REQUEST_CLOSED));
    }
    let now = command.now();
    let head = Head {
        requester: request.firm,
        supplier,
        id: command.deps.clock.id(),
        request_id: request.id,
        offer_id: new.offer,
        proposed_by: me,
        state: State::Proposed.as_str().to_owned(),
        version: 1,
        need: request.content,
        note: new.note,
        proposed_at: now,
        changed_at: now,
    };
    db::insert(&mut tx, &head).await?;
    finish(tx, command, &head).await
}

/// Whom a requester asks: the supplier of an offer that it sees, or a firm whose profile it sees.
async fn asked(tx: &mut TenantTx, new: &NewMatch) -> Result<Uuid> {
    match (new.offer, new.supplier) {
        (Some(offer), None) => {
            let offer = offer::in_sight(tx, offer).await?.filter(|offer| !offer.withdrawn);
            Ok(offer.ok_or_else(Error::not_found)?.supplier)
        }
        (None, Some(firm)) => {
            let sight = capability::Sight { firm: Some(firm), ..capability::Sight::default() };
            capability::in_sight(tx, sight, 1).await?.pop().ok_or_else(Error::not_found)?;
            Ok(firm)
        }
        _ => Err(Error::field("offer_id", "REQUIRED", "say whose offer, or which firm is asked without one")),
    }
}

/// Moves a match on.
pub(crate) async fn advance(command: &Single<'_>, id: Uuid, to: State) -> Result<wire::CapacityMatch> {
    let mut tx = match begin(command, &[About::Match(id)]).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    let before = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let from = State::from_name(&before.state).ok_or_else(|| error::missing(id))?;
    if from == to {
        let standing = match_out(&before)?;
        command.finish(tx, &standing, Vec::new()).await?;
        return Ok(standing);
    }
    let side = Side { requester: me == before.requester, proposed: me == before.proposed_by };
    if !may(side, from, to) {
        return Err(Error::new(Reason::MATCH_STATE).with("state", before.state));
    }
    let head = Head {
        state: to.as_str().to_owned(),
        version: before.version + 1,
        changed_at: command.now(),
        ..before
    };
    db::advance(&mut tx, &head).await?;
    finish(tx, command, &head).await
}

/// Answers, and tells both sides.
async fn finish(mut tx: TenantTx, command: &Single<'_>, head: &Head) -> Result<wire::CapacityMatch> {
    let matched = match_out(head)?;
    let now = Now { deps: command.deps, at: head.changed_at, traceparent: &command.caller.traceparent };
    let sites = match head.offer_id {
        Some(offer) => offer_sites(&mut tx, head.supplier, offer).await?,
        None => Sites::new(),
    };
    let event = events::matched(now, head, matched.clone(), &sites);
    command.finish(tx, &matched, vec![event]).await?;
    Ok(matched)
}
