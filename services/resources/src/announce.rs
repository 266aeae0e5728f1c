//! Tells others what became of resources, where they are more than one transaction tells: woken right after the owner's commit
//! in the same process, and looked for by every process. Whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background};

use crate::{
    commands::{Context, announce},
    db::announcement as db,
};

/// How often what other processes have to tell is looked for.
const EVERY: Duration = Duration::from_millis(200);
/// Owners of one look.
const FIRMS: i32 = 100;

/// Tells until shutdown.
pub(crate) async fn run(context: Context) {
    let look = || try_once(&context);
    background::woken(&context.deps.shutdown, &context.to_tell, EVERY, "telling of resources", look).await;
}

/// Tells a slice of every owner; whether there was one.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let owners = db::owners(&mut outside, FIRMS).await?;
    outside.commit().await?;
    Ok(background::each_firm(owners, "telling of a resource", |owner| announce::next(context, owner)).await)
}
