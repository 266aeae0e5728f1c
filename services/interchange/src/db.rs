//! Every SQL statement of interchange. Each names its side; row security is the second wall, not the first.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A document to be stored.
pub(crate) struct NewDocument<'a> {
    pub id: Uuid,
    pub request_id: &'a str,
    pub format: i16,
    pub standard: &'a str,
    pub media_type: &'a str,
    pub sha256: &'a [u8],
    pub content: &'a [u8],
    pub extension: &'a [u8],
    pub received_at: OffsetDateTime,
}

/// What is known of a request's document.
pub(crate) struct Stored {
    pub id: Uuid,
    pub sha256: Vec<u8>,
}

/// Stores a document of the tenant unless its request stored one before, and answers the one that is there.
pub(crate) async fn store(tx: &mut TenantTx, new: &NewDocument<'_>) -> Result<Stored> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into interchange.document
               (id, buyer, request_id, format, standard, media_type, sha256, content, extension, received_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict on constraint document_request_key do nothing"#,
        new.id,
        buyer,
        new.request_id,
        new.format,
        new.standard,
        new.media_type,
        new.sha256,
        new.content,
        new.extension,
        new.received_at
    )
    .execute(tx.conn())
    .await?;
    let stored = sqlx::query_as!(
        Stored,
        r#"select id, sha256 from interchange.document where buyer = $1 and request_id = $2"#,
        buyer,
        new.request_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(stored)
}

/// Notes which order a document of the tenant became, and who received it. Once known it stays.
pub(crate) async fn set_order(tx: &mut TenantTx, id: Uuid, order: Uuid, supplier: Uuid) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"update interchange.document set order_id = $3, supplier = $4
           where id = $1 and buyer = $2 and order_id is null"#,
        id,
        buyer,
        order,
        supplier
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the order does not say of the document that it came with; `None` where it came with none that the tenant
/// may see.
pub(crate) async fn extension(tx: &mut TenantTx, order: Uuid) -> Result<Option<Vec<u8>>> {
    let firm = tx.firm();
    let extension = sqlx::query_scalar!(
        r#"select extension from interchange.document
           where order_id = $1 and (buyer = $2 or supplier = $2)
           order by received_at, id limit 1"#,
        order,
        firm
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(extension)
}

/// A document as it came in.
pub(crate) struct Document {
    pub id: Uuid,
    pub format: i16,
    pub standard: String,
    pub media_type: String,
    pub sha256: Vec<u8>,
    pub content: Vec<u8>,
    pub order_id: Option<Uuid>,
    pub received_at: OffsetDateTime,
}

/// A document of either side. `of_anyone` leaves the decision to row security, as tests do.
pub(crate) async fn document(tx: &mut TenantTx, id: Uuid, of_anyone: bool) -> Result<Option<Document>> {
    let firm = tx.firm();
    let document = sqlx::query_as!(
        Document,
        r#"select id, format, standard, media_type, sha256, content, order_id, received_at
           from interchange.document
           where id = $1 and ($3 or buyer = $2 or supplier = $2)"#,
        id,
        firm,
        of_anyone
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(document)
}

/// Gives the tenant the documents of placeholders that it claimed.
pub(crate) async fn take_over_claimed(tx: &mut TenantTx) -> Result<()> {
    sqlx::query!(r#"select interchange.take_over_claimed()"#).execute(tx.conn()).await?;
    Ok(())
}
