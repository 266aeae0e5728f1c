//! What the operator does to a firm: each asks for the reason, which the firm can read.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    partners::{
        ClusterMembershipState, FindFirmsRequest, Firm, FirmState, InviteToClusterRequest, MergeFirmsRequest,
        OperatedFirm, ReinstateFirmRequest, ResetLastAdminRequest, SuspendFirmRequest, UnverifyFirmRequest,
        VerifyFirmRequest,
    },
};
use serde::Deserialize;
use tonic::Status;

use super::firms;
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, key},
    page,
    pages::{clusters, firm::people},
    session::Member,
    table::Search,
};

/// Which firms to choose from.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    q: String,
}

/// Something that is done to a firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Verify,
    Unverify,
    Suspend,
    Reinstate,
    Merge,
    ResetAdmin,
    Cluster,
}

impl Act {
    const ALL: [Act; 7] =
        [Act::Verify, Act::Cluster, Act::ResetAdmin, Act::Merge, Act::Unverify, Act::Suspend, Act::Reinstate];

    /// As it stands in an address.
    pub fn word(self) -> &'static str {
        match self {
            Act::Verify => "verify",
            Act::Unverify => "unverify",
            Act::Suspend => "suspend",
            Act::Reinstate => "reinstate",
            Act::Merge => "merge",
            Act::ResetAdmin => "reset-admin",
            Act::Cluster => "cluster",
        }
    }

    /// As its button says.
    pub fn label(self) -> Key<0> {
        match self {
            Act::Verify => key::DO_VERIFY,
            Act::Unverify => key::DO_UNVERIFY,
            Act::Suspend => key::DO_SUSPEND,
            Act::Reinstate => key::DO_REINSTATE,
            Act::Merge => key::DO_MERGE,
            Act::ResetAdmin => key::DO_RESET_ADMIN,
            Act::Cluster => key::DO_CLUSTER,
        }
    }

    fn body(self) -> Key<0> {
        match self {
            Act::Verify => key::DO_VERIFY_BODY,
            Act::Unverify => key::DO_UNVERIFY_BODY,
            Act::Suspend => key::DO_SUSPEND_BODY,
            Act::Reinstate => key::DO_REINSTATE_BODY,
            Act::Merge => key::DO_MERGE_BODY,
            Act::ResetAdmin => key::DO_RESET_ADMIN_BODY,
            Act::Cluster => key::DO_CLUSTER_BODY,
        }
    }

    /// What the state of a firm allows.
    pub fn possible(firm: &Firm) -> Vec<Act> {
        let fits = |act: &Act| match (firm.state(), act) {
            (FirmState::Active, Act::Verify) => !firm.verified,
            (FirmState::Active, Act::Unverify) => firm.verified,
            (FirmState::Active, Act::Suspend | Act::Merge | Act::ResetAdmin | Act::Cluster) => true,
            (FirmState::Suspended, Act::Reinstate | Act::Merge) => true,
            (FirmState::Placeholder, Act::Merge) => true,
            _ => false,
        };
        Act::ALL.into_iter().filter(fits).collect()
    }
}

fn action(id: &str, act: Act) -> String {
    format!("/operator/firms/{id}/{}", act.word())
}

async fn asking(member: &Member, one: &OperatedFirm, act: Act, q: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let firm = one.firm.clone().unwrap_or_default();
    let back = Way { href: format!("/operator/firms/{}", firm.id), label: firm.name.clone() };
    let ask = Ask::new(member, action(&firm.id, act), t.say(act.label()), back)
        .lead(t.say(act.body()))
        .fact(t.say(key::FIRM), firm.name.clone())
        .fact(t.say(key::USCC), firm.uscc.clone())
        .submit(t.say(act.label()));
    let reason =
        |path, label, hint| Question::new("reason", Kind::Area, t.say(label)).hint(t.say(hint)).at(path);
    let why = || reason("reason", key::WHY, key::DO_REASON_HINT);
    Ok(match act {
        Act::Verify => ask.ask(reason("evidence", key::DO_EVIDENCE, key::DO_EVIDENCE_HINT)),
        Act::Unverify | Act::Suspend => ask.ask(why()).taking_away(),
        Act::Reinstate => ask.ask(why()),
        Act::Merge => {
            // Who is here twice has the same code or name twice, as a rule.
            let q = [q, &firm.uscc, &firm.name].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            let search = Search {
                action: action(&firm.id, act),
                label: t.say(key::FIRMS_SEARCH),
                value: q.to_string(),
                states: Vec::new(),
                states_label: String::new(),
                ..Search::default()
            };
            let choices = survivors(member, &firm.id, q).await?;
            let hint = if choices.is_empty() { t.say(key::DO_SURVIVOR_NONE) } else { String::new() };
            let survivor = Question::of("survivor", Kind::Radios, t.say(key::DO_SURVIVOR), choices);
            ask.search(search)
                .hidden("q", q.to_string())
                .ask(survivor.hint(hint).at("survivor_id"))
                .ask(why())
                .taking_away()
        }
        Act::ResetAdmin => {
            let language = Question::of("locale", Kind::Radios, t.say(key::LANGUAGE), people::languages(t));
            ask.ask(Question::new("name", Kind::Text, t.say(key::ADMIN_NAME)).at("admin_name"))
                .ask(language.at("admin_locale").with("zh"))
                .ask(why())
        }
        Act::Cluster => {
            let all = clusters::all(member).await?;
            let run = all.into_iter().filter(|one| one.own_state() == ClusterMembershipState::Unspecified);
            let choices: Vec<Choice> = run.map(|one| Choice::new(one.id, one.name)).collect();
            let question = Question::of("cluster", Kind::Radios, t.say(key::CLUSTER), choices);
            let hint =
                if question.choices.is_empty() { t.say(key::CLUSTERS_RUN_EMPTY) } else { String::new() };
            ask.ask(question.hint(hint).at("cluster_id"))
        }
    })
}

/// Active firms that fit what is looked for.
async fn survivors(member: &Member, duplicate: &str, q: &str) -> Result<Vec<Choice>, Failure> {
    let request = FindFirmsRequest {
        page_size: 20,
        query: q.to_string(),
        state: FirmState::Active.into(),
        ..FindFirmsRequest::default()
    };
    let list = member.app().api.operator().find_firms(member.call(request)).await?.into_inner();
    let firms = list.firms.into_iter().filter_map(|one| one.firm).filter(|firm| firm.id != duplicate);
    Ok(firms.map(|firm| Choice { hint: firm.uscc, ..Choice::new(firm.id, firm.name) }).collect())
}

async fn open(member: &Member, id: &str, act: &str) -> Result<(OperatedFirm, Act), Failure> {
    if !member.may(Permission::Operate) {
        return Err(Failure::denied());
    }
    let act = Act::ALL.into_iter().find(|one| one.word() == act).ok_or_else(Failure::not_found)?;
    Ok((firms::find(member, id).await?, act))
}

/// What it means, and why it is done.
pub async fn form(
    member: Member,
    Path((id, act)): Path<(String, String)>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let (firm, act) = open(&member, &id, &act).await?;
    Ok(asking(&member, &firm, act, place.q.trim()).await?.show())
}

/// Does it.
pub async fn send(
    member: Member,
    Path((id, act)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/operator/firms/{id}/{act}"), &fields).await?;
    let member = &posted.member;
    let (firm, act) = open(member, &id, &act).await?;
    let mut ask = asking(member, &firm, act, fields.get("q")).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let done = match act {
        Act::ResetAdmin => reset(&posted, id.clone(), &fields).await.map(Some),
        _ => simple(&posted, id.clone(), act, &fields).await.map(|()| None),
    };
    match done {
        Ok(Some(response)) => Ok(response),
        Ok(None) => {
            // The duplicate's own page has nothing more to say: the survivor's has.
            let next = if act == Act::Merge { fields.get("survivor").to_string() } else { id };
            Ok(page::go(&format!("/operator/firms/{next}?done={}", act.word())))
        }
        Err(status) => ask.refused(status),
    }
}

async fn reset(posted: &Posted, firm_id: String, fields: &Fields) -> Result<Response, Status> {
    let member = &posted.member;
    let request = ResetLastAdminRequest {
        request_id: posted.request_id.clone(),
        firm_id,
        admin_name: fields.get("name").to_string(),
        admin_locale: fields.get("locale").to_string(),
        reason: fields.get("reason").to_string(),
    };
    let made = member.app().api.operator().reset_last_admin(member.call(request)).await?.into_inner();
    Ok(firms::handover(member, &made.sign_in_path, made.expires_at.as_ref()))
}

async fn simple(posted: &Posted, firm_id: String, act: Act, fields: &Fields) -> Result<(), Status> {
    let member = &posted.member;
    let mut api = member.app().api.operator();
    let (request_id, reason) = (posted.request_id.clone(), fields.get("reason").to_string());
    match act {
        Act::Verify => {
            let request = VerifyFirmRequest { request_id, firm_id, evidence: reason };
            api.verify_firm(member.call(request)).await?;
        }
        Act::Unverify => {
            api.unverify_firm(member.call(UnverifyFirmRequest { request_id, firm_id, reason })).await?;
        }
        Act::Suspend => {
            api.suspend_firm(member.call(SuspendFirmRequest { request_id, firm_id, reason })).await?;
        }
        Act::Reinstate => {
            api.reinstate_firm(member.call(ReinstateFirmRequest { request_id, firm_id, reason })).await?;
        }
        Act::Merge => {
            let survivor_id = fields.get("survivor").to_string();
            let request = MergeFirmsRequest { request_id, duplicate_id: firm_id, survivor_id, reason };
            api.merge_firms(member.call(request)).await?;
        }
        Act::Cluster => {
            let cluster_id = fields.get("cluster").to_string();
            let request = InviteToClusterRequest { request_id, cluster_id, firm_id };
            member.app().api.clusters().invite_to_cluster(member.call(request)).await?;
        }
        Act::ResetAdmin => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_follows_the_firms_state() {
        let words = |state: FirmState, verified| -> Vec<&str> {
            let firm = Firm { state: state.into(), verified, ..Firm::default() };
            Act::possible(&firm).into_iter().map(Act::word).collect()
        };
        assert_eq!(words(FirmState::Active, false), ["verify", "cluster", "reset-admin", "merge", "suspend"]);
        assert_eq!(
            words(FirmState::Active, true),
            ["cluster", "reset-admin", "merge", "unverify", "suspend"]
        );
        assert_eq!(words(FirmState::Suspended, true), ["merge", "reinstate"]);
        assert_eq!(words(FirmState::Placeholder, false), ["merge"]);
        assert!(words(FirmState::Claimed, false).is_empty());
    }
}
