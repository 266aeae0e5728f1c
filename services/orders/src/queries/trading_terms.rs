//! Reads of terms and calendars.

use chassis::{Error, Result, calendar::MAX_DAYS, caller::Caller, page, service::Deps, value};
use proto::orders::{
    CountWorkingDaysRequest, CountWorkingDaysResponse, EffectiveTerms, GetTermsRequest, ListTermsRequest,
    ListTermsResponse, WorkCalendar,
};
use uuid::Uuid;

use crate::{convert::trading_terms as convert, db::trading_terms as db, trading_terms::effective};

/// What holds between a buyer and a supplier, one of whom calls.
pub(crate) async fn get_terms(
    deps: &Deps,
    caller: &Caller,
    request: &GetTermsRequest,
) -> Result<EffectiveTerms> {
    let buyer = value::optional_id("buyer_id", &request.buyer_id)?.unwrap_or(caller.firm);
    let mut supplier = value::optional_id("supplier_id", &request.supplier_id)?;
    if buyer != caller.firm {
        supplier = supplier.or(Some(caller.firm));
    }
    let involved = buyer == caller.firm || supplier == Some(caller.firm);
    if deps.checks_ownership() && !involved {
        return Err(Error::not_found());
    }
    let mut tx = deps.pool.begin(caller.firm).await?;
    if let Some(supplier) = supplier
        && !db::are_partners(&mut tx, buyer, supplier).await?
    {
        return Err(Error::not_found());
    }
    let named: Vec<Uuid> = supplier.into_iter().collect();
    let rules = db::rules(&mut tx, buyer, &named).await?;
    tx.commit().await?;
    let find = |who: Option<Uuid>| rules.iter().find(|terms| terms.supplier == who);
    let own = supplier.and_then(|supplier| find(Some(supplier)));
    Ok(convert::wire_effective(buyer, supplier, &effective(own, find(None))))
}

/// The caller's own rules.
pub(crate) async fn list_terms(
    deps: &Deps,
    caller: &Caller,
    request: &ListTermsRequest,
) -> Result<ListTermsResponse> {
    let size = page::size(request.page_size)?;
    let question = page::Question::new(caller.firm, "ListTerms", &[]);
    let after = question.after::<Uuid>(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::list(&mut tx, after, size).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.terms.supplier.unwrap_or_default());
    Ok(ListTermsResponse {
        terms: rows.into_iter().map(convert::wire_terms).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// The caller's calendar.
pub(crate) async fn get_calendar(deps: &Deps, caller: &Caller) -> Result<WorkCalendar> {
    let mut tx = deps.pool.begin(caller.firm).await?;
    let row = db::calendar(&mut tx).await?;
    tx.commit().await?;
    convert::wire_calendar(row)
}

/// Counts by the caller's calendar.
pub(crate) async fn count_working_days(
    deps: &Deps,
    caller: &Caller,
    request: &CountWorkingDaysRequest,
) -> Result<CountWorkingDaysResponse> {
    let wrong = |path: &str, reason, message: &str| Error::field(path, reason, message);
    let from = request.from_date.as_ref().ok_or_else(|| wrong("from_date", "REQUIRED", "is required"))?;
    let from = value::date(from).map_err(|message| wrong("from_date", "DATE", message))?;
    if !(-MAX_DAYS..=MAX_DAYS).contains(&request.working_days) {
        let message = format!("must lie between -{MAX_DAYS} and {MAX_DAYS}");
        return Err(wrong("working_days", "RANGE", &message));
    }
    let mut tx = deps.pool.begin(caller.firm).await?;
    let calendar = db::calendar(&mut tx).await?.map(|row| row.calendar()).unwrap_or_default();
    tx.commit().await?;
    Ok(convert::wire_counted(calendar.count(from, request.working_days)?))
}
