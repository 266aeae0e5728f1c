//! `tandem orders change`, `cancel`, `close`, `hold`, `release`, `withdraw` and `consent`: what happens to an order after
//! it was published.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost::Message;
use proto::{
    orders::{
        CancelOrderRequest, CancelReason, CloseShortRequest, HoldOrderRequest, HoldReason, LineCancellation,
        LineClosing, Order, OrderReceipt, ProposalState, ReleaseOrderRequest, RespondToChangeRequest,
        WithdrawChangeRequest, WithdrawProposalRequest,
    },
    retry::again,
};
use sha2::{Digest as _, Sha256};
use tonic::{Response, Status};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    respond::write_receipt,
};

mod edit;

pub const CHANGE_EXAMPLES: &str = "\
Examples:
  tandem orders change CY26110228 --quantity 10=1200 --date 20/2=2026-12-28 --note \"one more shift\"
  tandem orders change CY26110228 --price 10=6.90
  tandem orders change CY26110228 --file lines.json      protobuf JSON of ChangeOrderRequest, of its content, or of lines

Only lines that differ are answered anew; inside the frozen horizon the supplier agrees first.";
pub const CANCEL_EXAMPLES: &str = "\
Examples:
  tandem orders cancel CY26110228 --reason demand                       everything that is open
  tandem orders cancel CY26110228 --reason late --line 10 --line 20/2=300";
pub const CLOSE_EXAMPLES: &str = "\
Example:
  tandem orders close CY26110228 --line 10=960 --note \"the rest is not needed\"";
pub const HOLD_EXAMPLES: &str = "\
Example:
  tandem orders hold CY26110228 --reason quality --note \"sample is being tested\"";
pub const RELEASE_EXAMPLES: &str = "\
Example:
  tandem orders release CY26110228";
pub const WITHDRAW_EXAMPLES: &str = "\
Examples:
  tandem orders withdraw CY26110228                      every open proposal
  tandem orders withdraw CY26110228 --proposal 0193…";
pub const CONSENT_EXAMPLES: &str = "\
Examples:
  tandem orders consent CY26110228 --accept              as supplier, to what the buyer asks for inside the horizon
  tandem orders consent CY26110228 --decline --note \"steel is cut\"
  tandem orders consent CY26110228 --take-back           as buyer, to ask for it no more";

/// The order, and why.
#[derive(Debug, Args)]
pub struct OnOrder {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    /// To the other firm
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Debug, Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    pub on: OnOrder,
    /// Another quantity of a line (10) or schedule line (10/2); may be repeated
    #[arg(long, value_name = "LINE=QUANTITY")]
    pub quantity: Vec<String>,
    /// Another requested day of a line or schedule line; may be repeated
    #[arg(long, value_name = "LINE=YYYY-MM-DD")]
    pub date: Vec<String>,
    /// Another unit price of a line; may be repeated
    #[arg(long, value_name = "LINE=PRICE")]
    pub price: Vec<String>,
    /// The change as JSON; what it leaves out of the header stands
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quantity", "date", "price"])]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    pub on: OnOrder,
    /// Why it is cancelled
    #[arg(long, value_enum)]
    pub reason: CancelArg,
    /// Only this line (10), schedule line (10/2), or so much of it (10/2=300); may be repeated
    #[arg(long, value_name = "LINE[=QUANTITY]")]
    pub line: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CancelArg {
    Demand,
    Mistake,
    Engineering,
    Late,
    Quality,
    Resourced,
    /// Needs --note
    Other,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    #[command(flatten)]
    pub on: OnOrder,
    /// What was delivered of a line (10=960) or schedule line (10/2=300); may be repeated
    #[arg(long, required = true, value_name = "LINE=DELIVERED")]
    pub line: Vec<String>,
}

#[derive(Debug, Args)]
pub struct HoldArgs {
    #[command(flatten)]
    pub on: OnOrder,
    /// Why the supplier shall wait
    #[arg(long, value_enum)]
    pub reason: HoldArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HoldArg {
    Demand,
    Engineering,
    Quality,
    Payment,
    /// Needs --note
    Other,
}

#[derive(Debug, Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    pub on: OnOrder,
    /// Id of a proposal; may be repeated. Without it, all that are open
    #[arg(long, value_name = "ID")]
    pub proposal: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ConsentArgs {
    #[command(flatten)]
    pub on: OnOrder,
    #[command(flatten)]
    pub decision: ConsentDecision,
    /// Id of what was asked for; without it, the only one that waits
    #[arg(long, value_name = "ID")]
    pub change: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ConsentDecision {
    /// As supplier: the new values are agreed
    #[arg(long)]
    pub accept: bool,
    /// As supplier: nothing changes
    #[arg(long)]
    pub decline: bool,
    /// As buyer: it is asked for no more
    #[arg(long)]
    pub take_back: bool,
}

pub(super) async fn change(args: &ChangeArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let mut request = edit::request(args, &order, session)?;
    request.order_id.clone_from(&order.id);
    request.note.clone_from(&args.on.note);
    request.request_id = named("change", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.change_order(request).await }
    })
    .await
}

pub(super) async fn cancel(args: &CancelArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let lines = args.line.iter().map(|line| {
        let (name, quantity) = line.split_once('=').unwrap_or((line, ""));
        let (line_number, schedule_line_number) = numbers(name);
        let quantity = (!quantity.is_empty()).then(|| proto::Decimal { value: quantity.to_owned() });
        LineCancellation { line_number, schedule_line_number, quantity, ..Default::default() }
    });
    let mut request = CancelOrderRequest {
        order_id: order.id.clone(),
        lines: lines.collect(),
        reason: args.reason.proto().into(),
        note: args.on.note.clone(),
        ..Default::default()
    };
    request.request_id = named("cancel", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.cancel_order(request).await }
    })
    .await
}

pub(super) async fn close(args: &CloseArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let lines = args.line.iter().map(|line| {
        let (name, delivered) = pair(line)?;
        let (line_number, schedule_line_number) = numbers(name);
        let delivered_quantity = Some(proto::Decimal { value: delivered.to_owned() });
        Ok(LineClosing { line_number, schedule_line_number, delivered_quantity, ..Default::default() })
    });
    let lines = lines.collect::<Result<_, Failure>>()?;
    let mut request = CloseShortRequest {
        order_id: order.id.clone(),
        lines,
        note: args.on.note.clone(),
        ..Default::default()
    };
    request.request_id = named("close", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.close_short(request).await }
    })
    .await
}

pub(super) async fn hold(args: &HoldArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let (order_id, reason, note) = (order.id.clone(), args.reason.proto().into(), args.on.note.clone());
    let mut request = HoldOrderRequest { order_id, reason, note, ..Default::default() };
    request.request_id = named("hold", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.hold_order(request).await }
    })
    .await
}

pub(super) async fn release(args: &OnOrder, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.order, session).await?;
    let mut request =
        ReleaseOrderRequest { order_id: order.id.clone(), note: args.note.clone(), ..Default::default() };
    request.request_id = named("release", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.release_order(request).await }
    })
    .await
}

pub(super) async fn withdraw(args: &WithdrawArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let mut proposal_ids = args.proposal.clone();
    if proposal_ids.is_empty() {
        let proposals = order.schedule.iter().flat_map(|line| &line.proposals);
        let open = proposals.filter(|proposal| proposal.state() == ProposalState::Open);
        proposal_ids = open.map(|proposal| proposal.id.clone()).collect();
    }
    if proposal_ids.is_empty() {
        return Err(Failure::local(Exit::Refused, "no proposal of this order is open"));
    }
    let (order_id, note) = (order.id.clone(), args.on.note.clone());
    let mut request = WithdrawProposalRequest { order_id, proposal_ids, note, ..Default::default() };
    request.request_id = named("withdraw", &order, &request);
    let client = session.connection.changes();
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.withdraw_proposal(request).await }
    })
    .await
}

pub(super) async fn consent(args: &ConsentArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.on.order, session).await?;
    let change_id = match (&args.change, order.pending_changes.as_slice()) {
        (Some(id), _) => id.clone(),
        (None, [only]) => only.id.clone(),
        (None, []) => return Err(Failure::local(Exit::Refused, "nothing of this order waits for consent")),
        (None, several) => {
            let ids: Vec<&str> = several.iter().map(|change| change.id.as_str()).collect();
            let message = format!("{} changes wait:\n  {}", ids.len(), ids.join("\n  "));
            return Err(Failure::local(Exit::Usage, message).advise("name one with --change"));
        }
    };
    let (order_id, note) = (order.id.clone(), args.on.note.clone());
    let client = session.connection.changes();
    if args.decision.take_back {
        let mut request = WithdrawChangeRequest { order_id, change_id, note, ..Default::default() };
        request.request_id = named("take-back", &order, &request);
        return call(session, || {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.withdraw_change(request).await }
        })
        .await;
    }
    let accept = args.decision.accept;
    let mut request = RespondToChangeRequest { order_id, change_id, accept, note, ..Default::default() };
    request.request_id = named("consent", &order, &request);
    call(session, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.respond_to_change(request).await }
    })
    .await
}

/// Calls until it is answered, and writes the receipt.
async fn call<F, Fut>(session: &Session, call: F) -> Result<Exit, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Response<OrderReceipt>, Status>>,
{
    let receipt = again(call).await.map_err(|status| session.refused(&status))?;
    write_receipt(&receipt, session)?;
    Ok(Exit::Ok)
}

/// The same command on the same version is the same request.
fn named(kind: &str, order: &Order, request: &impl Message) -> String {
    let digest = Sha256::digest(request.encode_to_vec());
    format!("{kind}-{}-{}", order.version, hex::encode(&digest[..16]))
}

/// `10/2` → line and schedule line; the latter empty where it is not named.
fn numbers(name: &str) -> (String, String) {
    let (line, schedule) = name.split_once('/').unwrap_or((name, ""));
    (line.to_owned(), schedule.to_owned())
}

/// `10/2=300` → name and value.
fn pair(text: &str) -> Result<(&str, &str), Failure> {
    let pair = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    pair.ok_or_else(|| Failure::local(Exit::Usage, format!("{text} says no value; write it as 10=300")))
}

impl CancelArg {
    fn proto(self) -> CancelReason {
        match self {
            CancelArg::Demand => CancelReason::Demand,
            CancelArg::Mistake => CancelReason::Mistake,
            CancelArg::Engineering => CancelReason::Engineering,
            CancelArg::Late => CancelReason::Late,
            CancelArg::Quality => CancelReason::Quality,
            CancelArg::Resourced => CancelReason::Resourced,
            CancelArg::Other => CancelReason::Other,
        }
    }
}

impl HoldArg {
    fn proto(self) -> HoldReason {
        match self {
            HoldArg::Demand => HoldReason::Demand,
            HoldArg::Engineering => HoldReason::Engineering,
            HoldArg::Quality => HoldReason::Quality,
            HoldArg::Payment => HoldReason::Payment,
            HoldArg::Other => HoldReason::Other,
        }
    }
}
