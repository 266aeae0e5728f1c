//! The folders of a bridge.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use crate::cli::{
    atomic,
    failure::{Exit, Failure},
    publish::EXTENSIONS,
};

/// How a file looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    bytes: u64,
    modified: Option<SystemTime>,
}

/// The folders, which nobody else works on while this is held.
#[derive(Debug)]
pub(super) struct Folder {
    incoming: PathBuf,
    done: PathBuf,
    pub(super) out: PathBuf,
    pub(super) state: PathBuf,
    /// Of the kernel: it ends with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes what is missing and takes the folder for this process.
    pub(super) fn open(dir: &Path) -> Result<Folder, Failure> {
        let unfit = |error: &dyn std::fmt::Display| {
            Failure::local(Exit::Failed, format!("the folder {} cannot be used: {error}", dir.display()))
        };
        let folder = |name: &str| {
            let path = dir.join(name);
            fs::create_dir_all(&path).map(|()| path).map_err(|error| unfit(&error))
        };
        let (incoming, done, out, state) = (folder("in")?, folder("done")?, folder("out")?, folder("state")?);
        folder("state/done")?;
        let lock = File::create(state.join("lock")).map_err(|error| unfit(&error))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            Failure::local(Exit::Failed, format!("another bridge works on {}", dir.display()))
                .advise("stop it first, or use another folder")
        })?;
        Ok(Folder { incoming, done, out, state, _lock: lock })
    }

    /// Files that may be orders, the oldest first.
    pub(super) fn waiting(&self) -> Result<Vec<(PathBuf, Seen)>, Failure> {
        let mut waiting = Vec::new();
        for entry in fs::read_dir(&self.incoming)? {
            let path = entry?.path();
            if !is_candidate(&path) {
                continue;
            }
            // It may be gone again, or be a link or folder that looks like a file.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_file() {
                waiting.push((path, Seen { bytes: metadata.len(), modified: metadata.modified().ok() }));
            }
        }
        waiting.sort_by(|a, b| (a.1.modified, &a.0).cmp(&(b.1.modified, &b.0)));
        Ok(waiting)
    }

    /// Where a file goes: its own name, unless another content has it.
    pub(super) fn place(&self, name: &str, sha256: &str) -> PathBuf {
        let plain = self.done.join(name);
        let same = fs::read(&plain).is_ok_and(|content| hex::encode(Sha256::digest(content)) == sha256);
        if same || !plain.exists() {
            return plain;
        }
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        self.done.join(format!("{stem}.{}.{extension}", &sha256[..12]))
    }

    /// What became of a content that was published before.
    pub(super) fn remembered(&self, sha256: &str) -> Option<Vec<u8>> {
        fs::read(self.memory(sha256)).ok()
    }

    /// Remembers that a content was published.
    pub(super) fn remember(&self, sha256: &str, result: &[u8]) -> Result<(), Failure> {
        atomic::write(&self.memory(sha256), result)
    }

    fn memory(&self, sha256: &str) -> PathBuf {
        self.state.join("done").join(format!("{sha256}.json"))
    }
}

fn is_candidate(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    // `~$` are lock files of spreadsheet programs.
    !name.starts_with('.')
        && !name.starts_with("~$")
        && EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_orders_are_candidates() {
        for good in ["a.csv", "订单.XLSX", "a.b.xml", "a.json"] {
            assert!(is_candidate(Path::new(good)), "{good}");
        }
        for bad in ["a.csv.tmp", ".a.csv", "~$a.xlsx", "a.pdf", "a", "a.xls", "a.csv.part"] {
            assert!(!is_candidate(Path::new(bad)), "{bad}");
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_its_content_added() {
        let dir = std::env::temp_dir().join(format!("tandem-folder-{}", std::process::id()));
        let folder = Folder::open(&dir).unwrap();
        let again = Folder::open(&dir);
        assert!(again.unwrap_err().message.contains("another bridge"), "one at a time");
        let digest = |content: &[u8]| hex::encode(Sha256::digest(content));
        assert_eq!(folder.place("a.csv", &digest(b"one")), dir.join("done/a.csv"));
        fs::write(dir.join("done/a.csv"), b"one").unwrap();
        assert_eq!(folder.place("a.csv", &digest(b"one")), dir.join("done/a.csv"), "the same once more");
        let other = folder.place("a.csv", &digest(b"two"));
        assert!(other.to_string_lossy().ends_with(".csv") && other != dir.join("done/a.csv"));
        assert_eq!(folder.remembered(&digest(b"one")), None);
        folder.remember(&digest(b"one"), b"{}").unwrap();
        assert_eq!(folder.remembered(&digest(b"one")).as_deref(), Some(&b"{}"[..]));
        fs::remove_dir_all(dir).unwrap();
    }
}
