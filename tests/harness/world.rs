//! One Tandem for one test.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chassis::{
    clock::SharedClock,
    config::{Config, Kafka, Switch},
    dial::SharedDialer,
    service::{Deps, Testing},
};
use partners::admin::{NewOperator, init_operator};
use proto::partners::{
    ClaimInvitationRequest, CreateFirmRequest, InviteSupplierRequest, Role, TradingRelationship,
};
use sqlx::PgPool;
use tandem::node::{self, Listeners, Node, ServiceName};
use tokio::sync::OnceCell;
use tonic::transport::{Channel, Endpoint};

use crate::{
    Access, Firm,
    chaos::{self, Environment},
    cluster,
    firm::{redeem, token},
    request_id,
    wait::until,
};

/// How long the sequencer may take for everything that a test did.
const SETTLED: Duration = Duration::from_secs(60);

const OPERATOR: &str = "南汀产业集群服务中心(示例)";

/// What a test chooses.
#[derive(Clone)]
pub struct Options {
    /// The services' own decision on whose row it is says yes to all; row-level security stands alone.
    pub ownership_unchecked: bool,
    /// The sequencer runs only in [`World::sequence`].
    pub sequencer_by_hand: bool,
    /// Hints to the readers of the stream are lost, doubled, reordered and invented.
    pub unruly_hints: bool,
    /// What runs; by default everything behind the API.
    pub roles: Vec<ServiceName>,
    pub clock: SharedClock,
    /// Last changes to the settings.
    pub configure: fn(&mut Config),
    /// The way to other servers; by default none.
    pub dialer: Option<SharedDialer>,
    /// Where mail goes out, such as `smtp://127.0.0.1:2525`; empty: nowhere.
    pub smtp_url: String,
    /// Where Apache Kafka answers; empty: none.
    pub kafka: String,
}

impl Default for Options {
    fn default() -> Self {
        let api = node::ALL.iter().copied().filter(|role| *role != ServiceName::Portal);
        Self {
            ownership_unchecked: false,
            sequencer_by_hand: false,
            unruly_hints: false,
            roles: api.collect(),
            clock: chassis::clock::system(),
            configure: |_| {},
            dialer: None,
            smtp_url: String::new(),
            kafka: String::new(),
        }
    }
}

/// A whole Tandem in this process, with a database of its own. End it with [`World::finish`].
pub struct World {
    /// Taken when the world ends.
    node: Option<Node>,
    database: String,
    /// Where its files stand.
    files: PathBuf,
    by_hand: bool,
    channel: Channel,
    operator: OnceCell<Firm>,
    owner: OnceCell<PgPool>,
    app: OnceCell<PgPool>,
    stream: OnceCell<PgPool>,
    finished: bool,
}

impl World {
    /// Everything behind the API, on ports of its own.
    pub async fn start() -> World {
        World::with(Options::default()).await
    }

    /// [`World::start`] with a test's own choices.
    pub async fn with(options: Options) -> World {
        let cluster = cluster::get().await;
        let database = cluster.clone_database().await;
        let mut config = config(cluster, &database);
        let files = cluster::target().join("world-files").join(&database);
        config.resources.store = format!("file://{}", files.display());
        config.notices.smtp_url = options.smtp_url.clone();
        config.kafka.bootstrap = options.kafka.clone();
        (options.configure)(&mut config);
        static TELEMETRY: std::sync::Once = std::sync::Once::new();
        if std::env::var_os("TANDEM_TEST_LOG").is_some() {
            TELEMETRY.call_once(|| std::mem::forget(chassis::telemetry::start(&config.telemetry)));
        }
        let testing = Testing {
            ownership_unchecked: options.ownership_unchecked,
            sequencer_by_hand: options.sequencer_by_hand,
            unruly_hints: options.unruly_hints,
            ..Testing::default()
        };
        let listeners = Listeners::bind(&config, &options.roles).await.expect("port 0 is free");
        let chosen =
            node::Options { clock: options.clock, dialer: options.dialer, testing: Arc::new(testing) };
        let node =
            node::start_with(config, &options.roles, listeners, chosen).await.expect("the node starts");
        let channel = channel(&node);
        World {
            node: Some(node),
            database,
            files,
            by_hand: options.sequencer_by_hand,
            channel,
            operator: OnceCell::new(),
            owner: OnceCell::new(),
            app: OnceCell::new(),
            stream: OnceCell::new(),
            finished: false,
        }
    }

    /// The running process: where it listens.
    pub fn node(&self) -> &Node {
        self.node.as_ref().expect("a world has its node until it ends")
    }

    /// Another node on its database that feeds readers and sequences nothing: whatever they are told of, it hears of from
    /// elsewhere. Shut it down before the world ends.
    pub async fn gateway(&self) -> Node {
        self.gateway_with(self.node().config.clone()).await
    }

    /// The same beside a node that knows of no Kafka: it is told of one, publishes the log to it, and takes it from there.
    pub async fn gateway_over(&self, told: impl FnOnce(&mut Kafka)) -> Node {
        let mut config = self.node().config.clone();
        told(&mut config.kafka);
        self.gateway_with(config).await
    }

    async fn gateway_with(&self, mut config: Config) -> Node {
        for listen in [&mut config.api.listen, &mut config.portal.listen, &mut config.metrics.listen] {
            listen.set_port(0);
        }
        config.api.url = format!("http://{}", self.node().api);
        let roles = [ServiceName::Partners, ServiceName::Stream];
        let listeners = Listeners::bind(&config, &roles).await.expect("port 0 is free");
        let testing = Testing { sequencer_by_hand: true, ..Testing::default() };
        let chosen = node::Options { testing: testing.into(), ..node::Options::default() };
        node::start_with(config, &roles, listeners, chosen).await.expect("the node starts")
    }

    /// What the node's services were given.
    pub fn deps(&self) -> &Deps {
        &self.node().deps
    }

    /// The database's name, for processes that a test starts beside the node.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The folder of its files.
    pub fn files(&self) -> &Path {
        &self.files
    }

    /// What a process beside the node needs to know.
    pub(crate) async fn environment(&self) -> Environment {
        let cluster = cluster::get().await;
        vec![
            ("TANDEM_DATABASE__APP_URL", cluster.url("tandem_app", &self.database)),
            ("TANDEM_DATABASE__STREAM_URL", cluster.url("tandem_stream", &self.database)),
            ("TANDEM_KEYS__CURRENT", key()),
            ("TANDEM_RESOURCES__STORE", self.node().config.resources.store.clone()),
        ]
    }

    /// A caller without a credential.
    pub fn anybody(&self) -> Access {
        Access::new(self.channel.clone(), None)
    }

    /// A caller with this token, on a connection that others share.
    pub fn access(&self, token: &str) -> Access {
        Access::new(self.channel.clone(), Some(token))
    }

    /// A caller with this token on a connection of its own.
    pub fn connection(&self, token: &str) -> Access {
        Access::new(channel(self.node()), Some(token))
    }

    /// The same with a narrow window: what is not read is not sent either.
    pub fn narrow(&self, token: &str) -> Access {
        chaos::narrow(self.node().api, Some(token))
    }

    /// The firm that runs the platform, with its first person's session.
    pub async fn operator(&self) -> &Firm {
        self.operator
            .get_or_init(|| async {
                let new = NewOperator {
                    firm_name: OPERATOR.into(),
                    admin_name: "值班员".into(),
                    locale: "zh".into(),
                    sandbox: true,
                };
                let mut connection = self.owner_pool().await.acquire().await.expect("a connection");
                let made = init_operator(&mut connection, &self.deps().clock, &new).await;
                let made = made.unwrap_or_else(|error| panic!("the operator: {error} {:?}", error.source));
                let session = redeem(&self.anybody(), made.sign_in_path.reveal()).await;
                let key = self.access(&session).new_key("ops", &[Role::Operator], None).await;
                let (firm, admin) = (made.firm.to_string(), made.admin.to_string());
                Firm::new(firm, OPERATOR, admin, session, key, self.channel.clone())
            })
            .await
    }

    /// A firm that the operator created, with its administrator's session and an administrator's key.
    pub async fn firm(&self, name: &str) -> Firm {
        let request = CreateFirmRequest {
            request_id: request_id(),
            name: name.into(),
            name_en: format!("{name} (Example)"),
            sandbox: true,
            admin_name: format!("{name} 管理员"),
            admin_locale: "zh".into(),
            ..CreateFirmRequest::default()
        };
        self.create_firm(request).await
    }

    /// A firm as the operator is asked for it.
    pub async fn create_firm(&self, request: CreateFirmRequest) -> Firm {
        let name = request.name.clone();
        let operator = self.operator().await.session();
        let made =
            operator.firms().create_firm(request).await.expect("the operator creates firms").into_inner();
        let id = made.firm.expect("the answer holds the firm").id;
        let session = redeem(&self.anybody(), &made.sign_in_path).await;
        let key = self.access(&session).new_key("erp", &[Role::Admin], None).await;
        Firm::new(id, &name, made.admin_member_id, session, key, self.channel.clone())
    }

    /// Makes `supplier` a partner of `buyer` under a vendor number: an invitation, taken into the supplier's firm.
    pub async fn partner(&self, buyer: &Firm, supplier: &Firm, vendor_number: &str) -> TradingRelationship {
        let path = self.invite(buyer, &supplier.name, vendor_number).await.1;
        self.claim(supplier, &path).await
    }

    /// Takes an invitation into a firm that is here already.
    pub async fn claim(&self, supplier: &Firm, invitation_path: &str) -> TradingRelationship {
        let claim = ClaimInvitationRequest {
            request_id: request_id(),
            token: token(invitation_path).into(),
            ..Default::default()
        };
        let claimed =
            supplier.relationships().claim_invitation(claim).await.expect("the invitation is claimed");
        claimed.into_inner().relationship.expect("the answer holds the relationship")
    }

    /// An invitation of a supplier that is not here yet: its relationship and the link's path.
    pub async fn invite(
        &self,
        buyer: &Firm,
        name: &str,
        vendor_number: &str,
    ) -> (TradingRelationship, String) {
        let request = InviteSupplierRequest {
            request_id: request_id(),
            name: name.into(),
            vendor_number: vendor_number.into(),
            ..InviteSupplierRequest::default()
        };
        let invited =
            buyer.relationships().invite_supplier(request).await.expect("an invitation").into_inner();
        (invited.relationship.expect("the answer holds the relationship"), invited.invitation_path)
    }

    /// A buyer and its supplier `V100`.
    pub async fn pair(&self) -> (Firm, Firm) {
        let buyer = self.firm("澄屿家居用品(示例)有限公司").await;
        let supplier = self.firm("顺模塑料制品(示例)厂").await;
        self.partner(&buyer, &supplier, "V100").await;
        (buyer, supplier)
    }

    /// Moves everything that waits in the outbox, where the sequencer runs by hand; how many commands.
    pub async fn sequence(&self) -> usize {
        stream::drain(&self.deps().stream_pool).await.expect("the sequencer runs")
    }

    /// Waits until everything committed stands in the feeds, every claimed order was moved, all demand was matched,
    /// what accepted orders take was booked, what was given back is borrowed no more and what is lent counts, everybody was told of resources, and
    /// lines were pinned.
    pub async fn settled(&self) {
        let owner = self.owner_pool().await;
        until("the outbox is empty and no claim is pending", SETTLED, async || {
            if self.by_hand {
                self.sequence().await;
            }
            let settled: bool = sqlx::query_scalar(
                "select not exists (select from event.outbox)
                    and not exists (select from capacity.demand_arrival where matched_at is null)
                    and not exists (select from capacity.borrowed where due)
                    and not exists (select from capacity.reservation r
                                    join partners.firm f on f.id = r.supplier and f.state = 'active'
                                    where r.lent_due)
                    and not exists (select from resources.announcement where not done)
                    and not exists (select from capacity.feed_place p
                                    join event.feed_head h on h.feed = p.supplier and h.next_seq - 1 > p.seq
                                    join partners.firm f on f.id = p.supplier and f.state = 'active')
                    and not exists (select from resources.feed_place p
                                    join event.feed_head h on h.feed = p.owner and h.next_seq - 1 > p.seq
                                    join partners.firm f on f.id = p.owner and f.state = 'active')
                    and not exists (select from partners.claim c
                                    join orders.purchase_order o on o.supplier = c.placeholder)",
            )
            .fetch_one(owner)
            .await
            .expect("the owner reads everything");
            settled.then_some(())
        })
        .await;
    }

    /// Connections of tandem_owner, who sees everything.
    pub async fn owner_pool(&self) -> &PgPool {
        self.pool(&self.owner, "tandem_owner").await
    }

    /// Connections of tandem_app: behind row-level security, in no tenant until a transaction sets one.
    pub async fn app_pool(&self) -> &PgPool {
        self.pool(&self.app, "tandem_app").await
    }

    /// Connections of tandem_stream.
    pub async fn stream_pool(&self) -> &PgPool {
        self.pool(&self.stream, "tandem_stream").await
    }

    async fn pool<'a>(&self, cell: &'a OnceCell<PgPool>, role: &str) -> &'a PgPool {
        cell.get_or_init(|| async {
            let url = cluster::get().await.url(role, &self.database);
            let options = url.parse().expect("an address of Postgres");
            chassis::db::connect(options, 4).await.expect("the database answers")
        })
        .await
    }

    /// Ends the world: everything that was committed must have reached the feeds.
    pub async fn finish(mut self) {
        self.settled().await;
        self.finished = true;
        for pool in [self.owner.take(), self.app.take(), self.stream.take()].into_iter().flatten() {
            pool.close().await;
        }
        if let Some(node) = self.node.take() {
            node.shutdown().await;
        }
        cluster::get().await.drop_database(&self.database).await;
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that failed says so itself; its database goes with the next run.
        assert!(self.finished || std::thread::panicking(), "end the test with world.finish().await");
    }
}

/// What credentials of a world are kept with.
fn key() -> String {
    "42".repeat(32)
}

/// Settings of a world: ports of its own, few connections, and a short patience.
fn config(cluster: &cluster::Cluster, database: &str) -> Config {
    let mut config = Config::load(None).expect("the defaults are valid");
    config.database.owner_url = cluster.url("tandem_owner", database);
    config.database.app_url = cluster.url("tandem_app", database);
    config.database.stream_url = cluster.url("tandem_stream", database);
    // Each connection learns the tables and compiles every statement anew, which is most of what a short test costs.
    config.database.app_connections = 4;
    config.database.stream_connections = 2;
    config.keys.current = key();
    config.notices.key = "43".repeat(32);
    config.webhooks.key = "44".repeat(32);
    // Receivers of tests stand on this machine.
    config.webhooks.loopback = Switch::On;
    config.notices.mail_from = "Tandem <no-reply@example.invalid>".into();
    for listen in [&mut config.api.listen, &mut config.portal.listen, &mut config.metrics.listen] {
        listen.set_port(0);
    }
    config.api.url = String::new();
    config.limits.drain_s = 3;
    if let Some(filter) = std::env::var_os("TANDEM_TEST_LOG") {
        config.telemetry.log = filter.to_string_lossy().into_owned();
    }
    config
}

fn channel(node: &Node) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", node.api)).expect("an address");
    endpoint.tcp_nodelay(true).connect_lazy()
}
