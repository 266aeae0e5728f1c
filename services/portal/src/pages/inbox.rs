//! 待我答复: what waits for this supplier's answer, over all its buyers, by the day on which the answer is due.

use askama::Template;
use axum::{extract::Query, http::HeaderMap, response::Response};
use futures::try_join;
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, ListOrdersResponse, OrderSort, OrderState, OrderSummary, Side},
    partners::{FilteredList, SavedFilter},
};
use serde::Deserialize;
use time::Date;

use crate::{
    ask::Way,
    deadline::{self, Due},
    failure::Failure,
    format,
    i18n::{Text, key},
    page::{self, Page, Tab, link},
    pages::{
        filters::{self, Filters},
        list::{self, Filter, Row, counted},
        resources,
    },
    reminder::{self, Reminded},
    saved,
    session::Member,
    sheet::Table,
};

const PATH: &str = "/inbox";
/// Orders on one page: as many as are answered at once.
const PAGE: i32 = 100;
/// Changes that wait, on top of the list.
const CONSENTS: i32 = 20;

/// What is shown of the list.
#[derive(Deserialize)]
pub struct Wish {
    /// `proposed`, `all`, or empty for what waits for an answer.
    #[serde(default)]
    show: String,
    /// Words that are looked for.
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
    /// `all`: every order of the page is selected, without scripts, too.
    #[serde(default)]
    select: String,
}

impl Wish {
    /// A page of so many orders.
    fn asked(&self, page_size: i32) -> ListOrdersRequest {
        let wanted = wanted(&self.show, self.q.trim());
        // Newest first: what was answered long ago must not stand in front.
        let order_by = if self.show == "all" { OrderSort::Unspecified as i32 } else { wanted.order_by };
        ListOrdersRequest { page_size, page_token: self.page.clone(), order_by, ..wanted }
    }

    /// The same, to be kept.
    fn filter(&self) -> SavedFilter {
        SavedFilter {
            list: FilteredList::Inbox.into(),
            view: self.show.clone(),
            text: self.q.trim().to_string(),
            ..SavedFilter::default()
        }
    }
}

/// An order of the inbox.
pub struct Work {
    pub row: Row,
    pub due: Option<Due>,
    pub reminded: Option<Reminded>,
    /// As the form posts it; empty where nothing waits for an answer.
    pub pick: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    page: Page,
    t: Text,
    heading: String,
    filters: Vec<Filter>,
    kept: Filters,
    /// Orders with changes that wait for consent.
    consents: Vec<Row>,
    /// How many revisions of resources wait to be acknowledged; empty for none.
    to_acknowledge: String,
    rows: Vec<Work>,
    files: Vec<Way>,
    /// Whether orders are selected to be answered together.
    picks: bool,
    picked: bool,
    select_all: String,
    show: String,
    q: String,
    /// Whether this is the default list, without a filter.
    plain: bool,
    /// Whether the member answers orders, so that one may be practised with.
    practises: bool,
    first: String,
    next: String,
}

/// The list, with its count in the title.
pub async fn show(member: Member, headers: HeaderMap, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let wanted = |show: &str| wanted(show, wish.q.trim());
    let mut request = wish.asked(member.rows(PAGE));
    if member.visitor.saving {
        return Ok(hand_over(&member, &wish, list::read(&member, request).await?));
    }
    request.also_count = ["", "proposed", "all"].map(wanted).to_vec();
    let consents =
        ListOrdersRequest { page_size: CONSENTS, has_pending_changes: Some(true), ..wanted("all") };
    let (list, consents, unread, kept) = try_join!(
        list::read(&member, request),
        list::read(&member, consents),
        async { Ok(resources::to_acknowledge(&member).await) },
        async { Ok(filters::of(&member, wish.filter()).await) },
    )?;
    if let Some(order) = list::exact(&headers, &list.orders, wish.q.trim()) {
        return Ok(page::go(&order));
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let filters = states(&t, &wish, &list.totals);
    let waiting = list.totals.first().copied().unwrap_or_default();
    let heading = t.say(key::NAV_INBOX);
    let shown = [("show", wish.show.as_str()), ("q", wish.q.trim())];
    let page = Page::member(&member, Tab::Inbox)
        .titled(t.two(key::INBOX_TITLE, counted(waiting), &heading))
        .skipping_to(list::skip(&list.orders))
        .live_after(list.cursor);
    let may = member.may(Permission::OrdersRespond);
    let rows = works(&t, list.orders, may, today);
    Ok(page::show(&InboxPage {
        page,
        heading,
        filters,
        kept,
        consents: consents.orders.into_iter().map(|o| list::row(&t, o, Side::Supplier, today)).collect(),
        to_acknowledge: match unread {
            0 => String::new(),
            unread => t.one(key::INBOX_ACKNOWLEDGE, unread),
        },
        picks: rows.iter().any(|work| !work.pick.is_empty()),
        picked: wish.select == "all",
        files: saved::ways(&t, &link(PATH, &shown)),
        select_all: link(PATH, &[shown[0], shown[1], ("page", &wish.page), ("select", "all")]),
        rows,
        practises: may,
        plain: wish.show.is_empty() && wish.q.trim().is_empty(),
        first: if wish.page.is_empty() { String::new() } else { link(PATH, &shown) },
        next: match list.next_page_token.as_str() {
            "" => String::new(),
            token => link(PATH, &[shown[0], shown[1], ("page", token)]),
        },
        show: wish.show,
        q: wish.q,
        t,
    }))
}

/// The orders of a page for a file.
fn hand_over(member: &Member, wish: &Wish, list: ListOrdersResponse) -> Response {
    let t = member.text();
    let today = format::today(member.app().clock.now());
    let works = works(t, list.orders, false, today);
    let rows = works.into_iter().map(|work| {
        let mut cells = list::cells(work.row);
        cells.push(work.due.map(|due| format!("{} · {}", due.day, due.left)).unwrap_or_default());
        cells
    });
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link(PATH, &[("show", &wish.show), ("q", wish.q.trim()), ("page", token)]),
    };
    let table = Table::new(t, &list::headings(key::BUYER), rows.collect(), next);
    saved::tables(t.say(key::NAV_INBOX), vec![table.beside([t.say(key::ANSWER_DUE)])])
}

/// Links to the states with how many orders are in each.
fn states(t: &Text, wish: &Wish, totals: &[i32]) -> Vec<Filter> {
    let states = [("", key::INBOX_WAITING), ("proposed", key::INBOX_PROPOSED), ("all", key::INBOX_ALL)];
    let filter = |((show, label), total): (_, &i32)| Filter {
        label: t.say(label),
        count: counted(*total),
        href: link(PATH, &[("show", show), ("q", wish.q.trim())]),
        current: show == wish.show,
    };
    states.into_iter().zip(totals).map(filter).collect()
}

fn wanted(show: &str, text: &str) -> ListOrdersRequest {
    ListOrdersRequest {
        side: Side::Supplier as i32,
        states: match show {
            "proposed" => vec![OrderState::Proposed as i32],
            "all" => Vec::new(),
            _ => vec![OrderState::Unanswered as i32],
        },
        text: text.to_string(),
        order_by: OrderSort::AnswerDue as i32,
        ..Default::default()
    }
}

/// Rows with their deadlines and reminders; `may`: whether they may be selected.
pub fn works(t: &Text, orders: Vec<OrderSummary>, may: bool, today: Date) -> Vec<Work> {
    let work = |mut order: OrderSummary| Work {
        due: deadline::due(t, order.answer_due.as_ref(), today),
        reminded: order.unopened_reminder.take().map(|reminder| reminder::told(t, &reminder)),
        pick: match may && order.unanswered_lines > 0 {
            true => format!("{}.{}", order.id, order.revision),
            false => String::new(),
        },
        row: list::row(t, order, Side::Supplier, today),
    };
    orders.into_iter().map(work).collect()
}
