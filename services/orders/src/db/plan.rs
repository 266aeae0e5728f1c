//! How a list of orders is planned.
//!
//! A page by date, and one of all orders, keep one plan for all values, since an index leads to it whatever is asked for. Such
//! a plan does not know that of a million orders a thousand wait and none was ever rejected, and reads the million. So where
//! values decide what is cheap, the statement is planned for those at hand, which takes about a millisecond.

use chassis::{Result, db::TenantTx};
use proto::orders::Side;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    list::{DIFFERS, Filter, PENDING, Sort},
    search::Matching,
};

/// So many orders are found by what they have in common and then sorted; of more a page is found by what sorts it.
pub(crate) const FEW: i64 = 2_000;

/// Orders of which something is asked that few have, where they are few: planning cannot tell, and reads all to find them.
pub(crate) async fn among(tx: &mut TenantTx, filter: &Filter) -> Result<Option<Matching>> {
    let (table, has) = match (filter.erp_differs, filter.has_pending_changes) {
        (Some(true), _) => ("orders.schedule_state", DIFFERS),
        (_, Some(true)) => ("orders.pending_change", PENDING),
        _ => return Ok(None),
    };
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new("select distinct t.order_id from ");
    query.push(table).push(" t where ").push(has).push(" limit ").push_bind(FEW + 1);
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(tx.conn()).await?;
    Ok((ids.len() as i64 <= FEW).then_some(Matching::Among(ids)))
}

/// Has the statements of this transaction that read this list planned for its values, where these decide.
pub(crate) async fn for_values(tx: &mut TenantTx, filter: &Filter, sort: Sort) -> Result<()> {
    let many_match = matches!(filter.matching, Some(Matching::Each(_)));
    let by_index = match sort {
        Sort::RequestedDate(_) => true,
        Sort::Newest(_) => filter.states.is_empty(),
        Sort::AnswerDue(_) => false,
    };
    if by_index && !many_match && !narrow(filter) {
        return Ok(());
    }
    sqlx::query("select set_config('plan_cache_mode', 'force_custom_plan', true)").execute(tx.conn()).await?;
    if many_match {
        // How many have the words is guessed as hardly any, so that all of them would be read and sorted. They are many, and
        // the first that come in the list's order fill a page soon; unless something else leaves few, who are then looked at.
        let few = narrow(filter) || few_in_states(tx, filter).await?;
        let walks = !few && !matches!(sort, Sort::AnswerDue(_));
        sqlx::query(
            "select set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', $1, true)",
        )
        .bind(if walks { "off" } else { "on" })
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Whether something is asked for that an index of few orders answers.
fn narrow(filter: &Filter) -> bool {
    filter.among.is_some() || filter.has_open_proposals == Some(true) || filter.due_before.is_some()
}

async fn few_in_states(tx: &mut TenantTx, filter: &Filter) -> Result<bool> {
    if filter.states.is_empty() {
        return Ok(false);
    }
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new("select count(*) from (select 1 from orders.order_state s where s.");
    query.push(if filter.side == Side::Supplier { "supplier" } else { "buyer" });
    query.push(" = ").push_bind(tx.firm()).push(" and s.state = any(").push_bind(filter.states.clone());
    query.push(") limit ").push_bind(FEW + 1).push(") some");
    let found: i64 = query.build_query_scalar().fetch_one(tx.conn()).await?;
    Ok(found <= FEW)
}
