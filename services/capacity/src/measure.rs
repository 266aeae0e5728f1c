//! Measures the demand of groups when their supplier wants it measured, whether or not anything is written then. Any number
//! of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background, outbox};
use uuid::Uuid;

use crate::{
    commands::{
        Context, Now,
        matching::{self, Cause},
    },
    db::volatility as db,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Suppliers looked at in one go.
const FIRMS: i32 = 100;
/// Groups measured in one transaction.
const GROUPS: i64 = 200;

/// Looks until shutdown.
pub(crate) async fn run(context: Context) {
    background::run(&context.deps.shutdown, EVERY, "measuring demand", || try_once(&context)).await;
}

/// Measures a slice of every supplier that has something due; whether there was any.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms_to_measure(&mut outside, context.deps.now(), FIRMS).await?;
    outside.commit().await?;
    Ok(background::each_firm(firms, "measuring", |firm| measure(context, firm)).await)
}

/// Measures the next groups of a supplier that are due: matching them again does it, and finds what else is to be told.
async fn measure(context: &Context, supplier: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin_by_keys(supplier).await?;
    matching::lock(&mut tx).await?;
    let now = Now::unasked(&context.deps);
    let groups = db::due(&mut tx, now.at, GROUPS).await?;
    let events = matching::rematch(now, &mut tx, Cause::Demand(&groups)).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(!groups.is_empty())
}
