//! Capability profiles: the caller's own and those of others that it may see; the firms that could be asked for a need, and
//! those that come near it; and what firms are called of which the caller sees something.

use chassis::{
    Error, Result,
    caller::Caller,
    db::TenantTx,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::capacity as wire;
use uuid::Uuid;

use super::token;
use crate::{
    convert::capability::{firms, matched_profile, name_out, none_yet, own_name, profile, profile_out},
    db::capability::{self as db, Head, Name, Sight},
    need::{Askable, Need, Profile, askable, fold, near},
};

/// The most profiles of one process that are held against a need.
const MAX_PROFILES: i64 = 10_000;
/// The most profiles of any process that are held against a need which few offers meet.
const MAX_NEAR: i64 = 1_000;

/// One profile.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetCapabilityProfileRequest,
) -> Result<wire::CapabilityProfile> {
    let firm = value::optional_id("firm_id", &request.firm_id)?.unwrap_or(caller.firm);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let found = match firm == caller.firm {
        true => db::own(&mut tx).await?.map(|head| (head, own_name(caller))),
        false => {
            let sight = Sight { firm: Some(firm), ..Sight::default() };
            let seen = db::in_sight(&mut tx, sight, 1).await?.pop();
            Some(seen.ok_or_else(Error::not_found)?)
        }
    };
    tx.commit().await?;
    match found {
        Some((head, name)) => profile_out(&head, &name),
        None => Ok(none_yet(&own_name(caller))),
    }
}

/// Profiles of others, by firm.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListCapabilityProfilesRequest,
) -> Result<wire::ListCapabilityProfilesResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListCapabilityProfiles", request.process.as_bytes());
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let key = fold(&request.process);
    let sight =
        Sight { process_key: Some(key.as_str()).filter(|key| !key.is_empty()), after, ..Sight::default() };
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut seen = db::in_sight(&mut tx, sight, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut seen, size, |(head, _)| head.firm);
    Ok(wire::ListCapabilityProfilesResponse {
        profiles: seen.iter().map(|(head, name)| profile_out(head, name)).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}

/// What firms are called.
pub(crate) async fn names(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListFirmNamesRequest,
) -> Result<wire::ListFirmNamesResponse> {
    let asked = firms(request)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let names = db::names(&mut tx, &asked).await?;
    tx.commit().await?;
    Ok(wire::ListFirmNamesResponse { firms: names.into_iter().map(name_out).collect() })
}

/// Firms whose profiles meet a need and that offer nothing of its process in its weeks, the best first.
pub(crate) async fn could_be_asked(
    tx: &mut TenantTx,
    need: &Need,
    limit: usize,
) -> Result<Vec<wire::MatchedProfile>> {
    let key = fold(&need.process);
    let without_offer = Some((need.first, need.last));
    let sight = Sight { process_key: Some(&key), without_offer, ..Sight::default() };
    let seen = db::in_sight(tx, sight, MAX_PROFILES).await?;
    matched(&seen, |profiles| askable(need, profiles), limit)
}

/// Firms of whatever process whose profiles miss a hard condition of a need, the nearest first, but for these.
pub(crate) async fn near_profiles(
    tx: &mut TenantTx,
    need: &Need,
    limit: usize,
    but: &[Uuid],
) -> Result<Vec<wire::MatchedProfile>> {
    let mut seen = db::in_sight(tx, Sight::default(), MAX_NEAR).await?;
    seen.retain(|(head, _)| !but.contains(&head.firm));
    matched(&seen, |profiles| near(need, profiles), limit)
}

fn matched(
    seen: &[(Head, Name)],
    rule: impl FnOnce(&[Profile]) -> Vec<(usize, Askable)>,
    limit: usize,
) -> Result<Vec<wire::MatchedProfile>> {
    let profiles = seen.iter().map(|(head, _)| profile(head)).collect::<Result<Vec<_>>>()?;
    let found = rule(&profiles).into_iter().take(limit);
    found.map(|(place, one)| matched_profile(&seen[place].0, &seen[place].1, one)).collect()
}
