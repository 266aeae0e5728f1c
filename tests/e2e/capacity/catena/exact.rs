//! JSON as it was written: numbers keep their digits, so that what comes out can be told from what is merely near it. And the
//! official schemas, which exported payloads are held against.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Index, IndexMut},
    path::{Path, PathBuf},
};

use harness::tell;
use jsonschema::{Draft, Validator};
use rust_decimal::Decimal;
use serde_json::{Value, value::RawValue};

/// A value whose numbers are texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Json {
        let text = text.trim();
        let list = |text| serde_json::from_str::<Vec<&RawValue>>(text).expect("a list");
        let object = |text| serde_json::from_str::<BTreeMap<String, &RawValue>>(text).expect("an object");
        match text.as_bytes().first().expect("not empty") {
            b'n' => Json::Null,
            b't' | b'f' => Json::Bool(text == "true"),
            b'"' => Json::Text(serde_json::from_str(text).expect("a text")),
            b'[' => Json::List(list(text).into_iter().map(|one| Json::parse(one.get())).collect()),
            b'{' => Json::Object(
                object(text).into_iter().map(|(name, one)| (name, Json::parse(one.get()))).collect(),
            ),
            _ => Json::Number(text.into()),
        }
    }

    /// The same of a value that a test made.
    pub(super) fn of(value: &Value) -> Json {
        Json::parse(&value.to_string())
    }

    pub(super) fn object(&mut self) -> &mut BTreeMap<String, Json> {
        match self {
            Json::Object(map) => map,
            other => panic!("{other} is no object"),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.object().insert(name.into(), Json::of(&value));
    }

    /// An object with this as its one property.
    pub(super) fn under(&self, name: &str) -> Json {
        Json::Object(BTreeMap::from([(name.to_owned(), self.clone())]))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self, Json::Object(map) if map.contains_key(name))
    }

    pub(super) fn list(&self) -> &[Json] {
        match self {
            Json::List(list) => list,
            other => panic!("{other} is no list"),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            other => panic!("{other} is no text"),
        }
    }

    pub(super) fn whole(&self) -> i64 {
        match self {
            Json::Number(digits) => digits.parse().expect("a whole number"),
            other => panic!("{other} is no number"),
        }
    }

    /// What it says, to be compared: numbers by their exact value, moments as moments, ids without their prefix, lists as sets.
    pub(super) fn said(&self) -> Json {
        match self {
            Json::Object(map) => {
                Json::Object(map.iter().map(|(name, one)| (name.clone(), one.said())).collect())
            }
            Json::List(list) => {
                let mut list: Vec<Json> = list.iter().map(Json::said).collect();
                list.sort();
                Json::List(list)
            }
            Json::Number(digits) => Json::Number(decimal(digits).normalize().to_string()),
            Json::Text(text) => {
                let bare = text.strip_prefix("urn:uuid:").unwrap_or(text);
                let format = &time::format_description::well_known::Iso8601::DEFAULT;
                match time::OffsetDateTime::parse(bare, format) {
                    Ok(at) => Json::Text(at.unix_timestamp_nanos().to_string()),
                    Err(_) => Json::Text(bare.into()),
                }
            }
            other => other.clone(),
        }
    }
}

fn decimal(digits: &str) -> Decimal {
    let exact = Decimal::from_str_exact(digits).or_else(|_| Decimal::from_scientific(digits));
    exact.unwrap_or_else(|why| panic!("{digits}: {why}"))
}

impl Index<&str> for Json {
    type Output = Json;

    fn index(&self, name: &str) -> &Json {
        match self {
            Json::Object(map) => map.get(name).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }
}

impl IndexMut<&str> for Json {
    fn index_mut(&mut self, name: &str) -> &mut Json {
        self.object().get_mut(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| Value::from(text).to_string();
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(yes) => write!(f, "{yes}"),
            Json::Number(digits) => f.write_str(digits),
            Json::Text(said) => f.write_str(&text(said)),
            Json::List(list) => write!(f, "[{}]", joined(list.iter().map(Json::to_string).collect())),
            Json::Object(map) => {
                let parts = map.iter().map(|(name, one)| format!("{}:{one}", text(name))).collect();
                write!(f, "{{{}}}", joined(parts))
            }
        }
    }
}

/// Where the standard's own files stand beside the repository, where they do. Nothing of them is ours to keep.
pub(super) fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/catena-x-dcm");
    if corpus.is_dir() {
        return Some(corpus);
    }
    tell::skipped(format_args!("no corpus of payloads beside the repository at {}", corpus.display()));
    None
}

/// An official schema, and how many payloads were held against it.
pub(super) struct Schema {
    name: String,
    validator: Validator,
    held: usize,
}

impl Schema {
    /// The schema of a model, such as `week_based_material_demand_3.0.1_gen_WeekBasedMaterialDemand`.
    pub(super) fn new(name: &str) -> Schema {
        let path = corpus().expect("a corpus").join(format!("sldt__io.catenax.{name}-schema.json"));
        let text = std::fs::read_to_string(path).expect("a schema");
        Schema::of(name, &serde_json::from_str(&text).expect("JSON"))
    }

    /// A schema under a name.
    pub(super) fn of(name: &str, schema: &Value) -> Schema {
        let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
        Schema { name: name.into(), validator: options.build(schema).expect("a schema of draft 4"), held: 0 }
    }

    /// Where a payload breaks it.
    pub(super) fn faults(&self, payload: &Json) -> Vec<String> {
        let payload: Value = serde_json::from_str(&payload.to_string()).expect("JSON");
        self.validator
            .iter_errors(&payload)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }

    /// Fails where an exported payload breaks it.
    pub(super) fn hold(&mut self, payload: &Json) {
        let faults = self.faults(payload);
        assert!(faults.is_empty(), "{} against {}: {faults:?}", payload, self.name);
        self.held += 1;
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if self.held > 0 && !std::thread::panicking() {
            tell::aloud(format_args!("catena-x: {} exported payloads fit {}", self.held, self.name));
        }
    }
}

#[test]
fn digits_stay_as_they_were() {
    let text = r#"{"a":999999999999999999.999,"b":[1.10,1e3,-0],"c":"图\n","d":null,"e":true}"#;
    let read = Json::parse(text);
    assert_eq!(read.to_string(), text);
    assert_ne!(read.said(), Json::parse(&text.replace(".999", ".998")).said());
    assert_eq!(read["b"].said(), Json::parse("[1000,1.1,0]").said());
}
