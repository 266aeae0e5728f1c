//! An order as a machine: whatever both sides do to it in whatever order, what always holds holds.
//!
//! Every command that changes an order is here but messages, which change no quantity: what `commands` does around
//! these rules (locks, rows, events, repeated requests) is what tests/e2e/conservation.rs sends some hundred commands
//! through.

use chassis::value;
use proto::orders::{OrderState, ProgressStage, ProposedDelivery, RejectReason};
use time::{Date, macros::date};

use super::{tests::*, *};
use crate::{
    agree::{self, AllTerms},
    frozen,
    order::{
        Answer, Remainder, Target,
        cancel::{Cancellation, Closing},
    },
    progress,
    tolerance::{Bound, Bounds, Rule, Source, Terms},
};

/// When the line of [`frozen_line`] is asked for, and the last frozen day.
const FROZEN: Date = date!(2026 - 12 - 01);

/// What the buyer asks for inside the frozen horizon.
#[derive(Clone)]
enum Asked {
    Change(Box<OrderContent>),
    Cancel(Cancellation),
}

/// An order, what waits for the supplier's consent, and how far its lines are.
#[derive(Clone)]
struct Life {
    scene: Scene,
    asked: Option<Asked>,
    terms: AllTerms,
}

/// A line whose day is frozen.
fn frozen_line(number: usize, quantity: i64, price: i64) -> OrderLine {
    let day = Some(value::wire_date(FROZEN));
    OrderLine {
        schedule_lines: vec![ScheduleLine {
            schedule_line_number: "1".into(),
            quantity: Some(value::wire_decimal(quantity.into())),
            requested_delivery: Some(proto::orders::DeliveryWindow {
                from: day,
                until: day,
                ..Default::default()
            }),
            ..ScheduleLine::default()
        }],
        ..line(number, quantity, price)
    }
}

fn some_line(number: usize, quantity: i64, price: i64) -> OrderLine {
    if number == 2 { frozen_line(number, quantity, price) } else { line(number, quantity, price) }
}

/// Random numbers that one seed repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn quantity(&mut self) -> Decimal {
        Decimal::new(self.below(350) as i64 + 1, 1)
    }

    fn line(&mut self) -> Target {
        Target::Number((self.below(4) + 1).to_string(), String::new())
    }
}

/// The supplier answers a line; it may well be refused.
fn respond(life: &mut Life, dice: &mut Dice, answer: Answer, rest: Remainder) {
    let answer = answered(dice.line(), answer, rest);
    let order = &mut life.scene.order;
    let _ = agree::answer(order, &mut life.terms, order.revision, Some(&[answer]));
}

/// A proposal; whether it is within tolerance is left to chance.
fn propose(life: &mut Life, dice: &mut Dice) {
    life.scene.next += 1;
    let id = Uuid::from_u128(life.scene.next);
    let covers = dice.quantity();
    let quantity = covers + Decimal::from(dice.below(4));
    let delivery = ProposedDelivery {
        quantity: Some(value::wire_decimal(quantity)),
        delivery_date: Some(value::wire_date(FROZEN)),
    };
    let content = proto::orders::Propose { deliveries: vec![delivery], ..Default::default() };
    let answer = Answer::Propose { id, covers: Some(covers), content: Box::new(content) };
    respond(life, dice, answer, Remainder::LeaveUnanswered);
}

/// Everything may be 2 more.
fn tolerant(order: &Order) -> AllTerms {
    let over = Some(Bound { percent: None, absolute: Some(2.into()) });
    let bounds = Bounds { quantity_over: over, late_days: Some(0), ..Bounds::default() };
    let each = order.schedule.iter().map(|line| {
        let rules = vec![Rule { id: None, source: Source::EverySupplier, bounds: bounds.clone() }];
        let terms = Terms {
            ordered: line.quantities.ordered,
            requested: Some((FROZEN, FROZEN)),
            rules,
            ..Terms::default()
        };
        (line.id, terms)
    });
    each.collect()
}

/// The buyer sends another document: what is frozen of it is asked for, the rest takes effect.
fn change(life: &mut Life, dice: &mut Dice) {
    let two = dice.below(3) == 0;
    let mut numbers = vec![dice.below(4) as usize + 1];
    numbers.extend((two && numbers[0] != 2).then_some(2));
    let lines =
        numbers.iter().map(|n| some_line(*n, dice.below(150) as i64, dice.below(3) as i64 + 1)).collect();
    let document = document(lines);
    let promises = HashMap::new();
    let full = life.scene.clone().change(document.clone()).expect("every document is good");
    let waits =
        full.map(|full| frozen::lines(&life.scene.order, &full, &promises, FROZEN)).unwrap_or_default();
    let (now, later) = frozen::split(&document, &waits);
    if !now.lines.is_empty() {
        life.scene.change(now).expect("every document is good");
    }
    // A newer request for a line replaces an older one and leaves requests for other lines.
    let listed: HashSet<&str> = document.lines.iter().map(|line| line.line_number.as_str()).collect();
    let rest = match &life.asked {
        Some(Asked::Change(earlier)) => {
            let unlisted = earlier.lines.iter().filter(|line| !listed.contains(line.line_number.as_str()));
            unlisted.cloned().collect()
        }
        _ => Vec::new(),
    };
    let asked = frozen::joined(rest, later);
    if !asked.lines.is_empty() {
        life.asked = Some(Asked::Change(Box::new(asked)));
    } else if matches!(life.asked, Some(Asked::Change(_))) {
        life.asked = None;
    }
}

/// The buyer cancels: what is frozen of it is asked for.
fn cancel(life: &mut Life, dice: &mut Dice) {
    let quantity = (dice.below(3) > 0).then(|| dice.quantity());
    let wanted = Cancellation { path: "lines[0]".into(), target: dice.line(), quantity };
    let order = &mut life.scene.order;
    let Ok(done) = order.clone().cancel(std::slice::from_ref(&wanted)) else { return };
    if frozen::places(order, &done, &HashMap::new(), FROZEN).is_empty() {
        order.cancel(&[wanted]).expect("as it was tried");
    } else {
        life.asked = Some(Asked::Cancel(wanted));
    }
}

/// The supplier accepts what waits, as far as it still fits.
fn adopt(life: &mut Life, asked: Asked) {
    match asked {
        Asked::Change(document) => {
            if let Some(change) = life.scene.change(*document).expect("it was tried before") {
                let ids = change.schedule.iter().map(|each| each.after.id).collect();
                frozen::agree(&mut life.scene.order, &ids);
            }
        }
        Asked::Cancel(wanted) => {
            let _ = life.scene.order.cancel(&[Cancellation { quantity: None, ..wanted }]);
        }
    }
}

/// The buyer decides an open proposal, or the supplier takes it back.
fn end_a_proposal(order: &mut Order, dice: &mut Dice) -> &'static str {
    let count = order.proposals.len() as u64;
    if count == 0 {
        return "nothing";
    }
    let id = order.proposals[dice.below(count) as usize].id;
    if dice.below(3) == 0 {
        order.withdraw(&[id]).expect("an open proposal is withdrawn");
        return "withdraw";
    }
    order.resolve(&[(id, dice.below(2) == 0)]).expect("an open proposal is decided");
    "resolve"
}

/// The supplier says how far all accepted lines are; no quantity moves.
fn report_progress(order: &Order) {
    let lines: Vec<progress::Line> = order
        .schedule
        .iter()
        .map(|line| progress::Line {
            id: line.id,
            line_number: line.line_number.clone(),
            schedule_line_number: line.schedule_line_number.clone(),
            accepted: line.quantities.accepted,
            stage: None,
        })
        .collect();
    let said = progress::moves(&lines, &progress::Said::All(ProgressStage::InProduction));
    let accepted = lines.iter().any(|line| !line.accepted.is_zero());
    assert_eq!(said.is_ok(), accepted, "whatever is accepted can be worked on");
}

/// What one command does; the name tells a failure apart.
fn step(life: &mut Life, dice: &mut Dice) -> &'static str {
    let order = &mut life.scene.order;
    match dice.below(16) {
        0..=1 => {
            let answer = Answer::Accept { quantity: Some(dice.quantity()) };
            respond(life, dice, answer, Remainder::LeaveUnanswered);
            "accept"
        }
        2 => {
            let (reason, note) = (RejectReason::Date, String::new());
            let answer = Answer::Reject { quantity: Some(dice.quantity()), reason, note };
            respond(life, dice, answer, Remainder::LeaveUnanswered);
            "reject"
        }
        3 => {
            let answer = Answer::Accept { quantity: Some(dice.quantity()) };
            respond(life, dice, answer, Remainder::Reject(RejectReason::NoMaterial));
            "accept and reject the rest"
        }
        4 if dice.below(4) == 0 => {
            let _ = agree::answer(order, &mut life.terms, order.revision, None);
            "accept everything"
        }
        4 => {
            let outdated = agree::answer(order, &mut life.terms, order.revision - 1, None);
            assert!(matches!(outdated, Err(crate::error::Refusal::RevisionOutdated { .. })));
            "answer what is outdated"
        }
        5..=6 => {
            propose(life, dice);
            "propose"
        }
        7..=8 => end_a_proposal(order, dice),
        9 => {
            cancel(life, dice);
            "cancel"
        }
        10 if dice.below(4) == 0 => {
            let (path, delivered) = (String::from("lines[0]"), Decimal::from(dice.below(40)));
            let _ = order.close_short(&[Closing { path, target: dice.line(), delivered }]);
            "close"
        }
        11 => {
            let _ = order.hold(dice.below(2) == 0);
            "hold or release"
        }
        12 => match life.asked.take() {
            Some(asked) if dice.below(2) == 0 => {
                adopt(life, asked);
                "adopt"
            }
            _ => "decline or take back",
        },
        13 => {
            report_progress(order);
            "progress"
        }
        14 => {
            let last_night = life.scene.document();
            assert!(life.scene.change(last_night).expect("it was published").is_none(), "the same once more");
            "send again"
        }
        _ => {
            change(life, dice);
            "change"
        }
    }
}

/// What holds after every command, and what only some may do.
fn holds(before: &Order, after: &Order, name: &str) {
    for line in &after.schedule {
        let q = &line.quantities;
        assert!(q.conserved(), "{name}: {line:?}");
        let parts = [q.accepted, q.rejected, q.proposed, q.unanswered, q.cancelled];
        assert!(parts.iter().all(|part| *part >= Decimal::ZERO), "{name}: {line:?}");
        let open = after.proposals.iter().filter(|open| open.schedule_line == line.id);
        assert_eq!(open.map(|open| open.covers).sum::<Decimal>(), q.proposed, "{name}: {line:?}");
        let waits = q.unanswered > Decimal::ZERO || q.proposed > Decimal::ZERO;
        assert!(!(line.closed && waits), "{name}: a closed line waits for nothing: {line:?}");
        let Some(old) = before.schedule.iter().find(|old| old.id == line.id) else { continue };
        let by_supplier = [
            "accept",
            "reject",
            "accept and reject the rest",
            "accept everything",
            "propose",
            "withdraw",
            "resolve",
        ]
        .contains(&name);
        if by_supplier {
            assert!(q.accepted >= old.quantities.accepted, "{name}: what was accepted is not declined");
            assert_eq!((q.ordered, q.cancelled), (old.quantities.ordered, old.quantities.cancelled));
        }
        if !["change", "adopt"].contains(&name) {
            assert_eq!(q.ordered, old.quantities.ordered, "{name}: only a document orders");
            assert_eq!(line.answered_since, old.answered_since);
        }
    }
    match before == after {
        true => {}
        false => assert_eq!(after.version, before.version + 1, "{name}: a change is a version"),
    }
    let published = after.revision - before.revision;
    match name {
        "change" | "adopt" => assert!(published == 0 || published == 1, "{name}"),
        "decline or take back" | "send again" | "progress" | "answer what is outdated" | "nothing" => {
            assert_eq!(before, after, "{name} changes nothing");
        }
        _ => assert_eq!(published, 0, "{name}: only a document is a revision"),
    }
}

/// Every state that is not final has a way out.
fn has_a_way_out(life: &Life) {
    if let Some(asked) = &life.asked {
        let mut accepted = life.clone();
        adopt(&mut accepted, asked.clone());
        holds(&life.scene.order, &accepted.scene.order, "adopt");
    }
    let order = &life.scene.order;
    let mut next = order.clone();
    if order.held {
        next.hold(false).expect("what is held is released");
    }
    match order.state() {
        OrderState::Unanswered => {
            next.respond(next.revision, &order.accept_all()).expect("what is unanswered is accepted");
            assert_ne!(next.state(), OrderState::Unanswered);
        }
        OrderState::Proposed => {
            let all: Vec<Uuid> = order.proposals.iter().map(|open| open.id).collect();
            next.clone().withdraw(&all).expect("what is proposed is withdrawn");
            next.clone().cancel(&[]).expect("what is proposed is cancelled");
            let all: Vec<(Uuid, bool)> = all.into_iter().map(|id| (id, true)).collect();
            next.resolve(&all).expect("what is proposed is decided");
            assert_ne!(next.state(), OrderState::Proposed);
        }
        OrderState::Accepted | OrderState::PartAccepted => {
            if order.schedule.iter().any(|line| !line.open().is_zero()) {
                next.cancel(&[]).expect("what is accepted can be cancelled");
                assert!(next.schedule.iter().all(|line| line.open().is_zero()));
            }
        }
        _ => assert!(next.cancel(&[]).is_err(), "what is over is over"),
    }
}

fn run(commands: usize, seed: u64) {
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let new = || {
        let scene = scene(vec![line(1, 100, 1), frozen_line(2, 50, 2), line(3, 0, 1)]);
        Life { terms: tolerant(&scene.order), scene, asked: None }
    };
    let mut lives: Vec<Life> = (0..10).map(|_| new()).collect();
    let mut took_effect = std::collections::BTreeMap::<&str, usize>::new();
    for n in 0..commands {
        // An order that lived long makes room for a new one, so that beginnings are tried as often as ends.
        let place = dice.below(lives.len() as u64) as usize;
        if n % 60 == 59 {
            lives[place] = new();
        }
        let life = &mut lives[place];
        let before = life.scene.order.clone();
        let name = step(life, &mut dice);
        holds(&before, &life.scene.order, name);
        has_a_way_out(life);
        *took_effect.entry(name).or_default() += usize::from(before != life.scene.order);
    }
    let happened: usize = took_effect.values().sum();
    println!("{happened} of {commands} commands took effect: {took_effect:?}");
    assert!(happened > commands / 4);
    let idle = ["decline or take back", "send again", "progress", "answer what is outdated", "nothing"];
    let never: Vec<_> =
        took_effect.iter().filter(|(name, count)| **count == 0 && !idle.contains(name)).collect();
    assert!(never.is_empty() && took_effect.len() >= 16, "{took_effect:?}");
}

#[test]
fn ten_thousand_commands_of_both_sides_keep_every_rule() {
    run(10_000, 20_261_124);
}

#[test]
#[ignore = "takes minutes; tests/run --long"]
fn a_million_commands_of_both_sides_keep_every_rule() {
    run(1_000_000, 20_261_125);
}
