//! What a file may be called, and whether its first bytes are of the type that it is said to be. Pure.

use unicode_normalization::UnicodeNormalization as _;

/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// The longest media type, in bytes.
const MAX_MEDIA_TYPE_BYTES: usize = 100;
/// What a file is where nothing is said.
const UNKNOWN_TYPE: &str = "application/octet-stream";
/// The most files of a revision.
pub const MAX_FILES: i64 = 50;
/// How many first bytes tell the type.
pub const HEAD_BYTES: usize = 1024;

/// Names that are devices on Windows, whatever follows the first dot; a file of such a name cannot be kept there.
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The name in NFC, so that one name is one sequence of bytes whichever system it comes from.
///
/// # Errors
/// Says what is wrong with a name that would be a path, a trick, or no name everywhere. It is refused and not repaired:
/// the owner's own reference to the file would else name another one.
pub fn name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("is required");
    }
    // Before it is taken apart: a small text may grow much in NFC, but not below its own size.
    if text.len() > 4 * MAX_NAME_BYTES {
        return Err("must have at most 200 bytes");
    }
    let name: String = text.nfc().collect();
    if name.len() > MAX_NAME_BYTES {
        return Err("must have at most 200 bytes");
    }
    if name.chars().any(char::is_control) {
        return Err("must not contain control characters");
    }
    if name.contains(|c: char| "/\\:*?\"<>|".contains(c)) {
        return Err("must be a name alone, without folders and without any of / \\ : * ? \" < > |");
    }
    if name.chars().any(is_unseen) {
        return Err("must not contain characters that cannot be seen or turn the direction of writing");
    }
    if name.starts_with(['.', ' ', '~', '-']) || name.ends_with(['.', ' ']) {
        return Err("must not begin with a dot, space, tilde or hyphen, nor end with a dot or space");
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut chars = rest.chars();
            chars.next().is_some_and(|c| ('1'..='9').contains(&c) || "¹²³".contains(c))
                && chars.next().is_none()
        })
    };
    if DEVICES.contains(&stem.as_str()) || numbered("COM") || numbered("LPT") {
        return Err("must not be the name of a device, such as CON or NUL");
    }
    Ok(name)
}

/// Marks of direction (CVE-2021-42574), of no width, and of lines.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A media type as RFC 6838 names them, in lower case, without parameters.
///
/// # Errors
/// Says that it is none.
pub fn media_type(text: &str) -> Result<String, &'static str> {
    let wrong = "must be a media type without parameters, such as application/pdf";
    if text.is_empty() {
        return Ok(UNKNOWN_TYPE.to_owned());
    }
    let text = text.to_ascii_lowercase();
    let fine = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match text.split_once('/') {
        Some((kind, subtype)) if fine(kind) && fine(subtype) && text.len() <= MAX_MEDIA_TYPE_BYTES => {
            Ok(text)
        }
        _ => Err(wrong),
    }
}

/// Types whose files begin with bytes of their own, and where.
const MARKS: &[(&str, usize, &[&[u8]])] = &[
    ("application/pdf", 0, &[b"%PDF-"]),
    ("image/png", 0, &[b"\x89PNG\r\n\x1a\n"]),
    ("image/jpeg", 0, &[b"\xff\xd8\xff"]),
    ("image/gif", 0, &[b"GIF87a", b"GIF89a"]),
    ("image/webp", 8, &[b"WEBP"]),
    ("image/tiff", 0, &[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]),
    ("image/vnd.dwg", 0, &[b"AC10", b"AC1.", b"AC2.", b"MC0.0"]),
    ("application/acad", 0, &[b"AC10", b"AC1.", b"AC2.", b"MC0.0"]),
    ("model/step", 0, &[b"ISO-10303-21"]),
    ("application/step", 0, &[b"ISO-10303-21"]),
    ("application/zip", 0, &[b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"]),
    ("model/3mf", 0, &[b"PK\x03\x04"]),
    ("application/gzip", 0, &[b"\x1f\x8b"]),
    ("application/x-7z-compressed", 0, &[b"7z\xbc\xaf\x27\x1c"]),
    ("application/vnd.rar", 0, &[b"Rar!\x1a\x07"]),
    ("application/msword", 0, &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
    ("application/vnd.ms-excel", 0, &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
    ("video/mp4", 4, &[b"ftyp"]),
];

/// Families of types that are packed as zip.
const PACKED: &[&str] = &["application/vnd.openxmlformats-", "application/vnd.oasis.opendocument."];

/// Whether a file that begins like this may be of that type; true of types that have no mark. At least [`HEAD_BYTES`] of
/// it, or all.
pub fn fits(media_type: &str, head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if PACKED.iter().any(|family| media_type.starts_with(family)) {
        return head.starts_with(b"PK\x03\x04");
    }
    let mut marks = MARKS.iter().filter(|(named, _, _)| *named == media_type).peekable();
    marks.peek().is_none()
        || marks.any(|(_, at, any)| {
            head.get(*at..).is_some_and(|rest| any.iter().any(|mark| rest.starts_with(mark)))
        })
}

/// The type under which a file is sent: what a browser would run or draw with scripts in it, as bytes alone.
pub fn sent_type(media_type: &str) -> &str {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
    let active = ["html", "xml", "script", "svg", "xslt", "mhtml", "flash", "pdf+html"];
    let inert = !active.iter().any(|word| subtype.contains(word)) && kind != "multipart" && kind != "message";
    if inert { media_type } else { UNKNOWN_TYPE }
}

/// `attachment` with the name: in ASCII for old clients, and as RFC 8187 writes it.
pub fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\%;'".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let mut exact = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            true => exact.push(char::from(byte)),
            false => exact.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_everywhere() {
        for good in [
            "支架-B.pdf",
            "Bracket rev C.step",
            "a",
            "CONTROL.txt",
            "COM.txt",
            "COM10.txt",
            "a..b",
            "图纸(终版).dwg",
        ] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        let long = "长".repeat(67);
        let bad = [
            "",
            ".",
            "..",
            "../name",
            "..\\name",
            "/etc/passwd",
            "C:\\x",
            "C:x",
            "a/b",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            ".htaccess",
            "trailing.",
            "trailing ",
            " leading",
            "-rf",
            "~x",
            "CON",
            "con.txt",
            "NUL.tar.gz",
            "COM1",
            "lpt9.pdf",
            "COM¹.x",
            "CON .txt",
            "in\u{202E}fdp.exe",
            "a\u{200B}b",
            "a\u{FEFF}",
            "\u{2066}x",
            "a\u{2028}b",
            "x\u{E0041}",
            "a|b",
            "a?b",
            &long,
        ];
        for bad in bad {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(name("Z\u{308}u\u{308}rich.pdf").as_deref(), Ok("Z\u{308}\u{fc}rich.pdf"), "NFC");
    }

    #[test]
    fn a_media_type_has_two_parts() {
        assert_eq!(media_type("").as_deref(), Ok("application/octet-stream"));
        assert_eq!(media_type("Application/PDF").as_deref(), Ok("application/pdf"));
        assert!(media_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").is_ok());
        for bad in [
            "pdf",
            "a/b/c",
            "a/",
            "/b",
            "a/b; c=d",
            "a/b\r\nX: y",
            "text/é",
            &format!("a/{}", "b".repeat(100)),
        ] {
            assert!(media_type(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn first_bytes_and_type_go_together() {
        let table: &[(&str, &[u8], bool)] = &[
            ("application/pdf", b"%PDF-1.7 ...", true),
            ("application/pdf", b"<html><script>", false),
            ("application/pdf", b"MZ\x90\0", false),
            ("application/pdf", b"%PD", false),
            ("image/png", b"\x89PNG\r\n\x1a\n\0", true),
            ("image/png", b"\xff\xd8\xff\xe0", false),
            ("image/svg+xml", b"<svg onload=...", true),
            ("application/octet-stream", b"MZ", true),
            ("application/zip", b"PK\x03\x04", true),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"%PDF-", false),
            ("model/step", b"ISO-10303-21;", true),
            ("model/step", b"\xef\xbb\xbfISO-10303-21;", true),
            ("text/plain", b"", true),
        ];
        for (kind, head, fit) in table {
            assert_eq!(fits(kind, head), *fit, "{kind} {head:?}");
        }
    }

    #[test]
    fn nothing_that_runs_is_sent_as_what_it_is() {
        for active in [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/javascript",
            "text/xml",
            "multipart/related",
        ] {
            assert_eq!(sent_type(active), "application/octet-stream", "{active}");
        }
        for inert in ["application/pdf", "image/png", "text/csv", "model/step"] {
            assert_eq!(sent_type(inert), inert);
        }
    }

    #[test]
    fn a_disposition_carries_every_name() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(
            disposition("支架.pdf"),
            "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%94%AF%E6%9E%B6.pdf"
        );
        let tricks = disposition("a\"; x=\r\n%.pdf");
        assert!(tricks.starts_with("attachment; filename=\"a__ x=___.pdf\"; "), "{tricks}");
        assert!(tricks.bytes().all(|b| (b' '..0x7f).contains(&b)));
    }
}
