//! 送货单: the paper that goes along with goods, made of what is accepted of an order.
//!
//! **Invariants:** nothing is recorded: what is posted becomes a page, and changes nothing but the language; no price
//! stands on it, since a driver carries it.

mod goods;
mod note;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use time::OffsetDateTime;

use self::goods::Goods;
use crate::{
    App,
    ask::{Kind, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::{self, Loaded},
    page::{self, Page, Tab, link},
    pages::{document::Holder, ending::Summary, respond::Place, sign_in},
    session::Member,
    typed::iso,
};

/// Where it is filled in and looked at, by the supplier and by who holds a document link.
///
/// The paper is posted although that changes nothing: no address holds a long note, and proxies refuse to try.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/orders/{id}/despatch-note", get(show).post(send))
        .route("/d/{token}/despatch-note", get(show_held).post(send_held))
}

/// Where a note is made of a page of an order's lines; empty where nothing of the order may go along, or not for the
/// member to send. What stands on further pages of lines is not known, so that these may.
pub fn address(member: &Member, loaded: &Loaded, from: &str) -> String {
    let supplies = loaded.order.supplier_id == member.who.firm_id;
    match supplies && (!loaded.next.is_empty() || !goods::of(&loaded.rows).is_empty()) {
        true => link(&path(member, loaded), &[("from", from)]),
        false => String::new(),
    }
}

/// How much of the form is filled in already.
#[derive(Clone, Copy)]
enum Typed<'a> {
    Nothing,
    /// What is said of the delivery as a whole; the lines are others.
    Head(&'a Fields),
    Everything(&'a Fields),
}

/// One of [`Goods`] in the form.
struct Line {
    at: String,
    title: String,
    accepted: String,
    quantity_label: String,
    quantity: String,
    lot: String,
    fault: String,
}

#[derive(Template)]
#[template(path = "despatch.html")]
struct DespatchPage {
    page: Page,
    t: Text,
    /// The order's page.
    back: String,
    number: String,
    action: String,
    token: String,
    /// Which the order has now: its lines are those of the form as long as it has no other.
    version: i64,
    /// The page of lines; empty for the first.
    from: String,
    held: bool,
    /// Whether something happened to the order since the form was filled in.
    changed: bool,
    questions: Vec<Question>,
    lines: Vec<Line>,
    faults: Vec<Summary>,
    /// The page of lines that comes after; empty where there is none.
    next: String,
}

/// The form, filled with what is accepted.
async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    begin(&member, &id, &place.from).await
}

/// The same for who holds a document link.
async fn show_held(holder: Holder, Query(place): Query<Place>) -> Result<Response, Failure> {
    begin(&holder.member, &holder.order_id, &place.from).await
}

/// The paper, or the form that has to be mended or goes on.
async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    answer(member, &id, &fields).await
}

/// The same for who holds a document link.
async fn send_held(holder: Holder, fields: Fields) -> Result<Response, Failure> {
    answer(holder.member, &holder.order_id, &fields).await
}

async fn begin(member: &Member, id: &str, from: &str) -> Result<Response, Failure> {
    let loaded = open(member, id, from).await?;
    Ok(page::show(&form(member, &loaded, from, Typed::Nothing, Vec::new())))
}

async fn answer(member: Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    member.app().tokens.check(Some(&member.token), &purpose(id), fields.get("token"))?;
    let Some(lang) = sign_in::wanted_language(fields) else { return made(&member, id, fields).await };
    let (member, cookie) = sign_in::in_language(member, lang).await;
    let mut response = made(&member, id, fields).await?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// What the button asks for: the paper, the form, or the form of further lines.
async fn made(member: &Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    let next = fields.get("next");
    if !next.is_empty() {
        let loaded = open(member, id, next).await?;
        return Ok(page::show(&form(member, &loaded, next, Typed::Head(fields), Vec::new())));
    }
    let from = fields.get("from");
    let loaded = open(member, id, from).await?;
    let again = |status, faults| {
        Ok(page::show_as(status, &form(member, &loaded, from, Typed::Everything(fields), faults)))
    };
    if !current(&loaded, fields) {
        return again(StatusCode::CONFLICT, Vec::new());
    }
    let goods = goods::of(&loaded.rows);
    let speaks = sign_in::wanted_language(fields).is_some();
    let mends = fields.get("step") == "edit" || (speaks && fields.get("at") != "paper");
    if mends || goods.is_empty() {
        return again(StatusCode::OK, Vec::new());
    }
    match goods::check(member.text(), goods, fields) {
        Ok(parcels) => Ok(page::show(&note::page(member, &loaded, &parcels, fields))),
        Err(faults) => again(StatusCode::UNPROCESSABLE_ENTITY, faults),
    }
}

fn purpose(id: &str) -> String {
    format!("despatch note {id}")
}

/// A token for a form of this part.
fn token(member: &Member, loaded: &Loaded) -> String {
    let app = member.app();
    app.tokens.make(app, Some(&member.token), &purpose(&loaded.order.id))
}

/// The order of which it is made, with a page of its lines.
///
/// # Errors
/// 404 where the member's firm is not its supplier.
async fn open(member: &Member, id: &str, from: &str) -> Result<Loaded, Failure> {
    let loaded = order::load(member, id, from).await?;
    if loaded.order.supplier_id != member.who.firm_id {
        return Err(Failure::not_found());
    }
    Ok(loaded)
}

/// Whether the order is as it was when the form was filled in; a form that does not say is of none.
fn current(loaded: &Loaded, fields: &Fields) -> bool {
    fields.get("version") == loaded.order.version.to_string()
}

fn path(member: &Member, loaded: &Loaded) -> String {
    format!("{}/despatch-note", member.order_path(&loaded.order.id))
}

/// The frame of the form and of the paper. Whoever puts an announcement away comes back to the form.
fn frame(member: &Member, loaded: &Loaded, from: &str, title: String) -> Page {
    Page {
        here: link(&path(member, loaded), &[("from", from)]),
        ..Page::member(member, Tab::Inbox).titled(title)
    }
}

fn form(
    member: &Member,
    loaded: &Loaded,
    from: &str,
    typed: Typed<'_>,
    faults: Vec<Summary>,
) -> DespatchPage {
    let t = member.text().clone();
    let order = &loaded.order;
    let number = order.content.as_ref().map(|content| content.order_number.clone()).unwrap_or_default();
    let action = path(member, loaded);
    let (head, lines, changed) = match typed {
        Typed::Nothing => (None, None, false),
        Typed::Head(fields) => (Some(fields), None, false),
        Typed::Everything(fields) if current(loaded, fields) => (Some(fields), Some(fields), false),
        // The lines may be others by now.
        Typed::Everything(fields) => (Some(fields), None, true),
    };
    let goods = goods::of(&loaded.rows);
    let page = frame(member, loaded, from, t.say(key::DESPATCH_PRINT));
    DespatchPage {
        page: match goods.is_empty() && loaded.next.is_empty() {
            true => page,
            false => page.with_form("despatch", action.clone()),
        },
        back: member.order_path(&order.id),
        token: token(member, loaded),
        version: order.version,
        from: from.to_string(),
        held: order.held,
        questions: questions(&t, &number, member.app().clock.now(), head, &faults),
        lines: goods.iter().map(|goods| line(&t, goods, lines, &faults)).collect(),
        next: loaded.next.clone(),
        changed,
        number,
        action,
        faults,
        t,
    }
}

/// What is said of the delivery as a whole.
fn questions(
    t: &Text,
    number: &str,
    now: OffsetDateTime,
    typed: Option<&Fields>,
    faults: &[Summary],
) -> Vec<Question> {
    let day = iso(Some(format::today(now)));
    // With the time, since several notes may go in a day.
    let numbered = format!("{number}-{}", format::stamp(now));
    let text = |name, label: Key<0>| Question::new(name, Kind::Text, t.say(label));
    let mut all = vec![
        text("number", key::DESPATCH_NUMBER).with(numbered),
        Question::new("date", Kind::Date, t.say(key::DESPATCH_DATE)).with(day),
        text("carrier", key::PARTY_CARRIER).optional(),
        text("plate", key::DESPATCH_PLATE).optional(),
        Question::new("packages", Kind::Number, t.say(key::DESPATCH_PACKAGES)).optional(),
        text("remark", key::NOTES).optional(),
    ];
    for one in &mut all {
        if let Some(fields) = typed {
            one.value = fields.get(one.name).to_string();
        }
        one.fault = fault(faults, one.name);
    }
    all
}

fn line(t: &Text, goods: &Goods<'_>, typed: Option<&Fields>, faults: &[Summary]) -> Line {
    let unit = goods.unit(t);
    let label = t.say(key::DESPATCH_QUANTITY);
    let quantity = goods.field("q");
    Line {
        at: goods.at.clone(),
        title: t.two(key::LINE_OF, order::item_name(goods.item), goods.row.number(t)),
        accepted: goods.said(t),
        quantity_label: if unit.is_empty() { label } else { t.two(key::WITH_NOTE, &unit, label) },
        lot: typed.map_or_else(String::new, |fields| fields.get(&goods.field("lot")).to_string()),
        fault: fault(faults, &quantity),
        quantity: match typed {
            Some(fields) => fields.get(&quantity).to_string(),
            None => goods.accepted.to_string(),
        },
    }
}

/// What is wrong with a field; empty for nothing.
fn fault(faults: &[Summary], field: &str) -> String {
    let found = faults.iter().find(|fault| fault.href.strip_prefix('#') == Some(field));
    found.map_or_else(String::new, |fault| fault.text.clone())
}
