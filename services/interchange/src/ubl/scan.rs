//! What is looked at before any parser sees the document: size, encoding, characters, markup declarations.
//! Each check is one pass over the bytes.

use chassis::Reason;

use super::problem::Refusal;

/// The largest document, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The document's text without its byte order mark, once nothing in it is dangerous to parse.
///
/// # Errors
/// `DOCUMENT_UNSUPPORTED` for archives and encodings other than UTF-8, `XML_MALFORMED` for bytes that are no XML
/// characters (XML 1.0 §2.2), `XML_DOCTYPE` for any markup declaration, `XML_TOO_COMPLEX` beyond [`MAX_BYTES`].
pub fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the document has {} bytes; at most {MAX_BYTES} are taken", bytes.len());
        return Err(Refusal::at(bytes, 0, Reason::XML_TOO_COMPLEX, message));
    }
    foreign(bytes)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    declared(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = "this byte is not UTF-8; save the document as UTF-8";
        Refusal::at(bytes, error.valid_up_to(), Reason::XML_MALFORMED, message)
    })?;
    characters(text)?;
    declarations(text)?;
    Ok(text)
}

/// Whether XML 1.0 allows the character.
pub fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Recognises what is no UTF-8 XML by its first bytes (XML 1.0 appendix F).
fn foreign(bytes: &[u8]) -> Result<(), Refusal> {
    let unsupported = |message: &str| Err(Refusal::at(bytes, 0, Reason::DOCUMENT_UNSUPPORTED, message));
    match bytes {
        [] => Err(Refusal::at(bytes, 0, Reason::XML_MALFORMED, "the document is empty")),
        [b'P', b'K', 3..=6, ..] => unsupported("a zip archive; send the xml document itself"),
        [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            unsupported("a compressed file; send the xml document itself")
        }
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, _, ..] | [b'<', 0, ..] => {
            unsupported("the document is in UTF-16 or UTF-32; save it as UTF-8")
        }
        [0x4c, 0x6f, 0xa7, 0x94, ..] => unsupported("the document is in EBCDIC; save it as UTF-8"),
        [b'+', b'A', b'D', ..] => unsupported("the document is in UTF-7; save it as UTF-8"),
        [b'%', b'P', b'D', b'F', ..] => unsupported("a pdf; send the xml document"),
        _ => Ok(()),
    }
}

/// Refuses a declared encoding other than UTF-8 and its subset ASCII.
fn declared(bytes: &[u8]) -> Result<(), Refusal> {
    let head = &bytes[..bytes.len().min(512)];
    let Some(end) = head.windows(2).position(|pair| pair == b"?>") else { return Ok(()) };
    let declaration = &head[..end];
    if !declaration.starts_with(b"<?xml") {
        return Ok(());
    }
    let Some(at) = declaration.windows(8).position(|word| word == b"encoding") else { return Ok(()) };
    let mut quoted = declaration[at + 8..].split(|byte| matches!(byte, b'"' | b'\''));
    let name = quoted.nth(1).map(String::from_utf8_lossy).unwrap_or_default();
    if ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let message = format!("the encoding {name} is not taken; save the document as UTF-8");
    Err(Refusal::at(bytes, at, Reason::DOCUMENT_UNSUPPORTED, message))
}

fn characters(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let bad = bytes.iter().enumerate().find(|(at, byte)| {
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF; nothing else needs decoding.
        control(**byte) || (**byte == 0xef && matches!(bytes[at + 1..], [0xbf, 0xbe | 0xbf, ..]))
    });
    let Some((at, byte)) = bad else { return Ok(()) };
    let message = format!("the character 0x{byte:02x} is not allowed in xml; remove it");
    Err(Refusal::at(bytes, at, Reason::XML_MALFORMED, message))
}

/// Refuses every markup declaration wherever it stands, also in odd case or with white space, before a parser
/// could act on it. Comments, CDATA sections and processing instructions hide none from the parser, since XML
/// does not look into them either.
fn declarations(text: &str) -> Result<(), Refusal> {
    let mut at = 0;
    while let Some(found) = text[at..].find(['<']) {
        let start = at + found;
        let rest = &text[start..];
        let skip = |opening: usize, closing: &str| {
            rest[opening..].find(closing).map_or(text.len(), |end| start + opening + end + closing.len())
        };
        at = if rest.starts_with("<!--") {
            skip(4, "-->")
        } else if rest.starts_with("<![CDATA[") {
            skip(9, "]]>")
        } else if rest.starts_with("<?") {
            skip(2, "?>")
        } else if rest.starts_with("<!") {
            let message = "document types and other markup declarations are refused; remove this one";
            return Err(Refusal::at(text.as_bytes(), start, Reason::XML_DOCTYPE, message));
        } else {
            start + 1
        };
    }
    Ok(())
}
