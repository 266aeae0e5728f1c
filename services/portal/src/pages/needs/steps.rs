//! One step at a time: close a request, propose a match, accept, decline, and say how it went.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::capacity::{
    AdvanceMatchRequest, CapacityMatch, CapacityRequest, CloseCapacityRequestRequest,
    GetCapacityRequestRequest, GetMatchRequest, MatchState, ProposeMatchRequest, RequestContent,
};
use serde::Deserialize;

use super::{
    BOARD, back, how_much, name, names, what, when,
    words::{self, Step},
};
use crate::{
    ask::{Ask, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    session::Member,
};

/// A request: the own firm's, or an open one that it may see.
pub async fn need(member: &Member, id: &str) -> Result<CapacityRequest, Failure> {
    let request = GetCapacityRequestRequest { capacity_request_id: id.to_owned() };
    let mut client = member.app().api.capacity_requests();
    Ok(client.get_capacity_request(member.call(request)).await?.into_inner())
}

/// What a step is about.
fn about(member: &Member, ask: Ask, content: &RequestContent) -> Ask {
    let t = member.text();
    ask.fact(t.say(key::NEED), what(t, content))
        .fact(t.say(key::NEED_QUANTITY), how_much(t, content))
        .fact(t.say(key::NEED_WEEKS), when(t, content))
        .fact(t.say(key::NEED_NOTE), content.note.clone())
}

async fn closing(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let content = need(member, id).await?.content.unwrap_or_default();
    let ask = Ask::new(member, format!("{BOARD}/{id}/close"), t.say(key::NEED_CLOSE), back(t))
        .lead(t.say(key::NEED_CLOSE_BODY))
        .submit(t.say(key::NEED_CLOSE))
        .taking_away();
    Ok(about(member, ask, &content))
}

/// What closing means.
pub async fn close_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(closing(&member, &id).await?.show())
}

/// Closes.
pub async fn close(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{BOARD}/{id}/close"), &fields).await?;
    let member = &posted.member;
    let mut ask = closing(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request =
        CloseCapacityRequestRequest { request_id: posted.request_id.clone(), capacity_request_id: id };
    match member.app().api.capacity_requests().close_capacity_request(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{BOARD}?done=closed"))),
        Err(status) => ask.refused(status),
    }
}

/// Whose offer is asked for, or which firm without one; none where a request of others is answered.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    offer: String,
    #[serde(default)]
    firm: String,
}

async fn proposing(member: &Member, id: &str, asked: &Asked) -> Result<Ask, Failure> {
    let t = member.text();
    let need = need(member, id).await?;
    let (title, lead) = match need.requester_id == member.who.firm_id {
        true => (key::NEED_ASK, key::NEED_ASK_BODY),
        false => (key::NEED_ANSWER, key::NEED_ANSWER_BODY),
    };
    let ask = Ask::new(member, format!("{BOARD}/{id}/propose"), t.say(title), back(t))
        .lead(t.say(lead))
        .submit(t.say(key::NEED_PROPOSE))
        .hidden("offer", asked.offer.clone())
        .hidden("firm", asked.firm.clone())
        .ask(Question::new("note", Kind::Area, t.say(key::NEED_NOTE)).optional());
    Ok(about(member, ask, &need.content.unwrap_or_default()))
}

/// What proposing means.
pub async fn propose_form(
    member: Member,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    Ok(proposing(&member, &id, &asked).await?.show())
}

/// Proposes.
pub async fn propose(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{BOARD}/{id}/propose"), &fields).await?;
    let member = &posted.member;
    let mut ask = proposing(member, &id, &Asked::default()).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = ProposeMatchRequest {
        request_id: posted.request_id.clone(),
        capacity_request_id: id,
        offer_id: fields.get("offer").to_owned(),
        note: fields.get("note").to_owned(),
        supplier_id: fields.get("firm").to_owned(),
    };
    match member.app().api.capacity_matches().propose_match(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{BOARD}?done=proposed"))),
        Err(status) => ask.refused(status),
    }
}

async fn advancing(member: &Member, id: &str, step: &Step) -> Result<Ask, Failure> {
    let t = member.text();
    let request = GetMatchRequest { match_id: id.to_owned() };
    let mut client = member.app().api.capacity_matches();
    let found: CapacityMatch = client.get_match(member.call(request)).await?.into_inner();
    let other =
        if found.requester_id == member.who.firm_id { &found.supplier_id } else { &found.requester_id };
    let names = names(member, vec![other.clone()]).await?;
    let lead = match step.to {
        MatchState::Accepted => key::NEED_ACCEPT_BODY,
        MatchState::Contracted => key::NEED_CONTRACT_BODY,
        MatchState::Delivered => key::NEED_DELIVER_BODY,
        _ => key::NEED_DECLINE_BODY,
    };
    let action = format!("/capacity/matches/{id}/{}", step.path);
    let ask = Ask::new(member, action, t.say(step.label), back(t))
        .lead(t.say(lead))
        .fact(t.say(key::FIRM), name(t, &names, other))
        .fact(t.say(key::NEED_ANSWER_NOTE), found.note.clone())
        .submit(t.say(step.label));
    let ask = if step.to == MatchState::Declined { ask.taking_away() } else { ask };
    Ok(about(member, ask, &found.need.unwrap_or_default()))
}

/// What a step means.
pub async fn advance_form(
    member: Member,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let step = words::step(&step).ok_or_else(Failure::not_found)?;
    Ok(advancing(&member, &id, &step).await?.show())
}

/// Takes it.
pub async fn advance(
    member: Member,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let step = words::step(&step).ok_or_else(Failure::not_found)?;
    let posted = Posted::read(member, &format!("/capacity/matches/{id}/{}", step.path), &fields).await?;
    let member = &posted.member;
    let mut ask = advancing(member, &id, &step).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request =
        AdvanceMatchRequest { request_id: posted.request_id.clone(), match_id: id, state: step.to.into() };
    match member.app().api.capacity_matches().advance_match(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{BOARD}?done=moved"))),
        Err(status) => ask.refused(status),
    }
}
