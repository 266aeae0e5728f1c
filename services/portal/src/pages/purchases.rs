//! What this firm has ordered, and the proposals of suppliers that it has to decide.

use askama::Template;
use axum::{extract::Query, response::Response};
use futures::future::try_join_all;
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, OrderSort, OrderState, Side},
};
use serde::Deserialize;

use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    page::{self, Page, Tab, link},
    pages::list::{self, Filter, PAGE, Row, counted},
    session::Member,
};

const PATH: &str = "/purchases";

/// The filters: name in the address, state, label.
const FILTERS: [(&str, Option<OrderState>, Key<0>); 6] = [
    ("", None, key::PURCHASES_ALL),
    ("unanswered", Some(OrderState::Unanswered), key::STATE_UNANSWERED),
    ("proposed", Some(OrderState::Proposed), key::STATE_PROPOSED_MINE),
    ("accepted", Some(OrderState::Accepted), key::STATE_ACCEPTED),
    ("part", Some(OrderState::PartAccepted), key::STATE_PART_ACCEPTED),
    ("rejected", Some(OrderState::Rejected), key::STATE_REJECTED),
];

/// What is shown of the list.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    state: String,
    #[serde(default)]
    group: String,
    /// An exact order number.
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "purchases.html")]
struct PurchasesPage {
    page: Page,
    t: Text,
    heading: String,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    /// Purchasing groups to choose from.
    groups: Vec<String>,
    state: String,
    group: String,
    q: String,
    plain: bool,
    first: String,
    next: String,
}

/// Orders by state, with counts.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let wanted = |state: Option<OrderState>| ListOrdersRequest {
        side: Side::Buyer as i32,
        states: state.into_iter().map(i32::from).collect(),
        purchasing_group: wish.group.trim().to_string(),
        order_number: wish.q.trim().to_string(),
        ..Default::default()
    };
    let chosen = FILTERS.iter().find(|(name, ..)| *name == wish.state).and_then(|(_, state, _)| *state);
    let request = ListOrdersRequest { page_size: PAGE, page_token: wish.page.clone(), ..wanted(chosen) };
    let counts = FILTERS.iter().map(|(_, state, _)| list::count(&member, wanted(*state)));
    let (list, counts) = futures::try_join!(list::read(&member, request), try_join_all(counts))?;
    let shown = |state: &str, page: &str| {
        link(PATH, &[("state", state), ("group", wish.group.trim()), ("q", wish.q.trim()), ("page", page)])
    };
    let filters = FILTERS.iter().zip(counts).map(|((name, _, label), total)| Filter {
        label: t.say(label),
        count: counted(total),
        href: shown(name, ""),
        current: *name == wish.state,
    });
    let filters = filters.collect();
    let mut groups: Vec<String> = member.who.scope.clone().unwrap_or_default().purchasing_groups;
    groups.extend(list.orders.iter().map(|order| order.purchasing_group.clone()));
    groups.retain(|group| !group.is_empty());
    groups.sort();
    groups.dedup();
    let heading = t.say(key::NAV_PURCHASES);
    let page = Page::member(&member, Tab::Purchases)
        .titled(heading.clone())
        .skipping_to(list::skip(&list.orders))
        .live_after(list.cursor);
    Ok(page::show(&PurchasesPage {
        page,
        heading,
        filters,
        rows: list.orders.into_iter().map(|order| list::row(&t, order, Side::Buyer, today)).collect(),
        groups,
        plain: wish.state.is_empty() && wish.group.is_empty() && wish.q.is_empty(),
        first: if wish.page.is_empty() { String::new() } else { shown(&wish.state, "") },
        next: match list.next_page_token.as_str() {
            "" => String::new(),
            token => shown(&wish.state, token),
        },
        state: wish.state,
        group: wish.group,
        q: wish.q,
        t,
    }))
}

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
    first: String,
    next: String,
}

/// Orders with a proposal to decide. An order whose other lines are still unanswered counts as unanswered, so that
/// both states are read and those without a proposal are left out.
pub async fn proposals(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersPublish) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let request = ListOrdersRequest {
        side: Side::Buyer as i32,
        page_size: 4 * PAGE,
        page_token: place.page.clone(),
        states: vec![OrderState::Proposed as i32, OrderState::Unanswered as i32],
        order_by: OrderSort::RequestedDate as i32,
        ..Default::default()
    };
    let list = list::read(&member, request).await?;
    let open = list.orders.into_iter().filter(|order| order.proposed_lines > 0);
    let rows: Vec<Row> = open.map(|order| list::row(&t, order, Side::Buyer, today)).collect();
    let heading = t.say(key::NAV_PROPOSALS);
    let title = t.two(key::INBOX_TITLE, rows.len().to_string(), &heading);
    Ok(page::show(&ProposalsPage {
        page: Page::member(&member, Tab::Proposals).titled(title).live_after(list.cursor),
        heading,
        rows,
        first: if place.page.is_empty() { String::new() } else { "/proposals".to_string() },
        next: match list.next_page_token.as_str() {
            "" => String::new(),
            token => link("/proposals", &[("page", token)]),
        },
        t,
    }))
}
