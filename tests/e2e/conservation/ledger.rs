//! What became of every request, so that what is sent again is seen to have one effect.

use std::{collections::HashMap, fmt};

use prost::Message;
use proto::orders::{OrderReceipt, PublishOutcome, SetProgressResponse};

/// An answer as it was first given.
pub struct Receipt {
    pub replayed: bool,
    /// Without the sign that it is repeated.
    first: Vec<u8>,
    /// An event says what happened.
    told: bool,
    pub order_id: String,
}

impl From<OrderReceipt> for Receipt {
    fn from(receipt: OrderReceipt) -> Self {
        assert!(receipt.lines.iter().all(|line| super::told::conserved(line.quantities.as_ref())));
        let first = OrderReceipt { replayed: false, ..receipt.clone() };
        Self {
            replayed: receipt.replayed,
            told: receipt.outcome() != PublishOutcome::Unchanged,
            first: first.encode_to_vec(),
            order_id: receipt.order_id,
        }
    }
}

impl From<SetProgressResponse> for Receipt {
    fn from(answer: SetProgressResponse) -> Self {
        let first = SetProgressResponse { replayed: false, ..answer.clone() };
        Self {
            replayed: answer.replayed,
            told: !answer.schedule_line_ids.is_empty(),
            first: first.encode_to_vec(),
            order_id: answer.order_id,
        }
    }
}

/// What one request of a command came to.
pub struct Outcome {
    pub kind: &'static str,
    pub request_id: String,
    /// The reason of a refusal.
    pub result: Result<Receipt, String>,
}

/// Everything that was answered.
#[derive(Default)]
pub struct Ledger {
    pub sent: usize,
    /// Events that there must be.
    pub events: usize,
    /// Documents that changed nothing of the order.
    pub unchanged: usize,
    receipts: HashMap<String, Vec<u8>>,
    replays: usize,
    refusals: usize,
    /// Requests of which at most one may win, with how often the first and the second did.
    races: Vec<(String, String)>,
    kinds: HashMap<&'static str, usize>,
}

impl Ledger {
    pub fn race(&mut self, cancelling: String, answering: String) {
        self.races.push((cancelling, answering));
    }

    /// Notes answers that came in together.
    ///
    /// Copies of one request may be among them, and then the one that took effect may come last.
    pub fn note(&mut self, outcomes: Vec<Outcome>) {
        self.sent += outcomes.len();
        for outcome in &outcomes {
            let Ok(receipt) = &outcome.result else {
                self.refusals += 1;
                continue;
            };
            if receipt.replayed {
                self.replays += 1;
                continue;
            }
            let before = self.receipts.insert(outcome.request_id.clone(), receipt.first.clone());
            assert!(before.is_none(), "{} {} took effect twice", outcome.kind, outcome.request_id);
            self.events += usize::from(receipt.told);
            self.unchanged += usize::from(!receipt.told);
            *self.kinds.entry(outcome.kind).or_default() += usize::from(receipt.told);
        }
        for outcome in outcomes {
            if let Ok(receipt) = outcome.result {
                let first = self.receipts.get(&outcome.request_id);
                assert_eq!(first, Some(&receipt.first), "{} is not answered as at first", outcome.kind);
            }
        }
    }

    /// What only a whole run shows.
    pub fn check(&self) {
        let won = |id: &String| self.receipts.contains_key(id);
        for (cancelling, answering) in &self.races {
            assert!(!(won(cancelling) && won(answering)), "both {cancelling} and {answering} won");
        }
        let decided = self.races.iter().filter(|(one, other)| won(one) || won(other)).count();
        assert!(decided * 4 >= self.races.len(), "{decided} of {} races have a winner", self.races.len());
        assert!(self.replays > 0 && !self.races.is_empty());
        // A short run may end before an order that was held is let go again.
        let seldom = |kind: &str| kind == "release" && self.sent < 2_000;
        let missing = super::command::KINDS.iter().filter(|kind| !self.kinds.contains_key(*kind));
        let missing: Vec<_> = missing.filter(|kind| !seldom(kind)).collect();
        assert!(missing.is_empty(), "never took effect: {missing:?}");
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort();
        let (replays, refusals, races) = (self.replays, self.refusals, self.races.len());
        write!(to, "{replays} repeated, {refusals} refused, {races} races; {kinds:?}")
    }
}
