//! Orders by purchasing group.

use chassis::{Result, db::TenantTx};
use proto::orders::Side;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::plan::{self, FEW};

/// The groups that are wanted, each once, by the one that is asked for and those that the reader is narrowed to. `None`: any.
pub(crate) fn wanted(asked: &str, own: &[String]) -> Option<Vec<String>> {
    let mut groups = match (asked.is_empty(), own.is_empty()) {
        (true, true) => return None,
        (true, false) => own.to_vec(),
        (false, true) => vec![asked.to_string()],
        (false, false) => own.iter().filter(|group| group.as_str() == asked).cloned().collect(),
    };
    groups.sort_unstable();
    groups.dedup();
    Some(groups)
}

/// The tenant's orders of these groups, where they are few: by what sorts a list, all others were read to find them. What this
/// transaction reads afterwards is planned for its values, since some groups have hardly any orders and some have most.
pub(crate) async fn few(
    tx: &mut TenantTx,
    side: Side,
    groups: Option<Vec<String>>,
) -> Result<Option<Vec<Uuid>>> {
    let Some(groups) = groups else { return Ok(None) };
    plan::anew(tx).await?;
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new("select o.id from orders.purchase_order o where o.");
    query.push(if side == Side::Supplier { "supplier" } else { "buyer" });
    query.push(" = ").push_bind(tx.firm()).push(" and o.purchasing_group = any(").push_bind(groups);
    query.push(") limit ").push_bind(FEW + 1);
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(tx.conn()).await?;
    Ok((ids.len() as i64 <= FEW).then_some(ids))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_narrowed_gets_a_group_that_is_asked_for_only_where_it_is_an_own() {
        let own = |groups: &[&str]| groups.iter().map(|group| (*group).to_string()).collect::<Vec<_>>();
        for (asked, narrowed, expected) in [
            ("", &[] as &[&str], None),
            ("P1", &[], Some(&["P1"][..])),
            ("", &["P2", "P1", "P2"], Some(&["P1", "P2"])),
            ("P1", &["P2", "P1"], Some(&["P1"])),
            ("P1", &["P2", "P11"], Some(&[])),
        ] {
            assert_eq!(wanted(asked, &own(narrowed)), expected.map(own), "{asked:?} {narrowed:?}");
        }
    }
}
