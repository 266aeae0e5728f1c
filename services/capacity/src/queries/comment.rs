//! Comments of both firms, the newest first.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::capacity as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use super::token;
use crate::{
    convert::comment::{comment_out, subject},
    db::comment::{self as db, Which},
    scope::sites,
};

/// A page of comments.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListCommentsRequest,
) -> Result<wire::ListCommentsResponse> {
    let size = page::size(request.page_size)?;
    let subject = subject(request.subject());
    let subject = subject.ok_or_else(|| Error::field("subject", "REQUIRED", "say what they are about"))?;
    let object = value::optional_id("object_id", &request.object_id)?;
    let filter = format!("{}{}", subject.as_str(), request.object_id);
    let question = Question::new(caller.firm, "ListComments", filter.as_bytes());
    let before: Option<(i64, Uuid)> = question.after(&deps.keys, &request.page_token)?;
    let before = before.and_then(|(micros, id)| Some((moment(micros)?, id)));
    let which = Which {
        object_type: subject.as_str(),
        object,
        own_to: None,
        sites: sites(deps, caller),
        before,
        limit: size + 1,
    };
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut heads = db::list(&mut tx, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut heads, size, |head| (micros(head), head.id));
    Ok(wire::ListCommentsResponse {
        comments: heads.iter().map(comment_out).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// When a comment was posted, in microseconds of the epoch, which is all that is kept of it.
fn micros(head: &db::Head) -> i64 {
    let at = head.posted_at.unwrap_or(head.changed_at);
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn moment(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}
