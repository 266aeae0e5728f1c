//! Who sees which rows: read table by table, as the catalogue lists them.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use uuid::Uuid;

use super::Cast;

/// Tables and views that tandem_app may read, each with its readable columns.
async fn readable(owner: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as(
        "select n.nspname || '.' || c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where n.nspname in ('event', 'partners', 'orders', 'interchange', 'notices', 'capacity', 'resources') and c.relkind in ('r', 'p', 'v', 'm')
             and has_column_privilege('tandem_app', c.oid, a.attnum, 'select')
         group by 1 order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

/// Every row that a tenant sees, as text; binary values are hexadecimal in it.
async fn seen(pool: &PgPool, firm: Option<Uuid>, table: &str, columns: &str) -> Vec<String> {
    let mut connection = pool.acquire().await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    let setting = firm.map(|firm| firm.to_string()).unwrap_or_default();
    sqlx::query("select set_config('tandem.firm', $1, true)").bind(setting).execute(&mut *tx).await.unwrap();
    // Names come from the catalogue.
    let query = format!("select row({columns})::text from {table}");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut *tx).await.unwrap()
}

/// A firm's id in all the ways in which a row may hold it.
fn forms(firm: &str) -> [String; 3] {
    [firm.to_string(), firm.replace('-', ""), hex::encode(firm)]
}

#[tokio::test]
async fn no_firm_sees_a_row_that_has_to_do_with_a_stranger() {
    let cast = Cast::new().await;
    let app = cast.world.app_pool().await;
    let tables = readable(cast.world.owner_pool().await).await;
    assert!(tables.len() > 20, "{tables:?}");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (me, strangers) in [
        (&cast.buyer, vec![&cast.rival, &cast.stranger]),
        (&cast.rival, vec![&cast.buyer, &cast.stranger]),
        (&cast.supplier, vec![&cast.stranger]),
        (&cast.stranger, vec![&cast.buyer, &cast.supplier, &cast.rival]),
    ] {
        for (table, columns) in &tables {
            let rows = seen(app, Some(me.uuid()), table, columns).await;
            *counts.entry(table).or_default() += rows.len();
            for stranger in &strangers {
                for form in forms(&stranger.id) {
                    let leak = rows.iter().find(|row| row.contains(&form));
                    assert!(
                        leak.is_none(),
                        "{} sees in {table} a row of {}: {leak:?}",
                        me.name,
                        stranger.name
                    );
                }
            }
        }
    }
    let empty: Vec<_> = counts.iter().filter(|(_, count)| **count == 0).map(|(table, _)| *table).collect();
    // What the operator alone looks into, and relationships of the transaction that looks alone.
    let expected = ["partners.announcement", "partners.begun_relationship"];
    assert_eq!(empty, expected, "every other table was really looked into");
    cast.world.finish().await;
}

#[tokio::test]
async fn without_a_tenant_there_is_nothing_to_see() {
    let cast = Cast::new().await;
    let app = cast.world.app_pool().await;
    for (table, columns) in readable(cast.world.owner_pool().await).await {
        for firm in [None, Some(Uuid::nil()), Some(Uuid::from_u128(u128::MAX))] {
            assert!(seen(app, firm, &table, &columns).await.is_empty(), "{table} as {firm:?}");
        }
    }
    cast.world.finish().await;
}

#[tokio::test]
async fn a_tenant_does_not_outlive_its_transaction() {
    let cast = Cast::new().await;
    let pool = chassis::db::TenantPool::new(cast.world.app_pool().await.clone());
    for round in 0..20 {
        let mut tx = pool.begin(cast.buyer.uuid()).await.unwrap();
        let count: i64 = sqlx::query_scalar("select count(*) from orders.purchase_order")
            .fetch_one(tx.conn())
            .await
            .unwrap();
        // What every cast begins with, and the order that is pinned.
        assert_eq!(count, 2);
        if round % 2 == 0 {
            tx.commit().await.unwrap()
        } else {
            tx.rollback().await.unwrap()
        }
        // The same few connections, used past the tenant pool.
        let left: Option<String> = sqlx::query_scalar("select current_setting('tandem.firm', true)")
            .fetch_one(cast.world.app_pool().await)
            .await
            .unwrap();
        assert_eq!(left.unwrap_or_default(), "");
    }
    cast.world.finish().await;
}
