//! What a migration meets while others work. That both versions serve while one comes is tried by `upgrade.rs`.

use std::time::Duration;

use chassis::migrate::Passwords;
use harness::{World, cluster, until};
use sqlx::{
    Connection as _, PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

/// How long anything may take.
const SOON: Duration = Duration::from_secs(60);

/// A command that waits for a table which the migration has, and has one that it wants.
#[tokio::test]
async fn a_migration_that_deadlocks_with_a_command_is_begun_anew() {
    let world = World::start().await;
    let address = cluster::get().await.access.superuser_url(world.database());
    let sql = "lock table orders.promise in access exclusive mode; \
               lock table orders.schedule_state in access exclusive mode; create table orders.made (n int)";
    let made = Migration::new(1, "made".into(), MigrationType::Simple, sql.into_sql_str(), false);
    let mut migrator = Migrator::with_migrations(vec![made]);
    migrator.dangerous_set_table_name("orders.made_migrations");
    let mut command = PgConnection::connect(&address).await.expect("the superuser comes in");
    let mut run =
        async |statement: &'static str| sqlx::raw_sql(statement).execute(&mut command).await.map(drop);
    // Whoever waited first looks for a deadlock first and is ended: the migration.
    run("set deadlock_timeout = '60s'; begin; lock table orders.schedule_state in row exclusive mode")
        .await
        .expect("its first table");
    let options: PgConnectOptions = address.parse().expect("an address");
    let schemas = [("orders", &migrator)];
    let passwords = Passwords::default();
    let (migrated, ()) = tokio::join!(chassis::migrate::run(&options, &passwords, &schemas), async {
        until("the migration waits", SOON, async || {
            let waits = "select exists (select from pg_locks where not granted and mode = 'AccessExclusiveLock' \
                         and relation = 'orders.schedule_state'::regclass and database = \
                         (select oid from pg_database where datname = current_database()))";
            let pool = world.owner_pool().await;
            sqlx::query_scalar::<_, bool>(waits).fetch_one(pool).await.expect("pg_locks").then_some(())
        })
        .await;
        run("lock table orders.promise in row exclusive mode; commit").await.expect("its second table");
    });
    migrated.expect("it is applied");
    run("select from orders.made").await.expect("the table is there");
    command.close().await.expect("close");
    world.finish().await;
}
