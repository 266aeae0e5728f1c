//! The offers that meet a request, the best first, each condition by condition in words; and apart from them the firms that
//! could be asked, since their profiles meet it, and those that come near.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{
        GetCapacityRequestRequest, MatchCapacityRequestRequest, MatchedCondition, MatchedOffer,
        MatchedProfile, RequestContent,
    },
};

use super::{BOARD, back, how_much, name, names, profile, what, when, words};
use crate::{
    failure::Failure,
    format::decimal,
    i18n::{Key, Text, key},
    page::Tab,
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
};

/// How many offers are shown.
const RESULTS: i32 = 10;

pub async fn show(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let t = member.text();
    let mut client = member.app().api.capacity_requests();
    let request = GetCapacityRequestRequest { capacity_request_id: id.clone() };
    let need = client.get_capacity_request(member.call(request)).await?.into_inner();
    let request =
        MatchCapacityRequestRequest { capacity_request_id: id.clone(), limit: RESULTS, near_misses: true };
    let found = client.match_capacity_request(member.call(request)).await?.into_inner();
    let firms = found.results.iter().filter_map(|one| Some(one.offer.as_ref()?.supplier_id.clone()));
    let names = names(&member, firms.collect()).await?;
    let content = need.content.clone().unwrap_or_default();
    let lead = match found.fitting {
        0 if found.results.is_empty() && !found.could_be_asked.is_empty() => t.say(key::NEED_NONE_BUT_ASK),
        0 if found.results.is_empty() => t.say(key::NEED_NONE_OFFERED),
        0 => t.say(key::NEED_NONE_FIT),
        fitting => t.one(key::NEED_FIT_COUNT, fitting),
    };
    let may = member.may(Permission::CapacityReserve) && !need.closed;
    let mut listing = Listing::new(&member, Tab::Capacity, what(t, &content), Some(back(t)))
        .live("request match offer reservation capability_profile")
        .tag(words::open(t, need.closed))
        .lead(lead)
        .fact(t.say(key::NEED_QUANTITY), how_much(t, &content))
        .fact(t.say(key::NEED_WEEKS), when(t, &content))
        .fact(t.say(key::NEED_CEILING), ceiling(t, &content))
        .fact(t.say(key::NEED_NOTE), content.note.clone())
        .saved();
    if may {
        listing = listing.button(format!("{BOARD}/{id}/change"), t.say(key::NEED_CHANGE));
    }
    for (place, result) in found.results.iter().enumerate() {
        listing = listing.part(part(t, &names, &content, (&id, place + 1), (result, may)));
    }
    for result in &found.could_be_asked {
        let firm_id = result.profile.as_ref().map(|profile| profile.firm_id.as_str()).unwrap_or_default();
        let ask = may.then(|| format!("{BOARD}/{id}/propose?firm={firm_id}"));
        listing = listing.part(of_profile(t, &content, key::NEED_ASKABLE, result, ask));
    }
    for result in &found.near_profiles {
        listing = listing.part(of_profile(t, &content, key::NEED_NEAR, result, None));
    }
    Ok(listing.show())
}

/// The price that is not to be passed, where one is named.
fn ceiling(t: &Text, content: &RequestContent) -> String {
    match content.price_ceiling {
        Some(_) => {
            let price = proto::orders::Price { amount: content.price_ceiling.clone(), ..Default::default() };
            t.price(Some(&price), &content.currency, &words::unit(t, &content.unit_code))
        }
        None => String::new(),
    }
}

const COLUMNS: [Key<0>; 4] = [key::NEED_CONDITION, key::NEED_WANTED, key::NEED_FOUND, key::NEED_OUTCOME];

/// A firm without an offer: what its profile meets; the last row leads on where the firm may be asked.
fn of_profile(
    t: &Text,
    content: &RequestContent,
    title: Key<1>,
    result: &MatchedProfile,
    ask: Option<String>,
) -> Part {
    let found = result.profile.clone().unwrap_or_default();
    let unit = words::unit(t, &content.unit_code);
    let mut rows: Vec<Row> = result.conditions.iter().map(|one| row(t, one, &unit)).collect();
    let equipment = result.capability.clone().unwrap_or_default().equipment.join(&t.say(key::LIST_JOIN));
    if let Some(href) = ask {
        rows.push(asking(t, equipment, href));
    }
    let title = t.one(title, profile::firm(t, &found));
    Part::new(COLUMNS.map(|label| t.say(label)).into(), rows, String::new()).titled(title)
}

/// The row that leads on.
fn asking(t: &Text, machine: String, href: String) -> Row {
    vec![
        Cell::name(t.say(key::NEED_MACHINE)),
        Cell::Text(machine),
        Cell::Text(String::new()),
        Cell::Acts(vec![Act::Go { href, label: t.say(key::NEED_ASK) }]),
    ]
}

/// An offer: whose it is, and a row for each condition; the last one leads on.
fn part(
    t: &Text,
    names: &BTreeMap<String, String>,
    content: &RequestContent,
    (id, place): (&str, usize),
    (result, may): (&MatchedOffer, bool),
) -> Part {
    let offer = result.offer.clone().unwrap_or_default();
    let firm = name(t, names, &offer.supplier_id);
    let place = i64::try_from(place).unwrap_or_default();
    let title = match result.fits {
        true => t.three(key::NEED_FITS, firm, place, i64::from(result.score)),
        false => t.two(key::NEED_MISSES, firm, place),
    };
    let unit = words::unit(t, &content.unit_code);
    let mut rows: Vec<Row> = result.conditions.iter().map(|one| row(t, one, &unit)).collect();
    if may {
        let href = format!("{BOARD}/{id}/propose?offer={}", offer.id);
        rows.push(asking(t, offer.content.unwrap_or_default().machine, href));
    }
    Part::new(COLUMNS.map(|label| t.say(label)).into(), rows, String::new()).titled(title)
}

fn row(t: &Text, one: &MatchedCondition, unit: &str) -> Row {
    let found = match one.found.is_empty() {
        true => t.say(key::NEED_NOT_STATED),
        false => words::measured(one.kind(), &one.found, unit),
    };
    let found = match decimal(one.margin.as_ref()) {
        Some(margin) if margin.is_sign_negative() && !margin.is_zero() => {
            t.two(key::NEED_SHORT, words::measured(one.kind(), &(-margin).to_string(), unit), found)
        }
        Some(margin) if !margin.is_zero() => {
            t.two(key::NEED_SPARE, words::measured(one.kind(), &margin.to_string(), unit), found)
        }
        _ => found,
    };
    vec![
        Cell::name(words::kind(t, one)),
        Cell::Text(words::measured(one.kind(), &one.wanted, unit)),
        Cell::Text(found),
        Cell::Tag(words::outcome(t, one)),
    ]
}
