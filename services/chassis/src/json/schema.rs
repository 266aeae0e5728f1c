//! Messages and enums of the contract as JSON Schema, with the comments of the proto files.

use std::collections::{BTreeMap, HashMap, HashSet};

use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor,
};
use serde_json::{Map, Value, json};

use super::contract::Contract;

/// Comments by file and path into it.
pub(super) struct Comments(HashMap<String, HashMap<Vec<i32>, String>>);

impl Comments {
    /// Every leading comment of the contract.
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let files = pool.file_descriptor_protos().map(|file| {
            let places = file.source_code_info.iter().flat_map(|info| &info.location);
            let comments = places
                .filter_map(|place| Some((place.path.clone(), flowing(place.leading_comments.as_deref()?))));
            (file.name().to_string(), comments.collect())
        });
        Self(files.collect())
    }

    /// The comment at a path; empty where there is none.
    pub(super) fn at(&self, file: &str, path: &[i32]) -> &str {
        self.0.get(file).and_then(|comments| comments.get(path)).map_or("", String::as_str)
    }
}

/// Lines that belong together in one, paragraphs apart.
fn flowing(comment: &str) -> String {
    let paragraphs = comment
        .trim()
        .split("\n\n")
        .map(|paragraph| paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_string());
    let lines: Vec<String> = paragraphs.filter(|paragraph| !paragraph.is_empty()).collect();
    lines.join("\n\n")
}

/// Schemas of these messages and of all that they are made of, by full name.
pub(super) fn schemas(
    contract: &Contract,
    comments: &Comments,
    roots: impl IntoIterator<Item = MessageDescriptor>,
) -> BTreeMap<String, Value> {
    let mut waiting: Vec<Kind> = roots.into_iter().map(Kind::Message).collect();
    // An event's payload is named by its type alone.
    waiting.extend(contract.payloads().into_iter().map(|(_, message)| Kind::Message(message.clone())));
    let mut seen: HashSet<String> = HashSet::new();
    let mut schemas = BTreeMap::new();
    while let Some(kind) = waiting.pop() {
        match kind {
            Kind::Message(message) if seen.insert(message.full_name().to_string()) => {
                waiting.extend(message.fields().map(|field| inner(&field)));
                if !message.is_map_entry() && !message.full_name().starts_with("google.protobuf.") {
                    schemas.insert(message.full_name().to_string(), object(contract, comments, &message));
                }
            }
            Kind::Enum(names) if seen.insert(names.full_name().to_string()) => {
                schemas.insert(names.full_name().to_string(), enumeration(comments, &names));
            }
            _ => {}
        }
    }
    schemas
}

/// What a field is made of, behind a map's entry.
fn inner(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
        kind => kind,
    }
}

pub(super) fn reference(full_name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{full_name}") })
}

fn object(contract: &Contract, comments: &Comments, message: &MessageDescriptor) -> Value {
    let comment = comments.at(message.parent_file().name(), message.path());
    match message.full_name() {
        "google.type.Decimal" => return decimal(),
        "google.type.Date" => return date(),
        _ => {}
    }
    let mut properties = Map::new();
    for field in message.fields() {
        properties.insert(field.json_name().to_string(), property(comments, &field));
    }
    if message.full_name() == "tandem.event.v1.Event" {
        let payloads = contract.payloads();
        let any: Vec<Value> = payloads.iter().map(|(_, message)| reference(message.full_name())).collect();
        let types: BTreeMap<&str, &str> =
            payloads.iter().map(|(name, message)| (*name, message.full_name())).collect();
        properties.insert(
            "payload".into(),
            json!({
                "description": "What happened, decoded by `type`; stands where gRPC has the bytes of `data`. Events \
                    of a type that the server does not know keep `data`.",
                "anyOf": any, "x-types": types, "x-number": 7,
            }),
        );
    }
    described(json!({ "type": "object", "properties": properties }), comment)
}

fn property(comments: &Comments, field: &FieldDescriptor) -> Value {
    let one = kind(&inner(field));
    let mut schema = match () {
        () if field.is_map() => json!({ "type": "object", "additionalProperties": one }),
        () if field.is_list() => json!({ "type": "array", "items": one }),
        () => one,
    };
    let mut comment = comments.at(field.parent_file().name(), field.path()).to_string();
    let choice = field.containing_oneof().filter(|choice| !choice.is_synthetic());
    if let Some(choice) = choice {
        comment =
            format!("{comment}\n\nAt most one of {} may be given.", choices(&choice)).trim().to_string();
        schema["x-choice"] = choice.name().into();
    }
    schema["x-number"] = field.number().into();
    described(schema, &comment)
}

fn choices(choice: &OneofDescriptor) -> String {
    let names: Vec<String> = choice.fields().map(|field| format!("`{}`", field.json_name())).collect();
    names.join(", ")
}

fn described(mut schema: Value, comment: &str) -> Value {
    if !comment.is_empty() {
        schema["description"] = comment.into();
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => json!({ "type": "number" }),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
        Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "format": "int64", "minimum": 0 }),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            json!({ "type": "string", "format": "int64", "pattern": "^-?[0-9]+$" })
        }
        Kind::Uint64 | Kind::Fixed64 => {
            json!({ "type": "string", "format": "uint64", "pattern": "^[0-9]+$" })
        }
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Enum(names) => reference(names.full_name()),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
            "google.protobuf.Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$" }),
            "google.protobuf.FieldMask" => json!({ "type": "string" }),
            name if name.starts_with("google.protobuf.") => json!({}),
            name => reference(name),
        },
    }
}

fn enumeration(comments: &Comments, names: &EnumDescriptor) -> Value {
    let file = names.parent_file();
    let all: Vec<String> = names.values().map(|value| value.name().to_string()).collect();
    let mut lines = vec![comments.at(file.name(), names.path()).to_string()];
    lines.extend(names.values().filter_map(|value| {
        let comment = comments.at(file.name(), value.path());
        (!comment.is_empty()).then(|| format!("* `{}`: {comment}", value.name()))
    }));
    let comment = lines.join("\n");
    described(json!({ "type": "string", "enum": all }), comment.trim())
}

fn decimal() -> Value {
    json!({
        "description": "A decimal number: at most 28 digits, of which 20 before the point and 18 behind it, no exponent. Answers have \
            the object; requests may have the text or the number, whose digits are taken as they stand.",
        "anyOf": [
            { "type": "object", "properties": { "value": { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" } } },
            { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" },
            { "type": "number" },
        ],
        "examples": [{ "value": "1800.50" }, "1800.50"],
    })
}

fn date() -> Value {
    json!({
        "description": "A day of the calendar. Answers have the object; requests may have the text.",
        "anyOf": [
            { "type": "object", "properties": {
                "year": { "type": "integer" }, "month": { "type": "integer" }, "day": { "type": "integer" },
            } },
            { "type": "string", "format": "date" },
        ],
        "examples": [{ "year": 2026, "month": 12, "day": 28 }, "2026-12-28"],
    })
}
