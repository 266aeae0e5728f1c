//! One file of the folder: published, its result written, then moved away, in this order.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{folder::Folder, waits};
use crate::cli::{
    Session, atomic,
    failure::{Exit, Failure},
    publish::{self, PublishOptions, row::Summary, table::Published},
};

/// The server takes files of 16 MiB; larger ones are not even read.
const MAX_BYTES: u64 = 16 << 20;

/// What became of a file.
#[derive(Debug)]
pub(super) struct Taken {
    pub name: String,
    pub ok: bool,
    /// In a few words.
    pub result: String,
}

/// Takes one file. An error leaves it where it is, to be tried again.
pub(super) async fn take(
    file: &Path,
    folder: &Folder,
    options: &PublishOptions,
    session: &Session,
) -> Result<Taken, Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::local(Exit::Failed, format!("cannot {what} {}: {error}", file.display()))
    };
    if std::fs::metadata(file).map_err(|error| cannot("read", &error))?.len() > MAX_BYTES {
        // What cannot be read whole has no checksum to go by; its name is enough.
        let place = folder.place(&name, &hex::encode(Sha256::digest(&name)));
        let text = "larger than 16 MiB; split it\n";
        atomic::write(&beside(&place, "err.txt"), text.as_bytes())?;
        atomic::rename(file, &place).map_err(|error| cannot("move", &error))?;
        return Ok(Taken { name, ok: false, result: text.trim().to_owned() });
    }
    let bytes = std::fs::read(file).map_err(|error| cannot("read", &error))?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let place = folder.place(&name, &sha256);
    let taken = match folder.remembered(&sha256) {
        Some(result) => {
            atomic::write(&beside(&place, "ok"), &result)?;
            Taken { name, ok: true, result: "published before".to_owned() }
        }
        None => {
            let published = publish::publish(&name, bytes, None, options, session).await;
            if let Some(failure) =
                published.rows.iter().find_map(|row| row.failure().filter(|one| waits(one)))
            {
                return Err(failure.clone());
            }
            finish(name, &published, (&place, &sha256), folder)?
        }
    };
    atomic::rename(file, &place).map_err(|error| cannot("move", &error))?;
    Ok(taken)
}

/// Writes the result beside the place that the file goes to.
fn finish(
    name: String,
    published: &Published,
    (place, sha256): (&Path, &str),
    folder: &Folder,
) -> Result<Taken, Failure> {
    let mut summary = Summary::default();
    published.rows.iter().for_each(|row| summary.count(row));
    let ok = summary.exit() == Exit::Ok;
    if ok {
        let lines: Vec<String> = published.rows.iter().map(|row| row.json().to_string()).collect();
        let result = lines.join("\n") + "\n";
        atomic::write(&beside(place, "ok"), result.as_bytes())?;
        folder.remember(sha256, result.as_bytes())?;
    } else {
        let lines: Vec<String> = published.rows.iter().map(|row| row.text()).collect();
        let text = format!("{}\n\n{}\n", summary.text(), lines.join("\n"));
        if !published.marked.is_empty() {
            atomic::write(&beside(place, "err.xlsx"), &published.marked)?;
        }
        atomic::write(&beside(place, "err.txt"), text.as_bytes())?;
    }
    Ok(Taken { name, ok, result: summary.text() })
}

/// `done/orders.csv` → `done/orders.csv.ok`.
fn beside(place: &Path, ending: &str) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!("{name}.{ending}"))
}
