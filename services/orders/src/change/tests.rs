//! What a changed document does, as examples and as properties.

use chassis::value;
use proptest::prelude::*;
use proto::orders::{Item, Price};

use super::*;
use crate::order::{Answer, LineAnswer, Remainder, Target, cancel::Cancellation};

fn wire(quantity: Decimal) -> Option<proto::Decimal> {
    Some(value::wire_decimal(quantity))
}

pub(super) fn line(number: usize, quantity: i64, price: i64) -> OrderLine {
    OrderLine {
        line_number: number.to_string(),
        item: Some(Item { name: "件".into(), ..Item::default() }),
        quantity: wire(quantity.into()),
        price: Some(Price { amount: wire(price.into()), ..Price::default() }),
        ..OrderLine::default()
    }
}

pub(super) fn document(lines: Vec<OrderLine>) -> OrderContent {
    OrderContent {
        order_number: "1".into(),
        currency: "CNY".into(),
        price_includes_tax: Some(false),
        lines,
        ..OrderContent::default()
    }
}

/// An order and its document, as the tables hold them.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) order: Order,
    published: Published,
    /// The last id that was given.
    pub(super) next: u128,
}

pub(super) fn scene(lines: Vec<OrderLine>) -> Scene {
    let empty = Order {
        id: Uuid::from_u128(900),
        buyer: Uuid::from_u128(901),
        supplier: Uuid::from_u128(902),
        source_system: "default".into(),
        order_number: "1".into(),
        purchasing_group: String::new(),
        sites: Vec::new(),
        revision: 0,
        version: 0,
        held: false,
        schedule: Vec::new(),
        proposals: Vec::new(),
    };
    let header = document(Vec::new());
    let mut scene = Scene { order: empty, published: Published { header, lines: Vec::new() }, next: 1 };
    scene.change(document(lines)).expect("good").expect("new lines are a difference");
    scene
}

impl Scene {
    pub(super) fn change(&mut self, document: OrderContent) -> Result<Option<Change>, Vec<Field>> {
        let mut next = self.next;
        let promises = HashMap::new();
        let standing = Standing { order: &self.order, published: &self.published, promises: &promises };
        let mut ids = || {
            next += 1;
            Uuid::from_u128(next)
        };
        let change = compare(&standing, document, SupplierAddress::default(), Vec::new(), &mut ids)?;
        self.next = next;
        if let Some(change) = &change {
            self.order.revise(change);
            self.store(change);
        }
        Ok(change)
    }

    /// The document as it was last published.
    pub(super) fn document(&self) -> OrderContent {
        let lines = self.published.lines.iter().map(|line| line.content.clone()).collect();
        OrderContent { lines, ..self.published.header.clone() }
    }

    /// Keeps the document as the tables do: by place, a line's schedule lines with their ids.
    fn store(&mut self, change: &Change) {
        let known: HashMap<(String, String), (Uuid, i32)> = self
            .published
            .lines
            .iter()
            .flat_map(|line| {
                line.content.schedule_lines.iter().zip(&line.schedule).map(|(planned, named)| {
                    let key = (line.content.line_number.clone(), planned.schedule_line_number.clone());
                    (key, *named)
                })
            })
            .collect();
        let new: HashMap<(String, String), (Uuid, i32)> = change
            .schedule
            .iter()
            .map(|each| {
                let after = &each.after;
                ((after.line_number.clone(), after.schedule_line_number.clone()), (after.id, each.position))
            })
            .collect();
        let content = &change.document.content;
        self.published.header = OrderContent { lines: Vec::new(), ..content.clone() };
        let lines = content.lines.iter().enumerate().map(|(position, line)| {
            let named = |planned: &ScheduleLine| {
                let key = (line.line_number.clone(), planned.schedule_line_number.clone());
                *new.get(&key).or_else(|| known.get(&key)).expect("every schedule line has an id")
            };
            PublishedLine {
                position: position as i32,
                content: line.clone(),
                schedule: line.schedule_lines.iter().map(named).collect(),
            }
        });
        self.published.lines = lines.collect();
    }

    fn accept_all(&mut self) {
        let all = self.order.accept_all();
        self.order.respond(self.order.revision, &all).expect("something is unanswered");
    }

    fn parts(&self, place: usize) -> Quantities {
        self.order.schedule[place].quantities
    }
}

#[test]
fn a_line_that_is_not_listed_stands() {
    let mut scene = scene(vec![line(10, 100, 5), line(20, 40, 5)]);
    scene.accept_all();
    let change = scene.change(document(vec![line(20, 40, 6)])).unwrap().unwrap();
    assert_eq!((change.reconfirm(), change.lines.len(), scene.order.revision), (1, 1, 2));
    assert_eq!(scene.parts(0).accepted, 100.into());
    assert_eq!(scene.parts(1).unanswered, 40.into());
    assert_eq!(scene.order.schedule[1].answered_since, scene.order.version);
    assert!(scene.change(document(vec![line(20, 40, 6)])).unwrap().is_none(), "the same again is no change");
}

#[test]
fn another_quantity_is_the_newest_word_and_the_same_one_leaves_cancellations() {
    let cancel = |scene: &mut Scene, quantity: i64| {
        let target = Target::Number("10".into(), String::new());
        let each = Cancellation { path: "lines[0]".into(), target, quantity: Some(quantity.into()) };
        scene.order.cancel(&[each]).unwrap();
    };
    // What is published, what is cancelled before it, and how the line stands then.
    let new = |quantity: i64, price: i64| {
        let mut scene = scene(vec![line(10, 100, 5)]);
        scene.accept_all();
        cancel(&mut scene, 30);
        scene.change(document(vec![line(10, quantity, price)])).unwrap();
        let q = scene.parts(0);
        [q.ordered, q.accepted, q.unanswered, q.cancelled].map(|part| i64::try_from(part).unwrap())
    };
    assert_eq!(new(100, 5), [100, 70, 0, 30], "nothing new");
    assert_eq!(new(70, 5), [70, 70, 0, 0], "the buyer's system catches up");
    assert_eq!(new(100, 6), [100, 0, 70, 30], "another price for what is left");
    assert_eq!(new(70, 6), [70, 0, 70, 0], "catching up, and another price");
    assert_eq!(new(80, 5), [80, 0, 80, 0]);
    assert_eq!(new(120, 5), [120, 0, 120, 0]);
}

#[test]
fn differences_of_several_revisions_are_told_as_one() {
    let mut scene = scene(vec![line(10, 100, 5)]);
    let first = scene.change(document(vec![line(10, 120, 5)])).unwrap().unwrap().difference;
    let second = scene.change(document(vec![line(10, 130, 6)])).unwrap().unwrap().difference;
    let back = scene.change(document(vec![line(10, 100, 6)])).unwrap().unwrap().difference;
    let told = joined(vec![first.clone(), second.clone()]);
    let quantity = told.lines.iter().find(|line| !line.schedule_line_number.is_empty()).unwrap();
    assert_eq!((quantity.changes[0].old.as_str(), quantity.changes[0].new.as_str()), ("100", "130"));
    let round = joined(vec![first, second, back]);
    assert_eq!((round.from_revision, round.to_revision), (1, 4));
    let fields: Vec<_> =
        round.lines.iter().flat_map(|line| &line.changes).map(|c| c.field.as_str()).collect();
    assert_eq!(fields, ["price.amount"], "what was taken back is no difference");
}

#[test]
fn a_document_names_its_own_wrong_lines() {
    let mut scene = scene(vec![line(10, 100, 5), line(20, 40, 5)]);
    let mut wrong = line(20, 41, 5);
    wrong.schedule_lines = vec![ScheduleLine {
        schedule_line_number: "1".into(),
        quantity: wire(40.into()),
        ..ScheduleLine::default()
    }];
    let refused = scene.change(document(vec![wrong])).unwrap_err();
    let told: Vec<_> = refused.iter().map(|field| (field.path.as_str(), field.reason)).collect();
    assert_eq!(told, [("content.lines[0].schedule_lines", "SUM")], "by its place in the request");
}

/// Anything that either side may do to an order of up to three lines.
#[derive(Clone, Debug)]
enum Step {
    Accept(usize, i64),
    Propose(usize, i64),
    Resolve(bool),
    Cancel(usize, i64),
    Change(Vec<(usize, i64, i64)>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..4_usize, 1..120_i64).prop_map(|(line, quantity)| Step::Accept(line, quantity)),
        (1..4_usize, 1..120_i64).prop_map(|(line, quantity)| Step::Propose(line, quantity)),
        any::<bool>().prop_map(Step::Resolve),
        (1..4_usize, 1..120_i64).prop_map(|(line, quantity)| Step::Cancel(line, quantity)),
        prop::collection::vec((1..5_usize, 0..120_i64, 1..3_i64), 0..4).prop_map(Step::Change),
    ];
    prop::collection::vec(step, 1..30)
}

fn answer(line: usize, answer: Answer) -> LineAnswer {
    answered(Target::Number(line.to_string(), String::new()), answer, Remainder::LeaveUnanswered)
}

pub(super) fn answered(target: Target, answer: Answer, remainder: Remainder) -> LineAnswer {
    LineAnswer { path: "lines[0]".into(), target, answer, remainder: Some(remainder) }
}

impl Scene {
    fn step(&mut self, step: Step) {
        let revision = self.order.revision;
        match step {
            Step::Accept(line, quantity) => {
                let accept = Answer::Accept { quantity: Some(quantity.into()) };
                let _ = self.order.respond(revision, &[answer(line, accept)]);
            }
            Step::Propose(line, quantity) => {
                self.next += 1;
                let id = Uuid::from_u128(self.next);
                let propose = Answer::Propose { id, covers: Some(quantity.into()), content: Box::default() };
                let _ = self.order.respond(revision, &[answer(line, propose)]);
            }
            Step::Resolve(accept) => {
                if let Some(open) = self.order.proposals.first() {
                    let id = open.id;
                    self.order.resolve(&[(id, accept)]).expect("it is open");
                }
            }
            Step::Cancel(line, quantity) => {
                let target = Target::Number(line.to_string(), String::new());
                let each = Cancellation { path: String::new(), target, quantity: Some(quantity.into()) };
                let _ = self.order.cancel(&[each]);
            }
            Step::Change(lines) => {
                let mut given: Vec<OrderLine> = Vec::new();
                for (number, quantity, price) in lines {
                    if given.iter().all(|own| own.line_number != number.to_string()) {
                        given.push(line(number, quantity, price));
                    }
                }
                self.change(document(given)).expect("every document is good");
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_quantities_are_conserved_and_the_same_document_again_is_no_change(steps in steps()) {
        let mut scene = scene(vec![line(1, 100, 1), line(2, 50, 1), line(3, 0, 1)]);
        for step in steps {
            let before = scene.order.clone();
            scene.step(step);
            let order = &scene.order;
            prop_assert!(order.schedule.iter().all(|line| line.quantities.conserved()));
            let parts = |q: &Quantities| [q.ordered, q.accepted, q.rejected, q.proposed, q.unanswered, q.cancelled];
            prop_assert!(order.schedule.iter().all(|line| parts(&line.quantities).iter().all(|part| *part >= Decimal::ZERO)));
            prop_assert!(order.version - before.version <= 1 && order.revision - before.revision <= 1);
            prop_assert!(before == *order || order.version == before.version + 1, "every change is a version");
            for line in &order.schedule {
                let open: Decimal =
                    order.proposals.iter().filter(|open| open.schedule_line == line.id).map(|open| open.covers).sum();
                prop_assert_eq!(open, line.quantities.proposed, "what is proposed has its proposals");
            }
            let mut again = scene.clone();
            prop_assert!(again.change(scene.document()).expect("it was published").is_none());
        }
    }
}
