//! WeekBasedMaterialDemand 3.0.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    object::Object,
    write::{Category, moment, number},
};
use crate::{
    convert::read::{Wrong, once},
    demand::{Demand, MAX_NAME_BYTES, MAX_SERIES, MAX_TEXT_BYTES, MAX_WEEKS, SeriesKey, Weeks},
};

/// A demand as it came, between two partner numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub id: Uuid,
    pub customer: String,
    pub supplier: String,
    pub changed_at: OffsetDateTime,
    pub demand: Demand,
}

/// The payload; notes every bad field.
pub(crate) fn read(wrong: &mut Wrong, object: &Object<'_>) -> Payload {
    let text =
        |wrong: &mut Wrong, name: &str, most: usize| object.text(wrong, name, most).unwrap_or_default();
    Payload {
        id: object.required_uuid(wrong, "materialDemandId"),
        customer: object.required_partner(wrong, "customer", "BPNL"),
        supplier: object.required_partner(wrong, "supplier", "BPNL"),
        changed_at: object.required_time(wrong, "changedAt"),
        demand: Demand {
            material_number_customer: object.name(wrong, "materialNumberCustomer"),
            material_number_supplier: text(wrong, "materialNumberSupplier", MAX_NAME_BYTES),
            description: object.required_text(wrong, "materialDescriptionCustomer", MAX_TEXT_BYTES),
            global_asset_id: object
                .uuid(wrong, "materialGlobalAssetId")
                .map(|id| id.to_string())
                .unwrap_or_default(),
            unit: object.unit(wrong),
            inactive: object.boolean(wrong, "materialDemandIsInactive"),
            series: series(wrong, object),
        },
    }
}

fn series(wrong: &mut Wrong, object: &Object<'_>) -> BTreeMap<SeriesKey, Weeks> {
    let mut all = BTreeMap::new();
    for (path, raw) in object.required_list(wrong, "demandSeries", MAX_SERIES) {
        let Some(series) = Object::read(wrong, &path, raw) else { continue };
        let location = series.required_partner(wrong, "customerLocation", "BPNS");
        let expected = series.partner(wrong, "expectedSupplierLocation", "BPNS");
        let category = series.category(wrong);
        let mut weeks: BTreeMap<Date, Decimal> = BTreeMap::new();
        for (path, raw) in series.required_list(wrong, "demands", MAX_WEEKS) {
            let Some(week) = Object::read(wrong, &path, raw) else { continue };
            let monday = week.monday(wrong, "pointInTime");
            let quantity = week.required_quantity(wrong, "demand");
            if let (Some(monday), Some(quantity)) = (monday, quantity) {
                once(wrong, &mut weeks, &week.at("pointInTime"), monday, quantity);
            }
        }
        if let Some(category) = category {
            let key = SeriesKey {
                customer_location: location,
                category,
                expected_supplier_location: expected.unwrap_or_default(),
            };
            once(wrong, &mut all, &path, key, weeks);
        }
    }
    all
}

/// As the schema has it.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Out<'a> {
    material_demand_id: Uuid,
    customer: &'a str,
    supplier: &'a str,
    material_number_customer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    material_number_supplier: &'a str,
    material_description_customer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    material_global_asset_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_of_measure: Option<String>,
    unit_of_measure_is_omitted: bool,
    material_demand_is_inactive: bool,
    changed_at: String,
    demand_series: Vec<SeriesOut<'a>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct SeriesOut<'a> {
    customer_location: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    expected_supplier_location: &'a str,
    demand_category: Category,
    demands: Vec<WeekOut>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct WeekOut {
    point_in_time: String,
    demand: Box<RawValue>,
}

/// The payload in JSON; `None` where a location is no partner number, which the schema cannot say.
pub(crate) fn write(payload: &Payload) -> Option<Box<RawValue>> {
    let demand = &payload.demand;
    let of_network = |location: &str| location.starts_with("BPNS");
    let sayable = demand.series.keys().all(|key| {
        of_network(&key.customer_location)
            && (key.expected_supplier_location.is_empty() || of_network(&key.expected_supplier_location))
    });
    if !sayable {
        return None;
    }
    let week = |(monday, quantity): (&Date, &Decimal)| WeekOut {
        point_in_time: monday.to_string(),
        demand: number(*quantity),
    };
    let out = Out {
        material_demand_id: payload.id,
        customer: &payload.customer,
        supplier: &payload.supplier,
        material_number_customer: &demand.material_number_customer,
        material_number_supplier: &demand.material_number_supplier,
        material_description_customer: &demand.description,
        material_global_asset_id: (!demand.global_asset_id.is_empty())
            .then(|| format!("urn:uuid:{}", demand.global_asset_id)),
        unit_of_measure: demand.unit.map(|unit| unit.catena()),
        unit_of_measure_is_omitted: demand.unit.is_none(),
        material_demand_is_inactive: demand.inactive,
        changed_at: moment(payload.changed_at),
        demand_series: demand
            .series
            .iter()
            .map(|(key, weeks)| SeriesOut {
                customer_location: &key.customer_location,
                expected_supplier_location: &key.expected_supplier_location,
                demand_category: Category::of(key.category),
                demands: weeks.iter().map(week).collect(),
            })
            .collect(),
    };
    serde_json::value::to_raw_value(&out).ok()
}
