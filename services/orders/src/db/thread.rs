//! Messages, internal notes and files.

use chassis::{Result, db::TenantTx};
use sqlx::{FromRow, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

/// A message on its way in.
pub(crate) struct NewMessage<'a> {
    pub id: Uuid,
    pub order: Uuid,
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub internal: bool,
    pub line_number: &'a str,
    pub body: &'a str,
    pub actor_name: &'a str,
    pub version: i64,
    pub at: OffsetDateTime,
}

/// A file on its way in.
pub(crate) struct NewFile {
    pub id: Uuid,
    pub name: String,
    pub media_type: &'static str,
    pub sha256: Vec<u8>,
    pub content: Vec<u8>,
}

/// Whether the order has a line of this number.
pub(crate) async fn has_line(tx: &mut TenantTx, order: Uuid, line_number: &str) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from orders.order_line where order_id = $1 and line_number = $2) as "found!""#,
        order,
        line_number
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// Records a message of the tenant with its files.
pub(crate) async fn insert(tx: &mut TenantTx, message: &NewMessage<'_>, files: &[NewFile]) -> Result<()> {
    let author = tx.firm();
    let internal_to = message.internal.then_some(author);
    sqlx::query!(
        r#"insert into orders.message
               (id, order_id, buyer, supplier, author, internal_to, line_number, body, actor_name, version, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#,
        message.id,
        message.order,
        message.buyer,
        message.supplier,
        author,
        internal_to,
        message.line_number,
        message.body,
        message.actor_name,
        message.version,
        message.at
    )
    .execute(tx.conn())
    .await?;
    for (position, file) in files.iter().enumerate() {
        sqlx::query!(
            r#"insert into orders.attachment
                   (id, order_id, buyer, supplier, author, internal_to, message_id, position, name, media_type,
                    size_bytes, sha256, content)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
            file.id,
            message.order,
            message.buyer,
            message.supplier,
            author,
            internal_to,
            message.id,
            position as i16,
            file.name,
            file.media_type,
            file.content.len() as i32,
            file.sha256,
            file.content
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

#[derive(FromRow)]
pub(crate) struct MessageRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub author: Uuid,
    pub internal: bool,
    pub line_number: String,
    pub body: String,
    pub actor_name: String,
    pub version: i64,
    pub at: OffsetDateTime,
}

/// A page of what the tenant reads of an order's thread, one more than `limit` where there is another page. Ids follow
/// time.
pub(crate) async fn list(
    tx: &mut TenantTx,
    order: Uuid,
    line_number: &str,
    newest_first: bool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let me = tx.firm();
    let mut query = QueryBuilder::new(
        "select id, order_id, author, internal_to is not null as internal, line_number, body, actor_name, version, \
         at from orders.message where order_id = ",
    );
    query.push_bind(order).push(" and (internal_to is null or internal_to = ").push_bind(me).push(")");
    if !line_number.is_empty() {
        query.push(" and line_number = ").push_bind(line_number.to_string());
    }
    if let Some(after) = after {
        query.push(if newest_first { " and id < " } else { " and id > " }).push_bind(after);
    }
    query.push(if newest_first { " order by id desc limit " } else { " order by id limit " });
    query.push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// A file without its content.
pub(crate) struct FileRow {
    pub id: Uuid,
    pub message_id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i32,
    pub sha256: Vec<u8>,
}

/// Files of messages of an order, in their order.
pub(crate) async fn files(tx: &mut TenantTx, order: Uuid, messages: &[Uuid]) -> Result<Vec<FileRow>> {
    let rows = sqlx::query_as!(
        FileRow,
        r#"select id, message_id, name, media_type, size_bytes, sha256 from orders.attachment
           where order_id = $1 and message_id = any($2) order by message_id, position"#,
        order,
        messages
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A file with its content, as far as the tenant reads it.
pub(crate) async fn file(tx: &mut TenantTx, order: Uuid, id: Uuid) -> Result<Option<(FileRow, Vec<u8>)>> {
    let me = tx.firm();
    let row = sqlx::query!(
        r#"select id, message_id, name, media_type, size_bytes, sha256, content from orders.attachment
           where order_id = $1 and id = $2 and (internal_to is null or internal_to = $3)"#,
        order,
        id,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let file = FileRow {
            id: row.id,
            message_id: row.message_id,
            name: row.name,
            media_type: row.media_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
        };
        (file, row.content)
    }))
}
