//! The texts that cells share (ECMA-376 part 1, 18.4.9). The count that the part states is not believed.

use std::sync::Arc;

use super::part::{Part, Piece, local};
use crate::sheet::{MAX_CELLS, grid::Unreadable};

/// All texts, by their number.
pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<Arc<str>>, Unreadable> {
    let mut part = Part::new(&bytes)?;
    let mut strings = Vec::new();
    loop {
        match part.next()? {
            Piece::Begin(tag) if local(tag.name().into_inner()) == "si" => {
                strings.push(Arc::from(part.rich_text()?));
                if strings.len() > MAX_CELLS {
                    return Err(Unreadable::too_large("the workbook holds too many texts; split the file"));
                }
            }
            Piece::Over => return Ok(strings),
            _ => {}
        }
    }
}
