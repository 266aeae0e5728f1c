//! A table of changes → one change for each order. The id of each change follows from what it says and from how the order
//! stood when the file was made, and what the order says already is no change: the same file changes nothing twice.

use std::collections::HashSet;

use chassis::{Result, calendar, caller::Caller, idempotency, secret, service::Deps};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use proto::{
    interchange::{ChangeOutcome, ChangedOrder, ImportChangesRequest, ImportChangesResponse, RowError},
    orders::{ChangeOrderRequest, Order, OrderContent, OrderLine, OrderReceipt, PublishOutcome},
};

use super::sheet;
use crate::{
    orders::{self, Answered, Refusal},
    queries::sheet::{computed, grid, language, marked_name},
    sheet::{
        Language,
        changes::{self, Applied, ChangeRow, Place, Reading, Wrong},
    },
};

const METHOD: &str = "tandem.interchange.v1.SheetService/ImportChanges";
/// Orders that are changed at one time.
const AT_ONCE: usize = 8;

/// Takes the changes of a table.
pub(crate) async fn import(
    deps: &Deps,
    caller: &Caller,
    request: ImportChangesRequest,
) -> Result<ImportChangesResponse> {
    idempotency::check_id(&request.request_id)?;
    let language = language(caller, &request.language);
    if !request.validate_only {
        sheet::claim::<ImportChangesResponse>(deps, caller, METHOD, &request.request_id, &request).await?;
    }
    let file = request.file.unwrap_or_default();
    let file_name = marked_name(&file.name);
    let today = calendar::day_of(deps.clock.now());
    let (grid, reading) = computed(move || {
        let grid = grid(&file, "")?;
        let reading = changes::read(&grid, today, language)?;
        Ok((grid, reading))
    })
    .await?;
    let importing = Importing { deps, caller, language, validate_only: request.validate_only };
    let mut groups = reading.grouped(|row| row.key.order);
    // Rows that change nothing stay among those of an order that is changed.
    groups.retain(|rows| rows.iter().any(|row| row.changes()));
    let calls: Vec<_> = groups.iter().map(|rows| importing.order(rows, &reading)).collect();
    let results: Vec<(ChangedOrder, Vec<RowError>)> =
        stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
    let mut response = ImportChangesResponse {
        row_count: reading.row_count as i32,
        changed_row_count: reading.rows.iter().filter(|row| row.changes()).count() as i32,
        errors: reading.errors.clone(),
        ..ImportChangesResponse::default()
    };
    for (order, errors) in results {
        response.orders.push(order);
        response.errors.extend(errors);
    }
    response.errors.sort_by_key(|error| error.row);
    if !response.errors.is_empty() {
        // With the rows that change nothing, since what is wrong with one may be mended in another.
        let orders = groups.iter().zip(&response.orders);
        let refused = orders.filter(|(_, order)| order.outcome() == ChangeOutcome::Refused);
        let keep: HashSet<u32> = refused.flat_map(|(rows, _)| rows).map(|row| row.row).collect();
        let errors = response.errors.clone();
        let marked = sheet::marked(move || {
            let look = |heading: &str| Some(Place::of(heading)?.column(heading));
            reading.marked(&grid, &errors, &keep, look, language)
        })
        .await?;
        response.marked = marked.bytes.into();
        response.media_type = marked.media_type.to_string();
        response.marked_file_name = file_name;
    }
    Ok(response)
}

struct Importing<'a> {
    deps: &'a Deps,
    caller: &'a Caller,
    language: Language,
    validate_only: bool,
}

impl Importing<'_> {
    /// Changes one order, or says what is wrong with its rows. An error is one that asking again may mend.
    async fn order(&self, rows: &[&ChangeRow], reading: &Reading) -> Result<(ChangedOrder, Vec<RowError>)> {
        let first = rows[0];
        let changed: Vec<&ChangeRow> = rows.iter().copied().filter(|row| row.changes()).collect();
        let mut result = ChangedOrder {
            order_id: first.key.order.to_string(),
            order_number: first.order_number.clone(),
            counterparty_name: first.supplier.clone(),
            rows: changed.iter().map(|row| row.row as i32).collect(),
            changes: changed.iter().flat_map(|row| row.told(self.language)).collect(),
            outcome: ChangeOutcome::Refused.into(),
            ..ChangedOrder::default()
        };
        let current = orders::find(self.deps, self.caller, result.order_id.clone()).await?;
        let bought = current.filter(|order| order.buyer_id == self.caller.firm.to_string());
        let applied = changes::apply(rows, bought.as_ref(), self.language);
        let (order, lines) = match (bought, applied) {
            (_, Applied::Wrong(wrong)) => {
                let error = |(row, place, fault): &Wrong| {
                    let column = place.map_or("", |place| place.heading(self.language));
                    fault.at(*row, column, place.map_or("", Place::name), self.language)
                };
                return Ok((result, wrong.iter().map(error).collect()));
            }
            _ if reading.wrong_orders.contains(&first.key.order) => return Ok((result, Vec::new())),
            (Some(order), Applied::Lines(lines)) => (order, lines),
            _ => {
                result.outcome = ChangeOutcome::Unchanged.into();
                return Ok((result, Vec::new()));
            }
        };
        if self.validate_only {
            result.outcome = ChangeOutcome::Valid.into();
            return Ok((result, Vec::new()));
        }
        let numbers: Vec<String> = lines.iter().map(|line| line.line_number.clone()).collect();
        match orders::change(self.deps, self.caller, request(&changed, order, lines)).await? {
            Answered::Receipt(receipt) => {
                result.outcome = outcome(&receipt).into();
                result.receipt = Some(*receipt);
                Ok((result, Vec::new()))
            }
            Answered::Refused(refusal) => Ok((result, self.refused(&changed, &numbers, &refusal))),
        }
    }

    /// What orders refused, by row: `numbers` are those of the lines that were sent.
    fn refused(&self, changed: &[&ChangeRow], numbers: &[String], refusal: &Refusal) -> Vec<RowError> {
        let all: Vec<u32> = changed.iter().map(|row| row.row).collect();
        let named = |path: &str| -> Vec<u32> {
            let number = sheet::place(path, "content.lines").and_then(|at| numbers.get(at));
            let of_line = changed.iter().filter(|row| Some(&row.line_number) == number);
            of_line.map(|row| row.row).collect()
        };
        sheet::refused(refusal, &all, named, worded, self.language)
    }
}

/// The change of one order: its header as it stands, and the lines that differ. Its id follows from everything that it
/// says.
fn request(changed: &[&ChangeRow], order: Order, lines: Vec<OrderLine>) -> ChangeOrderRequest {
    let notes = changed.iter().filter(|row| !row.note.is_empty());
    let notes: Vec<String> = notes.map(|row| format!("{}: {}", row.line_number, row.note)).collect();
    let mut request = ChangeOrderRequest {
        order_id: order.id,
        base_revision: order.revision,
        content: Some(OrderContent {
            lines,
            // Totals were stated for other lines.
            totals: None,
            tax_totals: Vec::new(),
            ..order.content.unwrap_or_default()
        }),
        note: notes.join("\n"),
        ..ChangeOrderRequest::default()
    };
    let mut said = request.encode_to_vec();
    let version = changed.iter().map(|row| row.key.version).max().unwrap_or_default();
    said.extend_from_slice(&version.to_be_bytes());
    request.request_id = format!("sheet-{}", hex::encode(secret::sha256(&said)));
    request
}

fn outcome(receipt: &OrderReceipt) -> ChangeOutcome {
    match receipt.outcome() {
        _ if receipt.replayed => ChangeOutcome::Unchanged,
        PublishOutcome::Unchanged => ChangeOutcome::Unchanged,
        PublishOutcome::Pending => ChangeOutcome::Pending,
        _ => ChangeOutcome::Changed,
    }
}

/// What orders says of lines, in Chinese.
fn worded(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "RANGE" => "数值超出允许范围",
        "TOO_LONG" => "说明太长",
        "RESERVATION_UNUSABLE" => "该行的产能预占已不能使用",
        _ => return None,
    })
}
