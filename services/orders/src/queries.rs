//! Reads. Each list answers the caller's feed head, read before the rows.

pub(crate) mod agree;
pub(crate) mod follow;
pub(crate) mod scorecard;
mod search;
pub(crate) mod trading_terms;

use std::collections::HashMap;

use chassis::{
    Error, Result,
    caller::Caller,
    cursor::Cursor,
    db::TenantTx,
    feed::{self, start::Start},
    page,
    service::Deps,
    value,
};
use prost::Message;
use proto::orders::{
    GetOrderRequest, ListOrderLinesRequest, ListOrderLinesResponse, ListOrdersRequest, ListOrdersResponse,
    ListScheduleLinesRequest, ListScheduleLinesResponse, Order as WireOrder, OrderSort, ScheduleLineState,
    Side,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    convert::{
        self,
        wire::{self, Answers},
    },
    db::{
        deadline, group,
        list::{self, Filter, Sort},
        pending, plan, progress, read, reminder,
        search::Matching,
    },
    order::Order,
};

/// Matching orders are counted up to this.
const COUNTED: i64 = 1_000;
/// The most further filters of a list that are counted with it.
const ALSO_COUNTED: usize = 20;

/// How schedule lines of an order stand as it is now, with what was answered, and without proposals that had ended
/// before; of `only` these where it is given.
pub(crate) async fn schedule_states(
    tx: &mut TenantTx,
    order: &Order,
    only: Option<&[Uuid]>,
) -> Result<Vec<ScheduleLineState>> {
    let rows = read::schedule(tx, &[order.id], only, None).await?;
    states(tx, &rows, |_| order.version).await
}

/// How the schedule lines at these places of an order stand, as [`schedule_states`].
pub(crate) async fn touched(
    tx: &mut TenantTx,
    order: &Order,
    places: &[usize],
) -> Result<Vec<ScheduleLineState>> {
    Ok(touched_of_all(tx, &[(order, places)]).await?.remove(&order.id).unwrap_or_default())
}

/// As [`touched`], of many orders, each once: by order.
pub(crate) async fn touched_of_all(
    tx: &mut TenantTx,
    touched: &[(&Order, &[usize])],
) -> Result<HashMap<Uuid, Vec<ScheduleLineState>>> {
    let line = |(order, places): &(&Order, &[usize])| -> Vec<Uuid> {
        places.iter().map(|place| order.schedule[*place].id).collect()
    };
    let lines: Vec<Uuid> = touched.iter().flat_map(line).collect();
    if lines.is_empty() {
        return Ok(HashMap::new());
    }
    let versions: HashMap<Uuid, i64> = touched.iter().map(|(order, _)| (order.id, order.version)).collect();
    let orders: Vec<Uuid> = touched.iter().map(|(order, _)| order.id).collect();
    let rows = read::schedule(tx, &orders, Some(&lines), None).await?;
    let states = states(tx, &rows, |order| versions.get(&order).copied().unwrap_or(i64::MAX)).await?;
    let mut by_order: HashMap<Uuid, Vec<ScheduleLineState>> = HashMap::new();
    for (row, state) in rows.iter().zip(states) {
        by_order.entry(row.order).or_default().push(state);
    }
    Ok(by_order)
}

/// How schedule lines stand, without proposals that had ended before a version of their order.
async fn states(
    tx: &mut TenantTx,
    rows: &[read::ScheduleRow],
    ended_since: impl Fn(Uuid) -> i64,
) -> Result<Vec<ScheduleLineState>> {
    let lines: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.id, ended_since(row.order))).collect();
    let mut answers = answers(tx, &lines).await?;
    Ok(rows.iter().map(|row| answers.state(row)).collect())
}

/// What was answered of schedule lines, without proposals that ended before the version of their order beside each.
async fn answers(tx: &mut TenantTx, lines: &[(Uuid, i64)]) -> Result<Answers> {
    let ids: Vec<Uuid> = lines.iter().map(|(line, _)| *line).collect();
    let given = read::answers(tx, &ids).await?;
    let proposals = read::proposals(tx, lines).await?;
    Answers::new(given, proposals, read::cancelled_promises(tx, &ids).await?)
}

/// An order with its lines and how they stand, without history. `None` where the firm does not see it.
pub(crate) async fn whole(tx: &mut TenantTx, id: Uuid) -> Result<Option<(read::Head, WireOrder)>> {
    let Some(head) = read::heads(tx, &[id]).await?.pop() else { return Ok(None) };
    let mut order = wire::order(&head)?;
    let schedule = read::schedule(tx, &[id], None, None).await?;
    let stored = read::lines(tx, id, head.revision, 0, i64::MAX).await?;
    if let Some(content) = &mut order.content {
        content.lines = wire::lines(stored, &schedule)?;
    }
    order.schedule = states(tx, &schedule, |_| 0).await?;
    let waiting = pending::open(tx, id).await?;
    order.pending_changes = waiting.iter().map(wire::pending).collect::<Result<_>>()?;
    Ok(Some((head, order)))
}

pub(crate) async fn get_order(deps: &Deps, caller: &Caller, request: &GetOrderRequest) -> Result<WireOrder> {
    let id = value::id(&request.order_id)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let (head, mut order) = whole(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    may_see(deps, caller, &head)?;
    follow::with_progress(&mut tx, id, &mut order.schedule).await?;
    let entries = read::history(&mut tx, id).await?;
    let entries = follow::history(&mut tx, id, entries, caller.order.is_none()).await?;
    order.history = entries.into_iter().map(wire::history).collect::<Result<_>>()?;
    let now = deps.clock.now();
    order.answer_due = deadline::of(&mut tx, id).await?.map(|due| convert::follow::answer_due(&due, now));
    if caller.firm == head.supplier && caller.is_person() {
        reminder::open(&mut tx, id, &caller.actor_name, now).await?;
    }
    tx.commit().await?;
    Ok(order)
}

/// The service's own decision: either firm of the order, unless the caller is narrowed to other parts of the buyer.
fn may_see(deps: &Deps, caller: &Caller, head: &read::Head) -> Result<()> {
    let own = caller.firm == head.supplier
        || (caller.firm == head.buyer && caller.covers(&head.sites, &head.purchasing_group));
    if (deps.checks_ownership() && !own) || !caller.reaches(head.id) {
        return Err(Error::not_found());
    }
    Ok(())
}

pub(crate) async fn list_orders(
    deps: &Deps,
    caller: &Caller,
    request: ListOrdersRequest,
) -> Result<ListOrdersResponse> {
    let size = page::size(request.page_size)?;
    let now = deps.clock.now();
    let since = changed_since(deps, caller, &request.changed_since)?;
    let wanted = search::wanted(&request.text)?;
    let mut filter = filter(caller, request.side, &request, now)?;
    let mut counted = also_counted(deps, caller, &request, now)?;
    let question = question(
        caller,
        "ListOrders",
        &ListOrdersRequest {
            page_size: 0,
            page_token: String::new(),
            also_count: Vec::new(),
            ..request.clone()
        },
    );
    let sort = sort(deps, &question, &request)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let head = feed::head(&mut tx).await?;
    filter.changed_after = changed_after(deps, &mut tx, &head, since).await?;
    filter.matching = search::matching(&mut tx, filter.side, wanted).await?;
    filter.among = of_groups(&mut tx, &filter).await?;
    share(&mut tx, &filter, &mut counted).await?;
    filter.among = plan::among(&mut tx, &filter).await?;
    let also = totals(&mut tx, &mut counted).await?;
    let mut rows = list::orders(&mut tx, &filter, sort, size).await?;
    let total = match request.with_total {
        true => totals(&mut tx, std::slice::from_mut(&mut filter)).await?.pop(),
        false => None,
    };
    let next_page_token = next_page(deps, &question, sort, &mut rows, size)?;
    let mut reminders = match filter.side {
        Side::Supplier => unopened(&mut tx, caller, &rows, now).await?,
        _ => HashMap::new(),
    };
    tx.commit().await?;
    let summary = |row: list::SummaryRow| {
        let reminder = reminders.remove(&row.id);
        wire::summary(row, reminder, now)
    };
    Ok(ListOrdersResponse {
        orders: rows.into_iter().map(summary).collect(),
        next_page_token,
        cursor: head.cursor().encode(&deps.keys),
        total,
        totals: also,
    })
}

/// Cuts the page to its size; where the next one begins, or empty where there is none.
fn next_page(
    deps: &Deps,
    question: &page::Question,
    sort: Sort,
    rows: &mut Vec<list::SummaryRow>,
    size: i64,
) -> Result<String> {
    let token = match sort {
        Sort::Newest(_) => page::cut(rows, size, |row| (row.published_at.unix_timestamp_nanos(), row.id))
            .map(|last| question.token(&deps.keys, &last)),
        Sort::RequestedDate(_) => page::cut(rows, size, |row| (row.requested_date.to_julian_day(), row.id))
            .map(|last| question.token(&deps.keys, &last)),
        Sort::AnswerDue(_) => {
            let due = |row: &list::SummaryRow| match row.unanswered_lines {
                0 => crate::db::UNDATED,
                _ => row.answer_due,
            };
            page::cut(rows, size, |row| (due(row).to_julian_day(), row.id))
                .map(|last| question.token(&deps.keys, &last))
        }
    };
    Ok(token.transpose()?.unwrap_or_default())
}

/// The reminders of these orders of the supplier that nobody has opened, by order. A person who sees the list gets them now.
async fn unopened(
    tx: &mut TenantTx,
    caller: &Caller,
    rows: &[list::SummaryRow],
    now: OffsetDateTime,
) -> Result<HashMap<Uuid, reminder::UnopenedRow>> {
    let shown: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    if caller.is_person() {
        reminder::deliver_of(tx, &shown, now).await?;
    }
    reminder::unopened(tx, &shown).await
}

/// What a request asks for but its words and what happened since; the side is that of the request that it belongs to.
fn filter(caller: &Caller, side: i32, request: &ListOrdersRequest, now: OffsetDateTime) -> Result<Filter> {
    Ok(Filter {
        states: request.states.iter().map(|state| *state as i16).collect(),
        counterparty: value::optional_id("counterparty_id", &request.counterparty_id)?,
        purchasing_group: request.purchasing_group.clone(),
        source_system: request.source_system.clone(),
        order_number: request.order_number.clone(),
        requested_from: day("requested_from", request.requested_from.as_ref())?,
        requested_until: day("requested_until", request.requested_until.as_ref())?,
        has_open_proposals: request.has_open_proposals,
        erp_differs: request.erp_differs,
        has_pending_changes: request.has_pending_changes,
        due_before: request.answer_overdue.then(|| chassis::calendar::day_of(now)),
        ..narrowed(caller, side)?
    })
}

/// What is counted beside the list. Each costs the firm as much as a request of its own.
fn also_counted(
    deps: &Deps,
    caller: &Caller,
    request: &ListOrdersRequest,
    now: OffsetDateTime,
) -> Result<Vec<Filter>> {
    if request.also_count.len() > ALSO_COUNTED {
        let most = format!("count by at most {ALSO_COUNTED} filters at once");
        return Err(Error::field("also_count", "TOO_MANY", &most));
    }
    let one = |(index, also): (usize, &ListOrdersRequest)| {
        filter(caller, request.side, also, now).map_err(|mut error| {
            for field in &mut error.fields {
                field.path.insert_str(0, &format!("also_count[{index}]."));
            }
            error
        })
    };
    let counted = request.also_count.iter().enumerate().map(one).collect::<Result<_>>()?;
    for _ in &request.also_count {
        deps.rates.take_of(caller.firm)?;
    }
    Ok(counted)
}

/// The orders of the groups that are wanted, where they are few.
async fn of_groups(tx: &mut TenantTx, filter: &Filter) -> Result<Option<Matching>> {
    Ok(group::few(tx, filter.side, filter.groups()).await?.map(Matching::Among))
}

/// Has what is counted look for what the list looks for, and of the same groups among the orders that were found for it.
async fn share(tx: &mut TenantTx, filter: &Filter, counted: &mut [Filter]) -> Result<()> {
    for also in counted {
        also.changed_after = filter.changed_after;
        also.matching = filter.matching.clone();
        also.among = match also.groups() == filter.groups() {
            true => filter.among.clone(),
            false => of_groups(tx, also).await?,
        };
    }
    Ok(())
}

/// How many orders each of these fits; those first that keep their plans, since the others change how the transaction plans
/// until they are counted.
async fn totals(tx: &mut TenantTx, filters: &mut [Filter]) -> Result<Vec<i32>> {
    let mut totals = vec![0; filters.len()];
    for kept in [true, false] {
        for (filter, total) in filters.iter_mut().zip(&mut totals) {
            if plan::keeps_count(filter) == kept {
                filter.among = plan::among(tx, filter).await?;
                plan::for_count(tx, filter).await?;
                *total = list::count(tx, filter, COUNTED).await? as i32;
            }
        }
    }
    if !filters.iter().all(plan::keeps_count) {
        plan::kept(tx).await?;
    }
    Ok(totals)
}

/// How the page is sorted, and where it begins.
fn sort(deps: &Deps, question: &page::Question, request: &ListOrdersRequest) -> Result<Sort> {
    let by_day = || -> Result<_> {
        let after = question.after::<(i32, Uuid)>(&deps.keys, &request.page_token)?;
        Ok(after.map(|(day, id)| (julian(day), id)))
    };
    Ok(match OrderSort::try_from(request.order_by) {
        Ok(OrderSort::RequestedDate) => Sort::RequestedDate(by_day()?),
        Ok(OrderSort::AnswerDue) => Sort::AnswerDue(by_day()?),
        _ => {
            let after = question.after::<(i128, Uuid)>(&deps.keys, &request.page_token)?;
            Sort::Newest(after.map(|(at, id)| (moment(at), id)))
        }
    })
}

pub(crate) async fn list_schedule_lines(
    deps: &Deps,
    caller: &Caller,
    request: ListScheduleLinesRequest,
) -> Result<ListScheduleLinesResponse> {
    let size = page::size(request.page_size)?;
    let since = changed_since(deps, caller, &request.changed_since)?;
    let mut filter = Filter {
        states: request.states.iter().map(|state| *state as i16).collect(),
        counterparty: value::optional_id("counterparty_id", &request.counterparty_id)?,
        order: value::optional_id("order_id", &request.order_id)?,
        requested_from: day("requested_from", request.requested_from.as_ref())?,
        requested_until: day("requested_until", request.requested_until.as_ref())?,
        ..narrowed(caller, request.side)?
    };
    let bound = ListScheduleLinesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question(caller, "ListScheduleLines", &bound);
    let after = question.after::<(Uuid, i32)>(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = feed::head(&mut tx).await?;
    filter.changed_after = changed_after(deps, &mut tx, &head, since).await?;
    filter.among = of_groups(&mut tx, &filter).await?;
    let mut rows = list::schedule_lines(&mut tx, &filter, after, size).await?;
    let last = page::cut(&mut rows, size, |row| (row.order_id, row.position));
    let mut orders: Vec<Uuid> = rows.iter().map(|row| row.order_id).collect();
    orders.dedup();
    let lines: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.id, i64::MAX)).collect();
    let mut answers = answers(&mut tx, &lines).await?;
    let mut said = progress::latest(&mut tx, &orders).await?;
    tx.commit().await?;
    let wire_rows = rows.into_iter().map(|row| {
        let (commitments, said) = (answers.commitments(row.id), said.remove(&row.id));
        let row = wire::schedule_line_row(row, commitments);
        proto::orders::ScheduleLineRow { progress: said.map(convert::follow::progress), ..row }
    });
    Ok(ListScheduleLinesResponse {
        rows: wire_rows.collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
        cursor: head.cursor().encode(&deps.keys),
    })
}

pub(crate) async fn list_order_lines(
    deps: &Deps,
    caller: &Caller,
    request: ListOrderLinesRequest,
) -> Result<ListOrderLinesResponse> {
    let size = page::size(request.page_size)?;
    let id = value::id(&request.order_id)?;
    let bound = ListOrderLinesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question(caller, "ListOrderLines", &bound);
    let from = question.after::<i32>(&deps.keys, &request.page_token)?.map_or(0, |last| last + 1);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = read::heads(&mut tx, &[id]).await?.pop().ok_or_else(Error::not_found)?;
    may_see(deps, caller, &head)?;
    if request.revision > head.revision || request.revision < 0 {
        let refusal = Error::new(chassis::Reason::REVISION_OUTDATED);
        return Err(refusal
            .message("this revision was never published")
            .with("current_revision", head.revision));
    }
    let revision = if request.revision == 0 { head.revision } else { request.revision };
    let mut stored = read::lines(&mut tx, id, revision, from, size + 1).await?;
    let last = page::cut(&mut stored, size, |(position, _)| *position);
    let positions: Vec<i32> = stored.iter().map(|(position, _)| *position).collect();
    let mut schedule = read::schedule(&mut tx, &[id], None, Some(revision)).await?;
    schedule.retain(|row| positions.contains(&row.line_position));
    let mut states = states(&mut tx, &schedule, |_| 0).await?;
    follow::with_progress(&mut tx, id, &mut states).await?;
    tx.commit().await?;
    Ok(ListOrderLinesResponse {
        lines: wire::lines(stored, &schedule)?,
        schedule: states,
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// The side that was asked for, and what the caller is narrowed to.
fn narrowed(caller: &Caller, side: i32) -> Result<Filter> {
    let side = Side::try_from(side).unwrap_or_default();
    if side == Side::Unspecified {
        return Err(Error::field("side", "REQUIRED", "say SIDE_BUYER or SIDE_SUPPLIER"));
    }
    Ok(Filter {
        side,
        own_purchasing_groups: caller.purchasing_groups.clone(),
        own_sites: caller.sites.clone(),
        ..Filter::default()
    })
}

fn question(caller: &Caller, method: &str, bound: &impl Message) -> page::Question {
    page::Question::new(caller.firm, method, &bound.encode_to_vec())
}

fn changed_since(deps: &Deps, caller: &Caller, cursor: &str) -> Result<Option<Start>> {
    if cursor.is_empty() {
        return Ok(None);
    }
    Ok(Some(Start::After(Cursor::decode(cursor, caller.firm, &deps.keys)?)))
}

/// The place after which orders changed. A cursor of another history, or of one that is gone, would skip what happened.
async fn changed_after(
    deps: &Deps,
    tx: &mut TenantTx,
    head: &feed::Head,
    since: Option<Start>,
) -> Result<Option<i64>> {
    match since {
        Some(start) => Ok(Some(feed::place(tx, head, &start, &deps.keys).await?.seq)),
        None => Ok(None),
    }
}

fn day(path: &str, date: Option<&proto::Date>) -> Result<Option<time::Date>> {
    date.map(|date| value::date(date).map_err(|message| Error::field(path, "DATE", message))).transpose()
}

/// Keys come from tokens that we signed; a day or moment outside the calendar cannot be in one.
fn julian(day: i32) -> time::Date {
    time::Date::from_julian_day(day).unwrap_or(crate::db::UNDATED)
}

fn moment(nanos: i128) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
