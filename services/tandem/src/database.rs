//! Roles and schemas of the whole product, in their fixed order.

mod db;
pub mod wait;

use anyhow::Context as _;
use chassis::{config::Config, migrate::Passwords};
use sqlx::{Connection as _, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

/// Every schema and its migrations. The order counts: later ones read views of earlier ones.
pub fn migrators() -> [(&'static str, &'static Migrator); 7] {
    [
        ("event", &chassis::MIGRATOR),
        ("partners", &partners::MIGRATOR),
        ("orders", &orders::MIGRATOR),
        ("interchange", &interchange::MIGRATOR),
        ("notices", &notices::MIGRATOR),
        ("capacity", &capacity::MIGRATOR),
        ("resources", &resources::MIGRATOR),
    ]
}

/// Creates roles and schemas as far as they are missing. `owner_url` logs in as a role that may create roles.
///
/// # Errors
/// Where the database does not answer or refuses.
pub async fn migrate(owner_url: &str, passwords: &Passwords) -> anyhow::Result<()> {
    let admin: PgConnectOptions =
        owner_url.parse().context("database.owner_url is no postgres:// address")?;
    chassis::migrate::run(&admin, passwords, &migrators()).await
}

/// A connection of tandem_owner, for the one thing that no API can do.
///
/// # Errors
/// Where the database does not answer, or the login may not act as tandem_owner.
pub async fn owner(owner_url: &str) -> anyhow::Result<PgConnection> {
    let options: PgConnectOptions =
        owner_url.parse().context("database.owner_url is no postgres:// address")?;
    let mut connection = PgConnection::connect_with(&options).await.context("database.owner_url")?;
    db::become_owner(&mut connection).await?;
    Ok(connection)
}

/// Passwords as they stand in the configured addresses, so that they are set in one place.
pub fn passwords(config: &Config) -> Passwords {
    Passwords {
        owner: String::new(),
        app: password(&config.database.app_url),
        stream: password(&config.database.stream_url),
    }
}

/// The same database for another login. Host, port and parameters stay.
pub fn as_login(owner_url: &str, login: &str, password: &str) -> anyhow::Result<String> {
    let (scheme, rest) = owner_url.split_once("://").context("the database address lacks ://")?;
    let host = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let host_only = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let credentials = if password.is_empty() { login.to_owned() } else { format!("{login}:{password}") };
    Ok(format!("{scheme}://{credentials}@{host_only}{}", &rest[host.len()..]))
}

/// The password of an address, empty where it has none. Ours are hexadecimal and need no decoding; others are taken as
/// the driver reads them.
pub fn password(url: &str) -> String {
    let login = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    let login = login.and_then(|authority| authority.rsplit_once('@')).map(|(login, _)| login);
    let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
    percent_decode(password.unwrap_or_default())
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).filter(|_| *first == b'%').and_then(|pair| hex::decode(pair).ok());
        match pair {
            Some(decoded) => {
                bytes.extend(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_login_reaches_the_same_database() {
        let url = "postgres://owner:s3cret@127.0.0.1:5433/tandem?sslmode=disable";
        assert_eq!(
            as_login(url, "tandem_app", "ab").unwrap(),
            "postgres://tandem_app:ab@127.0.0.1:5433/tandem?sslmode=disable"
        );
        assert_eq!(
            as_login("postgres://127.0.0.1/x", "tandem_app", "").unwrap(),
            "postgres://tandem_app@127.0.0.1/x"
        );
    }

    #[test]
    fn passwords_are_read_as_the_driver_reads_them() {
        assert_eq!(password("postgres://app:a%40b%2Fc@h/db"), "a@b/c");
        assert_eq!(password("postgres://app@h/db"), "");
        assert_eq!(password("postgres://h/db"), "");
    }
}
