//! Requests for capacity in and out, and what they find.

use std::collections::BTreeMap;

use chassis::{Error, Result, value};
use prost::Message;
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::Date;

use super::{
    offer::{MAX_NOTE_BYTES, offer_out},
    read::Wrong,
    share,
};
use crate::{
    db::{self, request::Head},
    error,
    need::{Condition, Facts, Kind, MAX_WEEKS, Need, Outcome, Supply, Verdict},
    offer::{Bucket, Visibility},
};

/// A request that may be published.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest {
    pub content: wire::RequestContent,
    pub visibility: Visibility,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_request(request: &wire::PublishCapacityRequestRequest) -> Result<NewRequest> {
    let mut wrong = Wrong::default();
    let visibility =
        share::visibility(&mut wrong, request.visibility(), &request.firm_ids, &request.cluster_id);
    let Some(content) = &request.content else {
        wrong.note("content", "REQUIRED", "is required");
        return Err(Error::invalid(wrong.0));
    };
    check(&mut wrong, content);
    match (visibility, wrong.0.is_empty()) {
        (Some(visibility), true) => Ok(NewRequest { content: content.clone(), visibility }),
        _ => Err(Error::invalid(wrong.0)),
    }
}

fn check(wrong: &mut Wrong, content: &wire::RequestContent) {
    wrong.name("content.process", &content.process);
    wrong.text("content.note", &content.note, MAX_NOTE_BYTES);
    share::names(wrong, "content.materials", &content.materials);
    share::names(wrong, "content.certificates", &content.certificates);
    share::names(wrong, "content.wished_certificates", &content.wished_certificates);
    share::region(wrong, &content.region);
    share::limits(wrong, "content.limits", content.limits.as_ref());
    share::price(wrong, "price_ceiling", content.price_ceiling.as_ref(), &content.currency);
    let quantity = wrong.quantity("content.quantity", content.quantity.as_ref());
    if quantity.is_none_or(|quantity| quantity.is_zero()) {
        wrong.note("content.quantity", "RANGE", "must be above 0");
    }
    if wrong.unit("content.unit_code", &content.unit_code).is_none() && content.unit_code.is_empty() {
        wrong.note("content.unit_code", "REQUIRED", "is required");
    }
    let first = wrong.monday("content.first_monday", content.first_monday.as_ref());
    let last = wrong.monday("content.last_monday", content.last_monday.as_ref());
    if first.zip(last).is_some_and(|(first, last)| !(0..MAX_WEEKS).contains(&(last - first).whole_weeks())) {
        wrong.note(
            "content.last_monday",
            "RANGE",
            format!("must lie up to {MAX_WEEKS} weeks from the first on"),
        );
    }
}

/// What is needed from a week on; weeks before it cannot be booked any more.
pub(crate) fn need(content: &wire::RequestContent, this_week: Date) -> Option<Need> {
    let day = |date: &Option<proto::Date>| value::date(date.as_ref()?).ok();
    Some(Need {
        process: content.process.clone(),
        materials: content.materials.clone(),
        limits: share::kept_limits(content.limits.as_ref()),
        quantity: value::decimal(content.quantity.as_ref()).ok().flatten()?,
        unit_code: content.unit_code.clone(),
        first: day(&content.first_monday)?.max(this_week),
        last: day(&content.last_monday)?,
        certificates: content.certificates.clone(),
        wished: content.wished_certificates.clone(),
        region: content.region.clone(),
        ceiling: share::kept_price(content.price_ceiling.as_ref(), &content.currency),
    })
}

/// An offer as the rule sees it.
pub(crate) fn supply(found: &db::request::Found) -> Result<Supply> {
    supply_with(&found.head, &found.free)
}

/// What of an offer the database compares, which promises this by week.
pub(crate) fn facts(head: &db::offer::Head, offered: &[(Date, Decimal)]) -> Result<Facts> {
    Ok(Facts::of(&supply_with(head, offered)?))
}

fn supply_with(head: &db::offer::Head, quantities: &[(Date, Decimal)]) -> Result<Supply> {
    let content = wire::OfferContent::decode(head.content.as_slice()).map_err(|_| error::missing(head.id))?;
    let mut free = BTreeMap::new();
    for (monday, quantity) in quantities {
        *free.entry(*monday).or_default() += *quantity;
    }
    Ok(Supply {
        id: head.id,
        limits: share::kept_limits(content.limits.as_ref()),
        price: share::kept_price(content.price_hint.as_ref(), &content.currency),
        process: content.process,
        materials: content.materials,
        certificates: content.certificates,
        region: content.region,
        unit_code: head.unit_code.clone(),
        free,
    })
}

/// A request's content as it is kept.
pub(crate) fn kept(head: &Head) -> Result<wire::RequestContent> {
    wire::RequestContent::decode(head.content.as_slice()).map_err(|_| error::missing(head.id))
}

/// A request as its firm sees it, or as others do.
pub(crate) fn request_out(head: &Head, named: &[uuid::Uuid]) -> Result<wire::CapacityRequest> {
    Ok(wire::CapacityRequest {
        id: head.id.to_string(),
        requester_id: head.firm.to_string(),
        version: head.version,
        closed: head.closed,
        content: Some(kept(head)?),
        published_at: Some(value::timestamp(head.published_at)),
        changed_at: Some(value::timestamp(head.changed_at)),
        visibility: share::visibility_out(head.visibility.as_deref()).into(),
        firm_ids: named.iter().map(ToString::to_string).collect(),
        cluster_id: head.cluster.map(|id| id.to_string()).unwrap_or_default(),
    })
}

/// What others see of a request that its firm sees in full.
pub(crate) fn for_others(request: wire::CapacityRequest) -> wire::CapacityRequest {
    wire::CapacityRequest {
        visibility: wire::OfferVisibility::Unspecified.into(),
        firm_ids: Vec::new(),
        cluster_id: String::new(),
        ..request
    }
}

/// An offer with what was found of it.
pub(crate) fn matched_offer(
    head: &db::offer::Head,
    buckets: &[Bucket],
    verdict: Verdict,
) -> Result<wire::MatchedOffer> {
    Ok(wire::MatchedOffer {
        offer: Some(offer_out(head, buckets, &[])?),
        fits: verdict.fits,
        score: i32::try_from(verdict.score).unwrap_or_default(),
        conditions: verdict.conditions.into_iter().map(condition).collect(),
        enough_by: verdict.enough_by.map(value::wire_date),
    })
}

pub(super) fn condition(condition: Condition) -> wire::MatchedCondition {
    use wire::ConditionKind as Wire;
    let kind = match condition.kind {
        Kind::Process => Wire::Process,
        Kind::Material => Wire::Material,
        Kind::Length => Wire::Length,
        Kind::Width => Wire::Width,
        Kind::Height => Wire::Height,
        Kind::Weight => Wire::Weight,
        Kind::Tonnage => Wire::Tonnage,
        Kind::Precision => Wire::Precision,
        Kind::Certificate => Wire::Certificate,
        Kind::Unit => Wire::Unit,
        Kind::Quantity => Wire::Quantity,
        Kind::Region => Wire::Region,
        Kind::Price => Wire::Price,
    };
    let outcome = match condition.outcome {
        Outcome::Met => wire::ConditionOutcome::Met,
        Outcome::NotMet => wire::ConditionOutcome::NotMet,
        Outcome::NotStated => wire::ConditionOutcome::NotStated,
    };
    wire::MatchedCondition {
        kind: kind.into(),
        hard: condition.hard,
        outcome: outcome.into(),
        wanted: condition.wanted,
        found: condition.found,
        margin: condition.margin.map(value::wire_decimal),
    }
}
