//! Revisions of the own firm's resources: a draft, its release, and taking one back.

use axum::{extract::Path, response::Response};
use chassis::value::wire_date;
use proto::{
    access::Permission,
    resources::{
        CreateRevisionRequest, Effectivity, ReleaseRevisionRequest, Revision, WithdrawRevisionRequest,
    },
};

use super::{OPEN, asking, back_to, files, impact, needs, resource, revision, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Key, key},
    page,
    session::Member,
    typed,
};

async fn drafting(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let one = resource(member, id).await?;
    Ok(asking(member, format!("{OPEN}/{id}/revise"), t.say(key::REVISION_NEW), back_to(t, &one))
        .lead(t.say(key::REVISION_NEW_BODY))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .fact(t.say(key::RESOURCE_CURRENT), words::current(t, one.current.as_ref()))
        .ask(
            Question::new("label", Kind::Code, t.say(key::REVISION_LABEL))
                .hint(t.say(key::REVISION_LABEL_HINT)),
        )
        .ask(Question::new("change_note", Kind::Area, t.say(key::REVISION_CHANGES)).optional())
        .ask(
            Question::new("location", Kind::Text, t.say(key::REVISION_LOCATION))
                .hint(t.say(key::REVISION_LOCATION_HINT))
                .wrong(t.say(key::REVISION_LOCATION_WRONG))
                .optional(),
        ))
}

/// What the draft is called, and what is new in it?
pub async fn draft_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(drafting(&member, &id).await?.show())
}

/// Makes the draft.
pub async fn draft(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/{id}/revise"), &fields).await?;
    let member = &posted.member;
    let mut ask = drafting(member, &id).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = CreateRevisionRequest {
        request_id: posted.request_id.clone(),
        resource_id: id.clone(),
        label: fields.get("label").to_owned(),
        change_note: fields.get("change_note").to_owned(),
        location: fields.get("location").to_owned(),
    };
    match member.app().api.resource_revisions().create_revision(member.call(request)).await {
        Ok(made) => Ok(page::go(&format!("{}?done=drafted", files::path(&made.into_inner().revision_id)))),
        Err(status) => ask.refused(status),
    }
}

/// What a step does to a revision.
async fn about(member: &Member, id: &str, step: &str, label: Key<0>) -> Result<(Ask, Revision), Failure> {
    let t = member.text();
    let this = revision(member, id).await?;
    let one = resource(member, &this.resource_id).await?;
    let action = format!("{OPEN}/revisions/{id}/{step}");
    let ask = asking(member, action, t.say(label), back_to(t, &one))
        .submit(t.say(label))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .fact(t.say(key::RESOURCE_REVISION), this.label.clone())
        .fact(t.say(key::REVISION_CHANGES), this.change_note.clone());
    Ok((ask, this))
}

async fn releasing(member: &Member, id: &str) -> Result<(Ask, Revision), Failure> {
    let t = member.text();
    let (ask, this) = about(member, id, "release", key::REVISION_RELEASE).await?;
    let ask = ask.fact(t.say(key::IMPACT), impact::said(t, &impact::preview(member, id).await?));
    let choice = |one: Effectivity, label: Key<0>| Choice::new(one as i32, t.say(label));
    let from = vec![
        choice(Effectivity::NewOrders, key::EFFECTIVITY_NEW_ORDERS),
        choice(Effectivity::FromDate, key::EFFECTIVITY_FROM_DATE),
        choice(Effectivity::AtOnce, key::EFFECTIVITY_AT_ONCE),
    ];
    let ask = ask
        .lead(t.say(key::REVISION_RELEASE_BODY))
        .ask(
            Question::of("effectivity", Kind::Radios, t.say(key::EFFECTIVITY), from)
                .with(Effectivity::NewOrders as i32),
        )
        .ask(
            Question::new("date", Kind::Date, t.say(key::REVISION_EFFECTIVE))
                .hint(t.say(key::EFFECTIVITY_DATE_HINT))
                .optional()
                .at("effective_date"),
        );
    Ok((ask, this))
}

/// For which orders it counts?
pub async fn release_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(releasing(&member, &id).await?.0.show())
}

/// Releases it.
pub async fn release(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/revisions/{id}/release"), &fields).await?;
    let member = &posted.member;
    let (ask, this) = releasing(member, &id).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Ok(date) = typed::date(fields.get("date")) else {
        ask.blame("date", member.text().say(key::NEED_NO_DAY));
        return Ok(ask.wrong());
    };
    let request = ReleaseRevisionRequest {
        request_id: posted.request_id.clone(),
        revision_id: id,
        effectivity: fields.get("effectivity").parse().unwrap_or_default(),
        effective_date: date.map(wire_date),
    };
    match member.app().api.resource_revisions().release_revision(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OPEN}/{}?done=released", this.resource_id))),
        Err(status) => ask.refused(status),
    }
}

async fn withdrawing(member: &Member, id: &str) -> Result<(Ask, Revision), Failure> {
    let (ask, this) = about(member, id, "withdraw", key::REVISION_WITHDRAW).await?;
    Ok((ask.lead(member.text().say(key::REVISION_WITHDRAW_BODY)).taking_away(), this))
}

/// What that means.
pub async fn withdraw_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(withdrawing(&member, &id).await?.0.show())
}

/// Takes it back.
pub async fn withdraw(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/revisions/{id}/withdraw"), &fields).await?;
    let member = &posted.member;
    let (mut ask, this) = withdrawing(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = WithdrawRevisionRequest { request_id: posted.request_id.clone(), revision_id: id };
    match member.app().api.resource_revisions().withdraw_revision(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OPEN}/{}?done=taken-back", this.resource_id))),
        Err(status) => ask.refused(status),
    }
}
