//! Roles first, then each schema in its fixed order, under one lock in the maintenance database: roles belong to
//! the cluster and advisory locks to a database, so that a lock anywhere else would not keep two starters apart.

use std::{borrow::Cow, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

/// Any number that no other program on the cluster uses for an advisory lock.
const LOCK: i64 = 0x7461_6e64_656d;

/// How often a migration is begun that deadlocks with whoever writes meanwhile, and what is waited in between.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// Passwords of the three logins; empty keeps what is there (peer or trust authentication, or set by hand).
#[derive(Clone, Default)]
pub struct Passwords {
    pub owner: String,
    pub app: String,
    pub stream: String,
}

/// Creates the roles and the database's schemas as far as they are missing, and applies what is new. A schema that a newer
/// version migrated stays as it is.
///
/// `admin` logs in as a role that may create roles; `migrators` are applied in order as tandem_owner.
pub async fn run(
    admin: &PgConnectOptions,
    passwords: &Passwords,
    migrators: &[(&str, &Migrator)],
) -> anyhow::Result<()> {
    let mut lock = PgConnection::connect_with(&admin.clone().database("postgres")).await?;
    sqlx::query!("select pg_advisory_lock($1)", LOCK).execute(&mut lock).await?;
    let done = migrate(admin, &mut lock, passwords, migrators).await;
    // Closing the session releases the lock.
    let _ = lock.close().await;
    done
}

async fn migrate(
    admin: &PgConnectOptions,
    maintenance: &mut PgConnection,
    passwords: &Passwords,
    migrators: &[(&str, &Migrator)],
) -> anyhow::Result<()> {
    sqlx::raw_sql(include_str!("../sql/roles.sql")).execute(&mut *maintenance).await?;
    for (role, password) in [
        ("tandem_owner", &passwords.owner),
        ("tandem_app", &passwords.app),
        ("tandem_stream", &passwords.stream),
    ] {
        if !password.is_empty() {
            let quoted = password.replace('\'', "''");
            // ALTER ROLE takes no parameters; names are fixed and the quote is doubled.
            let alter = format!("alter role {role} password '{quoted}'");
            sqlx::raw_sql(AssertSqlSafe(alter)).execute(&mut *maintenance).await?;
        }
    }
    let mut connection = PgConnection::connect_with(admin).await?;
    check_locale(&mut connection).await?;
    let name = admin.get_database().unwrap_or("postgres").replace('"', "\"\"");
    for statement in [
        format!("grant connect, create on database \"{name}\" to tandem_owner"),
        format!("grant connect on database \"{name}\" to tandem_app, tandem_stream"),
        // PostgreSQL 16 lets a creator of roles that is no superuser act as them only after this.
        "grant tandem_owner to current_user".to_string(),
        "set role tandem_owner".to_string(),
        // Whoever waits for a table keeps everybody else waiting who comes after.
        "set lock_timeout = '3s'".to_string(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    for (schema, migrator) in migrators {
        match apply(schema, migrator, &mut connection).await {
            Err(MigrateError::VersionMissing(version)) if is_newer(migrator, version) => {
                tracing::info!(schema, version, "a newer version migrated this schema: it stays as it is");
            }
            done => {
                done.map_err(|error| anyhow::anyhow!("migrating schema {schema}: {error}{}", advice(&error)))?
            }
        }
    }
    connection.close().await?;
    Ok(())
}

/// Applies what is new of a schema. A migration of several tables may take them in another order than a command does that
/// runs, a deadlock: one of the two is ended, and as each migration is one transaction, nothing of it was done.
async fn apply(schema: &str, migrator: &Migrator, connection: &mut PgConnection) -> Result<(), MigrateError> {
    for _ in 1..TRIES {
        match migrator.run(&mut *connection).await {
            // deadlock_detected
            Err(error) if code(&error).as_deref() == Some("40P01") => {
                tracing::info!(schema, "a migration deadlocked with a command: it is begun anew");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
    migrator.run(connection).await
}

/// What Postgres says of a migration that failed.
fn code(error: &MigrateError) -> Option<Cow<'_, str>> {
    match error {
        MigrateError::ExecuteMigration(sqlx::Error::Database(said), _) => said.code(),
        _ => None,
    }
}

/// Whether a migration that is applied and unknown here comes after all that are known: a newer version applied it after these,
/// and the version before is back, from which it took nothing.
pub fn is_newer(migrator: &Migrator, unknown: i64) -> bool {
    migrator.iter().all(|known| known.version < unknown)
}

/// What to do where a table could not be had in time. Each migration is one transaction.
fn advice(error: &MigrateError) -> &'static str {
    match code(error).as_deref() {
        // lock_not_available
        Some("55P03") => {
            "; a backup or another long transaction uses a table that this migration changes: nothing of it was done, \
             migrate again when that has ended"
        }
        _ => "",
    }
}

/// Under the plain C locale trigrams of Chinese text are empty and lower() knows ASCII alone.
async fn check_locale(connection: &mut PgConnection) -> anyhow::Result<()> {
    let row = sqlx::query!(
        r#"select pg_encoding_to_char(encoding)::text as "encoding!", datctype::text as "ctype!"
           from pg_database where datname = current_database()"#
    )
    .fetch_one(connection)
    .await?;
    if row.encoding != "UTF8" || ["C", "POSIX"].contains(&row.ctype.as_str()) {
        anyhow::bail!(
            "the database has encoding {} and locale {}; create it with encoding 'UTF8' and locale 'C.UTF-8'",
            row.encoding,
            row.ctype
        );
    }
    Ok(())
}
