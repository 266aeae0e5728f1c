//! The private Postgres of all tests of this checkout, and the database that worlds are cloned from.
//!
//! The server outlives a test process for as long as another one uses it; its data is kept, so that the next test program
//! finds server, roles and template. It lies in memory where there is room, and `target/test-cluster` leads to it;
//! `tests/run` removes it in the end.

use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tandem::postgres::{Access, Durability, Running};
use tokio::sync::OnceCell;

/// Any number that no other program on the cluster uses for an advisory lock.
const LOCK: i64 = 0x7465_7374_776c;
/// Templates of earlier migrations that are kept, for processes that were built before the last change.
const KEPT_TEMPLATES: i64 = 4;

/// What a whole run needs, several times over.
const ROOM: u64 = 4 << 30;

/// A Postgres that runs, and the name of the template.
pub struct Cluster {
    pub access: Access,
    template: String,
    _running: Running,
}

/// The target directory of this build.
pub fn target() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows its own path");
    let found = exe.ancestors().find(|dir| dir.join("CACHEDIR.TAG").exists());
    found.map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from)
}

/// The cluster, started by whoever needs it first in this process.
pub async fn get() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_init(|| async {
            // In a runtime of its own, since that of the first test ends with the first test.
            let started = tokio::task::spawn_blocking(|| keeper().block_on(start()));
            started.await.expect("the cluster starts")
        })
        .await
}

/// The runtime that watches the server's process until this process ends.
fn keeper() -> &'static tokio::runtime::Runtime {
    static KEEPER: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}

async fn start() -> Cluster {
    let dir = home();
    // What a figure costs without the disk would not be worth much, and tests have nothing to lose.
    let durability = if ON_DISK.load(Ordering::Relaxed) { Durability::Full } else { Durability::Fast };
    let running = tandem::postgres::start_shared(&dir, durability)
        .await
        .unwrap_or_else(|error| panic!("tests need PostgreSQL on this machine: {error}"));
    let template = template_name();
    let cluster = Cluster { access: running.access.clone(), template, _running: running };
    cluster.ensure_template().await;
    cluster
}

static ON_DISK: AtomicBool = AtomicBool::new(false);

/// Lets the data lie on the disk, and commits wait for it, for whom it matters what that costs. Before the first [`get`].
pub fn on_disk() {
    ON_DISK.store(true, Ordering::Relaxed);
}

/// Where the data lies. Each world comes and goes with 1,400 files, and on a disk (ext4 without a journal) creating them was
/// more than a third of all that the tests cost.
fn home() -> PathBuf {
    let target = target();
    let mut hash = Sha256::new();
    hash.update(target.as_os_str().as_encoded_bytes());
    let memory = PathBuf::from("/dev/shm");
    let room = rustix::fs::statvfs(&memory).is_ok_and(|found| found.f_bavail * found.f_frsize >= ROOM);
    if ON_DISK.load(Ordering::Relaxed) || !room {
        let dir = target.join("test-postgres");
        std::fs::create_dir_all(&dir).expect("target can be written");
        return dir;
    }
    let dir = memory.join(format!("tandem-tests-{}", hex::encode(&hash.finalize()[..6])));
    std::fs::create_dir_all(&dir).expect("memory can be written");
    let link = target.join("test-cluster");
    let _ = std::fs::remove_file(&link);
    // Two programs that start at once make the same link.
    let _ = std::os::unix::fs::symlink(&dir, &link);
    dir
}

/// Named by the migrations, so that a changed one makes a new template.
fn template_name() -> String {
    let mut hash = Sha256::new();
    for (schema, migrator) in tandem::database::migrators() {
        hash.update(schema);
        for migration in migrator.iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&migration.checksum);
        }
    }
    format!("tandem_template_{}", hex::encode(&hash.finalize()[..6]))
}

impl Cluster {
    /// A session of the superuser in the maintenance database.
    async fn admin(&self) -> PgConnection {
        let url = self.access.superuser_url("postgres");
        PgConnection::connect(&url).await.expect("the maintenance database answers")
    }

    /// Builds the template where it is missing; several processes may come at once.
    async fn ensure_template(&self) {
        let mut admin = self.admin().await;
        sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut admin).await.expect("lock");
        // A template is marked as one only when it is complete.
        let complete: bool = sqlx::query_scalar(
            "select exists (select from pg_database where datname = $1 and datistemplate)",
        )
        .bind(&self.template)
        .fetch_one(&mut admin)
        .await
        .expect("pg_database");
        if !complete {
            self.build_template(&mut admin).await;
        }
        self.sweep(&mut admin).await;
        // Closing the session releases the lock.
        admin.close().await.expect("close");
    }

    async fn build_template(&self, admin: &mut PgConnection) {
        let name = &self.template;
        run(admin, format!("drop database if exists {name} with (force)")).await;
        run(admin, format!("create database {name} template template0 encoding 'UTF8' locale 'C.UTF-8'"))
            .await;
        let url = self.access.superuser_url(name);
        tandem::database::migrate(&url, &self.access.passwords()).await.expect("migrations apply");
        run(admin, format!("alter database {name} with is_template true allow_connections false")).await;
    }

    /// Removes databases of processes that died without removing them, and templates nobody needs any more.
    async fn sweep(&self, admin: &mut PgConnection) {
        let names: Vec<String> =
            sqlx::query_scalar(r"select datname::text from pg_database where datname like 'world\_%'")
                .fetch_all(&mut *admin)
                .await
                .expect("pg_database");
        for name in names {
            let pid = name.split('_').nth(1).and_then(|pid| pid.parse::<u32>().ok());
            if pid.is_some_and(|pid| !PathBuf::from(format!("/proc/{pid}")).exists()) {
                run(admin, format!("drop database if exists {name} with (force)")).await;
            }
        }
        let old: Vec<String> = sqlx::query_scalar(
            r"select datname::text from pg_database where datname like 'tandem\_template\_%' and datname <> $1
              order by oid desc offset $2",
        )
        .bind(&self.template)
        .bind(KEPT_TEMPLATES)
        .fetch_all(&mut *admin)
        .await
        .expect("pg_database");
        for name in old {
            run(admin, format!("alter database {name} with is_template false")).await;
            run(admin, format!("drop database {name} with (force)")).await;
        }
    }

    /// A new database with every schema and no rows.
    pub(crate) async fn clone_database(&self) -> String {
        let id = chassis::clock::system().id().simple().to_string();
        // The process is named so that a later one sees whether it still lives.
        let name = format!("world_{}_{}", std::process::id(), &id[20..]);
        let mut admin = self.admin().await;
        run(&mut admin, format!("create database {name} template {}", self.template)).await;
        let _ = admin.close().await;
        name
    }

    pub(crate) async fn drop_database(&self, name: &str) {
        let mut admin = self.admin().await;
        run(&mut admin, format!("drop database {name} with (force)")).await;
        let _ = admin.close().await;
    }

    /// The address of a database for one of Tandem's logins.
    pub fn url(&self, role: &str, database: &str) -> String {
        let passwords = self.access.passwords();
        let password = match role {
            "tandem_owner" => &passwords.owner,
            "tandem_app" => &passwords.app,
            "tandem_stream" => &passwords.stream,
            other => panic!("no login {other}"),
        };
        self.access.url_for(role, password, database)
    }
}

/// CREATE and DROP DATABASE take no parameters; every name here is ours.
async fn run(admin: &mut PgConnection, statement: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(admin).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
