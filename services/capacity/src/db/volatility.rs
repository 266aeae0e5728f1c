//! Groups whose demand is measured, and what was measured. All of the supplier's tenant.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use prost::Message;
use proto::capacity::{DemandAlert, DemandAlerts, DemandVolatility};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::demand::Weeks;

/// A group whose demand is measured, or was.
pub(crate) struct Watched {
    pub group_id: Uuid,
    /// `None`: it states none any more.
    pub parameters: Option<DemandVolatility>,
    /// `None`: not yet.
    pub measured_at: Option<OffsetDateTime>,
    /// The demand that was measured then.
    pub measured: Weeks,
    /// As they were told last.
    pub alerts: Vec<DemandAlert>,
}

/// Keeps what a group states. Another start or interval begins anew.
pub(crate) async fn watch(
    tx: &mut TenantTx,
    group: Uuid,
    parameters: &DemandVolatility,
    start_at: OffsetDateTime,
) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into capacity.demand_volatility as v
               (supplier, group_id, parameters, start_at, interval_weeks, next_at)
           values ($1, $2, $3, $4, $5, $4)
           on conflict on constraint demand_volatility_pkey do update
           set parameters = excluded.parameters, start_at = excluded.start_at,
               interval_weeks = excluded.interval_weeks,
               measured_at = case when (v.start_at, v.interval_weeks) = (excluded.start_at, excluded.interval_weeks)
                   then v.measured_at end,
               next_at = case when (v.start_at, v.interval_weeks) = (excluded.start_at, excluded.interval_weeks)
                   then v.next_at else excluded.next_at end"#,
        me,
        group,
        parameters.encode_to_vec(),
        start_at,
        parameters.measurement_interval_weeks
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The group states none any more.
pub(crate) async fn forget(tx: &mut TenantTx, group: Uuid) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"update capacity.demand_volatility
           set parameters = '', start_at = null, interval_weeks = null, measured_at = null, next_at = null
           where supplier = $1 and group_id = $2 and parameters <> ''"#,
        me,
        group
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those of these groups that are measured, or of which alerts stand.
pub(crate) async fn watched(tx: &mut TenantTx, groups: &[Uuid]) -> Result<BTreeMap<Uuid, Watched>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select v.group_id, v.parameters, v.measured_at, v.alerts, s.mondays as "mondays?: Vec<Date>",
                  s.demands as "demands?: Vec<Decimal>"
           from capacity.demand_volatility v
           left join capacity.demand_snapshot s on s.supplier = v.supplier and s.group_id = v.group_id
               and s.measured_at = v.measured_at
           where v.supplier = $1 and v.group_id = any($2) and (v.parameters <> '' or v.alerts <> '')
           order by v.group_id"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    let watched = rows.into_iter().map(|row| {
        let parameters = match row.parameters.is_empty() {
            true => None,
            false => Some(DemandVolatility::decode(row.parameters.as_slice())?),
        };
        let weeks = row.mondays.into_iter().flatten().zip(row.demands.into_iter().flatten());
        let watched = Watched {
            group_id: row.group_id,
            parameters,
            measured_at: row.measured_at,
            measured: weeks.collect(),
            alerts: DemandAlerts::decode(row.alerts.as_slice())?.alerts,
        };
        Ok((row.group_id, watched))
    });
    let watched: Result<_, prost::DecodeError> = watched.collect();
    watched.map_err(chassis::Error::internal)
}

/// Keeps a measurement for ever.
pub(crate) async fn measure(
    tx: &mut TenantTx,
    group: Uuid,
    at: OffsetDateTime,
    next: Option<OffsetDateTime>,
    demand: &Weeks,
) -> Result<()> {
    let me = tx.firm();
    let (mondays, demands): (Vec<Date>, Vec<Decimal>) =
        demand.iter().map(|(monday, demand)| (*monday, *demand)).unzip();
    sqlx::query!(
        r#"insert into capacity.demand_snapshot (supplier, group_id, measured_at, mondays, demands)
           values ($1, $2, $3, $4, $5)
           on conflict on constraint demand_snapshot_pkey do nothing"#,
        me,
        group,
        at,
        &mondays,
        &demands
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"update capacity.demand_volatility set measured_at = $3, next_at = $4
           where supplier = $1 and group_id = $2"#,
        me,
        group,
        at,
        next
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was told.
pub(crate) async fn tell(tx: &mut TenantTx, group: Uuid, alerts: &[DemandAlert]) -> Result<()> {
    let me = tx.firm();
    let alerts = DemandAlerts { alerts: alerts.to_vec() }.encode_to_vec();
    sqlx::query!(
        r#"update capacity.demand_volatility set alerts = $3 where supplier = $1 and group_id = $2"#,
        me,
        group,
        alerts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Suppliers with groups that are to be measured by now; outside any tenant.
pub(crate) async fn firms_to_measure(tx: &mut TenantTx, now: OffsetDateTime, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from capacity.firms_to_measure($1, $2)"#, now, most)
        .fetch_all(tx.conn())
        .await?)
}

/// Groups of the tenant that are to be measured by now.
pub(crate) async fn due(tx: &mut TenantTx, now: OffsetDateTime, most: i64) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select group_id from capacity.demand_volatility
           where supplier = $1 and next_at <= $2 order by next_at, group_id limit $3"#,
        me,
        now,
        most
    )
    .fetch_all(tx.conn())
    .await?)
}
