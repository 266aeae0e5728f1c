//! 执行进度: how far the supplier is with each line, set by one tap.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    orders::{LineStage, Order, ProgressStage, SetProgressRequest},
};

use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::Row,
    page::{self, link},
    pages::respond::Place,
    session::Member,
};

/// The stages in their order.
const STAGES: [ProgressStage; 5] = [
    ProgressStage::NotScheduled,
    ProgressStage::Scheduled,
    ProgressStage::InProduction,
    ProgressStage::InInspection,
    ProgressStage::ReadyToShip,
];

/// A stage to tap.
pub struct Step {
    /// Schedule line and stage, as the form posts them.
    pub value: String,
    pub label: String,
    pub current: bool,
    /// Whether it lies behind the line.
    pub passed: bool,
}

/// How far a line is.
pub struct LineProgress {
    /// What was said last; empty for nothing.
    pub stage: String,
    /// Who said so, and when.
    pub by: String,
    /// To tap; empty for who only looks.
    pub steps: Vec<Step>,
}

fn purpose(id: &str) -> String {
    format!("progress {id}")
}

/// The form token where the member says how far things are; empty elsewhere.
pub fn token(member: &Member, order: &Order) -> String {
    if order.supplier_id != member.who.firm_id || !member.may(Permission::OrdersRespond) {
        return String::new();
    }
    let app = member.app();
    app.tokens.make(app, Some(&member.token), &purpose(&order.id))
}

/// How far a line is. `None` where nothing of it is accepted.
pub fn of(t: &Text, row: &Row, taps: bool) -> Option<LineProgress> {
    let quantities = row.state.quantities.as_ref()?;
    let accepted = format::decimal_or_zero(quantities.accepted.as_ref());
    let said = row.state.progress.as_ref();
    if accepted.is_zero() || (said.is_none() && !taps) {
        return None;
    }
    let current = said.map_or(ProgressStage::Unspecified, proto::orders::LineProgress::stage);
    let steps = STAGES.iter().map(|stage| Step {
        value: format!("{}:{}", row.state.schedule_line_id, *stage as i32),
        label: t.say(label(*stage)),
        current: *stage == current,
        passed: (*stage as i32) < current as i32,
    });
    Some(LineProgress {
        stage: match current {
            ProgressStage::Unspecified => String::new(),
            stage => t.say(label(stage)),
        },
        by: said.map_or_else(String::new, |said| {
            let at = t.moment(said.reported_at.as_ref());
            if said.actor_name.is_empty() { at } else { format!("{at} · {}", said.actor_name) }
        }),
        steps: if taps { steps.collect() } else { Vec::new() },
    })
}

/// One tap for every line, where several have something accepted.
pub fn of_all(t: &Text, rows: &[Row], taps: bool) -> Vec<Step> {
    let accepted = |row: &&Row| {
        row.state
            .quantities
            .as_ref()
            .is_some_and(|quantities| !format::decimal_or_zero(quantities.accepted.as_ref()).is_zero())
    };
    if !taps || rows.iter().filter(accepted).count() < 2 {
        return Vec::new();
    }
    let step = |stage: &ProgressStage| Step {
        value: format!("all:{}", *stage as i32),
        label: t.say(label(*stage)),
        current: false,
        passed: false,
    };
    STAGES.iter().map(step).collect()
}

/// The name of a stage.
pub fn label(stage: ProgressStage) -> Key<0> {
    match stage {
        ProgressStage::NotScheduled => key::STAGE_NOT_SCHEDULED,
        ProgressStage::Scheduled => key::STAGE_SCHEDULED,
        ProgressStage::InProduction => key::STAGE_IN_PRODUCTION,
        ProgressStage::InInspection => key::STAGE_IN_INSPECTION,
        ProgressStage::ReadyToShip => key::STAGE_READY,
        ProgressStage::Unspecified => key::STAGE_UNSAID,
    }
}

/// Says it.
pub async fn send(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
    fields: Fields,
) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let (line, stage) = fields.get("stage").rsplit_once(':').ok_or_else(Failure::form_expired)?;
    let stage: i32 = stage.parse().map_err(|_| Failure::form_expired())?;
    let all = line == "all";
    let lines = vec![LineStage { schedule_line_id: line.to_string(), stage, ..LineStage::default() }];
    let request = SetProgressRequest {
        // Each tap of the page is an effect of its own.
        request_id: format!("{request_id}-{line}-{stage}"),
        order_id: id.clone(),
        lines: if all { Vec::new() } else { lines },
        stage: if all { stage } else { 0 },
        note: String::new(),
    };
    app.api.progress().set_progress(member.call(request)).await?;
    let order = link(&format!("/orders/{id}"), &[("from", &place.from)]);
    Ok(page::go(&format!("{order}#progress-section")))
}
