//! The machine's own limit for publishing: the same rows and the same outbox row as PublishOrder writes, from a bare
//! loop without any of our code in between.

use prost::Message;
use proto::event::{Addressed, Command, Event};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Lines of an order.
pub const LINES: usize = 10;

/// Writes one order of [`LINES`] lines in a transaction of its own, as tandem_app in the buyer's tenant.
pub async fn publish(pool: &PgPool, buyer: Uuid, supplier: Uuid, payload: &[u8]) -> anyhow::Result<()> {
    let order = new_id();
    let lines: Vec<Uuid> = (0..LINES).map(|_| new_id()).collect();
    let orders = vec![order; LINES];
    let positions: Vec<i32> = (0..LINES as i32).collect();
    let numbers: Vec<String> = positions.iter().map(|position| (position * 10 + 10).to_string()).collect();
    let content = vec![vec![0_u8; 160]; LINES];
    let begin = format!("begin; select set_config('tandem.firm', '{buyer}', true)");
    let mut tx = pool.begin_with(sqlx::AssertSqlSafe(begin)).await?;
    published(&mut tx, buyer, supplier, order).await?;
    let rows = Rows { lines, orders, positions, numbers, content };
    lines_of(&mut tx, buyer, supplier, &rows).await?;
    state(&mut tx, buyer, supplier, order, &rows).await?;
    receipt_and_outbox(&mut tx, buyer, order, payload).await?;
    tx.commit().await?;
    Ok(())
}

/// Columns of an order's lines.
struct Rows {
    lines: Vec<Uuid>,
    orders: Vec<Uuid>,
    positions: Vec<i32>,
    numbers: Vec<String>,
    content: Vec<Vec<u8>>,
}

async fn published(tx: &mut PgConnection, buyer: Uuid, supplier: Uuid, order: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.purchase_order (id, buyer, supplier, source_system, order_number, purchasing_group, sites, \
         published_at) values ($1, $2, $3, 'bench', $4, '', '{}', now())",
    )
    .bind(order)
    .bind(buyer)
    .bind(supplier)
    .bind(order.to_string())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.order_revision (order_id, buyer, supplier, revision, content, content_sha256, \
         sent_sha256, vendor_number, currency, price_includes_tax, net_amount, line_count, first_item_name, \
         published_at, actor_name) \
         values ($1, $2, $3, 1, $4, $5, $5, 'V1', 'CNY', false, 1000, 10, 'bench item', now(), 'bench')",
    )
    .bind(order)
    .bind(buyer)
    .bind(supplier)
    .bind(vec![0_u8; 120])
    .bind(vec![0_u8; 32])
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn lines_of(tx: &mut PgConnection, buyer: Uuid, supplier: Uuid, rows: &Rows) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.order_line (order_id, buyer, supplier, position, revision, line_number, buyer_item_id, \
         seller_item_id, item_name, unit_code, content) select o, $1, $2, p, 1, n, 'CY-BX-0450', 'SM-0450B', \
         'bench item', 'H87', c from unnest($3::uuid[], $4::int[], $5::text[], $6::bytea[]) as t(o, p, n, c)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.orders)
    .bind(&rows.positions)
    .bind(&rows.numbers)
    .bind(&rows.content)
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
    .bind(&rows.orders)
    .bind(&rows.positions)
    .bind(&rows.content)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn state(
    tx: &mut PgConnection,
    buyer: Uuid,
    supplier: Uuid,
    order: Uuid,
    rows: &Rows,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into orders.schedule_state (schedule_line_id, revision, order_id, buyer, supplier, ordered, \
         unanswered) select i, 1, o, $1, $2, 100, 100 from unnest($3::uuid[], $4::uuid[]) as t(i, o)",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&rows.lines)
    .bind(&rows.orders)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into orders.order_state (order_id, buyer, supplier, revision, version, state, unanswered_lines, \
         proposed_lines, requested_date, updated_at) values ($1, $2, $3, 1, 1, 1, 10, 0, '2026-12-28', now())",
    )
    .bind(order)
    .bind(buyer)
    .bind(supplier)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn receipt_and_outbox(
    tx: &mut PgConnection,
    buyer: Uuid,
    order: Uuid,
    payload: &[u8],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into event.idempotency (firm, method, request_id, request_sha256, receipt) \
         values ($1, 'bench', $2, $3, $4)",
    )
    .bind(buyer)
    .bind(order.to_string())
    .bind(vec![0_u8; 32])
    .bind(vec![0_u8; 900])
    .execute(&mut *tx)
    .await?;
    sqlx::query("insert into event.outbox (firm, payload) values ($1, $2)")
        .bind(buyer)
        .bind(payload)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// An outbox row as large as that of a real order of [`LINES`] lines.
pub fn payload(buyer: Uuid, supplier: Uuid, bytes: usize) -> Vec<u8> {
    let id = |id: Uuid| proto_bytes(id.as_bytes());
    let event = Event {
        id: new_id().to_string(),
        source: "tandem/orders".into(),
        r#type: "tandem.orders.order.published.v1".into(),
        subject: format!("orders/{}", new_id()),
        time: Some(chassis::value::timestamp(chassis::clock::system().now())),
        data: vec![0; bytes].into(),
        data_sha256: vec![0; 32].into(),
        version: 1,
        ..Event::default()
    };
    let addressed = Addressed {
        event: Some(event),
        audience: vec![id(buyer), id(supplier)],
        subject_id: id(new_id()),
        scope_firm: id(buyer),
        ..Addressed::default()
    };
    Command { events: vec![addressed] }.encode_to_vec()
}

fn proto_bytes(bytes: &[u8]) -> prost::bytes::Bytes {
    prost::bytes::Bytes::copy_from_slice(bytes)
}

fn new_id() -> Uuid {
    chassis::clock::system().id()
}
