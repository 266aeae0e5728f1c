//! The business content of a document, read without the product's own reader: what is compared must not depend on
//! what is tested.

use std::collections::BTreeMap;

use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
    name::{QName, ResolveResult},
};

/// The document element of an order.
pub const ORDER: &str = "{urn:oasis:names:specification:ubl:schema:xsd:Order-2}Order";

/// An element: its path without positions, its text, and its attributes.
pub type Leaf = (String, String, Vec<(String, String)>);

/// How often each element occurs. White space between elements is layout, and prefixes are names of names.
pub type Content = BTreeMap<Leaf, usize>;

struct Open {
    path: String,
    text: String,
    attributes: Vec<(String, String)>,
    parent: bool,
}

/// Reads a document; answers its document element and its content.
///
/// # Errors
/// In words where it is not well-formed.
pub fn read(bytes: &[u8]) -> Result<(String, Content), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut open, mut content, mut root): (Vec<Open>, Content, Option<String>) = Default::default();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let piece = match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let element = begin(&reader, tag, open.last_mut())?;
                root.get_or_insert_with(|| element.path.trim_start_matches('/').to_owned());
                match event {
                    Event::Start(_) => open.push(element),
                    _ => end(element, &mut content),
                }
                continue;
            }
            Event::End(_) => {
                end(open.pop().ok_or("an end without a beginning")?, &mut content);
                continue;
            }
            Event::Text(piece) => piece.xml10_content().into_owned(),
            Event::CData(piece) => piece.xml10_content().into_owned(),
            Event::GeneralRef(reference) => {
                match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                    Some(char) => char.to_string(),
                    None => {
                        resolve_xml_entity(reference).ok_or_else(|| format!("&{};", &**reference))?.to_owned()
                    }
                }
            }
            Event::DocType(_) => return Err("it has a document type".into()),
            Event::Eof if open.is_empty() => break,
            Event::Eof => return Err("it ends too early".into()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
        };
        if let Some(element) = open.last_mut() {
            element.text.push_str(&piece);
        }
    }
    Ok((root.ok_or("it is empty")?, content))
}

fn begin(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, parent: Option<&mut Open>) -> Result<Open, String> {
    let outside = parent.map(|parent| {
        parent.parent = true;
        parent.path.clone()
    });
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_none() {
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            attributes.push((name(reader, attribute.key, false)?, value.into_owned()));
        }
    }
    attributes.sort();
    let path = format!("{}/{}", outside.unwrap_or_default(), name(reader, tag.name(), true)?);
    Ok(Open { path, text: String::new(), attributes, parent: false })
}

fn end(element: Open, content: &mut Content) {
    let layout = element.parent && element.text.trim().is_empty();
    let text = if layout { String::new() } else { element.text };
    *content.entry((element.path, text, element.attributes)).or_default() += 1;
}

/// `{namespace}local`.
fn name(reader: &NsReader<&[u8]>, name: QName<'_>, element: bool) -> Result<String, String> {
    let resolver = reader.resolver();
    let (namespace, local) =
        if element { resolver.resolve_element(name) } else { resolver.resolve_attribute(name) };
    match namespace {
        ResolveResult::Bound(namespace) => {
            Ok(format!("{{{}}}{}", namespace.into_inner(), local.into_inner()))
        }
        ResolveResult::Unbound => Ok(local.into_inner().to_owned()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix {prefix} is unknown")),
    }
}

/// What is in the one and not in the other, as often as it is, and the reverse.
pub fn differences(left: &Content, right: &Content) -> (Vec<Leaf>, Vec<Leaf>) {
    let minus = |some: &Content, other: &Content| -> Vec<Leaf> {
        let more =
            some.iter().map(|(leaf, count)| (leaf, count.saturating_sub(*other.get(leaf).unwrap_or(&0))));
        more.flat_map(|(leaf, count)| std::iter::repeat_n(leaf.clone(), count)).collect()
    };
    (minus(left, right), minus(right, left))
}

/// The document with another text in its first note, and nothing else changed; none without a note.
pub fn with_another_note(text: &str, note: &str) -> Option<String> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find('<')? + 1;
        let end = start + text[start..].find('>')?;
        let name = text[start..end].split_ascii_whitespace().next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        if local == "Note" && !text[start..end].ends_with('/') {
            let close = end + 1 + text[end + 1..].find("</")?;
            return Some(format!("{}{note}{}", &text[..=end], &text[close..]));
        }
        from = end;
    }
}

#[test]
fn content_is_the_same_whatever_the_prefixes_and_the_layout() {
    let one = "<a:R xmlns:a='urn:x' xmlns='urn:y'>\n <N q='1'>a &amp; &#98;</N>\n <N/>\n</a:R>";
    let other = "\u{feff}<?xml version='1.0'?><R xmlns='urn:x'><n:N xmlns:n='urn:y'/><n:N q='1' xmlns:n='urn:y'><![CDATA[a & b]]></n:N></R>";
    let (root, content) = read(one.as_bytes()).unwrap();
    assert_eq!(root, "{urn:x}R");
    assert_eq!(read(other.as_bytes()).unwrap().1, content);
    let changed = with_another_note(&one.replace("<N q='1'>", "<N:Note q='1'>"), "new").unwrap();
    assert!(changed.contains("<N:Note q='1'>new</N>"), "{changed}");
    let (lost, gained) = differences(&content, &read(one.replace("q='1'", "q='2'").as_bytes()).unwrap().1);
    assert_eq!((lost.len(), gained.len()), (1, 1));
    assert!(read(b"<a><b></a>").is_err() && read(b"<x:a/>").is_err() && read(b"<a>").is_err());
}
