//! Terms for all suppliers that have none of their own.

use axum::response::Response;
use proto::{
    access::Permission,
    orders::{EffectiveTerms, GetTermsRequest, SetTermsRequest, Terms},
};

use super::{days, terms};
use crate::{
    ask::{Ask, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    pages::firm::settings,
    session::Member,
};

const PATH: &str = "/terms";

async fn form(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    let request = GetTermsRequest::default();
    let effective: EffectiveTerms =
        member.app().api.terms().get_terms(member.call(request)).await?.into_inner();
    let own = terms::own(member, "").await?;
    let values = [own.answer_within_working_days, own.frozen_working_days, own.remind_before_working_days];
    let paths = ["terms.answer_within", "terms.frozen", "terms.remind_before"];
    let mut ask = Ask::new(member, PATH.into(), t.say(key::TERMS_ALL), settings(t))
        .lead(t.say(key::TERMS_ALL_BODY))
        .hidden("etag", own.etag);
    for line in terms::lines(t, &effective) {
        ask = ask.fact(line.label, t.two(key::WITH_NOTE, line.rule, line.value));
    }
    for (((name, label), value), path) in terms::FIELDS.iter().zip(values).zip(paths) {
        let question = Question::new(name, Kind::Number, t.say(label)).hint(t.say(key::TERMS_ALL_HINT));
        let question = question.optional().at(path).wrong(t.say(key::TERMS_RANGE));
        ask = ask.ask(question.with(value.map(|days| days.to_string()).unwrap_or_default()));
    }
    Ok(ask)
}

/// What holds, and the form.
pub async fn show(member: Member) -> Result<Response, Failure> {
    match member.may(Permission::PartnersWrite) && member.may(Permission::OrdersRead) {
        true => Ok(form(&member).await?.show()),
        false => Err(Failure::denied()),
    }
}

/// Sets them; what is left empty is as the platform says.
pub async fn set(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, PATH, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let mut wrong = Vec::new();
    let [answer, frozen, remind] = terms::FIELDS.map(|(name, _)| {
        days(fields.get(name)).unwrap_or_else(|()| {
            wrong.push(name);
            None
        })
    });
    for name in &wrong {
        ask.blame(name, member.text().say(key::TERMS_RANGE));
    }
    if !wrong.is_empty() {
        return Ok(ask.wrong());
    }
    let terms = Terms {
        answer_within_working_days: answer,
        frozen_working_days: frozen,
        remind_before_working_days: remind,
        etag: fields.get("etag").to_string(),
        ..Terms::default()
    };
    let request = SetTermsRequest { request_id: posted.request_id.clone(), terms: Some(terms) };
    match member.app().api.terms().set_terms(member.call(request)).await {
        Ok(_) => Ok(page::go("/settings?done=terms")),
        Err(status) => ask.refused(status),
    }
}
