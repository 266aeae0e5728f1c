//! What the three ways of answering an order share.

use axum::response::Response;
use proto::{
    access::Permission,
    orders::{OrderReceipt, OrderState, RespondToOrderRequest},
};
use serde::Deserialize;

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    measure::Measure,
    order::{self, Loaded},
    page::{self, link},
    session::Member,
    week,
};

/// Which page of a long order's lines; empty for the first.
#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    pub from: String,
    /// Whether the form begins with what capacity can promise; empty for what was asked.
    #[serde(default)]
    pub split: String,
}

/// What the form token of an answer is for.
pub fn purpose(id: &str) -> String {
    format!("answer {id}")
}

/// The order to answer. `None` where nothing waits for an answer.
///
/// # Errors
/// 404 where the member's firm is not its supplier, 403 where the roles do not allow answers.
pub async fn open(member: &Member, id: &str, from: &str) -> Result<Option<Loaded>, Failure> {
    let loaded = order::load(member, id, from).await?;
    if loaded.order.supplier_id != member.who.firm_id {
        return Err(Failure::not_found());
    }
    if !member.may(Permission::OrdersRespond) {
        return Err(Failure::denied());
    }
    Ok((loaded.order.state() == OrderState::Unanswered).then_some(loaded))
}

/// Sends the answer.
pub async fn send(member: &Member, request: RespondToOrderRequest) -> Result<OrderReceipt, Failure> {
    Ok(member.app().api.orders().respond_to_order(member.call(request)).await?.into_inner())
}

/// Whether the order is not what the form showed.
pub fn outdated(failure: &Failure) -> bool {
    ["REVISION_OUTDATED", "NOTHING_UNANSWERED"].iter().any(|reason| failure.is(reason))
}

/// What is said of an answer that would promise hours which are offered to others; `None`: it was refused for something else.
pub fn offered(t: &Text, failure: &Failure) -> Option<String> {
    if !failure.is("HOURS_OFFERED") {
        return None;
    }
    let fact = |name: &str| failure.facts.get(name).map(String::as_str).unwrap_or_default();
    let short = fact("short").parse().unwrap_or_default();
    let short = Measure::of(fact("unit_code")).said(t, short);
    let week = fact("iso_week");
    let week = week::named(week).map_or_else(|| week.to_string(), |monday| t.whole_week(monday));
    let week = t.two(key::SHORT_WHERE, fact("group_name"), week);
    Some(t.three(key::OFFERED_SHORT, fact("line_number"), short, week))
}

/// Whether the member ticked that such hours are promised all the same.
pub fn despite_offers(fields: &Fields) -> bool {
    !fields.get("despite").is_empty()
}

/// On to the order, which says that the answer has arrived.
pub fn answered(member: &Member, id: &str) -> Response {
    done(member, id, "answered")
}

/// On to the order, which says that it is not what it was.
pub fn changed(member: &Member, id: &str) -> Response {
    done(member, id, "changed")
}

/// On to the order, which says what was done.
pub fn done(member: &Member, id: &str, what: &str) -> Response {
    page::go(&link(&member.order_path(id), &[("done", what)]))
}
