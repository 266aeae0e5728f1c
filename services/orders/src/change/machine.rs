//! An order as a machine: whatever both sides do to it in whatever order, what always holds holds.

use proto::orders::{OrderState, RejectReason};

use super::{tests::*, *};
use crate::order::{
    Answer, Remainder, Target,
    cancel::{Cancellation, Closing},
};

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
        Decimal::new(self.below(1_500) as i64 + 1, 1)
    }

    fn line(&mut self) -> Target {
        Target::Number((self.below(4) + 1).to_string(), String::new())
    }
}

/// The supplier answers a line; it may well be refused.
fn respond(scene: &mut Scene, dice: &mut Dice, answer: Answer, rest: Remainder) {
    let answer = answered(dice.line(), answer, rest);
    let _ = scene.order.respond(scene.order.revision, &[answer]);
}

/// What one command does; the name tells a failure apart.
fn step(scene: &mut Scene, dice: &mut Dice) -> &'static str {
    let path = String::from("lines[0]");
    let open = |scene: &Scene, dice: &mut Dice| {
        let count = scene.order.proposals.len() as u64;
        (count > 0).then(|| scene.order.proposals[dice.below(count) as usize].id)
    };
    match dice.below(12) {
        0..=1 => {
            let answer = Answer::Accept { quantity: Some(dice.quantity()) };
            respond(scene, dice, answer, Remainder::LeaveUnanswered);
            "accept"
        }
        2 => {
            let answer = Answer::Reject {
                quantity: Some(dice.quantity()),
                reason: RejectReason::Date,
                note: String::new(),
            };
            respond(scene, dice, answer, Remainder::LeaveUnanswered);
            "reject"
        }
        3 => {
            let answer = Answer::Accept { quantity: Some(dice.quantity()) };
            let rest = Remainder::Reject(RejectReason::NoMaterial);
            respond(scene, dice, answer, rest);
            "accept and reject the rest"
        }
        4..=5 => {
            scene.next += 1;
            let id = Uuid::from_u128(scene.next);
            let answer = Answer::Propose { id, covers: Some(dice.quantity()), content: Box::default() };
            respond(scene, dice, answer, Remainder::LeaveUnanswered);
            "propose"
        }
        6 => {
            if let Some(id) = open(scene, dice) {
                scene.order.resolve(&[(id, dice.below(2) == 0)]).expect("an open proposal is decided");
            }
            "resolve"
        }
        7 => {
            if let Some(id) = open(scene, dice) {
                scene.order.withdraw(&[id]).expect("an open proposal is withdrawn");
            }
            "withdraw"
        }
        8 => {
            let quantity = (dice.below(3) > 0).then(|| dice.quantity());
            let _ = scene.order.cancel(&[Cancellation { path, target: dice.line(), quantity }]);
            "cancel"
        }
        9 if dice.below(4) == 0 => {
            let delivered = Decimal::from(dice.below(40));
            let _ = scene.order.close_short(&[Closing { path, target: dice.line(), delivered }]);
            "close"
        }
        10 => {
            let held = dice.below(2) == 0;
            let _ = scene.order.hold(held);
            "hold or release"
        }
        _ => {
            let number = dice.below(4) as usize + 1;
            let changed = line(number, dice.below(150) as i64, dice.below(3) as i64 + 1);
            scene.change(document(vec![changed])).expect("every document is good");
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
        let by_supplier =
            ["accept", "reject", "accept and reject the rest", "propose", "withdraw"].contains(&name);
        if by_supplier {
            assert!(q.accepted >= old.quantities.accepted, "{name}: what was accepted is not declined");
            assert_eq!((q.ordered, q.cancelled), (old.quantities.ordered, old.quantities.cancelled));
        }
        if name != "change" {
            assert_eq!(q.ordered, old.quantities.ordered, "{name}: only a document orders");
            assert_eq!(line.answered_since, old.answered_since);
        }
    }
    match before == after {
        true => {}
        false => assert_eq!(after.version, before.version + 1, "{name}: a change is a version"),
    }
    assert!(after.revision - before.revision == i32::from(name == "change" && before != after));
}

/// Every state that is not final has a way out.
fn has_a_way_out(order: &Order) {
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
    let new = || scene(vec![line(1, 100, 1), line(2, 50, 2), line(3, 0, 1)]);
    let mut scenes: Vec<Scene> = (0..10).map(|_| new()).collect();
    let mut happened = 0;
    for n in 0..commands {
        // An order that lived long makes room for a new one, so that beginnings are tried as often as ends.
        let place = dice.below(scenes.len() as u64) as usize;
        if n % 200 == 199 {
            scenes[place] = new();
        }
        let scene = &mut scenes[place];
        let before = scene.order.clone();
        let name = step(scene, &mut dice);
        holds(&before, &scene.order, name);
        has_a_way_out(&scene.order);
        happened += usize::from(before != scene.order);
    }
    println!("{happened} of {commands} commands took effect");
    assert!(happened > commands / 3);
}

#[test]
fn ten_thousand_commands_of_both_sides_keep_every_rule() {
    run(10_000, 20_261_124);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_commands_of_both_sides_keep_every_rule() {
    run(1_000_000, 20_261_125);
}
