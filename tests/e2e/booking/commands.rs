//! Offers and reservations by the command line of both sides.

use harness::{
    Firm, World,
    capacity::{demand, group},
    cli,
};
use serde_json::{Value, json};

use super::{W01, W53};

/// A command of a firm that must end well; its lines of JSON.
async fn run(world: &World, firm: &Firm, arguments: &[&str]) -> Vec<Value> {
    cli::run(world, &firm.key, arguments).await.done().json()
}

/// What a firm reads calls these firms by their names, and has none of their ids.
async fn named(world: &World, reader: &Firm, arguments: &[&str], firms: &[&Firm]) {
    let read = cli::read(world, &reader.key, arguments).await.done().out;
    for one in firms {
        assert!(read.contains(&one.name) && !read.contains(&one.id), "{arguments:?}: {read}");
    }
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
    let hold = ["capacity", "hold", id, "2026-12-28=40h", "--seconds", "600", "--request-id", "once"];
    let held = run(&world, &buyer, &hold).await.remove(0);
    assert_eq!(held["state"], "RESERVATION_STATE_HELD");
    assert_eq!(run(&world, &buyer, &hold).await[0]["id"], held["id"], "it is not held again");
    let short = cli::run(&world, &buyer.key, &["capacity", "hold", id, "2026-12-28=1h"]).await;
    assert!(short.code == Some(3) && short.err.contains("CAPACITY_SHORT"), "{short:?}");
    assert!(short.err.contains("2027-01-04=36000"), "the other week has room: {short:?}");
    let unknown = cli::run(&world, &buyer.key, &["capacity", "hold", id, "2026-12-21=1h"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    changed(&world, &supplier, &offer).await;
    ordered(&world, (&buyer, &supplier), id, held["id"].as_str().unwrap()).await;
    asked_and_answered(&world, (&buyer, &supplier)).await;
    shown_and_measured(&world, (&buyer, &supplier), &made).await;
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
    for firm in [buyer, supplier] {
        named(world, firm, &["capacity", "reservations"], &[buyer, supplier]).await;
    }
    let late = cli::run(world, &buyer.key, &["capacity", "release", reservation]).await;
    assert!(late.code == Some(3) && late.err.contains("RESERVATION_ENDED"), "{late:?}");

    let other = run(world, buyer, &["capacity", "hold", id, "2027-01-04=1h"]).await.remove(0);
    let given_back = run(world, buyer, &["capacity", "release", other["id"].as_str().unwrap()]).await;
    assert_eq!(given_back[0]["state"], "RESERVATION_STATE_RELEASED");
    assert_eq!(run(world, supplier, &["capacity", "offers", "withdraw", id]).await[0]["withdrawn"], true);
}

/// Another week and a slot are offered beside, and no week less than is reserved of it.
async fn changed(world: &World, supplier: &Firm, offer: &Value) {
    let id = offer["id"].as_str().unwrap();
    let change = ["capacity", "offers", "change", id, "--week", "2027-01-04=8h", "--note", "夜班"];
    let slot = ["--slot", "2026-12-22T09:00-12:00=0"];
    let now = run(world, supplier, &[&change[..], &slot].concat()).await.remove(0);
    let totals: Vec<&Value> =
        now["buckets"].as_array().unwrap().iter().map(|bucket| &bucket["total"]["value"]).collect();
    assert_eq!(totals, ["144000", "28800"], "{now}");
    assert_eq!((&now["content"]["note"], &now["content"]["process"]), (&json!("夜班"), &json!("注塑")));
    for (more, reason) in [
        (&["--week", "2026-12-28=0"][..], "CAPACITY_SHORT"),
        (&["--week", "2026-12-28=101h"][..], "OFFER_EXCEEDS_CAPACITY"),
        (&["--note", "晚", "--version", "1"][..], "STALE_ETAG"),
    ] {
        let refused = cli::run(world, &supplier.key, &[&change[..4], more].concat()).await;
        assert!(refused.code == Some(3) && refused.err.contains(reason), "{refused:?}");
    }
}

/// A request, and what comes of it.
async fn asked_and_answered(world: &World, (buyer, supplier): (&Firm, &Firm)) {
    let ask =
        "capacity request publish --process 注塑 --quantity 5 --unit HUR --from 2026-12-28 --to 2027-01-04";
    let asked = run(world, buyer, &ask.split(' ').collect::<Vec<_>>()).await.remove(0);
    let request = asked["id"].as_str().unwrap();
    named(world, supplier, &["capacity", "request", "list"], &[buyer]).await;
    let propose = ["capacity", "matches", "propose", request, "--note", "可承接"];
    let proposed = run(world, supplier, &propose).await.remove(0);
    let id = proposed["id"].as_str().unwrap();
    let early = cli::run(world, &supplier.key, &["capacity", "matches", "accept", id]).await;
    assert!(early.code == Some(3) && early.err.contains("MATCH_STATE"), "it proposed itself: {early:?}");
    for (step, state) in [("accept", "ACCEPTED"), ("contract", "CONTRACTED"), ("deliver", "DELIVERED")] {
        let moved = run(world, buyer, &["capacity", "matches", step, id]).await.remove(0);
        assert_eq!(moved["state"], format!("MATCH_STATE_{state}"));
    }
    let late = cli::run(world, &supplier.key, &["capacity", "matches", "decline", id]).await;
    assert!(late.code == Some(3) && late.err.contains("MATCH_STATE"), "{late:?}");
    let listed = run(world, supplier, &["capacity", "matches", "list", "--request", request]).await;
    assert_eq!((listed.len(), &listed[0]["note"]), (1, &json!("可承接")));
    named(world, buyer, &["capacity", "matches", "list"], &[buyer, supplier]).await;
    let counts = run(world, buyer, &["capacity", "matches", "count"]).await;
    let delivered = counts.iter().find(|one| one["state"] == "MATCH_STATE_DELIVERED").unwrap();
    assert_eq!(delivered["matches"], "1");
}

/// What a customer sees, what moves too far, and every version of what was stated.
async fn shown_and_measured(world: &World, (buyer, supplier): (&Firm, &Firm), group: &str) {
    let set = ["capacity", "disclosure", "set", "yes-no", "--customer", &buyer.id];
    assert_eq!(run(world, supplier, &set).await[0]["level"], "DISCLOSURE_LEVEL_YES_NO");
    let listed = run(world, supplier, &["capacity", "disclosure", "list"]).await;
    assert_eq!((listed.len(), &listed[0]["customerId"]), (1, &json!(buyer.id)));
    named(world, supplier, &["capacity", "disclosure", "list"], &[buyer]).await;

    assert!(run(world, supplier, &["capacity", "bounds", group]).await.is_empty(), "nothing is measured");
    let start = (chassis::clock::system().now() + time::Duration::days(9)).date().to_string();
    let bounds =
        ["capacity", "bounds", group, "--start", &start, "--part", "4=+10%,-20%", "--part", "22=+40h"];
    let set = run(world, supplier, &bounds).await.remove(0);
    assert_eq!(set["thresholds"][1]["absolutePositive"]["value"], "144000", "{set}");
    let part = run(world, supplier, &["capacity", "bounds", group, "--part", "13=-50%"]).await.remove(0);
    assert_eq!((&part["startAt"], part["thresholds"].as_array().unwrap().len()), (&set["startAt"], 1));
    assert!(run(world, supplier, &["capacity", "bounds", group, "--none"]).await.is_empty());
    let versions = run(world, supplier, &["capacity", "history", "group", group]).await;
    assert_eq!((versions.len(), &versions[0]["version"]), (4, &json!("4")));

    buyer.state_demand(demand("CY-1", &[(W53, "100")])).await.unwrap();
    let wanted = run(world, supplier, &["capacity", "demands", "--partner", &buyer.id]).await.remove(0);
    named(world, supplier, &["capacity", "demands"], &[buyer, supplier]).await;
    let id = wanted["id"].as_str().unwrap();
    let versions = run(world, buyer, &["capacity", "history", "demand", id]).await;
    assert_eq!((versions.len(), &wanted["materialNumberCustomer"]), (1, &json!("CY-1")));
}
