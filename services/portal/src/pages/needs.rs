//! Need and match 供需撮合: the board of requests for capacity, and what came of them; and what firms can make.

mod able;
mod changing;
mod count;
mod figures;
mod found;
mod new;
pub mod profile;
mod steps;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::Query, response::Response, routing::get};
use proto::{
    access::Permission,
    capacity::{CapacityMatch, CapacityRequest, ListCapacityRequestsRequest, ListMatchesRequest, MatchState},
    partners::ListRelationshipsRequest,
};

use crate::{
    App,
    ask::Way,
    failure::Failure,
    format::{day, decimal_or_zero},
    i18n::{Text, key},
    page::Tab,
    pages::{
        booking::read::strangers,
        capacity::{Place as Beside, places},
        firm::Place,
    },
    saved::{self, file_of},
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
};

const BOARD: &str = "/capacity/requests";
/// Of price ceilings that are typed here.
const CURRENCY: &str = "CNY";
/// Rows of each table of the board; the rest in its file.
const ROWS: i32 = 100;

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/capacity/requests", get(show))
        .route("/capacity/requests/export", file_of(show))
        .route("/capacity/requests/new", get(new::form).post(new::create))
        .route("/capacity/requests/{id}", get(found::show))
        .route("/capacity/requests/{id}/export", file_of(found::show))
        .route("/capacity/requests/{id}/change", get(changing::form).post(changing::change))
        .route("/capacity/requests/{id}/close", get(steps::close_form).post(steps::close))
        .route("/capacity/requests/{id}/propose", get(steps::propose_form).post(steps::propose))
        .route("/capacity/matches/{id}/{step}", get(steps::advance_form).post(steps::advance))
        .route("/capacity/profile", get(profile::show))
        .route("/capacity/profile/export", file_of(profile::show))
        .route("/capacity/profile/edit", get(able::general_form).post(able::save_general))
        .route("/capacity/profile/process", get(able::process_form).post(able::save_process))
        .route("/capacity/profile/process/remove", get(able::remove_form).post(able::remove))
}

fn back(t: &Text) -> Way {
    Way { href: BOARD.into(), label: t.say(key::NEEDS) }
}

/// What the member calls its partners, and what others of these firms are called.
async fn names(member: &Member, firms: Vec<String>) -> Result<BTreeMap<String, String>, Failure> {
    let request = ListRelationshipsRequest { page_size: 1_000, ..ListRelationshipsRequest::default() };
    let list = member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
    let both = list
        .relationships
        .into_iter()
        .flat_map(|one| [(one.buyer_id, one.buyer_name), (one.supplier_id, one.supplier_name)]);
    let mut names: BTreeMap<String, String> = both.collect();
    let new = firms.into_iter().filter(|firm| !names.contains_key(firm)).collect();
    let strangers = strangers(member, new).await?;
    names.extend(strangers);
    Ok(names)
}

fn name(t: &Text, names: &BTreeMap<String, String>, firm: &str) -> String {
    names.get(firm).cloned().unwrap_or_else(|| t.say(key::NEED_OTHER_FIRM))
}

/// What is needed, in a line: the process and its materials.
fn what(t: &Text, content: &proto::capacity::RequestContent) -> String {
    match content.materials.is_empty() {
        true => content.process.clone(),
        false => t.two(key::NEED_WHAT, content.materials.join(&t.say(key::LIST_JOIN)), &content.process),
    }
}

fn how_much(t: &Text, content: &proto::capacity::RequestContent) -> String {
    t.quantity(decimal_or_zero(content.quantity.as_ref()), &words::unit(t, &content.unit_code))
}

fn when(t: &Text, content: &proto::capacity::RequestContent) -> String {
    let last = day(content.last_monday.as_ref()).map(|monday| monday + time::Duration::days(6));
    t.window(day(content.first_monday.as_ref()), last)
}

async fn requests(member: &Member, own: bool) -> Result<Vec<CapacityRequest>, Failure> {
    let mut request = ListCapacityRequestsRequest { own, page_size: ROWS, page_token: String::new() };
    let mut requests = Vec::new();
    loop {
        let mut client = member.app().api.capacity_requests();
        let list = client.list_capacity_requests(member.call(request.clone())).await?.into_inner();
        requests.extend(list.requests);
        if !saved::reads_on(member, requests.len(), &list.next_page_token) {
            return Ok(requests);
        }
        request.page_token = list.next_page_token;
    }
}

async fn matches(member: &Member) -> Result<Vec<CapacityMatch>, Failure> {
    let mut request = ListMatchesRequest { page_size: ROWS, ..ListMatchesRequest::default() };
    let mut matches = Vec::new();
    loop {
        let mut client = member.app().api.capacity_matches();
        let list = client.list_matches(member.call(request.clone())).await?.into_inner();
        matches.extend(list.matches);
        if !saved::reads_on(member, matches.len(), &list.next_page_token) {
            return Ok(matches);
        }
        request.page_token = list.next_page_token;
    }
}

/// The board's tables: requests of others that wait for an answer, the own ones, and what came of either.
async fn parts(member: &Member) -> Result<[Part; 3], Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let (own, others) = (requests(member, true).await?, requests(member, false).await?);
    let matches = matches(member).await?;
    let firms = others.iter().map(|one| &one.requester_id);
    let firms = firms.chain(matches.iter().flat_map(|one| [&one.requester_id, &one.supplier_id]));
    let names = names(member, firms.filter(|firm| **firm != member.who.firm_id).cloned().collect()).await?;
    let columns = |first: String| -> Vec<String> {
        let rest = [key::NEED_QUANTITY, key::NEED_WEEKS, key::STATE].map(|label| t.say(label));
        [first].into_iter().chain(rest).chain([String::new()]).collect()
    };
    let mine = own.iter().map(|one| own_row(member, one)).collect();
    let theirs = others.iter().map(|one| other_row(member, &names, one, &matches)).collect();
    let came = matches.iter().map(|one| match_row(member, &names, one)).collect();
    let part =
        |rows, empty, title| Part::new(columns(t.say(key::NEED)), rows, t.say(empty)).titled(t.say(title));
    Ok([
        part(theirs, key::NEEDS_OTHERS_EMPTY, key::NEEDS_OTHERS),
        part(mine, key::NEEDS_OWN_EMPTY, key::NEEDS_OWN),
        part(came, key::NEED_MATCHES_EMPTY, key::NEED_MATCHES),
    ])
}

/// The board.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let [theirs, mine, came] = parts(&member).await?;
    let counted = count::part(&member).await?;
    let done = match place.done.as_str() {
        "published" => t.say(key::NEED_PUBLISHED),
        "changed" => t.say(key::NEED_CHANGED),
        "closed" => t.say(key::NEED_CLOSED_DONE),
        "proposed" => t.say(key::NEED_PROPOSED_DONE),
        "moved" => t.say(key::NEED_MOVED_DONE),
        _ => String::new(),
    };
    let mut listing = Listing::new(&member, Tab::Capacity, t.say(key::NEEDS), None)
        .places(places(&member, Beside::Requests))
        .live("request match")
        .lead(t.say(key::NEEDS_BODY))
        .done(done)
        .part(theirs)
        .part(mine)
        .part(came)
        .part(counted)
        .saved();
    if member.may(Permission::CapacityReserve) {
        listing = listing.button(format!("{BOARD}/new"), t.say(key::NEED_NEW));
    }
    Ok(listing.show())
}

fn go(href: String, label: String) -> Act {
    Act::Go { href, label }
}

fn own_row(member: &Member, one: &CapacityRequest) -> Row {
    let t = member.text();
    let content = one.content.clone().unwrap_or_default();
    let path = format!("{BOARD}/{}", one.id);
    let mut acts = vec![go(path.clone(), t.say(key::NEED_FIND))];
    if member.may(Permission::CapacityReserve) && !one.closed {
        acts.push(go(format!("{path}/change"), t.say(key::NEED_CHANGE)));
        acts.push(go(format!("{path}/close"), t.say(key::NEED_CLOSE)));
    }
    vec![
        Cell::link(what(t, &content), path),
        Cell::Text(how_much(t, &content)),
        Cell::Text(when(t, &content)),
        Cell::Tag(words::open(t, one.closed)),
        Cell::Acts(acts),
    ]
}

fn other_row(
    member: &Member,
    names: &BTreeMap<String, String>,
    one: &CapacityRequest,
    matches: &[CapacityMatch],
) -> Row {
    let t = member.text();
    let content = one.content.clone().unwrap_or_default();
    let stands = matches
        .iter()
        .find(|found| found.capacity_request_id == one.id && found.state() != MatchState::Declined);
    let acts = match (stands, member.may(Permission::CapacityReserve)) {
        (None, true) => vec![go(format!("{BOARD}/{}/propose", one.id), t.say(key::NEED_ANSWER))],
        _ => Vec::new(),
    };
    vec![
        Cell::Name { text: what(t, &content), href: String::new(), sub: name(t, names, &one.requester_id) },
        Cell::Text(how_much(t, &content)),
        Cell::Text(when(t, &content)),
        Cell::Tag(stands.map_or_else(|| words::open(t, false), |found| words::state(t, found.state()))),
        Cell::Acts(acts),
    ]
}

fn match_row(member: &Member, names: &BTreeMap<String, String>, one: &CapacityMatch) -> Row {
    let t = member.text();
    let need = one.need.clone().unwrap_or_default();
    let asks = one.requester_id == member.who.firm_id;
    let other = if asks { &one.supplier_id } else { &one.requester_id };
    let sub = match one.note.is_empty() {
        true => name(t, names, other),
        false => t.two(key::NEED_NOTED, name(t, names, other), &one.note),
    };
    let acts = match member.may(Permission::CapacityReserve) {
        true => words::steps(asks, one.proposed_by_id == member.who.firm_id, one.state()),
        false => Vec::new(),
    };
    let act =
        |step: &words::Step| go(format!("/capacity/matches/{}/{}", one.id, step.path), t.say(step.label));
    vec![
        Cell::Name { text: what(t, &need), href: String::new(), sub },
        Cell::Text(how_much(t, &need)),
        Cell::Text(when(t, &need)),
        Cell::Tag(words::state(t, one.state())),
        Cell::Acts(acts.iter().map(act).collect()),
    ]
}
