//! How both sides of one relationship did, and what each figure of it is of; either of them asks.

use chassis::{Error, Result, caller::Caller, page, service::Deps};
use proto::orders::{GetScorecardRequest, ListScoreEvidenceRequest, ListScoreEvidenceResponse, Scorecard};
use uuid::Uuid;

use super::{moment, question};
use crate::{convert, db::scorecard as score};

/// The largest page of evidence.
const LARGEST: i64 = 100;

pub(crate) async fn scorecard(
    deps: &Deps,
    caller: &Caller,
    request: &GetScorecardRequest,
) -> Result<Scorecard> {
    let wanted = convert::wanted(caller, request)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    if !score::known(&mut tx, &wanted).await? {
        return Err(Error::not_found());
    }
    let row = score::scorecard(&mut tx, &wanted).await?;
    tx.commit().await?;
    Ok(convert::scorecard(&wanted, &row))
}

pub(crate) async fn list_evidence(
    deps: &Deps,
    caller: &Caller,
    request: ListScoreEvidenceRequest,
) -> Result<ListScoreEvidenceResponse> {
    let size = page::size_within(request.page_size, LARGEST)?;
    let (wanted, figure) = convert::evidence_wanted(caller, &request)?;
    let bound = ListScoreEvidenceRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question(caller, "ListScoreEvidence", &bound);
    let after = question.after::<(i128, i64, Uuid)>(&deps.keys, &request.page_token)?;
    let after = after.map(|(at, version, id)| (moment(at), version, id));
    let mut tx = deps.pool.begin(caller.firm).await?;
    if !score::known(&mut tx, &wanted).await? {
        return Err(Error::not_found());
    }
    let mut rows = score::evidence(&mut tx, &wanted, figure, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| (row.at.unix_timestamp_nanos(), row.version, row.id));
    Ok(ListScoreEvidenceResponse {
        evidence: rows.into_iter().map(|row| convert::evidence(figure, row)).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}
