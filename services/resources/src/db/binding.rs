//! What lines of the tenant's orders are pinned to, the place in the feed that tells of them, and the owner's policy.

use chassis::{Error, Reason, Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::entitlement;

/// Owners whose feed was not read to its end. Outside any firm: ids only.
pub(crate) async fn firms(outside: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    let firms =
        sqlx::query_scalar!(r#"select firm as "firm!" from resources.firms_to_bind($1) order by firm"#, most)
            .fetch_all(outside.conn())
            .await?;
    Ok(firms)
}

/// Begins to follow the owner's feed where it is not followed yet, from the oldest event that is still there. Open lines from
/// before are pinned when the item gets the resource, and when a revision is released.
pub(crate) async fn follow(tx: &mut TenantTx) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into resources.feed_place (owner, seq)
           values ($1, coalesce((select h.min_seq - 1 from event.feed_head h where h.feed = $1), 0))
           on conflict do nothing"#,
        me
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the owner's place in its feed for this transaction; `None` where another process has it.
pub(crate) async fn lock_place(tx: &mut TenantTx) -> Result<Option<i64>> {
    let me = tx.firm();
    let place = sqlx::query_scalar!(
        r#"select seq from resources.feed_place where owner = $1 for update skip locked"#,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(place)
}

/// The next entries of the owner's feed: each with the order that it tells of, where it does.
pub(crate) async fn entries(tx: &mut TenantTx, after: i64, limit: i64) -> Result<Vec<(i64, Option<Uuid>)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select e.seq, case when l.type like 'tandem.orders.order.%' then l.subject_id end as order_id
           from event.feed_entry e
           join event.event_log l on l.log_pos = e.log_pos and l.month = e.month
           where e.feed = $1 and e.seq > $2
           order by e.seq limit $3"#,
        me,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.order_id)).collect())
}

/// Moves the owner's place on.
pub(crate) async fn move_place(tx: &mut TenantTx, seq: i64) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(r#"update resources.feed_place set seq = $2 where owner = $1"#, me, seq)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A line of an order as it was last published.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub order_id: Uuid,
    pub order_number: String,
    pub order_revision: i32,
    pub supplier: Uuid,
    pub line_number: String,
    pub buyer_item_id: String,
    pub item_name: String,
    pub unit_code: String,
    /// tandem.orders.v1.OrderLine without its schedule lines
    pub content: Vec<u8>,
    pub line_published_at: OffsetDateTime,
    pub open: Decimal,
    pub in_process: Option<Decimal>,
    pub first_requested: Option<Date>,
    /// What the buyer's members may be narrowed to.
    pub purchasing_group: String,
    pub sites: Vec<String>,
}

/// All lines of orders of which the tenant is the buyer.
pub(crate) async fn lines(tx: &mut TenantTx, orders: &[Uuid]) -> Result<Vec<Line>> {
    let me = tx.firm();
    let lines = sqlx::query_as!(
        Line,
        r#"select order_id as "order_id!", order_number as "order_number!", order_revision as "order_revision!",
                  supplier as "supplier!", line_number as "line_number!", buyer_item_id as "buyer_item_id!",
                  item_name as "item_name!", unit_code as "unit_code!", content as "content!",
                  line_published_at as "line_published_at!", open as "open!", in_process, first_requested,
                  purchasing_group as "purchasing_group!", sites as "sites!"
           from orders.published_line where buyer = $1 and order_id = any($2)
           order by order_id, position"#,
        me,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(lines)
}

/// Open lines of these items in orders of which the tenant is the buyer, the earliest requested first.
pub(crate) async fn open_lines(tx: &mut TenantTx, items: &[String]) -> Result<Vec<Line>> {
    let me = tx.firm();
    let lines = sqlx::query_as!(
        Line,
        r#"select order_id as "order_id!", order_number as "order_number!", order_revision as "order_revision!",
                  supplier as "supplier!", line_number as "line_number!", buyer_item_id as "buyer_item_id!",
                  item_name as "item_name!", unit_code as "unit_code!", content as "content!",
                  line_published_at as "line_published_at!", open as "open!", in_process, first_requested,
                  purchasing_group as "purchasing_group!", sites as "sites!"
           from orders.published_line where buyer = $1 and buyer_item_id = any($2) and open > 0
           order by first_requested nulls last, order_id, position"#,
        me,
        items
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(lines)
}

/// What of a line says how its pins stand, and who may see them.
#[derive(Clone, Debug)]
pub(crate) struct Stand {
    pub order_id: Uuid,
    pub line_number: String,
    pub buyer: Uuid,
    pub first_requested: Option<Date>,
    pub purchasing_group: String,
    pub sites: Vec<String>,
}

/// How the lines of these orders stand, as far as the tenant is one of their firms.
pub(crate) async fn stands(tx: &mut TenantTx, orders: &[Uuid]) -> Result<Vec<Stand>> {
    let me = tx.firm();
    let stands = sqlx::query_as!(
        Stand,
        r#"select order_id as "order_id!", line_number as "line_number!", buyer as "buyer!", first_requested,
                  purchasing_group as "purchasing_group!", sites as "sites!"
           from orders.published_line where (buyer = $1 or supplier = $1) and order_id = any($2)
           order by order_id, position"#,
        me,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(stands)
}

/// A revision of a resource that an item has, released once.
#[derive(Clone, Debug)]
pub(crate) struct Released {
    pub buyer_item_id: String,
    pub resource_id: Uuid,
    /// The owner's number, or the name where there is none.
    pub called: String,
    pub resource_name: String,
    pub revision_id: Uuid,
    pub label: String,
    pub released_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub effectivity: Option<i16>,
    pub effective_date: Option<Date>,
}

/// Revisions of the tenant's resources that these items have, by item and resource, the newest first.
pub(crate) async fn released(tx: &mut TenantTx, items: &[String]) -> Result<Vec<Released>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Released,
        r#"select i.buyer_item_id, r.id as resource_id, coalesce(r.resource_number, r.name) as "called!",
                  r.name as resource_name, v.id as revision_id, v.label, v.released_at as "released_at!", v.ended_at,
                  v.effectivity, v.effective_date
           from resources.resource_item i
           join resources.resource r on r.owner = i.owner and r.id = i.resource_id
           join resources.revision v on v.owner = r.owner and v.resource_id = r.id
           where i.owner = $1 and i.buyer_item_id = any($2) and not i.removed and not r.withdrawn
               and v.state in ('released', 'superseded')
           order by i.buyer_item_id, r.id, v.number desc"#,
        me,
        items
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What a line is pinned to of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub order_id: Uuid,
    pub line_number: String,
    pub resource_id: Uuid,
    pub supplier: Uuid,
    pub buyer_item_id: String,
    pub revision_id: Uuid,
    pub removed: bool,
}

/// What lines of the tenant's orders are pinned to: of these orders, or of all by this resource.
pub(crate) async fn kept(
    tx: &mut TenantTx,
    orders: Option<&[Uuid]>,
    resource: Option<Uuid>,
) -> Result<Vec<Pin>> {
    let me = tx.firm();
    let pins = sqlx::query_as!(
        Pin,
        r#"select order_id, line_number, resource_id, supplier, buyer_item_id, revision_id, removed
           from resources.order_pin
           where owner = $1 and ($2::uuid[] is null or order_id = any($2)) and ($3::uuid is null or resource_id = $3)
           order by order_id, line_number, resource_id"#,
        me,
        orders,
        resource
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(pins)
}

/// Writes what lines are pinned to, over what they were.
pub(crate) async fn save(tx: &mut TenantTx, pins: &[Pin], at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let ids = |id: fn(&Pin) -> Uuid| -> Vec<Uuid> { pins.iter().map(id).collect() };
    let texts =
        |text: fn(&Pin) -> &String| -> Vec<String> { pins.iter().map(|pin| text(pin).clone()).collect() };
    let removed: Vec<bool> = pins.iter().map(|pin| pin.removed).collect();
    sqlx::query!(
        r#"insert into resources.order_pin
               (owner, pinned_at, order_id, line_number, resource_id, supplier, buyer_item_id, revision_id, removed)
           select $1, $2, * from unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::bool[])
           on conflict on constraint order_pin_pkey do update
           set supplier = excluded.supplier, buyer_item_id = excluded.buyer_item_id,
               revision_id = excluded.revision_id, removed = excluded.removed, pinned_at = excluded.pinned_at"#,
        me,
        at,
        &ids(|pin| pin.order_id),
        &texts(|pin| &pin.line_number),
        &ids(|pin| pin.resource_id),
        &ids(|pin| pin.supplier),
        &texts(|pin| &pin.buyer_item_id),
        &ids(|pin| pin.revision_id),
        &removed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was granted for these orders of the tenant's, locked.
pub(crate) async fn granted(tx: &mut TenantTx, orders: &[Uuid]) -> Result<Vec<entitlement::Row>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        entitlement::Row,
        r#"select owner, id, firm, cluster, resource_id, category, resource_name, state, version, purpose, valid_from,
                  valid_until, download_limit, downloads, request_note, decision_note, order_id, requested_at, decided_at,
                  ended_at
           from resources.entitlement where owner = $1 and order_id = any($2)
           order by id for no key update"#,
        me,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What an owner says; nothing was said at version 0.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub version: i64,
    pub retention_days: i32,
    pub superseded: i16,
    pub not_acknowledged: i16,
}

/// What the tenant says.
pub(crate) async fn policy(tx: &mut TenantTx) -> Result<Option<Policy>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Policy,
        r#"select version, retention_days, superseded, not_acknowledged
           from resources.binding_policy where owner = $1"#,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Says it. STALE_ETAG where somebody said something else meanwhile.
pub(crate) async fn save_policy(tx: &mut TenantTx, policy: &Policy, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.binding_policy as p
               (owner, version, retention_days, superseded, not_acknowledged, changed_at)
           values ($1, $2, $3, $4, $5, $6)
           on conflict on constraint binding_policy_pkey do update
           set version = excluded.version, retention_days = excluded.retention_days,
               superseded = excluded.superseded, not_acknowledged = excluded.not_acknowledged,
               changed_at = excluded.changed_at
           where p.version = excluded.version - 1"#,
        me,
        policy.version,
        policy.retention_days,
        policy.superseded,
        policy.not_acknowledged,
        at
    )
    .execute(tx.conn())
    .await?;
    if saved.rows_affected() == 1 { Ok(()) } else { Err(Error::new(Reason::STALE_ETAG)) }
}

/// What an owner says to despatches: the tenant itself, or the buyer of lines that it supplies.
pub(crate) async fn despatch_policy(tx: &mut TenantTx, owner: Uuid) -> Result<Option<(i16, i16)>> {
    let row = sqlx::query!(
        r#"select superseded as "superseded!", not_acknowledged as "not_acknowledged!"
           from resources.despatch_policy($1)"#,
        owner
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.superseded, row.not_acknowledged)))
}

/// A pin as one of its order's firms sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub owner: Uuid,
    pub order_id: Uuid,
    pub line_number: String,
    pub resource_id: Uuid,
    pub supplier: Uuid,
    pub buyer_item_id: String,
    pub resource_number: Option<String>,
    pub resource_name: String,
    pub asks: bool,
    pub revision_id: Uuid,
    pub label: String,
    pub state: String,
    pub acknowledged_at: Option<OffsetDateTime>,
    pub current_id: Option<Uuid>,
    pub current_label: Option<String>,
    pub effectivity: Option<i16>,
    pub effective_date: Option<Date>,
    pub current_acknowledged_at: Option<OffsetDateTime>,
    /// The tenant may use the resource.
    pub usable: bool,
}

/// Pins of the tenant's orders as either firm, of an order, a resource or both, after one: (order, line, resource).
pub(crate) async fn seen(
    tx: &mut TenantTx,
    order: Option<Uuid>,
    resource: Option<Uuid>,
    after: Option<&(Uuid, String, Uuid)>,
    limit: i64,
) -> Result<Vec<Seen>> {
    let rows = sqlx::query_as!(
        Seen,
        r#"select owner as "owner!", order_id as "order_id!", line_number as "line_number!",
                  resource_id as "resource_id!", supplier as "supplier!", buyer_item_id as "buyer_item_id!",
                  resource_number, resource_name as "resource_name!", asks as "asks!", revision_id as "revision_id!",
                  label as "label!", state as "state!", acknowledged_at, current_id, current_label, effectivity,
                  effective_date, current_acknowledged_at, coalesce(usable, false) as "usable!"
           from resources.pins_in_sight($1, $2, $3, $4, $5, $6)
           order by order_id, line_number, resource_id"#,
        order,
        resource,
        after.map(|after| after.0),
        after.map(|after| after.1.as_str()),
        after.map(|after| after.2),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What suppliers of the tenant are called.
pub(crate) async fn suppliers(tx: &mut TenantTx, firms: &[Uuid]) -> Result<super::Names> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select supplier as "firm!", supplier_name as "name!" from partners.trading_partner
           where buyer = $1 and supplier = any($2) order by supplier"#,
        me,
        firms
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.name)).collect())
}

/// Who has taken note of a revision of the tenant's: (firm, when).
pub(crate) async fn acknowledged(tx: &mut TenantTx, revision: Uuid) -> Result<Vec<(Uuid, OffsetDateTime)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select firm, at from resources.acknowledgement where owner = $1 and revision_id = $2 order by firm"#,
        me,
        revision
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.at)).collect())
}

/// What an order says beside its lines, and its current schedule lines: of the tenant's, about to be changed.
pub(crate) struct Document {
    /// tandem.orders.v1.OrderContent without lines
    pub content: Vec<u8>,
    /// (schedule line of which line, tandem.orders.v1.ScheduleLine)
    pub schedule: Vec<(String, Vec<u8>)>,
}

/// The document of an order of the tenant's.
pub(crate) async fn document(tx: &mut TenantTx, order: Uuid) -> Result<Option<Document>> {
    let me = tx.firm();
    let content = sqlx::query_scalar!(
        r#"select content as "content!" from orders.placed_order where buyer = $1 and order_id = $2"#,
        me,
        order
    )
    .fetch_optional(tx.conn())
    .await?;
    let rows = sqlx::query!(
        r#"select line_number as "line_number!", content as "content!"
           from orders.placed_line where buyer = $1 and order_id = $2 order by schedule_line_id"#,
        me,
        order
    )
    .fetch_all(tx.conn())
    .await?;
    let schedule = rows.into_iter().map(|row| (row.line_number, row.content)).collect();
    Ok(content.map(|content| Document { content, schedule }))
}
