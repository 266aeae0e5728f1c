//! 用表格填报产能: the weeks of the own groups as a table, and what was changed in it back again. A row as it went out states
//! nothing, whatever became of the group since; of a file in which a cell is wrong, nothing is taken.

mod stated;

use askama::Template;
use axum::{body::Bytes, extract::Query, http::StatusCode, response::Response};
use chassis::secret::sha256;
use futures::future::join_all;
use proto::{
    access::Permission,
    capacity::UpdateCapacityWeeksRequest,
    interchange::{ReadTableRequest, RowError, SheetFile, SheetFormat, TableColumn, TableRow, TextEncoding},
};

use self::stated::{Stated, Statement};
use super::{Place, Turn, Wish, map, read::AT_ONCE};
use crate::{
    failure::Failure,
    format,
    i18n::{Text, key},
    page::{self, Link, Page, Tab, link},
    pages::sheets::{
        outcome::{self, Outcome, Said},
        unreadable,
    },
    session::Member,
    sheet::{self, List},
    upload::{File, Upload},
    week::Span,
};

/// Where they are filled in as a table.
pub const PATH: &str = "/capacity/sheets";

#[derive(Template)]
#[template(path = "capacity_sheets.html")]
struct SheetsPage {
    page: Page,
    t: Text,
    places: Vec<Link>,
    /// Which weeks go out.
    weeks: String,
    turn: Turn,
    action: String,
    token: String,
    xlsx: String,
    csv: String,
    csv_gb: String,
    fault: String,
    outcome: Option<Outcome>,
}

/// What to do, in three steps.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    Ok(page::show(&form(&member, &wish)))
}

fn form(member: &Member, wish: &Wish) -> SheetsPage {
    let t = member.text().clone();
    let app = member.app();
    let today = format::today(app.clock.now());
    let span = Span::read(&wish.from, today);
    let from = span.from();
    let file = |format, encoding| {
        link("/capacity/export", &[("from", &*from), ("format", format), ("encoding", encoding)])
    };
    SheetsPage {
        page: Page::member(member, Tab::Capacity).titled(t.say(key::CAPACITY_SHEETS)),
        places: super::places(member, Place::Edit),
        weeks: t.weeks(span),
        turn: map::turn(PATH, &[], span, today),
        action: link(PATH, &[("from", &from)]),
        token: app.tokens.make(app, Some(&member.token), PATH),
        xlsx: file("", ""),
        csv: file("csv", ""),
        csv_gb: file("csv", "gb18030"),
        fault: String::new(),
        outcome: None,
        t,
    }
}

/// Takes the table back.
pub async fn import(member: Member, Query(wish): Query<Wish>, upload: Upload) -> Result<Response, Failure> {
    let app = member.app();
    let nonce = app.tokens.check(Some(&member.token), PATH, upload.fields.get("token"))?;
    let t = member.text();
    let faulty = |fault: String| {
        let shown = SheetsPage { fault, ..form(&member, &wish) };
        Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
    };
    let Some(file) = upload.files.into_iter().next() else { return faulty(t.say(key::SHEETS_NO_FILE)) };
    if file.cut {
        return faulty(t.say(key::CAPACITY_SHEETS_LARGE));
    }
    let table = match read(&member, &file).await {
        Ok(table) => table,
        Err(failure) if failure.is("SHEET_TOO_LARGE") => return faulty(t.say(key::CAPACITY_SHEETS_LARGE)),
        Err(failure) => match unreadable(&failure) {
            Some(why) => return faulty(t.say(why)),
            None => return Err(failure),
        },
    };
    let stated = match Stated::read(&member, &table).await? {
        Ok(stated) => stated,
        Err(why) => return faulty(why.sentence(t)),
    };
    let counted = (stated.changed, stated.rows);
    let (saved, errors) = match stated.errors.is_empty() {
        true => {
            let from = format!("{nonce} {}", hex::encode(sha256(&file.content)));
            send(&member, &from, &stated.statements).await?
        }
        false => (0, stated.errors),
    };
    let said = Said {
        title: match (saved, errors.len()) {
            (0, 0) => t.say(key::SHEETS_NOTHING),
            (0, wrong) => t.one(key::CHANGES_WRONG, wrong),
            (saved, _) => t.one(key::CAPACITY_SHEETS_DONE, saved),
        },
        rows: t.two(key::CHANGES_ROWS, counted.0, counted.1),
        partner: String::new(),
        became: Vec::new(),
        marked: match errors.is_empty() {
            true => Bytes::new(),
            false => match written(&member, marked(t, &table, &errors)).await {
                // What was saved is told, even where what was not cannot be written down.
                Err(failure) if saved == 0 => return Err(failure),
                file => file.unwrap_or_default(),
            },
        },
        marked_name: marked_name(&file.name),
        errors,
    };
    let shown = SheetsPage { outcome: Some(outcome::told(&member, said)), ..form(&member, &wish) };
    Ok(page::show(&shown))
}

async fn read(member: &Member, file: &File) -> Result<Vec<TableRow>, Failure> {
    let file =
        SheetFile { content: file.content.clone().into(), name: file.name.clone(), ..SheetFile::default() };
    let request = ReadTableRequest { file: Some(file), sheet: String::new() };
    let table = member.app().api.sheets().read_table(member.call_patiently(request)).await?;
    Ok(table.into_inner().rows)
}

/// States what was changed, some groups at a time: how many weeks were saved, and what was not. A group that was changed
/// elsewhere meanwhile undoes no other; after a fault that nobody here can mend, nothing else is tried.
///
/// # Errors
/// Where nothing was saved.
async fn send(
    member: &Member,
    from: &str,
    statements: &[Statement],
) -> Result<(usize, Vec<RowError>), Failure> {
    let t = member.text();
    let (mut saved, mut errors) = (0, Vec::new());
    let mut fault: Option<Failure> = None;
    for some in statements.chunks(AT_ONCE) {
        let answers: Vec<Result<(), Failure>> = match &fault {
            None => join_all(some.iter().map(|statement| update(member, from, statement))).await,
            Some(fault) => vec![Err(fault.clone()); some.len()],
        };
        for (statement, answer) in some.iter().zip(answers) {
            match answer {
                Ok(()) => saved += statement.weeks.len() + statement.removed.len(),
                Err(failure) => {
                    errors.push(unsaved(t, statement, &failure));
                    if !failure.mends() {
                        fault = Some(failure);
                    }
                }
            }
        }
    }
    match fault {
        Some(fault) if saved == 0 => Err(fault),
        _ => Ok((saved, errors)),
    }
}

/// Why a group's weeks are as they were.
fn unsaved(t: &Text, statement: &Statement, failure: &Failure) -> RowError {
    let message = match failure.is("STALE_ETAG") {
        true => t.say(key::GRID_MOVED),
        false => failure.sentence(t),
    };
    RowError { row: statement.row, column: t.say(key::GROUP), message, ..RowError::default() }
}

async fn update(member: &Member, from: &str, statement: &Statement) -> Result<(), Failure> {
    let about = sha256(format!("{from} {}", statement.group_id).as_bytes());
    let request = UpdateCapacityWeeksRequest {
        // The same file is the same request, and one effect for each group.
        request_id: hex::encode(&about[..16]),
        group_id: statement.group_id.clone(),
        version: statement.version,
        weeks: statement.weeks.clone(),
        removed_mondays: statement.removed.clone(),
        inactive: None,
    };
    member.app().api.capacity_groups().update_capacity_weeks(member.call(request)).await?;
    Ok(())
}

async fn written(member: &Member, list: List) -> Result<Bytes, Failure> {
    let request = sheet::request(list, SheetFormat::Xlsx, TextEncoding::Unspecified);
    let file = member.app().api.sheets().write_table(member.call_patiently(request)).await?;
    Ok(file.into_inner().content)
}

fn marked_name(name: &str) -> String {
    format!("{}.err.xlsx", name.rsplit_once('.').map_or(name, |(stem, _)| stem))
}

/// All rows as they came in; what is wrong with them stands behind, instead of what stood there of an earlier time.
fn marked(t: &Text, table: &[TableRow], errors: &[RowError]) -> List {
    let none = TableRow::default();
    let (head, rows) = table.split_first().unwrap_or((&none, &[]));
    let red = stated::place(t, head, key::SHEETS_MESSAGE).unwrap_or(head.cells.len());
    let figures = stated::figures(t, head);
    let column = |(at, heading): (usize, &String)| TableColumn {
        heading: heading.clone(),
        number: figures.contains(&Some(at)),
        red: false,
    };
    let mut columns: Vec<TableColumn> = head.cells[..red].iter().enumerate().map(column).collect();
    columns.push(TableColumn { heading: t.say(key::SHEETS_MESSAGE), number: false, red: true });
    let row = |row: &TableRow| {
        let mut cells = row.cells.clone();
        cells.resize(red, String::new());
        let own = errors.iter().filter(|error| error.row == row.row);
        let told: Vec<String> = own.map(|error| format!("{}: {}", error.column, error.message)).collect();
        cells.push(told.join("; "));
        cells
    };
    List { name: t.say(key::NAV_CAPACITY), columns, rows: rows.iter().map(row).collect() }
}
