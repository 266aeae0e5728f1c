//! Aliases and purchasing groups.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::unknown;
use crate::alias::{Alias, AliasKey, AliasKind};

struct Row {
    kind: String,
    source_system: String,
    written: String,
    meaning: String,
    tax_rate: Option<Decimal>,
}

fn alias(row: Row) -> Result<Alias> {
    let kind = AliasKind::parse(&row.kind).ok_or_else(|| unknown("partners.alias", &row.kind))?;
    let key = AliasKey { kind, source_system: row.source_system, written: row.written };
    Ok(Alias { key, meaning: row.meaning, tax_rate: row.tax_rate })
}

/// Makes changes of a firm's table wait for each other; how many aliases it has.
pub(crate) async fn lock(tx: &mut TenantTx) -> Result<i64> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('partners.alias ' || $1::uuid::text, 0))"#,
        firm
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from partners.alias where buyer = $1 and deleted_at is null"#,
        firm
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

/// Those of the keys that are there.
pub(crate) async fn find(tx: &mut TenantTx, keys: &[&AliasKey]) -> Result<Vec<Alias>> {
    let firm = tx.firm();
    let (kinds, systems, written) = columns(keys);
    let rows = sqlx::query_as!(
        Row,
        r#"select a.kind, a.source_system, a.written, a.meaning, a.tax_rate
           from partners.alias a
           join unnest($2::text[], $3::text[], $4::text[]) k (kind, source_system, written)
               on k.kind = a.kind and k.source_system = a.source_system and k.written = a.written
           where a.buyer = $1 and a.deleted_at is null"#,
        firm,
        &kinds,
        &systems,
        &written
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(alias).collect()
}

fn columns(keys: &[&AliasKey]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let column = |of: fn(&AliasKey) -> String| keys.iter().map(|key| of(key)).collect::<Vec<_>>();
    (
        column(|key| key.kind.as_str().to_string()),
        column(|key| key.source_system.clone()),
        column(|key| key.written.clone()),
    )
}

/// Adds or replaces aliases.
pub(crate) async fn set(tx: &mut TenantTx, aliases: &[&Alias], at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    let keys: Vec<&AliasKey> = aliases.iter().map(|alias| &alias.key).collect();
    let (kinds, systems, written) = columns(&keys);
    let meanings: Vec<String> = aliases.iter().map(|alias| alias.meaning.clone()).collect();
    let rates: Vec<Option<Decimal>> = aliases.iter().map(|alias| alias.tax_rate).collect();
    sqlx::query!(
        r#"insert into partners.alias (buyer, kind, source_system, written, meaning, tax_rate, changed_at)
           select $1, kind, source_system, written, meaning, tax_rate, $2
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[])
               as t (kind, source_system, written, meaning, tax_rate)
           on conflict (buyer, kind, source_system, written)
               do update set meaning = excluded.meaning, tax_rate = excluded.tax_rate, deleted_at = null,
                             changed_at = excluded.changed_at"#,
        firm,
        at,
        &kinds,
        &systems,
        &written,
        &meanings,
        &rates as &[Option<Decimal>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an alias out; whether it was there.
pub(crate) async fn delete(tx: &mut TenantTx, key: &AliasKey, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update partners.alias set deleted_at = $5, changed_at = $5
           where buyer = $1 and kind = $2 and source_system = $3 and written = $4 and deleted_at is null"#,
        firm,
        key.kind.as_str(),
        key.source_system,
        key.written,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The last key of a page: kind, source system, what is written.
pub(crate) type After = (String, String, String);

/// Aliases by key, after one.
pub(crate) async fn list(
    tx: &mut TenantTx,
    kind: Option<AliasKind>,
    after: Option<&After>,
    limit: i64,
) -> Result<Vec<Alias>> {
    let firm = tx.firm();
    let (after_kind, system, written) = match after {
        Some((kind, system, written)) => (Some(kind.as_str()), Some(system.as_str()), Some(written.as_str())),
        None => (None, None, None),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"select kind, source_system, written, meaning, tax_rate
           from partners.alias
           where buyer = $1 and deleted_at is null and ($2::text is null or kind = $2)
               and ($3::text is null or (kind, source_system, written) > ($3, $4, $5))
           order by kind, source_system, written limit $6"#,
        firm,
        kind.map(AliasKind::as_str),
        after_kind,
        system,
        written,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(alias).collect()
}

/// Adds a purchasing group or gives it another name; how many there are now.
pub(crate) async fn set_group(tx: &mut TenantTx, code: &str, name: &str) -> Result<i64> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.purchasing_group (firm, code, name) values ($1, $2, $3)
           on conflict (firm, code) do update set name = excluded.name, deleted_at = null"#,
        firm,
        code,
        name
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from partners.purchasing_group where firm = $1 and deleted_at is null"#,
        firm
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

/// Takes a purchasing group out of the list; whether it was there.
pub(crate) async fn delete_group(tx: &mut TenantTx, code: &str, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update partners.purchasing_group set deleted_at = $3
           where firm = $1 and code = $2 and deleted_at is null"#,
        firm,
        code,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Purchasing groups (code, name) by code, after a code.
pub(crate) async fn groups(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select code, name from partners.purchasing_group
           where firm = $1 and deleted_at is null and ($2::text is null or code > $2)
           order by code limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}
