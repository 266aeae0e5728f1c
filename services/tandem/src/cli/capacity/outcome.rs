//! `tandem capacity matches`: what comes of a request, step by step.

use clap::{Args, Subcommand};
use proto::capacity::{
    AdvanceMatchRequest, CapacityMatch, CountMatchesRequest, ListMatchesRequest, MatchCount, MatchState,
    ProposeMatchRequest,
};

use super::{names::names, new_id};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    output::short,
    pages,
};

const LIST_EXAMPLES: &str = "\
Examples:
  tandem capacity matches list                       on either side, the newest first
  tandem capacity matches list --request 0193…       what came of a request of your own";
const PROPOSE_EXAMPLES: &str = "\
Examples:
  tandem capacity matches propose 0193…              as supplier: answers an open request that you see
  tandem capacity matches propose 0193… --offer 0194… --note '两周内可承接'
  tandem capacity matches propose 0193… --supplier 0195…   as requester: asks a firm by its profile";
const COUNT_EXAMPLES: &str = "\
Examples:
  tandem capacity matches count                      your own, by state
  tandem capacity matches count --cluster 0193…      among its members; – for fewer than five firms";
const ACCEPT_EXAMPLES: &str = "\
Example:
  tandem capacity matches accept 0193…               the side that did not propose";
const DECLINE_EXAMPLES: &str = "\
Example:
  tandem capacity matches decline 0193…              either side, while nothing is contracted";
const CONTRACT_EXAMPLES: &str = "\
Example:
  tandem capacity matches contract 0193…             the requester, once it has ordered";
const DELIVER_EXAMPLES: &str = "\
Example:
  tandem capacity matches deliver 0193…              the requester, once it has received";

#[derive(Debug, Subcommand)]
pub enum MatchesCommand {
    /// List matches of your firm
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Answer a request, or ask a supplier for one of your own
    #[command(after_help = PROPOSE_EXAMPLES)]
    Propose(ProposeArgs),
    /// Agree to what the other side proposed
    #[command(after_help = ACCEPT_EXAMPLES)]
    Accept(StepArgs),
    /// Say that nothing comes of it
    #[command(after_help = DECLINE_EXAMPLES)]
    Decline(StepArgs),
    /// Say that it was ordered
    #[command(after_help = CONTRACT_EXAMPLES)]
    Contract(StepArgs),
    /// Say that it was delivered
    #[command(after_help = DELIVER_EXAMPLES)]
    Deliver(StepArgs),
    /// Count matches by state
    #[command(after_help = COUNT_EXAMPLES)]
    Count(CountArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of this request
    #[arg(long, value_name = "REQUEST-ID", default_value = "", hide_default_value = true)]
    pub request: String,
}

#[derive(Debug, Args)]
pub struct ProposeArgs {
    /// The request's id
    #[arg(value_name = "REQUEST-ID")]
    pub request: String,
    /// The offer that it is about
    #[arg(long, value_name = "OFFER-ID", default_value = "", hide_default_value = true)]
    pub offer: String,
    /// As requester, without an offer: the firm that is asked
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub supplier: String,
    /// What else has to be known
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Proposing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct StepArgs {
    /// The match's id
    #[arg(value_name = "MATCH-ID")]
    pub id: String,
    /// The same step under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct CountArgs {
    /// Among members of this cluster instead of your own
    #[arg(long, value_name = "CLUSTER-ID", default_value = "", hide_default_value = true)]
    pub cluster: String,
}

pub(super) async fn run(command: &MatchesCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        MatchesCommand::List(args) => list(args, session).await,
        MatchesCommand::Propose(args) => propose(args, session).await,
        MatchesCommand::Accept(args) => advance(args, MatchState::Accepted, session).await,
        MatchesCommand::Decline(args) => advance(args, MatchState::Declined, session).await,
        MatchesCommand::Contract(args) => advance(args, MatchState::Contracted, session).await,
        MatchesCommand::Deliver(args) => advance(args, MatchState::Delivered, session).await,
        MatchesCommand::Count(args) => count(args, session).await,
    }
}

async fn list(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capacity_matches();
    let page = async |page_token| {
        let capacity_request_id = args.request.clone();
        let request = ListMatchesRequest { capacity_request_id, page_size: pages::SIZE, page_token };
        let page = client.list_matches(request).await?.into_inner();
        Ok((page.matches, page.next_page_token))
    };
    said(&pages::all(session, page).await?, session).await
}

async fn propose(args: &ProposeArgs, session: &Session) -> Result<Exit, Failure> {
    let request = ProposeMatchRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        capacity_request_id: args.request.clone(),
        offer_id: args.offer.clone(),
        note: args.note.clone(),
        supplier_id: args.supplier.clone(),
    };
    let answer = session.connection.capacity_matches().propose_match(request).await;
    said(&[answer.map_err(|status| session.refused(&status))?.into_inner()], session).await
}

async fn advance(args: &StepArgs, state: MatchState, session: &Session) -> Result<Exit, Failure> {
    let request = AdvanceMatchRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        match_id: args.id.clone(),
        state: state.into(),
    };
    let answer = session.connection.capacity_matches().advance_match(request).await;
    said(&[answer.map_err(|status| session.refused(&status))?.into_inner()], session).await
}

async fn said(matches: &[CapacityMatch], session: &Session) -> Result<Exit, Failure> {
    let names = names(matches.iter().flat_map(|one| [&one.requester_id, &one.supplier_id]), session).await;
    let header = ["PROCESS", "STATE", "REQUESTER", "SUPPLIER", "NOTE", "REQUEST", "ID"];
    pages::say(session, "tandem.capacity.v1.CapacityMatch", matches, &header, |one| {
        [
            one.need.clone().unwrap_or_default().process,
            word(one.state()),
            names.of(&one.requester_id),
            names.of(&one.supplier_id),
            one.note.clone(),
            one.capacity_request_id.clone(),
            one.id.clone(),
        ]
    })
}

fn word(state: MatchState) -> String {
    short(state.as_str_name(), "MATCH_STATE_").to_lowercase()
}

async fn count(args: &CountArgs, session: &Session) -> Result<Exit, Failure> {
    let request = CountMatchesRequest { cluster_id: args.cluster.clone() };
    let answer = session.connection.capacity_matches().count_matches(request).await;
    let counts = answer.map_err(|status| session.refused(&status))?.into_inner().counts;
    let row = |one: &MatchCount| {
        [word(one.state()), one.matches.map_or_else(|| "–".to_owned(), |count| count.to_string())]
    };
    pages::say(session, "tandem.capacity.v1.MatchCount", &counts, &["STATE", "MATCHES"], row)
}
