//! What the database must be.

use std::{collections::BTreeMap, time::Duration};

use chassis::clock::SharedClock;
use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migrate as _, Migrator},
};
use time::OffsetDateTime;

use super::{Check, Urls, db};
use crate::postgres::binaries::OLDEST;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Clocks of two machines further apart than this order events in the portal wrongly.
const CLOCK_LIMIT: time::Duration = time::Duration::seconds(2);

/// Everything that can be seen with the logins that are known.
pub(super) async fn checks(urls: &Urls, clock: &SharedClock) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, url) in [("tandem_app", &urls.app), ("tandem_stream", &urls.stream)] {
        if !url.is_empty()
            && let Err(error) = connect(url).await
        {
            let hint =
                "run `tandem migrate` with the same settings, which creates the logins with their passwords";
            checks.push(Check::fail("login", format!("{name} cannot log in: {error}"), hint));
        }
    }
    let url = if urls.admin.is_empty() { &urls.app } else { &urls.admin };
    let mut conn = match connect(url).await {
        Ok(conn) => conn,
        Err(error) => {
            let hint = "see that Postgres runs, and that the address and the password are right";
            checks.insert(0, Check::fail("database", format!("does not answer: {error}"), hint));
            return checks;
        }
    };
    match db::facts(&mut conn).await {
        Ok(facts) => {
            checks.push(server(&facts));
            checks.push(locale(&facts));
            checks.push(time(facts.now, clock.now()));
        }
        Err(error) => checks.push(Check::fail("database", error.to_string(), "")),
    }
    match db::logins(&mut conn).await {
        Ok(logins) => checks.push(roles(&logins)),
        Err(error) => checks.push(Check::fail("roles", error.to_string(), "")),
    }
    // Only the login that migrates may read what was applied.
    if !urls.admin.is_empty() {
        checks.push(migrations(&mut conn, &crate::database::migrators()).await);
    }
    checks
}

/// A session within five seconds. The driver's errors name no password.
async fn connect(url: &str) -> Result<PgConnection, String> {
    match tokio::time::timeout(CONNECT_LIMIT, PgConnection::connect(url)).await {
        Ok(connected) => connected.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", CONNECT_LIMIT.as_secs())),
    }
}

fn server(facts: &db::Facts) -> Check {
    let (major, minor) = (facts.version / 10_000, facts.version % 10_000);
    let message = format!("PostgreSQL {major}.{minor}, database {}", facts.name);
    if u32::try_from(major).is_ok_and(|major| major >= OLDEST) {
        Check::ok("database", message)
    } else {
        Check::fail("database", message, format!("use PostgreSQL {OLDEST} or newer"))
    }
}

/// Under plain C, trigrams of Chinese text are empty and lower() knows ASCII alone.
fn locale(facts: &db::Facts) -> Check {
    let message = format!("encoding {}, locale {}", facts.encoding, facts.ctype);
    if facts.encoding == "UTF8" && !["C", "POSIX"].contains(&facts.ctype.as_str()) {
        return Check::ok("locale", message);
    }
    let hint =
        "create the database anew: create database … encoding 'UTF8' locale 'C.UTF-8' template template0";
    Check::fail("locale", message, hint)
}

fn time(database: OffsetDateTime, here: OffsetDateTime) -> Check {
    let apart = (database - here).abs();
    let message = format!("this machine and the database are {:.1} s apart", apart.as_seconds_f64());
    if apart <= CLOCK_LIMIT {
        Check::ok("clock", message)
    } else {
        Check::warn("clock", message, "let both take their time from the network (timedatectl set-ntp true)")
    }
}

/// Whether row-level security holds the logins of the services.
fn roles(logins: &[db::Login]) -> Check {
    let hint = "`tandem migrate` creates them; take away by hand what is too much";
    for name in ["tandem_owner", "tandem_app", "tandem_stream"] {
        let Some(login) = logins.iter().find(|login| login.name == name) else {
            return Check::fail("roles", format!("{name} does not exist"), hint);
        };
        let fault = [
            (!login.can_login, "may not log in"),
            (login.superuser, "is a superuser"),
            (login.bypasses, "bypasses row-level security"),
            (name != "tandem_owner" && login.owned > 0, "owns tables or other objects"),
            (name != "tandem_owner" && login.acts_as_owner, "may act as tandem_owner"),
        ];
        if let Some((_, fault)) = fault.iter().find(|(found, _)| *found) {
            return Check::fail("roles", format!("{name} {fault}"), hint);
        }
    }
    Check::ok("roles", "tandem_app and tandem_stream own nothing and stay behind row-level security")
}

/// Whether all that this version knows is applied as it knows it. What a newer version applied after that is left as it is, as
/// by `tandem migrate`.
async fn migrations(conn: &mut PgConnection, migrators: &[(&'static str, &Migrator)]) -> Check {
    let (mut applied, mut missing, mut newer, mut strange) = (0, Vec::new(), Vec::new(), Vec::new());
    for (schema, migrator) in migrators {
        // No table of migrations means that none ran.
        let done = conn.list_applied_migrations(&migrator.table_name).await.unwrap_or_default();
        let mut done: BTreeMap<_, _> = done.into_iter().map(|one| (one.version, one.checksum)).collect();
        for wanted in migrator.iter() {
            match done.remove(&wanted.version) {
                Some(checksum) if checksum == wanted.checksum => applied += 1,
                Some(_) => strange.push(format!("{schema} {} was changed", wanted.version)),
                None => missing.push(format!("{schema} {}", wanted.version)),
            }
        }
        for version in done.into_keys() {
            if chassis::migrate::is_newer(migrator, version) {
                newer.push(format!("{schema} {version}"));
            } else {
                strange.push(format!("{schema} {version} is unknown here"));
            }
        }
    }
    if !strange.is_empty() {
        let hint = "another build of Tandem wrote it; use that one";
        return Check::fail("migrations", strange.join(", "), hint);
    }
    if !missing.is_empty() {
        let message = format!("not applied: {}", missing.join(", "));
        let hint = if newer.is_empty() {
            "run `tandem migrate`"
        } else {
            "run `tandem migrate` of the newer version that migrated this database"
        };
        return Check::fail("migrations", message, hint);
    }
    if !newer.is_empty() {
        let message = format!(
            "all {applied} are applied, and the database has {} more that this version does not know ({}): a newer version \
             migrated it; the way back is allowed, because migrations only widen",
            newer.len(),
            newer.join(", ")
        );
        return Check::warn("migrations", message, "");
    }
    Check::ok("migrations", format!("all {applied} are applied"))
}

#[cfg(test)]
mod tests {
    use super::{super::Status, *};

    fn login(name: &str) -> db::Login {
        db::Login {
            name: name.into(),
            can_login: true,
            superuser: false,
            bypasses: false,
            owned: 0,
            acts_as_owner: name == "tandem_owner",
        }
    }

    fn all() -> Vec<db::Login> {
        ["tandem_app", "tandem_owner", "tandem_stream"].map(login).into()
    }

    #[test]
    fn every_way_through_the_wall_is_named() {
        assert_eq!(roles(&all()).status, Status::Ok);
        assert!(roles(&all()[..2]).message.contains("tandem_stream does not exist"));
        type Defect = fn(&mut db::Login);
        let defects: [(Defect, &str); 5] = [
            (|login| login.can_login = false, "may not log in"),
            (|login| login.superuser = true, "is a superuser"),
            (|login| login.bypasses = true, "bypasses row-level security"),
            (|login| login.owned = 1, "owns tables or other objects"),
            (|login| login.acts_as_owner = true, "may act as tandem_owner"),
        ];
        for (defect, said) in defects {
            let mut logins = all();
            defect(&mut logins[0]);
            let check = roles(&logins);
            assert_eq!((check.status, check.message), (Status::Fail, format!("tandem_app {said}")));
        }
        let mut logins = all();
        logins[1].owned = 40;
        assert_eq!(roles(&logins).status, Status::Ok, "the owner owns");
    }

    #[test]
    fn clocks_may_differ_by_two_seconds() {
        let noon = time::macros::datetime!(2026-01-01 12:00 UTC);
        assert_eq!(time(noon, noon - CLOCK_LIMIT).status, Status::Ok);
        assert_eq!(time(noon, noon + CLOCK_LIMIT + time::Duration::MILLISECOND).status, Status::Warn);
    }
}
