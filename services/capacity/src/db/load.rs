//! The supplier's own feed, the orders that it tells of, and what they take. All of the supplier's tenant.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::{load::Kept, week::Category};

/// Suppliers whose feed was not read to its end, or of whom something is pending for too long. Outside any firm: ids only.
pub(crate) async fn firms(tx: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from capacity.firms_to_book($1)"#, most)
        .fetch_all(tx.conn())
        .await?)
}

/// Begins to follow the supplier's feed where it is not followed yet, from its beginning, whether or not it still reaches back
/// to there: what was accepted before the first group takes capacity too.
pub(crate) async fn follow(tx: &mut TenantTx) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into capacity.feed_place (supplier, seq) values ($1, 0) on conflict do nothing"#,
        me
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the supplier's place in its feed for this transaction; `None` where another process has it.
pub(crate) async fn lock_place(tx: &mut TenantTx) -> Result<Option<i64>> {
    let me = tx.firm();
    let place = sqlx::query_scalar!(
        r#"select seq from capacity.feed_place where supplier = $1 for update skip locked"#,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(place)
}

/// An entry of the feed.
pub(crate) struct Entry {
    pub seq: i64,
    pub kind: String,
    /// Of the kinds that were asked for.
    pub payload: Option<Vec<u8>>,
}

/// The next `most` entries of the supplier's feed, with the payloads of these kinds, of which `heard` come at most.
pub(crate) async fn entries(
    tx: &mut TenantTx,
    after: i64,
    kinds: &[String],
    (most, heard): (i64, i64),
) -> Result<Vec<Entry>> {
    let me = tx.firm();
    // Each fact by its whole key: a plan that was kept while the log was small would read all of it.
    let entries = sqlx::query_as!(
        Entry,
        r#"select n.seq as "seq!", n.kind as "kind!", n.payload
           from (
               select e.seq, l.type as kind, case when l.type = any($3) then l.payload end as payload,
                      count(*) filter (where l.type = any($3)) over (order by e.seq) as heard
               from (select f.seq, f.log_pos, f.month from event.feed_entry f
                     where f.feed = $1 and f.seq > $2 order by f.seq limit $4) e
               cross join lateral (
                   select g.type, g.payload from event.event_log g
                   where g.log_pos = e.log_pos and g.month = e.month limit 1) l) n
           where n.heard <= $5
           order by n.seq"#,
        me,
        after,
        kinds,
        most,
        heard
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(entries)
}

/// Moves the supplier's place on.
pub(crate) async fn move_place(tx: &mut TenantTx, seq: i64) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(r#"update capacity.feed_place set seq = $2 where supplier = $1"#, me, seq)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A schedule line as its customer asks for it now.
pub(crate) struct Placed {
    pub schedule_line_id: Uuid,
    pub order_id: Uuid,
    pub customer: Uuid,
    pub material: String,
    pub unit_code: String,
    pub requested_date: Option<Date>,
    /// tandem.orders.v1.ScheduleLine
    pub content: Vec<u8>,
    pub accepted: Decimal,
    pub closed: bool,
}

/// These schedule lines, and all of these orders, as far as the tenant supplies them.
pub(crate) async fn placed(tx: &mut TenantTx, lines: &[Uuid], orders: &[Uuid]) -> Result<Vec<Placed>> {
    let me = tx.firm();
    let placed = sqlx::query_as!(
        Placed,
        r#"select schedule_line_id as "schedule_line_id!", order_id as "order_id!", buyer as "customer!",
                  buyer_item_id as "material!", unit_code as "unit_code!", requested_date,
                  content as "content!", accepted as "accepted!", closed as "closed!"
           from orders.placed_line
           where supplier = $1 and (schedule_line_id = any($2) or order_id = any($3))
           order by schedule_line_id"#,
        me,
        lines,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(placed)
}

/// Orders of two firms with accepted schedule lines of a material in other units than these, and how many; each with its
/// document without lines, tandem.orders.v1.OrderContent. The tenant is one of the two.
pub(crate) async fn in_other_units(
    tx: &mut TenantTx,
    (customer, supplier): (Uuid, Uuid),
    material: &str,
    units: &[String],
) -> Result<Vec<(i32, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select count(*)::int as "lines!", o.content as "content!"
           from orders.placed_line p
           join orders.placed_order o on o.order_id = p.order_id and o.buyer = p.buyer
           where p.buyer_item_id = $3 and p.buyer = $1 and p.supplier = $2 and p.accepted > 0 and not p.closed
               and p.unit_code <> '' and p.unit_code <> all($4)
           group by p.order_id, o.content"#,
        customer,
        supplier,
        material,
        units
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.lines, row.content)).collect())
}

/// The supplier's schedule lines of which something else is accepted and open than is kept of them, with the order of each:
/// what is kept is on the days that were promised, and stays where it is as much. Lines of which nothing is kept are those
/// alone that were asked for from a day on: they are few, whatever was accepted in years.
pub(crate) async fn missed(tx: &mut TenantTx, since: Date) -> Result<Vec<(Uuid, Uuid)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select p.schedule_line_id as "schedule_line_id!", p.order_id as "order_id!"
           from orders.placed_line p
           where p.supplier = $1 and p.accepted > 0 and not p.closed and p.requested_date >= $2
               and not exists (select from capacity.booked_line k
                               where k.supplier = $1 and k.schedule_line_id = p.schedule_line_id and k.quantity > 0)
           union all
           select k.schedule_line_id, k.order_id
           from (select b.schedule_line_id, b.order_id, sum(b.quantity) as quantity
                 from capacity.booked_line b
                 where b.supplier = $1 and b.quantity > 0
                 group by 1, 2) k
           join orders.placed_line p on p.schedule_line_id = k.schedule_line_id and p.supplier = $1
           where k.quantity <> case when p.closed then 0 else p.accepted end"#,
        me,
        since
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.schedule_line_id, row.order_id)).collect())
}

/// The documents of these orders without their lines: (order, tandem.orders.v1.OrderContent).
pub(crate) async fn headers(tx: &mut TenantTx, orders: &[Uuid]) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select order_id as "order_id!", content as "content!"
           from orders.placed_order where supplier = $1 and order_id = any($2)"#,
        me,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.content)).collect())
}

/// What is kept of these schedule lines.
pub(crate) async fn kept(tx: &mut TenantTx, lines: &[Uuid]) -> Result<BTreeMap<Uuid, Kept>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select schedule_line_id, monday, material_number_customer, customer_location, unit_code, quantity
           from capacity.booked_line where supplier = $1 and schedule_line_id = any($2)"#,
        me,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    let mut kept: BTreeMap<Uuid, Kept> = BTreeMap::new();
    for row in rows {
        let week = (row.monday, row.material_number_customer);
        let taken = (row.customer_location, row.unit_code, row.quantity);
        kept.entry(row.schedule_line_id).or_default().insert(week, taken);
    }
    Ok(kept)
}

/// What a schedule line takes of a week.
pub(crate) struct Booked {
    pub schedule_line_id: Uuid,
    pub order_id: Uuid,
    pub customer: Uuid,
    pub material: String,
    pub location: String,
    /// Of `quantity`.
    pub unit_code: String,
    pub monday: Date,
    pub quantity: Decimal,
}

/// Writes what lines take, over what they took of the same weeks.
pub(crate) async fn save(tx: &mut TenantTx, booked: &[Booked]) -> Result<()> {
    let me = tx.firm();
    let ids = |id: fn(&Booked) -> Uuid| -> Vec<Uuid> { booked.iter().map(id).collect() };
    let texts = |text: fn(&Booked) -> &String| -> Vec<String> {
        booked.iter().map(|one| text(one).clone()).collect()
    };
    let mondays: Vec<Date> = booked.iter().map(|one| one.monday).collect();
    let quantities: Vec<Decimal> = booked.iter().map(|one| one.quantity).collect();
    sqlx::query!(
        r#"insert into capacity.booked_line
               (supplier, demand_category, schedule_line_id, order_id, customer, material_number_customer,
                customer_location, monday, quantity, unit_code)
           select $1, $2, * from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::date[],
                                        $9::numeric[], $10::text[])
           on conflict on constraint booked_line_pkey do update
           set customer_location = excluded.customer_location, quantity = excluded.quantity,
               unit_code = excluded.unit_code"#,
        me,
        Category::Default.code(),
        &ids(|one| one.schedule_line_id),
        &ids(|one| one.order_id),
        &ids(|one| one.customer),
        &texts(|one| &one.material),
        &texts(|one| &one.location),
        &mondays,
        &quantities,
        &texts(|one| &one.unit_code)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
