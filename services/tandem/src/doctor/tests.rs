//! The doctor against a real cluster.

use sqlx::{Connection as _, PgConnection};

use super::*;

async fn look(config: &Config, dir: &Path) -> Vec<Check> {
    run(config, dir, &chassis::clock::system()).await
}

fn find<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check {name} in {checks:?}"))
}

async fn execute(url: &str, text: &'static str) {
    let mut conn = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(text).execute(&mut conn).await.unwrap();
}

#[tokio::test]
async fn a_cluster_is_seen_from_empty_to_migrated_to_broken() {
    let dir = postgres::tests::scratch("doctor");
    let mut config = Config::load(None).unwrap();
    // The environment of whoever runs the tests may name a database.
    config.database.owner_url.clear();
    assert_eq!(find(&look(&config, &dir).await, "database").status, Status::Warn, "nothing runs");

    let running = postgres::start(&dir).await.unwrap();
    running.ensure_database(EMBEDDED).await.unwrap();
    let url = running.access.superuser_url(EMBEDDED);
    let config = Config { database: database_at(&url, &config), ..config };
    let checks = look(&config, &dir).await;
    assert_eq!(find(&checks, "database").status, Status::Ok);
    assert_eq!(find(&checks, "locale").status, Status::Ok);
    assert_eq!(find(&checks, "clock").status, Status::Ok);
    assert!(find(&checks, "roles").message.contains("does not exist"));
    assert!(find(&checks, "migrations").hint.contains("tandem migrate"));

    crate::database::migrate(&url, &running.access.passwords()).await.unwrap();
    let checks = look(&config, &dir).await;
    for name in ["database", "locale", "roles", "migrations", "clock"] {
        assert_eq!(find(&checks, name).status, Status::Ok, "{checks:?}");
    }

    execute(&url, "alter role tandem_app bypassrls").await;
    assert!(find(&look(&config, &dir).await, "roles").message.contains("bypasses"));
    execute(&url, "alter role tandem_app nobypassrls").await;
    what_a_newer_version_applied_is_no_fault(&url, &config, &dir).await;

    execute(&url, "create database plain locale 'C' template template0").await;
    let plain =
        Config { database: database_at(&running.access.superuser_url("plain"), &config), ..config.clone() };
    assert_eq!(find(&look(&plain, &dir).await, "locale").status, Status::Fail);

    let mut wrong = config.clone();
    wrong.database.app_url = running.access.url_for("tandem_app", "guess", EMBEDDED);
    let checks = look(&wrong, &dir).await;
    assert_eq!(find(&checks, "login").status, Status::Fail);
    assert!(!format!("{checks:?}").contains("guess"), "no password is told: {checks:?}");

    running.stop().await.unwrap();
    let checks = look(&config, &dir).await;
    assert!(find(&checks, "database").message.contains("does not answer"), "{checks:?}");
    postgres::reset(&dir).await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

/// Nor does it hide a fault: each step makes one that counts for more.
async fn what_a_newer_version_applied_is_no_fault(url: &str, config: &Config, dir: &Path) {
    let migrations = async || find(&look(config, dir).await, "migrations").clone();
    execute(
        url,
        "insert into capacity._sqlx_migrations (version, description, success, checksum, execution_time)
         values (2147483646, 'of a newer version', true, '', 0), (2147483647, 'of a newer version', true, '', 0)",
    )
    .await;
    let check = migrations().await;
    assert_eq!((check.status, check.hint.as_str()), (Status::Warn, ""), "{check:?}");
    let said = "2 more that this version does not know (capacity 2147483646, capacity 2147483647)";
    assert!(check.message.contains(said), "{check:?}");

    execute(url, "delete from capacity._sqlx_migrations where version = 1").await;
    let check = migrations().await;
    assert_eq!((check.status, check.message.as_str()), (Status::Fail, "not applied: capacity 1"));
    assert!(check.hint.contains("of the newer version"), "this one leaves the schema as it is: {check:?}");

    execute(url, "update orders._sqlx_migrations set checksum = '' where version = 1").await;
    let check = migrations().await;
    assert_eq!((check.status, check.message.as_str()), (Status::Fail, "orders 1 was changed"));

    execute(url, "update capacity._sqlx_migrations set version = 0 where version = 2147483646").await;
    let check = migrations().await;
    assert_eq!(check.status, Status::Fail, "{check:?}");
    assert!(check.message.contains("capacity 0 is unknown here"), "{check:?}");
}

fn database_at(url: &str, config: &Config) -> chassis::config::Database {
    chassis::config::Database { owner_url: url.into(), ..config.database.clone() }
}
