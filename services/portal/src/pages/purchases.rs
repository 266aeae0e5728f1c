//! What this firm has ordered, as work lists: by state, by what waits for whom, by purchasing group.

mod again;
mod draft;
pub mod new;
pub mod questions;

use askama::Template;
use axum::{extract::Query, http::HeaderMap, response::Response};
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, OrderSort, OrderState, OrderSummary, Side},
    partners::{FilteredList, SavedFilter},
};
use serde::Deserialize;
use time::Date;

use crate::{
    ask::Way,
    deadline::{self, Due},
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    page::{self, Page, Tab, link},
    pages::{
        filters::{self, Filters},
        list::{self, Filter, PAGE, Row, counted},
        remind,
    },
    saved,
    session::Member,
};

const PATH: &str = "/purchases";

/// A work list.
struct List {
    /// Its name in the address.
    name: &'static str,
    label: Key<0>,
    /// What is in it.
    narrow: fn(&mut ListOrdersRequest),
    /// Whether suppliers are reminded from it.
    reminds: bool,
    /// Whether it is shown although nothing is in it.
    always: bool,
}

const fn by(name: &'static str, label: Key<0>, always: bool, narrow: fn(&mut ListOrdersRequest)) -> List {
    List { name, label, narrow, reminds: false, always }
}

const LISTS: [List; 10] = [
    by("", key::PURCHASES_ALL, true, |_| {}),
    List {
        reminds: true,
        ..by("unanswered", key::STATE_UNANSWERED, true, |wanted| {
            wanted.states = vec![OrderState::Unanswered as i32];
            wanted.order_by = OrderSort::AnswerDue as i32;
        })
    },
    List {
        reminds: true,
        ..by("overdue", key::PURCHASES_OVERDUE, false, |wanted| {
            wanted.answer_overdue = true;
            wanted.order_by = OrderSort::AnswerDue as i32;
        })
    },
    by("proposed", key::STATE_PROPOSED_MINE, true, |wanted| wanted.has_open_proposals = Some(true)),
    by("pending", key::PURCHASES_PENDING, false, |wanted| wanted.has_pending_changes = Some(true)),
    by("accepted", key::STATE_ACCEPTED, true, |wanted| wanted.states = vec![OrderState::Accepted as i32]),
    by("part", key::STATE_PART_ACCEPTED, false, |wanted| {
        wanted.states = vec![OrderState::PartAccepted as i32];
    }),
    by("rejected", key::STATE_REJECTED, false, |wanted| wanted.states = vec![OrderState::Rejected as i32]),
    by("cancelled", key::STATE_CANCELLED, false, |wanted| {
        wanted.states = vec![OrderState::Cancelled as i32];
    }),
    by("differs", key::PURCHASES_DIFFERS, false, |wanted| wanted.erp_differs = Some(true)),
];

/// What is shown of the list.
#[derive(Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    state: String,
    #[serde(default)]
    group: String,
    /// Words that are looked for.
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
    /// `all`: every order of the page is chosen, without scripts, too.
    #[serde(default)]
    choose: String,
}

impl Wish {
    /// What is asked for of a work list.
    fn wanted(&self, list: &List) -> ListOrdersRequest {
        let mut wanted = ListOrdersRequest {
            side: Side::Buyer as i32,
            purchasing_group: self.group.trim().to_string(),
            text: self.q.trim().to_string(),
            ..Default::default()
        };
        (list.narrow)(&mut wanted);
        wanted
    }

    /// The work list that it names, else that of all.
    fn list(&self) -> &'static List {
        LISTS.iter().find(|list| list.name == self.state).unwrap_or(&LISTS[0])
    }

    /// What the list shows, on all its pages.
    pub fn asked(&self) -> ListOrdersRequest {
        self.wanted(self.list())
    }

    /// The same orders at another address.
    pub fn elsewhere(&self, path: &str, more: &[(&str, &str)]) -> String {
        let here = [("state", self.list().name), ("group", self.group.trim()), ("q", self.q.trim())];
        link(path, &[here.as_slice(), more].concat())
    }

    /// The same in another state or on another page.
    fn link(&self, state: &str, page: &str, choose: &str) -> String {
        let (group, text) = (self.group.trim(), self.q.trim());
        link(PATH, &[("state", state), ("group", group), ("q", text), ("page", page), ("choose", choose)])
    }

    /// The same, to be kept.
    fn filter(&self) -> SavedFilter {
        SavedFilter {
            list: FilteredList::Purchases.into(),
            view: self.state.clone(),
            purchasing_group: self.group.trim().to_string(),
            text: self.q.trim().to_string(),
            ..SavedFilter::default()
        }
    }
}

/// An order of the list.
struct Purchase {
    row: Row,
    due: Option<Due>,
    /// What is unusual about it.
    flags: Vec<String>,
}

#[derive(Template)]
#[template(path = "purchases.html")]
struct PurchasesPage {
    page: Page,
    t: Text,
    heading: String,
    filters: Vec<Filter>,
    kept: Filters,
    rows: Vec<Purchase>,
    /// Purchasing groups to choose from.
    groups: Vec<String>,
    /// The groups that the member is narrowed to; empty for all.
    mine: String,
    state: String,
    group: String,
    q: String,
    plain: bool,
    first: String,
    next: String,
    /// The token of the form that reminds the chosen; empty where none is chosen from. An empty list has it as well,
    /// for the orders that come into it while it is open.
    remind_token: String,
    chosen: bool,
    choose: String,
    back: String,
    /// Where these orders are had as a table to change.
    sheets: String,
    files: Vec<Way>,
    /// Whether the member may write a new one.
    publishes: bool,
}

/// Orders by work list, with counts.
pub async fn show(member: Member, headers: HeaderMap, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let current = wish.list();
    let request = ListOrdersRequest {
        page_size: PAGE,
        page_token: wish.page.clone(),
        also_count: LISTS.iter().map(|list| wish.wanted(list)).collect(),
        ..wish.wanted(current)
    };
    let kept = async { Ok(filters::of(&member, wish.filter()).await) };
    let (list, kept) = futures::try_join!(list::read(&member, request), kept)?;
    if let Some(order) = list::exact(&headers, &list.orders, wish.q.trim()) {
        return Ok(page::go(&order));
    }
    let here = |list: &List| list.name == current.name;
    let filters = LISTS.iter().zip(list.totals);
    let filters = filters.filter(|(list, total)| list.always || *total > 0 || here(list));
    let filters = filters.map(|(list, total)| Filter {
        label: t.say(list.label),
        count: counted(total),
        href: wish.link(list.name, "", ""),
        current: here(list),
    });
    let filters = filters.collect();
    let own = member.who.scope.clone().unwrap_or_default().purchasing_groups;
    let heading = t.say(key::NAV_PURCHASES);
    let publishes = member.may(Permission::OrdersPublish);
    let reminds = current.reminds && publishes;
    let page = Page::member(&member, Tab::Purchases)
        .titled(heading.clone())
        .skipping_to(list::skip(&list.orders))
        .live_after(list.cursor);
    let app = member.app();
    let today = format::today(app.clock.now());
    let groups = groups(&own, &list.orders);
    Ok(page::show(&PurchasesPage {
        page,
        heading,
        filters,
        kept,
        rows: list.orders.into_iter().map(|order| purchase(&t, order, today)).collect(),
        groups,
        mine: own.join(&t.say(key::LIST_JOIN)),
        plain: current.name.is_empty() && wish.group.is_empty() && wish.q.is_empty(),
        first: if wish.page.is_empty() { String::new() } else { wish.link(current.name, "", "") },
        next: match list.next_page_token.as_str() {
            "" => String::new(),
            token => wish.link(current.name, token, ""),
        },
        remind_token: match reminds {
            true => app.tokens.make(app, Some(&member.token), remind::PURPOSE),
            false => String::new(),
        },
        chosen: wish.choose == "all",
        choose: wish.link(current.name, &wish.page, if wish.choose == "all" { "" } else { "all" }),
        back: wish.link(current.name, &wish.page, ""),
        sheets: wish.elsewhere("/purchases/sheets", &[]),
        files: saved::ways(&t, &wish.elsewhere(PATH, &[])),
        publishes,
        state: wish.state,
        group: wish.group,
        q: wish.q,
        t,
    }))
}

/// The groups to choose from: the member's own, else those in sight.
fn groups(own: &[String], orders: &[OrderSummary]) -> Vec<String> {
    let mut groups = match own.is_empty() {
        true => orders.iter().map(|order| order.purchasing_group.clone()).collect(),
        false => own.to_vec(),
    };
    groups.retain(|group| !group.is_empty());
    groups.sort();
    groups.dedup();
    groups
}

fn purchase(t: &Text, order: OrderSummary, today: Date) -> Purchase {
    let flags = [
        (order.held, key::FLAG_HELD),
        (order.change_pending, key::PENDING_TITLE),
        (order.erp_differs, key::FLAG_DIFFERS),
    ];
    Purchase {
        due: deadline::due(t, order.answer_due.as_ref(), today),
        flags: flags.into_iter().filter(|(is, _)| *is).map(|(_, label)| t.say(label)).collect(),
        row: list::row(t, order, Side::Buyer, today),
    }
}
