//! What is wrong with a document, and where.

use chassis::{Error, Field, Reason};

/// The most problems that are kept; more are only counted.
const MAX_KEPT: usize = 100;
/// Bytes of paths and sentences that an answer may carry: gRPC clients take 16 KiB of headers, Base64 included.
const MAX_ANSWER_BYTES: usize = 7_000;

/// A document that cannot be read at all: one reason at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Refusal {
    /// A refusal at a byte offset of the text.
    pub fn at(text: &[u8], offset: usize, reason: Reason, message: impl Into<String>) -> Self {
        let (line, column) = position(text, offset);
        Self { reason, line, column, message: message.into() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let place = format!("line {}, column {}: {}", refusal.line, refusal.column, refusal.message);
        let mut error = Error::new(refusal.reason)
            .message(place.clone())
            .with("line", refusal.line)
            .with("column", refusal.column);
        error.fields.push(Field::new("content", refusal.reason.as_str(), place));
        error
    }
}

/// Something in a readable document that stands in the way of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document, such as `/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity`.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, such as `REQUIRED`.
    pub reason: &'static str,
    /// What to do about it.
    pub message: String,
}

/// All problems of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// In document order of their discovery.
    pub kept: Vec<Problem>,
    /// How many there are, those that were not kept included.
    pub count: usize,
}

impl Problems {
    /// Notes one problem.
    pub fn push(&mut self, problem: impl FnOnce() -> Problem) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(problem());
        }
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        let (mut fields, mut bytes) = (Vec::new(), 0);
        for problem in problems.kept {
            let message = format!("line {}, column {}: {}", problem.line, problem.column, problem.message);
            bytes += problem.path.len() + message.len() + problem.reason.len() + 16;
            if bytes > MAX_ANSWER_BYTES && !fields.is_empty() {
                break;
            }
            fields.push(Field::new(problem.path, problem.reason, message));
        }
        let named = fields.len();
        let mut error = Error::invalid(fields).with("problems", problems.count);
        if named < problems.count {
            error = error
                .message(format!("{} problems in the document; the first {named} are named", problems.count));
        }
        error
    }
}

/// Line and column of a byte offset, both from 1; columns count characters.
pub fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    // Continuation bytes of UTF-8 are no characters of their own.
    let column = before[start..].iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
    (line, column)
}
