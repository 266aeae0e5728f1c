//! Groups, for their supplier; and what a customer is shown of them.

use chassis::{
    Error, Result,
    caller::Caller,
    db::TenantTx,
    feed,
    page::{self, Question},
    search,
    service::Deps,
    value,
};
use prost::Message;
use proto::capacity::{
    CapacityGroup, DemandAlert, DisclosedGroup, GetCapacityGroupRequest, GroupSummary,
    ListCapacityGroupsRequest, ListCapacityGroupsResponse, ListCapacityWeeksRequest,
    ListCapacityWeeksResponse, ListDisclosedGroupsRequest, ListDisclosedGroupsResponse,
    ListGroupVersionsRequest, ListGroupVersionsResponse,
};
use time::Date;
use uuid::Uuid;

use super::token;
use crate::{
    commands::Context,
    convert,
    db::{
        disclosed,
        group::{self as db, Head},
        volatility, week,
    },
    error,
    scope::{covers, sites},
    week::this_week,
};

async fn head(context: &Context, caller: &Caller, tx: &mut TenantTx, id: &str) -> Result<Head> {
    let found = db::get(tx, context.own(caller), value::id(id)?).await?;
    let within = |head: &Head| covers(sites(&context.deps, caller), &head.locations);
    found.filter(within).ok_or_else(Error::not_found)
}

/// One group, as it stands or as it was in a version.
pub(crate) async fn get(
    context: &Context,
    caller: &Caller,
    request: &GetCapacityGroupRequest,
) -> Result<CapacityGroup> {
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let head = head(context, caller, &mut tx, &request.group_id).await?;
    let version = if request.version == 0 { head.version } else { request.version };
    let kept = db::version(&mut tx, &head, version).await?;
    let (rows, watched) = match version == head.version {
        true => (
            week::rows(&mut tx, &[head.id]).await?,
            volatility::watched(&mut tx, &[head.id]).await?.remove(&head.id),
        ),
        false => (Vec::new(), None),
    };
    tx.commit().await?;
    let (content, changed_at, received_at) = match kept {
        Some(kept) => kept,
        None if version == head.version => return Err(error::missing(head.id)),
        None => return Err(Error::not_found()),
    };
    let group = convert::group::group_out(&Head { version, changed_at, received_at, ..head }, content);
    let known = rows.iter().filter(|row| row.is_known());
    let from = this_week(context.deps.clock.now());
    let uncounted = rows.iter().filter(|row| row.monday >= from).map(|row| row.uncounted_lines);
    let measured_at = watched.as_ref().and_then(|watched| watched.measured_at);
    let alerts = watched.map(|watched| watched.alerts).unwrap_or_default();
    Ok(CapacityGroup {
        matched: known.map(convert::week::matched).collect(),
        demand_alerts: ahead(&context.deps, alerts),
        demand_measured_at: measured_at.map(value::timestamp),
        uncounted_lines: uncounted.fold(0, i32::saturating_add),
        ..group
    })
}

/// Alerts of weeks that are not over.
fn ahead(deps: &Deps, alerts: Vec<DemandAlert>) -> Vec<DemandAlert> {
    convert::volatility::ahead(alerts, this_week(deps.clock.now()))
}

/// The caller's groups.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &ListCapacityGroupsRequest,
) -> Result<ListCapacityGroupsResponse> {
    let size = page::size(request.page_size)?;
    let customer = value::optional_id("customer_id", &request.customer_id)?;
    let words = search::parts(&request.text)?;
    let filter = format!("{}{}", request.customer_id, request.text);
    let question = Question::new(caller.firm, "ListCapacityGroups", filter.as_bytes());
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let cursor = feed::head(&mut tx).await?.cursor();
    let mut rows = db::list(&mut tx, customer, sites(deps, caller), &words, after, size + 1).await?;
    let last = page::cut(&mut rows, size, |head| head.id);
    let ids: Vec<Uuid> = rows.iter().map(|head| head.id).collect();
    let mut watched = volatility::watched(&mut tx, &ids).await?;
    let uncounted = week::uncounted(&mut tx, &ids, this_week(deps.clock.now())).await?;
    tx.commit().await?;
    let summary = |head: &Head| {
        let alerts = watched.remove(&head.id).map(|watched| watched.alerts).unwrap_or_default();
        GroupSummary {
            uncounted_lines: uncounted.get(&head.id).copied().unwrap_or_default(),
            ..convert::group::summary(head, ahead(deps, alerts))
        }
    };
    Ok(ListCapacityGroupsResponse {
        groups: rows.iter().map(summary).collect(),
        next_page_token: token(deps, &question, last)?,
        cursor: cursor.encode(&deps.keys),
    })
}

/// Accepted versions of a group, the newest first.
pub(crate) async fn versions(
    context: &Context,
    caller: &Caller,
    request: &ListGroupVersionsRequest,
) -> Result<ListGroupVersionsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListGroupVersions", request.group_id.as_bytes());
    let before: Option<i64> = question.after(&context.deps.keys, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let head = head(context, caller, &mut tx, &request.group_id).await?;
    let mut rows = db::versions(&mut tx, &head, before, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.version);
    Ok(ListGroupVersionsResponse {
        versions: rows.iter().map(|row| convert::week::version(row, true)).collect(),
        next_page_token: token(&context.deps, &question, last)?,
    })
}

/// Weeks of the caller's groups, demand against capacity.
pub(crate) async fn weeks(
    deps: &Deps,
    caller: &Caller,
    request: &ListCapacityWeeksRequest,
) -> Result<ListCapacityWeeksResponse> {
    let size = page::size(request.page_size)?;
    let group = value::optional_id("group_id", &request.group_id)?;
    let (from, until) = (day("from", request.from.as_ref())?, day("until", request.until.as_ref())?);
    let asked = ListCapacityWeeksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = Question::new(caller.firm, "ListCapacityWeeks", &asked.encode_to_vec());
    let after: Option<(Uuid, i32)> = question.after(&deps.keys, &request.page_token)?;
    let after = after.and_then(|(id, day)| Some((id, Date::from_julian_day(day).ok()?)));
    let mut tx = deps.pool.begin(caller.firm).await?;
    let sites = sites(deps, caller);
    let which = week::Which { group, sites, from, until, after, limit: size + 1 };
    let mut rows = week::list(&mut tx, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| (row.group_id, row.monday.to_julian_day()));
    Ok(ListCapacityWeeksResponse {
        weeks: rows.iter().map(convert::week::matched).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

fn day(path: &str, wire: Option<&proto::Date>) -> Result<Option<Date>> {
    wire.map(value::date).transpose().map_err(|message| Error::field(path, "DATE", message))
}

/// What suppliers show the caller.
pub(crate) async fn disclosed(
    deps: &Deps,
    caller: &Caller,
    request: &ListDisclosedGroupsRequest,
) -> Result<ListDisclosedGroupsResponse> {
    let size = page::size(request.page_size)?;
    let supplier = value::optional_id("supplier_id", &request.supplier_id)?;
    let words = search::parts(&request.text)?;
    let filter = format!("{}{}", request.supplier_id, request.text);
    let question = Question::new(caller.firm, "ListDisclosedGroups", filter.as_bytes());
    let after: Option<(Uuid, Uuid)> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = disclosed::list(&mut tx, supplier, sites(deps, caller), &words, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |(place, _)| *place);
    let shown = |(_, group): (_, DisclosedGroup)| DisclosedGroup {
        demand_alerts: ahead(deps, group.demand_alerts),
        ..group
    };
    Ok(ListDisclosedGroupsResponse {
        groups: rows.into_iter().map(shown).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
