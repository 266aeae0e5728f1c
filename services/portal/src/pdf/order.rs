//! An order, with the supplier's answer on it.

use proto::orders::OrderContent;

use crate::{
    i18n::{Key, Text, key},
    order::{self, LineView, Loaded},
    pages::order::{Fact, amount, facts, more_facts, party_view},
    pdf::document::{Block, Document, Side, Table},
    qr::Code,
};

/// The document of an order, in the words of the side that looks.
pub fn document(
    t: &Text,
    loaded: &Loaded,
    code: Option<Code>,
    supplies: bool,
    made: &prost_types::Timestamp,
) -> Document {
    let order = &loaded.order;
    let content = order.content.clone().unwrap_or_default();
    let fact = |label: Key<0>, value: String| Fact { label: t.say(label), value };
    // Totals stand below the lines, where whoever adds up ends.
    let amount = fact(key::AMOUNT, amount(t, order, &content));
    let mut head = vec![
        fact(key::BUYER, order.buyer_name.clone()),
        fact(key::SUPPLIER, order.supplier_name.clone()),
        fact(key::REVISION, order.revision.to_string()),
        fact(key::STATE, order::tag(t, order.state, supplies).label),
    ];
    head.extend(facts(t, order, &content, &loaded.rows).into_iter().filter(|one| one.label != amount.label));
    head.push(fact(key::PDF_MADE, t.moment(Some(made))));
    let (payable, revision) = (t.say(key::PAYABLE), t.say(key::REVISION));
    let (mut totals, mut details) = (vec![amount], Vec::new());
    for one in more_facts(t, order, &content).into_iter().filter(|one| one.label != revision) {
        if one.label == payable { totals.push(one) } else { details.push(one) }
    }
    let parties = content.parties.iter().map(|party| party_view(t, party));
    details.extend(parties.map(|party| Fact { label: party.role, value: party.lines.join("\n") }));

    let mut blocks = vec![Block::Pairs(head)];
    if order.held {
        blocks.push(Block::Heading(t.say(key::HELD_TITLE)));
        blocks.push(Block::Note(t.say(key::HELD_BODY)));
    }
    if !order.pending_changes.is_empty() {
        blocks.push(Block::Heading(t.say(key::PENDING_TITLE)));
        blocks.push(Block::Note(t.say(key::PDF_PENDING)));
    }
    blocks.push(Block::Heading(t.say(key::LINES)));
    blocks.push(Block::Table(lines(t, loaded, &content)));
    blocks.push(Block::Heading(t.say(key::PDF_TOTAL)));
    blocks.push(Block::Pairs(totals));
    if !content.notes.is_empty() {
        blocks.push(Block::Heading(t.say(key::NOTES)));
        blocks.extend(content.notes.iter().map(|note| Block::Note(note.text.clone())));
    }
    blocks.push(Block::Heading(t.say(key::DETAILS)));
    blocks.push(Block::Pairs(details));

    let title = t.one(key::ORDER_TITLE, &content.order_number);
    Document { over: t.say(key::BRAND), foot: title.clone(), title, code, blocks, language: t.lang.html() }
}

fn lines(t: &Text, loaded: &Loaded, content: &OrderContent) -> Table {
    let mut table = Table::new([
        (t.say(key::LINE), Side::Left),
        (t.say(key::ITEM), Side::Left),
        (t.say(key::ORDERED), Side::Right),
        (t.say(key::REQUESTED), Side::Left),
        (t.say(key::PRICE), Side::Right),
        (t.say(key::STANDING), Side::Left),
    ]);
    table.rows = loaded.rows.iter().map(|row| cells(t, order::line_view(t, row, content))).collect();
    table
}

fn cells(t: &Text, line: LineView) -> Vec<String> {
    // What is said of the item is said once, beside the first of its schedule lines.
    let (ids, notes) = if line.first { (line.ids, line.notes) } else { (Vec::new(), Vec::new()) };
    let ship_to = match line.ship_to.as_str() {
        "" => String::new(),
        site => t.one(key::SHIP_TO_SITE, site),
    };
    let standing = line.standing.into_iter().map(|one| one.text);
    vec![
        stacked([line.number, line.part]),
        stacked([line.item].into_iter().chain(ids).chain(notes)),
        line.quantity,
        stacked([line.requested, ship_to]),
        stacked([line.price, line.amount]),
        stacked(standing),
    ]
}

/// One below the other, without what is empty.
fn stacked(texts: impl IntoIterator<Item = String>) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proto::orders::{
        Commitment, Item, Note, Order, OrderLine, PendingChange, ScheduleLine, ScheduleLineState,
    };

    use super::*;
    use crate::{
        i18n::{Catalogue, Lang},
        order::Row,
    };

    fn wire(value: &str) -> Option<proto::Decimal> {
        Some(proto::Decimal { value: value.into() })
    }

    fn row(number: &str, first: bool) -> Row {
        let name = ("转向柱支架".to_string(), "YZ-10022".to_string());
        Row {
            line: OrderLine {
                line_number: "10".into(),
                item: Some(Item { name: name.0, buyer_item_id: name.1, ..Item::default() }),
                unit_code: "H87".into(),
                ..OrderLine::default()
            },
            schedule: ScheduleLine {
                schedule_line_number: number.into(),
                quantity: wire("2000"),
                ..ScheduleLine::default()
            },
            state: ScheduleLineState {
                commitments: vec![Commitment { quantity: wire("2000"), ..Commitment::default() }],
                ..ScheduleLineState::default()
            },
            first,
            several: true,
        }
    }

    fn loaded() -> Loaded {
        let content = OrderContent {
            order_number: "4500001234".into(),
            currency: "CNY".into(),
            notes: vec![Note { text: "送货前三天通知".into(), ..Note::default() }],
            ..OrderContent::default()
        };
        let order = Order {
            buyer_name: "澄屿家居用品（示例）有限公司".into(),
            supplier_name: "顺模塑料制品（示例）厂".into(),
            revision: 3,
            net_amount: wire("183000"),
            content: Some(content),
            ..Order::default()
        };
        Loaded { order, rows: vec![row("1", true), row("2", false)], next: String::new() }
    }

    fn made() -> prost_types::Timestamp {
        chassis::value::timestamp(time::macros::datetime!(2026-11-23 01:05 UTC))
    }

    fn notes(document: &Document) -> Vec<&str> {
        let notes = document.blocks.iter().filter_map(|block| match block {
            Block::Note(note) => Some(note.as_str()),
            _ => None,
        });
        notes.collect()
    }

    #[test]
    fn a_change_that_waits_is_said_to_be_left_out() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let mut loaded = loaded();
        assert_eq!(notes(&document(&t, &loaded, None, true, &made())), ["送货前三天通知"]);
        loaded.order.pending_changes.push(PendingChange::default());
        let said = t.say(key::PDF_PENDING);
        assert_eq!(notes(&document(&t, &loaded, None, false, &made())), [said.as_str(), "送货前三天通知"]);
    }

    #[test]
    fn an_order_says_who_what_and_what_was_answered() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let document = document(&t, &loaded(), None, true, &made());
        assert_eq!(document.title, "订单 4500001234");
        let pairs = document.blocks.iter().filter_map(|block| match block {
            Block::Pairs(pairs) => Some(pairs),
            _ => None,
        });
        let values: Vec<&str> = pairs.flatten().map(|fact| fact.value.as_str()).collect();
        let made = t.moment(Some(&made()));
        for expected in
            ["澄屿家居用品（示例）有限公司", "顺模塑料制品（示例）厂", "3", "CNY 183,000.00", made.as_str()]
        {
            assert_eq!(values.iter().filter(|value| **value == expected).count(), 1, "{expected}");
        }
        assert_eq!(notes(&document).len(), 1);
        let tables = document.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        let tables: Vec<&Table> = tables.collect();
        let [table] = &tables[..] else { panic!("one table") };
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        let [first, second] = &table.rows[..] else { panic!("two rows") };
        assert!(first[1].starts_with("转向柱支架\n") && first[1].contains("YZ-10022"));
        assert_eq!(second[1], "转向柱支架");
        assert_eq!((table.columns[2].side, first[2].as_str()), (Side::Right, "2,000 个"));
        assert_eq!(first[5], t.one(key::STANDING_ACCEPTED, "2,000 个"));
    }
}
