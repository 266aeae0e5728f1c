//! 送货单: the paper that goes along with goods, made of what is accepted of an order.
//!
//! **Invariants:** nothing is recorded, so that the form is got, not posted, and its address is the paper; no price stands
//! on it, since a driver carries it.

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
use serde::Deserialize;

use self::goods::Goods;
use crate::{
    App,
    ask::{Kind, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::{self, Loaded, Row},
    page::{self, Page, Tab, link},
    pages::{document::Holder, ending::Summary, sign_in},
    session::Member,
    typed::iso,
};

/// Where it is filled in and looked at, by the supplier and by who holds a document link.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/orders/{id}/despatch-note", get(show).post(speak))
        .route("/d/{token}/despatch-note", get(show_held).post(speak_held))
}

/// The form token of what is posted: a language alone. It stands in the address, since the form itself is got.
#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    token: String,
}

/// Whether something of these lines may go along.
pub fn ships(rows: &[Row]) -> bool {
    !goods::of(rows).is_empty()
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
    revision: i32,
    /// The page of lines; empty for the first.
    from: String,
    held: bool,
    /// Whether the order was revised since the form was filled in.
    changed: bool,
    questions: Vec<Question>,
    lines: Vec<Line>,
    faults: Vec<Summary>,
    /// Where further lines are; empty where there are none.
    next: String,
}

/// The form, or the paper that it asks for.
async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(typed): Query<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    answer(&member, &id, &Fields::posted(typed)).await
}

/// The same for who holds a document link.
async fn show_held(holder: Holder, Query(typed): Query<Vec<(String, String)>>) -> Result<Response, Failure> {
    answer(&holder.member, &holder.order_id, &Fields::posted(typed)).await
}

/// The form in the other language, as far as it is filled in.
async fn speak(
    member: Member,
    Path(id): Path<String>,
    Query(signed): Query<Signed>,
    fields: Fields,
) -> Result<Response, Failure> {
    in_language(member, &id, &signed, &fields).await
}

/// The same for who holds a document link.
async fn speak_held(
    holder: Holder,
    Query(signed): Query<Signed>,
    fields: Fields,
) -> Result<Response, Failure> {
    in_language(holder.member, &holder.order_id, &signed, &fields).await
}

async fn answer(member: &Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    let loaded = open(member, id, fields).await?;
    let goods = goods::of(&loaded.rows);
    if fields.get("make").is_empty() || goods.is_empty() {
        return Ok(page::show(&form(member, &loaded, fields, Vec::new())));
    }
    if !current(&loaded, fields) {
        return Ok(page::show_as(StatusCode::CONFLICT, &form(member, &loaded, fields, Vec::new())));
    }
    match goods::check(member.text(), goods, fields) {
        Ok(parcels) => Ok(page::show(&note::page(member, &loaded, &parcels, fields))),
        Err(faults) => {
            let shown = form(member, &loaded, fields, faults);
            Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn in_language(
    member: Member,
    id: &str,
    signed: &Signed,
    fields: &Fields,
) -> Result<Response, Failure> {
    member.app().tokens.check(Some(&member.token), &purpose(id), &signed.token)?;
    let lang = sign_in::wanted_language(fields).ok_or_else(Failure::not_found)?;
    let (member, cookie) = sign_in::in_language(member, lang).await;
    let loaded = open(&member, id, fields).await?;
    let mut response = page::show(&form(&member, &loaded, fields, Vec::new()));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn purpose(id: &str) -> String {
    format!("despatch note {id}")
}

/// The order of which it is made, with a page of its lines.
///
/// # Errors
/// 404 where the member's firm is not its supplier.
async fn open(member: &Member, id: &str, fields: &Fields) -> Result<Loaded, Failure> {
    let loaded = order::load(member, id, fields.get("from")).await?;
    if loaded.order.supplier_id != member.who.firm_id {
        return Err(Failure::not_found());
    }
    Ok(loaded)
}

/// Whether the order is the one that the form was filled in for.
fn current(loaded: &Loaded, fields: &Fields) -> bool {
    fields.get("revision") == loaded.order.revision.to_string()
}

fn path(member: &Member, loaded: &Loaded) -> String {
    format!("{}/despatch-note", member.order_path(&loaded.order.id))
}

fn form(member: &Member, loaded: &Loaded, fields: &Fields, faults: Vec<Summary>) -> DespatchPage {
    let t = member.text().clone();
    let app = member.app();
    let order = &loaded.order;
    let number = order.content.as_ref().map(|content| content.order_number.clone()).unwrap_or_default();
    let action = path(member, loaded);
    let typed = (!fields.get("revision").is_empty()).then_some(fields);
    // The lines of another revision may be others.
    let typed_lines = typed.filter(|fields| current(loaded, fields));
    let goods = goods::of(&loaded.rows);
    let page = Page::member(member, Tab::Inbox).titled(t.say(key::DESPATCH_PRINT));
    DespatchPage {
        page: match goods.is_empty() {
            true => page,
            false => {
                let token = app.tokens.make(app, Some(&member.token), &purpose(&order.id));
                page.with_form("despatch", link(&action, &[("token", &token)]))
            }
        },
        back: member.order_path(&order.id),
        revision: order.revision,
        from: fields.get("from").to_string(),
        held: order.held,
        changed: typed.is_some() && typed_lines.is_none(),
        questions: questions(&t, &number, format::today(app.clock.now()), typed, &faults),
        lines: goods.iter().map(|goods| line(&t, goods, typed_lines, &faults)).collect(),
        next: match loaded.next.as_str() {
            "" => String::new(),
            token => link(&action, &[("from", token)]),
        },
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
    today: time::Date,
    typed: Option<&Fields>,
    faults: &[Summary],
) -> Vec<Question> {
    let day = iso(Some(today));
    let text = |name, label: Key<0>| Question::new(name, Kind::Text, t.say(label));
    let mut all = vec![
        text("number", key::DESPATCH_NUMBER).with(format!("{number}-{}", day.replace('-', ""))),
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
        accepted: t.one(key::STANDING_ACCEPTED, t.quantity(goods.accepted, &unit)),
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
