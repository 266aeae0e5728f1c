//! What the portal's page says is proven is proven: each test that it names is there, and each promise has a figure
//! that is measured.

use std::fs;

use super::source::{files, none, root};

const PAGE: &str = "services/portal/README.md";
/// What runs the tests of a browser.
const RUN: &str = "tests/portal/run.mjs";
/// As many promises as the portal gives.
const PROMISES: usize = 16;

#[test]
fn every_proof_of_the_portals_promises_is_there() {
    let page = fs::read_to_string(root().join(PAGE)).expect(PAGE);
    let rows = rows(&page);
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=PROMISES).collect::<Vec<_>>(), "{PAGE}: a promise in each row");
    let folder = root().join(PAGE).parent().expect("a folder").to_path_buf();
    let run = fs::read_to_string(root().join(RUN)).expect(RUN);
    let browser: String = files(&["mjs"]).into_iter().map(|source| source.text).collect();
    let mut faults = Vec::new();
    for row in &rows {
        if row.proofs.is_empty() {
            faults.push(format!("{}: no proof", row.number));
        }
        if row.figures.is_empty() {
            faults.push(format!("{}: no figure", row.number));
        }
        for (file, name) in &row.proofs {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            if !has_test(file, &text, name, &run) {
                faults.push(format!("{}: {file} has no test {name:?}", row.number));
            }
        }
        let unmeasured =
            row.figures.iter().filter(|figure| !browser.contains(&format!("measured('{figure}'")));
        faults.extend(unmeasured.map(|figure| format!("{}: nothing measures {figure:?}", row.number)));
    }
    none(&faults, "the portal's page names proofs that are not there");
}

struct Row {
    number: usize,
    /// Files as the page links them, each with a test in it.
    proofs: Vec<(String, String)>,
    figures: Vec<String>,
}

/// Rows of the table: number, promise, proofs, figures.
fn rows(page: &str) -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').collect();
        let [number, _, proofs, figures, ..] = cells.as_slice() else { return None };
        // What is set to something is a variable of the environment.
        let figures = quoted(figures).into_iter().filter(|figure| !figure.contains('='));
        Some(Row { number: number.trim().parse().ok()?, proofs: linked(proofs), figures: figures.collect() })
    };
    page.lines().filter_map(row).collect()
}

/// `[x](file): ` and the names that follow it, up to the next link.
fn linked(cell: &str) -> Vec<(String, String)> {
    let after = cell.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    after
        .flat_map(|(file, rest)| quoted(rest).into_iter().map(move |name| (file.to_string(), name)))
        .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

/// A test of a browser by its words, one of several ways by those that all have, in a function that `run` calls; else a
/// function that is marked as a test.
fn has_test(file: &str, text: &str, name: &str, run: &str) -> bool {
    if !file.ends_with(".mjs") {
        return is_marked(file, text, name);
    }
    let ways = [format!("test('{name}'"), format!("test(`{name}, ${{")];
    let Some(at) = ways.iter().find_map(|way| text.find(way)) else { return false };
    let within = text[..at].rsplit("export async function ").next().and_then(|rest| rest.split('(').next());
    within.is_some_and(|function| runs(run, function))
}

/// Whether `run` names the function below what it imports: as one of its parts, or as what it calls.
fn runs(run: &str, function: &str) -> bool {
    let lines = run.lines().filter(|line| !line.starts_with("import ") && !line.starts_with("//"));
    lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric())).any(|word| word == function)
}

/// The attribute stands right above, or above one other; a benchmark has none, since its program calls it.
fn is_marked(file: &str, text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let head = format!("fn {name}(");
    let Some(at) = lines.iter().position(|line| line.contains(&head)) else { return false };
    let marks = |line: &&str| {
        line.trim_start().starts_with("#[") && (line.contains("test]") || line.contains("test("))
    };
    file.contains("tests/bench/") || lines[at.saturating_sub(2)..at].iter().any(marks)
}

#[test]
fn proofs_are_recognised_where_they_stand() {
    let page = "| | promise | proven by | measured |\n|---|---|---|---|\n\
                | 1 | short | [a](x/a.mjs): `one, two`, `three`; the [b](b.rs): `four` | `bytes` ≤ 2 (`LONG=1`) |\n";
    let found = rows(page);
    let [row] = found.as_slice() else { panic!("one row") };
    let proofs: Vec<(&str, &str)> = row.proofs.iter().map(|(file, name)| (&**file, &**name)).collect();
    assert_eq!(proofs, [("x/a.mjs", "one, two"), ("x/a.mjs", "three"), ("b.rs", "four")]);
    assert_eq!((row.number, row.figures.as_slice()), (1, &["bytes".to_string()][..]));
}

#[test]
fn proofs_that_are_not_run_are_none() {
    let run =
        "import { a } from './a.mjs';\nimport { b } from './b.mjs';\n// b\nconst parts = [a];\nawait c();\n";
    let of = |function: &str, test: &str| format!("export async function {function}() {{\n  await {test}");
    let browser = |text: &str, name: &str| has_test("x/a.mjs", text, name, run);
    assert!(browser(&of("a", "test('one, two', async"), "one, two"));
    assert!(browser(&of("a", "test(`three, ${how}`"), "three"));
    assert!(!browser(&of("a", "test('three more'"), "three"));
    assert!(!browser(&of("b", "test('one, two', async"), "one, two"), "nobody calls it");
    let rust = |file: &str, text: &str| has_test(file, text, "four", run);
    assert!(rust("b.rs", "#[test]\nfn four() {"));
    assert!(rust("b.rs", "#[tokio::test(flavor = \"multi_thread\")]\n#[ignore]\nasync fn four() {"));
    assert!(!rust("b.rs", "#[cfg(test)]\nfn four() {"), "no test");
    assert!(rust("tests/bench/list.rs", "async fn four() {"));
}
