//! Weeks of groups, demand against capacity, as their supplier reads them; and waiting for what is found of them after others
//! have spoken.

use std::time::Duration;

use anyhow::Context as _;
use chassis::value::wire_date as day;
use proto::capacity::{ListCapacityWeeksRequest, MatchedWeek};
use time::Date;

use super::refused;
use crate::cli::client::Connection;

/// How long an event, or a week of the heat map, may take to come.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// From one look at a week to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// A week of a group; an empty one where nothing is known of it.
pub(super) async fn read(supplier: &Connection, group: &str, week: Date) -> anyhow::Result<MatchedWeek> {
    let (from, until) = (Some(day(week)), Some(day(week)));
    let request = ListCapacityWeeksRequest { group_id: group.to_owned(), from, until, ..Default::default() };
    let found = supplier.capacity_groups().list_capacity_weeks(request).await.map_err(refused)?;
    Ok(found.into_inner().weeks.into_iter().next().unwrap_or_default())
}

/// The same week once it is as it should be: demand is matched after its customer stated it, and orders after their answer.
pub(super) async fn once(
    supplier: &Connection,
    group: &str,
    week: Date,
    wanted: impl Fn(&MatchedWeek) -> bool,
) -> anyhow::Result<MatchedWeek> {
    let wait = async {
        loop {
            let found = read(supplier, group, week).await?;
            if wanted(&found) {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.with_context(|| format!("the load of {week} does not come"))?
}
