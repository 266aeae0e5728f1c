//! The buyer changes an order: quantities, days and prices of its lines, further deliveries, new lines. What will be
//! different is shown before it is sent.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::Response,
};
use proto::orders::{ChangeOrderRequest, GetTermsRequest, OrderContent, PublishOutcome};

use crate::{
    added::{self, Added, Fault},
    difference::{self, Changed},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::{self, Loaded, Row, Standing},
    page::{self, Page, Tab, link},
    pages::{
        ending,
        respond::{self, Place},
        sign_in,
    },
    revision::{self, Entry, MOST_ADDED, Revision, Typed},
    session::Member,
    timeline::{self, Moment},
    typed::iso,
};

/// A schedule line of the form.
struct Line {
    at: usize,
    entry: Entry,
    number: String,
    item: String,
    unit: String,
    standing: Vec<Standing>,
    /// It is the order line's first schedule line, where its price is typed.
    first: bool,
    /// It is the order line's last, where a further delivery is typed.
    last: bool,
    /// For how many units the price is; empty for one.
    price_per: String,
    /// Where to cancel it.
    cancel: String,
}

#[derive(Template)]
#[template(path = "revise.html")]
struct RevisePage {
    page: Page,
    t: Text,
    back: String,
    number: String,
    action: String,
    token: String,
    version: i64,
    revision: i32,
    currency: String,
    lines: Vec<Line>,
    added: Vec<Added>,
    units: Vec<(String, String)>,
    note: String,
    today: String,
    faults: Vec<(String, String)>,
    happened: Vec<Moment>,
    can_add: bool,
    next: String,
}

impl RevisePage {
    fn fault(&self, name: &str, at: &usize) -> Option<&str> {
        added::fault(&self.faults, name, *at)
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    t: Text,
    back: String,
    number: String,
    action: String,
    token: String,
    version: i64,
    revision: i32,
    supplier: String,
    changes: Vec<Changed>,
    /// What it does to what was agreed.
    effects: Vec<String>,
    /// The typed form, to be sent or to be gone back to.
    hidden: Vec<(String, String)>,
    note: String,
}

/// The form, filled as published.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let loaded = open(&member, &id, &place).await?;
    let begun = revision::begun(&loaded.rows, &content(&loaded));
    Ok(page::show(&form(&member, &loaded, &place, begun, &Fields::default())))
}

async fn open(member: &Member, id: &str, place: &Place) -> Result<Loaded, Failure> {
    ending::open_at(member, id, &place.from).await
}

fn content(loaded: &Loaded) -> OrderContent {
    loaded.order.content.clone().unwrap_or_default()
}

fn form(member: &Member, loaded: &Loaded, place: &Place, typed: Typed, fields: &Fields) -> RevisePage {
    let t = member.text().clone();
    let app = member.app();
    let (order, content) = (&loaded.order, content(loaded));
    let action = link(&format!("/orders/{}/revise", order.id), &[("from", &place.from)]);
    let shown = loaded.rows.iter().enumerate().map(|(at, row)| {
        let next = loaded.rows.get(at + 1);
        let last = next.is_none_or(|next| next.line.line_number != row.line.line_number);
        line(&t, at, row, &order.id, &typed, last)
    });
    let lines: Vec<Line> = shown.collect();
    let seen = fields.get("version").parse().unwrap_or(order.version);
    RevisePage {
        page: Page::member(member, Tab::Purchases)
            .titled(t.one(key::REVISE_TITLE, &content.order_number))
            .with_form("revise", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &purpose(&order.id)),
        back: format!("/orders/{}", order.id),
        version: order.version,
        revision: order.revision,
        units: added::units(&t, &typed.added),
        note: fields.get("note").to_string(),
        today: iso(Some(format::today(app.clock.now()))),
        faults: Vec::new(),
        happened: timeline::since(&t, order, seen),
        can_add: typed.added.len() < MOST_ADDED,
        next: match loaded.next.as_str() {
            "" => String::new(),
            token => link(&format!("/orders/{}/revise", order.id), &[("from", token)]),
        },
        number: content.order_number,
        currency: content.currency,
        added: typed.added,
        action,
        lines,
        t,
    }
}

fn line(t: &Text, at: usize, row: &Row, id: &str, typed: &Typed, last: bool) -> Line {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let part = &row.schedule.schedule_line_number;
    let entry = typed.rows.iter().find(|e| e.line == row.line.line_number && e.part == *part);
    let base = row.line.price.as_ref().and_then(|price| format::decimal(price.base_quantity.as_ref()));
    let base = base.filter(|base| *base != rust_decimal::Decimal::ONE);
    Line {
        at,
        entry: entry.cloned().unwrap_or_else(|| Entry {
            line: row.line.line_number.clone(),
            part: part.clone(),
            ..Entry::default()
        }),
        number: row.number(t),
        item: row.item_name().to_string(),
        standing: order::standing(t, row, &unit),
        first: row.first,
        last,
        price_per: base.map(|base| t.quantity(base.normalize(), &unit)).unwrap_or_default(),
        cancel: link(&format!("/orders/{id}/cancel"), &[("line", &row.state.schedule_line_id)]),
        unit,
    }
}

fn purpose(id: &str) -> String {
    format!("revise {id}")
}

/// One more empty line, with the next number.
fn another(typed: &mut Typed, content: &OrderContent) {
    let own = typed.rows.iter().map(|entry| entry.line.clone());
    let all = own.chain(typed.added.iter().map(|added| added.number.clone()));
    let all: Vec<String> = all.chain(content.lines.iter().map(|line| line.line_number.clone())).collect();
    let site =
        content.lines.iter().flat_map(|line| &line.schedule_lines).map(|part| part.ship_to_site.clone());
    let empty = Added::empty(added::next_number(&all));
    typed.added.push(Added {
        unit: content.lines.first().map_or_else(|| empty.unit.clone(), |line| line.unit_code.clone()),
        site: site.into_iter().find(|site| !site.is_empty()).unwrap_or_default(),
        ..empty
    });
}

/// Reviews the change, goes back to it, or sends it.
pub async fn send(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
    fields: Fields,
) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let mut typed = revision::read(&fields);
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let loaded = open(&member, &id, &place).await?;
        let mut response = match interpret(&member, &loaded, &typed) {
            Ok(revision) if fields.get("at") == "review" => {
                page::show(&review(&member, &loaded, &place, &revision, &fields).await?)
            }
            _ => page::show(&form(&member, &loaded, &place, typed, &fields)),
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let loaded = open(&member, &id, &place).await?;
    match fields.get("step") {
        "edit" => return Ok(page::show(&form(&member, &loaded, &place, typed, &fields))),
        "more" => {
            another(&mut typed, &content(&loaded));
            return Ok(page::show(&form(&member, &loaded, &place, typed, &fields)));
        }
        _ => {}
    }
    let revision = match interpret(&member, &loaded, &typed) {
        Ok(revision) if revision.lines.is_empty() => {
            let nothing = vec![("q-0".to_string(), key::FAULT_NOTHING_CHANGED)];
            return Ok(again(&member, &loaded, &place, typed, &fields, nothing));
        }
        Ok(revision) => revision,
        Err(faults) => {
            let faults = faults.into_iter().map(named).collect();
            return Ok(again(&member, &loaded, &place, typed, &fields, faults));
        }
    };
    if overtaken(&loaded, &fields) {
        return Ok(again(&member, &loaded, &place, typed, &fields, Vec::new()));
    }
    if fields.get("step") != "send" {
        return Ok(page::show(&review(&member, &loaded, &place, &revision, &fields).await?));
    }
    ask(&member, &loaded, &place, request_id, revision, &fields).await
}

/// Whether something happened that the form does not show. What this very form has done, sent twice, is nothing new: the
/// API answers it again, and refuses any other form for an older revision.
fn overtaken(loaded: &Loaded, fields: &Fields) -> bool {
    let order = &loaded.order;
    let seen: i64 = fields.get("version").parse().unwrap_or_default();
    let sends = fields.get("step") == "send";
    let mut later = order.history.iter().filter(|entry| entry.version > seen);
    let ours = later.all(|entry| entry.firm_id == order.buyer_id && entry.action == "change_requested");
    let revised = fields.get("revision") != order.revision.to_string();
    seen != order.version && !(sends && (revised || ours))
}

async fn ask(
    member: &Member,
    loaded: &Loaded,
    place: &Place,
    request_id: String,
    revision: Revision,
    fields: &Fields,
) -> Result<Response, Failure> {
    let id = loaded.order.id.clone();
    let (typed, lines) = (revision::read(fields), revision.lines.clone());
    let mut content = OrderContent { lines: revision.lines, ..content(loaded) };
    // Totals were stated for other lines.
    content.totals = None;
    content.tax_totals = Vec::new();
    let request = ChangeOrderRequest {
        request_id,
        order_id: id.clone(),
        base_revision: fields.get("revision").parse().map_err(|_| Failure::form_expired())?,
        content: Some(content),
        note: fields.get("note").to_string(),
        ..Default::default()
    };
    match member.app().api.changes().change_order(member.call(request)).await.map_err(Failure::from) {
        Ok(receipt) if receipt.get_ref().outcome() == PublishOutcome::Unchanged => {
            Ok(respond::changed(member, &id))
        }
        Ok(_) => Ok(respond::done(member, &id, "revised")),
        Err(failure) if failure.is("REVISION_OUTDATED") || failure.is("VERSION_OUTDATED") => {
            let loaded = open(member, &id, place).await?;
            Ok(again(member, &loaded, place, typed, fields, Vec::new()))
        }
        Err(failure) => {
            let faults: Vec<_> = failure
                .fields
                .iter()
                .filter_map(|(path, _)| {
                    let line =
                        path.strip_prefix("content.lines[")?.split_once(']')?.0.parse::<usize>().ok()?;
                    refused(&typed, &lines.get(line)?.line_number)
                })
                .collect();
            match faults.is_empty() {
                true => Err(failure),
                false => Ok(again(member, loaded, place, typed, fields, faults)),
            }
        }
    }
}

fn interpret(member: &Member, loaded: &Loaded, typed: &Typed) -> Result<Revision, Vec<Fault>> {
    let today = format::today(member.app().clock.now());
    revision::interpret(typed, &loaded.rows, &content(loaded), today)
}

/// A line that the API does not take, by the field that one would look at first.
fn refused(typed: &Typed, number: &str) -> Option<(String, Key<0>)> {
    let row = typed.rows.iter().position(|entry| entry.line == number).map(|at| format!("q-{at}"));
    let added = || typed.added.iter().position(|added| added.number == number).map(|at| format!("aq-{at}"));
    Some((row.or_else(added)?, key::FAULT_REFUSED))
}

fn named(fault: Fault) -> (String, Key<0>) {
    (fault.field, fault.wrong.said())
}

/// The form once more: with faults, or with what happened meanwhile.
fn again(
    member: &Member,
    loaded: &Loaded,
    place: &Place,
    typed: Typed,
    fields: &Fields,
    faults: Vec<(String, Key<0>)>,
) -> Response {
    let mut shown = form(member, loaded, place, typed, fields);
    shown.faults = faults.into_iter().map(|(field, text)| (field, shown.t.say(text))).collect();
    let status = match shown.happened.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::CONFLICT,
    };
    page::show_as(status, &shown)
}

async fn review(
    member: &Member,
    loaded: &Loaded,
    place: &Place,
    revision: &Revision,
    fields: &Fields,
) -> Result<ReviewPage, Failure> {
    let t = member.text().clone();
    let app = member.app();
    let order = &loaded.order;
    let request = GetTermsRequest { supplier_id: order.supplier_id.clone(), ..Default::default() };
    let terms = app.api.terms().get_terms(member.call(request)).await?.into_inner();
    let mut effects =
        vec![t.one(key::REVIEW_RECONFIRM, revision.difference.lines.len()), t.say(key::REVIEW_OTHERS)];
    if terms.frozen_working_days > 0 {
        effects.push(t.one(key::REVIEW_FROZEN, terms.frozen_working_days));
    }
    let mut told =
        OrderContent { lines: loaded.rows.iter().map(|row| row.line.clone()).collect(), ..content(loaded) };
    told.lines.splice(..0, revision.lines.iter().cloned());
    let action = link(&format!("/orders/{}/revise", order.id), &[("from", &place.from)]);
    let title = t.one(key::REVIEW_TITLE, &told.order_number);
    Ok(ReviewPage {
        page: Page::member(member, Tab::Purchases).titled(title).with_form("review", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &purpose(&order.id)),
        back: format!("/orders/{}", order.id),
        version: order.version,
        revision: order.revision,
        supplier: order.supplier_name.clone(),
        changes: difference::view(&t, &revision.difference, &told),
        hidden: fields.kept(&["token", "step", "at", "lang", "version", "revision"]),
        note: fields.get("note").to_string(),
        number: told.order_number,
        effects,
        action,
        t,
    })
}
