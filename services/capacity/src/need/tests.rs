use time::{Duration, macros::date};

use super::*;

const W4: Date = date!(2026 - 12 - 21);
const W5: Date = date!(2026 - 12 - 28);
const W6: Date = date!(2027 - 01 - 04);

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Moulding of PP on at least 650 t, 80 hours in three weeks.
fn need() -> Need {
    Need {
        process: "注塑".into(),
        materials: texts(&["PP"]),
        limits: Limits { tonnage_t: Some(d("650")), ..Limits::default() },
        quantity: d("80"),
        unit_code: "HUR".into(),
        first: W4,
        last: W6,
        certificates: Vec::new(),
        wished: texts(&["ISO 9001"]),
        region: "990000".into(),
        ceiling: None,
    }
}

/// Such a machine, 40 hours a week in seconds.
fn supply(id: u128) -> Supply {
    Supply {
        id: Uuid::from_u128(id),
        process: "注 塑".into(),
        materials: texts(&["pp", "ABS"]),
        limits: Limits { tonnage_t: Some(d("650")), ..Limits::default() },
        certificates: Vec::new(),
        region: "990000".into(),
        price: None,
        unit_code: "SEC".into(),
        free: [W4, W5, W6].map(|monday| (monday, d("144000"))).into(),
    }
}

/// What an offer does not meet, as `Kind Outcome margin`.
fn missed(need: &Need, supply: &Supply) -> Vec<String> {
    let said = |one: &Condition| {
        let margin = one.margin.map(|margin| format!(" {margin}")).unwrap_or_default();
        format!("{:?} {:?}{margin}", one.kind, one.outcome)
    };
    judge(need, supply).conditions.iter().filter(|one| one.outcome != Outcome::Met).map(said).collect()
}

#[test]
fn an_offer_that_lacks_a_wished_certificate_meets_six_of_seven_and_fits() {
    let verdict = judge(&need(), &supply(1));
    assert_eq!((verdict.conditions.len(), verdict.fits), (7, true));
    assert_eq!(missed(&need(), &supply(1)), ["Certificate NotStated"]);
    assert_eq!(verdict.enough_by, Some(W5));
    let quantity = verdict.conditions.iter().find(|one| one.kind == Kind::Quantity).unwrap();
    assert_eq!((&*quantity.wanted, &*quantity.found, quantity.margin), ("80", "120", Some(d("40"))));
    // 30 for the region, 13 of 20 for the second of three weeks, 10 of 20 for half as much again.
    assert_eq!(verdict.score, 30 + 13 + 10);
}

#[test]
fn each_hard_condition_keeps_an_offer_out_and_says_by_how_much() {
    type Change = fn(&mut Need, &mut Supply);
    let cases: &[(Change, &[&str])] = &[
        (|_, s| s.process = "冲压".into(), &["Process NotMet"]),
        (|_, s| s.materials = texts(&["ABS"]), &["Material NotMet"]),
        (|_, s| s.materials.clear(), &["Material NotStated"]),
        (|n, _| n.materials.push("PA66-GF30".into()), &["Material NotMet"]),
        (|_, s| s.limits.tonnage_t = Some(d("500")), &["Tonnage NotMet -150"]),
        (|_, s| s.limits.tonnage_t = None, &["Tonnage NotStated"]),
        (
            |n, s| (n.limits.precision_mm, s.limits.precision_mm) = (Some(d("0.02")), Some(d("0.05"))),
            &["Precision NotMet -0.03"],
        ),
        (
            |n, s| (n.limits.length_mm, s.limits.length_mm) = (Some(d("604")), Some(d("603.5"))),
            &["Length NotMet -0.5"],
        ),
        (|n, s| (n.limits.weight_kg, s.limits.weight_kg) = (Some(d("1.8")), Some(d("1.8"))), &[]),
        (|n, _| n.certificates = texts(&["IATF 16949"]), &["Certificate NotStated"]),
        (
            |n, s| {
                (n.certificates, s.certificates) = (texts(&["IATF16949"]), texts(&["IATF 16949\u{ff1a}2016"]))
            },
            &[],
        ),
        (
            |n, s| (n.certificates, s.certificates) = (texts(&["ISO 9001:2015"]), texts(&["ISO 9001"])),
            &["Certificate NotMet"],
        ),
        (|_, s| s.unit_code = "H87".into(), &["Unit NotMet", "Quantity NotStated"]),
        (|n, _| n.last = W4, &["Quantity NotMet -40"]),
        (|n, _| n.quantity = d("120.000001"), &["Quantity NotMet -0.000001"]),
        (|n, _| n.quantity = d("120"), &[]),
        (|n, s| (n.unit_code, n.quantity, s.unit_code) = ("DAY".into(), d("1"), "DAY".into()), &[]),
    ];
    for (change, expected) in cases {
        let (mut need, mut supply) = (need(), supply(1));
        need.wished.clear();
        change(&mut need, &mut supply);
        let missed = missed(&need, &supply);
        assert_eq!(missed, *expected);
        assert_eq!(judge(&need, &supply).fits, expected.is_empty());
    }
}

#[test]
fn soft_conditions_rank_and_ties_are_broken_the_same_way_always() {
    let ceiling = Some(Price { amount: d("165"), currency: "CNY".into() });
    let need = Need { ceiling, region: "4419".into(), ..need() };
    let with = |id: u128, region: &str, an_hour: &str, currency: &str, free: &[(Date, &str)]| Supply {
        region: region.into(),
        price: Some(Price { amount: d(an_hour), currency: currency.into() }),
        unit_code: "HUR".into(),
        free: free.iter().map(|(monday, free)| (*monday, d(free))).collect(),
        ..supply(id)
    };
    let supplies = [
        with(1, "4401", "165", "CNY", &[(W6, "80")]),
        with(2, "441900", "330", "CNY", &[(W4, "80")]),
        with(3, "441900", "165", "CNY", &[(W4, "80")]),
        with(4, "441900", "165", "USD", &[(W4, "160")]),
        with(5, "", "1", "CNY", &[(W4, "79")]),
        with(6, "441900", "165", "CNY", &[(W4, "80")]),
    ];
    let ranked = |near| {
        let found = rank(&need, &supplies, near);
        found.iter().map(|(place, found)| (supplies[*place].id.as_u128(), found.score)).collect::<Vec<_>>()
    };
    // 30 for the prefecture, 15 for the province; 20 for the price, 10 for twice as much; 20, or 6 for the last week.
    let fitting = [(3, 70), (6, 70), (4, 70), (2, 60), (1, 41)];
    let by_score = |mut list: Vec<(u128, i64)>| {
        list.sort_by_key(|(id, score)| (-score, *id));
        list
    };
    assert_eq!(by_score(ranked(false)), by_score(fitting.to_vec()));
    // Twice as much free as is wanted goes before just enough, where all else is alike.
    assert_eq!(ranked(false), [(4, 70), (3, 70), (6, 70), (2, 60), (1, 41)]);
    assert_eq!(ranked(true)[5], (5, 20), "the near miss comes last, however cheap");
    assert_eq!(rank(&need, &supplies, true), rank(&need, &supplies, true));
}

#[test]
fn names_are_compared_as_people_mean_them() {
    for (one, other) in [("PA66-GF30", "pa66 gf30"), ("ISO9001", "ISO 9001"), ("注塑 ", "注 塑")] {
        assert_eq!(fold(one), fold(other));
    }
    assert_ne!(fold("PA6"), fold("PA66"));
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn some(&mut self, list: &[&str]) -> Vec<String> {
        list.iter().filter(|_| self.below(2) == 0).map(ToString::to_string).collect()
    }

    fn limit(&mut self) -> Option<Decimal> {
        (self.below(3) > 0).then(|| Decimal::from(self.below(3)))
    }

    fn price(&mut self) -> Option<Price> {
        let currency = ["CNY", "USD"][self.below(2) as usize].to_owned();
        (self.below(3) > 0).then(|| Price { amount: Decimal::from(self.below(9)), currency })
    }
}

/// Whether an offer fits, said anew: in seconds and whole numbers, without conditions.
fn fits(need: &Need, supply: &Supply) -> bool {
    let seconds = |unit: &str| match unit {
        "SEC" => Some(1),
        "HUR" => Some(3_600),
        _ => None,
    };
    let reaches = |wanted: Option<Decimal>, offered: Option<Decimal>| match (wanted, offered) {
        (Some(wanted), Some(offered)) => offered >= wanted,
        (wanted, _) => wanted.is_none(),
    };
    let free: Decimal = supply
        .free
        .iter()
        .filter(|(day, _)| need.first <= **day && **day <= need.last)
        .map(|(_, q)| *q)
        .sum();
    let enough = match (seconds(&need.unit_code), seconds(&supply.unit_code)) {
        (Some(a), Some(b)) => free * Decimal::from(b) >= need.quantity * Decimal::from(a),
        _ => need.unit_code == supply.unit_code && free >= need.quantity,
    };
    need.process == supply.process
        && need.materials.iter().all(|one| supply.materials.contains(one))
        && need.certificates.iter().all(|one| supply.certificates.contains(one))
        && reaches(need.limits.length_mm, supply.limits.length_mm)
        && reaches(need.limits.precision_mm.map(|one| -one), supply.limits.precision_mm.map(|one| -one))
        && enough
}

#[test]
fn a_naive_matcher_finds_the_same_and_nothing_better_is_left_out() {
    let mut dice = Dice(20_261_228);
    let (mut fitting, mut all) = (0, 0);
    for round in 0..500 {
        let mut supplies = Vec::new();
        let unit = |dice: &mut Dice| ["SEC", "HUR", "H87"][dice.below(3) as usize].to_owned();
        for n in 0..20 {
            let weeks = [W4, W5, W6, W6 + Duration::weeks(1)];
            let free = weeks.map(|monday| (monday, Decimal::from(dice.below(4) * 3_600)));
            supplies.push(Supply {
                process: ["注塑", "冲压"][dice.below(2) as usize].into(),
                materials: dice.some(&["PP", "ABS"]),
                certificates: dice.some(&["ISO 9001", "IATF 16949"]),
                limits: Limits { length_mm: dice.limit(), precision_mm: dice.limit(), ..Limits::default() },
                region: ["990000", "991100", "110000", ""][dice.below(4) as usize].into(),
                price: dice.price(),
                unit_code: unit(&mut dice),
                free: free.into_iter().filter(|_| dice.below(3) > 0).collect(),
                ..supply(n)
            });
        }
        let need = Need {
            materials: dice.some(&["PP"]),
            certificates: dice.some(&["ISO 9001"]),
            ceiling: dice.price(),
            limits: Limits { length_mm: dice.limit(), precision_mm: dice.limit(), ..Limits::default() },
            unit_code: unit(&mut dice),
            quantity: Decimal::from(1 + dice.below(3_600 * 5)),
            last: [W4, W5, W6][dice.below(3) as usize],
            ..need()
        };
        let found = rank(&need, &supplies, true);
        let naive: Vec<usize> = (0..supplies.len()).filter(|place| fits(&need, &supplies[*place])).collect();
        let mut fit: Vec<usize> = found.iter().filter(|(_, one)| one.fits).map(|(place, _)| *place).collect();
        assert!(
            found.iter().take(fit.len()).all(|(_, one)| one.fits),
            "round {round}: those that fit come first"
        );
        assert!(found[..fit.len()].is_sorted_by(|(_, a), (_, b)| a.score >= b.score), "round {round}");
        assert_eq!(found[..fit.len()], rank(&need, &supplies, false), "round {round}");
        for most in [0, 1, 3, 20] {
            let best = best(&need, &supplies, most);
            assert_eq!(
                (best.0.as_slice(), best.1),
                (&found[..fit.len().min(most)], fit.len()),
                "round {round}"
            );
        }
        supplies.reverse();
        let turned = rank(&need, &supplies, true);
        let ids = |found: &[(usize, Verdict)], last: usize| -> Vec<usize> {
            found.iter().map(|(place, _)| if last == 0 { *place } else { last - place }).collect()
        };
        assert_eq!(
            ids(&turned, supplies.len() - 1),
            ids(&found, 0),
            "round {round}: in whatever order they come"
        );
        fit.sort_unstable();
        assert_eq!(fit, naive, "round {round}");
        fitting += fit.len();
        all += supplies.len();
    }
    assert!(fitting > all / 50 && fitting < all / 2, "{fitting} of {all} fit: the cases say something");
}
