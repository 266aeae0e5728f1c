//! What is promised of a line that its buyer changed, while the feed still tells of what was promised of it before.

use chassis::Reason;
use harness::{accept_all, change::change, order, refusal::refused};
use proto::orders::RespondToOrderRequest;
use rust_decimal::Decimal;

use super::Workshop;
use crate::booking::{W53, consume::ITEM};

impl Workshop {
    /// Another quantity of an order's line.
    async fn change(&self, order_id: &str, number: &str, hours: &str) {
        let changed = order(number).line("10", ITEM, hours, "1").schedule("1", hours, W53, "");
        self.buyer.change(change(order_id, changed)).await.unwrap();
    }

    /// How many hours were pending of the first week if the feed had told of an order up to this version alone.
    async fn pending_once_heard(&self, order: &str, version: i64) -> i64 {
        let mut tx = self.world.owner_pool().await.begin().await.unwrap();
        sqlx::query("select set_config('tandem.firm', $1, true)")
            .bind(self.supplier.id.as_str())
            .execute(&mut *tx)
            .await
            .unwrap();
        sqlx::query("select from capacity.settle_promises(array[$1::uuid], array[$2::bigint], true)")
            .bind(order)
            .bind(version)
            .execute(&mut *tx)
            .await
            .unwrap();
        let pending = "select (w.pending / 3600)::bigint from capacity.capacity_week w
                       where w.group_id = $1::uuid and w.monday = $2::date";
        let hours = sqlx::query_scalar(pending)
            .bind(self.group.as_str())
            .bind(W53)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        hours
    }
}

/// The feed still tells of what the line was promised before, and what is promised of it now takes no more than it adds.
#[tokio::test]
async fn a_line_that_was_changed_is_counted_once() {
    let shop = Workshop::open().await;
    let supplier = &shop.supplier;
    let id = shop.place("1", "30").await;
    let again = |revision: i32| supplier.respond(RespondToOrderRequest { revision, ..accept_all(&id) });
    again(1).await.unwrap();
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (30, 0, 60, false));
    shop.change(&id, "1", "35").await;
    again(2).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (30, 5, 60, false));
    assert_eq!(shop.room().await, Decimal::from(5));
    // Once more, of what is pending as well; up to the last hour, and one more is refused.
    shop.change(&id, "1", "41").await;
    refused(again(3).await, Reason::HOURS_OFFERED);
    shop.change(&id, "1", "40").await;
    again(4).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (30, 10, 60, false));
    // What was booked may be gone with the change, and what is promised counts in full before the feed tells of that.
    assert_eq!(shop.pending_once_heard(&id, 3).await, 75);
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (40, 0, 60, false));
    // Less takes nothing more, and nobody heard of any of it.
    shop.change(&id, "1", "20").await;
    again(5).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (40, 0, 60, false));
    assert_eq!(shop.pending_once_heard(&id, 8).await, 20);
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (20, 0, 60, false));

    let second = shop.place("2", "8").await;
    supplier.respond(accept_all(&second)).await.unwrap();
    shop.change(&second, "2", "9").await;
    supplier.respond(RespondToOrderRequest { revision: 2, ..accept_all(&second) }).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (20, 9, 60, false), "it was pending");
    assert_eq!(shop.pending_once_heard(&second, 2).await, 1, "8 of them are booked then");
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (29, 0, 60, false));
    shop.world.finish().await;
}
