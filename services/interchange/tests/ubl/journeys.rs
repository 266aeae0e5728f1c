//! Orders through import, change and export.

use interchange::ubl::{self, Parties};
use proto::{
    Date, Decimal,
    orders::{Identifier, Item, Note, OrderLine, OrderType, Party, ScheduleLine, Tax, Warning},
};

use crate::{
    changes::changed,
    support::{differences, export, import, minimal},
};

#[test]
fn a_document_with_everything_comes_out_as_it_went_in() {
    let document = include_bytes!("fixtures/maximal.xml");
    let imported = import(document);
    let out = export(&imported);
    let (lost, gained) = differences(document, &out);
    assert!(lost.is_empty() && gained.is_empty(), "lost {lost:?}, gained {gained:?}");
    let text = String::from_utf8(out.clone()).expect("utf-8");
    assert!(text.contains(
        "<cbc:ID schemeAgencyName=\"Jiangnan &quot;Pumps&quot; &amp; Valves\">JN-26/00010</cbc:ID>"
    ));
    assert!(
        text.contains("see <plm:b>sheet 2</plm:b> and<plm:br/> sheet 3<plm:Mass/>"),
        "mixed content keeps its order"
    );
    assert_eq!(export(&import(&out)), out, "a second time it is the same");
    for (what, content) in changed(&imported.content) {
        let after = ubl::export(&content, Some(&imported.extension), &Parties::default()).expect("an export");
        let (lost, gained) = differences(&out, &after);
        assert_eq!((lost.len(), gained.len()), (1, 1), "{what}: {lost:?} {gained:?}");
    }
}

#[test]
fn an_order_says_what_its_document_says() {
    let imported = import(include_bytes!("fixtures/maximal.xml"));
    let order = &imported.content;
    assert_eq!(order.order_number, "JN-26/00010");
    assert_eq!(order.order_type(), OrderType::CallOff);
    assert_eq!(order.issue_date, Some(Date { year: 2026, month: 3, day: 2 }));
    assert_eq!((order.currency.as_str(), order.price_includes_tax), ("CNY", Some(false)));
    assert_eq!(order.notes[0].text, "请于 周五 <确认>");
    assert_eq!(
        order.requested_delivery.as_ref().and_then(|window| window.until),
        Some(Date { year: 2026, month: 4, day: 30 })
    );
    assert_eq!(order.payment_terms[0].text, "90 days");
    assert_eq!(
        order.allowance_charges[0].percent, None,
        "0.10 of 100.00 is 10.00: a fraction, not a percentage"
    );
    let buyer = imported.stated_buyer.as_ref().expect("a buyer");
    assert_eq!(buyer.name, "江南泵业㐀有限公司");
    assert_eq!(
        buyer.address.as_ref().expect("an address").lines,
        ["甬江大道", "8", "Turm", "77", "north gate", "dock 3"]
    );
    assert_eq!(imported.seller_name, "宁波𬭩铸件厂", "the registered name where there is no other");
    assert_eq!(imported.supplier.vendor_number, "000010027", "leading zeros stay");
    assert_eq!(imported.supplier.uscc, "91330206MA2000002X");
    assert_eq!(
        imported.supplier.party_ids,
        [Identifier { scheme: "0088".into(), value: "6900000000024".into() }]
    );
    let line = &order.lines[0];
    let number = |wire: &Option<Decimal>| wire.as_ref().map(|wire| wire.value.clone()).unwrap_or_default();
    assert_eq!(
        (line.line_number.as_str(), number(&line.quantity).as_str(), line.unit_code.as_str()),
        ("00010", "100.0", "H87")
    );
    let schedule: Vec<_> = line
        .schedule_lines
        .iter()
        .map(|line| (line.delivery_id.as_str(), number(&line.quantity), line.ship_to_site.as_str()))
        .collect();
    assert_eq!(schedule, [("A", "40".to_string(), "NB1"), ("B", "60".to_string(), "")]);
    assert_eq!(line.tax.as_ref().map(|tax| number(&tax.rate)), Some("0.130".into()));
    let price = line.price.as_ref().expect("a price");
    assert_eq!((number(&price.amount), number(&price.base_quantity)), ("12500.00".into(), "1000".into()));
    assert_eq!(line.partial_delivery_allowed, Some(true));
    let item = line.item.as_ref().expect("an item");
    assert_eq!((item.buyer_item_id.as_str(), item.seller_item_id.as_str()), ("JN-IMP-280", "4711"));
    assert_eq!(imported.standard, "UBL 2.3 urn:example:pumps:order:4 urn:example:pumps");
}

#[test]
fn deliveries_that_do_not_sum_become_one_schedule_line_with_a_warning() {
    let imported = import(include_bytes!("fixtures/maximal.xml"));
    let line = &imported.content.lines[1];
    assert_eq!(line.schedule_lines.len(), 1);
    assert_eq!(line.schedule_lines[0].quantity, line.quantity);
    let warned = |warning: &Warning| {
        warning.reason == "DELIVERIES_DIFFER" && warning.field.starts_with("/Order/cac:OrderLine[2]")
    };
    assert!(imported.warnings.iter().any(warned), "{:?}", imported.warnings);
    let unstated = &imported.content.lines[2];
    assert_eq!(unstated.quantity.as_ref().map(|wire| wire.value.as_str()), Some("0"), "no quantity is 0");
    assert_eq!(unstated.schedule_lines[0].requested_delivery, imported.content.requested_delivery);
}

#[test]
fn what_may_be_unstated_is() {
    let document = minimal()
        .replace("  <cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>\n", "")
        .replace(">100<", ">0<");
    let imported = import(document.as_bytes());
    assert_eq!(imported.content.currency, "CNY", "falls back to the price's");
    assert_eq!(imported.content.lines[0].quantity.as_ref().map(|wire| wire.value.as_str()), Some("0"));
    let (lost, gained) = differences(document.as_bytes(), &export(&imported));
    assert!(lost.is_empty() && gained.is_empty(), "{lost:?} {gained:?}");

    let start = document.find("    <cac:Price>").expect("a price");
    let end = document.find("    <cac:Item>").expect("an item");
    let bare = format!("{}{}", &document[..start], &document[end..]).replace(" currencyID=\"CNY\"", "");
    let imported = import(bare.as_bytes());
    assert_eq!((imported.content.currency.as_str(), imported.content.lines[0].price.is_none()), ("", true));
    let (lost, gained) = differences(bare.as_bytes(), &export(&imported));
    assert!(lost.is_empty() && gained.is_empty(), "{lost:?} {gained:?}");
}

#[test]
fn an_order_without_a_number_takes_its_digest() {
    let document = minimal().replace("<cbc:ID>PO-7001</cbc:ID>", "<cbc:ID/>");
    let imported = import(document.as_bytes());
    assert!(imported.content.order_number.starts_with("unnumbered-"), "{}", imported.content.order_number);
    assert!(imported.warnings.iter().any(|warning| warning.reason == "NUMBER_EMPTY"));
    assert!(String::from_utf8(export(&imported)).expect("utf-8").contains("<cbc:ID/>"));
}

#[test]
fn amounts_in_another_currency_are_kept_but_not_counted() {
    let document = minimal().replace("CNY\">1250.00", "EUR\">1250.00");
    let imported = import(document.as_bytes());
    assert_eq!((imported.content.totals.as_ref(), imported.content.lines[0].amount.as_ref()), (None, None));
    assert_eq!(imported.warnings.iter().filter(|warning| warning.reason == "CURRENCY_DIFFERS").count(), 3);
    let (lost, gained) = differences(document.as_bytes(), &export(&imported));
    assert!(lost.is_empty() && gained.is_empty(), "{lost:?} {gained:?}");
}

#[test]
fn a_revised_order_keeps_what_belongs_to_the_lines_that_remain() {
    let imported = import(include_bytes!("fixtures/maximal.xml"));
    let mut revised = imported.content.clone();
    revised.lines.remove(0);
    revised.lines.push(OrderLine {
        line_number: "00040".into(),
        quantity: Some(Decimal { value: "3".into() }),
        item: Some(Item { name: "gasket".into(), ..Item::default() }),
        schedule_lines: vec![ScheduleLine {
            quantity: Some(Decimal { value: "3".into() }),
            requested_delivery: revised.requested_delivery.clone(),
            ..ScheduleLine::default()
        }],
        ..OrderLine::default()
    });
    revised.notes.push(Note { text: "one more".into(), language: String::new() });
    let before = export(&imported);
    let after = ubl::export(&revised, Some(&imported.extension), &Parties::default()).expect("an export");
    let (lost, gained) = differences(&before, &after);
    assert!(lost.iter().all(|leaf| leaf.0.starts_with("/Order/cac:OrderLine")), "{lost:?}");
    let gained: Vec<_> =
        gained.iter().map(|leaf| (leaf.0.rsplit('/').next().unwrap_or_default(), leaf.1.as_str())).collect();
    assert_eq!(
        gained,
        [("cbc:Name", "gasket"), ("cbc:ID", "00040"), ("cbc:Quantity", "3"), ("cbc:Note", "one more")]
    );
    let text = String::from_utf8(after).expect("utf-8");
    assert!(!text.contains("OrderableUnitFactorRate"), "what belonged to the line that went is gone");
    assert_eq!(text.matches("<cac:Delivery>").count(), 4, "deliveries of line 00020 are still there");
}

#[test]
fn an_order_of_no_document_becomes_a_plain_one() {
    let mut order = import(minimal().as_bytes()).content;
    order.parties.clear();
    order.issue_date = None;
    let named = |name: &str| Party { name: name.into(), ..Party::default() };
    let mut seller = named("宁波铸件");
    seller.ids.push(Identifier { scheme: ubl::BY_BUYER.into(), value: "V1001".into() });
    let otherwise = Parties { buyer: named("江南泵业"), seller, issue_date: "2026-03-05".into() };
    let out = ubl::export(&order, None, &otherwise).expect("an export");
    let again = import(&out);
    assert_eq!(again.seller_name, "宁波铸件");
    assert_eq!(again.supplier.vendor_number, "V1001");
    assert_eq!(again.content.lines, order.lines);
    assert_eq!(again.content.issue_date, Some(Date { year: 2026, month: 3, day: 5 }));
    assert!(
        again.extension.entries().iter().all(|(path, _)| !path.contains("OrderLine")),
        "{:?}",
        again.extension.entries()
    );
}

#[test]
fn prices_with_tax_are_told_from_prices_without() {
    let mut order = import(minimal().as_bytes()).content;
    order.price_includes_tax = Some(true);
    let refused = ubl::export(&order, None, &Parties::default()).expect_err("no rate is stated");
    assert_eq!(refused.reason.as_str(), "DOCUMENT_UNSUPPORTED");
    order.lines[0].tax = Some(Tax { category: "S".into(), rate: Some(Decimal { value: "0.13".into() }) });
    let text =
        String::from_utf8(ubl::export(&order, None, &Parties::default()).expect("an export")).expect("utf-8");
    assert!(text.contains("<cbc:PriceAmount currencyID=\"CNY\">11.061947</cbc:PriceAmount>"), "{text}");
    assert!(
        text.contains("<cbc:TaxInclusivePriceAmount currencyID=\"CNY\">12.50</cbc:TaxInclusivePriceAmount>")
    );
    assert!(text.contains("<cbc:TaxInclusiveLineExtensionAmount currencyID=\"CNY\">1250.00<"));
    assert!(text.contains("<cbc:LineExtensionAmount currencyID=\"CNY\">1106.19<"));
}

#[test]
fn ten_thousand_lines_are_an_order_and_one_more_is_not() {
    let item = |number: usize| {
        format!(
            "<cac:OrderLine><cac:LineItem><cbc:ID>{number}</cbc:ID><cbc:Quantity unitCode=\"H87\">1</cbc:Quantity>\
             <cac:Price><cbc:PriceAmount currencyID=\"CNY\">1</cbc:PriceAmount></cac:Price>\
             <cac:Item><cbc:Name>bolt</cbc:Name><cbc:BrandName>B</cbc:BrandName></cac:Item></cac:LineItem></cac:OrderLine>"
        )
    };
    let lines = |count: usize| (100..100 + count).map(item).collect::<String>();
    let document = minimal().replace("</Order>", &format!("{}</Order>", lines(9_999)));
    let imported = import(document.as_bytes());
    assert_eq!(imported.content.lines.len(), 10_000);
    let (lost, gained) = differences(document.as_bytes(), &export(&imported));
    assert!(lost.is_empty() && gained.is_empty(), "{lost:?} {gained:?}");
    let document = minimal().replace("</Order>", &format!("{}</Order>", lines(10_000)));
    let error = ubl::import(document.as_bytes(), "default").expect_err("too many lines");
    assert_eq!(error.fields[0].reason, "TOO_MANY");
}
