//! Every class of refusal over HTTP: its status, its reason, and what it says to programs and people.

use chassis::config::Config;
use harness::{Options, World, http::answer, order, request_id};
use http::Method;
use proto::partners::Role;
use serde_json::{Value, json};

use super::{PUBLISH, request};

const GET: &str = "orders.v1.OrderService/GetOrder";

#[tokio::test]
async fn what_is_no_call_of_ours_is_answered_in_json_too() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    for (body, line, column) in
        [("{\"orderId\": }", "1", "13"), ("{\n  \"orderId\": \"x\"", "2", "16"), ("[", "1", "1")]
    {
        let malformed = erp.post(GET, body).await;
        assert_eq!(malformed.refusal(), (400, "JSON_MALFORMED"), "{malformed:?}");
        assert_eq!(malformed.body["code"], "INVALID_ARGUMENT");
        assert_eq!(malformed.body["metadata"], json!({ "line": line, "column": column }), "{malformed:?}");
        assert!(malformed.body["messageZh"].as_str().unwrap().contains("JSON"));
    }
    // GBK, as some programs here still send it.
    let gbk = erp.call(GET, "").body(b"{\"orderId\": \"\xb6\xa9\xb5\xa5\"}".to_vec());
    assert_eq!(answer(gbk).await.refusal(), (400, "JSON_MALFORMED"));

    let path = format!("/tandem.{GET}");
    for kind in [
        "text/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
        "application/x-ndjson",
    ] {
        let refused = erp.request(Method::POST, &path).header("content-type", kind).body("{}");
        assert_eq!(answer(refused).await.refusal(), (415, "MEDIA_TYPE"), "{kind}");
    }
    assert_eq!(answer(erp.request(Method::POST, &path).body("{}")).await.refusal(), (415, "MEDIA_TYPE"));
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let refused = answer(erp.request(method, &path)).await;
        assert_eq!((refused.refusal(), refused.header("allow")), ((405, "HTTP_METHOD"), "POST"));
    }
    assert_eq!(answer(erp.request(Method::HEAD, &path)).await.status, 405);
    for name in ["orders.v1.OrderService/DropTables", "orders.v1.OrderService", "nothing/Get"] {
        assert_eq!(erp.post(name, "{}").await.refusal(), (404, "RPC_UNKNOWN"), "{name}");
    }
    assert_eq!(erp.get("/favicon.ico").await.refusal(), (404, "RPC_UNKNOWN"));
    world.finish().await;
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    let mut typos = request("r1", "A1");
    typos["content"]["orderNumbre"] = "A1".into();
    typos["content"]["lines"][0]["quantity"] = true.into();
    typos["suplier"] = json!({});
    let refused = erp.post(PUBLISH, typos).await;
    assert_eq!(refused.refusal(), (400, "INVALID_FIELDS"));
    let found = refused.fields();
    for expected in [
        ("content.orderNumbre", "UNKNOWN_FIELD"),
        ("content.lines[0].quantity", "TYPE"),
        ("suplier", "UNKNOWN_FIELD"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert!(refused.body["fields"].to_string().contains("did you mean `supplier`?"));

    // What only the service can know has the names of JSON, too.
    let mut wrong = request("r1", "A1");
    wrong["content"]["priceIncludesTax"] = Value::Null;
    wrong["content"]["lines"][0]["quantity"] = "1e3".into();
    wrong["content"]["lines"][0]["scheduleLines"][0]["requestedDelivery"]["until"] = "2026-02-30".into();
    let refused = erp.post(PUBLISH, wrong).await;
    assert_eq!(refused.refusal(), (400, "INVALID_FIELDS"));
    let found: Vec<&str> = refused.fields().into_iter().map(|(path, _)| path).collect();
    for expected in [
        "content.priceIncludesTax",
        "content.lines[0].quantity",
        "content.lines[0].scheduleLines[0].requestedDelivery.until",
    ] {
        assert!(found.contains(&expected), "{expected} in {found:?}");
    }
    // An empty body is an empty request.
    assert!(erp.ok("stream.v1.StreamService/GetHead", "").await["cursor"].is_string());
    world.finish().await;
}

#[tokio::test]
async fn every_code_has_its_status() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let erp = world.http(&buyer.key);
    for token in ["", "tdm_live_nonsense"] {
        let refused = world.http(token).post(GET, json!({ "orderId": "x" })).await;
        assert_eq!(refused.refusal(), (401, "UNAUTHENTICATED"));
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    // Who may not call is told so whatever is sent.
    assert_eq!(world.http("").post(PUBLISH, "{".repeat(100)).await.refusal(), (401, "UNAUTHENTICATED"));
    let sales = buyer.key_with(&[Role::Sales], None).await;
    let denied = world.http(sales.token()).post(PUBLISH, request("r1", "A1")).await;
    assert_eq!(denied.refusal(), (403, "PERMISSION_DENIED"));
    assert_eq!(denied.body["metadata"]["permission"], "PERMISSION_ORDERS_PUBLISH");

    let receipt = erp.ok(PUBLISH, request("r1", "A1")).await;
    let order = json!({ "orderId": receipt["orderId"] });
    let stranger = world.firm("外人").await;
    let foreign = world.http(&stranger.key).post(GET, &order).await;
    let nothing = world.http(&stranger.key).post(GET, json!({ "orderId": request_id() })).await;
    assert_eq!(foreign.refusal(), (404, "NOT_FOUND"));
    assert_eq!(foreign.body, nothing.body, "what belongs to others is the same as what is not there");

    let exists = erp.post(PUBLISH, request("r2", "A1")).await;
    assert_eq!((exists.refusal(), &exists.body["code"]), ((409, "ORDER_EXISTS"), &"ALREADY_EXISTS".into()));
    assert_eq!(exists.body["metadata"]["order_id"], receipt["orderId"]);
    let outdated =
        json!({ "requestId": "a", "orderId": receipt["orderId"], "revision": 7, "acceptAll": true });
    let outdated = world.http(&supplier.key).post("orders.v1.OrderService/RespondToOrder", outdated).await;
    assert_eq!(outdated.refusal(), (400, "REVISION_OUTDATED"));
    assert_eq!(outdated.body["code"], "FAILED_PRECONDITION");
    assert!(!outdated.header("x-request-id").is_empty());
    world.finish().await;
}

#[tokio::test]
async fn limits_are_those_of_grpc() {
    let hurry = |config: &mut Config| (config.limits.requests_per_second, config.limits.burst) = (1, 40);
    let world = World::with(Options { configure: hurry, ..Options::default() }).await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    let mut large = request("r1", "A1");
    large["content"]["accountingCost"] = "x".repeat(5 << 20).into();
    assert_eq!(erp.post(PUBLISH, &large).await.refusal(), (413, "REQUEST_TOO_LARGE"), "as a message");
    large["content"]["accountingCost"] = "x".repeat(9 << 20).into();
    assert_eq!(erp.post(PUBLISH, &large).await.refusal(), (413, "REQUEST_TOO_LARGE"), "as text");
    let blanks = " ".repeat(3 << 20);
    assert_eq!(erp.post(GET, &blanks).await.refusal(), (413, "REQUEST_TOO_LARGE"), "of a smaller method");

    let mut last = erp.post(GET, "{}").await;
    for _ in 0..60 {
        if last.status == 429 {
            break;
        }
        last = erp.post(GET, "{}").await;
    }
    assert_eq!(last.refusal(), (429, "RATE_LIMITED"));
    let seconds: u64 = last.header("retry-after").parse().expect("seconds");
    assert!((1..=2).contains(&seconds) && last.body["retryAfterMs"].is_number(), "{last:?}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_our_fault_says_to_come_again() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    let mut lock = world.owner_pool().await.begin().await.unwrap();
    sqlx::query("lock table orders.purchase_order in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let waiting = erp.call(PUBLISH, request("r1", "A1")).header("grpc-timeout", "500m");
    assert_eq!(answer(waiting).await.refusal(), (504, "DEADLINE_EXCEEDED"));
    lock.rollback().await.unwrap();
    let receipt = harness::until("it goes through", std::time::Duration::from_secs(60), async || {
        let answer = erp.post(PUBLISH, request("r1", "A1")).await;
        (answer.status == 200).then_some(answer.body)
    })
    .await;
    assert_eq!(receipt["version"], "1", "the same request tells what became of it");
    buyer.publish(order("A2").line("10", "X", "1", "1").to("V100")).await.expect("published");
    world.settled().await;
    world.deps().pool.close().await;
    assert_eq!(erp.post(GET, json!({ "orderId": request_id() })).await.refusal(), (503, "UNAVAILABLE"));
    world.finish().await;
}
