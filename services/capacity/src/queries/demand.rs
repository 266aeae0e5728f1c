//! Demand, for either firm.

use chassis::{
    Error, Result,
    caller::Caller,
    db::TenantTx,
    feed,
    page::{self, Question},
    unit::alike,
    value,
};
use prost::Message;
use proto::capacity::{
    GetMaterialDemandRequest, ListDemandVersionsRequest, ListDemandVersionsResponse,
    ListMaterialDemandsRequest, ListMaterialDemandsResponse, MaterialDemand,
};
use uuid::Uuid;

use super::token;
use crate::{
    commands::Context,
    convert::{self, load::is_framework},
    db::{
        demand::{self as db, Head, Which},
        load::in_other_units,
        scope::demand as within,
    },
    error, scope,
};

async fn head(context: &Context, caller: &Caller, tx: &mut TenantTx, id: &str) -> Result<Head> {
    let found = db::get(tx, context.own(caller), value::id(id)?).await?;
    let head = found.ok_or_else(Error::not_found)?;
    let sites = scope::sites(&context.deps, caller);
    if within(tx, sites, head.customer, head.id).await? { Ok(head) } else { Err(Error::not_found()) }
}

/// One demand, as it stands or as it was in a version.
pub(crate) async fn get(
    context: &Context,
    caller: &Caller,
    request: &GetMaterialDemandRequest,
) -> Result<MaterialDemand> {
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let head = head(context, caller, &mut tx, &request.demand_id).await?;
    let version = if request.version == 0 { head.version } else { request.version };
    let kept = db::version(&mut tx, &head, version).await?;
    let uncounted_lines = match &kept {
        // They may go to any site.
        Some((content, ..)) if version == head.version && scope::sites(&context.deps, caller).is_empty() => {
            uncounted(&mut tx, &head, &content.unit_code).await?
        }
        _ => 0,
    };
    tx.commit().await?;
    let (content, changed_at, received_at) = match kept {
        Some(kept) => kept,
        None if version == head.version => return Err(error::missing(head.id)),
        None => return Err(Error::not_found()),
    };
    let demand = convert::demand::demand_out(&Head { version, changed_at, received_at, ..head }, content);
    Ok(MaterialDemand { uncounted_lines, ..demand })
}

/// Accepted schedule lines of the material that cannot be converted into this unit; none where the demand states none.
async fn uncounted(tx: &mut TenantTx, head: &Head, unit: &str) -> Result<i32> {
    if unit.is_empty() {
        return Ok(0);
    }
    let units: Vec<String> = alike(unit).into_iter().map(|(code, _)| code.to_owned()).collect();
    let firms = (head.customer, head.supplier);
    let mut lines = 0_i32;
    for (some, content) in in_other_units(tx, firms, &head.material_number_customer, &units).await? {
        if !is_framework(&content)? {
            lines = lines.saturating_add(some);
        }
    }
    Ok(lines)
}

/// Demands of the caller's firm on either side.
pub(crate) async fn list(
    context: &Context,
    caller: &Caller,
    request: &ListMaterialDemandsRequest,
) -> Result<ListMaterialDemandsResponse> {
    let size = page::size(request.page_size)?;
    let counterparty = value::optional_id("counterparty_id", &request.counterparty_id)?;
    let asked = ListMaterialDemandsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = Question::new(caller.firm, "ListMaterialDemands", &asked.encode_to_vec());
    let after: Option<(Uuid, Uuid)> = question.after(&context.deps.keys, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let cursor = feed::head(&mut tx).await?.cursor();
    let which = Which {
        own: context.own(caller),
        counterparty,
        material: &request.material_number_customer,
        sites: scope::sites(&context.deps, caller),
        after,
        limit: size + 1,
    };
    let mut rows = db::list(&mut tx, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |head| (head.customer, head.id));
    Ok(ListMaterialDemandsResponse {
        demands: rows.iter().map(convert::demand::summary).collect(),
        next_page_token: token(&context.deps, &question, last)?,
        cursor: cursor.encode(&context.deps.keys),
    })
}

/// Accepted versions of a demand, the newest first.
pub(crate) async fn versions(
    context: &Context,
    caller: &Caller,
    request: &ListDemandVersionsRequest,
) -> Result<ListDemandVersionsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListDemandVersions", request.demand_id.as_bytes());
    let before: Option<i64> = question.after(&context.deps.keys, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let head = head(context, caller, &mut tx, &request.demand_id).await?;
    let mut rows = db::versions(&mut tx, &head, before, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.version);
    let own = head.customer == caller.firm;
    Ok(ListDemandVersionsResponse {
        versions: rows.iter().map(|row| convert::week::version(row, own)).collect(),
        next_page_token: token(&context.deps, &question, last)?,
    })
}
