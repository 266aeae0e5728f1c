//! `tandem orders show`.

use clap::Args;
use proto::orders::{Order, OrderLine, ProposalState, ScheduleLineState};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
    json::{date_text, decimal_text, time_text},
    output::{short, table, table_text, unit},
};

pub const EXAMPLES: &str = "\
Examples:
  tandem orders show CY26110231
  tandem orders show 01936f0a-7b6c-7000-8000-000000000001 --output json";

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
}

pub(super) async fn run(args: &ShowArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.order, session).await?;
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.orders.v1.Order", &order)?)?;
    } else {
        session.out.line(&text(&order))?;
    }
    Ok(Exit::Ok)
}

/// An order for people: head, lines, what was answered, what happened.
pub(super) fn text(order: &Order) -> String {
    let content = order.content.clone().unwrap_or_default();
    let tax = match content.price_includes_tax {
        Some(true) => "prices include tax",
        Some(false) => "prices without tax",
        None => "tax unstated",
    };
    let mut blocks = vec![
        [
            format!("order     {}  (system {})", content.order_number, content.source_system),
            format!("id        {}", order.id),
            format!("buyer     {}", order.buyer_name),
            format!("supplier  {}  (vendor number {})", order.supplier_name, or_dash(&order.vendor_number)),
            format!(
                "state     {}, revision {}, version {}",
                short(order.state().as_str_name(), "ORDER_STATE_"),
                order.revision,
                order.version
            ),
            format!("amount    {} {}  ({tax})", decimal_text(order.net_amount.as_ref()), content.currency),
        ]
        .join("\n"),
        lines(&content.lines, &order.schedule),
    ];
    if order.lines_omitted > 0 {
        blocks.push(format!("{} lines are not shown here", order.lines_omitted));
    }
    let answers: Vec<String> = order.schedule.iter().flat_map(answers).collect();
    if !answers.is_empty() {
        blocks.push(answers.join("\n"));
    }
    let warnings: Vec<String> = order
        .warnings
        .iter()
        .map(|w| format!("warning: {}: {} [{}]", w.field, w.message, w.reason))
        .collect();
    if !warnings.is_empty() {
        blocks.push(warnings.join("\n"));
    }
    if !order.history.is_empty() {
        blocks.push(history(order));
    }
    blocks.join("\n\n")
}

fn lines(lines: &[OrderLine], schedule: &[ScheduleLineState]) -> String {
    let header = [
        "LINE",
        "ITEM",
        "NAME",
        "UNIT",
        "PRICE",
        "REQUESTED",
        "ORDERED",
        "ACCEPTED",
        "REJECTED",
        "PROPOSED",
        "UNANSWERED",
    ];
    let mut table = table(&header);
    for state in schedule {
        let line =
            lines.iter().find(|line| line.line_number == state.line_number).cloned().unwrap_or_default();
        let planned = line
            .schedule_lines
            .iter()
            .find(|planned| planned.schedule_line_number == state.schedule_line_number)
            .and_then(|planned| planned.requested_delivery.as_ref())
            .and_then(|window| window.until.as_ref().or(window.from.as_ref()));
        let item = line.item.unwrap_or_default();
        let price = line.price.map(|price| match price.base_quantity {
            Some(base) if base.value != "1" => {
                format!("{} per {}", decimal_text(price.amount.as_ref()), base.value)
            }
            _ => decimal_text(price.amount.as_ref()),
        });
        let quantities = state.quantities.clone().unwrap_or_default();
        table.add_row([
            format!("{}/{}", state.line_number, state.schedule_line_number),
            item.buyer_item_id,
            item.name,
            unit(&line.unit_code).to_owned(),
            price.unwrap_or_default(),
            date_text(planned),
            decimal_text(quantities.ordered.as_ref()),
            decimal_text(quantities.accepted.as_ref()),
            decimal_text(quantities.rejected.as_ref()),
            decimal_text(quantities.proposed.as_ref()),
            decimal_text(quantities.unanswered.as_ref()),
        ]);
    }
    table_text(&table)
}

fn answers(state: &ScheduleLineState) -> Vec<String> {
    let line = format!("line {}/{}", state.line_number, state.schedule_line_number);
    let mut rows = Vec::new();
    for commitment in &state.commitments {
        let date = date_text(commitment.committed_delivery_date.as_ref());
        let quantity = decimal_text(commitment.quantity.as_ref());
        let price = commitment.price.as_ref().map(|p| format!(" at {}", decimal_text(p.amount.as_ref())));
        rows.push(format!(
            "{line}  committed  {quantity} by {}{}",
            or_dash(&date),
            price.unwrap_or_default()
        ));
    }
    for rejection in &state.rejections {
        let reason = short(rejection.reason().as_str_name(), "REJECT_REASON_");
        let quantity = decimal_text(rejection.quantity.as_ref());
        rows.push(
            format!("{line}  rejected   {quantity}: {reason} {}", rejection.note).trim_end().to_owned(),
        );
    }
    for proposal in &state.proposals {
        let deliveries: Vec<String> = proposal
            .deliveries
            .iter()
            .map(|d| {
                format!(
                    "{} by {}",
                    decimal_text(d.quantity.as_ref()),
                    or_dash(&date_text(d.delivery_date.as_ref()))
                )
            })
            .collect();
        let price = proposal.price.as_ref().map(|p| format!(" at {}", decimal_text(p.amount.as_ref())));
        let state_name = match proposal.state() {
            ProposalState::Open => "proposed",
            ProposalState::Accepted => "agreed",
            ProposalState::Declined => "declined",
            ProposalState::Superseded => "void",
            ProposalState::Withdrawn => "withdrawn",
            ProposalState::Unspecified => "proposal",
        };
        rows.push(format!(
            "{line}  {state_name:<9}  {}{} for {}  (proposal {})",
            deliveries.join(" + "),
            price.unwrap_or_default(),
            decimal_text(proposal.covers_quantity.as_ref()),
            proposal.id
        ));
    }
    rows
}

fn history(order: &Order) -> String {
    let mut table = table(&["VERSION", "AT", "WHAT", "FIRM", "WHO", "NOTE"]);
    for entry in &order.history {
        let firm = match entry.firm_id.as_str() {
            id if id == order.buyer_id => &order.buyer_name,
            id if id == order.supplier_id => &order.supplier_name,
            id => id,
        };
        table.add_row([
            &entry.version.to_string(),
            &time_text(entry.at.as_ref()),
            &entry.action,
            firm,
            &entry.actor_name,
            &entry.note,
        ]);
    }
    table_text(&table)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
