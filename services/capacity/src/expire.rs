//! Ends holds whose time is over by the database's clock, tells of reservations that orders consumed, gives what came back
//! of withdrawn offers to their groups, takes from groups what is not lent to them any more, counts
//! what they lend, and notes what is compared of
//! offers where that is missing. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background};

use crate::{
    commands::{Context, Now, borrow, lend, offer, reservation},
    db::{best, borrowed, offer as db, reserved},
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
    let now = Now::unasked(&context.deps);
    reservation::end_due(now, None).await?;
    let mut outside = context.deps.pool.begin_outside().await?;
    let offers = db::to_trim(&mut outside, SLICE).await?;
    let bare = best::without_facts(&mut outside, SLICE).await?;
    let borrowers = borrowed::firms_due(&mut outside, SLICE).await?;
    let lenders = reserved::firms_due(&mut outside, SLICE).await?;
    outside.commit().await?;
    let full = offers.len().max(bare.len()).max(borrowers.len()) == SLICE as usize;
    let mut any =
        background::each_firm(borrowers, "giving back", |firm| borrow::give_back(context, firm)).await;
    let more = background::each_firm(lenders, "lending", |firm| lend::follow(context, firm)).await;
    for (supplier, id) in offers {
        let trimmed = async { offer::trim(now, supplier, id).await.map(|()| true) };
        any |= background::or_no(supplier, "trimming", trimmed).await;
    }
    for (supplier, id) in bare {
        let noted = async { offer::note_facts(now, supplier, id).await.map(|()| true) };
        any |= background::or_no(supplier, "noting facts of offers", noted).await;
    }
    Ok((any && full) || more)
}
