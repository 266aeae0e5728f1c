//! Reads documents by the buyer's own tables, before anything is decided about them.

use chassis::{Error, Result, db::TenantTx};

use crate::{
    alias::{Aliases, apply, written},
    publish::NewOrder,
};

/// Each order as the buyer's tables of units, sites and tax codes read it; `None` where that changes nothing. One
/// question to the database for all of them. INVALID_ARGUMENT where an order no longer adds up.
pub(crate) async fn read(tx: &mut TenantTx, orders: &[&NewOrder]) -> Result<Vec<Option<NewOrder>>> {
    let mut words: Vec<String> =
        orders.iter().flat_map(|order| written(&order.content)).map(str::to_string).collect();
    words.sort_unstable();
    words.dedup();
    let aliases =
        if words.is_empty() { Aliases::default() } else { crate::db::alias::aliases(tx, &words).await? };
    orders.iter().map(|order| apply(order, &aliases).map_err(Error::invalid)).collect()
}
