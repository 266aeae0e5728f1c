//! Every SQL statement of notices: free functions over the tenant transaction. Each names its firm; row security is the
//! second wall, not the first.

pub(crate) mod channel;
pub(crate) mod delivery;
pub(crate) mod feed;
pub(crate) mod health;
pub(crate) mod invitation;
pub(crate) mod sign_in;

use chassis::{Error, Result, db::TenantTx};
use proto::notices::NoticeKind;
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that this program does not know: the row was written by a newer one.
fn unknown(table: &'static str, what: &str) -> Error {
    Error::internal(anyhow::anyhow!("{table} has the unknown {what}"))
}

fn kinds(numbers: &[i32]) -> Vec<NoticeKind> {
    numbers.iter().filter_map(|number| NoticeKind::try_from(*number).ok()).collect()
}

/// Firms whose feed was not read to its end. Outside any firm: ids only.
pub(crate) async fn firms_behind(tx: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from notices.firms_behind($1)"#, most)
        .fetch_all(tx.conn())
        .await?)
}

/// Firms with something to tell now. Outside any firm: ids only.
pub(crate) async fn firms_due(tx: &mut TenantTx, now: OffsetDateTime, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from notices.firms_due($1, $2)"#, now, most)
        .fetch_all(tx.conn())
        .await?)
}
