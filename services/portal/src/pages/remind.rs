//! 催办: reminding the suppliers of one order or of many at once, and what became of the reminders.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use proto::{
    access::Permission,
    orders::{ListRemindersRequest, RemindResult, RemindSupplierRequest, ReminderState},
};
use serde::Deserialize;

use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Key, Lang, Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    pages::{buyer::reminder_tag, ending, list::Filter},
    saved,
    session::Member,
    sheet::Table,
};

/// Orders in one go; the API takes no more.
const MOST: usize = 100;
/// Reminders on one page.
const PAGE: i32 = 50;

/// What the form token of reminders is for.
pub const PURPOSE: &str = "remind";

#[derive(Template)]
#[template(path = "remind.html")]
struct RemindPage {
    page: Page,
    t: Text,
    id: String,
    number: String,
    supplier: String,
    token: String,
    held: bool,
}

/// The form for one order.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let order = ending::open(&member, &id).await?.order;
    let t = member.text().clone();
    let number = order.content.map(|content| content.order_number).unwrap_or_default();
    Ok(page::show(&RemindPage {
        page: Page::member(&member, Tab::Purchases).titled(t.one(key::REMIND_TITLE, &number)),
        token: member.app().tokens.make(member.app(), Some(&member.token), PURPOSE),
        held: order.held,
        supplier: order.supplier_name,
        id,
        number,
        t,
    }))
}

/// What became of one order's reminder.
struct Outcome {
    href: String,
    /// Order and supplier, as the list named them.
    name: String,
    tag: Tag,
    /// Why it was not sent, and from when it may be; empty where it was.
    reason: String,
}

#[derive(Template)]
#[template(path = "reminded_many.html")]
struct ResultPage {
    page: Page,
    t: Text,
    title: String,
    /// Whether none was sent.
    warns: bool,
    outcomes: Vec<Outcome>,
    back: String,
}

/// Reminds, and says for each order what became of it. Sent again, it reminds nobody twice.
pub async fn send(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    if !member.may(Permission::OrdersPublish) {
        return Err(Failure::denied());
    }
    let mut order_ids: Vec<String> = fields.all("order").map(str::to_string).collect();
    // An order of several lines at risk stands there several times.
    let mut seen = HashSet::new();
    order_ids.retain(|id| seen.insert(id.clone()));
    order_ids.truncate(MOST);
    let back = crate::form::safe_next(fields.get("back")).unwrap_or("/purchases").to_string();
    let t = member.text().clone();
    let page = || {
        let mut page = Page::member(&member, Tab::Purchases);
        page.here = "/reminders".to_string();
        page
    };
    if order_ids.is_empty() {
        let title = t.say(key::REMIND_NONE);
        let page = page().titled(title.clone());
        let shown = ResultPage { page, title, warns: true, outcomes: Vec::new(), back, t };
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    }
    let request = RemindSupplierRequest { request_id, order_ids, message: fields.get("message").to_string() };
    let answer = app.api.reminders().remind_supplier(member.call(request)).await?.into_inner();
    let names: HashMap<String, String> = fields
        .kept(&[])
        .into_iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("name-")?.to_string(), value)))
        .collect();
    let all = answer.results.len();
    let title = match all as i32 - answer.sent {
        0 => t.one(key::REMINDED_ALL, answer.sent),
        left => t.two(key::REMINDED_SOME, left, answer.sent),
    };
    Ok(page::show(&ResultPage {
        page: page().titled(title.clone()),
        warns: answer.sent == 0,
        outcomes: answer.results.into_iter().map(|result| outcome(&t, result, &names)).collect(),
        title,
        back,
        t,
    }))
}

fn outcome(t: &Text, result: RemindResult, names: &HashMap<String, String>) -> Outcome {
    let sent = result.reason.is_empty();
    let said = if t.lang == Lang::Zh { result.message_zh } else { result.message_en };
    let tag = match sent {
        true => reminder_tag(t, ReminderState::Sent),
        false => Tag { shape: "rejected", label: t.say(key::REMINDER_NOT_SENT) },
    };
    Outcome {
        href: format!("/orders/{}", result.order_id),
        name: names.get(&result.order_id).cloned().unwrap_or_else(|| t.say(key::ORDER)),
        tag,
        reason: match &result.retry_at {
            Some(at) => t.two(key::REMIND_AGAIN_AT, t.moment(Some(at)), said),
            None => said,
        },
    }
}

/// What is shown of the reminders.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: String,
}

struct Row {
    href: String,
    number: String,
    supplier: String,
    sent: String,
    by: String,
    message: String,
    tag: Tag,
    since: String,
}

#[derive(Template)]
#[template(path = "reminders.html")]
struct RemindersPage {
    page: Page,
    t: Text,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    files: Vec<Way>,
    first: String,
    next: String,
}

/// The filters: name in the address, state, label.
const FILTERS: [(&str, Option<ReminderState>, Key<0>); 4] = [
    ("", None, key::PURCHASES_ALL),
    ("sent", Some(ReminderState::Sent), key::REMINDER_SENT),
    ("delivered", Some(ReminderState::Delivered), key::REMINDER_DELIVERED),
    ("opened", Some(ReminderState::Opened), key::REMINDER_OPENED),
];

/// All reminders that this firm sent, newest first.
pub async fn list(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let chosen = FILTERS.iter().find(|(name, ..)| *name == wish.state).and_then(|(_, state, _)| *state);
    let request = ListRemindersRequest {
        page_size: member.rows(PAGE),
        page_token: wish.page.clone(),
        states: chosen.into_iter().map(i32::from).collect(),
        ..Default::default()
    };
    let list = member.app().api.reminders().list_reminders(member.call(request)).await?.into_inner();
    let shown = |state: &str, page: &str| link("/reminders", &[("state", state), ("page", page)]);
    let filters = FILTERS.iter().map(|(name, _, label)| Filter {
        label: t.say(label),
        count: String::new(),
        href: shown(name, ""),
        current: *name == wish.state,
    });
    let own = list.reminders.into_iter().filter(|one| one.buyer_id == member.who.firm_id);
    let rows = own.map(|one| Row {
        href: format!("/orders/{}", one.order_id),
        sent: t.moment(one.sent_at.as_ref()),
        by: if one.automatic { t.say(key::REMINDED_AUTOMATICALLY) } else { one.actor_name.clone() },
        tag: reminder_tag(&t, one.state()),
        since: match one.state() {
            ReminderState::Opened => {
                t.two(key::REMINDER_OPENED_BY, t.moment(one.opened_at.as_ref()), &one.opened_by)
            }
            ReminderState::Delivered => t.moment(one.delivered_at.as_ref()),
            ReminderState::Sent | ReminderState::Unspecified => String::new(),
        },
        number: one.order_number,
        supplier: one.supplier_name,
        message: one.message,
    });
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => shown(&wish.state, token),
    };
    if member.visitor.saving {
        let table = Table::new(&t, &HEADINGS, rows.map(cells).collect(), next);
        return Ok(saved::tables(t.say(key::REMINDERS), vec![table]));
    }
    Ok(page::show(&RemindersPage {
        page: Page::member(&member, Tab::Purchases).titled(t.say(key::REMINDERS)),
        filters: filters.collect(),
        rows: rows.collect(),
        files: saved::ways(&t, &shown(&wish.state, "")),
        first: if wish.page.is_empty() { String::new() } else { shown(&wish.state, "") },
        next,
        t,
    }))
}

/// The headings of [`cells`].
const HEADINGS: [Key<0>; 6] =
    [key::ORDER, key::SUPPLIER, key::REMINDER_SENT, key::ACT_BY, key::REMINDER_TEXT, key::STATE];

/// A reminder as it is saved.
fn cells(row: Row) -> Vec<String> {
    let state = [row.tag.label, row.since].into_iter().filter(|part| !part.is_empty());
    let state = state.collect::<Vec<_>>().join(" · ");
    vec![row.number, row.supplier, row.sent, row.by, row.message, state]
}
