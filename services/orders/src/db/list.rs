//! Lists: filters are optional, so that statements are built of those that are asked for: each such statement has one
//! plan that uses the indexes.

mod filter;

use chassis::{Result, db::TenantTx};
use proto::orders::{OrderState, Side};
use rust_decimal::Decimal;
use sqlx::{FromRow, Postgres, QueryBuilder};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{plan, search::Matching};

pub(crate) use filter::Filter;

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
    /// What the list by due days goes by; says nothing where nothing waits.
    pub answer_due: Date,
    /// Of an order that waits for its supplier.
    pub due_on: Option<Date>,
    pub due_certain: Option<bool>,
    pub paused_on: Option<Date>,
    pub held: bool,
    pub erp_differs: bool,
    pub change_pending: bool,
}

/// A page of orders, one row more than `limit` where there is another page. The page is found by the index of what
/// sorts it, and only then everything is read of its rows: its price does not grow with the number of orders.
pub(crate) async fn orders(
    tx: &mut TenantTx,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> Result<Vec<SummaryRow>> {
    if filter.fits_none() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("with page as (");
    let order = if plan::keeps_plan(filter, sort) {
        page(&mut query, tx.firm(), filter, sort, limit + 1);
        sort.order("page.at", "page.id")
    } else {
        let (ids, buyers) = found(tx, filter, sort, limit + 1).await?;
        query.push("select * from unnest(").push_bind(ids).push("::uuid[], ").push_bind(buyers);
        query.push("::uuid[]) with ordinality as found (id, buyer, at)");
        " order by page.at".to_owned()
    };
    query.push(
        ") select o.id, o.order_number, o.source_system, o.buyer, coalesce(b.name, '') as buyer_name, o.supplier, \
         coalesce(f.name, '') as supplier_name, s.revision, s.version, s.state, o.purchasing_group, r.currency, \
         r.net_amount, r.price_includes_tax, s.requested_date, r.line_count, s.unanswered_lines, \
         s.proposed_lines, r.first_item_name, o.published_at, s.updated_at, s.answer_due, d.due_on, d.certain as due_certain, \
         d.paused_on, s.held, ",
    );
    query.push(erp_differs("o.id", "o.buyer")).push(" as erp_differs, ");
    query.push(change_pending("o.id")).push(" as change_pending from page");
    query.push(
        " join orders.purchase_order o on o.id = page.id and o.buyer = page.buyer \
         join orders.order_state s on s.order_id = page.id and s.buyer = page.buyer \
         join orders.order_revision r on r.order_id = page.id and r.buyer = page.buyer and r.revision = s.revision \
         left join orders.answer_deadline d \
             on d.order_id = page.id and d.buyer = page.buyer and s.unanswered_lines > 0 \
         left join partners.firm_name b on b.id = o.buyer left join partners.firm_name f on f.id = o.supplier",
    );
    query.push(order);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// The page's orders with their buyers, alone: to plan for the values at hand all that is read of them as well took longer than
/// to read it.
async fn found(tx: &mut TenantTx, filter: &Filter, sort: Sort, limit: i64) -> Result<(Vec<Uuid>, Vec<Uuid>)> {
    plan::for_values(tx, filter, sort).await?;
    let mut query = QueryBuilder::new("select page.id, page.buyer from (");
    page(&mut query, tx.firm(), filter, sort, limit);
    query.push(") as page").push(sort.order("page.at", "page.id"));
    let rows: Vec<(Uuid, Uuid)> = query.build_query_as().fetch_all(tx.conn()).await?;
    plan::kept(tx).await?;
    Ok(rows.into_iter().unzip())
}

/// What an index leads from to its orders in the order of the list. It is asked for each, since for several at once nothing but
/// sorting all of their orders would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Each {
    State,
    Group,
}

impl Each {
    fn of(filter: &Filter, sort: Sort) -> Option<Self> {
        match sort {
            Sort::RequestedDate(_) => Some(Each::State),
            Sort::Newest(_) if filter.walks_groups() => Some(Each::Group),
            Sort::Newest(_) | Sort::AnswerDue(_) => None,
        }
    }

    /// These, as `wanted`, each of which the statement that follows reads one.
    fn push(self, query: &mut QueryBuilder<Postgres>, filter: &Filter) {
        query.push("select each.id, each.buyer, each.at from unnest(");
        match self {
            Each::State => {
                let states = if filter.states.is_empty() { all_states() } else { filter.states.clone() };
                query.push_bind(states).push("::smallint[]) as wanted(state)");
            }
            Each::Group => {
                query.push_bind(filter.groups().unwrap_or_default());
                query.push("::text[]) as wanted(purchasing_group)");
            }
        }
        query.push(" cross join lateral (");
    }
}

/// The page's rows as (id, buyer, at), where `at` is what sorts them.
fn page(query: &mut QueryBuilder<Postgres>, me: Uuid, filter: &Filter, sort: Sort, limit: i64) {
    let lead = sort.lead();
    let each = Each::of(filter, sort);
    if let Some(each) = each {
        each.push(query, filter);
    }
    let (id, buyer) = (lead.id(), lead.buyer());
    query.push(format!("select {id} as id, {buyer} as buyer, "));
    query.push(sort.at(filter)).push(" as at");
    from(query, filter, lead);
    conditions(query, me, filter, lead);
    match each {
        Some(Each::Group) => {
            query.push(" and o.purchasing_group = wanted.purchasing_group");
        }
        Some(Each::State) | None => in_groups(query, filter),
    }
    match each {
        Some(Each::State) => {
            query.push(" and s.state = wanted.state");
        }
        Some(Each::Group) | None => in_states(query, filter),
    }
    sort.push_after(query, filter);
    match sort {
        Sort::Newest(_) => query.push(sort.order(sort.at(filter), "o.id")),
        Sort::RequestedDate(_) | Sort::AnswerDue(_) => query.push(sort.order(sort.at(filter), "s.order_id")),
    };
    query.push(" limit ").push_bind(limit);
    if each.is_some() {
        query.push(") as each").push(sort.order("each.at", "each.id")).push(" limit ").push_bind(limit);
    }
}

/// Only orders of the groups that are wanted.
fn in_groups(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    let Some(groups) = filter.groups() else { return };
    query.push(" and o.purchasing_group = ");
    // An index has the orders of one in the order of their days, and of several not.
    match <[String; 1]>::try_from(groups) {
        Ok([group]) => query.push_bind(group),
        Err(groups) => query.push("any(").push_bind(groups).push(")"),
    };
}

/// Only orders in the states that are asked for.
fn in_states(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if filter.open() == Some(OrderState::Unanswered) {
        // The same, in words of the index of those that wait, which says nothing of states.
        query.push(" and s.unanswered_lines > 0");
        return;
    }
    if filter.states.is_empty() {
        return;
    }
    query.push(" and s.state = any(").push_bind(filter.states.clone()).push(")");
    if filter.open() == Some(OrderState::Proposed) {
        // What the state says already, said so that the plan that is kept goes by the index of the few that are open.
        query.push(" and s.proposed_lines > 0");
    }
}

fn all_states() -> Vec<i16> {
    (1..).map_while(|state| OrderState::try_from(state).ok()).map(|state| state as i16).collect()
}

impl Sort {
    fn lead(self) -> Lead {
        match self {
            Sort::Newest(_) => Lead::Order,
            Sort::RequestedDate(_) | Sort::AnswerDue(_) => Lead::State,
        }
    }

    fn order(self, at: &str, id: &str) -> String {
        match self {
            Sort::Newest(_) => format!(" order by {at} desc, {id} desc"),
            Sort::RequestedDate(_) | Sort::AnswerDue(_) => format!(" order by {at}, {id}"),
        }
    }

    /// What sorts a row.
    fn at(self, filter: &Filter) -> &'static str {
        match self {
            Sort::Newest(_) => "o.published_at",
            Sort::RequestedDate(_) => "s.requested_date",
            // By itself where everything waits, so that an index leads to the rows.
            Sort::AnswerDue(_) if filter.waits() => "s.answer_due",
            Sort::AnswerDue(_) => "case when s.unanswered_lines > 0 then s.answer_due else '9999-12-31' end",
        }
    }

    /// Only rows after the last one of the page before.
    fn push_after(self, query: &mut QueryBuilder<Postgres>, filter: &Filter) {
        match self {
            Sort::Newest(None) | Sort::RequestedDate(None) | Sort::AnswerDue(None) => {}
            Sort::Newest(Some((at, id))) => {
                query.push(" and (o.published_at, o.id) < (").push_bind(at);
                query.push(", ").push_bind(id).push(")");
            }
            Sort::RequestedDate(Some((day, id))) | Sort::AnswerDue(Some((day, id))) => {
                query
                    .push(" and (")
                    .push(self.at(filter))
                    .push(", s.order_id) > (")
                    .push_bind(day)
                    .push(", ")
                    .push_bind(id)
                    .push(")");
            }
        }
    }
}

/// How many orders fit, counted up to `most`.
pub(crate) async fn count(tx: &mut TenantTx, filter: &Filter, most: i64) -> Result<i64> {
    if filter.fits_none() {
        return Ok(0);
    }
    // Of groups an order's own index says it all, where no state is asked for.
    let lead = if filter.groups().is_some() { Lead::Order } else { Lead::State };
    // Of those that differ from what was published there are too many to name them, and few among all: each of them is looked at.
    let differing = filter.erp_differs == Some(true) && filter.among.is_none();
    let mut query = QueryBuilder::new("select count(*) from (select 1");
    if differing {
        query
            .push(" from (select distinct t.order_id from orders.schedule_state t where t.")
            .push(filter.own());
        query.push(" = ").push_bind(tx.firm()).push(" and ").push(DIFFERS);
        query.push(") differing cross join lateral (select 1");
    }
    from(&mut query, filter, lead);
    conditions(&mut query, tx.firm(), filter, lead);
    in_groups(&mut query, filter);
    in_states(&mut query, filter);
    if differing {
        query.push(" and ").push(lead.id()).push(" = differing.order_id limit 1) fits");
    }
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
    let lead = Lead::Both;
    from(&mut query, filter, lead);
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
    conditions(&mut query, tx.firm(), filter, lead);
    in_groups(&mut query, filter);
    in_states(&mut query, filter);
    if let Some((order, position)) = after {
        query.push(" and (o.id, p.position) > (").push_bind(order).push(", ").push_bind(position).push(")");
    }
    query.push(" order by o.id, p.position limit ").push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// The table whose index finds the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    Order,
    State,
    /// Rows are found by other tables; both are there.
    Both,
}

impl Lead {
    fn id(self) -> &'static str {
        if self == Lead::State { "s.order_id" } else { "o.id" }
    }

    fn buyer(self) -> &'static str {
        if self == Lead::State { "s.buyer" } else { "o.buyer" }
    }

    /// Whether a statement has to read orders `o`.
    fn has_order(self, filter: &Filter) -> bool {
        let texts = [&filter.source_system, &filter.order_number];
        let narrowed = filter.groups().is_some() || !filter.own_sites.is_empty();
        let searched = matches!(filter.matching, Some(Matching::Each(_)));
        self != Lead::State || narrowed || searched || texts.iter().any(|text| !text.is_empty())
    }

    /// Whether it has to read their states `s`.
    fn has_state(self, filter: &Filter) -> bool {
        let asked = !filter.states.is_empty()
            || filter.requested_from.is_some()
            || filter.requested_until.is_some()
            || filter.due_before.is_some()
            || filter.has_open_proposals.is_some();
        self != Lead::Order || asked
    }
}

fn from(query: &mut QueryBuilder<Postgres>, filter: &Filter, lead: Lead) {
    let (order, state) = ("orders.purchase_order o", "orders.order_state s");
    let together = " on s.order_id = o.id and s.buyer = o.buyer";
    query.push(match (lead.has_order(filter), lead.has_state(filter)) {
        (true, true) => format!(" from {order} join {state}{together}"),
        (true, false) => format!(" from {order}"),
        (false, _) => format!(" from {state}"),
    });
}

/// What is agreed on a schedule line `t` differs from what was published.
pub(super) const DIFFERS: &str = "(t.agreed_differs or t.rejected > 0 or t.cancelled > 0)";

/// A change `t` waits for the order's supplier.
pub(super) const PENDING: &str = "not exists (select from orders.pending_end e where e.order_id = t.order_id \
    and e.buyer = t.buyer and e.change_id = t.id)";

/// Whether what is agreed on an order differs from what was published.
fn erp_differs(id: &str, buyer: &str) -> String {
    format!(
        "exists (select from orders.schedule_state t where t.order_id = {id} and t.buyer = {buyer} and {DIFFERS})"
    )
}

/// Whether a change of an order waits for its supplier.
fn change_pending(id: &str) -> String {
    format!("exists (select from orders.pending_change t where t.order_id = {id} and {PENDING})")
}

/// Everything that a filter asks for but states and groups.
fn conditions(query: &mut QueryBuilder<Postgres>, me: Uuid, filter: &Filter, lead: Lead) {
    let (own, other) = match filter.side {
        Side::Supplier => ("supplier", "buyer"),
        _ => ("buyer", "supplier"),
    };
    let table = if lead == Lead::State { "s" } else { "o" };
    query.push(format!(" where {table}.{own} = ")).push_bind(me);
    if lead.has_order(filter) && lead.has_state(filter) {
        // The side is named twice so that either table's index serves.
        let second = if table == "s" { "o" } else { "s" };
        query.push(format!(" and {second}.{own} = ")).push_bind(me);
    }
    if let Some(counterparty) = filter.counterparty {
        query.push(format!(" and {table}.{other} = ")).push_bind(counterparty);
    }
    let id = lead.id();
    if let Some(order) = filter.order {
        query.push(format!(" and {id} = ")).push_bind(order);
    }
    for (column, value) in
        [("o.source_system", &filter.source_system), ("o.order_number", &filter.order_number)]
    {
        if !value.is_empty() {
            query.push(format!(" and {column} = ")).push_bind(value.clone());
        }
    }
    for matching in filter.matching.iter().chain(&filter.among) {
        matching.push(query, id, other);
    }
    if let Some(from) = filter.requested_from {
        query.push(" and s.requested_date >= ").push_bind(from);
    }
    if let Some(until) = filter.requested_until {
        query.push(" and s.requested_date <= ").push_bind(until);
    }
    if let Some(day) = filter.due_before {
        query.push(" and s.unanswered_lines > 0 and s.answer_due < ").push_bind(day);
    }
    if let Some(some) = filter.has_open_proposals {
        query.push(if some { " and s.proposed_lines > 0" } else { " and s.proposed_lines = 0" });
    }
    if let Some(differs) = filter.erp_differs {
        query.push(if differs { " and " } else { " and not " }).push(erp_differs(id, lead.buyer()));
    }
    if let Some(pending) = filter.has_pending_changes {
        query.push(if pending { " and " } else { " and not " }).push(change_pending(id));
    }
    if let Some(seq) = filter.changed_after {
        query.push(format!(
            " and {id} in (select e.subject_id from event.feed_entry f \
             join event.event_log e on e.log_pos = f.log_pos and e.month = f.month where f.feed = "
        ));
        query.push_bind(me).push(" and f.seq > ").push_bind(seq).push(")");
    }
    if filter.side == Side::Buyer && !filter.own_sites.is_empty() {
        query.push(" and (o.sites = '{}' or o.sites && ").push_bind(filter.own_sites.clone()).push(")");
    }
}
