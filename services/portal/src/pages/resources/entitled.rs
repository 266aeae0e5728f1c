//! Who asked for the own firm's resources and who may use them; granting, refusing and revoking.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    resources::{
        Entitlement, EntitlementState, GetEntitlementRequest, GrantEntitlementRequest,
        ListEntitlementsRequest, RefuseEntitlementRequest, RevokeEntitlementRequest,
    },
};
use serde::Deserialize;

use super::{OPEN, Place, ROWS, asking, grant, listing, needs, way, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page,
    session::Member,
    table::{Act, Cell, Part, Row, Search},
};

const LIST: &str = "/resources/entitlements";

/// Which of them.
#[derive(Default, Deserialize)]
pub struct Wish {
    /// `requested`, `granted` or `ended`.
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

/// What can be looked through, by its word in the address.
const STATES: [(&str, Key<0>, &[EntitlementState]); 4] = [
    ("", key::ENTITLED_ALL, &[]),
    ("requested", key::ENTITLEMENT_REQUESTED, &[EntitlementState::Requested]),
    ("granted", key::ENTITLEMENT_GRANTED, &[EntitlementState::Granted]),
    (
        "ended",
        key::ENTITLED_ENDED,
        &[EntitlementState::Refused, EntitlementState::Expired, EntitlementState::Revoked],
    ),
];

/// The list, the newest first.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let t = member.text();
    let states = STATES.iter().find(|(word, ..)| *word == wish.state).map_or(&[][..], |(.., states)| states);
    let request = ListEntitlementsRequest {
        own: true,
        states: states.iter().map(|state| *state as i32).collect(),
        page_size: member.rows(ROWS),
        page_token: wish.page.clone(),
        ..ListEntitlementsRequest::default()
    };
    let list = member.app().api.entitlements().list_entitlements(member.call(request)).await?.into_inner();
    let choices = STATES.iter().map(|(word, label, _)| Choice::new(word, t.say(label)));
    let search = Search {
        action: LIST.into(),
        states: words::choices(choices, &wish.state),
        states_label: t.say(key::STATE),
        ..Search::default()
    };
    let part = part(&member, &list.entitlements, t.say(key::ENTITLED_EMPTY));
    Ok(listing(&member, Place::Entitled)
        .lead(t.say(key::RESOURCES_ENTITLED_BODY))
        .done(words::done(t, &wish.done))
        .search(search)
        .part(part.next(LIST, &[("state", &wish.state)], &list.next_page_token))
        .saved()
        .show())
}

/// Entitlements with what their owner can do.
pub fn part(member: &Member, found: &[Entitlement], empty: String) -> Part {
    let t = member.text();
    let columns = [key::ENTITLEMENT_WHO, key::RESOURCE, key::ENTITLEMENT_PURPOSE, key::ENTITLEMENT_PERIOD];
    let columns = columns.into_iter().chain([key::STATE]).map(|label| t.say(label)).chain([String::new()]);
    Part::new(columns.collect(), found.iter().map(|one| row(member, one)).collect(), empty)
}

fn who(t: &Text, one: &Entitlement) -> String {
    if one.cluster_id.is_empty() { one.firm_name.clone() } else { t.say(key::SHARE_CLUSTER) }
}

fn row(member: &Member, one: &Entitlement) -> Row {
    let t = member.text();
    let go = |step: &str, label: Key<0>| Act::Go {
        href: format!("{LIST}/{}/{step}", one.id),
        label: t.say(label),
    };
    let acts = match one.state() {
        EntitlementState::Requested => {
            vec![go("grant", key::ENTITLEMENT_GRANT), go("refuse", key::ENTITLEMENT_REFUSE)]
        }
        EntitlementState::Granted => vec![go("revoke", key::ENTITLEMENT_REVOKE)],
        _ => Vec::new(),
    };
    vec![
        Cell::Name { text: who(t, one), href: String::new(), sub: one.request_note.clone() },
        Cell::Text(words::entitled(t, one)),
        Cell::Text(one.terms.clone().unwrap_or_default().purpose),
        Cell::Text(words::bounds(t, one)),
        Cell::Tag(words::entitlement_state(t, one.state())),
        Cell::Acts(acts),
    ]
}

/// What is decided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Grant,
    Refuse,
    Revoke,
}

impl Step {
    fn parse(word: &str) -> Result<Self, Failure> {
        match word {
            "grant" => Ok(Step::Grant),
            "refuse" => Ok(Step::Refuse),
            "revoke" => Ok(Step::Revoke),
            _ => Err(Failure::not_found()),
        }
    }

    fn label(self) -> (Key<0>, Key<0>) {
        match self {
            Step::Grant => (key::ENTITLEMENT_GRANT, key::ENTITLEMENT_GRANT_BODY),
            Step::Refuse => (key::ENTITLEMENT_REFUSE, key::ENTITLEMENT_REFUSE_BODY),
            Step::Revoke => (key::ENTITLEMENT_REVOKE, key::ENTITLEMENT_REVOKE_BODY),
        }
    }
}

async fn deciding(member: &Member, id: &str, word: &str) -> Result<(Ask, Entitlement, Step), Failure> {
    let t = member.text();
    let step = Step::parse(word)?;
    let request = GetEntitlementRequest { entitlement_id: id.to_owned() };
    let one = member.app().api.entitlements().get_entitlement(member.call(request)).await?.into_inner();
    let (label, body) = step.label();
    let back = way(LIST, t.say(key::RESOURCES_ENTITLED));
    let mut ask = asking(member, format!("{LIST}/{id}/{word}"), t.say(label), back)
        .lead(t.say(body))
        .submit(t.say(label))
        .fact(t.say(key::ENTITLEMENT_WHO), who(t, &one))
        .fact(t.say(key::RESOURCE), words::entitled(t, &one))
        .fact(t.say(key::ENTITLEMENT_PURPOSE), one.terms.clone().unwrap_or_default().purpose)
        .fact(t.say(key::ENTITLEMENT_NOTE), one.request_note.clone());
    ask = match step {
        Step::Grant => ask.ask_all(grant::bounds(t)),
        Step::Refuse | Step::Revoke => ask.taking_away(),
    };
    let note = Question::new("note", Kind::Area, t.say(key::ENTITLEMENT_DECISION_NOTE)).optional();
    Ok((ask.ask(note), one, step))
}

/// What is decided on, and what that means.
pub async fn form(member: Member, Path((id, word)): Path<(String, String)>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(deciding(&member, &id, &word).await?.0.show())
}

/// Decides.
pub async fn decide(
    member: Member,
    Path((id, word)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{LIST}/{id}/{word}"), &fields).await?;
    let member = &posted.member;
    let (ask, one, step) = deciding(member, &id, &word).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let mut client = member.app().api.entitlements();
    let (request_id, note) = (posted.request_id.clone(), fields.get("note").to_owned());
    let (decided, done) = match step {
        Step::Grant => {
            let purpose = one.terms.clone().unwrap_or_default().purpose;
            let Some(terms) = grant::terms(member.text(), &mut ask, &fields, purpose) else {
                return Ok(ask.wrong());
            };
            let request = GrantEntitlementRequest {
                request_id,
                entitlement_id: id,
                terms: Some(terms),
                note,
                ..GrantEntitlementRequest::default()
            };
            (client.grant_entitlement(member.call(request)).await, "granted")
        }
        Step::Refuse => {
            let request = RefuseEntitlementRequest { request_id, entitlement_id: id, note };
            (client.refuse_entitlement(member.call(request)).await, "refused")
        }
        Step::Revoke => {
            let request = RevokeEntitlementRequest { request_id, entitlement_id: id, note };
            (client.revoke_entitlement(member.call(request)).await, "revoked")
        }
    };
    match decided {
        // Back to the resource, where it is one: what stands of it is there.
        Ok(_) if !one.resource_id.is_empty() => {
            Ok(page::go(&format!("{OPEN}/{}?done={done}", one.resource_id)))
        }
        Ok(_) => Ok(page::go(&format!("{LIST}?done={done}"))),
        Err(status) => ask.refused(status),
    }
}
