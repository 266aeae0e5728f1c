//! Which columns of somebody's table are which: a small file in TOML or JSON.

use std::{collections::HashMap, path::Path};

use proto::interchange::ColumnMapping;
use serde::Deserialize;

use crate::cli::failure::{Exit, Failure};

/// Our name of a field to the heading in the file, and beside it what has no heading.
#[derive(Debug, Default, Deserialize)]
struct MappingFile {
    #[serde(default)]
    defaults: HashMap<String, Plain>,
    #[serde(default)]
    sheet: String,
    #[serde(default)]
    heading_row: i32,
    #[serde(default)]
    fill_down: bool,
    #[serde(flatten)]
    columns: HashMap<String, String>,
}

/// A value as people write it in such files.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Plain {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Plain {
    fn text(self) -> String {
        match self {
            Plain::Flag(true) => "yes".into(),
            Plain::Flag(false) => "no".into(),
            Plain::Number(number) => number.to_string(),
            Plain::Text(text) => text,
        }
    }
}

/// Reads a mapping; JSON where it begins with `{`, else TOML.
pub(in crate::cli) fn read(file: &Path) -> Result<ColumnMapping, Failure> {
    let unfit = |error: &dyn std::fmt::Display| {
        Failure::local(Exit::Usage, format!("{} is no mapping: {error}", file.display()))
            .advise("see the example in `tandem orders publish --help`")
    };
    let text = std::fs::read_to_string(file).map_err(|error| unfit(&error))?;
    parse(&text).map_err(|error| unfit(&error))
}

fn parse(text: &str) -> Result<ColumnMapping, String> {
    let text = text.trim_start_matches('\u{feff}');
    let found: MappingFile = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        toml::from_str(text).map_err(|error| error.to_string())?
    };
    Ok(ColumnMapping {
        columns: found.columns,
        defaults: found.defaults.into_iter().map(|(name, value)| (name, value.text())).collect(),
        sheet: found.sheet,
        heading_row: found.heading_row,
        fill_down: found.fill_down,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_say_the_same() {
        let toml = "order_number = \"我的单号\"\nheading_row = 3\n[defaults]\nprice_includes_tax = true\ncurrency = \"CNY\"\n";
        let json = r#"{"order_number":"我的单号","heading_row":3,"defaults":{"price_includes_tax":"yes","currency":"CNY"}}"#;
        let mapping = parse(toml).unwrap();
        assert_eq!(mapping, parse(json).unwrap());
        assert_eq!(mapping.columns["order_number"], "我的单号");
        assert_eq!((mapping.defaults["price_includes_tax"].as_str(), mapping.heading_row), ("yes", 3));
        for wrong in ["order_number = 1", "{\"a\":", "x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
