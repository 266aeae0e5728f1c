//! Files that go with messages: which kinds are taken, by their first bytes and their name. Pure.
//!
//! Nothing more is promised: nobody looks for what a drawing or a workbook may do to the program that opens it.

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 200;

/// A kind of file.
#[derive(Debug)]
struct Kind {
    extensions: &'static [&'static str],
    media_type: &'static str,
    fits: fn(&[u8]) -> bool,
}

const KINDS: &[Kind] = &[
    Kind {
        extensions: &["jpg", "jpeg"],
        media_type: "image/jpeg",
        fits: |bytes| bytes.starts_with(&[0xff, 0xd8, 0xff]),
    },
    Kind {
        extensions: &["png"],
        media_type: "image/png",
        fits: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
    },
    Kind { extensions: &["pdf"], media_type: "application/pdf", fits: |bytes| bytes.starts_with(b"%PDF-") },
    Kind {
        extensions: &["xlsx"],
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        fits: is_workbook,
    },
    Kind { extensions: &["dwg"], media_type: "image/vnd.dwg", fits: is_drawing },
    Kind { extensions: &["step", "stp"], media_type: "model/step", fits: is_step },
];

/// A zip archive that names parts of a workbook (ECMA-376 part 2): a name stands openly before each part.
fn is_workbook(bytes: &[u8]) -> bool {
    let has = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
    bytes.starts_with(b"PK\x03\x04") && has(b"[Content_Types].xml") && has(b"xl/workbook.")
}

/// The version that every drawing of AutoCAD begins with, from R13 on.
fn is_drawing(bytes: &[u8]) -> bool {
    bytes.len() > 6 && bytes.starts_with(b"AC10") && bytes[4..6].iter().all(u8::is_ascii_digit)
}

/// ISO 10303-21, section 5: the exchange structure begins with this token.
fn is_step(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii_start().starts_with(b"ISO-10303-21;")
}

/// Why a file is not taken: a short reason and a sentence.
pub type Refused = (&'static str, &'static str);

/// Checks a file's name.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), Refused> {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(("LENGTH", "must have 1 to 200 bytes"));
    }
    if name.contains(['/', '\\', ':', '"']) || name.starts_with('.') || name.chars().any(hidden) {
        return Err(("FORMAT", "must be a plain file name without folders or hidden characters"));
    }
    Ok(())
}

/// The media type of a file whose name and content say the same.
///
/// # Errors
/// Where it is empty or too large, or is none of the kinds that are taken.
pub fn media_type(name: &str, content: &[u8]) -> Result<&'static str, Refused> {
    if content.is_empty() || content.len() > MAX_BYTES {
        return Err(("SIZE", "must have at least 1 byte and at most 5 MiB"));
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let kind = KINDS.iter().find(|kind| kind.extensions.iter().any(|e| Some(*e) == extension.as_deref()));
    match kind {
        Some(kind) if (kind.fits)(content) => Ok(kind.media_type),
        Some(_) => Err(("CONTENT", "is no file of the kind that its name says")),
        None => Err(("TYPE", "must be a .jpg, .png, .pdf, .xlsx, .dwg, .step or .stp file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_and_its_name_say() {
        let workbook = b"PK\x03\x04..[Content_Types].xml..PK\x03\x04..xl/workbook.xml..";
        for (name, content, kind) in [
            ("a.jpg", &b"\xff\xd8\xff\xe0rest"[..], Ok("image/jpeg")),
            ("A.JPEG", b"\xff\xd8\xff", Ok("image/jpeg")),
            ("图纸.png", b"\x89PNG\r\n\x1a\n", Ok("image/png")),
            ("a.b.pdf", b"%PDF-1.7", Ok("application/pdf")),
            ("a.dwg", b"AC1032\0", Ok("image/vnd.dwg")),
            ("a.stp", b"\xef\xbb\xbf\r\nISO-10303-21;\nHEADER;", Ok("model/step")),
            ("a.png", b"\xff\xd8\xff", Err("CONTENT")),
            ("a.xlsx", b"PK\x03\x04 a jar", Err("CONTENT")),
            ("a.dwg", b"AC10", Err("CONTENT")),
            ("a.step", b"<step/>", Err("CONTENT")),
            ("a.exe", b"MZ", Err("TYPE")),
            ("a", b"%PDF-1.7", Err("TYPE")),
            ("a.pdf", b"", Err("SIZE")),
        ] {
            assert_eq!(media_type(name, content).map_err(|(reason, _)| reason), kind, "{name}");
        }
        assert!(media_type("a.xlsx", workbook).is_ok());
        let mut large = b"%PDF-1.7".to_vec();
        large.resize(MAX_BYTES, 0);
        assert!(media_type("a.pdf", &large).is_ok());
        large.push(0);
        assert_eq!(media_type("a.pdf", &large).map_err(|(reason, _)| reason), Err("SIZE"));
    }

    #[test]
    fn a_name_is_one_file_and_shows_what_it_is() {
        for good in ["a.pdf", "图纸 A-1 (2).dwg", "a..b.png"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in
            ["", " ", "../a.pdf", "a\\b.pdf", ".hidden.pdf", "a\n.pdf", "fdp.\u{202e}exe.pdf", "c:a.pdf"]
        {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(check_name(&"x".repeat(201)).is_err());
    }
}
