//! What is kept of something that is looked for by words, and by which keys it is found. Pure.
//!
//! A text is folded and cut into runs: of Chinese characters, whose singles and pairs are kept, since most Chinese words
//! have two; of letters, and of digits, whose triples are kept, and how they begin. What is looked for is cut alike, so that
//! `YZ10022` finds `YZ-10022`: all of its keys must be there, which an index answers, and then all of its runs, which leaves
//! out what met by chance.

use std::{cmp::Reverse, collections::BTreeSet};

use crate::{Error, Result};

/// The longest text that is looked for, in characters.
const MAX_CHARACTERS: usize = 100;
/// How many words are looked for without an index, in each text anew.
const MAX_PARTS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Chinese,
    Letters,
    Digits,
}

/// A run of one kind of characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    text: String,
    kind: Kind,
}

/// Chinese characters, kana and hangul: writing without spaces between words.
fn is_chinese(c: char) -> bool {
    matches!(u32::from(c),
        0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x2_0000..=0x3_134f)
}

fn kind(c: char) -> Option<Kind> {
    match c {
        c if is_chinese(c) => Some(Kind::Chinese),
        c if c.is_numeric() => Some(Kind::Digits),
        c if c.is_alphabetic() => Some(Kind::Letters),
        _ => None,
    }
}

/// Full-width forms become those of ASCII.
fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut before = None;
    for c in text.chars().map(narrow).flat_map(char::to_lowercase) {
        let kind = kind(c);
        match (kind, runs.last_mut()) {
            (Some(_), Some(last)) if kind == before => last.text.push(c),
            (Some(kind), _) => runs.push(Run { text: c.into(), kind }),
            (None, _) => {}
        }
        before = kind;
    }
    runs
}

/// Every `size` characters of a run that stand together.
fn grams(text: &str, size: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(size).map(|part| part.iter().collect()).collect()
}

/// How a run of letters begins; `^` keeps it apart from a triple.
fn beginning(text: &str, size: usize) -> String {
    format!("^{}", text.chars().take(size).collect::<String>())
}

/// What is kept of something that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// All runs, each once, with a space between two.
    pub text: String,
    pub keys: Vec<String>,
}

/// What is kept of something with these texts.
pub fn index<'a>(texts: impl IntoIterator<Item = &'a str>) -> Indexed {
    let runs: BTreeSet<Run> = texts.into_iter().flat_map(runs).collect();
    let mut keys = BTreeSet::new();
    for run in &runs {
        if run.kind == Kind::Chinese {
            keys.extend(grams(&run.text, 1));
            keys.extend(grams(&run.text, 2));
        } else {
            keys.extend([beginning(&run.text, 1), beginning(&run.text, 2)]);
            keys.extend(grams(&run.text, 3));
        }
    }
    let text = runs.into_iter().map(|run| run.text).collect::<Vec<_>>().join(" ");
    Indexed { text, keys: keys.into_iter().collect() }
}

/// What is looked for: all of these keys, and all of these runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub keys: Vec<String>,
    pub words: Vec<String>,
}

/// What a text looks for; its length is for the caller to bound.
pub fn wanted(text: &str) -> Wanted {
    let runs = runs(text);
    let mut keys = BTreeSet::new();
    for run in &runs {
        let length = run.text.chars().count();
        match (run.kind, length) {
            (Kind::Chinese, 1) => keys.extend(grams(&run.text, 1)),
            (Kind::Chinese, _) => keys.extend(grams(&run.text, 2)),
            (_, 1 | 2) => keys.extend([beginning(&run.text, length)]),
            _ => keys.extend(grams(&run.text, 3)),
        }
    }
    Wanted { keys: keys.into_iter().collect(), words: runs.into_iter().map(|run| run.text).collect() }
}

/// INVALID_ARGUMENT naming `text` where it is longer than what is looked for: 100 characters.
pub fn check(text: &str) -> Result<()> {
    if text.chars().count() > MAX_CHARACTERS {
        let message = format!("must have at most {MAX_CHARACTERS} characters");
        return Err(Error::field("text", "TOO_LONG", message));
    }
    Ok(())
}

/// What a text looks for among so few that no index of them is kept: each of these must be there, whatever its case. Blanks
/// lie between two, and so does the turn from one kind of characters to another; other signs count as they are. Each comes
/// once, the longest first; of more than eight the shortest are left out, which tell the least.
///
/// # Errors
/// As [`check`].
pub fn parts(text: &str) -> Result<Vec<String>> {
    check(text)?;
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let pieces: BTreeSet<String> = text.split(blank).flat_map(pieces).collect();
    let mut parts: Vec<String> = pieces.into_iter().collect();
    parts.sort_by_key(|part| Reverse(part.chars().count()));
    parts.truncate(MAX_PARTS);
    Ok(parts)
}

/// A word, cut where one kind of characters follows another at once.
fn pieces(word: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut before = None;
    for c in word.chars() {
        let kind = kind(c);
        let turns = before.zip(kind).is_some_and(|(before, kind)| before != kind);
        match pieces.last_mut() {
            Some(last) if !turns => last.push(c),
            _ => pieces.push(c.into()),
        }
        before = kind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the database decides.
    fn finds(text: &str, query: &str) -> bool {
        let (kept, wanted) = (index([text]), wanted(query));
        wanted.keys.iter().all(|key| kept.keys.contains(key))
            && wanted.words.iter().all(|word| kept.text.contains(word))
    }

    #[test]
    fn words_of_both_languages_are_found_and_parts_of_them() {
        let text = "转向柱支架 YZ-10022 图纸 (PDF + STEP) Steering Column Bracket";
        for query in [
            "",
            "图纸",
            "支架",
            "柱",
            "转向柱支架",
            "图纸 支架",
            "YZ-10022",
            "yz10022 图纸",
            "10022",
            "022",
            "steer",
            "BRACKET column",
            "s",
            "st",
            "ＹＺ",
            "转向柱支架YZ",
        ] {
            assert!(finds(text, query), "{query}");
        }
        for query in ["图支", "支架转向", "10023", "collumn", "eering2", "x", "套"] {
            assert!(!finds(text, query), "{query}");
        }
    }

    #[test]
    fn what_only_meets_by_its_pairs_is_left_out() {
        let (kept, query) = (index(["模具 具模 模流"]), wanted("模具模流"));
        let (kept_keys, query_keys): (BTreeSet<_>, BTreeSet<_>) =
            (kept.keys.iter().collect(), query.keys.iter().collect());
        assert!(query_keys.is_subset(&kept_keys), "the keys meet");
        assert!(!finds("模具 具模 模流", "模具模流"));
    }

    #[test]
    fn what_is_said_twice_is_kept_once() {
        let kept = index(["CY-BX-0450", "收纳箱", "CY-BX-0450", "收纳箱 45"]);
        assert_eq!(kept.text, "0450 45 bx cy 收纳箱");
        assert!(kept.keys.is_sorted_by(|one, next| one < next), "{:?}", kept.keys);
    }

    #[test]
    fn without_an_index_blanks_and_kinds_part_words_and_signs_count() {
        for (text, found) in [
            ("", &[][..]),
            (" \u{3000}\t\0", &[]),
            ("顺模 V100", &["100", "顺模", "V"]),
            ("yz10022顺模", &["10022", "yz", "顺模"]),
            ("YZ-10022", &["YZ-10022"]),
            ("（示例）", &["（示例）"]),
            ("100% a_b \\", &["100%", "a_b", "\\"]),
            ("a1a1a1a1", &["1", "a"]),
            ("a1 b2 c3 d4 夜班", &["夜班", "1", "2", "3", "4", "a", "b", "c"]),
            ("e\u{301}", &["e\u{301}"]),
        ] {
            assert_eq!(parts(text).unwrap(), found, "{text:?}");
        }
        assert_eq!(parts(&"支".repeat(100)).unwrap().len(), 1);
        assert!(parts(&"支".repeat(101)).is_err());
    }
}
