//! A document as a tree that borrows from its text: names by namespace, never by prefix.

use std::borrow::Cow;

/// Namespace of the document element.
pub const ORDER: &str = "urn:oasis:names:specification:ubl:schema:xsd:Order-2";
/// Namespace of aggregates, usually `cac`.
pub const CAC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
/// Namespace of leaves, usually `cbc`.
pub const CBC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
/// Namespace of UBLExtensions, usually `ext`.
pub const EXT: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2";

/// A namespace; those of UBL are told apart without comparing text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ns<'a> {
    /// None: unprefixed attributes, and elements outside of any namespace.
    None,
    /// Of the document element.
    Order,
    /// Of aggregates.
    Cac,
    /// Of leaves.
    Cbc,
    /// Of UBLExtensions.
    Ext,
    /// Any other, by its URI.
    Other(&'a str),
}

impl<'a> Ns<'a> {
    /// The namespace of a URI.
    pub fn of(uri: &'a str) -> Self {
        match uri {
            "" => Ns::None,
            ORDER => Ns::Order,
            CAC => Ns::Cac,
            CBC => Ns::Cbc,
            EXT => Ns::Ext,
            other => Ns::Other(other),
        }
    }
}

/// A name in its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<'a> {
    /// Where the name is defined.
    pub ns: Ns<'a>,
    /// The name without a prefix.
    pub local: &'a str,
}

impl<'a> Name<'a> {
    /// As written in paths: `cbc:ID`, `Order`, or `{uri}local` where no standard prefix exists.
    pub fn to_text(self) -> String {
        match self.ns {
            Ns::None | Ns::Order => self.local.to_string(),
            Ns::Cac => format!("cac:{}", self.local),
            Ns::Cbc => format!("cbc:{}", self.local),
            Ns::Ext => format!("ext:{}", self.local),
            Ns::Other(uri) => format!("{{{uri}}}{}", self.local),
        }
    }

    /// The reverse of [`Name::to_text`] for everything but the document element.
    pub fn parse(text: &'a str) -> Self {
        if let Some((uri, local)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            return Name { ns: Ns::of(uri), local };
        }
        match text.split_once(':') {
            Some(("cac", local)) => Name { ns: Ns::Cac, local },
            Some(("cbc", local)) => Name { ns: Ns::Cbc, local },
            Some(("ext", local)) => Name { ns: Ns::Ext, local },
            _ => Name { ns: Ns::None, local: text },
        }
    }
}

/// The name of an aggregate.
pub fn cac(local: &str) -> Name<'_> {
    Name { ns: Ns::Cac, local }
}

/// The name of a leaf.
pub fn cbc(local: &str) -> Name<'_> {
    Name { ns: Ns::Cbc, local }
}

/// An attribute; namespace declarations are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its value, references resolved and white space normalised (XML 1.0 §3.3.3).
    pub value: Cow<'a, str>,
}

/// An element with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// In document order.
    pub attributes: Vec<Attribute<'a>>,
    /// The text before the first child; of a leaf, its value, verbatim.
    pub text: Cow<'a, str>,
    /// Text between this element's end and the next tag; empty where only white space stands there.
    pub tail: Cow<'a, str>,
    /// In document order.
    pub children: Vec<Element<'a>>,
    /// Where its tag begins, in bytes.
    pub offset: u32,
}

impl<'a> Element<'a> {
    /// An element with nothing in it.
    pub fn new(name: Name<'a>) -> Self {
        Element {
            name,
            attributes: Vec::new(),
            text: Cow::Borrowed(""),
            tail: Cow::Borrowed(""),
            children: Vec::new(),
            offset: 0,
        }
    }

    /// A leaf with a value.
    pub fn leaf(local: &'a str, text: impl Into<Cow<'a, str>>) -> Self {
        Element { text: text.into(), ..Element::new(cbc(local)) }
    }

    /// The value of an attribute without a namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let name = Name { ns: Ns::None, local };
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_ref())
    }

    /// Adds an attribute without a namespace unless it would say nothing.
    pub fn set(&mut self, local: &'a str, value: impl Into<Cow<'a, str>>) {
        let value = value.into();
        if !value.is_empty() {
            self.attributes.push(Attribute { name: Name { ns: Ns::None, local }, value });
        }
    }

    /// Adds a leaf unless it would say nothing.
    pub fn say(&mut self, local: &'a str, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.children.push(Element::leaf(local, text));
        }
    }

    /// Adds a leaf with an attribute unless its value is empty.
    pub fn say_with(
        &mut self,
        local: &'a str,
        text: impl Into<Cow<'a, str>>,
        attribute: &'a str,
        value: impl Into<Cow<'a, str>>,
    ) {
        let text = text.into();
        if !text.is_empty() {
            let mut leaf = Element::leaf(local, text);
            leaf.set(attribute, value);
            self.children.push(leaf);
        }
    }

    /// Adds an aggregate unless nothing was put into it.
    pub fn nest(&mut self, local: &'a str, fill: impl FnOnce(&mut Element<'a>)) {
        let mut inner = Element::new(cac(local));
        fill(&mut inner);
        if !inner.is_empty() {
            self.children.push(inner);
        }
    }

    /// The first child of a name.
    pub fn child(&self, name: Name<'_>) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty() && self.attributes.is_empty() && self.text.is_empty()
    }
}

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The whole text, without a byte order mark.
    pub text: &'a str,
    /// The document element.
    pub root: Element<'a>,
    /// Prefixes of namespaces outside UBL, as the document chose them: (uri, prefix).
    pub prefixes: Vec<(&'a str, &'a str)>,
}
