//! Payloads of Catena-X that come in from a file or pasted, and go out as a file.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use chassis::{Error, Reason};
use proto::{
    capacity::{
        CapacityReceipt, ExportPayloadsRequest, ExportPayloadsResponse, ImportCapacityGroupsResponse,
        ImportCommentsRequest, ImportMaterialDemandsRequest, ImportMaterialDemandsResponse, PayloadResult,
        UploadOutcome, UploadRefusal, UploadViolation,
    },
    partners::{ListRelationshipsResponse, RelationshipState, TradingRelationship},
};

use crate::{
    attacks::{HOME, minted},
    fake::SALES,
    hostile::{Hostile, ID},
};

const IMPORT: &str = "/capacity/payloads/import";

/// The form of an import as browsers send it: a kind, and a file or what was pasted.
fn sent(kind: &str, file: &str, text: &str) -> Request<Body> {
    posted(IMPORT, kind, file, text)
}

fn posted(path: &str, kind: &str, file: &str, text: &str) -> Request<Body> {
    form(path, &[("kind", kind), ("text", text), ("partner", ID)], file)
}

fn form(path: &str, fields: &[(&str, &str)], file: &str) -> Request<Body> {
    let token = minted(SALES, path);
    let field = |name: &str, value: &str| {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body = field("token", &token);
    for (name, value) in fields {
        body += &field(name, value);
    }
    let name = if file.is_empty() { "" } else { "demand.json" };
    body += &format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: \
         application/json\r\n\r\n{file}\r\n--x--\r\n"
    );
    let request = crate::request("POST", path, SALES).header("origin", HOME);
    let mut request = request.body(Body::from(body)).unwrap();
    let kind = "multipart/form-data; boundary=x".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    request
}

fn results() -> Vec<PayloadResult> {
    let violation = UploadViolation {
        field: "[1].demandSeries[0].customerLocation".into(),
        reason: "BPN".into(),
        description: "must be a BPNS".into(),
    };
    let refusal = UploadRefusal {
        message: "some fields are wrong".into(),
        message_zh: "部分字段有误".into(),
        violations: vec![violation],
        ..UploadRefusal::default()
    };
    let receipt = CapacityReceipt {
        id: "taken-id".into(),
        outcome: UploadOutcome::Created.into(),
        ..CapacityReceipt::default()
    };
    vec![
        PayloadResult { status: 201, receipt: Some(receipt), refusal: None },
        PayloadResult { status: 400, receipt: None, refusal: Some(refusal) },
    ]
}

#[tokio::test]
async fn a_payload_is_taken_in_with_what_became_of_each_object() {
    let (api, world) = Hostile::start(false, None).await;
    let page = world.get(IMPORT, SALES).await;
    for said in ["accept=\".json,.txt\"", "value=\"demands\"", "value=\"groups\"", "value=\"comments\""] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    api.script().answer(
        "ImportMaterialDemands",
        [Ok(ImportMaterialDemandsResponse { status: 400, results: results() })],
    );
    let page = world.send(sent("demands", "[{},{}]", "")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    for said in [
        "已接收 1 个，拒绝 1 个",
        "部分字段有误",
        "[1].demandSeries[0].customerLocation：must be a BPNS",
        "taken-id",
        "已新建",
    ] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    let [refused, taken] = ["部分字段有误", "taken-id"].map(|said| page.html.find(said).unwrap());
    assert!(refused < taken, "what is to be mended stands first");
    let asked: ImportMaterialDemandsRequest = api.asked("ImportMaterialDemands");
    assert_eq!(&asked.content[..], b"[{},{}]");
    // The form is the same, as when somebody goes back to it.
    let mut requests = vec![asked.request_id];
    for file in ["[{},{}]", "[{}]"] {
        world.send(sent("demands", file, "")).await;
        requests.push(api.asked::<ImportMaterialDemandsRequest>("ImportMaterialDemands").request_id);
    }
    assert_eq!(requests[0], requests[1], "the same twice is once");
    assert_ne!(requests[0], requests[2], "another file is another request");
    // Pasted, it may be as long as a file.
    let long = format!("[{}]", "{}, ".repeat(17 * 1_024));
    assert_eq!(world.send(sent("demands", "", &long)).await.status, StatusCode::OK);
    let pasted: ImportMaterialDemandsRequest = api.asked("ImportMaterialDemands");
    assert_eq!(&pasted.content[..], long.as_bytes());

    world.send(sent("comments", "", "{\"pasted\": true}")).await;
    assert_eq!(&api.asked::<ImportCommentsRequest>("ImportComments").content[..], b"{\"pasted\": true}");
    api.script().answer("ImportCapacityGroups", [Ok(ImportCapacityGroupsResponse::default())]);
    assert!(world.send(sent("groups", "[]", "")).await.says("报文中没有对象"));
}

#[tokio::test]
async fn what_is_no_payload_is_said_and_what_was_pasted_is_kept() {
    let (api, world) = Hostile::start(false, None).await;
    api.calls();
    let page = world.send(sent("demands", "", "")).await;
    assert!(page.says("请选择文件或粘贴 JSON"), "{}", page.html);
    let page = world.send(sent("", "[]", "")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "what it holds: {}", page.html);
    api.unchanged("nothing was sent");
    api.script().refuse("ImportMaterialDemands", Error::new(Reason::JSON_MALFORMED));
    let page = world.send(sent("demands", "", "{ no json")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    assert!(page.says("不是格式正确的 JSON") && page.says("{ no json</textarea>"), "{}", page.html);
    let wrong = Error::field("messageHeader.senderBpn", "BPN", "is not your own number");
    api.script().refuse("ImportMaterialDemands", wrong);
    let page = world.send(sent("demands", "", "{}")).await;
    assert!(page.says("messageHeader.senderBpn：BPN"), "{}", page.html);
}

#[tokio::test]
async fn a_payload_for_a_partner_is_counted_and_saved() {
    let (api, world) = Hostile::start(false, None).await;
    let written = |objects| ExportPayloadsResponse {
        content: "{\"messageHeader\":{}}".into(),
        objects,
        left_out_ids: vec!["left-out".into()],
    };
    api.script().answer("ExportPayloads", [Ok(written(2)), Ok(written(2)), Ok(written(0))]);
    let asked = |path: &str| format!("/capacity/payloads/{path}?kind=groups&partner={ID}");
    let page = world.get(&asked("preview"), SALES).await;
    assert!(page.says("报文中有 2 个对象") && page.says("left-out"), "{}", page.html);
    assert!(page.says(&asked("file").replace('&', "&#38;")), "{}", page.html);
    let file = world.get(&asked("file"), SALES).await;
    assert_eq!(
        (file.header("content-type"), file.html.as_str()),
        ("application/json", "{\"messageHeader\":{}}")
    );
    assert!(file.header("content-disposition").contains("groups-2026-11-23.json"));
    let page = world.get(&asked("preview"), SALES).await;
    assert!(page.says("没有给该合作伙伴的内容") && !page.says("下载 JSON"), "{}", page.html);
    let unknown = world.get(&format!("/capacity/payloads/preview?kind=orders&partner={ID}"), SALES).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

/// A relationship of the own firm with another one, which buys or supplies.
fn with(partner: &str, buys: bool) -> TradingRelationship {
    let [buyer, supplier] = if buys { [partner, ID] } else { [ID, partner] };
    TradingRelationship {
        buyer_id: buyer.into(),
        supplier_id: supplier.into(),
        state: RelationshipState::Active.into(),
        ..TradingRelationship::default()
    }
}

#[tokio::test]
async fn each_side_is_offered_what_is_written_for_it() {
    let (api, world) = Hostile::start(false, None).await;
    let relationships = vec![with("customer", true), with("supplier", false)];
    let partners = ListRelationshipsResponse { relationships, ..Default::default() };
    api.script().answer("ListRelationships", vec![Ok(partners); 2]);
    let page = world.get("/capacity/payloads", SALES).await;
    for (kind, partner, written) in [
        ("demands", "supplier", true),
        ("demands", "customer", false),
        ("groups", "supplier", false),
        ("groups", "customer", true),
        ("comments", "supplier", true),
        ("comments", "customer", true),
    ] {
        let href = format!("preview?kind={kind}&#38;partner={partner}\"");
        assert_eq!(page.says(&href), written, "{href}: {}", page.html);
    }
    api.calls();
    let fields = [("kind", "groups"), ("partner", "supplier"), ("text", "{}")];
    let page = world.send(form("/capacity/payloads/answer", &fields, "")).await;
    assert!(page.says("产能组只发给客户"), "{}", page.html);
    assert!(api.calls().iter().all(|call| call.rpc != "ExportPayloads"), "nothing is asked for");
}

#[tokio::test]
async fn a_firm_without_a_number_is_named() {
    let (api, world) = Hostile::start(false, None).await;
    let relationships = vec![TradingRelationship { buyer_name: "承宇".into(), ..with("customer", true) }];
    let partners = ListRelationshipsResponse { relationships, ..Default::default() };
    api.script().answer("ListRelationships", vec![Ok(partners); 2]);
    for (firm, said) in [("customer", "承宇尚未登记 BPNL"), (ID, "尚未登记 BPNL")] {
        api.script().refuse("ExportPayloads", Error::new(Reason::BPN_MISSING).with("firm_id", firm));
        let page = world.get("/capacity/payloads/preview?kind=groups&partner=customer", SALES).await;
        assert!(page.says(said) && page.says("由平台运营方登记"), "{}", page.html);
        assert_eq!(page.says("承宇尚未"), firm != ID, "the firm that lacks it: {}", page.html);
    }
}

#[tokio::test]
async fn what_a_partner_asks_to_be_updated_is_written_and_no_more() {
    let (api, world) = Hostile::start(false, None).await;
    let partners = ListRelationshipsResponse { relationships: vec![with(ID, true)], ..Default::default() };
    let form = "/capacity/payloads/answer";
    let wanted = "{\"weekBasedMaterialDemand\":[]}";
    api.script().answer("ListRelationships", vec![Ok(partners); 4]);
    api.script().refuse("ExportPayloads", Error::field("weekBasedMaterialDemand", "REQUIRED", "is required"));
    let page = world.send(posted(form, "demands", "", "{}")).await;
    assert!(page.says("weekBasedMaterialDemand：REQUIRED") && page.says("{}</textarea>"), "{}", page.html);
    // Beyond what an address carries, and beyond what a field of another form takes.
    for long in [9_000, 65 * 1_024] {
        let page = world.send(posted(form, "demands", "", &"x".repeat(long))).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{long}");
        assert!(page.says("内容太大") && page.says("xxx</textarea>"), "{long}");
    }
    let page = world.send(posted(form, "demands", "", wanted)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    let page = world.get(page.header("location"), SALES).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let asked: ExportPayloadsRequest = api.asked("ExportPayloads");
    assert_eq!((&asked.request_for_update[..], asked.counterparty_id.as_str()), (wanted.as_bytes(), ID));
}
