//! Tests that not every run runs: each says why, and `tests/run --long` runs it, or its help names what it needs besides.

use std::fs;

use super::source::{files, none, root};

#[test]
fn every_test_that_is_left_out_says_why_and_is_run_in_long_runs() {
    let run = fs::read_to_string(root().join("tests/run")).expect("tests/run");
    let (help, steps) = run.split_once("\nHELP\n").expect("its help");
    assert!(steps.contains("tests -- --ignored"), "tests/run --long runs what is left out elsewhere");
    let mut faults = Vec::new();
    for source in files(&["rs"]) {
        for (index, line) in source.text.lines().enumerate() {
            if let Some(fault) = fault(line, help) {
                faults.push(format!("{}:{} {fault}", source.path, index + 1));
            }
        }
    }
    none(&faults, "a test that is left out is run by `tests/run --long`, whose help says what else it needs");
}

/// What is wrong with a line that leaves a test out.
fn fault(line: &str, help: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("#[ignore")?;
    let Some(reason) = rest.strip_prefix(" = \"").and_then(|rest| rest.strip_suffix("\"]")) else {
        return Some("gives no reason".into());
    };
    let words = reason.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let unnamed = words.filter(|word| word.starts_with("TANDEM_")).find(|word| !help.contains(word));
    unnamed.map(|word| format!("needs {word}, which the help does not name"))
}

#[test]
fn a_reason_and_what_it_needs_are_recognised() {
    let fault = |line| fault(line, "where TANDEM_ONE names it");
    assert_eq!(fault("    #[ignore = \"takes minutes\"]"), None);
    assert_eq!(fault("#[ignore = \"for what TANDEM_ONE names\"]"), None);
    assert_eq!(fault("fn f() { // #[ignore]"), None);
    assert!(fault("#[ignore]").is_some());
    assert!(fault("#[ignore = \"for what TANDEM_TWO names\"]").is_some());
}
