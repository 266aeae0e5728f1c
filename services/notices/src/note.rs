//! An event → what is said of it: one line in each language with a number and a summary. Prices, notes and phone
//! numbers are never read, so that none can slip out.

use chassis::json::contract::Contract;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use proto::{
    notices::NoticeKind,
    orders::{OrderPublished, OrderResponded, OrderState},
    partners::{
        AdminReset, ClusterMembershipChanged, ClusterMembershipState, FirmChanged, FirmState,
        RelationshipChanged, RelationshipState,
    },
    stream::{WebhookDisabled, WebhookDisabledReason},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The order's number in a payload, wherever an event of orders has it.
fn order_number(contract: &Contract, r#type: &str, payload: &[u8]) -> Option<String> {
    let message = DynamicMessage::decode(contract.payload(r#type)?.clone(), payload).ok()?;
    text(&message, &["order_number"]).or_else(|| text(&message, &["order", "content", "order_number"]))
}

/// The firm that wrote a message between the two.
fn author(contract: &Contract, r#type: &str, payload: &[u8]) -> Option<String> {
    let message = DynamicMessage::decode(contract.payload(r#type)?.clone(), payload).ok()?;
    text(&message, &["message", "author_id"])
}

/// A text inside a message; `None` where a part of the way is missing or empty.
fn text(message: &DynamicMessage, way: &[&str]) -> Option<String> {
    let (first, rest) = way.split_first()?;
    let field = message.descriptor().get_field_by_name(first)?;
    match message.get_field(&field).into_owned() {
        Value::String(text) if rest.is_empty() && !text.is_empty() => Some(text),
        Value::Message(inner) if !rest.is_empty() => self::text(&inner, rest),
        _ => None,
    }
}

/// An event of the firm's feed.
pub struct Event {
    pub id: Uuid,
    pub r#type: String,
    pub subject: String,
    pub at: OffsetDateTime,
    pub payload: Vec<u8>,
    pub sites: Vec<String>,
    pub purchasing_group: String,
    /// Whose sites and group these are: the buyer of an order.
    pub scope_firm: Option<Uuid>,
}

/// What is said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub kind: NoticeKind,
    /// The order's number; empty where it is about no order.
    pub number: String,
    pub zh: String,
    pub en: String,
}

impl Note {
    /// In the channel's language.
    pub fn line(&self, locale: &str) -> &str {
        if locale == "en" { &self.en } else { &self.zh }
    }
}

/// What a firm is told of an event; `None` for what it did itself, and for what nobody asked to be told.
pub fn note(contract: &Contract, event: &Event, me: Uuid) -> Option<Note> {
    let name = event.r#type.strip_prefix("tandem.")?.strip_suffix(".v1")?;
    match name {
        "partners.relationship.changed" => relationship(&event.payload, me),
        "partners.firm.changed" => firm(&event.payload),
        "partners.firm.admin_reset" => admin_reset(&event.payload),
        "partners.cluster.membership_changed" => cluster(&event.payload),
        "stream.webhook.disabled" => webhook(&event.payload),
        _ => order(contract, event, name.strip_prefix("orders.order.")?, me),
    }
}

/// Which of an order's two firms hears of what happened to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hears {
    Buyer,
    Supplier,
    Both,
    /// The one that did not write.
    Other,
}

/// What an event of an order is, who hears of it, and what is said.
type Told = (NoticeKind, Hears, &'static str, &'static str);

fn told(what: &str) -> Option<Told> {
    use NoticeKind as K;
    Some(match what {
        "published" => (K::OrderPublished, Hears::Supplier, "新订单", "new order"),
        "changed" => (K::OrderChanged, Hears::Supplier, "采购方变更了订单", "changed by the buyer"),
        "held" => (K::OrderChanged, Hears::Supplier, "采购方已暂停该订单", "put on hold by the buyer"),
        "released" => (K::OrderChanged, Hears::Supplier, "采购方已恢复该订单", "taken off hold by the buyer"),
        "change_requested" => (K::OrderChanged, Hears::Supplier, "采购方请求变更", "a change is asked for"),
        "change_withdrawn" => {
            (K::OrderChanged, Hears::Supplier, "采购方撤回变更请求", "a change is no longer asked for")
        }
        "change_answered" => {
            (K::OrderResponded, Hears::Buyer, "供应商已答复变更请求", "the change was answered")
        }
        "closed_short" => (K::OrderChanged, Hears::Supplier, "采购方已提前关闭", "closed short by the buyer"),
        "cancelled" => (K::OrderCancelled, Hears::Supplier, "采购方取消", "cancelled by the buyer"),
        "responded" => (K::OrderResponded, Hears::Buyer, "供应商已答复", "answered"),
        "proposal_withdrawn" => (K::OrderResponded, Hears::Buyer, "供应商撤回提议", "proposal withdrawn"),
        "proposal_resolved" => (K::ProposalResolved, Hears::Supplier, "采购方已处理提议", "proposal decided"),
        "reminded" => (K::OrderReminded, Hears::Supplier, "采购方催办", "the buyer asks for an answer"),
        "answer_overdue" => (K::OrderReminded, Hears::Both, "答复已超期", "the answer is overdue"),
        "progressed" => (K::OrderOther, Hears::Buyer, "供应商更新了进度", "progress reported"),
        "message_posted" => (K::OrderOther, Hears::Other, "新留言", "new message"),
        // Of the own firm's people, who need not be told of themselves.
        "note_written" => return None,
        _ => (K::OrderOther, Hears::Both, "订单有更新", "updated"),
    })
}

fn order(contract: &Contract, event: &Event, what: &str, me: Uuid) -> Option<Note> {
    let (kind, hears, zh, en) = told(what)?;
    let buyer = event.scope_firm == Some(me);
    let heard = match hears {
        Hears::Buyer => buyer,
        Hears::Supplier => !buyer,
        Hears::Both => true,
        Hears::Other => author(contract, &event.r#type, &event.payload)? != me.to_string(),
    };
    if !heard {
        return None;
    }
    let number = order_number(contract, &event.r#type, &event.payload)?;
    let (mut zh, mut en) = (format!("{number} · {zh}"), format!("{number} · {en}"));
    match what {
        "published" => add_published(&event.payload, &mut zh, &mut en),
        "responded" => add_responded(&event.payload, &mut zh, &mut en),
        _ => {}
    }
    Some(Note { kind, number, zh, en })
}

/// Who ordered, how many lines, and for when.
fn add_published(payload: &[u8], zh: &mut String, en: &mut String) {
    let Ok(OrderPublished { order: Some(order) }) = OrderPublished::decode(payload) else { return };
    let content = order.content.unwrap_or_default();
    let lines = content.lines.len().max(usize::try_from(order.lines_omitted).unwrap_or_default());
    let buyer = clean(&order.buyer_name);
    zh.push_str(&format!(" · {buyer} · {lines} 行"));
    en.push_str(&format!(" · {buyer} · {lines} lines"));
    let day = content.requested_delivery.and_then(|window| window.from.or(window.until));
    if let Some(day) = day {
        let day = format!("{:04}-{:02}-{:02}", day.year, day.month, day.day);
        zh.push_str(&format!(" · 要求到货 {day}"));
        en.push_str(&format!(" · wanted {day}"));
    }
}

fn add_responded(payload: &[u8], zh: &mut String, en: &mut String) {
    let Ok(responded) = OrderResponded::decode(payload) else { return };
    let (state_zh, state_en) = match responded.state() {
        OrderState::Accepted => ("已接受", "accepted"),
        OrderState::PartAccepted => ("部分接受", "accepted in part"),
        OrderState::Rejected => ("已拒绝", "rejected"),
        OrderState::Proposed => ("有提议待处理", "with a proposal to decide"),
        OrderState::Unanswered => ("仍有未答复", "partly unanswered"),
        _ => return,
    };
    zh.push_str(&format!(" · {state_zh}"));
    en.push_str(&format!(" · {state_en}"));
}

fn relationship(payload: &[u8], me: Uuid) -> Option<Note> {
    let changed = RelationshipChanged::decode(payload).ok()?.relationship?;
    let other = if changed.buyer_id == me.to_string() { &changed.supplier_name } else { &changed.buyer_name };
    let (zh, en) = match changed.state() {
        RelationshipState::Active => ("已生效", "is active"),
        RelationshipState::Suspended => ("已暂停", "is suspended"),
        RelationshipState::Ended => ("已终止", "has ended"),
        // An invitation goes out by the buyer's own hand.
        _ => return None,
    };
    let other = clean(other);
    Some(Note {
        kind: NoticeKind::RelationshipChanged,
        number: String::new(),
        zh: format!("与{other}的合作关系{zh}"),
        en: format!("the relationship with {other} {en}"),
    })
}

fn firm(payload: &[u8]) -> Option<Note> {
    let changed = FirmChanged::decode(payload).ok()?;
    let (zh, en) = match (changed.state(), changed.survivor_id.is_empty(), changed.verified) {
        (_, false, _) => ("已并入同一企业的另一账户", "was merged into another account of the same firm"),
        (FirmState::Suspended, ..) => ("已被平台暂停", "was suspended by the operator"),
        (_, _, true) => ("状态正常,已认证", "is active and verified"),
        (_, _, false) => ("状态正常,未认证", "is active and not verified"),
    };
    let name = clean(&changed.firm_name);
    Some(Note {
        kind: NoticeKind::FirmChanged,
        number: String::new(),
        zh: format!("{name}{zh}"),
        en: format!("{name} {en}"),
    })
}

fn admin_reset(payload: &[u8]) -> Option<Note> {
    let reset = AdminReset::decode(payload).ok()?;
    let name = clean(&reset.admin_name);
    Some(Note {
        kind: NoticeKind::AdminReset,
        number: String::new(),
        zh: format!("平台运营方已将{name}设为本企业管理员。如有疑问,请立即联系运营方"),
        en: format!(
            "the operator made {name} an administrator of your firm; if that is wrong, call the operator at once"
        ),
    })
}

fn cluster(payload: &[u8]) -> Option<Note> {
    let changed = ClusterMembershipChanged::decode(payload).ok()?;
    let membership = changed.membership?;
    let (zh, en) = match membership.state() {
        ClusterMembershipState::Invited => ("受邀加入", "is invited to"),
        ClusterMembershipState::Joined => ("已加入", "joined"),
        _ => ("已退出", "left"),
    };
    let (firm, cluster) = (clean(&membership.firm_name), clean(&changed.cluster_name));
    Some(Note {
        kind: NoticeKind::ClusterChanged,
        number: String::new(),
        zh: format!("{firm}{zh}{cluster}"),
        en: format!("{firm} {en} {cluster}"),
    })
}

fn webhook(payload: &[u8]) -> Option<Note> {
    let disabled = WebhookDisabled::decode(payload).ok()?;
    let (zh, en) = match disabled.reason() {
        WebhookDisabledReason::Gone => ("接收方已下线", "its receiver is gone"),
        _ => ("约十一天未被接收", "nothing was accepted for about eleven days"),
    };
    let name = clean(&disabled.name);
    Some(Note {
        kind: NoticeKind::WebhookDisabled,
        number: String::new(),
        zh: format!("Webhook {name} 已停止推送:{zh}。重新启用后,积压事件将按序推送"),
        en: format!("webhook {name} was stopped: {en}; enable it again, and what waits goes out in order"),
    })
}

/// A name as it may stand in a message: one line, and without what looks like a mobile number.
fn clean(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut out = String::with_capacity(name.len());
    let mut digits = String::new();
    for c in name.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() >= 11 { "***" } else { &digits });
        digits.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proto::{
        Date, Decimal,
        orders::{DeliveryWindow, Order, OrderContent, OrderLine, Price, ProposalResolved},
        partners::TradingRelationship,
    };

    use super::*;

    const BUYER: Uuid = Uuid::from_u128(1);
    const SUPPLIER: Uuid = Uuid::from_u128(2);

    fn event(r#type: &str, payload: Vec<u8>) -> Event {
        Event {
            id: Uuid::from_u128(9),
            r#type: r#type.into(),
            subject: "orders/x".into(),
            at: OffsetDateTime::UNIX_EPOCH,
            payload,
            sites: Vec::new(),
            purchasing_group: String::new(),
            scope_firm: Some(BUYER),
        }
    }

    fn published() -> Event {
        let line = OrderLine {
            price: Some(Price { amount: Some(Decimal { value: "6.85".into() }), ..Default::default() }),
            ..Default::default()
        };
        let content = OrderContent {
            order_number: "CY26110231".into(),
            lines: vec![line.clone(), line],
            requested_delivery: Some(DeliveryWindow {
                from: Some(Date { year: 2026, month: 12, day: 28 }),
                ..Default::default()
            }),
            notes: vec![proto::orders::Note { text: "电话 10000000001".into(), language: String::new() }],
            ..Default::default()
        };
        let order = Order {
            buyer_name: "澄屿家居\n13800000000".into(),
            content: Some(content),
            net_amount: Some(Decimal { value: "183000.00".into() }),
            ..Default::default()
        };
        event("tandem.orders.order.published.v1", OrderPublished { order: Some(order) }.encode_to_vec())
    }

    #[test]
    fn a_supplier_hears_of_an_order_and_of_no_price() {
        let contract = Contract::load().unwrap();
        let note = super::note(&contract, &published(), SUPPLIER).unwrap();
        assert_eq!(note.kind, NoticeKind::OrderPublished);
        assert_eq!(note.line("zh"), "CY26110231 · 新订单 · 澄屿家居 *** · 2 行 · 要求到货 2026-12-28");
        assert_eq!(note.line("en"), "CY26110231 · new order · 澄屿家居 *** · 2 lines · wanted 2026-12-28");
        for secret in ["6.85", "183000", "10000000001", "13800000000"] {
            assert!(!note.zh.contains(secret) && !note.en.contains(secret), "{secret}");
        }
        assert_eq!(super::note(&contract, &published(), BUYER), None, "it did that itself");
    }

    #[test]
    fn a_buyer_hears_of_an_answer() {
        let contract = Contract::load().unwrap();
        let responded = OrderResponded {
            order_number: "CY26110231".into(),
            state: OrderState::Proposed.into(),
            note: "打我手机".into(),
            ..Default::default()
        };
        let event = event("tandem.orders.order.responded.v1", responded.encode_to_vec());
        let note = super::note(&contract, &event, BUYER).unwrap();
        assert_eq!(
            (note.kind, &*note.zh),
            (NoticeKind::OrderResponded, "CY26110231 · 供应商已答复 · 有提议待处理")
        );
        assert_eq!(super::note(&contract, &event, SUPPLIER), None);
    }

    #[test]
    fn a_decision_and_what_is_new_are_told_by_number() {
        let contract = Contract::load().unwrap();
        let resolved = ProposalResolved { order_number: "X1".into(), ..Default::default() }.encode_to_vec();
        let decided = event("tandem.orders.order.proposal_resolved.v1", resolved);
        assert_eq!(super::note(&contract, &decided, SUPPLIER).unwrap().kind, NoticeKind::ProposalResolved);
        let unknown = event("tandem.orders.order.never_heard_of.v1", Vec::new());
        assert_eq!(super::note(&contract, &unknown, SUPPLIER), None, "without a number nothing is said");
        assert_eq!(super::note(&contract, &event("tandem.stream.x.v1", Vec::new()), SUPPLIER), None);
    }

    #[test]
    fn who_writes_is_not_told_of_it() {
        let contract = Contract::load().unwrap();
        let message = proto::orders::Message {
            author_id: BUYER.to_string(),
            body: "单价 6.85,电话 10000000001".into(),
            ..Default::default()
        };
        let posted = proto::orders::OrderMessagePosted {
            order_number: "X1".into(),
            message: Some(message.clone()),
            ..Default::default()
        };
        let posted = event("tandem.orders.order.message_posted.v1", posted.encode_to_vec());
        assert_eq!(super::note(&contract, &posted, SUPPLIER).unwrap().zh, "X1 · 新留言", "and not of what");
        assert_eq!(super::note(&contract, &posted, BUYER), None);
        let written = proto::orders::OrderNoteWritten {
            order_number: "X1".into(),
            message: Some(message),
            ..Default::default()
        };
        let written = event("tandem.orders.order.note_written.v1", written.encode_to_vec());
        assert_eq!(super::note(&contract, &written, BUYER), None);
    }

    #[test]
    fn every_event_of_an_order_has_its_words() {
        let contract = Contract::load().unwrap();
        let names = contract
            .payloads()
            .into_iter()
            .filter_map(|(name, _)| name.strip_prefix("tandem.orders.order.")?.strip_suffix(".v1"));
        // A claimant reads the whole order on its own feed; its buyer is told that it moved.
        let plain = ["supplier_changed"];
        let wordless: Vec<&str> = names
            .filter(|name| !plain.contains(name))
            .filter(|name| told(name).is_some_and(|(.., en)| en == "updated"))
            .collect();
        assert_eq!(wordless, Vec::<&str>::new(), "say what these are in `told`");
    }

    #[test]
    fn each_side_hears_the_others_name() {
        let contract = Contract::load().unwrap();
        let changed = |state: RelationshipState| RelationshipChanged {
            relationship: Some(TradingRelationship {
                buyer_id: BUYER.to_string(),
                buyer_name: "买方".into(),
                supplier_name: "供方".into(),
                state: state.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let of = |state| event("tandem.partners.relationship.changed.v1", changed(state).encode_to_vec());
        let suspended = of(RelationshipState::Suspended);
        assert_eq!(super::note(&contract, &suspended, BUYER).unwrap().zh, "与供方的合作关系已暂停");
        assert_eq!(
            super::note(&contract, &suspended, SUPPLIER).unwrap().en,
            "the relationship with 买方 is suspended"
        );
        assert_eq!(super::note(&contract, &of(RelationshipState::Invited), SUPPLIER), None);
    }

    #[test]
    fn a_firm_hears_of_a_webhook_that_stopped() {
        let disabled = WebhookDisabled {
            name: "ERP 13800000000".into(),
            reason: WebhookDisabledReason::Gone.into(),
            ..Default::default()
        };
        let event = event("tandem.stream.webhook.disabled.v1", disabled.encode_to_vec());
        let note = super::note(&Contract::load().unwrap(), &event, BUYER).unwrap();
        assert_eq!(note.kind, NoticeKind::WebhookDisabled);
        assert!(note.zh.starts_with("Webhook ERP *** 已停止推送:接收方已下线"), "{}", note.zh);
    }

    #[test]
    fn everybody_hears_of_a_new_administrator_and_not_why() {
        let contract = Contract::load().unwrap();
        let reset = AdminReset {
            admin_name: "何姐".into(),
            reason: "原管理员离职,电话 10000000002".into(),
            ..Default::default()
        };
        let event = event("tandem.partners.firm.admin_reset.v1", reset.encode_to_vec());
        let note = super::note(&contract, &event, SUPPLIER).unwrap();
        assert!(note.zh.contains("何姐") && !note.zh.contains("离职"), "{}", note.zh);
        assert_eq!(note.kind, NoticeKind::AdminReset);
    }
}
