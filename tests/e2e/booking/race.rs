//! Many firms book the same few hours at once, retry, walk away in the middle, let holds expire and order what they hold,
//! while processes that serve them are killed: nothing is sold twice and nobody is refused what was there. Judged from the
//! versions that each bucket took under its row lock, held against what the clients saw and when.
//!
//! A part of them goes over the API of processes that die, with everything that a request has: credentials, receipts,
//! events. The others call what sells in the same transactions, without wire and receipts: the functions of the
//! schema, which hold every lock and every check that decides, so that many more of them meet in the same time.

mod client;
mod direct;
mod judge;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use harness::{
    World, booking,
    capacity::group,
    chaos::{self, Process},
    cluster, seeded, until,
};
use proto::capacity::Offer;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{replaced, rewrite};
use client::{Client, Counts};
use direct::Direct;

const CLIENTS: usize = 64;
const FIRMS: usize = 8;
const BUCKETS: usize = 6;
const TOTAL: i64 = 80;
/// Of all clients that call functions: more of them only waited for one another on a busy machine, until the pool gave up.
const CONNECTIONS: u32 = 12;
/// Races that a fault has to show in.
const FEW: usize = 4;
/// How long work may stand still, and a request may be sent again and again.
const STALLED: Duration = Duration::from_secs(60);

/// How a race is run.
struct Plan {
    operations: usize,
    /// How often processes are killed meanwhile; 0: everything calls functions.
    kills: usize,
    /// One of so many operations goes over the API.
    api: u32,
    mutation: Option<Mutation>,
}

/// What is put in the place of the function that sells.
enum Mutation {
    /// Of this text in it, another.
    Text(&'static str, &'static str),
    /// Of all that it does.
    Body(&'static str),
}

/// What all clients share.
struct Stage {
    offer: Offer,
    direct: Direct,
    left: AtomicUsize,
    counts: Counts,
    /// One of so many operations goes over the API; `None`: none does.
    api: Option<u32>,
}

/// A run of a million operations, of which more go over the API and meet more kills, is left to `tests/run --long`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sold_twice_by_many_at_once() {
    fair(race(Plan { operations: 20_000, kills: 6, api: 16, mutation: None }).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn nothing_is_sold_twice_in_a_million_operations() {
    fair(race(Plan { operations: 1_000_000, kills: 300, api: 4, mutation: None }).await.0);
}

/// What is left is looked up first and the row taken afterwards, without the constraint that stands behind it. One operation of
/// six or so shows it, so that some hundred are enough, and another race of as many where chance would have it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_before_the_lock_is_noticed() {
    let lock = "order by b.id for no key update of b";
    let look = "order by b.id";
    let mut took = Duration::ZERO;
    for _ in 0..FEW {
        let mutation = Some(Mutation::Text(lock, look));
        let (faults, lasted) = race(Plan { operations: 200, kills: 0, api: 0, mutation }).await;
        took += lasted;
        // Whoever looks before it has the row sees a version that another one takes, too.
        let tells = |fault: &String| fault.starts_with("oversold") || fault.ends_with("was taken twice");
        if faults.iter().any(tells) {
            return seeded::noticed("a-look-before-the-lock", took);
        }
    }
    panic!("{FEW} races were fair");
}

/// The mistake itself: what stands is summed, whoever finds room inserts, and the row is written as it was believed to be.
/// It is found by what was sold of what there was, whatever the versions say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_and_then_an_insert_are_noticed_as_sold_twice() {
    let mutation = Some(Mutation::Body(include_str!("race/sum_then_insert.sql")));
    let (faults, took) = race(Plan { operations: 1_000, kills: 0, api: 0, mutation }).await;
    let oversold = faults.iter().find(|fault| fault.starts_with("oversold at "));
    assert!(oversold.is_some(), "{:#?}", &faults[..faults.len().min(10)]);
    seeded::noticed("a-sum-and-then-an-insert", took);
}

#[track_caller]
fn fair(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
}

/// What was wrong, and how long it took from the first operation until that was known.
async fn race(plan: Plan) -> (Vec<String>, Duration) {
    let world = World::start().await;
    if let Some(mutation) = &plan.mutation {
        mutate(&world, mutation).await;
    }
    let supplier = world.firm("邻益注塑(示例)有限公司").await;
    let offer = offer(&supplier).await;
    let mut firms = Vec::new();
    for n in 0..FIRMS {
        firms.push(world.firm(&format!("第{n}家")).await);
    }
    let folder = chaos::folder(&format!("race-{}", plan.operations)).await;
    let mut processes = Vec::new();
    for name in ["one", "other"].into_iter().filter(|_| plan.kills > 0) {
        let mut process = Process::beside(&world, &folder, name, &["capacity"]).await;
        process.start();
        processes.push(process);
    }
    let login: PgConnectOptions = cluster::get().await.url("tandem_app", world.database()).parse().unwrap();
    // Where nobody locks in an order, some wait for each other: a second each time, until Postgres looks for a deadlock.
    let patience = if plan.mutation.is_some() { "100ms" } else { "0" };
    // As the service plans its commands: once.
    let login = login.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("lock_timeout", patience),
    ]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(STALLED);
    let pool = pool.connect_with(login).await.unwrap();
    let stage = Arc::new(Stage {
        direct: Direct::new(pool.clone(), &offer),
        offer,
        left: AtomicUsize::new(plan.operations),
        counts: Counts::default(),
        api: (plan.kills > 0).then_some(plan.api),
    });
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|n| {
        let firm = &firms[n % FIRMS];
        let apis = processes.iter().map(|process| chaos::access(process.api, Some(&firm.key))).collect();
        let rng = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        tokio::spawn(Client::new(stage.clone(), firm.uuid(), apis, rng).run())
    });
    let clients = futures::future::join_all(clients.collect::<Vec<_>>());
    let (ended, ()) = tokio::join!(clients, kill(&stage, &mut processes, &plan));
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for (saw, wrong) in ended.into_iter().map(|ended| ended.expect("a client ends by itself")) {
        seen.extend(saw);
        faults.extend(wrong);
    }
    println!("{} operations in {:?}; {:?}", plan.operations, began.elapsed(), stage.counts);
    faults.extend(judge::judge(&world, &seen).await);
    faults.extend(unproven(&stage, &processes, &plan));
    let took = began.elapsed();
    pool.close().await;
    for process in &mut processes {
        process.kill().await;
    }
    chaos::remove(&folder).await;
    world.finish().await;
    (faults, took)
}

/// Hours of a machine in so many weeks, offered to all.
async fn offer(supplier: &harness::Firm) -> Offer {
    let mondays: Vec<String> = (0..BUCKETS)
        .map(|n| (time::macros::date!(2026 - 12 - 28) + time::Duration::weeks(n as i64)).to_string())
        .collect();
    let total = TOTAL.to_string();
    let weeks: Vec<_> =
        mondays.iter().map(|monday| (monday.as_str(), total.as_str(), total.as_str())).collect();
    let group = supplier.state_group(group("机组", &weeks)).await.expect("a group").id;
    let weeks: Vec<_> = mondays.iter().map(|monday| (monday.as_str(), total.as_str())).collect();
    supplier.publish_offer(booking::offer(&group, &weeks)).await.expect("an offer")
}

/// Kills one process or the other, and both every third time, spread over the operations; each is started again at once.
async fn kill(stage: &Stage, processes: &mut [Process], plan: &Plan) {
    for n in 1..=plan.kills {
        let left = plan.operations - n * plan.operations / (plan.kills + 1);
        let come = async || (stage.left.load(Ordering::Relaxed) <= left).then_some(());
        until("work goes on", STALLED, come).await;
        for (place, process) in processes.iter_mut().enumerate() {
            if n % 3 == 0 || place == n % 2 {
                process.kill().await;
            }
        }
        for process in processes.iter_mut() {
            process.supervise();
        }
    }
}

/// What did not happen, so that the race proves less than it says.
fn unproven(stage: &Stage, processes: &[Process], plan: &Plan) -> Vec<String> {
    let ended: usize = processes.iter().map(|process| process.ended).sum();
    let counts = &stage.counts;
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let killed = !processes.is_empty();
    // Which of them do is drawn; so much less than its share a run never has.
    let least = plan.operations / (plan.api as usize + 1);
    let needed = [
        (killed && count(&counts.api) < least, "too little went over the API"),
        (ended > 0, "a process ended without being killed"),
        (killed && count(&counts.unanswered) == 0, "no kill fell into a request"),
        (killed && count(&counts.late) == 0, "no confirmation came too late"),
        (killed && count(&counts.confirmed) == 0, "nothing was confirmed while its time ran out"),
        (killed && count(&counts.consumed) == 0, "no order was faster than its buyer who gave back"),
        (killed && count(&counts.given_back) == 0, "no buyer who gave back was faster than the order"),
    ];
    needed.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what.to_owned()).collect()
}

/// Changes the function that sells, and takes away the constraint behind it.
async fn mutate(world: &World, mutation: &Mutation) {
    rewrite(world, "hold_many", |text| match mutation {
        Mutation::Text(old, new) => replaced(text, old, new),
        Mutation::Body(body) => {
            let (head, _) = text.split_once(QUOTE).expect("a body");
            format!("{head}{QUOTE}\n{body}{QUOTE}")
        }
    })
    .await;
    sqlx::raw_sql("alter table capacity.capacity_bucket drop constraint capacity_bucket_promised_once_check")
        .execute(world.owner_pool().await)
        .await
        .unwrap();
}

/// What Postgres puts around the body of a function.
const QUOTE: &str = "$function$";
