//! Processes and a Postgres that a test may kill at any moment, and firms to work with on them.
//!
//! Ports lie below those that the kernel hands out, so that a process that was killed finds its own again.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::Rng as _;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tandem::postgres::{self, Running, pidfile};
use tokio::process::Command;
use tonic::transport::Endpoint;
use uuid::Uuid;

mod party;
mod process;

pub use party::{Party, operator, operator_by, pair};
pub use process::{Process, counted};

use crate::{
    Access,
    cluster::target,
    disk::{self, Disk},
    skewed::Skewed,
    tell,
    wait::until,
};

/// The name of the database that the processes share.
const DATABASE: &str = "tandem";
/// The folder of a server on a disk of its own, in that of its processes.
const DISK: &str = "disk";
/// How long a process or Postgres may take to be back.
const BACK: Duration = Duration::from_secs(60);

/// What a process is told by its environment.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// A Postgres of its own with the product's schemas, as durable as `tandem dev`'s.
pub struct Cluster {
    /// Where its processes log.
    dir: PathBuf,
    /// Where the server lives.
    home: PathBuf,
    running: Option<Running>,
    pool: PgPool,
    /// What it stands on, where a test may fill it. After the server, which writes there to its end.
    disk: Option<Disk>,
}

impl Cluster {
    /// Starts it in a [`folder`].
    pub async fn start(name: &str) -> Self {
        let dir = folder(name).await;
        Self::start_in(dir.clone(), dir, None).await
    }

    /// The same on a disk of so many MiB that a test may fill, where this user may mount one.
    pub async fn start_on_a_small_disk(name: &str, size_mib: usize) -> Self {
        let dir = folder(name).await;
        let home = dir.join(DISK);
        fs::create_dir_all(&home).expect("the folder can be written");
        let disk = Disk::mount(&home, size_mib);
        Self::start_in(dir, home, disk).await
    }

    /// The same with a database in which nothing stands yet; see [`Cluster::migrate`].
    pub async fn start_empty(name: &str) -> Self {
        let dir = folder(name).await;
        Self::open(dir.clone(), dir, None).await
    }

    async fn start_in(dir: PathBuf, home: PathBuf, disk: Option<Disk>) -> Self {
        let cluster = Self::open(dir, home, disk).await;
        cluster.migrate().await;
        cluster
    }

    async fn open(dir: PathBuf, home: PathBuf, mut disk: Option<Disk>) -> Self {
        let running = postgres::start(&home).await.expect("Postgres starts");
        let near = home.canonicalize().is_ok_and(|home| running.data().starts_with(home));
        if disk.is_some() && !near {
            tell::skipped("full disks: the user who runs Postgres does not reach this folder");
            disk = None;
        }
        running.ensure_database(DATABASE).await.expect("a database");
        let owner_url = running.access.superuser_url(DATABASE);
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy(&owner_url).expect("an address");
        Self { dir, home, running: Some(running), pool, disk }
    }

    /// Brings the database to this version.
    pub async fn migrate(&self) {
        let owner_url = self.access().superuser_url(DATABASE);
        tandem::database::migrate(&owner_url, &self.access().passwords()).await.expect("migrations apply");
    }

    /// Brings it to the version of a binary.
    pub async fn migrate_by(&self, binary: &Path) {
        let mut command = Command::new(binary);
        command.arg("migrate").env_remove("TANDEM_CONFIG").envs(self.environment_of(&["TANDEM_DATABASE__"]));
        command.env("DATABASE_URL", self.access().superuser_url(DATABASE));
        let output = command.output().await.expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Kills the server, which is gone when this returns; its workers notice by themselves.
    pub async fn kill(&mut self) {
        let Some(running) = self.running.take() else { return };
        let data = running.data();
        strike(&running);
        until("the server is gone", BACK, async || pidfile::find(&data).is_none().then_some(())).await;
    }

    /// Starts it again after a kill, on the same port.
    pub async fn restart(&mut self) {
        let before = self.pool.connect_options().get_port();
        let running = postgres::start(&self.home).await.expect("Postgres recovers");
        assert_eq!(running.access.port(), before, "its processes know it by its port");
        self.running = Some(running);
    }

    /// Holds the server still with all its workers, or lets it go on.
    pub fn hold(&self, still: bool) {
        let running = self.running.as_ref().expect("Postgres runs");
        let Some(found) = pidfile::find(&running.data()) else { return };
        let name = if still { "STOP" } else { "CONT" };
        for pid in std::iter::once(found.pid).chain(children(found.pid)) {
            signal(pid, name);
        }
    }

    /// Its disk, where it has one of its own.
    pub fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// Starts it where it gave up, as on a disk that was full, and does nothing where it runs.
    pub async fn ensure(&mut self) {
        drop(self.running.take());
        self.restart().await;
    }

    /// Writes what its log holds into its tables, so that the log may be short.
    pub async fn checkpoint(&self) {
        sqlx::query("checkpoint").execute(&self.pool).await.expect("a superuser may");
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.pool.connect_options().get_port()))
    }

    /// A replica in this process.
    pub async fn skewed(&self) -> Skewed {
        Skewed::start(&self.environment()).await
    }

    /// Commands that are committed and not yet in the log.
    pub async fn unsequenced(&self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from event.outbox");
        count.fetch_one(&self.pool).await.expect("the owner reads the outbox")
    }

    /// Where the feed of a firm stands.
    pub async fn head(&self, feed: Uuid) -> i64 {
        let head = sqlx::query_scalar("select next_seq - 1 from event.feed_head where feed = $1").bind(feed);
        let head: Option<i64> = head.fetch_optional(&self.pool).await.expect("the owner reads every feed");
        head.unwrap_or_default()
    }

    fn access(&self) -> &postgres::Access {
        &self.running.as_ref().expect("Postgres runs").access
    }

    /// What a process needs to know to run on it.
    fn environment(&self) -> Environment {
        let access = self.access();
        let passwords = access.passwords();
        vec![
            ("TANDEM_DATABASE__APP_URL", access.url_for("tandem_app", &passwords.app, DATABASE)),
            ("TANDEM_DATABASE__STREAM_URL", access.url_for("tandem_stream", &passwords.stream, DATABASE)),
            ("TANDEM_KEYS__CURRENT", "5e".repeat(32)),
            ("TANDEM_WEBHOOKS__KEY", "5f".repeat(32)),
            ("TANDEM_WEBHOOKS__LOOPBACK", "on".into()),
        ]
    }

    fn environment_of(&self, prefixes: &[&str]) -> Environment {
        let mut environment = self.environment();
        environment.retain(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        environment
    }

    /// Ends it and removes its folder.
    pub async fn finish(mut self) {
        self.pool.close().await;
        if let Some(running) = self.running.take() {
            running.stop().await.expect("Postgres stops");
        }
        remove(&self.dir).await;
    }
}

/// A new folder in the target directory for this process alone. Those of processes that are gone are removed: a test
/// that failed leaves its logs there until the next run.
pub async fn folder(name: &str) -> PathBuf {
    let target = target();
    let prefix = format!("{name}-");
    for entry in fs::read_dir(&target).expect("the target directory").flatten() {
        let file_name = entry.file_name();
        let pid = file_name.to_str().and_then(|found| found.strip_prefix(&prefix)?.parse::<u32>().ok());
        if pid.is_some_and(|pid| pid == std::process::id() || !Path::new(&format!("/proc/{pid}")).exists()) {
            remove(&entry.path()).await;
        }
    }
    let dir = target.join(format!("{prefix}{}", std::process::id()));
    fs::create_dir_all(&dir).expect("the target directory can be written");
    dir
}

/// Removes a folder with the cluster that belongs to it, unless somebody still runs there.
pub async fn remove(dir: &Path) {
    let disk = dir.join(DISK);
    if disk.exists() && postgres::reset(&disk).await.is_ok() {
        disk::unmount(&disk);
    }
    if postgres::reset(dir).await.is_ok() {
        let _ = fs::remove_dir_all(dir);
    }
}

impl Drop for Cluster {
    /// A test that failed must not leave a server behind.
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            strike(&running);
        }
    }
}

/// Ends the server of a cluster without a word.
fn strike(running: &Running) {
    if let Some(found) = pidfile::find(&running.data()) {
        signal(found.pid, "KILL");
    }
}

/// Sends a signal to a process, which may have gone.
pub fn signal(pid: u32, name: &str) {
    let mut command = std::process::Command::new("sh");
    let status = command.args(["-c", &format!("kill -{name} {pid}")]).stderr(Stdio::null()).status();
    status.expect("sh runs");
}

/// The processes that a process started and that still run.
fn children(of: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// An address that nobody listens at and that no earlier call was given, below those of outgoing connections.
pub fn free() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let free = std::iter::repeat_with(|| rand::rng().random_range(20_000..32_000))
        .find(|port: &u16| !given.contains(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    let port = free.expect("a free port");
    given.insert(port);
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A caller of whatever listens there, now or later, on a connection of its own.
pub fn access(api: SocketAddr, token: Option<&str>) -> Access {
    let endpoint = Endpoint::from_shared(format!("http://{api}")).expect("an address");
    let endpoint = endpoint.connect_timeout(Duration::from_secs(2)).tcp_nodelay(true);
    Access::new(endpoint.connect_lazy(), token)
}

/// The same with a narrow window: what is not read is not sent either.
pub fn narrow(api: SocketAddr, token: Option<&str>) -> Access {
    let endpoint = Endpoint::from_shared(format!("http://{api}")).expect("an address");
    let endpoint = endpoint.initial_stream_window_size(64 * 1024).initial_connection_window_size(128 * 1024);
    Access::new(endpoint.tcp_nodelay(true).connect_lazy(), token)
}

/// Waits until it answers its caller.
pub async fn answering(access: &Access) {
    until("the process answers", BACK, async || {
        let answer = access.sessions().who_am_i(proto::partners::WhoAmIRequest {}).await;
        answer.is_ok().then_some(())
    })
    .await;
}
