//! Firms as the operator finds them, one of them, and a new one.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    partners::{CreateFirmRequest, FindFirmsRequest, FirmState, ListOperatorActionsRequest, OperatedFirm},
};
use serde::Deserialize;

use super::{act::Act, back};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Key, Lang, Text, key},
    order::Tag,
    page::{self, Tab},
    pages::{
        firm::{acts, people},
        partners::{HandoverPage, absolute, handover_frame},
    },
    session::Member,
    table::{Cell, Listing, Part, Search},
};

const LIST: &str = "/operator/firms";
const NEW: &str = "/operator/firms/new";

/// What to look for, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    done: String,
}

const STATES: [(FirmState, &str, Key<0>); 4] = [
    (FirmState::Active, "active", key::FIRM_ACTIVE),
    (FirmState::Suspended, "suspended", key::FIRM_SUSPENDED),
    (FirmState::Placeholder, "placeholder", key::FIRM_PLACEHOLDER),
    (FirmState::Claimed, "claimed", key::FIRM_CLAIMED),
];

/// A firm's state as a tag.
fn tag(t: &Text, state: FirmState) -> Tag {
    let (shape, label) = match state {
        FirmState::Active => ("accepted", key::FIRM_ACTIVE),
        FirmState::Suspended => ("rejected", key::FIRM_SUSPENDED),
        FirmState::Placeholder => ("unanswered", key::FIRM_PLACEHOLDER),
        FirmState::Claimed | FirmState::Unspecified => ("cancelled", key::FIRM_CLAIMED),
    };
    Tag { shape, label: t.say(label) }
}

fn name(t: &Text, one: &OperatedFirm) -> String {
    let firm = one.firm.clone().unwrap_or_default();
    if t.lang == Lang::En && !firm.name_en.is_empty() { firm.name_en } else { firm.name }
}

fn denied(member: &Member) -> Result<(), Failure> {
    if member.may(Permission::Operate) { Ok(()) } else { Err(Failure::denied()) }
}

/// Firms that fit what is looked for.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    denied(&member)?;
    let t = member.text();
    let state = STATES.iter().find(|(_, word, _)| *word == place.state).map(|(state, ..)| *state);
    let request = FindFirmsRequest {
        page_size: member.rows(50),
        page_token: place.page,
        query: place.q.trim().to_string(),
        state: state.unwrap_or_default().into(),
    };
    let list = member.app().api.operator().find_firms(member.call(request)).await?.into_inner();
    let rows = list.firms.iter().map(|one| row(t, one));
    let columns = [key::FIRM, key::USCC, key::FIRM_ADMINS, key::FIRM_VERIFIED, key::STATE];
    let part = Part::new(columns.map(|label| t.say(label)).into(), rows.collect(), t.say(key::FIRMS_NONE));
    let states = STATES.iter().map(|(_, word, label)| Choice::new(word, t.say(label)));
    let states = std::iter::once(Choice::new("", t.say(key::FIRM_ANY))).chain(states);
    let search = Search {
        action: LIST.into(),
        label: t.say(key::FIRMS_SEARCH),
        value: place.q.clone(),
        states: states.map(|choice| Choice { on: choice.value == place.state, ..choice }).collect(),
        states_label: t.say(key::STATE),
        ..Search::default()
    };
    let query = [("q", place.q.as_str()), ("state", place.state.as_str())];
    Ok(Listing::new(&member, Tab::Firms, t.say(key::NAV_FIRMS), None)
        .live("operator untold")
        .lead(t.say(key::FIRMS_BODY))
        .button(NEW, t.say(key::FIRM_NEW))
        .button("/operator/actions", t.say(key::ACTS))
        .button("/operator/webhooks", t.say(key::WEBHOOKS_HEALTH))
        .button("/operator/notices", t.say(key::NOTICES_HEALTH))
        .button("/operator/announcements", t.say(key::ANNOUNCEMENTS))
        .button("/clusters", t.say(key::CLUSTERS))
        .search(search)
        .part(part.next(LIST, &query, &list.next_page_token))
        .saved()
        .show())
}

fn row(t: &Text, one: &OperatedFirm) -> Vec<Cell> {
    let firm = one.firm.clone().unwrap_or_default();
    let verified = match (firm.verified, firm.state()) {
        (true, _) => Cell::Text(t.say(key::FIRM_VERIFIED)),
        (false, FirmState::Active) => {
            Cell::Tag(Tag { shape: "unanswered", label: t.say(key::FIRM_TO_VERIFY) })
        }
        // Whoever has not joined, or is another firm by now, is not looked into.
        (false, _) => Cell::Text(String::new()),
    };
    vec![
        Cell::link(name(t, one), format!("{LIST}/{}", firm.id)),
        Cell::Code(firm.uscc.clone()),
        Cell::Text(one.administrators.to_string()),
        verified,
        Cell::Tag(tag(t, firm.state())),
    ]
}

/// A firm by its id.
///
/// # Errors
/// 404 where there is none.
pub async fn find(member: &Member, id: &str) -> Result<OperatedFirm, Failure> {
    let request = FindFirmsRequest { page_size: 10, query: id.to_string(), ..FindFirmsRequest::default() };
    let list = member.app().api.operator().find_firms(member.call(request)).await?.into_inner();
    let own = |one: &OperatedFirm| one.firm.as_ref().is_some_and(|firm| firm.id == id);
    list.firms.into_iter().find(own).ok_or_else(Failure::not_found)
}

/// One firm, what can be done to it, and what was.
pub async fn firm(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    denied(&member)?;
    let t = member.text();
    let one = find(&member, &id).await?;
    let firm = one.firm.clone().unwrap_or_default();
    let request =
        ListOperatorActionsRequest { page_size: 20, page_token: String::new(), firm_id: id.clone() };
    let list = member.app().api.operator().list_operator_actions(member.call(request)).await?.into_inner();
    let done = match place.done.as_str() {
        "" => String::new(),
        "cluster" => t.say(key::CLUSTER_INVITED),
        _ => t.say(key::FIRM_DONE),
    };
    let uscc = match (firm.uscc.as_str(), firm.uscc_suspect) {
        ("", _) => t.say(key::UNSTATED),
        (code, true) => t.two(key::WITH_NOTE, t.say(key::USCC_SUSPECT), code),
        (code, false) => code.to_string(),
    };
    let verified = if firm.verified { key::FIRM_VERIFIED } else { key::FIRM_UNVERIFIED };
    let mut listing = Listing::new(&member, Tab::Firms, name(t, &one), Some(back(t)))
        .live("operator untold")
        .tag(tag(t, firm.state()))
        .done(done)
        .fact(t.say(key::USCC), uscc)
        .fact(t.say(key::FIRM_CHECKED), t.say(verified))
        .fact(t.say(key::FIRM_ADMINS), one.administrators.to_string())
        .fact(t.say(key::FIRM_SUPPLIERS), one.suppliers.to_string())
        .fact(t.say(key::FIRM_BUYERS), one.buyers.to_string())
        .fact(t.say(key::SINCE), t.moment(firm.created_at.as_ref()));
    for act in Act::possible(&firm) {
        listing = listing.button(format!("{LIST}/{id}/{}", act.word()), t.say(act.label()));
    }
    Ok(listing.part(acts::part(t, &list.actions, false).titled(t.say(key::ACTS))).show())
}

fn form(member: &Member) -> Ask {
    let t = member.text();
    let uscc = Question::new("uscc", Kind::Code, t.say(key::USCC)).hint(t.say(key::INVITATION_USCC_HINT));
    let language = Question::of("locale", Kind::Radios, t.say(key::LANGUAGE), people::languages(t));
    Ask::new(member, NEW.into(), t.say(key::FIRM_NEW), back(t))
        .lead(t.say(key::FIRM_NEW_BODY))
        .submit(t.say(key::FIRM_NEW))
        .ask(Question::new("name", Kind::Text, t.say(key::INVITATION_FIRM)))
        .ask(Question::new("name_en", Kind::Text, t.say(key::FIRM_NAME_EN)).optional())
        .ask(uscc.optional().wrong(t.say(key::INVITATION_USCC_WRONG)))
        .ask(Question::new("admin_name", Kind::Text, t.say(key::ADMIN_NAME)))
        .ask(language.at("admin_locale").with("zh"))
}

/// The form of a new firm.
pub async fn new(member: Member) -> Result<Response, Failure> {
    denied(&member)?;
    Ok(form(&member).show())
}

/// Makes a firm, and shows the link of its first administrator once.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = CreateFirmRequest {
        request_id: posted.request_id.clone(),
        name: fields.get("name").to_string(),
        name_en: fields.get("name_en").to_string(),
        uscc: fields.get("uscc").to_uppercase(),
        admin_name: fields.get("admin_name").to_string(),
        admin_locale: fields.get("locale").to_string(),
        ..CreateFirmRequest::default()
    };
    match member.app().api.firms().create_firm(member.call(request)).await {
        Ok(made) => Ok(handover(member, &made.into_inner().sign_in_path, None)),
        Err(status) => ask.refused(status),
    }
}

/// A sign-in link of an administrator, to be handed over.
pub fn handover(member: &Member, path: &str, expires: Option<&prost_types::Timestamp>) -> Response {
    let t = member.text().clone();
    let title = t.say(key::HANDOVER_SIGN_IN);
    page::show(&HandoverPage {
        page: handover_frame(member, Tab::Firms, LIST).titled(title.clone()),
        title,
        advice: t.say(key::HANDOVER_SIGN_IN_BODY),
        link: absolute(member, path),
        expires: expires.map(|at| t.moment(Some(at))).unwrap_or_default(),
        back: LIST,
        back_label: t.say(key::NAV_FIRMS),
        t,
    })
}
