//! `tandem capacity disclosed`: what suppliers show of their capacity.

use clap::Args;
use proto::capacity::{DisclosedGroup, DisclosedWeek, ListDisclosedGroupsRequest};

use super::{
    figure,
    names::{Names, names},
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::date_text,
    output::{table, table_text},
    pages,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem capacity disclosed                          of every supplier that shows you something
  tandem capacity disclosed --supplier 0193… --output json

How much it is, each supplier decides: every figure, how full a week is in quarters, or whether it suffices.";

#[derive(Debug, Args)]
pub struct DisclosedArgs {
    /// Only of this supplier
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub supplier: String,
}

pub(super) async fn run(args: &DisclosedArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capacity_groups();
    let page = async |page_token| {
        let supplier_id = args.supplier.clone();
        let request = ListDisclosedGroupsRequest {
            supplier_id,
            page_size: pages::SIZE,
            page_token,
            ..ListDisclosedGroupsRequest::default()
        };
        let page = client.list_disclosed_groups(request).await?.into_inner();
        Ok((page.groups, page.next_page_token))
    };
    let groups = pages::all(session, page).await?;
    if session.out.json() {
        for group in &groups {
            session.out.value(&session.contract.to_json("tandem.capacity.v1.DisclosedGroup", group)?)?;
        }
        return Ok(Exit::Ok);
    }
    let header = [
        "GROUP", "WEEK", "DEMAND", "ACTUAL", "MAXIMUM", "AGREED", "UNIT", "FULL", "SUFFICES", "SUPPLIER",
        "ID",
    ];
    let suppliers = names(groups.iter().map(|group| &group.supplier_id), session).await;
    let mut table = table(&header);
    for group in &groups {
        for week in &group.weeks {
            table.add_row(row(group, week, &suppliers));
        }
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}

fn row(group: &DisclosedGroup, week: &DisclosedWeek, suppliers: &Names) -> [String; 11] {
    let figure = |wire: &Option<proto::Decimal>| match wire {
        Some(wire) => figure::figure(Some(wire), &group.unit_code),
        None => "–".to_owned(),
    };
    let full = match week.quarter {
        Some(quarter @ 1..=4) => format!("≤ {} %", quarter * 25),
        Some(_) => "> 100 %".to_owned(),
        None => "–".to_owned(),
    };
    let suffices = match week.sufficient {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    };
    [
        if group.inactive { format!("{} (inactive)", group.name) } else { group.name.clone() },
        date_text(week.monday.as_ref()),
        figure(&week.demand),
        figure(&week.actual_capacity),
        figure(&week.maximum_capacity),
        figure(&week.agreed_capacity),
        figure::unit(&group.unit_code).to_owned(),
        full,
        suffices.to_owned(),
        suppliers.of(&group.supplier_id),
        group.id.clone(),
    ]
}
