//! The offers that meet a request, the best first, each condition by condition in words.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{
        GetCapacityRequestRequest, MatchCapacityRequestRequest, MatchedCondition, MatchedOffer,
        RequestContent,
    },
};

use super::{BOARD, back, how_much, name, names, what, when, words};
use crate::{
    failure::Failure,
    format::decimal,
    i18n::{Text, key},
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
    let names = names(&member).await?;
    let content = need.content.clone().unwrap_or_default();
    let lead = match found.fitting {
        0 if found.results.is_empty() => t.say(key::NEED_NONE_OFFERED),
        0 => t.say(key::NEED_NONE_FIT),
        fitting => t.one(key::NEED_FIT_COUNT, fitting),
    };
    let may = member.may(Permission::CapacityReserve) && !need.closed;
    let mut listing = Listing::new(&member, Tab::Capacity, what(t, &content), Some(back(t)))
        .tag(words::open(t, need.closed))
        .lead(lead)
        .fact(t.say(key::NEED_QUANTITY), how_much(t, &content))
        .fact(t.say(key::NEED_WEEKS), when(t, &content))
        .fact(t.say(key::NEED_NOTE), content.note.clone());
    for (place, result) in found.results.iter().enumerate() {
        listing = listing.part(part(t, &names, &content, (&id, place + 1), (result, may)));
    }
    Ok(listing.show())
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
    let columns = [key::NEED_CONDITION, key::NEED_WANTED, key::NEED_FOUND, key::NEED_OUTCOME];
    let unit = words::unit(t, &content.unit_code);
    let mut rows: Vec<Row> = result.conditions.iter().map(|one| row(t, one, &unit)).collect();
    if may {
        let href = format!("{BOARD}/{id}/propose?offer={}", offer.id);
        rows.push(vec![
            Cell::name(t.say(key::NEED_MACHINE)),
            Cell::Text(offer.content.unwrap_or_default().machine),
            Cell::Text(String::new()),
            Cell::Acts(vec![Act::Go { href, label: t.say(key::NEED_ASK) }]),
        ]);
    }
    Part::new(columns.map(|label| t.say(label)).into(), rows, String::new()).titled(title)
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
