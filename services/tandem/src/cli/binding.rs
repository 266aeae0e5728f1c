//! `tandem resources` on orders: which revision a line is made by, what a new one changes, and what becomes of despatches.

use clap::{Args, Subcommand, ValueEnum};
use proto::resources::{
    ApplyRevisionRequest, BindingPolicy, CheckDespatchRequest, DespatchRule, Effectivity,
    GetBindingPolicyRequest, ImpactedLine, ListPinsRequest, ListRevisionsRequest, Pin, PreviewReleaseRequest,
    ReleaseRevisionRequest, Revision, SetBindingPolicyRequest,
};
use time::{Date, macros::format_description};

use super::{
    Session,
    failure::{Exit, Failure},
    output::{short, unit},
    pages,
    resources::{find, request_id, said},
};

const IMPACT_EXAMPLES: &str = "\
Examples:
  tandem resources impact YZ-10022 C --effective at-once
  tandem resources impact YZ-10022 C --effective 2027-01-04";
const RELEASE_EXAMPLES: &str = "\
Examples:
  tandem resources release YZ-10022 C                           for new orders alone
  tandem resources release YZ-10022 C --effective at-once
  tandem resources release YZ-10022 C --effective 2027-01-04    for what is wanted from that day on";
const APPLY_EXAMPLES: &str = "\
Examples:
  tandem resources apply YZ-10022 C --note '孔位 Ø8.5→Ø9.0'
  tandem resources apply YZ-10022 C --order 0193…               of these orders alone";
const PINS_EXAMPLES: &str = "\
Examples:
  tandem resources pins --order 0193…
  tandem resources pins YZ-10022";
const POLICY_EXAMPLES: &str = "\
Examples:
  tandem resources policy                                       as it stands
  tandem resources policy --retention 180 --superseded block --not-acknowledged warn";
const DESPATCH_EXAMPLES: &str = "\
Example:
  tandem resources despatch 0193… 10";

#[derive(Debug, Subcommand)]
pub enum BindingCommand {
    /// Show what a revision changes of open orders, before it is released or after, as owner
    #[command(after_help = IMPACT_EXAMPLES)]
    Impact(RevisionArgs),
    /// Release a draft, as owner
    #[command(after_help = RELEASE_EXAMPLES)]
    Release(RevisionArgs),
    /// Change open orders to a released revision, as owner
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// List the revisions that lines of orders are made by
    #[command(after_help = PINS_EXAMPLES)]
    Pins(PinsArgs),
    /// Show or set for how long access goes on after an order, and what becomes of despatches, as owner
    #[command(after_help = POLICY_EXAMPLES)]
    Policy(PolicyArgs),
    /// Ask whether a line may be despatched as its drawing stands
    #[command(after_help = DESPATCH_EXAMPLES)]
    Despatch(DespatchArgs),
}

pub(super) async fn run(command: &BindingCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        BindingCommand::Impact(args) => impact(args, session).await,
        BindingCommand::Release(args) => release(args, session).await,
        BindingCommand::Apply(args) => apply(args, session).await,
        BindingCommand::Pins(args) => pins(args, session).await,
        BindingCommand::Policy(args) => policy(args, session).await,
        BindingCommand::Despatch(args) => despatch(args, session).await,
    }
}

/// From when a revision counts for what is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective(Effectivity, Option<Date>);

fn effective(text: &str) -> Result<Effective, String> {
    match text {
        "new-orders" => Ok(Effective(Effectivity::NewOrders, None)),
        "at-once" => Ok(Effective(Effectivity::AtOnce, None)),
        day => Date::parse(day, format_description!("[year]-[month]-[day]"))
            .map(|day| Effective(Effectivity::FromDate, Some(day)))
            .map_err(|_| "must be new-orders, at-once or a day such as 2027-01-04".to_owned()),
    }
}

#[derive(Debug, Args)]
pub struct RevisionArgs {
    /// Its id, or the own number
    pub resource: String,
    /// What the revision is called, such as C
    pub label: String,
    /// For which orders it counts: new-orders, at-once, or from a day on
    #[arg(long, value_name = "WHEN", value_parser = effective, default_value = "new-orders")]
    pub effective: Effective,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Its id, or the own number
    pub resource: String,
    /// What the revision is called, such as C
    pub label: String,
    /// Only this order; may be repeated
    #[arg(long, value_name = "ORDER-ID")]
    pub order: Vec<String>,
    /// Why, for the suppliers to read
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Debug, Args)]
pub struct PinsArgs {
    /// Its id, or the own number
    #[arg(required_unless_present = "order")]
    pub resource: Option<String>,
    /// Only of this order
    #[arg(long, value_name = "ORDER-ID")]
    pub order: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RuleArg {
    Allow = 1,
    Warn = 2,
    Block = 3,
}

#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// How many days access goes on after an order has ended
    #[arg(long, value_name = "DAYS")]
    pub retention: Option<i32>,
    /// A despatch on a revision that another one took the place of
    #[arg(long, value_enum)]
    pub superseded: Option<RuleArg>,
    /// A despatch on a revision that the supplier has not acknowledged
    #[arg(long, value_enum)]
    pub not_acknowledged: Option<RuleArg>,
}

#[derive(Debug, Args)]
pub struct DespatchArgs {
    /// The order's id
    #[arg(value_name = "ORDER-ID")]
    pub order: String,
    /// The line's number
    pub line: String,
}

/// The newest revision of this label.
async fn revision(resource: &str, label: &str, session: &Session) -> Result<Revision, Failure> {
    let resource_id = find(resource, session).await?.id;
    let request = ListRevisionsRequest { resource_id, page_size: 1_000, ..ListRevisionsRequest::default() };
    let answer = session.connection.revisions().list_revisions(request).await;
    let listed = answer.map_err(|status| session.refused(&status))?.into_inner().revisions;
    let found = listed.into_iter().find(|one| one.label == label);
    found.ok_or_else(|| Failure::local(Exit::Failed, format!("{resource} has no revision {label}")))
}

async fn impact(args: &RevisionArgs, session: &Session) -> Result<Exit, Failure> {
    let request = PreviewReleaseRequest {
        revision_id: revision(&args.resource, &args.label, session).await?.id,
        effectivity: args.effective.0.into(),
        effective_date: args.effective.1.map(chassis::value::wire_date),
    };
    let answer = session.connection.binding().preview_release(request).await;
    let impact = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        return said(session, "PreviewReleaseResponse", &impact, "");
    }
    let header = ["ORDER", "LINE", "SUPPLIER", "ITEM", "REVISION", "OPEN", "IN PROCESS", "UNIT", "REACHED"];
    let known =
        |wire: &Option<proto::Decimal>| wire.as_ref().map_or("-", |wire| wire.value.as_str()).to_owned();
    let name = "tandem.resources.v1.ImpactedLine";
    pages::say(session, name, &impact.lines, &header, |line: &ImpactedLine| {
        [
            line.order_number.clone(),
            line.line_number.clone(),
            line.supplier_name.clone(),
            line.buyer_item_id.clone(),
            line.revision_label.clone(),
            known(&line.open_quantity),
            known(&line.in_process_quantity),
            unit(&line.unit_code).to_owned(),
            if line.reached { "yes" } else { "no" }.to_owned(),
        ]
    })?;
    for sum in &impact.quantities {
        let (open, reached) = (known(&sum.open_quantity), known(&sum.reached_quantity));
        session.out.line(&format!("{open} {} open, {reached} reached", unit(&sum.unit_code)))?;
    }
    let (lines, orders, suppliers) = (impact.line_count, impact.order_count, impact.supplier_count);
    session.out.line(&format!("{lines} lines of {orders} orders and {suppliers} suppliers"))?;
    Ok(Exit::Ok)
}

async fn release(args: &RevisionArgs, session: &Session) -> Result<Exit, Failure> {
    let request = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision(&args.resource, &args.label, session).await?.id,
        effectivity: args.effective.0.into(),
        effective_date: args.effective.1.map(chassis::value::wire_date),
    };
    let answer = session.connection.revisions().release_revision(request).await;
    let released = answer.map_err(|status| session.refused(&status))?.into_inner();
    let text = format!("released {} as {}", args.label, released.revision_id);
    said(session, "RevisionReceipt", &released, &text)
}

/// Exits as a refusal where an order was not changed.
async fn apply(args: &ApplyArgs, session: &Session) -> Result<Exit, Failure> {
    let request = ApplyRevisionRequest {
        request_id: request_id(),
        revision_id: revision(&args.resource, &args.label, session).await?.id,
        order_ids: args.order.clone(),
        note: args.note.clone(),
    };
    let answer = session.connection.binding().apply_revision(request).await;
    let applied = answer.map_err(|status| session.refused(&status))?.into_inner();
    let refused = applied.orders.iter().any(|order| !order.refused_reason.is_empty());
    let header = ["ORDER", "LINES", "REVISION", "WHAT"];
    let name = "tandem.resources.v1.AppliedOrder";
    pages::say(session, name, &applied.orders, &header, |order| {
        let what = match (order.refused_reason.as_str(), order.pending) {
            ("", true) => "waits for the supplier",
            ("", false) => "changed",
            (reason, _) => reason,
        };
        let revision = Some(order.order_revision).filter(|revision| *revision > 0);
        [
            order.order_number.clone(),
            order.lines.to_string(),
            revision.map(|revision| revision.to_string()).unwrap_or_default(),
            what.to_owned(),
        ]
    })?;
    if applied.remaining > 0 && !session.out.json() {
        session.out.line(&format!("{} orders are left; give the command again", applied.remaining))?;
    }
    Ok(if refused { Exit::Failed } else { Exit::Ok })
}

async fn pins(args: &PinsArgs, session: &Session) -> Result<Exit, Failure> {
    let resource_id = match &args.resource {
        Some(named) => find(named, session).await?.id,
        None => String::new(),
    };
    let order_id = args.order.clone().unwrap_or_default();
    let mut client = session.connection.binding();
    let page = async |page_token| {
        let (order_id, resource_id) = (order_id.clone(), resource_id.clone());
        let request = ListPinsRequest { order_id, resource_id, page_size: pages::SIZE, page_token };
        let page = client.list_pins(request).await?.into_inner();
        Ok((page.pins, page.next_page_token))
    };
    shown(&pages::all(session, page).await?, session)
}

fn shown(pins: &[Pin], session: &Session) -> Result<Exit, Failure> {
    let header = ["ORDER", "LINE", "RESOURCE", "REVISION", "IN FORCE", "STANDS"];
    pages::say(session, "tandem.resources.v1.Pin", pins, &header, |pin| {
        let stands = match (pin.superseded, pin.not_acknowledged) {
            (true, true) => "superseded, not acknowledged",
            (true, false) => "superseded",
            (false, true) => "not acknowledged",
            (false, false) => "ok",
        };
        [
            pin.order_id.clone(),
            pin.line_number.clone(),
            pin.resource_name.clone(),
            pin.revision_label.clone(),
            pin.current_label.clone(),
            stands.to_owned(),
        ]
    })
}

async fn policy(args: &PolicyArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.binding();
    let answer = client.get_binding_policy(GetBindingPolicyRequest {}).await;
    let mut policy = answer.map_err(|status| session.refused(&status))?.into_inner();
    if args.retention.is_some() || args.superseded.is_some() || args.not_acknowledged.is_some() {
        policy = BindingPolicy {
            version: policy.version,
            retention_days: args.retention.unwrap_or(policy.retention_days),
            superseded: args.superseded.map_or(policy.superseded, |rule| rule as i32),
            not_acknowledged: args.not_acknowledged.map_or(policy.not_acknowledged, |rule| rule as i32),
        };
        let request = SetBindingPolicyRequest { request_id: request_id(), policy: Some(policy) };
        let answer = client.set_binding_policy(request).await;
        policy = answer.map_err(|status| session.refused(&status))?.into_inner();
    }
    let text = format!(
        "access goes on for {} days; superseded: {}; not acknowledged: {}",
        policy.retention_days,
        rule(policy.superseded()),
        rule(policy.not_acknowledged())
    );
    said(session, "BindingPolicy", &policy, &text)
}

fn rule(rule: DespatchRule) -> String {
    short(rule.as_str_name(), "DESPATCH_RULE_").to_lowercase()
}

/// Exits as a refusal where the line may not be despatched.
async fn despatch(args: &DespatchArgs, session: &Session) -> Result<Exit, Failure> {
    let request = CheckDespatchRequest { order_id: args.order.clone(), line_number: args.line.clone() };
    let answer = session.connection.binding().check_despatch(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    let exit = if answer.verdict() == DespatchRule::Block { Exit::Failed } else { Exit::Ok };
    if session.out.json() {
        said(session, "CheckDespatchResponse", &answer, "")?;
        return Ok(exit);
    }
    session.out.line(&rule(answer.verdict()))?;
    if !answer.concerns.is_empty() {
        shown(&answer.concerns, session)?;
    }
    Ok(exit)
}
