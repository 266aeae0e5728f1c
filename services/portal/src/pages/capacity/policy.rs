//! How much of its capacity the own firm shows to which customer, and the form that sets it.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use futures::try_join;
use proto::{
    access::Permission,
    capacity::{Disclosure, DisclosureLevel, ListDisclosuresRequest, SetDisclosureRequest},
};
use serde::Deserialize;

use super::{Place, frame, places, read::Partners};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page::{self, Link, Page, Tab, link},
    saved,
    session::Member,
    sheet::Table,
};

const LIST: &str = "/capacity/disclosure";
const FORM: &str = "/capacity/disclosure/set";
/// Levels from the one that shows most: what each is called, and what it means.
const LEVELS: [(DisclosureLevel, Key<0>, Key<0>); 4] = [
    (DisclosureLevel::Exact, key::LEVEL_EXACT, key::LEVEL_EXACT_HINT),
    (DisclosureLevel::Banded, key::LEVEL_BANDED, key::LEVEL_BANDED_HINT),
    (DisclosureLevel::YesNo, key::LEVEL_YES_NO, key::LEVEL_YES_NO_HINT),
    (DisclosureLevel::Hidden, key::LEVEL_HIDDEN, key::LEVEL_HIDDEN_HINT),
];
/// Policies of one answer.
const MOST: i32 = 1_000;

/// Whose policy is asked for, and what was just done.
#[derive(Deserialize, Default)]
pub struct Asked {
    /// Empty: every customer without one of its own.
    #[serde(default)]
    customer: String,
    #[serde(default)]
    done: String,
}

/// What a customer is shown.
struct Row {
    customer: String,
    level: String,
    /// Since when; or that what holds for every other customer holds for it.
    since: String,
    /// Empty for whoever may only read.
    href: String,
}

#[derive(Template)]
#[template(path = "capacity_policy.html")]
struct PolicyPage {
    page: Page,
    t: Text,
    places: Vec<Link>,
    rows: Vec<Row>,
    files: Vec<Way>,
    done: String,
}

/// The own firm's policies, by customer id; the one for every other customer under the empty id.
async fn policies(member: &Member) -> Result<HashMap<String, Disclosure>, Failure> {
    let mut all = HashMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListDisclosuresRequest { page_size: MOST, page_token };
        let list = member.app().api.disclosures().list_disclosures(member.call(request)).await?.into_inner();
        all.extend(list.disclosures.into_iter().map(|one| (one.customer_id.clone(), one)));
        if list.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = list.next_page_token;
    }
}

fn named(t: &Text, level: DisclosureLevel) -> String {
    let named = LEVELS.iter().find(|(one, ..)| *one == level);
    named.map(|(_, label, _)| t.say(label)).unwrap_or_default()
}

/// Each customer and what it is shown.
pub async fn show(member: Member, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let (policies, partners) = try_join!(policies(&member), Partners::read(&member))?;
    let t = member.text();
    let writes = member.may(Permission::CapacityWrite);
    let others = policies.get("");
    // Where nothing is set, a group that names a customer is shown to it exactly.
    let usual = others.map_or(DisclosureLevel::Exact, Disclosure::level);
    let row = |id: &str, name: String| {
        let own = policies.get(id);
        Row {
            customer: name,
            level: named(t, own.map_or(usual, Disclosure::level)),
            since: match own {
                Some(own) => t.moment(own.updated_at.as_ref()),
                None if id.is_empty() => String::new(),
                None => t.say(key::POLICY_AS_OTHERS),
            },
            href: if writes { link(FORM, &[("customer", id)]) } else { String::new() },
        }
    };
    let first = std::iter::once(row("", t.say(key::POLICY_OTHERS)));
    let each = partners.customers(&member.who.firm_id).map(|(id, name)| row(id, name.to_owned()));
    let rows: Vec<Row> = first.chain(each).collect();
    if member.visitor.saving {
        let rows = rows.into_iter().map(|row| vec![row.customer, row.level, row.since]).collect();
        let headings = [key::CUSTOMER, key::LEVEL, key::POLICY_SINCE];
        let table = Table::new(t, &headings, rows, String::new());
        return Ok(saved::tables(t.say(key::POLICY_TITLE), vec![table]));
    }
    Ok(page::show(&PolicyPage {
        page: frame(&member, t.say(key::POLICY_TITLE)),
        t: t.clone(),
        places: places(&member, Place::Disclosure),
        rows,
        files: saved::ways(t, LIST),
        done: if asked.done == "saved" { t.say(key::CAPACITY_SAVED) } else { String::new() },
    }))
}

/// The form for a customer of the own firm.
///
/// # Errors
/// 404 for a firm that is none.
async fn form(member: &Member, customer: &str) -> Result<Ask, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let (policies, partners) = try_join!(policies(member), Partners::read(member))?;
    let mut customers = partners.customers(&member.who.firm_id);
    let name = match customer {
        "" => t.say(key::POLICY_OTHERS),
        id => customers.find(|(one, _)| *one == id).ok_or_else(Failure::not_found)?.1.to_owned(),
    };
    let choice = |(level, label, hint): (DisclosureLevel, Key<0>, Key<0>)| Choice {
        hint: t.say(hint),
        ..Choice::new(level as i32, t.say(label))
    };
    let level = policies.get(customer).or_else(|| policies.get(""));
    let level = level.map_or(DisclosureLevel::Exact, Disclosure::level) as i32;
    let back = Way { href: LIST.into(), label: t.say(key::POLICY_TITLE) };
    let question =
        Question::of("level", Kind::Radios, t.say(key::LEVEL), LEVELS.map(choice).into()).with(level);
    Ok(Ask::below(member, Tab::Capacity, FORM.into(), t.say(key::POLICY_SET), back)
        .lead(t.say(key::POLICY_SET_BODY))
        .fact(t.say(key::CUSTOMER), name)
        .hidden("customer", customer.to_owned())
        .ask(question))
}

/// The form.
pub async fn edit(member: Member, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    Ok(form(&member, &asked.customer).await?.show())
}

/// Sets what a customer sees from now on.
pub async fn set(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, FORM, &fields).await?;
    let member = &posted.member;
    let customer = fields.get("customer");
    let mut ask = form(member, customer).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = SetDisclosureRequest {
        request_id: posted.request_id.clone(),
        customer_id: customer.to_owned(),
        level: fields.get("level").parse().unwrap_or_default(),
    };
    match member.app().api.disclosures().set_disclosure(member.call(request)).await {
        Ok(_) => Ok(page::go(&link(LIST, &[("done", "saved")]))),
        Err(status) => ask.refused(status),
    }
}
