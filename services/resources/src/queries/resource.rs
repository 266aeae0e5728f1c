//! Resources: the caller's own, and others' that it may find.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use prost::Message;
use proto::resources as wire;
use uuid::Uuid;

use super::token;
use crate::{
    commands::access::Viewed,
    convert::resource::{categories, check_codes, content, resource_out},
    db::resource::{self as db, Search, Seen, Sight},
    search,
};

/// The longest text that is looked for, in bytes.
const MAX_TEXT: usize = 200;
/// The most words that are looked for at once.
const MAX_WORDS: usize = 12;

/// One resource; and that it was looked at, where it is another firm's.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetResourceRequest,
) -> Result<(wire::Resource, Option<Viewed>)> {
    let number = Some(request.resource_number.as_str()).filter(|number| !number.is_empty());
    let ids: Vec<Uuid> = match (request.resource_id.is_empty(), number) {
        (true, Some(_)) => Vec::new(),
        (false, None) => vec![value::id(&request.resource_id)?],
        _ => return Err(Error::field("resource_id", "ONE_OF", "name either an id or a number")),
    };
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let seen = db::seen(&mut tx, &ids, number).await?.pop().ok_or_else(Error::not_found)?;
    tx.commit().await?;
    Ok((resource_out(&seen)?, viewed(&seen, None)?))
}

/// That another firm's resource, or a revision of it, was looked at.
pub(super) fn viewed(seen: &Seen, revision: Option<(Uuid, String)>) -> Result<Option<Viewed>> {
    if seen.sight == Sight::Own {
        return Ok(None);
    }
    Ok(Some(Viewed {
        owner: seen.owner,
        resource_id: seen.id,
        resource_name: content(seen)?.name,
        resource_number: seen.resource_number.clone(),
        revision,
    }))
}

/// Resources of others that the caller may find, or its own.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListResourcesRequest,
) -> Result<wire::ListResourcesResponse> {
    let size = page::size(request.page_size)?;
    let wanted = narrowed(request)?;
    let filter = wire::ListResourcesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = Question::new(caller.firm, "ListResources", &filter.encode_to_vec());
    let before: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    // Not by keys: which index is best depends on what is looked for.
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut ids = db::search(&mut tx, &Search { before, ..wanted }, size + 1).await?;
    let last = page::cut(&mut ids, size, |id| *id);
    let seen = db::seen(&mut tx, &ids, None).await?;
    tx.commit().await?;
    Ok(wire::ListResourcesResponse {
        resources: seen.iter().map(resource_out).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}

fn narrowed(request: &wire::ListResourcesRequest) -> Result<Search> {
    check_codes(&request.industry_code, &request.region)?;
    let mut wanted = chassis::search::wanted(&request.text);
    if request.text.len() > MAX_TEXT || wanted.words.len() > MAX_WORDS {
        return Err(Error::field(
            "text",
            "TOO_LONG",
            format!("must have at most {MAX_TEXT} bytes and {MAX_WORDS} words"),
        ));
    }
    if !request.industry_code.is_empty() {
        wanted.keys.push(search::industry(&request.industry_code));
    }
    if !request.region.is_empty() {
        wanted.keys.push(search::region(&request.region));
    }
    Ok(Search {
        own: request.own,
        keys: Some(wanted.keys).filter(|keys| !keys.is_empty()),
        words: wanted.words,
        categories: categories(request.categories())?,
        owner: value::optional_id("owner_id", &request.owner_id)?,
        item: Some(request.buyer_item_id.clone()).filter(|item| !item.is_empty()),
        usable: request.usable,
        to_acknowledge: request.to_acknowledge,
        before: None,
    })
}
