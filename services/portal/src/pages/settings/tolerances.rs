//! Tolerances of a buyer: how far a proposal may go without asking anybody.

use axum::{extract::Path, response::Response};
use proto::orders::{
    DeleteToleranceRuleRequest, ListToleranceRulesRequest, SetToleranceRuleRequest, ToleranceBound,
    ToleranceBounds, ToleranceRule,
};

use super::{Fault, days, partner};
use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    page,
    session::Member,
    typed,
};

/// A rule in words.
pub(super) struct Rule {
    pub scope: String,
    pub bounds: Vec<String>,
    pub note: String,
    pub set_at: String,
    /// Where to end it, and the form's token; `None` for whoever may not.
    pub end: Option<(String, String)>,
}

/// A bound in percent and in the line's own unit.
pub(super) struct Pair {
    pub id: &'static str,
    pub label: String,
    pub percent: String,
    pub absolute: String,
}

/// The form of a new rule.
pub(super) struct Form {
    pub action: String,
    pub token: String,
    pub item_group: String,
    pub item: String,
    pub note: String,
    pub pairs: Vec<Pair>,
    /// Id, label, value.
    pub days: Vec<(&'static str, String, String)>,
}

const PAIRS: [(&str, Key<0>); 4] = [
    ("over", key::TOLERANCE_OVER),
    ("under", key::TOLERANCE_UNDER),
    ("dearer", key::TOLERANCE_DEARER),
    ("cheaper", key::TOLERANCE_CHEAPER),
];
const DAYS: [(&str, Key<0>); 2] = [("early", key::BOUND_EARLY), ("late", key::BOUND_LATE)];

/// The rules in force between the two, those for all suppliers among them.
pub(super) async fn list(member: &Member, partner: &partner::Partner) -> Result<Vec<ToleranceRule>, Failure> {
    let request = ListToleranceRulesRequest {
        page_size: 200,
        page_token: String::new(),
        // A buyer sees its rules for everybody beside those for this one.
        counterparty_id: if partner.buys { String::new() } else { partner.other().to_string() },
    };
    let rules =
        member.app().api.tolerances().list_tolerance_rules(member.call(request)).await?.into_inner().rules;
    let meant = |rule: &ToleranceRule| {
        !partner.buys || rule.supplier_id.is_empty() || rule.supplier_id == partner.other()
    };
    Ok(rules.into_iter().filter(meant).collect())
}

/// A rule as people read it.
pub(super) fn shown(member: &Member, rule: &ToleranceRule, ends: bool) -> Rule {
    let t = member.text();
    let app = member.app();
    let scope = match (rule.item_group.as_str(), rule.buyer_item_id.as_str()) {
        ("", "") if rule.supplier_id.is_empty() => t.say(key::TOLERANCE_ALL),
        ("", "") => t.say(key::TOLERANCE_PARTNER),
        (group, "") => t.one(key::TOLERANCE_GROUP, group),
        (_, item) => t.one(key::TOLERANCE_ITEM, item),
    };
    let bounds = rule.bounds.clone().unwrap_or_default();
    let pairs = [&bounds.quantity_over, &bounds.quantity_under, &bounds.price_over, &bounds.price_under];
    let mut words: Vec<String> = PAIRS
        .iter()
        .zip(pairs)
        .filter_map(|((_, label), bound)| bound.as_ref().map(|bound| with(t, label, &limit(t, bound))))
        .collect();
    let days = [bounds.early_days, bounds.late_days];
    words.extend(DAYS.iter().zip(days).filter_map(|((_, label), days)| {
        days.map(|days| with(t, label, &t.one(key::DAYS, i64::from(days))))
    }));
    let end = ends.then(|| {
        let token = app.tokens.make(app, Some(&member.token), &ending(&rule.id));
        (format!("/tolerances/{}/end", rule.id), token)
    });
    Rule { scope, bounds: words, note: rule.note.clone(), set_at: t.moment(rule.set_at.as_ref()), end }
}

fn with(t: &Text, label: &Key<0>, value: &str) -> String {
    t.two(key::TOLERANCE_BOUND, t.say(label), value)
}

/// Both limits; the smaller counts.
fn limit(t: &Text, bound: &ToleranceBound) -> String {
    let percent = format::decimal(bound.percent.as_ref()).map(|value| format!("{} %", value.normalize()));
    let absolute = format::decimal(bound.absolute.as_ref()).map(format::grouped);
    let parts: Vec<String> = percent.into_iter().chain(absolute).collect();
    parts.join(&t.say(key::LIST_JOIN))
}

/// The form, empty or as it was typed.
pub(super) fn form(member: &Member, partner: &partner::Partner, typed: Option<&Fields>) -> Form {
    let t = member.text();
    let app = member.app();
    let id = &partner.one.id;
    let was = |name: &str| typed.map(|fields| fields.get(name).to_string()).unwrap_or_default();
    Form {
        action: format!("/partners/{id}/tolerances"),
        token: app.tokens.make(app, Some(&member.token), &purpose(id)),
        item_group: was("item_group"),
        item: was("item"),
        note: was("note"),
        pairs: PAIRS
            .iter()
            .map(|(id, label)| Pair {
                id,
                label: t.say(label),
                percent: was(&format!("{id}-percent")),
                absolute: was(&format!("{id}-absolute")),
            })
            .collect(),
        days: DAYS.iter().map(|(id, label)| (*id, t.say(label), was(id))).collect(),
    }
}

fn purpose(id: &str) -> String {
    format!("tolerance {id}")
}

fn ending(id: &str) -> String {
    format!("end tolerance {id}")
}

/// Sets a rule for this supplier.
pub async fn set(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let partner = partner::find(&member, &id).await?;
    let t = member.text();
    let mut faults = Vec::new();
    let bounds = read(t, &fields, &mut faults);
    if faults.is_empty() {
        let request = SetToleranceRuleRequest {
            request_id,
            supplier_id: partner.other().to_string(),
            item_group: fields.get("item_group").to_string(),
            buyer_item_id: fields.get("item").to_string(),
            bounds: Some(bounds),
            note: fields.get("note").to_string(),
            ..SetToleranceRuleRequest::default()
        };
        match app.api.tolerances().set_tolerance_rule(member.call(request)).await.map_err(Failure::from) {
            Ok(_) => return Ok(page::go(&format!("/partners/{id}?done=rule"))),
            Err(failure) => faults = Fault::of(&failure, t, &LABELS),
        }
    }
    let typed = partner::Typed { tolerance: Some(fields), faults, ..partner::Typed::default() };
    partner::again(&member, partner, typed).await
}

const LABELS: [(&str, &str, Key<0>); 9] = [
    ("item_group", "item_group", key::ITEM_GROUP),
    ("buyer_item_id", "item", key::ITEM),
    ("note", "rule-note", key::NOTE),
    ("bounds.quantity_over", "over-percent", key::TOLERANCE_OVER),
    ("bounds.quantity_under", "under-percent", key::TOLERANCE_UNDER),
    ("bounds.price_over", "dearer-percent", key::TOLERANCE_DEARER),
    ("bounds.price_under", "cheaper-percent", key::TOLERANCE_CHEAPER),
    ("bounds.early_days", "early", key::BOUND_EARLY),
    ("bounds.late_days", "late", key::BOUND_LATE),
];

fn read(t: &Text, fields: &Fields, faults: &mut Vec<Fault>) -> ToleranceBounds {
    let mut number = |id: String, label: &Key<0>| match fields.get(&id) {
        "" => None,
        text => {
            let value = typed::quantity(text.trim_end_matches('%'));
            if value.is_none() {
                faults.push(Fault::new(&id, t.one(key::FAULT_FIELD, t.say(label))));
            }
            value.map(chassis::value::wire_decimal)
        }
    };
    let [quantity_over, quantity_under, price_over, price_under] = PAIRS.map(|(id, label)| {
        let percent = number(format!("{id}-percent"), &label);
        let absolute = number(format!("{id}-absolute"), &label);
        (percent.is_some() || absolute.is_some()).then_some(ToleranceBound { percent, absolute })
    });
    let [early_days, late_days] = DAYS.map(|(id, label)| {
        days(fields.get(id)).unwrap_or_else(|()| {
            faults.push(Fault::new(id, t.one(key::FAULT_FIELD, t.say(label))));
            None
        })
    });
    let bounds =
        ToleranceBounds { quantity_over, quantity_under, early_days, late_days, price_over, price_under };
    if faults.is_empty() && bounds == ToleranceBounds::default() {
        faults.push(Fault::new("over-percent", t.say(key::FAULT_BOUNDS)));
    }
    bounds
}

/// Ends a rule; what was agreed by it stands.
pub async fn end(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &ending(&id), fields.get("token"))?;
    let request = DeleteToleranceRuleRequest { request_id, rule_id: id };
    app.api.tolerances().delete_tolerance_rule(member.call(request)).await?;
    let back = fields.get("back");
    let own = back
        .strip_prefix("/partners/")
        .is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
    Ok(page::go(&if own { format!("{back}?done=ended") } else { "/partners".to_string() }))
}
