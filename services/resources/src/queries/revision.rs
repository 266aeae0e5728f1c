//! Revisions: of the caller's resources, and released and superseded ones of what it may use.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::resources as wire;
use uuid::Uuid;

use super::{resource::viewed, token};
use crate::{
    commands::access::Viewed,
    convert::revision::{acknowledgement_out, difference_out, revision_out, side},
    db::{
        self,
        acknowledgement::{self, Of},
        resource::Sight,
        revision::{self as rows, Which},
    },
    revision::differences,
};

/// One revision; and that it was looked at, where it is another firm's.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &wire::GetRevisionRequest,
) -> Result<(wire::Revision, Option<Viewed>)> {
    let id = value::id(&request.revision_id)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let row = rows::one(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let seen = db::resource::one(&mut tx, row.resource_id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    Ok((revision_out(&row)?, viewed(&seen, Some((row.id, row.label.clone())))?))
}

/// Revisions of a resource, the newest first; and that they were looked at, as with one.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListRevisionsRequest,
) -> Result<(wire::ListRevisionsResponse, Option<Viewed>)> {
    let size = page::size(request.page_size)?;
    let resource = value::id(&request.resource_id)?;
    let question = Question::new(caller.firm, "ListRevisions", request.resource_id.as_bytes());
    let before: Option<i32> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let seen = db::resource::one(&mut tx, resource).await?;
    let seen = seen.filter(|seen| seen.sight != Sight::Find).ok_or_else(Error::not_found)?;
    let which = Which { resource: Some(resource), before, ..Which::default() };
    let mut found = rows::in_sight(&mut tx, &which, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut found, size, |row| row.number);
    let answer = wire::ListRevisionsResponse {
        revisions: found.iter().map(revision_out).collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    };
    Ok((answer, viewed(&seen, None)?))
}

/// In what two revisions of one resource differ; and that the later one was looked at.
pub(crate) async fn compare(
    deps: &Deps,
    caller: &Caller,
    request: &wire::CompareRevisionsRequest,
) -> Result<(wire::CompareRevisionsResponse, Option<Viewed>)> {
    let ids = [value::id(&request.before_revision_id)?, value::id(&request.after_revision_id)?];
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let which = Which { revisions: Some(&ids), ..Which::default() };
    let found = rows::in_sight(&mut tx, &which, 2).await?;
    let of = |id: Uuid| found.iter().find(|row| row.id == id).ok_or_else(Error::not_found);
    let (before, after) = (of(ids[0])?, of(ids[1])?);
    if before.resource_id != after.resource_id {
        return Err(Error::not_found());
    }
    let seen = db::resource::one(&mut tx, after.resource_id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    let answer = wire::CompareRevisionsResponse {
        before: Some(revision_out(before)?),
        after: Some(revision_out(after)?),
        differences: differences(&side(before), &side(after)).into_iter().map(difference_out).collect(),
    };
    Ok((answer, viewed(&seen, Some((after.id, after.label.clone())))?))
}

/// Who may use a resource of the caller's by an entitlement of its own, and when it took note of a revision.
pub(crate) async fn acknowledgements(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListAcknowledgementsRequest,
) -> Result<wire::ListAcknowledgementsResponse> {
    let size = page::size(request.page_size)?;
    let revision = value::id(&request.revision_id)?;
    let filter = format!("{}{}", request.revision_id, request.missing);
    let question = Question::new(caller.firm, "ListAcknowledgements", filter.as_bytes());
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let row = rows::one(&mut tx, revision).await?.filter(|row| row.owner == caller.firm);
    let row = row.ok_or_else(Error::not_found)?;
    let seen = db::resource::one(&mut tx, row.resource_id).await?.ok_or_else(Error::not_found)?;
    let of = Of { revision, resource: seen.id, category: seen.category, missing: request.missing, after };
    let mut found = acknowledgement::list(&mut tx, &of, size + 1).await?;
    let last = page::cut(&mut found, size, |row| row.firm);
    let names = db::names(&mut tx, found.iter().map(|row| row.firm).collect()).await?;
    tx.commit().await?;
    let name = |firm: &Uuid| names.get(firm).map(String::as_str).unwrap_or_default();
    Ok(wire::ListAcknowledgementsResponse {
        acknowledgements: found.iter().map(|row| acknowledgement_out(row, name(&row.firm))).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
