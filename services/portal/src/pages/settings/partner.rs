//! One partner: how the relationship stands, what was agreed beside the orders, and how both sides did.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    orders::EffectiveTerms,
    partners::{ListRelationshipsRequest, RelationshipState, TradingRelationship, UpdateRelationshipRequest},
};
use serde::Deserialize;

use super::{Fault, score, terms, tolerances};
use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    order::Tag,
    page::{self, Page, Tab},
    pages::{needs::profile, partners},
    session::Member,
};

/// What was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    done: String,
}

/// A relationship as one of its sides sees it.
pub(super) struct Partner {
    pub one: TradingRelationship,
    /// Whether the visitor's firm is the buyer.
    pub buys: bool,
}

impl Partner {
    /// The firm on the other side.
    pub fn other(&self) -> &str {
        if self.buys { &self.one.supplier_id } else { &self.one.buyer_id }
    }

    pub fn name(&self) -> &str {
        if self.buys { &self.one.supplier_name } else { &self.one.buyer_name }
    }
}

/// What a form came back with.
#[derive(Default)]
pub(super) struct Typed {
    pub terms: Option<Fields>,
    pub tolerance: Option<Fields>,
    pub faults: Vec<Fault>,
}

#[derive(Template)]
#[template(path = "partner.html")]
struct PartnerPage {
    page: Page,
    t: Text,
    name: String,
    tag: Tag,
    facts: Vec<(String, String)>,
    /// What its state may be changed to: value, label, whether it is a warning.
    moves: Vec<(i32, String, bool)>,
    action: String,
    token: String,
    etag: String,
    terms: Vec<terms::Line>,
    terms_form: Option<terms::Form>,
    rules: Vec<tolerances::Rule>,
    rule_form: Option<tolerances::Form>,
    /// What the other firm can make: label and what is stated.
    able: Vec<(String, String)>,
    scores: Vec<score::Half>,
    faults: Vec<Fault>,
    done: String,
}

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let partner = find(&member, &id).await?;
    let t = member.text();
    let done = match place.done.as_str() {
        "terms" => t.say(key::DONE_TERMS),
        "rule" => t.say(key::DONE_RULE),
        "ended" => t.say(key::DONE_RULE_ENDED),
        "state" => t.say(key::DONE_STATE),
        _ => String::new(),
    };
    Ok(page::show(&page_of(&member, partner, Typed::default(), done).await?))
}

/// The page with a form that came back.
pub(super) async fn again(member: &Member, partner: Partner, typed: Typed) -> Result<Response, Failure> {
    let shown = page_of(member, partner, typed, String::new()).await?;
    Ok(page::show_as(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

async fn page_of(
    member: &Member,
    partner: Partner,
    typed: Typed,
    done: String,
) -> Result<PartnerPage, Failure> {
    let t = member.text().clone();
    let app = member.app();
    let effective: EffectiveTerms = terms::effective(member, &partner).await?;
    let rules = tolerances::list(member, &partner).await?;
    let scores = score::halves(member, &partner).await?;
    let able = profile::told(member, partner.other()).await?;
    let sets = partner.buys && member.may(Permission::PartnersWrite);
    let tolerates = partner.buys && member.may(Permission::OrdersPublish);
    let terms_form = match sets {
        true => Some(terms::form(member, &partner, &effective, typed.terms.as_ref()).await?),
        false => None,
    };
    let rule_form = tolerates.then(|| tolerances::form(member, &partner, typed.tolerance.as_ref()));
    let (shape, label) = partners::state_of(partner.one.state());
    let number = if partner.buys { &partner.one.vendor_number } else { &partner.one.customer_number };
    let facts =
        [(key::VENDOR_NUMBER, number.clone()), (key::SINCE, t.moment(partner.one.created_at.as_ref()))];
    Ok(PartnerPage {
        page: Page::member(member, Tab::Partners).titled(partner.name().to_string()),
        name: partner.name().to_string(),
        tag: Tag { shape, label: t.say(label) },
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (t.say(k), v)).collect(),
        moves: if member.may(Permission::PartnersWrite) {
            moves(&t, partner.one.state())
        } else {
            Vec::new()
        },
        action: format!("/partners/{}", partner.one.id),
        token: app.tokens.make(app, Some(&member.token), &purpose(&partner.one.id)),
        etag: partner.one.etag.clone(),
        terms: terms::lines(&t, &effective),
        terms_form,
        rules: rules.iter().map(|rule| tolerances::shown(member, rule, tolerates)).collect(),
        rule_form,
        able,
        scores,
        faults: typed.faults,
        done,
        t,
    })
}

fn moves(t: &Text, state: RelationshipState) -> Vec<(i32, String, bool)> {
    use RelationshipState as State;
    let all: &[(State, _, bool)] = match state {
        State::Active => {
            &[(State::Suspended, key::PARTNER_SUSPEND, true), (State::Ended, key::PARTNER_END, true)]
        }
        State::Suspended => {
            &[(State::Active, key::PARTNER_RESUME, false), (State::Ended, key::PARTNER_END, true)]
        }
        State::Invited => &[(State::Ended, key::PARTNER_END, true)],
        State::Ended | State::Unspecified => &[],
    };
    all.iter().map(|(state, label, warns)| (*state as i32, t.say(label), *warns)).collect()
}

fn purpose(id: &str) -> String {
    format!("relationship {id}")
}

/// One of the caller's relationships, whichever side it is on.
///
/// # Errors
/// 404 for others', as for one that does not exist.
pub(super) async fn find(member: &Member, id: &str) -> Result<Partner, Failure> {
    let mut page_token = String::new();
    loop {
        let request =
            ListRelationshipsRequest { page_size: 1_000, page_token, ..ListRelationshipsRequest::default() };
        let list =
            member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
        if let Some(one) = list.relationships.into_iter().find(|one| one.id == id) {
            let buys = one.buyer_id == member.who.firm_id;
            return Ok(Partner { one, buys });
        }
        if list.next_page_token.is_empty() {
            return Err(Failure::not_found());
        }
        page_token = list.next_page_token;
    }
}

/// Suspends, resumes or ends the relationship.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = UpdateRelationshipRequest {
        request_id,
        relationship_id: id.clone(),
        state: fields.get("state").parse().unwrap_or_default(),
        vendor_number: None,
        customer_number: None,
        etag: fields.get("etag").to_string(),
    };
    app.api.relationships().update_relationship(member.call(request)).await?;
    Ok(page::go(&format!("/partners/{id}?done=state")))
}
