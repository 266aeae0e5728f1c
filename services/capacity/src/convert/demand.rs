//! Demand in and out.

use std::collections::BTreeMap;

use chassis::{Error, Result, value};
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::read::{Wrong, once, wire_category};
use crate::{
    db::demand::Head,
    demand::{Delta, Demand, MAX_NAME_BYTES, MAX_SERIES, MAX_TEXT_BYTES, MAX_WEEKS, SeriesKey, Weeks},
};

/// Whom a demand is for, as its sender names it.
#[derive(Clone, Debug)]
pub(crate) enum Addressee {
    Firm(Uuid),
    VendorNumber(String),
}

/// A demand that may be taken.
#[derive(Clone, Debug)]
pub(crate) struct NewDemand {
    pub id: Option<Uuid>,
    pub supplier: Addressee,
    /// `None`: now.
    pub changed_at: Option<OffsetDateTime>,
    pub expected_version: Option<i64>,
    pub demand: Demand,
}

/// A change of some weeks of a demand.
#[derive(Clone, Debug)]
pub(crate) struct DemandDelta {
    pub id: Uuid,
    pub version: i64,
    pub delta: Delta,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_demand(request: wire::UploadMaterialDemandRequest) -> Result<NewDemand> {
    let mut wrong = Wrong::default();
    let id = (!request.demand_id.is_empty()).then(|| Uuid::try_parse(&request.demand_id));
    if matches!(id, Some(Err(_))) {
        wrong.note("demand_id", "ID", "must be a uuid");
    }
    let supplier = supplier(&mut wrong, &request.supplier_id, &request.vendor_number);
    let changed_at = wrong.time("changed_at", request.changed_at.as_ref());
    if request.expected_version < 0 {
        wrong.note("expected_version", "RANGE", "must be at least 0");
    }
    let Some(content) = &request.content else {
        wrong.note("content", "REQUIRED", "is required");
        return Err(Error::invalid(wrong.0));
    };
    let demand = demand(&mut wrong, content);
    match (supplier, wrong.0.is_empty()) {
        (Some(supplier), true) => Ok(NewDemand {
            id: id.and_then(Result::ok),
            supplier,
            changed_at,
            expected_version: (request.expected_version > 0).then_some(request.expected_version),
            demand,
        }),
        _ => Err(Error::invalid(wrong.0)),
    }
}

fn supplier(wrong: &mut Wrong, id: &str, vendor_number: &str) -> Option<Addressee> {
    match (id.is_empty(), vendor_number.is_empty()) {
        (false, true) => match Uuid::try_parse(id) {
            Ok(id) => return Some(Addressee::Firm(id)),
            Err(_) => wrong.note("supplier_id", "ID", "must be an id as the platform gave it"),
        },
        (true, false) => return Some(Addressee::VendorNumber(wrong.name("vendor_number", vendor_number))),
        (true, true) => wrong.note("supplier_id", "REQUIRED", "name the supplier by id or by vendor number"),
        (false, false) => {
            wrong.note("vendor_number", "CONFLICT", "name the supplier by id or by vendor number, not both")
        }
    }
    None
}

fn demand(wrong: &mut Wrong, content: &wire::DemandContent) -> Demand {
    let asset = &content.material_global_asset_id;
    if !asset.is_empty() && Uuid::try_parse(asset).is_err() {
        wrong.note("content.material_global_asset_id", "ID", "must be a uuid");
    }
    Demand {
        material_number_customer: wrong
            .name("content.material_number_customer", &content.material_number_customer),
        material_number_supplier: wrong.text(
            "content.material_number_supplier",
            &content.material_number_supplier,
            MAX_NAME_BYTES,
        ),
        description: wrong.text(
            "content.material_description_customer",
            &content.material_description_customer,
            MAX_TEXT_BYTES,
        ),
        global_asset_id: asset.clone(),
        unit: wrong.unit("content.unit_code", &content.unit_code),
        inactive: content.inactive,
        series: series(wrong, "content.series", &content.series, |wrong, path, wire| {
            if wire.is_none() {
                wrong.note(path, "REQUIRED", "is required; leave the week out where it is unknown");
            }
            wrong.quantity(path, wire).unwrap_or_default()
        }),
    }
}

/// Series with their weeks; what becomes of a quantity is the caller's to say.
fn series<Q>(
    wrong: &mut Wrong,
    path: &str,
    list: &[wire::DemandSeries],
    quantity: impl Fn(&mut Wrong, &str, Option<&proto::Decimal>) -> Q,
) -> BTreeMap<SeriesKey, BTreeMap<Date, Q>> {
    let mut all = BTreeMap::new();
    if list.len() > MAX_SERIES {
        wrong.note(path, "COUNT", format!("must have at most {MAX_SERIES} series"));
        return all;
    }
    for (index, series) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let customer_location = wrong.name(&format!("{path}.customer_location"), &series.customer_location);
        let category = wrong.category(&format!("{path}.demand_category"), series.demand_category());
        let expected = wrong.text(
            &format!("{path}.expected_supplier_location"),
            &series.expected_supplier_location,
            MAX_NAME_BYTES,
        );
        if series.weeks.len() > MAX_WEEKS {
            wrong.note(format!("{path}.weeks"), "COUNT", format!("must have at most {MAX_WEEKS} weeks"));
            continue;
        }
        let mut weeks = BTreeMap::new();
        for (index, week) in series.weeks.iter().enumerate() {
            let path = format!("{path}.weeks[{index}]");
            let quantity = quantity(wrong, &format!("{path}.quantity"), week.quantity.as_ref());
            if let Some(monday) = wrong.monday(&format!("{path}.monday"), week.monday.as_ref()) {
                once(wrong, &mut weeks, &format!("{path}.monday"), monday, quantity);
            }
        }
        if let Some(category) = category {
            let key = SeriesKey { customer_location, category, expected_supplier_location: expected };
            once(wrong, &mut all, &path, key, weeks);
        }
    }
    all
}

/// INVALID_ARGUMENT naming every bad field; NOT_FOUND for what is no id.
pub(crate) fn delta(request: &wire::UpdateDemandWeeksRequest) -> Result<DemandDelta> {
    let mut wrong = Wrong::default();
    if request.version < 1 {
        wrong.note("version", "REQUIRED", "say which version you looked at");
    }
    if request.series.is_empty() && request.inactive.is_none() {
        wrong.note("series", "REQUIRED", "say what changes");
    }
    let weeks = series(&mut wrong, "series", &request.series, Wrong::quantity);
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let delta = Delta { weeks, inactive: request.inactive };
    Ok(DemandDelta { id: value::id(&request.demand_id)?, version: request.version, delta })
}

/// As it is kept and shown.
pub(crate) fn content(demand: &Demand) -> wire::DemandContent {
    let week = |(monday, quantity): (&Date, &Decimal)| wire::DemandWeek {
        monday: Some(value::wire_date(*monday)),
        quantity: Some(value::wire_decimal(*quantity)),
    };
    let series = |(key, weeks): (&SeriesKey, &Weeks)| wire::DemandSeries {
        customer_location: key.customer_location.clone(),
        demand_category: wire_category(key.category).into(),
        expected_supplier_location: key.expected_supplier_location.clone(),
        weeks: weeks.iter().map(week).collect(),
    };
    wire::DemandContent {
        material_number_customer: demand.material_number_customer.clone(),
        material_number_supplier: demand.material_number_supplier.clone(),
        material_description_customer: demand.description.clone(),
        material_global_asset_id: demand.global_asset_id.clone(),
        unit_code: demand.unit.map(|unit| unit.code().to_owned()).unwrap_or_default(),
        inactive: demand.inactive,
        series: demand.series.iter().map(series).collect(),
    }
}

/// What was kept.
pub(crate) fn kept(content: &wire::DemandContent) -> Result<Demand> {
    let mut wrong = Wrong::default();
    let demand = demand(&mut wrong, content);
    match wrong.0.first() {
        None => Ok(demand),
        Some(field) => Err(Error::internal(anyhow::anyhow!("a kept demand has a bad {}", field.path))),
    }
}

/// A demand as either firm sees it.
pub(crate) fn demand_out(head: &Head, content: wire::DemandContent) -> wire::MaterialDemand {
    wire::MaterialDemand {
        id: head.id.to_string(),
        customer_id: head.customer.to_string(),
        supplier_id: head.supplier.to_string(),
        version: head.version,
        changed_at: Some(value::timestamp(head.changed_at)),
        received_at: Some(value::timestamp(head.received_at)),
        content: Some(content),
        series_omitted: 0,
        uncounted_lines: 0,
    }
}

pub(crate) fn summary(head: &Head) -> wire::DemandSummary {
    wire::DemandSummary {
        id: head.id.to_string(),
        customer_id: head.customer.to_string(),
        supplier_id: head.supplier.to_string(),
        material_number_customer: head.material_number_customer.clone(),
        version: head.version,
        inactive: head.inactive,
        changed_at: Some(value::timestamp(head.changed_at)),
        received_at: Some(value::timestamp(head.received_at)),
    }
}
