//! Ends holds whose time is over by the database's clock, tells of reservations that orders consumed, and gives what came
//! back of withdrawn offers to their groups. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::Result;

use crate::{
    commands::{Context, Now, now, offer, reservation},
    db::offer as db,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// Offers looked at in one go.
const SLICE: i32 = 200;

/// Looks until shutdown.
pub(crate) async fn run(context: Context) {
    loop {
        if let Err(error) = try_once(&context).await {
            tracing::warn!(error = %error, source = ?error.source, "looking for ended holds failed; going on");
        }
        tokio::select! {
            () = context.deps.shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Looks once.
pub(crate) async fn try_once(context: &Context) -> Result<()> {
    let now = Now { deps: &context.deps, at: now(&context.deps), traceparent: "" };
    reservation::end_due(now, None).await?;
    let mut outside = context.deps.pool.begin_outside().await?;
    let offers = db::to_trim(&mut outside, SLICE).await?;
    outside.commit().await?;
    for (supplier, id) in offers {
        // One firm's trouble is not its neighbour's.
        if let Err(error) = offer::trim(now, supplier, id).await {
            tracing::warn!(firm.id = %supplier, error = %error, source = ?error.source, "trimming failed");
        }
    }
    Ok(())
}
