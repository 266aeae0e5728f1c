//! The API without gRPC: every method in JSON over HTTP, by clients that know nothing of the contract.

mod docs;
mod many;
mod refusals;
mod streams;

use chassis::gate;
use harness::{Options, World, http::answer, order};
use http::Method;
use proto::access::Permission;
use serde_json::{Value, json};

const PUBLISH: &str = "orders.v1.OrderService/PublishOrder";

/// An order of one line for `V100`, as an ERP would write it.
fn request(id: &str, number: &str) -> Value {
    json!({
        "requestId": id,
        "supplier": { "vendorNumber": "V100" },
        "content": {
            "orderNumber": number, "issueDate": "2026-11-23", "currency": "CNY", "priceIncludesTax": false,
            "lines": [{
                "lineNumber": "10", "item": { "name": "叶轮", "buyerItemId": "X-1" }, "quantity": 1800.50,
                "unitCode": "MTR", "price": { "amount": "3.20" },
                "scheduleLines": [{ "quantity": "1800.50", "requestedDelivery": { "until": "2026-12-28" } }],
            }],
        },
    })
}

#[tokio::test]
async fn an_order_goes_back_and_forth() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (erp, factory) = (world.http(&buyer.key), world.http(&supplier.key));
    let receipt = erp.ok(PUBLISH, request("r1", "A1")).await;
    let id = receipt["orderId"].as_str().expect("an id");
    assert_eq!((&receipt["revision"], &receipt["version"]), (&1.into(), &"1".into()), "64 bits are a text");
    assert_eq!(receipt["lines"][0]["quantities"]["unanswered"], json!({ "value": "1800.50" }));

    let seen = factory.ok("orders.v1.OrderService/GetOrder", json!({ "order_id": id })).await;
    assert_eq!(seen["content"]["issueDate"], json!({ "year": 2026, "month": 11, "day": 23 }));
    assert_eq!(seen["netAmount"], json!({ "value": "5761.60" }));
    let answer =
        json!({ "requestId": "a1", "orderId": id, "revision": 1, "acceptAll": true, "note": "可以" });
    let answered = factory.ok("orders.v1.OrderService/RespondToOrder", answer).await;
    assert_eq!(answered["state"], "ORDER_STATE_ACCEPTED");

    let rows = erp.ok("orders.v1.OrderService/ListScheduleLines", json!({ "side": "SIDE_BUYER" })).await;
    let promised = &rows["rows"][0]["commitments"][0]["committedDeliveryDate"];
    assert_eq!(*promised, json!({ "year": 2026, "month": 12, "day": 28 }));
    world.finish().await;
}

#[tokio::test]
async fn json_and_grpc_are_the_same_request() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let erp = world.http(&buyer.key);
    let grpc = order("A1").line("10", "X-1", "12.50", "3.20").to("V100");
    let first = buyer.publish(grpc.clone()).await.expect("published");
    let mut json = json!({
        "requestId": grpc.request_id,
        "supplier": { "vendorNumber": "V100" },
        "content": {
            "orderNumber": "A1", "orderType": 1, "issueDate": { "year": 2026, "month": 11, "day": 23 },
            "currency": "CNY", "priceIncludesTax": false,
            "requestedDelivery": { "from": "2026-12-28", "until": "2026-12-28" },
            "lines": [{
                "lineNumber": "10", "item": { "name": "X-1 件", "buyerItemId": "X-1" },
                "quantity": "12.50", "unitCode": "H87", "unitText": "个", "price": { "amount": "3.20" },
            }],
        },
    });
    let replayed = erp.ok(PUBLISH, &json).await;
    assert_eq!(replayed["replayed"], true);
    assert_eq!(replayed["orderId"], first.order_id);
    assert_eq!(replayed["version"], first.version.to_string());
    assert_eq!(replayed["lines"][0]["scheduleLineId"], first.lines[0].schedule_line_id);
    json["content"]["lines"][0]["quantity"] = "12.5".into();
    assert_eq!(erp.post(PUBLISH, &json).await.refusal(), (400, "IDEMPOTENCY_KEY_REUSED"));

    // And the other way round.
    let accept = json!({ "requestId": "a1", "orderId": first.order_id, "revision": 1, "acceptAll": true });
    let answered = world.http(&supplier.key).ok("orders.v1.OrderService/RespondToOrder", accept).await;
    let again = proto::orders::RespondToOrderRequest {
        request_id: "a1".into(),
        ..harness::accept_all(&first.order_id)
    };
    let again = supplier.respond(again).await.expect("the same");
    assert!(again.replayed && answered["responseId"] == again.response_id.as_str());
    world.finish().await;
}

/// Whether a method answers everybody the same.
fn asks_for_nothing(path: &str) -> bool {
    path.ends_with("/ListCurrentAnnouncements") || path.ends_with("/GetMailState")
}

#[tokio::test]
async fn every_method_is_there_and_asks_who_calls() {
    let world = World::start().await;
    let nobody = world.http("");
    let methods = gate::methods().expect("the contract");
    assert!(methods.len() > 25);
    let mut faults = Vec::new();
    for (path, method) in &methods {
        let name = path.trim_start_matches("/tandem.");
        let called = nobody.post(name, "{}").await;
        let fits = match method.permission {
            // What is told to everybody asks for nothing.
            Permission::Public if asks_for_nothing(path) => called.status == 200,
            // Its token is the proof, and there is none in an empty request.
            Permission::Public => matches!(called.reason(), "NOT_FOUND" | "INVALID_FIELDS"),
            _ => called.refusal() == (401, "UNAUTHENTICATED"),
        };
        let got = answer(nobody.request(Method::GET, path)).await;
        let text = nobody.request(Method::POST, path).header("content-type", "text/plain").body("{}");
        let text = answer(text).await;
        if !fits || got.refusal() != (405, "HTTP_METHOD") || text.refusal() != (415, "MEDIA_TYPE") {
            faults.push(format!("{path}: {called:?}, GET {}, text {}", got.status, text.status));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    world.finish().await;
}

#[tokio::test]
async fn bodies_may_be_packed_both_ways() {
    use std::io::{Read as _, Write as _};
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(request("r1", "A1").to_string().as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let call = erp.call(PUBLISH, "").header("content-encoding", "gzip").body(packed.clone());
    let receipt = answer(call).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    assert_eq!(receipt.header("content-encoding"), "", "nobody asked for gzip");

    let get = json!({ "orderId": receipt.body["orderId"] });
    let call = erp.call("orders.v1.OrderService/GetOrder", get).header("accept-encoding", "gzip");
    let response = call.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&*response.bytes().await.unwrap()).read_to_string(&mut plain).unwrap();
    assert!(plain.contains("叶轮"));

    let unknown = erp.call(PUBLISH, "").header("content-encoding", "br").body(packed.clone());
    assert_eq!(answer(unknown).await.refusal(), (415, "MEDIA_TYPE"));
    let broken =
        erp.call(PUBLISH, "").header("content-encoding", "gzip").body(packed[..packed.len() / 2].to_vec());
    assert_eq!(answer(broken).await.refusal(), (400, "JSON_MALFORMED"));
    world.finish().await;
}

/// What JSON costs against gRPC, for an order of ten lines; printed, since machines differ.
#[tokio::test]
#[ignore = "a measurement"]
async fn json_beside_grpc() {
    let world = World::with(Options::default()).await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    const ROUNDS: u32 = 300;
    let ten = |n: u32, way: &str| {
        (0..10).fold(order(&format!("{way}{n}")), |order, line| {
            order.line(&line.to_string(), "X-1", "12.50", "3.20")
        })
    };
    let mut body = request("", "");
    let line = body["content"]["lines"][0].clone();
    let (mut by_json, mut by_grpc) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    for n in 0..ROUNDS {
        let lines = (0..10).map(|number| {
            let mut line = line.clone();
            line["lineNumber"] = number.to_string().into();
            line
        });
        body["content"]["lines"] = lines.collect();
        (body["requestId"], body["content"]["orderNumber"]) =
            (format!("j{n}").into(), format!("j{n}").into());
        let began = std::time::Instant::now();
        erp.ok(PUBLISH, &body).await;
        by_json += began.elapsed();
        let began = std::time::Instant::now();
        buyer.publish(ten(n, "g").to("V100")).await.expect("published");
        by_grpc += began.elapsed();
    }
    println!("one order of ten lines: json {:?}, grpc {:?}", by_json / ROUNDS, by_grpc / ROUNDS);
    world.finish().await;
}
