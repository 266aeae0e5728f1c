//! Requests of one firm that share a transaction: what each of them needs before its effect and after it, for all of them
//! in one trip to the database. A command that runs alone is a slice of one.

use prost::Message;

use crate::{
    Error, Reason, Result,
    db::TenantTx,
    idempotency::{Key, Receipt, replay},
    outbox::{self, NewEvent},
};

/// A request: the full name of its method, such as `tandem.orders.v1.<Service>/<Method>`, and its key.
pub type Request<'a> = (&'static str, &'a Key);

/// For each request, which differ, the receipt that was recorded for it, or the refusal because its id was used for another
/// request; `None` where it is new. Comes first in the transaction: requests of one id run one after another, so that a
/// repetition meets the receipt and not the effect of the first.
pub async fn enter<R: Message + Default>(
    tx: &mut TenantTx,
    requests: &[Request<'_>],
) -> Result<Vec<Option<Result<R>>>> {
    let methods: Vec<&str> = requests.iter().map(|(method, _)| *method).collect();
    let ids: Vec<&str> = requests.iter().map(|(_, key)| key.request_id.as_str()).collect();
    let found = sqlx::query!(
        r#"select method as "method!", request_id as "request_id!", request_sha256 as "request_sha256!",
                  receipt as "receipt!"
           from event.enter($1, $2)"#,
        &methods as &[&str],
        &ids as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    requests
        .iter()
        .map(|(method, key)| {
            let mut found = found.iter();
            let row = found.find(|row| row.method == *method && row.request_id == key.request_id);
            row.map(|row| replay(key, Receipt { sha256: &row.request_sha256, bytes: &row.receipt }))
                .transpose()
        })
        .collect()
}

/// Records receipts and hands the events of each command to the outbox: the last statement of the transaction. CONFLICT
/// where an id was recorded meanwhile, by who did not enter; else as [`outbox::append`] refuses.
pub async fn leave<R: Message>(
    tx: &mut TenantTx,
    done: &[(Request<'_>, &R)],
    commands: Vec<Vec<NewEvent>>,
) -> Result<()> {
    let rows = outbox::rows(commands)?;
    if done.is_empty() && rows.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<_> = done.iter().map(|((method, key), receipt)| (*method, *key, *receipt)).collect();
    sorted.sort_by(|a, b| (a.0, &a.1.request_id).cmp(&(b.0, &b.1.request_id)));
    let methods: Vec<&str> = sorted.iter().map(|(method, ..)| *method).collect();
    let ids: Vec<&str> = sorted.iter().map(|(_, key, _)| key.request_id.as_str()).collect();
    let hashes: Vec<&[u8]> = sorted.iter().map(|(_, key, _)| key.sha256.as_slice()).collect();
    let receipts: Vec<Vec<u8>> = sorted.iter().map(|(.., receipt)| receipt.encode_to_vec()).collect();
    let firm = tx.firm();
    let left = sqlx::query!(
        r#"with recorded as (
               insert into event.idempotency (firm, method, request_id, request_sha256, receipt)
               select $1, * from unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[])
           )
           insert into event.outbox (firm, payload) select $1, * from unnest($6::bytea[])"#,
        firm,
        &methods as &[&str],
        &ids as &[&str],
        &hashes as &[&[u8]],
        &receipts,
        &rows
    )
    .execute(tx.conn())
    .await;
    match left {
        // Who entered finds no id recorded, so that to look for one before each insert would be work for nothing.
        Err(sqlx::Error::Database(refusal)) if refusal.constraint() == Some("idempotency_pkey") => {
            Err(Error::new(Reason::CONFLICT))
        }
        left => Ok(left.map(|_| ())?),
    }
}
