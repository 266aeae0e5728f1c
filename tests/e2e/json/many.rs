//! Streams in both directions: lines up, lines down, on one HTTP/1.1 request.

use harness::{World, http::Lines};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::request;

const PUBLISH_ORDERS: &str = "/tandem.orders.v1.OrderPublishingService/PublishOrders";

/// One order of the stream, as its line.
fn line(item: &str, number: &str, supplier: &str) -> String {
    let content = &request("", number)["content"];
    let item = json!({ "itemId": item, "supplier": { "vendorNumber": supplier }, "content": content });
    format!("{item}\n")
}

/// Opens the call; what is sent goes up as it comes.
async fn open(world: &World, key: &str) -> (mpsc::Sender<Result<String, std::io::Error>>, Lines) {
    let (up, body) = mpsc::channel(16);
    let call = world.http(key).request(Method::POST, PUBLISH_ORDERS);
    let call = call.header("content-type", "application/x-ndjson");
    let lines = Lines::of(call.body(reqwest::Body::wrap_stream(ReceiverStream::new(body)))).await;
    (up, lines)
}

fn outcome(answer: &Value) -> (&str, &str) {
    (answer["itemId"].as_str().unwrap_or_default(), answer["outcome"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn many_orders_go_up_line_by_line_and_each_is_answered() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (up, mut down) = open(&world, &buyer.key).await;
    assert_eq!(down.status, 200);
    up.send(Ok(line("1", "A1", "V100"))).await.unwrap();
    let first = down.next().await.expect("the answer comes while the request is open");
    assert_eq!(outcome(&first), ("1", "PUBLISH_OUTCOME_PUBLISHED"));
    // A line may come in pieces, and an empty one means nothing.
    let (one, two) = (line("2", "A2", "V9"), line("3", "A1", "V100"));
    let (head, tail) = one.split_at(40);
    for piece in [head, tail, "\r\n", &two] {
        up.send(Ok(piece.to_string())).await.unwrap();
    }
    drop(up);
    let mut rest = Vec::new();
    while let Some(answer) = down.next().await {
        rest.push(answer);
    }
    rest.sort_by_key(|answer| answer["itemId"].to_string());
    assert_eq!(outcome(&rest[0]), ("2", "PUBLISH_OUTCOME_REFUSED"));
    assert_eq!(rest[0]["refusal"]["reason"], "SUPPLIER_UNKNOWN");
    assert_eq!(outcome(&rest[1]), ("3", "PUBLISH_OUTCOME_UNCHANGED"));
    assert_eq!(rest.len(), 2);
    let id = first["receipt"]["orderId"].as_str().expect("an id");
    assert_eq!(supplier.order(id).await.expect("the supplier has it").version, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_line_that_is_no_request_ends_the_stream_and_is_named() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    for (bad, reason) in [("{\"itemId\": }\n", "JSON_MALFORMED"), ("{\"itemID\": \"2\"}\n", "INVALID_FIELDS")]
    {
        let (up, mut down) = open(&world, &buyer.key).await;
        up.send(Ok(line("1", "A1", "V100"))).await.unwrap();
        assert_eq!(outcome(&down.next().await.expect("an answer")).0, "1");
        up.send(Ok(format!("\n{bad}"))).await.unwrap();
        up.send(Ok(line("3", "A3", "V100"))).await.unwrap();
        let last = down.next().await.expect("how it ended");
        assert_eq!(
            (&last["error"]["reason"], &last["error"]["metadata"]["record"]),
            (&reason.into(), &"3".into())
        );
        assert!(down.next().await.is_none());
    }
    // A whole document is one message, for a client that has only one.
    let one = world.http(&buyer.key);
    let mut down =
        one.lines("orders.v1.OrderPublishingService/PublishOrders", line("1", "A1", "V100"), "*/*").await;
    assert_eq!(outcome(&down.next().await.expect("an answer")), ("1", "PUBLISH_OUTCOME_UNCHANGED"));
    assert!(down.next().await.is_none());
    world.finish().await;
}
