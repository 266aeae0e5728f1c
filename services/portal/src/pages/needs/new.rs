//! A new request for capacity: any day names its week, and lists are typed with commas.

use axum::response::Response;
use chassis::value::{wire_date, wire_decimal};
use proto::{
    access::Permission,
    capacity::{OfferLimits, OfferVisibility, PublishCapacityRequestRequest, RequestContent},
};
use time::Date;

use super::{BOARD, back, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    pages::clusters,
    session::Member,
    typed,
};

const NEW: &str = "/capacity/requests/new";
/// Fields of figures that may be left out, with what the API calls them.
const FIGURES: [(&str, &str); 6] = [
    ("tonnage", "content.limits.tonnage_t"),
    ("length", "content.limits.length_mm"),
    ("width", "content.limits.width_mm"),
    ("height", "content.limits.height_mm"),
    ("weight", "content.limits.weight_kg"),
    ("precision", "content.limits.precision_mm"),
];

async fn ask(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    let units = words::UNITS.iter().map(|code| Choice::new(code, words::unit(t, code))).collect();
    let mut shown = vec![
        Choice::new("partners", t.say(key::NEED_FOR_PARTNERS)),
        Choice::new("all", t.say(key::NEED_FOR_ALL)),
    ];
    let joined = clusters::all(member).await?.into_iter();
    shown.extend(
        joined
            .filter(|one| one.own_state() == proto::partners::ClusterMembershipState::Joined)
            .map(|one| Choice::new(&one.id, t.one(key::NEED_FOR_CLUSTER, &one.name))),
    );
    let date = |name, label, path| {
        Question::new(name, Kind::Date, t.say(label)).hint(t.say(key::NEED_DAY_HINT)).at(path)
    };
    let list = |name, label, path| {
        Question::new(name, Kind::Text, t.say(label)).hint(t.say(key::NEED_LIST_HINT)).optional().at(path)
    };
    let labels = [
        key::NEED_TONNAGE_T,
        key::NEED_LENGTH_MM,
        key::NEED_WIDTH_MM,
        key::NEED_HEIGHT_MM,
        key::NEED_WEIGHT_KG,
        key::NEED_PRECISION_MM,
    ];
    let figures = FIGURES
        .iter()
        .zip(labels)
        .map(|((name, path), label)| Question::new(name, Kind::Number, t.say(label)).optional().at(path));
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
        .ask_all(figures.collect())
        .ask(list("certificates", key::NEED_CERTIFICATE, "content.certificates"))
        .ask(list("wished", key::NEED_WISHED, "content.wished_certificates"))
        .ask(
            Question::new("region", Kind::Code, t.say(key::NEED_REGION))
                .hint(t.say(key::NEED_REGION_HINT))
                .optional()
                .at("content.region"),
        )
        .ask(Question::new("note", Kind::Area, t.say(key::NEED_NOTE)).optional().at("content.note"))
        .ask(
            Question::of("shown", Kind::Radios, t.say(key::NEED_SHOWN), shown)
                .with("partners")
                .at("visibility"),
        ))
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
    let (visibility, cluster_id) = match fields.get("shown") {
        "partners" => (OfferVisibility::Partners, String::new()),
        "all" => (OfferVisibility::All, String::new()),
        cluster => (OfferVisibility::Cluster, cluster.to_owned()),
    };
    let request = PublishCapacityRequestRequest {
        request_id: posted.request_id.clone(),
        content: Some(content),
        visibility: visibility.into(),
        firm_ids: Vec::new(),
        cluster_id,
    };
    match member.app().api.capacity_requests().publish_capacity_request(member.call(request)).await {
        Ok(made) => Ok(page::go(&format!("{BOARD}/{}", made.into_inner().id))),
        Err(status) => ask.refused(status),
    }
}

/// What was typed; nothing where some of it is no number or no day, which the page then says.
fn content(member: &Member, ask: &mut Ask, fields: &Fields) -> Option<RequestContent> {
    let t = member.text();
    let mut whole = true;
    let mut figure = |ask: &mut Ask, name: &str| {
        let text = fields.get(name);
        let value = typed::quantity(text);
        if value.is_none() && !text.is_empty() {
            whole = false;
            ask.blame(name, t.say(key::NEED_NO_FIGURE));
        }
        value.map(wire_decimal)
    };
    let quantity = figure(ask, "quantity");
    let [tonnage_t, length_mm, width_mm, height_mm, weight_kg, precision_mm] =
        FIGURES.map(|(name, _)| figure(ask, name));
    let mut week = |ask: &mut Ask, name: &str| {
        let day = typed::date(fields.get(name)).ok().flatten();
        if day.is_none() {
            whole = false;
            ask.blame(name, t.say(key::NEED_NO_DAY));
        }
        day.map(|day| wire_date(monday(day)))
    };
    let (first_monday, last_monday) = (week(ask, "first"), week(ask, "last"));
    let list = |name: &str| -> Vec<String> {
        let parts = fields.get(name).split([',', '\u{ff0c}', '、', ';', '\u{ff1b}']);
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    whole.then(|| RequestContent {
        process: fields.get("process").to_owned(),
        materials: list("materials"),
        limits: Some(OfferLimits { length_mm, width_mm, height_mm, weight_kg, precision_mm, tonnage_t }),
        quantity,
        unit_code: fields.get("unit").to_owned(),
        first_monday,
        last_monday,
        certificates: list("certificates"),
        wished_certificates: list("wished"),
        region: fields.get("region").to_owned(),
        note: fields.get("note").to_owned(),
        ..RequestContent::default()
    })
}

/// The Monday of a day's week.
fn monday(day: Date) -> Date {
    day - time::Duration::days(i64::from(day.weekday().number_days_from_monday()))
}
