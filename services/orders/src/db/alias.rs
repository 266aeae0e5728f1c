//! The buyer's own tables, as partners publishes them.

use chassis::{Result, db::TenantTx};

use crate::alias::{Aliases, Kind, Meaning};

/// What the buyer's tables say of these words.
pub(crate) async fn aliases(tx: &mut TenantTx, written: &[String]) -> Result<Aliases> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select kind as "kind!", source_system as "source_system!", written as "written!",
                  meaning as "meaning!", tax_rate
           from partners.alias_in_use where buyer = $1 and written = any ($2)"#,
        buyer,
        written
    )
    .fetch_all(tx.conn())
    .await?;
    let mut aliases = Aliases::default();
    for row in rows {
        // A kind that this program does not know was written for a newer one.
        let Some(kind) = Kind::parse(&row.kind) else { continue };
        let meaning = Meaning { meaning: row.meaning, tax_rate: row.tax_rate };
        aliases.add(kind, row.source_system, row.written, meaning);
    }
    Ok(aliases)
}
