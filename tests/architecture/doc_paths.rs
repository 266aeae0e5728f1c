//! A document that names a file which moved is worse than none: every path in the documents exists.

use std::{collections::BTreeSet, fs, path::Path};

use super::source::{files, none, root, walk};

/// Where the paths of the repository begin, as documents write them.
const TOPS: &[&str] = &["proto/", "services/", "deploy/", "tests/", ".ci/", ".config/", ".cargo/", ".sqlx/"];

#[test]
fn every_path_in_the_documents_exists() {
    let root = root();
    let mut names = BTreeSet::new();
    walk(&root, &mut |path| {
        names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
    });
    let mut faults = Vec::new();
    let mut checked = 0;
    for document in files(&["md"]) {
        let folder = root.join(&document.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for path in paths(&document.text) {
            checked += 1;
            let exists = match &path {
                Named::Below(path) => root.join(path).exists(),
                Named::Beside(path) => folder.join(path).exists(),
                Named::Anywhere(name) => names.contains(name),
            };
            if !exists {
                faults.push(format!("{}: {path:?}", document.path));
            }
        }
    }
    none(&faults, "documents name what is not there");
    assert!(checked > 10, "only {checked} paths were found in the documents: are they still recognised?");
}

#[test]
fn the_first_page_is_there_with_its_licence() {
    let root = root();
    let licence = fs::read_to_string(root.join("LICENSE")).expect("LICENSE");
    assert!(licence.contains("Apache License") && licence.contains("END OF TERMS AND CONDITIONS"));
    assert!(fs::read_to_string(root.join("README.md")).expect("README.md").contains("deploy/up"));
}

/// A path as a document names it.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// From the repository's root.
    Below(String),
    /// From the document's own folder: the target of a link or a picture.
    Beside(String),
    /// A source file by its name alone.
    Anywhere(String),
}

fn paths(text: &str) -> Vec<Named> {
    let mut found: Vec<Named> = links(text).map(Named::Beside).collect();
    let words = text.split(|c: char| c.is_whitespace() || "`()[]{}\"'|,;:".contains(c));
    found.extend(words.filter_map(word));
    found
}

/// Targets of `](…)` and `src="…"` that are files.
fn links(text: &str) -> impl Iterator<Item = String> {
    let after = |mark: &'static str, end: char| {
        text.split(mark).skip(1).filter_map(move |rest| rest.split(end).next()).map(str::to_string)
    };
    let targets: Vec<String> = after("](", ')').chain(after("src=\"", '"')).collect();
    targets.into_iter().filter_map(|target| {
        let file = target.split('#').next()?.to_string();
        (!file.is_empty() && !file.contains("://") && !file.starts_with("mailto:")).then_some(file)
    })
}

fn word(word: &str) -> Option<Named> {
    let word = word.trim_end_matches(['.', '。', '，', '、', '）', '？', '?', '!']);
    let plain = word.strip_prefix("./").unwrap_or(word);
    if plain.contains(['…', '*', '<', '>', '$', '=', '@']) || plain.contains("..") {
        return None;
    }
    if TOPS.iter().any(|top| plain.starts_with(top)) || (word != plain && !plain.is_empty()) {
        return Some(Named::Below(plain.to_string()));
    }
    let source =
        [".rs", ".sql", ".proto"].iter().any(|ending| plain.ends_with(ending) && plain.len() > ending.len());
    (source && !plain.contains('/')).then(|| Named::Anywhere(plain.to_string()))
}

#[test]
fn paths_are_recognised_where_they_stand() {
    let text = "see [x](a/b.md#c) and [y](https://e.example/), `services/README.md`, `api.rs`; run ./deploy/up --help.\n\
                services/*/src and services/NAME… and <img src=\"deploy/p.png\"> 和 `tests/run`。";
    let found = paths(text);
    let below = |path: &str| Named::Below(path.into());
    for expected in [
        Named::Beside("a/b.md".into()),
        Named::Beside("deploy/p.png".into()),
        below("services/README.md"),
        Named::Anywhere("api.rs".into()),
        below("deploy/up"),
        below("tests/run"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert!(!found.iter().any(|path| matches!(path, Named::Below(path) if path.contains('*'))), "{found:?}");
}
