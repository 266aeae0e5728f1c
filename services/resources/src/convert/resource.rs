//! Resources in and out.

use std::collections::BTreeSet;

use chassis::{Error, Result, value};
use prost::Message;
use proto::resources as wire;

use super::read::Wrong;
use crate::{
    db::resource::{Seen, Sight},
    error,
    resource::{self as rules, Category, Classification, MAX_ITEMS, Visibility},
};

/// The longest texts, in bytes.
const MAX_NAME: usize = 200;
const MAX_NUMBER: usize = 100;
const MAX_SUMMARY: usize = 2_000;
const MAX_TERMS: usize = 20_000;
const MAX_INDUSTRIES: usize = 20;

/// A resource that may be published.
#[derive(Clone, Debug)]
pub(crate) struct NewResource {
    pub resource_number: Option<String>,
    pub content: wire::ResourceContent,
    pub category: Category,
    pub class: Classification,
    pub visibility: Visibility,
    pub open: bool,
    /// In order, each once.
    pub items: Vec<String>,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_resource(request: &wire::PublishResourceRequest) -> Result<NewResource> {
    let mut wrong = Wrong::default();
    wrong.line("resource_number", &request.resource_number, MAX_NUMBER);
    let content = request.content.clone().unwrap_or_default();
    check_content(&mut wrong, &content);
    let category = category(content.category());
    if category.is_none() {
        wrong.note("content.category", "REQUIRED", "say which category");
    }
    let class = class(&mut wrong, &content);
    let visibility = visibility(&mut wrong, request.visibility(), &request.cluster_id);
    let items = items(&mut wrong, &request.buyer_item_ids);
    let read = category.zip(visibility).map(|(category, visibility)| NewResource {
        resource_number: Some(request.resource_number.clone()).filter(|number| !number.is_empty()),
        content,
        category,
        class,
        visibility,
        open: request.open,
        items,
    });
    let new = wrong.done(read)?;
    rules::fits(new.class, new.visibility, new.open).map_err(error::misfit)?;
    Ok(new)
}

fn check_content(wrong: &mut Wrong, content: &wire::ResourceContent) {
    wrong.name("content.name", &content.name, MAX_NAME);
    wrong.line("content.name_en", &content.name_en, MAX_NAME);
    wrong.text("content.summary", &content.summary, MAX_SUMMARY);
    wrong.text("content.terms", &content.terms, MAX_TERMS);
    if content.industry_codes.len() > MAX_INDUSTRIES {
        wrong.note("content.industry_codes", "COUNT", format!("must have at most {MAX_INDUSTRIES} entries"));
    }
    for (index, code) in content.industry_codes.iter().take(MAX_INDUSTRIES).enumerate() {
        industry(wrong, &format!("content.industry_codes[{index}]"), code);
    }
    if !content.region.is_empty() {
        region(wrong, "content.region", &content.region);
    }
    if content.seats < 0 {
        wrong.note("content.seats", "RANGE", "must be at least 0");
    }
    if !content.capacity_offer_id.is_empty() {
        wrong.id("content.capacity_offer_id", &content.capacity_offer_id);
        if content.category() != wire::ResourceCategory::Instrument {
            wrong.note("content.capacity_offer_id", "UNEXPECTED", "is for instruments and test sites");
        }
    }
}

fn industry(wrong: &mut Wrong, path: &str, code: &str) {
    if !rules::is_industry(code) {
        wrong.note(path, "FORMAT", "must be a code of GB/T 4754, such as C2929");
    }
}

fn region(wrong: &mut Wrong, path: &str, code: &str) {
    if !rules::is_region(code) {
        wrong.note(path, "FORMAT", "must be 2, 4 or 6 digits, a code of GB/T 2260");
    }
}

/// Codes that a list is narrowed to, each as it is or empty.
pub(crate) fn check_codes(industry_code: &str, region_code: &str) -> Result<()> {
    let mut wrong = Wrong::default();
    if !industry_code.is_empty() {
        industry(&mut wrong, "industry_code", industry_code);
    }
    if !region_code.is_empty() {
        region(&mut wrong, "region", region_code);
    }
    wrong.done(Some(()))
}

fn items(wrong: &mut Wrong, items: &[String]) -> Vec<String> {
    if items.len() > MAX_ITEMS {
        wrong.note("buyer_item_ids", "COUNT", format!("must have at most {MAX_ITEMS} entries"));
    }
    for (index, item) in items.iter().take(MAX_ITEMS).enumerate() {
        wrong.name(&format!("buyer_item_ids[{index}]"), item, MAX_NUMBER);
    }
    items.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn visibility(
    wrong: &mut Wrong,
    visibility: wire::ResourceVisibility,
    cluster_id: &str,
) -> Option<Visibility> {
    use wire::ResourceVisibility as Wire;
    if visibility != Wire::Cluster && !cluster_id.is_empty() {
        wrong.note("cluster_id", "UNEXPECTED", "a cluster is named where the visibility is CLUSTER");
    }
    match visibility {
        Wire::Granted | Wire::Unspecified => Some(Visibility::Granted),
        Wire::Partners => Some(Visibility::Partners),
        Wire::Cluster => wrong.id("cluster_id", cluster_id).map(Visibility::Cluster),
        Wire::All => Some(Visibility::All),
    }
}

/// `None` where it is not said.
pub(crate) fn category(wire: wire::ResourceCategory) -> Option<Category> {
    i16::try_from(i32::from(wire)).ok().and_then(Category::from_number)
}

fn class(wrong: &mut Wrong, content: &wire::ResourceContent) -> Classification {
    use wire::ResourceClassification as Wire;
    match Wire::try_from(content.classification) {
        Ok(Wire::Core) => Classification::Core,
        Ok(Wire::Important) => Classification::Important,
        Ok(Wire::General | Wire::Unspecified) => Classification::General,
        // Not taken for something milder than was meant.
        Err(_) => {
            wrong.note("content.classification", "UNKNOWN", "is no classification that is known here");
            Classification::Core
        }
    }
}

/// What was kept of a resource.
pub(crate) fn content(seen: &Seen) -> Result<wire::ResourceContent> {
    wire::ResourceContent::decode(seen.content.as_slice()).map_err(|_| error::unreadable(seen.id))
}

/// A resource as far as it is in somebody's sight.
pub(crate) fn resource_out(seen: &Seen) -> Result<wire::Resource> {
    let uses = seen.sight != Sight::Find;
    let own = seen.sight == Sight::Own;
    let current = seen.current.as_ref().map(|current| wire::CurrentRevision {
        revision_id: if uses { current.id.to_string() } else { String::new() },
        label: current.label.clone(),
        released_at: Some(value::timestamp(current.released_at)),
        to_acknowledge: seen.to_acknowledge && seen.sight == Sight::Use,
    });
    Ok(wire::Resource {
        id: seen.id.to_string(),
        owner_id: seen.owner.to_string(),
        owner_name: seen.owner_name.clone(),
        version: seen.version,
        withdrawn: seen.withdrawn,
        resource_number: seen.resource_number.clone().unwrap_or_default(),
        content: Some(content(seen)?),
        open: seen.open,
        usable: uses,
        current,
        published_at: Some(value::timestamp(seen.published_at)),
        changed_at: Some(value::timestamp(seen.changed_at)),
        buyer_item_ids: if uses { seen.items.clone() } else { Vec::new() },
        visibility: if own { visibility_out(&seen.visibility) } else { Default::default() }.into(),
        cluster_id: seen.cluster.filter(|_| own).map(|id| id.to_string()).unwrap_or_default(),
        seats_taken: if own { i32::try_from(seen.seats_taken).unwrap_or(i32::MAX) } else { 0 },
    })
}

fn visibility_out(stored: &str) -> wire::ResourceVisibility {
    match stored {
        "granted" => wire::ResourceVisibility::Granted,
        "partners" => wire::ResourceVisibility::Partners,
        "cluster" => wire::ResourceVisibility::Cluster,
        "all" => wire::ResourceVisibility::All,
        _ => wire::ResourceVisibility::Unspecified,
    }
}

/// Categories that a list is narrowed to; none: all.
pub(crate) fn categories(wire: impl Iterator<Item = wire::ResourceCategory>) -> Result<Option<Vec<i16>>> {
    let mut numbers = Vec::new();
    for one in wire {
        let Some(category) = category(one) else {
            return Err(Error::field("categories", "REQUIRED", "say which categories"));
        };
        numbers.push(category.number());
    }
    Ok(Some(numbers).filter(|numbers| !numbers.is_empty()))
}
