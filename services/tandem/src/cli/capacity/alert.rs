//! Demand that moved too far since it was measured, as a table.

use proto::capacity::{AlertBound, CapacityGroup, DemandAlert};
use rust_decimal::Decimal;

use super::figure;
use crate::cli::output::{short, table, table_text};

/// What a group says of it; empty where its demand is not measured.
pub fn text(group: &CapacityGroup, unit: &str) -> String {
    let Some(measured_at) = &group.demand_measured_at else { return String::new() };
    let head = format!("demand measured at {measured_at}");
    if group.demand_alerts.is_empty() {
        return format!("{head}: it has not moved too far since");
    }
    let mut table = table(&["WEEK", "MEASURED", "NOW", "MOVED", "BEYOND"]);
    for alert in &group.demand_alerts {
        table.add_row(row(alert, unit));
    }
    format!("{head}, and moved too far since\n{}", table_text(&table))
}

fn row(alert: &DemandAlert, unit: &str) -> [String; 5] {
    let figure = |decimal: &Option<proto::Decimal>| figure::figure(decimal.as_ref(), unit);
    let moved = match alert.relative.as_ref().and_then(|relative| relative.value.parse::<Decimal>().ok()) {
        Some(share) => format!("{:+}%", (share * Decimal::ONE_HUNDRED).round_dp(1).normalize()),
        // Of nothing there is no share.
        None => figure(&alert.absolute),
    };
    let bound =
        |bound: AlertBound| short(bound.as_str_name(), "ALERT_BOUND_").to_lowercase().replace('_', " ");
    let beyond: Vec<String> = alert.beyond().map(bound).collect();
    [alert.iso_week.clone(), figure(&alert.previous), figure(&alert.latest), moved, beyond.join(", ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_says_how_far_demand_moved_and_beyond_what() {
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let alert = |previous: &str, latest: &str, absolute: &str, relative: Option<&str>| DemandAlert {
            iso_week: "2026-W53".into(),
            previous: wire(previous),
            latest: wire(latest),
            absolute: wire(absolute),
            relative: relative.and_then(wire),
            beyond: vec![AlertBound::RelativePositive.into(), AlertBound::AbsolutePositive.into()],
            ..DemandAlert::default()
        };
        let both = "relative positive, absolute positive";
        for (alert, unit, expected) in [
            (alert("360000", "450000", "90000", Some("0.25")), "SEC", ["100", "125", "+25%"]),
            (alert("200", "160", "-40", Some("-0.2")), "H87", ["200", "160", "-20%"]),
            (alert("0", "5", "5", None), "H87", ["0", "5", "5"]),
        ] {
            let [week, previous, latest, moved, beyond] = row(&alert, unit);
            assert_eq!((week.as_str(), beyond.as_str()), ("2026-W53", both));
            assert_eq!([previous, latest, moved], expected);
        }
    }
}
