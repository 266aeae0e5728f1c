//! The result of one file, and the sum over all.

use proto::orders::{OrderReceipt, PublishOutcome};
use serde_json::{Value, json};

use crate::cli::{
    Session,
    failure::{Exit, Failure},
    output::short,
};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Published,
    Changed,
    /// Nothing of it takes effect before the supplier agrees.
    Waiting,
    Unchanged,
    AlreadyThere,
    Refused,
    Failed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Published => "published",
            Outcome::Changed => "changed",
            Outcome::Waiting => "waiting",
            Outcome::Unchanged => "unchanged",
            Outcome::AlreadyThere => "already there",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// One file's result.
#[derive(Debug)]
pub(in crate::cli) struct Row {
    file: String,
    pub(in crate::cli) sha256: String,
    pub(in crate::cli) order_number: String,
    pub(in crate::cli) document_id: String,
    pub(in crate::cli) invitation_path: String,
    outcome: Outcome,
    /// Its number was taken by something else that was published before, and nothing of this was done.
    number_taken: bool,
    receipt: OrderReceipt,
    failure: Option<Failure>,
}

impl Row {
    pub(in crate::cli) fn new(file: &str) -> Row {
        Row {
            file: file.to_owned(),
            sha256: String::new(),
            order_number: String::new(),
            document_id: String::new(),
            invitation_path: String::new(),
            outcome: Outcome::Failed,
            number_taken: false,
            receipt: OrderReceipt::default(),
            failure: None,
        }
    }

    pub(in crate::cli) fn receipt(&mut self, receipt: OrderReceipt) {
        self.outcome = match receipt.outcome() {
            PublishOutcome::Changed => Outcome::Changed,
            PublishOutcome::Pending => Outcome::Waiting,
            PublishOutcome::Unchanged => Outcome::Unchanged,
            _ if receipt.replayed => Outcome::AlreadyThere,
            _ => Outcome::Published,
        };
        self.receipt = receipt;
    }

    /// The order exists; what the server says of it stands in the metadata.
    pub(in crate::cli) fn exists(&mut self, failure: Failure) {
        let said = |key: &str| {
            failure
                .metadata
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        (self.outcome, self.number_taken) = (Outcome::AlreadyThere, true);
        if self.order_number.is_empty() {
            self.order_number = said("order_number");
        }
        self.receipt.order_id = said("order_id");
        self.receipt.revision = said("revision").parse().unwrap_or_default();
        self.receipt.version = said("version").parse().unwrap_or_default();
    }

    pub(in crate::cli) fn fail(&mut self, failure: Failure) {
        self.outcome = if failure.code == "LOCAL" { Outcome::Failed } else { Outcome::Refused };
        self.failure = Some(failure);
    }

    /// Why there is no receipt, if there is none.
    pub(in crate::cli) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Where nobody answers or the key may not, the next file fares no better.
    pub(in crate::cli) fn stops_everything(&self) -> Option<Exit> {
        let exit = self.failure.as_ref()?.exit;
        matches!(exit, Exit::Unreachable | Exit::NotAllowed).then_some(exit)
    }

    pub(in crate::cli) fn write(&self, session: &Session) -> Result<(), crate::cli::Failure> {
        if session.out.json() {
            return session.out.value(&self.json());
        }
        session.out.line(&self.text())
    }

    pub(in crate::cli) fn text(&self) -> String {
        let number = if self.order_number.is_empty() { "-" } else { &self.order_number };
        let state = self.state();
        let revision = match self.receipt.revision {
            0 => String::new(),
            revision => format!("rev {revision}"),
        };
        let mut text =
            format!("{:<13}  {number:<20}  {revision:<6}  {state:<13}  {}", self.outcome.name(), self.file);
        if self.number_taken {
            text.push_str(
                "\n  the number was published before, from something else: nothing of this was done; a table or JSON \
                 changes an order",
            );
        }
        if self.receipt.reconfirm_lines > 0 {
            let lines = self.receipt.reconfirm_lines;
            text.push_str(&format!("\n  the supplier answers {lines} schedule lines anew"));
        }
        if !self.receipt.pending_change_id.is_empty() {
            text.push_str("\n  what is frozen waits for the supplier's consent");
        }
        for warning in &self.receipt.warnings {
            text.push_str(&format!(
                "\n  warning: {}: {} [{}]",
                warning.field, warning.message, warning.reason
            ));
        }
        if self.receipt.supplier_invited {
            text.push_str("\n  the supplier was invited; hand over ");
            match self.invitation_path.as_str() {
                "" => text.push_str("a link that the portal makes, under partners"),
                path => text.push_str(&format!("the link {path} at the portal's address")),
            }
        }
        if let Some(failure) = &self.failure {
            for line in failure.text().lines() {
                text.push_str("\n  ");
                text.push_str(line);
            }
        }
        text
    }

    fn state(&self) -> &'static str {
        match self.receipt.state {
            0 => "",
            _ => short(self.receipt.state().as_str_name(), "ORDER_STATE_"),
        }
    }

    pub(in crate::cli) fn json(&self) -> Value {
        let warnings: Vec<Value> = self
            .receipt
            .warnings
            .iter()
            .map(|w| json!({ "field": w.field, "reason": w.reason, "message": w.message }))
            .collect();
        json!({
            "file": self.file,
            "sha256": self.sha256,
            "outcome": self.outcome.name().replace(' ', "_"),
            "order_number": self.order_number,
            "order_id": self.receipt.order_id,
            "document_id": self.document_id,
            "revision": self.receipt.revision,
            "version": self.receipt.version,
            "state": self.state(),
            "number_taken": self.number_taken,
            "reconfirm_lines": self.receipt.reconfirm_lines,
            "pending_change_id": self.receipt.pending_change_id,
            "supplier_id": self.receipt.supplier_id,
            "supplier_invited": self.receipt.supplier_invited,
            "invitation_path": self.invitation_path,
            "warnings": warnings,
            "error": self.failure.as_ref().map(Failure::json),
        })
    }
}

/// How many files fared how.
#[derive(Debug, Default)]
pub(in crate::cli) struct Summary {
    published: usize,
    changed: usize,
    waiting: usize,
    unchanged: usize,
    already_there: usize,
    refused: usize,
    failed: usize,
}

impl Summary {
    pub(in crate::cli) fn count(&mut self, row: &Row) {
        match row.outcome {
            Outcome::Published => self.published += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Waiting => self.waiting += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::AlreadyThere => self.already_there += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Failed => self.failed += 1,
        }
    }

    pub(in crate::cli) fn text(&self) -> String {
        let counted = [
            ("published", self.published),
            ("changed", self.changed),
            ("waiting for the supplier", self.waiting),
            ("unchanged", self.unchanged),
            ("already there", self.already_there),
            ("refused", self.refused),
            ("failed", self.failed),
        ];
        let always = ["published", "refused"];
        let told = counted.iter().filter(|(name, count)| *count > 0 || always.contains(name));
        told.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// A refusal weighs more than a file that could not be read: somebody has to act on it.
    pub(in crate::cli) fn exit(&self) -> Exit {
        match (self.refused, self.failed) {
            (0, 0) => Exit::Ok,
            (0, _) => Exit::Failed,
            _ => Exit::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;

    fn refused() -> Row {
        let mut row = Row::new("a.xml");
        row.fail(Failure::from_status(&Status::new(Code::NotFound, "no such supplier"), "en"));
        row
    }

    #[test]
    fn any_refusal_is_the_exit_code() {
        let mut summary = Summary::default();
        let mut published = Row::new("b.xml");
        published.receipt(OrderReceipt { revision: 1, ..Default::default() });
        summary.count(&published);
        assert_eq!(summary.exit(), Exit::Ok);
        summary.count(&Row::new("missing.xml"));
        assert_eq!(summary.exit(), Exit::Failed);
        summary.count(&refused());
        assert_eq!(summary.exit(), Exit::Refused);
        assert_eq!(summary.text(), "1 published, 1 refused, 1 failed");
    }

    #[test]
    fn a_repeated_receipt_is_already_there() {
        let mut row = Row::new("a.xml");
        row.receipt(OrderReceipt { replayed: true, revision: 1, state: 1, ..Default::default() });
        assert_eq!(row.json()["outcome"], "already_there");
        assert_eq!(row.json()["state"], "UNANSWERED");
        assert_eq!(row.stops_everything(), None);
    }

    #[test]
    fn a_number_that_is_taken_says_that_nothing_was_done() {
        let mut row = Row::new("a.xml");
        row.exists(Failure::from_status(&Status::new(Code::AlreadyExists, "published before"), "en"));
        assert_eq!(row.json()["outcome"], "already_there");
        assert_eq!(row.json()["number_taken"], true);
        assert!(row.text().contains("nothing of this was done"), "{}", row.text());
        row = Row::new("a.xml");
        row.receipt(OrderReceipt { replayed: true, ..Default::default() });
        assert_eq!((row.json()["number_taken"].clone(), row.text().lines().count()), (false.into(), 1));
    }

    #[test]
    fn a_refusal_goes_on_but_a_missing_key_stops() {
        assert_eq!(refused().stops_everything(), None);
        let mut row = Row::new("a.xml");
        row.fail(Failure::from_status(&Status::new(Code::Unauthenticated, "no key"), "en"));
        assert_eq!(row.stops_everything(), Some(Exit::NotAllowed));
    }
}
