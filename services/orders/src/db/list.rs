//! Lists: filters are optional, so that statements are built; a generic plan would ignore the indexes.

use chassis::{Result, db::TenantTx};
use proto::orders::Side;
use rust_decimal::Decimal;
use sqlx::{FromRow, Postgres, QueryBuilder};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// What selects orders. The caller's own narrowing to sites and purchasing groups comes in here too.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub side: Side,
    pub states: Vec<i16>,
    pub counterparty: Option<Uuid>,
    pub order: Option<Uuid>,
    pub purchasing_group: String,
    pub source_system: String,
    pub order_number: String,
    pub requested_from: Option<Date>,
    pub requested_until: Option<Date>,
    pub has_open_proposals: Option<bool>,
    pub erp_differs: Option<bool>,
    pub has_pending_changes: Option<bool>,
    /// Only orders with an event of the caller's feed after this place.
    pub changed_after: Option<i64>,
    /// Only orders that wait for an answer which was due before this day.
    pub due_before: Option<Date>,
    pub own_purchasing_groups: Vec<String>,
    pub own_sites: Vec<String>,
}

/// How rows are sorted, and after which row the page begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sort {
    Newest(Option<(OffsetDateTime, Uuid)>),
    RequestedDate(Option<(Date, Uuid)>),
    AnswerDue(Option<(Date, Uuid)>),
}

#[derive(FromRow)]
pub(crate) struct SummaryRow {
    pub id: Uuid,
    pub order_number: String,
    pub source_system: String,
    pub buyer: Uuid,
    pub buyer_name: String,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub revision: i32,
    pub version: i64,
    pub state: i16,
    pub purchasing_group: String,
    pub currency: String,
    pub net_amount: Option<Decimal>,
    pub price_includes_tax: bool,
    pub requested_date: Date,
    pub line_count: i32,
    pub unanswered_lines: i32,
    pub proposed_lines: i32,
    pub first_item_name: String,
    pub published_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    /// Of an order that waits for its supplier.
    pub due_on: Option<Date>,
    pub due_certain: Option<bool>,
    pub paused_on: Option<Date>,
    pub held: bool,
    pub erp_differs: bool,
    pub change_pending: bool,
}

/// Whether what is agreed on an order `o` differs from what was published.
const ERP_DIFFERS: &str = "exists (select from orders.schedule_state d where d.order_id = o.id \
     and (d.agreed_differs or d.rejected > 0 or d.cancelled > 0))";

/// Whether a change of an order `o` waits for its supplier.
const CHANGE_PENDING: &str = "exists (select from orders.pending_change c where c.order_id = o.id \
     and c.buyer = o.buyer and not exists (select from orders.pending_end e where e.order_id = c.order_id \
     and e.buyer = c.buyer and e.change_id = c.id))";

/// A page of orders, one row more than `limit` where there is another page.
pub(crate) async fn orders(
    tx: &mut TenantTx,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> Result<Vec<SummaryRow>> {
    let mut query = QueryBuilder::new(
        "select o.id, o.order_number, o.source_system, o.buyer, coalesce(b.name, '') as buyer_name, o.supplier, \
         coalesce(f.name, '') as supplier_name, s.revision, s.version, s.state, o.purchasing_group, r.currency, \
         r.net_amount, r.price_includes_tax, s.requested_date, r.line_count, s.unanswered_lines, \
         s.proposed_lines, r.first_item_name, o.published_at, s.updated_at, d.due_on, d.certain as due_certain, \
         d.paused_on, s.held, ",
    );
    query.push(ERP_DIFFERS).push(" as erp_differs, ").push(CHANGE_PENDING).push(" as change_pending");
    from_orders(&mut query);
    query.push(
        " join orders.order_revision r on r.order_id = o.id and r.buyer = o.buyer and r.revision = s.revision \
         left join partners.firm_name b on b.id = o.buyer left join partners.firm_name f on f.id = o.supplier",
    );
    conditions(&mut query, tx.firm(), filter);
    match sort {
        Sort::Newest(after) => {
            if let Some((at, id)) = after {
                query
                    .push(" and (o.published_at, o.id) < (")
                    .push_bind(at)
                    .push(", ")
                    .push_bind(id)
                    .push(")");
            }
            query.push(" order by o.published_at desc, o.id desc limit ");
        }
        Sort::RequestedDate(after) => {
            if let Some((date, id)) = after {
                query.push(" and (s.requested_date, s.order_id) > (");
                query.push_bind(date).push(", ").push_bind(id).push(")");
            }
            query.push(" order by s.requested_date, s.order_id limit ");
        }
        Sort::AnswerDue(after) => {
            if let Some((date, id)) = after {
                query.push(" and (coalesce(d.due_on, ").push_bind(super::UNDATED).push("), s.order_id) > (");
                query.push_bind(date).push(", ").push_bind(id).push(")");
            }
            query.push(" order by coalesce(d.due_on, ").push_bind(super::UNDATED);
            query.push("), s.order_id limit ");
        }
    }
    query.push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// How many orders fit, counted up to `most`.
pub(crate) async fn count(tx: &mut TenantTx, filter: &Filter, most: i64) -> Result<i64> {
    let mut query = QueryBuilder::new("select count(*) from (select 1");
    from_orders(&mut query);
    conditions(&mut query, tx.firm(), filter);
    query.push(" limit ").push_bind(most).push(") fitting");
    Ok(query.build_query_scalar().fetch_one(tx.conn()).await?)
}

#[derive(FromRow)]
pub(crate) struct ScheduleLineRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub order_number: String,
    pub source_system: String,
    pub line_number: String,
    pub schedule_line_number: String,
    pub counterparty: Uuid,
    pub counterparty_name: String,
    pub revision: i32,
    pub version: i64,
    pub buyer_item_id: String,
    pub seller_item_id: String,
    pub item_name: String,
    pub unit_code: String,
    pub requested_date: Option<Date>,
    pub position: i32,
    pub ordered: Decimal,
    pub accepted: Decimal,
    pub rejected: Decimal,
    pub proposed: Decimal,
    pub unanswered: Decimal,
    pub cancelled: Decimal,
}

/// A page of schedule lines, by order and place in it.
pub(crate) async fn schedule_lines(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<(Uuid, i32)>,
    limit: i64,
) -> Result<Vec<ScheduleLineRow>> {
    let mut query = QueryBuilder::new(
        "select p.id, o.id as order_id, o.order_number, o.source_system, l.line_number, p.schedule_line_number, ",
    );
    query.push(match filter.side {
        Side::Supplier => "o.buyer",
        _ => "o.supplier",
    });
    query.push(
        " as counterparty, coalesce(f.name, '') as counterparty_name, s.revision, s.version, l.buyer_item_id, \
         l.seller_item_id, l.item_name, l.unit_code, p.requested_date, p.position, q.ordered, q.accepted, \
         q.rejected, q.proposed, q.unanswered, q.cancelled",
    );
    from_orders(&mut query);
    query.push(
        " join orders.schedule_line p on p.order_id = o.id and p.superseded is null \
         join orders.order_line l on l.order_id = p.order_id and l.buyer = p.buyer \
             and l.position = p.line_position and l.superseded is null \
         join orders.schedule_state q on q.schedule_line_id = p.id and q.buyer = p.buyer \
         left join partners.firm_name f on f.id = ",
    );
    query.push(match filter.side {
        Side::Supplier => "o.buyer",
        _ => "o.supplier",
    });
    conditions(&mut query, tx.firm(), filter);
    if let Some((order, position)) = after {
        query.push(" and (o.id, p.position) > (").push_bind(order).push(", ").push_bind(position).push(")");
    }
    query.push(" order by o.id, p.position limit ").push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

fn from_orders(query: &mut QueryBuilder<Postgres>) {
    query.push(
        " from orders.purchase_order o join orders.order_state s on s.order_id = o.id and s.buyer = o.buyer \
         left join orders.answer_deadline d \
             on d.order_id = o.id and d.buyer = o.buyer and s.unanswered_lines > 0",
    );
}

fn conditions(query: &mut QueryBuilder<Postgres>, me: Uuid, filter: &Filter) {
    // The side is named twice so that either table's index serves.
    let (own, other) = match filter.side {
        Side::Supplier => ("supplier", "buyer"),
        _ => ("buyer", "supplier"),
    };
    query.push(format!(" where o.{own} = ")).push_bind(me);
    query.push(format!(" and s.{own} = ")).push_bind(me);
    if let Some(counterparty) = filter.counterparty {
        query.push(format!(" and o.{other} = ")).push_bind(counterparty);
    }
    if let Some(order) = filter.order {
        query.push(" and o.id = ").push_bind(order);
    }
    if !filter.states.is_empty() {
        query.push(" and s.state = any(").push_bind(filter.states.clone()).push(")");
    }
    for (column, value) in [
        ("o.purchasing_group", &filter.purchasing_group),
        ("o.source_system", &filter.source_system),
        ("o.order_number", &filter.order_number),
    ] {
        if !value.is_empty() {
            query.push(format!(" and {column} = ")).push_bind(value.clone());
        }
    }
    if let Some(from) = filter.requested_from {
        query.push(" and s.requested_date >= ").push_bind(from);
    }
    if let Some(until) = filter.requested_until {
        query.push(" and s.requested_date <= ").push_bind(until);
    }
    if let Some(day) = filter.due_before {
        query.push(" and d.paused_on is null and d.due_on < ").push_bind(day);
    }
    if let Some(some) = filter.has_open_proposals {
        query.push(if some { " and s.proposed_lines > 0" } else { " and s.proposed_lines = 0" });
    }
    if let Some(differs) = filter.erp_differs {
        query.push(if differs { " and " } else { " and not " }).push(ERP_DIFFERS);
    }
    if let Some(pending) = filter.has_pending_changes {
        query.push(if pending { " and " } else { " and not " }).push(CHANGE_PENDING);
    }
    if let Some(seq) = filter.changed_after {
        query.push(
            " and o.id in (select e.subject_id from event.feed_entry f \
             join event.event_log e on e.log_pos = f.log_pos and e.month = f.month where f.feed = ",
        );
        query.push_bind(me).push(" and f.seq > ").push_bind(seq).push(")");
    }
    if filter.side == Side::Buyer {
        if !filter.own_purchasing_groups.is_empty() {
            query
                .push(" and o.purchasing_group = any(")
                .push_bind(filter.own_purchasing_groups.clone())
                .push(")");
        }
        if !filter.own_sites.is_empty() {
            query.push(" and (o.sites = '{}' or o.sites && ").push_bind(filter.own_sites.clone()).push(")");
        }
    }
}
