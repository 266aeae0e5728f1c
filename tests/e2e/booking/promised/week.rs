//! How weeks stand, past the service.

use harness::World;

/// A week as the database has it.
#[derive(Debug)]
pub struct Week {
    pub monday: String,
    pub maximum: i64,
    pub booked: i64,
    /// Accepted, and not booked yet.
    pub pending: i64,
    pub offered: i64,
    pub overcommitted: bool,
    /// What buckets of all offers of the group promise.
    pub buckets: i64,
    /// The part of it that is held.
    pub sold: i64,
}

/// The weeks of a group, in their order.
pub async fn weeks(world: &World, group: &str) -> Vec<Week> {
    let rows: Vec<(String, i64, i64, i64, i64, bool, i64, i64)> = sqlx::query_as(
        "select w.monday::text, w.maximum::bigint, w.booked::bigint, w.pending::bigint, w.offered::bigint, w.overcommitted,
                s.buckets, s.sold
         from capacity.capacity_week w
         cross join lateral (
             select coalesce(sum(b.total), 0)::bigint as buckets, coalesce(sum(b.reserved), 0)::bigint as sold
             from capacity.offer o
             join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
             where o.supplier = w.supplier and o.group_id = w.group_id and b.monday = w.monday) s
         where w.group_id = $1::uuid order by w.monday",
    )
    .bind(group)
    .fetch_all(world.owner_pool().await)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(monday, maximum, booked, pending, offered, overcommitted, buckets, sold)| Week {
            monday,
            maximum,
            booked,
            pending,
            offered,
            overcommitted,
            buckets,
            sold,
        })
        .collect()
}
