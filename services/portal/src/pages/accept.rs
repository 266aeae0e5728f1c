//! 全部接受: everything that is unanswered, as asked, in two taps.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use proto::orders::RespondToOrderRequest;

use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::{Loaded, Row},
    page::{self, Page, Tab},
    pages::respond::{self, Place},
    session::Member,
};

struct Asked {
    line: String,
    item: String,
    quantity: String,
    requested: String,
}

#[derive(Template)]
#[template(path = "accept.html")]
struct AcceptPage {
    page: Page,
    t: Text,
    /// The order's page.
    back: String,
    number: String,
    partner: String,
    amount: String,
    tax_basis: String,
    token: String,
    revision: i32,
    lines: Vec<Asked>,
    /// Whether further lines do not fit on the page.
    more: bool,
    changed: bool,
    /// Which hours are offered to others; empty for none.
    offered: String,
    /// Whether it was ticked that they are promised all the same.
    despite: bool,
}

/// What would be promised.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    match respond::open(&member, &id, &place.from).await? {
        Some(loaded) => Ok(confirm(&member, loaded, false)),
        None => Ok(respond::changed(&member, &id)),
    }
}

/// What would be promised by an order that waits; `changed`: it is not what it was.
pub fn confirm(member: &Member, loaded: Loaded, changed: bool) -> Response {
    ask(member, loaded, changed, String::new(), false)
}

/// As [`confirm`], once it was said which hours are `offered` to others; `despite`: they are promised all the same.
fn ask(member: &Member, loaded: Loaded, changed: bool, offered: String, despite: bool) -> Response {
    let t = member.text().clone();
    let order = loaded.order;
    let content = order.content.unwrap_or_default();
    let asked = |row: &Row| {
        let (from, until) = row.requested(&content);
        let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
        Asked {
            line: row.line.line_number.clone(),
            item: row.item_name().to_string(),
            quantity: t.quantity(row.unanswered(), &unit),
            requested: t.window(from, until),
        }
    };
    let lines = loaded.rows.iter().filter(|row| !row.unanswered().is_zero()).map(asked).collect();
    let title = t.one(key::ACCEPT_TITLE, &content.order_number);
    let app = member.app();
    let shown = AcceptPage {
        page: Page::member(member, Tab::Inbox).titled(title).about(&order.id),
        token: app.tokens.make(app, Some(&member.token), &respond::purpose(&order.id)),
        partner: order.buyer_name,
        amount: match format::decimal(order.net_amount.as_ref()) {
            Some(_) => t.money(order.net_amount.as_ref(), &content.currency),
            None => String::new(),
        },
        tax_basis: t.tax_basis(content.price_includes_tax),
        revision: order.revision,
        number: content.order_number,
        back: member.order_path(&order.id),
        lines,
        more: !loaded.next.is_empty(),
        changed,
        offered,
        despite,
        t,
    };
    let mends = changed || !shown.offered.is_empty();
    page::show_as(if mends { StatusCode::CONFLICT } else { StatusCode::OK }, &shown)
}

/// Promises it.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &respond::purpose(&id), fields.get("token"))?;
    let revision = fields.get("revision").parse().map_err(|_| Failure::form_expired())?;
    let despite = respond::despite_offers(&fields);
    let request = RespondToOrderRequest {
        request_id,
        order_id: id.clone(),
        revision,
        accept_all: true,
        despite_offers: despite,
        ..Default::default()
    };
    match respond::send(&member, request).await {
        Ok(_) => Ok(respond::answered(&member, &id)),
        Err(failure) if respond::outdated(&failure) => match respond::open(&member, &id, "").await? {
            Some(loaded) => Ok(ask(&member, loaded, true, String::new(), despite)),
            None => Ok(respond::changed(&member, &id)),
        },
        Err(failure) => {
            let Some(offered) = respond::offered(member.text(), &failure) else { return Err(failure) };
            match respond::open(&member, &id, "").await? {
                Some(loaded) => Ok(ask(&member, loaded, false, offered, despite)),
                None => Ok(respond::changed(&member, &id)),
            }
        }
    }
}
