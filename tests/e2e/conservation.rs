//! Whatever both sides send, in whatever order: quantities are conserved after every event, versions are contiguous,
//! the state follows from the quantities, both feeds tell the same story, what is sent again has one effect, of a
//! cancellation and an answer made from one version at most one wins, the nightly set of what stands changes nothing,
//! and every order finds its way out of every state.
//!
//! Here some hundred commands go through the API and the database, eight at a time; ten thousand of them run on the
//! same rules alone in `services/orders/src/change/machine.rs`. The run is random and its seed is printed;
//! `TANDEM_TEST_SEED` repeats one.

mod command;
mod ledger;
mod told;

use std::collections::BTreeMap;

use harness::{
    Firm,
    change::{cancel, item, release},
    decimal, events,
    refusal::refused,
    request_id,
};
use proto::orders::{
    Order, OrderState, PendingKind, ProposalState, PublishOrdersRequest, PublishOutcome, SetTermsRequest,
    SetToleranceRuleRequest, SupplierAddress, Terms, ToleranceBound, ToleranceBounds,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use time::macros::datetime;

use command::{Request, Story};
use ledger::Ledger;
use told::{parts, retell};

/// Commands sent at once, so that they race on the same orders.
const AT_ONCE: usize = 8;
/// Commands after which the nightly set is sent.
const NIGHT: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_both_sides_send_what_always_holds_holds() {
    run(600).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn twenty_thousand_commands_of_both_sides_keep_every_rule() {
    run(20_000).await;
}

async fn run(commands: usize) {
    let seed = std::env::var_os("TANDEM_TEST_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (world, _, buyer, supplier) = crate::deadlines::pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    agree_on_terms(&buyer, 20).await;
    tolerate(&buyer).await;
    let mut story = Story::new(buyer, supplier);
    let mut ledger = Ledger::default();
    let (mut nights, mut taken_back) = (0, 0);
    while ledger.sent < commands {
        let batch = story.batch(&mut random, AT_ONCE).await;
        story.send(&mut ledger, batch).await;
        if ledger.sent / NIGHT > nights {
            nights += 1;
            taken_back += night(&story).await;
        }
    }
    ledger.check();
    let (sent, in_the_run) = (ledger.sent, ledger.events);
    assert!(in_the_run > sent / 3, "most commands make sense: {in_the_run} of {sent}");
    lead_out(&mut story, &mut ledger, &mut random).await;
    world.settled().await;
    let (left, right) = (story.buyer.events().await, story.supplier.events().await);
    events::check_feed(&story.buyer.id, &left);
    events::check_feed(&story.supplier.id, &right);
    let told = retell(&left);
    assert_eq!(told, retell(&right), "both feeds tell the same of every order");
    let in_feed: usize = told.values().map(|told| told.ids.len()).sum();
    // A document that changes nothing of the order may take back what an earlier one had asked for, which is an event.
    let least = ledger.events + taken_back;
    assert!(
        (least..=least + ledger.unchanged).contains(&in_feed),
        "one event for each effect: {in_feed}, {ledger}"
    );
    println!(
        "{sent} commands sent, {in_the_run} took effect, {nights} nights, {} orders; {ledger}",
        told.len()
    );
    for (id, told) in &told {
        let seen = story.buyer.order(id).await.unwrap();
        assert_eq!((seen.version, seen.state()), (told.ids.len() as i64, told.state));
        let stands =
            seen.schedule.iter().map(|line| (line.schedule_line_id.clone(), parts(line.quantities.as_ref())));
        assert_eq!(stands.collect::<BTreeMap<_, _>>(), told.lines);
    }
    world.finish().await;
}

/// So many working days before a requested date a change needs the supplier's consent.
async fn agree_on_terms(buyer: &Firm, frozen_working_days: i32) {
    let terms = Terms { frozen_working_days: Some(frozen_working_days), ..Terms::default() };
    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    buyer.terms().set_terms(request).await.expect("terms");
}

/// A tenth more, a fortnight later: some proposals are agreed at once, others wait.
async fn tolerate(buyer: &Firm) {
    let over = ToleranceBound { percent: Some(decimal("10")), absolute: None };
    let under = ToleranceBound { percent: Some(decimal("100")), absolute: None };
    let request = SetToleranceRuleRequest {
        request_id: request_id(),
        bounds: Some(ToleranceBounds {
            quantity_over: Some(over),
            quantity_under: Some(under),
            late_days: Some(14),
            ..ToleranceBounds::default()
        }),
        ..SetToleranceRuleRequest::default()
    };
    buyer.tolerances().set_tolerance_rule(request).await.expect("a rule");
}

/// Every order as it was last published, sent once more while nobody else does anything: all are unchanged. Answers how
/// many changes were asked for until then: what says nothing of them takes them back.
async fn night(story: &Story) -> usize {
    let (mut set, mut asked) = (Vec::new(), 0);
    for (n, id) in story.ids.iter().enumerate() {
        let seen = story.buyer.order(id).await.expect("the buyer's own order");
        asked += seen.pending_changes.iter().filter(|one| one.kind() == PendingKind::Change).count();
        set.push(PublishOrdersRequest {
            supplier: Some(SupplierAddress { vendor_number: "V100".into(), ..SupplierAddress::default() }),
            ..item(
                &n.to_string(),
                proto::orders::PublishOrderRequest { content: seen.content, ..Default::default() },
            )
        });
    }
    let answers = story.buyer.publish_all(set).await.expect("the stream ends well");
    assert_eq!(answers.len(), story.ids.len());
    for answer in answers {
        assert_eq!(answer.outcome(), PublishOutcome::Unchanged, "{answer:?}");
    }
    asked
}

/// Takes orders from wherever they stand to an end: nothing is left unanswered, proposed, pending or held, and then
/// everything is cancelled.
async fn lead_out(story: &mut Story, ledger: &mut Ledger, random: &mut StdRng) {
    let some: Vec<String> = story.ids.iter().take(25).cloned().collect();
    for id in &some {
        for steps in 0.. {
            assert!(steps < 8, "{id} finds no way out");
            let seen = story.buyer.order(id).await.expect("the buyer's own order");
            let Some(request) = way_out(&seen, random) else { break };
            let before = ledger.events;
            story.send(ledger, vec![request]).await;
            assert_eq!(ledger.events, before + 1, "a way out of {seen:?}");
        }
    }
    // Nothing is frozen any more.
    agree_on_terms(&story.buyer, 0).await;
    for id in &some {
        let seen = story.buyer.order(id).await.expect("the buyer's own order");
        let open = seen.schedule.iter().any(|line| {
            let parts = parts(line.quantities.as_ref());
            !line.closed && parts[1] + parts[3] + parts[4] > rust_decimal::Decimal::ZERO
        });
        if open {
            let before = ledger.events;
            story.send(ledger, vec![Request::Cancel(cancel(id, &[]))]).await;
            assert_eq!(ledger.events, before + 1, "what is open can be cancelled: {seen:?}");
        }
        refused(story.buyer.cancel(cancel(id, &[])).await, chassis::Reason::NOTHING_OPEN);
        let state = story.buyer.order(id).await.expect("its own").state();
        let over =
            [OrderState::Cancelled, OrderState::Rejected, OrderState::Accepted, OrderState::PartAccepted];
        assert!(over.contains(&state), "{state:?} is no end");
    }
}

/// One step towards an end; `None` where nothing waits for anybody.
fn way_out(seen: &Order, random: &mut StdRng) -> Option<Request> {
    let id = &seen.id;
    if let Some(change) = seen.pending_changes.first() {
        return Some(command::end_of_pending(id, &change.id, random.random_range(0..3)));
    }
    if seen.held {
        return Some(Request::Release(release(id)));
    }
    let proposals = seen.schedule.iter().flat_map(|line| &line.proposals);
    let open: Vec<&str> = proposals
        .filter(|proposal| proposal.state() == ProposalState::Open)
        .map(|proposal| proposal.id.as_str())
        .collect();
    match seen.state() {
        OrderState::Unanswered => Some(command::accept_everything(seen)),
        OrderState::Proposed => Some(command::end_of_proposals(id, &open, random.random_range(0..3))),
        _ => None,
    }
}
