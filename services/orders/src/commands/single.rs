//! Commands that run alone and are about orders.

use chassis::Result;
pub(crate) use chassis::command::{Begun, Single};
use prost::Message;
use uuid::Uuid;

use super::follow;

/// As [`Single::begin`], about these orders: a caller who was narrowed away from one of them since meets no receipt.
pub(crate) async fn begin_about<R: Message + Default>(
    command: &Single<'_>,
    orders: &[Uuid],
) -> Result<Begun<R>> {
    let mut tx = command.deps.pool.begin_by_keys(command.caller.firm).await?;
    let Some(receipt) = command.replayed(&mut tx).await? else { return Ok(Begun::New(tx)) };
    for order in orders.iter().filter(|_| command.caller.is_narrowed()) {
        follow::seen(command.deps, &mut tx, command.caller, *order).await?;
    }
    Ok(Begun::Replay(receipt))
}
