//! What the caller follows.

use chassis::{Result, caller::Caller, service::Deps};
use proto::resources as wire;

use crate::{commands::following::MAX_FOLLOWING, convert::following::following_out, db::following as rows};

/// All of it.
pub(crate) async fn list(deps: &Deps, caller: &Caller) -> Result<wire::ListFollowingResponse> {
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let found = rows::list(&mut tx, MAX_FOLLOWING).await?;
    tx.commit().await?;
    let following = found.iter().map(|row| following_out(row, false)).collect();
    Ok(wire::ListFollowingResponse { following })
}
