//! Who may do what around an order.

use chassis::{Error, Result, caller::Caller, db::TenantTx, service::Deps};
use uuid::Uuid;

use crate::db::follow::{self as db, Standing};

/// The caller's decision on whose order it is, as `commands::may_act`: NOT_FOUND unless the caller's firm stands on that
/// side, and unless the caller is not narrowed to other sites or purchasing groups.
pub(crate) fn may(deps: &Deps, caller: &Caller, order: &Standing, owner: Uuid) -> Result<()> {
    let narrowed = caller.firm == order.buyer && !caller.covers(&order.sites, &order.purchasing_group);
    if (deps.checks_ownership() && (owner != caller.firm || narrowed)) || !caller.reaches(order.id) {
        return Err(Error::not_found());
    }
    Ok(())
}

/// The caller's decision where either firm may act.
pub(crate) fn may_either(deps: &Deps, caller: &Caller, order: &Standing) -> Result<()> {
    let side = if caller.firm == order.supplier { order.supplier } else { order.buyer };
    may(deps, caller, order, side)
}

/// Whether the caller may see this order at all; NOT_FOUND where not.
pub(crate) async fn seen(deps: &Deps, tx: &mut TenantTx, caller: &Caller, order: Uuid) -> Result<()> {
    may_either(deps, caller, &whole(tx, order).await?)
}

/// The order without its lines, unlocked; NOT_FOUND where the firm does not see it.
pub(crate) async fn whole(tx: &mut TenantTx, id: Uuid) -> Result<Standing> {
    db::find(tx, id).await?.ok_or_else(Error::not_found)
}

/// The order without its lines, locked; NOT_FOUND where the firm does not see it.
pub(crate) async fn locked(tx: &mut TenantTx, id: Uuid) -> Result<Standing> {
    db::lock(tx, &[id]).await?.pop().ok_or_else(Error::not_found)
}
