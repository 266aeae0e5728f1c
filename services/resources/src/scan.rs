//! What a scanner says of a content before it becomes a file. The scanner is a program of the deployment's, `resources.scanner`:
//! it gets the bytes on its standard input and says by its exit code whether they are clean, 0, or not, 1; `clamdscan
//! --no-summary -` is such a one. Whatever else becomes of it, nobody knows, and nothing becomes a file.

use std::{io::ErrorKind, path::Path, process::Stdio, time::Duration};

use bytes::Bytes;
use chassis::{Error, Reason, Result};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin, Command},
};

/// How long it may take to read a piece, and to say what it found.
const PATIENCE: Duration = Duration::from_secs(300);

/// A scanner at work on one content; killed where it is dropped.
pub(crate) struct Scan {
    child: Child,
    /// `None`: it has seen enough.
    input: Option<ChildStdin>,
}

/// Whether settings name a program.
///
/// # Errors
/// Says what is wrong with them.
pub(crate) fn check(command: &[String]) -> anyhow::Result<()> {
    let Some(program) = command.first() else { return Ok(()) };
    let path = Path::new(program);
    anyhow::ensure!(
        path.is_absolute() && path.is_file(),
        "resources.scanner: {program:?} is no program; name it by its full path"
    );
    Ok(())
}

impl Scan {
    /// Starts the scanner, where there is one.
    pub(crate) fn begin(command: &[String]) -> Result<Option<Scan>> {
        let Some((program, arguments)) = command.split_first() else { return Ok(None) };
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut child = started.map_err(down)?;
        let input = child.stdin.take();
        Ok(Some(Scan { child, input }))
    }

    /// Hands the next bytes over. UNAVAILABLE where it takes none.
    pub(crate) async fn feed(&mut self, bytes: &Bytes) -> Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
        match tokio::time::timeout(PATIENCE, input.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => {
                self.input = None;
                Ok(())
            }
            Ok(Err(error)) => Err(down(error)),
            Err(late) => Err(down(late)),
        }
    }

    /// Whether all of it is clean. UNAVAILABLE where the scanner does not say.
    pub(crate) async fn finds_clean(mut self) -> Result<bool> {
        drop(self.input.take());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.map_err(down)?.map_err(down)?;
        match ended.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(down(anyhow::anyhow!("it ended with {ended}"))),
        }
    }
}

fn down(why: impl Into<anyhow::Error>) -> Error {
    let mut error = Error::new(Reason::UNAVAILABLE);
    error.source = Some(why.into().context("the scanner of files"));
    error
}
