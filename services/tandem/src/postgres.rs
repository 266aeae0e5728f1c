//! The embedded Postgres: the machine's own binaries run as a private cluster in the data directory, so that
//! `tandem dev` and the tests need no database to be set up.
//!
//! * [`binaries`]: finds PostgreSQL on the machine
//! * [`place`]: where a cluster lives, and which user runs it
//! * [`settings`]: its port and passwords, kept beside the data
//! * [`pidfile`]: what Postgres itself says about the process on the data
//! * [`server`]: initdb, the server process, its configuration
//!
//! **Invariant:** two servers never run on the same data. One lock keeps starters apart; a server whose launcher was
//! killed lives on and is found again through its postmaster.pid.

pub mod binaries;
pub mod pidfile;
pub mod place;
mod server;
mod settings;

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use chassis::migrate::Passwords;
use sqlx::{Postgres, migrate::MigrateDatabase as _};
use tokio::process::Child;

use self::{place::Place, settings::Settings};

/// The login that initdb makes: a superuser, for migrations and `tandem doctor` alone.
pub const SUPERUSER: &str = "tandem_superuser";

/// What a power failure may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Full,
    /// The whole cluster: no fsync, for tests.
    Fast,
}

/// Why the embedded Postgres does not run; each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "PostgreSQL {} or newer is not installed; install it with `{}`, or name a running one in DATABASE_URL",
        binaries::OLDEST,
        binaries::INSTALL
    )]
    NotInstalled,
    #[error(
        "the cluster in {} was made by PostgreSQL {major}, which is not installed; install postgresql-{major}, or \
         start afresh with --reset",
        .data.display()
    )]
    OtherVersion { data: PathBuf, major: u32 },
    #[error("tandem already runs on {}{}; stop it, or name another directory with --data", .dir.display(), pid(.holder))]
    Busy { dir: PathBuf, holder: Option<u32> },
    #[error(
        "there is neither a user postgres nor a user nobody to run Postgres as; create one, or do not run as root"
    )]
    NoUser,
    #[error("{} belongs to another user; run as that user, or name another directory with --data", .0.display())]
    Foreign(PathBuf),
    #[error("{} does not hold what Tandem wrote into it: {reason}; start afresh with --reset", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("initdb failed: {0}")]
    Initdb(String),
    #[error("Postgres did not start: {reason}; its log is {}", .log.display())]
    Start { reason: String, log: PathBuf },
    #[error("Postgres (process {pid}) did not stop; stop it by hand")]
    Stop { pid: u32 },
    #[error("creating the database {name}: {source}")]
    Database { name: String, source: sqlx::Error },
    #[error("{what} {}: {source}", .path.display())]
    Files { what: &'static str, path: PathBuf, source: std::io::Error },
}

/// How to log in to a cluster that runs.
#[derive(Clone)]
pub struct Access {
    port: u16,
    settings: Settings,
}

/// A cluster that runs, and the right to be the only one who uses it. Dropping it leaves Postgres running, where the
/// next start finds it.
pub struct Running {
    /// How to log in.
    pub access: Access,
    place: Place,
    pid: u32,
    child: Option<Child>,
    _lock: File,
}

/// Starts the cluster of a data directory, or takes over the one that a killed launcher left running. The first
/// start creates it.
///
/// # Errors
/// Where PostgreSQL is not installed, another process of Tandem uses the directory, or the server refuses to start.
pub async fn start(data_dir: &Path) -> Result<Running, Error> {
    let place = Place::choose(data_dir)?;
    let lock = lock(&place)?;
    let started = server::start(&place, Durability::Full).await?;
    Ok(Running::new(place, started, lock))
}

/// Starts a cluster that several processes use at once, such as test programs, and that goes when the last of
/// them has gone.
///
/// # Errors
/// As [`start`], except that it waits for another starter.
pub async fn start_shared(data_dir: &Path, durability: Durability) -> Result<Running, Error> {
    let place = Place::choose(data_dir)?;
    let starting = wait(open(&place.lock_file())?, File::lock, place.lock_file()).await?;
    let users = wait(open(&place.users_file())?, File::lock_shared, place.users_file()).await?;
    let started = server::start(&place, durability).await?;
    if started.child.is_some() {
        server::stop_after_last_user(&place, started.pid);
    }
    drop(starting);
    Ok(Running::new(place, started, users))
}

/// Deletes the cluster of a data directory with everything in it. What else lies in the directory stays.
///
/// # Errors
/// Where Tandem runs on it, or files cannot be removed.
pub async fn reset(data_dir: &Path) -> Result<(), Error> {
    for place in Place::all(data_dir)? {
        let lock = lock(&place)?;
        if let Some(found) = pidfile::find(&place.data()) {
            server::stop(&place, found.pid, None).await?;
        }
        if place.settings_file().exists() || place.data().join("PG_VERSION").exists() {
            let home = place.home();
            std::fs::remove_dir_all(home).map_err(files("removing", home))?;
        }
        drop(lock);
    }
    Ok(())
}

/// How to log in to the cluster of a data directory, where one runs; starts nothing and locks nothing.
pub fn attach(data_dir: &Path) -> Option<Access> {
    let place = Place::existing(data_dir)?;
    let found = pidfile::find(&place.data()).filter(|found| found.state == pidfile::State::Ready)?;
    Some(Access { port: found.port, settings: Settings::read(&place.settings_file()).ok()? })
}

impl Access {
    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection string.
    pub fn url_for(&self, role: &str, password: &str, database: &str) -> String {
        let [role, password, database] = [role, password, database].map(settings::percent_encode);
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection string of the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url_for(SUPERUSER, &self.settings.superuser, database)
    }

    /// Passwords for the logins of Tandem, made with the cluster and kept with it.
    pub fn passwords(&self) -> Passwords {
        let settings = self.settings.clone();
        Passwords { owner: settings.owner, app: settings.app, stream: settings.stream }
    }
}

impl Running {
    fn new(place: Place, started: server::Started, lock: File) -> Self {
        let access = Access { port: started.port, settings: started.settings };
        Self { access, place, pid: started.pid, child: started.child, _lock: lock }
    }

    /// Whether it was found running.
    pub fn reused(&self) -> bool {
        self.child.is_none()
    }

    /// Where the cluster's files are.
    pub fn data(&self) -> PathBuf {
        self.place.data()
    }

    /// Creates a database where there is none of that name.
    ///
    /// # Errors
    /// Where Postgres refuses.
    pub async fn ensure_database(&self, name: &str) -> Result<(), Error> {
        let url = self.access.superuser_url(name);
        let ensure = async {
            if Postgres::database_exists(&url).await? {
                Ok(())
            } else {
                Postgres::create_database(&url).await
            }
        };
        ensure.await.map_err(|source| Error::Database { name: name.into(), source })
    }

    /// Stops the server: sessions are ended, what is committed stays.
    ///
    /// # Errors
    /// Where it does not go within a minute.
    pub async fn stop(self) -> Result<(), Error> {
        server::stop(&self.place, self.pid, self.child).await
    }
}

/// Takes the lock of a place, or says who holds it.
fn lock(place: &Place) -> Result<File, Error> {
    let path = place.lock_file();
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(Error::Busy { dir: place.dir().into(), holder: holder.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(files("locking", &path)(source)),
    }
    let write = |file: &mut File| -> std::io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(files("writing", &path))?;
    Ok(file)
}

/// Waits for a lock off the runtime's threads.
async fn wait(file: File, how: fn(&File) -> std::io::Result<()>, path: PathBuf) -> Result<File, Error> {
    let locked = tokio::task::spawn_blocking(move || how(&file).map(|()| file)).await;
    locked.map_err(std::io::Error::other).flatten().map_err(files("locking", &path))
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).open(path).map_err(files("opening", path))
}

/// Says which file it was.
fn files(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| match source.kind() {
        std::io::ErrorKind::PermissionDenied => Error::Foreign(path.into()),
        _ => Error::Files { what, path: path.into(), source },
    }
}

fn pid(holder: &Option<u32>) -> String {
    holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
