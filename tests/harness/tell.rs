//! Words for whoever runs the tests, past what holds back the words of tests that pass.

use std::{fmt::Display, io::Write as _};

/// A line to the terminal, in one piece.
pub fn aloud(line: impl Display) {
    // Whoever closed the terminal does not read it.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A figure, in one form for all: `measured: NAME VALUE UNIT`.
pub fn measured(name: &str, value: impl Display, unit: &str) {
    aloud(format_args!("measured: {name} {value} {unit}"));
}

/// Names what is left out, since this machine or its owner does not allow it or has nothing for it.
pub fn skipped(what: impl Display) {
    aloud(format_args!("skipped: {what}"));
}

/// Warns of what took longer than it may, which depends on the machine and fails nothing; `tests/run` names it at its end.
pub fn late(what: impl Display) {
    aloud(format_args!("late: {what}"));
}

/// The same as [`skipped`] of what `tests/run` installs; where CI is set that is a failure.
///
/// # Panics
/// In CI.
#[track_caller]
pub fn lacks(what: impl Display) {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!in_ci, "{what}");
    skipped(what);
}
