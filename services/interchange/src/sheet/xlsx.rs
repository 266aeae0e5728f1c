//! A sheet of a workbook (ECMA-376), read within limits.
//!
//! Written here rather than taken from a library because files come from strangers: the libraries at hand reserve
//! memory for counts that the file states, which ends the process, and give numbers as binary floats. **Invariant:**
//! no more is unpacked than [`MAX_UNPACKED`], no number is a float, nothing outside of the sheet is looked at: macros
//! and links to other files mean nothing here, and a workbook with macros is refused.

mod part;
mod sheet;
mod strings;
mod styles;
mod workbook;

use std::io::{Cursor, Read as _};

use proto::interchange::{SheetFormat, TextEncoding};
use zip::ZipArchive;

use super::grid::{Grid, Unreadable};

/// Bytes that the parts of a workbook may unpack to, all together.
const MAX_UNPACKED: u64 = 128 * 1024 * 1024;
/// Parts of a workbook.
const MAX_PARTS: usize = 2_000;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads one sheet: the one of that name, else the first that is visible.
///
/// # Errors
/// Where it is no workbook, is damaged, or is beyond the limits.
pub(super) fn read(content: &[u8], sheet: &str) -> Result<Grid, Unreadable> {
    let mut package = Package::open(content)?;
    let workbook = workbook::read(&mut package, sheet)?;
    let strings = match &workbook.strings {
        Some(part) => strings::read(package.part(part)?)?,
        None => Vec::new(),
    };
    let days = match &workbook.styles {
        Some(part) => styles::read(package.part(part)?)?,
        None => Vec::new(),
    };
    let context = sheet::Context { strings: &strings, days: &days, since_1904: workbook.since_1904 };
    let rows = sheet::read(package.part(&workbook.sheet)?, &context)?;
    Ok(Grid { rows, format: SheetFormat::Xlsx, encoding: TextEncoding::Unspecified })
}

/// The parts of a workbook, and how much of them may still be unpacked.
struct Package<'a> {
    archive: Archive<'a>,
    left: u64,
}

impl<'a> Package<'a> {
    fn open(content: &'a [u8]) -> Result<Self, Unreadable> {
        let archive = ZipArchive::new(Cursor::new(content)).map_err(|_| damaged())?;
        if archive.len() > MAX_PARTS {
            return Err(Unreadable::too_large(format!("the workbook has more than {MAX_PARTS} parts")));
        }
        if archive.file_names().any(|name| name.ends_with("vbaProject.bin")) {
            let message = "the workbook holds macros; save it as .xlsx without them";
            return Err(Unreadable::because(message));
        }
        Ok(Package { archive, left: MAX_UNPACKED })
    }

    fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// Unpacks a part. It is counted as it is unpacked, whatever size the archive states.
    fn part(&mut self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let file = self.archive.by_name(name).map_err(|_| damaged())?;
        if file.encrypted() {
            return Err(Unreadable::because("the workbook has a password; save it without"));
        }
        let mut bytes = Vec::new();
        file.take(self.left + 1).read_to_end(&mut bytes).map_err(|_| damaged())?;
        let unpacked = bytes.len() as u64;
        if unpacked > self.left {
            let message = format!("the workbook unpacks to more than {} MiB", MAX_UNPACKED >> 20);
            return Err(Unreadable::too_large(message));
        }
        self.left -= unpacked;
        Ok(bytes)
    }
}

fn damaged() -> Unreadable {
    Unreadable::because(
        "the workbook is damaged; open it in a spreadsheet program and save it as .xlsx again",
    )
}
