//! Ends entitlements whose time is over by the database's clock. Any number of processes may look; whatever is cut short is
//! found again.

use std::time::Duration;

use chassis::{Result, background};

use uuid::Uuid;

use crate::{
    commands::{
        Context, Now,
        entitlement::{self, Over},
    },
    db::entitlement as db,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// The same for those of partnerships that are over.
const LEFT_EVERY: Duration = Duration::from_secs(5);
/// Entitlements looked at in one go.
const SLICE: i32 = 200;

/// Looks until shutdown.
pub(crate) async fn run(context: Context) {
    background::run(&context.deps.shutdown, EVERY, "looking for ended entitlements", || try_once(&context))
        .await;
}

/// Looks until shutdown for those whose partnership is over. They cannot be used since then; what is looked for is that they
/// do not come back with a new one.
pub(crate) async fn run_left(context: Context) {
    let what = "looking for entitlements of ended partnerships";
    background::run(&context.deps.shutdown, LEFT_EVERY, what, || left_once(&context)).await;
}

async fn left_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let left = db::left(&mut outside, SLICE).await?;
    outside.commit().await?;
    end(context, left, Over::Partnership).await
}

/// Looks once; whether more may be left.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let due = db::due(&mut outside, SLICE).await?;
    outside.commit().await?;
    end(context, due, Over::Time).await
}

async fn end(context: &Context, found: Vec<(Uuid, Uuid)>, over: Over) -> Result<bool> {
    let now = Now::unasked(&context.deps);
    let mut any = false;
    for (owner, id) in found {
        let ended = entitlement::expire(now, owner, id, over);
        any |= background::or_no(owner, "ending an entitlement", ended).await;
    }
    Ok(any)
}
