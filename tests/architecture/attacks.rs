//! What somebody who means harm tries on the portal and on people who use it, on networks by way of webhooks, on streams, and on
//! whoever sends webhooks, each under an id that stays, and the tests that try it: an attack that nobody tries is one that
//! nobody knows to fail. A test names the ids of what it tries.

mod addresses;
mod portal;
mod receivers;
mod streams;

use super::{
    defects::runs,
    source::{files, none},
};

/// An attack.
struct Attack {
    id: &'static str,
    what: &'static str,
    /// Files, each with the name of a test in it.
    tests: &'static [(&'static str, &'static str)],
}

const fn attack(
    id: &'static str,
    what: &'static str,
    tests: &'static [(&'static str, &'static str)],
) -> Attack {
    Attack { id, what, tests }
}

/// Attacks of one kind.
struct Group {
    letter: char,
    /// The last id, and with it how many there are.
    last: usize,
    attacks: &'static [Attack],
}

const GROUPS: &[Group] = &[
    Group { letter: 'D', last: 31, attacks: portal::ATTACKS },
    Group { letter: 'F', last: 51, attacks: addresses::ATTACKS },
    Group { letter: 'M', last: 25, attacks: streams::ATTACKS },
    Group { letter: 'N', last: 25, attacks: receivers::ATTACKS },
];

#[test]
fn every_attack_is_tried() {
    for Group { letter, last, attacks } in GROUPS {
        let ids: Vec<String> = attacks.iter().map(|one| one.id.to_string()).collect();
        assert_eq!(ids, (1..=*last).map(|number| format!("{letter}{number:02}")).collect::<Vec<_>>());
    }
    let sources = files(&["rs", "mjs"]);
    let text = |path: &str| {
        sources.iter().find(|source| source.path == path).map_or("", |found| found.text.as_str())
    };
    let mut faults = Vec::new();
    for Attack { id, what, tests } in GROUPS.iter().flat_map(|group| group.attacks) {
        for (path, name) in *tests {
            if !is_tried(path, text(path), name) {
                faults.push(format!("{id}, {what}: {path} does not run {name:?}"));
            }
        }
        if !tests.iter().any(|(path, _)| text(path).contains(id)) {
            faults.push(format!("{id}, {what}: no test names it"));
        }
    }
    none(&faults, "an attack that is listed is tried by a test that says so");
}

/// Whether a file has a test of this name: of a browser by its words, else a function that is marked as one.
fn is_tried(path: &str, text: &str, name: &str) -> bool {
    match path.ends_with(".mjs") {
        true => [format!("test('{name}'"), format!("test(`{name}`")].iter().any(|way| text.contains(way)),
        false => runs(text, name),
    }
}

#[test]
fn a_test_of_a_browser_is_found_by_its_words() {
    let text = "await test('one', a);\n  await test(`two ${words}`, b);\n  // three\n";
    let found = ["one", "two ${words}", "three"].map(|name| is_tried("a.mjs", text, name));
    assert_eq!(found, [true, true, false]);
}
