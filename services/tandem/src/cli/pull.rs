//! `tandem orders pull`: flat schedule lines that changed since the last pull, into a file. **Invariant:** the place to go
//! on from is written only after the file is durable under its name: whatever is killed when, no change is left out; at
//! worst the same rows come again.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use proto::{
    orders::{ListScheduleLinesRequest, ScheduleLineRow, Side},
    retry::again,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Session, atomic,
    failure::{Exit, Failure},
    list::SideArg,
    publish::table::EncodingArg,
};

mod rows;

pub const EXAMPLES: &str = "\
Examples:
  tandem orders pull --state pull.state --out answers.csv              what suppliers answered since the last time
  tandem orders pull --state pull.state --out 'in/answers-{n}.xlsx'    a new file each time, numbered
  tandem orders pull --side supplier --state sales.state --format json --out orders.json

One row a promise of a schedule line, or one for a line without any. Lines of orders with any event since the last
pull come whole; the first pull has all. FILE is replaced as a whole; where nothing reads it in between, use {n}.
The state is advanced after the file is complete: after a crash the same rows come again, and none is lost.";

#[derive(Debug, Args)]
pub struct PullArgs {
    /// Keeps the place to go on from; made by the first pull
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    /// The file to write; {n} becomes the number of the pull
    #[arg(long, alias = "to", value_name = "FILE")]
    pub out: PathBuf,
    /// Kind of file; without it by the name of FILE, else csv
    #[arg(long, value_enum)]
    pub format: Option<PullFormat>,
    /// Encoding of csv; without it UTF-8, marked as Excel needs it
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// The side that the own firm stands on
    #[arg(long, value_enum, default_value_t = SideArg::Buyer)]
    pub side: SideArg,
}

/// A kind of file to pull into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PullFormat {
    Csv,
    Xlsx,
    /// One object a line
    Json,
}

impl PullFormat {
    pub(super) fn extension(self) -> &'static str {
        match self {
            PullFormat::Csv => "csv",
            PullFormat::Xlsx => "xlsx",
            PullFormat::Json => "json",
        }
    }
}

/// The place to go on from.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Of the feed.
    cursor: String,
    /// A cursor of one side is of no use to the other.
    side: String,
    /// Files that were written.
    count: u64,
}

/// What a pull needs to know.
#[derive(Clone, Debug)]
pub(super) struct Pulling {
    pub state: PathBuf,
    pub side: SideArg,
    pub format: PullFormat,
    pub encoding: Option<EncodingArg>,
    /// Write a file where nothing changed, too.
    pub empty: bool,
}

/// What a pull did.
#[derive(Debug)]
pub(super) struct Pulled {
    pub rows: usize,
    /// Nothing where nothing had to be written.
    pub file: Option<PathBuf>,
}

pub(super) async fn run(args: &PullArgs, session: &Session) -> Result<Exit, Failure> {
    let by_name = args.out.extension().and_then(|extension| extension.to_str());
    let by_name = by_name.and_then(|extension| PullFormat::from_str(extension, true).ok());
    let pulling = Pulling {
        state: args.state.clone(),
        side: args.side,
        format: args.format.or(by_name).unwrap_or(PullFormat::Csv),
        encoding: args.encoding,
        empty: true,
    };
    let place = args.out.to_string_lossy().into_owned();
    let pulled =
        pulling.run(|number| PathBuf::from(place.replace("{n}", &number.to_string())), session).await?;
    let file = pulled.file.unwrap_or_default();
    if session.out.json() {
        session.out.value(&json!({ "file": file, "rows": pulled.rows }))?;
    } else {
        session.out.line(&format!("{}: {} rows", file.display(), pulled.rows))?;
    }
    Ok(Exit::Ok)
}

impl Pulling {
    /// Writes what changed into the file that `place` names by the pull's number, then goes on from there.
    pub(super) async fn run(
        &self,
        place: impl Fn(u64) -> PathBuf,
        session: &Session,
    ) -> Result<Pulled, Failure> {
        let state = self.load()?;
        let (rows, cursor) = self.changed(&state.cursor, session).await?;
        let mut next = State { cursor, ..state };
        let file = if rows.is_empty() && !self.empty {
            None
        } else {
            next.count += 1;
            let file = place(next.count);
            let bytes = rows::write(&rows, self.format, EncodingArg::proto(self.encoding), session.locale)?;
            atomic::write(&file, &bytes)?;
            Some(file)
        };
        self.save(&next)?;
        Ok(Pulled { rows: rows.len(), file })
    }

    /// Rows changed since a cursor, and the cursor to go on from: the one of the first page, so that what happens while
    /// pages are read comes again.
    async fn changed(
        &self,
        since: &str,
        session: &Session,
    ) -> Result<(Vec<ScheduleLineRow>, String), Failure> {
        let side = match self.side {
            SideArg::Buyer => Side::Buyer,
            SideArg::Supplier => Side::Supplier,
        };
        let mut request = ListScheduleLinesRequest {
            page_size: 1_000,
            side: side.into(),
            changed_since: since.to_owned(),
            ..ListScheduleLinesRequest::default()
        };
        let (mut rows, mut cursor) = (Vec::new(), None);
        let client = session.connection.orders();
        loop {
            let page = again(|| {
                let (mut client, request) = (client.clone(), request.clone());
                async move { client.list_schedule_lines(request).await }
            })
            .await
            .map_err(|status| session.refused(&status))?;
            rows.extend(page.rows);
            cursor.get_or_insert(page.cursor);
            if page.next_page_token.is_empty() {
                return Ok((rows, cursor.unwrap_or_default()));
            }
            request.page_token = page.next_page_token;
        }
    }

    fn load(&self) -> Result<State, Failure> {
        let side = format!("{:?}", self.side).to_lowercase();
        let text = match std::fs::read(&self.state) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(State { side, ..State::default() });
            }
            Err(error) => return Err(unfit(&self.state, &error)),
        };
        let state: State = serde_json::from_slice(&text).map_err(|error| unfit(&self.state, &error))?;
        if state.side != side {
            let message = format!("{} is of the side {}", self.state.display(), state.side);
            return Err(Failure::local(Exit::Usage, message).advise("keep one state for each side"));
        }
        Ok(state)
    }

    fn save(&self, state: &State) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(state).map_err(|error| unfit(&self.state, &error))?;
        atomic::write(&self.state, &bytes)
    }
}

fn unfit(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::local(Exit::Failed, format!("the state {} cannot be read: {error}", file.display()))
        .advise("remove it to pull everything again")
}
