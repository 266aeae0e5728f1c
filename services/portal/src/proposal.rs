//! A proposal beside what was asked, as people read it.

use proto::orders::{OrderContent, Proposal, ProposalState};

use crate::{
    format,
    i18n::{Text, key},
    order::{self, Row, Tag},
    tolerance::{self, Verdict},
};

/// A proposal beside what was asked.
pub struct ProposalView {
    pub id: String,
    pub line: String,
    pub item: String,
    pub asked: String,
    pub requested: String,
    pub deliveries: Vec<String>,
    pub price: String,
    pub substitute: String,
    pub note: String,
    pub at: String,
    pub tag: Tag,
    pub open: bool,
    /// How it compared with the buyer's tolerances.
    pub verdict: Option<Verdict>,
    pub resolution_note: String,
    /// What was chosen in a form that came back.
    pub chosen: String,
    pub typed_note: String,
}

/// The proposals of a schedule line, in the words of the side that looks.
pub fn views(t: &Text, row: &Row, content: &OrderContent, supplies: bool) -> Vec<ProposalView> {
    row.state.proposals.iter().map(|proposal| view(t, row, content, proposal, supplies)).collect()
}

/// How a proposal stands, in the words of the side that looks.
pub fn tag(t: &Text, state: ProposalState, supplies: bool) -> Tag {
    let (shape, label) = match state {
        ProposalState::Accepted => ("accepted", key::PROPOSAL_ACCEPTED),
        ProposalState::Declined => ("rejected", key::PROPOSAL_DECLINED),
        ProposalState::Superseded => ("rejected", key::PROPOSAL_SUPERSEDED),
        ProposalState::Withdrawn => ("rejected", key::PROPOSAL_WITHDRAWN),
        _ if supplies => ("proposed", key::STATE_PROPOSED),
        ProposalState::Open | ProposalState::Unspecified => ("proposed", key::STATE_PROPOSED_MINE),
    };
    Tag { shape, label: t.say(label) }
}

fn view(t: &Text, row: &Row, content: &OrderContent, proposal: &Proposal, supplies: bool) -> ProposalView {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let (from, until) = row.requested(content);
    let verdict = proposal.tolerance.as_ref();
    ProposalView {
        id: proposal.id.clone(),
        line: row.line.line_number.clone(),
        item: row.item_name().to_string(),
        asked: t.quantity(format::decimal_or_zero(proposal.covers_quantity.as_ref()), &unit),
        requested: t.window(from, until),
        deliveries: order::deliveries(t, proposal, &unit),
        price: match &proposal.price {
            Some(price) => t.price(Some(price), &content.currency, &unit),
            None => String::new(),
        },
        substitute: proposal.substitute.clone().map(|item| item.name).unwrap_or_default(),
        note: proposal.note.clone(),
        at: t.moment(proposal.proposed_at.as_ref()),
        tag: tag(t, proposal.state(), supplies),
        open: proposal.state() == ProposalState::Open,
        verdict: verdict.map(|outcome| tolerance::verdict(t, outcome, &unit, &content.currency)),
        resolution_note: proposal.resolution_note.clone(),
        chosen: String::new(),
        typed_note: String::new(),
    }
}
