//! Numbers, texts, bytes and names of enums: one JSON value into one field.

use std::borrow::Cow;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind};
use serde_json::value::RawValue;

use super::wire;

/// Padded or not; both are on the way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Writes a scalar field; what it must be where it is not.
pub(super) fn value(field: &FieldDescriptor, value: &RawValue, out: &mut Vec<u8>) -> Result<(), String> {
    let raw = value.get();
    // Numbers may be written as text, which is how 64 bits survive JavaScript.
    let text = serde_json::from_str::<Cow<'_, str>>(raw).ok();
    let number = text.as_deref().unwrap_or(raw);
    let n = field.number();
    match field.kind() {
        Kind::String => match text {
            Some(text) => wire::bytes(out, n, text.as_bytes()),
            None => return Err("must be a text".into()),
        },
        Kind::Bytes => match text.and_then(|text| bytes(&text)) {
            Some(bytes) => wire::bytes(out, n, &bytes),
            None => return Err("must be bytes in base64".into()),
        },
        Kind::Bool => match raw {
            "true" => wire::varint(out, n, 1),
            "false" => wire::varint(out, n, 0),
            _ => return Err("must be true or false".into()),
        },
        Kind::Enum(kind) => {
            wire::varint(out, n, i64::from(enumeration(&kind, text.as_deref(), raw)?).cast_unsigned())
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            let whole: i32 = number.parse().map_err(|_| "must be a whole number of 32 bits")?;
            match field.kind() {
                Kind::Int32 => wire::varint(out, n, i64::from(whole).cast_unsigned()),
                Kind::Sint32 => wire::varint(out, n, wire::zigzag(whole.into())),
                _ => wire::fixed32(out, n, whole.to_le_bytes()),
            }
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            let whole: i64 = number.parse().map_err(|_| "must be a whole number of 64 bits")?;
            match field.kind() {
                Kind::Int64 => wire::varint(out, n, whole.cast_unsigned()),
                Kind::Sint64 => wire::varint(out, n, wire::zigzag(whole)),
                _ => wire::fixed64(out, n, whole.to_le_bytes()),
            }
        }
        Kind::Uint32 | Kind::Fixed32 => {
            let whole: u32 = number.parse().map_err(|_| "must be a whole number from 0, of 32 bits")?;
            match field.kind() {
                Kind::Uint32 => wire::varint(out, n, whole.into()),
                _ => wire::fixed32(out, n, whole.to_le_bytes()),
            }
        }
        Kind::Uint64 | Kind::Fixed64 => {
            let whole: u64 = number.parse().map_err(|_| "must be a whole number from 0, of 64 bits")?;
            match field.kind() {
                Kind::Uint64 => wire::varint(out, n, whole),
                _ => wire::fixed64(out, n, whole.to_le_bytes()),
            }
        }
        Kind::Double => wire::fixed64(out, n, float(number)?.to_le_bytes()),
        Kind::Float => wire::fixed32(out, n, (float(number)? as f32).to_le_bytes()),
        Kind::Message(_) => return Err("must be an object".into()),
    }
    Ok(())
}

/// Writes a map's key, which JSON can only say as text.
pub(super) fn key(field: &FieldDescriptor, name: &str, out: &mut Vec<u8>) -> Result<(), String> {
    if let Kind::String = field.kind() {
        wire::bytes(out, field.number(), name.as_bytes());
        return Ok(());
    }
    let raw = serde_json::from_str::<&RawValue>(name).map_err(|_| "must be a number, true or false")?;
    value(field, raw, out)
}

/// Both alphabets, as ProtoJSON has it.
fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.contains(['-', '_']) {
        return BASE64.decode(text.replace('-', "+").replace('_', "/")).ok();
    }
    BASE64.decode(text).ok()
}

fn float(text: &str) -> Result<f64, String> {
    match text {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => {
            text.parse().map_err(|_| "must be a number".into())
        }
        _ => Err("must be a number".into()),
    }
}

/// A name, or a number, which may be newer than this build.
fn enumeration(kind: &EnumDescriptor, name: Option<&str>, raw: &str) -> Result<i32, String> {
    let found = match name {
        Some(name) => kind.get_value_by_name(name).map(|value| value.number()),
        None => raw.parse().ok(),
    };
    found.ok_or_else(|| {
        let names: Vec<String> = kind.values().skip(1).map(|value| value.name().to_string()).collect();
        format!("must be one of {}", names.join(", "))
    })
}
