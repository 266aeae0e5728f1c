//! What receivers get, by a library that whoever wrote the standard gives to receivers.

use std::process::Stdio;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use harness::receiver::Received;
use proto::stream::RotateWebhookSecretRequest;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::*;
use crate::third_party::python;

const UNSIGNED: &str = "refused: No matching signature found";

/// What the library says of each message to whoever has the secret that stands beside it.
async fn verified(python: &std::path::Path, messages: &[(&str, Received)]) -> Vec<String> {
    let message = |(secret, one): &(&str, Received)| {
        let (id, timestamp, signature) = (&one.id, &one.timestamp, &one.signature);
        let headers =
            json!({ "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature });
        json!({ "secret": secret, "headers": headers, "body": STANDARD.encode(&one.body) })
    };
    let messages: Vec<_> = messages.iter().map(message).collect();
    let mut running = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/webhook.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python runs");
    let mut input = running.stdin.take().expect("its input");
    input.write_all(json!(messages).to_string().as_bytes()).await.expect("it reads");
    drop(input);
    let output = running.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a list")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_of_the_standard_takes_what_was_sent_and_nothing_that_was_altered() {
    let Some(python) = python() else { return };
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    let (webhook, first) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    publish(&buyer, [1]).await;
    calls(&receiver, 1).await;
    let request = RotateWebhookSecretRequest {
        request_id: request_id(),
        webhook_id: webhook.id.clone(),
        overlap_s: None,
    };
    let rotated = supplier.webhooks().rotate_webhook_secret(request).await.expect("rotated");
    let second = rotated.into_inner().secret;
    publish(&buyer, [2]).await;
    calls(&receiver, 2).await;
    caught_up(&supplier, &webhook.id).await;

    let [before, after] = receiver.received().try_into().expect("two messages");
    let sent: i64 = after.timestamp.parse().expect("seconds");
    let longer = Received { body: [&after.body[..], b" "].concat().into(), ..after.clone() };
    let later = Received { timestamp: (sent + 1).to_string(), ..after.clone() };
    let another = Received { id: before.id.clone(), ..after.clone() };
    let old = Received { timestamp: (sent - 3_600).to_string(), ..after.clone() };
    let cases = [
        (&*first, before.clone(), PUBLISHED),
        (&*second, before, UNSIGNED),
        // As long as both secrets count, it is signed with both.
        (&*first, after.clone(), PUBLISHED),
        (&*second, after.clone(), PUBLISHED),
        ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", after, UNSIGNED),
        (&*second, longer, UNSIGNED),
        (&*second, later, UNSIGNED),
        (&*second, another, UNSIGNED),
        (&*second, old, "refused: Message timestamp too old"),
    ];
    let messages: Vec<_> = cases.iter().map(|(secret, one, _)| (*secret, one.clone())).collect();
    let expected: Vec<_> = cases.iter().map(|(_, _, said)| *said).collect();
    assert_eq!(verified(&python, &messages).await, expected);
    world.finish().await;
}
