//! Tables of orders' lines that are written, filled in, and sent back: what the commands for answers and for changes
//! have in common.

use std::path::PathBuf;

use clap::Args;
use proto::{
    interchange::{RowError, SheetFile},
    retry::again,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tonic::{Response, Status};

use super::{
    Session, atomic,
    failure::{Exit, Failure},
    publish::table::{EncodingArg, fault},
    template::TableFormat,
};

// How a table is written: no doc comment, which would become the help of the command.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// Kind of file
    #[arg(long, value_enum, default_value_t = TableFormat::Xlsx)]
    pub format: TableFormat,
    /// Encoding of csv; without it UTF-8, marked as Excel needs it
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// Write to this file instead of one that the server names
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A table as the server wrote it.
pub(super) struct Written<'a> {
    pub content: &'a [u8],
    pub file_name: &'a str,
    pub rows: i32,
    pub orders: i32,
}

impl OutArgs {
    /// Keeps a table, and says how much it is in `words`.
    pub(super) fn keep(
        &self,
        written: &Written<'_>,
        words: impl Fn(i32, i32) -> String,
        session: &Session,
    ) -> Result<Exit, Failure> {
        let file = self.out.clone().unwrap_or_else(|| PathBuf::from(written.file_name));
        atomic::write(&file, written.content)?;
        let Written { rows, orders, .. } = *written;
        if session.out.json() {
            session.out.value(&json!({ "file": file, "rows": rows, "orders": orders }))?;
        } else {
            session.out.line(&format!("{}: {}", file.display(), words(rows, orders)))?;
        }
        Ok(Exit::Ok)
    }
}

// A table that comes back.
#[derive(Debug, Args)]
pub struct BackArgs {
    /// The table, filled in
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Encoding of csv; without it, found by the content
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// Check everything and say what would be done, do nothing
    #[arg(long)]
    pub check: bool,
    /// Write the rows that were not taken again, with what is wrong in a red column
    #[arg(long, value_name = "FILE.err.xlsx")]
    pub errors_to: Option<PathBuf>,
}

impl BackArgs {
    /// The table to be sent, and the id of its request: the same file is the same request.
    pub(super) fn read(&self, what: &str, session: &Session) -> Result<(String, SheetFile), Failure> {
        let path = &self.file;
        let content = std::fs::read(path).map_err(|error| {
            Failure::local(Exit::Failed, format!("cannot read {}: {error}", path.display()))
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = SheetFile {
            content: content.into(),
            name,
            encoding: EncodingArg::proto(self.encoding).into(),
            ..SheetFile::default()
        };
        let mut digest = Sha256::digest(&file.content).to_vec();
        digest.extend_from_slice(&file.encoding.to_be_bytes());
        digest.extend_from_slice(session.locale.as_bytes());
        digest.extend_from_slice(file.name.as_bytes());
        Ok((format!("{what}-{}", hex::encode(Sha256::digest(digest))), file))
    }

    /// Keeps the rows that were not taken, where there are any and somebody wants them.
    pub(super) fn keep_marked(&self, marked: &[u8], session: &Session) -> Result<(), Failure> {
        if let Some(place) = self.errors_to.as_deref().filter(|_| !marked.is_empty()) {
            atomic::write(place, marked)?;
            session.out.note(&format!("note: the rows that were not taken are in {}", place.display()));
        }
        Ok(())
    }
}

/// Sends a table until it is answered: the same request takes effect once.
pub(super) async fn send<T, F, Fut>(call: F, session: &Session) -> Result<T, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Response<T>, Status>>,
{
    again(call).await.map_err(|status| session.refused(&status))
}

/// How a command ends whose table was answered.
pub(super) fn end(refused: bool, errors: &[RowError]) -> Exit {
    if refused || !errors.is_empty() { Exit::Refused } else { Exit::Ok }
}

/// What is wrong with rows, a line each.
pub(super) fn write_errors(errors: &[RowError], session: &Session) -> Result<(), Failure> {
    for error in errors {
        let fault = fault(error);
        session.out.line(&format!("{}: {} [{}]", fault.field, fault.description, fault.reason))?;
    }
    Ok(())
}

/// The same for programs.
pub(super) fn errors_json(errors: &[RowError]) -> Vec<Value> {
    let one = |error: &RowError| {
        json!({
            "row": error.row, "column": error.column, "reason": error.reason, "message": error.message,
        })
    };
    errors.iter().map(one).collect()
}
