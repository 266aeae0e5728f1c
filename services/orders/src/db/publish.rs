//! What publishing writes and looks up.

use chassis::{Error, Reason, Result, db::TenantTx, search::Indexed};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Separates what one text holds; neither codes of sites nor keys hold control characters.
const SEPARATOR: &str = "\u{1f}";

/// Rows of new orders, by column: one `insert … select unnest` a table, however many orders a slice has.
#[derive(Default)]
pub(crate) struct NewRows {
    pub orders: Vec<OrderRow>,
    pub lines: Vec<LineRow>,
    pub schedule: Vec<ScheduleRow>,
}

/// An order at one of its revisions.
pub(crate) struct OrderRow {
    pub id: Uuid,
    pub revision: i32,
    pub supplier: Uuid,
    pub source_system: String,
    pub order_number: String,
    pub purchasing_group: String,
    pub sites: Vec<String>,
    /// What the order is found by.
    pub search: Indexed,
    pub content: Vec<u8>,
    pub content_sha256: Vec<u8>,
    /// Of the document as it was sent.
    pub sent_sha256: Vec<u8>,
    pub vendor_number: String,
    pub currency: String,
    pub price_includes_tax: bool,
    pub net_amount: Option<Decimal>,
    pub line_count: i32,
    pub first_item_name: String,
    pub actor_name: String,
    pub state: i16,
    pub unanswered_lines: i32,
    /// [`super::UNDATED`] where unstated.
    pub requested_date: Date,
    /// [`super::UNDATED`] where nothing waits.
    pub answer_due: Date,
}

pub(crate) struct LineRow {
    pub order_id: Uuid,
    pub revision: i32,
    pub supplier: Uuid,
    pub position: i32,
    pub line_number: String,
    pub buyer_item_id: String,
    pub seller_item_id: String,
    pub item_name: String,
    pub unit_code: String,
    pub content: Vec<u8>,
}

pub(crate) struct ScheduleRow {
    pub id: Uuid,
    pub revision: i32,
    pub order_id: Uuid,
    pub supplier: Uuid,
    pub position: i32,
    pub line_position: i32,
    pub schedule_line_number: String,
    pub quantity: Decimal,
    pub requested_date: Option<Date>,
    pub content: Vec<u8>,
}

fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// Inserts the orders whose numbers are free, in the order of their numbers, and answers their ids.
pub(crate) async fn insert_orders(
    tx: &mut TenantTx,
    rows: &[OrderRow],
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    let buyer = tx.firm();
    let inserted = sqlx::query_scalar!(
        r#"insert into orders.purchase_order
               (id, buyer, supplier, source_system, order_number, purchasing_group, sites, published_at,
                search_text, search_keys)
           select id, $1, supplier, source_system, order_number, purchasing_group,
                  string_to_array(sites, $2), $3, search_text, string_to_array(search_keys, $2)
           from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                       $11::text[])
               as t(id, supplier, source_system, order_number, purchasing_group, sites, search_text, search_keys)
           order by source_system, order_number
           on conflict (buyer, source_system, order_number) do nothing
           returning id"#,
        buyer,
        SEPARATOR,
        now,
        &column(rows, |row| row.id),
        &column(rows, |row| row.supplier),
        &column(rows, |row| row.source_system.clone()),
        &column(rows, |row| row.order_number.clone()),
        &column(rows, |row| row.purchasing_group.clone()),
        &column(rows, |row| row.sites.join(SEPARATOR)),
        &column(rows, |row| row.search.text.clone()),
        &column(rows, |row| row.search.keys.join(SEPARATOR)),
    )
    .fetch_all(tx.conn())
    .await
    .map_err(no_partner_any_more)?;
    Ok(inserted)
}

/// Row security lets orders to partners alone pass: a relationship that ended or was suspended since it was looked at is
/// looked at again.
fn no_partner_any_more(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(said) if said.code().as_deref() == Some("42501") => {
            Error::new(Reason::CONFLICT)
        }
        _ => error.into(),
    }
}

/// Inserts revision 1 and version 1 of the orders, with lines and quantities.
pub(crate) async fn insert_contents(tx: &mut TenantTx, rows: &NewRows, now: OffsetDateTime) -> Result<()> {
    let buyer = tx.firm();
    insert_revisions(tx, buyer, &rows.orders, now).await?;
    insert_lines(tx, buyer, &rows.lines).await?;
    insert_schedule(tx, buyer, &rows.schedule).await?;
    insert_schedule_states(tx, buyer, rows.schedule.iter().collect()).await?;
    insert_states(tx, rows, now).await
}

/// Inserts revisions of orders.
pub(crate) async fn insert_revisions(
    tx: &mut TenantTx,
    buyer: Uuid,
    rows: &[OrderRow],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.order_revision
               (order_id, buyer, supplier, revision, content, content_sha256, vendor_number, currency,
                price_includes_tax, net_amount, line_count, first_item_name, published_at, actor_name,
                sent_sha256)
           select id, $1, supplier, revision, content, content_sha256, vendor_number, currency,
                  price_includes_tax, net_amount, line_count, first_item_name, $2, actor_name, sent_sha256
           from unnest($3::uuid[], $4::int[], $5::uuid[], $6::bytea[], $7::bytea[], $8::text[], $9::text[],
                       $10::bool[], $11::numeric[], $12::int[], $13::text[], $14::text[], $15::bytea[])
               as t(id, revision, supplier, content, content_sha256, vendor_number, currency,
                    price_includes_tax, net_amount, line_count, first_item_name, actor_name, sent_sha256)"#,
        buyer,
        now,
        &column(rows, |row| row.id),
        &column(rows, |row| row.revision),
        &column(rows, |row| row.supplier),
        &column(rows, |row| row.content.clone()),
        &column(rows, |row| row.content_sha256.clone()),
        &column(rows, |row| row.vendor_number.clone()),
        &column(rows, |row| row.currency.clone()),
        &column(rows, |row| row.price_includes_tax),
        &column(rows, |row| row.net_amount) as &[Option<Decimal>],
        &column(rows, |row| row.line_count),
        &column(rows, |row| row.first_item_name.clone()),
        &column(rows, |row| row.actor_name.clone()),
        &column(rows, |row| row.sent_sha256.clone()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Inserts current rows of lines.
pub(crate) async fn insert_lines(tx: &mut TenantTx, buyer: Uuid, rows: &[LineRow]) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.order_line
               (order_id, buyer, supplier, position, revision, line_number, buyer_item_id, seller_item_id,
                item_name, unit_code, content)
           select order_id, $1, supplier, position, revision, line_number, buyer_item_id, seller_item_id,
                  item_name, unit_code, content
           from unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::text[],
                       $9::text[], $10::text[], $11::bytea[])
               as t(order_id, revision, supplier, position, line_number, buyer_item_id, seller_item_id,
                    item_name, unit_code, content)"#,
        buyer,
        &column(rows, |row| row.order_id),
        &column(rows, |row| row.revision),
        &column(rows, |row| row.supplier),
        &column(rows, |row| row.position),
        &column(rows, |row| row.line_number.clone()),
        &column(rows, |row| row.buyer_item_id.clone()),
        &column(rows, |row| row.seller_item_id.clone()),
        &column(rows, |row| row.item_name.clone()),
        &column(rows, |row| row.unit_code.clone()),
        &column(rows, |row| row.content.clone()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Inserts current rows of schedule lines.
pub(crate) async fn insert_schedule(tx: &mut TenantTx, buyer: Uuid, rows: &[ScheduleRow]) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.schedule_line
               (id, revision, order_id, buyer, supplier, position, line_position, schedule_line_number,
                quantity, requested_date, content)
           select id, revision, order_id, $1, supplier, position, line_position, schedule_line_number,
                  quantity, requested_date, content
           from unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::int[], $7::int[], $8::text[],
                       $9::numeric[], $10::date[], $11::bytea[])
               as t(id, revision, order_id, supplier, position, line_position, schedule_line_number, quantity,
                    requested_date, content)"#,
        buyer,
        &column(rows, |row| row.id),
        &column(rows, |row| row.revision),
        &column(rows, |row| row.order_id),
        &column(rows, |row| row.supplier),
        &column(rows, |row| row.position),
        &column(rows, |row| row.line_position),
        &column(rows, |row| row.schedule_line_number.clone()),
        &column(rows, |row| row.quantity),
        &column(rows, |row| row.requested_date) as &[Option<Date>],
        &column(rows, |row| row.content.clone()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Inserts the shared state of new schedule lines: everything is unanswered.
pub(crate) async fn insert_schedule_states(
    tx: &mut TenantTx,
    buyer: Uuid,
    rows: Vec<&ScheduleRow>,
) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.schedule_state
               (schedule_line_id, revision, order_id, buyer, supplier, ordered, unanswered)
           select id, revision, order_id, $1, supplier, quantity, quantity
           from unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::numeric[])
               as t(id, revision, order_id, supplier, quantity)"#,
        buyer,
        &column(&rows, |row| row.id),
        &column(&rows, |row| row.revision),
        &column(&rows, |row| row.order_id),
        &column(&rows, |row| row.supplier),
        &column(&rows, |row| row.quantity),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_states(tx: &mut TenantTx, rows: &NewRows, now: OffsetDateTime) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into orders.order_state
               (order_id, buyer, supplier, revision, version, state, unanswered_lines, proposed_lines,
                requested_date, answer_due, updated_at)
           select id, $1, supplier, 1, 1, state, unanswered_lines, 0, requested_date, answer_due, $2
           from unnest($3::uuid[], $4::uuid[], $5::smallint[], $6::int[], $7::date[], $8::date[])
               as t(id, supplier, state, unanswered_lines, requested_date, answer_due)"#,
        buyer,
        now,
        &column(&rows.orders, |row| row.id),
        &column(&rows.orders, |row| row.supplier),
        &column(&rows.orders, |row| row.state),
        &column(&rows.orders, |row| row.unanswered_lines),
        &column(&rows.orders, |row| row.requested_date),
        &column(&rows.orders, |row| row.answer_due),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An order that has the number already.
pub(crate) struct Existing {
    pub id: Uuid,
    pub revision: i32,
    pub version: i64,
}

/// The buyer's order of this number.
pub(crate) async fn existing(
    tx: &mut TenantTx,
    source_system: &str,
    order_number: &str,
) -> Result<Option<Existing>> {
    let buyer = tx.firm();
    let row = sqlx::query_as!(
        Existing,
        r#"select o.id, s.revision, s.version
           from orders.purchase_order o join orders.order_state s on s.order_id = o.id and s.buyer = o.buyer
           where o.buyer = $1 and o.source_system = $2 and o.order_number = $3"#,
        buyer,
        source_system,
        order_number
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// A partner that an address may mean.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub supplier: Uuid,
    pub state: String,
    pub vendor_number: String,
    pub uscc: String,
    pub name: String,
    /// Of the supplier as a firm: `suspended` by the operator.
    pub firm_state: String,
}

/// The buyer's partners that fit one of the given numbers or codes.
pub(crate) async fn partners(
    tx: &mut TenantTx,
    ids: &[Uuid],
    vendor_numbers: &[String],
    usccs: &[String],
) -> Result<Vec<Partner>> {
    let buyer = tx.firm();
    let rows = sqlx::query_as!(
        Partner,
        r#"select supplier as "supplier!", state as "state!", vendor_number as "vendor_number!",
                  uscc as "uscc!", supplier_name as "name!", supplier_state as "firm_state!"
           from partners.supplier_address
           where buyer = $1 and (supplier = any($2) or vendor_number = any($3) or uscc = any($4))"#,
        buyer,
        ids,
        vendor_numbers,
        usccs
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// The buyer's partners that carry one of the party ids: (scheme, value, partner's firm).
pub(crate) async fn partners_by_party_id(
    tx: &mut TenantTx,
    schemes: &[String],
    values: &[String],
) -> Result<Vec<(String, String, Uuid)>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select p.scheme as "scheme!", p.value as "value!", p.supplier as "supplier!"
           from partners.supplier_party_id p
           join unnest($2::text[], $3::text[]) as t(scheme, value) on t.scheme = p.scheme and t.value = p.value
           where p.buyer = $1"#,
        buyer,
        schemes,
        values
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.scheme, row.value, row.supplier)).collect())
}

/// A relationship that began in this transaction.
pub(crate) struct Begun {
    pub id: Uuid,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub vendor_number: String,
    pub version: i64,
    pub created_at: OffsetDateTime,
}

/// Relationships of the buyer that [`invite`] began in this transaction, in the order in which they did.
pub(crate) async fn begun_relationships(tx: &mut TenantTx) -> Result<Vec<Begun>> {
    let rows = sqlx::query_as!(
        Begun,
        r#"select id as "id!", supplier as "supplier!", supplier_name as "supplier_name!",
                  vendor_number as "vendor_number!", version as "version!", created_at as "created_at!"
           from partners.begun_relationship order by id"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Finds the partner that an address means beyond its numbers, or invites a firm in this transaction; its id, and
/// whether it was invited just now.
pub(crate) async fn invite(
    tx: &mut TenantTx,
    address: &proto::orders::SupplierAddress,
) -> Result<(Uuid, bool)> {
    let buyer = tx.firm();
    let schemes: Vec<String> = address.party_ids.iter().map(|id| id.scheme.clone()).collect();
    let values: Vec<String> = address.party_ids.iter().map(|id| id.value.clone()).collect();
    let supplier = sqlx::query_scalar!(
        r#"select partners.invite_placeholder($1, $2, $3, $4, $5) as "placeholder!""#,
        address.invite_as,
        address.vendor_number,
        address.uscc,
        &schemes,
        &values
    )
    .fetch_one(tx.conn())
    .await?;
    // Such relationships begin with the transaction's own moment.
    let new = sqlx::query_scalar!(
        r#"select exists (select from partners.trading_relationship
                          where buyer = $1 and supplier = $2 and created_at = now()) as "new!""#,
        buyer,
        supplier
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((supplier, new))
}
