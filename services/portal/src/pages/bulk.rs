//! 批量答复: many orders at once. First what they are, then one answer for all, then what became of each; what was
//! refused stays selected and undoes no other.

use std::collections::HashMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proto::orders::{
    BulkRespondRequest, BulkRespondResult, LineResponse, ListOrdersRequest, ListScheduleLinesRequest,
    OrderSort, OrderState, OrderSummary, Reject, RejectReason, RespondToOrderRequest, ResponseRefusal, Side,
    bulk_respond_result, line_response::Answer,
};

use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Lang, Text, key},
    order::{self, Tag},
    page::{self, Page, Tab},
    pages::list,
    session::Member,
};

/// The API takes no more at once.
const MOST: usize = 200;
/// Orders of a page that is read to find the selected ones.
const READ: i32 = 1_000;
/// Pages that are read at most.
const PAGES: usize = 10;
/// Orders whose lines are read at one time.
const AT_ONCE: usize = 8;
const PURPOSE: &str = "bulk answer";

/// An order that was selected, as the form posts it: id and the revision that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Picked {
    id: String,
    revision: i32,
}

impl Picked {
    fn parse(text: &str) -> Option<Self> {
        let (id, revision) = text.split_once('.')?;
        Some(Self { id: id.to_string(), revision: revision.parse().ok()? })
    }

    fn all(fields: &Fields) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for picked in fields.all("order").filter_map(Self::parse).take(MOST) {
            if all.iter().all(|known| known.id != picked.id) {
                all.push(picked);
            }
        }
        all
    }
}

/// An order of the list before it is answered.
struct Asked {
    id: String,
    /// As the form posts it.
    pick: String,
    number: String,
    partner: String,
    item: String,
    requested: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    page: Page,
    t: Text,
    title: String,
    token: String,
    asked: Vec<Asked>,
    /// How many of the selected wait for no answer any more; empty for none.
    gone: String,
    reasons: Vec<(i32, String)>,
    refuses: bool,
    reason: i32,
    note: String,
    reason_fault: String,
    note_fault: String,
}

/// What was selected, to be looked at before it is answered. Changes nothing.
pub async fn review(member: Member, fields: Fields) -> Result<Response, Failure> {
    let picked = Picked::all(&fields);
    if picked.is_empty() {
        return Ok(page::go("/inbox"));
    }
    Ok(page::show(&form(&member, &picked, &Fields::default()).await?))
}

async fn form(member: &Member, picked: &[Picked], typed: &Fields) -> Result<BulkPage, Failure> {
    let t = member.text().clone();
    let app = member.app();
    let mut waiting = waiting(member, picked).await?;
    let found = picked.iter().filter_map(|one| waiting.remove(&one.id));
    let asked: Vec<Asked> = found.map(|order| asked(&t, order)).collect();
    let title = t.one(key::BULK_TITLE, asked.len());
    Ok(BulkPage {
        page: Page::member(member, Tab::Inbox).titled(title.clone()),
        token: app.tokens.make(app, Some(&member.token), PURPOSE),
        gone: match picked.len() - asked.len() {
            0 => String::new(),
            gone => t.one(key::BULK_GONE, gone),
        },
        reasons: order::reasons(&t),
        refuses: typed.get("answer") == "refuse",
        reason: typed.get("reason").parse().unwrap_or_default(),
        note: typed.get("note").to_string(),
        reason_fault: String::new(),
        note_fault: String::new(),
        title,
        asked,
        t,
    })
}

fn asked(t: &Text, order: OrderSummary) -> Asked {
    Asked {
        pick: format!("{}.{}", order.id, order.revision),
        requested: t.wire_day(order.requested_delivery_date.as_ref()),
        amount: match format::decimal(order.net_amount.as_ref()) {
            Some(_) => t.money(order.net_amount.as_ref(), &order.currency),
            None => String::new(),
        },
        id: order.id,
        number: order.order_number,
        partner: order.buyer_name,
        item: order.first_item_name,
    }
}

/// Those of the selected orders that wait for an answer, as they are now.
async fn waiting(member: &Member, picked: &[Picked]) -> Result<HashMap<String, OrderSummary>, Failure> {
    let mut found = HashMap::new();
    let mut request = ListOrdersRequest {
        page_size: READ,
        side: Side::Supplier as i32,
        states: vec![OrderState::Unanswered as i32],
        order_by: OrderSort::AnswerDue as i32,
        ..Default::default()
    };
    for _ in 0..PAGES {
        let page = list::read(member, request.clone()).await?;
        let wanted = page.orders.into_iter().filter(|order| picked.iter().any(|one| one.id == order.id));
        found.extend(wanted.map(|order| (order.id.clone(), order)));
        if found.len() == picked.len() || page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(found)
}

/// What became of one order.
struct Became {
    href: String,
    /// As the form posts it where it stays selected; empty where it was answered.
    pick: String,
    number: String,
    partner: String,
    tag: Tag,
    why: String,
}

#[derive(Template)]
#[template(path = "bulk_done.html")]
struct DonePage {
    page: Page,
    t: Text,
    title: String,
    body: String,
    failed: bool,
    became: Vec<Became>,
}

/// Answers them all, and says what became of each.
pub async fn send(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let nonce = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let picked = Picked::all(&fields);
    if picked.is_empty() {
        return Ok(page::go("/inbox"));
    }
    let reason = match reason(&fields) {
        Ok(reason) => reason,
        Err(fault) => {
            let mut shown = form(&member, &picked, &fields).await?;
            match fault {
                Fault::Reason => shown.reason_fault = shown.t.say(key::FAULT_REASON),
                Fault::Note => shown.note_fault = shown.t.say(key::FAULT_NOTE),
            }
            return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
        }
    };
    let note = fields.get("note");
    let answer = |one: &Picked| answer(&member, one.clone(), reason, note, format!("{nonce}-{}", one.id));
    let calls: Vec<_> = picked.iter().map(answer).collect();
    let responses: Vec<RespondToOrderRequest> = stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
    let request = member.call_patiently(BulkRespondRequest { responses });
    let results = app.api.responses().bulk_respond(request).await?.into_inner().results;
    Ok(page::show(&done(&member, &fields, &picked, results)))
}

/// What has to be mended of a refusal.
enum Fault {
    Reason,
    Note,
}

/// Why nothing can be supplied; `None` where everything is accepted.
fn reason(fields: &Fields) -> Result<Option<RejectReason>, Fault> {
    if fields.get("answer") != "refuse" {
        return Ok(None);
    }
    match fields.get("reason").parse::<i32>().map(RejectReason::try_from) {
        Ok(Ok(RejectReason::Other)) if fields.get("note").is_empty() => Err(Fault::Note),
        Ok(Ok(reason)) if reason != RejectReason::Unspecified => Ok(Some(reason)),
        _ => Err(Fault::Reason),
    }
}

/// One order's answer: all of it as asked, or nothing of it and why.
async fn answer(
    member: &Member,
    picked: Picked,
    reason: Option<RejectReason>,
    note: &str,
    request_id: String,
) -> Result<RespondToOrderRequest, Failure> {
    let lines = match reason {
        None => Vec::new(),
        Some(reason) => {
            let reject = |id: String| LineResponse {
                schedule_line_id: id,
                answer: Some(Answer::Reject(Reject {
                    quantity: None,
                    reason: reason as i32,
                    note: note.to_string(),
                })),
                ..LineResponse::default()
            };
            unanswered(member, &picked.id).await?.into_iter().map(reject).collect()
        }
    };
    Ok(RespondToOrderRequest {
        request_id,
        order_id: picked.id,
        revision: picked.revision,
        accept_all: reason.is_none(),
        lines,
        note: if reason.is_none() { note.to_string() } else { String::new() },
        ..Default::default()
    })
}

/// The schedule lines of an order that wait for an answer.
async fn unanswered(member: &Member, order: &str) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    let mut request = ListScheduleLinesRequest {
        page_size: READ,
        side: Side::Supplier as i32,
        order_id: order.to_string(),
        ..Default::default()
    };
    for _ in 0..PAGES {
        let call = member.call(request.clone());
        let page = member.app().api.orders().list_schedule_lines(call).await?.into_inner();
        let waits = |quantities: &proto::orders::Quantities| {
            !format::decimal_or_zero(quantities.unanswered.as_ref()).is_zero()
        };
        let rows = page.rows.into_iter().filter(|row| row.quantities.as_ref().is_some_and(waits));
        ids.extend(rows.map(|row| row.schedule_line_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(ids)
}

fn done(member: &Member, fields: &Fields, picked: &[Picked], results: Vec<BulkRespondResult>) -> DonePage {
    let t = member.text().clone();
    let became: Vec<Became> =
        picked.iter().zip(results).map(|(one, result)| became(&t, fields, one, result)).collect();
    let failed = became.iter().filter(|one| !one.pick.is_empty()).count();
    let title = t.one(key::BULK_DONE, became.len() - failed);
    DonePage {
        page: Page::member(member, Tab::Inbox).titled(title.clone()),
        body: match failed {
            0 => t.say(key::BULK_DONE_BODY),
            failed => t.one(key::BULK_FAILED, failed),
        },
        failed: failed > 0,
        title,
        became,
        t,
    }
}

fn became(t: &Text, fields: &Fields, picked: &Picked, result: BulkRespondResult) -> Became {
    use bulk_respond_result::Result as One;
    let (pick, tag, why) = match result.result {
        Some(One::Receipt(receipt)) => (String::new(), order::tag(t, receipt.state, true), String::new()),
        Some(One::Refusal(refusal)) => (
            format!("{}.{}", picked.id, picked.revision),
            Tag { shape: "rejected", label: t.say(key::BULK_REFUSED) },
            why(t, refusal),
        ),
        None => (
            format!("{}.{}", picked.id, picked.revision),
            Tag { shape: "rejected", label: t.say(key::BULK_REFUSED) },
            t.say(key::FAILURE_OTHER_BODY),
        ),
    };
    Became {
        href: format!("/orders/{}", picked.id),
        number: fields.get(&format!("number-{}", picked.id)).to_string(),
        partner: fields.get(&format!("partner-{}", picked.id)).to_string(),
        pick,
        tag,
        why,
    }
}

fn why(t: &Text, refusal: ResponseRefusal) -> String {
    let known = match refusal.reason.as_str() {
        "REVISION_OUTDATED" => Some(key::BULK_OUTDATED),
        "NOTHING_UNANSWERED" => Some(key::BULK_ANSWERED),
        // Nothing is ticked for all of them at once.
        "HOURS_OFFERED" => Some(key::BULK_OFFERED),
        _ => None,
    };
    match (known, t.lang) {
        (Some(known), _) => t.say(known),
        (None, Lang::Zh) => refusal.message_zh,
        (None, Lang::En) => refusal.message,
    }
}
