//! Reading a tree: a cursor that knows its path, and a reader that collects problems instead of stopping.

use proto::{Date, Decimal as WireDecimal, orders::Warning};

use super::{
    number,
    problem::{Problem, Problems, position},
    shape::Shape,
    tree::{Element, Name, cac, cbc},
};

/// An element and how one gets to it.
#[derive(Clone, Copy)]
pub struct Node<'p, 'a> {
    /// The element.
    pub element: &'p Element<'a>,
    parent: Option<&'p Node<'p, 'a>>,
    /// From 1, among siblings of its name.
    ordinal: usize,
}

impl<'p, 'a> Node<'p, 'a> {
    /// The document element.
    pub fn root(element: &'p Element<'a>) -> Self {
        Node { element, parent: None, ordinal: 1 }
    }

    /// A child by its place among siblings of its name, from 1.
    pub fn at<'s>(&'s self, child: &'s Element<'a>, ordinal: usize) -> Node<'s, 'a> {
        Node { element: child, parent: Some(self), ordinal }
    }

    /// The children of a name.
    pub fn all<'s>(&'s self, name: Name<'s>) -> impl Iterator<Item = Node<'s, 'a>> {
        let named = self.element.children.iter().filter(move |child| child.name == name);
        named.enumerate().map(|(index, element)| Node { element, parent: Some(self), ordinal: index + 1 })
    }

    /// The first child of a name.
    pub fn first<'s>(&'s self, name: Name<'s>) -> Option<Node<'s, 'a>> {
        self.all(name).next()
    }

    /// Such as `/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity`; positions stand where they tell siblings apart.
    pub fn path(&self) -> String {
        let Some(parent) = self.parent else { return format!("/{}", self.element.name.to_text()) };
        let name = self.element.name;
        let alone = parent.element.children.iter().filter(|child| child.name == name).nth(1).is_none();
        let position = if alone { String::new() } else { format!("[{}]", self.ordinal) };
        format!("{}/{}{position}", parent.path(), name.to_text())
    }
}

/// Collects what is found while a tree is read.
pub struct Reader<'a> {
    input: &'a str,
    /// What stands in the way.
    pub problems: Problems,
    /// What looks wrong but is taken.
    pub warnings: Vec<Warning>,
    /// Which of several elements the document used.
    pub shape: Shape,
    /// The order's currency; empty where unstated.
    pub currency: String,
    /// The document names a profile whose amounts have to agree.
    pub strict: bool,
}

impl<'a> Reader<'a> {
    /// A reader of a document with the given text.
    pub fn new(input: &'a str) -> Self {
        Reader {
            input,
            problems: Problems::default(),
            warnings: Vec::new(),
            shape: Shape::default(),
            currency: String::new(),
            strict: false,
        }
    }

    /// Notes a problem of an element.
    pub fn problem(&mut self, node: &Node<'_, '_>, reason: &'static str, message: impl Into<String>) {
        self.problem_at(|| node.path(), node.element.offset, reason, message);
    }

    /// Notes a problem at a path of its own.
    pub fn problem_at(
        &mut self,
        path: impl FnOnce() -> String,
        offset: u32,
        reason: &'static str,
        message: impl Into<String>,
    ) {
        let input = self.input;
        self.problems.push(|| {
            let (line, column) = position(input.as_bytes(), offset as usize);
            Problem { path: path(), line, column, reason, message: message.into() }
        });
    }

    /// Notes something that is taken although it looks wrong; at most a hundred of them.
    pub fn warn(&mut self, path: impl FnOnce() -> String, reason: &str, message: impl Into<String>) {
        if self.warnings.len() < 100 {
            self.warnings.push(Warning {
                field: path(),
                reason: reason.to_string(),
                message: message.into(),
            });
        }
    }

    /// The only child of a name; a second one is a problem, since programs differ in which of them they believe.
    pub fn one<'s>(&mut self, node: &'s Node<'s, 'a>, name: Name<'s>) -> Option<Node<'s, 'a>> {
        let mut found = node.all(name);
        let first = found.next();
        if let Some(second) = found.next() {
            let message = format!("only one {} is allowed here", name.to_text());
            self.problem(&second, "REPEATED", message);
        }
        first
    }

    /// The text of the only leaf of a name, verbatim.
    pub fn text(&mut self, node: &Node<'_, 'a>, local: &str) -> String {
        self.one(node, cbc(local)).map(|leaf| leaf.element.text.to_string()).unwrap_or_default()
    }

    /// An identifier or code: white space around it is not part of it (XML Schema `token`).
    pub fn code(&mut self, node: &Node<'_, 'a>, local: &str) -> String {
        self.one(node, cbc(local)).map(|leaf| leaf.element.text.trim().to_string()).unwrap_or_default()
    }

    /// A code one level down, such as the ID in a SellersItemIdentification.
    pub fn code_in(&mut self, node: &Node<'_, 'a>, aggregate: &str, local: &str) -> String {
        let Some(inner) = node.first(cac(aggregate)) else { return String::new() };
        self.code(&inner, local)
    }

    /// A number that is not an amount. What is no number was noted by the lexical check.
    pub fn number(&mut self, node: &Node<'_, 'a>, local: &str) -> Option<WireDecimal> {
        let leaf = self.one(node, cbc(local))?;
        number::decimal(&leaf.element.text).ok().map(chassis::value::wire_decimal)
    }

    /// Notes a broken rule of a profile: a problem where the document names the profile, else a warning.
    pub fn breach(&mut self, node: &Node<'_, '_>, reason: &'static str, message: String) {
        match self.strict {
            true => self.problem(node, reason, message),
            false => self.warn(|| node.path(), reason, message),
        }
    }

    /// An amount in the order's currency. One in another currency stays outside of the canonical order.
    pub fn amount(&mut self, node: &Node<'_, 'a>, local: &str) -> Option<WireDecimal> {
        let leaf = self.one(node, cbc(local))?;
        let currency = leaf.element.attribute("currencyID").unwrap_or_default().trim();
        if !currency.is_empty() && currency != self.currency {
            let message = format!(
                "is in {currency}, the order in {}; the amount is kept but not counted",
                self.currency
            );
            self.breach(&leaf, "CURRENCY_DIFFERS", message);
            return None;
        }
        number::decimal(&leaf.element.text).ok().map(chassis::value::wire_decimal)
    }

    /// A day. What is none was noted by the lexical check.
    pub fn date(&mut self, node: &Node<'_, 'a>, local: &str) -> Option<Date> {
        let leaf = self.one(node, cbc(local))?;
        number::date(&leaf.element.text).ok()
    }
}
