//! Webhooks under every interleaving: what decides of a delivery in the product ([`crate::sending`], [`crate::place`],
//! [`crate::ladder`]) in processes that die between an answer and its record, are slow, or meet another one, with clocks that
//! jump or stand still, while people pause a webhook, resume it, change it or turn it back, and its log forgets, or has
//! long stretches that the webhook leaves out.
//!
//! A process may be held up for any time at any moment. Only while an attempt is on its way its own clock of what has passed
//! goes on, by which it gives the attempt up.

mod hook;
mod judge;
mod sender;
mod world;

use std::time::Duration;

use super::{Breach, Defect, Kind, hold, hold_long, hold_one, noticed, told};
use crate::sending::{LEASE, SLICE};
use judge::Rule;
use sender::ATTEMPT;
use world::World;

/// Steps of an interleaving before it comes to its end: of many short ones, and of those that a defect has to show in.
const STEPS: usize = 120;
const LONG: usize = 400;

const DELIVERY: Kind = Kind { counted: "attempts", alone: "simulation::delivery::one_seed", play };

fn play(seed: u64) -> (usize, Vec<String>) {
    let ledger = World::new(seed, STEPS).run();
    (ledger.sent, told(&ledger.breaches))
}

fn breaches(seed: u64) -> Vec<Breach<Rule>> {
    World::new(seed, LONG).run().breaches
}

/// N23: in half of them a receiver refuses every other call, as chance has it.
#[test]
fn every_promise_holds_over_10_000_interleavings() {
    hold(&DELIVERY, 0..10_000);
}

#[test]
#[ignore = "takes minutes"]
fn every_promise_holds_over_200_000_interleavings() {
    hold_long(&DELIVERY, 200_000);
}

#[test]
#[ignore = "for the seed that TANDEM_SEED names"]
fn one_seed() {
    hold_one(&DELIVERY);
}

#[test]
fn a_seed_replays_exactly() {
    let story = |seed| World::new(seed, STEPS).run().story;
    for seed in 0..50 {
        assert_eq!(story(seed), story(seed), "seed {seed}");
    }
}

/// What the seeds of every run have in them, or they would prove little.
#[test]
fn everything_happens_that_may() {
    let mut rare = [
        ("a webhook given up", 0),
        ("an address that is gone", 0),
        ("a log that is cut", 0),
        ("a slice that ends in a stretch that is left out", 0),
    ];
    let mut again = 0;
    for seed in 0..1_000 {
        let ledger = World::new(seed, STEPS).run();
        rare[0].1 += ledger.exhausted;
        rare[1].1 += ledger.gone;
        rare[2].1 += ledger.cuts;
        rare[3].1 += ledger.stretches;
        again += ledger.again;
    }
    assert!(rare.iter().all(|(_, times)| *times > 0), "{rare:?}");
    assert!(again > 300, "{again} attempts beyond the first");
}

#[test]
fn a_lease_is_longer_than_a_slice_and_an_attempt() {
    assert!(Duration::from_secs_f64(LEASE) > SLICE + ATTEMPT.unsigned_abs());
}

#[test]
fn a_claim_of_what_another_sends_is_caught() {
    noticed(Defect::NoLease, &[Rule::Alone], breaches);
}

#[test]
fn a_place_that_whoever_was_late_saves_is_caught() {
    noticed(Defect::NoFence, &[Rule::Once, Rule::Reliable, Rule::Waited, Rule::Ordered], breaches);
}

#[test]
fn a_webhook_that_does_not_wait_for_what_failed_is_caught() {
    noticed(Defect::NotWaitedFor, &[Rule::Ordered], breaches);
}

#[test]
fn an_acceptance_of_what_was_only_sent_is_caught() {
    noticed(Defect::AcceptedWhenSent, &[Rule::Reliable, Rule::Waited], breaches);
}

#[test]
fn an_attempt_that_begins_late_is_caught() {
    noticed(Defect::SentLate, &[Rule::Alone], breaches);
}

#[test]
fn a_look_that_outlasts_the_lease_is_caught() {
    noticed(Defect::LookedOn, &[Rule::Reliable], breaches);
}

#[test]
fn a_ladder_that_nobody_climbs_is_caught() {
    noticed(Defect::FirstRung, &[Rule::Waited], breaches);
}
