//! Documents with something wrong in them: every bad field is named, and nothing happens. The cases are those of the
//! attack catalogue's business group that concern publishing; what is taken although it looks odd is kept as stated.

use chassis::Reason;
use harness::{
    Firm, World, date, decimal, number, order,
    refusal::{bad_fields, refused},
};
use proto::{
    Date, Decimal,
    orders::{
        AllowanceCharge, DeliveryWindow, Identifier, Note, OrderContent, PublishOrderRequest, ScheduleLine,
        SupplierAddress,
    },
};

/// A change to a good document, and the fields that it makes bad.
type Case = (&'static str, fn(&mut OrderContent), &'static [(&'static str, &'static str)]);

fn good() -> PublishOrderRequest {
    order("4500001").line("10", "CY-BX-0450", "100", "6.85").line("20", "CY-LD-0450", "40", "2.30").to("V100")
}

fn quantity(content: &mut OrderContent, text: &str) {
    content.lines[0].quantity = Some(decimal(text));
}

fn price(content: &mut OrderContent, text: &str) {
    content.lines[0].price.as_mut().unwrap().amount = Some(decimal(text));
}

fn window(from: Option<Date>, until: Option<Date>) -> Option<DeliveryWindow> {
    Some(DeliveryWindow { from, until, ..DeliveryWindow::default() })
}

fn day(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn schedule(content: &mut OrderContent, quantities: &[&str]) {
    content.lines[0].schedule_lines = quantities
        .iter()
        .map(|text| ScheduleLine { quantity: Some(decimal(text)), ..ScheduleLine::default() })
        .collect();
}

const QUANTITIES: &[Case] = &[
    ("a quantity below 0", |c| quantity(c, "-1"), &[("content.lines[0].quantity", "RANGE")]),
    ("no number", |c| quantity(c, "NaN"), &[("content.lines[0].quantity", "DECIMAL")]),
    ("infinity", |c| quantity(c, "Infinity"), &[("content.lines[0].quantity", "DECIMAL")]),
    ("an exponent", |c| quantity(c, "1e-19"), &[("content.lines[0].quantity", "DECIMAL")]),
    ("19 places", |c| quantity(c, "0.0000000000000000001"), &[("content.lines[0].quantity", "DECIMAL")]),
    (
        "29 digits",
        |c| quantity(c, "12345678901234567890123456789"),
        &[("content.lines[0].quantity", "DECIMAL")],
    ),
    (
        "21 digits before the point",
        |c| quantity(c, "123456789012345678901"),
        &[("content.lines[0].quantity", "DECIMAL")],
    ),
    ("thousands separators", |c| quantity(c, "1,000"), &[("content.lines[0].quantity", "DECIMAL")]),
    ("full-width digits", |c| quantity(c, "１００"), &[("content.lines[0].quantity", "DECIMAL")]),
    ("an empty decimal", |c| quantity(c, ""), &[("content.lines[0].quantity", "DECIMAL")]),
    ("a price below 0", |c| price(c, "-0.01"), &[("content.lines[0].price.amount", "RANGE")]),
    (
        "an amount that overflows",
        |c| {
            quantity(c, "99999999999999999999");
            price(c, "99999999999999999999");
        },
        &[("content.lines[0].price", "RANGE")],
    ),
    (
        "a price per 0 pieces",
        |c| c.lines[0].price.as_mut().unwrap().base_quantity = Some(decimal("0")),
        &[("content.lines[0].price.base_quantity", "RANGE")],
    ),
    (
        "a schedule that does not add up",
        |c| schedule(c, &["60", "41"]),
        &[("content.lines[0].schedule_lines", "SUM")],
    ),
    (
        "a schedule line below 0",
        |c| schedule(c, &["101", "-1"]),
        &[("content.lines[0].schedule_lines[1].quantity", "RANGE")],
    ),
    (
        "schedule lines of one number",
        |c| {
            schedule(c, &["50", "50"]);
            c.lines[0].schedule_lines.iter_mut().for_each(|line| line.schedule_line_number = "1".into());
        },
        &[("content.lines[0].schedule_lines[1].schedule_line_number", "REPEATED")],
    ),
    (
        "an amount that is none",
        |c| {
            c.lines[1].amount = Some(decimal("x"));
            c.allowance_charges
                .push(AllowanceCharge { amount: Some(decimal("1.0.0")), ..Default::default() });
            c.totals =
                Some(proto::orders::Totals { payable_amount: Some(decimal("+1")), ..Default::default() });
        },
        &[
            ("content.totals.payable_amount", "DECIMAL"),
            ("content.allowance_charges[0].amount", "DECIMAL"),
            ("content.lines[1].amount", "DECIMAL"),
        ],
    ),
];

const HEADERS: &[Case] = &[
    ("no number", |c| c.order_number.clear(), &[("content.order_number", "REQUIRED")]),
    ("a number of blanks", |c| c.order_number = " \u{3000} ".into(), &[("content.order_number", "REQUIRED")]),
    (
        "a line break in the number",
        |c| c.order_number = "45\r\n00".into(),
        &[("content.order_number", "FORMAT")],
    ),
    ("NUL in the number", |c| c.order_number = "45\0".into(), &[("content.order_number", "FORMAT")]),
    ("a number of 201 bytes", |c| c.order_number = "4".repeat(201), &[("content.order_number", "TOO_LONG")]),
    ("a system with a slash", |c| c.source_system = "../erp".into(), &[("content.source_system", "FORMAT")]),
    ("tax unstated", |c| c.price_includes_tax = None, &[("content.price_includes_tax", "REQUIRED")]),
    ("no currency code", |c| c.currency = "元".into(), &[("content.currency", "CURRENCY")]),
    ("a small currency", |c| c.currency = "cny".into(), &[("content.currency", "CURRENCY")]),
    ("XXX is no currency", |c| c.currency = "XXX".into(), &[("content.currency", "CURRENCY")]),
    ("an order type of tomorrow", |c| c.order_type = 99, &[("content.order_type", "UNKNOWN")]),
    ("year 0", |c| c.issue_date = day(0, 1, 1), &[("content.issue_date", "DATE")]),
    ("year 9999", |c| c.issue_date = day(9999, 12, 31), &[("content.issue_date", "DATE")]),
    (
        "30 February",
        |c| c.requested_delivery = window(day(2026, 2, 30), None),
        &[("content.requested_delivery.from", "DATE")],
    ),
    (
        "29 February of a common year",
        |c| c.requested_delivery = window(None, day(2027, 2, 29)),
        &[("content.requested_delivery.until", "DATE")],
    ),
    (
        "the end before the start",
        |c| c.requested_delivery = window(day(2026, 12, 28), day(2026, 12, 27)),
        &[("content.requested_delivery.until", "ORDER")],
    ),
    ("no lines", |c| c.lines.clear(), &[("content.lines", "COUNT")]),
    (
        "a line number twice",
        |c| c.lines[1].line_number = "10".into(),
        &[("content.lines[1].line_number", "REPEATED")],
    ),
    (
        "a line number of blanks",
        |c| c.lines[0].line_number = "   ".into(),
        &[("content.lines[0].line_number", "REQUIRED")],
    ),
    (
        "a note of a megabyte less a bit",
        |c| c.notes.push(Note { text: "注".repeat(300_000), ..Note::default() }),
        &[("content.notes[0].text", "TOO_LONG")],
    ),
    (
        "NUL in a text",
        |c| c.lines[0].item.as_mut().unwrap().name = "箱\0体".into(),
        &[("content.lines[0].item.name", "FORMAT")],
    ),
];

/// How much there is: orders, waiting commands, receipts, and places in the buyer's feed.
async fn state(world: &World, firm: &Firm) -> (i64, i64, i64, i64) {
    sqlx::query_as(
        "select (select count(*) from orders.purchase_order), (select count(*) from event.outbox),
                (select count(*) from event.idempotency), (select next_seq from event.feed_head where feed = $1)",
    )
    .bind(firm.uuid())
    .fetch_one(world.owner_pool().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn every_bad_field_is_named_and_nothing_happens() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    world.settled().await;
    let before = state(&world, &buyer).await;
    for (what, change, expected) in QUANTITIES.iter().chain(HEADERS) {
        println!("{what}");
        let mut request = good();
        change(request.content.as_mut().unwrap());
        bad_fields(buyer.publish(request).await, expected);
    }
    let all_at_once = |content: &mut OrderContent| {
        content.order_number.clear();
        content.price_includes_tax = None;
        content.currency = "RMB¥".into();
        content.lines[0].quantity = Some(Decimal { value: "-1".into() });
        content.lines[1].line_number.clear();
    };
    let mut request = good();
    all_at_once(request.content.as_mut().unwrap());
    request.supplier = None;
    bad_fields(
        buyer.publish(request).await,
        &[
            ("content.order_number", "REQUIRED"),
            ("content.price_includes_tax", "REQUIRED"),
            ("content.currency", "CURRENCY"),
            ("supplier", "REQUIRED"),
            ("content.lines[0].quantity", "RANGE"),
            ("content.lines[1].line_number", "REQUIRED"),
        ],
    );
    bad_fields(
        buyer.publish(PublishOrderRequest { content: None, ..good() }).await,
        &[("content", "REQUIRED")],
    );
    let address = SupplierAddress {
        firm_id: "not an id".into(),
        vendor_number: "V\n1".into(),
        party_ids: vec![Identifier::default()],
        ..SupplierAddress::default()
    };
    bad_fields(
        buyer.publish(PublishOrderRequest { supplier: Some(address), ..good() }).await,
        &[
            ("supplier.firm_id", "ID"),
            ("supplier.vendor_number", "FORMAT"),
            ("supplier.party_ids[0].value", "REQUIRED"),
        ],
    );
    assert_eq!(state(&world, &buyer).await, before, "no order, no event, no receipt");
    world.finish().await;
}

#[tokio::test]
async fn an_order_has_at_most_ten_thousand_lines_and_four_megabytes() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let mut many = good();
    let line = proto::orders::OrderLine { quantity: Some(decimal("1")), ..Default::default() };
    let lines = (0..10_001).map(|n| proto::orders::OrderLine { line_number: n.to_string(), ..line.clone() });
    many.content.as_mut().unwrap().lines = lines.collect();
    bad_fields(buyer.publish(many).await, &[("content.lines", "COUNT")]);
    let mut large = good();
    let note = Note { text: "x".repeat(90_000), ..Note::default() };
    large.content.as_mut().unwrap().notes = vec![note; 60];
    refused(buyer.publish(large).await, Reason::REQUEST_TOO_LARGE);
    world.finish().await;
}

#[tokio::test]
async fn what_looks_odd_is_kept_as_stated_and_exactly() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let odd: &[(&str, fn(&mut OrderContent), Option<&str>)] = &[
        (
            "0.1 + 0.2 is 0.3",
            |c| {
                quantity(c, "0.3");
                schedule(c, &["0.1", "0.2"]);
            },
            Some("94.06"),
        ),
        ("2^63 pieces", |c| quantity(c, "9223372036854775808"), Some("63180098452455214376.80")),
        ("a price of 5 places", |c| price(c, "0.00005"), Some("92.01")),
        ("a price of 0 is a price", |c| price(c, "0"), Some("92.00")),
        ("no price is none", |c| c.lines[0].price = None, None),
        ("no currency", |c| c.currency.clear(), Some("777.00")),
        (
            "a total that differs",
            |c| {
                c.totals = Some(proto::orders::Totals {
                    payable_amount: Some(decimal("1.00")),
                    ..Default::default()
                });
            },
            Some("777.00"),
        ),
        ("due in the past", |c| c.requested_delivery = window(day(1999, 1, 1), None), Some("777.00")),
        (
            "an item of blanks",
            |c| c.lines[0].item.as_mut().unwrap().buyer_item_id = "  ".into(),
            Some("777.00"),
        ),
        ("a scale", |c| quantity(c, "100.000"), Some("777.00")),
    ];
    for (n, (what, change, net)) in odd.iter().enumerate() {
        let mut request = good();
        let content = request.content.as_mut().unwrap();
        content.order_number = format!("45{n}");
        change(content);
        let stated = content.clone();
        let receipt = buyer.publish(request).await.unwrap_or_else(|status| panic!("{what}: {status:?}"));
        let seen = supplier.order(&receipt.order_id).await.unwrap();
        let net_amount = seen.net_amount.as_ref().map(|_| number(seen.net_amount.as_ref()));
        assert_eq!(net_amount, net.map(|net| net.parse().unwrap()), "{what}");
        let mut kept = seen.content.unwrap();
        kept.source_system.clear();
        assert_eq!(kept.totals, stated.totals, "{what}");
        for (kept, stated) in kept.lines.iter().zip(&stated.lines) {
            assert_eq!((&kept.item, &kept.price), (&stated.item, &stated.price), "{what}");
            let scale = |quantity: &Option<Decimal>| quantity.as_ref().map(|quantity| quantity.value.clone());
            assert_eq!(scale(&kept.quantity), scale(&stated.quantity), "{what}");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn a_buyer_who_is_named_otherwise_is_a_warning() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let stated = proto::orders::Party { name: "另一家公司".into(), ..Default::default() };
    let receipt = buyer.publish(PublishOrderRequest { stated_buyer: Some(stated), ..good() }).await.unwrap();
    assert_eq!(receipt.warnings.iter().map(|w| w.reason.as_str()).collect::<Vec<_>>(), ["BUYER_DIFFERS"]);
    assert_eq!(
        supplier.order(&receipt.order_id).await.unwrap().buyer_id,
        buyer.id,
        "the caller is the buyer"
    );
    let date = date("2026-12-28");
    assert_eq!(
        supplier.order(&receipt.order_id).await.unwrap().content.unwrap().requested_delivery.unwrap().from,
        Some(date)
    );
    world.finish().await;
}
