//! Real orders by others: all of them import, and come out with the business content that they went in with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use interchange::ubl;

use crate::support::{Leaf, differences, export, import};

const FOLDERS: [&str; 4] = ["ubl", "peppol-bis3", "peppol-national", "oioubl"];

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !path.is_dir() {
        eprintln!("skipped: no corpus of documents beside the repository at {}", path.display());
        return None;
    }
    Some(path)
}

/// Every well-formed UBL Order of a folder by name. Files of single rules are no whole orders.
fn orders(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut orders = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the corpus") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a file");
        let is_order = ubl::parse(&bytes).is_ok_and(|document| document.root.name.to_text() == "Order");
        if is_order && !name.contains("unit") {
            orders.push((name, bytes));
        }
    }
    orders.sort();
    orders
}

#[test]
fn every_order_of_the_corpus_comes_out_as_it_went_in() {
    let Some(corpus) = corpus() else { return };
    let mut failures = Vec::new();
    for folder in FOLDERS {
        let (orders, mut imported_count, mut round_trips, mut warned) =
            (orders(&corpus.join(folder)), 0, 0, 0);
        for (name, bytes) in &orders {
            let imported = match ubl::import(bytes, "default") {
                Ok(imported) => imported,
                Err(error) => {
                    failures.push(format!("{folder}/{name}: {error}: {:?}", error.fields));
                    continue;
                }
            };
            imported_count += 1;
            warned += usize::from(!imported.warnings.is_empty());
            let out = export(&imported);
            let (lost, gained) = differences(bytes, &out);
            if lost.is_empty() && gained.is_empty() {
                round_trips += 1;
            } else {
                failures.push(format!("{folder}/{name}: lost {lost:?}, gained {gained:?}"));
            }
            assert_eq!(export(&import(&out)), out, "{name} comes out the same a second time");
        }
        println!(
            "{folder}: {} orders, {imported_count} imported, {round_trips} round-tripped, {warned} with warnings",
            orders.len()
        );
        assert!(!orders.is_empty(), "{folder} has orders");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn one_changed_note_is_the_only_difference() {
    let Some(corpus) = corpus() else { return };
    let mut changed = 0;
    for folder in FOLDERS {
        for (name, bytes) in orders(&corpus.join(folder)) {
            let before = export(&import(&bytes));
            for document in with_one_note_changed(&bytes) {
                let (lost, gained) = differences(&before, &export(&import(document.as_bytes())));
                assert_eq!((lost.len(), gained.len()), (1, 1), "{name}: {lost:?} {gained:?}");
                assert!(is_note(&lost[0], &gained[0]), "{name}: {lost:?} {gained:?}");
                changed += 1;
            }
        }
    }
    println!("{changed} notes changed one at a time");
    assert!(changed > 20);
}

fn is_note(lost: &Leaf, gained: &Leaf) -> bool {
    lost.0.ends_with("/cbc:Note") && gained.0 == lost.0 && gained.1 == "changed 更改" && gained.2 == lost.2
}

/// The document once for each of its notes, with another text in it.
fn with_one_note_changed(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("utf-8");
    let mut documents = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("<cbc:Note") {
        let start = at + found + text[at + found..].find('>').expect("the tag ends") + 1;
        let end = start + text[start..].find("</cbc:Note>").expect("the note ends");
        documents.push(format!("{}changed 更改{}", &text[..start], &text[end..]));
        at = end;
    }
    documents
}

/// Changes every text of the canonical order that UBL can say, one at a time: the document that came with it shows
/// that change and no other, so that what the order carries is not taken from anywhere else.
#[test]
fn a_change_of_the_order_is_the_only_difference() {
    let Some(corpus) = corpus() else { return };
    let mut changes = 0;
    for folder in FOLDERS {
        for (name, bytes) in orders(&corpus.join(folder)) {
            let imported = import(&bytes);
            let before = export(&imported);
            for (what, content) in crate::changes::changed(&imported.content) {
                let after = ubl::export(&content, Some(&imported.extension), &ubl::Parties::default())
                    .expect("an export");
                let (lost, gained) = differences(&before, &after);
                assert_eq!((lost.len(), gained.len()), (1, 1), "{name}, {what}: {lost:?} {gained:?}");
                changes += 1;
            }
        }
    }
    println!("{changes} texts of orders changed one at a time");
    assert!(changes > 500);
}
