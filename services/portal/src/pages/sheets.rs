//! 用表格答复: everything that waits as a table to fill in, and the same table back again.
//! [`changes`]: a buyer's orders as a table, and what was changed in it back again. [`orders`]: new orders in a table.

pub mod changes;
pub mod orders;
pub mod outcome;
mod publishing;

use askama::Template;
use axum::{body::Body, extract::Query, http::StatusCode, response::Response};
use chassis::secret::sha256;
use proto::{
    access::Permission,
    interchange::{
        AnswerOutcome, ExportAnswersRequest, ImportAnswersRequest, ImportAnswersResponse, RowError, SheetFile,
    },
};
use serde::Deserialize;

use crate::{
    download::{self, Saves},
    failure::Failure,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab},
    session::Member,
    sheet::Kind,
    upload::Upload,
};

pub use self::outcome::marked;
use self::outcome::{Became, Outcome, Said};

const PURPOSE: &str = "answers";

/// Which table.
#[derive(Deserialize)]
pub struct Wish {
    /// One order alone; empty for all that wait.
    #[serde(default)]
    order: String,
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
pub async fn export(
    member: Member,
    _: Saves,
    Query(kind): Query<Kind>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    let request = ExportAnswersRequest {
        format: kind.format() as i32,
        encoding: kind.encoding() as i32,
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
            shown.outcome = Some(answered(&member, answer.into_inner()));
            Ok(page::show(&shown))
        }
        Err(failure) => match unreadable(&failure) {
            Some(why) => Ok(faulty(&member, t.say(why))),
            None => Err(failure),
        },
    }
}

/// What is wrong with a file that is no table at all.
pub fn unreadable(failure: &Failure) -> Option<Key<0>> {
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

fn answered(member: &Member, answer: ImportAnswersResponse) -> Outcome {
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
    let said = Said {
        title: match answered {
            0 => t.say(key::SHEETS_NOTHING),
            answered => t.one(key::SHEETS_DONE, answered),
        },
        rows: t.two(key::SHEETS_ROWS, answer.answered_row_count, answer.row_count),
        partner: t.say(key::BUYER),
        became: became.collect(),
        errors: answer.errors.into_iter().map(|error| beside_offers(t, error)).collect(),
        marked: answer.marked,
        marked_name: answer.marked_file_name,
    };
    outcome::told(member, said)
}

/// A row that would promise hours which are offered to others is decided on the order's page: a table has no cell for it.
fn beside_offers(t: &Text, error: RowError) -> RowError {
    match error.reason.as_str() {
        "HOURS_OFFERED" | "OFFERED" => RowError { message: t.say(key::BULK_OFFERED), ..error },
        _ => error,
    }
}
