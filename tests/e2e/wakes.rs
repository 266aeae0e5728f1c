//! One journey, whatever wakes the readers: many followers of every pace, writers who insist, kills and broken connections,
//! and at the end what everybody saw. In one process entries are handed over in memory; between processes hints come by
//! LISTEN, or the entries themselves over Kafka; and once hints are lost, doubled, out of order and invented.

use std::{net::SocketAddr, time::Duration};

use harness::{
    Options, World,
    chaos::{self, Cluster, Party, Process},
    kafka::Broker,
    until, validators,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::load::{Load, Pace};

/// How long anything may take to be back.
const BACK: Duration = Duration::from_secs(60);
const EVERYTHING: &[&str] = &["partners", "orders", "interchange", "stream"];
/// The followers of each firm.
const PACES: &[Pace] = &[Pace::Steady, Pace::Steady, Pace::Restless, Pace::Restless, Pace::Slow];
/// Kills of a journey.
const BLOWS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_woken_in_memory_miss_nothing() {
    House::together(Options::default()).await.journey("wakes-memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_whose_hints_are_lost_doubled_reordered_and_invented_miss_nothing() {
    let unruly = Options { unruly_hints: true, ..Options::default() };
    House::together(unruly).await.journey("wakes-unruly").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_woken_by_another_process_miss_nothing() {
    House::apart("wakes-listen", None).await.journey("wakes-listen").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_woken_over_kafka_miss_nothing() {
    let Some(broker) = Broker::start("wakes-broker").await else { return };
    House::apart("wakes-kafka", Some(broker)).await.journey("wakes-kafka").await;
}

/// Where the journey takes place, and what may be struck there.
enum House {
    /// One process, whose connections to the database break.
    Together(Box<World>),
    /// One process takes commands, the other one feeds its readers; either may sequence.
    Apart(Box<Apart>),
}

struct Apart {
    cluster: Cluster,
    commands: Process,
    feeds: Process,
    broker: Option<Broker>,
}

impl House {
    async fn together(options: Options) -> Self {
        Self::Together(Box::new(World::with(options).await))
    }

    async fn apart(name: &str, broker: Option<Broker>) -> Self {
        let cluster = Cluster::start(name).await;
        let mut commands = Process::new(&cluster, "commands", EVERYTHING);
        let mut feeds = Process::new(&cluster, "feeds", &["partners", "stream"]);
        for process in [&mut commands, &mut feeds] {
            process.flags = broker.iter().flat_map(|broker| ["--kafka".into(), broker.bootstrap()]).collect();
        }
        commands.start();
        feeds.start();
        Self::Apart(Box::new(Apart { cluster, commands, feeds, broker }))
    }

    async fn pair(&self) -> (Party, Party) {
        match self {
            Self::Together(world) => {
                let (buyer, supplier) = world.pair().await;
                let party = |firm: harness::Firm| Party { id: firm.uuid(), key: firm.key };
                (party(buyer), party(supplier))
            }
            Self::Apart(apart) => {
                let operator = chaos::operator(&apart.cluster, apart.commands.api).await;
                chaos::pair(&operator, apart.commands.api).await
            }
        }
    }

    /// Where commands are taken, and where feeds are read.
    fn addresses(&self) -> (SocketAddr, SocketAddr) {
        match self {
            Self::Together(world) => (world.node().api, world.node().api),
            Self::Apart(apart) => (apart.commands.api, apart.feeds.api),
        }
    }

    async fn journey(mut self, name: &str) {
        let seed = rand::rng().random();
        println!("{name}: seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let pair = self.pair().await;
        let (commands, feeds) = self.addresses();
        let load = Load::begin(name, pair, vec![commands], vec![feeds], PACES);
        for _ in 0..BLOWS {
            self.progress(&load, &mut random).await;
            self.strike(&mut random).await;
        }
        self.progress(&load, &mut random).await;
        load.writers_stop().await;
        self.drained().await;
        let seen = load.followers_stop().await;
        println!("{name}: {:?}", seen.counts);
        validators::check(&seen.records);
        self.finish().await;
    }

    /// Waits until some more was acknowledged and delivered.
    async fn progress(&mut self, load: &Load, random: &mut StdRng) {
        let goal = load.goal(random.random_range(5..20), random.random_range(20..100));
        until("work goes on", BACK, async || {
            if let Self::Apart(apart) = &mut *self {
                apart.commands.supervise();
                apart.feeds.supervise();
            }
            load.reached(&goal).then_some(())
        })
        .await;
    }

    async fn strike(&mut self, random: &mut StdRng) {
        match self {
            Self::Together(world) => cut(world).await,
            Self::Apart(apart) => apart.strike(random).await,
        }
    }

    async fn drained(&self) {
        match self {
            Self::Together(world) => world.settled().await,
            Self::Apart(apart) => {
                let empty = async || (apart.cluster.unsequenced().await == 0).then_some(());
                until("the outbox is empty", BACK, empty).await;
            }
        }
    }

    async fn finish(self) {
        match self {
            Self::Together(world) => world.finish().await,
            Self::Apart(apart) => apart.finish().await,
        }
    }
}

/// Ends every connection that the services have to the database; a role may end its own sessions.
async fn cut(world: &World) {
    for pool in [world.app_pool().await, world.stream_pool().await] {
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and usename = current_user and pid <> pg_backend_pid()",
        )
        .execute(pool)
        .await
        .expect("ended");
    }
}

impl Apart {
    async fn strike(&mut self, random: &mut StdRng) {
        let kafka = self.broker.is_some();
        match random.random_range(0..6) {
            0..=2 => {
                self.feeds.kill().await;
                self.feeds.start();
            }
            4 | 5 if kafka => {
                let broker = self.broker.as_mut().expect("there is one");
                broker.kill().await;
                if random.random() {
                    broker.wipe();
                }
                broker.run().await;
            }
            _ => {
                self.commands.kill().await;
                self.commands.start();
            }
        }
    }

    async fn finish(self) {
        let Self { cluster, commands, feeds, broker } = self;
        for mut process in [commands, feeds] {
            process.kill().await;
        }
        if let Some(broker) = broker {
            broker.finish().await;
        }
        cluster.finish().await;
    }
}
