//! A feed over HTTP: lines that come as things happen, and go on from a cursor.

use harness::{World, order};
use proto::stream::GetHeadRequest;
use serde_json::{Value, json};
use tokio::process::Command;

const SUBSCRIBE: &str = "stream.v1.StreamService/Subscribe";

fn is(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |entry| entry["event"]["type"].as_str().is_some_and(|name| name.ends_with(kind))
}

#[tokio::test]
async fn events_come_as_they_happen_and_go_on_from_a_cursor() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let factory = world.http(&supplier.key);
    let mut lines = factory.lines(SUBSCRIBE, json!({ "latest": true }), "*/*").await;
    assert_eq!(lines.status, 200);
    let first = lines.next().await.expect("where it stands");
    assert!(first["cursor"].is_string(), "{first}");

    // The stream is open, and this happens now.
    let receipt =
        buyer.publish(order("A1").line("10", "X", "12.50", "1").to("V100")).await.expect("published");
    let published = lines.event(is("order.published.v1")).await;
    let seen = &published["event"]["payload"]["order"];
    assert_eq!(
        (&seen["id"], &seen["content"]["orderNumber"]),
        (&receipt.order_id.as_str().into(), &"A1".into())
    );
    assert_eq!(seen["content"]["lines"][0]["quantity"], json!({ "value": "12.50" }));
    assert_eq!(published["event"]["version"], "1");
    drop(lines);

    // What happens meanwhile is there afterwards, once.
    supplier.accept_all(&receipt.order_id).await.expect("answered");
    world.settled().await;
    let after = json!({ "after": published["cursor"], "untilHead": true });
    let mut lines = factory.lines(SUBSCRIBE, after, "application/x-ndjson").await;
    let mut events = Vec::new();
    while let Some(line) = lines.next().await {
        assert!(line.get("error").is_none(), "{line}");
        events.extend(line["events"].as_array().cloned().unwrap_or_default());
    }
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"]["payload"]["state"], "ORDER_STATE_ACCEPTED");

    // The same places and cursors as over gRPC.
    let feed = supplier.events().await;
    let same = feed
        .iter()
        .find(|entry| events[0]["seq"].as_str() == Some(&entry.seq.to_string()))
        .expect("the same place");
    assert_eq!(events[0]["cursor"], same.cursor.as_str());
    world.finish().await;
}

#[tokio::test]
async fn a_browser_gets_server_sent_events() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    buyer.publish(order("A1").line("10", "X", "1", "1").to("V100")).await.expect("published");
    world.settled().await;
    let start = json!({ "earliest": true, "untilHead": true });
    let mut lines = world.http(&supplier.key).lines(SUBSCRIBE, start, "text/event-stream").await;
    let (mut ids, mut found) = (Vec::new(), false);
    while let Some(line) = lines.line().await {
        if let Some(id) = line.strip_prefix("id: ") {
            ids.push(id.to_string());
        } else if let Some(data) = line.strip_prefix("data: ") {
            let message: Value = serde_json::from_str(data).expect("one line of JSON");
            assert_eq!(message["cursor"], ids.last().expect("the id comes first").as_str());
            found |= message["events"]
                .as_array()
                .is_some_and(|events| events.iter().any(is("order.published.v1")));
        } else {
            assert_eq!(line, "");
        }
    }
    assert!(found);
    world.finish().await;
}

#[tokio::test]
async fn a_stream_says_how_it_ends() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let erp = world.http(&buyer.key);
    let refused = erp.post(SUBSCRIBE, json!({ "after": "AAAA" })).await;
    assert_eq!(refused.refusal(), (400, "CURSOR_INVALID"), "before anything was sent it is a status");
    let unchosen = erp.post(SUBSCRIBE, "{}").await;
    assert_eq!((unchosen.status, unchosen.body["code"].as_str()), (400, Some("INVALID_ARGUMENT")));
    let both = erp.post(SUBSCRIBE, json!({ "earliest": true, "latest": true })).await;
    assert_eq!(both.fields(), [("latest", "ONEOF")]);

    let mut lines = erp.lines(SUBSCRIBE, json!({ "earliest": true }), "*/*").await;
    let mut events = erp.lines(SUBSCRIBE, json!({ "earliest": true }), "text/event-stream").await;
    assert!(lines.next().await.is_some() && events.line().await.is_some());
    world.settled().await;
    world.deps().shutdown.cancel();
    let mut last = Value::Null;
    while let Some(line) = lines.next().await {
        last = line;
    }
    assert_eq!(
        (&last["error"]["code"], &last["error"]["reason"]),
        (&"UNAVAILABLE".into(), &"DRAINING".into())
    );
    let mut all = Vec::new();
    while let Some(line) = events.line().await {
        all.push(line);
    }
    assert!(all.iter().any(|line| line == "event: error"), "{all:?}");
    world.finish().await;
}

#[tokio::test]
async fn http_2_and_a_third_party_client_do_as_well() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let url = format!("http://{}/tandem.stream.v1.StreamService/GetHead", world.node().api);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let output = Command::new("curl")
            .args([
                "-sS",
                "--noproxy",
                "*",
                version,
                "--compressed",
                "-w",
                "%{http_version} %{http_code}",
                &url,
            ])
            .args(["-H", "content-type: application/json", "-d", "{}"])
            .args(["-H", &format!("authorization: Bearer {}", buyer.key)])
            .output()
            .await
            .expect("curl runs");
        let told = String::from_utf8_lossy(&output.stdout);
        let number = if version == "--http1.1" { "1.1" } else { "2" };
        assert!(
            told.ends_with(&format!("{number} 200")) && told.contains("\"cursor\":\""),
            "{told} {output:?}"
        );
    }
    // gRPC on the same port is as it was.
    let head = buyer.stream().get_head(GetHeadRequest {}).await;
    assert!(head.is_ok());
    world.finish().await;
}
