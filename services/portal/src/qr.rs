//! A QR code: as the path of an inline drawing, which needs no script, no style and no other request, and as the dark runs
//! that any other drawing is made of.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

/// The empty edge that readers need.
const QUIET: usize = 4;

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
}
