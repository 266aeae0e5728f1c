//! Orders of a supplier from three buyers, in the states that pages tell apart.

use chassis::value::{parse_decimal, timestamp, wire_date, wire_decimal};
use proto::{Decimal as Wire, orders::*};
use rust_decimal::Decimal;
use time::{
    Date, Duration,
    macros::{date, datetime},
};

use crate::fake::{ANCHOR, SUPPLIER, wire, zero};

/// What is bought: buyer's number, supplier's number, name, unit's code and word, price, and how many it is for.
struct Goods(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const BODY: Goods = Goods("CY-BX-0450", "SM-0450B", "45L 收纳箱 箱体 PP 透明", "H87", "个", "6.85", "1");
const LID: Goods = Goods("CY-LD-0450", "SM-0450L", "45L 收纳箱 箱盖 PP 白", "H87", "个", "2.30", "1");
const CLIP: Goods = Goods("CY-CL-0012", "SM-CL12", "提手卡扣 PP 灰 φ12", "H87", "个", "38.60", "1000");
const BASKET: Goods = Goods("CY-BS-0208", "SM-BS28", "沥水篮 φ280 双层", "SET", "套", "4.52", "1");
const SEAL: Goods = Goods("MM-SL-0900", "HM-SL90", "门底自动密封条 铝合金", "MTR", "米", "14.20", "1");
const TRIM: Goods = Goods("YZ-24017", "SM-24017", "内饰卡扣 POM 黑", "H87", "个", "52.00", "1000");
const SLEEVE: Goods = Goods("YZ-31880", "SM-31880", "线束护套 PA66-GF30", "H87", "个", "2.74", "1");

/// A firm's id and name.
type Firm = (&'static str, &'static str);
const CHENGYU: Firm = (ANCHOR, "澄屿家居用品（示例）有限公司");
const MUMIAN: Firm = ("0192f000-0000-7000-8000-0000000000a2", "木棉门业（示例）有限公司");
const YUANZHANG: Firm = ("0192f000-0000-7000-8000-0000000000a3", "远樟汽车部件（示例）有限公司");

/// The orders, by requested date.
pub fn story() -> Vec<Order> {
    use OrderState::*;
    let third = date!(2026 - 12 - 14);
    let fourth = date!(2026 - 12 - 21);
    let fifth = date!(2026 - 12 - 28);
    vec![
        order(10, "MM2610-0049", MUMIAN, Unanswered, date!(2026 - 12 - 02), &[(SEAL, "1800.5")]),
        order(2, "CY26110232", CHENGYU, Unanswered, date!(2026 - 11 - 20), &[(CLIP, "60000")]),
        order(29, "YZ-PO-771201", YUANZHANG, Unanswered, third, &[(TRIM, "200000"), (SLEEVE, "24000")]),
        order(3, "CY26110233", CHENGYU, Unanswered, fourth, &[(BASKET, "3600")]),
        order(1, "CY26110231", CHENGYU, Unanswered, fifth, &[(BODY, "20000"), (LID, "20000")]),
        order(5, "CY26110228", CHENGYU, Proposed, fourth, &[(BODY, "17600")]),
        order(7, "CY26110219", CHENGYU, Accepted, third, &[(LID, "16000")]),
        order(16, "CY26110220", CHENGYU, Rejected, third, &[(LID, "5000")]),
    ]
}

fn order(
    id: usize,
    number: &str,
    buyer: Firm,
    state: OrderState,
    day: Date,
    lines: &[(Goods, &str)],
) -> Order {
    let id = format!("0192f000-0000-7000-8000-{id:012}");
    let published_at = Some(timestamp(datetime!(2026-11-19 02:14 UTC)));
    let mut content = content(number);
    let mut schedule = Vec::new();
    for (at, (goods, quantity)) in lines.iter().enumerate() {
        let number = format!("{}", (at + 1) * 10);
        schedule.push(standing(&id, &number, quantity, state, day));
        content.lines.push(line(number, goods, quantity, day));
    }
    let amounts = content.lines.iter().filter_map(|line| line.amount.as_ref());
    let net: Decimal = amounts.map(|amount| parse_decimal(&amount.value).unwrap()).sum();
    let published = HistoryEntry {
        version: 1,
        at: published_at,
        action: "published".into(),
        firm_id: buyer.0.into(),
        actor_name: "ERP 接口".into(),
        ..Default::default()
    };
    Order {
        id,
        buyer_id: buyer.0.into(),
        buyer_name: buyer.1.into(),
        supplier_id: SUPPLIER.into(),
        supplier_name: "顺模塑料制品（示例）厂".into(),
        vendor_number: "V10027".into(),
        revision: 1,
        version: 1,
        state: state as i32,
        content: Some(content),
        schedule,
        net_amount: Some(wire_decimal(net)),
        published_at,
        history: vec![published],
        ..Default::default()
    }
}

fn content(number: &str) -> OrderContent {
    let address = Address {
        lines: vec!["示例路 8 号".into()],
        city: "南汀市".into(),
        country_code: "CN".into(),
        ..Default::default()
    };
    let ship_to = Party {
        role: PartyRole::ShipTo as i32,
        name: "澄屿一号仓".into(),
        address: Some(address),
        ..Default::default()
    };
    OrderContent {
        source_system: "erp".into(),
        order_number: number.into(),
        order_type: OrderType::Standalone as i32,
        currency: "CNY".into(),
        price_includes_tax: Some(number == "CY26110233"),
        purchasing_group: "采购一组".into(),
        payment_terms: vec![PaymentTerms { text: "月结 60 天".into() }],
        delivery_terms: Some(DeliveryTerms {
            incoterm: "DDP".into(), place: "南汀市".into(), texts: vec![]
        }),
        notes: vec![Note {
            text: "请按标准箱包装，随货附检验报告。".into(), language: "zh".into()
        }],
        parties: vec![ship_to],
        ..Default::default()
    }
}

fn line(number: String, goods: &Goods, quantity: &str, day: Date) -> OrderLine {
    let Goods(buyers, sellers, name, unit_code, unit, price, per) = *goods;
    let [amount, price_amount, base] = [quantity, price, per].map(|text| parse_decimal(text).unwrap());
    let window =
        DeliveryWindow { from: Some(wire_date(day)), until: Some(wire_date(day)), ..Default::default() };
    OrderLine {
        line_number: number,
        item: Some(Item {
            name: name.into(),
            buyer_item_id: buyers.into(),
            seller_item_id: sellers.into(),
            ..Default::default()
        }),
        quantity: wire(quantity),
        unit_code: unit_code.into(),
        unit_text: unit.into(),
        price: Some(Price { amount: wire(price), base_quantity: wire(per), ..Default::default() }),
        amount: Some(wire_decimal((amount * price_amount / base).round_dp(2))),
        schedule_lines: vec![ScheduleLine {
            schedule_line_number: "1".into(),
            quantity: wire(quantity),
            requested_delivery: Some(window),
            ship_to_site: "P100".into(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn standing(order: &str, number: &str, quantity: &str, state: OrderState, day: Date) -> ScheduleLineState {
    let mut quantities = Quantities { ordered: wire(quantity), ..Default::default() };
    let mut line = ScheduleLineState {
        schedule_line_id: format!("{order}-{number}"),
        line_number: number.into(),
        schedule_line_number: "1".into(),
        ..Default::default()
    };
    match state {
        OrderState::Unanswered => quantities.unanswered = wire(quantity),
        OrderState::Proposed => {
            quantities.proposed = wire(quantity);
            line.proposals.push(split(order, quantity, day));
        }
        OrderState::Rejected => {
            quantities.rejected = wire(quantity);
            let reason = RejectReason::NoTooling as i32;
            line.rejections.push(Rejection { quantity: wire(quantity), reason, note: String::new() });
        }
        _ => {
            quantities.accepted = wire(quantity);
            line.commitments.push(Commitment {
                quantity: wire(quantity),
                committed_delivery_date: Some(wire_date(day)),
                ..Default::default()
            });
        }
    }
    line.quantities = Some(quantities);
    line
}

/// 16,000 as asked, the rest a week later.
fn split(order: &str, quantity: &str, day: Date) -> Proposal {
    let delivery = |quantity: &str, day: Date| ProposedDelivery {
        quantity: wire(quantity),
        delivery_date: Some(wire_date(day)),
    };
    Proposal {
        id: format!("p-{order}"),
        state: ProposalState::Open as i32,
        covers_quantity: wire(quantity),
        deliveries: vec![delivery("16000", day), delivery("1600", day + Duration::days(7))],
        note: "大机组当周满负荷，余量下周交。".into(),
        proposed_at: Some(timestamp(datetime!(2026-11-20 07:30 UTC))),
        ..Default::default()
    }
}

/// An order as a row of a list.
pub fn summary(order: &Order) -> OrderSummary {
    let content = order.content.as_ref().unwrap();
    let days = order.content.iter().flat_map(|c| &c.lines).flat_map(|l| &l.schedule_lines);
    let first = &content.lines[0];
    let count = |pick: fn(&Quantities) -> Option<&Wire>| {
        order.schedule.iter().filter(|s| !zero(pick(s.quantities.as_ref().unwrap())).is_zero()).count() as i32
    };
    OrderSummary {
        id: order.id.clone(),
        order_number: content.order_number.clone(),
        buyer_id: order.buyer_id.clone(),
        buyer_name: order.buyer_name.clone(),
        supplier_id: order.supplier_id.clone(),
        supplier_name: order.supplier_name.clone(),
        revision: order.revision,
        state: order.state,
        purchasing_group: content.purchasing_group.clone(),
        currency: content.currency.clone(),
        net_amount: order.net_amount.clone(),
        price_includes_tax: content.price_includes_tax,
        requested_delivery_date: days.filter_map(|s| s.requested_delivery.as_ref()?.until).next(),
        line_count: content.lines.len() as i32,
        unanswered_lines: count(|q| q.unanswered.as_ref()),
        proposed_lines: count(|q| q.proposed.as_ref()),
        answer_due: order.answer_due,
        change_pending: !order.pending_changes.is_empty(),
        first_item_name: first.item.as_ref().unwrap().name.clone(),
        ..Default::default()
    }
}
