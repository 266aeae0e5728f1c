//! The caller's policies.

use chassis::{
    Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
};
use proto::capacity::{ListDisclosuresRequest, ListDisclosuresResponse};
use uuid::Uuid;

use super::token;
use crate::{convert, db::disclosure as db};

pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &ListDisclosuresRequest,
) -> Result<ListDisclosuresResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListDisclosures", b"");
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::list(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    // The one for every other customer has no customer and comes first.
    let last = page::cut(&mut rows, size, |policy| policy.customer.unwrap_or_default());
    Ok(ListDisclosuresResponse {
        disclosures: rows.iter().map(convert::disclosure::policy_out).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
