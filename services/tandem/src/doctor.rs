//! `tandem doctor`: looks at the machine and the database, changes nothing, and says what to do about each finding.
//!
//! * [`database`]: reachable, its locale, its roles, its migrations
//! * [`machine`]: PostgreSQL's programs, ports, disk, clock

mod database;
mod db;
mod machine;

use std::path::Path;

use chassis::{clock::SharedClock, config::Config};
use serde::Serialize;

use crate::postgres::{self, binaries};

/// Name of the database inside the private cluster.
const EMBEDDED: &str = "tandem";

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// Works, but somebody should look.
    Warn,
    /// Tandem will not run like this.
    Fail,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, such as `locale`.
    pub name: &'static str,
    pub status: Status,
    /// What was found.
    pub message: String,
    /// What to do; empty where nothing is to be done.
    pub hint: String,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, message: message.into(), hint: String::new() }
    }

    fn warn(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, status: Status::Warn, message: message.into(), hint: hint.into() }
    }

    fn fail(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, status: Status::Fail, message: message.into(), hint: hint.into() }
    }
}

/// Where the database is, and how each login gets in; empty where it is not known.
struct Urls {
    admin: String,
    app: String,
    stream: String,
}

/// Looks at everything that the settings name, and at the data directory's private cluster where they name no
/// database. Takes a few seconds at most.
pub async fn run(config: &Config, data_dir: &Path, clock: &SharedClock) -> Vec<Check> {
    let mut checks = Vec::new();
    let given = !config.database.owner_url.is_empty() || !config.database.app_url.is_empty();
    if !given {
        checks.push(machine::postgres(binaries::find(None)));
    }
    let urls = if given {
        Some(configured(config))
    } else {
        postgres::attach(data_dir).map(|found| embedded(&found))
    };
    match urls {
        Some(urls) => checks.extend(database::checks(&urls, clock).await),
        None => checks.push(Check::warn(
            "database",
            format!("none runs in {}", data_dir.display()),
            "start `tandem dev`, or name a database in DATABASE_URL",
        )),
    }
    let listeners =
        [("api", config.api.listen), ("portal", config.portal.listen), ("metrics", config.metrics.listen)];
    checks.extend(listeners.map(|(name, address)| machine::port(name, address)));
    checks.push(machine::disk(data_dir));
    checks
}

fn configured(config: &Config) -> Urls {
    let database = config.database.clone();
    Urls { admin: database.owner_url, app: database.app_url, stream: database.stream_url }
}

fn embedded(access: &postgres::Access) -> Urls {
    let passwords = access.passwords();
    Urls {
        admin: access.superuser_url(EMBEDDED),
        app: access.url_for("tandem_app", &passwords.app, EMBEDDED),
        stream: access.url_for("tandem_stream", &passwords.stream, EMBEDDED),
    }
}

#[cfg(test)]
mod tests;
