//! Terms and calendars are set in full.

use chassis::{Error, Result, value};
use proto::orders::{Terms as WireTerms, WorkCalendar};

use super::single::{Begun, Single};
use crate::{
    convert::trading_terms as convert,
    db::trading_terms::{self as db, CalendarRow, TermsRow},
    trading_terms::Terms,
};

/// Sets one rule of the caller.
pub(crate) async fn set_terms(command: &Single<'_>, terms: Terms, version: Option<i64>) -> Result<WireTerms> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let buyer = command.caller.firm;
    if let Some(supplier) = terms.supplier
        && !db::are_partners(&mut tx, buyer, supplier).await?
    {
        return Err(Error::not_found());
    }
    let (updated_at, actor_name) = (command.now(), command.caller.actor_name.clone());
    let version = db::set(&mut tx, &terms, version, &actor_name, updated_at).await?;
    let receipt = convert::wire_terms(TermsRow { terms, buyer, version, updated_at, actor_name });
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Sets the caller's calendar.
pub(crate) async fn set_calendar(
    command: &Single<'_>,
    wanted: WorkCalendar,
    version: Option<i64>,
) -> Result<WorkCalendar> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let day = |date: &proto::Date| value::date(date).ok();
    let mut row = CalendarRow {
        week: wanted.week_days,
        holidays: !wanted.without_holidays,
        open_days: wanted.open_days.iter().filter_map(day).collect(),
        closed_days: wanted.closed_days.iter().filter_map(day).collect(),
        version: 0,
        updated_at: command.now(),
        actor_name: command.caller.actor_name.clone(),
    };
    row.version = db::set_calendar(&mut tx, &row, version).await?;
    let receipt = convert::wire_calendar(Some(row))?;
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
