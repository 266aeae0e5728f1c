//! Whom this firm buys from and supplies, and a new invitation link for a supplier that has not come yet.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    partners::{ListRelationshipsRequest, RelationshipState, RenewInvitationRequest, TradingRelationship},
};
use serde::Deserialize;

use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    saved,
    session::Member,
    sheet::Table,
    table::Search,
};

/// What is looked for, and which page of it.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
}

/// A relationship, as the own firm sees it.
pub struct Row {
    pub href: String,
    pub name: String,
    /// What the other firm is to this one.
    pub side: String,
    pub number: String,
    pub tag: Tag,
    since: String,
    /// Where to renew the invitation, and the form's token; `None` once it was accepted.
    renew: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "partners.html")]
struct PartnersPage {
    page: Page,
    t: Text,
    heading: String,
    /// Whether the visitor may invite suppliers.
    invites: bool,
    search: Search,
    /// What there is to say where there is none.
    empty: String,
    rows: Vec<Row>,
    files: Vec<Way>,
    next: String,
}

/// Partners on either side.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    let t = member.text().clone();
    let words = wish.q.trim();
    let page_size = member.rows(100);
    let request = ListRelationshipsRequest { page_size, page_token: wish.page, text: words.to_string() };
    let list = member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
    let heading = t.say(key::NAV_PARTNERS);
    let rows = list.relationships.into_iter().map(|one| row(&member, one));
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link("/partners", &[("q", words), ("page", token)]),
    };
    if member.visitor.saving {
        let headings = [key::PARTNER, key::SAVE_SIDE, key::VENDOR_NUMBER, key::SINCE, key::STATE];
        return Ok(saved::tables(heading, vec![Table::new(&t, &headings, rows.map(cells).collect(), next)]));
    }
    Ok(page::show(&PartnersPage {
        page: Page::member(&member, Tab::Partners).titled(heading.clone()),
        heading,
        invites: member.may(Permission::PartnersWrite),
        rows: rows.collect(),
        search: Search {
            action: "/partners".into(),
            label: t.say(key::PARTNERS_SEARCH),
            value: words.to_string(),
            ..Search::default()
        },
        empty: if words.is_empty() { t.say(key::PARTNERS_EMPTY) } else { t.one(key::SEARCH_EMPTY, words) },
        files: saved::ways(&t, &link("/partners", &[("q", words)])),
        next,
        t,
    }))
}

fn cells(row: Row) -> Vec<String> {
    vec![row.name, row.side, row.number, row.since, row.tag.label]
}

/// How a relationship's state is shown.
pub fn state_of(state: RelationshipState) -> (&'static str, Key<0>) {
    match state {
        RelationshipState::Invited => ("unanswered", key::PARTNER_INVITED),
        RelationshipState::Active => ("accepted", key::PARTNER_ACTIVE),
        RelationshipState::Suspended => ("part", key::PARTNER_SUSPENDED),
        RelationshipState::Ended | RelationshipState::Unspecified => ("cancelled", key::PARTNER_ENDED),
    }
}

/// A relationship as people read it.
pub fn row(member: &Member, one: TradingRelationship) -> Row {
    let t = member.text();
    let (shape, label) = state_of(one.state());
    let buys = one.buyer_id == member.who.firm_id;
    let invited = one.state() == RelationshipState::Invited;
    let renew = (buys && invited && member.may(Permission::PartnersWrite)).then(|| {
        let token = member.app().tokens.make(member.app(), Some(&member.token), &purpose(&one.id));
        (format!("/partners/{}/invitation", one.id), token)
    });
    Row {
        since: t.moment(one.created_at.as_ref()),
        href: format!("/partners/{}", one.id),
        side: t.say(if buys { key::SUPPLIER } else { key::CUSTOMER }),
        number: if buys { one.vendor_number } else { one.customer_number },
        name: if buys { one.supplier_name } else { one.buyer_name },
        tag: Tag { shape, label: t.say(label) },
        renew,
    }
}

fn purpose(id: &str) -> String {
    format!("renew {id}")
}

/// A link that is shown once, to be handed over.
#[derive(Template)]
#[template(path = "handover.html")]
pub struct HandoverPage {
    pub page: Page,
    pub t: Text,
    pub title: String,
    pub advice: String,
    /// Empty where the link was shown before.
    pub link: String,
    /// Until when it works; empty where that is not told.
    pub expires: String,
    pub back: &'static str,
    pub back_label: String,
}

/// Makes a new invitation link and shows it once; earlier ones end.
pub async fn renew(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = RenewInvitationRequest { request_id, relationship_id: id };
    let made = app.api.relationships().renew_invitation(member.call(request)).await?.into_inner();
    let t = member.text().clone();
    let title = t.say(key::HANDOVER_INVITATION);
    Ok(page::show(&HandoverPage {
        page: handover_frame(&member, Tab::Partners, "/partners").titled(title.clone()),
        title,
        advice: t.say(key::HANDOVER_INVITATION_BODY),
        link: absolute(&member, &made.invitation_path),
        expires: t.moment(made.expires_at.as_ref()),
        back: "/partners",
        back_label: t.say(key::NAV_PARTNERS),
        t,
    }))
}

/// The frame of a page that cannot be asked for again: the language switch goes back to the list.
pub fn handover_frame(member: &Member, tab: Tab, back: &str) -> Page {
    let mut page = Page::member(member, tab);
    page.here = back.to_string();
    page
}

/// A link that works outside the portal.
pub fn absolute(member: &Member, path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{}{path}", member.visitor.base) }
}
