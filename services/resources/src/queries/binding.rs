//! What lines are pinned to, what a revision changes, and what the buyer says to a despatch.

use std::collections::BTreeMap;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    db::TenantTx,
    page::{self, Question},
    service::Deps,
    value,
};
use prost::Message;
use proto::resources as wire;
use uuid::Uuid;

use super::token;
use crate::{
    binding::{self as rules, Concern, Effectivity},
    commands::binding::RETENTION_DAYS,
    convert::binding as convert,
    db::{
        self,
        binding::{self as rows, Line, Policy, Seen, Stand},
        resource::Sight,
        revision,
    },
    error,
    impact::impact,
    revision::State,
};

/// Lines of one preview.
const LINES: usize = 1_000;
/// Pins of one line.
const OF_LINE: i64 = 1_000;

/// Pins of an order, a resource or both, by order, line and resource.
pub(crate) async fn pins(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListPinsRequest,
) -> Result<wire::ListPinsResponse> {
    let size = page::size(request.page_size)?;
    let order = value::optional_id("order_id", &request.order_id)?;
    let resource = value::optional_id("resource_id", &request.resource_id)?;
    if order.is_none() && resource.is_none() {
        return Err(Error::field("order_id", "REQUIRED", "name an order, a resource or both"));
    }
    let asked = wire::ListPinsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = Question::new(caller.firm, "ListPins", &asked.encode_to_vec());
    let after: Option<(Uuid, String, Uuid)> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    if let Some(resource) = resource {
        let seen = db::resource::one(&mut tx, resource).await?;
        seen.filter(|seen| seen.sight != Sight::Find).ok_or_else(Error::not_found)?;
    }
    let mut found = rows::seen(&mut tx, order, resource, after.as_ref(), size + 1).await?;
    let last = page::cut(&mut found, size, |row| (row.order_id, row.line_number.clone(), row.resource_id));
    let judged = judged(&mut tx, caller, found).await?;
    tx.commit().await?;
    Ok(wire::ListPinsResponse {
        pins: judged.iter().map(|(seen, concern)| convert::pin_out(seen, *concern)).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}

/// How pins stand, those aside that the caller is narrowed away from.
async fn judged(tx: &mut TenantTx, caller: &Caller, found: Vec<Seen>) -> Result<Vec<(Seen, Concern)>> {
    let mut orders: Vec<Uuid> = found.iter().map(|seen| seen.order_id).collect();
    orders.dedup();
    let stands = rows::stands(tx, &orders).await?;
    let stands: BTreeMap<(Uuid, &str), &Stand> = stands
        .iter()
        .filter(|stand| stand.buyer != caller.firm || caller.covers(&stand.sites, &stand.purchasing_group))
        .map(|stand| ((stand.order_id, stand.line_number.as_str()), stand))
        .collect();
    let mut judged = Vec::new();
    for seen in found {
        if let Some(stand) = stands.get(&(seen.order_id, seen.line_number.as_str())) {
            let concern = convert::concern(&seen, stand.first_requested)?;
            judged.push((seen, concern));
        }
    }
    Ok(judged)
}

/// What the buyer's policy says to a despatch of a line now.
pub(crate) async fn despatch(
    deps: &Deps,
    caller: &Caller,
    request: &wire::CheckDespatchRequest,
) -> Result<wire::CheckDespatchResponse> {
    let order = value::id(&request.order_id)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let stands = rows::stands(&mut tx, &[order]).await?;
    let stand = stands.into_iter().find(|stand| stand.line_number == request.line_number);
    let stand = stand
        .filter(|stand| stand.buyer != caller.firm || caller.covers(&stand.sites, &stand.purchasing_group))
        .ok_or_else(Error::not_found)?;
    let policy = rows::despatch_policy(&mut tx, stand.buyer).await?;
    let before = (order, request.line_number.clone(), Uuid::nil());
    let found = rows::seen(&mut tx, Some(order), None, Some(&before), OF_LINE).await?;
    tx.commit().await?;
    let policy = policy.map(convert::rules_of).transpose()?.unwrap_or_default();
    let mut concerns = Vec::new();
    for seen in found.iter().filter(|seen| seen.line_number == request.line_number) {
        let concern = convert::concern(seen, stand.first_requested)?;
        if concern != Concern::default() {
            concerns.push((seen, concern));
        }
    }
    let verdict = rules::verdict(policy, concerns.iter().map(|(_, concern)| *concern));
    let concerns = concerns.into_iter().map(|(seen, concern)| convert::pin_out(seen, concern));
    Ok(wire::CheckDespatchResponse {
        verdict: convert::rule_out(verdict).into(),
        concerns: concerns.collect::<Result<_>>()?,
    })
}

/// Open lines that are not made by a revision of the tenant's.
pub(crate) struct Changed {
    pub resource: db::resource::Seen,
    pub revision: revision::Row,
    pub effectivity: Option<Effectivity>,
    pub lines: Vec<Line>,
    /// By order and line: revision and label.
    pub pins: BTreeMap<(Uuid, String), (Uuid, String)>,
}

/// They, those aside that the caller is narrowed away from.
pub(crate) async fn changed(tx: &mut TenantTx, caller: &Caller, id: Uuid) -> Result<Changed> {
    let row = revision::one(tx, id).await?.filter(|row| row.owner == caller.firm);
    let revision = row.ok_or_else(Error::not_found)?;
    let resource = db::resource::one(tx, revision.resource_id).await?.ok_or_else(Error::not_found)?;
    let which = revision::Which { resource: Some(resource.id), ..revision::Which::default() };
    let labels: BTreeMap<Uuid, String> = revision::in_sight(tx, &which, i64::from(i32::MAX))
        .await?
        .into_iter()
        .map(|row| (row.id, row.label))
        .collect();
    let kept = rows::kept(tx, None, Some(resource.id)).await?;
    let pins: BTreeMap<_, _> = kept
        .into_iter()
        .filter(|pin| !pin.removed)
        .filter_map(|pin| {
            let label = labels.get(&pin.revision_id)?.clone();
            Some(((pin.order_id, pin.line_number), (pin.revision_id, label)))
        })
        .collect();
    let mut lines = rows::open_lines(tx, &resource.items).await?;
    lines.retain(|line| {
        let pin = pins.get(&(line.order_id, line.line_number.clone()));
        pin.is_none_or(|pin| pin.0 != id) && caller.covers(&line.sites, &line.purchasing_group)
    });
    let effectivity = Effectivity::from_stored(revision.effectivity, revision.effective_date);
    Ok(Changed { resource, revision, effectivity, lines, pins })
}

/// What a revision changes.
pub(crate) async fn preview(
    deps: &Deps,
    caller: &Caller,
    request: &wire::PreviewReleaseRequest,
) -> Result<wire::PreviewReleaseResponse> {
    let asked = convert::effectivity(request)?;
    let id = value::id(&request.revision_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let found = changed(&mut tx, caller, id).await?;
    let state = State::from_name(&found.revision.state).ok_or_else(|| error::unreadable(id))?;
    if !matches!(state, State::Draft | State::Released) {
        return Err(Error::new(Reason::REVISION_STATE));
    }
    let firms: Vec<Uuid> = found.lines.iter().map(|line| line.supplier).collect();
    let names = rows::suppliers(&mut tx, &firms).await?;
    let acknowledged = rows::acknowledged(&mut tx, id).await?.into_iter().collect();
    tx.commit().await?;
    let effectivity = found.effectivity.unwrap_or(asked);
    let around =
        convert::Around { effectivity, pins: &found.pins, names: &names, acknowledged: &acknowledged };
    let mut sums = Vec::with_capacity(found.lines.len());
    let mut lines = Vec::new();
    for line in &found.lines {
        let unit_text = convert::line(line)?.unit_text;
        if lines.len() < LINES {
            lines.push(convert::impacted_out(line, unit_text.clone(), &around));
        }
        sums.push(convert::impacted(line, unit_text));
    }
    Ok(convert::preview_out(lines, impact(&sums, effectivity)))
}

/// What the caller's firm says of orders and despatches.
pub(crate) async fn policy(deps: &Deps, caller: &Caller) -> Result<wire::BindingPolicy> {
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let found = rows::policy(&mut tx).await?;
    tx.commit().await?;
    let unsaid = rules::Policy::default();
    convert::policy_out(&found.unwrap_or_else(|| Policy {
        version: 0,
        retention_days: RETENTION_DAYS,
        superseded: unsaid.superseded.number(),
        not_acknowledged: unsaid.not_acknowledged.number(),
    }))
}
