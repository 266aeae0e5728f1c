//! The buyer sets and ends tolerance rules.

use chassis::{Error, Reason, Result};
use proto::orders::ToleranceRule;
use uuid::Uuid;

use super::single::{Begun, Single};
use crate::{
    convert::{self, NewRule},
    db::tolerance::{self as db, RuleRow},
};

pub(crate) async fn set_rule(command: &Single<'_>, new: NewRule) -> Result<ToleranceRule> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let mut supplier = None;
    if new.supplier.is_some() || !new.vendor_number.is_empty() {
        let found = db::supplier(&mut tx, new.supplier, &new.vendor_number).await?;
        // Numbers are unique among relationships that have not ended.
        supplier = Some(found.into_iter().next().ok_or_else(|| Error::new(Reason::SUPPLIER_UNKNOWN))?);
    }
    // Two rules for one scope at the same time would meet at its key.
    chassis::command::lock(&mut tx, "tolerance rules", "").await?;
    let rule = row(command, supplier, new);
    db::end_scope(&mut tx, &rule).await?;
    db::insert(&mut tx, &rule).await?;
    let receipt = convert::tolerance_rule(&rule);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

fn row(command: &Single<'_>, supplier: Option<Uuid>, new: NewRule) -> RuleRow {
    let bounds = new.bounds;
    RuleRow {
        id: command.deps.clock.id(),
        buyer: command.caller.firm,
        supplier,
        item_group: new.scope.item_group,
        buyer_item_id: new.scope.buyer_item_id,
        quantity_over_percent: bounds.quantity_over.and_then(|bound| bound.percent),
        quantity_over_absolute: bounds.quantity_over.and_then(|bound| bound.absolute),
        quantity_under_percent: bounds.quantity_under.and_then(|bound| bound.percent),
        quantity_under_absolute: bounds.quantity_under.and_then(|bound| bound.absolute),
        early_days: bounds.early_days,
        late_days: bounds.late_days,
        price_over_percent: bounds.price_over.and_then(|bound| bound.percent),
        price_over_absolute: bounds.price_over.and_then(|bound| bound.absolute),
        price_under_percent: bounds.price_under.and_then(|bound| bound.percent),
        price_under_absolute: bounds.price_under.and_then(|bound| bound.absolute),
        note: new.note,
        set_by: command.caller.actor_name.clone(),
        set_at: command.now(),
        ended_at: None,
    }
}

/// Ends a rule; ending it twice is no error.
pub(crate) async fn delete_rule(command: &Single<'_>, id: Uuid) -> Result<ToleranceRule> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let ended = db::end(&mut tx, command.own(), id, command.now()).await?.ok_or_else(Error::not_found)?;
    let receipt = convert::tolerance_rule(&ended);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
