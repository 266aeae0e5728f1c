//! The order, for both sides: what was asked, what was answered, what waits for whom.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use proto::{
    access::Permission,
    orders::{
        Address, ListOrdersRequest, Order, OrderContent, OrderSort, OrderState, OrderType, Party, PartyRole,
        Proposal, ProposalState, Side,
    },
};
use serde::Deserialize;

use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::{self, LineView, Loaded, Moment, Row, Tag},
    page::{self, Page, Tab, link},
    pages::{
        buyer::{self, Buying},
        changes::{self, Changes},
        decide, list,
    },
    session::Member,
};

/// Which page of lines, and where the visitor comes from.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    pub from: String,
    /// `answered`, `decided` or `changed`.
    #[serde(default)]
    pub done: String,
}

pub struct Fact {
    pub label: String,
    pub value: String,
}

struct PartyView {
    role: String,
    lines: Vec<String>,
}

/// A proposal beside what was asked.
pub struct ProposalView {
    pub id: String,
    pub line: String,
    pub item: String,
    pub asked: String,
    pub requested: String,
    pub deliveries: Vec<String>,
    pub price: String,
    pub substitute: String,
    pub note: String,
    pub at: String,
    pub tag: Tag,
    pub open: bool,
    pub resolution_note: String,
    /// What was chosen in a form that came back.
    pub chosen: String,
    pub typed_note: String,
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

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
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
    facts: Vec<Fact>,
    more_facts: Vec<Fact>,
    lines: Vec<LineView>,
    next: String,
    proposals: Vec<ProposalView>,
    /// The form token where the member decides proposals.
    decide_token: String,
    decide_fault: String,
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
    let buying = buyer::of(&member, &loaded.order).await?;
    Ok(page::show(&OrderPage { buying, ..build(&member, loaded, done) }))
}

/// The order page with a form of decisions that has to be mended.
pub async fn undecided(member: &Member, id: &str, chosen: &[decide::Choice]) -> Result<Response, Failure> {
    let loaded = order::load(member, id, "").await?;
    let buying = buyer::of(member, &loaded.order).await?;
    let mut shown = OrderPage { buying, ..build(member, loaded, None) };
    for proposal in &mut shown.proposals {
        if let Some(choice) = chosen.iter().find(|choice| choice.proposal == proposal.id) {
            proposal.chosen.clone_from(&choice.decision);
            proposal.typed_note.clone_from(&choice.note);
        }
    }
    shown.decide_fault = shown.t.say(key::FAULT_UNDECIDED);
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

fn build(member: &Member, loaded: Loaded, done: Option<Done>) -> OrderPage {
    let t = member.text().clone();
    let Loaded { order, rows, next } = loaded;
    let content = order.content.clone().unwrap_or_default();
    let supplies = order.supplier_id == member.who.firm_id;
    let unanswered = order.state() == OrderState::Unanswered;
    let proposals: Vec<ProposalView> =
        rows.iter().flat_map(|row| proposals(&t, row, &content, supplies)).collect();
    let decides = !supplies && member.may(Permission::OrdersPublish) && proposals.iter().any(|p| p.open);
    let title = t.one(key::ORDER_TITLE, &content.order_number);
    let app = member.app();
    OrderPage {
        page: Page::member(member, if supplies { Tab::Inbox } else { Tab::Purchases }).titled(title),
        here: member.order_path(&order.id),
        partner_label: t.say(if supplies { key::BUYER } else { key::SUPPLIER }),
        partner: if supplies { order.buyer_name.clone() } else { order.supplier_name.clone() },
        tag: order::tag(&t, order.state, supplies),
        can_answer: supplies && unanswered && member.may(Permission::OrdersRespond),
        facts: facts(&t, &order, &content, &rows),
        more_facts: more_facts(&t, &order, &content),
        lines: rows.iter().map(|row| order::line_view(&t, row, &content)).collect(),
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
        timeline: order::timeline(&t, &order),
        changes: changes::of(member, &order, &content),
        buying: None,
        number: content.order_number,
        id: order.id,
        proposals,
        done,
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
        order_by: OrderSort::RequestedDate as i32,
        ..Default::default()
    };
    let list = list::read(member, request).await?;
    let next = list.orders.into_iter().find(|other| other.id != order.id);
    let label = |other: &proto::orders::OrderSummary| {
        member.text().two(key::NEXT_ORDER, list::counted(list.total), &other.order_number)
    };
    Ok(next.map(|other| Fact { label: label(&other), value: format!("/orders/{}", other.id) }))
}

/// What one looks for first.
pub fn facts(t: &Text, order: &Order, content: &OrderContent, rows: &[Row]) -> Vec<Fact> {
    let days = rows.iter().filter_map(|row| row.requested(content).1);
    let earliest = days.min();
    let mut amount = t.money(order.net_amount.as_ref(), &content.currency);
    let basis = t.tax_basis(content.price_includes_tax);
    if format::decimal(order.net_amount.as_ref()).is_some() && !basis.is_empty() {
        amount = t.two(key::WITH_NOTE, basis, amount);
    }
    vec![
        Fact { label: t.say(key::REQUESTED), value: t.window(earliest, earliest) },
        Fact { label: t.say(key::AMOUNT), value: amount },
        Fact { label: t.say(key::PUBLISHED), value: t.moment(order.published_at.as_ref()) },
    ]
}

fn more_facts(t: &Text, order: &Order, content: &OrderContent) -> Vec<Fact> {
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

fn proposals(t: &Text, row: &Row, content: &OrderContent, supplies: bool) -> Vec<ProposalView> {
    row.state.proposals.iter().map(|proposal| proposal_view(t, row, content, proposal, supplies)).collect()
}

fn proposal_view(
    t: &Text,
    row: &Row,
    content: &OrderContent,
    proposal: &Proposal,
    supplies: bool,
) -> ProposalView {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let (from, until) = row.requested(content);
    let (shape, label) = match proposal.state() {
        ProposalState::Accepted => ("accepted", key::PROPOSAL_ACCEPTED),
        ProposalState::Declined => ("rejected", key::PROPOSAL_DECLINED),
        ProposalState::Superseded => ("rejected", key::PROPOSAL_SUPERSEDED),
        ProposalState::Withdrawn => ("rejected", key::PROPOSAL_WITHDRAWN),
        _ if supplies => ("proposed", key::STATE_PROPOSED),
        ProposalState::Open | ProposalState::Unspecified => ("proposed", key::STATE_PROPOSED_MINE),
    };
    ProposalView {
        id: proposal.id.clone(),
        line: row.line.line_number.clone(),
        item: row.item_name().to_string(),
        asked: t.quantity(format::decimal_or_zero(proposal.covers_quantity.as_ref()), &unit),
        requested: t.window(from, until),
        deliveries: order::deliveries(t, proposal, &unit),
        price: match &proposal.price {
            Some(price) => t.price(Some(price), &content.currency, &unit),
            None => String::new(),
        },
        substitute: proposal.substitute.clone().map(|item| item.name).unwrap_or_default(),
        note: proposal.note.clone(),
        at: t.moment(proposal.proposed_at.as_ref()),
        tag: Tag { shape, label: t.say(label) },
        open: proposal.state() == ProposalState::Open,
        resolution_note: proposal.resolution_note.clone(),
        chosen: String::new(),
        typed_note: String::new(),
    }
}

fn party_view(t: &Text, party: &Party) -> PartyView {
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
