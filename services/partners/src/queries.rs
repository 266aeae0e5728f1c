//! Reads: who calls, one firm, and keyset-paged lists of the caller's own firm.

mod alias;
mod board;
mod cluster;
mod invitation;
mod operator;

pub(crate) use alias::{list_aliases, list_groups};
pub(crate) use board::Board;
use chassis::{
    Error, Result,
    caller::{Caller, CredentialKind},
    gate,
    page::{self, Question},
    search, secret,
    service::Deps,
    value,
};
pub(crate) use cluster::{list_cluster_members, list_clusters};
pub(crate) use invitation::list_supplier_contacts;
pub(crate) use operator::{
    find_firms, list_actions_on_own_firm, list_announcements, list_operator_actions, list_webhook_health,
};
use prost::Message as _;
use proto::partners as wire;
use uuid::Uuid;

use crate::{
    convert, db, filter,
    invitation::masked_mail,
    link::{Link, LinkKind},
    member::Scope,
};

/// What PublishOrder and ImportDocument take, as their options in the contract say.
const PUBLISH_ORDER_BYTES: i32 = 4 * 1024 * 1024;
const IMPORT_DOCUMENT_BYTES: i32 = 16 * 1024 * 1024;
/// The most lines of one order.
const ORDER_LINES: i32 = 10_000;
/// `limits.requests_per_second` as default.toml has it.
const REQUESTS_PER_SECOND: i32 = 2_000;

/// The caller's own firm, or one that it has a relationship with.
pub(crate) async fn get_firm(deps: &Deps, caller: &Caller, id: &str) -> Result<wire::Firm> {
    let id = if id.is_empty() { caller.firm } else { value::id(id)? };
    let mut tx = deps.pool.begin(caller.firm).await?;
    let related = id == caller.firm || db::firm::related(&mut tx, caller.firm, id).await?;
    let firm = db::firm::get(&mut tx, id).await?;
    tx.commit().await?;
    let shown = firm.filter(|_| related || !deps.checks_ownership());
    shown.as_ref().map(convert::firm).ok_or_else(Error::not_found)
}

/// The filters that the caller keeps.
pub(crate) async fn list_saved_filters(
    deps: &Deps,
    caller: &Caller,
) -> Result<wire::ListSavedFiltersResponse> {
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let kept = db::filter::of(&mut tx, caller.actor).await?.unwrap_or_default();
    tx.commit().await?;
    wire::ListSavedFiltersResponse::decode(kept.as_slice()).map_err(Error::internal)
}

/// Sites of the caller's firm, by code.
pub(crate) async fn list_sites(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListSitesRequest,
) -> Result<wire::ListSitesResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListSites", b"");
    let after: Option<String> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::firm::sites(&mut tx, after.as_deref(), size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |site| site.code.clone());
    Ok(wire::ListSitesResponse {
        sites: rows.iter().map(convert::site).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Members of the caller's firm, by name.
pub(crate) async fn list_members(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListMembersRequest,
) -> Result<wire::ListMembersResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListMembers", b"");
    let after: Option<db::member::After> = cursor(deps, &question, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::member::list(&mut tx, after.as_ref(), size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |member| (member.name.clone(), member.id.to_string()));
    Ok(wire::ListMembersResponse {
        members: rows.iter().map(convert::member).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Keys of the caller's firm, ended ones included, in the order in which they were made.
pub(crate) async fn list_api_keys(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListApiKeysRequest,
) -> Result<wire::ListApiKeysResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListApiKeys", b"");
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::key::list(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |key| ((), key.actor.to_string()));
    Ok(wire::ListApiKeysResponse {
        api_keys: rows.iter().map(convert::api_key).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Relationships of the caller's firm on either side, in the order in which they began.
pub(crate) async fn list_relationships(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListRelationshipsRequest,
) -> Result<wire::ListRelationshipsResponse> {
    let size = page::size(request.page_size)?;
    let words = search::parts(&request.text)?;
    let question = Question::new(caller.firm, "ListRelationships", request.text.as_bytes());
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::relationship::list(&mut tx, &words, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| ((), one.id.to_string()));
    Ok(wire::ListRelationshipsResponse {
        relationships: rows.iter().map(convert::trading_relationship).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// The key of a page that ends with an id.
fn cursor<K: serde::de::DeserializeOwned>(
    deps: &Deps,
    question: &Question,
    token: &str,
) -> Result<Option<(K, Uuid)>> {
    let after: Option<(K, String)> = question.after(&deps.keys, token)?;
    // The token was signed by us, so that its id is one.
    after.map(|(key, id)| Ok((key, Uuid::try_parse(&id).map_err(Error::internal)?))).transpose()
}

fn token<K: serde::Serialize>(deps: &Deps, question: &Question, last: Option<K>) -> Result<String> {
    last.map(|last| question.token(&deps.keys, &last)).transpose().map(Option::unwrap_or_default)
}

/// Who calls, and the limits that apply.
pub(crate) async fn who_am_i(deps: &Deps, caller: &Caller) -> Result<wire::WhoAmIResponse> {
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let firm = db::firm::get(&mut tx, caller.firm).await?.ok_or_else(Error::not_found)?;
    let told = db::announcement::current(&mut tx, caller.actor, deps.now()).await?;
    tx.commit().await?;
    let member = caller.credential.kind == CredentialKind::Session;
    let scope = Scope { sites: caller.sites.clone(), purchasing_groups: caller.purchasing_groups.clone() };
    Ok(wire::WhoAmIResponse {
        firm_id: caller.firm.to_string(),
        firm_name: firm.name,
        firm_name_en: firm.name_en,
        sandbox: firm.sandbox,
        member_id: if member { caller.actor.to_string() } else { String::new() },
        member_name: if member { caller.actor_name.clone() } else { String::new() },
        api_key_id: if member { String::new() } else { caller.credential.id.clone() },
        roles: caller.roles.iter().map(|role| i32::from(*role)).collect(),
        permissions: caller.permissions().into_iter().map(i32::from).collect(),
        scope: Some(convert::scope(&scope)),
        locale: caller.locale.clone(),
        limits: Some(limits()),
        announcements: told.iter().map(convert::announcement).collect(),
    })
}

fn limits() -> wire::Limits {
    wire::Limits {
        request_bytes: gate::REQUEST_BYTES as i32,
        publish_order_bytes: PUBLISH_ORDER_BYTES,
        import_document_bytes: IMPORT_DOCUMENT_BYTES,
        page_size: page::MAX as i32,
        order_lines: ORDER_LINES,
        requests_per_second: REQUESTS_PER_SECOND,
        saved_filters: filter::MOST as i32,
    }
}

/// What a link is for, without using it up, and where a code for it is mailed, where mail goes out.
pub(crate) async fn inspect_link(
    deps: &Deps,
    token: &str,
    sends_mail: bool,
) -> Result<wire::InspectLinkResponse> {
    let (sha256, at) = (secret::sha256(token.as_bytes()), deps.now());
    let mut tx = deps.pool.begin_outside().await?;
    let link: Link = db::link::inspect(&mut tx, &sha256).await?.ok_or_else(Error::not_found)?;
    let mail = match sends_mail && link.kind == LinkKind::Invitation {
        true => db::link::code_mail(&mut tx, &sha256, at).await?,
        false => None,
    };
    tx.commit().await?;
    link.check(at)?;
    Ok(wire::InspectLinkResponse {
        kind: convert::link_kind(link.kind).into(),
        firm_name: link.firm_name,
        member_name: link.member_name,
        invited_by: link.invited_by,
        expires_at: Some(value::timestamp(link.expires_at)),
        locale: link.locale,
        code_mail: mail.as_deref().map(masked_mail).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_those_of_the_gate() {
        let methods = gate::methods().unwrap();
        let config = chassis::config::Config::load(None).unwrap();
        let limits = limits();
        let bytes = |path: &str| methods[path].request_bytes as i32;
        assert_eq!(bytes("/tandem.orders.v1.OrderService/PublishOrder"), limits.publish_order_bytes);
        assert_eq!(bytes("/tandem.orders.v1.OrderService/GetOrder"), limits.request_bytes);
        let import = methods.iter().find(|(path, _)| path.ends_with("/ImportDocument")).unwrap();
        assert_eq!(import.1.request_bytes as i32, limits.import_document_bytes);
        assert_eq!(config.limits.requests_per_second as i32, limits.requests_per_second);
    }
}
