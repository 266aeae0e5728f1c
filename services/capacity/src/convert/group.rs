//! Groups in and out.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Error, Result, value};
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::read::{Wrong, once, wire_category};
use crate::{
    db::group::Head,
    demand::{MAX_NAME_BYTES, MAX_WEEKS},
    group::{
        Delta, Group, Link, LinkKey, MAX_LINKS, MAX_LOCATIONS, MAX_THRESHOLDS, Stated, Threshold, Volatility,
    },
};

/// A group that may be taken, its links unchecked.
#[derive(Clone, Debug)]
pub(crate) struct NewGroup {
    pub id: Option<Uuid>,
    pub customer: Option<Uuid>,
    /// `None`: now.
    pub changed_at: Option<OffsetDateTime>,
    pub expected_version: Option<i64>,
    pub group: Group,
}

/// A change of some weeks of a group.
#[derive(Clone, Debug)]
pub(crate) struct GroupDelta {
    pub id: Uuid,
    pub version: i64,
    pub delta: Delta,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_group(request: wire::UploadCapacityGroupRequest) -> Result<NewGroup> {
    let mut wrong = Wrong::default();
    let id = id(&mut wrong, "group_id", &request.group_id);
    let customer = id_of(&mut wrong, "customer_id", &request.customer_id);
    let changed_at = wrong.time("changed_at", request.changed_at.as_ref());
    if request.expected_version < 0 {
        wrong.note("expected_version", "RANGE", "must be at least 0");
    }
    let Some(content) = &request.content else {
        wrong.note("content", "REQUIRED", "is required");
        return Err(Error::invalid(wrong.0));
    };
    let group = group(&mut wrong, customer, content);
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let expected_version = (request.expected_version > 0).then_some(request.expected_version);
    Ok(NewGroup { id, customer, changed_at, expected_version, group })
}

fn id(wrong: &mut Wrong, path: &str, text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok();
    if id.is_none() && !text.is_empty() {
        wrong.note(path, "ID", "must be a uuid");
    }
    id
}

fn id_of(wrong: &mut Wrong, path: &str, text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok();
    if id.is_none() && !text.is_empty() {
        wrong.note(path, "ID", "must be an id as the platform gave it");
    }
    id
}

fn group(wrong: &mut Wrong, customer: Option<Uuid>, content: &wire::GroupContent) -> Group {
    for (path, count, most) in [
        ("content.supplier_locations", content.supplier_locations.len(), MAX_LOCATIONS),
        ("content.linked_demand", content.linked_demand.len(), MAX_LINKS),
        ("content.linked_group_ids", content.linked_group_ids.len(), MAX_LINKS),
        ("content.weeks", content.weeks.len(), MAX_WEEKS),
    ] {
        if count > most {
            wrong.note(path, "COUNT", format!("must have at most {most} entries"));
        }
    }
    let mut locations = BTreeSet::new();
    for (index, location) in content.supplier_locations.iter().take(MAX_LOCATIONS).enumerate() {
        locations.insert(wrong.name(&format!("content.supplier_locations[{index}]"), location));
    }
    let mut linked_groups = BTreeSet::new();
    for (index, text) in content.linked_group_ids.iter().take(MAX_LINKS).enumerate() {
        match Uuid::try_parse(text) {
            Ok(id) => {
                linked_groups.insert(id);
            }
            Err(_) => wrong.note(format!("content.linked_group_ids[{index}]"), "ID", "must be a uuid"),
        }
    }
    Group {
        name: wrong.name("content.name", &content.name),
        unit: wrong.unit("content.unit_code", &content.unit_code),
        inactive: content.inactive,
        locations,
        linked_demand: links(wrong, customer, &content.linked_demand),
        linked_groups,
        weeks: weeks(wrong, "content.weeks", &content.weeks),
        volatility: content.volatility.as_ref().and_then(|wire| volatility(wrong, wire)),
    }
}

fn links(
    wrong: &mut Wrong,
    customer: Option<Uuid>,
    list: &[wire::LinkedDemandSeries],
) -> BTreeMap<LinkKey, Link> {
    let mut links = BTreeMap::new();
    for (index, link) in list.iter().take(MAX_LINKS).enumerate() {
        let path = format!("content.linked_demand[{index}]");
        let stated = id_of(wrong, &format!("{path}.customer_id"), &link.customer_id);
        let customer = stated.or(customer);
        if customer.is_none() && link.customer_id.is_empty() {
            wrong.note(
                format!("{path}.customer_id"),
                "REQUIRED",
                "say whose demand, since the group names no customer",
            );
        }
        let material =
            wrong.name(&format!("{path}.material_number_customer"), &link.material_number_customer);
        let location = wrong.name(&format!("{path}.customer_location"), &link.customer_location);
        let category = wrong.category(&format!("{path}.demand_category"), link.demand_category());
        let supplier_number = wrong.text(
            &format!("{path}.material_number_supplier"),
            &link.material_number_supplier,
            MAX_NAME_BYTES,
        );
        let factor_path = format!("{path}.load_factor");
        let load_factor = wrong.decimal(&factor_path, link.load_factor.as_ref());
        load_factor.inspect(|factor| wrong.load_factor(&factor_path, *factor));
        if let (Some(customer), Some(category)) = (customer, category) {
            let key = LinkKey {
                customer,
                material_number_customer: material,
                customer_location: location,
                category,
            };
            let link = Link { material_number_supplier: supplier_number, load_factor };
            once(wrong, &mut links, &path, key, link);
        }
    }
    links
}

fn weeks(wrong: &mut Wrong, path: &str, list: &[wire::CapacityWeek]) -> BTreeMap<Date, Stated> {
    let mut weeks = BTreeMap::new();
    for (index, week) in list.iter().take(MAX_WEEKS).enumerate() {
        let path = format!("{path}[{index}]");
        let monday = wrong.monday(&format!("{path}.monday"), week.monday.as_ref());
        for (name, wire) in [("actual", &week.actual_capacity), ("maximum", &week.maximum_capacity)] {
            if wire.is_none() {
                wrong.note(format!("{path}.{name}_capacity"), "REQUIRED", "is required");
            }
        }
        let maximum_path = format!("{path}.maximum_capacity");
        let stated = Stated {
            actual: wrong
                .quantity(&format!("{path}.actual_capacity"), week.actual_capacity.as_ref())
                .unwrap_or_default(),
            maximum: wrong.quantity(&maximum_path, week.maximum_capacity.as_ref()).unwrap_or(Decimal::MAX),
            agreed: wrong.quantity(&format!("{path}.agreed_capacity"), week.agreed_capacity.as_ref()),
            delta: wrong.decimal(&format!("{path}.delta_production"), week.delta_production.as_ref()),
        };
        check_maximum(wrong, &maximum_path, &stated);
        if let Some(monday) = monday {
            once(wrong, &mut weeks, &format!("{path}.monday"), monday, stated);
        }
    }
    weeks
}

/// What no schema says.
pub(crate) fn check_maximum(wrong: &mut Wrong, path: &str, stated: &Stated) {
    if stated.maximum < stated.actual {
        wrong.note(path, "BELOW_ACTUAL", "must be at least the actual capacity");
    }
}

fn volatility(wrong: &mut Wrong, wire: &wire::DemandVolatility) -> Option<Volatility> {
    let path = "content.volatility";
    let start_at = wrong.time(&format!("{path}.start_at"), wire.start_at.as_ref());
    if wire.start_at.is_none() {
        wrong.note(format!("{path}.start_at"), "REQUIRED", "is required");
    }
    let interval =
        count(wrong, &format!("{path}.measurement_interval_weeks"), wire.measurement_interval_weeks);
    if wire.thresholds.len() > MAX_THRESHOLDS {
        let message = format!("must have at most {MAX_THRESHOLDS} thresholds");
        wrong.note(format!("{path}.thresholds"), "COUNT", message);
    }
    let mut thresholds = BTreeMap::new();
    for (index, wire) in wire.thresholds.iter().take(MAX_THRESHOLDS).enumerate() {
        let path = format!("{path}.thresholds[{index}]");
        let mut bound = |name: &str, wire: &Option<proto::Decimal>, most: Option<Decimal>| {
            let path = format!("{path}.{name}");
            let number = wrong.decimal(&path, wire.as_ref());
            check_bound(wrong, &path, number, most);
            number
        };
        let threshold = Threshold {
            relative_positive: bound("relative_positive", &wire.relative_positive, None),
            relative_negative: bound("relative_negative", &wire.relative_negative, Some(Decimal::ONE)),
            absolute_positive: bound("absolute_positive", &wire.absolute_positive, None),
            absolute_negative: bound("absolute_negative", &wire.absolute_negative, None),
            sequence: count(wrong, &format!("{path}.sequence_number"), wire.sequence_number),
            length: count(wrong, &format!("{path}.subhorizon_length_weeks"), wire.subhorizon_length_weeks),
        };
        once(wrong, &mut thresholds, &format!("{path}.sequence_number"), threshold.sequence, threshold);
    }
    Some(Volatility { start_at: start_at?, interval, thresholds: thresholds.into_values().collect() })
}

/// A bound is at least 0, and a relative fall at most 1.
pub(crate) fn check_bound(wrong: &mut Wrong, path: &str, number: Option<Decimal>, most: Option<Decimal>) {
    if number.is_some_and(|number| number < Decimal::ZERO || most.is_some_and(|most| number > most)) {
        let most = most.map(|most| format!(" and at most {most}")).unwrap_or_default();
        wrong.note(path, "RANGE", format!("must be at least 0{most}"));
    }
}

/// A number from 1 to 999.
fn count(wrong: &mut Wrong, path: &str, number: i32) -> u16 {
    match u16::try_from(number) {
        Ok(number @ 1..=999) => number,
        _ => {
            wrong.note(path, "RANGE", "must lie between 1 and 999");
            1
        }
    }
}

/// INVALID_ARGUMENT naming every bad field; NOT_FOUND for what is no id.
pub(crate) fn delta(request: &wire::UpdateCapacityWeeksRequest) -> Result<GroupDelta> {
    let mut wrong = Wrong::default();
    if request.version < 1 {
        wrong.note("version", "REQUIRED", "say which version you looked at");
    }
    if request.weeks.len() + request.removed_mondays.len() > MAX_WEEKS {
        wrong.note("weeks", "COUNT", format!("must have at most {MAX_WEEKS} weeks"));
    }
    let set = weeks(&mut wrong, "weeks", &request.weeks);
    let mut weeks: BTreeMap<Date, Option<Stated>> =
        set.into_iter().map(|(monday, stated)| (monday, Some(stated))).collect();
    for (index, monday) in request.removed_mondays.iter().take(MAX_WEEKS).enumerate() {
        let path = format!("removed_mondays[{index}]");
        if let Some(monday) = wrong.monday(&path, Some(monday)) {
            once(&mut wrong, &mut weeks, &path, monday, None);
        }
    }
    if weeks.is_empty() && request.inactive.is_none() {
        wrong.note("weeks", "REQUIRED", "say what changes");
    }
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let delta = Delta { weeks, inactive: request.inactive };
    Ok(GroupDelta { id: value::id(&request.group_id)?, version: request.version, delta })
}

/// What was kept.
pub(crate) fn kept(customer: Option<Uuid>, content: &wire::GroupContent) -> Result<Group> {
    let mut wrong = Wrong::default();
    let group = group(&mut wrong, customer, content);
    match wrong.0.first() {
        None => Ok(group),
        Some(field) => Err(Error::internal(anyhow::anyhow!("a kept group has a bad {}", field.path))),
    }
}

/// What was kept of when demand is measured.
pub(crate) fn kept_volatility(wire: &wire::DemandVolatility) -> Result<Volatility> {
    let mut wrong = Wrong::default();
    let kept = volatility(&mut wrong, wire);
    kept.ok_or_else(|| Error::internal(anyhow::anyhow!("kept parameters have no beginning")))
}

/// As it is kept and shown.
pub(crate) fn content(group: &Group) -> wire::GroupContent {
    wire::GroupContent {
        name: group.name.clone(),
        unit_code: group.unit.map(|unit| unit.code().to_owned()).unwrap_or_default(),
        inactive: group.inactive,
        supplier_locations: group.locations.iter().cloned().collect(),
        linked_demand: group.linked_demand.iter().map(|(key, link)| link_out(key, link)).collect(),
        linked_group_ids: group.linked_groups.iter().map(Uuid::to_string).collect(),
        weeks: group.weeks.iter().map(|(monday, stated)| stated_out(*monday, stated)).collect(),
        volatility: group.volatility.as_ref().map(volatility_out),
    }
}

pub(crate) fn link_out(key: &LinkKey, link: &Link) -> wire::LinkedDemandSeries {
    wire::LinkedDemandSeries {
        customer_id: key.customer.to_string(),
        material_number_customer: key.material_number_customer.clone(),
        material_number_supplier: link.material_number_supplier.clone(),
        customer_location: key.customer_location.clone(),
        demand_category: wire_category(key.category).into(),
        load_factor: link.load_factor.map(value::wire_decimal),
    }
}

fn stated_out(monday: Date, stated: &Stated) -> wire::CapacityWeek {
    wire::CapacityWeek {
        monday: Some(value::wire_date(monday)),
        actual_capacity: Some(value::wire_decimal(stated.actual)),
        maximum_capacity: Some(value::wire_decimal(stated.maximum)),
        agreed_capacity: stated.agreed.map(value::wire_decimal),
        delta_production: stated.delta.map(value::wire_decimal),
    }
}

pub(crate) fn volatility_out(volatility: &Volatility) -> wire::DemandVolatility {
    let threshold = |threshold: &Threshold| wire::AlertThreshold {
        sequence_number: threshold.sequence.into(),
        subhorizon_length_weeks: threshold.length.into(),
        relative_positive: threshold.relative_positive.map(value::wire_decimal),
        relative_negative: threshold.relative_negative.map(value::wire_decimal),
        absolute_positive: threshold.absolute_positive.map(value::wire_decimal),
        absolute_negative: threshold.absolute_negative.map(value::wire_decimal),
    };
    wire::DemandVolatility {
        start_at: Some(value::timestamp(volatility.start_at)),
        measurement_interval_weeks: volatility.interval.into(),
        thresholds: volatility.thresholds.iter().map(threshold).collect(),
    }
}

/// A group as its supplier sees it, without what was found of its weeks.
pub(crate) fn group_out(head: &Head, content: wire::GroupContent) -> wire::CapacityGroup {
    wire::CapacityGroup {
        id: head.id.to_string(),
        supplier_id: head.supplier.to_string(),
        customer_id: head.customer.map(|id| id.to_string()).unwrap_or_default(),
        version: head.version,
        changed_at: Some(value::timestamp(head.changed_at)),
        received_at: Some(value::timestamp(head.received_at)),
        content: Some(content),
        matched: Vec::new(),
        weeks_omitted: 0,
        demand_alerts: Vec::new(),
        demand_measured_at: None,
        uncounted_lines: 0,
    }
}

pub(crate) fn summary(head: &Head, demand_alerts: Vec<wire::DemandAlert>) -> wire::GroupSummary {
    wire::GroupSummary {
        id: head.id.to_string(),
        customer_id: head.customer.map(|id| id.to_string()).unwrap_or_default(),
        name: head.name.clone(),
        unit_code: head.unit_code.clone().unwrap_or_default(),
        version: head.version,
        inactive: head.inactive,
        changed_at: Some(value::timestamp(head.changed_at)),
        received_at: Some(value::timestamp(head.received_at)),
        demand_alerts,
        uncounted_lines: 0,
    }
}
