//! What both sides may send, and sending it.

use futures::future::join_all;
use harness::{
    Answer, Firm, answer,
    change::{cancel, change, close, hold, release, withdraw},
    decide, order, request_id,
};
use proto::orders::{
    BulkRespondRequest, CancelOrderRequest, ChangeOrderRequest, CloseShortRequest, HoldOrderRequest, Order,
    ProposalState, PublishOrderRequest, RejectReason, ReleaseOrderRequest, Remainder, ResolveProposalRequest,
    RespondToChangeRequest, RespondToOrderRequest, ScheduleLineState, SetProgressRequest,
    WithdrawChangeRequest, WithdrawProposalRequest, bulk_respond_result,
};
use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use rust_decimal::Decimal;
use tonic::Status;

use super::{
    ledger::{Ledger, Outcome, Receipt},
    told::parts,
};

/// Orders that there are before anything else happens.
const ORDERS: usize = 12;

/// Every kind of command, each of which takes effect in a run.
pub const KINDS: [&str; 13] = [
    "publish",
    "respond",
    "respond in bulk",
    "resolve",
    "withdraw",
    "change",
    "cancel",
    "close",
    "hold",
    "release",
    "answer a change",
    "withdraw a change",
    "progress",
];

/// A command that may be sent more than once.
#[derive(Clone)]
pub enum Request {
    Publish(PublishOrderRequest),
    Respond(RespondToOrderRequest),
    Bulk(BulkRespondRequest),
    Resolve(ResolveProposalRequest),
    Withdraw(WithdrawProposalRequest),
    Change(ChangeOrderRequest),
    Cancel(CancelOrderRequest),
    Close(CloseShortRequest),
    Hold(HoldOrderRequest),
    Release(ReleaseOrderRequest),
    AnswerChange(RespondToChangeRequest),
    WithdrawChange(WithdrawChangeRequest),
    Progress(SetProgressRequest),
}

/// A buyer and its supplier, and what they have sent.
pub struct Story {
    pub buyer: Firm,
    pub supplier: Firm,
    pub ids: Vec<String>,
    published: usize,
    /// The last of what was sent, to be sent again.
    sent: Vec<Request>,
    /// Requests that were made from one version: a cancellation and an answer.
    races: Vec<(String, String)>,
}

impl Story {
    pub fn new(buyer: Firm, supplier: Firm) -> Self {
        Self { buyer, supplier, ids: Vec::new(), published: 0, sent: Vec::new(), races: Vec::new() }
    }

    /// What is sent at once: made from what stands now, some of it twice, and some of it from earlier.
    pub async fn batch(&mut self, random: &mut StdRng, size: usize) -> Vec<Request> {
        let mut batch = Vec::new();
        while batch.len() < size {
            let new = self.ids.is_empty() || self.published < ORDERS || random.random_ratio(1, 12);
            if new {
                self.published += 1;
                batch.push(Request::Publish(document(self.published, random)));
                continue;
            }
            let id = self.ids.choose(random).expect("there are orders").clone();
            let seen = self.supplier.order(&id).await.expect("the supplier's own order");
            batch.extend(self.next(&seen, random).await);
        }
        if let Some(again) = self.sent.choose(random).filter(|_| random.random_ratio(1, 2)) {
            batch.push(again.clone());
        }
        if random.random_ratio(1, 2) {
            batch.extend(batch.choose(random).cloned());
        }
        self.sent.extend(batch.iter().cloned());
        let old = self.sent.len().saturating_sub(50);
        self.sent.drain(..old);
        batch
    }

    async fn next(&mut self, seen: &Order, random: &mut StdRng) -> Vec<Request> {
        let id = &seen.id;
        let proposals = seen.schedule.iter().flat_map(|line| &line.proposals);
        let open = proposals.filter(|proposal| proposal.state() == ProposalState::Open);
        let open: Vec<&str> = open.filter(|_| random.random()).map(|proposal| proposal.id.as_str()).collect();
        if let Some(pending) = seen.pending_changes.choose(random).filter(|_| random.random_ratio(1, 3)) {
            return vec![end_of_pending(id, &pending.id, random.random_range(0..3))];
        }
        let one = match random.random_range(0..22) {
            0..=4 if !open.is_empty() => end_of_proposals(id, &open, random.random_range(0..4)),
            5..=7 => Request::Change(changed(id, random)),
            8..=9 => Request::Cancel(cancelled(id, random)),
            10 => Request::Close(closed(seen, random)),
            11 if seen.held => Request::Release(release(id)),
            11 => Request::Hold(hold(id)),
            12 => accept_everything(seen),
            13 => {
                let mut responses = Vec::new();
                for id in self.ids.choose_multiple(random, 3).cloned().collect::<Vec<_>>() {
                    let seen = self.supplier.order(&id).await.expect("its own");
                    responses.push(response(&seen, random));
                }
                Request::Bulk(BulkRespondRequest { responses })
            }
            14..=15 => {
                let stage = random.random_range(1..=5);
                let (request_id, order_id) = (request_id(), id.clone());
                let progress = SetProgressRequest { request_id, order_id, stage, ..Default::default() };
                Request::Progress(progress)
            }
            16 => {
                let answering = RespondToOrderRequest {
                    version: seen.version,
                    revision: seen.revision,
                    ..harness::accept_all(id)
                };
                let cancelling = CancelOrderRequest { version: seen.version, ..cancel(id, &[]) };
                self.races.push((cancelling.request_id.clone(), answering.request_id.clone()));
                return vec![Request::Cancel(cancelling), Request::Respond(answering)];
            }
            _ => Request::Respond(response(seen, random)),
        };
        vec![one]
    }

    /// Sends at once, and notes what became of it.
    pub async fn send(&mut self, ledger: &mut Ledger, batch: Vec<Request>) {
        for (cancelling, answering) in self.races.drain(..) {
            ledger.race(cancelling, answering);
        }
        let outcomes: Vec<Outcome> = join_all(batch.into_iter().map(|request| self.call(request)))
            .await
            .into_iter()
            .flatten()
            .collect();
        for outcome in outcomes.iter().filter(|outcome| outcome.kind == "publish") {
            let receipt = outcome.result.as_ref().expect("every document is good");
            if !self.ids.contains(&receipt.order_id) {
                self.ids.push(receipt.order_id.clone());
            }
        }
        ledger.note(outcomes);
    }

    async fn call(&self, request: Request) -> Vec<Outcome> {
        let (buyer, supplier) = (&self.buyer, &self.supplier);
        // An enum of requests, each with its own method: name, request id, and the call.
        macro_rules! one {
            ($kind:literal, $request:ident, $call:expr) => {{
                let request_id = $request.request_id.clone();
                vec![outcome($kind, request_id, $call.await)]
            }};
        }
        match request {
            Request::Publish(r) => one!("publish", r, buyer.publish(r)),
            Request::Respond(r) => one!("respond", r, supplier.respond(r)),
            Request::Withdraw(r) => one!("withdraw", r, supplier.withdraw(r)),
            Request::Change(r) => one!("change", r, buyer.change(r)),
            Request::Cancel(r) => one!("cancel", r, buyer.cancel(r)),
            Request::Close(r) => one!("close", r, buyer.close(r)),
            Request::Resolve(r) => one!("resolve", r, plain(buyer.orders().resolve_proposal(r))),
            Request::Hold(r) => one!("hold", r, plain(buyer.changes().hold_order(r))),
            Request::Release(r) => one!("release", r, plain(buyer.changes().release_order(r))),
            Request::AnswerChange(r) => {
                one!("answer a change", r, plain(supplier.changes().respond_to_change(r)))
            }
            Request::WithdrawChange(r) => {
                one!("withdraw a change", r, plain(buyer.changes().withdraw_change(r)))
            }
            Request::Progress(r) => one!("progress", r, plain(supplier.progress().set_progress(r))),
            Request::Bulk(r) => self.bulk(r).await,
        }
    }

    async fn bulk(&self, request: BulkRespondRequest) -> Vec<Outcome> {
        let answers = self.supplier.responses().bulk_respond(request).await.expect("each is answered");
        let each = answers.into_inner().results.into_iter().map(|one| {
            let result = match one.result.expect("a receipt or a refusal") {
                bulk_respond_result::Result::Receipt(receipt) => Ok(Receipt::from(receipt)),
                bulk_respond_result::Result::Refusal(refusal) => Err(expected(refusal.reason)),
            };
            Outcome { kind: "respond in bulk", request_id: one.request_id, result }
        });
        each.collect()
    }
}

async fn plain<T>(call: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, Status> {
    call.await.map(tonic::Response::into_inner)
}

fn outcome<T: Into<Receipt>>(kind: &'static str, request_id: String, answer: Result<T, Status>) -> Outcome {
    let result = answer.map(Into::into).map_err(|status| expected(harness::refusal::reason(&status)));
    Outcome { kind, request_id, result }
}

/// A refusal that random commands may well run into.
fn expected(reason: String) -> String {
    let known = [
        "INVALID_FIELDS",
        "NOTHING_UNANSWERED",
        "NOTHING_OPEN",
        "NOTHING_ACCEPTED",
        "PROPOSAL_RESOLVED",
        "CHANGE_RESOLVED",
        "HOLD_UNCHANGED",
        "REVISION_OUTDATED",
        "VERSION_OUTDATED",
        "CONFLICT",
    ];
    assert!(known.contains(&reason.as_str()), "{reason}");
    reason
}

/// The supplier accepts or declines what is asked for, or the buyer asks no more.
pub fn end_of_pending(id: &str, change_id: &str, how: usize) -> Request {
    let (request_id, order_id, change_id, note) = (request_id(), id.into(), change_id.into(), String::new());
    match how {
        0 | 1 => {
            let accept = how == 0;
            Request::AnswerChange(RespondToChangeRequest { request_id, order_id, change_id, accept, note })
        }
        _ => Request::WithdrawChange(WithdrawChangeRequest { request_id, order_id, change_id, note }),
    }
}

/// The buyer accepts the first and declines the others, or the supplier takes all back.
pub fn end_of_proposals(id: &str, open: &[&str], how: usize) -> Request {
    if how == 0 {
        return Request::Withdraw(withdraw(id, open));
    }
    let decisions = open.iter().enumerate().map(|(n, proposal)| (*proposal, n == 0));
    Request::Resolve(decide(id, &decisions.collect::<Vec<_>>()))
}

pub fn accept_everything(seen: &Order) -> Request {
    Request::Respond(RespondToOrderRequest { revision: seen.revision, ..harness::accept_all(&seen.id) })
}

fn document(n: usize, random: &mut StdRng) -> PublishOrderRequest {
    let mut order = order(&format!("45{n:06}"));
    for line in 1..=random.random_range(2..=4) {
        let quantity = amount(random, 5_000);
        order = order.line(&line.to_string(), "CY-BX-0450", &quantity, "6.85");
        // The first is inside the frozen horizon.
        if random.random_ratio(2, 5) {
            order = order.schedule("1", &amount(random, 2_000), "2026-12-07", "");
            order = order.schedule("2", &amount(random, 2_000), "2027-01-04", "");
        }
    }
    order.to("V100")
}

/// A change of one or two lines, one of which may be new.
fn changed(id: &str, random: &mut StdRng) -> ChangeOrderRequest {
    let mut changed = order("");
    let some = random.random_range(1..=2);
    let numbers = ["1", "2", "3", "4", "5"];
    for line in numbers.choose_multiple(random, some) {
        let price = ["6.85", "7.10"].choose(random).unwrap();
        changed = changed.line(line, "CY-BX-0450", "1", price);
        if random.random_bool(0.7) {
            let day = ["2026-12-07", "2026-12-28"].choose(random).unwrap();
            changed = changed.schedule("1", &amount(random, 5_000), day, "");
        } else {
            changed.content.lines.last_mut().unwrap().quantity =
                Some(harness::decimal(&amount(random, 5_000)));
        }
    }
    change(id, changed)
}

/// A cancellation of a part of a line, of all of it, or of the whole order.
fn cancelled(id: &str, random: &mut StdRng) -> CancelOrderRequest {
    match random.random_range(0..10) {
        0 => cancel(id, &[]),
        1 => cancel(id, &[("2", "")]),
        _ => cancel(id, &[(["1", "1/1", "2", "3"].choose(random).unwrap(), &amount(random, 500))]),
    }
}

/// A line that is closed at a part of what was accepted, if anything was.
fn closed(seen: &Order, random: &mut StdRng) -> CloseShortRequest {
    let line = seen.schedule.choose(random).expect("an order has lines");
    let accepted = parts(line.quantities.as_ref())[1];
    let delivered = if random.random() { accepted } else { accepted / Decimal::TWO };
    let mut request = close(&seen.id, &[(&line.line_number, &delivered.round_dp(3).to_string())]);
    request.lines[0].schedule_line_number = line.schedule_line_number.clone();
    request
}

/// A quantity above 0 with up to three places.
fn amount(random: &mut StdRng, most: i64) -> String {
    let scale = random.random_range(0..=3);
    Decimal::new(random.random_range(1..=most * 10_i64.pow(scale)), scale).to_string()
}

/// An answer to some lines that may or may not fit.
fn response(seen: &Order, random: &mut StdRng) -> RespondToOrderRequest {
    let mut given = answer(&seen.id);
    given.request.revision = seen.revision;
    let waits = |line: &&ScheduleLineState| parts(line.quantities.as_ref())[4] > Decimal::ZERO;
    let mut lines: Vec<&ScheduleLineState> = seen.schedule.iter().filter(waits).collect();
    if lines.is_empty() || random.random_ratio(1, 10) {
        lines = seen.schedule.iter().collect();
    }
    let some = random.random_range(1..=2);
    for line in lines.choose_multiple(random, some) {
        let name = format!("{}/{}", line.line_number, line.schedule_line_number);
        let quantity = if random.random_bool(0.2) { String::new() } else { amount(random, 300) };
        given = part(given, &name, &quantity, random);
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
