//! `tandem bridge`: an ERP that knows only files. **Invariant:** a file leaves `in` last of all, after its result is durable,
//! and a file whose content was published is not published again: whatever is killed when, nothing is lost and nothing
//! is done twice.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};

use self::folder::{Folder, Seen};
use super::{
    Global, Session,
    failure::{Exit, Failure},
    list::SideArg,
    output::Output,
    publish::{self, PublishOptions},
    pull::{PullFormat, Pulling},
};

mod folder;
mod work;

pub const EXAMPLES: &str = "\
Examples:
  tandem bridge /srv/erp                           until it is stopped
  tandem bridge /srv/erp --once                    one round, for cron
  tandem bridge /srv/erp --mapping u8.toml --out-format xlsx

Folders, made where they are missing:
  in      put orders here: .csv, .xlsx, .xml (UBL) or .json. Best under a name that ends in .tmp, renamed when complete;
          other files are taken once they have not changed for --settle seconds
  done    files that were taken, each with NAME.ok (what became of it, one JSON object an order) or with NAME.err.txt and,
          for tables, NAME.err.xlsx: the wrong rows with a red column, to be corrected and put into `in` again
  out     answers-N.csv: schedule lines that changed; take them away when they are read
  state   what the bridge remembers; do not touch

While the API is away or refuses the key, files stay in `in` and are tried again. A file of the same content is not
published twice; another content changes the orders that it has. One bridge works on a folder at a time.";

#[derive(Debug, Args)]
pub struct BridgeArgs {
    /// The folder that holds in, done, out and state
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Take what is there, then end
    #[arg(long)]
    pub once: bool,
    /// Look at the folders so often
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub poll: u64,
    /// A file must not have changed for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    pub settle: u64,
    /// What answers are written as
    #[arg(long, value_enum, default_value_t = OutFormat::Csv)]
    pub out_format: OutFormat,
    /// The side whose changes are written
    #[arg(long, value_enum, default_value_t = SideArg::Buyer)]
    pub side: SideArg,
    #[command(flatten)]
    pub options: PublishOptions,
}

/// What answers are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutFormat {
    Csv,
    Xlsx,
    Json,
    /// No answers are written
    None,
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs until it is stopped, or one round.
pub(super) async fn run(args: &BridgeArgs, global: &Global) -> Result<Exit, Failure> {
    let folder = Folder::open(&args.dir)?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut bridge =
        Bridge { args, global, folder, session: None, seen: HashMap::new(), out: Output::new(global.output) };
    tokio::select! {
        result = bridge.rounds() => result,
        // Whatever is cut off goes on at the next start.
        _ = tokio::signal::ctrl_c() => Ok(Exit::Ok),
        _ = terminated.recv() => Ok(Exit::Ok),
    }
}

struct Bridge<'a> {
    args: &'a BridgeArgs,
    global: &'a Global,
    folder: Folder,
    session: Option<Session>,
    /// How files looked, and since when they look so.
    seen: HashMap<PathBuf, (Seen, Instant)>,
    out: Output,
}

impl Bridge<'_> {
    async fn rounds(&mut self) -> Result<Exit, Failure> {
        let settle = Duration::from_secs(self.args.settle);
        if self.args.once {
            self.settled(settle)?;
            tokio::time::sleep(settle).await;
            return self.round(settle).await;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            match self.round(settle).await {
                Ok(_) => {
                    pause = FIRST_PAUSE;
                    tokio::time::sleep(Duration::from_secs(self.args.poll)).await;
                }
                Err(failure) if waits(&failure) => {
                    self.out.failure(&failure);
                    self.out.note(&format!("note: again in {} s", pause.as_secs()));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Takes every file that is complete, then writes what changed. The exit code is that of a single round.
    async fn round(&mut self, settle: Duration) -> Result<Exit, Failure> {
        let files = self.settled(settle)?;
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(self.global).await?,
        };
        let result = self.with(&session, &files).await;
        self.session = Some(session);
        result
    }

    async fn with(&mut self, session: &Session, files: &[PathBuf]) -> Result<Exit, Failure> {
        let mut exit = Exit::Ok;
        let options = PublishOptions { unattended: true, ..self.args.options.clone() };
        if let Some(mapping) = options.table.mapping.as_deref() {
            // A mapping that cannot be read is no fault of the files.
            publish::mapping::read(mapping)?;
        }
        for file in files {
            let taken = work::take(file, &self.folder, &options, session).await?;
            self.seen.remove(file);
            if !taken.ok {
                exit = Exit::Refused;
            }
            self.tell(&taken)?;
        }
        self.pull(session).await?;
        Ok(exit)
    }

    /// Files that have not changed for so long; sees all.
    fn settled(&mut self, settle: Duration) -> Result<Vec<PathBuf>, Failure> {
        let now = Instant::now();
        let waiting = self.folder.waiting()?;
        self.seen.retain(|path, _| waiting.iter().any(|(waiting, _)| waiting == path));
        let mut settled = Vec::new();
        for (path, look) in waiting {
            let entry = self.seen.entry(path.clone()).or_insert((look, now));
            if entry.0 != look {
                *entry = (look, now);
            }
            if now.duration_since(entry.1) >= settle {
                settled.push(path);
            }
        }
        Ok(settled)
    }

    async fn pull(&self, session: &Session) -> Result<(), Failure> {
        let format = match self.args.out_format {
            OutFormat::Csv => PullFormat::Csv,
            OutFormat::Xlsx => PullFormat::Xlsx,
            OutFormat::Json => PullFormat::Json,
            OutFormat::None => return Ok(()),
        };
        let pulling = Pulling {
            state: self.folder.state.join("pull.json"),
            side: self.args.side,
            format,
            encoding: None,
            empty: false,
        };
        let out = &self.folder.out;
        let place = |number| out.join(format!("answers-{number:06}.{}", format.extension()));
        let pulled = pulling.run(place, session).await?;
        let Some(file) = pulled.file else { return Ok(()) };
        if self.out.json() {
            return self.out.value(&json!({ "out": file, "rows": pulled.rows }));
        }
        self.out.line(&format!("out   {}  {} rows", file.display(), pulled.rows))
    }

    fn tell(&self, taken: &work::Taken) -> Result<(), Failure> {
        if self.out.json() {
            return self.out.value(&json!({ "in": taken.name, "ok": taken.ok, "result": taken.result }));
        }
        let word = if taken.ok { "ok" } else { "err" };
        self.out.line(&format!("{word:<4}  {}  {}", taken.name, taken.result))
    }
}

/// Whether waiting may help: nobody answers, the key is refused until somebody mends it, the server is busy, or it is
/// at fault itself, which says nothing about the file.
pub(super) fn waits(failure: &Failure) -> bool {
    matches!(failure.exit, Exit::Unreachable | Exit::NotAllowed)
        || ["ABORTED", "INTERNAL", "UNKNOWN", "DATA_LOSS"].contains(&failure.code.as_str())
        || failure.reason == "RATE_LIMITED"
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;

    #[test]
    fn a_file_is_blamed_for_its_own_faults_alone() {
        let waiting = |code| waits(&Failure::from_status(&Status::new(code, "x"), "en"));
        let server = [Code::Unavailable, Code::Internal, Code::Unknown, Code::DataLoss, Code::Aborted];
        assert!(server.into_iter().all(waiting));
        assert!([Code::Unauthenticated, Code::PermissionDenied].into_iter().all(waiting));
        assert!(
            ![Code::InvalidArgument, Code::AlreadyExists, Code::FailedPrecondition].into_iter().any(waiting)
        );
    }
}
