//! A client that nobody of ours wrote code for: Python's grpcio, which learns the contract by reflection alone.

use std::{path::PathBuf, process::Stdio};

use harness::{World, tell};
use tokio::process::Command;

/// The Python that `tests/run` installed the client into.
pub fn python() -> Option<PathBuf> {
    let python = harness::cluster::target().join("python/bin/python");
    if python.exists() {
        return Some(python);
    }
    tell::lacks(format_args!("no Python client at {}; tests/run installs it", python.display()));
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_knows_only_reflection_publishes_and_follows() {
    let Some(python) = python() else { return };
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/client.py");
    let output = Command::new(python)
        .arg(script)
        .args([&world.node().api.to_string(), &buyer.key, &supplier.key, "V100", "PY-1"])
        // A proxy of the machine's has no business on loopback.
        .env("no_grpc_proxy", "127.0.0.1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("python runs");
    let (told, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{complained}");
    let found: serde_json::Value = serde_json::from_str(&told).expect("one JSON object");
    println!("{found}");

    let services: Vec<&str> =
        found["services"].as_array().expect("a list").iter().filter_map(|s| s.as_str()).collect();
    for service in
        ["tandem.orders.v1.OrderService", "tandem.stream.v1.StreamService", "grpc.health.v1.Health"]
    {
        assert!(services.contains(&service), "{service} is not in {services:?}");
    }
    assert_eq!(found["health"], "SERVING");
    assert_eq!(found["without_key"], "UNAUTHENTICATED");
    assert_eq!(found["type"], "tandem.orders.order.published.v1");
    assert_eq!((&found["order_number"], &found["item"]), (&"PY-1".into(), &"叶轮".into()));
    assert_eq!((&found["version"], &found["net_amount"]), (&1.into(), &"40.00".into()));

    // What it was told is what everybody is told.
    let id = found["order_id"].as_str().expect("an id");
    assert_eq!(supplier.order(id).await.expect("the supplier sees it").buyer_id, buyer.id);
    let feed = supplier.events().await;
    let entry = feed.iter().find(|entry| found["seq"] == entry.seq).expect("the same place");
    assert_eq!(found["cursor"], entry.cursor.as_str());
    world.finish().await;
}
