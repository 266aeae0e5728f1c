//! One journey in one process, whatever wakes the readers: many followers of every pace, writers who insist, broken
//! connections to the database, and at the end what everybody saw. Entries are handed over in memory; and once hints are
//! lost, doubled, out of order and invented. Between processes hints come by LISTEN, or the entries themselves over Kafka:
//! chaos.rs has both.

use std::time::Duration;

use harness::{Options, World, chaos::Party, until, validators};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::load::{Load, Pace};

/// How long anything may take to be back.
const BACK: Duration = Duration::from_secs(60);
/// The followers of each firm.
const PACES: &[Pace] = &[Pace::Steady, Pace::Steady, Pace::Restless, Pace::Restless, Pace::Slow];
/// How often connections are cut in a journey.
const CUTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_woken_in_memory_miss_nothing() {
    journey("wakes-memory", Options::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_whose_hints_are_lost_doubled_reordered_and_invented_miss_nothing() {
    journey("wakes-unruly", Options { unruly_hints: true, ..Options::default() }).await;
}

async fn journey(name: &str, options: Options) {
    let seed = rand::rng().random();
    println!("{name}: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::with(options).await;
    let (buyer, supplier) = world.pair().await;
    let party = |firm: harness::Firm| Party { id: firm.uuid(), key: firm.key };
    let api = vec![world.node().api];
    let load = Load::begin(name, (party(buyer), party(supplier)), api.clone(), api, PACES);
    for _ in 0..CUTS {
        progress(&load, &mut random).await;
        cut(&world).await;
    }
    progress(&load, &mut random).await;
    load.writers_stop().await;
    world.settled().await;
    let seen = load.followers_stop().await;
    println!("{name}: {:?}", seen.counts);
    validators::check(&seen.records);
    world.finish().await;
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
