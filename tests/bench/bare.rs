//! The machine's own limit for publishing: the same rows and the same outbox rows as publishing writes, from a bare loop
//! without any of our code in between.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use chassis::search::Indexed;
use harness::{World, cluster};
use prost::Message;
use proto::event::{Addressed, Command, Event};
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::publish::take;

/// Lines of an order.
pub const LINES: usize = 10;

/// What a transaction writes.
#[derive(Clone, Copy)]
pub struct Shape {
    pub orders: usize,
    pub lines: usize,
    /// The row that makes a repeated request harmless, which the stream of orders does without.
    pub idempotent: bool,
    /// The row that the sequencer moves to the feeds; left out where only tables are to be filled.
    pub outbox: bool,
    /// How long ago it is said to have been published.
    pub days_ago: i32,
}

/// One order, as PublishOrder writes it.
pub const ONE: Shape = Shape { orders: 1, lines: LINES, idempotent: true, outbox: true, days_ago: 0 };
/// A slice of the stream of orders.
pub const SLICE: Shape = Shape { orders: 100, lines: LINES, idempotent: false, outbox: true, days_ago: 0 };

/// What orders are for; each for one of them.
const ITEMS: [&str; 8] = [
    "转向柱支架",
    "控制臂壳体",
    "仪表板门锁",
    "轴承座密封圈",
    "电机线束 harness",
    "散热器水泵 pump",
    "离合器弹簧 spring",
    "座椅滤清器 filter",
];

/// Purchasing groups: of 10,000 orders 6,000 are of the first and one of the second; thirty share the others, `P00` to `P29`.
const COMMON_GROUP: &str = "100";
const RARE_GROUP: &str = "900";

/// The purchasing group of an order.
fn group(order: Uuid) -> String {
    // The last bits say what it is for.
    match (order.as_u128() >> 20) % 10_000 {
        0..6_000 => COMMON_GROUP.into(),
        6_000 => RARE_GROUP.into(),
        turn => format!("P{:02}", turn % 30),
    }
}

/// Columns of the orders and their lines.
struct Rows {
    orders: Vec<Uuid>,
    numbers: Vec<String>,
    groups: Vec<String>,
    items: Vec<&'static str>,
    /// What they are found by.
    search: Vec<Indexed>,
    contents: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    /// Of each line: itself, its order, its place, its number, its content.
    lines: Vec<Uuid>,
    orders_of_lines: Vec<Uuid>,
    positions: Vec<i32>,
    line_numbers: Vec<String>,
    line_contents: Vec<Vec<u8>>,
}

impl Rows {
    fn of(shape: Shape) -> Self {
        let orders: Vec<Uuid> = (0..shape.orders).map(|_| new_id()).collect();
        let items: Vec<_> = orders.iter().map(|order| ITEMS[(order.as_u128() % 8) as usize]).collect();
        let search = orders.iter().zip(&items).map(|(order, item)| {
            chassis::search::index([&*order.to_string(), "CY-BX-0450", "SM-0450B", *item])
        });
        let each = || orders.iter().flat_map(|order| (0..shape.lines as i32).map(move |line| (*order, line)));
        Self {
            numbers: orders.iter().map(Uuid::to_string).collect(),
            groups: orders.iter().copied().map(group).collect(),
            search: search.collect(),
            items,
            contents: orders.iter().map(|_| vec![0; 120]).collect(),
            hashes: orders.iter().map(|_| vec![0; 32]).collect(),
            lines: each().map(|_| new_id()).collect(),
            orders_of_lines: each().map(|(order, _)| order).collect(),
            positions: each().map(|(_, line)| line).collect(),
            line_numbers: each().map(|(_, line)| (line * 10 + 10).to_string()).collect(),
            line_contents: each().map(|_| vec![0; 160]).collect(),
            orders,
        }
    }
}

/// Writes orders in one transaction, as tandem_app in the buyer's tenant.
pub async fn publish(
    pool: &PgPool,
    (buyer, supplier): (Uuid, Uuid),
    payload: &[u8],
    shape: Shape,
) -> anyhow::Result<()> {
    let rows = Rows::of(shape);
    let begin = format!("begin; select set_config('tandem.firm', '{buyer}', true)");
    let mut tx = pool.begin_with(sqlx::AssertSqlSafe(begin)).await?;
    orders(&mut tx, buyer, supplier, shape.days_ago, &rows).await?;
    lines(&mut tx, buyer, supplier, &rows).await?;
    states(&mut tx, buyer, supplier, shape.lines as i32, &rows).await?;
    leave_rows(&mut tx, buyer, payload, shape, &rows).await?;
    tx.commit().await?;
    Ok(())
}

/// What comes last, by one statement where it is both, as `chassis::slice::leave` writes it.
async fn leave_rows(
    tx: &mut PgConnection,
    buyer: Uuid,
    payload: &[u8],
    shape: Shape,
    rows: &Rows,
) -> anyhow::Result<()> {
    const RECEIPTS: &str = "insert into event.idempotency (firm, method, request_id, request_sha256, receipt) \
                            select $1, 'bench', n, h, $4 from unnest($2::text[], $3::bytea[]) as t(n, h)";
    const OUTBOX: &str = "insert into event.outbox (firm, payload) select $1, $2 from unnest($3::uuid[])";
    if shape.idempotent {
        let both = format!(
            "with recorded as ({RECEIPTS}) insert into event.outbox (firm, payload) select $1, $5 from unnest($6::uuid[])"
        );
        let statement = if shape.outbox { both } else { RECEIPTS.into() };
        let receipts = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(buyer)
            .bind(&rows.numbers)
            .bind(&rows.hashes)
            .bind(vec![0_u8; 900]);
        let all = if shape.outbox { receipts.bind(payload).bind(&rows.orders) } else { receipts };
        all.execute(tx).await?;
    } else if shape.outbox {
        sqlx::query(OUTBOX).bind(buyer).bind(payload).bind(&rows.orders).execute(tx).await?;
    }
    Ok(())
}

/// Transactions a second, so many of them at a time.
pub async fn transactions(
    pool: &PgPool,
    firms: (Uuid, Uuid),
    shape: Shape,
    in_flight: usize,
    count: usize,
) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(count));
    let payload = Arc::new(payload(firms.0, Some(firms.1), 2_600));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..in_flight {
        let (left, pool, payload) = (left.clone(), pool.clone(), payload.clone());
        tasks.spawn(async move {
            while take(&left) {
                publish(&pool, firms, &payload, shape).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

async fn orders(
    tx: &mut PgConnection,
    buyer: Uuid,
    supplier: Uuid,
    days_ago: i32,
    rows: &Rows,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.purchase_order (id, buyer, supplier, source_system, order_number, purchasing_group, sites, \
         published_at, search_text, search_keys) \
         select o, $1, $2, 'bench', n, g, '{}', now() - make_interval(days => $3), w, string_to_array(k, E'\\t') \
         from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[]) as t(o, n, g, w, k)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(days_ago)
    .bind(&rows.orders)
    .bind(&rows.numbers)
    .bind(&rows.groups)
    .bind(rows.search.iter().map(|one| one.text.clone()).collect::<Vec<_>>())
    .bind(rows.search.iter().map(|one| one.keys.join("\t")).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.order_revision (order_id, buyer, supplier, revision, content, content_sha256, \
         sent_sha256, vendor_number, currency, price_includes_tax, net_amount, line_count, first_item_name, \
         published_at, actor_name) \
         select o, $1, $2, 1, c, h, h, 'V1', 'CNY', false, 1000, 10, i, now() - make_interval(days => $3), 'bench' \
         from unnest($4::uuid[], $5::bytea[], $6::bytea[], $7::text[]) as t(o, c, h, i)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(days_ago)
    .bind(&rows.orders)
    .bind(&rows.contents)
    .bind(&rows.hashes)
    .bind(&rows.items)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn lines(tx: &mut PgConnection, buyer: Uuid, supplier: Uuid, rows: &Rows) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.order_line (order_id, buyer, supplier, position, revision, line_number, buyer_item_id, \
         seller_item_id, item_name, unit_code, content) select o, $1, $2, p, 1, n, 'CY-BX-0450', 'SM-0450B', \
         'bench item', 'H87', c from unnest($3::uuid[], $4::int[], $5::text[], $6::bytea[]) as t(o, p, n, c)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.orders_of_lines)
    .bind(&rows.positions)
    .bind(&rows.line_numbers)
    .bind(&rows.line_contents)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.schedule_line (id, revision, order_id, buyer, supplier, position, line_position, \
         schedule_line_number, quantity, requested_date, content) select i, 1, o, $1, $2, p, p, '1', 100, \
         '2026-12-28', c from unnest($3::uuid[], $4::uuid[], $5::int[], $6::bytea[]) as t(i, o, p, c)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.lines)
    .bind(&rows.orders_of_lines)
    .bind(&rows.positions)
    .bind(&rows.line_contents)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn states(
    tx: &mut PgConnection,
    buyer: Uuid,
    supplier: Uuid,
    lines: i32,
    rows: &Rows,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.schedule_state (schedule_line_id, revision, order_id, buyer, supplier, ordered, \
         unanswered) select i, 1, o, $1, $2, 100, 100 from unnest($3::uuid[], $4::uuid[]) as t(i, o)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.lines)
    .bind(&rows.orders_of_lines)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.order_state (order_id, buyer, supplier, revision, version, state, unanswered_lines, \
         proposed_lines, requested_date, updated_at) \
         select o, $1, $2, 1, 1, 1, $4, 0, '2026-12-28', now() from unnest($3::uuid[]) as t(o)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.orders)
    .bind(lines)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.answer_deadline (order_id, buyer, supplier, due_on, certain, remind_on, watched) \
         select o, $1, $2, '2036-12-28', true, null, true from unnest($3::uuid[]) as t(o)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.orders)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// An outbox row with one event of so many bytes, for the firm that it is of and whoever else is told.
pub fn payload(of: Uuid, told: Option<Uuid>, bytes: usize) -> Vec<u8> {
    let audience: Vec<Uuid> = std::iter::once(of).chain(told).collect();
    told_all(of, &audience, bytes, 1)
}

/// The same for any audience, of this version.
pub fn told_all(of: Uuid, audience: &[Uuid], bytes: usize, version: i64) -> Vec<u8> {
    let id = |id: Uuid| proto_bytes(id.as_bytes());
    let event = Event {
        id: new_id().to_string(),
        source: "tandem/orders".into(),
        r#type: "tandem.orders.order.published.v1".into(),
        subject: format!("orders/{}", new_id()),
        time: Some(chassis::value::timestamp(chassis::clock::system().now())),
        data: vec![0; bytes].into(),
        data_sha256: vec![0; 32].into(),
        version,
        ..Event::default()
    };
    let addressed = Addressed {
        event: Some(event),
        audience: audience.iter().copied().map(id).collect(),
        subject_id: id(new_id()),
        scope_firm: id(of),
        ..Addressed::default()
    };
    Command { events: vec![addressed] }.encode_to_vec()
}

/// Leaves commands in the outbox, as the superuser, whose row it need not be.
pub async fn leave(pool: &PgPool, of: Uuid, commands: &[Vec<u8>]) -> sqlx::Result<()> {
    sqlx::query("insert into event.outbox (firm, payload) select $1, * from unnest($2::bytea[])")
        .bind(of)
        .bind(commands)
        .execute(pool)
        .await?;
    Ok(())
}

/// Whether everything in the outbox was moved to the feeds.
pub async fn moved(pool: &PgPool) -> bool {
    let moved = sqlx::query_scalar("select not exists (select from event.outbox)").fetch_one(pool).await;
    moved.expect("the superuser reads everything")
}

/// Connections of the superuser to the database of a world.
pub async fn superuser(world: &World, connections: u32) -> anyhow::Result<PgPool> {
    let url = cluster::get().await.access.superuser_url(world.database());
    // Where a side cannot keep up, what it was given waits.
    let options = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(120));
    Ok(options.connect(&url).await?)
}

fn proto_bytes(bytes: &[u8]) -> prost::bytes::Bytes {
    prost::bytes::Bytes::copy_from_slice(bytes)
}

pub fn new_id() -> Uuid {
    chassis::clock::system().id()
}
