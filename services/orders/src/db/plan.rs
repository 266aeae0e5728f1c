//! How a list of orders is planned.
//!
//! A page by date, and one of all orders, keep one plan for all values, since an index leads to it whatever is asked for. Such
//! a plan does not know that of a million orders a thousand wait and none was ever rejected, and reads the million. So where
//! values decide what is cheap, the statement is planned for those at hand, which takes about a millisecond.

use chassis::{Result, db::TenantTx};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    list::{DIFFERS, Filter, PENDING, Sort},
    search::Matching,
};

/// So many orders are found by what they have in common and then sorted; of more a page is found by what sorts it.
pub(crate) const FEW: i64 = 2_000;

/// Orders of which something is asked that few have, where they are few: planning cannot tell, and reads all to find them. Those
/// that are known already do.
pub(crate) async fn among(tx: &mut TenantTx, filter: &Filter) -> Result<Option<Matching>> {
    if filter.among.is_some() {
        return Ok(filter.among.clone());
    }
    let Some((table, has)) = scarce(filter) else { return Ok(None) };
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new("select distinct t.order_id from ");
    query.push(table).push(" t where t.").push(filter.own()).push(" = ").push_bind(tx.firm()).push(" and ");
    query.push(has).push(" limit ").push_bind(FEW + 1);
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(tx.conn()).await?;
    Ok((ids.len() as i64 <= FEW).then_some(Matching::Among(ids)))
}

/// Has the statements that come planned for the values of this list, which decide.
pub(super) async fn for_values(tx: &mut TenantTx, filter: &Filter, sort: Sort) -> Result<()> {
    anew(tx).await?;
    if many_match(filter) {
        // How many have the words is guessed as hardly any, so that all of them would be read and sorted. They are many, and
        // the first that come in the list's order fill a page soon; unless something else leaves few, who are then looked at.
        let few = narrow(filter) || few_in_states(tx, filter).await?;
        sqlx::query(
            "select set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', $1, true)",
        )
        .bind(if walks(few, sort) { "off" } else { "on" })
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The same for the count of a list, which nothing sorts.
pub(crate) async fn for_count(tx: &mut TenantTx, filter: &Filter) -> Result<()> {
    if keeps_count(filter) {
        return Ok(());
    }
    anew(tx).await?;
    if many_match(filter) {
        // As for the page: the first so many that have the words are soon counted, and not all of them looked up before.
        sqlx::query("select set_config('enable_bitmapscan', 'off', true)").execute(tx.conn()).await?;
    }
    Ok(())
}

/// Whether the count of this list keeps one plan for all values. It goes by states, whatever sorts the list.
pub(crate) fn keeps_count(filter: &Filter) -> bool {
    !many_match(filter) && !narrowed(filter) && filter.groups().is_none() && scarce(filter).is_none()
}

/// Has the statements that come keep their plans, which find rows by keys.
pub(crate) async fn kept(tx: &mut TenantTx) -> Result<()> {
    sqlx::query(
        "select set_config('plan_cache_mode', 'force_generic_plan', true), \
                set_config('enable_bitmapscan', 'on', true), set_config('enable_sort', 'on', true)",
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has the statements that come planned for the values at hand.
pub(super) async fn anew(tx: &mut TenantTx) -> Result<()> {
    sqlx::query("select set_config('plan_cache_mode', 'force_custom_plan', true)").execute(tx.conn()).await?;
    Ok(())
}

/// The table of what is asked for that few orders have, and what shows there that one has it. That an order does not have it
/// is true of most.
fn scarce(filter: &Filter) -> Option<(&'static str, &'static str)> {
    match (filter.erp_differs, filter.has_pending_changes) {
        (Some(true), _) => Some(("orders.schedule_state", DIFFERS)),
        (_, Some(true)) => Some(("orders.pending_change", PENDING)),
        _ => None,
    }
}

/// Whether one plan serves all values, since an index leads to the page. Of purchasing groups one has most orders and another
/// hardly any: days lead to the page of the former, and a group's own index to that of the latter.
pub(super) fn keeps_plan(filter: &Filter, sort: Sort) -> bool {
    let by_index = match sort {
        Sort::RequestedDate(_) => true,
        Sort::Newest(_) => filter.states.is_empty() || filter.open().is_some(),
        // By an index of what waits, or they are few and are sorted.
        Sort::AnswerDue(_) => filter.waits() || filter.open().is_some(),
    };
    let narrow = match sort {
        Sort::AnswerDue(_) => narrowed(filter),
        _ => narrow(filter),
    };
    by_index && !many_match(filter) && !narrow && filter.groups().is_none()
}

/// Whether the words that are looked for are those of too many orders to name them.
fn many_match(filter: &Filter) -> bool {
    matches!(filter.matching, Some(Matching::Each(_)))
}

/// Whether a page of orders that have the words is read in the list's order, and nothing is sorted. Days on which answers
/// are due are the order of what waits alone, and that is few.
fn walks(few: bool, sort: Sort) -> bool {
    !few && !matches!(sort, Sort::AnswerDue(_))
}

/// Whether something is asked for that an index of few orders answers.
fn narrow(filter: &Filter) -> bool {
    narrowed(filter) || filter.due_before.is_some()
}

/// The same but for overdue answers, to which an index leads whatever the day.
fn narrowed(filter: &Filter) -> bool {
    filter.among.is_some() || filter.has_open_proposals == Some(true)
}

async fn few_in_states(tx: &mut TenantTx, filter: &Filter) -> Result<bool> {
    if filter.states.is_empty() {
        return Ok(false);
    }
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new("select count(*) from (select 1 from orders.order_state s where s.");
    query.push(filter.own());
    query.push(" = ").push_bind(tx.firm()).push(" and s.state = any(").push_bind(filter.states.clone());
    query.push(") limit ").push_bind(FEW + 1).push(") found");
    let found: i64 = query.build_query_scalar().fetch_one(tx.conn()).await?;
    Ok(found <= FEW)
}

#[cfg(test)]
mod tests {
    use proto::orders::{OrderState, Side};
    use time::Date;

    use super::*;

    const SORTS: [Sort; 3] = [Sort::Newest(None), Sort::RequestedDate(None), Sort::AnswerDue(None)];

    #[test]
    fn a_page_that_an_index_leads_to_keeps_its_plan_and_others_are_planned_for_their_values() {
        let any = Filter::default;
        let many = || Some(Matching::Each(Vec::new()));
        let few = || Some(Matching::Among(Vec::new()));
        let state = |state: OrderState| vec![state as i16];
        for (what, filter, kept) in [
            ("everything", any(), [true, true, false]),
            ("some states", Filter { states: vec![1, 2], ..any() }, [false, true, false]),
            (
                "a settled state",
                Filter { states: state(OrderState::Accepted), ..any() },
                [false, true, false],
            ),
            ("those that wait", Filter { states: state(OrderState::Unanswered), ..any() }, [true; 3]),
            ("those proposed", Filter { states: state(OrderState::Proposed), ..any() }, [true; 3]),
            ("one partner", Filter { counterparty: Some(Uuid::nil()), ..any() }, [true, true, false]),
            ("a group", Filter { purchasing_group: "P1".into(), ..any() }, [false; 3]),
            (
                "a supplier's own groups, which are none",
                Filter { side: Side::Supplier, own_purchasing_groups: vec!["P1".into()], ..any() },
                [true, true, false],
            ),
            (
                "the groups of somebody who is narrowed",
                Filter { side: Side::Buyer, own_purchasing_groups: vec!["P1".into()], ..any() },
                [false; 3],
            ),
            ("words of few", Filter { matching: few(), ..any() }, [true, true, false]),
            ("words of many", Filter { matching: many(), ..any() }, [false; 3]),
            ("what few have", Filter { among: few(), ..any() }, [false; 3]),
            ("open proposals", Filter { has_open_proposals: Some(true), ..any() }, [false; 3]),
            ("no open proposals", Filter { has_open_proposals: Some(false), ..any() }, [true, true, false]),
            ("overdue answers", Filter { due_before: Some(Date::MIN), ..any() }, [false, false, true]),
        ] {
            assert_eq!(SORTS.map(|sort| keeps_plan(&filter, sort)), kept, "{what}");
        }
    }

    #[test]
    fn counts_of_groups_are_planned_for_their_values() {
        assert!(keeps_count(&Filter::default()));
        assert!(!keeps_count(&Filter { purchasing_group: "P1".into(), ..Filter::default() }));
    }

    #[test]
    fn orders_are_found_by_what_few_have_and_not_by_what_most_do_not_have() {
        for (erp_differs, has_pending_changes, table) in [
            (None, None, None),
            (Some(false), None, None),
            (Some(false), Some(false), None),
            (Some(true), None, Some("orders.schedule_state")),
            (Some(true), Some(false), Some("orders.schedule_state")),
            (None, Some(true), Some("orders.pending_change")),
            (Some(false), Some(true), Some("orders.pending_change")),
        ] {
            let filter = Filter { erp_differs, has_pending_changes, ..Filter::default() };
            let found = scarce(&filter).map(|(table, _)| table);
            assert_eq!(found, table, "{erp_differs:?} {has_pending_changes:?}");
        }
    }

    #[test]
    fn many_orders_are_read_in_their_order_and_few_are_sorted() {
        assert_eq!(SORTS.map(|sort| walks(false, sort)), [true, true, false]);
        assert_eq!(SORTS.map(|sort| walks(true, sort)), [false; 3]);
    }
}
