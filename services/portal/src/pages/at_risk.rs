//! 交期风险: accepted lines that may come late, with a way to remind their suppliers.

use std::collections::HashSet;

use askama::Template;
use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    orders::{LineAtRisk, ListOrdersAtRiskRequest, RiskReason},
};
use serde::Deserialize;

use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    pages::{list::PAGE, progress, remind},
    saved,
    session::Member,
    sheet::Table,
};

const PATH: &str = "/at-risk";
/// Days ahead to choose from; the second is usual.
const DAYS: [i32; 4] = [3, 7, 14, 30];
/// The columns of a file.
const HEADINGS: [Key<0>; 9] = [
    key::ORDER,
    key::LINE,
    key::SUPPLIER,
    key::STATE_ACCEPTED,
    key::COMMITTED,
    key::SAVE_LEFT,
    key::PROGRESS,
    key::SAVE_SAID,
    key::RISK,
];

/// What is shown of the list.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    days: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    page: String,
    /// `all`: every order of the page is chosen.
    #[serde(default)]
    choose: String,
}

impl Wish {
    fn within(&self) -> i32 {
        self.days.parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(DAYS[1])
    }

    fn asked(&self) -> ListOrdersAtRiskRequest {
        ListOrdersAtRiskRequest {
            page_token: self.page.clone(),
            within_days: Some(self.within()),
            purchasing_group: self.group.trim().to_string(),
            ..Default::default()
        }
    }
}

/// A line at risk.
struct Row {
    id: String,
    href: String,
    number: String,
    line: String,
    supplier: String,
    quantity: String,
    committed: String,
    left: String,
    late: bool,
    stage: String,
    said: String,
    tag: Tag,
    /// Whether its order is chosen at this row; an order stands once in the form.
    chooses: bool,
}

#[derive(Template)]
#[template(path = "at_risk.html")]
struct AtRiskPage {
    page: Page,
    t: Text,
    heading: String,
    rows: Vec<Row>,
    files: Vec<Way>,
    days: Vec<(i32, String)>,
    within: i32,
    group: String,
    first: String,
    next: String,
    remind_token: String,
    chosen: bool,
    choose: String,
    back: String,
}

/// Lines whose promised day is past, or near while nothing moves.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::OrdersRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let app = member.app();
    let within = wish.within();
    let request = ListOrdersAtRiskRequest { page_size: member.rows(PAGE), ..wish.asked() };
    let list = app.api.progress().list_orders_at_risk(member.call(request)).await?.into_inner();
    let shown = |page: &str, choose: &str| {
        let days = within.to_string();
        link(PATH, &[("days", &days), ("group", wish.group.trim()), ("page", page), ("choose", choose)])
    };
    let reminds = member.may(Permission::OrdersPublish);
    let mut seen = HashSet::new();
    let heading = t.say(key::NAV_AT_RISK);
    let skips_to = if list.lines.is_empty() { "main" } else { "orders" };
    let rows = list.lines.into_iter().map(|line| row(&t, line, &mut seen));
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => shown(token, ""),
    };
    if member.visitor.saving {
        let rows = rows.map(cells).collect();
        return Ok(saved::tables(heading, vec![Table::new(&t, &HEADINGS, rows, next)]));
    }
    Ok(page::show(&AtRiskPage {
        page: Page::member(&member, Tab::AtRisk).titled(heading.clone()).skipping_to(skips_to),
        heading,
        rows: rows.collect(),
        files: saved::ways(&t, &shown("", "")),
        days: DAYS.iter().map(|days| (*days, t.one(key::AT_RISK_WITHIN, *days))).collect(),
        within,
        first: if wish.page.is_empty() { String::new() } else { shown("", "") },
        next,
        remind_token: match reminds {
            true => app.tokens.make(app, Some(&member.token), remind::PURPOSE),
            false => String::new(),
        },
        chosen: wish.choose == "all",
        choose: shown(&wish.page, if wish.choose == "all" { "" } else { "all" }),
        back: shown(&wish.page, ""),
        group: wish.group,
        t,
    }))
}

fn cells(row: Row) -> Vec<String> {
    let Row { number, line, supplier, quantity, committed, left, stage, said, tag, .. } = row;
    vec![number, line, supplier, quantity, committed, left, stage, said, tag.label]
}

fn row(t: &Text, line: LineAtRisk, seen: &mut HashSet<String>) -> Row {
    let (shape, label) = match line.reason() {
        RiskReason::Past => ("rejected", key::RISK_PAST),
        RiskReason::NotStarted => ("unanswered", key::RISK_NOT_STARTED),
        RiskReason::Stalled | RiskReason::Unspecified => ("part", key::RISK_STALLED),
    };
    let unit = t.unit(&line.unit_code, "");
    let left = match line.days_left {
        0 => t.say(key::DUE_TODAY),
        days if days < 0 => t.one(key::DUE_OVER, -days),
        days => t.one(key::DUE_LEFT, days),
    };
    let stage = line.progress.as_ref().map_or(key::STAGE_UNSAID, |said| progress::label(said.stage()));
    Row {
        href: format!("/orders/{}", line.order_id),
        chooses: seen.insert(line.order_id.clone()),
        line: t.two(key::LINE_OF, &line.item_name, &line.line_number),
        quantity: t.quantity(format::decimal_or_zero(line.accepted_quantity.as_ref()), &unit),
        committed: t.wire_day(line.committed_delivery_date.as_ref()),
        late: line.days_left < 0,
        stage: t.say(stage),
        said: line.progress.map(|progress| t.moment(progress.reported_at.as_ref())).unwrap_or_default(),
        tag: Tag { shape, label: t.say(label) },
        id: line.order_id,
        number: line.order_number,
        supplier: line.supplier_name,
        left,
    }
}
