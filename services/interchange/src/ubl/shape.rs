//! Where UBL has several elements for what is one list or field of the canonical order, which of them a document
//! used: an address line may have been a street, a building number or a free line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Choices of a document by the place in the canonical order, such as `buyer.lines`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(BTreeMap<String, Vec<String>>);

impl Shape {
    /// Whether every choice is the usual one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes the choices of a place.
    pub fn note(&mut self, place: String, choices: Vec<&str>) {
        if !choices.is_empty() {
            self.0.insert(place, choices.into_iter().map(str::to_string).collect());
        }
    }

    /// The choice for one entry of a list; `usual` for entries that the document did not have.
    pub fn choice<'s>(&'s self, place: &str, index: usize, usual: &'s str) -> &'s str {
        self.0.get(place).and_then(|choices| choices.get(index)).map_or(usual, String::as_str)
    }

    /// The choice for something that there is one of.
    pub fn choice_of<'s>(&'s self, place: &str, usual: &'s str) -> &'s str {
        self.choice(place, 0, usual)
    }

    /// Whether the document chose this for the place.
    pub fn chose(&self, place: &str, choice: &str) -> bool {
        self.0.get(place).is_some_and(|choices| choices.iter().any(|chosen| chosen == choice))
    }
}
