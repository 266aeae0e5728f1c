//! Ends holds whose time is over by the database's clock, tells of reservations that orders consumed, gives what came
//! back of withdrawn offers to their groups, and takes from groups what is not lent to them any more. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background};

use crate::{
    commands::{Context, Now, borrow, now, offer, reservation},
    db::{borrowed, offer as db},
};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// Offers, and firms, looked at in one go.
const SLICE: i32 = 200;

/// Looks until shutdown.
pub(crate) async fn run(context: Context) {
    background::run(&context.deps.shutdown, EVERY, "looking for ended holds", || try_once(&context)).await;
}

/// Looks once; whether more may be left to do.
async fn try_once(context: &Context) -> Result<bool> {
    let now = Now { deps: &context.deps, at: now(&context.deps), traceparent: "" };
    reservation::end_due(now, None).await?;
    let mut outside = context.deps.pool.begin_outside().await?;
    let offers = db::to_trim(&mut outside, SLICE).await?;
    let borrowers = borrowed::firms_due(&mut outside, SLICE).await?;
    outside.commit().await?;
    let full = offers.len() == SLICE as usize || borrowers.len() == SLICE as usize;
    let mut any =
        background::each_firm(borrowers, "giving back", |firm| borrow::give_back(context, firm)).await;
    for (supplier, id) in offers {
        let trimmed = async { offer::trim(now, supplier, id).await.map(|()| true) };
        any |= background::or_no(supplier, "trimming", trimmed).await;
    }
    Ok(any && full)
}
