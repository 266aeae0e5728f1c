//! The tenant wall: the only way to a connection is a transaction of one firm, in which row-level security sees
//! that firm alone.
//!
//! **Invariant:** `tandem.firm` is set with `is_local`, in the same round trip that begins the transaction, so
//! that a pooled connection never carries one firm's setting into another's transaction.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt as _, future::select_ok};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, SqlSafeStr as _, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use crate::error::{Error, Reason, Result};

/// How statements are planned that find their rows by keys.
const BY_KEYS: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// How long after its last use a connection is taken as it is.
const TRUSTED: Duration = Duration::from_secs(1);

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long a near one may take to begin: what takes longer is not near.
const NEAR_PATIENCE: Duration = Duration::from_secs(1);

/// How long one of the rest is waited for alone. To leave it would end a connection that is being opened, or asked whether
/// it is there; what takes longer waits for its turn.
const ALONE: Duration = Duration::from_millis(50);

/// Connections of `tandem_app`, usable only inside a firm's transaction.
///
/// A pool gives out whichever connection has rested longest. With twenty of them and little to do that is always one whose
/// server process has lost its plans and tables from the processor's caches: the same statements took 1.7 times as long
/// as by a connection that had just run them. So a few are pools of their own, and whoever comes takes the first that is
/// free. Whoever finds none waits for all of them.
#[derive(Clone, Debug)]
pub struct TenantPool {
    near: Arc<[Near]>,
    rest: PgPool,
    /// Taken by who opens a near connection, so that nobody else does meanwhile.
    opening: Arc<Semaphore>,
}

impl TenantPool {
    /// Wraps a pool that logs in as `tandem_app`.
    pub fn new(rest: PgPool) -> Self {
        Self { near: Arc::default(), rest, opening: Arc::new(Semaphore::new(1)) }
    }

    /// With connections that are tried first, in this order.
    pub fn near(self, near: impl IntoIterator<Item = Near>) -> Self {
        Self { near: near.into_iter().collect(), ..self }
    }

    /// Begins a transaction that sees the firm's rows.
    pub async fn begin(&self, firm: Uuid) -> Result<TenantTx> {
        // A UUID prints as hex and hyphens only, so that it cannot end the literal.
        self.begin_by(format!("begin; select set_config('tandem.firm', '{firm}', true)"), firm).await
    }

    /// As [`TenantPool::begin`], for statements that find their rows by keys: a command, or a page that an index gives.
    /// The database keeps one plan for each of them, since planning anew for the values at hand took as long as the
    /// statement itself; and the plan goes by indexes whatever the statistics say, since a plan that was kept while a table
    /// was small would else read all of it when it is large.
    pub async fn begin_by_keys(&self, firm: Uuid) -> Result<TenantTx> {
        let settings =
            BY_KEYS.map(|(name, value)| format!(", set_config('{name}', '{value}', true)")).concat();
        self.begin_by(format!("begin; select set_config('tandem.firm', '{firm}', true){settings}"), firm)
            .await
    }

    /// Begins a transaction of no firm: it sees no rows, and serves only published definer functions, such as
    /// those that resolve a credential or a link.
    pub async fn begin_outside(&self) -> Result<TenantTx> {
        self.begin_by("begin; select set_config('tandem.firm', '', true)".to_owned(), Uuid::nil()).await
    }

    /// In a task of its own: a caller that goes away in the middle would else leave the connection to the pool inside
    /// a transaction that nobody knows of.
    async fn begin_by(&self, statement: String, firm: Uuid) -> Result<TenantTx> {
        let asked = Instant::now();
        let begun = tokio::spawn(self.clone().begin_first(statement)).await;
        let tx = begun.map_err(|_| Error::new(Reason::UNAVAILABLE))??;
        // A round trip, and however long a connection was waited for.
        metrics::histogram!("tandem_begin_seconds").record(asked.elapsed());
        Ok(TenantTx { tx, firm })
    }

    /// By the first of the near connections that is free and answers, else by whichever connection is free first.
    async fn begin_first(self, statement: String) -> sqlx::Result<Transaction<'static, Postgres>> {
        for near in self.near.iter() {
            match near.begin(statement.clone()).await {
                Ok(Some(tx)) => return Ok(tx),
                Ok(None) => self.open(&near.pool),
                // One that says nothing was waited for; the next one may have the same server.
                Err(sqlx::Error::PoolTimedOut) => break,
                // It was ended while nobody used it, and nothing has happened on it. What is wrong with more than
                // this one comes again from the rest.
                Err(error) => tracing::debug!(%error, "a near connection did not begin"),
            }
        }
        match self.begin_free(statement.clone()).await {
            // A connection that was taken as it is and had just been ended; nothing has happened on it.
            Err(error) if has_ended(&error) => self.begin_free(statement).await,
            begun => begun,
        }
    }

    /// Waits in the queues of all connections: a near one that is given back would else go to whoever comes next, while those
    /// who came before wait until they are refused.
    async fn begin_free(&self, statement: String) -> sqlx::Result<Transaction<'static, Postgres>> {
        let mut rest = self.rest.acquire().boxed();
        let connection = match timeout(ALONE, &mut rest).await {
            Ok(acquired) => acquired?,
            Err(_) => {
                let near = self.near.iter().map(|near| near.pool.acquire().boxed());
                select_ok(near.chain([rest])).await?.0
            }
        };
        // As `Pool::begin_with` does with a connection of its own.
        Transaction::begin(connection, Some(AssertSqlSafe(statement).into_sql_str())).await
    }

    /// Opens a near connection for whoever comes next, where there is none: to wait for it would take longer than one of the
    /// rest.
    fn open(&self, one: &PgPool) {
        if one.size() > 0 || one.is_closed() {
            return;
        }
        let Ok(permit) = self.opening.clone().try_acquire_owned() else { return };
        let one = one.clone();
        tokio::spawn(async move {
            if let Err(error) = one.acquire().await {
                tracing::debug!(%error, "a near connection was not opened");
            }
            drop(permit);
        });
    }

    /// Whether the database answers, within two seconds.
    pub async fn ready(&self) -> bool {
        let ask = async { self.rest.acquire().await?.ping().await };
        matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(())))
    }

    /// Open connections, and those of them that nobody uses.
    pub fn connections(&self) -> (u32, usize) {
        (self.pools().map(PgPool::size).sum(), self.pools().map(PgPool::num_idle).sum())
    }

    /// How many there may be.
    pub fn most(&self) -> u32 {
        self.near.len() as u32 + self.rest.options().get_max_connections()
    }

    /// Closes all connections; those that are in use after 8 s are left to the end of the process.
    pub async fn close(&self) {
        let _ = timeout(PATIENCE, futures::future::join_all(self.pools().map(PgPool::close))).await;
    }

    fn pools(&self) -> impl Iterator<Item = &PgPool> {
        self.near.iter().map(Near::pool).chain([&self.rest])
    }
}

/// A connection that is tried before the others, and opened when it is first wanted.
#[derive(Clone, Debug)]
pub struct Near {
    /// Of one connection.
    pool: PgPool,
    /// Whether its server said nothing in time. It is closed then, and another one opened: the pool would wait for a word of
    /// it before it takes it back.
    silent: Arc<AtomicBool>,
}

impl Near {
    /// To a database that is not asked yet.
    pub fn new(options: PgConnectOptions) -> Self {
        let silent = Arc::new(AtomicBool::new(false));
        let closed = silent.clone();
        let pool = pool(1).after_release(move |_, _| {
            let kept = !closed.swap(false, Ordering::Relaxed);
            Box::pin(async move { Ok(kept) })
        });
        Self { pool: pool.connect_lazy_with(asking(options)), silent }
    }

    /// Its pool of one connection.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction where it is free; `PoolTimedOut` where it says nothing in time.
    async fn begin(&self, statement: String) -> sqlx::Result<Option<Transaction<'static, Postgres>>> {
        let mut begin = pin!(self.pool.try_begin_with(AssertSqlSafe(statement)));
        match timeout(NEAR_PATIENCE, begin.as_mut()).await {
            Ok(begun) => begun,
            Err(_) => {
                // Before it is given back, which happens at the end of this function.
                self.silent.store(true, Ordering::Relaxed);
                Err(sqlx::Error::PoolTimedOut)
            }
        }
    }
}

/// A transaction of one firm. Dropping it rolls back.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    firm: Uuid,
}

impl TenantTx {
    /// The firm whose rows it sees.
    pub fn firm(&self) -> Uuid {
        self.firm
    }

    /// The connection, for statements.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Makes everything durable.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}

/// Opens a pool of at most `max` connections.
pub async fn connect(options: PgConnectOptions, max: u32) -> Result<PgPool> {
    Ok(pool(max).connect_with(asking(options)).await?)
}

/// Statements longer than 30 s and transactions idle for 30 s are ended by the database. What is asked is small and there is
/// much of it: compiling a statement, or sharing it among workers, would cost more than running it.
fn asking(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("tandem").options([
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("jit", "off"),
        ("max_parallel_workers_per_gather", "0"),
    ])
}

fn pool(max: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(PATIENCE)
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // One that was just used is there: it was asked when it came back. To ask again took as long as a statement.
                if meta.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Whether the connection is no more.
fn has_ended(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // admin_shutdown, crash_shutdown
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P01" | "57P02")),
        _ => false,
    }
}

/// Whether a database error is the violation of the named constraint.
pub fn is_constraint(error: &sqlx::Error, name: &str) -> bool {
    matches!(error, sqlx::Error::Database(db) if db.constraint() == Some(name))
}

/// Refuses a login that could see through the wall: a superuser, BYPASSRLS, or an owner of tables.
pub async fn check_wall(pool: &PgPool) -> anyhow::Result<()> {
    let row = sqlx::query!(
        r#"select current_user::text as "name!", rolsuper as "superuser!", rolbypassrls as "bypass!",
                  exists (select from pg_class where relowner = pg_roles.oid and relkind in ('r', 'p')) as "owner!"
           from pg_roles where rolname = current_user"#
    )
    .fetch_one(pool)
    .await?;
    if row.superuser || row.bypass || row.owner {
        anyhow::bail!(
            "database login {} can see every firm's rows (superuser {}, bypassrls {}, owns tables {}); \
             use tandem_app as `tandem migrate` creates it",
            row.name,
            row.superuser,
            row.bypass,
            row.owner
        );
    }
    Ok(())
}
