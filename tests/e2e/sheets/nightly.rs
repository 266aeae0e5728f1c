//! The table that an ERP writes every night, sent from the command line: what differs is changed, and nothing else.

use std::path::{Path, PathBuf};

use harness::{Firm, World, answer, cli, decide};
use proto::orders::{OrderState, RespondToOrderRequest};
use serde_json::Value;

use super::folder;
use crate::changes::parts;

/// A line of the order: its quantity, price and requested day.
type Line = (String, &'static str, &'static str);

/// One order of many lines, as csv.
fn table(lines: &[Line]) -> String {
    let mut text =
        String::from("采购订单号,行号,物料编码,物料名称,数量,单位,单价,含税,要求交期,供应商编码,币种");
    for (n, (quantity, price, day)) in lines.iter().enumerate() {
        let line = n + 1;
        text.push_str(&format!(
            "\n4500001,{line},C-{line},收纳箱 {line},{quantity},个,{price},否,{day},V100,CNY"
        ));
    }
    text
}

struct Night {
    world: World,
    buyer: Firm,
    path: PathBuf,
}

impl Night {
    /// Sends the table; the one result, without the time that it took.
    async fn send(&self, lines: &[Line]) -> Value {
        std::fs::write(&self.path, table(lines)).expect("the table is written");
        let arguments = ["orders", "publish", self.path.to_str().expect("a path")];
        let mut rows = cli::run(&self.world, &self.buyer.key, &arguments).await.done().json();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }
}

fn csv(folder: &Path) -> PathBuf {
    folder.join("open-orders.csv")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_lines_two_changed_ones_are_reconfirmed_and_an_agreement_outlives_the_night() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let path = csv(&folder("nightly").await);
    let night = Night { world, buyer, path };
    let mut lines: Vec<Line> = (1..=200).map(|n| (format!("{n}00"), "6.85", "2026-12-28")).collect();
    let first = night.send(&lines).await;
    assert_eq!((&first["outcome"], &first["revision"]), (&"published".into(), &1.into()));
    let id = first["order_id"].as_str().expect("an id").to_string();
    supplier.accept_all(&id).await.expect("accepted");
    assert_eq!(night.send(&lines).await["outcome"], "unchanged");

    lines[16].0 = "1650".into();
    lines[99].2 = "2027-01-08";
    let second = night.send(&lines).await;
    assert_eq!((&second["outcome"], &second["reconfirm_lines"]), (&"changed".into(), &2.into()), "{second}");
    let seen = supplier.order(&id).await.expect("the supplier's order");
    let waits = |line: &&proto::orders::ScheduleLineState| parts(line.quantities.as_ref())[4] > 0;
    let waiting: Vec<_> = seen.schedule.iter().filter(waits).map(|line| line.line_number.as_str()).collect();
    assert_eq!((seen.revision, seen.state()), (2, OrderState::Unanswered));
    assert_eq!(waiting, ["17", "100"]);
    assert_eq!(
        seen.schedule.iter().filter(|line| line.commitments.len() == 1).count(),
        198,
        "the others stand"
    );

    // One is accepted, for the other a later day is proposed and agreed.
    let mut reply = answer(&id).accept("17", "").propose("100", "", &[("10000", "2027-01-15")]).done();
    reply = RespondToOrderRequest { revision: 2, ..reply };
    let proposal = supplier.respond(reply).await.expect("answered").lines[1].proposal_id.clone();
    night.buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.expect("agreed");
    let agreed = supplier.order(&id).await.expect("its order");
    for _ in 0..2 {
        assert_eq!(night.send(&lines).await["outcome"], "unchanged", "last night's day voids nothing");
    }
    assert_eq!(supplier.order(&id).await.expect("its order"), agreed, "as if nothing had been sent");

    // Where only new orders are wanted, one that is there is refused.
    let strict = ["orders", "publish", night.path.to_str().expect("a path"), "--strict"];
    lines[0].0 = "1".into();
    std::fs::write(&night.path, table(&lines)).expect("written");
    let refused = cli::run(&night.world, &night.buyer.key, &strict).await;
    assert_eq!((refused.code, &refused.json()[0]["error"]["reason"]), (Some(3), &"ORDER_EXISTS".into()));
    night.world.finish().await;
}
