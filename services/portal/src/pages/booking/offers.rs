//! What others offer, and what the own firm offers.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{ListOffersRequest, Offer, OfferVisibility},
};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{name, read::Known};
use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    order::Tag,
    page::Tab,
    pages::capacity::{self, places},
    saved,
    session::Member,
    table::{Act, Cell, Listing, Part, Row, Search},
};

/// Offers on one page.
const PAGE: i32 = 50;

/// What is looked for, which page of it, and what was just done.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

impl Wish {
    /// The first page of one of the lists.
    fn asked(&self, own: bool, page_size: i32) -> ListOffersRequest {
        ListOffersRequest { own, page_size, text: self.q.trim().to_string(), ..ListOffersRequest::default() }
    }
}

/// Both lists; the pages of the first.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    let t = member.text();
    let rows = member.rows(PAGE);
    let page = ListOffersRequest { page_token: wish.page.clone(), ..wish.asked(false, rows) };
    let (offers, next) = list(&member, page).await?;
    // The pages of a file that follow go on with the other list alone.
    let own = match member.visitor.saving && !wish.page.is_empty() {
        true => Vec::new(),
        false => own(&member, wish.asked(true, rows)).await?,
    };
    let [theirs, own] = parts(&member, &offers, &own, wish.q.trim()).await?;
    let done = match wish.done.as_str() {
        "published" => t.say(key::OFFER_PUBLISHED),
        "changed" => t.say(key::OFFER_CHANGED),
        "withdrawn" => t.say(key::OFFER_WITHDRAWN),
        _ => String::new(),
    };
    let search = Search {
        action: super::OFFERS.into(),
        label: t.say(key::OFFERS_SEARCH),
        value: wish.q.clone(),
        ..Search::default()
    };
    let query = [("q", wish.q.trim())];
    let mut listing = Listing::new(&member, Tab::Capacity, t.say(key::OFFERS), None)
        .places(places(&member, capacity::Place::Offers))
        .live("offer reservation")
        .lead(t.say(key::OFFERS_BODY))
        .done(done)
        .search(search)
        .part(theirs.next(super::OFFERS, &query, &next))
        .part(own)
        .saved();
    if member.may(Permission::CapacityWrite) {
        listing = listing.button("/capacity/offers/new", t.say(key::OFFER_NEW));
    }
    Ok(listing.show())
}

/// What others offer, and what the own firm does, of what has these words.
async fn parts(member: &Member, offers: &[Offer], own: &[Offer], words: &str) -> Result<[Part; 2], Failure> {
    let t = member.text();
    let empty = |all: Key<0>| if words.is_empty() { t.say(all) } else { t.one(key::SEARCH_EMPTY, words) };
    let known = Known::read(member).await?;
    let known = known.meet(member, offers.iter().map(|one| &one.supplier_id)).await?;
    let rows = offers.iter().map(|one| theirs(member, &known, one)).collect();
    let columns = [key::OFFER, key::SUPPLIER, key::OFFER_FREE, key::OFFER_PRICE].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let theirs = Part::new(columns, rows, empty(key::OFFERS_EMPTY)).titled(t.say(key::OFFERS_THEIRS));
    let rows = own.iter().rev().map(|one| mine(member, one)).collect();
    let columns = [key::OFFER, key::OFFER_FREE, key::OFFER_SEEN_BY, key::STATE].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let own = Part::new(columns, rows, empty(key::OFFERS_OWN_EMPTY)).titled(t.say(key::OFFERS_OWN));
    Ok([theirs, own])
}

/// A page of offers, and where the next one begins.
async fn list(member: &Member, request: ListOffersRequest) -> Result<(Vec<Offer>, String), Failure> {
    let list = member.app().api.offers().list_offers(member.call(request)).await?.into_inner();
    Ok((list.offers, list.next_page_token))
}

/// The first page of what the own firm offers; for a file all of it.
async fn own(member: &Member, mut request: ListOffersRequest) -> Result<Vec<Offer>, Failure> {
    let mut own = Vec::new();
    loop {
        let (offers, next) = list(member, request.clone()).await?;
        own.extend(offers);
        if !saved::reads_on(member, own.len(), &next) {
            return Ok(own);
        }
        request.page_token = next;
    }
}

/// What is left of all its weeks, and in how many.
pub fn free(t: &Text, offer: &Offer) -> String {
    let figures = offer.buckets.iter().map(|bucket| format::decimal_or_zero(bucket.free.as_ref()));
    let left: Vec<Decimal> = figures.filter(|free| *free > Decimal::ZERO).collect();
    match left.is_empty() {
        true => t.say(key::OFFER_SOLD),
        false => {
            let said = Measure::of(&offer.unit_code).said(t, left.iter().sum());
            t.two(key::OFFER_LEFT, said, i32::try_from(left.len()).unwrap_or(i32::MAX))
        }
    }
}

fn theirs(member: &Member, known: &Known, one: &Offer) -> Row {
    let t = member.text();
    let path = format!("/capacity/offers/{}", one.id);
    let holdable =
        one.buckets.iter().any(|bucket| format::decimal_or_zero(bucket.free.as_ref()) > Decimal::ZERO);
    let mut acts = Vec::new();
    if holdable && member.may(Permission::CapacityReserve) {
        acts.push(Act::Go { href: format!("{path}/hold"), label: t.say(key::HOLD_DO) });
    }
    vec![
        Cell::link(name(one.content.as_ref()), path),
        Cell::Text(known.name(t, &one.supplier_id)),
        Cell::Text(free(t, one)),
        Cell::Text(price(t, one)),
        Cell::Acts(acts),
    ]
}

/// The price for one unit, where one is named; of machine time for an hour.
pub fn price(t: &Text, one: &Offer) -> String {
    let content = one.content.clone().unwrap_or_default();
    let Some(kept) = format::decimal(content.price_hint.as_ref()) else { return String::new() };
    let measure = Measure::of(&one.unit_code);
    let price = proto::orders::Price {
        amount: Some(chassis::value::wire_decimal(measure.priced(kept))),
        ..Default::default()
    };
    t.price(Some(&price), &content.currency, &measure.unit(t))
}

fn mine(member: &Member, one: &Offer) -> Row {
    let t = member.text();
    let path = format!("/capacity/offers/{}", one.id);
    let mut acts = Vec::new();
    if !one.withdrawn && member.may(Permission::CapacityWrite) {
        acts.push(Act::Go { href: format!("{path}/change"), label: t.say(key::OFFER_CHANGE) });
        acts.push(Act::Go { href: format!("{path}/withdraw"), label: t.say(key::OFFER_WITHDRAW) });
    }
    vec![
        Cell::link(name(one.content.as_ref()), path),
        Cell::Text(free(t, one)),
        Cell::Text(seen_by(t, one)),
        Cell::Tag(state(t, one)),
        Cell::Acts(acts),
    ]
}

/// Who may hold it.
pub fn seen_by(t: &Text, one: &Offer) -> String {
    match one.visibility() {
        OfferVisibility::Partners => t.say(key::SHARE_PARTNERS),
        OfferVisibility::Cluster => t.say(key::SHARE_CLUSTER),
        OfferVisibility::All => t.say(key::SHARE_ALL),
        _ => t.one(key::SHARE_NAMED_COUNT, i32::try_from(one.firm_ids.len()).unwrap_or(i32::MAX)),
    }
}

/// Whether it stands.
pub fn state(t: &Text, one: &Offer) -> Tag {
    let (shape, label) = match one.withdrawn {
        true => ("cancelled", key::OFFER_STATE_WITHDRAWN),
        false => ("accepted", key::OFFER_STATE_OPEN),
    };
    Tag { shape, label: t.say(label) }
}
