//! Two whole replicas at work at the same time: what meets there is decided as in one process.

use std::collections::BTreeSet;

use harness::{
    Access, Firm, World, accept_all,
    chaos::{self, Process},
    order,
};
use proto::orders::{Identifier, OrderReceipt, SupplierAddress};
use tonic::Status;

/// How often the same things meet.
const ROUNDS: usize = 40;

/// A world, another process on its database, and a buyer with its supplier.
struct Stage {
    world: World,
    other: Process,
    buyer: Firm,
    supplier: Firm,
}

impl Stage {
    async fn set(name: &str) -> Self {
        let world = World::start().await;
        let (buyer, supplier) = world.pair().await;
        let folder = chaos::folder(name).await;
        let services = &["partners", "orders", "interchange", "stream"];
        let mut other = Process::beside(&world, &folder, "other", services).await;
        other.start();
        chaos::answering(&chaos::access(other.api, Some(&buyer.key))).await;
        Self { world, other, buyer, supplier }
    }

    /// A firm's access to both.
    fn both(&self, firm: &Firm) -> [Access; 2] {
        [self.world.node().api, self.other.api].map(|api| chaos::access(api, Some(&firm.key)))
    }

    async fn finish(mut self) {
        self.other.kill().await;
        self.world.finish().await;
    }
}

/// The one receipt of two answers, of which one says that it repeats the other.
#[track_caller]
fn same(one: Result<OrderReceipt, Status>, other: Result<OrderReceipt, Status>) -> OrderReceipt {
    let [one, other] =
        [one, other].map(|answer| answer.expect("a repeated request is answered with its receipt"));
    assert_ne!(one.replayed, other.replayed, "one took effect and the other repeats it");
    let first = |receipt| OrderReceipt { replayed: false, ..receipt };
    let (one, other) = (first(one), first(other));
    assert_eq!(one, other);
    one
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_reaches_two_replicas_takes_effect_once() {
    let stage = Stage::set("replicas-requests").await;
    let ([buyer_1, buyer_2], [supplier_1, supplier_2]) =
        (stage.both(&stage.buyer), stage.both(&stage.supplier));
    for round in 0..ROUNDS {
        let publish = order(&format!("PO-{round}")).line("10", "P-1", "5", "1.00").to("V100");
        let (one, other) = tokio::join!(buyer_1.publish(publish.clone()), buyer_2.publish(publish));
        let receipt = same(one, other);
        let respond = accept_all(&receipt.order_id);
        let (one, other) = tokio::join!(supplier_1.respond(respond.clone()), supplier_2.respond(respond));
        assert_eq!(same(one, other).version, 2);
    }
    stage.finish().await;
}

/// Buyers send many documents at once, and their people do not write a name twice alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_meet_at_two_replicas_invite_their_seller_once() {
    let stage = Stage::set("replicas-invitations").await;
    let buyers = stage.both(&stage.buyer);
    for round in 0..ROUNDS {
        let gln = Identifier { scheme: "0088".into(), value: format!("73023472310{round:02}") };
        let publications = buyers.iter().enumerate().map(|(n, buyer)| {
            let address = SupplierAddress {
                party_ids: vec![gln.clone()],
                invite_as: format!("{round} 号塑料制品厂{}", ".".repeat(n)),
                ..SupplierAddress::default()
            };
            let order = order(&format!("PO-{round}-{n}")).line("10", "P-1", "5", "1.00").to_address(address);
            buyer.publish(order)
        });
        let receipts = futures::future::join_all(publications).await;
        let suppliers: BTreeSet<String> =
            receipts.into_iter().map(|receipt| receipt.expect("an order").supplier_id).collect();
        assert_eq!(suppliers.len(), 1, "round {round}: one firm has this number");
    }
    stage.finish().await;
}
