//! The buyer cancels an order or lines of it, or closes lines at what was delivered.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::Response,
};
use proto::{
    access::Permission,
    orders::{CancelOrderRequest, CancelReason, CloseShortRequest, LineCancellation, LineClosing},
};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::{self, Loaded, Row, Standing},
    page::{self, Page, Tab},
    pages::{changes::cancel_reason, respond, sign_in},
    session::Member,
    timeline::{self, Moment},
    typed,
};

/// The two ways in which a buyer ends quantities.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// What is open is not wanted any more.
    Cancel,
    /// Nothing more is expected beyond what was delivered.
    Close,
}

impl Ending {
    fn path(self) -> &'static str {
        if self == Ending::Cancel { "cancel" } else { "close" }
    }

    fn pick<T>(self, cancel: T, close: T) -> T {
        if self == Ending::Cancel { cancel } else { close }
    }

    /// How much of a schedule line this may be about.
    fn most(self, row: &Row) -> Decimal {
        let quantities = row.state.quantities.clone().unwrap_or_default();
        let part = |wire: Option<&proto::Decimal>| format::decimal_or_zero(wire);
        let accepted = part(quantities.accepted.as_ref());
        match self {
            _ if row.state.closed => Decimal::ZERO,
            Ending::Close => accepted,
            Ending::Cancel => {
                accepted + part(quantities.unanswered.as_ref()) + part(quantities.proposed.as_ref())
            }
        }
    }
}

/// A schedule line of the form.
struct Line {
    at: usize,
    id: String,
    number: String,
    item: String,
    unit: String,
    standing: Vec<Standing>,
    chosen: bool,
    quantity: String,
    fault: String,
}

/// An entry of the error summary.
pub struct Summary {
    pub href: String,
    pub text: String,
}

#[derive(Template)]
#[template(path = "ending.html")]
struct EndingPage {
    page: Page,
    t: Text,
    back: String,
    number: String,
    action: String,
    token: String,
    version: i64,
    cancels: bool,
    title: String,
    lead: String,
    /// What it does to what was agreed.
    effects: Vec<String>,
    /// The whole order rather than single lines.
    whole: bool,
    lines: Vec<Line>,
    quantity_label: String,
    reasons: Vec<(i32, String)>,
    reason: i32,
    note: String,
    faults: Vec<Summary>,
    /// What happened while the form was open.
    happened: Vec<Moment>,
    /// Whether further lines do not fit on the page.
    more: bool,
    submit: String,
}

impl EndingPage {
    fn fault(&self, href: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.href == href).map(|fault| fault.text.as_str())
    }
}

/// The line to begin with.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    line: String,
}

/// The form to cancel.
pub async fn cancel_form(
    member: Member,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    show(&member, Ending::Cancel, &id, &wish.line).await
}

/// The form to close short.
pub async fn close_form(
    member: Member,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    show(&member, Ending::Close, &id, &wish.line).await
}

async fn show(member: &Member, ending: Ending, id: &str, line: &str) -> Result<Response, Failure> {
    let loaded = open(member, id).await?;
    let first = Fields::begun([("scope", if line.is_empty() { "whole" } else { "lines" }), ("first", line)]);
    Ok(page::show(&form(member, ending, loaded, &first)))
}

/// An order that the member's firm published, with the first page of its lines.
///
/// # Errors
/// As [`open_at`].
pub async fn open(member: &Member, id: &str) -> Result<Loaded, Failure> {
    open_at(member, id, "").await
}

/// An order that the member's firm published, with a page of its lines.
///
/// # Errors
/// 404 where the member's firm is not its buyer, 403 where the roles do not allow changes.
pub async fn open_at(member: &Member, id: &str, from: &str) -> Result<Loaded, Failure> {
    let loaded = order::load(member, id, from).await?;
    if loaded.order.buyer_id != member.who.firm_id {
        return Err(Failure::not_found());
    }
    if !member.may(Permission::OrdersPublish) {
        return Err(Failure::denied());
    }
    Ok(loaded)
}

fn form(member: &Member, ending: Ending, loaded: Loaded, typed: &Fields) -> EndingPage {
    let t = member.text().clone();
    let app = member.app();
    let order = loaded.order;
    let seen = typed.get("version").parse().unwrap_or(order.version);
    let happened = timeline::since(&t, &order, seen);
    let number = order.content.map(|content| content.order_number).unwrap_or_default();
    let rows = loaded.rows.iter().filter(|row| !ending.most(row).is_zero());
    let lines = rows.enumerate().map(|(at, row)| line(&t, ending, at, row, typed)).collect();
    let action = format!("/orders/{}/{}", order.id, ending.path());
    let say = |key: Key<0>| t.say(key);
    let effects = match ending {
        Ending::Cancel => [key::CANCEL_EFFECT_TAKEN, key::CANCEL_EFFECT_PROPOSED, key::EFFECT_FROZEN],
        Ending::Close => [key::CLOSE_EFFECT_STAYS, key::CLOSE_EFFECT_REST, key::CLOSE_EFFECT_FINAL],
    };
    let reasons = (1..=7).filter_map(|number| CancelReason::try_from(number).ok());
    EndingPage {
        page: Page::member(member, Tab::Purchases)
            .titled(t.one(ending.pick(key::CANCEL_TITLE, key::CLOSE_TITLE), &number))
            .with_form("ending", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &purpose(ending, &order.id)),
        title: t.one(ending.pick(key::CANCEL_TITLE, key::CLOSE_TITLE), &number),
        lead: t.one(ending.pick(key::CANCEL_BODY, key::CLOSE_BODY), &order.supplier_name),
        effects: effects.into_iter().map(say).collect(),
        cancels: ending == Ending::Cancel,
        whole: ending == Ending::Cancel && typed.get("scope") != "lines",
        quantity_label: t.say(ending.pick(key::CANCEL_QUANTITY, key::CLOSE_QUANTITY)),
        reasons: ending.pick(reasons.map(|one| (one as i32, say(cancel_reason(one)))).collect(), Vec::new()),
        reason: typed.get("reason").parse().unwrap_or_default(),
        note: typed.get("note").to_string(),
        faults: Vec::new(),
        more: !loaded.next.is_empty(),
        submit: t.say(ending.pick(key::CANCEL_DO, key::CLOSE_DO)),
        back: format!("/orders/{}", order.id),
        version: order.version,
        happened,
        number,
        action,
        lines,
        t,
    }
}

fn line(t: &Text, ending: Ending, at: usize, row: &Row, typed: &Fields) -> Line {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let id = row.state.schedule_line_id.clone();
    let before = (0..order::PAGE * 10).take_while(|at| !typed.get(&format!("line-{at}")).is_empty());
    let before = before.into_iter().find(|at| typed.get(&format!("line-{at}")) == id);
    let field = |name: &str| before.map(|before| typed.get(&format!("{name}-{before}")).to_string());
    Line {
        at,
        number: row.number(t),
        item: row.item_name().to_string(),
        standing: order::standing(t, row, &unit),
        chosen: match field("pick") {
            Some(pick) => !pick.is_empty(),
            None => typed.get("first") == id,
        },
        quantity: field("q").unwrap_or_else(|| ending.most(row).normalize().to_string()),
        fault: String::new(),
        unit,
        id,
    }
}

fn purpose(ending: Ending, id: &str) -> String {
    format!("{} {id}", ending.path())
}

/// Cancels.
pub async fn cancel(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    send(member, Ending::Cancel, id, fields).await
}

/// Closes short.
pub async fn close(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    send(member, Ending::Close, id, fields).await
}

async fn send(member: Member, ending: Ending, id: String, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(ending, &id), fields.get("token"))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let mut response = page::show(&form(&member, ending, open(&member, &id).await?, &fields));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let (picked, faults) = picked(member.text(), ending, &fields);
    if !faults.is_empty() {
        return again(&member, ending, &id, &fields, faults).await;
    }
    let (order_id, note) = (id.clone(), fields.get("note").to_string());
    let version = fields.get("version").parse().map_err(|_| Failure::form_expired())?;
    let mut client = app.api.changes();
    let sent = match ending {
        Ending::Cancel => {
            let cancellation = |pick: &Pick| LineCancellation {
                schedule_line_id: pick.id.clone(),
                quantity: Some(chassis::value::wire_decimal(pick.quantity)),
                ..Default::default()
            };
            let lines = picked.iter().map(cancellation).collect();
            let reason = fields.get("reason").parse().unwrap_or_default();
            let request = CancelOrderRequest { request_id, order_id, version, lines, reason, note };
            client.cancel_order(member.call(request)).await
        }
        Ending::Close => {
            let closing = |pick: &Pick| LineClosing {
                schedule_line_id: pick.id.clone(),
                delivered_quantity: Some(chassis::value::wire_decimal(pick.quantity)),
                ..Default::default()
            };
            let lines = picked.iter().map(closing).collect();
            let request = CloseShortRequest { request_id, order_id, version, lines, note };
            client.close_short(member.call(request)).await
        }
    };
    match sent.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, ending.pick("cancelled", "closed"))),
        Err(failure) if failure.is("VERSION_OUTDATED") => {
            again(&member, ending, &id, &fields, Vec::new()).await
        }
        Err(failure) if failure.is("NOTHING_OPEN") => Ok(respond::changed(&member, &id)),
        Err(failure) => {
            let faults = refused(member.text(), &failure, &picked);
            if faults.is_empty() { Err(failure) } else { again(&member, ending, &id, &fields, faults).await }
        }
    }
}

/// A line that was ticked.
struct Pick {
    at: usize,
    id: String,
    quantity: Decimal,
}

/// The lines that were ticked, none for the whole order; or what is wrong with the form.
fn picked(t: &Text, ending: Ending, fields: &Fields) -> (Vec<Pick>, Vec<Summary>) {
    let (mut picked, mut faults) = (Vec::new(), Vec::new());
    let mut wrong = |href: String, key: Key<0>| faults.push(Summary { href, text: t.say(key) });
    if ending == Ending::Close || fields.get("scope") == "lines" {
        for at in 0.. {
            let id = fields.get(&format!("line-{at}"));
            if id.is_empty() {
                break;
            }
            if fields.get(&format!("pick-{at}")).is_empty() {
                continue;
            }
            match typed::quantity(fields.get(&format!("q-{at}"))) {
                Some(quantity) if ending == Ending::Close || !quantity.is_zero() => {
                    picked.push(Pick { at, id: id.to_string(), quantity });
                }
                _ => wrong(format!("#q-{at}"), key::FAULT_ENDING_QUANTITY),
            }
        }
    }
    let needs_lines = ending == Ending::Close || fields.get("scope") == "lines";
    let reason = fields.get("reason").parse::<i32>().ok().and_then(|n| CancelReason::try_from(n).ok());
    let reason = reason.filter(|reason| *reason != CancelReason::Unspecified);
    if ending == Ending::Cancel && reason.is_none() {
        wrong("#reason-1".into(), key::FAULT_REASON);
    }
    if ending == Ending::Cancel && reason == Some(CancelReason::Other) && fields.get("note").is_empty() {
        wrong("#note".into(), key::FAULT_NOTE);
    }
    if needs_lines && picked.is_empty() && faults.iter().all(|fault| !fault.href.starts_with("#q")) {
        faults.insert(0, Summary { href: "#pick-0".into(), text: t.say(key::FAULT_NO_LINE) });
    }
    (picked, faults)
}

/// What the API says of single lines.
fn refused(t: &Text, failure: &Failure, picked: &[Pick]) -> Vec<Summary> {
    let place = |path: &str| {
        let inside = path.strip_prefix("lines[")?.split_once(']')?.0;
        picked.get(inside.parse::<usize>().ok()?)
    };
    let named = failure.fields.iter().filter_map(|(path, _)| place(path));
    named
        .map(|pick| Summary { href: format!("#q-{}", pick.at), text: t.say(key::FAULT_ENDING_TOO_MUCH) })
        .collect()
}

/// The form once more: with faults, or with what happened meanwhile.
async fn again(
    member: &Member,
    ending: Ending,
    id: &str,
    fields: &Fields,
    faults: Vec<Summary>,
) -> Result<Response, Failure> {
    let loaded = open(member, id).await?;
    let mut shown = form(member, ending, loaded, fields);
    for line in &mut shown.lines {
        let href = format!("#q-{}", line.at);
        line.fault =
            faults.iter().find(|fault| fault.href == href).map_or_else(String::new, |f| f.text.clone());
    }
    shown.faults = faults;
    let status = match shown.happened.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::CONFLICT,
    };
    Ok(page::show_as(status, &shown))
}
