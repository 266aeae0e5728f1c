//! Hours that others have of a group's offers 借出 are load of its weeks, from when they are confirmed until they are given
//! back. Whoever confirms or gives back marks the reservation and waits for no week; the weeks follow in the lender's tenant.

use chassis::{Result, outbox};
use uuid::Uuid;

use super::{
    Context, Now,
    matching::{self, Cause},
};
use crate::db::reserved as db;

/// Reservations looked at in one transaction.
const SLICE: i64 = 500;

/// Matches the groups of which it changed what a firm lends; whether more may be left to do.
pub(crate) async fn follow(context: &Context, lender: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin_by_keys(lender).await?;
    matching::lock(&mut tx).await?;
    let (groups, full) = db::take_due(&mut tx, SLICE).await?;
    let events = matching::rematch(Now::unasked(&context.deps), &mut tx, Cause::Demand(&groups)).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(full)
}
