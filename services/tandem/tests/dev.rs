//! `tandem dev` as a program: from nothing to a seeded sandbox, through a stop and a start.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use proto::orders::{ListOrdersRequest, OrderState, OrderSummary, Side};
use rust_decimal::Decimal;
use serde_json::Value;
use tandem::{
    cli::client::Connection,
    postgres,
    seed::story::{Act, Answer, Story},
};

/// A running `tandem dev`.
struct Dev {
    process: Child,
    sandbox: Value,
}

impl Dev {
    /// Starts it and waits for the line that says it is ready.
    fn start(dir: &Path) -> Dev {
        let mut process = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(["dev", "--api", "0", "--portal", "0", "--metrics", "0", "--output", "json", "--data"])
            .arg(dir)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Dev { sandbox: serde_json::from_str(&line).expect("the line is the sandbox"), process }
    }

    /// Asks it to end, and waits.
    fn stop(mut self) {
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(self.process.wait().unwrap().success());
    }

    fn firm(&self, id: &str) -> Value {
        let mut firms =
            ["anchors", "suppliers"].into_iter().flat_map(|group| self.sandbox[group].as_array().unwrap());
        firms.find(|firm| firm["id"] == id).expect(id).clone()
    }

    async fn orders(&self, id: &str, side: Side) -> Vec<OrderSummary> {
        let (api, key) =
            (self.sandbox["api"].as_str().unwrap(), self.firm(id)["key"].as_str().unwrap().to_owned());
        let request = ListOrdersRequest { side: side.into(), page_size: 100, ..Default::default() };
        let connection = Connection::open(api, Some(&key)).await.unwrap();
        connection.orders().list_orders(request).await.unwrap().into_inner().orders
    }
}

fn scratch() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("tandem-dev-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_tells_its_story_and_survives_a_restart() {
    if postgres::binaries::find(None).is_none() {
        println!("skipped: PostgreSQL is not installed");
        return;
    }
    let dir = scratch();
    let dev = Dev::start(&dir);
    let file = dir.join("sandbox.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, dev.sandbox);
    assert_eq!(written["anchor"], written["anchors"][0]);

    story_is_told(&dev).await;
    let inbox = dev.orders("S1", Side::Supplier).await;
    let unanswered = || inbox.iter().filter(|order| order.state() == OrderState::Unanswered);
    assert_eq!(unanswered().filter(|order| order.held).count(), 1, "the buyer asks to wait with one");
    let waiting = unanswered().filter(|order| !order.held && order.revision == 1).count();
    assert_eq!(waiting, 6, "what S1 has to answer, over three anchors");

    let first = dev.firm("S1");
    dev.stop();
    assert!(!file.exists(), "who waits for the file waits for a running sandbox");
    assert!(postgres::attach(&dir).is_none(), "Postgres stopped too");

    let again = Dev::start(&dir);
    let second = again.firm("S1");
    assert_eq!((&first["key"], &first["firm"]), (&second["key"], &second["firm"]));
    assert_ne!(first["sign_in"], second["sign_in"], "links are fresh");
    assert_eq!(again.orders("S1", Side::Supplier).await.len(), inbox.len(), "nothing is seeded twice");
    again.stop();
    std::fs::remove_dir_all(dir).unwrap();
}

/// Every order stands as the story says, with its amount.
async fn story_is_told(dev: &Dev) {
    // The week does not matter: neither amounts nor states move with it.
    let story = Story::load(time::macros::date!(2026 - 11 - 23)).unwrap();
    let mut listed = Vec::new();
    for anchor in &story.anchors {
        listed.extend(dev.orders(&anchor.id, Side::Buyer).await);
    }
    assert_eq!(listed.len(), story.orders.len());
    for order in &story.orders {
        let found = listed.iter().find(|found| found.order_number == order.number).expect(&order.number);
        let state = match order.answer {
            _ if order.acts.iter().any(|act| matches!(act, Act::Cancel(None, _))) => OrderState::Cancelled,
            Answer::None => OrderState::Unanswered,
            Answer::Accept | Answer::Tolerated(_) => OrderState::Accepted,
            Answer::Reject(_) => OrderState::Rejected,
            Answer::Part { .. } => OrderState::PartAccepted,
            Answer::Propose(_) => OrderState::Proposed,
        };
        // Whether a change asks for a new answer depends on how far its day is from today.
        if order.before.is_empty() {
            assert_eq!(found.state(), state, "{}", order.number);
        }
        // A change of what is frozen takes two: of the totals at once, of the line once the supplier agrees.
        assert!(found.revision as usize > order.before.len(), "{}", order.number);
        let held = order.acts.iter().any(|act| matches!(act, Act::Hold(_)));
        assert_eq!(found.held, held, "{}", order.number);
        let included = story.with_tax(order).unwrap();
        assert_eq!(found.price_includes_tax, Some(included), "{}", order.number);
        let amount: Decimal = found.net_amount.clone().unwrap().value.parse().unwrap();
        assert_eq!(amount, order.net, "{}", order.number);
    }
}
