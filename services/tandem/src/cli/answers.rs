//! `tandem orders answers`: everything that waits, in a table; and the table back.

use clap::{Args, Subcommand};
use proto::interchange::{AnswerOutcome, ExportAnswersRequest, ImportAnswersRequest, ImportAnswersResponse};
use serde_json::json;

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    output::{short, table, table_text},
    publish::table::EncodingArg,
    sheets::{self, BackArgs, OutArgs, Written, errors_json, write_errors},
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
    Import(BackArgs),
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub table: OutArgs,
    /// Only this order, by id or number
    #[arg(long, value_name = "ORDER-ID-OR-NUMBER")]
    pub order: Option<String>,
    /// Only orders of this customer, by its firm id
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub customer: String,
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
        format: args.table.format.proto().into(),
        encoding: EncodingArg::proto(args.table.encoding).into(),
        language: session.locale.to_owned(),
        counterparty_id: args.customer.clone(),
        order_id,
    };
    let answer = session.connection.sheets().export_answers(request).await;
    let exported = answer.map_err(|status| session.refused(&status))?.into_inner();
    let written = Written {
        content: &exported.content,
        file_name: &exported.file_name,
        rows: exported.row_count,
        orders: exported.order_count,
    };
    let words = |rows, orders| format!("{rows} lines of {orders} orders wait for an answer");
    args.table.keep(&written, words, session)
}

async fn import(args: &BackArgs, session: &Session) -> Result<Exit, Failure> {
    let (request_id, file) = args.read("answers", session)?;
    let request = ImportAnswersRequest {
        request_id,
        file: Some(file),
        language: session.locale.to_owned(),
        validate_only: args.check,
    };
    let client = session.connection.sheets();
    let call = || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.import_answers(request).await }
    };
    let answer = sheets::send(call, session).await?;
    args.keep_marked(&answer.marked, session)?;
    if session.out.json() {
        write_json(&answer, session)?
    } else {
        write_text(&answer, session)?
    }
    let refused = answer.orders.iter().any(|order| order.outcome() == AnswerOutcome::Refused);
    Ok(sheets::end(refused, &answer.errors))
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

fn outcome(outcome: AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::Answered => "answered",
        AnswerOutcome::Unchanged => "unchanged",
        AnswerOutcome::Valid => "valid",
        AnswerOutcome::Refused | AnswerOutcome::Unspecified => "refused",
    }
}
