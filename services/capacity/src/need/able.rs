//! What is needed, held against what firms say they can do: no hours and no price, since a profile says nothing of them. Pure.

use std::cmp::Reverse;

use time::{Date, Duration};
use uuid::Uuid;

use super::{
    Condition, Kind, Limits, Need, Outcome, WISHED, certificate, limits, missed, named, part, region,
};

/// One process of a firm, and what it is done with.
#[derive(Clone, Debug)]
pub struct Capability {
    pub process: String,
    pub materials: Vec<String>,
    pub limits: Limits,
}

/// A certificate, and the last day on which it is valid; `None`: it has no end.
#[derive(Clone, Debug)]
pub struct Held {
    pub name: String,
    pub until: Option<Date>,
}

/// What a firm says it can do.
#[derive(Clone, Debug)]
pub struct Profile {
    pub firm: Uuid,
    pub capabilities: Vec<Capability>,
    pub certificates: Vec<Held>,
    /// Empty: not stated.
    pub region: String,
}

/// Why a firm could be asked, or what it misses.
#[derive(Clone, Debug, PartialEq)]
pub struct Askable {
    /// Which of its capabilities meets the need or comes nearest, by its place.
    pub capability: usize,
    pub conditions: Vec<Condition>,
    /// Hard conditions that are not met, and those of which nothing is stated.
    missed: (usize, usize),
    score: i64,
}

/// Firms whose profiles meet every hard condition, the best first. Each by its place.
pub fn askable(need: &Need, profiles: &[Profile]) -> Vec<(usize, Askable)> {
    sorted(need, profiles, |one| one.missed == (0, 0))
}

/// Firms whose profiles miss a hard condition, the nearest first. Each by its place.
pub fn near(need: &Need, profiles: &[Profile]) -> Vec<(usize, Askable)> {
    sorted(need, profiles, |one| one.missed != (0, 0))
}

fn sorted(need: &Need, profiles: &[Profile], wanted: impl Fn(&Askable) -> bool) -> Vec<(usize, Askable)> {
    let found = profiles.iter().enumerate().filter_map(|(n, profile)| Some((n, judge(need, profile)?)));
    let mut found: Vec<(usize, Askable)> = found.filter(|(_, one)| wanted(one)).collect();
    found.sort_by_key(|(n, one)| (one.missed, Reverse(one.score), profiles[*n].firm));
    found
}

/// `None`: the profile names no process.
fn judge(need: &Need, profile: &Profile) -> Option<Askable> {
    let machines = profile.capabilities.iter().map(|one| machine(need, one)).enumerate();
    // The first of those that come nearest.
    let (capability, mut conditions) = machines.min_by_key(|(_, conditions)| missed(conditions))?;
    let certified = |hard, one: &String| held(hard, one, &profile.certificates, last_day(need));
    conditions.extend(need.certificates.iter().map(|one| certified(true, one)));
    let missed = missed(&conditions);
    let wished: Vec<Condition> = need.wished.iter().map(|one| certified(false, one)).collect();
    let kept = wished.iter().filter(|one| one.outcome == Outcome::Met).count();
    let (region, near) = region(&need.region, &profile.region);
    let score = near + part(WISHED, kept.into(), wished.len().into());
    conditions.extend(wished);
    conditions.extend(region);
    Some(Askable { capability, conditions, missed, score })
}

/// What a machine has to be.
fn machine(need: &Need, one: &Capability) -> Vec<Condition> {
    let mut conditions = vec![named(Kind::Process, true, &need.process, std::slice::from_ref(&one.process))];
    conditions
        .extend(need.materials.iter().map(|wanted| named(Kind::Material, true, wanted, &one.materials)));
    conditions.extend(limits(&need.limits, &one.limits));
    conditions
}

/// The Sunday of the last week.
fn last_day(need: &Need) -> Date {
    need.last.saturating_add(Duration::days(6))
}

/// A certificate that is valid to the end counts; one that ends before is said with its day.
fn held(hard: bool, wanted: &str, certificates: &[Held], last_day: Date) -> Condition {
    let lasts = |one: &&Held| one.until.is_none_or(|until| until >= last_day);
    let names = |list: Vec<&Held>| -> Vec<String> { list.into_iter().map(|one| one.name.clone()).collect() };
    let condition = certificate(hard, wanted, &names(certificates.iter().filter(lasts).collect()));
    if condition.outcome == Outcome::Met {
        return condition;
    }
    let is = |one: &&Held| certificate(hard, wanted, std::slice::from_ref(&one.name)).outcome == Outcome::Met;
    match certificates.iter().find(is).and_then(|one| Some((one, one.until?))) {
        Some((one, until)) => {
            Condition { outcome: Outcome::NotMet, found: format!("{} ({until})", one.name), ..condition }
        }
        None => certificate(hard, wanted, &names(certificates.iter().collect())),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const SUNDAY: Date = date!(2027 - 01 - 10);

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    fn limits(tonnage: &str) -> Limits {
        Limits { tonnage_t: tonnage.parse().ok(), ..Limits::default() }
    }

    /// Moulding of PP on at least 650 t, to the week that ends on 10 January.
    fn need() -> Need {
        Need {
            process: "注塑".into(),
            materials: texts(&["PP"]),
            limits: limits("650"),
            quantity: 80.into(),
            unit_code: "HUR".into(),
            first: date!(2026 - 12 - 21),
            last: date!(2027 - 01 - 04),
            certificates: Vec::new(),
            wished: texts(&["ISO 9001"]),
            region: "990000".into(),
            ceiling: None,
        }
    }

    fn capability(process: &str, materials: &[&str], tonnage: &str) -> Capability {
        Capability { process: process.into(), materials: texts(materials), limits: limits(tonnage) }
    }

    fn profile(firm: u128, capabilities: Vec<Capability>, certificates: &[(&str, Option<Date>)]) -> Profile {
        let held = |(name, until): &(&str, Option<Date>)| Held { name: (*name).into(), until: *until };
        Profile {
            firm: Uuid::from_u128(firm),
            capabilities,
            certificates: certificates.iter().map(held).collect(),
            region: "990000".into(),
        }
    }

    fn large() -> Vec<Capability> {
        vec![
            capability("冲压", &[], ""),
            capability("注塑", &["PP"], "160"),
            capability("注 塑", &["pp", "ABS"], "650"),
        ]
    }

    #[test]
    fn a_firm_is_asked_for_the_machine_that_meets_all() {
        let found = askable(&need(), &[profile(1, large(), &[("ISO 9001:2015", None)])]);
        assert_eq!((found.len(), found[0].1.capability), (1, 2));
        let kinds: Vec<_> =
            found[0].1.conditions.iter().map(|one| (one.kind, one.hard, one.outcome)).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Process, true, Outcome::Met),
                (Kind::Material, true, Outcome::Met),
                (Kind::Tonnage, true, Outcome::Met),
                (Kind::Certificate, false, Outcome::Met),
                (Kind::Region, false, Outcome::Met),
            ]
        );
        // No one machine has both.
        let split = vec![capability("注塑", &["PP"], "160"), capability("注塑", &["ABS"], "650")];
        for capabilities in [split, vec![capability("注塑", &["PP"], "")], Vec::new()] {
            assert_eq!(askable(&need(), &[profile(1, capabilities, &[])]), []);
        }
    }

    #[test]
    fn what_a_firm_misses_is_said_by_its_nearest_machine() {
        let profiles = [
            profile(1, large(), &[]),
            profile(2, vec![capability("冲压", &["SPFH590"], "315")], &[("ISO 9001", None)]),
            profile(3, Vec::new(), &[]),
            profile(4, vec![capability("冲压", &[], ""), capability("注塑", &["PP"], "160")], &[]),
        ];
        let found = near(&need(), &profiles);
        let places: Vec<_> = found.iter().map(|(n, one)| (*n, one.capability, one.missed)).collect();
        assert_eq!(places, [(3, 1, (1, 0)), (1, 0, (3, 0))], "neither who meets all nor who says nothing");
        let process = &found[1].1.conditions[0];
        let said = (process.outcome, process.wanted.as_str(), process.found.as_str());
        assert_eq!(said, (Outcome::NotMet, "注塑", "冲压"));
    }

    #[test]
    fn a_certificate_counts_to_the_last_day_of_the_need() {
        let before = SUNDAY.previous_day();
        type Case<'a> = (&'a [(&'a str, Option<Date>)], Outcome, &'a str);
        let cases: &[Case<'_>] = &[
            (&[("ISO 9001", Some(SUNDAY))], Outcome::Met, "ISO 9001"),
            (&[("ISO 9001", before)], Outcome::NotMet, "ISO 9001 (2027-01-09)"),
            (&[("ISO 9001", before), ("iso9001:2015", None)], Outcome::Met, "iso9001:2015"),
            (&[("ISO 14001", before)], Outcome::NotMet, "ISO 14001"),
            (&[], Outcome::NotStated, ""),
        ];
        for (certificates, outcome, said) in cases {
            let profile = [profile(1, large(), certificates)];
            let soft = &askable(&need(), &profile)[0].1.conditions[3];
            assert_eq!((soft.outcome, soft.found.as_str()), (*outcome, *said));
            let hard = Need { certificates: texts(&["ISO 9001"]), wished: Vec::new(), ..need() };
            assert_eq!(askable(&hard, &profile).len(), usize::from(*outcome == Outcome::Met));
        }
    }

    #[test]
    fn soft_conditions_decide_the_order_and_then_the_firm() {
        let mut far = profile(1, large(), &[("ISO 9001", None)]);
        far.region = "110000".into();
        let all = [
            far,
            profile(3, large(), &[]),
            profile(2, large(), &[]),
            profile(4, large(), &[("ISO 9001", None)]),
        ];
        let firms = |profiles: &[Profile]| -> Vec<u128> {
            askable(&need(), profiles).iter().map(|(n, _)| profiles[*n].firm.as_u128()).collect()
        };
        assert_eq!(firms(&all), [4, 2, 3, 1]);
    }
}
