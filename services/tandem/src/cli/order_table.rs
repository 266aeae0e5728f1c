//! `tandem orders table`: orders in a table, and what a buyer changed in it back as changes of the orders.

use clap::{Args, Subcommand};
use proto::{
    interchange::{
        ChangeOutcome, ChangedOrder, ExportOrdersRequest, ImportChangesRequest, ImportChangesResponse,
    },
    orders::ListOrdersRequest,
};
use serde_json::json;

use super::{
    Session,
    failure::{Exit, Failure},
    list::{SideArg, StateArg},
    output::{table, table_text},
    publish::table::EncodingArg,
    sheets::{self, BackArgs, OutArgs, Written, errors_json, write_errors},
};

pub const EXPORT_EXAMPLES: &str = "\
Examples:
  tandem orders table export --out orders.xlsx
  tandem orders table export --state unanswered --group P01 --format csv --encoding gb18030 --out 未答复.csv
  tandem orders table export --side supplier --text 支架

At most 5,000 orders and 20,000 schedule lines; narrow the list where there are more.";

pub const IMPORT_EXAMPLES: &str = "\
Examples:
  tandem orders table import orders.xlsx --check
  tandem orders table import orders.xlsx --errors-to orders.err.xlsx

Quantities, requested dates and unit prices that differ from the export become the next revision of their orders; an
unchanged table changes nothing. An order of which any row is wrong is not changed at all. Importing a file twice changes
nothing twice. Exit code 3 where any row was refused; the other orders are changed all the same.";

#[derive(Debug, Subcommand)]
pub enum TableCommand {
    /// Write orders with their lines and answers into a table
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Take what was changed in such a table, as buyer
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(BackArgs),
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The side that the own firm stands on
    #[arg(long, value_enum, default_value_t = SideArg::Buyer)]
    pub side: SideArg,
    /// Only orders in this state; may be repeated
    #[arg(long, value_enum)]
    pub state: Vec<StateArg>,
    /// Only orders with these words in number, items or partner's name; parts of words count
    #[arg(long, default_value = "", hide_default_value = true)]
    pub text: String,
    /// Only orders of this purchasing group
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub group: String,
    /// Only orders with this partner, by its firm id
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub partner: String,
    #[command(flatten)]
    pub table: OutArgs,
}

pub(super) async fn run(command: &TableCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        TableCommand::Export(args) => export(args, session).await,
        TableCommand::Import(args) => import(args, session).await,
    }
}

async fn export(args: &ExportArgs, session: &Session) -> Result<Exit, Failure> {
    let orders = ListOrdersRequest {
        side: args.side.proto().into(),
        states: args.state.iter().map(|state| state.proto().into()).collect(),
        text: args.text.clone(),
        purchasing_group: args.group.clone(),
        counterparty_id: args.partner.clone(),
        ..ListOrdersRequest::default()
    };
    let request = ExportOrdersRequest {
        format: args.table.format.proto().into(),
        encoding: EncodingArg::proto(args.table.encoding).into(),
        language: session.locale.to_owned(),
        orders: Some(orders),
    };
    let answer = session.connection.sheets().export_orders(request).await;
    let exported = answer.map_err(|status| session.refused(&status))?.into_inner();
    let written = Written {
        content: &exported.content,
        file_name: &exported.file_name,
        rows: exported.row_count,
        orders: exported.order_count,
    };
    let words = |rows, orders| format!("{rows} schedule lines of {orders} orders");
    args.table.keep(&written, words, session)
}

async fn import(args: &BackArgs, session: &Session) -> Result<Exit, Failure> {
    let (request_id, file) = args.read("changes", session)?;
    let request = ImportChangesRequest {
        request_id,
        file: Some(file),
        language: session.locale.to_owned(),
        validate_only: args.check,
    };
    let client = session.connection.sheets();
    let call = || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.import_changes(request).await }
    };
    let answer = sheets::send(call, session).await?;
    args.keep_marked(&answer.marked, session)?;
    if session.out.json() {
        write_json(&answer, session)?
    } else {
        write_text(&answer, session)?
    }
    let refused = answer.orders.iter().any(|order| order.outcome() == ChangeOutcome::Refused);
    Ok(sheets::end(refused, &answer.errors))
}

fn write_text(answer: &ImportChangesResponse, session: &Session) -> Result<(), Failure> {
    let mut table = table(&["OUTCOME", "ORDER", "SUPPLIER", "ROW", "LINE", "COLUMN", "OLD", "NEW"]);
    for order in &answer.orders {
        for change in &order.changes {
            table.add_row([
                outcome(order.outcome()).to_owned(),
                order.order_number.clone(),
                order.counterparty_name.clone(),
                change.row.to_string(),
                format!("{}/{}", change.line_number, change.schedule_line_number),
                change.column.clone(),
                change.old.clone(),
                change.new.clone(),
            ]);
        }
    }
    if !answer.orders.is_empty() {
        session.out.line(&table_text(&table))?;
    }
    write_errors(&answer.errors, session)?;
    let (changed, rows) = (answer.changed_row_count, answer.row_count);
    session.out.note(&format!("{changed} of {rows} rows change something, {} errors", answer.errors.len()));
    Ok(())
}

fn write_json(answer: &ImportChangesResponse, session: &Session) -> Result<(), Failure> {
    for order in &answer.orders {
        session.out.value(&order_json(order, session)?)?;
    }
    session.out.value(&json!({
        "rows": answer.row_count,
        "changed_rows": answer.changed_row_count,
        "errors": errors_json(&answer.errors),
    }))
}

fn order_json(order: &ChangedOrder, session: &Session) -> Result<serde_json::Value, Failure> {
    let receipt = order.receipt.as_ref();
    let receipt = receipt
        .map(|receipt| session.contract.to_json("tandem.orders.v1.OrderReceipt", receipt))
        .transpose()?;
    let changes = order.changes.iter().map(|change| {
        json!({
            "row": change.row,
            "line": change.line_number,
            "schedule_line": change.schedule_line_number,
            "field": change.field,
            "old": change.old,
            "new": change.new,
        })
    });
    Ok(json!({
        "order_id": order.order_id,
        "order_number": order.order_number,
        "supplier": order.counterparty_name,
        "outcome": outcome(order.outcome()),
        "rows": order.rows,
        "changes": changes.collect::<Vec<_>>(),
        "receipt": receipt,
    }))
}

fn outcome(outcome: ChangeOutcome) -> &'static str {
    match outcome {
        ChangeOutcome::Changed => "changed",
        ChangeOutcome::Pending => "pending",
        ChangeOutcome::Unchanged => "unchanged",
        ChangeOutcome::Valid => "valid",
        ChangeOutcome::Refused | ChangeOutcome::Unspecified => "refused",
    }
}
