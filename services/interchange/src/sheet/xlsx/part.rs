//! One XML part of a workbook as a run of events. Prefixes of names do not matter: no two elements of these parts differ
//! by them alone.

use quick_xml::{
    XmlVersion,
    events::{BytesEnd, BytesStart, Event},
    reader::Reader,
};

use super::damaged;
use crate::sheet::{MAX_CELL_BYTES, grid::Unreadable};

/// A part that is being read.
pub(super) struct Part<'a> {
    reader: Reader<&'a [u8]>,
}

/// What comes next in a part.
pub(super) enum Piece<'a> {
    /// An element begins. Empty elements begin and end.
    Begin(BytesStart<'a>),
    /// An element ends.
    End(BytesEnd<'a>),
    /// Text, or one character of it.
    Text(std::borrow::Cow<'a, str>),
    /// The part is over.
    Over,
}

impl<'a> Part<'a> {
    /// A part from its beginning.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Part { reader })
    }

    /// The next piece that matters.
    pub(super) fn next(&mut self) -> Result<Piece<'a>, Unreadable> {
        loop {
            match self.reader.read_event().map_err(|_| damaged())? {
                Event::Start(tag) | Event::Empty(tag) => return Ok(Piece::Begin(tag)),
                Event::End(tag) => return Ok(Piece::End(tag)),
                Event::Text(text) => return Ok(Piece::Text(text.xml10_content())),
                Event::CData(text) => return Ok(Piece::Text(text.xml10_content())),
                Event::GeneralRef(reference) => {
                    let known = match &*reference {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "apos" => Some('\''),
                        "quot" => Some('"'),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    let c = known.ok_or_else(damaged)?;
                    return Ok(Piece::Text(c.to_string().into()));
                }
                Event::DocType(_) => return Err(damaged()),
                Event::Eof => return Ok(Piece::Over),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// The text up to the end of the element that just began, elements within left out.
    pub(super) fn text(&mut self) -> Result<String, Unreadable> {
        let mut text = String::new();
        let mut depth = 0;
        loop {
            match self.next()? {
                Piece::Begin(_) => depth += 1,
                Piece::End(_) if depth == 0 => return Ok(text),
                Piece::End(_) => depth -= 1,
                Piece::Text(piece) if depth == 0 => append(&mut text, &piece)?,
                Piece::Text(_) => {}
                Piece::Over => return Err(damaged()),
            }
        }
    }

    /// The text of a rich string (ECMA-376 part 1, 18.4.8) up to the end of the element that just began; how it is
    /// pronounced is left out.
    pub(super) fn rich_text(&mut self) -> Result<String, Unreadable> {
        let mut text = String::new();
        let (mut depth, mut spoken_at, mut in_text) = (0, None, false);
        loop {
            match self.next()? {
                Piece::Begin(tag) => {
                    depth += 1;
                    match local(tag.name().into_inner()) {
                        "rPh" if spoken_at.is_none() => spoken_at = Some(depth),
                        "t" => in_text = spoken_at.is_none(),
                        _ => {}
                    }
                }
                Piece::End(_) if depth == 0 => return Ok(unescaped(text)),
                Piece::End(_) => {
                    in_text = false;
                    if spoken_at == Some(depth) {
                        spoken_at = None;
                    }
                    depth -= 1;
                }
                Piece::Text(piece) if in_text => append(&mut text, &piece)?,
                Piece::Text(_) => {}
                Piece::Over => return Err(damaged()),
            }
        }
    }
}

fn append(text: &mut String, piece: &str) -> Result<(), Unreadable> {
    if text.len() + piece.len() > 2 * MAX_CELL_BYTES {
        return Err(Unreadable::too_large("a cell holds more text than a spreadsheet allows"));
    }
    text.push_str(piece);
    Ok(())
}

impl Piece<'_> {
    /// Whether an element of this local name ends here.
    pub(super) fn ends(&self, name: &str) -> bool {
        matches!(self, Piece::End(tag) if local(tag.name().into_inner()) == name)
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// An attribute by its local name.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    for found in tag.attributes().with_checks(false) {
        let found = found.map_err(|_| damaged())?;
        if local(found.key.into_inner()) == name {
            let value = found.normalized_value(XmlVersion::Implicit1_0).map_err(|_| damaged())?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Characters that XML has no place for stand as `_x000D_` (ECMA-376 part 1, 22.9.2.19).
fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes()[at + 2..].get(4) == Some(&b'_'));
        let plain = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match plain.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push_str(&rest[..at]);
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_come_back_and_nothing_else_changes() {
        for (written, meant) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00", "_x00"),
            ("中_x文字文字_", "中_x文字文字_"),
        ] {
            assert_eq!(unescaped(written.into()), meant);
        }
    }

    #[test]
    fn how_a_text_is_pronounced_is_no_part_of_it() {
        let xml =
            "<si><r><t>东</t></r><r><rPr><b/></rPr><t>京 &amp; &#20013;</t></r><rPh><t>トウ</t></rPh></si>";
        let mut part = Part::new(xml.as_bytes()).unwrap();
        assert!(matches!(part.next().unwrap(), Piece::Begin(_)));
        assert_eq!(part.rich_text().unwrap(), "东京 & 中");
    }
}
