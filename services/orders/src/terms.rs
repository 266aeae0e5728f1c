//! Loads what is tolerated of the schedule lines that an answer proposes for. Whoever asks, the answer is the same:
//! both firms of an order see its lines, its agreed proposals, and the rules that concern it.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

use crate::{
    agree::AllTerms,
    convert,
    db::terms as db,
    order::Order,
    tolerance::{Rule, Scope},
};

/// A rule of a buyer in force.
pub(crate) struct Standing {
    pub buyer: Uuid,
    pub scope: Scope,
    pub rule: Rule,
}

/// Terms of the named schedule lines of each order. Reads nothing where there are none.
pub(crate) async fn load(tx: &mut TenantTx, wanted: &[(&Order, Vec<Uuid>)]) -> Result<AllTerms> {
    let lines: Vec<Uuid> = wanted.iter().flat_map(|(_, lines)| lines).copied().collect();
    if lines.is_empty() {
        return Ok(AllTerms::new());
    }
    let orders: HashMap<Uuid, &Order> = wanted.iter().map(|(order, _)| (order.id, *order)).collect();
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let asked = db::asked(tx, &ids, &lines).await?.into_iter().map(convert::asked);
    let asked: Vec<convert::Asked> = asked.collect::<Result<_>>()?;
    let beyond = convert::beyond(db::agreed(tx, &ids, &lines).await?)?;
    let parties = db::Parties {
        buyers: orders.values().map(|order| order.buyer).collect(),
        suppliers: orders.values().map(|order| order.supplier).collect(),
        item_groups: asked.iter().map(|line| line.item_group.clone()).collect(),
        buyer_item_ids: asked.iter().map(|line| line.buyer_item_id.clone()).collect(),
    };
    let mut standing: Vec<Standing> =
        db::rules(tx, &parties).await?.into_iter().map(convert::standing).collect();
    standing.sort_by_key(|one| one.scope.rank());
    let each = asked.into_iter().filter_map(|line| {
        let order = orders.get(&line.order)?;
        let mut terms = line.terms;
        let about = standing.iter().filter(|one| {
            one.buyer == order.buyer && one.scope.fits(order.supplier, &line.item_group, &line.buyer_item_id)
        });
        terms.rules.extend(about.map(|one| one.rule.clone()));
        terms.beyond = beyond.get(&line.id).copied().unwrap_or_default();
        Some((line.id, terms))
    });
    Ok(each.collect())
}
