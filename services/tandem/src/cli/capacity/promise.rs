//! `tandem capacity promise`.

use clap::Args;
use proto::capacity::{DemandCategory, PreviewPromiseRequest, PromisePreview, PromiseResult, TurnedWeek};
use time::Date;

use super::day;
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::decimal_text,
    output::{short, table, table_text, unit},
};

pub const EXAMPLES: &str = "\
Examples:
  tandem capacity promise --customer 0193… --material CY-BX-0450 --location CY01 --quantity 20000 --by 2026-12-30
  tandem capacity promise … --from 2026-12-21        it may come from this week on
  tandem capacity promise … --quantity 5 --unit TNE  in tonnes, whatever the demand is measured in
  tandem capacity promise … --output json

Weeks are filled one after the other, as far as every machine group has room beside accepted orders of all customers and
what is offered. A week whose capacity is not stated is unknown, shown as –, and promised nothing of. Nothing is held.";

#[derive(Debug, Args)]
pub struct PromiseArgs {
    /// Whose order it is: the firm's id
    #[arg(long, value_name = "FIRM-ID")]
    pub customer: String,
    /// The customer's number of the material
    #[arg(long, value_name = "NUMBER")]
    pub material: String,
    /// Where it goes, as the customer's demand names it [default: the order names none]
    #[arg(long, value_name = "LOCATION", default_value = "", hide_default_value = true)]
    pub location: String,
    /// How much
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: String,
    /// What it is counted in, as UN/ECE Recommendation 20 has it, such as KGM [default: the unit of the demand]
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub unit: String,
    /// The requested day; its week is on time
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub by: Date,
    /// The first day on which it may come [default: the requested one]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Option<Date>,
    /// Why it is wanted, such as after-sales
    #[arg(long, value_name = "CATEGORY", default_value = "default", value_parser = category)]
    pub category: DemandCategory,
}

fn category(text: &str) -> Result<DemandCategory, String> {
    let name = format!("DEMAND_CATEGORY_{}", text.to_uppercase().replace('-', "_"));
    DemandCategory::from_str_name(&name)
        .filter(|category| *category != DemandCategory::Unspecified)
        .ok_or_else(|| {
            let all = (1..).map_while(|number| DemandCategory::try_from(number).ok());
            let names: Vec<String> = all
                .map(|one| short(one.as_str_name(), "DEMAND_CATEGORY_").to_lowercase().replace('_', "-"))
                .collect();
            format!("must be one of {}", names.join(", "))
        })
}

pub(super) async fn run(args: &PromiseArgs, session: &Session) -> Result<Exit, Failure> {
    let date = |day: Date| proto::Date {
        year: day.year(),
        month: i32::from(u8::from(day.month())),
        day: i32::from(day.day()),
    };
    let request = PreviewPromiseRequest {
        customer_id: args.customer.clone(),
        material_number_customer: args.material.clone(),
        customer_location: args.location.clone(),
        demand_category: args.category.into(),
        quantity: Some(proto::Decimal { value: args.quantity.clone() }),
        requested_delivery_date: Some(date(args.by)),
        earliest_delivery_date: args.from.map(date),
        unit_code: args.unit.clone(),
    };
    let answer = session.connection.promises().preview_promise(request).await;
    let preview = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.PromisePreview", &preview)?)?;
    } else {
        session.out.line(&text(&preview))?;
    }
    Ok(Exit::Ok)
}

/// What can be promised, for people: in a word, by week, and what it turns.
fn text(preview: &PromisePreview) -> String {
    let late = decimal_text(preview.late.as_ref());
    let left = decimal_text(preview.unpromised.as_ref());
    let summary = match preview.result() {
        PromiseResult::OnTime => "all of it, on time".to_owned(),
        PromiseResult::Late => format!("all of it, {late} late"),
        PromiseResult::Partial => {
            format!("not all of it: {left} has no room as far as capacity is known; {late} late")
        }
        PromiseResult::None => "nothing: every week is full whose capacity is known".to_owned(),
        _ => "unknown: no group makes it, or no capacity is stated".to_owned(),
    };
    let unit = match preview.unit_code.as_str() {
        "" => String::new(),
        code => format!("  [{}]", unit(code)),
    };
    let summary = format!("{summary}{unit}");
    let mut table = table(&["WEEK", "PROMISED", "ROOM", "", "TIGHTEST GROUP"]);
    for week in &preview.weeks {
        table.add_row([
            week.iso_week.clone(),
            decimal_text(week.quantity.as_ref()),
            week.room.as_ref().map_or_else(|| "–".to_owned(), |room| room.value.clone()),
            if week.late { "late".to_owned() } else { String::new() },
            week.group_id.clone(),
        ]);
    }
    let mut blocks = vec![summary, table_text(&table)];
    for (title, turned) in
        [("this turns", &preview.turned), ("as requested it would turn", &preview.turned_as_requested)]
    {
        let lines: Vec<String> = turned.iter().map(turn).collect();
        if !lines.is_empty() {
            blocks.push(format!("{title}\n{}", lines.join("\n")));
        }
    }
    blocks.join("\n\n")
}

fn turn(week: &TurnedWeek) -> String {
    let name = |name: &str| short(name, "MATCH_RESULT_").to_lowercase().replace('_', " ");
    let (before, after) = (name(week.before().as_str_name()), name(week.after().as_str_name()));
    format!("  {}  {before} → {after}  {}", week.iso_week, week.group_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_named_as_in_the_contract() {
        assert_eq!(category("default"), Ok(DemandCategory::Default));
        assert_eq!(category("after-sales"), Ok(DemandCategory::AfterSales));
        for bad in ["unspecified", "0001", ""] {
            assert!(category(bad).unwrap_err().ends_with("extraordinary, phase-out"), "{bad}");
        }
        assert!(day("2026-12-30").is_ok() && day("30.12.2026").is_err());
    }
}
