//! Terms and working calendars.

use chassis::{
    Error, Reason, Result,
    calendar::{Calendar, Week},
    db::TenantTx,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::trading_terms::{Agreed, Terms};

/// A rule as it is stored.
pub(crate) struct TermsRow {
    pub terms: Terms,
    pub buyer: Uuid,
    pub version: i64,
    pub updated_at: OffsetDateTime,
    pub actor_name: String,
}

/// Whether the two trade with each other, as far as the tenant may know.
pub(crate) async fn are_partners(tx: &mut TenantTx, buyer: Uuid, supplier: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from orders.trading_pair where buyer = $1 and supplier = $2) as "found!""#,
        buyer,
        supplier
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// A buyer's rules for these suppliers and for all, as far as the tenant may know them.
pub(crate) async fn rules(tx: &mut TenantTx, buyer: Uuid, suppliers: &[Uuid]) -> Result<Vec<Terms>> {
    let rules = sqlx::query_as!(
        Terms,
        r#"select supplier, answer_within_working_days, frozen_working_days, remind_before_working_days
           from orders.terms where buyer = $1 and (supplier is null or supplier = any($2))"#,
        buyer,
        suppliers
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rules)
}

/// What the tenant's deadlines towards these suppliers are counted by. As buyer.
pub(crate) async fn agreed(tx: &mut TenantTx, suppliers: &[Uuid]) -> Result<Agreed> {
    let buyer = tx.firm();
    let rules = rules(tx, buyer, suppliers).await?;
    let calendar = calendar(tx).await?.map(|row| row.calendar()).unwrap_or_default();
    Ok(Agreed { rules, calendar })
}

/// Writes a rule of the tenant in full; its new version. `STALE_ETAG` where `version` is given and is not the stored
/// one, 0 standing for a rule that is not there.
pub(crate) async fn set(
    tx: &mut TenantTx,
    terms: &Terms,
    version: Option<i64>,
    actor_name: &str,
    at: OffsetDateTime,
) -> Result<i64> {
    let buyer = tx.firm();
    let written = sqlx::query_scalar!(
        r#"insert into orders.terms as t
               (buyer, supplier, answer_within_working_days, frozen_working_days, remind_before_working_days,
                updated_at, actor_name)
           select $1, $2, $3, $4, $5, $6, $7
           where coalesce($8::bigint, 0) = 0 or exists (
               select from orders.terms o where o.buyer = $1 and o.supplier is not distinct from $2)
           on conflict on constraint terms_pair_key do update
           set answer_within_working_days = excluded.answer_within_working_days,
               frozen_working_days = excluded.frozen_working_days,
               remind_before_working_days = excluded.remind_before_working_days,
               version = t.version + 1, updated_at = excluded.updated_at, actor_name = excluded.actor_name
           where $8::bigint is null or t.version = $8
           returning version"#,
        buyer,
        terms.supplier,
        terms.answer_within_working_days,
        terms.frozen_working_days,
        terms.remind_before_working_days,
        at,
        actor_name,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    written.ok_or_else(|| Error::new(Reason::STALE_ETAG))
}

/// A page of the tenant's own rules, by supplier and that for all first, one more than `limit` where there is another
/// page. `after` is the last supplier of the page before; nil for the rule for all.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<TermsRow>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select buyer, supplier, answer_within_working_days, frozen_working_days, remind_before_working_days,
                  version, updated_at, actor_name
           from orders.terms
           where buyer = $1 and ($2::uuid is null or supplier > $2)
           order by supplier nulls first limit $3"#,
        buyer,
        after,
        limit + 1
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = rows.into_iter().map(|row| TermsRow {
        terms: Terms {
            supplier: row.supplier,
            answer_within_working_days: row.answer_within_working_days,
            frozen_working_days: row.frozen_working_days,
            remind_before_working_days: row.remind_before_working_days,
        },
        buyer: row.buyer,
        version: row.version,
        updated_at: row.updated_at,
        actor_name: row.actor_name,
    });
    Ok(rows.collect())
}

/// A firm's own calendar as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct CalendarRow {
    pub week: Vec<i32>,
    pub holidays: bool,
    pub open_days: Vec<Date>,
    pub closed_days: Vec<Date>,
    pub version: i64,
    pub updated_at: OffsetDateTime,
    pub actor_name: String,
}

impl CalendarRow {
    /// To count by.
    pub(crate) fn calendar(&self) -> Calendar {
        // The table's check keeps the days of the week what they are.
        let week = Week::of(self.week.iter().copied()).unwrap_or(Week::FIVE_DAYS);
        let days = |days: &[Date]| days.to_vec();
        Calendar::new(week, self.holidays, days(&self.open_days), days(&self.closed_days))
    }
}

/// The tenant's own calendar.
pub(crate) async fn calendar(tx: &mut TenantTx) -> Result<Option<CalendarRow>> {
    let firm = tx.firm();
    let row = sqlx::query_as!(
        CalendarRow,
        r#"select week, holidays, open_days, closed_days, version, updated_at, actor_name
           from orders.work_calendar where firm = $1"#,
        firm
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Writes the tenant's calendar in full; its new version. `STALE_ETAG` as [`set`].
pub(crate) async fn set_calendar(
    tx: &mut TenantTx,
    calendar: &CalendarRow,
    version: Option<i64>,
) -> Result<i64> {
    let firm = tx.firm();
    let written = sqlx::query_scalar!(
        r#"insert into orders.work_calendar as c
               (firm, week, holidays, open_days, closed_days, updated_at, actor_name)
           select $1, $2, $3, $4, $5, $6, $7
           where coalesce($8::bigint, 0) = 0 or exists (select from orders.work_calendar o where o.firm = $1)
           on conflict (firm) do update
           set week = excluded.week, holidays = excluded.holidays, open_days = excluded.open_days,
               closed_days = excluded.closed_days, version = c.version + 1, updated_at = excluded.updated_at,
               actor_name = excluded.actor_name
           where $8::bigint is null or c.version = $8
           returning version"#,
        firm,
        &calendar.week,
        calendar.holidays,
        &calendar.open_days,
        &calendar.closed_days,
        calendar.updated_at,
        calendar.actor_name,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    written.ok_or_else(|| Error::new(Reason::STALE_ETAG))
}
