//! Entitlements: to the caller's resources, and the caller's to others'.

use chassis::{
    Error, Result,
    caller::Caller,
    db::TenantTx,
    page::{self, Question},
    service::Deps,
    value,
};
use prost::Message;
use proto::resources as wire;
use uuid::Uuid;

use super::token;
use crate::{
    convert::entitlement::{entitlement_out, states},
    db::{
        self,
        entitlement::{self as rows, Filter, Row},
    },
};

/// One entitlement.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetEntitlementRequest,
) -> Result<wire::Entitlement> {
    let filter = Filter { id: Some(value::id(&request.entitlement_id)?), ..Filter::default() };
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let mut found = rows::given(&mut tx, &filter, 1).await?;
    if found.is_empty() {
        found = rows::held(&mut tx, &filter, 1).await?;
    }
    let mut found = out(&mut tx, &found).await?;
    tx.commit().await?;
    found.pop().ok_or_else(Error::not_found)
}

/// Entitlements to the caller's resources, or its own to others'.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListEntitlementsRequest,
) -> Result<wire::ListEntitlementsResponse> {
    let size = page::size(request.page_size)?;
    let asked = wire::ListEntitlementsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = Question::new(caller.firm, "ListEntitlements", &asked.encode_to_vec());
    let before: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let filter = Filter {
        id: None,
        states: states(request.states()),
        resource: value::optional_id("resource_id", &request.resource_id)?,
        firm: value::optional_id("firm_id", &request.firm_id)?,
        before,
    };
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut found = match request.own {
        true => rows::given(&mut tx, &filter, size + 1).await?,
        false => rows::held(&mut tx, &filter, size + 1).await?,
    };
    let last = page::cut(&mut found, size, |row| row.id);
    let entitlements = out(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(wire::ListEntitlementsResponse { entitlements, next_page_token: token(deps, &question, last)? })
}

async fn out(tx: &mut TenantTx, found: &[Row]) -> Result<Vec<wire::Entitlement>> {
    let firms = found.iter().flat_map(|row| [Some(row.owner), row.firm]).flatten();
    let names = db::names(tx, firms.collect()).await?;
    found.iter().map(|row| entitlement_out(row, &names)).collect()
}
