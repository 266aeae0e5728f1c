//! Moves orders of placeholders that were claimed to their claimants, in slices, each with its events. Whatever is
//! cut short goes on later: a claim is done when no order is left with the placeholder.

use std::time::Duration;

use chassis::{Result, background, service::Deps};
use uuid::Uuid;

use crate::{
    db::{claim, tolerance},
    events::{self, Subject},
    queries,
};

/// Orders moved in one transaction.
const SLICE: i32 = 50;
/// How often claims are looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Looks for claims until shutdown.
pub(crate) async fn run(deps: Deps) {
    background::run(&deps.shutdown, EVERY, "looking for claimed orders", || try_once(&deps)).await;
}

/// Moves one slice of every pending claim; whether there was one.
async fn try_once(deps: &Deps) -> Result<bool> {
    let mut outside = deps.pool.begin_outside().await?;
    let claims = claim::pending(&mut outside).await?;
    // Before the orders, so that they meet their rules where they go.
    tolerance::move_claimed(&mut outside).await?;
    outside.commit().await?;
    let mut any = false;
    for (placeholder, claimant) in claims {
        let moved = move_slice(deps, placeholder, claimant);
        any |= background::or_no(claimant, "moving claimed orders", moved).await;
    }
    Ok(any)
}

/// Moves the next orders of a claim; whether there were any.
async fn move_slice(deps: &Deps, placeholder: Uuid, claimant: Uuid) -> Result<bool> {
    let mut tx = deps.pool.begin(claimant).await?;
    let moved = claim::move_orders(&mut tx, placeholder, SLICE).await?;
    let mut commands = Vec::with_capacity(moved.len());
    for id in &moved {
        let Some((head, order)) = queries::whole(&mut tx, *id).await? else { continue };
        let subject = Subject {
            id: head.id,
            buyer: head.buyer,
            supplier: head.supplier,
            version: head.version,
            sites: &head.sites,
            purchasing_group: &head.purchasing_group,
        };
        commands.push(vec![events::supplier_changed(deps, deps.clock.now(), &subject, order, placeholder)]);
    }
    chassis::outbox::append(&mut tx, commands).await?;
    tx.commit().await?;
    if !moved.is_empty() {
        tracing::info!(placeholder.id = %placeholder, firm.id = %claimant, orders = moved.len(), "orders moved");
        deps.wake.wake();
    }
    Ok(!moved.is_empty())
}
