//! The buyer's decision on what a supplier proposes.

use axum::{extract::Path, response::Response};
use proto::orders::{ProposalDecision, ResolveProposalRequest};

use crate::{
    failure::Failure,
    form::Fields,
    pages::{order, respond},
    session::Member,
};

/// What was chosen for one proposal.
pub struct Choice {
    pub proposal: String,
    /// `accept`, `decline`, or empty for not yet.
    pub decision: String,
    pub note: String,
}

/// What the form token of decisions is for.
pub fn purpose(id: &str) -> String {
    format!("decide {id}")
}

/// Decides the proposals for which something was chosen.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let choice = |proposal: &str| Choice {
        proposal: proposal.to_string(),
        decision: fields.get(&format!("decision-{proposal}")).to_string(),
        note: fields.get(&format!("note-{proposal}")).to_string(),
    };
    let choices: Vec<Choice> = fields.all("proposal").map(choice).collect();
    let decided = choices.iter().filter(|choice| ["accept", "decline"].contains(&choice.decision.as_str()));
    let decisions: Vec<ProposalDecision> = decided
        .map(|choice| ProposalDecision {
            proposal_id: choice.proposal.clone(),
            accept: choice.decision == "accept",
            note: choice.note.clone(),
        })
        .collect();
    if decisions.is_empty() {
        return order::undecided(&member, &id, &choices).await;
    }
    let request = ResolveProposalRequest { request_id, order_id: id.clone(), decisions };
    match app.api.orders().resolve_proposal(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, "decided")),
        Err(failure) if failure.is("PROPOSAL_RESOLVED") => Ok(respond::changed(&member, &id)),
        Err(failure) => Err(failure),
    }
}
