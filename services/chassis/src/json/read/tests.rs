use prost::Message;
use proto::orders::{ListOrdersRequest, PublishOrderRequest, RespondToOrderRequest, Side};

use super::*;
use crate::json::contract::Contract;

fn message(name: &str) -> MessageDescriptor {
    Contract::load().unwrap().pool.get_message_by_name(name).unwrap()
}

fn publish(json: &str) -> Result<PublishOrderRequest> {
    let bytes = read(&message("tandem.orders.v1.PublishOrderRequest"), json.as_bytes())?;
    Ok(PublishOrderRequest::decode(bytes.as_slice()).unwrap())
}

/// Path and reason of every wrong field.
fn wrong(name: &str, json: &str) -> Vec<(String, &'static str)> {
    let error = read(&message(name), json.as_bytes()).unwrap_err();
    assert_eq!(error.reason, Reason::INVALID_FIELDS, "{error}");
    error.fields.into_iter().map(|field| (field.path, field.reason)).collect()
}

#[test]
fn decimals_and_days_are_taken_in_their_handy_forms_digit_by_digit() {
    let order = publish(
        r#"{"content": {"issueDate": "2026-11-23", "validity": {"from": {"year": 2026, "month": 12, "day": 1}},
            "lines": [{"quantity": 1800.50, "price": {"amount": "0.10", "base_quantity": {"value": "1000"}}},
                      {"quantity": 100000000000000000000.000000000000000001}, {"quantity": -1}, {"quantity": null}]}}"#,
    );
    let content = order.unwrap().content.unwrap();
    assert_eq!(content.issue_date, Some(proto::Date { year: 2026, month: 11, day: 23 }));
    assert_eq!(content.validity.unwrap().from.unwrap().month, 12);
    let quantity = |n: usize| content.lines[n].quantity.as_ref().map(|decimal| decimal.value.as_str());
    assert_eq!(quantity(0), Some("1800.50"), "the scale stays");
    assert_eq!(quantity(1), Some("100000000000000000000.000000000000000001"));
    assert_eq!((quantity(2), quantity(3)), (Some("-1"), None));
    let price = content.lines[0].price.as_ref().unwrap();
    assert_eq!(price.amount.as_ref().unwrap().value, "0.10");
    assert_eq!(price.base_quantity.as_ref().unwrap().value, "1000", "names may be those of the contract");
}

#[test]
fn every_scalar_has_its_forms() {
    let read = |json: &str| {
        let bytes = read(&message("tandem.orders.v1.ListOrdersRequest"), json.as_bytes()).unwrap();
        ListOrdersRequest::decode(bytes.as_slice()).unwrap()
    };
    let list = read(r#"{"side": "SIDE_BUYER", "pageSize": 5, "states": [1, "ORDER_STATE_ACCEPTED"]}"#);
    assert_eq!((list.side(), list.page_size, list.states), (Side::Buyer, 5, vec![1, 3]));
    assert_eq!(read(r#"{"side": 2, "pageSize": "7"}"#).page_size, 7);
    assert_eq!(read("\u{feff} {\"side\": 99}").side, 99, "newer than this build");
    assert_eq!((read(""), read(" \n")), (ListOrdersRequest::default(), ListOrdersRequest::default()));
    let import = |json: &str| {
        let bytes =
            super::read(&message("tandem.interchange.v1.ImportDocumentRequest"), json.as_bytes()).unwrap();
        proto::interchange::ImportDocumentRequest::decode(bytes.as_slice()).unwrap().content
    };
    for written in ["+/8=", "-_8", "+/8"] {
        assert_eq!(import(&format!(r#"{{"content": "{written}"}}"#)).as_ref(), [0xfb, 0xff], "{written}");
    }
}

#[test]
fn every_wrong_field_is_named_as_it_was_written() {
    let found = wrong(
        "tandem.orders.v1.PublishOrderRequest",
        r#"{"requestId": 7, "content": {"orderNumbre": "X", "lines": [{"line_number": "1", "quantity": true},
            {"item": [], "tax": {"rate": {"value": 1}}}], "notes": {}, "order_type": "ORDER_TYPE_BIG",
            "issueDate": "28.12.2026"}, "supplier": null, "hello": {"deep": [1, 2]}}"#,
    );
    let expected = [
        ("requestId", "TYPE"),
        ("content.orderNumbre", "UNKNOWN_FIELD"),
        ("content.lines[0].quantity", "TYPE"),
        ("content.lines[1].item", "TYPE"),
        ("content.lines[1].tax.rate.value", "TYPE"),
        ("content.notes", "TYPE"),
        ("content.order_type", "TYPE"),
        ("content.issueDate", "TYPE"),
        ("hello", "UNKNOWN_FIELD"),
    ];
    let found: Vec<(&str, &str)> = found.iter().map(|(path, reason)| (path.as_str(), *reason)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_typing_mistake_is_answered_with_a_guess_and_a_place() {
    let error = publish("{\n  \"content\": {\"编号\": 1,\n    \"orderNumbre\": \"X\"}}").unwrap_err();
    assert_eq!(error.fields[0].message, "OrderContent has no such field (line 2, column 21)");
    let second = &error.fields[1].message;
    assert_eq!(second, "there is no such field; did you mean `orderNumber`? (line 3, column 20)");
}

#[test]
fn nothing_is_said_twice() {
    let name = "tandem.orders.v1.RespondToOrderRequest";
    assert_eq!(wrong(name, r#"{"orderId": "a", "order_id": "b"}"#), [("order_id".into(), "REPEATED")]);
    let both = r#"{"lines": [{"accept": {}, "reject": {}}]}"#;
    assert_eq!(wrong(name, both), [("lines[0].reject".into(), "ONEOF")]);
    let null = read(&message(name), br#"{"lines": [{"accept": {}, "reject": null}]}"#).unwrap();
    assert!(RespondToOrderRequest::decode(null.as_slice()).unwrap().lines[0].answer.is_some());
    // Of an optional scalar, too, which is a choice of one in the descriptors.
    assert!(publish(r#"{"content": {"priceIncludesTax": false, "orderNumber": "1"}}"#).is_ok());
}

#[test]
fn what_is_no_json_says_where() {
    for (text, line, column) in [
        (&b"{\"a\": }"[..], 1, 7),
        (b"{\"requestId\": \"x\",\n \"content\": {]}", 2, 14),
        (b"[1, 2", 1, 5),
        (b"{} {}", 1, 4),
        (b"{'a': 1}", 1, 2),
        ("{\n\"供\": \"供".as_bytes(), 2, 7),
        (b"{\n \"name\": \"\xb9\xa9\xd3\xa6\"}", 2, 11),
    ] {
        let error = read(&message("tandem.orders.v1.PublishOrderRequest"), text).unwrap_err();
        assert_eq!(error.reason, Reason::JSON_MALFORMED, "{error}");
        let place = [("line", line.to_string()), ("column", column.to_string())];
        assert_eq!(error.metadata, place, "{}: {error}", String::from_utf8_lossy(text));
        assert!(error.to_string().starts_with(&format!("line {line}, column {column}: ")), "{error}");
    }
}

#[test]
fn what_is_deep_wide_or_long_costs_little() {
    let deep = format!("{{\"hello\": {}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(wrong("tandem.orders.v1.PublishOrderRequest", &deep), [("hello".into(), "UNKNOWN_FIELD")]);
    let wide = format!("{{\"content\": {{\"notes\": [{}{{}}]}}}}", "{},".repeat(ENTRIES));
    assert_eq!(wrong("tandem.orders.v1.PublishOrderRequest", &wide), [("content.notes".into(), "COUNT")]);
    let many: String = (0..150_000).map(|n| format!("\"f{n}\":0,")).collect();
    let many = wrong("tandem.orders.v1.GetOrderRequest", &format!("{{{many}\"orderId\":\"\"}}"));
    assert_eq!(many, [("(the body)".into(), "COUNT")]);
    let names: String = (0..20_000).map(|n| format!("\"f{n}\":0,")).collect();
    let names = wrong("tandem.orders.v1.GetOrderRequest", &format!("{{{names}\"orderId\":\"\"}}"));
    assert_eq!(names.len(), PROBLEMS);
    let long = wrong("tandem.orders.v1.GetOrderRequest", &format!("{{\"{}\": 1}}", "长".repeat(5_000)));
    assert!(long[0].0.len() < 400);
}
