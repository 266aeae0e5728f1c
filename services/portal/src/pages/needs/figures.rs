//! The figures of a part or of a machine: asked for, and read.

use chassis::value::wire_decimal;
use proto::capacity::OfferLimits;

use crate::{
    ask::{Ask, Kind, Question},
    form::Fields,
    format::decimal,
    i18n::{Key, Text, key},
    typed,
};

/// Their fields, with what the API calls them.
const NAMES: [(&str, &str); 6] = [
    ("tonnage", "tonnage_t"),
    ("length", "length_mm"),
    ("width", "width_mm"),
    ("height", "height_mm"),
    ("weight", "weight_kg"),
    ("precision", "precision_mm"),
];

/// What a part needs, in the order of the fields.
pub const NEEDED: [Key<0>; 6] = [
    key::NEED_TONNAGE_T,
    key::NEED_LENGTH_MM,
    key::NEED_WIDTH_MM,
    key::NEED_HEIGHT_MM,
    key::NEED_WEIGHT_KG,
    key::NEED_PRECISION_MM,
];

/// What a machine can do.
pub const ABLE: [Key<0>; 6] = [
    key::PROFILE_TONNAGE_T,
    key::PROFILE_LENGTH_MM,
    key::PROFILE_WIDTH_MM,
    key::PROFILE_HEIGHT_MM,
    key::PROFILE_WEIGHT_KG,
    key::PROFILE_PRECISION_MM,
];

/// A field for each, which may be left out; filled in with what stands, below this path of the API.
pub fn questions(t: &Text, labels: [Key<0>; 6], path: &str, standing: &OfferLimits) -> Vec<Question> {
    let values = [
        &standing.tonnage_t,
        &standing.length_mm,
        &standing.width_mm,
        &standing.height_mm,
        &standing.weight_kg,
        &standing.precision_mm,
    ];
    let mut questions = Vec::new();
    for (((name, field), label), value) in NAMES.into_iter().zip(labels).zip(values) {
        let value = decimal(value.as_ref()).map(|value| value.normalize().to_string());
        let question = Question::new(name, Kind::Number, t.say(label)).at(format!("{path}.{field}"));
        questions.push(question.optional().with(value.unwrap_or_default()));
    }
    questions
}

/// What was typed; nothing where some of it is no number, which the page then says.
pub fn read(t: &Text, ask: &mut Ask, fields: &Fields) -> Option<OfferLimits> {
    let read = NAMES.map(|(name, _)| figure(t, ask, fields, name));
    let [tonnage_t, length_mm, width_mm, height_mm, weight_kg, precision_mm] = read;
    Some(OfferLimits {
        tonnage_t: tonnage_t.ok()?,
        length_mm: length_mm.ok()?,
        width_mm: width_mm.ok()?,
        height_mm: height_mm.ok()?,
        weight_kg: weight_kg.ok()?,
        precision_mm: precision_mm.ok()?,
    })
}

/// One number that may be left out; an error where something else was typed, which the page then says.
pub fn figure(t: &Text, ask: &mut Ask, fields: &Fields, name: &str) -> Result<Option<proto::Decimal>, ()> {
    let text = fields.get(name);
    match typed::quantity(text) {
        None if !text.is_empty() => {
            ask.blame(name, t.say(key::NEED_NO_FIGURE));
            Err(())
        }
        value => Ok(value.map(wire_decimal)),
    }
}
