//! A replica in this process, beside processes that are killed, whose clock a test moves to and fro.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chassis::{
    clock::Clock,
    config::{Config, Switch},
};
use tandem::node::{self, Listeners, Node, ServiceName};
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

use crate::chaos::Environment;

const ROLES: &[ServiceName] =
    &[ServiceName::Partners, ServiceName::Orders, ServiceName::Interchange, ServiceName::Stream];

/// The machine's clock, and so many seconds.
#[derive(Default)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> OffsetDateTime {
        chassis::clock::system().now() + time::Duration::seconds(self.0.load(Ordering::Relaxed))
    }

    /// Its time is that of the clock, as that of a machine whose clock is wrong.
    fn id(&self) -> Uuid {
        let now = self.now();
        let seconds = now.unix_timestamp().unsigned_abs();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.nanosecond()))
    }
}

/// The replica.
pub struct Skewed {
    node: Node,
    clock: Arc<Moved>,
}

impl Skewed {
    /// On the database that processes are told of by their environment.
    pub(crate) async fn start(environment: &Environment) -> Self {
        let of = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).expect("processes are told").1.clone()
        };
        let mut config = Config::load(None).expect("the defaults are valid");
        config.database.app_url = of("TANDEM_DATABASE__APP_URL");
        config.database.stream_url = of("TANDEM_DATABASE__STREAM_URL");
        config.database.app_connections = 12;
        config.keys.current = of("TANDEM_KEYS__CURRENT");
        config.webhooks.key = of("TANDEM_WEBHOOKS__KEY");
        config.webhooks.loopback = Switch::On;
        config.api.url = String::new();
        for listen in [&mut config.api.listen, &mut config.portal.listen, &mut config.metrics.listen] {
            listen.set_port(0);
        }
        config.limits.drain_s = 3;
        let clock = Arc::new(Moved::default());
        let listeners = Listeners::bind(&config, ROLES).await.expect("port 0 is free");
        let options = node::Options { clock: clock.clone(), ..node::Options::default() };
        let node = node::start_with(config, ROLES, listeners, options).await.expect("the node starts");
        Self { node, clock }
    }

    /// Where it answers.
    pub fn api(&self) -> SocketAddr {
        self.node.api
    }

    /// Puts its clock so many seconds ahead of the machine's, or behind it.
    pub fn jump(&self, seconds: i64) {
        self.clock.0.store(seconds, Ordering::Relaxed);
    }

    /// Ends it.
    pub async fn finish(self) {
        self.node.shutdown().await;
    }
}
