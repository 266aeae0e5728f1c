//! Matches demand that arrived with the groups of its supplier, in the supplier's tenant: woken right after the customer's
//! commit in the same process, and looked for by every process. Whatever is cut short is found again.

use std::{collections::BTreeSet, time::Duration};

use chassis::{Result, background, outbox};
use uuid::Uuid;

use crate::{
    commands::{
        Context, Now,
        matching::{self, Cause},
    },
    db::{demand as db, week},
};

/// Versions matched in one transaction.
const SLICE: i64 = 200;
/// Suppliers looked at in one go.
const FIRMS: i32 = 100;
/// How often arrivals from other processes are looked for.
const EVERY: Duration = Duration::from_millis(200);

/// Looks for arrivals until shutdown.
pub(crate) async fn run(context: Context) {
    let look = || try_once(&context);
    background::woken(&context.deps.shutdown, &context.arrived, EVERY, "looking for demand", look).await;
}

/// Matches a slice of every supplier; whether there was one.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms_to_match(&mut outside, FIRMS).await?;
    outside.commit().await?;
    Ok(background::each_firm(firms, "matching", |firm| arrived(context, firm)).await)
}

/// Matches the next versions that arrived for a supplier; whether there were any.
async fn arrived(context: &Context, supplier: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin_by_keys(supplier).await?;
    matching::lock(&mut tx).await?;
    let arrivals = db::arrivals(&mut tx, SLICE).await?;
    let materials: BTreeSet<(Uuid, String)> =
        arrivals.iter().map(|one| (one.customer, one.material_number_customer.clone())).collect();
    let (customers, materials): (Vec<Uuid>, Vec<String>) = materials.into_iter().unzip();
    let groups = week::linking(&mut tx, &customers, &materials).await?;
    let now = Now::unasked(&context.deps);
    let events = matching::rematch(now, &mut tx, Cause::Demand(&groups)).await?;
    db::matched(&mut tx, &arrivals, now.at).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(!arrivals.is_empty())
}
