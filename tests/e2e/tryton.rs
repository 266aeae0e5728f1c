//! The connector to Tryton against a real Tryton: purchases go out once, promises come back, whatever is cut.

mod erp;

use std::fs;

use harness::{Access, Firm, World, answer, decide, request_id, tell};
use proto::{
    orders::{ListOrdersRequest, OrderState, OrderSummary, RejectReason, RespondToOrderRequest, Side},
    partners::Role,
};

use self::erp::{Erp, program};

/// The parties of the Tryton that is set up.
const SUPPLIER: &str = "V10027";
const UNKNOWN: &str = "V20000";

/// A firm that buys with Tryton, and one that supplies it.
struct Trade {
    world: World,
    buyer: Firm,
    supplier: Firm,
    erp: Erp,
    /// What the connector is given: no more than it needs.
    key: Access,
}

impl Trade {
    async fn start() -> Self {
        let world = World::start().await;
        let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
        let supplier = world.firm("顺模塑料制品(示例)厂").await;
        world.partner(&buyer, &supplier, SUPPLIER).await;
        let key = buyer.key_with(&[Role::Buyer], None).await;
        Self { erp: Erp::start().await, world, buyer, supplier, key }
    }

    /// Runs the connector once, after everything that happened: exit status, output, complaints.
    async fn connect(&self) -> (i32, String, String) {
        self.world.settled().await;
        self.erp.connect(&self.world.node().api.to_string(), self.key.token()).await
    }

    /// Runs the connector, which must have nothing to complain about; its output.
    async fn connected(&self) -> String {
        let (status, told, complaints) = self.connect().await;
        assert_eq!(status, 0, "{told}{complaints}");
        told
    }
}

async fn orders(firm: &Firm) -> Vec<OrderSummary> {
    let request = ListOrdersRequest { side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    firm.orders().list_orders(request).await.expect("a list").into_inner().orders
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute, and a Tryton that tests/run --long installs"]
async fn purchases_go_out_once_and_promises_come_back() {
    let place = program("trytond");
    if !place.exists() {
        tell::lacks(format_args!("no Tryton at {}; tests/run --long installs it", place.display()));
        return;
    }
    let trade = Trade::start().await;
    let (number, lines) = trade.erp.buy(SUPPLIER, &["8000", "1200"]).await;
    let order = published_once(&trade, &number).await;
    promised(&trade, &order, &lines).await;
    cut_off(&trade, &order).await;
    trade.erp.finish().await;
    trade.world.finish().await;
}

/// Confirmed there, published here; again and again, and even without a memory, once. The order's id.
async fn published_once(trade: &Trade, number: &str) -> String {
    assert_eq!(trade.connected().await.lines().count(), 1);
    assert_eq!(trade.connected().await, "");
    fs::remove_file(trade.erp.folder.join("state.json")).expect("the memory");
    trade.connected().await;
    let [found] = orders(&trade.supplier).await.try_into().expect("one order");
    let named = (found.order_number.as_str(), found.source_system.as_str(), found.version);
    assert_eq!(named, (number, "tryton", 1));
    let content = trade.supplier.order(&found.id).await.expect("it is there").content.expect("a document");
    assert_eq!((content.price_includes_tax, content.currency.as_str()), (Some(false), "CNY"));
    let line = &content.lines[0];
    let item = line.item.as_ref().expect("an item");
    assert_eq!((item.buyer_item_id.as_str(), line.unit_code.as_str()), ("CY-BX-0450", "H87"));
    assert_eq!(harness::number(line.quantity.as_ref()), 8000.into());
    assert_eq!(line.price.as_ref().unwrap().amount.as_ref().unwrap().value, "6.8500");
    found.id
}

/// The supplier proposes other days for the first line, and the buyer agrees.
async fn promised(trade: &Trade, order: &str, lines: &[String]) {
    let asked = trade.erp.line(&lines[1]).await.0;
    let days = [("5000", "2027-01-11"), ("3000", "2027-01-25")];
    let proposed = answer(order).propose(&lines[0], "", &days).accept(&lines[1], "").done();
    let receipt = trade.supplier.respond(proposed).await.expect("answered");
    trade.connected().await;
    let seen = trade.erp.line(&lines[0]).await;
    assert_eq!(seen, (asked.clone(), "Tandem: 8000 proposed".into()), "nothing is promised yet");
    let proposal = receipt.lines.iter().find(|line| !line.proposal_id.is_empty()).expect("a proposal");
    let decision = decide(order, &[(&proposal.proposal_id, true)]);
    trade.buyer.orders().resolve_proposal(decision).await.expect("agreed");
    trade.connected().await;
    assert_eq!(trade.connected().await, "", "what is written already is not written again");
    let note = "Tandem: promised 5000 on 2027-01-11, promised 3000 on 2027-01-25";
    assert_eq!(trade.erp.line(&lines[0]).await, ("2027-01-25".into(), note.into()));
    let note = format!("Tandem: promised 1200 on {asked}");
    assert_eq!(trade.erp.line(&lines[1]).await, (asked, note));
}

/// Nothing is lost, and what cannot go out does not hold up the rest.
async fn cut_off(trade: &Trade, first: &str) {
    let memory = || fs::read(trade.erp.folder.join("state.json")).expect("the memory");
    let before = memory();
    let (stuck, _) = trade.erp.buy(UNKNOWN, &["10"]).await;
    let (_, lines) = trade.erp.buy(SUPPLIER, &["40"]).await;
    let (status, _, complaints) = trade.erp.connect("127.0.0.1:1", trade.key.token()).await;
    assert!(status == 2 && complaints.contains("the next run goes on from here"), "{status} {complaints}");
    assert_eq!(memory(), before);

    let (status, told, complaints) = trade.connect().await;
    assert_eq!((status, told.lines().count()), (1, 1), "{told}{complaints}");
    assert!(complaints.contains(&format!("purchase {stuck}: SUPPLIER_UNKNOWN")), "{complaints}");
    let all = orders(&trade.supplier).await;
    let second = all.into_iter().find(|order| order.id != first).expect("the second");
    let rejected = answer(&second.id).reject(&lines[0], "", RejectReason::NoCapacity).done();
    let rejected = RespondToOrderRequest { request_id: request_id(), ..rejected };
    trade.supplier.respond(rejected).await.expect("rejected");
    let other = trade.world.firm("南汀喷涂(示例)厂").await;
    trade.world.partner(&trade.buyer, &other, UNKNOWN).await;
    trade.connected().await;
    assert_eq!(trade.erp.line(&lines[0]).await.1, "Tandem: 40 rejected");
    assert_eq!(orders(&other).await[0].state(), OrderState::Unanswered);
}
