//! Granting a resource that nobody asked for; and the bounds of whatever is granted.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    resources::{EntitlementTerms, GrantEntitlementRequest},
};
use time::{OffsetDateTime, Time, UtcOffset};

use super::{OPEN, asking, back_to, needs, resource, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page,
    pages::booking::read::Known,
    session::Member,
    typed,
};

/// What a grant is asked for beside whom and what.
pub fn bounds(t: &Text) -> Vec<Question> {
    vec![
        Question::new("until", Kind::Date, t.say(key::ENTITLEMENT_LAST_DAY))
            .hint(t.say(key::ENTITLEMENT_LAST_DAY_HINT))
            .optional()
            .at("terms.valid_until"),
        Question::new("limit", Kind::Number, t.say(key::ENTITLEMENT_LIMIT))
            .hint(t.say(key::ENTITLEMENT_LIMIT_HINT))
            .optional()
            .at("terms.download_limit"),
    ]
}

/// What was typed; nothing where some of it is no day or no number, which the page then says.
pub fn terms(t: &Text, ask: &mut Ask, fields: &Fields, purpose: String) -> Option<EntitlementTerms> {
    let until = typed::date(fields.get("until"));
    if until.is_err() {
        ask.blame("until", t.say(key::NEED_NO_DAY));
    }
    let limit = match fields.get("limit") {
        "" => Ok(0),
        text => text.parse::<i32>().map_err(|_| ()),
    };
    if limit.is_err() {
        ask.blame("limit", t.one(key::ASK_WRONG, t.say(key::ENTITLEMENT_LIMIT)));
    }
    Some(EntitlementTerms {
        purpose,
        valid_from: None,
        valid_until: until.ok()?.map(|day| chassis::value::timestamp(end_of(day))),
        download_limit: limit.ok()?,
    })
}

/// The end of a day in China.
fn end_of(day: time::Date) -> OffsetDateTime {
    let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    day.next_day().unwrap_or(day).with_time(Time::MIDNIGHT).assume_offset(china)
}

async fn granting(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let one = resource(member, id).await?;
    let known = Known::read(member).await?;
    let firms = known.partners.into_iter().map(|(id, name)| Choice::new(format!("firm-{id}"), name));
    let clusters = known
        .clusters
        .into_iter()
        .chain(known.runs)
        .map(|one| Choice::new(format!("cluster-{}", one.id), t.one(key::ENTITLEMENT_CLUSTER, one.name)));
    Ok(asking(member, format!("{OPEN}/{id}/grant"), t.say(key::ENTITLEMENT_GRANT), back_to(t, &one))
        .lead(t.say(key::ENTITLEMENT_GRANT_BODY))
        .submit(t.say(key::ENTITLEMENT_GRANT))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .ask(Question::of("to", Kind::Select, t.say(key::ENTITLEMENT_WHO), firms.chain(clusters).collect()))
        .ask(
            Question::new("purpose", Kind::Text, t.say(key::ENTITLEMENT_PURPOSE))
                .hint(t.say(key::ENTITLEMENT_PURPOSE_HINT))
                .optional()
                .at("terms.purpose"),
        )
        .ask_all(bounds(t))
        .ask(Question::new("note", Kind::Area, t.say(key::ENTITLEMENT_NOTE)).optional()))
}

/// To whom, and how long?
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(granting(&member, &id).await?.show())
}

/// Grants it.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/{id}/grant"), &fields).await?;
    let member = &posted.member;
    let mut ask = granting(member, &id).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let purpose = fields.get("purpose").to_owned();
    let Some(terms) = terms(member.text(), &mut ask, &fields, purpose) else { return Ok(ask.wrong()) };
    let named = |kind: &str| fields.get("to").strip_prefix(kind).unwrap_or_default().to_owned();
    let request = GrantEntitlementRequest {
        request_id: posted.request_id.clone(),
        firm_id: named("firm-"),
        cluster_id: named("cluster-"),
        resource_id: id.clone(),
        terms: Some(terms),
        note: fields.get("note").to_owned(),
        ..GrantEntitlementRequest::default()
    };
    match member.app().api.entitlements().grant_entitlement(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OPEN}/{id}?done=granted"))),
        Err(status) => ask.refused(status),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::end_of;

    #[test]
    fn the_last_day_is_a_whole_one_in_china() {
        assert_eq!(end_of(date!(2026 - 12 - 31)), datetime!(2026-12-31 16:00 UTC));
    }
}
