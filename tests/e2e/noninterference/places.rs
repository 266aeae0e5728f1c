//! The places at which what two worlds answered differs, byte by byte but for what no two worlds have alike: ids, which are
//! numbered in the order in which they are met; moments of the machine's clock, which are those since the worlds began;
//! what is drawn at random, of which the shape is compared; and what is signed, which is opened.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read as _},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::Seen;

/// How long the worlds may last, and what they hold or announce by the machine's clock.
const LAST: Duration = Duration::days(2);

/// Says nothing of what it is made of: a hash over all entries so far, with their ids in them. The entries are compared.
const OPAQUE: &str = "chain";
/// How long something took, which is left out where it was less than a millisecond.
const MEASURED: &str = "durationMs";

/// Fields with something random in them.
const RANDOM: [&str; 8] = [
    // A token of each.
    "invitationPath",
    "path",
    "sessionToken",
    "token",
    // The end of an address that a test draws.
    "maskedAddress",
    // Drawn for whoever gets it.
    "key",
    "secret",
    // With the port of its world, or signed.
    "url",
];

/// The places at which two worlds differ.
pub(super) fn differing(alone: &Seen, beside: &Seen, since: OffsetDateTime) -> Vec<String> {
    let names = || Names { ids: BTreeMap::new(), since };
    let mut compared = Compared { names: (names(), names()), places: Vec::new() };
    let keys: BTreeSet<&String> = alone.keys().chain(beside.keys()).collect();
    for key in keys {
        match (alone.get(key), beside.get(key)) {
            (Some(one), Some(other)) => compared.values(key, one, other),
            (one, _) => {
                compared
                    .places
                    .push(format!("{key}: {} alone", if one.is_some() { "there" } else { "not there" }));
            }
        }
    }
    compared.places
}

struct Compared {
    /// What ids are called, of either world.
    names: (Names, Names),
    places: Vec<String>,
}

impl Compared {
    fn values(&mut self, at: &str, one: &Value, other: &Value) {
        match (one, other) {
            (Value::Object(a), Value::Object(b)) => self.objects(at, a, b),
            (Value::Array(a), Value::Array(b)) => {
                if a.len() != b.len() {
                    self.places.push(format!("{at}: {} and {} of them", a.len(), b.len()));
                }
                for (index, (one, other)) in a.iter().zip(b).enumerate() {
                    self.values(&format!("{at}/{index}"), one, other);
                }
            }
            (Value::String(a), Value::String(b)) => self.texts(at, &inside(a), &inside(b)),
            (a, b) if a == b => {}
            (a, b) => self.places.push(format!("{at}: {a} and {b}")),
        }
    }

    fn objects(&mut self, at: &str, a: &Map<String, Value>, b: &Map<String, Value>) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let at = format!("{at}/{key}");
            match (a.get(key), b.get(key)) {
                _ if key == MEASURED => {}
                (Some(Value::String(one)), Some(Value::String(other))) => match key.as_str() {
                    OPAQUE => {}
                    // Over the content beside it, with ids in it where that has some.
                    "contentSha256" if a.get("content").is_none() || a.get("content") != b.get("content") => {
                    }
                    key => self.texts(&at, &opened(key, one), &opened(key, other)),
                },
                (Some(one), Some(other)) => self.values(&at, one, other),
                (one, other) => self.places.push(format!("{at}: {one:?} and {other:?}")),
            }
        }
    }

    fn texts(&mut self, at: &str, one: &str, other: &str) {
        let (one, other) = (self.names.0.plain(one), self.names.1.plain(other));
        if one != other {
            let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            let around =
                |text: &str| text.chars().skip(alike.saturating_sub(60)).take(200).collect::<String>();
            self.places.push(format!("{at}: {} and {}", around(&one), around(&other)));
        }
    }
}

/// What a field's text says, as far as two worlds can say the same.
fn opened<'a>(key: &str, text: &'a str) -> Cow<'a, str> {
    let opened = match key {
        "cursor" | "oldestCursor" | "oldest_cursor" => cursor(text),
        "nextPageToken" => page(text),
        // In base64 some signs of which part words.
        "secret" => Some(shape(&text.replace(['+', '/'], "_"))),
        key if RANDOM.contains(&key) => Some(shape(text)),
        _ => return inside(text),
    };
    opened.map_or_else(|| Cow::Owned(shape(text)), Cow::Owned)
}

/// Whose feed a cursor is of and where it stands, without the chain and the signature.
fn cursor(text: &str) -> Option<String> {
    let bytes: [u8; 49] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let feed = Uuid::from_slice(&bytes[1..17]).ok()?;
    let seq: [u8; 8] = bytes[17..25].try_into().ok()?;
    Some(format!("{feed} after {}", i64::from_be_bytes(seq)))
}

/// The last row of a page, without the signature.
fn page(text: &str) -> Option<String> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.truncate(bytes.len().checked_sub(16)?);
    String::from_utf8(bytes).ok()
}

/// A text with each of its words as long as it is.
fn shape(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut shape = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
        match length {
            0 => shape.push(first),
            1..=3 => shape.push_str(&rest[..length]),
            _ => shape.push_str(&format!("*{length}")),
        }
        rest = &rest[length.max(first.len_utf8())..];
    }
    shape
}

/// What a file in an answer says: text, or the parts of a workbook.
fn inside(text: &str) -> Cow<'_, str> {
    let file = if text.len() < 100 { None } else { STANDARD.decode(text).ok() };
    let Some(file) = file else { return Cow::Borrowed(text) };
    if !file.starts_with(b"PK") {
        return Cow::Owned(String::from_utf8_lossy(&file).into_owned());
    }
    let mut book = zip::ZipArchive::new(Cursor::new(file)).expect("a workbook");
    let mut parts = String::new();
    for index in 0..book.len() {
        book.by_index(index).expect("a part").read_to_string(&mut parts).expect("XML");
    }
    Cow::Owned(parts)
}

/// Ids of a world, UUIDs and those of keys and links, in the order in which they were met.
struct Names {
    ids: BTreeMap<String, usize>,
    /// Before the worlds began, by the machine's clock.
    since: OffsetDateTime,
}

impl Names {
    /// The text with ids numbered and moments of the machine's clock left out. Those of the worlds' own clock stay.
    fn plain(&mut self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(id) = id(rest).filter(|_| !plain.ends_with(|c: char| c.is_ascii_alphanumeric())) {
                let next = self.ids.len();
                let number = *self.ids.entry(id.to_owned()).or_insert(next);
                plain.push_str(&format!("#{number}"));
                rest = &rest[id.len()..];
            } else if let Some(length) = self.measured(rest) {
                plain.push('@');
                rest = &rest[length..];
            } else {
                plain.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        plain
    }

    /// How long a moment at the beginning of a text is that the machine's clock gave.
    fn measured(&self, text: &str) -> Option<usize> {
        let (length, at) = moment(text)?;
        (self.since..self.since + LAST).contains(&at).then_some(length)
    }
}

/// The id at the beginning of a text.
fn id(text: &str) -> Option<&str> {
    let short = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if short.len() == 16 && short.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
        return Some(short);
    }
    text.get(..36).filter(|id| Uuid::try_parse(id).is_ok())
}

/// How long a moment at the beginning of a text is, and when: in JSON, or as a payload is printed.
fn moment(text: &str) -> Option<(usize, OffsetDateTime)> {
    const PRINTED: &str = "Timestamp {";
    if let Some(printed) = text.strip_prefix(PRINTED) {
        let (inside, _) = printed.split_once('}')?;
        let seconds = inside.split_once("seconds: ")?.1.split(',').next()?.trim().parse().ok()?;
        return Some((PRINTED.len() + inside.len() + 1, OffsetDateTime::from_unix_timestamp(seconds).ok()?));
    }
    let day = text.get(..11)?;
    let shaped = |(index, c): (usize, char)| match index {
        4 | 7 => c == '-',
        10 => c == 'T',
        _ => c.is_ascii_digit(),
    };
    if !day.char_indices().all(shaped) {
        return None;
    }
    let length = text.find('Z')? + 1;
    Some((length, OffsetDateTime::parse(&text[..length], &Rfc3339).ok()?))
}

#[test]
fn what_two_worlds_cannot_have_alike_is_told_from_what_they_can() {
    let since = time::macros::datetime!(2027-03-01 00:00 UTC);
    let mut names = Names { ids: BTreeMap::new(), since };
    let id = "0157ba42-d2a8-4e28-8565-7b07830c3456";
    let text = format!("{id} at 2027-03-01T00:00:01Z, 2026-11-23T01:00:01Z of {id}");
    assert_eq!(names.plain(&text), "#0 at @, 2026-11-23T01:00:01Z of #0");
    assert_eq!(names.plain("Timestamp { seconds: 1803859201, nanos: 5 }"), "@");
    let fixed = "Timestamp { seconds: 1795395601, nanos: 0 }";
    assert_eq!(names.plain(fixed), fixed);
    assert_eq!(shape("/s/Ab-c_3f9"), "/s/*8");
    assert_ne!(opened("token", "abcdef"), opened("token", "abcde"));
    assert_eq!(opened("nextPageToken", &URL_SAFE_NO_PAD.encode(b"[\"N1\"]0123456789abcdef")), "[\"N1\"]");
}
