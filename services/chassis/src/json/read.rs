//! JSON into an encoded message, by its descriptor. Every wrong field is named, not just the first, each with its path
//! as the client wrote it and its place in the text.
//!
//! **Invariant:** memory stays within a small multiple of the text: values are slices of it until they are written,
//! lists are counted, and what is unknown is passed over without being kept.

use std::{borrow::Cow, fmt::Write as _};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::value::RawValue;

use super::{
    entries::{ENTRIES, Entries, Items},
    scalar, wire,
};
use crate::{Error, Field, Reason, Result};

/// How deep messages may lie in each other.
const DEPTH: usize = 50;
/// After so many wrong fields nobody reads on.
const PROBLEMS: usize = 200;

/// The encoded message that a text means.
///
/// # Errors
/// `JSON_MALFORMED` with line and column; `INVALID_FIELDS` with every wrong field.
pub(super) fn read(message: &MessageDescriptor, text: &[u8]) -> Result<Vec<u8>> {
    // Windows programs put a mark in front.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = std::str::from_utf8(text).map_err(|error| {
        let (line, column) = place(text, error.valid_up_to());
        malformed(line, column, "the text is not utf-8; text in gbk or gb18030 has to be converted first")
    })?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        malformed(error.line(), characters(text, error.line(), error.column()), said)
    })?;
    let mut reader = Reader { text, path: String::new(), problems: Vec::new() };
    let mut out = Vec::new();
    reader.message(message, whole, 0, &mut out);
    if reader.problems.is_empty() { Ok(out) } else { Err(Error::invalid(reader.problems)) }
}

fn malformed(line: usize, column: usize, said: &str) -> Error {
    let error = Error::new(Reason::JSON_MALFORMED);
    error.message(format!("line {line}, column {column}: {said}")).with("line", line).with("column", column)
}

/// Line and column of a byte, both from 1; columns count characters as far as they are whole.
fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

/// The parser counts bytes, and people characters.
fn characters(text: &str, line: usize, bytes: usize) -> usize {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default().as_bytes();
    String::from_utf8_lossy(&line[..bytes.min(line.len())]).chars().count()
}

struct Reader<'a> {
    text: &'a str,
    path: String,
    problems: Vec<Field>,
}

impl<'a> Reader<'a> {
    fn problem(&mut self, at: &RawValue, reason: &'static str, message: impl std::fmt::Display) {
        if self.problems.len() < PROBLEMS {
            let offset = (at.get().as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
            let (line, column) = place(self.text.as_bytes(), offset);
            let path = if self.path.is_empty() { "(the body)" } else { self.path.as_str() };
            self.problems.push(Field::new(path, reason, format!("{message} (line {line}, column {column})")));
        }
    }

    /// Goes one step down the path.
    fn within(&mut self, step: std::fmt::Arguments<'_>, inside: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        let _ = self.path.write_fmt(step);
        inside(self);
        self.path.truncate(len);
    }

    fn within_field(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let dot = if self.path.is_empty() { "" } else { "." };
        // A name of ours is short; a stranger's may be anything.
        let shown: Cow<'_, str> =
            if name.len() <= 80 { name.into() } else { name.chars().take(80).chain(['…']).collect() };
        self.within(format_args!("{dot}{shown}"), inside);
    }

    fn message(&mut self, message: &MessageDescriptor, value: &'a RawValue, depth: usize, out: &mut Vec<u8>) {
        if depth > DEPTH {
            return self.problem(value, "DEPTH", format_args!("lies more than {DEPTH} objects deep"));
        }
        match message.full_name() {
            "google.type.Decimal" if !value.get().starts_with('{') => return self.decimal(value, out),
            "google.type.Date" if !value.get().starts_with('{') => return self.date(value, out),
            name if name.starts_with("google.protobuf.") => return self.well_known(message, value, out),
            _ => {}
        }
        let Ok(Entries { pairs, more }) = serde_json::from_str::<Entries<'a>>(value.get()) else {
            return self.problem(value, "TYPE", format_args!("must be an object, not {}", kind_of(value)));
        };
        if more {
            return self.problem(value, "COUNT", format_args!("has more than {ENTRIES} entries"));
        }
        let mut given: Vec<FieldDescriptor> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let field = message.get_field_by_json_name(&name).or_else(|| message.get_field_by_name(&name));
            self.within_field(&name, |reader| match field {
                // A guess takes time, and whoever sends thousands of strange names does not read them.
                None if reader.problems.len() >= PROBLEMS => {}
                None => reader.problem(value, "UNKNOWN_FIELD", unknown(message, &name)),
                Some(field) if value.get() != "null" => {
                    reader.twice(&field, value, &given);
                    reader.field(&field, value, depth, out);
                    if !given.contains(&field) {
                        given.push(field);
                    }
                }
                // As ProtoJSON has it: null is the same as absent.
                Some(_) => {}
            });
        }
    }

    /// A field that was given before, by this or its other name, or another one of its choice.
    fn twice(&mut self, field: &FieldDescriptor, value: &RawValue, given: &[FieldDescriptor]) {
        if given.contains(field) {
            return self.problem(value, "REPEATED", "is given twice");
        }
        let Some(choice) = field.containing_oneof() else { return };
        if let Some(other) = given.iter().find(|other| other.containing_oneof().as_ref() == Some(&choice)) {
            let other = other.json_name();
            self.problem(
                value,
                "ONEOF",
                format_args!("excludes `{other}`, which is given too; give one of them"),
            );
        }
    }

    fn field(&mut self, field: &FieldDescriptor, value: &'a RawValue, depth: usize, out: &mut Vec<u8>) {
        if field.is_map() {
            self.map(field, value, depth, out);
        } else if field.is_list() {
            let Ok(Items { items, more }) = serde_json::from_str::<Items<'a>>(value.get()) else {
                return self.problem(value, "TYPE", format_args!("must be a list, not {}", kind_of(value)));
            };
            if more {
                return self.problem(value, "COUNT", format_args!("has more than {ENTRIES} entries"));
            }
            for (index, item) in items.into_iter().enumerate() {
                self.within(format_args!("[{index}]"), |reader| reader.single(field, item, depth, out));
            }
        } else {
            self.single(field, value, depth, out);
        }
    }

    /// A map is a list of entries: key 1, value 2.
    fn map(&mut self, field: &FieldDescriptor, value: &'a RawValue, depth: usize, out: &mut Vec<u8>) {
        let Kind::Message(entry) = field.kind() else { return };
        let Ok(Entries { pairs, more }) = serde_json::from_str::<Entries<'a>>(value.get()) else {
            return self.problem(value, "TYPE", format_args!("must be an object, not {}", kind_of(value)));
        };
        if more {
            return self.problem(value, "COUNT", format_args!("has more than {ENTRIES} entries"));
        }
        for (name, value) in pairs {
            let mut one = Vec::new();
            self.within_field(&name, |reader| {
                if let Err(said) = scalar::key(&entry.map_entry_key_field(), &name, &mut one) {
                    reader.problem(value, "TYPE", format_args!("as a key {said}"));
                }
                reader.single(&entry.map_entry_value_field(), value, depth, &mut one);
            });
            wire::bytes(out, field.number(), &one);
        }
    }

    fn single(&mut self, field: &FieldDescriptor, value: &'a RawValue, depth: usize, out: &mut Vec<u8>) {
        if let Kind::Message(message) = field.kind() {
            let mut inner = Vec::new();
            self.message(&message, value, depth + 1, &mut inner);
            return wire::bytes(out, field.number(), &inner);
        }
        if let Err(said) = scalar::value(field, value, out) {
            self.problem(value, "TYPE", format_args!("{said}, not {}", kind_of(value)));
        }
    }

    /// `"1.50"` or `1.50`: the digits as they stand, never through a binary number.
    fn decimal(&mut self, value: &RawValue, out: &mut Vec<u8>) {
        match (serde_json::from_str::<Cow<'_, str>>(value.get()), value.get().as_bytes().first()) {
            (Ok(text), _) => wire::bytes(out, 1, text.as_bytes()),
            (_, Some(b'-' | b'0'..=b'9')) => wire::bytes(out, 1, value.get().as_bytes()),
            _ => self.problem(
                value,
                "TYPE",
                format_args!(
                    "must be a decimal such as \"1.50\" or {{\"value\":\"1.50\"}}, not {}",
                    kind_of(value)
                ),
            ),
        }
    }

    /// `"2026-12-28"`; whether there is such a day is the service's to say, as for gRPC.
    fn date(&mut self, value: &RawValue, out: &mut Vec<u8>) {
        let text = serde_json::from_str::<Cow<'_, str>>(value.get()).unwrap_or_default();
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        match parts.as_slice() {
            [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
                for (number, part) in (1..).zip([year, month, day]) {
                    wire::varint(out, number, part.parse().unwrap_or_default());
                }
            }
            _ => self.problem(
                value,
                "TYPE",
                format_args!(
                    "must be a day such as \"2026-12-28\" or {{\"year\":2026,\"month\":12,\"day\":28}}, not {}",
                    kind_of(value)
                ),
            ),
        }
    }

    /// Times, durations, masks and their like have forms of their own in JSON.
    fn well_known(&mut self, message: &MessageDescriptor, value: &RawValue, out: &mut Vec<u8>) {
        let mut text = serde_json::Deserializer::from_str(value.get());
        match prost_reflect::DynamicMessage::deserialize(message.clone(), &mut text) {
            Ok(known) => out.extend(prost::Message::encode_to_vec(&known)),
            Err(_) => {
                let such = match message.full_name() {
                    "google.protobuf.Timestamp" => " such as \"2026-12-28T08:00:00+08:00\"",
                    "google.protobuf.Duration" => " such as \"3.5s\"",
                    "google.protobuf.FieldMask" => " such as \"name,address.city\"",
                    _ => "",
                };
                let name = message.full_name();
                self.problem(value, "TYPE", format_args!("must be a {name}{such}, not {}", kind_of(value)));
            }
        }
    }
}

/// What a name could have meant.
fn unknown(message: &MessageDescriptor, name: &str) -> String {
    let near = |field: &FieldDescriptor| {
        let (a, b) = (field.json_name().to_lowercase(), name.to_lowercase().replace('_', ""));
        (b.len() <= 80).then(|| strsim::damerau_levenshtein(&a, &b)).filter(|far| *far <= 2 + a.len() / 6)
    };
    let best = message.fields().filter_map(|field| Some((near(&field)?, field))).min_by_key(|(far, _)| *far);
    match best {
        Some((_, field)) => format!("there is no such field; did you mean `{}`?", field.json_name()),
        None => format!("{} has no such field", message.name()),
    }
}

/// What a value is, in a word.
pub(super) fn kind_of(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "this text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "this number",
    }
}

#[cfg(test)]
mod tests;
