//! Trading relationships, from either side.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{columns, firm_state, refusal, unknown};
use crate::relationship::{NewSupplier, Relationship, State, Written};

struct Row {
    id: Uuid,
    buyer: Uuid,
    buyer_name: String,
    buyer_state: String,
    supplier: Uuid,
    supplier_name: String,
    supplier_state: String,
    state: String,
    vendor_number: String,
    customer_number: String,
    buyer_suspended: bool,
    supplier_suspended: bool,
    version: i64,
    created_at: OffsetDateTime,
}

fn relationship(row: Row) -> Result<Relationship> {
    Ok(Relationship {
        id: row.id,
        buyer: row.buyer,
        buyer_name: row.buyer_name,
        buyer_state: firm_state(&row.buyer_state)?,
        supplier: row.supplier,
        supplier_name: row.supplier_name,
        supplier_state: firm_state(&row.supplier_state)?,
        state: State::parse(&row.state)
            .ok_or_else(|| unknown("partners.trading_relationship", &row.state))?,
        vendor_number: row.vendor_number,
        customer_number: row.customer_number,
        buyer_suspended: row.buyer_suspended,
        supplier_suspended: row.supplier_suspended,
        version: row.version,
        created_at: row.created_at,
    })
}

/// Creates a placeholder firm and the tenant's relationship with it; ALREADY_EXISTS where the number is taken.
pub(crate) async fn invite(
    tx: &mut TenantTx,
    placeholder: Uuid,
    id: Uuid,
    new: &NewSupplier,
    at: OffsetDateTime,
) -> Result<()> {
    let (schemes, ids) = columns(&new.party_ids);
    sqlx::query!(
        r#"select partners.invite_supplier($1, $2, $3, $4, $5, $6, $7, $8)"#,
        placeholder,
        id,
        new.name,
        new.vendor_number,
        new.uscc,
        &schemes,
        &ids,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "trading_relationship_vendor_number_key"))?;
    Ok(())
}

/// A relationship that the tenant may see.
pub(crate) async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Option<Relationship>> {
    let row = sqlx::query_as!(
        Row,
        r#"select r.id, r.buyer, b.name as buyer_name, b.state as buyer_state, r.supplier,
                  s.name as supplier_name, s.state as supplier_state, r.state as "state!", r.vendor_number, r.customer_number, r.buyer_suspended,
                  r.supplier_suspended, r.version, r.created_at
           from partners.trading_relationship r
           join partners.firm b on b.id = r.buyer
           join partners.firm s on s.id = r.supplier
           where r.id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(relationship).transpose()
}

/// Writes a change onto the version that it was made on; whether that was still there.
pub(crate) async fn update(
    tx: &mut TenantTx,
    id: Uuid,
    version: i64,
    written: &Written,
    at: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"update partners.trading_relationship
           set vendor_number = $3, customer_number = $4, buyer_suspended = $5, supplier_suspended = $6,
               ended_at = case when $7::boolean then $8::timestamptz end, version = version + 1
           where id = $1 and version = $2"#,
        id,
        version,
        written.vendor_number,
        written.customer_number,
        written.buyer_suspended,
        written.supplier_suspended,
        written.ended,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "trading_relationship_vendor_number_key"))?;
    Ok(done.rows_affected() == 1)
}

/// Relationships of both sides in the order in which they began, with all of these words in the other firm's names and in the
/// numbers. Each side is read by its own index, and as a whole where words are looked for.
pub(crate) async fn list(
    tx: &mut TenantTx,
    words: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Relationship>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"with page as (
               (select id from partners.trading_relationship
                where buyer = $1 and ($2::uuid is null or id > $2)
                order by id limit case when $4::text[] = '{}' then $3::bigint end)
               union all
               (select id from partners.trading_relationship
                where supplier = $1 and ($2::uuid is null or id > $2)
                order by id limit case when $4::text[] = '{}' then $3::bigint end)
               order by id limit case when $4::text[] = '{}' then $3::bigint end)
           select r.id, r.buyer, b.name as buyer_name, b.state as buyer_state, r.supplier,
                  s.name as supplier_name, s.state as supplier_state, r.state as "state!", r.vendor_number, r.customer_number,
                  r.buyer_suspended, r.supplier_suspended, r.version, r.created_at
           from page
           join partners.trading_relationship r on r.id = page.id
           join partners.firm b on b.id = r.buyer
           join partners.firm s on s.id = r.supplier
           where not exists (
               select from unnest($4::text[]) w (word)
               where strpos(
                   lower(normalize(concat_ws(' ', r.vendor_number, r.customer_number,
                       case when r.buyer = $1 then s.name || ' ' || s.name_en else b.name || ' ' || b.name_en end), nfkc)),
                   lower(normalize(w.word, nfkc))) = 0)
           order by r.id limit $3"#,
        firm,
        after,
        limit,
        words
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(relationship).collect()
}

/// Relationships of the tenant by id.
pub(crate) async fn get_all(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Relationship>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.buyer, b.name as buyer_name, b.state as buyer_state, r.supplier,
                  s.name as supplier_name, s.state as supplier_state, r.state as "state!", r.vendor_number,
                  r.customer_number, r.buyer_suspended, r.supplier_suspended, r.version, r.created_at
           from partners.trading_relationship r
           join partners.firm b on b.id = r.buyer
           join partners.firm s on s.id = r.supplier
           where r.id = any ($1)
           order by r.id"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(relationship).collect()
}

/// Relationships that a merge moved, for the operator who did it.
pub(crate) async fn merged(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Relationship>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", buyer as "buyer!", buyer_name as "buyer_name!", buyer_state as "buyer_state!",
                  supplier as "supplier!", supplier_name as "supplier_name!", supplier_state as "supplier_state!",
                  state as "state!", vendor_number as "vendor_number!", customer_number as "customer_number!",
                  buyer_suspended as "buyer_suspended!", supplier_suspended as "supplier_suspended!",
                  version as "version!", created_at as "created_at!"
           from partners.merged_relationships($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(relationship).collect()
}
