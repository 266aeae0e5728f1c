//! What a policy lets a customer see.

use chassis::value::{timestamp, wire_date, wire_decimal};
use proto::capacity as wire;

use super::disclosure as policy;
use crate::{
    db::{group::Head, week::Row},
    disclosure::{Level, quarter},
};

/// A group that names its customer, no more of it than the level allows. Weeks in which demand or capacity is unknown have
/// nothing to be compared, and are there under EXACT alone.
pub(crate) fn group(
    head: &Head,
    level: Level,
    content: wire::GroupContent,
    rows: &[Row],
    alerts: &[wire::DemandAlert],
) -> wire::DisclosedGroup {
    wire::DisclosedGroup {
        id: head.id.to_string(),
        supplier_id: head.supplier.to_string(),
        customer_id: head.customer.map(|id| id.to_string()).unwrap_or_default(),
        version: head.version,
        name: head.name.clone(),
        unit_code: head.unit_code.clone().unwrap_or_default(),
        inactive: head.inactive,
        level: policy::level(level).into(),
        linked_demand: if level == Level::Exact { content.linked_demand } else { unweighed(content) },
        weeks: rows.iter().filter_map(|row| week(level, row)).collect(),
        changed_at: Some(timestamp(head.changed_at)),
        demand_alerts: alerts.iter().filter_map(|one| alert(level, one)).collect(),
        weeks_omitted: 0,
    }
}

/// Of demand that moved too far. Below EXACT, figures would tell load factors; and YES_NO tells whether weeks suffice, of
/// which this says nothing.
pub(crate) fn alert(level: Level, alert: &wire::DemandAlert) -> Option<wire::DemandAlert> {
    match level {
        Level::Exact => Some(alert.clone()),
        Level::Banded => Some(wire::DemandAlert {
            monday: alert.monday,
            iso_week: alert.iso_week.clone(),
            trend: alert.trend,
            measured_at: alert.measured_at,
            ..wire::DemandAlert::default()
        }),
        Level::YesNo | Level::Hidden => None,
    }
}

/// Load factors would turn bands into figures.
fn unweighed(content: wire::GroupContent) -> Vec<wire::LinkedDemandSeries> {
    let link = |link| wire::LinkedDemandSeries { load_factor: None, ..link };
    content.linked_demand.into_iter().map(link).collect()
}

fn week(level: Level, row: &Row) -> Option<wire::DisclosedWeek> {
    let (actual, maximum) = row.capacity().unzip();
    let both = row.demand.zip(maximum);
    let sufficient = both.map(|(demand, maximum)| demand <= maximum);
    let quarter = both.map(|(demand, maximum)| quarter(demand, maximum));
    let monday = Some(wire_date(row.monday));
    match level {
        Level::Hidden => None,
        Level::Exact if row.demand.is_none() && actual.is_none() => None,
        Level::Exact => Some(wire::DisclosedWeek {
            monday,
            actual_capacity: actual.map(wire_decimal),
            maximum_capacity: maximum.map(wire_decimal),
            agreed_capacity: row.agreed.map(wire_decimal),
            demand: row.demand.map(wire_decimal),
            quarter,
            sufficient,
        }),
        Level::Banded => {
            quarter.map(|_| wire::DisclosedWeek { monday, quarter, sufficient, ..Default::default() })
        }
        Level::YesNo => sufficient.map(|_| wire::DisclosedWeek { monday, sufficient, ..Default::default() }),
    }
}
