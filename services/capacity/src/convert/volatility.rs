//! Alerts out, and as they are kept.

use std::collections::BTreeMap;

use chassis::value;
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::{
    volatility::{Alert, Beyond},
    week::iso_week,
};

/// Decimals of a relative deviation on the wire.
const RELATIVE_DECIMALS: u32 = 6;

/// An alert against the measurement of a moment. Figures have one form, so that equal ones are the same.
pub(crate) fn alert(measured_at: OffsetDateTime, alert: &Alert) -> wire::DemandAlert {
    let figure = |figure: Decimal| value::wire_decimal(figure.normalize());
    let movement = &alert.movement;
    let trend = match movement.absolute.is_sign_negative() {
        true => wire::DemandTrend::Fallen,
        false => wire::DemandTrend::Risen,
    };
    wire::DemandAlert {
        monday: Some(value::wire_date(alert.monday)),
        iso_week: iso_week(alert.monday),
        trend: trend.into(),
        measured_at: Some(value::timestamp(measured_at)),
        previous: Some(figure(alert.previous)),
        latest: Some(figure(alert.latest)),
        absolute: Some(figure(movement.absolute)),
        relative: movement.relative.map(|relative| figure(relative.round_dp(RELATIVE_DECIMALS))),
        beyond: alert.beyond.iter().map(|beyond| bound(*beyond).into()).collect(),
        sequence_number: alert.sequence.into(),
    }
}

fn bound(beyond: Beyond) -> wire::AlertBound {
    match beyond {
        Beyond::RelativePositive => wire::AlertBound::RelativePositive,
        Beyond::RelativeNegative => wire::AlertBound::RelativeNegative,
        Beyond::AbsolutePositive => wire::AlertBound::AbsolutePositive,
        Beyond::AbsoluteNegative => wire::AlertBound::AbsoluteNegative,
    }
}

/// Kept alerts by their Monday.
pub(crate) fn by_week(alerts: Vec<wire::DemandAlert>) -> BTreeMap<Date, wire::DemandAlert> {
    alerts.into_iter().filter_map(|alert| Some((monday(&alert)?, alert))).collect()
}

/// Kept alerts of this week and later.
pub(crate) fn ahead(alerts: Vec<wire::DemandAlert>, from: Date) -> Vec<wire::DemandAlert> {
    alerts.into_iter().filter(|alert| monday(alert) >= Some(from)).collect()
}

fn monday(alert: &wire::DemandAlert) -> Option<Date> {
    value::date(alert.monday.as_ref()?).ok()
}
