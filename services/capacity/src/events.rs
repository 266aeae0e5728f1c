//! What happened → its envelope.

pub(crate) mod alert;
pub(crate) mod booking;
pub(crate) mod capability;
pub(crate) mod comment;
pub(crate) mod request;

use chassis::{outbox::NewEvent, value};
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use crate::{
    commands::{Moment, Now},
    convert,
    db::{demand, group, week::Row},
    disclosure::Level,
    matching::{Turn, Turned},
    week::iso_week,
};

/// The largest event, in bytes; a larger object travels without its series or weeks.
const MAX_BYTES: usize = 256 * 1024;

/// The most weeks that an event tells of as they turn, so that it is no larger; more are told by several.
const MAX_WEEKS: usize = 1_000;

const SOURCE: &str = "tandem/capacity";

fn envelope(
    now: Now<'_>,
    r#type: &'static str,
    subject: (&str, Uuid),
    version: i64,
    audience: Vec<Uuid>,
    data: Vec<u8>,
) -> NewEvent {
    now.event((SOURCE, r#type), subject, version, audience, data)
}

/// The customer stated a demand.
pub(crate) fn demand_uploaded(
    moment: &Moment<'_>,
    head: &demand::Head,
    content: wire::DemandContent,
) -> NewEvent {
    let sites = [
        (head.customer, content.series.iter().map(|one| one.customer_location.clone()).collect()),
        (head.supplier, expected(&content)),
    ];
    let mut demand = convert::demand::demand_out(head, content);
    if demand.encoded_len() > MAX_BYTES
        && let Some(content) = &mut demand.content
    {
        demand.series_omitted = content.series.len() as i32;
        content.series.clear();
    }
    let data = wire::MaterialDemandUploaded { demand: Some(demand) }.encode_to_vec();
    let audience = vec![head.customer, head.supplier];
    let r#type = "tandem.capacity.material_demand.uploaded.v1";
    envelope(moment.now(), r#type, ("material-demands", head.id), head.version, audience, data)
        .concerning(&sites)
}

/// Sites of the supplier that a demand concerns: where it is expected from, unless any of it may come from each.
fn expected(content: &wire::DemandContent) -> Vec<String> {
    let from = content.series.iter().map(|one| &one.expected_supplier_location);
    let places: Vec<String> = from.cloned().collect();
    if places.iter().any(String::is_empty) { Vec::new() } else { places }
}

/// The supplier stated a group.
pub(crate) fn group_uploaded(
    moment: &Moment<'_>,
    head: &group::Head,
    content: wire::GroupContent,
) -> NewEvent {
    let mut group = convert::group::group_out(head, content);
    if group.encoded_len() > MAX_BYTES
        && let Some(content) = &mut group.content
    {
        group.weeks_omitted = content.weeks.len() as i32;
        content.weeks.clear();
        content.linked_demand.clear();
    }
    let data = wire::CapacityGroupUploaded { group: Some(group) }.encode_to_vec();
    let r#type = "tandem.capacity.capacity_group.uploaded.v1";
    envelope(moment.now(), r#type, ("capacity-groups", head.id), head.version, vec![head.supplier], data)
        .concerning(&[(head.supplier, head.locations.clone())])
}

/// What its customer sees of a group that was stated.
pub(crate) fn group_disclosed(
    now: Now<'_>,
    head: &group::Head,
    (customer, locations): (Uuid, &[String]),
    group: wire::DisclosedGroup,
) -> NewEvent {
    let data = wire::CapacityGroupDisclosed { group: Some(fitting(group)) }.encode_to_vec();
    let r#type = "tandem.capacity.capacity_group.disclosed.v1";
    envelope(now, r#type, ("capacity-groups", head.id), head.version, vec![customer], data)
        .concerning(&[(customer, locations.to_vec())])
}

/// As much of it as an event may take.
fn fitting(mut group: wire::DisclosedGroup) -> wire::DisclosedGroup {
    if group.encoded_len() > MAX_BYTES {
        group.weeks_omitted = group.weeks.len() as i32;
        group.weeks.clear();
        group.linked_demand.clear();
        group.demand_alerts.clear();
    }
    group
}

/// Bottlenecks that turned: an event for each way in which they did. For the supplier, or for the customer whom the group
/// names, as far as it is shown, each with its sites.
pub(crate) fn bottlenecks(
    now: Now<'_>,
    head: &group::Head,
    turned: &[Turned<Row>],
    customer: Option<(Uuid, Level, &[String])>,
) -> Vec<NewEvent> {
    let (audience, level, locations) = customer.unwrap_or((head.supplier, Level::Exact, &head.locations));
    let event = |turn: Turn| {
        let rows = turned.iter().filter(|one| one.turn == turn);
        let weeks: Vec<wire::BottleneckWeek> = rows.map(|one| bottleneck(&one.week, level)).collect();
        let event = |weeks: &[wire::BottleneckWeek]| {
            let (r#type, data) = payload(turn, head, weeks.to_vec());
            envelope(now, r#type, ("capacity-groups", head.id), 0, vec![audience], data)
                .concerning(&[(audience, locations.to_vec())])
        };
        weeks.chunks(MAX_WEEKS).map(event).collect::<Vec<NewEvent>>()
    };
    [Turn::Raised, Turn::Changed, Turn::Cleared].into_iter().flat_map(event).collect()
}

fn bottleneck(row: &Row, level: Level) -> wire::BottleneckWeek {
    let exact = level == Level::Exact;
    let (actual, maximum) = row.capacity().unzip();
    let figure = |figure: Option<rust_decimal::Decimal>| figure.filter(|_| exact).map(value::wire_decimal);
    let result = if level == Level::YesNo { Default::default() } else { convert::week::result(row) };
    wire::BottleneckWeek {
        monday: Some(value::wire_date(row.monday)),
        iso_week: iso_week(row.monday),
        result: result.into(),
        demand: figure(row.demand),
        actual_capacity: figure(actual),
        maximum_capacity: figure(maximum),
    }
}

fn payload(turn: Turn, head: &group::Head, weeks: Vec<wire::BottleneckWeek>) -> (&'static str, Vec<u8>) {
    let (group_id, supplier_id) = (head.id.to_string(), head.supplier.to_string());
    let (group_name, unit_code) = (head.name.clone(), head.unit_code.clone().unwrap_or_default());
    match turn {
        Turn::Raised => (
            "tandem.capacity.bottleneck.raised.v1",
            wire::BottleneckRaised { group_id, supplier_id, group_name, unit_code, weeks }.encode_to_vec(),
        ),
        Turn::Changed => (
            "tandem.capacity.bottleneck.changed.v1",
            wire::BottleneckChanged { group_id, supplier_id, group_name, unit_code, weeks }.encode_to_vec(),
        ),
        Turn::Cleared => (
            "tandem.capacity.bottleneck.cleared.v1",
            wire::BottleneckCleared { group_id, supplier_id, group_name, unit_code, weeks }.encode_to_vec(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use time::{Date, macros::date};

    use super::*;
    use crate::{demand::MAX_NAME_BYTES, group::MAX_LINKS};

    const DAY: Date = date!(2026 - 11 - 23);

    fn figure() -> Option<proto::Decimal> {
        Some(value::wire_decimal(Decimal::MIN))
    }

    fn alert() -> wire::DemandAlert {
        wire::DemandAlert {
            monday: Some(value::wire_date(DAY)),
            iso_week: iso_week(DAY),
            trend: wire::DemandTrend::Unspecified.into(),
            measured_at: Some(value::timestamp(DAY.midnight().assume_utc())),
            previous: figure(),
            latest: figure(),
            absolute: figure(),
            relative: figure(),
            beyond: vec![1; 4],
            sequence_number: 100,
        }
    }

    /// As large as a group may be that is shown in full.
    fn largest() -> wire::DisclosedGroup {
        let name = "x".repeat(MAX_NAME_BYTES);
        let link = wire::LinkedDemandSeries {
            customer_id: Uuid::max().to_string(),
            material_number_customer: name.clone(),
            material_number_supplier: name.clone(),
            customer_location: name.clone(),
            load_factor: figure(),
            ..Default::default()
        };
        let week = wire::DisclosedWeek {
            monday: Some(value::wire_date(DAY)),
            actual_capacity: figure(),
            maximum_capacity: figure(),
            agreed_capacity: figure(),
            demand: figure(),
            quarter: Some(5),
            sufficient: Some(false),
        };
        // Weeks are stated some at a time, and a calendar has many.
        wire::DisclosedGroup {
            name,
            linked_demand: vec![link; MAX_LINKS],
            weeks: vec![week; 15_000],
            demand_alerts: vec![alert(); 9_000],
            ..Default::default()
        }
    }

    #[test]
    fn what_a_customer_sees_of_the_largest_group_fits_into_an_event() {
        let group = largest();
        assert!(group.encoded_len() > 4 * 1024 * 1024, "{} bytes", group.encoded_len());
        let sent = fitting(group);
        assert!(sent.encoded_len() <= MAX_BYTES, "{} bytes", sent.encoded_len());
        assert_eq!((sent.weeks_omitted, sent.weeks.len()), (15_000, 0));
        let small = wire::DisclosedGroup { weeks: vec![Default::default(); 1_044], ..Default::default() };
        assert_eq!(fitting(small.clone()), small);
    }

    #[test]
    fn as_many_weeks_as_an_event_tells_of_fit_into_it() {
        let week = wire::BottleneckWeek {
            monday: Some(value::wire_date(DAY)),
            iso_week: iso_week(DAY),
            result: 1,
            demand: figure(),
            actual_capacity: figure(),
            maximum_capacity: figure(),
        };
        let group_name = "x".repeat(MAX_NAME_BYTES);
        let weeks = vec![week; MAX_WEEKS];
        let bottleneck =
            wire::BottleneckRaised { group_name: group_name.clone(), weeks, ..Default::default() };
        let alerts = vec![alert(); MAX_WEEKS];
        let alert = wire::DemandAlertRaised { group_name, alerts, ..Default::default() };
        for bytes in [bottleneck.encoded_len(), alert.encoded_len()] {
            assert!(bytes <= MAX_BYTES, "{bytes} bytes");
        }
    }
}
