//! Looks for deadlines that a day brings something for: answers that are overdue, and reminders that the terms want.
//! Any number of processes may look at once; whatever is cut short is found again.

use std::{collections::BTreeMap, time::Duration};

use chassis::{Result, background, calendar::day_of, service::Deps};
use uuid::Uuid;

use crate::{commands::deadline, db::deadline as db};

/// Orders looked at in one go.
const SLICE: i32 = 200;
/// How often deadlines are looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Looks for deadlines until shutdown.
pub(crate) async fn run(deps: Deps) {
    let look = || async { Ok(try_once(&deps).await? > 0) };
    background::run(&deps.shutdown, EVERY, "looking for deadlines", look).await;
}

/// Does what the present day brings for one slice of orders; how many were found.
pub(crate) async fn try_once(deps: &Deps) -> Result<usize> {
    let today = day_of(deps.clock.now());
    let mut outside = deps.pool.begin_outside().await?;
    let found = db::to_sweep(&mut outside, today, SLICE).await?;
    outside.commit().await?;
    let mut count = found.len();
    let mut by_buyer: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (buyer, order) in found {
        by_buyer.entry(buyer).or_default().push(order);
    }
    for (buyer, orders) in by_buyer {
        // One firm's trouble is not its neighbour's.
        match deadline::sweep(deps, buyer, &orders).await {
            Ok(events) => {
                tracing::info!(firm.id = %buyer, orders = orders.len(), events, "deadlines looked at");
            }
            Err(error) => {
                count -= orders.len();
                tracing::warn!(firm.id = %buyer, error = %error, source = ?error.source, "deadlines failed");
            }
        }
    }
    Ok(count)
}
