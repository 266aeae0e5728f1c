//! 待我答复: what waits for this supplier's answer, over all its buyers.

use askama::Template;
use axum::{extract::Query, response::Response};
use futures::try_join;
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, OrderSort, OrderState, Side},
};
use serde::Deserialize;

use crate::{
    failure::Failure,
    format,
    i18n::{Text, key},
    page::{self, Page, Tab, link},
    pages::list::{self, Filter, PAGE, Row, counted},
    session::Member,
};

const PATH: &str = "/inbox";

/// What is shown of the list.
#[derive(Deserialize)]
pub struct Wish {
    /// `proposed`, `all`, or empty for what waits for an answer.
    #[serde(default)]
    show: String,
    /// An exact order number.
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    page: Page,
    t: Text,
    heading: String,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    show: String,
    q: String,
    /// Whether this is the default list, without a filter.
    plain: bool,
    first: String,
    next: String,
}

/// The list, with its count in the title.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let states = |show: &str| match show {
        "proposed" => vec![OrderState::Proposed as i32],
        "all" => Vec::new(),
        _ => vec![OrderState::Unanswered as i32],
    };
    let wanted = |show: &str| ListOrdersRequest {
        side: Side::Supplier as i32,
        states: states(show),
        order_number: wish.q.trim().to_string(),
        order_by: OrderSort::RequestedDate as i32,
        ..Default::default()
    };
    let mut request =
        ListOrdersRequest { page_size: PAGE, page_token: wish.page.clone(), ..wanted(&wish.show) };
    if wish.show == "all" {
        // Newest first: what was answered long ago must not stand in front.
        request.order_by = OrderSort::Unspecified as i32;
    }
    let (list, waiting, proposed, all) = try_join!(
        list::read(&member, request),
        list::count(&member, wanted("")),
        list::count(&member, wanted("proposed")),
        list::count(&member, wanted("all")),
    )?;
    let filter = |show: &str, label: String, total: i32| Filter {
        label,
        count: counted(total),
        href: link(PATH, &[("show", show), ("q", wish.q.trim())]),
        current: show == wish.show,
    };
    let filters = vec![
        filter("", t.say(key::INBOX_WAITING), waiting),
        filter("proposed", t.say(key::INBOX_PROPOSED), proposed),
        filter("all", t.say(key::INBOX_ALL), all),
    ];
    let heading = t.say(key::NAV_INBOX);
    let shown = [("show", wish.show.as_str()), ("q", wish.q.trim())];
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link(PATH, &[shown[0], shown[1], ("page", token)]),
    };
    let page = Page::member(&member, Tab::Inbox)
        .titled(t.two(key::INBOX_TITLE, counted(waiting), &heading))
        .skipping_to(list::skip(&list.orders))
        .live_after(list.cursor);
    Ok(page::show(&InboxPage {
        page,
        heading,
        filters,
        rows: list.orders.into_iter().map(|order| list::row(&t, order, Side::Supplier, today)).collect(),
        plain: wish.show.is_empty() && wish.q.trim().is_empty(),
        first: if wish.page.is_empty() { String::new() } else { link(PATH, &shown) },
        next,
        show: wish.show,
        q: wish.q,
        t,
    }))
}
