//! Publishing a resource, and changing what stands of it.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    resources::{
        ChangeResourceRequest, PublishResourceRequest, Resource, ResourceClassification, ResourceContent,
        ResourceVisibility,
    },
};

use super::{OPEN, OWN, asking, back_to, needs, resource, way, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Key, key},
    page,
    pages::booking::read::Known,
    session::Member,
    typed,
};

const NEW: &str = "/resources/new";

/// What of a resource is asked for, with nothing filled in.
async fn questions(member: &Member) -> Result<Vec<Question>, Failure> {
    let t = member.text();
    let optional = |name, kind, label: Key<0>| Question::new(name, kind, t.say(label)).optional();
    let categories = words::CATEGORIES.iter().map(|(one, label)| Choice::new(*one as i32, t.say(label)));
    let classes = words::CLASSES.iter().map(|(one, label)| Choice::new(*one as i32, t.say(label)));
    let hinted =
        |label: Key<0>, hint: Key<0>| Choice { hint: t.say(hint), ..Choice::new("yes", t.say(label)) };
    let known = Known::read(member).await?;
    let clusters = known.clusters.into_iter().chain(known.runs);
    let clusters = clusters.map(|one| Choice::new(format!("cluster-{}", one.id), one.name));
    let mut seen = vec![
        Choice::new("granted", t.say(key::RESOURCE_GRANTED_ALONE)),
        Choice::new("partners", t.say(key::SHARE_PARTNERS)),
    ];
    seen.extend(clusters);
    seen.push(Choice::new("all", t.say(key::SHARE_ALL)));
    let uses = vec![hinted(key::RESOURCE_OPEN_USE, key::RESOURCE_OPEN_HINT)];
    let asks = vec![hinted(key::RESOURCE_ASK_ACKNOWLEDGE, key::RESOURCE_ASK_HINT)];
    Ok(vec![
        Question::new("name", Kind::Text, t.say(key::RESOURCE_NAME)).at("content.name"),
        optional("name_en", Kind::Text, key::RESOURCE_NAME_EN).at("content.name_en"),
        Question::of("category", Kind::Select, t.say(key::RESOURCE_CATEGORY), categories.collect())
            .with(1)
            .at("content.category"),
        optional("number", Kind::Code, key::RESOURCE_NUMBER).at("resource_number"),
        optional("items", Kind::Text, key::RESOURCE_ITEMS)
            .hint(t.say(key::NEED_LIST_HINT))
            .at("buyer_item_ids"),
        optional("summary", Kind::Area, key::RESOURCE_SUMMARY).at("content.summary"),
        optional("terms", Kind::Area, key::RESOURCE_TERMS).at("content.terms"),
        Question::of("class", Kind::Radios, t.say(key::RESOURCE_CLASS), classes.collect())
            .hint(t.say(key::RESOURCE_CLASS_HINT))
            .with(ResourceClassification::General as i32)
            .at("content.classification"),
        Question::of("to", Kind::Radios, t.say(key::RESOURCE_VISIBLE), seen)
            .with("granted")
            .at("visibility")
            .wrong(t.say(key::RESOURCE_VISIBLE_WRONG)),
        Question::of("open", Kind::Boxes, t.say(key::RESOURCE_USE), uses)
            .optional()
            .wrong(t.say(key::RESOURCE_OPEN_WRONG)),
        Question::of("acknowledge", Kind::Boxes, t.say(key::ACKNOWLEDGED), asks).optional(),
        optional("seats", Kind::Number, key::RESOURCE_SEATS)
            .hint(t.say(key::RESOURCE_SEATS_HINT))
            .at("content.seats"),
        optional("industry", Kind::Code, key::RESOURCE_INDUSTRY)
            .hint(t.say(key::RESOURCE_INDUSTRY_HINT))
            .at("content.industry_codes"),
        optional("region", Kind::Code, key::RESOURCE_REGION)
            .hint(t.say(key::NEED_REGION_HINT))
            .at("content.region"),
        optional("offer", Kind::Code, key::RESOURCE_OFFER)
            .hint(t.say(key::RESOURCE_OFFER_HINT))
            .at("content.capacity_offer_id"),
    ])
}

async fn publishing(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    Ok(asking(member, NEW.into(), t.say(key::RESOURCE_NEW_ONE), way(OWN, t.say(key::RESOURCES_OWN)))
        .lead(t.say(key::RESOURCE_NEW_BODY))
        .submit(t.say(key::RESOURCE_PUBLISH))
        .ask_all(questions(member).await?))
}

/// The form.
pub async fn form(member: Member) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(publishing(&member).await?.show())
}

/// Publishes it.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = publishing(member).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(content) = content(member, &mut ask, &fields) else { return Ok(ask.wrong()) };
    let (visibility, cluster_id) = audience(fields.get("to"));
    let request = PublishResourceRequest {
        request_id: posted.request_id.clone(),
        resource_number: fields.get("number").to_owned(),
        content: Some(content),
        visibility: visibility.into(),
        cluster_id,
        open: fields.get("open") == "yes",
        buyer_item_ids: typed::names(fields.get("items")),
    };
    match member.app().api.resources().publish_resource(member.call(request)).await {
        Ok(made) => {
            let id = made.into_inner().resource_id;
            Ok(page::go(&format!("{OPEN}/{id}?done=published")))
        }
        Err(status) => ask.refused(status),
    }
}

async fn changing(member: &Member, id: &str) -> Result<(Ask, Resource), Failure> {
    let t = member.text();
    let one = resource(member, id).await?;
    let ask = asking(member, format!("{OPEN}/{id}/change"), t.say(key::RESOURCE_CHANGE), back_to(t, &one))
        .lead(t.say(key::RESOURCE_CHANGE_BODY))
        .hidden("version", String::new())
        .ask_all(questions(member).await?);
    Ok((ask, one))
}

/// What stands, to be changed.
pub async fn change_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let (ask, one) = changing(&member, &id).await?;
    Ok(ask.fill(&standing(&one)).show())
}

/// Changes it.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/{id}/change"), &fields).await?;
    let member = &posted.member;
    let (ask, _) = changing(member, &id).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(content) = content(member, &mut ask, &fields) else { return Ok(ask.wrong()) };
    let (visibility, cluster_id) = audience(fields.get("to"));
    let request = ChangeResourceRequest {
        request_id: posted.request_id.clone(),
        resource_id: id.clone(),
        version: fields.get("version").parse().unwrap_or_default(),
        resource_number: fields.get("number").to_owned(),
        content: Some(content),
        visibility: visibility.into(),
        cluster_id,
        open: fields.get("open") == "yes",
        buyer_item_ids: typed::names(fields.get("items")),
    };
    match member.app().api.resources().change_resource(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OPEN}/{id}?done=saved"))),
        Err(status) => ask.refused(status),
    }
}

/// Who may find it, as chosen.
fn audience(to: &str) -> (ResourceVisibility, String) {
    match (to, to.strip_prefix("cluster-")) {
        (_, Some(cluster)) => (ResourceVisibility::Cluster, cluster.to_owned()),
        ("partners", _) => (ResourceVisibility::Partners, String::new()),
        ("all", _) => (ResourceVisibility::All, String::new()),
        _ => (ResourceVisibility::Granted, String::new()),
    }
}

/// What was typed; nothing where the seats are no number, which the page then says.
fn content(member: &Member, ask: &mut Ask, fields: &Fields) -> Option<ResourceContent> {
    let seats = match fields.get("seats") {
        "" => 0,
        text => match text.parse::<i32>() {
            Ok(seats) => seats,
            Err(_) => {
                let t = member.text();
                ask.blame("seats", t.one(key::ASK_WRONG, t.say(key::RESOURCE_SEATS)));
                return None;
            }
        },
    };
    let class = fields.get("class").parse().unwrap_or_default();
    Some(ResourceContent {
        name: fields.get("name").to_owned(),
        name_en: fields.get("name_en").to_owned(),
        summary: fields.get("summary").to_owned(),
        category: words::category_of(fields.get("category")).into(),
        classification: class,
        industry_codes: typed::names(fields.get("industry")),
        region: fields.get("region").to_owned(),
        terms: fields.get("terms").to_owned(),
        acknowledge: fields.get("acknowledge") == "yes",
        seats,
        capacity_offer_id: fields.get("offer").to_owned(),
    })
}

/// What stands, as if it had been typed.
fn standing(one: &Resource) -> Fields {
    let content = one.content.clone().unwrap_or_default();
    let class = content.classification.max(ResourceClassification::General as i32);
    let to = match one.visibility() {
        ResourceVisibility::Cluster => format!("cluster-{}", one.cluster_id),
        ResourceVisibility::Partners => "partners".to_owned(),
        ResourceVisibility::All => "all".to_owned(),
        ResourceVisibility::Granted | ResourceVisibility::Unspecified => "granted".to_owned(),
    };
    let ticked = |on: bool| if on { "yes" } else { "" };
    let number = |number: i32| if number == 0 { String::new() } else { number.to_string() };
    Fields::begun([
        ("version", one.version.to_string().as_str()),
        ("name", &content.name),
        ("name_en", &content.name_en),
        ("category", &content.category.to_string()),
        ("number", &one.resource_number),
        ("items", &one.buyer_item_ids.join(", ")),
        ("summary", &content.summary),
        ("terms", &content.terms),
        ("class", &class.to_string()),
        ("to", &to),
        ("open", ticked(one.open)),
        ("acknowledge", ticked(content.acknowledge)),
        ("seats", &number(content.seats)),
        ("industry", &content.industry_codes.join(", ")),
        ("region", &content.region),
        ("offer", &content.capacity_offer_id),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_it_comes_back_as_it_was_chosen() {
        for (to, visibility, cluster_id) in [
            ("granted", ResourceVisibility::Granted, ""),
            ("partners", ResourceVisibility::Partners, ""),
            ("cluster-0192", ResourceVisibility::Cluster, "0192"),
            ("all", ResourceVisibility::All, ""),
        ] {
            assert_eq!(audience(to), (visibility, cluster_id.to_owned()));
            let (visibility, cluster_id) = (visibility.into(), cluster_id.to_owned());
            let one = Resource { visibility, cluster_id, ..Resource::default() };
            assert_eq!(standing(&one).get("to"), to);
        }
        // Whatever was never chosen is seen by the fewest.
        assert_eq!(audience("").0, ResourceVisibility::Granted);
    }
}
