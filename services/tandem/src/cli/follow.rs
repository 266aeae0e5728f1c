//! `tandem orders remind`, `progress`, `at-risk` and `thread`: what follows an order.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use proto::{
    orders::{
        GetAttachmentRequest, LineStage, ListMessagesRequest, ListOrdersAtRiskRequest, ListOrdersRequest,
        Message, NewAttachment, PostMessageRequest, ProgressStage, RemindSupplierRequest, SetProgressRequest,
        Side,
    },
    retry::again,
};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    json::{date_text, decimal_text, time_text},
    output::{short, table, table_text},
    pages,
};

pub const REMIND_EXAMPLES: &str = "\
Examples:
  tandem orders remind CY26110228 CY26110231 --message \"please answer today\"
  tandem orders remind --overdue";

pub const PROGRESS_EXAMPLES: &str = "\
Examples:
  tandem orders progress CY26110228 in-production
  tandem orders progress CY26110228 ready-to-ship --line 10 --line 20/2 --note \"on two pallets\"";

pub const AT_RISK_EXAMPLES: &str = "\
Examples:
  tandem orders at-risk
  tandem orders at-risk --within-days 14 --output json | jq -r .orderNumber";

pub const THREAD_EXAMPLES: &str = "\
Examples:
  tandem orders thread CY26110228
  tandem orders thread CY26110228 --say \"drawing B\" --line 10 --attach drawing-b.pdf
  tandem orders thread CY26110228 --say \"target price 5.20\" --internal
  tandem orders thread CY26110228 --fetch 0193… > drawing-b.pdf";

/// The most orders of one reminder.
const MAX_ORDERS: i32 = 100;

#[derive(Debug, Args)]
pub struct RemindArgs {
    /// Ids or numbers of the orders
    #[arg(value_name = "ORDER-ID-OR-NUMBER", required_unless_present = "overdue", num_args = 1..=100)]
    pub orders: Vec<String>,
    /// Every order whose answer is overdue, at most 100
    #[arg(long, conflicts_with = "orders")]
    pub overdue: bool,
    /// To the suppliers
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub message: String,
}

#[derive(Debug, Args)]
pub struct ProgressArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    /// How far it is
    #[arg(value_enum)]
    pub stage: StageArg,
    /// Only this line (10) or schedule line (10/2); may be repeated. Without it, everything accepted
    #[arg(long, value_name = "LINE")]
    pub line: Vec<String>,
    /// To the buyer
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageArg {
    NotScheduled,
    Scheduled,
    InProduction,
    InInspection,
    ReadyToShip,
}

#[derive(Debug, Args)]
pub struct AtRiskArgs {
    /// A promised day is near that many days before
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(0..=90))]
    pub within_days: Option<i32>,
    /// Nothing was said for that many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=90))]
    pub stalled_days: Option<i32>,
}

#[derive(Debug, Args)]
pub struct ThreadArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    /// Write this instead of reading
    #[arg(long, value_name = "TEXT")]
    pub say: Option<String>,
    /// For the own firm alone; the other firm never sees it
    #[arg(long)]
    pub internal: bool,
    /// About this line, or only what is about it
    #[arg(long, value_name = "LINE", default_value = "", hide_default_value = true)]
    pub line: String,
    /// A file to go with it: jpg, png, pdf, xlsx, dwg or step, at most 5 MiB; may be repeated
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// Write this file to standard output instead
    #[arg(long, value_name = "ATTACHMENT-ID", conflicts_with_all = ["say", "attach"])]
    pub fetch: Option<String>,
}

pub(super) async fn remind(args: &RemindArgs, session: &Session) -> Result<Exit, Failure> {
    let mut named: Vec<(String, String)> = Vec::new();
    if args.overdue {
        named = overdue(session).await?;
    }
    for order in &args.orders {
        let order = find::order(order, session).await?;
        if !named.iter().any(|(id, _)| *id == order.id) {
            let number = order.content.map(|content| content.order_number).unwrap_or_default();
            named.push((order.id, number));
        }
    }
    if named.is_empty() {
        session.out.note("no order is overdue");
        return Ok(Exit::Ok);
    }
    let request = RemindSupplierRequest {
        request_id: chassis::clock::system().id().to_string(),
        order_ids: named.iter().map(|(id, _)| id.clone()).collect(),
        message: args.message.clone(),
    };
    let client = session.connection.reminders();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.remind_supplier(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    for (result, (_, number)) in answer.results.iter().zip(&named) {
        if session.out.json() {
            session.out.value(&session.contract.to_json("tandem.orders.v1.RemindResult", result)?)?;
        } else if result.reason.is_empty() {
            session.out.line(&format!("{number}  reminded"))?;
        } else {
            let message = if session.locale == "zh" { &result.message_zh } else { &result.message_en };
            session.out.line(&format!("{number}  not reminded: {message}"))?;
        }
    }
    Ok(if answer.sent as usize == named.len() { Exit::Ok } else { Exit::Refused })
}

/// Ids and numbers of the caller's orders, as buyer, whose answers are overdue.
async fn overdue(session: &Session) -> Result<Vec<(String, String)>, Failure> {
    let request = ListOrdersRequest {
        side: Side::Buyer.into(),
        answer_overdue: true,
        page_size: MAX_ORDERS,
        ..ListOrdersRequest::default()
    };
    let answer = session.connection.orders().list_orders(request).await;
    let orders = answer.map_err(|status| session.refused(&status))?.into_inner().orders;
    Ok(orders.into_iter().map(|order| (order.id, order.order_number)).collect())
}

pub(super) async fn progress(args: &ProgressArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.order, session).await?;
    let stage = args.stage.proto();
    let lines = args.line.iter().map(|line| {
        let (line_number, schedule) = line.split_once('/').unwrap_or((line, ""));
        LineStage {
            line_number: line_number.to_owned(),
            schedule_line_number: schedule.to_owned(),
            stage: stage.into(),
            ..LineStage::default()
        }
    });
    let request = SetProgressRequest {
        request_id: chassis::clock::system().id().to_string(),
        order_id: order.id,
        lines: lines.collect(),
        stage: if args.line.is_empty() { stage.into() } else { 0 },
        note: args.note.clone(),
    };
    let client = session.connection.progress();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.set_progress(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.orders.v1.SetProgressResponse", &answer)?)?;
    } else {
        let stage = short(stage.as_str_name(), "PROGRESS_STAGE_");
        let count = answer.schedule_line_ids.len();
        session.out.line(&format!("{stage}: {count} schedule lines moved (version {})", answer.version))?;
    }
    Ok(Exit::Ok)
}

impl StageArg {
    fn proto(self) -> ProgressStage {
        match self {
            StageArg::NotScheduled => ProgressStage::NotScheduled,
            StageArg::Scheduled => ProgressStage::Scheduled,
            StageArg::InProduction => ProgressStage::InProduction,
            StageArg::InInspection => ProgressStage::InInspection,
            StageArg::ReadyToShip => ProgressStage::ReadyToShip,
        }
    }
}

pub(super) async fn at_risk(args: &AtRiskArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.progress();
    let page = async |page_token| {
        let request = ListOrdersAtRiskRequest {
            page_size: pages::SIZE,
            page_token,
            within_days: args.within_days,
            stalled_days: args.stalled_days,
            ..ListOrdersAtRiskRequest::default()
        };
        let page = client.list_orders_at_risk(request).await?.into_inner();
        Ok((page.lines, page.next_page_token))
    };
    let lines = pages::all(session, page).await?;
    if session.out.json() {
        for line in &lines {
            session.out.value(&session.contract.to_json("tandem.orders.v1.LineAtRisk", line)?)?;
        }
        return Ok(Exit::Ok);
    }
    if lines.is_empty() {
        session.out.line("nothing is at risk")?;
        return Ok(Exit::Ok);
    }
    let mut table =
        table(&["PROMISED", "DAYS", "WHY", "ORDER", "LINE", "SUPPLIER", "QUANTITY", "STAGE", "ITEM"]);
    for line in &lines {
        let stage = line.progress.as_ref().map(|said| short(said.stage().as_str_name(), "PROGRESS_STAGE_"));
        table.add_row([
            &date_text(line.committed_delivery_date.as_ref()),
            &line.days_left.to_string(),
            short(line.reason().as_str_name(), "RISK_REASON_"),
            &line.order_number,
            &format!("{}/{}", line.line_number, line.schedule_line_number),
            &line.supplier_name,
            &decimal_text(line.accepted_quantity.as_ref()),
            stage.unwrap_or("-"),
            &line.item_name,
        ]);
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}

pub(super) async fn thread(args: &ThreadArgs, session: &Session) -> Result<Exit, Failure> {
    let order_id = find::order(&args.order, session).await?.id;
    if let Some(attachment_id) = &args.fetch {
        return fetch(GetAttachmentRequest { order_id, attachment_id: attachment_id.clone() }, session).await;
    }
    if args.say.is_some() || !args.attach.is_empty() {
        return say(args, order_id, session).await;
    }
    let mut request = ListMessagesRequest {
        order_id,
        line_number: args.line.clone(),
        page_size: 1_000,
        ..ListMessagesRequest::default()
    };
    loop {
        let answer = session.connection.thread().list_messages(request.clone()).await;
        let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
        for message in &answer.messages {
            write(message, session)?;
        }
        if answer.next_page_token.is_empty() {
            return Ok(Exit::Ok);
        }
        request.page_token = answer.next_page_token;
    }
}

async fn say(args: &ThreadArgs, order_id: String, session: &Session) -> Result<Exit, Failure> {
    let mut attachments = Vec::new();
    for path in &args.attach {
        let content = tokio::fs::read(path).await.map_err(|error| {
            Failure::local(Exit::Failed, format!("{} cannot be read: {error}", path.display()))
        })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        attachments.push(NewAttachment { name, content: content.into() });
    }
    let request = PostMessageRequest {
        request_id: chassis::clock::system().id().to_string(),
        order_id,
        internal: args.internal,
        line_number: args.line.clone(),
        body: args.say.clone().unwrap_or_default(),
        attachments,
    };
    let client = session.connection.thread();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.post_message(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    write(&answer.message.unwrap_or_default(), session)?;
    Ok(Exit::Ok)
}

fn write(message: &Message, session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        return session.out.value(&session.contract.to_json("tandem.orders.v1.Message", message)?);
    }
    let line = if message.line_number.is_empty() { "" } else { &format!("  line {}", message.line_number) };
    let internal = if message.internal { "  (internal)" } else { "" };
    let at = time_text(message.posted_at.as_ref());
    session.out.line(&format!("{at}  {}{line}{internal}  {}", message.actor_name, message.body))?;
    for file in &message.attachments {
        session.out.line(&format!("    {}  {} bytes  {}", file.name, file.size_bytes, file.id))?;
    }
    Ok(())
}

async fn fetch(request: GetAttachmentRequest, session: &Session) -> Result<Exit, Failure> {
    let answer = session.connection.thread().get_attachment(request).await;
    let mut parts = answer.map_err(|status| session.refused(&status))?.into_inner();
    while let Some(part) = parts.message().await.map_err(|status| session.refused(&status))? {
        session.out.bytes(&part.data)?;
    }
    Ok(Exit::Ok)
}
