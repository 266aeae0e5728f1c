//! What is promised takes of the supplier's capacity, by the functions that the service of capacity publishes for it.

use chassis::{Result, db::TenantTx, unit::scales};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::promised::Short;

/// Whether what a supplier promises may take hours of its groups, so that it is looked at. As itself, or as a customer: then
/// what it promises this one.
pub(crate) async fn may_take(tx: &mut TenantTx, supplier: Uuid) -> Result<bool> {
    let takes = sqlx::query_scalar!(r#"select capacity.may_take($1) as "takes!""#, supplier);
    Ok(takes.fetch_one(tx.conn()).await?)
}

/// What a schedule line is for.
pub(crate) struct MadeRow {
    pub id: Uuid,
    pub customer: Uuid,
    pub line_number: String,
    /// The buyer's number; empty where there is none.
    pub material: String,
    /// UN/ECE Recommendation 20; empty where none is stated.
    pub unit_code: String,
    /// tandem.orders.v1.ScheduleLine
    pub content: Vec<u8>,
}

/// These schedule lines of orders of a supplier.
pub(crate) async fn made(
    tx: &mut TenantTx,
    supplier: Uuid,
    orders: &[Uuid],
    lines: &[Uuid],
) -> Result<Vec<MadeRow>> {
    let rows = sqlx::query_as!(
        MadeRow,
        r#"select schedule_line_id as "id!", buyer as "customer!", line_number as "line_number!",
                  buyer_item_id as "material!", unit_code as "unit_code!", content as "content!"
           from orders.placed_line
           where supplier = $1 and order_id = any($2) and schedule_line_id = any($3)"#,
        supplier,
        orders,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// The documents of a supplier's orders without their lines: (order, tandem.orders.v1.OrderContent).
pub(crate) async fn headers(
    tx: &mut TenantTx,
    supplier: Uuid,
    orders: &[Uuid],
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select order_id as "order_id!", content as "content!"
           from orders.placed_order where supplier = $1 and order_id = any($2)"#,
        supplier,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.content)).collect())
}

/// An answer that promises something.
pub(crate) struct Answer {
    pub order: Uuid,
    /// That the order comes to by it.
    pub version: i64,
    /// Whether hours are taken that are offered.
    pub despite_offers: bool,
}

/// What a promise takes.
pub(crate) struct Taken {
    /// Which of the answers, from 0.
    pub answer: usize,
    pub schedule_line: Uuid,
    pub line_number: String,
    pub customer: Uuid,
    pub material: String,
    /// The ship-to site; empty where the order names none.
    pub location: String,
    /// Of `quantity`.
    pub unit_code: String,
    pub monday: Date,
    pub quantity: Decimal,
}

/// Keeps what answers take as load of the weeks, each answer all of it or nothing: what is too much of those of which nothing
/// is kept, by the place of the answer. As supplier.
pub(crate) async fn promise(
    tx: &mut TenantTx,
    answers: &[Answer],
    taken: &[Taken],
) -> Result<Vec<(usize, Short)>> {
    let orders: Vec<Uuid> = answers.iter().map(|answer| answer.order).collect();
    let versions: Vec<i64> = answers.iter().map(|answer| answer.version).collect();
    let despite: Vec<bool> = answers.iter().map(|answer| answer.despite_offers).collect();
    let places: Vec<i32> = taken.iter().map(|one| one.answer as i32 + 1).collect();
    let Columns { lines, customers, materials, locations, units, mondays, quantities } = Columns::of(taken);
    let Scales { codes, bases, factors } = Scales::all();
    let rows = sqlx::query!(
        r#"select answer as "answer!", order_line as "order_line!", monday as "monday!", group_id as "group_id!",
                  group_name as "group_name!", unit_code as "unit_code!",
                  least(trunc(short, 12), 1000000000000000) as "short!"
           from capacity.promise($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        &orders,
        &versions,
        &despite,
        &places,
        &lines,
        &customers,
        &materials,
        &locations,
        &units,
        &mondays,
        &quantities,
        &codes,
        &bases,
        &factors
    )
    .fetch_all(tx.conn())
    .await?;
    let short = rows.into_iter().filter_map(|row| {
        let short = Short {
            line_number: row.order_line,
            monday: row.monday,
            group: row.group_id,
            group_name: row.group_name,
            unit_code: row.unit_code,
            quantity: row.short,
        };
        Some((usize::try_from(row.answer - 1).ok()?, short))
    });
    Ok(short.collect())
}

/// Keeps what lines of an order take since it came to a version, as load of the weeks, whether or not it fits. As one of the
/// order's firms. The weeks stay locked.
pub(crate) async fn note(
    tx: &mut TenantTx,
    (supplier, order, version): (Uuid, Uuid, i64),
    taken: &[Taken],
) -> Result<()> {
    let schedule_lines: Vec<Uuid> = taken.iter().map(|one| one.schedule_line).collect();
    let Columns { lines, customers, materials, locations, units, mondays, quantities } = Columns::of(taken);
    let Scales { codes, bases, factors } = Scales::all();
    sqlx::query!(
        r#"select from capacity.note_promises($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        supplier,
        order,
        version,
        &schedule_lines,
        &lines,
        &customers,
        &materials,
        &locations,
        &units,
        &mondays,
        &quantities,
        &codes,
        &bases,
        &factors
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What promises take, column by column.
struct Columns {
    lines: Vec<String>,
    customers: Vec<Uuid>,
    materials: Vec<String>,
    locations: Vec<String>,
    units: Vec<String>,
    mondays: Vec<Date>,
    quantities: Vec<Decimal>,
}

impl Columns {
    fn of(taken: &[Taken]) -> Self {
        let texts = |text: fn(&Taken) -> &String| -> Vec<String> {
            taken.iter().map(|one| text(one).clone()).collect()
        };
        Self {
            lines: texts(|one| &one.line_number),
            customers: taken.iter().map(|one| one.customer).collect(),
            materials: texts(|one| &one.material),
            locations: texts(|one| &one.location),
            units: texts(|one| &one.unit_code),
            mondays: taken.iter().map(|one| one.monday).collect(),
            quantities: taken.iter().map(|one| one.quantity).collect(),
        }
    }
}

/// Units that convert, column by column.
struct Scales {
    codes: Vec<String>,
    bases: Vec<String>,
    factors: Vec<Decimal>,
}

impl Scales {
    fn all() -> Self {
        Self {
            codes: scales().map(|(code, ..)| code.to_owned()).collect(),
            bases: scales().map(|(_, base, _)| base.to_owned()).collect(),
            factors: scales().map(|(.., factor)| factor).collect(),
        }
    }
}
