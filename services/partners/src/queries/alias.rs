//! Aliases and purchasing groups of the caller's firm.

use chassis::{
    Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
};
use proto::partners as wire;

use super::token;
use crate::{convert, db};

/// Aliases by kind, source system and what is written.
pub(crate) async fn list_aliases(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListAliasesRequest,
) -> Result<wire::ListAliasesResponse> {
    let size = page::size(request.page_size)?;
    let kind = convert::alias_filter(request.kind)?;
    let question = Question::new(caller.firm, "ListAliases", &request.kind.to_be_bytes());
    let after: Option<db::alias::After> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::alias::list(&mut tx, kind, after.as_ref(), size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |alias| {
        let key = &alias.key;
        (key.kind.as_str().to_string(), key.source_system.clone(), key.written.clone())
    });
    Ok(wire::ListAliasesResponse {
        aliases: rows.iter().map(convert::alias).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Purchasing groups by code.
pub(crate) async fn list_groups(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListPurchasingGroupsRequest,
) -> Result<wire::ListPurchasingGroupsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListPurchasingGroups", b"");
    let after: Option<String> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::alias::groups(&mut tx, after.as_deref(), size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |(code, _)| code.clone());
    let groups = rows.into_iter().map(|(code, name)| wire::PurchasingGroup { code, name });
    Ok(wire::ListPurchasingGroupsResponse {
        groups: groups.collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
