//! Whatever both sides send, in whatever order: quantities are conserved after every event, versions are contiguous,
//! the state follows from the quantities, and both feeds tell the same story.
//!
//! The run is random and its seed is printed; `TANDEM_TEST_SEED` repeats one.

use std::collections::{BTreeMap, HashMap};

use futures::future::join_all;
use harness::{
    Answer, Firm, World, answer,
    change::{cancel, change, close, hold, release, withdraw},
    decide, events,
    events::Payload,
    number, order,
};
use proto::{
    orders::{OrderState, PublishOutcome, Quantities, RejectReason, Remainder},
    stream::FeedEvent,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use rust_decimal::Decimal;

const ORDERS: usize = 12;
/// Commands sent at once, so that they race on the same orders.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn quantities_are_conserved_over_six_hundred_random_commands() {
    run(if harness::long() { 20_000 } else { 600 }).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn quantities_are_conserved_over_twenty_thousand_random_commands() {
    run(20_000).await;
}

async fn run(commands: usize) {
    let seed = std::env::var_os("TANDEM_TEST_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut story = Story { buyer, supplier, ids: Vec::new(), published: 0 };
    let mut taken = 0;
    let mut sent = 0;
    while sent < commands {
        let batch: Vec<_> = (0..AT_ONCE).map(|_| story.next(&mut random)).collect();
        let outcomes = join_all(batch.into_iter().map(|command| story.send(command))).await;
        sent += outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::NotSent)).count();
        taken += outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Taken | Outcome::Published(_)))
            .count();
        story.ids.extend(outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Published(id) => Some(id),
            _ => None,
        }));
    }
    world.settled().await;
    let (left, right) = (story.buyer.events().await, story.supplier.events().await);
    events::check_feed(&story.buyer.id, &left);
    events::check_feed(&story.supplier.id, &right);
    let told = retell(&left);
    assert_eq!(told, retell(&right), "both feeds tell the same of every order");
    let in_feed: usize = told.values().map(|told| told.ids.len()).sum();
    assert_eq!(in_feed, taken, "each command that was taken made one event");
    assert!(taken > sent / 3, "most commands make sense: {taken} of {sent}");
    println!("{sent} commands sent, {taken} taken, {} orders", told.len());
    for (id, told) in &told {
        let seen = story.buyer.order(id).await.unwrap();
        assert_eq!((seen.version, seen.state()), (told.ids.len() as i64, told.state));
        let stands =
            seen.schedule.iter().map(|line| (line.schedule_line_id.clone(), parts(line.quantities.as_ref())));
        assert_eq!(stands.collect::<BTreeMap<_, _>>(), told.lines);
        assert_eq!(seen.history.len(), told.ids.len());
    }
    world.finish().await;
}

/// What may be sent.
enum Command {
    Publish(proto::orders::PublishOrderRequest),
    Respond(proto::orders::RespondToOrderRequest),
    /// Decides open proposals of this order, as far as a reading shows them.
    Resolve(String, u64),
    /// Takes open proposals of this order back, as far as a reading shows them.
    Withdraw(String, u64),
    Change(proto::orders::ChangeOrderRequest),
    Cancel(proto::orders::CancelOrderRequest),
    Close(proto::orders::CloseShortRequest),
    Hold(String),
    Release(String),
}

/// What became of a command.
enum Outcome {
    Published(String),
    Taken,
    Refused,
    /// There was nothing to decide.
    NotSent,
}

struct Story {
    buyer: Firm,
    supplier: Firm,
    ids: Vec<String>,
    published: usize,
}

impl Story {
    fn next(&mut self, random: &mut StdRng) -> Command {
        let open = self.ids.choose(random).cloned();
        let new = self.published < ORDERS || random.random_ratio(1, 10);
        let Some(id) = open.filter(|_| !new) else {
            self.published += 1;
            return Command::Publish(document(self.published, random));
        };
        match random.random_range(0..20) {
            0..=4 => Command::Resolve(id, random.random()),
            5 => Command::Withdraw(id, random.random()),
            6..=8 => Command::Change(changed(&id, random)),
            9..=10 => Command::Cancel(cancelled(&id, random)),
            11 => {
                Command::Close(close(&id, &[(["1", "2", "3"].choose(random).unwrap(), &amount(random, 50))]))
            }
            12 if random.random() => Command::Hold(id),
            12 => Command::Release(id),
            13 => Command::Respond(harness::accept_all(&id)),
            _ => Command::Respond(response(&id, random)),
        }
    }

    async fn send(&self, command: Command) -> Outcome {
        let answer = match command {
            Command::Publish(request) => {
                let receipt = self.buyer.publish(request).await.expect("every document is good");
                return Outcome::Published(receipt.order_id);
            }
            Command::Respond(mut request) => {
                // Whoever answers reads first; another revision may come in between all the same.
                request.revision = self.supplier.order(&request.order_id).await.expect("its own").revision;
                self.supplier.respond(request).await
            }
            Command::Resolve(id, choice) => match self.decisions(&id, choice).await {
                Some(request) => {
                    self.buyer.orders().resolve_proposal(request).await.map(tonic::Response::into_inner)
                }
                None => return Outcome::NotSent,
            },
            Command::Withdraw(id, choice) => match self.decisions(&id, choice).await {
                Some(request) => {
                    let ids: Vec<&str> =
                        request.decisions.iter().map(|one| one.proposal_id.as_str()).collect();
                    self.supplier.withdraw(withdraw(&id, &ids)).await
                }
                None => return Outcome::NotSent,
            },
            Command::Change(request) => self.buyer.change(request).await,
            Command::Cancel(request) => self.buyer.cancel(request).await,
            Command::Close(request) => self.buyer.close(request).await,
            Command::Hold(id) => {
                self.buyer.changes().hold_order(hold(&id)).await.map(tonic::Response::into_inner)
            }
            Command::Release(id) => {
                self.buyer.changes().release_order(release(&id)).await.map(tonic::Response::into_inner)
            }
        };
        match answer {
            // Nothing happened, and no event says so.
            Ok(receipt) if receipt.outcome() == PublishOutcome::Unchanged => Outcome::NotSent,
            Ok(receipt) => {
                assert!(receipt.lines.iter().all(|line| conserved(&parts(line.quantities.as_ref()))));
                Outcome::Taken
            }
            Err(status) => {
                let reason = harness::refusal::reason(&status);
                let expected = [
                    "INVALID_FIELDS",
                    "NOTHING_UNANSWERED",
                    "PROPOSAL_RESOLVED",
                    "CONFLICT",
                    "REVISION_OUTDATED",
                    "NOTHING_OPEN",
                    "HOLD_UNCHANGED",
                ];
                assert!(expected.contains(&reason.as_str()), "{status:?}");
                Outcome::Refused
            }
        }
    }

    async fn decisions(&self, id: &str, choice: u64) -> Option<proto::orders::ResolveProposalRequest> {
        let seen = self.buyer.order(id).await.expect("the buyer's own order");
        let open = seen
            .schedule
            .iter()
            .flat_map(|line| &line.proposals)
            .filter(|proposal| proposal.state() == proto::orders::ProposalState::Open);
        let decisions: Vec<(&str, bool)> = open
            .enumerate()
            .filter(|(n, _)| choice >> n & 1 == 0)
            .map(|(n, proposal)| (proposal.id.as_str(), choice >> (n + 32) & 1 == 0))
            .collect();
        (!decisions.is_empty()).then(|| decide(id, &decisions))
    }
}

fn document(n: usize, random: &mut StdRng) -> proto::orders::PublishOrderRequest {
    let mut order = order(&format!("45{n:06}"));
    for line in 1..=random.random_range(2..=4) {
        let quantity = amount(random, 5_000);
        order = order.line(&line.to_string(), "CY-BX-0450", &quantity, "6.85");
        if random.random_ratio(1, 5) {
            order = order.schedule("1", &amount(random, 2_000), "2026-12-28", "");
            order = order.schedule("2", &amount(random, 2_000), "2027-01-04", "");
        }
    }
    order.to("V100")
}

/// A change of one or two lines, one of which may be new.
fn changed(id: &str, random: &mut StdRng) -> proto::orders::ChangeOrderRequest {
    let mut changed = order("");
    let some = random.random_range(1..=2);
    let numbers = ["1", "2", "3", "4", "5"];
    for line in numbers.choose_multiple(random, some) {
        let price = ["6.85", "7.10"].choose(random).unwrap();
        changed = changed.line(line, "CY-BX-0450", "1", price);
        if random.random_bool(0.7) {
            changed = changed.schedule("1", &amount(random, 5_000), "2026-12-28", "");
        } else {
            changed.content.lines.last_mut().unwrap().quantity =
                Some(harness::decimal(&amount(random, 5_000)));
        }
    }
    change(id, changed)
}

/// A cancellation of a part of a line, of all of it, or of the whole order.
fn cancelled(id: &str, random: &mut StdRng) -> proto::orders::CancelOrderRequest {
    match random.random_range(0..10) {
        0 => cancel(id, &[]),
        1 => cancel(id, &[("2", "")]),
        _ => cancel(id, &[(["1", "1/1", "2", "3"].choose(random).unwrap(), &amount(random, 500))]),
    }
}

/// A quantity above 0 with up to three places.
fn amount(random: &mut StdRng, most: i64) -> String {
    let scale = random.random_range(0..=3);
    Decimal::new(random.random_range(1..=most * 10_i64.pow(scale)), scale).to_string()
}

/// An answer to some lines that may or may not fit.
fn response(id: &str, random: &mut StdRng) -> proto::orders::RespondToOrderRequest {
    let mut given = answer(id);
    let lines = ["1", "1/1", "2", "2/1", "2/2", "3"];
    let some = random.random_range(1..=2);
    let chosen: Vec<&str> = lines.choose_multiple(random, some).copied().collect();
    for line in chosen {
        let quantity = if random.random_bool(0.2) { String::new() } else { amount(random, 300) };
        given = part(given, line, &quantity, random);
        given = match random.random_range(0..5) {
            0 => given.rest(Remainder::Reject),
            4 if random.random_bool(0.5) => given,
            _ => given.rest(Remainder::LeaveUnanswered),
        };
    }
    given.done()
}

fn part(given: Answer, line: &str, quantity: &str, random: &mut StdRng) -> Answer {
    match random.random_range(0..6) {
        0..=1 => given.accept(line, quantity),
        2 => given.reject(line, quantity, RejectReason::NoMaterial),
        3 => given.propose(line, quantity, &[(&amount(random, 900), "2027-01-11")]),
        _ => {
            let deliveries = [amount(random, 90), amount(random, 90)];
            given.propose(line, quantity, &[(&deliveries[0], "2027-01-11"), (&deliveries[1], "2027-02-01")])
        }
    }
}

/// Ordered, accepted, rejected, proposed, unanswered, cancelled.
type Parts = [Decimal; 6];

fn parts(wire: Option<&Quantities>) -> Parts {
    let wire = wire.expect("quantities");
    [&wire.ordered, &wire.accepted, &wire.rejected, &wire.proposed, &wire.unanswered, &wire.cancelled]
        .map(|part| number(part.as_ref()).normalize())
}

fn conserved(parts: &Parts) -> bool {
    parts.iter().all(|part| *part >= Decimal::ZERO) && parts[0] == parts[1..].iter().sum()
}

/// What a feed says of an order.
#[derive(Debug, Default, PartialEq)]
struct Told {
    ids: Vec<String>,
    lines: BTreeMap<String, Parts>,
    state: OrderState,
}

/// Replays a feed, checking every event as it comes.
fn retell(feed: &[FeedEvent]) -> HashMap<String, Told> {
    let mut all: HashMap<String, Told> = HashMap::new();
    for entry in events::of_orders(feed) {
        let event = events::event(entry);
        let told = all.entry(event.subject.trim_start_matches("orders/").to_string()).or_default();
        told.ids.push(event.id.clone());
        assert_eq!(event.version, told.ids.len() as i64, "versions of {} are contiguous", event.subject);
        let payload = events::payload(event);
        for line in payload.schedule() {
            let parts = parts(line.quantities.as_ref());
            assert!(conserved(&parts), "{} at version {}: {parts:?}", event.subject, event.version);
            let before = told.lines.insert(line.schedule_line_id.clone(), parts);
            let republished = matches!(payload, Payload::Changed(_));
            assert!(
                republished || before.is_none_or(|before| before[0] == parts[0]),
                "what was ordered stays, unless the buyer publishes anew"
            );
            let by_supplier = matches!(payload, Payload::Responded(_) | Payload::Withdrawn(_));
            assert!(
                !by_supplier || before.is_none_or(|before| before[1] <= parts[1]),
                "what was accepted is not declined afterwards"
            );
        }
        told.state = payload.state();
        assert_eq!(told.state, derived(&told.lines), "{} at version {}", event.subject, event.version);
    }
    all
}

/// The state by the rule of the contract.
fn derived(lines: &BTreeMap<String, Parts>) -> OrderState {
    let any = |part: usize| lines.values().any(|parts| parts[part] > Decimal::ZERO);
    match (any(4), any(3), any(1), any(2)) {
        (true, ..) => OrderState::Unanswered,
        (_, true, ..) => OrderState::Proposed,
        (_, _, true, true) => OrderState::PartAccepted,
        (_, _, true, false) => OrderState::Accepted,
        (_, _, false, true) => OrderState::Rejected,
        (_, _, false, false) if any(5) => OrderState::Cancelled,
        (_, _, false, false) => OrderState::Accepted,
    }
}
