//! A table of answers → one response for each order. The id of each response follows from what it says and from how the
//! order stood when the file was made: the same file answers nothing twice, under whatever request id it comes.

use std::collections::{HashMap, HashSet};

use chassis::{Result, caller::Caller, idempotency, secret, service::Deps};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use proto::{
    interchange::{AnswerOutcome, AnsweredOrder, ImportAnswersRequest, ImportAnswersResponse, RowError},
    orders::{ListScheduleLinesRequest, RespondToOrderRequest, ScheduleLineRow, Side},
};

use super::sheet;
use crate::{
    orders::{self, Answered},
    queries::sheet::{computed, grid, language, marked_name},
    sheet::{
        Language,
        answers::{self, AnswerRow, Place, Reading},
        fault::Fault,
    },
};

const METHOD: &str = "tandem.interchange.v1.SheetService/ImportAnswers";
/// Orders that are answered at one time.
const AT_ONCE: usize = 8;
/// Schedule lines of one order, which orders bounds.
const MAX_LINES: usize = 100_000;

/// Takes the answers of a table.
pub(crate) async fn import(
    deps: &Deps,
    caller: &Caller,
    request: ImportAnswersRequest,
) -> Result<ImportAnswersResponse> {
    idempotency::check_id(&request.request_id)?;
    let language = language(caller, &request.language);
    if !request.validate_only {
        sheet::claim::<ImportAnswersResponse>(deps, caller, METHOD, &request.request_id, &request).await?;
    }
    let file = request.file.unwrap_or_default();
    let file_name = marked_name(&file.name);
    let (grid, reading) = computed(move || {
        let grid = grid(&file, "")?;
        let reading = answers::read(&grid, language)?;
        Ok((grid, reading))
    })
    .await?;
    let importing = Importing { deps, caller, language, validate_only: request.validate_only };
    let groups = reading.grouped(|row| row.key.order);
    let calls: Vec<_> = groups.iter().map(|rows| importing.order(rows, &reading)).collect();
    let results: Vec<(AnsweredOrder, Vec<RowError>)> =
        stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
    let mut response = ImportAnswersResponse {
        row_count: reading.row_count as i32,
        answered_row_count: reading.rows.len() as i32,
        ..ImportAnswersResponse::default()
    };
    response.errors.clone_from(&reading.errors);
    for (order, errors) in results {
        response.orders.push(order);
        response.errors.extend(errors);
    }
    response.errors.sort_by_key(|error| error.row);
    if !response.errors.is_empty() {
        let keep = response.orders.iter().filter(|order| order.outcome() == AnswerOutcome::Refused);
        let keep: HashSet<u32> = keep.flat_map(|order| &order.rows).map(|row| *row as u32).collect();
        let errors = response.errors.clone();
        let marked = sheet::marked(move || {
            let look = |heading: &str| Some(Place::of(heading)?.column(heading, language));
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
    /// Answers one order, or says what is wrong with its rows. An error is one that asking again may mend.
    async fn order(&self, rows: &[&AnswerRow], reading: &Reading) -> Result<(AnsweredOrder, Vec<RowError>)> {
        let first = rows[0];
        let mut result = AnsweredOrder {
            order_id: first.key.order.to_string(),
            order_number: first.order_number.clone(),
            counterparty_name: first.customer.clone(),
            rows: rows.iter().map(|row| row.row as i32).collect(),
            outcome: AnswerOutcome::Refused.into(),
            ..AnsweredOrder::default()
        };
        let current = self.current(first).await?;
        let errors = self.outdated(rows, &current);
        if !errors.is_empty() || reading.wrong_orders.contains(&first.key.order) {
            return Ok((result, errors));
        }
        if self.validate_only {
            result.outcome = AnswerOutcome::Valid.into();
            return Ok((result, errors));
        }
        match orders::respond(self.deps, self.caller, request(rows)).await? {
            Answered::Receipt(receipt) => {
                let outcome =
                    if receipt.replayed { AnswerOutcome::Unchanged } else { AnswerOutcome::Answered };
                result.outcome = outcome.into();
                result.receipt = Some(*receipt);
                Ok((result, Vec::new()))
            }
            Answered::Refused(refusal) => Ok((result, self.refused(rows, &refusal))),
        }
    }

    /// How the order's schedule lines stand; none where the caller does not see it.
    async fn current(&self, row: &AnswerRow) -> Result<HashMap<String, ScheduleLineRow>> {
        let request = ListScheduleLinesRequest {
            side: Side::Supplier.into(),
            order_id: row.key.order.to_string(),
            ..ListScheduleLinesRequest::default()
        };
        let rows = orders::schedule_lines(self.deps, self.caller, request, MAX_LINES).await?;
        let rows = rows.unwrap_or_default().into_iter();
        Ok(rows.map(|row| (row.schedule_line_id.clone(), row)).collect())
    }

    /// Rows about lines that are not there, or that the buyer has changed since.
    fn outdated(&self, rows: &[&AnswerRow], current: &HashMap<String, ScheduleLineRow>) -> Vec<RowError> {
        let fault = |row: &AnswerRow| {
            let Some(now) = current.get(&row.key.schedule_line.to_string()) else {
                if let Some(other) = current.values().find(|now| now.revision != row.revision) {
                    return Some(gone(other.revision));
                }
                let (zh, en) = ("没有这个订单行,或不属于贵司", "there is no such line for you");
                return Some(Fault::new("NOT_FOUND", zh, en));
            };
            (now.revision != row.revision).then(|| revised(now))
        };
        rows.iter()
            .filter_map(|row| {
                Some(fault(row)?.at(row.row, "", Place::Revision.heading(self.language), self.language))
            })
            .collect()
    }

    /// What orders refused, by row.
    fn refused(&self, rows: &[&AnswerRow], refusal: &orders::Refusal) -> Vec<RowError> {
        let all: Vec<u32> = rows.iter().map(|row| row.row).collect();
        let named = |path: &str| -> Vec<u32> {
            sheet::place(path, "lines").and_then(|at| all.get(at).copied()).into_iter().collect()
        };
        sheet::refused(refusal, &all, named, worded, self.language)
    }
}

/// The response of one order. Its id follows from everything that it says.
fn request(rows: &[&AnswerRow]) -> RespondToOrderRequest {
    let notes = rows.iter().filter(|row| !row.given.note.is_empty());
    let notes: Vec<String> = notes.map(|row| format!("{}: {}", row.line_number, row.given.note)).collect();
    let mut request = RespondToOrderRequest {
        order_id: rows[0].key.order.to_string(),
        revision: rows[0].revision,
        lines: rows.iter().map(|row| row.given.response.clone()).collect(),
        note: notes.join("\n"),
        ..RespondToOrderRequest::default()
    };
    let mut said = request.encode_to_vec();
    let version = rows.iter().map(|row| row.key.version).max().unwrap_or_default();
    said.extend_from_slice(&version.to_be_bytes());
    request.request_id = format!("sheet-{}", hex::encode(secret::sha256(&said)));
    request
}

fn revised(now: &ScheduleLineRow) -> Fault {
    let quantity = |decimal: Option<&proto::Decimal>| decimal.map(|d| d.value.clone()).unwrap_or_default();
    let ordered = quantity(now.quantities.as_ref().and_then(|quantities| quantities.ordered.as_ref()));
    let unanswered = quantity(now.quantities.as_ref().and_then(|quantities| quantities.unanswered.as_ref()));
    let day = now
        .requested_delivery_date
        .map_or_else(|| "-".to_string(), |day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day));
    let revision = now.revision;
    Fault::new(
        "REVISION_OUTDATED",
        format!(
            "采购方已改为修订 {revision}:数量 {ordered}(未答复 {unanswered}),要求交期 {day};请重新导出后答复"
        ),
        format!(
            "the buyer has published revision {revision}: quantity {ordered} ({unanswered} unanswered), requested {day}; \
             export again and answer that"
        ),
    )
}

fn gone(revision: i32) -> Fault {
    Fault::new(
        "REVISION_OUTDATED",
        format!("采购方已改为修订 {revision},其中没有这一行;请重新导出"),
        format!("the buyer has published revision {revision}, which has no such line; export again"),
    )
}

/// What orders says of lines, in Chinese.
fn worded(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NOTHING_UNANSWERED" => "这一行已经答复过,没有待答复的数量",
        "QUANTITY_EXCEEDS_UNANSWERED" => "数量超过目前未答复的数量;请重新导出",
        "REMAINDER_REQUIRED" => "未答复的数量比导出时多;请重新导出",
        "LINE_UNKNOWN" => "订单中没有这一行;请重新导出",
        _ => return None,
    })
}
