//! Callers that go away in the middle.

use std::{pin::pin, task::Poll};

use chassis::db::{Near, TenantPool};
use harness::World;
use sqlx::Row as _;

/// Polls a future some times and drops it, finished or not.
async fn abandon(future: impl Future, polls: usize) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let done = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if done {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_transaction_behind() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let raw = world.app_pool().await;
    let near = [0, 1].map(|_| Near::new(raw.connect_options().as_ref().clone()));
    let pool = TenantPool::new(raw.clone()).near(near.clone());
    // A caller may go away before, inside and after each round trip.
    for polls in 1..=120 {
        let call = async {
            let mut tx = pool.begin(firm.uuid()).await.expect("begun");
            sqlx::query("select count(*) from orders.order_state").execute(tx.conn()).await.expect("asked");
            tx.commit().await.expect("committed");
        };
        abandon(call, polls % 40).await;
        // Every connection as the next caller would get it.
        let mut all = Vec::new();
        for pool in near.iter().map(Near::pool).chain([raw]) {
            for _ in 0..pool.options().get_max_connections() {
                all.push(pool.acquire().await.expect("a connection"));
            }
        }
        for connection in &mut all {
            // As a simple query: a prepared one begins its own transaction a moment before its statement.
            let ask =
                "select now() = statement_timestamp(), coalesce(current_setting('tandem.firm', true), '')";
            let row = sqlx::raw_sql(ask).fetch_one(&mut **connection).await.expect("it answers");
            let state: (bool, String) = (row.get(0), row.get(1));
            assert_eq!(state, (true, String::new()), "no transaction and no firm, after {polls} polls");
        }
    }
    world.finish().await;
}
