//! What a revision changes of open orders, before it is released and after; changing them; and the owner's rules.

use axum::{extract::Path, response::Response};
use chassis::value::parse_decimal;
use proto::{
    access::Permission,
    resources::{
        AppliedOrder, ApplyRevisionRequest, BindingPolicy, DespatchRule, Effectivity,
        GetBindingPolicyRequest, ImpactedLine, ImpactedQuantity, PreviewReleaseRequest,
        PreviewReleaseResponse, Resource, Revision, RevisionState, SetBindingPolicyRequest,
    },
};

use super::{OPEN, OWN, asking, back_to, needs, resource, revision, way, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Lang, Text, key},
    order::Tag,
    page::{self, Tab},
    session::Member,
    table::{Cell, Listing, Part, Row},
};

/// Of a draft, every open line: which of them it reaches is chosen after it was seen.
pub async fn preview(member: &Member, id: &str) -> Result<PreviewReleaseResponse, Failure> {
    let request = PreviewReleaseRequest {
        revision_id: id.to_owned(),
        effectivity: Effectivity::AtOnce.into(),
        effective_date: None,
    };
    Ok(member.app().api.binding().preview_release(member.call(request)).await?.into_inner())
}

/// How much it is, in a sentence.
pub fn said(t: &Text, impact: &PreviewReleaseResponse) -> String {
    match impact.line_count {
        0 => t.say(key::IMPACT_EMPTY),
        lines => t.three(key::IMPACT_OF, lines, impact.order_count, impact.supplier_count),
    }
}

fn quantity(t: &Text, wire: Option<&proto::Decimal>, unit: (&str, &str)) -> String {
    match format::decimal(wire) {
        Some(value) => t.quantity(value, &t.unit(unit.0, unit.1)),
        None => t.say(key::IMPACT_UNKNOWN),
    }
}

/// The page.
pub async fn show(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let t = member.text();
    let this = revision(&member, &id).await?;
    let one = resource(&member, &this.resource_id).await?;
    let impact = preview(&member, &id).await?;
    let title = t.two(key::IMPACT_TITLE, &this.label, words::name(t, &one));
    let mut page = Listing::new(&member, Tab::Resources, title, Some(back_to(t, &one)))
        .live("revision")
        .tag(words::revision_state(t, this.state()))
        .lead(t.say(key::IMPACT_LEAD))
        .fact(t.say(key::IMPACT), said(t, &impact))
        .fact(t.say(key::REVISION_CHANGES), this.change_note.clone())
        .fact(t.say(key::EFFECTIVITY), words::effectivity(t, &this));
    let released = this.state() == RevisionState::Released;
    if this.state() == RevisionState::Draft {
        page = page.button(format!("{OPEN}/revisions/{id}/release"), t.say(key::REVISION_RELEASE));
    } else if impact.reached_line_count > 0 && member.may(Permission::OrdersPublish) {
        page = page.button(format!("{OPEN}/revisions/{id}/apply"), t.say(key::IMPACT_APPLY));
    }
    if released {
        page = page.button(format!("{OPEN}/revisions/{id}/acknowledgements"), t.say(key::ACKNOWLEDGEMENTS));
    }
    if !impact.quantities.is_empty() {
        page = page.part(quantities(t, &impact.quantities, released));
    }
    Ok(page.part(lines(&member, &impact.lines, released)).saved().show())
}

fn quantities(t: &Text, sums: &[ImpactedQuantity], released: bool) -> Part {
    let mut columns = vec![key::IMPACT_OPEN, key::IMPACT_IN_PROCESS, key::IMPACT_IN_TRANSIT];
    if released {
        columns.push(key::IMPACT_REACHED);
    }
    let row = |sum: &ImpactedQuantity| -> Row {
        let unit = (sum.unit_code.as_str(), sum.unit_text.as_str());
        let mut row = vec![
            Cell::name(quantity(t, sum.open_quantity.as_ref(), unit)),
            Cell::Text(quantity(t, sum.in_process_quantity.as_ref(), unit)),
            Cell::Text(quantity(t, sum.in_transit_quantity.as_ref(), unit)),
        ];
        if released {
            row.push(Cell::Text(quantity(t, sum.reached_quantity.as_ref(), unit)));
        }
        row
    };
    let columns = columns.into_iter().map(|label| t.say(label)).collect();
    Part::new(columns, sums.iter().map(row).collect(), String::new()).titled(t.say(key::IMPACT_QUANTITIES))
}

fn lines(member: &Member, lines: &[ImpactedLine], released: bool) -> Part {
    let t = member.text();
    let mut columns = vec![
        key::ORDER,
        key::SUPPLIER,
        key::IMPACT_PINNED,
        key::IMPACT_OPEN,
        key::IMPACT_IN_PROCESS,
        key::REQUESTED,
    ];
    if released {
        columns.extend([key::IMPACT_ACKNOWLEDGED, key::IMPACT_REACHED]);
    }
    let row = |line: &ImpactedLine| -> Row {
        let unit = (line.unit_code.as_str(), line.unit_text.as_str());
        let day = format::day(line.first_requested_date.as_ref());
        let pinned = Some(line.revision_label.clone()).filter(|label| !label.is_empty());
        let mut row = vec![
            Cell::Name {
                text: line.order_number.clone(),
                href: member.order_path(&line.order_id),
                sub: t.two(key::IMPACT_LINE, &line.buyer_item_id, &line.line_number),
            },
            Cell::Text(line.supplier_name.clone()),
            Cell::Text(pinned.unwrap_or_else(|| t.say(key::IMPACT_NONE))),
            Cell::Text(quantity(t, line.open_quantity.as_ref(), unit)),
            Cell::Text(quantity(t, line.in_process_quantity.as_ref(), unit)),
            Cell::Text(t.window(day, day)),
        ];
        if released {
            let acknowledged = match &line.acknowledged_at {
                Some(at) => t.moment(Some(at)),
                None => t.say(key::IMPACT_NOT_YET),
            };
            let yes = if line.reached { key::YES } else { key::NO };
            row.extend([Cell::Text(acknowledged), Cell::Text(t.say(yes))]);
        }
        row
    };
    let columns = columns.into_iter().map(|label| t.say(label)).collect();
    Part::new(columns, lines.iter().map(row).collect(), t.say(key::IMPACT_EMPTY))
        .titled(t.say(key::IMPACT_LINES))
}

async fn applying(member: &Member, id: &str) -> Result<(Ask, Revision, Resource), Failure> {
    let t = member.text();
    let this = revision(member, id).await?;
    let one = resource(member, &this.resource_id).await?;
    let impact = preview(member, id).await?;
    let back = way(format!("{OPEN}/revisions/{id}/impact"), t.say(key::IMPACT));
    let mut ask = asking(member, format!("{OPEN}/revisions/{id}/apply"), t.say(key::IMPACT_APPLY), back)
        .lead(t.say(key::IMPACT_APPLY_BODY))
        .submit(t.say(key::IMPACT_APPLY))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .fact(t.say(key::RESOURCE_REVISION), this.label.clone())
        .fact(t.say(key::EFFECTIVITY), words::effectivity(t, &this));
    for sum in &impact.quantities {
        let unit = (sum.unit_code.as_str(), sum.unit_text.as_str());
        ask = ask.fact(t.say(key::IMPACT_REACHED), quantity(t, sum.reached_quantity.as_ref(), unit));
    }
    let why = Question::new("note", Kind::Area, t.say(key::IMPACT_APPLY_NOTE)).optional();
    Ok((ask.ask(why.with(&this.change_note)), this, one))
}

/// What that means.
pub async fn apply_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(applying(&member, &id).await?.0.show())
}

/// Changes the orders, and says what became of each.
pub async fn apply(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/revisions/{id}/apply"), &fields).await?;
    let member = &posted.member;
    let (ask, this, one) = applying(member, &id).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = ApplyRevisionRequest {
        request_id: posted.request_id.clone(),
        revision_id: id.clone(),
        order_ids: Vec::new(),
        note: fields.get("note").to_owned(),
    };
    let applied = match member.app().api.binding().apply_revision(member.call(request)).await {
        Ok(applied) => applied.into_inner(),
        Err(status) => return ask.refused(status),
    };
    let t = member.text();
    let title = t.two(key::IMPACT_TITLE, &this.label, words::name(t, &one));
    let left = match applied.remaining {
        0 => String::new(),
        left => t.one(key::IMPACT_APPLIED_REMAINING, left),
    };
    let columns = [key::ORDER, key::IMPACT_APPLIED_REVISION, key::STATE].map(|label| t.say(label));
    let rows = applied.orders.iter().map(|order| became(member, order)).collect();
    let part = Part::new(columns.into(), rows, t.say(key::IMPACT_APPLIED_NONE));
    Ok(Listing::new(member, Tab::Resources, title, Some(back_to(t, &one)))
        .done(left)
        .part(part.titled(t.say(key::IMPACT_APPLIED)))
        .show())
}

fn became(member: &Member, order: &AppliedOrder) -> Row {
    let t = member.text();
    let tag = match (order.refused_reason.as_str(), order.pending) {
        ("", true) => Tag { shape: "proposed", label: t.say(key::IMPACT_APPLIED_PENDING) },
        ("", false) => Tag { shape: "accepted", label: t.say(key::IMPACT_APPLIED_CHANGED) },
        (reason, _) => {
            let known = chassis::Reason::ALL.iter().find(|known| known.as_str() == reason);
            let why = known.map_or_else(
                || reason.to_owned(),
                |known| if t.lang == Lang::Zh { known.zh() } else { known.en() }.to_owned(),
            );
            Tag { shape: "rejected", label: t.one(key::IMPACT_APPLIED_REFUSED, why) }
        }
    };
    let revision = Some(order.order_revision).filter(|revision| *revision > 0);
    vec![
        Cell::link(order.order_number.clone(), member.order_path(&order.order_id)),
        Cell::Text(revision.map(|revision| revision.to_string()).unwrap_or_default()),
        Cell::Tag(tag),
    ]
}

const POLICY: &str = "/resources/policy";

async fn ruling(member: &Member) -> Result<(Ask, BindingPolicy), Failure> {
    let t = member.text();
    let request = member.call(GetBindingPolicyRequest {});
    let policy = member.app().api.binding().get_binding_policy(request).await?.into_inner();
    let choices = || {
        let choice = |one: DespatchRule, label: Key<0>| Choice::new(one as i32, t.say(label));
        vec![
            choice(DespatchRule::Allow, key::BINDING_RULE_ALLOW),
            choice(DespatchRule::Warn, key::BINDING_RULE_WARN),
            choice(DespatchRule::Block, key::BINDING_RULE_BLOCK),
        ]
    };
    let rule =
        |name, label: Key<0>, now: i32| Question::of(name, Kind::Radios, t.say(label), choices()).with(now);
    let ask = asking(member, POLICY.into(), t.say(key::BINDING_POLICY), way(OWN, t.say(key::RESOURCES_OWN)))
        .lead(t.say(key::BINDING_POLICY_BODY))
        .ask(
            Question::new("retention", Kind::Number, t.say(key::BINDING_POLICY_RETENTION))
                .hint(t.say(key::BINDING_POLICY_RETENTION_HINT))
                .with(policy.retention_days)
                .at("policy.retention_days"),
        )
        .ask(rule("superseded", key::BINDING_POLICY_SUPERSEDED, policy.superseded))
        .ask(rule("acknowledged", key::BINDING_POLICY_NOT_ACKNOWLEDGED, policy.not_acknowledged))
        .hidden("version", policy.version.to_string());
    Ok((ask, policy))
}

/// What the owner says of orders and despatches.
pub async fn policy_form(member: Member) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(ruling(&member).await?.0.show())
}

/// Says it.
pub async fn policy(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, POLICY, &fields).await?;
    let member = &posted.member;
    let (ask, now) = ruling(member).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let days = parse_decimal(fields.get("retention")).ok().and_then(|days| i32::try_from(days).ok());
    let policy = BindingPolicy {
        version: fields.get("version").parse().unwrap_or(now.version),
        retention_days: days.unwrap_or(-1),
        superseded: fields.get("superseded").parse().unwrap_or_default(),
        not_acknowledged: fields.get("acknowledged").parse().unwrap_or_default(),
    };
    let request = SetBindingPolicyRequest { request_id: posted.request_id.clone(), policy: Some(policy) };
    match member.app().api.binding().set_binding_policy(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OWN}?done=ruled"))),
        Err(status) => ask.refused(status),
    }
}
