//! A log that is older than the test: what happened is put into a month that has passed, and goes as months go.

use sqlx::AssertSqlSafe;
use stream::retention;
use time::{Date, Duration};

use crate::{World, wait::until};

/// How long whoever is in the way of a month may take.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);
/// The shortest that may be set.
const KEPT: Option<Duration> = Some(Duration::days(90));

impl World {
    /// Puts what happened since the last time into the month so many months ago, which is now the log's; at least one month
    /// later than the time before. From five on it is older than 90 days, whatever day it is.
    pub async fn age(&self, months: i32) -> Date {
        let mut tx = self.owner_pool().await.begin().await.expect("begin");
        // No sequencer meanwhile.
        sqlx::query("select from event.head for update").execute(&mut *tx).await.expect("the fence");
        let month: Date = sqlx::query_scalar(
            "select (date_trunc('month', now() at time zone 'utc') - make_interval(months => $1))::date",
        )
        .bind(months)
        .fetch_one(&mut *tx)
        .await
        .expect("a month");
        let (suffix, first) = (format!("{}_{:02}", month.year(), u8::from(month.month())), month.to_string());
        for table in ["event_log", "feed_entry"] {
            for statement in [
                format!(
                    "create table if not exists event.{table}_{suffix} partition of event.{table}
                     for values from ('{first}') to ((date '{first}' + interval '1 month')::date)"
                ),
                format!("alter table event.{table}_{suffix} enable row level security"),
                format!("alter table event.{table}_{suffix} force row level security"),
                format!("update event.{table} set month = '{first}' where month > '{first}'"),
            ] {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await.expect("the owner may");
            }
        }
        tx.commit().await.expect("commit");
        month
    }

    /// Lets old months go, as the keeper of the stream does, until none is left that may; which went, and how many followers
    /// kept one.
    pub async fn let_go(&self) -> (Vec<Date>, i64) {
        let pool = self.stream_pool().await;
        let mut gone = Vec::new();
        let unread = until("old months go", SOON, async || {
            let looked = retention::look(pool, KEPT).await.expect("whatever it finds is no error");
            gone.extend(looked.gone);
            (!looked.again).then_some(looked.unread)
        })
        .await;
        (gone, unread)
    }
}
