//! Ends of holds under every interleaving: what `capacity.hold_many`, `settle_many`, `end_reservation`, `take_hold` and
//! `reservations_due` decide, statement by statement, over a small model of Postgres ([`model`]), while sweepers look, clients
//! go away in the middle, and time passes while somebody waits for a row.
//!
//! The model decides nothing for the product, whose decisions are SQL: [`scripts`] holds both against each other.

mod clients;
mod model;
mod scripts;

use std::{collections::BTreeMap, ops::Range, time::Instant};

use clients::{Breach, Clients, Rule};
use model::Fault;

/// Steps of an interleaving before it comes to its end: of many short ones, and of those that a fault has to show in.
const STEPS: usize = 120;
const LONG: usize = 400;
/// Seeds that are looked for before it is enough.
const FAILED: usize = 3;
/// In so many seeds a fault has to show.
const SOON: u64 = 2_000;

/// Runs seeds and panics where some of them break a promise.
fn hold(seeds: Range<u64>) {
    let (began, n) = (Instant::now(), seeds.end - seeds.start);
    let mut failed = Vec::new();
    for seed in seeds {
        let clients = Clients::new(seed, None).run(STEPS);
        if let Some(first) = clients.breaches.first() {
            failed.push(format!("seed {seed}: {} breaches, first {first:?}", clients.breaches.len()));
        }
        if failed.len() == FAILED {
            break;
        }
    }
    assert!(
        failed.is_empty(),
        "{}\nonce more: TANDEM_SEED=the seed cargo test -p tandem-tests --test e2e booking::expiry::one_seed -- --exact \
         --ignored --nocapture",
        failed.join("\n")
    );
    println!("{n} interleavings in {:?}", began.elapsed());
}

/// A number that whoever runs the tests by hand says in this variable of the environment.
fn asked(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

#[test]
fn every_promise_holds_over_10_000_interleavings() {
    hold(0..10_000);
}

#[test]
#[ignore = "takes minutes"]
fn every_promise_holds_over_200_000_interleavings() {
    // Others than every run has.
    let first = 1_000_000;
    hold(first..first + asked("TANDEM_INTERLEAVINGS").unwrap_or(200_000));
}

#[test]
#[ignore = "for the seed that TANDEM_SEED names"]
fn one_seed() {
    if let Some(seed) = asked("TANDEM_SEED") {
        hold(seed..seed + 1);
    }
}

#[test]
fn a_seed_replays_exactly() {
    let story = |seed| Clients::new(seed, None).run(STEPS).story;
    for seed in 0..50 {
        assert_eq!(story(seed), story(seed), "seed {seed}");
    }
}

/// What the seeds of every run have in them, or they would prove little.
#[test]
fn everything_happens_that_may() {
    let mut followed: BTreeMap<_, usize> = BTreeMap::new();
    for seed in 0..1_000 {
        for (states, times) in Clients::new(seed, None).run(STEPS).followed {
            *followed.entry(states).or_default() += times;
        }
    }
    for after in ["confirmed", "consumed", "released", "expired"] {
        assert!(followed.get(&("held", after)).is_some_and(|times| *times > 50), "{after}: {followed:?}");
    }
    for after in ["consumed", "released"] {
        assert!(
            followed.get(&("confirmed", after)).is_some_and(|times| *times > 20),
            "{after}: {followed:?}"
        );
    }
}

/// With the fault something is found, and it is what such a fault breaks; without it the same seed is well.
fn caught(fault: Fault, rules: &[Rule]) {
    let began = Instant::now();
    for seed in 0..SOON {
        let found = Clients::new(seed, Some(fault)).run(LONG).breaches;
        if found.is_empty() {
            continue;
        }
        let expected = found.iter().any(|Breach(rule, _)| rules.contains(rule));
        assert!(expected, "seed {seed}: {fault:?} broke {found:?}");
        let well = Clients::new(seed, None).run(LONG).breaches;
        assert!(well.is_empty(), "seed {seed} without it: {well:?}");
        harness::seeded::noticed(&format!("{fault:?}"), began.elapsed());
        return;
    }
    panic!("{fault:?} was not caught in {SOON} interleavings");
}

#[test]
fn a_clock_that_stands_still_while_one_waits_is_caught() {
    caught(Fault::StandingClock, &[Rule::InTime]);
}

#[test]
fn an_end_that_is_decided_before_the_lock_is_caught() {
    caught(Fault::DecidedBeforeLock, &[Rule::InTime, Rule::Returned, Rule::Once]);
}

#[test]
fn a_sweeper_that_gives_back_twice_is_caught() {
    caught(Fault::SweptUnseen, &[Rule::Returned, Rule::Once]);
}

#[test]
fn a_sum_before_the_lock_is_caught() {
    caught(Fault::SummedBeforeLock, &[Rule::Sold]);
}
