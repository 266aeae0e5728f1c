//! A new series of demand: of which material, from which supplier, where to.

use axum::response::Response;
use proto::{
    access::Permission,
    capacity::{
        DemandCategory, DemandContent, DemandSeries, GetMaterialDemandRequest, ListMaterialDemandsRequest,
        MaterialDemand, UploadMaterialDemandRequest,
    },
};

use super::{category, read::Partners};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, key},
    page::{self, link},
    session::Member,
};

const PATH: &str = "/capacity/demand/new";
const LIST: &str = "/capacity/demand";
/// Units to choose from, and what they are called.
const UNITS: [(&str, Key<0>); 6] = [
    ("H87", key::UNIT_PIECE),
    ("SET", key::UNIT_SET),
    ("PR", key::UNIT_PAIR),
    ("KGM", key::UNIT_KILOGRAM),
    ("MTR", key::UNIT_METRE),
    ("LTR", key::UNIT_LITRE),
];

async fn form(member: &Member) -> Result<Ask, Failure> {
    if !member.may(Permission::DemandWrite) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let partners = Partners::read(member).await?;
    let suppliers =
        partners.suppliers(&member.who.firm_id).map(|(id, name)| Choice::new(id, name.to_string()));
    let suppliers = std::iter::once(Choice::new("", t.say(key::CHOOSE))).chain(suppliers).collect();
    let units = UNITS.map(|(code, label)| Choice::new(code, t.say(label))).into();
    let categories = (1..=8).filter_map(|number| DemandCategory::try_from(number).ok());
    let categories = categories.map(|one| Choice::new(one as i32, category(t, one))).collect();
    let back = Way { href: LIST.into(), label: t.say(key::DEMAND_TITLE) };
    let material = Question::new("material", Kind::Code, t.say(key::MATERIAL_NUMBER));
    let description = Question::new("description", Kind::Text, t.say(key::MATERIAL_DESCRIPTION));
    let location = Question::new("location", Kind::Code, t.say(key::DEMAND_LOCATION));
    Ok(Ask::new(member, PATH.into(), t.say(key::DEMAND_NEW), back)
        .lead(t.say(key::DEMAND_NEW_BODY))
        .ask(Question::of("supplier", Kind::Select, t.say(key::SUPPLIER), suppliers).at("supplier_id"))
        .ask(material.at("content.material_number_customer"))
        .ask(description.at("content.material_description_customer").optional())
        .ask(
            Question::of("unit", Kind::Select, t.say(key::GROUP_UNIT), units)
                .at("content.unit_code")
                .with("H87"),
        )
        .ask(location.hint(t.say(key::DEMAND_LOCATION_HINT)).at("content.series"))
        .ask(Question::of("category", Kind::Select, t.say(key::DEMAND_CATEGORY), categories).with("1")))
}

/// The form.
pub async fn new(member: Member) -> Result<Response, Failure> {
    Ok(form(&member).await?.show())
}

/// Adds the series to what is wanted of the material already.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, PATH, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let series = DemandSeries {
        customer_location: fields.get("location").to_string(),
        demand_category: fields.get("category").parse().unwrap_or(DemandCategory::Default as i32),
        ..DemandSeries::default()
    };
    let present = present(member, fields.get("supplier"), fields.get("material")).await?;
    let version = present.as_ref().map_or(0, |demand| demand.version);
    let mut content = present.and_then(|demand| demand.content).unwrap_or_else(|| DemandContent {
        material_number_customer: fields.get("material").to_string(),
        material_description_customer: fields.get("description").to_string(),
        unit_code: fields.get("unit").to_string(),
        ..DemandContent::default()
    });
    let same = |one: &DemandSeries| {
        one.customer_location == series.customer_location && one.demand_category == series.demand_category
    };
    if content.series.iter().any(same) {
        return Ok(page::go(LIST));
    }
    content.series.push(series);
    let request = UploadMaterialDemandRequest {
        request_id: posted.request_id.clone(),
        supplier_id: fields.get("supplier").to_string(),
        expected_version: version,
        content: Some(content),
        ..UploadMaterialDemandRequest::default()
    };
    match member.app().api.demands().upload_material_demand(member.call(request)).await {
        Ok(_) => Ok(page::go(&link(LIST, &[("done", "saved")]))),
        Err(status) => ask.refused(status),
    }
}

/// What the own firm wants of a material already.
async fn present(member: &Member, supplier: &str, material: &str) -> Result<Option<MaterialDemand>, Failure> {
    let mut client = member.app().api.demands();
    let request = ListMaterialDemandsRequest {
        counterparty_id: supplier.to_string(),
        material_number_customer: material.to_string(),
        ..ListMaterialDemandsRequest::default()
    };
    let list = client.list_material_demands(member.call(request)).await?.into_inner();
    let Some(own) = list.demands.into_iter().find(|one| one.supplier_id == supplier) else { return Ok(None) };
    let request = GetMaterialDemandRequest { demand_id: own.id, version: 0 };
    Ok(Some(client.get_material_demand(member.call(request)).await?.into_inner()))
}
