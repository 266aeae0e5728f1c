//! Every SQL statement of capacity: free functions over the tenant transaction. Each names its side; row security is the
//! second wall, not the first.

pub(crate) mod best;
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
pub(crate) mod pending;
pub(crate) mod request;
pub(crate) mod reservation;
pub(crate) mod reserved;
pub(crate) mod scope;
pub(crate) mod series;
pub(crate) mod settle;
pub(crate) mod volatility;
pub(crate) mod week;

pub(crate) use chassis::command::lock;
use chassis::{Error, Reason, Result};
use sqlx::postgres::PgQueryResult;

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
