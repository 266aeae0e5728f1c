//! What is asked of capacity by the command line: what can be promised, which offers meet a request, and hours that are
//! borrowed; as people read it, as programs do, and refused.

use harness::{
    Firm, World,
    booking::{named, offer},
    capacity::{group, link, linking},
    cli,
    need::needed,
};
use serde_json::{Value, json};

use super::{W01, W53, borrowed::spare};
use crate::capacity::golden;

/// A command's text and its one object of JSON.
async fn both_ways(world: &World, firm: &Firm, arguments: &[&str]) -> (String, Value) {
    let text = cli::read(world, &firm.key, arguments).await.done().out;
    let mut objects = cli::run(world, &firm.key, arguments).await.done().json();
    assert_eq!(objects.len(), 1, "{objects:?}");
    (text, objects.remove(0))
}

/// A command that is refused for this reason, as people read it and in JSON.
async fn refused(world: &World, firm: &Firm, arguments: &[&str], reason: &str) {
    let read = cli::read(world, &firm.key, arguments).await;
    assert!(read.code == Some(3) && read.err.contains(&format!("reason: {reason} (")), "{read:?}");
    let run = cli::run(world, &firm.key, arguments).await;
    assert!(run.code == Some(3) && run.err.contains(&format!("\"reason\":\"{reason}\"")), "{run:?}");
    assert!(read.out.is_empty() && run.out.is_empty(), "{read:?} {run:?}");
}

/// Words of the first line that begins with one.
fn words<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    line.unwrap_or_else(|| panic!("{first} in {text}")).split_whitespace().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_promised_is_told_by_a_command() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    // 45 seconds a piece, on machines of 240 hours a week.
    let machines = group("大机组", &[(W53, "734400", "864000"), (W01, "734400", "864000")]);
    let machines = linking(machines, vec![link(&buyer.id, "CY-BX-0450", "45")]);
    let machines = supplier.state_group(machines).await.expect("a group").id;
    let ask =
        ["capacity", "promise", "--customer", &buyer.id, "--material", "CY-BX-0450", "--location", "CY01"];
    let pieces = ["--quantity", "20000", "--by", "2026-12-30"];
    let (text, promised) = both_ways(&world, &supplier, &[&ask[..], &pieces].concat()).await;
    assert!(text.starts_with("all of it, 800 late"), "{text}");
    assert_eq!(words(&text, "2026-W53"), ["2026-W53", "19200", "19200", &machines]);
    assert_eq!(words(&text, "2027-W01"), ["2027-W01", "800", "19200", "late", &machines]);
    for (title, after) in [("this turns", "within"), ("as requested it would turn", "beyond")] {
        let turned = format!("{title}\n  2026-W53  unmatched → bottleneck {after} maximum  {machines}");
        assert!(text.contains(&turned), "{turned} in {text}");
    }
    assert_eq!(
        (&promised["result"], &promised["late"]["value"], &promised["weeks"][0]["quantity"]["value"]),
        (&json!("PROMISE_RESULT_LATE"), &json!("800"), &json!("19200"))
    );
    assert_eq!(
        (&promised["weeks"][1]["late"], &promised["weeks"][1]["groupId"]),
        (&json!(true), &json!(machines))
    );

    let (text, promised) =
        both_ways(&world, &supplier, &[&ask[..], &["--quantity", "1", "--by", "2026-12-30"]].concat()).await;
    assert!(text.starts_with("all of it, on time"), "{text}");
    assert_eq!(promised["result"], "PROMISE_RESULT_ON_TIME");
    // It is the supplier's own view; a quantity is one; and a day is written as such.
    refused(&world, &buyer, &[&ask[..], &pieces].concat(), "NOT_FOUND").await;
    let nothing = [&ask[..], &["--quantity", "0", "--by", "2026-12-30"]].concat();
    refused(&world, &supplier, &nothing, "INVALID_FIELDS").await;
    let bad = cli::read(&world, &supplier.key, &nothing).await;
    assert!(bad.err.contains("\n  quantity: ") && bad.err.contains("[RANGE]"), "{bad:?}");
    let day =
        cli::read(&world, &supplier.key, &[&ask[..], &["--quantity", "1", "--by", "30.12.2026"]].concat())
            .await;
    assert!(day.code == Some(2) && day.err.contains("2026-12-30"), "{day:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_that_meet_a_request_are_found_by_a_command() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    // 40 hours in each of two weeks.
    let weeks = [(W53, "144000", "144000"), (W01, "144000", "144000")];
    let machine = supplier.state_group(group("650 t 二号机", &weeks)).await.expect("a group").id;
    let offered = named(offer(&machine, &[(W53, "144000"), (W01, "144000")]), &[&buyer]);
    let offered = supplier.publish_offer(offered).await.expect("an offer").id;
    let of = format!("offer {offered} of {}", supplier.name);

    let met = buyer.publish_need(needed("60", (W53, W01))).await.expect("a need").id;
    let (text, found) = both_ways(&world, &buyer, &["capacity", "match", &met]).await;
    assert_eq!(found["fitting"].as_i64(), Some(1), "{found}");
    let result = &found["results"][0];
    assert_eq!((&result["fits"], &result["offer"]["id"]), (&json!(true), &json!(offered)));
    let head = format!("1 offers fit\n\n1. fits, {} points: {of}\n", result["score"]);
    assert!(text.starts_with(&head), "{head} in {text}");
    assert!(text.contains("\n   process: met; wanted 注塑, found 注塑"), "{text}");
    let conditions = result["conditions"].as_array().expect("conditions").len();
    assert_eq!(text.lines().filter(|line| line.starts_with("   ")).count(), conditions, "{text}");

    // 420 hours are missing; what nearly fits is said where it is asked for.
    let missed = buyer.publish_need(needed("500", (W53, W01))).await.expect("a need").id;
    let (text, found) = both_ways(&world, &buyer, &["capacity", "match", &missed]).await;
    assert_eq!(text, "0 offers fit\n", "{found}");
    let (text, found) = both_ways(&world, &buyer, &["capacity", "match", &missed, "--near"]).await;
    assert!(text.starts_with("0 offers fit\n\n1. does not fit, ") && text.contains(&of), "{text}");
    let quantity = text.lines().find(|line| line.starts_with("   quantity: not met")).expect("a quantity");
    assert!(quantity.ends_with("(-420)"), "{quantity}");
    assert_eq!(found["results"][0]["offer"]["id"], json!(offered));

    // It is the buyer's own.
    refused(&world, &supplier, &["capacity", "match", &met], "NOT_FOUND").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_are_borrowed_by_a_command_and_no_more() {
    let world = World::with(golden()).await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let neighbour = world.firm("邻近注塑(示例)有限公司").await;
    world.partner(&supplier, &neighbour, "V200").await;
    let large =
        supplier.state_group(group("大机组", &[(W53, "734400", "864000")])).await.expect("a group").id;
    let lent = spare(&neighbour, &supplier).await;
    let held = supplier.hold(&lent, &[(0, "40")], 0).await.expect("a hold").id;
    let borrow = ["capacity", "borrow", &held, "--group", &large];

    let (text, borrowed) = both_ways(&world, &supplier, &borrow).await;
    let row = words(&text, "confirmed");
    assert_eq!(row[1..4], ["2026-W53", "40", "h"], "{text}");
    for said in [&neighbour.name, &supplier.name, &large, &held] {
        assert!(row.contains(&said.as_str()), "{said} in {text}");
    }
    assert_eq!(
        (&borrowed["state"], &borrowed["borrowingGroupId"]),
        (&json!("RESERVATION_STATE_CONFIRMED"), &json!(large))
    );
    let shown = cli::run(&world, &supplier.key, &["capacity", "show", &large]).await.done().json();
    assert_eq!(shown[0]["matched"][0]["borrowed"]["value"], "144000", "40 hours in seconds");

    // Not by whoever lends, and for no group that measures otherwise.
    refused(&world, &neighbour, &borrow, "NOT_FOUND").await;
    let mut pieces = group("装配", &[(W53, "1", "1")]);
    pieces.content.as_mut().expect("content").unit_code = "H87".into();
    let pieces = supplier.state_group(pieces).await.expect("a group").id;
    let differs = ["capacity", "borrow", &held, "--group", &pieces];
    refused(&world, &supplier, &differs, "INVALID_FIELDS").await;
    let read = cli::read(&world, &supplier.key, &differs).await;
    assert!(read.err.contains("\n  group_id: ") && read.err.contains("[UNIT_DIFFERS]"), "{read:?}");

    // Without a group they add to none any more, and stay reserved.
    let (text, kept) = both_ways(&world, &supplier, &["capacity", "borrow", &held]).await;
    assert!(!words(&text, "confirmed").contains(&large.as_str()), "{text}");
    assert_eq!(kept["borrowingGroupId"].as_str().unwrap_or_default(), "");
    let shown = cli::run(&world, &supplier.key, &["capacity", "show", &large]).await.done().json();
    assert_ne!(shown[0]["matched"][0]["borrowed"]["value"], "144000");
    world.finish().await;
}
