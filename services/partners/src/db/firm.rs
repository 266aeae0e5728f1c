//! Firms, their numbers and sites.

use chassis::{Result, db::TenantTx};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{columns, firm_state, refusal};
use crate::{
    admin::NewOperator,
    firm::{Firm, NewFirm, PartyId, Site},
};

/// A firm that the tenant may see.
pub(crate) async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Option<Firm>> {
    let row = sqlx::query!(
        r#"select id, name, name_en, uscc, state, sandbox, verified_at, created_at
           from partners.firm where id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let party_ids = sqlx::query_as!(
        PartyId,
        r#"select scheme, value from partners.party_id where firm = $1 order by scheme, value"#,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Firm {
            id: row.id,
            name: row.name,
            name_en: row.name_en,
            uscc: row.uscc,
            state: firm_state(&row.state)?,
            sandbox: row.sandbox,
            verified: row.verified_at.is_some(),
            party_ids,
            created_at: row.created_at,
        })
    })
    .transpose()
}

/// Whether two firms have, or had, a relationship.
pub(crate) async fn related(tx: &mut TenantTx, me: Uuid, other: Uuid) -> Result<bool> {
    let related = sqlx::query_scalar!(
        r#"select exists (select from partners.trading_relationship
                          where (buyer = $1 and supplier = $2) or (supplier = $1 and buyer = $2)) as "related!""#,
        me,
        other
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(related)
}

/// The ids, link and times of a firm to be created.
pub(crate) struct Founding<'a> {
    pub firm: Uuid,
    pub admin: Uuid,
    pub link_sha256: &'a [u8],
    pub link_expires_at: OffsetDateTime,
    pub at: OffsetDateTime,
}

/// Creates an active firm with its administrator and that person's sign-in link.
pub(crate) async fn create(tx: &mut TenantTx, new: &NewFirm, founding: &Founding<'_>) -> Result<()> {
    let (schemes, ids) = columns(&new.party_ids);
    sqlx::query!(
        r#"select partners.create_firm($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        founding.firm,
        new.name,
        new.name_en,
        new.uscc,
        new.sandbox,
        &schemes,
        &ids,
        founding.admin,
        new.admin_name,
        new.admin_locale,
        founding.link_sha256,
        founding.link_expires_at,
        founding.at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "firm_pkey"))?;
    Ok(())
}

/// Adds a site; ALREADY_EXISTS where its code is taken.
pub(crate) async fn insert_site(tx: &mut TenantTx, site: &Site, at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.site (id, firm, code, name, address, country_code, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)"#,
        site.id,
        firm,
        site.code,
        site.name,
        site.address,
        site.country_code,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "site_code_key"))?;
    Ok(())
}

/// Sites by code, after a code.
pub(crate) async fn sites(tx: &mut TenantTx, after: Option<&str>, limit: i64) -> Result<Vec<Site>> {
    let firm = tx.firm();
    let sites = sqlx::query_as!(
        Site,
        r#"select id, code, name, address, country_code from partners.site
           where firm = $1 and ($2::text is null or code > $2)
           order by code limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(sites)
}

/// Creates the first operator, as tandem_owner; false where there is one.
pub(crate) async fn create_operator(
    connection: &mut PgConnection,
    new: &NewOperator,
    founding: &Founding<'_>,
) -> Result<bool> {
    let created = sqlx::query_scalar!(
        r#"select partners.create_operator($1, $2, $3, $4, $5, $6, $7, $8, $9) as "created!""#,
        founding.firm,
        new.firm_name,
        founding.admin,
        new.admin_name,
        new.locale,
        new.sandbox,
        founding.link_sha256,
        founding.link_expires_at,
        founding.at
    )
    .fetch_one(connection)
    .await?;
    Ok(created)
}
