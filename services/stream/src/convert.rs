//! Requests from the wire, with every bad field named.

pub mod subscription;
pub mod webhook;

use chassis::{
    Error, Field, Result,
    cursor::Cursor,
    feed::{Head, start::Start},
    secret::SigningKeys,
    value,
};
use proto::stream::{self as wire, subscribe_request};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::filter::{Filter, Pattern};

/// The most entries of one filter list.
const LIST_MAX: usize = 100;
/// The longest type or prefix, in bytes.
const TEXT_MAX: usize = 200;

/// Where a subscriber wants to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At a place that it names.
    Start(Start),
    /// After what was acknowledged of this subscription.
    Subscription(String),
}

/// What a subscriber wants.
#[derive(Debug)]
pub struct Wanted {
    /// Where to begin.
    pub origin: Origin,
    /// What to leave out.
    pub filter: Filter,
    /// End once everything present at the start was sent.
    pub until_head: bool,
}

/// What a subscriber of this firm's feed wants.
pub fn wanted(request: wire::SubscribeRequest, feed: Uuid, keys: &SigningKeys) -> Result<Wanted> {
    use subscribe_request::Start as Wire;
    let mut bad = Vec::new();
    let filter = filter(request.filter.unwrap_or_default(), &mut bad);
    let origin = match request.start {
        Some(Wire::After(cursor)) if bad.is_empty() => {
            Some(Origin::Start(Start::After(Cursor::decode(&cursor, feed, keys)?)))
        }
        Some(Wire::After(_)) => None,
        Some(Wire::Earliest(true)) => Some(Origin::Start(Start::Earliest)),
        Some(Wire::Latest(true)) => Some(Origin::Start(Start::Latest)),
        Some(Wire::Subscription(name)) => Some(Origin::Subscription(name)),
        Some(Wire::Earliest(false) | Wire::Latest(false)) | None => {
            bad.push(start_required("after, earliest, latest and subscription"));
            None
        }
    };
    match origin {
        Some(origin) if bad.is_empty() => Ok(Wanted { origin, filter, until_head: request.until_head }),
        _ => Err(Error::invalid(bad)),
    }
}

/// A start is never implicit.
fn start_required(choices: &str) -> Field {
    Field::new("start", "REQUIRED", format!("choose one of {choices}"))
}

pub(crate) fn filter(wire: wire::Filter, bad: &mut Vec<Field>) -> Filter {
    for (path, len) in
        [("filter.types", wire.types.len()), ("filter.counterparties", wire.counterparties.len())]
    {
        if len > LIST_MAX {
            bad.push(Field::new(path, "TOO_MANY", format!("at most {LIST_MAX}")));
        }
    }
    let mut types = Vec::new();
    for (i, text) in wire.types.iter().enumerate().take(LIST_MAX) {
        match pattern(text) {
            Some(pattern) => types.push(pattern),
            None => bad.push(Field::new(
                format!("filter.types[{i}]"),
                "VALUE",
                format!(
                    "must be an event type of at most {TEXT_MAX} characters, with `*` at its end or nowhere"
                ),
            )),
        }
    }
    let mut counterparties = Vec::new();
    for (i, text) in wire.counterparties.iter().enumerate().take(LIST_MAX) {
        match Uuid::try_parse(text) {
            Ok(firm) => counterparties.push(firm),
            Err(_) => bad.push(Field::new(
                format!("filter.counterparties[{i}]"),
                "ID",
                "must be a firm's id as the platform gave it",
            )),
        }
    }
    if wire.subject_prefix.len() > TEXT_MAX {
        bad.push(Field::new("filter.subject_prefix", "TOO_LONG", format!("at most {TEXT_MAX} bytes")));
    }
    Filter { types, counterparties, subject_prefix: wire.subject_prefix }
}

pub(crate) fn pattern(text: &str) -> Option<Pattern> {
    if text.is_empty() || text.len() > TEXT_MAX {
        return None;
    }
    let (body, pattern): (&str, fn(String) -> Pattern) = match text.strip_suffix('*') {
        Some(prefix) => (prefix, Pattern::Prefix),
        None => (text, Pattern::Exactly),
    };
    let sane = body.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
    sane.then(|| pattern(body.to_string()))
}

/// The ends of a feed for the wire.
pub fn head(head: &Head, at: OffsetDateTime, keys: &SigningKeys) -> wire::GetHeadResponse {
    wire::GetHeadResponse {
        seq: head.seq,
        cursor: head.cursor().encode(keys),
        oldest_seq: head.min_seq,
        oldest_cursor: head.oldest().encode(keys),
        at: Some(value::timestamp(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::Reason;
    use subscribe_request::Start as Wire;

    const FEED: Uuid = Uuid::from_u128(1);

    fn keys() -> SigningKeys {
        SigningKeys::new([7; 32], None)
    }

    fn ask(start: Option<Wire>, filter: wire::Filter) -> Result<Wanted> {
        wanted(wire::SubscribeRequest { start, filter: Some(filter), until_head: false }, FEED, &keys())
    }

    #[test]
    fn a_start_is_never_implicit() {
        let none = ask(None, wire::Filter::default()).unwrap_err();
        assert_eq!((none.reason, none.fields[0].path.as_str()), (Reason::INVALID_FIELDS, "start"));
        for start in [Wire::Earliest(false), Wire::Latest(false)] {
            assert_eq!(ask(Some(start), wire::Filter::default()).unwrap_err().reason, Reason::INVALID_FIELDS);
        }
        for (start, expected) in
            [(Wire::Earliest(true), Start::Earliest), (Wire::Latest(true), Start::Latest)]
        {
            let origin = ask(Some(start), wire::Filter::default()).unwrap().origin;
            assert_eq!(origin, Origin::Start(expected));
        }
    }

    #[test]
    fn a_cursor_is_one_of_this_feed() {
        let cursor = Cursor::new(FEED, 3, &[1; 32]);
        let good = ask(Some(Wire::After(cursor.encode(&keys()))), wire::Filter::default()).unwrap();
        assert_eq!(good.origin, Origin::Start(Start::After(cursor)));
        let other = Cursor { feed: Uuid::from_u128(2), ..cursor }.encode(&keys());
        for text in [String::new(), "0".into(), "a".repeat(66), other] {
            let refused = ask(Some(Wire::After(text)), wire::Filter::default()).unwrap_err();
            assert_eq!(refused.reason, Reason::CURSOR_INVALID);
        }
    }

    #[test]
    fn every_bad_field_of_a_filter_is_named() {
        let filter = wire::Filter {
            types: ["tandem.*", "", "a*b", "ü", "*"].map(String::from).into(),
            counterparties: vec![FEED.to_string(), "nobody".into()],
            subject_prefix: "x".repeat(201),
        };
        let refused = ask(None, filter).unwrap_err();
        let paths: Vec<_> = refused.fields.iter().map(|f| f.path.as_str()).collect();
        let expected = [
            "filter.types[1]",
            "filter.types[2]",
            "filter.types[3]",
            "filter.counterparties[1]",
            "filter.subject_prefix",
            "start",
        ];
        assert_eq!(paths, expected);
        let many = wire::Filter { types: vec!["a".into(); 101], ..Default::default() };
        assert_eq!(ask(Some(Wire::Latest(true)), many).unwrap_err().fields[0].path, "filter.types");
    }
}
