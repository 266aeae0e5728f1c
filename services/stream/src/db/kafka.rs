//! How far the log was published, and who publishes it.

use sqlx::PgPool;
use uuid::Uuid;

use crate::entry::{LogPlace, Standing};

/// Takes the right to publish for some seconds, where nobody else has it, and answers after which place to go on: at first
/// where the log stands, and never beyond that, which a restored database may be.
pub(crate) async fn claim(
    pool: &PgPool,
    holder: Uuid,
    seconds: f64,
) -> Result<Option<Standing>, sqlx::Error> {
    let claimed = sqlx::query!(
        r#"update event.kafka_place p
           set holder = $1, held_until = clock_timestamp() + make_interval(secs => $2),
               log_pos = least(p.log_pos, h.log_pos),
               month = case when p.log_pos <= h.log_pos then p.month else h.month end
           from event.head h
           where p.held_until < clock_timestamp() or p.holder = $1
           returning p.log_pos as "log_pos!", p.month as "month!", pg_postmaster_start_time() as "run!""#,
        holder,
        seconds
    );
    let place = claimed.fetch_optional(pool).await?;
    Ok(place.map(|row| Standing { place: LogPlace { log_pos: row.log_pos, month: row.month }, run: row.run }))
}

/// Everything up to here was acknowledged; and keeps the right for some seconds more. False where somebody else took it, and on
/// another run of the server: its log may not have that place.
pub(crate) async fn moved(
    pool: &PgPool,
    holder: Uuid,
    upto: Standing,
    seconds: f64,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query!(
        "update event.kafka_place
         set log_pos = $2, month = $3, held_until = clock_timestamp() + make_interval(secs => $4)
         where holder = $1 and pg_postmaster_start_time() = $5",
        holder,
        upto.place.log_pos,
        upto.place.month,
        seconds,
        upto.run
    );
    Ok(moved.execute(pool).await?.rows_affected() > 0)
}

/// Leaves the right to others. When it ended stays to be seen: what a publisher that stopped has not published is kept for a
/// while.
pub(crate) async fn release(pool: &PgPool, holder: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("update event.kafka_place set held_until = clock_timestamp() where holder = $1", holder)
        .execute(pool)
        .await?;
    Ok(())
}
