//! What happens to an order after it was published, from the command line of both sides.

use harness::{Firm, World, cli, order};
use proto::orders::OrderState;
use serde_json::{Value, json};

use crate::changes::{parts, two_lines};

/// Runs a command of a firm that must end well; its first line of JSON.
async fn run(world: &World, firm: &Firm, arguments: &[&str]) -> Value {
    cli::run(world, &firm.key, arguments).await.done().json().into_iter().next().unwrap_or_default()
}

/// Quantities of a line, as the supplier sees them.
async fn line(supplier: &Firm, id: &str, place: usize) -> [i64; 6] {
    let seen = supplier.order(id).await.expect("the supplier's order");
    parts(seen.schedule[place].quantities.as_ref())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_changed_cancelled_held_and_closed_by_commands() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let number = buyer.order(&id).await.expect("its own").content.expect("content").order_number;
    let n = number.as_str();
    supplier.accept_all(&id).await.expect("accepted");

    let wanted =
        ["orders", "change", n, "--quantity", "10=120", "--date", "10=2027-01-04", "--note", "加一班"];
    let changed = run(&world, &buyer, &wanted).await;
    assert_eq!(
        (&changed["outcome"], &changed["reconfirmLines"]),
        (&"PUBLISH_OUTCOME_CHANGED".into(), &1.into())
    );
    assert_eq!(line(&supplier, &id, 0).await, [120, 0, 0, 0, 120, 0]);
    assert_eq!(line(&supplier, &id, 1).await, [40, 40, 0, 0, 0, 0]);
    run(&world, &buyer, &["orders", "hold", n, "--reason", "quality"]).await;
    let twice = cli::run(&world, &buyer.key, &["orders", "hold", n, "--reason", "payment"]).await;
    assert!(twice.code == Some(3) && twice.err.contains("HOLD_UNCHANGED"), "{twice:?}");
    run(&world, &buyer, &["orders", "release", n]).await;

    // A proposal, tried out before it is made, and taken back.
    let file = std::env::temp_dir().join(format!("tandem-commands-{}.json", std::process::id()));
    let lines = json!([{ "lineNumber": "10", "propose": { "deliveries": [
        { "quantity": { "value": "120" }, "deliveryDate": { "year": 2027, "month": 1, "day": 11 } } ] } }]);
    std::fs::write(&file, lines.to_string()).expect("a file");
    let path = file.to_str().expect("a path");
    let tried = run(&world, &supplier, &["orders", "respond", n, "--file", path, "--dry-run"]).await;
    assert_eq!(
        (&tried["state"], &tried["lines"][0]["waitsForBuyer"]),
        (&"ORDER_STATE_PROPOSED".into(), &true.into())
    );
    assert_eq!(line(&supplier, &id, 0).await[4], 120, "nothing was done");
    run(&world, &supplier, &["orders", "respond", n, "--file", path]).await;
    assert_eq!(line(&supplier, &id, 0).await[3], 120);
    run(&world, &supplier, &["orders", "withdraw", n]).await;
    run(&world, &supplier, &["orders", "respond", n, "--accept-all"]).await;

    run(&world, &buyer, &["orders", "cancel", n, "--reason", "demand", "--line", "10=20"]).await;
    assert_eq!(line(&supplier, &id, 0).await, [120, 100, 0, 0, 0, 20]);
    run(&world, &buyer, &["orders", "close", n, "--line", "20=30"]).await;
    assert_eq!(line(&supplier, &id, 1).await, [40, 30, 0, 0, 0, 10]);
    let whole = run(&world, &buyer, &["orders", "cancel", n, "--reason", "late"]).await;
    assert_eq!(whole["state"], "ORDER_STATE_ACCEPTED", "what was delivered stays");
    std::fs::remove_file(file).expect("it was there");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_frozen_is_asked_for_and_whatever_has_no_command_is_called() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    // Terms have no command of their own.
    let terms = json!({ "terms": { "supplierId": supplier.id, "frozenWorkingDays": 250 } }).to_string();
    let set = run(&world, &buyer, &["call", "orders.v1.TermsService/SetTerms", &terms]).await;
    assert_eq!(set["frozenWorkingDays"], 250, "{set}");
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    for (decision, firm, outcome) in
        [("--take-back", &buyer, 100), ("--decline", &supplier, 100), ("--accept", &supplier, 130)]
    {
        let asked = run(&world, &buyer, &["orders", "change", &id, "--quantity", "10=130"]).await;
        assert_eq!(asked["outcome"], "PUBLISH_OUTCOME_PENDING", "{asked}");
        run(&world, firm, &["orders", "consent", &id, decision]).await;
        assert_eq!(line(&supplier, &id, 0).await[..2], [outcome, outcome], "{decision}");
    }
    let nothing = cli::run(&world, &supplier.key, &["orders", "consent", &id, "--accept"]).await;
    assert_eq!(nothing.code, Some(3), "{nothing:?}");

    let all = cli::run(&world, &buyer.key, &["call"]).await.done().json();
    assert!(all.iter().any(|method| method["method"] == "orders.v1.OrderService/GetOrder"));
    let today = chassis::clock::system().now().date();
    let day = |away| format!("{}T00:00:00Z", today + time::Duration::days(away));
    let asked = json!({
        "side": "SIDE_BUYER", "counterpartyId": supplier.id,
        "from": day(-30), "until": day(30),
    })
    .to_string();
    let card = run(&world, &buyer, &["call", "orders.v1.ScorecardService/GetScorecard", &asked]).await;
    assert_eq!(
        (&card["supplier"]["orders"], &card["supplier"]["answered"]),
        (&1.into(), &1.into()),
        "{card}"
    );
    // Streams go both ways: two orders up, two answers down.
    let item = |n: usize| {
        let content = order(&format!("45{n}")).line("10", "X", "1", "1").content;
        json!({ "itemId": n.to_string(), "supplier": { "vendorNumber": "V100" }, "content": {
            "orderNumber": content.order_number, "currency": "CNY", "priceIncludesTax": false,
            "lines": [{ "lineNumber": "10", "item": { "name": "件" }, "quantity": { "value": "1" }, "unitCode": "H87" }] } })
    };
    let file = std::env::temp_dir().join(format!("tandem-call-{}.ndjson", std::process::id()));
    std::fs::write(&file, format!("{}\n{}\n", item(1), item(2))).expect("a file");
    let body = format!("@{}", file.display());
    let sent = ["call", "orders.v1.OrderPublishingService/PublishOrders", &body];
    let answers = cli::run(&world, &buyer.key, &sent).await.done().json();
    let published = answers.iter().filter(|answer| answer["outcome"] == "PUBLISH_OUTCOME_PUBLISHED");
    assert_eq!(published.count(), 2, "{answers:?}");
    for (wrong, code) in [
        (&["call", "orders.v1.OrderService/Nothing"][..], 2),
        (&["call", "orders.v1.OrderService/GetOrder", "{\"x\":1}"], 1),
    ] {
        assert_eq!(cli::run(&world, &buyer.key, wrong).await.code, Some(code), "{wrong:?}");
    }
    std::fs::remove_file(file).expect("it was there");
    let seen = supplier.order(&id).await.expect("its order");
    assert_eq!(seen.state(), OrderState::Accepted);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scorecard_is_shown_and_what_its_figures_are_of() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    let card = ["partners", "scorecard", &supplier.id, "--side", "buyer", "--days", "1"];
    assert_eq!(run(&world, &buyer, &card).await["supplier"]["answered"], 1);
    for (firm, other, side) in [(&buyer, &supplier, "buyer"), (&supplier, &buyer, "supplier")] {
        let asked = ["partners", "scorecard", &other.id, "--side", side, "--figure", "acceptance"];
        let lines = cli::run(&world, &firm.key, &asked).await.done().json();
        let [ten, twenty] = &lines[..] else { panic!("two lines: {lines:?}") };
        assert!(ten["counted"] == true && twenty["counted"] == true, "{lines:?}");
        assert_eq!((&ten["orderId"], &twenty["orderId"]), (&json!(id), &json!(id)));
    }
    let nobody = ["partners", "scorecard", &harness::request_id(), "--side", "buyer", "--figure", "waiting"];
    assert_eq!(cli::run(&world, &buyer.key, &nobody).await.code, Some(3));
    world.finish().await;
}
