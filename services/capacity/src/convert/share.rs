//! What offers, requests and profiles have in common: who may see them, and what a machine has to be.

use chassis::value;
use proto::capacity as wire;
use uuid::Uuid;

use super::read::Wrong;
use crate::{
    need::{Limits, Price},
    offer::{MAX_READERS, Visibility},
};

/// The most entries of a list.
pub(super) const MAX_LIST: usize = 50;

/// Names, each of which must be there.
pub(super) fn names(wrong: &mut Wrong, path: &str, list: &[String]) {
    if list.len() > MAX_LIST {
        wrong.note(path, "COUNT", format!("must have at most {MAX_LIST} entries"));
    }
    for (index, entry) in list.iter().take(MAX_LIST).enumerate() {
        wrong.name(&format!("{path}[{index}]"), entry);
    }
}

pub(super) fn region(wrong: &mut Wrong, region: &str) {
    let digits = region.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !matches!(region.len(), 0 | 2 | 4 | 6) {
        wrong.note("content.region", "FORMAT", "must be 2, 4 or 6 digits, a code of GB/T 2260");
    }
}

pub(super) fn limits(wrong: &mut Wrong, path: &str, limits: Option<&wire::OfferLimits>) -> Limits {
    let Some(limits) = limits else { return Limits::default() };
    let mut read = |name: &str, limit: &Option<proto::Decimal>| {
        wrong.quantity(&format!("{path}.{name}"), limit.as_ref())
    };
    Limits {
        length_mm: read("length_mm", &limits.length_mm),
        width_mm: read("width_mm", &limits.width_mm),
        height_mm: read("height_mm", &limits.height_mm),
        weight_kg: read("weight_kg", &limits.weight_kg),
        tonnage_t: read("tonnage_t", &limits.tonnage_t),
        precision_mm: read("precision_mm", &limits.precision_mm),
    }
}

/// A price and its currency: both or none.
pub(super) fn price(
    wrong: &mut Wrong,
    name: &str,
    amount: Option<&proto::Decimal>,
    currency: &str,
) -> Option<Price> {
    let amount = wrong.quantity(&format!("content.{name}"), amount);
    let known = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if amount.is_some() != known || (amount.is_none() && !currency.is_empty()) {
        wrong.note("content.currency", "CURRENCY", "goes with a price: three letters, such as CNY");
    }
    Some(Price { amount: amount?, currency: currency.to_owned() })
}

pub(super) fn visibility(
    wrong: &mut Wrong,
    visibility: wire::OfferVisibility,
    firm_ids: &[String],
    cluster_id: &str,
) -> Option<Visibility> {
    use wire::OfferVisibility as Wire;
    if !matches!(visibility, Wire::Named | Wire::Unspecified) && !firm_ids.is_empty() {
        wrong.note("firm_ids", "UNEXPECTED", "firms are named where the visibility is NAMED");
    }
    if visibility != Wire::Cluster && !cluster_id.is_empty() {
        wrong.note("cluster_id", "UNEXPECTED", "a cluster is named where the visibility is CLUSTER");
    }
    match visibility {
        Wire::Partners => Some(Visibility::Partners),
        Wire::All => Some(Visibility::All),
        Wire::Cluster => {
            let cluster = Uuid::try_parse(cluster_id).ok();
            if cluster.is_none() {
                wrong.note("cluster_id", "ID", "must be the id of a cluster");
            }
            cluster.map(Visibility::Cluster)
        }
        Wire::Named | Wire::Unspecified => Some(Visibility::Named(firms(wrong, firm_ids))),
    }
}

fn firms(wrong: &mut Wrong, firm_ids: &[String]) -> Vec<Uuid> {
    if firm_ids.is_empty() || firm_ids.len() > MAX_READERS {
        wrong.note("firm_ids", "COUNT", format!("must name 1 to {MAX_READERS} firms"));
    }
    let mut firms = Vec::new();
    for (index, text) in firm_ids.iter().take(MAX_READERS).enumerate() {
        match Uuid::try_parse(text) {
            Ok(firm) => firms.push(firm),
            Err(_) => wrong.note(format!("firm_ids[{index}]"), "ID", "must be the id of a firm"),
        }
    }
    firms.sort_unstable();
    firms.dedup();
    firms
}

/// As it is stored; unspecified for those to whom it is not told.
pub(super) fn visibility_out(visibility: Option<&str>) -> wire::OfferVisibility {
    match visibility {
        Some("named") => wire::OfferVisibility::Named,
        Some("partners") => wire::OfferVisibility::Partners,
        Some("cluster") => wire::OfferVisibility::Cluster,
        Some("all") => wire::OfferVisibility::All,
        _ => wire::OfferVisibility::Unspecified,
    }
}

/// What was checked when it was kept.
pub(super) fn kept_limits(limits: Option<&wire::OfferLimits>) -> Limits {
    self::limits(&mut Wrong::default(), "", limits)
}

/// The same for a price.
pub(super) fn kept_price(amount: Option<&proto::Decimal>, currency: &str) -> Option<Price> {
    let amount = value::decimal(amount).ok().flatten()?;
    Some(Price { amount, currency: currency.to_owned() })
}
