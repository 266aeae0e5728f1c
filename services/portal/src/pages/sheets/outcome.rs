//! What became of a table that was sent: order by order, and the rows that are wrong.

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::secret::sha256;
use proto::interchange::RowError;

use crate::{
    download::{self, Saves},
    failure::Failure,
    form::Fields,
    i18n::key,
    order::Tag,
    session::Member,
};

/// Rows that are told on the page; all of them stand in the file.
const TOLD: usize = 50;

/// What became of an order's rows.
pub struct Became {
    /// Where it is; empty where there is no order.
    pub href: String,
    pub number: String,
    pub partner: String,
    pub tag: Tag,
}

/// A row that was not taken.
pub struct Wrong {
    pub row: i32,
    pub column: String,
    pub message: String,
}

/// What the API said of a file.
pub struct Said {
    pub title: String,
    pub rows: String,
    /// What the firm on the other side is called.
    pub partner: String,
    pub became: Vec<Became>,
    pub errors: Vec<RowError>,
    pub marked: Bytes,
    pub marked_name: String,
}

/// The same, to be shown.
pub struct Outcome {
    pub title: String,
    pub rows: String,
    pub good: bool,
    pub partner: String,
    pub became: Vec<Became>,
    pub wrong: Vec<Wrong>,
    /// How many further rows are wrong; empty for none.
    pub more: String,
    /// The file with what is wrong, signed, to be saved; empty for none.
    pub marked: String,
    pub marked_name: String,
    pub marked_token: String,
}

/// What is shown of what the API said.
pub fn told(member: &Member, said: Said) -> Outcome {
    let t = member.text();
    let wrong = said.errors.iter().take(TOLD).map(|error| Wrong {
        row: error.row,
        column: error.column.clone(),
        message: error.message.clone(),
    });
    let app = member.app();
    let marked_token = match said.marked.is_empty() {
        true => String::new(),
        false => app.tokens.make(app, Some(&member.token), &marked_purpose(&said.marked, &said.marked_name)),
    };
    Outcome {
        title: said.title,
        rows: said.rows,
        good: said.errors.is_empty(),
        partner: said.partner,
        became: said.became,
        wrong: wrong.collect(),
        more: match said.errors.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => t.one(key::SHEETS_MORE, more),
        },
        marked: URL_SAFE_NO_PAD.encode(&said.marked),
        marked_name: said.marked_name,
        marked_token,
    }
}

/// Binds the token to the file, so that nothing but what the API made is handed out.
fn marked_purpose(content: &[u8], name: &str) -> String {
    format!("marked {} {name}", hex::encode(sha256(content)))
}

/// The file with what is wrong in a red column. Nothing of it is kept here: the page itself carries it, so that any
/// portal of a deployment hands it out.
pub async fn marked(member: Member, _: Saves, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let content = URL_SAFE_NO_PAD.decode(fields.get("content")).map_err(|_| Failure::form_expired())?;
    let name = fields.get("name");
    app.tokens.check(Some(&member.token), &marked_purpose(&content, name), fields.get("token"))?;
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download::file(name, workbook, Body::from(content)))
}
