//! What the operator sees of all firms' channels.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::unknown;
use crate::channel::Medium;

/// Channels of a firm, of one medium, that nothing arrives at.
pub(crate) struct DeliveryHealth {
    pub firm: Uuid,
    pub name: String,
    pub name_en: String,
    pub medium: Medium,
    pub channels: i64,
    /// Messages since the last one that arrived.
    pub failed: i64,
    /// When the first of them was made.
    pub since: OffsetDateTime,
    /// Why the last of them did not arrive; a code.
    pub failure: String,
}

/// Firms with such channels, by id and the medium's name; the page begins behind one of them. For the operator alone.
pub(crate) async fn list(
    tx: &mut TenantTx,
    after: Option<&(Uuid, String)>,
    limit: i64,
) -> Result<Vec<DeliveryHealth>> {
    let (firm, medium) = after.map(|(firm, medium)| (*firm, medium.as_str())).unzip();
    let rows = sqlx::query!(
        r#"select firm as "firm!", name as "name!", name_en as "name_en!", medium as "medium!", channels as "channels!",
                  failed as "failed!", since as "since!", failure as "failure!"
           from notices.delivery_health($1, $2, $3)"#,
        firm,
        medium,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(DeliveryHealth {
                firm: row.firm,
                name: row.name,
                name_en: row.name_en,
                medium: Medium::parse(&row.medium).ok_or_else(|| unknown("notices.channel", &row.medium))?,
                channels: row.channels,
                failed: row.failed,
                since: row.since,
                failure: row.failure,
            })
        })
        .collect()
}
