//! 用表格答复: everything that waits as a table to fill in, and the same table back again.

use askama::Template;
use axum::{body::Body, extract::Query, http::StatusCode, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::secret::sha256;
use proto::{
    access::Permission,
    interchange::{
        AnswerOutcome, ExportAnswersRequest, ImportAnswersRequest, ImportAnswersResponse, SheetFile,
        SheetFormat, TextEncoding,
    },
};
use serde::Deserialize;

use crate::{
    download,
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab},
    session::Member,
    upload::Upload,
};

const PURPOSE: &str = "answers";
/// Rows that are told on the page; all of them stand in the file.
const TOLD: usize = 50;

/// Which table.
#[derive(Deserialize)]
pub struct Wish {
    /// `csv`, or empty for a workbook.
    #[serde(default)]
    format: String,
    /// `gb18030`, or empty for UTF-8.
    #[serde(default)]
    encoding: String,
    /// One order alone; empty for all that wait.
    #[serde(default)]
    order: String,
}

/// What became of an order's rows.
struct Became {
    href: String,
    number: String,
    partner: String,
    tag: Tag,
}

/// A row that was not taken.
struct Wrong {
    row: i32,
    column: String,
    message: String,
}

/// What became of a file.
struct Outcome {
    title: String,
    rows: String,
    good: bool,
    became: Vec<Became>,
    wrong: Vec<Wrong>,
    /// How many further rows are wrong; empty for none.
    more: String,
    /// The file with what is wrong, signed, to be saved; empty for none.
    marked: String,
    marked_name: String,
    marked_token: String,
}

#[derive(Template)]
#[template(path = "sheets.html")]
struct SheetsPage {
    page: Page,
    t: Text,
    token: String,
    may: bool,
    fault: String,
    outcome: Option<Outcome>,
}

/// What to do, in three steps.
pub async fn show(member: Member) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    Ok(page::show(&form(&member)))
}

fn form(member: &Member) -> SheetsPage {
    let t = member.text().clone();
    let app = member.app();
    SheetsPage {
        page: Page::member(member, Tab::Inbox).titled(t.say(key::SHEETS_TITLE)),
        token: app.tokens.make(app, Some(&member.token), PURPOSE),
        may: member.may(Permission::OrdersRespond),
        fault: String::new(),
        outcome: None,
        t,
    }
}

/// The table to fill in.
pub async fn export(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    let request = ExportAnswersRequest {
        format: match wish.format.as_str() {
            "csv" => SheetFormat::Csv as i32,
            _ => SheetFormat::Xlsx as i32,
        },
        encoding: match wish.encoding.as_str() {
            "gb18030" => TextEncoding::Gb18030 as i32,
            _ => TextEncoding::Unspecified as i32,
        },
        language: member.text().lang.code().to_string(),
        counterparty_id: String::new(),
        order_id: wish.order,
    };
    let table = member.app().api.sheets().export_answers(member.call_patiently(request)).await?.into_inner();
    Ok(download::file(&table.file_name, &table.media_type, Body::from(table.content)))
}

/// Takes the table back.
pub async fn import(member: Member, upload: Upload) -> Result<Response, Failure> {
    let app = member.app();
    let nonce = app.tokens.check(Some(&member.token), PURPOSE, upload.fields.get("token"))?;
    let t = member.text();
    let Some(file) = upload.files.into_iter().next() else {
        return Ok(faulty(&member, t.say(key::SHEETS_NO_FILE)));
    };
    if file.cut {
        return Ok(faulty(&member, t.say(key::SHEETS_LARGE)));
    }
    let request = ImportAnswersRequest {
        // The same file is the same request; another one, from a page that was gone back to, is another.
        request_id: format!("{nonce}-{}", hex::encode(&sha256(&file.content)[..16])),
        file: Some(SheetFile { content: file.content.into(), name: file.name, ..SheetFile::default() }),
        language: t.lang.code().to_string(),
        validate_only: false,
    };
    match app.api.sheets().import_answers(member.call_patiently(request)).await.map_err(Failure::from) {
        Ok(answer) => {
            let mut shown = form(&member);
            shown.outcome = Some(outcome(&member, answer.into_inner()));
            Ok(page::show(&shown))
        }
        Err(failure) => match unreadable(&failure) {
            Some(why) => Ok(faulty(&member, t.say(why))),
            None => Err(failure),
        },
    }
}

/// What is wrong with a file that is no table at all.
fn unreadable(failure: &Failure) -> Option<Key<0>> {
    let says = |reason: &str| failure.is(reason) || failure.fields.iter().any(|(_, found)| found == reason);
    match () {
        () if says("SHEET_TOO_LARGE") => Some(key::SHEETS_LARGE),
        () if says("SHEET_UNREADABLE") || failure.fields.iter().any(|(path, _)| path.starts_with("file")) => {
            Some(key::SHEETS_UNREADABLE)
        }
        () => None,
    }
}

fn faulty(member: &Member, fault: String) -> Response {
    page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &SheetsPage { fault, ..form(member) })
}

fn outcome(member: &Member, answer: ImportAnswersResponse) -> Outcome {
    let t = member.text();
    let count = |outcome| answer.orders.iter().filter(|order| order.outcome() == outcome).count();
    let answered = count(AnswerOutcome::Answered);
    let became = answer.orders.iter().map(|order| {
        let (shape, label) = match order.outcome() {
            AnswerOutcome::Answered => ("accepted", key::SHEETS_ANSWERED),
            AnswerOutcome::Unchanged | AnswerOutcome::Valid => ("part", key::SHEETS_UNCHANGED),
            AnswerOutcome::Refused | AnswerOutcome::Unspecified => ("rejected", key::BULK_REFUSED),
        };
        Became {
            href: format!("/orders/{}", order.order_id),
            number: order.order_number.clone(),
            partner: order.counterparty_name.clone(),
            tag: Tag { shape, label: t.say(label) },
        }
    });
    let wrong = answer.errors.iter().take(TOLD).map(|error| Wrong {
        row: error.row,
        column: error.column.clone(),
        message: error.message.clone(),
    });
    let app = member.app();
    let marked_token = match answer.marked.is_empty() {
        true => String::new(),
        false => app.tokens.make(
            app,
            Some(&member.token),
            &marked_purpose(&answer.marked, &answer.marked_file_name),
        ),
    };
    Outcome {
        title: match answered {
            0 => t.say(key::SHEETS_NOTHING),
            answered => t.one(key::SHEETS_DONE, answered),
        },
        rows: t.two(key::SHEETS_ROWS, answer.answered_row_count, answer.row_count),
        good: answer.errors.is_empty(),
        became: became.collect(),
        wrong: wrong.collect(),
        more: match answer.errors.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => t.one(key::SHEETS_MORE, more),
        },
        marked: URL_SAFE_NO_PAD.encode(&answer.marked),
        marked_name: answer.marked_file_name,
        marked_token,
    }
}

/// Binds the token to the file, so that nothing but what the API made is handed out.
fn marked_purpose(content: &[u8], name: &str) -> String {
    format!("marked {} {name}", hex::encode(sha256(content)))
}

/// The file with what is wrong in a red column. Nothing of it is kept here: the page itself carries it, so that any
/// portal of a deployment hands it out.
pub async fn marked(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let content = URL_SAFE_NO_PAD.decode(fields.get("content")).map_err(|_| Failure::form_expired())?;
    let name = fields.get("name");
    app.tokens.check(Some(&member.token), &marked_purpose(&content, name), fields.get("token"))?;
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download::file(name, workbook, Body::from(content)))
}
