//! `tandem orders list`.

use clap::{Args, ValueEnum};
use proto::orders::{ListOrdersRequest, OrderState, OrderSummary, Side};

use super::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, decimal_text},
    output::{short, table, table_text},
};

pub const EXAMPLES: &str = "\
Examples:
  tandem orders list --side supplier --state unanswered
  tandem orders list --text '支架 CY26'
  tandem orders list --output json | jq -r .orderNumber";

#[derive(Debug, Args)]
pub struct ListArgs {
    /// The side that the own firm stands on; without it, both
    #[arg(long, value_enum)]
    pub side: Option<SideArg>,
    /// Only orders in this state; may be repeated
    #[arg(long, value_enum)]
    pub state: Vec<StateArg>,
    /// Only orders with these words in number, items or partner's name; parts of words count
    #[arg(long, default_value = "", hide_default_value = true)]
    pub text: String,
    /// At most so many orders
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    Buyer,
    Supplier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateArg {
    Unanswered,
    Proposed,
    Accepted,
    PartAccepted,
    Rejected,
    Cancelled,
}

pub(super) async fn run(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let sides: &[Side] = match args.side {
        Some(SideArg::Buyer) => &[Side::Buyer],
        Some(SideArg::Supplier) => &[Side::Supplier],
        None => &[Side::Buyer, Side::Supplier],
    };
    let mut rows = Vec::new();
    let mut more = false;
    for side in sides {
        more |= pages(*side, args, session, &mut rows).await?;
    }
    for (_, order) in rows.iter().filter(|_| session.out.json()) {
        session.out.value(&session.contract.to_json("tandem.orders.v1.OrderSummary", order)?)?;
    }
    if !session.out.json() {
        session.out.line(&text(&rows))?;
    }
    if more {
        session.out.note(&format!("note: there are more than {}; raise --limit", args.limit));
    }
    Ok(Exit::Ok)
}

/// Reads pages until the limit; true where more is left.
async fn pages(
    side: Side,
    args: &ListArgs,
    session: &Session,
    rows: &mut Vec<(Side, OrderSummary)>,
) -> Result<bool, Failure> {
    let mut page_token = String::new();
    loop {
        let left = (args.limit as usize).saturating_sub(rows.len());
        if left == 0 {
            return Ok(true);
        }
        let request = ListOrdersRequest {
            page_size: i32::try_from(left.min(1_000)).unwrap_or(1_000),
            page_token,
            side: side.into(),
            states: args.state.iter().map(|state| state.proto().into()).collect(),
            text: args.text.clone(),
            ..Default::default()
        };
        let answer = session.connection.orders().list_orders(request).await;
        let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
        rows.extend(answer.orders.into_iter().map(|order| (side, order)));
        if answer.next_page_token.is_empty() {
            return Ok(false);
        }
        page_token = answer.next_page_token;
    }
}

fn text(rows: &[(Side, OrderSummary)]) -> String {
    if rows.is_empty() {
        return "no orders".to_owned();
    }
    let mut table =
        table(&["ORDER", "AS", "PARTNER", "STATE", "REV", "REQUESTED", "AMOUNT", "", "LINES", "ITEM"]);
    for (side, order) in rows {
        let (role, partner) = match side {
            Side::Buyer => ("buyer", &order.supplier_name),
            _ => ("supplier", &order.buyer_name),
        };
        table.add_row([
            order.order_number.clone(),
            role.to_owned(),
            partner.clone(),
            short(order.state().as_str_name(), "ORDER_STATE_").to_owned(),
            order.revision.to_string(),
            date_text(order.requested_delivery_date.as_ref()),
            decimal_text(order.net_amount.as_ref()),
            match order.price_includes_tax {
                Some(true) => format!("{} incl. tax", order.currency),
                _ => order.currency.clone(),
            },
            order.line_count.to_string(),
            order.first_item_name.clone(),
        ]);
    }
    for right in [6, 8] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    table_text(&table)
}

impl SideArg {
    pub(super) fn proto(self) -> Side {
        match self {
            SideArg::Buyer => Side::Buyer,
            SideArg::Supplier => Side::Supplier,
        }
    }
}

impl StateArg {
    pub(super) fn proto(self) -> OrderState {
        match self {
            StateArg::Unanswered => OrderState::Unanswered,
            StateArg::Proposed => OrderState::Proposed,
            StateArg::Accepted => OrderState::Accepted,
            StateArg::PartAccepted => OrderState::PartAccepted,
            StateArg::Rejected => OrderState::Rejected,
            StateArg::Cancelled => OrderState::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_table_without_ornament() {
        let order = OrderSummary {
            order_number: "CY26110231".into(),
            supplier_name: "顺模塑料制品(示例)厂".into(),
            state: OrderState::Unanswered.into(),
            revision: 1,
            net_amount: Some(proto::Decimal { value: "183000.00".into() }),
            requested_delivery_date: Some(proto::Date { year: 2026, month: 12, day: 28 }),
            ..Default::default()
        };
        let text = text(&[(Side::Buyer, order)]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("ORDER"), "{text}");
        assert!(lines[1].contains("顺模塑料制品(示例)厂  UNANSWERED"), "{text}");
        assert!(lines[1].contains("2026-12-28  183000.00"), "{text}");
    }
}
