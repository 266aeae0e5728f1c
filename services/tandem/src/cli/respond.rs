//! `tandem orders respond`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost::Message as _;
use proto::{
    orders::{
        LineResponse, Order, OrderReceipt, PreviewResponseRequest, Reject, RejectReason,
        RespondToOrderRequest, line_response::Answer,
    },
    retry::again,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    json::decimal_text,
    output::{short, table, table_text},
};

pub const EXAMPLES: &str = r#"Examples:
  tandem orders respond CY26110231 --accept-all
  tandem orders respond CY26110220 --reject no-tooling --note "mould is at the toolmaker"
  tandem orders respond CY26110228 --file answers.json --dry-run      what would be agreed at once, and what waits
  tandem orders respond CY26110228 --file answers.json

answers.json is the protobuf JSON of RespondToOrderRequest, or of its lines alone; what it leaves out (order, revision,
request id) is filled in:
  { "lines": [
    { "lineNumber": "1", "propose": { "deliveries": [
      { "quantity": { "value": "16000" }, "deliveryDate": { "year": 2026, "month": 12, "day": 21 } },
      { "quantity": { "value": "1600" },  "deliveryDate": { "year": 2026, "month": 12, "day": 28 } } ] } },
    { "lineNumber": "2", "accept": {} } ] }"#;

#[derive(Debug, Args)]
pub struct RespondArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    #[command(flatten)]
    pub answer: AnswerArgs,
    /// To the buyer, about the whole answer
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Say what the answer would do, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Promise hours of a week too that are offered to others
    #[arg(long)]
    pub despite_offers: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct AnswerArgs {
    /// Accept everything unanswered as asked
    #[arg(long)]
    pub accept_all: bool,
    /// Reject everything unanswered
    #[arg(long, value_enum, value_name = "REASON")]
    pub reject: Option<ReasonArg>,
    /// Answers line by line from a JSON file
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReasonArg {
    NoCapacity,
    NoMaterial,
    NoTooling,
    Price,
    Date,
    Discontinued,
    /// Needs --note
    Other,
}

pub(super) async fn run(args: &RespondArgs, session: &Session) -> Result<Exit, Failure> {
    if args.answer.reject == Some(ReasonArg::Other) && args.note.is_empty() {
        return Err(Failure::local(Exit::Usage, "--reject other says nothing by itself; add --note"));
    }
    let order = find::order(&args.order, session).await?;
    let request = request(args, &order, session)?;
    if args.dry_run {
        return preview(request, session).await;
    }
    let client = session.connection.orders();
    let receipt = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.respond_to_order(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    write_receipt(&receipt, session)?;
    Ok(Exit::Ok)
}

/// What the answer would do: by the same decision, without writing anything.
async fn preview(request: RespondToOrderRequest, session: &Session) -> Result<Exit, Failure> {
    let RespondToOrderRequest {
        request_id,
        order_id,
        revision,
        accept_all,
        lines,
        note,
        version,
        despite_offers,
        ..
    } = request;
    let request = PreviewResponseRequest {
        request_id,
        order_id,
        revision,
        accept_all,
        lines,
        note,
        version,
        despite_offers,
    };
    let shown = session.connection.responses().preview_response(request).await;
    let shown = shown.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.orders.v1.ResponsePreview", &shown)?)?;
        return Ok(Exit::Ok);
    }
    let state = short(shown.state().as_str_name(), "ORDER_STATE_");
    session.out.line(&format!("would be {state}, version {}", shown.version))?;
    let mut table = table(&["LINE", "ACCEPTED", "REJECTED", "PROPOSED", "UNANSWERED", "DECIDED BY"]);
    for line in &shown.lines {
        let quantities = line.quantities.clone().unwrap_or_default();
        let agreed = line.tolerance.as_ref().is_some_and(|outcome| outcome.accepted);
        table.add_row([
            format!("{}/{}", line.line_number, line.schedule_line_number),
            decimal_text(quantities.accepted.as_ref()),
            decimal_text(quantities.rejected.as_ref()),
            decimal_text(quantities.proposed.as_ref()),
            decimal_text(quantities.unanswered.as_ref()),
            match (line.waits_for_buyer, agreed) {
                (true, _) => "the buyer",
                (false, true) => "tolerance",
                (false, false) => "",
            }
            .to_owned(),
        ]);
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}

fn request(args: &RespondArgs, order: &Order, session: &Session) -> Result<RespondToOrderRequest, Failure> {
    let mut request = match (&args.answer.file, args.answer.reject) {
        (Some(file), _) => from_file(file, session)?,
        (None, Some(reason)) => RespondToOrderRequest {
            lines: reject_all(order, reason.proto(), &args.note)?,
            ..Default::default()
        },
        (None, None) => RespondToOrderRequest { accept_all: true, ..Default::default() },
    };
    if !args.note.is_empty() {
        request.note.clone_from(&args.note);
    }
    if request.revision == 0 {
        request.revision = order.revision;
    }
    request.despite_offers |= args.despite_offers;
    request.order_id.clone_from(&order.id);
    if request.request_id.is_empty() {
        // The version is part of it: after a declined proposal the same answer is a new one.
        let digest = Sha256::digest(request.encode_to_vec());
        request.request_id = format!("respond-{}-{}", order.version, hex::encode(&digest[..16]));
    }
    Ok(request)
}

fn from_file(file: &PathBuf, session: &Session) -> Result<RespondToOrderRequest, Failure> {
    let unfit = |error: &dyn std::fmt::Display| {
        let message = format!("{} is no protobuf JSON of RespondToOrderRequest: {error}", file.display());
        Failure::local(Exit::Failed, message).advise("see the example in `tandem orders respond --help`")
    };
    let text = std::fs::read(file).map_err(|error| unfit(&error))?;
    let mut value: Value = serde_json::from_slice(&text).map_err(|error| unfit(&error))?;
    if value.is_array() {
        value = serde_json::json!({ "lines": value });
    }
    session.contract.from_json("tandem.orders.v1.RespondToOrderRequest", value).map_err(|error| unfit(&error))
}

fn reject_all(order: &Order, reason: RejectReason, note: &str) -> Result<Vec<LineResponse>, Failure> {
    let unanswered = |line: &&proto::orders::ScheduleLineState| {
        let left = line.quantities.as_ref().and_then(|q| q.unanswered.as_ref());
        left.and_then(|q| q.value.parse::<rust_decimal::Decimal>().ok()).is_some_and(|q| !q.is_zero())
    };
    let lines: Vec<LineResponse> = order
        .schedule
        .iter()
        .filter(unanswered)
        .map(|line| LineResponse {
            schedule_line_id: line.schedule_line_id.clone(),
            answer: Some(Answer::Reject(Reject {
                quantity: None,
                reason: reason.into(),
                note: note.to_owned(),
            })),
            ..Default::default()
        })
        .collect();
    if lines.is_empty() {
        return Err(Failure::local(Exit::Refused, "nothing on this order waits for an answer"));
    }
    Ok(lines)
}

/// What a change did, for people or programs; also used for the buyer's decisions.
pub(super) fn write_receipt(receipt: &OrderReceipt, session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        return session.out.value(&session.contract.to_json("tandem.orders.v1.OrderReceipt", receipt)?);
    }
    let state = short(receipt.state().as_str_name(), "ORDER_STATE_");
    let again = if receipt.replayed { "  (done before; nothing changed)" } else { "" };
    let (revision, version) = (receipt.revision, receipt.version);
    session.out.line(&format!("{state}, revision {revision}, version {version}{again}"))?;
    let mut table = table(&["LINE", "ORDERED", "ACCEPTED", "REJECTED", "PROPOSED", "UNANSWERED", "PROPOSAL"]);
    for line in &receipt.lines {
        let quantities = line.quantities.clone().unwrap_or_default();
        table.add_row([
            format!("{}/{}", line.line_number, line.schedule_line_number),
            decimal_text(quantities.ordered.as_ref()),
            decimal_text(quantities.accepted.as_ref()),
            decimal_text(quantities.rejected.as_ref()),
            decimal_text(quantities.proposed.as_ref()),
            decimal_text(quantities.unanswered.as_ref()),
            line.proposal_id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}

impl ReasonArg {
    fn proto(self) -> RejectReason {
        match self {
            ReasonArg::NoCapacity => RejectReason::NoCapacity,
            ReasonArg::NoMaterial => RejectReason::NoMaterial,
            ReasonArg::NoTooling => RejectReason::NoTooling,
            ReasonArg::Price => RejectReason::Price,
            ReasonArg::Date => RejectReason::Date,
            ReasonArg::Discontinued => RejectReason::Discontinued,
            ReasonArg::Other => RejectReason::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::{Quantities, ScheduleLineState};

    use super::*;

    fn line(id: &str, unanswered: &str) -> ScheduleLineState {
        ScheduleLineState {
            schedule_line_id: id.into(),
            quantities: Some(Quantities {
                unanswered: Some(proto::Decimal { value: unanswered.into() }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn only_what_is_unanswered_is_rejected() {
        let order = Order { schedule: vec![line("a", "0.000"), line("b", "12.5")], ..Default::default() };
        let lines = reject_all(&order, RejectReason::NoTooling, "").unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].schedule_line_id, "b");
        let answered = Order { schedule: vec![line("a", "0")], ..Default::default() };
        assert_eq!(reject_all(&answered, RejectReason::NoTooling, "").unwrap_err().exit, Exit::Refused);
    }
}
