//! Offers in and out.

use std::collections::BTreeMap;

use chassis::{Error, Field, Reason, Result, value};
use prost::Message;
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    read::{Wrong, once},
    share,
};
use crate::{
    db::offer::Head,
    error,
    offer::{Beyond, Bucket, HOLD_SECONDS, MAX_BUCKETS, MAX_HOLD_SECONDS, Slot, Visibility},
    week::{iso_week, this_week},
};

/// The longest note, in bytes.
pub(super) const MAX_NOTE_BYTES: usize = 6_000;

/// An offer that may be published.
#[derive(Clone, Debug)]
pub(crate) struct NewOffer {
    pub content: wire::OfferContent,
    pub visibility: Visibility,
    pub hold_seconds: i32,
    pub buckets: BTreeMap<Slot, Decimal>,
    /// Where the request names each of them.
    pub paths: BTreeMap<Slot, String>,
    /// Whether hours are offered that a forecast needs.
    pub despite_forecast: bool,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_offer(request: &wire::PublishOfferRequest) -> Result<NewOffer> {
    let mut wrong = Wrong::default();
    let content = content(&mut wrong, request.content.as_ref());
    let visibility =
        share::visibility(&mut wrong, request.visibility(), &request.firm_ids, &request.cluster_id);
    let hold_seconds = match request.hold_seconds {
        0 => HOLD_SECONDS,
        seconds => seconds,
    };
    if !(1..=MAX_HOLD_SECONDS).contains(&hold_seconds) {
        wrong.note("hold_seconds", "RANGE", format!("must lie between 1 and {MAX_HOLD_SECONDS}"));
    }
    let (buckets, paths) = buckets(&mut wrong, &request.buckets);
    let despite_forecast = request.despite_forecast;
    match (visibility, wrong.0.is_empty()) {
        (Some(visibility), true) => {
            Ok(NewOffer { content, visibility, hold_seconds, buckets, paths, despite_forecast })
        }
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
    share::names(wrong, "content.materials", &content.materials);
    share::names(wrong, "content.certificates", &content.certificates);
    share::region(wrong, &content.region);
    share::limits(wrong, "content.limits", content.limits.as_ref());
    share::price(wrong, "price_hint", content.price_hint.as_ref(), &content.currency);
    content.clone()
}

/// Quantities, and where the request names them.
type Buckets = (BTreeMap<Slot, Decimal>, BTreeMap<Slot, String>);

fn buckets(wrong: &mut Wrong, list: &[wire::NewBucket]) -> Buckets {
    let (mut buckets, mut paths) = Buckets::default();
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
        let slot = Slot { monday, times: starts_at.zip(ends_at) };
        if buckets.keys().any(|other| *other != slot && slot.overlaps(other)) {
            wrong.note(&path, "OVERLAP", "lies in the same time as another bucket of the offer");
        }
        once(wrong, &mut buckets, &path, slot, quantity);
        paths.insert(slot, format!("{path}.quantity"));
    }
    (buckets, paths)
}

/// The buckets of weeks that have not so much left, each with what to do about it. `names`: of groups that sum the offered one,
/// those that the caller may know.
pub(crate) fn beyond(
    new: &NewOffer,
    weeks: &BTreeMap<Date, (Beyond, Decimal)>,
    names: &BTreeMap<Uuid, String>,
) -> Error {
    let field = |(slot, path): (&Slot, &String)| {
        let (why, spare) = weeks.get(&slot.monday)?;
        let (week, spare) = (iso_week(slot.monday), spare.normalize());
        Some(match why {
            Beyond::Promised => {
                Field::new(path, "PROMISED", format!("{week} has {spare} left; offer no more of it"))
            }
            Beyond::Forecast => Field::new(
                path,
                "FORECAST",
                format!(
                    "{week} has {spare} left beside its forecast; offer no more of it, or set despite_forecast to \
                     offer hours that no accepted order has"
                ),
            ),
            Beyond::Above(group) => {
                let group = names.get(group).map_or("a group", String::as_str);
                let message =
                    format!("{week} has {spare} left in {group}, which sums this one; offer no more of it");
                Field::new(path, "PROMISED", message)
            }
        })
    };
    let fields = new.paths.iter().filter_map(field).collect();
    let refused = Error::new(Reason::OFFER_EXCEEDS_CAPACITY).fields(fields);
    let Some((monday, (why, spare))) = weeks.first_key_value() else { return refused };
    let refused = refused.with("monday", monday).with("spare", spare.normalize());
    let named = match why {
        Beyond::Above(group) => names.get_key_value(group),
        Beyond::Promised | Beyond::Forecast => None,
    };
    match named {
        Some((id, name)) => refused.with("group_id", id).with("group_name", name),
        None => refused,
    }
}

/// An offer as its supplier sees it, or as others do: what of a bucket is free, and no more.
pub(crate) fn offer_out(head: &Head, buckets: &[Bucket], named: &[Uuid]) -> Result<wire::Offer> {
    let content = wire::OfferContent::decode(head.content.as_slice()).map_err(|_| error::missing(head.id))?;
    let own = head.group_id.is_some();
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
        visibility: share::visibility_out(head.visibility.as_deref()).into(),
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
        free: Some(value::wire_decimal(bucket.free)),
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
