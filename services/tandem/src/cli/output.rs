//! Writing results: to stdout as text or JSON lines, notes and failures to stderr.

use std::io::{ErrorKind, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::{
    Format,
    failure::{Exit, Failure},
};

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    format: Format,
}

impl Output {
    pub fn new(format: Format) -> Output {
        Output { format }
    }

    pub fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// One line to stdout, flushed, so that the next program of a pipe has it at once. A reader that went away ends
    /// the command quietly.
    pub fn line(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(broken_pipe)
    }

    /// One JSON object as one line.
    pub fn value(&self, value: &Value) -> Result<(), Failure> {
        self.line(&value.to_string())
    }

    /// Raw bytes to stdout.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(broken_pipe)
    }

    /// A remark beside the results.
    pub fn note(&self, text: &str) {
        // Nothing can be done where stderr itself is gone.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// What went wrong, to stderr.
    pub fn failure(&self, failure: &Failure) {
        match self.format {
            Format::Text => self.note(&format!("error: {}", failure.text())),
            Format::Json => self.note(&serde_json::json!({ "error": failure.json() }).to_string()),
        }
    }
}

fn broken_pipe(error: std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::local(Exit::Ok, ""),
        _ => Failure::from(error),
    }
}

/// A table without ornament, so that columns can be cut and searched.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// A table's text without blanks at line ends.
pub fn table_text(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A unit as people read it: of time by its sign, every other by its code of UN/ECE Recommendation 20, as it is typed.
pub fn unit(code: &str) -> &str {
    match code {
        "SEC" => "s",
        "MIN" => "min",
        "HUR" => "h",
        other => other,
    }
}

/// An enum value without its prefix: `ORDER_STATE_UNANSWERED` → `UNANSWERED`.
pub fn short<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}
