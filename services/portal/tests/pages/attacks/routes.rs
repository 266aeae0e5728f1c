//! The portal's routes as its source has them, so that no test forgets one: what an attack is tried on, and what people and
//! programs look at in a browser.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::hostile::ID;

/// A route with something for each part of its path that varies.
pub struct Route {
    /// As the source has it, with its parts in braces.
    pub pattern: String,
    pub path: String,
    pub shows: bool,
    pub takes: bool,
}

/// What may stand for a part of a path; the words of steps are those that some page knows.
fn parts(name: &str) -> &'static [&'static str] {
    match name {
        "word" => &["group", "demand"],
        "step" => &["accept", "decline", "contract", "deliver", "grant", "refuse", "revoke"],
        "act" => &[
            "verify",
            "unverify",
            "suspend",
            "reinstate",
            "merge",
            "reset-admin",
            "cluster",
            "replay",
            "rotate",
            "delete",
        ],
        _ => &[ID],
    }
}

/// All routes, each as often as there are words for its parts.
pub fn routes() -> Vec<Route> {
    let mut found = Vec::new();
    for Route { pattern, path, shows, takes } in written() {
        let route = |path| Route { pattern: pattern.clone(), path, shows, takes };
        found.extend(filled(&path).into_iter().map(route));
    }
    assert!(found.len() > 150, "only {} routes were found: are they still recognised?", found.len());
    found
}

/// All routes as they are written, with their parts in braces.
fn written() -> Vec<Route> {
    let mut text = String::new();
    sources(&folder().join("src"), &mut text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".route(") {
        let (before, route) = text.split_at(at);
        let route = route.trim_start_matches(".route(").trim_start();
        let (path, methods) = match route.strip_prefix('"') {
            Some(route) => route.split_once('"').unwrap(),
            // Those whose path others know, too, by a name in the same file.
            None => {
                let (name, methods) = route.split_once(',').unwrap();
                let known = before.rsplit_once(&format!("const {name}: &str = \"")).unwrap().1;
                (known.split_once('"').unwrap().0, methods)
            }
        };
        let methods = methods.split([';', '"']).next().unwrap();
        // A page's file is looked at as the page is.
        let shows = methods.contains("get(") || methods.contains("file_of(");
        let takes = methods.contains("post(");
        assert!(shows || takes, "{path}: what does it do?");
        found.push(Route { pattern: path.to_string(), path: path.to_string(), shows, takes });
    }
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else {
            text.push_str(&fs::read_to_string(&path).unwrap());
            text.push_str(";\n");
        }
    }
}

fn filled(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_string()] };
    let (name, after) = rest.split_once('}').unwrap();
    let each = parts(name).iter().flat_map(|part| filled(&format!("{before}{part}{after}")));
    each.collect()
}

/// Whether it is a list or a paper as a file.
pub fn is_file(path: &str) -> bool {
    path.ends_with("/export") || path.ends_with("/pdf")
}

/// That the forms that were found, each with what seems to be the reason, are those that a list names; else says what the list
/// would have to be. Reasons that it has are kept.
pub fn named(what: &str, found: &BTreeMap<&str, String>, list: &[(&str, &str)]) {
    let known: BTreeMap<&str, &str> = list.iter().copied().collect();
    let new: Vec<&str> = found.keys().copied().filter(|form| !known.contains_key(form)).collect();
    let gone: Vec<&str> = known.keys().copied().filter(|form| !found.contains_key(form)).collect();
    let line = |(form, seems): (&&str, &String)| {
        let why = known.get(form).copied().unwrap_or(seems);
        format!("    (\"{form}\", \"{why}\"),\n")
    };
    let lines: String = found.iter().map(line).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "{what}: new {new:?}, gone {gone:?}; with a true reason for each, the list is\n{lines}"
    );
}

// ---- What is looked at in a browser ----

/// Where it stands how a browser gets to each page, beside the tests of a browser.
const PLACES: &str = "../../tests/portal/places.mjs";
/// What is no page, and why; files end with `/export` or `/pdf`.
const NO_PAGES: &[(&str, &str)] = &[
    ("/", "leads to where one begins"),
    ("/announcements", "a part of a page that is read anew"),
    ("/announcements/all", "the same for everybody"),
    ("/capacity/payloads/file", "a file"),
    ("/healthz", "for what watches the process"),
    ("/live", "a stream of events"),
    ("/orders/{id}/files/{file}", "a file"),
    ("/resources/files/{id}", "a file"),
    ("/resources/revisions/{id}/files/uploads/{upload}", "says to a script how far an upload is"),
    ("/static/{name}", "a file"),
];
/// What is looked at although it is no route.
const NO_ROUTES: &[&str] = &["/no-such-page"];

#[test]
fn every_page_has_its_place_in_a_browser() {
    let table = fs::read_to_string(folder().join(PLACES)).unwrap();
    let looked_at: BTreeSet<&str> =
        table.split("at('").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    let written = written();
    let shown: BTreeSet<&str> =
        written.iter().filter(|route| route.shows).map(|route| route.path.as_str()).collect();
    let none = |path: &str| NO_PAGES.iter().any(|(known, _)| *known == path);
    let missing: Vec<&&str> =
        shown.iter().filter(|path| !looked_at.contains(**path) && !is_file(path) && !none(path)).collect();
    assert!(missing.is_empty(), "nobody looks at these in a browser; {PLACES} lacks them: {missing:?}");
    let gone: Vec<&&str> =
        looked_at.iter().filter(|path| !shown.contains(**path) && !NO_ROUTES.contains(*path)).collect();
    assert!(gone.is_empty(), "{PLACES} has what is no route: {gone:?}");
    let idle: Vec<&str> = NO_PAGES
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| !shown.contains(path) || looked_at.contains(path))
        .collect();
    assert!(idle.is_empty(), "these are looked at, or no routes, and need no reason: {idle:?}");
}
