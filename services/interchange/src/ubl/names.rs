//! Names and what their prefixes mean (Namespaces in XML 1.0).

use std::borrow::Cow;

use chassis::Reason;

use super::tree::{Name, Ns};

/// Namespace declarations in force at one place.
pub const MAX_NAMESPACES: usize = 64;
/// Bytes of a name.
pub const MAX_NAME: usize = 200;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What is wrong with a name; its place is where the parser stands.
pub type Wrong = (Reason, String);

fn malformed<T>(message: impl Into<String>) -> Result<T, Wrong> {
    Err((Reason::XML_MALFORMED, message.into()))
}

/// The declarations in force, innermost last.
#[derive(Default)]
pub struct Namespaces<'a> {
    declared: Vec<(Option<&'a str>, &'a str)>,
    /// Prefixes of namespaces outside UBL, as first declared: (uri, prefix).
    pub prefixes: Vec<(&'a str, &'a str)>,
}

impl<'a> Namespaces<'a> {
    /// How many are in force.
    pub fn depth(&self) -> usize {
        self.declared.len()
    }

    /// Forgets all but the outer ones.
    pub fn truncate(&mut self, depth: usize) {
        self.declared.truncate(depth);
    }

    /// Takes a declaration; `None` is the default namespace.
    ///
    /// # Errors
    /// Where XML reserves it, or where the prefix means another namespace already: another meaning further in is
    /// how one program is made to see what another does not.
    pub fn declare(&mut self, prefix: Option<&'a str>, uri: Cow<'a, str>) -> Result<(), Wrong> {
        let Cow::Borrowed(uri) = uri else {
            return malformed("a namespace name with references or line breaks");
        };
        let reserved = prefix == Some("xmlns") || (prefix == Some("xml")) != (uri == XML) || uri == XMLNS;
        if reserved || (prefix.is_some() && uri.is_empty()) {
            return malformed("a namespace declaration that xml reserves");
        }
        if let Some(prefix) = prefix {
            check(prefix)?;
            if self.lookup(Some(prefix)).is_some_and(|bound| bound != uri) {
                return malformed(format!(
                    "the prefix {prefix} already means another namespace here; use another prefix"
                ));
            }
            if matches!(Ns::of(uri), Ns::Other(_)) && !self.prefixes.iter().any(|(known, _)| *known == uri) {
                self.prefixes.push((uri, prefix));
            }
        }
        if self.declared.len() == MAX_NAMESPACES {
            let message = format!("more than {MAX_NAMESPACES} namespace declarations in force");
            return Err((Reason::XML_TOO_COMPLEX, message));
        }
        self.declared.push((prefix, uri));
        Ok(())
    }

    fn lookup(&self, prefix: Option<&str>) -> Option<&'a str> {
        self.declared.iter().rev().find(|(declared, _)| *declared == prefix).map(|(_, uri)| *uri)
    }

    /// A qualified name in its namespace; an attribute without a prefix has none.
    ///
    /// # Errors
    /// For what is no name, and prefixes that are not declared.
    pub fn resolve(&self, name: &'a str, element: bool) -> Result<Name<'a>, Wrong> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, name),
        };
        check(local)?;
        let uri = match prefix {
            Some("xml") => XML,
            Some(prefix) => match self.lookup(Some(prefix)) {
                Some(uri) => uri,
                None => return malformed(format!("the prefix {prefix:.40} is not declared")),
            },
            None if element => self.lookup(None).unwrap_or_default(),
            None => "",
        };
        Ok(Name { ns: Ns::of(uri), local })
    }
}

fn check(name: &str) -> Result<(), Wrong> {
    if name.len() > MAX_NAME {
        return Err((Reason::XML_TOO_COMPLEX, format!("a name of more than {MAX_NAME} bytes")));
    }
    let mut chars = name.chars();
    if !chars.next().is_some_and(is_name_start) || !chars.all(is_name_char) {
        return malformed(format!("{name:?} is no xml name"));
    }
    Ok(())
}

/// NameStartChar of XML 1.0 §2.3 without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// NameChar of XML 1.0 §2.3 without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}
