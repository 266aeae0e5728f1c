//! Every SQL statement of capacity: free functions over the tenant transaction. Each names its side; row security is the
//! second wall, not the first.

pub(crate) mod borrowed;
pub(crate) mod capability;
pub(crate) mod comment;
pub(crate) mod demand;
pub(crate) mod disclosed;
pub(crate) mod disclosure;
pub(crate) mod group;
pub(crate) mod load;
pub(crate) mod matched;
pub(crate) mod offer;
pub(crate) mod partner;
pub(crate) mod request;
pub(crate) mod reservation;
pub(crate) mod reserved;
pub(crate) mod volatility;
pub(crate) mod week;

use chassis::{Error, Reason, Result, db::TenantTx};
use sqlx::postgres::PgQueryResult;

/// Waits until no other transaction of the firm works on this name, and keeps others waiting until this one ends.
pub(crate) async fn lock(tx: &mut TenantTx, what: &str, name: &str) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', $1::uuid, $2::text, $3::text), 0))"#,
        firm,
        what,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// As [`lock`], on several names.
pub(crate) async fn lock_all(tx: &mut TenantTx, what: &str, names: &[&str]) -> Result<()> {
    let firm = tx.firm();
    // In the order of what is locked, so that two who want the same wait for one another and not each for the other.
    sqlx::query!(
        r#"select pg_advisory_xact_lock(wanted.key)
           from (select distinct hashtextextended(concat_ws(' ', $1::uuid, $2::text, name), 0) as key
                 from unnest($3::text[]) name order by 1) wanted"#,
        firm,
        what,
        names as &[&str]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// CONFLICT where somebody else wrote the row meanwhile, under its id or under its other key: run again alone.
fn one_row(saved: Result<PgQueryResult, sqlx::Error>) -> Result<()> {
    match saved {
        Ok(saved) if saved.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(Error::new(Reason::CONFLICT)),
        Err(error) if chassis::db::is_constraint(&error, "material_demand_material_key") => {
            Err(Error::new(Reason::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}
