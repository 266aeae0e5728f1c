//! A write repeated with the same request_id takes effect once and answers the same receipt.
//!
//! Receipts are read before the command and written in its transaction. Two requests of one id that run at the
//! same time meet at the primary key: the later one waits, finds the key taken, rolls back, and runs again alone,
//! when it replays. Refusals are not recorded.

use prost::Message;
use uuid::Uuid;

use crate::{Error, Reason, Result, db::TenantTx, secret};

/// What identifies a request: its id and the hash of its canonical encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As the caller chose it.
    pub request_id: String,
    /// SHA-256 of the encoded request.
    pub sha256: [u8; 32],
}

impl Key {
    /// The key of a request message.
    pub fn of(request_id: &str, request: &impl Message) -> Self {
        Self { request_id: request_id.to_string(), sha256: secret::sha256(&request.encode_to_vec()) }
    }
}

/// INVALID_ARGUMENT unless the id has 1 to 100 printable ASCII characters.
pub fn check_id(request_id: &str) -> Result<()> {
    if request_id.is_empty() || request_id.len() > 100 || !request_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::field(
            "request_id",
            "REQUEST_ID",
            "must have 1 to 100 printable ascii characters without spaces; a uuid is good",
        ));
    }
    Ok(())
}

/// What was recorded of a request.
pub(crate) struct Receipt<'a> {
    /// SHA-256 of the encoded request.
    pub sha256: &'a [u8],
    /// The encoded answer.
    pub bytes: &'a [u8],
}

/// What a request is answered of whose id a receipt was recorded.
pub(crate) fn replay<R: Message + Default>(key: &Key, receipt: Receipt<'_>) -> Result<Result<R>> {
    if receipt.sha256 != key.sha256 {
        return Ok(Err(Error::new(Reason::IDEMPOTENCY_KEY_REUSED)));
    }
    Ok(Ok(R::decode(receipt.bytes).map_err(Error::internal)?))
}

/// For each key, the receipt that was recorded for it, or the refusal because its id was used for another request.
pub async fn replays<R: Message + Default>(
    tx: &mut TenantTx,
    method: &str,
    keys: &[&Key],
) -> Result<Vec<Option<Result<R>>>> {
    let ids: Vec<String> = keys.iter().map(|key| key.request_id.clone()).collect();
    let firm = tx.firm();
    // Each by its whole key: a plan that was kept while the table was small looked for all ids at once in every receipt
    // of the firm.
    let rows = sqlx::query!(
        r#"select r.request_id as "request_id!", r.request_sha256 as "request_sha256!", r.receipt as "receipt!"
           from unnest($3::text[]) w (id)
           cross join lateral (
               select i.request_id, i.request_sha256, i.receipt from event.idempotency i
               where i.firm = $1 and i.method = $2 and i.request_id = w.id limit 1) r"#,
        firm,
        method,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    keys.iter()
        .map(|key| {
            let row = rows.iter().find(|row| row.request_id == key.request_id);
            row.map(|row| replay(key, Receipt { sha256: &row.request_sha256, bytes: &row.receipt }))
                .transpose()
        })
        .collect()
}

/// Records receipts. CONFLICT where one of the ids was recorded meanwhile: roll back and run again.
pub async fn record<R: Message>(tx: &mut TenantTx, method: &str, done: &[(&Key, &R)]) -> Result<()> {
    if done.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<_> = done.iter().collect();
    sorted.sort_by(|a, b| a.0.request_id.cmp(&b.0.request_id));
    let ids: Vec<String> = sorted.iter().map(|(key, _)| key.request_id.clone()).collect();
    let hashes: Vec<Vec<u8>> = sorted.iter().map(|(key, _)| key.sha256.to_vec()).collect();
    let receipts: Vec<Vec<u8>> = sorted.iter().map(|(_, receipt)| receipt.encode_to_vec()).collect();
    let firm: Uuid = tx.firm();
    let inserted = sqlx::query!(
        r#"insert into event.idempotency (firm, method, request_id, request_sha256, receipt)
           select $1, $2, * from unnest($3::text[], $4::bytea[], $5::bytea[])
           on conflict do nothing"#,
        firm,
        method,
        &ids,
        &hashes,
        &receipts
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() != done.len() as u64 {
        return Err(Error::new(Reason::CONFLICT));
    }
    Ok(())
}
