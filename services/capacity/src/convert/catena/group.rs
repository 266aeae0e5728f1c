//! WeekBasedCapacityGroup 3.0.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    object::{Object, partner},
    write::{Category, moment, number},
};
use crate::{
    convert::{
        group::{check_bound, check_maximum},
        read::{Wrong, once},
    },
    demand::{MAX_NAME_BYTES, MAX_WEEKS},
    group::{Group, Link, LinkKey, MAX_LINKS, MAX_LOCATIONS, MAX_THRESHOLDS, Stated, Threshold, Volatility},
};

/// A group as it came, between two partner numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub id: Uuid,
    pub customer: String,
    pub supplier: String,
    pub changed_at: OffsetDateTime,
    /// Its links name no customer yet: [`addressed`].
    pub group: Group,
}

/// The group with links to series of this customer.
pub(crate) fn addressed(mut group: Group, customer: Uuid) -> Group {
    let links = std::mem::take(&mut group.linked_demand);
    group.linked_demand = links.into_iter().map(|(key, link)| (LinkKey { customer, ..key }, link)).collect();
    group
}

/// The payload; notes every bad field.
pub(crate) fn read(wrong: &mut Wrong, object: &Object<'_>) -> Payload {
    let mut locations = BTreeSet::new();
    for (path, raw) in object.list(wrong, "supplierLocations", MAX_LOCATIONS) {
        let text: String = serde_json::from_str(raw.get()).unwrap_or_default();
        locations.extend(partner(wrong, &path, &text, "BPNS"));
    }
    let mut linked_groups = BTreeSet::new();
    for (path, raw) in object.list(wrong, "linkedCapacityGroups", MAX_LINKS) {
        let text: String = serde_json::from_str(raw.get()).unwrap_or_default();
        match Uuid::try_parse(&text) {
            Ok(id) => {
                linked_groups.insert(id);
            }
            Err(_) => wrong.note(path, "ID", "must be a uuid"),
        }
    }
    Payload {
        id: object.required_uuid(wrong, "capacityGroupId"),
        customer: object.required_partner(wrong, "customer", "BPNL"),
        supplier: object.required_partner(wrong, "supplier", "BPNL"),
        changed_at: object.required_time(wrong, "changedAt"),
        group: Group {
            name: object.name(wrong, "name"),
            unit: object.unit(wrong),
            inactive: object.boolean(wrong, "capacityGroupIsInactive"),
            locations,
            linked_demand: links(wrong, object),
            linked_groups,
            weeks: weeks(wrong, object),
            volatility: volatility(wrong, object),
        },
    }
}

fn links(wrong: &mut Wrong, object: &Object<'_>) -> BTreeMap<LinkKey, Link> {
    let mut links = BTreeMap::new();
    for (path, raw) in object.list(wrong, "linkedDemandSeries", MAX_LINKS) {
        let Some(link) = Object::read(wrong, &path, raw) else { continue };
        let material = link.name(wrong, "materialNumberCustomer");
        let location = link.required_partner(wrong, "customerLocation", "BPNS");
        let category = link.category(wrong);
        let supplier = link.text(wrong, "materialNumberSupplier", MAX_NAME_BYTES);
        let load_factor = link.number(wrong, "loadFactor");
        load_factor.inspect(|factor| wrong.load_factor(&link.at("loadFactor"), *factor));
        if let Some(category) = category {
            let key = LinkKey {
                customer: Uuid::nil(),
                material_number_customer: material,
                customer_location: location,
                category,
            };
            let value = Link { material_number_supplier: supplier.unwrap_or_default(), load_factor };
            once(wrong, &mut links, &path, key, value);
        }
    }
    links
}

fn weeks(wrong: &mut Wrong, object: &Object<'_>) -> BTreeMap<Date, Stated> {
    let mut weeks = BTreeMap::new();
    for (path, raw) in object.list(wrong, "capacities", MAX_WEEKS) {
        let Some(week) = Object::read(wrong, &path, raw) else { continue };
        let monday = week.monday(wrong, "pointInTime");
        let actual = week.required_quantity(wrong, "actualCapacity");
        let maximum = week.required_quantity(wrong, "maximumCapacity");
        let agreed = week.quantity(wrong, "agreedCapacity");
        let delta = week.number(wrong, "deltaProductionResult");
        if let (Some(monday), Some(actual), Some(maximum)) = (monday, actual, maximum) {
            let stated = Stated { actual, maximum, agreed, delta };
            check_maximum(wrong, &week.at("maximumCapacity"), &stated);
            once(wrong, &mut weeks, &week.at("pointInTime"), monday, stated);
        }
    }
    weeks
}

fn volatility(wrong: &mut Wrong, object: &Object<'_>) -> Option<Volatility> {
    let name = "demandVolatilityParameters";
    let inner = Object::read(wrong, &object.at(name), object.raw(name)?)?;
    let mut thresholds = BTreeMap::new();
    for (path, raw) in inner.list(wrong, "rollingHorizonAlertThresholds", MAX_THRESHOLDS) {
        let Some(one) = Object::read(wrong, &path, raw) else { continue };
        let mut bound = |name: &str, most: Option<Decimal>| {
            let number = one.number(wrong, name);
            check_bound(wrong, &one.at(name), number, most);
            number
        };
        let threshold = Threshold {
            relative_positive: bound("relativePositiveDeviation", None),
            relative_negative: bound("relativeNegativeDeviation", Some(Decimal::ONE)),
            absolute_positive: bound("absolutePositiveDeviation", None),
            absolute_negative: bound("absoluteNegativeDeviation", None),
            sequence: one.count(wrong, "sequenceNumber"),
            length: one.count(wrong, "subhorizonLength"),
        };
        once(wrong, &mut thresholds, &one.at("sequenceNumber"), threshold.sequence, threshold);
    }
    Some(Volatility {
        start_at: inner.required_time(wrong, "startReferenceDateTime"),
        interval: inner.count(wrong, "measurementInterval"),
        thresholds: thresholds.into_values().collect(),
    })
}

/// As the schema has it.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Out<'a> {
    capacity_group_id: Uuid,
    name: &'a str,
    customer: &'a str,
    supplier: &'a str,
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_of_measure: Option<String>,
    unit_of_measure_is_omitted: bool,
    capacity_group_is_inactive: bool,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    supplier_locations: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    linked_capacity_groups: &'a BTreeSet<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linked_demand_series: Vec<LinkOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capacities: Vec<WeekOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demand_volatility_parameters: Option<VolatilityOut>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkOut<'a> {
    material_number_customer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    material_number_supplier: &'a str,
    customer_location: &'a str,
    demand_category: Category,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_factor: Option<Box<RawValue>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct WeekOut {
    point_in_time: String,
    actual_capacity: Box<RawValue>,
    maximum_capacity: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed_capacity: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta_production_result: Option<Box<RawValue>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct VolatilityOut {
    start_reference_date_time: String,
    measurement_interval: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rolling_horizon_alert_thresholds: Vec<ThresholdOut>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ThresholdOut {
    sequence_number: u16,
    subhorizon_length: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_positive_deviation: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_negative_deviation: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute_positive_deviation: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute_negative_deviation: Option<Box<RawValue>>,
}

/// The payload in JSON; `None` where a location is no partner number, which the schema cannot say.
pub(crate) fn write(payload: &Payload) -> Option<Box<RawValue>> {
    let group = &payload.group;
    let of_network = |location: &String| location.starts_with("BPNS");
    let series = group.linked_demand.keys().map(|key| &key.customer_location);
    if !group.locations.iter().chain(series).all(of_network) {
        return None;
    }
    let out = Out {
        capacity_group_id: payload.id,
        name: &group.name,
        customer: &payload.customer,
        supplier: &payload.supplier,
        changed_at: moment(payload.changed_at),
        unit_of_measure: group.unit.map(|unit| unit.catena()),
        unit_of_measure_is_omitted: group.unit.is_none(),
        capacity_group_is_inactive: group.inactive,
        supplier_locations: &group.locations,
        linked_capacity_groups: &group.linked_groups,
        linked_demand_series: group.linked_demand.iter().map(link_out).collect(),
        capacities: group.weeks.iter().map(week_out).collect(),
        demand_volatility_parameters: group.volatility.as_ref().map(volatility_out),
    };
    serde_json::value::to_raw_value(&out).ok()
}

fn link_out<'a>((key, link): (&'a LinkKey, &'a Link)) -> LinkOut<'a> {
    LinkOut {
        material_number_customer: &key.material_number_customer,
        material_number_supplier: &link.material_number_supplier,
        customer_location: &key.customer_location,
        demand_category: Category::of(key.category),
        load_factor: link.load_factor.map(number),
    }
}

fn week_out((monday, stated): (&Date, &Stated)) -> WeekOut {
    WeekOut {
        point_in_time: monday.to_string(),
        actual_capacity: number(stated.actual),
        maximum_capacity: number(stated.maximum),
        agreed_capacity: stated.agreed.map(number),
        delta_production_result: stated.delta.map(number),
    }
}

fn volatility_out(volatility: &Volatility) -> VolatilityOut {
    let threshold = |threshold: &Threshold| ThresholdOut {
        sequence_number: threshold.sequence,
        subhorizon_length: threshold.length,
        relative_positive_deviation: threshold.relative_positive.map(number),
        relative_negative_deviation: threshold.relative_negative.map(number),
        absolute_positive_deviation: threshold.absolute_positive.map(number),
        absolute_negative_deviation: threshold.absolute_negative.map(number),
    };
    VolatilityOut {
        start_reference_date_time: moment(volatility.start_at),
        measurement_interval: volatility.interval,
        rolling_horizon_alert_thresholds: volatility.thresholds.iter().map(threshold).collect(),
    }
}
