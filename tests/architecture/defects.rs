//! Faults that somebody could well build in, where each is switched on, and the test that notices: a suite that notices none
//! of them would prove nothing. Each is noticed soon, and the test says how soon. The switches are in no binary that is
//! shipped.

use super::source::{Source, files, none};

/// A fault.
struct Seeded {
    what: &'static str,
    /// The file that has its switch, and the switch's text.
    switch: (&'static str, &'static str),
    /// The file that has the test which notices it, and the test's name.
    test: (&'static str, &'static str),
}

const fn seeded(
    what: &'static str,
    switch: (&'static str, &'static str),
    test: (&'static str, &'static str),
) -> Seeded {
    Seeded { what, switch, test }
}

const SIMULATION: &str = "services/stream/src/simulation.rs";
/// What a statement could do wrong is done wrong by the simulation's Postgres.
const POSTGRES: &str = "services/stream/src/simulation/postgres.rs";
const KAFKA: &str = "services/stream/src/simulation/kafka.rs";
/// And with a webhook's row by the model of it.
const DELIVERY: &str = "services/stream/src/simulation/delivery.rs";
const DELIVERY_ROW: &str = "services/stream/src/simulation/delivery/hook.rs";
const SENDING: &str = "services/stream/src/sending.rs";
const MERGE: &str = "services/stream/src/merge.rs";
const PUBLICATION: &str = "services/stream/src/publication.rs";
const HUB: &str = "services/stream/src/hub.rs";
const FOLLOWING: &str = "services/stream/src/following.rs";
const HOOK: &str = "services/chassis/src/hook/defect.rs";
const HOOK_TESTS: &str = "services/chassis/src/hook/tests.rs";
const EXPIRY: &str = "tests/e2e/booking/expiry.rs";
/// What statements on holds could do wrong.
const EXPIRY_MODEL: &str = "tests/e2e/booking/expiry/model.rs";
const RACE: &str = "tests/e2e/booking/race.rs";
const DATABASE: &str = "tests/e2e/defects.rs";
/// And the product's own statements, before a real Postgres.
const MUTATED: &str = "tests/e2e/sequencer/mutated.rs";
const CATALOGUE: &str = "tests/e2e/wall/catalogue.rs";

const SEEDED: &[Seeded] = &[
    seeded(
        "a tail of the outbox by ids beyond the last one",
        (POSTGRES, "Defect::NaiveIdTail.present()"),
        (SIMULATION, "a_tail_of_ids_is_caught"),
    ),
    seeded(
        "an order by a fence of transaction ids",
        (POSTGRES, "Defect::XidFence.present()"),
        (SIMULATION, "an_order_by_transactions_is_caught"),
    ),
    seeded(
        "a place in Kafka that is marked before it was acknowledged",
        (PUBLICATION, "Defect::MarkBeforeAcknowledgement.present()"),
        (SIMULATION, "a_mark_before_the_acknowledgement_is_caught"),
    ),
    seeded(
        "no dropping of what came before, by seq",
        (MERGE, "Defect::NoDedupe.present()"),
        (SIMULATION, "a_reader_who_does_not_drop_what_it_has_is_caught"),
    ),
    seeded(
        "no reading of what lies in a gap",
        (MERGE, "Defect::NoBackfill.present()"),
        (SIMULATION, "a_reader_who_does_not_read_what_is_missing_is_caught"),
    ),
    seeded(
        "a checkpoint at the highest acknowledgement instead of the highest contiguous one",
        (PUBLICATION, "Defect::HighestAcknowledgement.present()"),
        (SIMULATION, "a_checkpoint_at_the_highest_acknowledgement_is_caught"),
    ),
    seeded(
        "a sequencer that moves the log wherever its head stands (without the row lock)",
        (POSTGRES, "Defect::NoRowLock.present()"),
        (SIMULATION, "a_sequencer_without_the_lock_is_caught"),
    ),
    seeded(
        "a low-water mark of the outbox",
        (POSTGRES, "Defect::LowWater.present()"),
        (SIMULATION, "a_low_water_mark_of_the_outbox_is_caught"),
    ),
    seeded(
        "a tail of the outbox by ids in the sequencer's statement",
        (MUTATED, "came_late(&bench, ID_TAIL)"),
        (MUTATED, "a_tail_of_ids_in_the_statement_is_noticed"),
    ),
    seeded(
        "an order by a fence of transaction ids in the sequencer's statement",
        (MUTATED, "came_in_order(&bench, XID_FENCE)"),
        (MUTATED, "an_order_by_transactions_in_the_statement_is_noticed"),
    ),
    seeded(
        "a sequencer's statement that moves the log wherever its head and the feeds' heads stand",
        (MUTATED, "put_back(&bench, NO_FENCE)"),
        (MUTATED, "a_move_without_the_fence_is_noticed"),
    ),
    seeded(
        "a low-water mark of the outbox in the sequencer's statement",
        (MUTATED, "came_late(&bench, LOW_WATER)"),
        (MUTATED, "a_low_water_mark_in_the_statement_is_noticed"),
    ),
    seeded(
        "a reservation that looks before it locks",
        (RACE, r#"let look = "order by b.id";"#),
        (RACE, "a_sum_before_the_lock_is_noticed"),
    ),
    seeded(
        "a reservation that sums first and inserts then",
        (RACE, "race/sum_then_insert.sql"),
        (RACE, "a_sum_and_then_an_insert_are_noticed_as_sold_twice"),
    ),
    seeded(
        "now() instead of clock_timestamp() where a hold ends",
        (DATABASE, r#""at := clock_timestamp()", "at := now()""#),
        (DATABASE, "a_clock_that_stands_still_while_one_waits_is_noticed"),
    ),
    seeded(
        "locks of several buckets in no order",
        (DATABASE, r#"sorted, "order by w.place for no key update of b""#),
        (DATABASE, "locks_that_are_not_taken_in_one_order_are_noticed"),
    ),
    seeded(
        "a tenant that is set for the session",
        (DATABASE, "select set_config('tandem.firm', '{}', false)"),
        (DATABASE, "a_tenant_that_outlives_its_transaction_is_noticed"),
    ),
    seeded(
        "row security off on one table",
        (CATALOGUE, "alter table orders.proposal disable row level security"),
        (CATALOGUE, "a_broken_wall_is_noticed"),
    ),
    seeded(
        "a policy without a check of its own",
        (CATALOGUE, "create policy two_firms_update on orders.order_state for update to tandem_app"),
        (CATALOGUE, "a_broken_wall_is_noticed"),
    ),
    seeded(
        "a webhook's address that is looked at, and then resolved again",
        (HOOK, "Some(Defect::ResolvedAgain) =>"),
        (HOOK_TESTS, "a_sender_that_dials_what_it_did_not_look_at_is_noticed"),
    ),
    seeded(
        "a tail that takes a promoted standby for the server before",
        (FOLLOWING, "Defect::OneRun.present()"),
        (SIMULATION, "a_tail_that_takes_a_promoted_standby_for_the_server_before_is_caught"),
    ),
    seeded(
        "an unbounded channel of each subscriber",
        (HUB, "Defect::UnboundedChannel.present()"),
        (SIMULATION, "a_queue_for_each_subscriber_is_caught"),
    ),
    seeded(
        "a webhook's address that is looked at when it is saved and never again",
        (HOOK, "Some(Defect::VettedWhenSaved) =>"),
        (HOOK_TESTS, "a_sender_that_dials_what_it_did_not_look_at_is_noticed"),
    ),
    seeded(
        "a firm's own topic that goes on behind a record that was not written",
        (KAFKA, "Defect::GapsInTopics.present()"),
        (SIMULATION, "a_topic_with_gaps_is_caught"),
    ),
    seeded(
        "a webhook that is claimed whoever else sends for it",
        (DELIVERY_ROW, "Defect::NoLease.present()"),
        (DELIVERY, "a_claim_of_what_another_sends_is_caught"),
    ),
    seeded(
        "a webhook's place that is saved by whoever sent last (without its lease and epoch)",
        (DELIVERY_ROW, "Defect::NoFence.present()"),
        (DELIVERY, "a_place_that_whoever_was_late_saves_is_caught"),
    ),
    seeded(
        "a webhook that goes on while something waits to be tried again",
        (SENDING, "Defect::NotWaitedFor.present()"),
        (DELIVERY, "a_webhook_that_does_not_wait_for_what_failed_is_caught"),
    ),
    seeded(
        "an event that counts as accepted when it was sent",
        (SENDING, "Defect::AcceptedWhenSent.present()"),
        (DELIVERY, "an_acceptance_of_what_was_only_sent_is_caught"),
    ),
    seeded(
        "an event that goes out after its slice, since it took long to read",
        (SENDING, "Defect::SentLate.present()"),
        (DELIVERY, "an_attempt_that_begins_late_is_caught"),
    ),
    seeded(
        "a webhook whose filter leaves out more than a lease is long, which is looked through to the end",
        (SENDING, "Defect::LookedOn.present()"),
        (DELIVERY, "a_look_that_outlasts_the_lease_is_caught"),
    ),
    seeded(
        "a webhook's ladder whose first pause follows each failure",
        (SENDING, "Defect::FirstRung.present()"),
        (DELIVERY, "a_ladder_that_nobody_climbs_is_caught"),
    ),
    seeded(
        "a hold whose end is held against a clock that stands still, in the model",
        (EXPIRY_MODEL, "Some(Fault::StandingClock | Fault::DecidedBeforeLock) =>"),
        (EXPIRY, "a_clock_that_stands_still_while_one_waits_is_caught"),
    ),
    seeded(
        "a hold whose end is decided before its row is locked",
        (EXPIRY_MODEL, "Some(Fault::DecidedBeforeLock) =>"),
        (EXPIRY, "an_end_that_is_decided_before_the_lock_is_caught"),
    ),
    seeded(
        "a sweeper that gives back what another one gave back already",
        (EXPIRY_MODEL, "Some(Fault::SweptUnseen) =>"),
        (EXPIRY, "a_sweeper_that_gives_back_twice_is_caught"),
    ),
    seeded(
        "a sum of what is left before the buckets are locked, in the model",
        (EXPIRY_MODEL, "Some(Fault::SummedBeforeLock)"),
        (EXPIRY, "a_sum_before_the_lock_is_caught"),
    ),
];

#[test]
fn every_seeded_defect_has_its_switch_and_the_test_that_notices_it() {
    let sources = files(&["rs"]);
    let text = |path: &str| {
        sources.iter().find(|source| source.path == path).map_or("", |found| found.text.as_str())
    };
    let mut faults = Vec::new();
    for Seeded { what, switch, test } in SEEDED {
        if !text(switch.0).contains(switch.1) {
            faults.push(format!("{what}: {} does not switch it", switch.0));
        }
        if !runs(text(test.0), test.1) {
            faults.push(format!("{what}: {} does not run {}", test.0, test.1));
        }
        if test.0.starts_with("tests/e2e/") && !text(test.0).contains("seeded::noticed(") {
            faults.push(format!("{what}: {} does not say how soon it is noticed", test.0));
        }
    }
    faults.extend(sources.iter().filter(|source| source.path.starts_with("services/")).flat_map(unlisted));
    none(&faults, "a fault that is seeded is switched on and noticed as it is listed");
}

/// Whether a file has a test of this name that every run runs.
pub(super) fn runs(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let Some(before) = text.find(&head).map(|at| &text[..at]) else { return false };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    (attributes.contains("#[test]") || attributes.contains("#[tokio::test"))
        && !attributes.contains("#[ignore")
}

/// Switches of a file that are not listed.
fn unlisted(source: &Source) -> Vec<String> {
    let switches = source.text.split("Defect::").skip(1).filter_map(|rest| {
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric())?];
        rest[name.len()..].starts_with(".present()").then(|| format!("Defect::{name}.present()"))
    });
    let listed =
        |switch: &String| SEEDED.iter().any(|one| one.switch == (source.path.as_str(), switch.as_str()));
    switches
        .filter(|switch| !listed(switch))
        .map(|switch| format!("{}: {switch} is not listed", source.path))
        .collect()
}

#[test]
fn a_test_is_one_that_runs() {
    let text = "\n\n#[test]\nfn one() {}\n\n#[test]\n#[ignore = \"long\"]\nfn two() {}\n\nfn three() {}\n\n#[tokio::test]\nasync fn four() {}\n";
    assert_eq!(
        ["one", "two", "three", "four", "five"].map(|name| runs(text, name)),
        [true, false, false, true, false]
    );
}
