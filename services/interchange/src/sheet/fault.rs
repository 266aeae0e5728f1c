//! What is wrong with a row, worded for people in both languages; programs act on the reason.

use proto::interchange::RowError;

use super::Language;

/// What is wrong with a cell or a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `REQUIRED`.
    pub reason: &'static str,
    zh: String,
    en: String,
}

impl Fault {
    /// A fault with both wordings.
    pub fn new(reason: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Fault { reason, zh: zh.into(), en: en.into() }
    }

    /// Nothing stands where something must.
    pub fn required() -> Self {
        Fault::new("REQUIRED", "不能为空", "is required")
    }

    /// The wording in a language.
    pub fn text(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// As it is told of a row. `column` is the heading in the file.
    pub fn at(&self, row: u32, column: &str, field: &str, language: Language) -> RowError {
        RowError {
            row: row as i32,
            column: column.to_string(),
            field: field.to_string(),
            reason: self.reason.to_string(),
            message: self.text(language).to_string(),
        }
    }
}
