//! A new request for capacity: any day names its week, and lists are typed with commas.

use axum::response::Response;
use chassis::value::wire_date;
use proto::{
    access::Permission,
    capacity::{OfferLimits, PublishCapacityRequestRequest, RequestContent},
};
use time::Date;

use super::{BOARD, CURRENCY, back, figures, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    pages::booking::{audience, read::Known},
    session::Member,
    typed,
};

const NEW: &str = "/capacity/requests/new";
async fn ask(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    let units = words::UNITS.iter().map(|code| Choice::new(code, words::unit(t, code))).collect();
    let known = Known::read(member).await?;
    let date = |name, label, path| {
        Question::new(name, Kind::Date, t.say(label)).hint(t.say(key::NEED_DAY_HINT)).at(path)
    };
    let list = |name, label, path| {
        Question::new(name, Kind::Text, t.say(label)).hint(t.say(key::NEED_LIST_HINT)).optional().at(path)
    };
    Ok(Ask::new(member, NEW.into(), t.say(key::NEED_NEW), back(t))
        .lead(t.say(key::NEED_NEW_BODY))
        .submit(t.say(key::NEED_PUBLISH))
        .ask(Question::new("process", Kind::Text, t.say(key::NEED_PROCESS)).at("content.process"))
        .ask(list("materials", key::NEED_MATERIAL, "content.materials"))
        .ask(Question::new("quantity", Kind::Number, t.say(key::NEED_QUANTITY)).at("content.quantity"))
        .ask(
            Question::of("unit", Kind::Select, t.say(key::NEED_UNIT), units)
                .with("HUR")
                .at("content.unit_code"),
        )
        .ask(date("first", key::NEED_FIRST, "content.first_monday"))
        .ask(date("last", key::NEED_LAST, "content.last_monday"))
        .ask_all(figures::questions(t, figures::NEEDED, "content.limits", &OfferLimits::default()))
        .ask(list("certificates", key::NEED_CERTIFICATE, "content.certificates"))
        .ask(list("wished", key::NEED_WISHED, "content.wished_certificates"))
        .ask(
            Question::new("region", Kind::Code, t.say(key::NEED_REGION))
                .hint(t.say(key::NEED_REGION_HINT))
                .optional()
                .at("content.region"),
        )
        .ask(
            Question::new("price", Kind::Number, t.say(key::NEED_CEILING))
                .hint(t.one(key::NEED_CEILING_HINT, CURRENCY))
                .optional()
                .at("content.price_ceiling"),
        )
        .ask(Question::new("note", Kind::Area, t.say(key::NEED_NOTE)).optional().at("content.note"))
        .ask_all(audience::questions(t, &known, t.say(key::NEED_SHOWN), true)))
}

/// The form.
pub async fn form(member: Member) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityReserve) {
        return Err(Failure::denied());
    }
    Ok(ask(&member).await?.show())
}

/// Publishes it.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = ask(member).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(content) = content(member, &mut ask, &fields) else { return Ok(ask.wrong()) };
    let Some(to) = audience::chosen(member.text(), &mut ask, &fields) else { return Ok(ask.wrong()) };
    let request = PublishCapacityRequestRequest {
        request_id: posted.request_id.clone(),
        content: Some(content),
        visibility: to.visibility.into(),
        firm_ids: to.firm_ids,
        cluster_id: to.cluster_id,
    };
    match member.app().api.capacity_requests().publish_capacity_request(member.call(request)).await {
        Ok(made) => Ok(page::go(&format!("{BOARD}/{}", made.into_inner().id))),
        Err(status) => ask.refused(status),
    }
}

/// What was typed; nothing where some of it is no number or no day, which the page then says.
fn content(member: &Member, ask: &mut Ask, fields: &Fields) -> Option<RequestContent> {
    let t = member.text();
    let quantity = figures::figure(t, ask, fields, "quantity");
    let limits = figures::read(t, ask, fields);
    let price_ceiling = figures::figure(t, ask, fields, "price");
    let mut week = |name: &str| {
        let day = typed::date(fields.get(name)).ok().flatten();
        if day.is_none() {
            ask.blame(name, t.say(key::NEED_NO_DAY));
        }
        day.map(|day| wire_date(monday(day)))
    };
    let (first_monday, last_monday) = (week("first"), week("last"));
    let price_ceiling = price_ceiling.ok()?;
    Some(RequestContent {
        process: fields.get("process").to_owned(),
        materials: typed::names(fields.get("materials")),
        limits: Some(limits?),
        quantity: quantity.ok()?,
        unit_code: fields.get("unit").to_owned(),
        first_monday: Some(first_monday?),
        last_monday: Some(last_monday?),
        certificates: typed::names(fields.get("certificates")),
        wished_certificates: typed::names(fields.get("wished")),
        region: fields.get("region").to_owned(),
        currency: if price_ceiling.is_some() { CURRENCY.to_owned() } else { String::new() },
        price_ceiling,
        note: fields.get("note").to_owned(),
    })
}

/// The Monday of a day's week.
fn monday(day: Date) -> Date {
    day - time::Duration::days(i64::from(day.weekday().number_days_from_monday()))
}
