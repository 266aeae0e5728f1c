use serde_json::{Value, value::RawValue};

use super::*;
use crate::convert::read::Wrong;

const GROUP: &str = r#"{
    "capacityGroupId": "urn:uuid:0157BA42-d2a8-4e28-8565-7b07830c1110", "name": "8 号机 & more", "somethingNew": [1],
    "customer": "BPNL00000000052o", "supplier": "BPNL0000000000JS", "changedAt": "2026-11-23T09:00:00.123+08:00",
    "unitOfMeasure": "unit:secondUnitOfTime", "unitOfMeasureIsOmitted": false, "capacityGroupIsInactive": false,
    "supplierLocations": ["BPNS0000000000S1"],
    "linkedDemandSeries": [{"materialNumberCustomer": "X", "customerLocation": "BPNS0000000000C1",
        "demandCategory": {"demandCategoryCode": "SR99"}, "loadFactor": 15E-1}],
    "capacities": [{"pointInTime": "2026-12-28", "actualCapacity": 734400, "maximumCapacity": 8.64e5,
        "deltaProductionResult": -0.10}],
    "demandVolatilityParameters": {"startReferenceDateTime": "2027-01-04T00:00:00Z", "measurementInterval": 4.0,
        "rollingHorizonAlertThresholds": [{"sequenceNumber": 1, "subhorizonLength": 4,
            "relativeNegativeDeviation": 0.3}]}
}"#;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

fn group(text: &str) -> (group::Payload, Vec<(String, &'static str)>) {
    let mut wrong = Wrong::default();
    let object = Object::read(&mut wrong, "", raw(text)).unwrap();
    let payload = group::read(&mut wrong, &object);
    (payload, wrong.0.into_iter().map(|field| (field.path, field.reason)).collect())
}

#[test]
fn a_payload_comes_out_as_it_went_in() {
    let (payload, wrong) = group(GROUP);
    assert_eq!(wrong, []);
    let written = group::write(&payload).unwrap();
    assert_eq!(group(written.get()).0, payload);
    let json: Value = serde_json::from_str(written.get()).unwrap();
    assert_eq!(json["capacityGroupId"], "0157ba42-d2a8-4e28-8565-7b07830c1110");
    assert_eq!(json["changedAt"], "2026-11-23T01:00:00.123Z");
    assert!(written.get().contains(r#""deltaProductionResult":-0.10"#), "{written}");
    assert!(json.get("somethingNew").is_none() && json["capacities"][0].get("agreedCapacity").is_none());
}

#[test]
fn every_bad_property_is_named() {
    let bad = GROUP
        .replace("2026-12-28", "2026-12-29")
        .replace("8.64e5", "1")
        .replace("unit:secondUnitOfTime", "unit:cake")
        .replace("15E-1", "-1")
        .replace("SR99", "9999")
        .replace("\"BPNS0000000000S1\"", "7")
        .replace("4.0", "4.5")
        .replace("0.3", "1.1");
    let (_, wrong) = group(&bad);
    let expected = [
        ("supplierLocations[0]", "BPN"),
        ("unitOfMeasure", "UNIT"),
        ("linkedDemandSeries[0].demandCategory.demandCategoryCode", "CATEGORY"),
        ("linkedDemandSeries[0].loadFactor", "RANGE"),
        ("capacities[0].pointInTime", "MONDAY"),
        ("demandVolatilityParameters.rollingHorizonAlertThresholds[0].relativeNegativeDeviation", "RANGE"),
        ("demandVolatilityParameters.measurementInterval", "RANGE"),
    ];
    assert_eq!(wrong, expected.map(|(path, reason)| (path.to_owned(), reason)));
    let below = group(&GROUP.replace("8.64e5", "1")).1;
    assert_eq!(below, [("capacities[0].maximumCapacity".to_owned(), "BELOW_ACTUAL")]);
}

#[test]
fn objects_come_alone_in_lists_and_in_messages() {
    let objects = |text: &str| {
        let mut wrong = Wrong::default();
        let envelope = envelope(&mut wrong, raw(text));
        let paths: Vec<String> = envelope.objects.into_iter().map(|(path, _)| path).collect();
        (envelope.header.map(|header| header.sender), paths, wrong.0.len())
    };
    assert_eq!(objects("{}"), (None, vec![String::new()], 0));
    assert_eq!(objects("[{}, {}]"), (None, vec!["[0]".into(), "[1]".into()], 0));
    let header = r#"{"messageId": "3b4edc05-e214-47a1-b0c2-1d831cdd9ba9", "context": "c", "version": "3.0.0",
        "sentDateTime": "2023-06-19T21:24:00+07:00", "senderBpn": "BPNL7588787849VQ", "receiverBpn": "BPNL6666787765VQ"}"#;
    let message = format!(r#"{{"messageHeader": {header}, "content": {{"informationObject": [{{}}]}}}}"#);
    let path = "content.informationObject[0]".to_owned();
    let expected = (Some("BPNL7588787849VQ".into()), vec![path], 0);
    assert_eq!(objects(&message), expected);
    let aspect = message.replace(header, &format!(r#"{{"header": {header}}}"#));
    assert_eq!(objects(&aspect), expected, "the header as an aspect");
    assert_eq!(objects(&message.replace("BPNL7588787849VQ", "me")).2, 1);
    assert_eq!(objects(r#"{"content": {}}"#).2, 1);
}

#[test]
fn a_request_for_update_means_everything_all_of_a_kind_or_what_is_newer() {
    let wanted = |text: &str| {
        let mut wrong = Wrong::default();
        let object = Object::read(&mut wrong, "", raw(text)).unwrap();
        (wanted(&mut wrong, &object), wrong.0.len())
    };
    assert_eq!(wanted("{}"), ((Wanted::All, Wanted::All), 0));
    assert_eq!(wanted(r#"{"weekBasedMaterialDemand": []}"#), ((Wanted::All, Wanted::Nothing), 0));
    let id = "0157ba42-d2a8-4e28-8565-7b07830c3456";
    let named = format!(
        r#"{{"weekBasedMaterialDemand": [{{"materialDemandId": "{id}", "changedAt": "2023-03-10T12:27:11.320Z"}}]}}"#
    );
    let ((demands, groups), wrong) = wanted(&named);
    let at = |text: &str| {
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    let id = uuid::Uuid::try_parse(id).unwrap();
    assert_eq!((groups, wrong), (Wanted::Nothing, 0));
    assert!(
        !demands.is(id, at("2023-03-10T12:27:11.320Z")) && demands.is(id, at("2023-03-10T12:27:11.321Z"))
    );
    assert!(!demands.is(uuid::Uuid::nil(), at("2030-01-01T00:00:00Z")));
    assert_eq!(wanted(r#"{"weekBasedCapacityGroup": "This should not compute"}"#).1, 1);
}
