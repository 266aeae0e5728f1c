//! `tandem orders answers`: everything that waits, in a table; and the table back.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use proto::interchange::{
    AnswerOutcome, ExportAnswersRequest, ImportAnswersRequest, ImportAnswersResponse, RowError, SheetFile,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Session, atomic,
    client::again,
    failure::{Exit, Failure},
    find,
    output::{short, table, table_text},
    publish::table::{EncodingArg, fault},
    template::TableFormat,
};

pub const EXPORT_EXAMPLES: &str = "\
Examples:
  tandem orders answers export --out to-answer.xlsx
  tandem orders answers export --format csv --encoding gb18030 --out 待答复.csv
  tandem orders answers export --order CY26110231 --out one.xlsx

In the column 答复 (Answer) write 接受, 拒绝 or 建议 (accept, reject, propose); rows without a word there are left alone.
A split stands in one cell: quantities 60;40 and days 2026-12-28;2027-01-04.";

pub const IMPORT_EXAMPLES: &str = "\
Examples:
  tandem orders answers import to-answer.xlsx --errors-to to-answer.err.xlsx
  tandem orders answers import to-answer.xlsx --check

An order of which any row is wrong is not answered at all. Importing a file twice answers nothing twice.
Exit code 3 where any row was refused; the other orders are answered all the same.";

#[derive(Debug, Subcommand)]
pub enum AnswersCommand {
    /// Write everything that waits for an answer into a table
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Take the answers of such a table
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Kind of file
    #[arg(long, value_enum, default_value_t = TableFormat::Xlsx)]
    pub format: TableFormat,
    /// Encoding of csv; without it UTF-8, marked as Excel needs it
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// Only this order, by id or number
    #[arg(long, value_name = "ORDER-ID-OR-NUMBER")]
    pub order: Option<String>,
    /// Only orders of this customer, by its firm id
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub customer: String,
    /// Write to this file instead of one that the server names
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The table, filled in
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Encoding of csv; without it, found by the content
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// Check everything, answer nothing
    #[arg(long)]
    pub check: bool,
    /// Write the rows that were not taken again, with what is wrong in a red column
    #[arg(long, value_name = "FILE.err.xlsx")]
    pub errors_to: Option<PathBuf>,
}

pub(super) async fn run(command: &AnswersCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        AnswersCommand::Export(args) => export(args, session).await,
        AnswersCommand::Import(args) => import(args, session).await,
    }
}

async fn export(args: &ExportArgs, session: &Session) -> Result<Exit, Failure> {
    let order_id = match &args.order {
        Some(named) => find::order(named, session).await?.id,
        None => String::new(),
    };
    let request = ExportAnswersRequest {
        format: args.format.proto().into(),
        encoding: EncodingArg::proto(args.encoding).into(),
        language: session.locale.to_owned(),
        counterparty_id: args.customer.clone(),
        order_id,
    };
    let answer = session.connection.sheets().export_answers(request).await;
    let exported = answer.map_err(|status| session.refused(&status))?.into_inner();
    let file = args.out.clone().unwrap_or_else(|| PathBuf::from(&exported.file_name));
    atomic::write(&file, &exported.content)?;
    let (rows, orders) = (exported.row_count, exported.order_count);
    if session.out.json() {
        session.out.value(&json!({ "file": file, "rows": rows, "orders": orders }))?;
    } else {
        session
            .out
            .line(&format!("{}: {rows} lines of {orders} orders wait for an answer", file.display()))?;
    }
    Ok(Exit::Ok)
}

async fn import(args: &ImportArgs, session: &Session) -> Result<Exit, Failure> {
    let (request_id, file) = sent(&args.file, args.encoding, "answers", session)?;
    let request = ImportAnswersRequest {
        request_id,
        file: Some(file),
        language: session.locale.to_owned(),
        validate_only: args.check,
    };
    let client = session.connection.sheets();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.import_answers(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    write_marked(args.errors_to.as_deref(), &answer.marked, session)?;
    if session.out.json() {
        write_json(&answer, session)?
    } else {
        write_text(&answer, session)?
    }
    let refused = answer.orders.iter().any(|order| order.outcome() == AnswerOutcome::Refused);
    Ok(if refused || !answer.errors.is_empty() { Exit::Refused } else { Exit::Ok })
}

fn write_text(answer: &ImportAnswersResponse, session: &Session) -> Result<(), Failure> {
    let mut table = table(&["OUTCOME", "ORDER", "CUSTOMER", "ROWS", "STATE"]);
    for order in &answer.orders {
        let state =
            order.receipt.as_ref().map_or("", |receipt| short(receipt.state().as_str_name(), "ORDER_STATE_"));
        table.add_row([
            outcome(order.outcome()).to_owned(),
            order.order_number.clone(),
            order.counterparty_name.clone(),
            order.rows.len().to_string(),
            state.to_owned(),
        ]);
    }
    if !answer.orders.is_empty() {
        session.out.line(&table_text(&table))?;
    }
    write_errors(&answer.errors, session)?;
    let (answered, rows) = (answer.answered_row_count, answer.row_count);
    session.out.note(&format!("{answered} of {rows} rows answer something, {} errors", answer.errors.len()));
    Ok(())
}

fn write_json(answer: &ImportAnswersResponse, session: &Session) -> Result<(), Failure> {
    for order in &answer.orders {
        let receipt = order.receipt.as_ref();
        let receipt = receipt
            .map(|receipt| session.contract.to_json("tandem.orders.v1.OrderReceipt", receipt))
            .transpose()?;
        session.out.value(&json!({
            "order_id": order.order_id,
            "order_number": order.order_number,
            "customer": order.counterparty_name,
            "outcome": outcome(order.outcome()),
            "rows": order.rows,
            "receipt": receipt,
        }))?;
    }
    session.out.value(&json!({
        "rows": answer.row_count,
        "answered_rows": answer.answered_row_count,
        "errors": errors_json(&answer.errors),
    }))
}

/// A table to be sent, and the id of its request: the same file is the same request.
pub(super) fn sent(
    path: &Path,
    encoding: Option<EncodingArg>,
    what: &str,
    session: &Session,
) -> Result<(String, SheetFile), Failure> {
    let content = std::fs::read(path)
        .map_err(|error| Failure::local(Exit::Failed, format!("cannot read {}: {error}", path.display())))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = SheetFile {
        content: content.into(),
        name,
        encoding: EncodingArg::proto(encoding).into(),
        ..SheetFile::default()
    };
    let mut digest = Sha256::digest(&file.content).to_vec();
    digest.extend_from_slice(&file.encoding.to_be_bytes());
    digest.extend_from_slice(session.locale.as_bytes());
    digest.extend_from_slice(file.name.as_bytes());
    Ok((format!("{what}-{}", hex::encode(Sha256::digest(digest))), file))
}

/// Keeps the rows that were not taken, where there are any and somebody wants them.
pub(super) fn write_marked(place: Option<&Path>, marked: &[u8], session: &Session) -> Result<(), Failure> {
    if let Some(place) = place.filter(|_| !marked.is_empty()) {
        atomic::write(place, marked)?;
        session.out.note(&format!("note: the rows that were not taken are in {}", place.display()));
    }
    Ok(())
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

fn outcome(outcome: AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::Answered => "answered",
        AnswerOutcome::Unchanged => "unchanged",
        AnswerOutcome::Valid => "valid",
        AnswerOutcome::Refused | AnswerOutcome::Unspecified => "refused",
    }
}
