//! The access log of the caller's resources.

use chassis::{
    Result,
    caller::Caller,
    db::TenantTx,
    page::{self, Question},
    service::Deps,
};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use prost::Message;
use proto::resources as wire;
use tonic::Status;
use uuid::Uuid;

use super::token;
use crate::{
    convert::access::{entry_out, filter},
    db::{
        self,
        access::{self as rows, Entry, Filter},
    },
};

/// Entries that an export reads at once.
const SLICE: i64 = 500;

/// Entries, the newest first.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListAccessRequest,
) -> Result<wire::ListAccessResponse> {
    let size = page::size(request.page_size)?;
    let filter = filter(request.filter.as_ref())?;
    let asked = request.filter.as_ref().map(Message::encode_to_vec).unwrap_or_default();
    let question = Question::new(caller.firm, "ListAccess", &asked);
    let before: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut found = rows::newest(&mut tx, &filter, before, size + 1).await?;
    let last = page::cut(&mut found, size, |entry| entry.id);
    let entries = out(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(wire::ListAccessResponse { entries, next_page_token: token(deps, &question, last)? })
}

/// All entries, the oldest first; a slice is read when the one before it was sent.
pub(crate) fn export(
    deps: Deps,
    caller: Caller,
    filter: Filter,
) -> impl Stream<Item = Result<wire::AccessEntry, Status>> + Send + 'static {
    let first = Some((deps, caller, filter, None::<Uuid>));
    stream::try_unfold(first, |state| async move {
        let Some((deps, caller, filter, after)) = state else { return Ok::<_, Status>(None) };
        let mut tx = deps.pool.begin(caller.firm).await?;
        let found = rows::oldest(&mut tx, &filter, after, SLICE).await?;
        let entries = out(&mut tx, &found).await?;
        tx.commit().await?;
        let after = found.last().map(|entry| entry.id).filter(|_| found.len() == SLICE as usize);
        let next = after.map(|after| (deps, caller, filter, Some(after)));
        Ok(Some((stream::iter(entries).map(Ok::<_, Status>), next)))
    })
    .try_flatten()
}

async fn out(tx: &mut TenantTx, found: &[Entry]) -> Result<Vec<wire::AccessEntry>> {
    let names = db::names(tx, found.iter().filter_map(|entry| entry.firm).collect()).await?;
    Ok(found.iter().map(|entry| entry_out(entry, &names)).collect())
}
