//! The endpoints that the kit's OpenAPI documents describe: what they take is what Tandem takes and what it writes, and what
//! they answer is among what Tandem answers.

use std::fs;

use harness::{Firm, World, request_id, tell::aloud};
use proto::capacity::{ExportPayloadsRequest, PayloadKind};
use serde_json::json;

use super::{
    DEMAND, GROUP,
    exact::{Json, Schema, corpus},
    examples::{comment, demand, group, named, one},
    objects, rows, updates, yaml,
};
use crate::capacity::golden;

/// A document of the kit.
struct Document {
    body: Schema,
    /// What its one endpoint answers.
    statuses: Vec<i32>,
}

impl Document {
    fn of(name: &str) -> Document {
        let file = format!("kit__openApi_dcm_kit_dcm-{name}.yaml");
        let text = fs::read_to_string(corpus().expect("a corpus").join(&file)).expect("a document");
        let document = yaml::parse(&text);
        let paths = document["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), 1, "{file}");
        let post = paths.values().map(|path| &path["post"]).next().expect("an endpoint");
        let reference = post["requestBody"]["$ref"].as_str().expect("a body");
        let body = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).expect("a body");
        let schema = json!({
            "allOf": [body["content"]["application/json"]["schema"]],
            "components": document["components"],
        });
        let statuses = post["responses"].as_object().expect("answers").keys();
        let statuses = statuses.map(|status| status.parse().expect("a status")).collect();
        Document { body: Schema::of(&file, &schema), statuses }
    }
}

/// A message as the documents have it: the whole aspect of a header, with its one property in it.
fn message(sender: &str, receiver: &str, object: &Json) -> Json {
    let header = json!({
        "messageId": request_id(), "context": "c", "version": "3.0.0", "sentDateTime": "2026-11-23T09:00:00Z",
        "senderBpn": sender, "receiverBpn": receiver,
    });
    let mut message = Json::of(&header).under("header").under("messageHeader");
    let content = Json::List(vec![object.clone()]).under("informationObject");
    message.object().insert("content".into(), content);
    message
}

/// A message of ours, whose header is the aspect's property alone, as CX-0128 writes it.
fn wrapped(content: &[u8]) -> Json {
    let mut message = Json::parse(std::str::from_utf8(content).expect("UTF-8"));
    let header = message["messageHeader"].under("header");
    message.object().insert("messageHeader".into(), header);
    message
}

/// The message that answers a request for update.
pub(super) async fn exported(sender: &Firm, receiver: &Firm, kind: PayloadKind, request: &str) -> Vec<u8> {
    let request = ExportPayloadsRequest {
        kind: kind.into(),
        counterparty_id: receiver.id.clone(),
        request_for_update: request.to_owned().into(),
    };
    sender.catena().export_payloads(request).await.expect("exported").into_inner().content.to_vec()
}

#[tokio::test]
async fn messages_fit_what_the_kit_describes_of_its_endpoints() {
    if corpus().is_none() {
        return;
    }
    let world = World::with(golden()).await;
    let (customer, supplier) = named(&world).await;
    let (demand, group) = (demand(), group("linkedCapacityGroups"));
    let comment = comment(&group);
    let numbers = [demand["customer"].text(), demand["supplier"].text()];
    for (name, kind, payload) in [
        ("WeekBasedMaterialDemand-openAPI_3-0.0", PayloadKind::MaterialDemand, &demand),
        ("WeekBasedCapacityGroup-openAPI_3-0.0", PayloadKind::CapacityGroup, &group),
        ("IdBasedComment-openAPI_1-0-0", PayloadKind::Comment, &comment),
    ] {
        let mut document = Document::of(name);
        let from_customer = kind == PayloadKind::MaterialDemand;
        let (sender, receiver) = if from_customer { (&customer, &supplier) } else { (&supplier, &customer) };
        let [from, to] = if from_customer { numbers } else { [numbers[1], numbers[0]] };
        let sent = message(from, to, payload);
        document.body.hold(&sent);
        let result = one(sender, kind, &sent).await;
        assert!(result.status == 201 && document.statuses.contains(&201), "{name}: {result:?}");
        let content = exported(sender, receiver, kind, "").await;
        document.body.hold(&wrapped(&content));
        assert_eq!(objects(&content)[0].said(), payload.said(), "{name}");
        let refused = one(sender, kind, &message(from, to, &Json::of(&json!({})))).await;
        assert!(refused.status == 400 && document.statuses.contains(&400), "{name}: {refused:?}");
    }
    // A request for update is a message, too.
    let mut document = Document::of("IdBasedRequestForUpdate-openAPI_3-0-0");
    let wanted =
        json!({ "weekBasedMaterialDemand": [{ "materialDemandId": demand["materialDemandId"].text() }] });
    let request = message(numbers[1], numbers[0], &Json::of(&wanted));
    document.body.hold(&request);
    let content = exported(&customer, &supplier, PayloadKind::MaterialDemand, &request.to_string()).await;
    assert!(objects(&content).len() == 1 && document.statuses.contains(&200));
    world.finish().await;
}

/// The documents and the schemas of the models agree on every row of the tables.
#[test]
fn the_kits_documents_agree_with_the_schemas() {
    if corpus().is_none() {
        return;
    }
    let mut compared = 0;
    for (name, model, tables) in [
        ("WeekBasedMaterialDemand-openAPI_3-0.0", DEMAND, ["md-valid.json", "md-invalid.json"]),
        ("WeekBasedCapacityGroup-openAPI_3-0.0", GROUP, ["cg-valid.json", "cg-invalid.json"]),
    ] {
        let (document, schema) = (Document::of(name), Schema::new(model));
        for row in tables.into_iter().flat_map(|table| rows(table).expect("a table")) {
            let payload = &row["payload"];
            let described =
                document.body.faults(&message(super::CUSTOMER, super::SUPPLIER, payload)).is_empty();
            assert_eq!(described, schema.faults(payload).is_empty(), "{name}, row {}", row["row"]);
            compared += 1;
        }
    }
    let (document, schema) =
        (Document::of("IdBasedRequestForUpdate-openAPI_3-0-0"), Schema::new(updates::NEWEST));
    for request in updates::all() {
        let described = document.body.faults(&message(super::CUSTOMER, super::SUPPLIER, &request)).is_empty();
        assert_eq!(described, schema.faults(&request).is_empty(), "{request}");
        compared += 1;
    }
    aloud(format_args!("catena-x: {compared} rows of tables judged alike by OpenAPI documents and schemas"));
    assert_eq!(compared, 67 + 20 + 101 + 48 + 18);
}
