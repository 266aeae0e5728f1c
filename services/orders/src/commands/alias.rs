//! Reads documents by the buyer's own tables, before anything is decided about them.

use chassis::{Error, Result, db::TenantTx};
use proto::orders::{OrderContent, Warning};

use crate::{
    alias::{Aliases, apply, translate, written},
    publish::NewOrder,
};

/// Each order as the buyer's tables of units, sites and tax codes read it; `None` where that changes nothing. One
/// question to the database for all of them. INVALID_ARGUMENT where an order no longer adds up.
pub(crate) async fn read(tx: &mut TenantTx, orders: &[&NewOrder]) -> Result<Vec<Option<NewOrder>>> {
    let aliases = aliases(tx, orders.iter().map(|order| &order.content)).await?;
    orders.iter().map(|order| apply(order, &aliases).map_err(Error::invalid)).collect()
}

/// As [`read`], for documents that list only some lines; with what is to be looked at.
pub(crate) async fn contents(
    tx: &mut TenantTx,
    contents: impl Iterator<Item = &OrderContent> + Clone,
) -> Result<Vec<(OrderContent, Vec<Warning>)>> {
    let aliases = aliases(tx, contents.clone()).await?;
    let read = contents.map(|content| {
        let mut content = content.clone();
        let (_, warnings) = translate(&mut content, &aliases);
        (content, warnings)
    });
    Ok(read.collect())
}

async fn aliases(tx: &mut TenantTx, contents: impl Iterator<Item = &OrderContent>) -> Result<Aliases> {
    let mut words: Vec<String> = contents.flat_map(written).map(str::to_string).collect();
    words.sort_unstable();
    words.dedup();
    if words.is_empty() { Ok(Aliases::default()) } else { crate::db::alias::aliases(tx, &words).await }
}
