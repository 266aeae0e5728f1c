//! What the own firm reserved, and what others reserved of what it offers.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use futures::try_join;
use proto::{
    access::Permission,
    capacity::{
        ConfirmReservationRequest, GroupSummary, ListReservationsRequest, ReleaseReservationRequest,
        Reservation, ReservationState as State,
    },
};
use time::OffsetDateTime;

use super::{
    RESERVATIONS, asking, part_when,
    read::{self, Known},
    to_reservations,
};
use crate::{
    ask::{Ask, Posted},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    measure::Measure,
    order::Tag,
    page::{self, Tab},
    pages::{
        capacity::{self, places},
        firm::Place,
    },
    saved,
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
};

/// The reservations of either side, the oldest first.
async fn all(member: &Member) -> Result<Vec<Reservation>, Failure> {
    let mut request = ListReservationsRequest { page_size: 1_000, page_token: String::new() };
    let mut all = Vec::new();
    loop {
        let mut client = member.app().api.reservations();
        let list = client.list_reservations(member.call(request.clone())).await?.into_inner();
        all.extend(list.reservations);
        if !saved::reads_on(member, all.len(), &list.next_page_token) {
            return Ok(all);
        }
        request.page_token = list.next_page_token;
    }
}

/// Both tables, the newest first; the second only where there is something in it.
async fn parts(member: &Member) -> Result<Vec<Part>, Failure> {
    let t = member.text();
    let (known, groups, all) = try_join!(Known::read(member), capacity::read::all(member, ""), all(member))?;
    let other = |one: &'_ Reservation| match one.holder_id == member.who.firm_id {
        true => one.supplier_id.clone(),
        false => one.holder_id.clone(),
    };
    let others: Vec<String> = all.iter().map(other).collect();
    let known = known.meet(member, others.iter()).await?;
    let of = |mine: bool| -> Vec<Row> {
        let some = all.iter().rev().filter(|one| (one.holder_id == member.who.firm_id) == mine);
        some.map(|one| row(member, &known, &groups, one)).collect()
    };
    let columns = |who: String| {
        vec![t.say(key::RESERVED_WHAT), who, t.say(key::STATE), t.say(key::RESERVED_UNTIL), String::new()]
    };
    let mine = Part::new(columns(t.say(key::SUPPLIER)), of(true), t.say(key::RESERVATIONS_EMPTY));
    let mut parts = vec![mine.titled(t.say(key::RESERVATIONS_MINE))];
    let theirs = of(false);
    if !theirs.is_empty() {
        let part = Part::new(columns(t.say(key::RESERVED_BY)), theirs, String::new());
        parts.push(part.titled(t.say(key::RESERVATIONS_THEIRS)));
    }
    Ok(parts)
}

/// Both lists.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let parts = parts(&member).await?;
    let done = match place.done.as_str() {
        "held" => t.say(key::RESERVATION_HELD),
        "confirmed" => t.say(key::RESERVATION_CONFIRMED),
        "released" => t.say(key::RESERVATION_RELEASED),
        "unborrowed" => t.say(key::RESERVATION_UNBORROWED),
        _ => String::new(),
    };
    let mut listing = Listing::new(&member, Tab::Capacity, t.say(key::RESERVATIONS), None)
        .places(places(&member, capacity::Place::Reservations))
        .live("reservation")
        .lead(t.say(key::RESERVATIONS_BODY))
        .done(done)
        .saved();
    for part in parts {
        listing = listing.part(part);
    }
    Ok(listing.show())
}

fn row(member: &Member, known: &Known, groups: &[GroupSummary], one: &Reservation) -> Row {
    let t = member.text();
    let mine = one.holder_id == member.who.firm_id;
    let path = format!("{RESERVATIONS}/{}", one.id);
    let open = [State::Held, State::Confirmed].contains(&one.state());
    let mut acts = Vec::new();
    if mine && open && member.may(Permission::CapacityReserve) {
        if one.state() == State::Held {
            let (app, action) = (member.app(), format!("{path}/confirm"));
            let token = app.tokens.make(app, Some(&member.token), &action);
            acts.push(Act::Do { action, token, label: t.say(key::CONFIRM_DO) });
        }
        if member.may(Permission::OrdersPublish) {
            acts.push(Act::Go { href: format!("{path}/order"), label: t.say(key::USE_DO) });
        }
        acts.push(Act::Go { href: format!("{path}/release"), label: t.say(key::RELEASE_DO) });
    }
    if mine && (open || one.state() == State::Consumed) && member.may(Permission::CapacityWrite) {
        acts.push(Act::Go { href: format!("{path}/borrow"), label: t.say(key::BORROW_DO) });
    }
    if one.state() == State::Consumed {
        acts.push(Act::Go { href: format!("/orders/{}", one.order_id), label: t.say(key::USED_IN) });
    }
    let until = match one.state() {
        State::Held => left(t, one, member.app().clock.now()),
        _ => String::new(),
    };
    let other = if mine { &one.supplier_id } else { &one.holder_id };
    vec![
        Cell::Name { text: what(t, one), href: String::new(), sub: strengthens(t, groups, one) },
        Cell::Text(known.name(t, other)),
        Cell::Tag(tag(t, one.state())),
        Cell::Text(until),
        Cell::Acts(acts),
    ]
}

/// The own group whose capacity it is; empty where it is none's.
fn strengthens(t: &Text, groups: &[GroupSummary], one: &Reservation) -> String {
    if one.borrowing_group_id.is_empty() {
        return String::new();
    }
    let group = groups.iter().find(|group| group.id == one.borrowing_group_id);
    t.one(key::BORROWED_FOR, group.map_or("–", |group| group.name.as_str()))
}

/// Weeks with what is reserved of each.
pub fn what(t: &Text, one: &Reservation) -> String {
    let measure = Measure::of(&one.unit_code);
    let parts = one.parts.iter().map(|part| {
        let quantity = format::decimal_or_zero(part.quantity.as_ref());
        t.two(key::RESERVED_PART, measure.said(t, quantity), part_when(t, part))
    });
    parts.collect::<Vec<_>>().join(&t.say(key::LIST_JOIN))
}

/// How much of a hold's time is left, and until when.
fn left(t: &Text, one: &Reservation, now: OffsetDateTime) -> String {
    let until = t.moment(one.expires_at.as_ref());
    let Some(at) = one.expires_at.as_ref().and_then(chassis::value::time) else { return until };
    let minutes = (at - now).whole_minutes();
    let left = match minutes {
        ..=0 => return t.say(key::LEFT_NOTHING),
        2_880.. => t.one(key::LEFT_DAYS, minutes / 1_440),
        120.. => t.one(key::LEFT_HOURS, minutes / 60),
        _ => t.one(key::LEFT_MINUTES, minutes),
    };
    t.two(key::LEFT_UNTIL, left, until)
}

/// How a reservation stands.
pub fn tag(t: &Text, state: State) -> Tag {
    let (shape, label) = match state {
        State::Held => ("unanswered", key::RESERVATION_STATE_HELD),
        State::Confirmed => ("accepted", key::RESERVATION_STATE_CONFIRMED),
        State::Consumed => ("accepted", key::RESERVATION_STATE_CONSUMED),
        State::Released => ("cancelled", key::RESERVATION_STATE_RELEASED),
        State::Expired | State::Unspecified => ("cancelled", key::RESERVATION_STATE_EXPIRED),
    };
    Tag { shape, label: t.say(label) }
}

/// Makes a hold stay.
pub async fn confirm(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{RESERVATIONS}/{id}/confirm"), &fields).await?;
    let member = &posted.member;
    let request = ConfirmReservationRequest { request_id: posted.request_id.clone(), reservation_id: id };
    member.app().api.reservations().confirm_reservation(member.call(request)).await?;
    Ok(page::go(&format!("{RESERVATIONS}?done=confirmed")))
}

async fn releasing(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let one = read::reservation(member, id).await?;
    if one.holder_id != member.who.firm_id || !member.may(Permission::CapacityReserve) {
        return Err(Failure::denied());
    }
    Ok(asking(member, format!("{RESERVATIONS}/{id}/release"), key::RELEASE_DO, to_reservations(t))
        .lead(t.say(key::GIVE_BACK_BODY))
        .fact(t.say(key::RESERVED_WHAT), what(t, &one))
        .submit(t.say(key::RELEASE_DO))
        .taking_away())
}

/// Asks once more.
pub async fn release_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(releasing(&member, &id).await?.show())
}

/// Gives it back.
pub async fn release(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{RESERVATIONS}/{id}/release"), &fields).await?;
    let member = &posted.member;
    let mut ask = releasing(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = ReleaseReservationRequest { request_id: posted.request_id.clone(), reservation_id: id };
    match member.app().api.reservations().release_reservation(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{RESERVATIONS}?done=released"))),
        Err(status) => ask.refused(status),
    }
}
