//! Offers and reservations by the command line of both sides.

use harness::{Firm, World, capacity::group, cli};
use serde_json::{Value, json};

use super::{W01, W53};

/// A command of a firm that must end well; its lines of JSON.
async fn run(world: &World, firm: &Firm, arguments: &[&str]) -> Vec<Value> {
    cli::run(world, &firm.key, arguments).await.done().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_are_offered_held_and_ordered_by_commands() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let hours = group("大机组", &[(W53, "288000", "360000"), (W01, "288000", "360000")]);
    let made = supplier.state_group(hours).await.unwrap().id;
    let (first, second) = (format!("{W53}=40h"), format!("{W01}=10h"));
    let publish = [
        "capacity",
        "offers",
        "publish",
        "--group",
        &made,
        "--process",
        "注塑",
        "--week",
        &first,
        "--week",
        &second,
        "--price",
        "0.05",
        "--currency",
        "CNY",
        "--to",
        "partners",
    ];
    let offer = run(&world, &supplier, &publish).await.remove(0);
    assert_eq!(offer["buckets"][0]["total"]["value"], "144000", "{offer}");
    let too_much = [
        "capacity",
        "offers",
        "publish",
        "--group",
        &made,
        "--process",
        "注塑",
        "--week",
        "2026-12-28=61h",
        "--to",
        "all",
    ];
    let refused = cli::run(&world, &supplier.key, &too_much).await;
    assert!(refused.code == Some(3) && refused.err.contains("OFFER_EXCEEDS_CAPACITY"), "{refused:?}");
    let mixed = cli::run(&world, &supplier.key, &[&publish[..], &["--to", "all"]].concat()).await;
    assert_eq!(mixed.code, Some(2), "{mixed:?}");

    let id = offer["id"].as_str().unwrap();
    assert_eq!(run(&world, &buyer, &["capacity", "offers"]).await[0]["id"], id);
    assert!(run(&world, &buyer, &["capacity", "offers", "--own"]).await.is_empty());
    let held =
        run(&world, &buyer, &["capacity", "hold", id, "2026-12-28=40h", "--seconds", "600"]).await.remove(0);
    assert_eq!(held["state"], "RESERVATION_STATE_HELD");
    let short = cli::run(&world, &buyer.key, &["capacity", "hold", id, "2026-12-28=1h"]).await;
    assert!(short.code == Some(3) && short.err.contains("CAPACITY_SHORT"), "{short:?}");
    assert!(short.err.contains("2027-01-04=36000"), "the other week has room: {short:?}");
    let unknown = cli::run(&world, &buyer.key, &["capacity", "hold", id, "2026-12-21=1h"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    ordered(&world, (&buyer, &supplier), id, held["id"].as_str().unwrap()).await;
    world.finish().await;
}

/// What is held becomes an order; something else is given back.
async fn ordered(world: &World, (buyer, supplier): (&Firm, &Firm), id: &str, reservation: &str) {
    assert_eq!(
        run(world, buyer, &["capacity", "confirm", reservation]).await[0]["state"],
        "RESERVATION_STATE_CONFIRMED"
    );
    let mut order = run(world, buyer, &["capacity", "prefill", reservation]).await.remove(0);
    assert_eq!(
        (
            &order["lines"][0]["quantity"]["value"],
            &order["lines"][0]["unitCode"],
            &order["lines"][0]["price"]["amount"]["value"]
        ),
        (&json!("40"), &json!("HUR"), &json!("180.00"))
    );
    (order["orderNumber"], order["priceIncludesTax"]) = (json!("4500000001"), json!(false));
    let folder = harness::chaos::folder("prefilled").await;
    let file = folder.join("order.json");
    std::fs::write(&file, order.to_string()).unwrap();
    let path = file.to_str().unwrap();
    run(world, buyer, &["orders", "publish", path, "--format", "json", "--supplier", &supplier.id]).await;
    let seen = run(world, supplier, &["capacity", "reservations"]).await;
    assert_eq!(
        (&seen[0]["state"], &seen[0]["orderLine"]),
        (&json!("RESERVATION_STATE_CONSUMED"), &json!("10"))
    );
    let late = cli::run(world, &buyer.key, &["capacity", "release", reservation]).await;
    assert!(late.code == Some(3) && late.err.contains("RESERVATION_ENDED"), "{late:?}");

    let other = run(world, buyer, &["capacity", "hold", id, "2027-01-04=1h"]).await.remove(0);
    let given_back = run(world, buyer, &["capacity", "release", other["id"].as_str().unwrap()]).await;
    assert_eq!(given_back[0]["state"], "RESERVATION_STATE_RELEASED");
    assert_eq!(run(world, supplier, &["capacity", "offers", "withdraw", id]).await[0]["withdrawn"], true);
}
