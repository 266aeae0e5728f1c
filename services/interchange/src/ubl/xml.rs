//! A well-formed document as a tree, within limits: one pass, nothing fetched, nothing expanded but the five
//! predefined entities and character references.

use std::borrow::Cow;

use chassis::Reason;
use quick_xml::{
    XmlVersion,
    events::{BytesRef, Event, attributes::Attributes},
    reader::Reader,
};

use super::{
    names::{Namespaces, Wrong},
    problem::Refusal,
    scan,
    tree::{Attribute, Document, Element, Ns},
};

/// How deep elements may stand in each other.
pub const MAX_DEPTH: usize = 64;
/// Elements of a document; ten thousand rich order lines fit.
pub const MAX_ELEMENTS: usize = 300_000;
/// Attributes of a document.
pub const MAX_ATTRIBUTES: usize = 400_000;
/// Attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES_OF_ELEMENT: usize = 64;
/// Bytes of an attribute's value.
pub const MAX_ATTRIBUTE_VALUE: usize = 16 * 1024;
/// Bytes of a value; files that a document carries may be larger.
pub const MAX_VALUE: usize = 256 * 1024;
/// Bytes of a file that a document carries, in Base64.
pub const MAX_EMBEDDED: usize = 12 * 1024 * 1024;

const XINCLUDE: &str = "http://www.w3.org/2001/XInclude";

/// Parses a document.
///
/// # Errors
/// One [`Refusal`] with line and column: `XML_MALFORMED`, `XML_DOCTYPE`, `XML_TOO_COMPLEX` or
/// `DOCUMENT_UNSUPPORTED`.
pub fn parse(bytes: &[u8]) -> Result<Document<'_>, Refusal> {
    let text = scan::text(bytes)?;
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_comments = true;
    config.check_end_names = true;
    let mut builder = Builder::new(text);
    loop {
        let at = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|error| {
            let at = (reader.error_position() as usize).min(text.len());
            builder.malformed(at, error.to_string())
        })?;
        builder.at = at;
        match event {
            Event::Start(tag) => builder.open(tag.name().as_ref().len(), tag.len())?,
            Event::Empty(tag) => {
                builder.open(tag.name().as_ref().len(), tag.len())?;
                builder.close()?;
            }
            Event::End(_) => builder.close()?,
            Event::Text(piece) => builder.text(piece.xml10_content(), Piece::Text)?,
            Event::CData(piece) => builder.text(piece.xml10_content(), Piece::CData)?,
            Event::GeneralRef(reference) => {
                let c = builder.reference(&reference)?;
                builder.text(Cow::Owned(c.to_string()), Piece::Reference)?;
            }
            Event::Comment(_) => builder.interrupt(),
            Event::PI(instruction) => builder.instruction(instruction.target())?,
            Event::Decl(declaration) => {
                let version =
                    declaration.version().map_err(|error| builder.malformed(at, error.to_string()))?;
                if at != 0 || version != "1.0" {
                    return Err(builder.malformed(
                        at,
                        "an xml declaration of version 1.0 may stand at the very beginning only",
                    ));
                }
            }
            Event::DocType(_) => {
                return Err(Refusal::at(
                    text.as_bytes(),
                    at,
                    Reason::XML_DOCTYPE,
                    "document types are refused; remove it",
                ));
            }
            Event::Eof => return builder.finish(),
        }
    }
}

/// Where a piece of text comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text,
    CData,
    Reference,
}

/// An element whose end has not come yet.
struct Open<'a> {
    element: Element<'a>,
    /// How many namespace declarations were in force outside of it.
    scope: usize,
    /// Its value is a CDATA section, and nothing else may be part of it.
    cdata: bool,
    /// A comment or instruction stands in its value, and nothing may follow.
    interrupted: bool,
}

struct Builder<'a> {
    input: &'a str,
    at: usize,
    open: Vec<Open<'a>>,
    root: Option<Element<'a>>,
    namespaces: Namespaces<'a>,
    elements: usize,
    attributes: usize,
}

impl<'a> Builder<'a> {
    fn new(input: &'a str) -> Self {
        Builder {
            input,
            at: 0,
            open: Vec::new(),
            root: None,
            namespaces: Namespaces::default(),
            elements: 0,
            attributes: 0,
        }
    }

    fn refuse(&self, at: usize, reason: Reason, message: impl Into<String>) -> Refusal {
        Refusal::at(self.input.as_bytes(), at, reason, message)
    }

    fn malformed(&self, at: usize, message: impl Into<String>) -> Refusal {
        self.refuse(at, Reason::XML_MALFORMED, message)
    }

    fn complex(&self, message: impl Into<String>) -> Refusal {
        self.refuse(self.at, Reason::XML_TOO_COMPLEX, message)
    }

    fn wrong(&self, (reason, message): Wrong) -> Refusal {
        self.refuse(self.at, reason, message)
    }

    /// A start tag: `name` bytes of name within `tag` bytes between the brackets.
    fn open(&mut self, name: usize, tag: usize) -> Result<(), Refusal> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.malformed(self.at, "only one document element is allowed"));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.complex(format!("elements stand more than {MAX_DEPTH} deep")));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(self.complex(format!("more than {MAX_ELEMENTS} elements; split the document")));
        }
        let start = self.at + 1;
        let (name, rest) = self.input[start..start + tag].split_at(name);
        let scope = self.namespaces.depth();
        let raw = self.attributes(rest, start + name.len())?;
        let name = self.namespaces.resolve(name, true).map_err(|wrong| self.wrong(wrong))?;
        if name.ns == Ns::Other(XINCLUDE) {
            return Err(self.refuse(
                self.at,
                Reason::DOCUMENT_UNSUPPORTED,
                "inclusions are not followed; send one whole document",
            ));
        }
        let mut element = Element::new(name);
        element.offset = self.at as u32;
        for (name, value) in raw {
            let name = self.namespaces.resolve(name, false).map_err(|wrong| self.wrong(wrong))?;
            if element.attributes.iter().any(|other| other.name == name) {
                return Err(self.malformed(self.at, format!("the attribute {} stands twice", name.to_text())));
            }
            element.attributes.push(Attribute { name, value });
        }
        self.open.push(Open { element, scope, cdata: false, interrupted: false });
        Ok(())
    }

    /// Attributes that are none of namespaces; those are declared.
    fn attributes(&mut self, rest: &'a str, offset: usize) -> Result<Vec<(&'a str, Cow<'a, str>)>, Refusal> {
        let mut attributes = Vec::new();
        for (count, attribute) in Attributes::new(rest, 0).enumerate() {
            if count == MAX_ATTRIBUTES_OF_ELEMENT {
                return Err(
                    self.complex(format!("more than {MAX_ATTRIBUTES_OF_ELEMENT} attributes in one element"))
                );
            }
            self.attributes += 1;
            if self.attributes > MAX_ATTRIBUTES {
                return Err(self.complex(format!("more than {MAX_ATTRIBUTES} attributes in the document")));
            }
            let attribute = attribute.map_err(|error| self.malformed(offset, error.to_string()))?;
            let name: &'a str = attribute.key.0;
            if attribute.value.len() > MAX_ATTRIBUTE_VALUE {
                return Err(self.complex(format!("an attribute of more than {MAX_ATTRIBUTE_VALUE} bytes")));
            }
            if attribute.value.contains('<') {
                return Err(self.malformed(offset, "`<` in an attribute; write `&lt;`"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| {
                let message = format!(
                    "{name} holds a reference that is not known; no entities but the predefined five are"
                );
                self.malformed(offset, message)
            })?;
            if !value.chars().all(scan::is_char) {
                return Err(self.malformed(offset, "a reference to a character that xml does not allow"));
            }
            match name.split_once(':') {
                None if name == "xmlns" => self.namespaces.declare(None, value),
                Some(("xmlns", prefix)) => self.namespaces.declare(Some(prefix), value),
                _ => {
                    attributes.push((name, value));
                    Ok(())
                }
            }
            .map_err(|wrong| self.wrong(wrong))?;
        }
        Ok(attributes)
    }

    fn text(&mut self, piece: Cow<'a, str>, kind: Piece) -> Result<(), Refusal> {
        let blank = piece.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        let at = self.at;
        if kind == Piece::Text && piece.contains("]]>") {
            return Err(self.malformed(at, "`]]>` in text; write `]]&gt;`"));
        }
        let Some(open) = self.open.last_mut() else {
            if blank && kind == Piece::Text {
                return Ok(());
            }
            return Err(self.malformed(at, "text outside of the document element"));
        };
        let element = &mut open.element;
        let filled = !element.text.trim_ascii().is_empty();
        // One value in several pieces reads differently in different programs; it has to be one piece.
        if element.children.is_empty() && !blank {
            if filled && (open.cdata || kind == Piece::CData) {
                return Err(self.malformed(at, "a value is split by a CDATA section; write it in one piece"));
            }
            if filled && open.interrupted {
                return Err(self.malformed(at, "a value is split by a comment; move the comment out"));
            }
        }
        open.cdata |= kind == Piece::CData;
        let limit =
            if element.name.local == "EmbeddedDocumentBinaryObject" { MAX_EMBEDDED } else { MAX_VALUE };
        let target = match element.children.last_mut() {
            Some(child) => &mut child.tail,
            None => &mut element.text,
        };
        if target.len() + piece.len() > limit {
            return Err(self.complex(format!("a value of more than {limit} bytes")));
        }
        if target.is_empty() {
            *target = piece;
        } else {
            target.to_mut().push_str(&piece);
        }
        Ok(())
    }

    fn reference(&self, reference: &BytesRef<'a>) -> Result<char, Refusal> {
        let resolved = match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        resolved.filter(|c| scan::is_char(*c)).ok_or_else(|| {
            let name: String = reference.chars().take(40).collect();
            self.malformed(
                self.at,
                format!("the entity &{name}; is not known; no entities but the predefined five are"),
            )
        })
    }

    /// A comment or instruction: it may not cut a value in two.
    fn interrupt(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.interrupted |= !open.element.text.trim_ascii().is_empty();
        }
    }

    fn instruction(&mut self, target: &str) -> Result<(), Refusal> {
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.malformed(self.at, "an xml declaration may stand at the very beginning only"));
        }
        if target.eq_ignore_ascii_case("xml-stylesheet") {
            return Err(self.refuse(
                self.at,
                Reason::DOCUMENT_UNSUPPORTED,
                "stylesheets are not applied; remove the instruction",
            ));
        }
        self.interrupt();
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some(mut open) = self.open.pop() else {
            return Err(self.malformed(self.at, "an end tag without its start"));
        };
        self.namespaces.truncate(open.scope);
        let element = &mut open.element;
        if !element.children.is_empty() {
            // Between elements white space is layout.
            let blank = |text: &str| text.trim_ascii().is_empty();
            if blank(&element.text) {
                element.text = Cow::Borrowed("");
            }
            element
                .children
                .iter_mut()
                .filter(|child| blank(&child.tail))
                .for_each(|child| child.tail = Cow::Borrowed(""));
            element.children.shrink_to_fit();
        }
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(open.element),
            None => self.root = Some(open.element),
        }
        Ok(())
    }

    fn finish(self) -> Result<Document<'a>, Refusal> {
        if let Some(open) = self.open.last() {
            let message = format!("{} is not closed", open.element.name.to_text());
            return Err(self.malformed(open.element.offset as usize, message));
        }
        let end = self.input.len();
        match self.root {
            Some(root) => Ok(Document { text: self.input, root, prefixes: self.namespaces.prefixes }),
            None => Err(Refusal::at(
                self.input.as_bytes(),
                end,
                Reason::XML_MALFORMED,
                "there is no element at all",
            )),
        }
    }
}
