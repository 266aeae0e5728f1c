//! Sites of the own firm.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    partners::{CreateSiteRequest, ListSitesRequest, Site},
};

use crate::{
    ask::{Ask, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::key,
    page::{self, Tab},
    pages::firm::{Place, settings},
    session::Member,
    table::{Cell, Listing, Part},
};

const NEW: &str = "/sites/new";

/// The list.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let done = place.said(t);
    let request = ListSitesRequest { page_size: member.rows(100), page_token: place.page };
    let list = member.app().api.firms().list_sites(member.call(request)).await?.into_inner();
    let rows = list.sites.into_iter().map(|site| {
        vec![
            Cell::Name { text: site.name, href: String::new(), sub: site.address },
            Cell::Code(site.code),
            Cell::Text(site.country_code),
        ]
    });
    let columns = [key::SITE_NAME, key::CODE, key::COUNTRY].map(|label| t.say(label)).into();
    let part = Part::new(columns, rows.collect(), t.say(key::SITES_EMPTY));
    let mut listing = Listing::new(&member, Tab::Settings, t.say(key::SITES), Some(settings(t)))
        .live("sites untold")
        .lead(t.say(key::SITES_BODY))
        .done(done)
        .part(part.next("/sites", &[], &list.next_page_token))
        .saved();
    if member.may(Permission::PartnersWrite) {
        listing = listing.button(NEW, t.say(key::SITE_NEW));
    }
    Ok(listing.show())
}

fn form(member: &Member) -> Ask {
    let t = member.text();
    let back = Way { href: "/sites".into(), label: t.say(key::SITES) };
    let code = Question::new("code", Kind::Code, t.say(key::CODE)).at("site.code");
    let country = Question::new("country", Kind::Code, t.say(key::COUNTRY)).at("site.country_code");
    Ask::new(member, NEW.into(), t.say(key::SITE_NEW), back)
        .lead(t.say(key::SITES_BODY))
        .ask(code.hint(t.say(key::SITE_CODE_HINT)))
        .ask(Question::new("name", Kind::Text, t.say(key::SITE_NAME)).at("site.name"))
        .ask(Question::new("address", Kind::Text, t.say(key::SITE_ADDRESS)).at("site.address").optional())
        .ask(country.hint(t.say(key::COUNTRY_HINT)).wrong(t.say(key::COUNTRY_HINT)).with("CN"))
}

/// The form of a new one.
pub async fn new(member: Member) -> Result<Response, Failure> {
    Ok(form(&member).show())
}

/// Adds one.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let site = Site {
        id: String::new(),
        code: fields.get("code").to_string(),
        name: fields.get("name").to_string(),
        address: fields.get("address").to_string(),
        country_code: fields.get("country").to_uppercase(),
    };
    let request = CreateSiteRequest { request_id: posted.request_id.clone(), site: Some(site) };
    match member.app().api.firms().create_site(member.call(request)).await {
        Ok(_) => Ok(page::go("/sites?done=saved")),
        Err(status) => {
            let failure = Failure::from(status);
            if failure.is("ALREADY_EXISTS") {
                ask.blame("code", member.text().say(key::SITE_TAKEN));
                return Ok(ask.wrong());
            }
            ask.refused(failure)
        }
    }
}
