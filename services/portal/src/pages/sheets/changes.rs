//! 用表格变更: a buyer's list of orders as a table, and what was changed in it as changes of the orders, shown before they
//! are sent.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Query},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::{secret::sha256, value};
use proto::{
    access::Permission,
    interchange::{
        CellChange, ChangeOutcome, ChangedOrder, ExportOrdersRequest, ImportChangesRequest,
        ImportChangesResponse, SheetFile,
    },
};

use super::{
    orders,
    outcome::{self, Became, Outcome, Said},
    unreadable,
};
use crate::{
    App,
    difference::{Changed, Field},
    download::{self, Saves},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::Tag,
    page::{self, Page, Tab},
    pages::purchases,
    session::Member,
    sheet::Kind,
    typed,
    upload::{self, Upload},
};

const PURPOSE: &str = "changes";
/// Orders that are told before they are changed.
const TOLD: usize = 100;

/// The pages of a buyer's tables.
pub fn routes() -> Router<Arc<App>> {
    let files = DefaultBodyLimit::max(upload::LARGEST_BYTES);
    Router::new()
        .route("/purchases/export", get(export))
        .route("/purchases/sheets", get(show).post(check).layer(files))
        .route("/purchases/sheets/send", post(send).layer(files))
}

/// What a file would change, and the file itself, so that any portal of a deployment takes it.
struct Preview {
    title: String,
    token: String,
    name: String,
    content: String,
    changes: Vec<Changed>,
    /// How many further orders it changes; empty for none.
    more: String,
}

#[derive(Template)]
#[template(path = "purchase_sheets.html")]
struct ChangesPage {
    page: Page,
    t: Text,
    token: String,
    may: bool,
    /// Whether new orders may come in a table, too.
    publishes: bool,
    back: String,
    xlsx: String,
    csv: String,
    csv_gb: String,
    fault: String,
    preview: Option<Preview>,
    outcome: Option<Outcome>,
}

/// What to do, in three steps.
async fn show(member: Member, Query(list): Query<purchases::Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    Ok(page::show(&form(&member, &list)))
}

fn form(member: &Member, list: &purchases::Wish) -> ChangesPage {
    let t = member.text().clone();
    let app = member.app();
    let file = |more: &[(&str, &str)]| list.elsewhere("/purchases/export", more);
    ChangesPage {
        page: Page::member(member, Tab::Purchases).titled(t.say(key::CHANGES_TITLE)),
        token: app.tokens.make(app, Some(&member.token), PURPOSE),
        may: member.may(Permission::OrdersPublish),
        publishes: orders::may(member),
        back: list.elsewhere("/purchases", &[]),
        xlsx: file(&[]),
        csv: file(&[("format", "csv")]),
        csv_gb: file(&[("format", "csv"), ("encoding", "gb18030")]),
        fault: String::new(),
        preview: None,
        outcome: None,
        t,
    }
}

/// The orders of the list, on all its pages, as a table.
async fn export(
    member: Member,
    _: Saves,
    Query(list): Query<purchases::Wish>,
    Query(kind): Query<Kind>,
) -> Result<Response, Failure> {
    let request = ExportOrdersRequest {
        format: kind.format() as i32,
        encoding: kind.encoding() as i32,
        language: member.text().lang.code().to_string(),
        orders: Some(list.asked()),
    };
    match member.app().api.sheets().export_orders(member.call_patiently(request)).await.map_err(Failure::from)
    {
        Ok(table) => {
            let table = table.into_inner();
            Ok(download::file(&table.file_name, &table.media_type, Body::from(table.content)))
        }
        Err(failure) if failure.is("SHEET_TOO_LARGE") => {
            Ok(faulty(&member, &list, member.text().say(key::CHANGES_LARGE)))
        }
        Err(failure) => Err(failure),
    }
}

/// Says what a file would change.
async fn check(
    member: Member,
    Query(list): Query<purchases::Wish>,
    upload: Upload,
) -> Result<Response, Failure> {
    let app = member.app();
    let nonce = app.tokens.check(Some(&member.token), PURPOSE, upload.fields.get("token"))?;
    let t = member.text();
    let Some(file) = upload.files.into_iter().next() else {
        return Ok(faulty(&member, &list, t.say(key::SHEETS_NO_FILE)));
    };
    if file.cut {
        return Ok(faulty(&member, &list, t.say(key::CHANGES_LARGE)));
    }
    let (content, name) = (file.content, file.name);
    let request = request(&member, nonce, content.clone(), &name, true);
    match app.api.sheets().import_changes(member.call_patiently(request)).await.map_err(Failure::from) {
        Ok(answer) => {
            let answer = answer.into_inner();
            let mut shown = form(&member, &list);
            shown.preview = preview(&member, &answer, &content, name);
            // What would be changed is told by the preview; what is wrong, or that nothing is changed, is told beside it.
            if shown.preview.is_none() || !answer.errors.is_empty() {
                shown.outcome = Some(told(&member, answer));
            }
            Ok(page::show(&shown))
        }
        Err(failure) => match unreadable(&failure) {
            Some(why) => Ok(faulty(&member, &list, t.say(why))),
            None => Err(failure),
        },
    }
}

/// Sends what was shown.
async fn send(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let content = URL_SAFE_NO_PAD.decode(fields.get("content")).map_err(|_| Failure::form_expired())?;
    let name = fields.get("name");
    let nonce = app.tokens.check(Some(&member.token), &purpose(&content, name), fields.get("token"))?;
    let request = request(&member, nonce, content, name, false);
    let answer = app.api.sheets().import_changes(member.call_patiently(request)).await?.into_inner();
    let mut shown = form(&member, &purchases::Wish::default());
    shown.outcome = Some(told(&member, answer));
    Ok(page::show(&shown))
}

/// Binds the token to the file that was shown.
fn purpose(content: &[u8], name: &str) -> String {
    format!("changes {} {name}", hex::encode(sha256(content)))
}

fn request(
    member: &Member,
    request_id: String,
    content: Vec<u8>,
    name: &str,
    validate_only: bool,
) -> ImportChangesRequest {
    ImportChangesRequest {
        request_id,
        file: Some(SheetFile { content: content.into(), name: name.into(), ..SheetFile::default() }),
        language: member.text().lang.code().to_string(),
        validate_only,
    }
}

fn faulty(member: &Member, list: &purchases::Wish, fault: String) -> Response {
    page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &ChangesPage { fault, ..form(member, list) })
}

/// What would be changed; `None` where nothing would.
fn preview(member: &Member, answer: &ImportChangesResponse, content: &[u8], name: String) -> Option<Preview> {
    let t = member.text();
    let app = member.app();
    let valid = || answer.orders.iter().filter(|order| order.outcome() == ChangeOutcome::Valid);
    let count = valid().count();
    (count > 0).then(|| Preview {
        title: t.one(key::CHANGES_CHECK, count),
        token: app.tokens.make(app, Some(&member.token), &purpose(content, &name)),
        name,
        content: URL_SAFE_NO_PAD.encode(content),
        changes: valid().take(TOLD).map(|order| changed(t, order)).collect(),
        more: match count.saturating_sub(TOLD) {
            0 => String::new(),
            more => t.one(key::CHANGES_MORE, more),
        },
    })
}

fn changed(t: &Text, order: &ChangedOrder) -> Changed {
    let field = |change: &CellChange| {
        let line = t.two(key::LINE_PART, &change.line_number, &change.schedule_line_number);
        Field {
            label: t.two(key::CHANGES_CELL, &change.column, line),
            old: shown(t, change, &change.old),
            new: shown(t, change, &change.new),
        }
    };
    Changed {
        title: t.two(key::CHANGES_ORDER, &order.order_number, &order.counterparty_name),
        added: false,
        reconfirm: false,
        fields: order.changes.iter().map(field).collect(),
    }
}

/// A value of a cell as people read it.
fn shown(t: &Text, change: &CellChange, text: &str) -> String {
    match change.field.as_str() {
        "requested_date" => typed::date(text).ok().flatten().map(|day| t.day(day)).unwrap_or_default(),
        _ => value::parse_decimal(text).map(format::grouped).unwrap_or_default(),
    }
}

fn told(member: &Member, answer: ImportChangesResponse) -> Outcome {
    let t = member.text();
    let sent = [ChangeOutcome::Changed, ChangeOutcome::Pending];
    let count = answer.orders.iter().filter(|order| sent.contains(&order.outcome())).count();
    let became = answer.orders.iter().filter(|order| order.outcome() != ChangeOutcome::Valid).map(|order| {
        let (shape, label) = match order.outcome() {
            ChangeOutcome::Changed => ("accepted", key::CHANGES_SENT),
            ChangeOutcome::Pending => ("proposed", key::CHANGES_PENDING),
            ChangeOutcome::Unchanged | ChangeOutcome::Valid => ("part", key::SHEETS_UNCHANGED),
            ChangeOutcome::Refused | ChangeOutcome::Unspecified => ("rejected", key::BULK_REFUSED),
        };
        Became {
            href: format!("/orders/{}", order.order_id),
            number: order.order_number.clone(),
            partner: order.counterparty_name.clone(),
            tag: Tag { shape, label: t.say(label) },
        }
    });
    let said = Said {
        title: match (count, answer.errors.len()) {
            (0, 0) => t.say(key::SHEETS_NOTHING),
            (0, wrong) => t.one(key::CHANGES_WRONG, wrong),
            (sent, _) => t.one(key::CHANGES_DONE, sent),
        },
        rows: t.two(key::CHANGES_ROWS, answer.changed_row_count, answer.row_count),
        partner: t.say(key::SUPPLIER),
        became: became.collect(),
        errors: answer.errors,
        marked: answer.marked,
        marked_name: answer.marked_file_name,
    };
    outcome::told(member, said)
}
