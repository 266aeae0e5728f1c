//! What the portal's page says is proven is proven: each test that it names is there, and each figure is measured.

use std::fs;

use super::source::{files, none, root};

const PAGE: &str = "services/portal/README.md";
/// As many promises as the portal gives.
const PROMISES: usize = 16;

#[test]
fn every_proof_of_the_portals_promises_is_there() {
    let page = fs::read_to_string(root().join(PAGE)).expect(PAGE);
    let rows = rows(&page);
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=PROMISES).collect::<Vec<_>>(), "{PAGE}: a promise in each row");
    let folder = root().join(PAGE).parent().expect("a folder").to_path_buf();
    let browser: String = files(&["mjs"]).into_iter().map(|source| source.text).collect();
    let mut faults = Vec::new();
    for row in &rows {
        if row.proofs.is_empty() {
            faults.push(format!("{}: no proof", row.number));
        }
        for (file, name) in &row.proofs {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            if !has_test(&text, name) {
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
        // What begins with a hyphen is an option of the command line.
        let figures = quoted(figures).into_iter().filter(|figure| !figure.starts_with('-'));
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

/// A test of a browser by its words, one of several ways by those that all have; else a function.
fn has_test(text: &str, name: &str) -> bool {
    let ways = [format!("test('{name}'"), format!("test(`{name}, ${{"), format!("fn {name}(")];
    ways.iter().any(|way| text.contains(way))
}

#[test]
fn proofs_are_recognised_where_they_stand() {
    let page = "| | promise | proven by | measured |\n|---|---|---|---|\n\
                | 1 | short | [a](x/a.mjs): `one, two`, `three`; the [b](b.rs): `four` | `bytes` ≤ 2 (`--long`) |\n";
    let found = rows(page);
    let [row] = found.as_slice() else { panic!("one row") };
    let proofs: Vec<(&str, &str)> = row.proofs.iter().map(|(file, name)| (&**file, &**name)).collect();
    assert_eq!(proofs, [("x/a.mjs", "one, two"), ("x/a.mjs", "three"), ("b.rs", "four")]);
    assert_eq!((row.number, row.figures.as_slice()), (1, &["bytes".to_string()][..]));
    assert!(has_test("await test('one, two', async", "one, two") && has_test("fn four() {", "four"));
    assert!(has_test("await test(`three, ${how}`", "three") && !has_test("await test('three more'", "three"));
}
