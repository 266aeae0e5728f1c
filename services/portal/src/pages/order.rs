//! The order, for both sides: what was asked, what was answered, what waits for whom.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use futures::try_join;
use proto::{
    access::Permission,
    orders::{
        Address, ListOrdersRequest, Order, OrderContent, OrderSort, OrderState, OrderType, Party, PartyRole,
        Side,
    },
};
use serde::Deserialize;

use crate::{
    deadline,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::{self, LineView, Loaded, Row, Tag},
    page::{self, Page, Tab, link},
    pages::{
        buyer::{self, Buying},
        changes::{self, Changes},
        consent, decide, despatch, list, paper,
        partners::absolute,
        pins, progress, promise, thread, withdraw,
    },
    proposal::{self, ProposalView},
    qr::{self, Qr},
    reminder::{self, Reminded},
    session::Member,
    timeline::{self, Moment},
};

/// Which page of lines, and where the visitor comes from.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    pub from: String,
    /// What was done, such as `answered`.
    #[serde(default)]
    pub done: String,
    /// Which page of earlier messages.
    #[serde(default)]
    pub before: String,
}

pub struct Fact {
    pub label: String,
    pub value: String,
}

/// Somebody who has to do with an order.
pub struct PartyView {
    pub role: String,
    pub lines: Vec<String>,
}

/// What has just been done, and what is next.
pub struct Done {
    pub title: String,
    pub body: String,
    /// Whether it is a warning rather than a success.
    pub warns: bool,
    pub next: Option<Fact>,
    pub back: Fact,
}

impl OrderPage {
    /// Whether it is said of any line how far it is, or may be.
    fn tracks(&self) -> bool {
        self.lines.iter().any(|line| line.progress.is_some())
    }

    /// Whether something may be half typed, so that the page must not be read anew underneath.
    fn fills(&self) -> bool {
        !self.decide_token.is_empty() || self.consent.as_ref().is_some_and(|panel| !panel.token.is_empty())
    }
}

#[derive(Template)]
#[template(path = "order.html")]
pub struct OrderPage {
    page: Page,
    t: Text,
    id: String,
    here: String,
    number: String,
    partner_label: String,
    partner: String,
    tag: Tag,
    done: Option<Done>,
    can_answer: bool,
    /// What the supplier's machines have room for; never for the buyer.
    promise: Option<promise::Panel>,
    /// Leads from the printed order to this page.
    code: Option<Qr>,
    /// Where it is had as PDF; `None` where that is not built in.
    pdf: Option<Fact>,
    /// Where a despatch note can be made of these lines; empty where none can.
    despatch: String,
    /// What its lines are made by.
    pins: Vec<pins::PinView>,
    facts: Vec<Fact>,
    more_facts: Vec<Fact>,
    lines: Vec<LineView>,
    next: String,
    proposals: Vec<ProposalView>,
    /// The form token where the member decides proposals.
    decide_token: String,
    decide_fault: String,
    /// The form token where the member may take proposals back.
    withdraw_token: String,
    consent: Option<consent::Panel>,
    /// The form token where the member says how far lines are.
    progress_token: String,
    progress_action: String,
    progress_all: Vec<progress::Step>,
    due: Option<deadline::Due>,
    reminded: Vec<Reminded>,
    thread: thread::Panel,
    notes: Vec<String>,
    parties: Vec<PartyView>,
    timeline: Vec<Moment>,
    changes: Changes,
    /// What the member may do as the buyer; `None` for the supplier, and without the right to publish.
    buying: Option<Buying>,
}

/// The order page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let loaded = order::load(&member, &id, &place.from).await?;
    let done = done(&member, &loaded.order, &place.done).await?;
    let mut shown = read(&member, loaded, &place, thread::Typed::default()).await?;
    shown.done = done;
    Ok(page::show(&shown))
}

/// The order page with a form of decisions that has to be mended.
pub async fn undecided(member: &Member, id: &str, chosen: &[decide::Choice]) -> Result<Response, Failure> {
    let mut shown = again(member, id, thread::Typed::default()).await?;
    for proposal in &mut shown.proposals {
        if let Some(choice) = chosen.iter().find(|choice| choice.proposal == proposal.id) {
            proposal.chosen.clone_from(&choice.decision);
            proposal.typed_note.clone_from(&choice.note);
        }
    }
    shown.decide_fault = shown.t.say(key::FAULT_UNDECIDED);
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

/// The order page with a refusal of a change that has to be mended.
pub async fn unconsented(member: &Member, id: &str, typed: &consent::Typed) -> Result<OrderPage, Failure> {
    let mut shown = again(member, id, thread::Typed::default()).await?;
    if let Some(panel) = &mut shown.consent {
        panel.typed(typed, &shown.t);
    }
    Ok(shown)
}

/// The order page with a message that has to be mended.
pub async fn unsaid(member: &Member, id: &str, typed: thread::Typed) -> Result<OrderPage, Failure> {
    again(member, id, typed).await
}

async fn again(member: &Member, id: &str, typed: thread::Typed) -> Result<OrderPage, Failure> {
    read(member, order::load(member, id, "").await?, &Place::default(), typed).await
}

async fn read(
    member: &Member,
    loaded: Loaded,
    place: &Place,
    typed: thread::Typed,
) -> Result<OrderPage, Failure> {
    let id = loaded.order.id.clone();
    let waits = loaded.order.answer_due.is_some() && loaded.order.supplier_id == member.who.firm_id;
    let reminders = async { if waits { reminder::of_order(member, &id).await } else { Ok(Vec::new()) } };
    let thread = thread::panel(member, &loaded.order, &loaded.rows, &place.before, typed);
    let buying = buyer::of(member, &loaded.order);
    let promise = promise::panel(member, &loaded.order, &loaded.rows);
    let pins = async { Ok(pins::of(member, &loaded.order).await) };
    let (thread, reminded, buying, promise, pins) = try_join!(thread, reminders, buying, promise, pins)?;
    Ok(OrderPage { reminded, buying, promise, pins, ..build(member, loaded, thread, &place.from) })
}

/// The page of an order that is kept nowhere: nothing is read for it, and nothing of it leads on but the answers.
pub fn made_up(member: &Member, loaded: Loaded, done: Option<Done>) -> Response {
    let mut shown = build(member, loaded, thread::Panel::default(), "");
    for line in &mut shown.lines {
        line.progress = None;
    }
    page::show(&OrderPage {
        done,
        code: None,
        pdf: None,
        despatch: String::new(),
        withdraw_token: String::new(),
        progress_all: Vec::new(),
        ..shown
    })
}

fn build(member: &Member, loaded: Loaded, thread: thread::Panel, from: &str) -> OrderPage {
    let t = member.text().clone();
    let despatch = despatch::address(member, &loaded, from);
    let Loaded { order, rows, next } = loaded;
    let content = order.content.clone().unwrap_or_default();
    let supplies = order.supplier_id == member.who.firm_id;
    let unanswered = order.state() == OrderState::Unanswered;
    let proposals: Vec<ProposalView> =
        rows.iter().flat_map(|row| proposal::views(&t, row, &content, supplies)).collect();
    let decides = !supplies && member.may(Permission::OrdersPublish) && proposals.iter().any(|p| p.open);
    let title = t.one(key::ORDER_TITLE, &content.order_number);
    let app = member.app();
    let progress_token = progress::token(member, &order);
    let taps = !progress_token.is_empty();
    let line = |row: &Row| {
        let progress = progress::of(&t, row, taps);
        LineView { progress, ..order::line_view(&t, row, &content) }
    };
    OrderPage {
        page: Page::member(member, if supplies { Tab::Inbox } else { Tab::Purchases })
            .titled(title)
            .about(&order.id),
        here: member.order_path(&order.id),
        code: qr::draw(&absolute(member, &format!("/orders/{}", order.id))),
        pdf: paper::order(&t, &member.order_path(&order.id)),
        despatch,
        partner_label: t.say(if supplies { key::BUYER } else { key::SUPPLIER }),
        partner: if supplies { order.buyer_name.clone() } else { order.supplier_name.clone() },
        tag: order::tag(&t, order.state, supplies),
        can_answer: supplies && unanswered && member.may(Permission::OrdersRespond),
        facts: facts(&t, &order, &content, &rows),
        more_facts: more_facts(&t, &order, &content),
        lines: rows.iter().map(line).collect(),
        progress_all: progress::of_all(&t, &rows, taps),
        progress_action: link(&format!("/orders/{}/progress", order.id), &[("from", from)]),
        progress_token,
        withdraw_token: withdraw::token(member, &order),
        consent: consent::panel(member, &order, &content),
        due: deadline::due(&t, order.answer_due.as_ref(), format::today(app.clock.now())),
        reminded: Vec::new(),
        thread,
        next: match next.as_str() {
            "" => String::new(),
            token => link(&member.order_path(&order.id), &[("from", token)]),
        },
        decide_token: match decides {
            true => app.tokens.make(app, Some(&member.token), &decide::purpose(&order.id)),
            false => String::new(),
        },
        decide_fault: String::new(),
        notes: content.notes.iter().map(|note| note.text.clone()).collect(),
        parties: content.parties.iter().map(|party| party_view(&t, party)).collect(),
        timeline: timeline::moments(&t, &order),
        changes: changes::of(member, &order, &content),
        buying: None,
        promise: None,
        pins: Vec::new(),
        number: content.order_number,
        id: order.id,
        proposals,
        done: None,
        t,
    }
}

/// What the newest entry of the history confirms; an address alone cannot claim it.
async fn done(member: &Member, order: &Order, done: &str) -> Result<Option<Done>, Failure> {
    let t = member.text();
    let newest = order.history.last().filter(|entry| entry.firm_id == member.who.firm_id);
    let newest = newest.map(|entry| entry.action.as_str()).unwrap_or_default();
    let back = |path: &str, label: Key<0>| Fact { label: t.say(label), value: path.to_string() };
    Ok(match (done, newest) {
        ("answered", "responded") => Some(Done {
            title: t.say(key::DONE_ANSWERED),
            body: t.one(key::DONE_ANSWERED_BODY, &order.buyer_name),
            warns: false,
            next: next_unanswered(member, order).await?,
            back: back("/inbox", key::NAV_INBOX),
        }),
        ("decided", "proposal_resolved") => Some(Done {
            title: t.say(key::DONE_DECIDED),
            body: t.one(key::DONE_DECIDED_BODY, &order.supplier_name),
            warns: false,
            next: None,
            back: back("/proposals", key::NAV_PROPOSALS),
        }),
        ("taken-back", "proposal_withdrawn") => Some(Done {
            title: t.say(key::DONE_TAKEN_BACK),
            body: t.say(key::DONE_TAKEN_BACK_BODY),
            warns: false,
            next: None,
            back: back("/inbox", key::NAV_INBOX),
        }),
        ("consented", "change_accepted" | "change_declined") => Some(Done {
            title: t.say(key::DONE_DECIDED),
            body: t.one(key::DONE_ANSWERED_BODY, &order.buyer_name),
            warns: false,
            next: None,
            back: back("/inbox", key::NAV_INBOX),
        }),
        ("changed", _) => Some(Done {
            title: t.say(key::DONE_CHANGED),
            body: t.say(key::DONE_CHANGED_BODY),
            warns: true,
            next: None,
            back: back("/", key::BACK_TO_START),
        }),
        (done, newest) => buyer::done(t, order, done, newest),
    })
}

async fn next_unanswered(member: &Member, order: &Order) -> Result<Option<Fact>, Failure> {
    let request = ListOrdersRequest {
        page_size: 2,
        side: Side::Supplier as i32,
        states: vec![OrderState::Unanswered as i32],
        order_by: OrderSort::AnswerDue as i32,
        with_total: true,
        ..Default::default()
    };
    let list = list::read(member, request).await?;
    let total = list.total();
    let next = list.orders.into_iter().find(|other| other.id != order.id);
    let label = |other: &proto::orders::OrderSummary| {
        member.text().two(key::NEXT_ORDER, list::counted(total), &other.order_number)
    };
    Ok(next.map(|other| Fact { label: label(&other), value: format!("/orders/{}", other.id) }))
}

/// What one looks for first.
pub fn facts(t: &Text, order: &Order, content: &OrderContent, rows: &[Row]) -> Vec<Fact> {
    let days = rows.iter().filter_map(|row| row.requested(content).1);
    let earliest = days.min();
    vec![
        Fact { label: t.say(key::REQUESTED), value: t.window(earliest, earliest) },
        Fact { label: t.say(key::AMOUNT), value: amount(t, order, content) },
        Fact { label: t.say(key::PUBLISHED), value: t.moment(order.published_at.as_ref()) },
    ]
}

/// The net amount, with what the order says about tax.
pub fn amount(t: &Text, order: &Order, content: &OrderContent) -> String {
    let amount = t.money(order.net_amount.as_ref(), &content.currency);
    let basis = t.tax_basis(content.price_includes_tax);
    match format::decimal(order.net_amount.as_ref()) {
        Some(_) if !basis.is_empty() => t.two(key::WITH_NOTE, basis, amount),
        _ => amount,
    }
}

/// What else is agreed; only what is stated.
pub fn more_facts(t: &Text, order: &Order, content: &OrderContent) -> Vec<Fact> {
    let order_type = match content.order_type() {
        OrderType::CallOff => t.say(key::TYPE_CALL_OFF),
        OrderType::Framework => t.say(key::TYPE_FRAMEWORK),
        OrderType::Standalone | OrderType::Unspecified => t.say(key::TYPE_STANDALONE),
    };
    let payable = content.totals.as_ref().and_then(|totals| totals.payable_amount.as_ref());
    let terms = content.delivery_terms.clone().unwrap_or_default();
    let delivery = [terms.incoterm, terms.place].into_iter().chain(terms.texts);
    let payment = content.payment_terms.iter().map(|terms| terms.text.clone());
    let join = |parts: Vec<String>| {
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(&t.say(key::LIST_JOIN))
    };
    let facts = [
        (key::ORDER_TYPE, order_type),
        (key::REVISION, order.revision.to_string()),
        (key::PAYABLE, payable.map_or_else(String::new, |_| t.money(payable, &content.currency))),
        (key::PURCHASING_GROUP, content.purchasing_group.clone()),
        (key::VENDOR_NUMBER, order.vendor_number.clone()),
        (key::AGREEMENT, content.agreement_ref.clone()),
        (key::CUSTOMER_REFERENCE, content.customer_reference.clone()),
        (key::PAYMENT_TERMS, join(payment.collect())),
        (key::DELIVERY_TERMS, join(delivery.collect())),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    facts.map(|(label, value)| Fact { label: t.say(label), value }).collect()
}

/// A party as people read it.
pub fn party_view(t: &Text, party: &Party) -> PartyView {
    let role = match party.role() {
        PartyRole::Buyer => key::BUYER,
        PartyRole::Seller => key::SUPPLIER,
        PartyRole::ShipTo => key::PARTY_SHIP_TO,
        PartyRole::BillTo => key::PARTY_BILL_TO,
        PartyRole::Originator => key::PARTY_ORIGINATOR,
        PartyRole::Carrier => key::PARTY_CARRIER,
        PartyRole::PayTo => key::PARTY_PAY_TO,
        PartyRole::Unspecified => key::PARTY_OTHER,
    };
    let address = party.address.clone().unwrap_or_default();
    let Address { lines, city, postal_code, region, country_code } = address;
    let places = [city, region, postal_code, country_code];
    let place: Vec<String> = places.into_iter().filter(|part| !part.is_empty()).collect();
    let contacts = party.contacts.iter().flat_map(|c| [c.name.clone(), c.phone.clone(), c.email.clone()]);
    let all = [party.name.clone()].into_iter().chain(lines).chain([place.join(" ")]).chain(contacts);
    PartyView { role: t.say(role), lines: all.filter(|line| !line.is_empty()).collect() }
}
