//! Every SQL statement of resources: free functions over the tenant transaction. Each names its side; row security is the
//! second wall, not the first.

pub(crate) mod access;
pub(crate) mod acknowledgement;
pub(crate) mod announcement;
pub(crate) mod binding;
pub(crate) mod content;
pub(crate) mod download;
pub(crate) mod entitlement;
pub(crate) mod following;
pub(crate) mod resource;
pub(crate) mod revision;
pub(crate) mod upload;

use std::collections::BTreeMap;

pub(crate) use chassis::command::lock;
use chassis::{Error, Reason, Result, db::TenantTx};
use sqlx::postgres::PgQueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

/// What firms are called.
pub(crate) type Names = BTreeMap<Uuid, String>;

/// Locks what decides who hears of the tenant's resources, until this transaction ends: whatever is told of them, and
/// whatever ends a right to hear it, comes one after the other.
pub(crate) async fn lock_publisher(tx: &mut TenantTx) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(r#"insert into resources.publisher (owner) values ($1) on conflict do nothing"#, me)
        .execute(tx.conn())
        .await?;
    sqlx::query!(r#"select owner from resources.publisher where owner = $1 for no key update"#, me)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Whether the tenant has joined a cluster, or runs it.
pub(crate) async fn in_or_of(tx: &mut TenantTx, cluster: Uuid) -> Result<bool> {
    let me = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select exists (select from partners.cluster_members($2, $1, null, null, 1) m where m.state = 'joined')
               or exists (select from partners.cluster c where c.id = $2 and c.operator = $1) as "found!""#,
        me,
        cluster
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// The present moment by the database's clock.
pub(crate) async fn clock(tx: &mut TenantTx) -> Result<OffsetDateTime> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(tx.conn()).await?)
}

/// Whether all partnerships of the tenant's with a firm are over, and there was one.
pub(crate) async fn has_left(tx: &mut TenantTx, firm: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select resources.has_left($1) as "left!""#, firm).fetch_one(tx.conn()).await?)
}

/// How the tenant knows a firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    /// Something may be granted to it: they are partners now, or never were.
    Open,
    /// Their partnership is suspended or over, or has not begun.
    Closed,
}

/// How the tenant knows a firm.
pub(crate) async fn knows(tx: &mut TenantTx, firm: Uuid) -> Result<Known> {
    let me = tx.firm();
    let row = sqlx::query!(
        r#"select resources.knows($2) as "known!", coalesce((
               select bool_or(p.state = 'active') and not bool_or(p.state = 'suspended')
               from partners.trading_partner p
               where (p.buyer, p.supplier) in (($1, $2), ($2, $1))), true) as "open!""#,
        me,
        firm
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match (row.known, row.open) {
        (false, _) => Known::No,
        (true, true) => Known::Open,
        (true, false) => Known::Closed,
    })
}

/// What these firms are called, as far as the tenant has to do with them.
pub(crate) async fn names(tx: &mut TenantTx, mut firms: Vec<Uuid>) -> Result<Names> {
    firms.sort_unstable();
    firms.dedup();
    let rows = sqlx::query!(
        r#"select firm as "firm!", name as "name!" from resources.names($1) order by firm"#,
        &firms
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.name)).collect())
}

/// CONFLICT where somebody else wrote the row meanwhile, under its id or under its other key: run again alone.
fn one_row(saved: Result<PgQueryResult, sqlx::Error>) -> Result<()> {
    const KEYS: [&str; 4] =
        ["resource_number_key", "revision_label_key", "revision_released_key", "entitlement_stands_key"];
    match saved {
        Ok(saved) if saved.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(Error::new(Reason::CONFLICT)),
        Err(error) if KEYS.iter().any(|key| chassis::db::is_constraint(&error, key)) => {
            Err(Error::new(Reason::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// The same for a row about another firm's resource: NOT_FOUND where the right to it ended meanwhile.
fn one_row_of_others(saved: Result<PgQueryResult, sqlx::Error>) -> Result<()> {
    match saved {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
            Err(Error::not_found())
        }
        saved => one_row(saved),
    }
}
