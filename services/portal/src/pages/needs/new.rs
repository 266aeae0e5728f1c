//! A new request for capacity: any day names its week, and lists are typed with commas.

use axum::response::Response;
use chassis::value::wire_date;
use proto::{
    access::Permission,
    capacity::{PublishCapacityRequestRequest, RequestContent},
};
use time::Date;

use super::{BOARD, CURRENCY, back, figures, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format::{day, decimal},
    i18n::{Key, Text, key},
    page,
    pages::booking::{audience, read::Known},
    session::Member,
    typed,
};

const NEW: &str = "/capacity/requests/new";

async fn ask(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    let known = Known::read(member).await?;
    let content = RequestContent { unit_code: "HUR".into(), ..RequestContent::default() };
    Ok(Ask::new(member, NEW.into(), t.say(key::NEED_NEW), back(t))
        .lead(t.say(key::NEED_NEW_BODY))
        .submit(t.say(key::NEED_PUBLISH))
        .ask_all(questions(t, &content, audience::questions(t, &known, t.say(key::NEED_SHOWN), true))))
}

/// What is asked of a request, filled in with what stands, and last to whom it is shown, which these questions ask.
pub fn questions(t: &Text, content: &RequestContent, audience: Vec<Question>) -> Vec<Question> {
    let figure = |wire: &Option<proto::Decimal>| {
        decimal(wire.as_ref()).map(|kept| kept.normalize().to_string()).unwrap_or_default()
    };
    let date = |name, label: Key<0>, path, stands: &Option<proto::Date>| {
        let question = Question::new(name, Kind::Date, t.say(label)).hint(t.say(key::NEED_DAY_HINT)).at(path);
        question.with(typed::iso(day(stands.as_ref())))
    };
    let list = |name, label: Key<0>, path, stands: &[String]| {
        let question = Question::new(name, Kind::Text, t.say(label)).hint(t.say(key::NEED_LIST_HINT));
        question.optional().at(path).with(stands.join(&t.say(key::LIST_JOIN)))
    };
    let currency = if content.currency.is_empty() { CURRENCY } else { content.currency.as_str() };
    let mut questions = vec![
        Question::new("process", Kind::Text, t.say(key::NEED_PROCESS))
            .at("content.process")
            .with(&content.process),
        list("materials", key::NEED_MATERIAL, "content.materials", &content.materials),
        Question::new("quantity", Kind::Number, t.say(key::NEED_QUANTITY))
            .at("content.quantity")
            .with(figure(&content.quantity)),
        Question::of("unit", Kind::Select, t.say(key::NEED_UNIT), units(t, &content.unit_code))
            .with(&content.unit_code)
            .at("content.unit_code"),
        date("first", key::NEED_FIRST, "content.first_monday", &content.first_monday),
        date("last", key::NEED_LAST, "content.last_monday", &content.last_monday),
    ];
    let limits = content.limits.clone().unwrap_or_default();
    questions.extend(figures::questions(t, figures::NEEDED, "content.limits", &limits));
    questions.extend([
        list("certificates", key::NEED_CERTIFICATE, "content.certificates", &content.certificates),
        list("wished", key::NEED_WISHED, "content.wished_certificates", &content.wished_certificates),
        Question::new("region", Kind::Code, t.say(key::NEED_REGION))
            .hint(t.say(key::NEED_REGION_HINT))
            .optional()
            .at("content.region")
            .with(&content.region),
        Question::new("price", Kind::Number, t.say(key::NEED_CEILING))
            .hint(t.one(key::NEED_CEILING_HINT, currency))
            .optional()
            .at("content.price_ceiling")
            .with(figure(&content.price_ceiling)),
        Question::new("note", Kind::Area, t.say(key::NEED_NOTE))
            .optional()
            .at("content.note")
            .with(&content.note),
    ]);
    questions.extend(audience);
    questions
}

/// Units to choose from, the one that stands among them.
fn units(t: &Text, stands: &str) -> Vec<Choice> {
    let other = Some(stands).filter(|code| !words::UNITS.contains(code) && !code.is_empty());
    let codes = words::UNITS.into_iter().chain(other);
    codes.map(|code| Choice::new(code, words::unit(t, code))).collect()
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
    let content = content(member, &mut ask, &fields, RequestContent::default());
    let Some(content) = content else { return Ok(ask.wrong()) };
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

/// What was typed of a request that was `was` before; nothing where some of it is no number or no day, which the page then
/// says.
pub fn content(
    member: &Member,
    ask: &mut Ask,
    fields: &Fields,
    was: RequestContent,
) -> Option<RequestContent> {
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
    let names = |name: &str, was: Vec<String>| typed::names_after(fields.get(name), was);
    let currency = if was.currency.is_empty() { CURRENCY.to_owned() } else { was.currency };
    Some(RequestContent {
        process: fields.get("process").to_owned(),
        materials: names("materials", was.materials),
        limits: Some(limits?),
        quantity: quantity.ok()?,
        unit_code: fields.get("unit").to_owned(),
        first_monday: Some(first_monday?),
        last_monday: Some(last_monday?),
        certificates: names("certificates", was.certificates),
        wished_certificates: names("wished", was.wished_certificates),
        region: fields.get("region").to_owned(),
        currency: if price_ceiling.is_some() { currency } else { String::new() },
        price_ceiling,
        note: fields.get("note").to_owned(),
    })
}

/// The Monday of a day's week.
fn monday(day: Date) -> Date {
    day - time::Duration::days(i64::from(day.weekday().number_days_from_monday()))
}
