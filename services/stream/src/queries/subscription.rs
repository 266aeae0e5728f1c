//! Durable subscriptions of a firm.

use chassis::{
    Error, Result,
    caller::Caller,
    feed,
    page::{self, Question},
    service::Deps,
};
use proto::stream as wire;

use crate::{convert::subscription as convert, db};

/// A subscription of the caller's firm.
pub(crate) async fn get(deps: &Deps, caller: &Caller, name: &str) -> Result<wire::Subscription> {
    let own = deps.checks_ownership().then_some(caller.firm);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let found = db::subscription::get(&mut tx, own, name).await?;
    // Read after the subscription, which stands nowhere behind it then.
    let head = feed::head(&mut tx).await?;
    tx.commit().await?;
    Ok(convert::wire(&found.ok_or_else(Error::not_found)?, head.seq, &deps.keys))
}

/// Subscriptions of the caller's firm.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListSubscriptionsRequest,
) -> Result<wire::ListSubscriptionsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListSubscriptions", b"");
    let after: Option<String> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::subscription::list(&mut tx, after.as_deref(), size + 1).await?;
    let head = feed::head(&mut tx).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |durable| durable.name.clone());
    Ok(wire::ListSubscriptionsResponse {
        subscriptions: rows.iter().map(|durable| convert::wire(durable, head.seq, &deps.keys)).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}
