//! Hours that the tenant reserved of others for groups of its own.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx, unit::converted};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::matching::plus;

/// What these groups borrow, by group and week, in the group's unit: parts of reservations that were not given back. A
/// group that is measured otherwise meanwhile has nothing of them.
pub(crate) async fn by_week(tx: &mut TenantTx, groups: &[Uuid]) -> Result<BTreeMap<(Uuid, Date), Decimal>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select g.id as group_id, p.quantity, o.monday as "monday!", o.unit_code as "lent_in!", g.unit_code
           from capacity.borrowed b
           join capacity.capacity_group g on g.supplier = b.supplier and g.id = b.group_id
           join capacity.reservation r on r.supplier = b.lender and r.id = b.reservation_id and r.state <> 'held'
           join capacity.reservation_part p on p.supplier = b.lender and p.reservation_id = b.reservation_id
               and p.returned_version is null
           join capacity.places_of(array(
               select one.reservation_id from capacity.borrowed one
               where one.supplier = $1 and one.group_id = any($2))) o on o.bucket_id = p.bucket_id
           where b.supplier = $1 and b.group_id = any($2)
           order by g.id, o.monday, p.reservation_id, p.bucket_id"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    let mut borrowed = BTreeMap::new();
    for row in rows {
        let unit = row.unit_code.unwrap_or_default();
        if let Some(quantity) = converted(row.quantity, &row.lent_in, &unit) {
            let week: &mut Decimal = borrowed.entry((row.group_id, row.monday)).or_default();
            *week = plus(*week, quantity);
        }
    }
    Ok(borrowed)
}

/// The groups that these reservations of the tenant strengthen, by reservation.
pub(crate) async fn groups_of(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<BTreeMap<Uuid, Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select reservation_id, group_id as "group_id!" from capacity.borrowed
           where supplier = $1 and reservation_id = any($2) and group_id is not null order by reservation_id"#,
        me,
        reservations
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.reservation_id, row.group_id)).collect())
}

/// A reservation of the tenant strengthens this group from now on and no other; `None`: none any more.
pub(crate) async fn lend_to(
    tx: &mut TenantTx,
    lender: Uuid,
    reservation: Uuid,
    group: Option<Uuid>,
) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into capacity.borrowed (supplier, reservation_id, lender, group_id)
           values ($1, $2, $3, $4)
           on conflict on constraint borrowed_pkey do update set group_id = excluded.group_id, due = false"#,
        me,
        reservation,
        lender,
        group
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reservations that were given back since the groups' weeks were written, with their groups.
pub(crate) async fn due(tx: &mut TenantTx) -> Result<Vec<(Uuid, Uuid)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select reservation_id, group_id as "group_id!" from capacity.borrowed
           where supplier = $1 and due order by reservation_id"#,
        me
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.reservation_id, row.group_id)).collect())
}

/// The weeks of their groups have nothing of these any more.
pub(crate) async fn done(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"update capacity.borrowed set due = false where supplier = $1 and reservation_id = any($2)"#,
        me,
        reservations
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Firms with something that is due. Outside any firm: ids only.
pub(crate) async fn firms_due(tx: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from capacity.borrowers_due($1)"#, most)
        .fetch_all(tx.conn())
        .await?)
}
