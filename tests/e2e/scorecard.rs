//! Scorecards: what the one query says is what plain code makes of the events.

mod evidence;

use std::collections::HashMap;

use chassis::{Reason, clock::FixedClock, value};
use harness::{
    Access, Firm, Options, World, answer,
    change::{cancel, change},
    decide, decimal, events,
    events::Payload,
    number, order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    orders::{Side, *},
    stream::FeedEvent,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};
use tonic::Status;

async fn scorecard(
    access: &Access,
    side: Side,
    counterparty: &str,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Scorecard, Status> {
    let request = GetScorecardRequest {
        side: side.into(),
        counterparty_id: counterparty.into(),
        from: Some(value::timestamp(from)),
        until: Some(value::timestamp(until)),
    };
    Ok(access.scorecards().get_scorecard(request).await?.into_inner())
}

/// What is known of an order and its proposals from the events.
#[derive(Default)]
struct Told {
    published: Option<i128>,
    answered: Option<i128>,
    overdue: bool,
    lines: HashMap<String, Quantities>,
    /// When each proposal was made, and what became of it: by tolerance, or accepted or declined, and when.
    proposals: HashMap<String, (i128, Option<Fate>)>,
    /// When the buyer moved something of an accepted schedule line, and whether it had to ask.
    moved: Vec<(i128, bool)>,
}

impl Told {
    /// Whether something of a schedule line is accepted.
    fn accepted(&self, schedule_line_id: &str) -> bool {
        let line = self.lines.get(schedule_line_id);
        line.is_some_and(|q| number(q.accepted.as_ref()) > Decimal::ZERO)
    }

    /// What an event moves, seen from how the order stood before it.
    fn note_moves(&mut self, payload: &Payload, at: i128) {
        let asked = |pending: &Option<PendingChange>| {
            pending
                .iter()
                .flat_map(|one| one.difference.clone().unwrap_or_default().lines)
                .collect::<Vec<_>>()
        };
        let (moved, frozen): (Vec<String>, Vec<LineChange>) = match payload {
            Payload::Changed(event) => {
                let lines = event.difference.clone().unwrap_or_default().lines;
                let anew = lines.into_iter().filter(|line| line.reconfirm);
                (anew.map(|line| line.schedule_line_id).collect(), asked(&event.pending))
            }
            Payload::Cancelled(event) => {
                let some = |line: &&CancelledLine| number(line.accepted_quantity.as_ref()) > Decimal::ZERO;
                let lines = event.lines.iter().filter(some).map(|line| line.schedule_line_id.clone());
                (lines.collect(), asked(&event.pending))
            }
            Payload::ChangeRequested(event) => (Vec::new(), asked(&event.pending)),
            _ => return,
        };
        let frozen = frozen.into_iter().map(|line| (line.schedule_line_id, true));
        for (line, frozen) in moved.into_iter().map(|line| (line, false)).chain(frozen) {
            if self.accepted(&line) {
                self.moved.push((at, frozen));
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Fate {
    Tolerated,
    Decided(bool, i128),
}

/// Microseconds, as the database keeps them.
fn at(entry: &FeedEvent) -> i128 {
    let time = events::event(entry).time.as_ref().expect("an event has its time");
    value::time(time).unwrap().unix_timestamp_nanos() / 1_000
}

fn tell(feed: &[FeedEvent], supplier: &str) -> HashMap<String, Told> {
    let mut all: HashMap<String, Told> = HashMap::new();
    for entry in events::of_orders(feed) {
        let payload = events::payload(events::event(entry));
        let told = all.entry(events::event(entry).subject.clone()).or_default();
        if let Payload::Published(event) = &payload
            && event.order.as_ref().unwrap().supplier_id == supplier
        {
            told.published = Some(at(entry));
        }
        told.note_moves(&payload, at(entry));
        for line in payload.schedule() {
            told.lines.insert(line.schedule_line_id.clone(), line.quantities.clone().unwrap());
            for proposal in
                line.proposals.iter().filter(|one| !told.proposals.contains_key(&one.id)).collect::<Vec<_>>()
            {
                let tolerated = proposal.tolerance.as_ref().is_some_and(|tolerance| tolerance.accepted);
                told.proposals.insert(proposal.id.clone(), (at(entry), tolerated.then_some(Fate::Tolerated)));
            }
        }
        match payload {
            Payload::Responded(_) => {
                told.answered.get_or_insert(at(entry));
            }
            Payload::AnswerOverdue(_) => told.overdue = true,
            Payload::Resolved(event) => {
                for decision in event.decisions {
                    let proposal = told.proposals.get_mut(&decision.proposal_id).expect("it was proposed");
                    proposal.1 = Some(Fate::Decided(decision.accept, at(entry)));
                }
            }
            _ => {}
        }
    }
    all.retain(|_, told| told.published.is_some());
    all
}

/// The smallest value that is not below this many hundredths of them.
fn nearest_rank(mut values: Vec<i64>, hundredths: usize) -> Option<i64> {
    values.sort();
    let rank = (values.len() * hundredths).div_ceil(100);
    values.get(rank.max(1) - 1).copied()
}

fn recomputed(
    told: &HashMap<String, Told>,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> (SupplierScore, BuyerScore) {
    let micros = |at: OffsetDateTime| at.unix_timestamp_nanos() / 1_000;
    let inside = |at: i128| micros(from) <= at && at < micros(until);
    let seconds = |from: i128, until: i128| i64::try_from((until - from) / 1_000_000).unwrap();
    let some = |wire: &Option<proto::Decimal>| number(wire.as_ref()) > Decimal::ZERO;
    let wanted = |q: &Quantities| number(q.ordered.as_ref()) - number(q.cancelled.as_ref());
    let asks = |told: &&Told| told.lines.values().any(|line| some(&line.ordered));
    let asked: Vec<&Told> =
        told.values().filter(|told| inside(told.published.unwrap())).filter(asks).collect();
    let times: Vec<i64> =
        asked.iter().filter_map(|told| Some(seconds(told.published.unwrap(), told.answered?))).collect();
    let lines = asked.iter().flat_map(|told| told.lines.values());
    let settled: Vec<&Quantities> =
        lines.filter(|q| wanted(q) > Decimal::ZERO && !some(&q.unanswered) && !some(&q.proposed)).collect();
    let accepted = settled.iter().filter(|q| number(q.accepted.as_ref()) == wanted(q)).count();
    let rate = (!settled.is_empty()).then(|| {
        let exact = Decimal::from(accepted) / Decimal::from(settled.len());
        exact.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
    });
    let proposals: Vec<_> =
        told.values().flat_map(|told| told.proposals.values()).filter(|(made, _)| inside(*made)).collect();
    let decisions: Vec<i64> = proposals
        .iter()
        .filter_map(|(made, fate)| match fate {
            Some(Fate::Decided(_, at)) => Some(seconds(*made, *at)),
            _ => None,
        })
        .collect();
    let count =
        |fits: fn(&Option<Fate>) -> bool| proposals.iter().filter(|(_, fate)| fits(fate)).count() as i32;
    let supplier = SupplierScore {
        orders: asked.len() as i32,
        answered: times.len() as i32,
        answer_median_seconds: nearest_rank(times.clone(), 50),
        answer_p90_seconds: nearest_rank(times, 90),
        // The platform's own terms give every order a deadline.
        answered_on_time: (!asked.is_empty())
            .then(|| asked.iter().filter(|told| told.answered.is_some() && !told.overdue).count() as i32),
        lines_settled: settled.len() as i32,
        lines_accepted: accepted as i32,
        acceptance_rate: rate.map(|rate| decimal(&rate.to_string())),
        ..SupplierScore::default()
    };
    let moves = told.values().flat_map(|told| &told.moved).filter(|(at, _)| inside(*at));
    let buyer = BuyerScore {
        proposals: proposals.len() as i32,
        agreed_by_tolerance: count(|fate| matches!(fate, Some(Fate::Tolerated))),
        accepted: count(|fate| matches!(fate, Some(Fate::Decided(true, _)))),
        declined: count(|fate| matches!(fate, Some(Fate::Decided(false, _)))),
        waiting: count(Option::is_none),
        decision_median_seconds: nearest_rank(decisions.clone(), 50),
        decision_p90_seconds: nearest_rank(decisions, 90),
        changes_to_accepted_lines: Some(moves.clone().count() as i32),
        changes_inside_frozen_horizon: Some(moves.filter(|(_, frozen)| *frozen).count() as i32),
    };
    (supplier, buyer)
}

/// Publishes, answers and decides at random, with hours in between.
async fn trade(buyer: &Firm, supplier: &Firm, clock: &FixedClock, random: &mut StdRng) {
    let rule = SetToleranceRuleRequest {
        request_id: request_id(),
        bounds: Some(ToleranceBounds { late_days: Some(2), ..Default::default() }),
        ..SetToleranceRuleRequest::default()
    };
    buyer.tolerances().set_tolerance_rule(rule).await.expect("a rule");
    let mut waiting: Vec<(String, String)> = Vec::new();
    for n in 0..60 {
        if n == 30 {
            // From here on everything is inside the frozen horizon.
            let terms = Terms { frozen_working_days: Some(250), ..Terms::default() };
            let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
            buyer.terms().set_terms(request).await.expect("terms");
        }
        clock.advance(Duration::seconds(random.random_range(1..20_000)));
        // One in ten asks for nothing and is no order to answer.
        let quantity = if n % 10 == 9 { "0" } else { "10" };
        let request = order(&format!("S{n}")).line("10", "X", quantity, "1").line("20", "Y", quantity, "2");
        let id = buyer.publish(request.to("V100")).await.expect("published").order_id;
        clock.advance(Duration::seconds(random.random_range(1..50_000)));
        let day = ["2026-12-28", "2026-12-30", "2027-01-04"].choose(random).unwrap();
        let request = match random.random_range(0..6) {
            0 => continue,
            1 => harness::accept_all(&id),
            2 => answer(&id).reject("10", "", RejectReason::Date).accept("20", "").done(),
            3 => answer(&id).accept("10", "4").rest(Remainder::Reject).done(),
            _ => answer(&id).propose("10", "", &[("10", day)]).accept("20", "").done(),
        };
        let Ok(receipt) = supplier.respond(request).await else { continue };
        // The buyer moves what was agreed, now and then.
        let proposes = receipt.lines.iter().any(|line| !line.proposal_id.is_empty());
        match random.random_range(0..4) {
            0 => drop(buyer.cancel(cancel(&id, &[("20", "3")])).await),
            1 if !proposes => {
                let more = order("").line("10", "X", "12", "1").line("20", "Y", "12", "2");
                buyer.change(change(&id, more)).await.expect("changed, or asked for");
                continue;
            }
            _ => {}
        }
        let open = receipt.lines.iter().filter(|line| line.tolerance.as_ref().is_some_and(|t| !t.accepted));
        waiting.extend(open.map(|line| (id.clone(), line.proposal_id.clone())));
        if random.random_ratio(1, 2)
            && let Some((id, proposal)) = waiting.pop()
        {
            clock.advance(Duration::seconds(random.random_range(1..90_000)));
            let decision = decide(&id, &[(&proposal, random.random_ratio(2, 3))]);
            buyer.orders().resolve_proposal(decision).await.expect("decided");
        }
    }
}

#[tokio::test]
async fn the_query_says_what_the_events_say() {
    let seed = std::env::var_os("TANDEM_TEST_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let begin = chassis::clock::system().now();
    let clock = FixedClock::new(begin);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "V100").await;
    trade(&buyer, &supplier, &clock, &mut random).await;
    trade(&rival, &supplier, &clock, &mut random).await;
    // The score knows at once that a day has passed; the event that says so comes with the sweep.
    while orders::sweep_once(world.deps()).await.expect("the sweep looks") > 0 {}
    world.settled().await;
    let end = chassis::clock::Clock::now(&*clock) + Duration::seconds(1);
    for (one, until) in [(&buyer, end), (&buyer, begin + Duration::days(5)), (&rival, end)] {
        let told = tell(&one.events().await, &supplier.id);
        for from in [begin, begin + Duration::days(1), begin + Duration::days(3)] {
            let shown = scorecard(one, Side::Buyer, &supplier.id, (from, until)).await.expect("a scorecard");
            let same =
                scorecard(&supplier, Side::Supplier, &one.id, (from, until)).await.expect("a scorecard");
            assert_eq!(shown, same, "both sides see both halves");
            let (of_supplier, of_buyer) = recomputed(&told, from, until);
            assert_eq!(shown.supplier, Some(of_supplier), "seed {seed}, from {from} until {until}");
            assert_eq!(shown.buyer, Some(of_buyer), "seed {seed}, from {from} until {until}");
            evidence::adds_up(one, Side::Buyer, &supplier.id, (from, until), &shown).await;
        }
    }
    let whole = scorecard(&buyer, Side::Buyer, &supplier.id, (begin, end)).await.unwrap();
    println!("{whole:?}");
    let (supplier_half, buyer_half) = (whole.supplier.unwrap(), whole.buyer.unwrap());
    assert!(supplier_half.orders > 40 && supplier_half.answered > 20, "something happened");
    assert!(buyer_half.agreed_by_tolerance > 0 && buyer_half.accepted > 0, "of every kind");
    let (changes, frozen) = (buyer_half.changes_to_accepted_lines, buyer_half.changes_inside_frozen_horizon);
    assert!(Some(0) < frozen && frozen < changes, "the buyer is scored, too");
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_not_zero_and_strangers_get_nothing() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    let now = world.deps().clock.now();
    let period = (now - Duration::days(30), now);
    let empty = scorecard(&buyer, Side::Buyer, &supplier.id, period).await.expect("partners");
    let half = empty.supplier.unwrap();
    assert_eq!((half.orders, half.answer_median_seconds, half.acceptance_rate), (0, None, None));
    assert_eq!(
        (half.answered_on_time, half.on_time_committed_rate, half.on_time_requested_rate),
        (None, None, None)
    );
    for (firm, side, other) in [
        (&rival, Side::Buyer, &supplier.id),
        (&rival, Side::Supplier, &buyer.id),
        // The wrong side of an existing pair.
        (&buyer, Side::Supplier, &supplier.id),
        (&buyer, Side::Buyer, &request_id()),
    ] {
        refused(scorecard(firm, side, other, period).await, Reason::NOT_FOUND);
    }
    let backwards = scorecard(&buyer, Side::Buyer, &supplier.id, (now, now)).await;
    bad_fields(backwards, &[("until", "RANGE")]);
    let nothing = buyer.scorecards().get_scorecard(GetScorecardRequest::default()).await;
    bad_fields(
        nothing,
        &[("side", "REQUIRED"), ("counterparty_id", "REQUIRED"), ("from", "REQUIRED"), ("until", "REQUIRED")],
    );
    world.finish().await;
}
