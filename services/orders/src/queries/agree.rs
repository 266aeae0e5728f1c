//! Reads of tolerance rules and document links.

use chassis::{
    Error, Reason, Result,
    caller::{Caller, CredentialKind, parse_token},
    page, secret,
    service::Deps,
    value,
};
use proto::orders::{
    InspectOrderLinkResponse, ListOrderLinksRequest, ListOrderLinksResponse, ListToleranceRulesRequest,
    ListToleranceRulesResponse,
};
use uuid::Uuid;

use super::{may_see, question};
use crate::{
    convert,
    db::{link, read, tolerance},
};

pub(crate) async fn list_rules(
    deps: &Deps,
    caller: &Caller,
    request: ListToleranceRulesRequest,
) -> Result<ListToleranceRulesResponse> {
    let size = page::size(request.page_size)?;
    let counterparty = value::optional_id("counterparty_id", &request.counterparty_id)?;
    let bound = ListToleranceRulesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question(caller, "ListToleranceRules", &bound);
    let after = question.after::<Uuid>(&deps.keys, &request.page_token)?;
    let own = deps.checks_ownership().then_some(caller.firm);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = tolerance::list(&mut tx, own, counterparty, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.id);
    Ok(ListToleranceRulesResponse {
        rules: rows.iter().map(convert::tolerance_rule).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

pub(crate) async fn list_links(
    deps: &Deps,
    caller: &Caller,
    request: ListOrderLinksRequest,
) -> Result<ListOrderLinksResponse> {
    let size = page::size(request.page_size)?;
    let id = value::id(&request.order_id)?;
    let bound = ListOrderLinksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question(caller, "ListOrderLinks", &bound);
    let after = question.after::<Uuid>(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = read::heads(&mut tx, &[id]).await?.pop().ok_or_else(Error::not_found)?;
    may_see(deps, caller, &head)?;
    let mut rows = link::list(&mut tx, id, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.actor);
    Ok(ListOrderLinksResponse {
        links: rows.iter().map(convert::order_link).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// What a link is for. The token is the proof.
pub(crate) async fn inspect_link(deps: &Deps, token: &str) -> Result<InspectOrderLinkResponse> {
    let credential = parse_token(token).filter(|credential| credential.kind == CredentialKind::OrderLink);
    let credential = credential.ok_or_else(Error::not_found)?;
    let mut tx = deps.pool.begin_outside().await?;
    let found = link::inspect(&mut tx, &credential.id, &secret::sha256(token.as_bytes())).await?;
    tx.commit().await?;
    let link = found.ok_or_else(Error::not_found)?;
    if link.ended {
        return Err(Error::new(Reason::LINK_EXPIRED));
    }
    Ok(InspectOrderLinkResponse {
        order_id: link.order_id.to_string(),
        order_number: link.order_number,
        buyer_name: link.buyer_name,
        supplier_name: link.supplier_name,
        label: link.label,
        expires_at: Some(value::timestamp(link.expires_at)),
    })
}
