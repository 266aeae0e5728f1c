//! Tables read and written; nothing is stored.

use std::collections::HashSet;

use chassis::{Error, Reason, Result, caller::Caller, service::Deps};
use proto::{
    interchange::{
        ExportAnswersRequest, ExportAnswersResponse, GetTemplateRequest, GetTemplateResponse,
        MarkErrorsRequest, MarkErrorsResponse, ReadOrdersRequest, ReadOrdersResponse, SheetFile, SheetFormat,
        TextEncoding,
    },
    orders::{ListScheduleLinesRequest, OrderState, Side},
};

use crate::{
    orders,
    sheet::{
        self, Language, answers, columns,
        grid::{self, Grid, Source},
        mark,
        table::{Column, Kind, Table},
        template,
        write::{self, Written},
    },
};

/// Rows of a table to answer in.
const MAX_ANSWER_ROWS: usize = 20_000;

/// Orders of a table.
#[tracing::instrument(skip_all, fields(file.bytes = request.file.as_ref().map_or(0, |file| file.content.len())))]
pub(crate) async fn read_orders(caller: &Caller, request: ReadOrdersRequest) -> Result<ReadOrdersResponse> {
    let options = sheet::orders::Options {
        language: language(caller, &request.language),
        mapping: request.mapping.unwrap_or_default(),
        source_system: request.source_system,
        supplier: request.supplier,
        invite_unknown: request.invite_unknown,
    };
    let file = request.file.unwrap_or_default();
    computed(move || sheet::orders::read(&grid(&file, &options.mapping.sheet)?, &options)).await
}

/// The rows of a table with what is wrong with them.
pub(crate) async fn mark_errors(caller: &Caller, request: MarkErrorsRequest) -> Result<MarkErrorsResponse> {
    let language = language(caller, &request.language);
    let mapping = request.mapping.unwrap_or_default();
    let file = request.file.unwrap_or_default();
    let (errors, keep_rows) = (request.errors, request.keep_rows);
    let file_name = marked_name(&file.name);
    let written = computed(move || {
        let grid = grid(&file, &mapping.sheet)?;
        let columns = columns::find(&grid, &mapping)?;
        let rows = |rows: Vec<i32>| -> HashSet<u32> {
            rows.into_iter().filter_map(|row| u32::try_from(row).ok()).collect()
        };
        let wrong = rows(errors.iter().map(|error| error.row).collect());
        let mut keep = rows(keep_rows);
        keep.extend(sheet::orders::beside(&grid, &columns, mapping.fill_down, &wrong));
        let look = |heading: &str| Column::new(heading, Kind::Text, 14);
        let place = (columns.heading_row, columns.headings.as_slice());
        let table = mark::table(&grid, place, &errors, &keep, look, language);
        written(&[table], SheetFormat::Xlsx, TextEncoding::Unspecified)
    })
    .await?;
    Ok(MarkErrorsResponse {
        content: written.bytes.into(),
        media_type: written.media_type.to_string(),
        file_name,
    })
}

/// An empty table of orders.
pub(crate) fn template(caller: &Caller, request: &GetTemplateRequest) -> Result<GetTemplateResponse> {
    let language = language(caller, &request.language);
    let (format, encoding) = (format(request.format)?, encoding(request.encoding)?);
    let written = written(&template::tables(language), format, encoding)?;
    Ok(GetTemplateResponse {
        content: written.bytes.into(),
        media_type: written.media_type.to_string(),
        file_name: format!("{}.{}", language.pick("订单模板", "orders-template"), written.extension),
        fields: template::fields(language),
    })
}

/// Everything that waits for the caller's answer, as a table to answer in.
pub(crate) async fn export_answers(
    deps: &Deps,
    caller: &Caller,
    request: ExportAnswersRequest,
) -> Result<ExportAnswersResponse> {
    let language = language(caller, &request.language);
    let (format, encoding) = (format(request.format)?, encoding(request.encoding)?);
    let wanted = ListScheduleLinesRequest {
        side: Side::Supplier.into(),
        states: vec![OrderState::Unanswered.into()],
        counterparty_id: request.counterparty_id,
        order_id: request.order_id,
        ..ListScheduleLinesRequest::default()
    };
    let Some(mut rows) = orders::schedule_lines(deps, caller, wanted, MAX_ANSWER_ROWS).await? else {
        let message = format!(
            "more than {MAX_ANSWER_ROWS} schedule lines wait; export one customer or one order at a time"
        );
        return Err(Error::new(Reason::SHEET_TOO_LARGE).message(message));
    };
    // By customer, the most urgent first, lines of an order together.
    let day = |row: &proto::orders::ScheduleLineRow| {
        row.requested_delivery_date.map_or((9999, 12, 31), |day| (day.year, day.month, day.day))
    };
    rows.sort_by(|a, b| {
        (&a.counterparty_name, &a.counterparty_id).cmp(&(&b.counterparty_name, &b.counterparty_id))
    });
    let mut first_day = std::collections::HashMap::new();
    for row in &rows {
        let first = first_day.entry(row.order_id.clone()).or_insert_with(|| day(row));
        *first = (*first).min(day(row));
    }
    // Stable, so that an order's lines stay in their order.
    rows.sort_by_cached_key(|row| {
        (
            row.counterparty_name.clone(),
            row.counterparty_id.clone(),
            first_day[&row.order_id],
            row.order_id.clone(),
        )
    });
    let (written, row_count, order_count) = computed(move || {
        let orders: HashSet<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
        let table = answers::export(&rows, language);
        let (row_count, order_count) = (table.rows.len(), orders.len());
        Ok((written(&[table], format, encoding)?, row_count, order_count))
    })
    .await?;
    Ok(ExportAnswersResponse {
        content: written.bytes.into(),
        media_type: written.media_type.to_string(),
        file_name: format!("{}.{}", language.pick("待答复", "to-answer"), written.extension),
        row_count: row_count as i32,
        order_count: order_count as i32,
    })
}

/// Reads a file's table.
pub(crate) fn grid(file: &SheetFile, sheet: &str) -> Result<Grid> {
    let named = |path: &str, mut error: Error| {
        error.fields.iter_mut().for_each(|field| field.path = format!("file.{path}"));
        error
    };
    let format = format(file.format).map_err(|error| named("format", error))?;
    // By the content, unless one kind is insisted on.
    let format = if file.format == 0 { SheetFormat::Unspecified } else { format };
    let encoding = encoding(file.encoding).map_err(|error| named("encoding", error))?;
    Ok(grid::read(&Source { content: &file.content, format, encoding, sheet })?)
}

/// Pure computation that may take a second.
pub(crate) async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Writes tables.
pub(crate) fn written(tables: &[Table], format: SheetFormat, encoding: TextEncoding) -> Result<Written> {
    write::write(tables, format, encoding).map_err(Error::internal)
}

/// `orders.xlsx` → `orders.err.xlsx`.
pub(crate) fn marked_name(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem: String = stem.chars().filter(|c| !c.is_control()).take(100).collect();
    if stem.is_empty() { "rows.err.xlsx".to_string() } else { format!("{stem}.err.xlsx") }
}

/// The language asked for, else the caller's.
pub(crate) fn language(caller: &Caller, asked: &str) -> Language {
    Language::of(if asked.is_empty() { &caller.locale } else { asked })
}

/// The kind of file asked for.
pub(crate) fn format(wire: i32) -> Result<SheetFormat> {
    SheetFormat::try_from(wire).map_err(|_| Error::field("format", "UNKNOWN", "must be XLSX or CSV"))
}

/// The encoding asked for.
pub(crate) fn encoding(wire: i32) -> Result<TextEncoding> {
    TextEncoding::try_from(wire).map_err(|_| Error::field("encoding", "UNKNOWN", "must be UTF_8 or GB18030"))
}
