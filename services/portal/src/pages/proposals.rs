//! Proposals of suppliers that this firm has to decide.

use askama::Template;
use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, OrderSort, Side},
};
use serde::Deserialize;

use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Text, key},
    page::{self, Page, Tab, link},
    pages::list::{self, PAGE, Row},
    saved,
    session::Member,
    sheet::Table,
};

/// Which page of the proposals.
#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsPage {
    page: Page,
    t: Text,
    heading: String,
    rows: Vec<Row>,
    files: Vec<Way>,
    first: String,
    next: String,
}

/// Orders with a proposal to decide, the earliest requested first.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersPublish) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let request = ListOrdersRequest {
        side: Side::Buyer as i32,
        page_size: member.rows(PAGE),
        page_token: place.page.clone(),
        has_open_proposals: Some(true),
        order_by: OrderSort::RequestedDate as i32,
        with_total: true,
        ..Default::default()
    };
    let list = list::read(&member, request).await?;
    let heading = t.say(key::NAV_PROPOSALS);
    let title = t.two(key::INBOX_TITLE, list::counted(list.total()), &heading);
    let rows = list.orders.into_iter().map(|order| list::row(&t, order, Side::Buyer, today));
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link("/proposals", &[("page", token)]),
    };
    if member.visitor.saving {
        let rows = rows.map(list::cells).collect();
        return Ok(saved::tables(heading, vec![Table::new(&t, &list::headings(key::SUPPLIER), rows, next)]));
    }
    Ok(page::show(&ProposalsPage {
        page: Page::member(&member, Tab::Proposals).titled(title).live_after(list.cursor),
        heading,
        rows: rows.collect(),
        files: saved::ways(&t, "/proposals"),
        first: if place.page.is_empty() { String::new() } else { "/proposals".to_string() },
        next,
        t,
    }))
}
