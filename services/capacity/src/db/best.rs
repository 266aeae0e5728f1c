//! The best offers for a need, found by what of them is compared; and what that is.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::{offer::Head, request::Found};
use crate::need::{Facts, Limits, Need, Sieve, Tops};

/// What was found of others' offers that the tenant may see.
pub(crate) struct Best {
    pub found: Vec<Found>,
    /// How many of those found meet every hard condition for certain, and how many there are in all.
    pub sure: usize,
    pub fitting: usize,
}

/// The best offers for a need, at most so many; and those that cannot be told without their content.
pub(crate) async fn best(
    tx: &mut TenantTx,
    process_key: &str,
    need: &Need,
    sieve: &Sieve,
    most: i64,
) -> Result<Best> {
    let Limits { length_mm, width_mm, height_mm, weight_kg, tonnage_t, precision_mm } = &need.limits;
    let price = sieve.price.as_ref();
    let rows = sqlx::query!(
        r#"select supplier as "supplier!", id as "id!", version as "version!", content as "content!",
                  unit_code as "unit_code!", hold_seconds as "hold_seconds!", published_at as "published_at!",
                  changed_at as "changed_at!", mondays as "mondays!: Vec<Date>", free as "free!: Vec<Decimal>",
                  judged as "judged!", fitting as "fitting!"
           from capacity.best_offers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                                     $19, $20, $21, $22, $23, $24, $25, $26)
           order by id"#,
        process_key,
        &sieve.materials,
        &sieve.certificates,
        *length_mm,
        *width_mm,
        *height_mm,
        *weight_kg,
        *tonnage_t,
        *precision_mm,
        &sieve.units,
        &sieve.factors,
        need.first,
        need.last,
        sieve.needed,
        sieve.needed_room,
        &sieve.surplus,
        &sieve.early,
        &sieve.regions,
        &sieve.region_points,
        &sieve.wished,
        &sieve.wished_points,
        price.map(|price| price.currency.as_str()),
        price.map(|price| price.tops.as_slice()),
        price.map(|price| price.factor),
        i32::try_from(Tops::POINTS).unwrap_or_default(),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let fitting = rows.first().map_or(0, |row| usize::try_from(row.fitting).unwrap_or_default());
    let sure = rows.iter().filter(|row| row.judged).count();
    let found = rows.into_iter().map(|row| Found {
        head: Head {
            supplier: row.supplier,
            id: row.id,
            version: row.version,
            content: row.content,
            unit_code: row.unit_code,
            hold_seconds: row.hold_seconds,
            withdrawn: false,
            published_at: row.published_at,
            changed_at: row.changed_at,
            group_id: None,
            visibility: None,
            cluster: None,
            process_key: None,
        },
        free: row.mondays.into_iter().zip(row.free).collect(),
    });
    Ok(Best { found: found.collect(), sure, fitting })
}

/// The newest offers of other processes that meet every other hard condition of a need, at most so many.
pub(crate) async fn but_for_process(
    tx: &mut TenantTx,
    process_key: &str,
    need: &Need,
    sieve: &Sieve,
    most: i64,
) -> Result<Vec<Found>> {
    let Limits { length_mm, width_mm, height_mm, weight_kg, tonnage_t, precision_mm } = &need.limits;
    let rows = sqlx::query!(
        r#"select supplier as "supplier!", id as "id!", version as "version!", content as "content!",
                  unit_code as "unit_code!", hold_seconds as "hold_seconds!", published_at as "published_at!",
                  changed_at as "changed_at!", mondays as "mondays!: Vec<Date>", free as "free!: Vec<Decimal>"
           from capacity.offers_but_for_process($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"#,
        process_key,
        &sieve.materials,
        &sieve.certificates,
        *length_mm,
        *width_mm,
        *height_mm,
        *weight_kg,
        *tonnage_t,
        *precision_mm,
        &sieve.units,
        &sieve.factors,
        need.first,
        need.last,
        sieve.needed,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| Found {
        head: Head {
            supplier: row.supplier,
            id: row.id,
            version: row.version,
            content: row.content,
            unit_code: row.unit_code,
            hold_seconds: row.hold_seconds,
            withdrawn: false,
            published_at: row.published_at,
            changed_at: row.changed_at,
            group_id: None,
            visibility: None,
            cluster: None,
            process_key: None,
        },
        free: row.mondays.into_iter().zip(row.free).collect(),
    });
    Ok(found.collect())
}

/// What of an offer of the tenant, as it stands in this version, the database compares.
pub(crate) async fn save_facts(tx: &mut TenantTx, head: &Head, facts: &Facts) -> Result<()> {
    let me = tx.firm();
    let Limits { length_mm, width_mm, height_mm, weight_kg, tonnage_t, precision_mm } = &facts.limits;
    let (price, room) = (facts.price.as_ref(), facts.room.as_ref());
    sqlx::query!(
        r#"update capacity.offer
           set facts_version = version, material_keys = $4, certificate_keys = $5, length_mm = $6, width_mm = $7,
               height_mm = $8, weight_kg = $9, tonnage_t = $10, precision_mm = $11, region = $12, price = $13,
               currency = $14, room_from = $15, room = $16
           where supplier = $1 and id = $2 and version = $3"#,
        me,
        head.id,
        head.version,
        &facts.material_keys,
        &facts.certificate_keys,
        *length_mm,
        *width_mm,
        *height_mm,
        *weight_kg,
        *tonnage_t,
        *precision_mm,
        facts.region,
        price.map(|price| price.amount),
        price.map(|price| price.currency.as_str()),
        room.map(|room| room.from),
        room.map(|room| room.through.as_slice())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Offers that were saved without facts, with their suppliers; without a tenant.
pub(crate) async fn without_facts(outside: &mut TenantTx, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", id as "id!" from capacity.offers_without_facts($1) order by id"#,
        most
    )
    .fetch_all(outside.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}
