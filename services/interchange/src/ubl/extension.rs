//! The extension map: what a document says beyond the canonical order, by its place in the document.
//!
//! It is a tree of [`Patch`]es over the tree that the canonical order renders. A patch never overrules the order:
//! where it replaces a text it names the text that it stands for (`007` stands for `7`), so that it falls away as
//! soon as the order says something else, and what it adds goes only where the order says nothing.

use std::{borrow::Cow, collections::BTreeMap, collections::HashMap};

use proto::orders::OrderContent;
use serde::{Deserialize, Serialize};

use super::{
    shape::Shape,
    tree::{Attribute, Element, Name, cac},
};

/// What a document says beyond its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Of this form; another form gets another number.
    pub version: u32,
    /// Which of several elements the document used.
    #[serde(default, skip_serializing_if = "Shape::is_empty")]
    pub shape: Shape,
    /// Prefixes of namespaces outside UBL, by URI.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefixes: BTreeMap<String, String>,
    /// The line number of each OrderLine of the document, by which its patches find their line again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// What differs, from the document element on.
    pub root: Patch,
}

/// What differs in one element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// Such as `cbc:Note`, or `{uri}local`.
    pub name: String,
    /// The place among what the order renders of this name, from 0. A new element stands before that place.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at: usize,
    /// The order does not render this element.
    #[serde(default, skip_serializing_if = "is_false")]
    pub new: bool,
    /// A new element beside others of its name that the order does render: one more of a list.
    #[serde(default, skip_serializing_if = "is_false")]
    pub more: bool,
    /// The document does not have this element, which the order renders as this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Value>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Patch>,
}

/// A value of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// As the document has it; absent where the document has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// What the order renders and this stands for; absent where the order renders nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

fn is_zero(at: &usize) -> bool {
    *at == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// The only form so far.
pub const VERSION: u32 = 1;

impl Extension {
    /// For storage.
    ///
    /// # Errors
    /// None in practice: strings and numbers always become JSON.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// From storage.
    ///
    /// # Errors
    /// Where the bytes are not of this form.
    pub fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        let extension: Self = serde_json::from_slice(bytes)?;
        if extension.version != VERSION {
            return Err(serde::de::Error::custom(format!("extension map of version {}", extension.version)));
        }
        Ok(extension)
    }

    /// Every value by its place, such as `/Order/cbc:UUID` or `/Order/cbc:ID/@schemeID`.
    pub fn entries(&self) -> Vec<(String, &str)> {
        let mut entries = Vec::new();
        self.root.entries("", &mut entries);
        entries
    }

    /// Adds to what the order renders what the document says beyond it.
    pub fn lay_over<'a>(&'a self, root: &mut Element<'a>, content: &OrderContent) {
        let by_number: HashMap<&str, usize> =
            content.lines.iter().enumerate().map(|(at, line)| (line.line_number.as_str(), at)).collect();
        let lines = self.lines.iter().map(|number| by_number.get(number.as_str()).copied()).collect();
        self.root.lay_over(root, Some(&lines));
    }
}

impl Patch {
    fn entries<'a>(&'a self, parent: &str, entries: &mut Vec<(String, &'a str)>) {
        let position = if self.at == 0 { String::new() } else { format!("[{}]", self.at + 1) };
        let path = format!("{parent}/{}{position}", self.name);
        if let Some(text) = self.text.as_ref().and_then(|text| text.is.as_deref()) {
            entries.push((path.clone(), text));
        } else if self.new && self.children.is_empty() {
            entries.push((path.clone(), ""));
        }
        for (name, value) in &self.attributes {
            if let Some(value) = &value.is {
                entries.push((format!("{path}/@{name}"), value));
            }
        }
        self.children.iter().for_each(|child| child.entries(&path, entries));
    }

    /// Lays a patch over the element that it is of. `lines` says where the OrderLines of the document are by now.
    fn lay_over<'a>(&'a self, element: &mut Element<'a>, lines: Option<&Vec<Option<usize>>>) {
        if let Some(text) = &self.text
            && text.was.as_deref().unwrap_or_default() == element.text
        {
            element.text = Cow::Borrowed(text.is.as_deref().unwrap_or_default());
        }
        if element.tail.is_empty() {
            element.tail = Cow::Borrowed(&self.tail);
        }
        self.lay_over_attributes(element);
        if self.children.is_empty() {
            return;
        }
        let mut places: HashMap<Name<'a>, Vec<usize>> = HashMap::new();
        for (index, child) in element.children.iter().enumerate() {
            places.entry(child.name).or_default().push(index);
        }
        let mut gone = vec![false; element.children.len()];
        // Each new element with the place before which it stands; those of one place keep their order.
        let mut added: Vec<(usize, Element<'a>)> = Vec::new();
        let mut met: HashMap<Name<'a>, usize> = HashMap::new();
        for patch in &self.children {
            let name = Name::parse(&patch.name);
            let found = places.get(&name).map(Vec::as_slice).unwrap_or_default();
            let behind = || found.last().map_or(usize::MAX, |last| last + 1);
            if patch.more {
                added.push((found.get(patch.at).copied().unwrap_or_else(behind), patch.build(name)));
                continue;
            }
            let at = match lines.filter(|_| name == cac("OrderLine")) {
                Some(lines) => lines.get(patch.at).copied().flatten(),
                // The order said nothing here; where it does by now, it comes first.
                None if patch.new => {
                    let next = met.entry(name).or_default();
                    *next += 1;
                    Some(*next - 1)
                }
                None => Some(patch.at),
            };
            match (at.and_then(|at| found.get(at)).copied(), &patch.gone) {
                (Some(place), Some(was)) => gone[place] = fingerprint(&element.children[place]) == *was,
                (Some(place), None) => patch.lay_over(&mut element.children[place], None),
                (None, None) if patch.new => added.push((behind(), patch.build(name))),
                (None, _) => {}
            }
        }
        insert(element, gone, added);
    }

    fn lay_over_attributes<'a>(&'a self, element: &mut Element<'a>) {
        for (name, value) in &self.attributes {
            let name = Name::parse(name);
            let place = element.attributes.iter().position(|attribute| attribute.name == name);
            let says = place.map(|place| element.attributes[place].value.as_ref());
            if says != value.was.as_deref() {
                continue;
            }
            match (place, &value.is) {
                (Some(place), Some(is)) => element.attributes[place].value = Cow::Borrowed(is),
                (Some(place), None) => drop(element.attributes.remove(place)),
                (None, Some(is)) => element.attributes.push(Attribute { name, value: Cow::Borrowed(is) }),
                (None, None) => {}
            }
        }
    }

    /// The element that a new patch is.
    fn build<'a>(&'a self, name: Name<'a>) -> Element<'a> {
        let mut element = Element::new(name);
        element.text =
            Cow::Borrowed(self.text.as_ref().and_then(|text| text.is.as_deref()).unwrap_or_default());
        element.tail = Cow::Borrowed(&self.tail);
        self.lay_over_attributes(&mut element);
        element.children = self.children.iter().map(|child| child.build(Name::parse(&child.name))).collect();
        element
    }
}

/// Puts new elements before their places and leaves out what is gone.
fn insert<'a>(element: &mut Element<'a>, gone: Vec<bool>, mut added: Vec<(usize, Element<'a>)>) {
    if added.is_empty() && !gone.contains(&true) {
        return;
    }
    added.sort_by_key(|(place, _)| *place);
    let mut added = added.into_iter().peekable();
    let old = std::mem::take(&mut element.children);
    for (place, (child, gone)) in old.into_iter().zip(gone).enumerate() {
        while let Some((_, new)) = added.next_if(|(before, _)| *before <= place) {
            element.children.push(new);
        }
        if !gone {
            element.children.push(child);
        }
    }
    element.children.extend(added.map(|(_, new)| new));
}

/// Everything that an element says, in one line.
pub fn fingerprint(element: &Element<'_>) -> String {
    let mut all = element.text.to_string();
    for attribute in &element.attributes {
        all.push('\u{1f}');
        all.push_str(&attribute.value);
    }
    for child in &element.children {
        all.push('\u{1e}');
        all.push_str(child.name.local);
        all.push('=');
        all.push_str(&fingerprint(child));
    }
    all
}
