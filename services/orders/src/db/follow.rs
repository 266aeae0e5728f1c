//! Orders as what follows them needs them: their lock and version without their lines, and what happened around them.

use chassis::{Error, Reason, Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{load, read::HistoryRow};

/// An order without its lines.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub id: Uuid,
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub source_system: String,
    pub order_number: String,
    pub purchasing_group: String,
    pub sites: Vec<String>,
    pub revision: i32,
    pub version: i64,
    pub state: i16,
    pub unanswered_lines: i32,
}

/// Locks the shared state of the orders that the firm sees, in id order.
pub(crate) async fn lock(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Standing>> {
    load::lock(tx, ids).await?;
    let rows = sqlx::query_as!(
        Standing,
        r#"select s.order_id as id, s.buyer, s.supplier, o.source_system, o.order_number, o.purchasing_group,
                  o.sites, s.revision, s.version, s.state, s.unanswered_lines
           from orders.order_state s
           join orders.purchase_order o on o.id = s.order_id and o.buyer = s.buyer
           where s.order_id = any($1)
           order by s.order_id"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// The order, unlocked; `None` where the firm does not see it.
pub(crate) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Option<Standing>> {
    let row = sqlx::query_as!(
        Standing,
        r#"select s.order_id as id, s.buyer, s.supplier, o.source_system, o.order_number, o.purchasing_group,
                  o.sites, s.revision, s.version, s.state, s.unanswered_lines
           from orders.order_state s
           join orders.purchase_order o on o.id = s.order_id and o.buyer = s.buyer
           where s.order_id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Takes the next version of orders that are locked; nothing else of them changes.
pub(crate) async fn take_version(tx: &mut TenantTx, ids: &[Uuid], now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        r#"update orders.order_state set version = version + 1, updated_at = $2 where order_id = any($1)"#,
        ids,
        now
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != ids.len() as u64 {
        return Err(Error::new(Reason::CONFLICT));
    }
    Ok(())
}

/// What happened around an order, without its own history. Internal notes are there for a reader who may see those of
/// the own firm, and never those of the other.
pub(crate) async fn history(tx: &mut TenantTx, order: Uuid, notes: bool) -> Result<Vec<HistoryRow>> {
    let own_notes = notes.then_some(tx.firm());
    let rows = sqlx::query_as!(
        HistoryRow,
        r#"select version as "version!", at as "at!", action as "action!", firm as "firm!",
                  actor_name as "actor_name!", note as "note!", schedule_line_ids as "schedule_line_ids!",
                  null::bytea as difference
           from (
               select version, at, 'answer_overdue' as action, buyer as firm, '' as actor_name,
                      due_on::text as note, '{}'::uuid[] as schedule_line_ids
               from orders.answer_overdue where order_id = $1
               union all
               select version, sent_at, 'reminded', buyer, actor_name, message, '{}'
               from orders.reminder where order_id = $1
               union all
               select 0, opened_at, 'reminder_opened', supplier, opened_by, '', '{}'
               from orders.reminder_receipt where order_id = $1 and opened_at is not null
               union all
               select version, min(at), 'progressed', supplier, min(actor_name), min(note),
                      array_agg(schedule_line_id order by schedule_line_id)
               from orders.progress where order_id = $1 group by version, supplier
               union all
               select version, at, case when internal_to is null then 'message_posted' else 'note_written' end,
                      author, actor_name, body, '{}'
               from orders.message where order_id = $1 and (internal_to is null or internal_to = $2)
           ) happened
           order by at, version"#,
        order,
        own_notes
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
