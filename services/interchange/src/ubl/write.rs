//! A tree as XML: UTF-8, two spaces a level, standard prefixes, the same bytes for the same tree.

use std::collections::BTreeMap;

use super::tree::{CAC, CBC, EXT, Element, Name, Ns, ORDER};

/// Namespace of `xml:lang` and its like; its prefix needs no declaration.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Namespace of `xsi:schemaLocation`.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Writes a document. `wanted` names prefixes for namespaces outside UBL.
pub fn write(root: &Element<'_>, wanted: &BTreeMap<String, String>) -> Vec<u8> {
    let mut prefixes = Prefixes { wanted, given: vec![(XML.into(), "xml".into())], extension: false };
    prefixes.collect(root);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut writer = Writer { out: &mut out, prefixes: &prefixes };
    writer.element(root, 0, Some(&prefixes), false);
    out.push('\n');
    out.into_bytes()
}

struct Prefixes<'w> {
    wanted: &'w BTreeMap<String, String>,
    given: Vec<(String, String)>,
    extension: bool,
}

impl Prefixes<'_> {
    fn collect(&mut self, element: &Element<'_>) {
        let attributes = element.attributes.iter().map(|attribute| attribute.name);
        for name in std::iter::once(element.name).chain(attributes) {
            match name.ns {
                Ns::Ext => self.extension = true,
                Ns::Other(uri) if !self.given.iter().any(|(known, _)| known == uri) => {
                    let prefix = self.choose(uri);
                    self.given.push((uri.to_string(), prefix));
                }
                _ => {}
            }
        }
        for child in &element.children {
            self.collect(child);
        }
    }

    fn choose(&self, uri: &str) -> String {
        let free = |prefix: &str| {
            let standard = ["", "cac", "cbc", "ext", "xml", "xmlns"].contains(&prefix);
            !standard && !self.given.iter().any(|(_, taken)| taken == prefix)
        };
        let wanted = self.wanted.get(uri).map(String::as_str).or_else(|| (uri == XSI).then_some("xsi"));
        match wanted.filter(|prefix| free(prefix)) {
            Some(prefix) => prefix.to_string(),
            None => {
                let mut numbered = (1..).map(|number| format!("n{number}"));
                numbered.find(|prefix| free(prefix)).unwrap_or_default()
            }
        }
    }

    fn of(&self, uri: &str) -> &str {
        self.given.iter().find(|(known, _)| known == uri).map_or("", |(_, prefix)| prefix)
    }
}

struct Writer<'o> {
    out: &'o mut String,
    prefixes: &'o Prefixes<'o>,
}

impl Writer<'_> {
    fn element(&mut self, element: &Element<'_>, depth: usize, root: Option<&Prefixes<'_>>, bare: bool) {
        self.out.push('<');
        self.name(element.name);
        if let Some(prefixes) = root {
            self.namespaces(prefixes);
        }
        // The default namespace is the Order's; an element of none has to leave it, its children are left then.
        let leaves = element.name.ns == Ns::None && !bare;
        if leaves {
            self.out.push_str(" xmlns=\"\"");
        }
        for attribute in &element.attributes {
            self.out.push(' ');
            self.name(attribute.name);
            self.out.push_str("=\"");
            escape(self.out, &attribute.value, true);
            self.out.push('"');
        }
        if element.children.is_empty() && element.text.is_empty() {
            self.out.push_str("/>");
            return;
        }
        self.out.push('>');
        escape(self.out, &element.text, false);
        // White space may not be added where text stands between elements.
        let mixed = !element.text.is_empty() || element.children.iter().any(|child| !child.tail.is_empty());
        for child in &element.children {
            if !mixed {
                self.line(depth + 1);
            }
            self.element(child, depth + 1, None, bare || leaves);
            escape(self.out, &child.tail, false);
        }
        if !element.children.is_empty() && !mixed {
            self.line(depth);
        }
        self.out.push_str("</");
        self.name(element.name);
        self.out.push('>');
    }

    fn namespaces(&mut self, prefixes: &Prefixes<'_>) {
        let mut declare = |prefix: &str, uri: &str| {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.out.push_str("=\"");
            escape(self.out, uri, true);
            self.out.push('"');
        };
        declare("", ORDER);
        declare("cac", CAC);
        declare("cbc", CBC);
        if prefixes.extension {
            declare("ext", EXT);
        }
        for (uri, prefix) in prefixes.given.iter().skip(1) {
            declare(prefix, uri);
        }
    }

    fn name(&mut self, name: Name<'_>) {
        let prefix = match name.ns {
            Ns::None | Ns::Order => "",
            Ns::Cac => "cac",
            Ns::Cbc => "cbc",
            Ns::Ext => "ext",
            Ns::Other(uri) => self.prefixes.of(uri),
        };
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(name.local);
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }
}

/// A carriage return would be read back as a line feed, and white space in an attribute as a space: both are
/// written as references.
fn escape(out: &mut String, text: &str, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            // Canonical text can come from elsewhere than XML; what XML cannot say becomes a replacement.
            c if !super::scan::is_char(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}
