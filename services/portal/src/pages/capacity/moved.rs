//! Weeks whose demand moved further than their group's supplier lets it, as people read them.

use proto::capacity::{DemandAlert, DemandTrend, DisclosedGroup, GroupSummary};
use rust_decimal::Decimal;
use time::Date;

use crate::{
    format,
    i18n::{Text, key},
    measure::Measure,
    page::link,
    typed,
};

/// Weeks that are named on a page of many groups.
const NAMED: usize = 5;

/// A week that moved.
pub struct Moved {
    pub monday: Date,
    pub href: String,
    /// Which way it went; a word says it too.
    pub sign: &'static str,
    pub what: String,
    pub why: String,
    /// How the week is marked in a table.
    pub mark: String,
}

/// The weeks of a group; with its name where they stand beside those of others.
pub fn of(t: &Text, unit: &str, id: &str, name: Option<&str>, alerts: &[DemandAlert]) -> Vec<Moved> {
    let measure = Measure::of(unit);
    let one = |alert: &DemandAlert| {
        let monday = format::day(alert.monday.as_ref())?;
        let week = t.whole_week(monday);
        let sign = if risen(alert) { "↑" } else { "↓" };
        let how = how(t, &measure, alert);
        Some(Moved {
            monday,
            href: link(&format!("/capacity/groups/{id}"), &[("week", &typed::iso(Some(monday)))]),
            sign,
            what: name.map_or_else(|| week.clone(), |name| t.two(key::SHORT_WHERE, name, &week)),
            mark: format!("{sign} {}", how.short),
            why: how.whole,
        })
    };
    alerts.iter().filter_map(one).collect()
}

/// Those of many groups, the earliest first, and how many more there are.
pub fn of_all(t: &Text, own: &[GroupSummary], shown: &[DisclosedGroup]) -> (Vec<Moved>, usize) {
    let own = own.iter().map(|one| of(t, &one.unit_code, &one.id, Some(&one.name), &one.demand_alerts));
    let shown = shown.iter().map(|one| of(t, &one.unit_code, &one.id, Some(&one.name), &one.demand_alerts));
    let mut all: Vec<Moved> = own.chain(shown).flatten().collect();
    all.sort_by_key(|one| one.monday);
    let further = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    (all, further)
}

fn risen(alert: &DemandAlert) -> bool {
    alert.trend() != DemandTrend::Fallen
}

/// How far a week moved: in a word for a table, and in a sentence.
struct How {
    short: String,
    whole: String,
}

fn how(t: &Text, measure: &Measure, alert: &DemandAlert) -> How {
    let decimal = |wire: &Option<proto::Decimal>| format::decimal(wire.as_ref());
    let figures = decimal(&alert.previous).zip(decimal(&alert.latest)).zip(decimal(&alert.absolute));
    let Some(((previous, latest), absolute)) = figures else {
        let (short, whole) = match risen(alert) {
            true => (key::MOVED_UP_SHORT, key::MOVED_UP_ONLY),
            false => (key::MOVED_DOWN_SHORT, key::MOVED_DOWN_ONLY),
        };
        return How { short: t.say(short), whole: t.say(whole) };
    };
    // Of nothing there is no share.
    let by = match decimal(&alert.relative) {
        Some(share) => share_said(share.abs()),
        None => measure.said(t, absolute.abs()),
    };
    let (before, after) = (measure.said(t, previous), measure.said(t, latest));
    let whole = if risen(alert) { key::MOVED_UP } else { key::MOVED_DOWN };
    How { whole: t.three(whole, after, before, &by), short: by }
}

fn share_said(share: Decimal) -> String {
    let percent = share.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
    format!("{}%", format::grouped(percent.round_dp(1).normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_week_says_how_far_it_moved_as_far_as_that_is_shown() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let alert =
            |trend: DemandTrend, previous: &str, latest: &str, absolute: &str, relative: &str| DemandAlert {
                monday: Some(proto::Date { year: 2026, month: 12, day: 28 }),
                trend: trend.into(),
                previous: wire(previous).filter(|_| !previous.is_empty()),
                latest: wire(latest).filter(|_| !latest.is_empty()),
                absolute: wire(absolute).filter(|_| !absolute.is_empty()),
                relative: wire(relative).filter(|_| !relative.is_empty()),
                ..DemandAlert::default()
            };
        let (up, down) = (DemandTrend::Risen, DemandTrend::Fallen);
        for (alert, mark, why) in [
            (
                alert(up, "720000", "936000", "216000", "0.3"),
                "↑ 30%",
                "Up by 30%: from 200 hours to 260 hours",
            ),
            (
                alert(down, "720000", "630000", "-90000", "-0.125"),
                "↓ 12.5%",
                "Down by 12.5%: from 200 hours to 175 hours",
            ),
            (alert(up, "0", "36000", "36000", ""), "↑ 10 hours", "Up by 10 hours: from 0 hours to 10 hours"),
            (alert(down, "", "", "", ""), "↓ down", "Down further than the supplier's bounds"),
        ] {
            let moved = of(&t, "SEC", "g", Some("Presses"), &[alert]);
            assert_eq!((moved[0].mark.as_str(), moved[0].why.as_str()), (mark, why));
            assert!(moved[0].what.starts_with("Presses") && moved[0].href.ends_with("week=2026-12-28"));
        }
    }
}
