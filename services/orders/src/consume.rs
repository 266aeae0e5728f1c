//! Moves orders of placeholders that were claimed to their claimants, in slices, each with its events. Whatever is
//! cut short goes on later: a claim is done when no order is left with the placeholder.

use std::time::Duration;

use chassis::{Result, service::Deps};
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

/// What one look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Moved(usize),
    Nothing,
}

/// Looks for claims until shutdown.
pub(crate) async fn run(deps: Deps) {
    loop {
        let wait = match try_once(&deps).await {
            Ok(Outcome::Moved(_)) => Duration::ZERO,
            Ok(Outcome::Nothing) => EVERY,
            Err(error) => {
                tracing::warn!(error = %error, source = ?error.source, "moving claimed orders failed; going on");
                EVERY
            }
        };
        tokio::select! {
            () = deps.shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Moves one slice of every pending claim.
pub(crate) async fn try_once(deps: &Deps) -> Result<Outcome> {
    let mut outside = deps.pool.begin_outside().await?;
    let claims = claim::pending(&mut outside).await?;
    // Before the orders, so that they meet their rules where they go.
    tolerance::move_claimed(&mut outside).await?;
    outside.commit().await?;
    let mut moved = 0;
    for (placeholder, claimant) in claims {
        match move_slice(deps, placeholder, claimant).await {
            Ok(orders) => moved += orders,
            // One claim's trouble is not the next one's.
            Err(error) => {
                tracing::warn!(firm.id = %claimant, error = %error, source = ?error.source, "moving claimed orders failed; going on");
            }
        }
    }
    Ok(if moved > 0 { Outcome::Moved(moved) } else { Outcome::Nothing })
}

async fn move_slice(deps: &Deps, placeholder: Uuid, claimant: Uuid) -> Result<usize> {
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
    Ok(moved.len())
}
