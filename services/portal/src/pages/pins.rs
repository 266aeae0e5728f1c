//! On the order page, for both sides: the drawings that its lines are made by, in which revision, and what is to be done.

use proto::{
    access::Permission,
    orders::Order,
    resources::{ListPinsRequest, Pin, RevisionState},
};

use crate::{
    ask::Way,
    i18n::{Text, key},
    order::Tag,
    session::Member,
};

/// Pins of an order that are looked at; more than any order on one page has.
const PINS: i32 = 1_000;

/// One revision, and the lines that are made by it.
pub struct PinView {
    pub name: String,
    /// Its page; empty where the visitor may not use it any more.
    pub href: String,
    pub label: String,
    pub lines: String,
    pub tags: Vec<Tag>,
    /// What is wrong with it, in a sentence.
    pub warning: String,
    /// Where the visitor takes note of it, and what that is called.
    pub acknowledge: Option<Way>,
}

/// What the order's lines are made by; nothing for those who may not read resources, nor where that cannot be found out,
/// since orders do not wait for it.
pub async fn of(member: &Member, order: &Order) -> Vec<PinView> {
    if !member.may(Permission::ResourcesRead) {
        return Vec::new();
    }
    let request =
        ListPinsRequest { order_id: order.id.clone(), page_size: PINS, ..ListPinsRequest::default() };
    let listed = member.app().api.binding().list_pins(member.call(request)).await;
    let pins = listed.map(|listed| listed.into_inner().pins).unwrap_or_default();
    let supplies = order.supplier_id == member.who.firm_id;
    let notes = supplies && member.may(Permission::ResourcesUse);
    let mut groups: Vec<(&Pin, Vec<&str>)> = Vec::new();
    for pin in &pins {
        let same = |of: &Pin| {
            (&of.revision_id, of.superseded, of.not_acknowledged)
                == (&pin.revision_id, pin.superseded, pin.not_acknowledged)
        };
        match groups.iter_mut().find(|(of, _)| same(of)) {
            Some((_, lines)) => lines.push(pin.line_number.as_str()),
            None => groups.push((pin, vec![pin.line_number.as_str()])),
        }
    }
    let t = member.text();
    groups.into_iter().map(|(pin, lines)| view(t, pin, &lines, supplies, notes)).collect()
}

fn view(t: &Text, pin: &Pin, lines: &[&str], supplies: bool, notes: bool) -> PinView {
    // Whoever takes note of the newest knows of those before it.
    let (counts, label) = match pin.current_revision_id.is_empty() {
        true => (&pin.revision_id, &pin.revision_label),
        false => (&pin.current_revision_id, &pin.current_label),
    };
    let mut tags = Vec::new();
    let mut warning = String::new();
    if pin.revision_state() == RevisionState::Withdrawn {
        tags.push(Tag { shape: "rejected", label: t.say(key::PIN_WITHDRAWN) });
    } else if pin.superseded {
        tags.push(Tag { shape: "rejected", label: t.one(key::PIN_SUPERSEDED, label) });
        warning = t.two(key::PIN_SUPERSEDED_BODY, label, &pin.revision_label);
    }
    if pin.not_acknowledged && supplies {
        tags.push(Tag { shape: "unanswered", label: t.one(key::PIN_TO_ACKNOWLEDGE, label) });
    } else if pin.not_acknowledged {
        tags.push(Tag { shape: "unanswered", label: t.say(key::PIN_NOT_ACKNOWLEDGED) });
    } else if pin.acknowledged_at.is_some() {
        tags.push(Tag { shape: "accepted", label: t.say(key::PIN_ACKNOWLEDGED) });
    }
    let acknowledge = (pin.not_acknowledged && notes && pin.usable).then(|| Way {
        href: format!("/resources/revisions/{counts}/acknowledge"),
        label: t.one(key::REVISION_ACKNOWLEDGE, label),
    });
    PinView {
        name: pin.resource_name.clone(),
        href: if pin.usable { format!("/resources/{}", pin.resource_id) } else { String::new() },
        label: t.one(key::PIN_LABEL, &pin.revision_label),
        lines: t.one(key::PIN_LINES, lines.join(&t.say(key::LIST_JOIN))),
        tags,
        warning,
        acknowledge,
    }
}
