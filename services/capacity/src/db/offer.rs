//! Offers and their buckets, in the supplier's tenant; and what others see of them.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    matching::plus,
    offer::{Bucket, Moves, Slot, Standing, Visibility},
};

/// An offer without its buckets. What only its supplier knows is `None` for others.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub supplier: Uuid,
    pub id: Uuid,
    pub version: i64,
    pub content: Vec<u8>,
    pub unit_code: String,
    pub hold_seconds: i32,
    pub withdrawn: bool,
    pub published_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
    pub group_id: Option<Uuid>,
    pub visibility: Option<String>,
    pub cluster: Option<Uuid>,
    /// What of its process counts when two are compared; only where it is about to be saved.
    pub process_key: Option<String>,
}

/// An offer of the tenant, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select supplier, id, version, content, unit_code, hold_seconds, withdrawn, published_at, changed_at,
                  group_id as "group_id?", visibility as "visibility?", cluster, process_key
           from capacity.offer where supplier = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The tenant's own offers of these sites with all of these words by id, or one of them; of all where there is none.
pub(crate) async fn own(
    tx: &mut TenantTx,
    only: Option<Uuid>,
    sites: &[String],
    words: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select supplier, id, version, content, unit_code, hold_seconds, withdrawn, published_at, changed_at,
                  group_id as "group_id?", visibility as "visibility?", cluster, process_key
           from capacity.offer
           where supplier = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
               and ($5::text[] = '{}' or capacity.group_in($5, group_id))
               and ($6::text[] = '{}' or (
                   select not exists (
                       select from unnest(array(
                           select distinct lower(normalize(w.word, nfkc)) from unnest($6) w (word))) w (word)
                       where strpos(t.said, w.word) = 0)
                   from (select lower(normalize(texts, nfkc)) as said offset 0) t))
           order by id limit $4"#,
        me,
        only,
        after,
        limit,
        sites,
        words
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// An offer of another firm's, where the tenant may see it, whether or not it stands.
pub(crate) async fn in_sight(tx: &mut TenantTx, offer: Uuid) -> Result<Option<Head>> {
    let row = sqlx::query_as!(
        Head,
        r#"select supplier as "supplier!", id as "id!", version as "version!", content as "content!",
                  unit_code as "unit_code!", hold_seconds as "hold_seconds!", withdrawn as "withdrawn!",
                  published_at as "published_at!", changed_at as "changed_at!",
                  null::uuid as group_id, null::text as visibility, null::uuid as cluster,
                  null::text as process_key
           from capacity.offers_in_sight($1, null, null, 1)"#,
        offer
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Offers of others, or of one of them, that the tenant may see and that stand, with all of these words; by id.
pub(crate) async fn found(
    tx: &mut TenantTx,
    supplier: Option<Uuid>,
    words: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Head>> {
    let rows = sqlx::query_as!(
        Head,
        r#"select supplier as "supplier!", id as "id!", version as "version!", content as "content!",
                  unit_code as "unit_code!", hold_seconds as "hold_seconds!", withdrawn as "withdrawn!",
                  published_at as "published_at!", changed_at as "changed_at!",
                  null::uuid as group_id, null::text as visibility, null::uuid as cluster,
                  null::text as process_key
           from capacity.offers_found($1, $2, $3, $4)"#,
        supplier,
        words,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

fn slot(monday: Date, starts_at: Option<OffsetDateTime>, ends_at: Option<OffsetDateTime>) -> Slot {
    Slot { monday, times: starts_at.zip(ends_at) }
}

/// Buckets of the tenant's offers, by offer.
pub(crate) async fn own_buckets(tx: &mut TenantTx, offers: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Bucket>>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select b.offer_id, b.id, b.monday, b.starts_at, b.ends_at, b.total, b.reserved,
                  case when o.withdrawn then 0
                       when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                       else b.total - b.reserved end as "free!"
           from capacity.offer o
           join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
           left join capacity.capacity_week w on w.supplier = o.supplier and w.group_id = o.group_id
               and w.monday = b.monday and w.overcommitted
           where o.supplier = $1 and o.id = any($2)
           order by b.offer_id, b.monday, b.starts_at nulls first"#,
        me,
        offers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Bucket>> = BTreeMap::new();
    for row in rows {
        let slot = slot(row.monday, row.starts_at, row.ends_at);
        let bucket = Bucket { id: row.id, slot, total: row.total, reserved: row.reserved, free: row.free };
        found.entry(row.offer_id).or_default().push(bucket);
    }
    Ok(found)
}

/// Buckets of others' offers that the tenant may see, by offer.
pub(crate) async fn buckets_on_sale(
    tx: &mut TenantTx,
    offers: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Bucket>>> {
    let rows = sqlx::query!(
        r#"select offer_id as "offer_id!", id as "id!", monday as "monday!", starts_at, ends_at, total as "total!",
                  reserved as "reserved!", free as "free!"
           from capacity.buckets_on_sale($1)"#,
        offers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Bucket>> = BTreeMap::new();
    for row in rows {
        let slot = slot(row.monday, row.starts_at, row.ends_at);
        let bucket = Bucket { id: row.id, slot, total: row.total, reserved: row.reserved, free: row.free };
        found.entry(row.offer_id).or_default().push(bucket);
    }
    Ok(found)
}

/// Buckets of an offer of the tenant, locked in the order of their ids.
pub(crate) async fn lock_buckets(tx: &mut TenantTx, offer: Uuid) -> Result<Vec<Bucket>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select id, monday, starts_at, ends_at, total, reserved from capacity.capacity_bucket
           where supplier = $1 and offer_id = $2 order by id for no key update"#,
        me,
        offer
    )
    .fetch_all(tx.conn())
    .await?;
    let bucket = rows.into_iter().map(|row| Bucket {
        id: row.id,
        slot: slot(row.monday, row.starts_at, row.ends_at),
        total: row.total,
        reserved: row.reserved,
        free: row.total - row.reserved,
    });
    Ok(bucket.collect())
}

/// How weeks of groups stand.
pub(crate) type Weeks = BTreeMap<(Uuid, Date), Standing>;

/// Locks these weeks of a group and of those that sum it in the order of their keys, the group's own that are not there yet
/// included, and says how they stand. The caller holds the lock of the matching, which is what else writes them.
pub(crate) async fn lock_weeks(tx: &mut TenantTx, group: Uuid, mondays: &[Date]) -> Result<Weeks> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into capacity.capacity_week (supplier, group_id, monday)
           select $1, $2, monday from unnest($3::date[]) monday order by monday on conflict do nothing"#,
        me,
        group,
        mondays
    )
    .execute(tx.conn())
    .await?;
    let rows = sqlx::query!(
        r#"select w.group_id, w.monday, w.maximum, w.booked, w.pending, w.offered, w.offered_below, w.overcommitted,
                  coalesce(w.demand - (
                      select sum(b.lent) from capacity.capacity_week b
                      where b.supplier = $1 and b.monday = w.monday and b.group_id = any(
                          array(select g.id from capacity.groups_below($1, w.group_id) g))), 0) as "demand!"
           from capacity.capacity_week w
           where w.supplier = $1 and w.monday = any($3) and w.group_id = any(
               array_append(array(select a.id from capacity.groups_above($1, $2) a), $2::uuid))
           order by w.group_id, w.monday for update of w"#,
        me,
        group,
        mondays
    )
    .fetch_all(tx.conn())
    .await?;
    let standing = rows.into_iter().map(|row| {
        let (maximum, overcommitted) = (row.maximum, row.overcommitted);
        let (booked, demand) = (plus(row.booked, row.pending), row.demand);
        let offered = plus(row.offered, row.offered_below);
        ((row.group_id, row.monday), Standing { maximum, booked, offered, overcommitted, demand })
    });
    Ok(standing.collect())
}

/// Moves what weeks offer, the check of the group's own in the same statement: the first week that has not so much left.
/// Less is always possible, also of a week that promises too much already. Groups that sum it have it below them from then
/// on; whether they have so much left, the caller has looked under [`lock_weeks`].
pub(crate) async fn shift(
    tx: &mut TenantTx,
    group: Uuid,
    weeks: &BTreeMap<Date, Decimal>,
) -> Result<Option<Date>> {
    let me = tx.firm();
    for (monday, by) in weeks {
        let moved = sqlx::query!(
            r#"update capacity.capacity_week
               set offered = offered + $4::numeric,
                   overcommitted = capacity.overcommits(offered + $4::numeric, offered_below, booked + pending, maximum,
                                                        borrowed)
               where supplier = $1 and group_id = $2 and monday = $3
                   and ($4::numeric < 0
                        or (not overcommitted and coalesce(
                            booked + pending + offered + offered_below + $4::numeric <= maximum, false)))"#,
            me,
            group,
            monday,
            by
        )
        .execute(tx.conn())
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(Some(*monday));
        }
    }
    Ok(None)
}

/// A new offer, or the new state of one that is locked.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.offer as o
               (supplier, id, group_id, version, content, unit_code, visibility, cluster, hold_seconds, withdrawn,
                published_at, changed_at, process_key)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict on constraint offer_pkey do update
           set version = excluded.version, content = excluded.content, visibility = excluded.visibility,
               cluster = excluded.cluster, hold_seconds = excluded.hold_seconds, withdrawn = excluded.withdrawn,
               changed_at = excluded.changed_at, process_key = excluded.process_key
           where o.version = excluded.version - 1"#,
        head.supplier,
        head.id,
        head.group_id,
        head.version,
        head.content,
        head.unit_code,
        head.visibility,
        head.cluster,
        head.hold_seconds,
        head.withdrawn,
        head.published_at,
        head.changed_at,
        head.process_key
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Whom an offer names from now on.
pub(crate) async fn save_readers(tx: &mut TenantTx, offer: Uuid, visibility: &Visibility) -> Result<()> {
    let me = tx.firm();
    let named: &[Uuid] = match visibility {
        Visibility::Named(firms) => firms,
        _ => &[],
    };
    sqlx::query!(
        r#"update capacity.offer_reader set removed = true
           where supplier = $1 and offer_id = $2 and not removed and firm <> all($3)"#,
        me,
        offer,
        named
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into capacity.offer_reader (supplier, offer_id, firm) select $1, $2, * from unnest($3::uuid[])
           on conflict on constraint offer_reader_pkey do update set removed = false"#,
        me,
        offer,
        named
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whom the tenant's offers name, by offer.
pub(crate) async fn readers(tx: &mut TenantTx, offers: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select offer_id, firm from capacity.offer_reader
           where supplier = $1 and offer_id = any($2) and not removed order by offer_id, firm"#,
        me,
        offers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        found.entry(row.offer_id).or_default().push(row.firm);
    }
    Ok(found)
}

/// New buckets, and new totals of those that stand; false where more of one is reserved than would be left.
pub(crate) async fn save_buckets(
    tx: &mut TenantTx,
    offer: Uuid,
    moves: &Moves,
    id: impl Fn() -> Uuid,
) -> Result<bool> {
    let me = tx.firm();
    for (bucket, total) in &moves.totals {
        let saved = sqlx::query!(
            r#"update capacity.capacity_bucket set total = $3
               where supplier = $1 and id = $2 and reserved <= $3"#,
            me,
            bucket,
            total
        )
        .execute(tx.conn())
        .await?;
        if saved.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let ids: Vec<Uuid> = moves.new.iter().map(|_| id()).collect();
    let mondays: Vec<Date> = moves.new.keys().map(|slot| slot.monday).collect();
    let starts: Vec<Option<OffsetDateTime>> = moves.new.keys().map(|s| s.times.map(|t| t.0)).collect();
    let ends: Vec<Option<OffsetDateTime>> = moves.new.keys().map(|s| s.times.map(|t| t.1)).collect();
    let totals: Vec<Decimal> = moves.new.values().copied().collect();
    sqlx::query!(
        r#"insert into capacity.capacity_bucket (supplier, offer_id, id, monday, starts_at, ends_at, total)
           select $1, $2, * from unnest($3::uuid[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::numeric[])"#,
        me,
        offer,
        &ids,
        &mondays,
        &starts as &[Option<OffsetDateTime>],
        &ends as &[Option<OffsetDateTime>],
        &totals
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Which of these firms the tenant may name: its partners, and members of its clusters.
pub(crate) async fn nameable(tx: &mut TenantTx, firms: &[Uuid]) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"select firm as "firm!" from unnest($2::uuid[]) firm
           where firm <> $1 and (
               exists (select from partners.trading_partner p
                       where (p.buyer, p.supplier) in (($1, firm), (firm, $1)) and p.state = 'active')
               or exists (select from partners.clusters_of(null, 1000) c,
                                      partners.cluster_members(c.id, firm, null, null, 1) m
                          where c.own_state = 'joined' and m.state = 'joined'))"#,
        me,
        firms
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Whether the tenant has joined a cluster.
pub(crate) async fn joined(tx: &mut TenantTx, cluster: Uuid) -> Result<bool> {
    let me = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select exists (select from partners.cluster_members($2, $1, null, null, 1) m where m.state = 'joined') as "found!""#,
        me,
        cluster
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// Partners with an active relationship, at most so many.
pub(crate) async fn partners(tx: &mut TenantTx, most: i64) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"select distinct case when p.buyer = $1 then p.supplier else p.buyer end as "firm!"
           from partners.trading_partner p where $1 in (p.buyer, p.supplier) and p.state = 'active' order by 1 limit $2"#,
        me,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Withdrawn offers of which something came back, with their suppliers; without a tenant.
pub(crate) async fn to_trim(outside: &mut TenantTx, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(r#"select firm as "firm!", id as "id!" from capacity.offers_to_trim($1)"#, most)
        .fetch_all(outside.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}
