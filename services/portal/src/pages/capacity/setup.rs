//! A capacity group set up or changed: its name, whom it is for, and how long it takes for a piece of what.

use askama::Template;
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::Response,
};
use futures::{future::try_join_all, try_join};
use proto::{
    access::Permission,
    capacity::{
        CapacityGroup, GetMaterialDemandRequest, GroupContent, LinkedDemandSeries,
        ListMaterialDemandsRequest, MaterialDemand, UploadCapacityGroupRequest,
    },
};

use super::read::{self, Partners};
use crate::{
    ask::Choice,
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    page::{self, Page, link},
    pages::{settings::Fault, sign_in},
    session::Member,
    typed,
};

/// Demands that are offered to be linked.
const DEMANDS: i32 = 100;
/// Units to choose from, and what they are called.
const UNITS: [(&str, Key<0>); 6] = [
    ("SEC", key::UNIT_MACHINE_HOURS),
    ("H87", key::UNIT_PIECE),
    ("SET", key::UNIT_SET),
    ("PR", key::UNIT_PAIR),
    ("KGM", key::UNIT_KILOGRAM),
    ("MTR", key::UNIT_METRE),
];

/// A series that a group may make.
struct Series {
    /// How the form names it.
    id: String,
    material: String,
    description: String,
    customer: String,
    place: String,
    /// What a piece takes, as typed; empty where the group does not make it.
    factor: String,
    fault: String,
    link: LinkedDemandSeries,
}

#[derive(Template)]
#[template(path = "capacity_setup.html")]
struct SetupPage {
    page: Page,
    t: Text,
    title: String,
    back: String,
    action: String,
    token: String,
    version: i64,
    name: String,
    units: Vec<Choice>,
    customers: Vec<Choice>,
    /// Unit and customer of a group that is there already, which stay.
    fixed: Vec<(String, String)>,
    inactive: bool,
    series: Vec<Series>,
    /// Whether there are more demands than can be offered here.
    more: bool,
    faults: Vec<Fault>,
    done: String,
}

/// A group that is there already; `None` for a new one.
type Present = Option<CapacityGroup>;

fn path(id: Option<&str>) -> String {
    id.map_or_else(|| "/capacity/groups/new".to_string(), |id| format!("/capacity/groups/{id}/edit"))
}

fn allowed(member: &Member) -> Result<(), Failure> {
    if member.may(Permission::CapacityWrite) { Ok(()) } else { Err(Failure::denied()) }
}

/// The form of a new group.
pub async fn new(member: Member) -> Result<Response, Failure> {
    allowed(&member)?;
    Ok(page::show(&form(&member, &None).await?))
}

/// The form of a group that is there.
pub async fn edit(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    allowed(&member)?;
    let group = Some(read::group(&member, &id, 0).await?);
    Ok(page::show(&form(&member, &group).await?))
}

/// Makes a new group.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    allowed(&member)?;
    save(member, None, fields).await
}

/// Changes a group.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    allowed(&member)?;
    let group = read::group(&member, &id, 0).await?;
    save(member, Some(group), fields).await
}

async fn form(member: &Member, group: &Present) -> Result<SetupPage, Failure> {
    let t = member.text().clone();
    let app = member.app();
    let content = group.as_ref().and_then(|group| group.content.clone()).unwrap_or_default();
    let ((demands, more), partners) = try_join!(demands(member), Partners::read(member))?;
    let action = path(group.as_ref().map(|group| group.id.as_str()));
    let title = t.say(if group.is_some() { key::SETUP_EDIT } else { key::SETUP_NEW });
    let own = Choice::new("", t.say(key::GROUP_OWN));
    let customers =
        partners.customers(&member.who.firm_id).map(|(id, name)| Choice::new(id, name.to_string()));
    let fixed = group.as_ref().map_or_else(Vec::new, |group| {
        let whose = match group.customer_id.as_str() {
            "" => t.say(key::GROUP_OWN),
            customer => partners.name(customer).to_string(),
        };
        let unit = crate::measure::Measure::of(&content.unit_code).unit(&t);
        vec![(t.say(key::GROUP_CUSTOMER), whose), (t.say(key::GROUP_UNIT), unit)]
    });
    Ok(SetupPage {
        page: super::frame(member, title.clone()).with_form("setup", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &action),
        back: match group {
            Some(group) => format!("/capacity/groups/{}", group.id),
            None => "/capacity".to_string(),
        },
        version: group.as_ref().map_or(0, |group| group.version),
        units: UNITS.map(|(code, label)| Choice::new(code, t.say(label))).into(),
        customers: std::iter::once(own).chain(customers).collect(),
        fixed,
        inactive: content.inactive,
        series: series(&content, &demands, &partners),
        more,
        faults: Vec::new(),
        done: String::new(),
        name: content.name,
        title,
        action,
        t,
    })
}

/// Demands of customers, and whether there are more.
async fn demands(member: &Member) -> Result<(Vec<MaterialDemand>, bool), Failure> {
    let mut client = member.app().api.demands();
    let request = ListMaterialDemandsRequest { page_size: DEMANDS, ..ListMaterialDemandsRequest::default() };
    let list = client.list_material_demands(member.call(request)).await?.into_inner();
    let own = list.demands.iter().filter(|one| one.supplier_id == member.who.firm_id && !one.inactive);
    let get = |id: String| async move {
        let request = GetMaterialDemandRequest { demand_id: id, version: 0 };
        let got = member.app().api.demands().get_material_demand(member.call(request)).await?;
        Ok::<_, Failure>(got.into_inner())
    };
    let demands = try_join_all(own.map(|one| get(one.id.clone()))).await?;
    Ok((demands, !list.next_page_token.is_empty()))
}

/// What the group makes, then what else is wanted.
fn series(content: &GroupContent, demands: &[MaterialDemand], partners: &Partners) -> Vec<Series> {
    let mut links: Vec<LinkedDemandSeries> = content.linked_demand.clone();
    for demand in demands {
        let Some(wanted) = &demand.content else { continue };
        let new = wanted.series.iter().map(|series| LinkedDemandSeries {
            customer_id: demand.customer_id.clone(),
            material_number_customer: wanted.material_number_customer.clone(),
            material_number_supplier: wanted.material_number_supplier.clone(),
            customer_location: series.customer_location.clone(),
            demand_category: series.demand_category,
            load_factor: None,
        });
        links.extend(new.filter(|new| !content.linked_demand.iter().any(|old| name(old) == name(new))));
    }
    let linked = content.linked_demand.len();
    let one = |(at, link): (usize, LinkedDemandSeries)| {
        let wanted = demands.iter().filter(|demand| demand.customer_id == link.customer_id);
        let wanted = wanted.filter_map(|demand| demand.content.as_ref());
        let wanted =
            wanted.into_iter().find(|one| one.material_number_customer == link.material_number_customer);
        let factor = format::decimal(link.load_factor.as_ref()).map(|factor| factor.normalize().to_string());
        Series {
            id: name(&link),
            material: link.material_number_customer.clone(),
            description: wanted.map(|one| one.material_description_customer.clone()).unwrap_or_default(),
            customer: partners.name(&link.customer_id).to_string(),
            place: link.customer_location.clone(),
            factor: if at < linked { factor.unwrap_or_else(|| "1".to_string()) } else { String::new() },
            fault: String::new(),
            link,
        }
    };
    links.into_iter().enumerate().map(one).collect()
}

fn name(link: &LinkedDemandSeries) -> String {
    let LinkedDemandSeries {
        customer_id, material_number_customer, customer_location, demand_category, ..
    } = link;
    format!("{customer_id}|{demand_category}|{customer_location}|{material_number_customer}")
}

/// As it was typed.
fn fill(shown: &mut SetupPage, fields: &Fields) {
    shown.name = fields.get("name").to_string();
    shown.inactive = !fields.get("inactive").is_empty();
    for (choices, field) in [(&mut shown.units, "unit"), (&mut shown.customers, "customer")] {
        for choice in choices {
            choice.on = choice.value == fields.get(field);
        }
    }
    for at in 0..shown.series.len() {
        let id = fields.get(&format!("series-{at}"));
        if let Some(series) = shown.series.iter_mut().find(|one| one.id == id) {
            series.factor = fields.get(&format!("factor-{at}")).to_string();
        }
    }
}

async fn save(member: Member, group: Present, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let action = path(group.as_ref().map(|group| group.id.as_str()));
    let request_id = app.tokens.check(Some(&member.token), &action, fields.get("token"))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let mut shown = form(&member, &group).await?;
        fill(&mut shown, &fields);
        let mut response = page::show(&shown);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let mut shown = form(&member, &group).await?;
    fill(&mut shown, &fields);
    let t = shown.t.clone();
    let links = links(&t, &mut shown);
    if shown.name.is_empty() {
        shown.faults.insert(
            0,
            Fault { href: "#name".into(), text: t.one(key::ASK_REQUIRED, t.say(key::SETUP_NAME)) },
        );
    }
    if !shown.faults.is_empty() {
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    }
    let (customer_id, was) = match &group {
        Some(group) => (group.customer_id.clone(), group.content.clone().unwrap_or_default()),
        None => {
            let unit_code = fields.get("unit").to_string();
            (fields.get("customer").to_string(), GroupContent { unit_code, ..GroupContent::default() })
        }
    };
    let content =
        GroupContent { name: shown.name.clone(), inactive: shown.inactive, linked_demand: links, ..was };
    let request = UploadCapacityGroupRequest {
        request_id,
        group_id: group.as_ref().map(|group| group.id.clone()).unwrap_or_default(),
        customer_id,
        changed_at: None,
        expected_version: fields.get("version").parse().unwrap_or_default(),
        content: Some(content),
    };
    match app.api.capacity_groups().upload_capacity_group(member.call(request)).await {
        Ok(receipt) => {
            let id = receipt.into_inner().id;
            Ok(page::go(&link(&format!("/capacity/groups/{id}"), &[("done", "saved")])))
        }
        Err(status) => {
            let failure = Failure::from(status);
            if !failure.mends() {
                return Err(failure);
            }
            shown.faults.push(refused(&t, &failure));
            Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

/// The series with a factor; what is no number is said.
fn links(t: &Text, shown: &mut SetupPage) -> Vec<LinkedDemandSeries> {
    let mut links = Vec::new();
    for (at, series) in shown.series.iter_mut().enumerate().filter(|(_, series)| !series.factor.is_empty()) {
        match typed::quantity(&series.factor).filter(|factor| !factor.is_zero()) {
            Some(factor) => links.push(LinkedDemandSeries {
                load_factor: Some(chassis::value::wire_decimal(factor)),
                ..series.link.clone()
            }),
            None => {
                series.fault = t.say(key::SETUP_FACTOR_WRONG);
                let text = t.two(key::GRID_FAULT, &series.fault, &series.material);
                shown.faults.push(Fault { href: format!("#factor-{at}"), text });
            }
        }
    }
    links
}

/// What the API has against it, in words that fit the form.
fn refused(t: &Text, failure: &Failure) -> Fault {
    let reason = |one: &str| failure.fields.iter().any(|(_, reason)| reason == one);
    let text = match () {
        () if failure.is("STALE_ETAG") => t.say(key::SETUP_MOVED),
        () if reason("LINK_KINDS") => t.say(key::SETUP_LINK_KINDS),
        () if reason("CUSTOMER_DIFFERS") => t.say(key::SETUP_CUSTOMER_DIFFERS),
        () => failure.sentence(t),
    };
    Fault { href: "#setup".into(), text }
}
