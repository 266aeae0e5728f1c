//! Ends entitlements whose time is over by the database's clock. Any number of processes may look; whatever is cut short is
//! found again.

use std::time::Duration;

use chassis::{Result, background};

use crate::{
    commands::{Context, Now, entitlement},
    db::entitlement as db,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// Entitlements looked at in one go.
const SLICE: i32 = 200;

/// Looks until shutdown.
pub(crate) async fn run(context: Context) {
    background::run(&context.deps.shutdown, EVERY, "looking for ended entitlements", || try_once(&context))
        .await;
}

/// Looks once; whether more may be left.
async fn try_once(context: &Context) -> Result<bool> {
    let now = Now::unasked(&context.deps);
    let mut outside = context.deps.pool.begin_outside().await?;
    let due = db::due(&mut outside, SLICE).await?;
    outside.commit().await?;
    let mut any = false;
    for (owner, id) in due {
        any |= background::or_no(owner, "ending an entitlement", entitlement::expire(now, owner, id)).await;
    }
    Ok(any)
}
