//! A QR code: as the path of an inline drawing, which needs no script, no style and no other request, as a picture that can
//! be saved and sent on, and as the dark runs that any other drawing is made of.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, Crc, write::ZlibEncoder};
use qrcode::{Color, QrCode};

/// The empty edge that readers need.
const QUIET: usize = 4;
/// Pixels of a picture along each side of a module.
const PIXELS: usize = 8;

/// A code to be drawn in a square of `size` units.
pub struct Qr {
    pub size: usize,
    /// One run of dark modules a step.
    pub path: String,
}

/// A code in a square of `size` modules, its empty edge among them.
pub struct Code {
    pub size: usize,
    /// Its dark modules, row by row.
    pub runs: Vec<Run>,
}

/// Dark modules beside each other.
pub struct Run {
    /// The first of them, from the left.
    pub x: usize,
    /// Its row, from the top.
    pub y: usize,
    /// How many they are.
    pub length: usize,
}

/// The drawing of a text's code. `None` where it is longer than any code holds, about 2,900 bytes.
pub fn draw(text: &str) -> Option<Qr> {
    let Code { size, runs } = code(text)?;
    let mut path = String::new();
    for Run { x, y, length } in runs {
        // Writing to a string cannot fail.
        let _ = write!(path, "M{x} {y}h{length}v1H{x}z");
    }
    Some(Qr { size, path })
}

/// The picture of a text's code: PNG (ISO/IEC 15948) of one bit a pixel, so that a module is one byte of a row. `None` where
/// the text is longer than any code holds.
pub fn picture(text: &str) -> Option<Vec<u8>> {
    let Code { size, runs } = code(text)?;
    let mut rows = vec![vec![0xff_u8; size]; size];
    for Run { x, y, length } in runs {
        rows[y][x..x + length].fill(0);
    }
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in rows {
        for _ in 0..PIXELS {
            // A row begins with how it differs from the one above: not said.
            pixels.write_all(&[0]).ok()?;
            pixels.write_all(&row).ok()?;
        }
    }
    let side = u32::try_from(size * PIXELS).ok()?.to_be_bytes();
    let mut header = [side, side].concat();
    // One bit of grey, compressed, filtered and ordered as usual.
    header.extend([1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", pixels.finish().ok()?), (b"IEND", Vec::new())] {
        let chunk = [&kind[..], &data[..]].concat();
        let mut sum = Crc::new();
        sum.update(&chunk);
        png.extend(u32::try_from(data.len()).ok()?.to_be_bytes());
        png.extend(chunk);
        png.extend(sum.sum().to_be_bytes());
    }
    Some(png)
}

/// The code of a text. `None` where it is longer than any code holds.
pub fn code(text: &str) -> Option<Code> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let mut runs = Vec::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                runs.push(Run { x: x + QUIET, y: y + QUIET, length: run.len() });
            }
            x += run.len();
        }
    }
    Some(Code { size: width + 2 * QUIET, runs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_module_by_module_inside_its_edge() {
        let qr = draw("https://portal.example.com/d/tdm_doc_1").unwrap();
        let code = QrCode::new("https://portal.example.com/d/tdm_doc_1").unwrap();
        let runs = qr.path.split('z').filter(|run| !run.is_empty()).map(|run| {
            let (start, length) = run[1..].split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let length = length.split_once('v').unwrap().0;
            [x, y, length].map(|text| text.parse::<usize>().unwrap())
        });
        let mut dark = vec![Color::Light; code.width() * code.width()];
        for [x, y, length] in runs {
            let at = (y - QUIET) * code.width() + x - QUIET;
            dark[at..at + length].fill(Color::Dark);
        }
        assert_eq!(dark, code.to_colors());
        assert_eq!(qr.size, code.width() + 8);
        assert!(draw(&"x".repeat(5_000)).is_none());
    }

    #[test]
    fn a_picture_has_a_byte_for_each_module_of_its_rows() {
        let Code { size, runs } = code("https://portal.example.com/d/tdm_doc_1").unwrap();
        let png = picture("https://portal.example.com/d/tdm_doc_1").unwrap();
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((number(16), number(20)), (size * PIXELS, size * PIXELS), "as wide as high");
        // Behind the signature and the header: how long the pixels are, and what they are.
        let (length, from) = (number(33), 41);
        assert_eq!((&png[37..from], &png[png.len() - 8..png.len() - 4]), (&b"IDAT"[..], &b"IEND"[..]));
        let mut pixels = flate2::write::ZlibDecoder::new(Vec::new());
        pixels.write_all(&png[from..from + length]).unwrap();
        let pixels = pixels.finish().unwrap();
        assert_eq!(pixels.len(), size * PIXELS * (size + 1));
        let dark: usize = runs.iter().map(|run| run.length).sum();
        let black = pixels.chunks(size + 1).map(|row| row[1..].iter().filter(|byte| **byte == 0).count());
        assert_eq!(black.sum::<usize>(), dark * PIXELS);
        assert!(picture(&"x".repeat(5_000)).is_none());
    }
}
