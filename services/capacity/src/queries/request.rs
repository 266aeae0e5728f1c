//! Requests for capacity: the caller's own and those that it may see; and the offers that meet one.

use chassis::{
    Error, Result,
    caller::Caller,
    db::TenantTx,
    page::{self, Question},
    service::Deps,
    unit::{alike, scale},
    value,
};
use proto::capacity as wire;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    capability::{could_be_asked, near_profiles},
    token,
};
use crate::{
    convert::request::{kept, matched_offer, need, request_out, supply},
    db::{
        best::{Best, best as best_offers, but_for_process},
        offer,
        request::{self as db, Wanted},
    },
    error,
    need::{Need, Sieve, best, fold, rank},
    week::this_week,
};

/// How many results an answer holds where nothing is said, and at most.
const RESULTS: i32 = 10;
const MAX_RESULTS: i32 = 100;
/// How many offers of other processes are near misses at most.
const MAX_OTHERS: i64 = 100;

/// One request.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetCapacityRequestRequest,
) -> Result<wire::CapacityRequest> {
    let id = value::id(&request.capacity_request_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let own = db::own(&mut tx, Some(id), None, 1).await?.pop();
    let (head, named) = match own {
        Some(head) => (head, db::readers(&mut tx, &[id]).await?),
        None => {
            let seen = db::in_sight(&mut tx, Some(id), None, 1).await?.pop();
            (seen.ok_or_else(Error::not_found)?, Default::default())
        }
    };
    tx.commit().await?;
    request_out(&head, named.get(&id).map(Vec::as_slice).unwrap_or_default())
}

/// The caller's own requests, or open ones of others that it may see.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListCapacityRequestsRequest,
) -> Result<wire::ListCapacityRequestsResponse> {
    let size = page::size(request.page_size)?;
    let filter = request.own.to_string();
    let question = Question::new(caller.firm, "ListCapacityRequests", filter.as_bytes());
    let before: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut heads = match request.own {
        true => db::own(&mut tx, None, before, size + 1).await?,
        false => db::in_sight(&mut tx, None, before, size + 1).await?,
    };
    let last = page::cut(&mut heads, size, |head| head.id);
    let named = match request.own {
        true => db::readers(&mut tx, &heads.iter().map(|head| head.id).collect::<Vec<_>>()).await?,
        false => Default::default(),
    };
    tx.commit().await?;
    let one = |head: &db::Head| request_out(head, named.get(&head.id).map(Vec::as_slice).unwrap_or_default());
    Ok(wire::ListCapacityRequestsResponse {
        requests: heads.iter().map(one).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}

/// The offers that meet a request of the caller's, the best first.
pub(crate) async fn matching(
    deps: &Deps,
    caller: &Caller,
    request: &wire::MatchCapacityRequestRequest,
) -> Result<wire::MatchCapacityRequestResponse> {
    let id = value::id(&request.capacity_request_id)?;
    let limit = match request.limit {
        0 => RESULTS,
        limit @ 1..=MAX_RESULTS => limit,
        _ => return Err(Error::field("limit", "RANGE", format!("must lie between 1 and {MAX_RESULTS}"))),
    };
    let limit = usize::try_from(limit).unwrap_or_default();
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = db::own(&mut tx, Some(id), None, 1).await?.pop().ok_or_else(Error::not_found)?;
    let need = need(&kept(&head)?, this_week(deps.clock.now())).ok_or_else(|| error::missing(id))?;
    let Best { found, sure, fitting } = candidates(&mut tx, &need, request.near_misses, limit).await?;
    let supplies = found.iter().map(supply).collect::<Result<Vec<_>>>()?;
    let (top, count) = match request.near_misses {
        true => {
            let mut ranked = rank(&need, &supplies, true);
            let fitting = ranked.iter().filter(|(_, verdict)| verdict.fits).count();
            ranked.truncate(limit);
            (ranked, fitting)
        }
        false => best(&need, &supplies, limit),
    };
    // Of those that are sure to fit, the best alone were read.
    let fitting = fitting + count.saturating_sub(sure);
    let ids: Vec<Uuid> = top.iter().map(|(place, _)| supplies[*place].id).collect();
    let mut buckets = offer::buckets_on_sale(&mut tx, &ids).await?;
    let could_be_asked = could_be_asked(&mut tx, &need, limit).await?;
    let near_profiles = match request.near_misses && fitting < limit {
        true => {
            let offering: Vec<Uuid> = top.iter().map(|(place, _)| found[*place].head.supplier).collect();
            near_profiles(&mut tx, &need, limit, &offering).await?
        }
        false => Vec::new(),
    };
    tx.commit().await?;
    let results = top.into_iter().map(|(place, verdict)| {
        let head = &found[place].head;
        let mut buckets = buckets.remove(&head.id).unwrap_or_default();
        let wanted = need.first..=need.last;
        buckets.retain(|bucket| wanted.contains(&bucket.slot.monday) && bucket.free > Decimal::ZERO);
        matched_offer(head, &buckets, verdict)
    });
    Ok(wire::MatchCapacityRequestResponse {
        results: results.collect::<Result<_>>()?,
        fitting: i32::try_from(fitting).unwrap_or(i32::MAX),
        could_be_asked,
        near_profiles,
    })
}

/// Offers of the process that the caller may see, and those of others that meet all else. Where near misses are not asked for,
/// the best alone, and those that cannot be told without their content. The database compares in the base of the units, as the
/// rule does.
async fn candidates(tx: &mut TenantTx, need: &Need, near: bool, limit: usize) -> Result<Best> {
    let process_key = fold(&need.process);
    let sieve = Sieve::of(need);
    if let Some(sieve) = sieve.as_ref().filter(|_| !near) {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        return best_offers(tx, &process_key, need, sieve, most).await;
    }
    let (units, factors): (Vec<String>, Vec<Decimal>) =
        alike(&need.unit_code).into_iter().map(|(code, factor)| (code.to_owned(), factor)).unzip();
    let least = (!near).then(|| need.quantity * scale(&need.unit_code).1);
    let wanted = Wanted {
        process_key: &process_key,
        first: need.first,
        last: need.last,
        units: &units,
        factors: &factors,
        least,
    };
    let mut found = db::offers_to_match(tx, &wanted).await?;
    if let Some(sieve) = &sieve {
        found.extend(but_for_process(tx, &process_key, need, sieve, MAX_OTHERS).await?);
    }
    Ok(Best { found, sure: 0, fitting: 0 })
}
