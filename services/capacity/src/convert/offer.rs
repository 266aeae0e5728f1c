//! Offers in and out.

use std::collections::BTreeMap;

use chassis::{Error, Result, value};
use prost::Message;
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::read::{Wrong, once};
use crate::{
    db::offer::Head,
    error,
    offer::{Bucket, HOLD_SECONDS, MAX_BUCKETS, MAX_HOLD_SECONDS, MAX_READERS, Slot, Visibility},
    week::{iso_week, this_week},
};

/// The most entries of a list in an offer's content.
const MAX_LIST: usize = 50;
/// The longest note, in bytes.
const MAX_NOTE_BYTES: usize = 6_000;

/// An offer that may be published.
#[derive(Clone, Debug)]
pub(crate) struct NewOffer {
    pub content: wire::OfferContent,
    pub visibility: Visibility,
    pub hold_seconds: i32,
    pub buckets: BTreeMap<Slot, Decimal>,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_offer(request: &wire::PublishOfferRequest) -> Result<NewOffer> {
    let mut wrong = Wrong::default();
    let content = content(&mut wrong, request.content.as_ref());
    let visibility = visibility(&mut wrong, request);
    let hold_seconds = match request.hold_seconds {
        0 => HOLD_SECONDS,
        seconds => seconds,
    };
    if !(1..=MAX_HOLD_SECONDS).contains(&hold_seconds) {
        wrong.note("hold_seconds", "RANGE", format!("must lie between 1 and {MAX_HOLD_SECONDS}"));
    }
    let buckets = buckets(&mut wrong, &request.buckets);
    match (visibility, wrong.0.is_empty()) {
        (Some(visibility), true) => Ok(NewOffer { content, visibility, hold_seconds, buckets }),
        _ => Err(Error::invalid(wrong.0)),
    }
}

fn content(wrong: &mut Wrong, content: Option<&wire::OfferContent>) -> wire::OfferContent {
    let Some(content) = content else {
        wrong.note("content", "REQUIRED", "is required");
        return wire::OfferContent::default();
    };
    wrong.name("content.process", &content.process);
    wrong.text("content.machine", &content.machine, 200);
    wrong.text("content.note", &content.note, MAX_NOTE_BYTES);
    for (path, list) in
        [("content.materials", &content.materials), ("content.certificates", &content.certificates)]
    {
        if list.len() > MAX_LIST {
            wrong.note(path, "COUNT", format!("must have at most {MAX_LIST} entries"));
        }
        for (index, entry) in list.iter().take(MAX_LIST).enumerate() {
            wrong.name(&format!("{path}[{index}]"), entry);
        }
    }
    if !content.region.is_empty() && !matches!(content.region.len(), 2 | 4 | 6)
        || content.region.bytes().any(|byte| !byte.is_ascii_digit())
    {
        wrong.note("content.region", "FORMAT", "must be 2, 4 or 6 digits, a code of GB/T 2260");
    }
    let limits = content.limits.clone().unwrap_or_default();
    for (path, limit) in [
        ("length_mm", &limits.length_mm),
        ("width_mm", &limits.width_mm),
        ("height_mm", &limits.height_mm),
        ("weight_kg", &limits.weight_kg),
        ("precision_mm", &limits.precision_mm),
    ] {
        wrong.quantity(&format!("content.limits.{path}"), limit.as_ref());
    }
    let price = wrong.quantity("content.price_hint", content.price_hint.as_ref());
    let currency = content.currency.len() == 3 && content.currency.bytes().all(|b| b.is_ascii_uppercase());
    if price.is_some() != currency || (price.is_none() && !content.currency.is_empty()) {
        wrong.note("content.currency", "CURRENCY", "goes with a price: three letters, such as CNY");
    }
    content.clone()
}

fn visibility(wrong: &mut Wrong, request: &wire::PublishOfferRequest) -> Option<Visibility> {
    let named =
        matches!(request.visibility(), wire::OfferVisibility::Named | wire::OfferVisibility::Unspecified);
    if !named && !request.firm_ids.is_empty() {
        wrong.note("firm_ids", "UNEXPECTED", "firms are named where the visibility is NAMED");
    }
    if request.visibility() != wire::OfferVisibility::Cluster && !request.cluster_id.is_empty() {
        wrong.note("cluster_id", "UNEXPECTED", "a cluster is named where the visibility is CLUSTER");
    }
    match request.visibility() {
        wire::OfferVisibility::Partners => Some(Visibility::Partners),
        wire::OfferVisibility::All => Some(Visibility::All),
        wire::OfferVisibility::Cluster => {
            let cluster = Uuid::try_parse(&request.cluster_id).ok();
            if cluster.is_none() {
                wrong.note("cluster_id", "ID", "must be the id of a cluster");
            }
            cluster.map(Visibility::Cluster)
        }
        _ => {
            if request.firm_ids.is_empty() || request.firm_ids.len() > MAX_READERS {
                wrong.note("firm_ids", "COUNT", format!("must name 1 to {MAX_READERS} firms"));
            }
            let mut firms = Vec::new();
            for (index, text) in request.firm_ids.iter().take(MAX_READERS).enumerate() {
                match Uuid::try_parse(text) {
                    Ok(firm) => firms.push(firm),
                    Err(_) => wrong.note(format!("firm_ids[{index}]"), "ID", "must be the id of a firm"),
                }
            }
            firms.sort_unstable();
            firms.dedup();
            Some(Visibility::Named(firms))
        }
    }
}

fn buckets(wrong: &mut Wrong, list: &[wire::NewBucket]) -> BTreeMap<Slot, Decimal> {
    let mut buckets = BTreeMap::new();
    if list.is_empty() || list.len() > MAX_BUCKETS {
        wrong.note("buckets", "COUNT", format!("must have 1 to {MAX_BUCKETS} entries"));
    }
    for (index, bucket) in list.iter().take(MAX_BUCKETS).enumerate() {
        let path = format!("buckets[{index}]");
        let monday = wrong.monday(&format!("{path}.monday"), bucket.monday.as_ref());
        let starts_at = wrong.time(&format!("{path}.starts_at"), bucket.starts_at.as_ref());
        let ends_at = wrong.time(&format!("{path}.ends_at"), bucket.ends_at.as_ref());
        let quantity = wrong.quantity(&format!("{path}.quantity"), bucket.quantity.as_ref());
        if quantity.is_none_or(|quantity| quantity.is_zero()) {
            wrong.note(format!("{path}.quantity"), "RANGE", "must be above 0");
        }
        if starts_at.is_some() != ends_at.is_some() || starts_at.zip(ends_at).is_some_and(|(a, b)| a >= b) {
            wrong.note(format!("{path}.ends_at"), "RANGE", "a slot begins, and ends later");
        }
        let Some((monday, quantity)) = monday.zip(quantity) else { continue };
        let within = |at: OffsetDateTime| this_week(at) == monday;
        if !starts_at.is_none_or(within) || !ends_at.is_none_or(|at| within(at - Duration::MICROSECOND)) {
            wrong.note(format!("{path}.starts_at"), "RANGE", "a slot lies within its week");
        }
        once(wrong, &mut buckets, &path, Slot { monday, times: starts_at.zip(ends_at) }, quantity);
    }
    buckets
}

/// An offer as its supplier sees it, or as others do: what of a bucket is free, and no more.
pub(crate) fn offer_out(head: &Head, buckets: &[Bucket], named: &[Uuid]) -> Result<wire::Offer> {
    let content = wire::OfferContent::decode(head.content.as_slice()).map_err(|_| error::missing(head.id))?;
    let own = head.group_id.is_some();
    let visibility = match head.visibility.as_deref() {
        Some("named") => wire::OfferVisibility::Named,
        Some("partners") => wire::OfferVisibility::Partners,
        Some("cluster") => wire::OfferVisibility::Cluster,
        Some("all") => wire::OfferVisibility::All,
        _ => wire::OfferVisibility::Unspecified,
    };
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    Ok(wire::Offer {
        id: head.id.to_string(),
        supplier_id: head.supplier.to_string(),
        version: head.version,
        withdrawn: head.withdrawn,
        content: Some(content),
        unit_code: head.unit_code.clone(),
        hold_seconds: head.hold_seconds,
        buckets: buckets.iter().map(|bucket| bucket_out(bucket, own)).collect(),
        published_at: Some(value::timestamp(head.published_at)),
        changed_at: Some(value::timestamp(head.changed_at)),
        group_id: id(head.group_id),
        visibility: visibility.into(),
        firm_ids: named.iter().map(ToString::to_string).collect(),
        cluster_id: id(head.cluster),
    })
}

fn bucket_out(bucket: &Bucket, own: bool) -> wire::Bucket {
    let mine = |figure: Decimal| own.then(|| value::wire_decimal(figure));
    wire::Bucket {
        id: bucket.id.to_string(),
        monday: Some(value::wire_date(bucket.slot.monday)),
        iso_week: iso_week(bucket.slot.monday),
        starts_at: bucket.slot.times.map(|times| value::timestamp(times.0)),
        ends_at: bucket.slot.times.map(|times| value::timestamp(times.1)),
        free: Some(value::wire_decimal(bucket.total - bucket.reserved)),
        total: mine(bucket.total),
        reserved: mine(bucket.reserved),
    }
}

/// What others see of an offer that its supplier sees in full.
pub(crate) fn for_others(offer: wire::Offer) -> wire::Offer {
    let bucket = |bucket| wire::Bucket { total: None, reserved: None, ..bucket };
    wire::Offer {
        buckets: offer.buckets.into_iter().map(bucket).collect(),
        group_id: String::new(),
        visibility: wire::OfferVisibility::Unspecified.into(),
        firm_ids: Vec::new(),
        cluster_id: String::new(),
        ..offer
    }
}
