//! One journey, whatever wakes the readers: many followers of every pace, writers who insist, broken connections to the
//! database, and at the end what everybody saw. Entries are handed over in memory; once hints are lost, doubled, out of order
//! and invented; and at a gateway of their own readers are woken by LISTEN, and by the entries themselves over Kafka. In
//! chaos.rs processes die meanwhile.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use chassis::{
    config::{Kafka, KafkaSecurity},
    service::Testing,
};
use harness::{
    Firm, Options, World,
    chaos::{self, Party},
    kafka::Broker,
    until, validators,
};
use proto::stream::{SubscribeRequest, subscribe_request::Start};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    gateway::{commit_data, commit_one},
    load::{Load, Pace},
};

/// How long anything may take to be back.
const BACK: Duration = Duration::from_secs(60);
/// The followers of each firm.
const PACES: &[Pace] = &[Pace::Steady, Pace::Steady, Pace::Restless, Pace::Restless, Pace::Slow];
/// How often connections are cut in a journey.
const CUTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_woken_in_memory_miss_nothing() {
    let world = World::start().await;
    journey("wakes-memory", &world, world.node().api, std::future::ready(())).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_whose_hints_are_lost_doubled_reordered_and_invented_miss_nothing() {
    let world = World::with(Options { unruly_hints: true, ..Options::default() }).await;
    journey("wakes-unruly", &world, world.node().api, befallen(&world.deps().testing)).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_another_gateway_who_are_woken_by_postgres_miss_nothing() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let firm = world.firm("澄屿家居(示例)").await;
    woken(&world, &firm, gateway.api).await;
    journey("wakes-listen", &world, gateway.api, std::future::ready(())).await;
    // Whose connection to Postgres was cut meanwhile.
    woken(&world, &firm, gateway.api).await;
    gateway.shutdown().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_another_gateway_whose_events_come_over_kafka_miss_nothing() {
    // Says why where there is none.
    let Some(broker) = Broker::start("wakes-kafka").await else { return };
    // The world's own node knows of no Kafka: what is counted here was carried to the gateway.
    let world = World::start().await;
    let gateway = world.gateway_over(|kafka| kafka.bootstrap = broker.bootstrap()).await;
    let carried = async || chaos::counted(gateway.metrics, "tandem_kafka_carried_entries_total").await;
    let firm = world.firm("北屿家具(示例)").await;
    until("events come over Kafka", BACK, async || {
        commit_one(&world, &firm, 1).await;
        (carried().await > 0.0).then_some(())
    })
    .await;
    // More than brokers and their clients take unless they are told; what follows it waits for it.
    commit_data(&world, &firm, vec![b'x'; 1_300_000]).await;
    commit_one(&world, &firm, 2).await;
    world.settled().await;
    until("a large event is published", BACK, async || published(&world).await.then_some(())).await;
    woken(&world, &firm, gateway.api).await;
    let before = (carried().await, entries(&world).await);
    journey("wakes-kafka", &world, gateway.api, std::future::ready(())).await;
    let (came, all) = (carried().await - before.0, entries(&world).await - before.1);
    println!("wakes-kafka: {came} of {all} entries came over Kafka");
    // What came over Kafka late, of a broker that is busy, was found by a look at the log before; where nothing comes that way
    // it is none at all.
    assert!(came > all / 10.0, "readers were woken by something else");
    gateway.shutdown().await;
    world.finish().await;
    broker.finish().await;
}

/// Events that are committed one by one come to a follower of a gateway sooner than by its own looks at the log, of which there
/// is one a second: somebody woke it.
async fn woken(world: &World, firm: &Firm, gateway: SocketAddr) {
    const EVENTS: u32 = 10;
    world.settled().await;
    let access = chaos::access(gateway, Some(&firm.key));
    let request = SubscribeRequest { start: Some(Start::Latest(true)), filter: None, until_head: false };
    let mut messages = access.stream().subscribe(request).await.expect("a stream").into_inner();
    let mut next = async || {
        let message = tokio::time::timeout(BACK, messages.message()).await.expect("a message comes soon");
        message.expect("the stream is well").expect("the stream goes on")
    };
    while !next().await.live {}
    let since = Instant::now();
    for n in 0..EVENTS {
        commit_one(world, firm, n as usize).await;
        while next().await.events.is_empty() {}
    }
    let took = since.elapsed();
    println!("{EVENTS} events, one by one, in {took:?}");
    assert!(
        took < EVENTS * Duration::from_millis(500),
        "the gateway found {EVENTS} events by itself: {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a Kafka of its own, which the others do not need"]
async fn a_gateway_takes_events_from_a_kafka_that_asks_for_a_password() {
    // Says why where there is none.
    let flags = &["--login", "tandem:s3cret"];
    let Some(broker) = Broker::start_with("wakes-password", flags).await else { return };
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let told = |password: &'static str| {
        let bootstrap = broker.bootstrap();
        move |kafka: &mut Kafka| {
            (kafka.bootstrap, kafka.security) = (bootstrap, KafkaSecurity::SaslPlaintext);
            (kafka.user, kafka.password) = ("tandem".into(), password.into());
        }
    };
    let wrong = world.gateway_over(told("guessed")).await;
    let carried = async || chaos::counted(wrong.metrics, "tandem_kafka_carried_entries_total").await;
    let before = carried().await;
    woken(&world, &firm, wrong.api).await;
    assert_eq!(carried().await, before, "who is refused reads from Postgres, as without Kafka");
    let right = world.gateway_over(told("s3cret")).await;
    until("events come over Kafka", BACK, async || {
        commit_one(&world, &firm, 1).await;
        (carried().await > before).then_some(())
    })
    .await;
    right.shutdown().await;
    wrong.shutdown().await;
    world.finish().await;
    broker.finish().await;
}

/// Whether Kafka has the whole log.
async fn published(world: &World) -> bool {
    let all = "select coalesce(k.log_pos = h.log_pos, false) from event.kafka_place k, event.head h";
    sqlx::query_scalar(all).fetch_one(world.owner_pool().await).await.expect("the owner reads everything")
}

/// How many there are in all feeds.
async fn entries(world: &World) -> f64 {
    let count = sqlx::query_scalar("select count(*)::float8 from event.feed_entry");
    count.fetch_one(world.owner_pool().await).await.expect("the owner reads everything")
}

/// Waits until everything befell what wakes the readers: where nothing does, they prove nothing.
async fn befallen(testing: &Testing) {
    let since = Instant::now();
    while !testing.never().is_empty() && since.elapsed() < BACK {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("{:?}", testing.befallen.lock().unwrap());
    assert_eq!(testing.never(), [], "this befell nobody");
}

/// Writers at the world's node, and followers at the gateway that listens there, until this is over, too.
async fn journey(name: &str, world: &World, feeds: SocketAddr, over: impl Future<Output = ()>) {
    let seed = rand::rng().random();
    println!("{name}: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (buyer, supplier) = world.pair().await;
    let party = |firm: Firm| Party { id: firm.uuid(), key: firm.key };
    let commands = vec![world.node().api];
    let load = Load::begin(name, (party(buyer), party(supplier)), commands, vec![feeds], PACES);
    for _ in 0..CUTS {
        progress(&load, &mut random).await;
        cut(world).await;
    }
    progress(&load, &mut random).await;
    over.await;
    load.writers_stop().await;
    world.settled().await;
    let seen = load.followers_stop().await;
    println!("{name}: {:?}", seen.counts);
    validators::check(&seen.records);
}

/// Waits until some more was acknowledged and delivered.
async fn progress(load: &Load, random: &mut StdRng) {
    let goal = load.goal(random.random_range(5..20), random.random_range(20..100));
    until("work goes on", BACK, async || load.reached(&goal).then_some(())).await;
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
