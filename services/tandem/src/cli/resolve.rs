//! `tandem orders resolve`.

use clap::Args;
use proto::{
    orders::{ProposalDecision, ResolveProposalRequest},
    retry::again,
};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    respond::write_receipt,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem orders show CY26110228                      names the proposals
  tandem orders resolve CY26110228 --proposal 0193… --accept
  tandem orders resolve CY26110228 --proposal 0193… --decline --note \"needed by 21 December\"";

#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    /// Id of the proposal; may be repeated
    #[arg(long, required = true, value_name = "ID")]
    pub proposal: Vec<String>,
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// To the supplier
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct DecisionArgs {
    /// Agree at the proposed values
    #[arg(long)]
    pub accept: bool,
    /// The quantity is unanswered again
    #[arg(long)]
    pub decline: bool,
}

pub(super) async fn run(args: &ResolveArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.order, session).await?;
    let accept = args.decision.accept;
    let mut proposals = args.proposal.clone();
    proposals.sort_unstable();
    proposals.dedup();
    let decisions = proposals
        .iter()
        .map(|id| ProposalDecision { proposal_id: id.clone(), accept, note: args.note.clone() })
        .collect();
    let request =
        ResolveProposalRequest { request_id: request_id(&proposals, accept), order_id: order.id, decisions };
    let client = session.connection.orders();
    let receipt = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.resolve_proposal(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    write_receipt(&receipt, session)?;
    Ok(Exit::Ok)
}

/// A proposal is decided once, so that the decision itself is the request's name.
fn request_id(proposals: &[String], accept: bool) -> String {
    use sha2::{Digest as _, Sha256};
    let decision = if accept { "accept" } else { "decline" };
    let digest = Sha256::digest(proposals.join("\n").as_bytes());
    format!("resolve-{decision}-{}", hex::encode(&digest[..16]))
}
