//! Which styles show a number as a day (ECMA-376 part 1, 18.8.30 and 18.8.31).

use std::collections::HashMap;

use super::part::{Part, Piece, attribute, local};
use crate::sheet::grid::Unreadable;

/// Styles of a workbook; more are no styles of a person's.
const MAX_STYLES: usize = 70_000;

/// For each style of cells, whether it shows days.
pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<bool>, Unreadable> {
    let mut part = Part::new(&bytes)?;
    let mut codes: HashMap<u32, bool> = HashMap::new();
    let (mut days, mut in_cells) = (Vec::new(), false);
    loop {
        match part.next()? {
            Piece::Begin(tag) => match local(tag.name().into_inner()) {
                "numFmt" => {
                    let id = attribute(&tag, "numFmtId")?.and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")?) {
                        codes.insert(id, shows_days(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(&tag, "numFmtId")?.and_then(|id| id.parse().ok()).unwrap_or(0);
                    days.push(codes.get(&id).copied().unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            },
            piece if piece.ends("cellXfs") => in_cells = false,
            Piece::Over => return Ok(days),
            _ => {}
        }
        if days.len() > MAX_STYLES || codes.len() > MAX_STYLES {
            return Err(Unreadable::too_large("the workbook has too many styles"));
        }
    }
}

/// Formats that every program knows by number; 27 to 36 and 50 to 58 are those of Chinese, Japanese and Korean ones.
fn built_in(id: u32) -> bool {
    matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58)
}

/// Whether a format has a year or a day in it; `m` alone may be minutes. Only what shows positive numbers counts.
fn shows_days(code: &str) -> bool {
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => return false,
            '"' => {
                chars.by_ref().find(|c| *c == '"');
            }
            '[' => {
                chars.by_ref().find(|c| *c == ']');
            }
            '\\' | '_' | '*' => {
                chars.next();
            }
            'y' | 'Y' | 'd' | 'D' | 'e' => return true,
            // `General`, in any spelling, has an `e` of another kind.
            'G' | 'g' => {
                for _ in 0.."eneral".len() {
                    chars.next();
                }
            }
            // Exponents are written `E+00`.
            'E' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_days_are_known() {
        for code in ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\";@", "[$-804]yyyy/m/d", "m/d/yyyy h:mm", "d-mmm"]
        {
            assert!(shows_days(code), "{code}");
        }
        for code in ["General", "0.00", "#,##0", "\"day\"0", "[Red]0", "0.00E+00", "h:mm", "@", "0\\d", "0;d"]
        {
            assert!(!shows_days(code), "{code}");
        }
        assert!(built_in(14) && built_in(31) && !built_in(20) && !built_in(49));
    }
}
