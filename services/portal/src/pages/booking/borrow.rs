//! Reserved hours become capacity of an own group 借入: which group, and how it stands in the week without them.

use std::collections::HashMap;

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{BorrowCapacityRequest, GroupSummary, MatchedWeek, Reservation},
};
use time::Date;

use super::{RESERVATIONS, asking, read, read::Known, reservations, to_reservations};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    measure::Measure,
    page::{self, link},
    pages::capacity::{
        read as groups,
        state::{Figures, State},
    },
    session::Member,
    typed,
};

/// The answer that takes them out of the group that has them.
const NONE: &str = "none";

async fn borrowing(member: &Member, id: &str) -> Result<(Ask, Reservation), Failure> {
    let t = member.text();
    let one = read::reservation(member, id).await?;
    if one.holder_id != member.who.firm_id || !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    let known = Known::read(member).await?.meet(member, std::iter::once(&one.supplier_id)).await?;
    let mut own = groups::all(member, "").await?;
    own.retain(|group| !group.inactive || group.id == one.borrowing_group_id);
    let first = first(&one);
    let weeks = match first {
        Some(monday) => groups::week_of_all(member, monday).await?,
        None => HashMap::new(),
    };
    let mut choices: Vec<Choice> = own.iter().map(|group| choice(t, group, &weeks, first)).collect();
    if !one.borrowing_group_id.is_empty() {
        choices.push(Choice::new(NONE, t.say(key::BORROW_NONE)));
    }
    let lead = if choices.is_empty() { key::BORROW_NO_GROUP } else { key::BORROW_BODY };
    let question = Question::of("group", Kind::Radios, t.say(key::BORROW_GROUP), choices)
        .at("group_id")
        .wrong(t.say(key::BORROW_UNIT))
        .with(&one.borrowing_group_id);
    let ask = asking(member, format!("{RESERVATIONS}/{id}/borrow"), key::BORROW_TITLE, to_reservations(t))
        .lead(t.say(lead))
        .fact(t.say(key::SUPPLIER), known.name(t, &one.supplier_id))
        .fact(t.say(key::RESERVED_WHAT), reservations::what(t, &one))
        .submit(t.say(key::BORROW_DO))
        .ask(question);
    Ok((ask, one))
}

/// The first week of a reservation.
fn first(one: &Reservation) -> Option<Date> {
    one.parts.iter().filter_map(|part| format::day(part.monday.as_ref())).min()
}

/// A group, and how it stands in the first week.
fn choice(
    t: &Text,
    group: &GroupSummary,
    weeks: &HashMap<String, MatchedWeek>,
    first: Option<Date>,
) -> Choice {
    let mut choice = Choice::new(&group.id, group.name.clone());
    if let (Some(week), Some(monday)) = (weeks.get(&group.id), first) {
        let (measure, week) = (Measure::of(&group.unit_code), Figures::of(week));
        let figure =
            |value: Option<_>| value.map_or_else(|| t.say(key::NOT_KNOWN), |value| measure.said(t, value));
        let figures = t.two(key::CELL_FIGURES, figure(week.demand), figure(week.maximum));
        let state = if week.state == State::Unknown { t.say(key::NOT_KNOWN) } else { week.state.label(t) };
        choice.hint = t.three(key::CELL_SAID, figures, state, t.whole_week(monday));
    }
    choice
}

/// The form.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(borrowing(&member, &id).await?.0.show())
}

/// Counts them in the group, and shows what became of it.
pub async fn borrow(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{RESERVATIONS}/{id}/borrow"), &fields).await?;
    let member = &posted.member;
    let (ask, one) = borrowing(member, &id).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let chosen = fields.get("group");
    let group_id = if chosen == NONE { String::new() } else { chosen.to_string() };
    let request = BorrowCapacityRequest {
        request_id: posted.request_id.clone(),
        reservation_id: id,
        group_id: group_id.clone(),
    };
    match member.app().api.reservations().borrow_capacity(member.call(request)).await {
        Ok(_) if group_id.is_empty() => Ok(page::go(&format!("{RESERVATIONS}?done=unborrowed"))),
        Ok(_) => {
            let path = format!("/capacity/groups/{group_id}");
            Ok(page::go(&link(&path, &[("week", &typed::iso(first(&one))), ("done", "borrowed")])))
        }
        Err(status) => ask.refused(status),
    }
}
