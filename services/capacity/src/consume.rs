//! Matches demand that arrived with the groups of its supplier, in the supplier's tenant: woken right after the customer's
//! commit in the same process, and looked for by every process. Whatever is cut short is found again.

use std::{collections::BTreeSet, time::Duration};

use chassis::{Result, outbox};
use uuid::Uuid;

use crate::{
    commands::{
        Context, Now,
        matching::{self, Cause},
        now,
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
    loop {
        let wait = match try_once(&context).await {
            // There may be more than a slice.
            Ok(matched) if matched > 0 => Duration::ZERO,
            Ok(_) => EVERY,
            Err(error) => {
                tracing::warn!(error = %error, source = ?error.source, "looking for demand failed; going on");
                EVERY
            }
        };
        tokio::select! {
            () = context.deps.shutdown.cancelled() => return,
            () = context.arrived.woken() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Matches a slice of every supplier; how many versions.
pub(crate) async fn try_once(context: &Context) -> Result<usize> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms_to_match(&mut outside, FIRMS).await?;
    outside.commit().await?;
    let mut matched = 0;
    for firm in firms {
        // One firm's trouble is not its neighbour's.
        match arrived(context, firm).await {
            Ok(count) => matched += count,
            Err(error) => {
                tracing::warn!(firm.id = %firm, error = %error, source = ?error.source, "matching failed");
            }
        }
    }
    Ok(matched)
}

async fn arrived(context: &Context, supplier: Uuid) -> Result<usize> {
    let mut tx = context.deps.pool.begin(supplier).await?;
    matching::lock(&mut tx).await?;
    let arrivals = db::arrivals(&mut tx, SLICE).await?;
    let materials: BTreeSet<(Uuid, String)> =
        arrivals.iter().map(|one| (one.customer, one.material_number_customer.clone())).collect();
    let (customers, materials): (Vec<Uuid>, Vec<String>) = materials.into_iter().unzip();
    let groups = week::linking(&mut tx, &customers, &materials).await?;
    let now = Now { deps: &context.deps, at: now(&context.deps), traceparent: "" };
    let events = matching::rematch(now, &mut tx, Cause::Demand(&groups)).await?;
    db::matched(&mut tx, &arrivals, now.at).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(arrivals.len())
}
