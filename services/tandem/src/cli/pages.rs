//! Lists that come in pages.

use comfy_table::Row;
use prost::Message;
use tonic::Status;

use super::{
    Session,
    failure::{Exit, Failure},
    output::{table, table_text},
};

/// How many items a page is asked for.
pub const SIZE: i32 = 1_000;

/// The items of all pages. `page` gets the page of a token: its items, and the next token.
pub async fn all<T>(
    session: &Session,
    mut page: impl AsyncFnMut(String) -> Result<(Vec<T>, String), Status>,
) -> Result<Vec<T>, Failure> {
    let (mut items, mut token) = (Vec::new(), String::new());
    loop {
        let (more, next) = page(token).await.map_err(|status| session.refused(&status))?;
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        token = next;
    }
}

/// Says what there is: a line of JSON for each item, under its full name in the contract, or a table of them.
pub fn say<T: Message, R: Into<Row>>(
    session: &Session,
    name: &str,
    items: &[T],
    header: &[&str],
    row: impl Fn(&T) -> R,
) -> Result<Exit, Failure> {
    if session.out.json() {
        for item in items {
            session.out.value(&session.contract.to_json(name, item)?)?;
        }
        return Ok(Exit::Ok);
    }
    let mut table = table(header);
    for item in items {
        table.add_row(row(item));
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}
