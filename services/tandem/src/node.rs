//! One process of Tandem: chosen services behind the API listener, the portal, and metrics. `tandem dev`, `tandem
//! serve` and tests all run this.
//!
//! **Invariant:** nothing here is global, so that several nodes run in one process; listeners are bound by the caller,
//! before any work, so that a taken port is known at once and tests use port 0.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, http::StatusCode, middleware, routing::get};
use chassis::{
    caller::Resolver,
    clock::SharedClock,
    config::{Config, Switch},
    db::{Near, TenantPool},
    dial::{self, SharedDialer},
    gate::{self, Gate},
    json::{self, Json},
    rates::Rates,
    service::{Deps, Service},
};
use clap::ValueEnum;
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{service::Routes, transport::Endpoint};
use tonic_health::{ServingStatus, server::HealthReporter};

/// A service that a process may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum ServiceName {
    /// Firms, members, credentials, relationships
    Partners,
    /// Purchase orders and their answers
    Orders,
    /// Documents in and out
    Interchange,
    /// Mail and group robots
    Notices,
    /// Demand, capacity and its reservations
    Capacity,
    /// Digital resources, and who may use them
    Resources,
    /// Sequencer and subscriptions
    Stream,
    /// The partner portal
    Portal,
}

/// All of them, as `tandem dev` runs them.
pub const ALL: &[ServiceName] = &[
    ServiceName::Partners,
    ServiceName::Orders,
    ServiceName::Interchange,
    ServiceName::Notices,
    ServiceName::Capacity,
    ServiceName::Resources,
    ServiceName::Stream,
    ServiceName::Portal,
];

/// Bound sockets.
#[derive(Debug)]
pub struct Listeners {
    pub api: TcpListener,
    /// Only where the portal runs.
    pub portal: Option<TcpListener>,
    pub metrics: TcpListener,
}

impl Listeners {
    /// Binds what the roles need at the configured addresses; port 0 takes a free one.
    ///
    /// # Errors
    /// Names the setting whose address is taken or not ours.
    pub async fn bind(config: &Config, roles: &[ServiceName]) -> anyhow::Result<Listeners> {
        let portal = match roles.contains(&ServiceName::Portal) {
            true => Some(bind("portal.listen", config.portal.listen).await?),
            false => None,
        };
        Ok(Listeners {
            api: bind("api.listen", config.api.listen).await?,
            portal,
            metrics: bind("metrics.listen", config.metrics.listen).await?,
        })
    }
}

async fn bind(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen at {address} ({setting}); stop what is there or choose another port")
    })
}

/// What tests choose and real processes do not.
#[derive(Clone)]
pub struct Options {
    pub clock: SharedClock,
    /// Instead of the one that the settings ask for.
    pub dialer: Option<SharedDialer>,
    #[cfg(feature = "testing")]
    pub testing: Arc<chassis::service::Testing>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            clock: chassis::clock::system(),
            dialer: None,
            #[cfg(feature = "testing")]
            testing: Arc::default(),
        }
    }
}

/// A running process of Tandem.
pub struct Node {
    /// Where the API listens.
    pub api: SocketAddr,
    /// Where the portal listens; port 0 where it does not run here.
    pub portal: SocketAddr,
    /// Where metrics are read.
    pub metrics: SocketAddr,
    /// What services were given.
    pub deps: Deps,
    /// The settings with the addresses that were bound.
    pub config: Config,
    health: HealthReporter,
    /// Cancelled after the portal has drained, since the portal's last pages still call the API.
    api_shutdown: CancellationToken,
    portal_tasks: TaskTracker,
    tasks: TaskTracker,
}

/// Starts the services on bound listeners; they answer when this returns.
///
/// # Errors
/// Where the database does not answer, a login could see through the tenant wall, or a setting is wrong.
pub async fn start(config: Config, roles: &[ServiceName], listeners: Listeners) -> anyhow::Result<Node> {
    start_with(config, roles, listeners, Options::default()).await
}

/// [`start`] with a test's clock and switches.
pub async fn start_with(
    mut config: Config,
    roles: &[ServiceName],
    listeners: Listeners,
    options: Options,
) -> anyhow::Result<Node> {
    config.api.listen = listeners.api.local_addr()?;
    config.metrics.listen = listeners.metrics.local_addr()?;
    if let Some(portal) = &listeners.portal {
        config.portal.listen = portal.local_addr()?;
    }
    config.check_listeners()?;
    check_reach(&config, roles)?;
    // From here on, so that the first reading knows what happened before it.
    let _ = chassis::telemetry::metrics();
    let deps = deps(&config, options).await?;
    let services = roles.iter().filter(|role| **role != ServiceName::Portal);
    let services: Vec<Service> =
        services.map(|role| build(*role, &deps, &config)).collect::<anyhow::Result<_>>()?;

    let (health, health_service) = tonic_health::server::health_reporter();
    let tasks = TaskTracker::new();
    let portal_tasks = TaskTracker::new();
    let mut app = Routes::new(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .into_axum_router();
    for service in services {
        app = app.merge(service.routes);
        for name in service.grpc {
            health.set_service_status(*name, ServingStatus::Serving).await;
        }
        for task in service.tasks {
            tasks.spawn(task);
        }
    }
    let gate = Gate::new(deps.resolver.clone(), deps.clock.clone(), deps.rates.clone())?;
    // JSON is turned into gRPC outside of the gate, which therefore decides on both alike.
    let app = app
        .layer(middleware::from_fn_with_state(gate, gate::pass))
        .layer(middleware::from_fn_with_state(Json::new()?, json::pass));
    let api_shutdown = CancellationToken::new();
    let limits = config.limits.clone();
    let ended = api_shutdown.clone();
    tasks.spawn(async move { chassis::serve::serve(listeners.api, app, &limits, ended).await });

    let (limits, ended) = (config.limits.clone(), api_shutdown.clone());
    let metrics_app = metrics(deps.pool.clone());
    tasks.spawn(async move { chassis::serve::serve(listeners.metrics, metrics_app, &limits, ended).await });
    tasks.spawn(watch(health.clone(), deps.clone()));

    let mut node = Node {
        api: config.api.listen,
        portal: SocketAddr::from(([127, 0, 0, 1], 0)),
        metrics: config.metrics.listen,
        health,
        api_shutdown,
        portal_tasks,
        tasks,
        deps,
        config,
    };
    if let Some(listener) = listeners.portal {
        node.portal = listener.local_addr()?;
        let app = portal::build(&node.config, &node.deps)?;
        let (limits, ended) = (node.config.limits.clone(), node.deps.shutdown.clone());
        node.portal_tasks.spawn(async move { chassis::serve::serve(listener, app, &limits, ended).await });
    }
    Ok(node)
}

impl Node {
    /// Ends gracefully: health says so first, streams end, the portal's pages finish, then the API's calls, then the
    /// connections to the database close. Takes at most twice `limits.drain_s`.
    pub async fn shutdown(self) {
        self.health.set_service_status("", ServingStatus::NotServing).await;
        self.deps.shutdown.cancel();
        self.portal_tasks.close();
        self.portal_tasks.wait().await;
        self.api_shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.deps.pool.close().await;
        self.deps.stream_pool.close().await;
    }
}

/// Who calls other services has to know where they are.
fn check_reach(config: &Config, roles: &[ServiceName]) -> anyhow::Result<()> {
    use ServiceName::{Capacity, Interchange, Orders, Portal, Resources};
    let needed: &[ServiceName] = match () {
        () if roles.contains(&Portal) => ALL,
        () if roles.contains(&Resources) => &[Capacity, Orders],
        () if roles.contains(&Interchange) => &[Orders],
        () => &[],
    };
    let missing = needed.iter().filter(|role| !roles.contains(role));
    let missing: Vec<String> = missing.map(|role| format!("{role:?}").to_lowercase()).collect();
    if !missing.is_empty() && config.api.url.is_empty() {
        let missing = missing.join(", ");
        anyhow::bail!(
            "api.url is not set, and not in this process run: {missing}; say where the API is reached"
        );
    }
    Ok(())
}

/// Connections that are taken before the others.
const NEAR: u32 = 4;

/// Statements that each of these keeps with their plans: all that a process with every service asks, and some. One that keeps a
/// hundred has forgotten most when they come again, and to plan a page anew takes as long as to read it.
const KEPT_STATEMENTS: usize = 1_000;

pub(crate) async fn deps(config: &Config, options: Options) -> anyhow::Result<Deps> {
    let most = config.database.app_connections;
    // A few that are long in use must not stop everybody.
    let near = NEAR.min(most / 2);
    let app_url = &config.database.app_url;
    let app = pool("database.app_url", app_url, most - near).await?;
    chassis::db::check_wall(&app).await?;
    let of_stream = config.database.stream_connections;
    // The sequencer keeps one of them.
    anyhow::ensure!(of_stream >= 2, "database.stream_connections = {of_stream}: at least 2 are needed");
    let stream_pool = pool("database.stream_url", &config.database.stream_url, of_stream).await?;
    let near_options = database("database.app_url", app_url)?.statement_cache_capacity(KEPT_STATEMENTS);
    let pool = TenantPool::new(app).near((0..near).map(|_| Near::new(near_options.clone())));
    let api = Endpoint::from_shared(config.api_url())
        .with_context(|| format!("api.url = {:?} is no address", config.api_url()))?
        .connect_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .connect_lazy();
    let dialer = match options.dialer {
        Some(dialer) => dialer,
        None => dialer(config)?,
    };
    Ok(Deps {
        resolver: Resolver::new(pool.clone()),
        rates: Rates::new(&config.limits),
        dialer,
        pool,
        stream_pool,
        clock: options.clock,
        keys: config.keys.signing()?,
        wake: chassis::outbox::Wake::default(),
        api,
        shutdown: CancellationToken::new(),
        #[cfg(feature = "testing")]
        testing: options.testing,
    })
}

async fn pool(setting: &str, url: &str, connections: u32) -> anyhow::Result<PgPool> {
    let options = database(setting, url)?;
    chassis::db::connect(options, connections).await.map_err(|error| anyhow::anyhow!("{setting}: {error}"))
}

fn database(setting: &str, url: &str) -> anyhow::Result<PgConnectOptions> {
    if url.is_empty() {
        anyhow::bail!("{setting} is not set; `tandem config show` names every setting");
    }
    url.parse().with_context(|| format!("{setting} is no postgres:// address"))
}

/// The way to group robots, where the settings open it.
fn dialer(config: &Config) -> anyhow::Result<SharedDialer> {
    Ok(match config.notices.robots {
        Switch::On => Arc::new(dial::Internet::new(notices::HOSTS)?),
        Switch::Off => Arc::new(dial::Off),
    })
}

fn build(role: ServiceName, deps: &Deps, config: &Config) -> anyhow::Result<Service> {
    Ok(match role {
        ServiceName::Partners => partners::build(deps, config),
        ServiceName::Orders => orders::build(deps),
        ServiceName::Interchange => interchange::build(deps),
        ServiceName::Notices => notices::build(deps, config)?,
        ServiceName::Capacity => capacity::build(deps),
        ServiceName::Resources => resources::build(deps, config)?,
        ServiceName::Stream => stream::build(deps, config)?,
        ServiceName::Portal => anyhow::bail!("the portal is not behind the API"),
    })
}

/// What third-party clients ask to learn the contract; Google's Python client asks in v1alpha.
fn reflection<'a>() -> tonic_reflection::server::Builder<'a> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn metrics(pool: TenantPool) -> Router {
    let ready = move || {
        let pool = pool.clone();
        async move {
            match pool.ready().await {
                true => (StatusCode::OK, "ready\n"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        }
    };
    Router::new()
        .route(
            "/metrics",
            get(|| async { chassis::telemetry::metrics().map(|handle| handle.render()).unwrap_or_default() }),
        )
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
}

/// Shows how much of the pools is in use.
fn measure(deps: &Deps) {
    let stream = (deps.stream_pool.size(), deps.stream_pool.num_idle());
    for (pool, (open, idle)) in [("app", deps.pool.connections()), ("stream", stream)] {
        let used = f64::from(open) - idle as f64;
        metrics::gauge!("tandem_pool_connections", "pool" => pool, "state" => "idle").set(idle as f64);
        metrics::gauge!("tandem_pool_connections", "pool" => pool, "state" => "used").set(used.max(0.0));
    }
    for (pool, most) in
        [("app", deps.pool.most()), ("stream", deps.stream_pool.options().get_max_connections())]
    {
        metrics::gauge!("tandem_pool_connections_max", "pool" => pool).set(f64::from(most));
    }
}

/// Keeps overall health in step with the database, and metrics small, until shutdown.
async fn watch(health: HealthReporter, deps: Deps) {
    loop {
        tokio::select! {
            () = deps.shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
        measure(&deps);
        if let Some(handle) = chassis::telemetry::metrics() {
            handle.run_upkeep();
        }
        let status = if deps.pool.ready().await { ServingStatus::Serving } else { ServingStatus::NotServing };
        if !deps.shutdown.is_cancelled() {
            health.set_service_status("", status).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_others_has_to_know_where_they_are() {
        let mut config = Config::load(None).unwrap();
        assert!(check_reach(&config, ALL).is_ok());
        assert!(check_reach(&config, &[ServiceName::Orders]).is_ok());
        let error =
            check_reach(&config, &[ServiceName::Portal, ServiceName::Orders]).unwrap_err().to_string();
        assert!(error.contains("partners, interchange, notices, capacity, resources, stream;"), "{error}");
        let error = check_reach(&config, &[ServiceName::Resources]).unwrap_err().to_string();
        assert!(error.contains("capacity, orders;"), "{error}");
        config.api.url = "http://api.internal:50051".into();
        assert!(check_reach(&config, &[ServiceName::Portal]).is_ok());
    }
}
