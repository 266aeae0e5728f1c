//! Matches, for requester and supplier; and how many there are.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::capacity as wire;
use uuid::Uuid;

use super::token;
use crate::{
    convert::matched::{match_out, wire_state},
    db::{
        matched::{self as db, Count, Which},
        offer,
    },
    matched::State,
    scope::sites,
};

/// An aggregate about fewer firms than these besides the caller is not told.
const FEWEST_OTHERS: i64 = 5;

/// One match.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetMatchRequest,
) -> Result<wire::CapacityMatch> {
    let id = Some(value::id(&request.match_id)?);
    let which = Which { id, sites: sites(deps, caller), ..Which::default() };
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = db::list(&mut tx, which, 1).await?.pop().ok_or_else(Error::not_found)?;
    tx.commit().await?;
    match_out(&head)
}

/// The caller's matches on either side.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListMatchesRequest,
) -> Result<wire::ListMatchesResponse> {
    let size = page::size(request.page_size)?;
    let only = value::optional_id("capacity_request_id", &request.capacity_request_id)?;
    let question = Question::new(caller.firm, "ListMatches", request.capacity_request_id.as_bytes());
    let before: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let which = Which { id: None, request: only, sites: sites(deps, caller), before };
    let mut heads = db::list(&mut tx, which, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut heads, size, |head| head.id);
    Ok(wire::ListMatchesResponse {
        matches: heads.iter().map(match_out).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}

/// How many matches are in which state.
pub(crate) async fn count(
    deps: &Deps,
    caller: &Caller,
    request: &wire::CountMatchesRequest,
) -> Result<wire::CountMatchesResponse> {
    let cluster = value::optional_id("cluster_id", &request.cluster_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let found = match cluster {
        None => db::own_counts(&mut tx, sites(deps, caller)).await?,
        Some(cluster) if offer::joined(&mut tx, cluster).await? => {
            db::cluster_counts(&mut tx, cluster).await?
        }
        Some(_) => return Err(Error::not_found()),
    };
    tx.commit().await?;
    let counts = State::ALL.into_iter().map(|state| {
        let count = found.iter().find(|count| count.state == state.as_str());
        wire::MatchCount { state: wire_state(state).into(), matches: told(count, cluster.is_some()) }
    });
    Ok(wire::CountMatchesResponse { counts: counts.collect() })
}

/// A count, where it may be told: of one's own always; of others, where it is about enough of them. None at all are few.
fn told(count: Option<&Count>, about_others: bool) -> Option<i64> {
    let matches = count.map_or(0, |count| count.matches);
    let others = count.map_or(0, |count| count.others);
    (!about_others || others >= FEWEST_OTHERS).then_some(matches)
}
