//! Many firms book the same few hours at once, retry, walk away in the middle and let holds expire: nothing is sold twice
//! and nobody is refused what was there. Judged from the versions that each bucket took under its row lock, held against
//! what the clients saw and when.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::Reason;
use harness::{
    Access, World, booking,
    capacity::group,
    refusal::{metadata, reason},
};
use proto::capacity::{Offer, Reservation};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

const CLIENTS: usize = 64;
const FIRMS: usize = 8;
const BUCKETS: usize = 6;
const TOTAL: i64 = 40;
/// How often a client sends the same request again where time ran out: then the server hangs, and the test has failed.
const TRIES: usize = 5;

/// A request of a client, from before it was sent to after it was answered.
struct Seen {
    from: OffsetDateTime,
    until: OffsetDateTime,
    /// What was held; or of which bucket too little was left for how much.
    what: Result<Reservation, (Uuid, Decimal)>,
}

struct Stage {
    offer: Offer,
    seen: Mutex<Vec<Seen>>,
    faults: Mutex<Vec<String>>,
    left: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sold_twice_by_many_at_once() {
    let faults = run(20_000, None).await;
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes an hour"]
async fn nothing_is_sold_twice_in_a_million_operations() {
    let faults = run(1_000_000, None).await;
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
}

/// The sum is looked up first and the row taken afterwards, without the constraint that stands behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_before_the_lock_is_noticed() {
    let guard = "and b.reserved + part.quantity <= b.total";
    let sum = "and part.quantity <= b.total - (select coalesce(sum(p.quantity), 0) from capacity.reservation_part p \
               where p.bucket_id = b.id and p.returned_version is null)";
    let faults = run(2_000, Some((guard, sum))).await;
    assert!(faults.iter().any(|fault| fault.starts_with("oversold")), "{faults:?}");
}

async fn run(operations: usize, mutation: Option<(&str, &str)>) -> Vec<String> {
    let world = World::start().await;
    if let Some((old, new)) = mutation {
        mutate(&world, old, new).await;
    }
    let supplier = world.firm("邻益注塑(示例)有限公司").await;
    let mondays: Vec<String> = (0..BUCKETS)
        .map(|n| (time::macros::date!(2026 - 12 - 28) + time::Duration::weeks(n as i64)).to_string())
        .collect();
    let total = TOTAL.to_string();
    let weeks: Vec<_> =
        mondays.iter().map(|monday| (monday.as_str(), total.as_str(), total.as_str())).collect();
    let group = supplier.state_group(group("机组", &weeks)).await.expect("a group").id;
    let weeks: Vec<_> = mondays.iter().map(|monday| (monday.as_str(), total.as_str())).collect();
    let offer = supplier.publish_offer(booking::offer(&group, &weeks)).await.expect("an offer");
    let mut firms = Vec::new();
    for n in 0..FIRMS {
        firms.push(world.firm(&format!("第{n}家")).await);
    }
    let stage = Arc::new(Stage {
        offer,
        seen: Mutex::default(),
        faults: Mutex::default(),
        left: AtomicUsize::new(operations),
    });
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let clients = (0..CLIENTS).map(|n| {
        let access = world.connection(&firms[n % FIRMS].key);
        let rng = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        tokio::spawn(client(stage.clone(), access, rng))
    });
    for done in futures::future::join_all(clients).await {
        done.expect("a client ends by itself");
    }
    let mut faults = std::mem::take(&mut *stage.faults.lock().unwrap());
    let seen = std::mem::take(&mut *stage.seen.lock().unwrap());
    faults.extend(judge(&world, &seen).await);
    world.finish().await;
    faults
}

/// Puts another condition into the function that sells, and takes away the constraint behind it.
async fn mutate(world: &World, old: &str, new: &str) {
    let owner = world.owner_pool().await;
    let text: String =
        sqlx::query_scalar("select pg_get_functiondef(oid) from pg_proc where proname = 'hold_capacity'")
            .fetch_one(owner)
            .await
            .unwrap();
    assert!(text.contains(old), "the condition is there");
    sqlx::raw_sql(sqlx::AssertSqlSafe(text.replace(old, new))).execute(owner).await.unwrap();
    sqlx::raw_sql("alter table capacity.capacity_bucket drop constraint capacity_bucket_promised_once_check")
        .execute(owner)
        .await
        .unwrap();
}

async fn client(stage: Arc<Stage>, access: Access, mut rng: StdRng) {
    let mut mine: Vec<String> = Vec::new();
    while stage.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        match (mine.len(), rng.random_range(0..10)) {
            (1.., 0..2) => {
                let id = &mine[rng.random_range(0..mine.len())];
                expected(&stage, access.confirm(id).await.err());
            }
            (1.., 2..6) => {
                let id = mine.swap_remove(rng.random_range(0..mine.len()));
                expected(&stage, access.give_back(&id).await.err());
            }
            _ => hold(&stage, &access, &mut rng, &mut mine).await,
        }
    }
    for id in mine {
        expected(&stage, access.give_back(&id).await.err());
    }
}

/// A hold may have ended meanwhile, and a slow machine may run out of time; nothing else may go wrong.
fn expected(stage: &Stage, refused: Option<tonic::Status>) {
    let known = [Reason::RESERVATION_ENDED, Reason::DEADLINE_EXCEEDED].map(Reason::as_str);
    if let Some(status) = refused
        && !known.contains(&reason(&status).as_str())
    {
        stage.faults.lock().unwrap().push(format!("refused: {status:?}"));
    }
}

async fn hold(stage: &Stage, access: &Access, rng: &mut StdRng, mine: &mut Vec<String>) {
    let first = rng.random_range(0..BUCKETS);
    // In any order, so that it is the server's business to lock in one.
    let mut buckets: Vec<usize> = (0..rng.random_range(1..=3)).map(|n| (first + n) % BUCKETS).collect();
    if rng.random() {
        buckets.reverse();
    }
    let quantities: Vec<String> = buckets.iter().map(|_| rng.random_range(1..=6).to_string()).collect();
    let parts: Vec<(usize, &str)> =
        buckets.iter().copied().zip(quantities.iter().map(String::as_str)).collect();
    let seconds = if rng.random_ratio(1, 3) { 1 } else { 60 };
    let request = booking::hold(&stage.offer, &parts, seconds);
    let from = chassis::clock::system().now();
    if rng.random_ratio(1, 10) {
        // The client goes away in the middle, and asks again with the same id.
        let mut reservations = access.reservations();
        let patience = Duration::from_micros(rng.random_range(0..8_000));
        let _ = tokio::time::timeout(patience, reservations.hold_capacity(request.clone())).await;
    }
    let mut answer = access.reservations().hold_capacity(request.clone()).await;
    // Its text says what to do: the same request again.
    for _ in 1..TRIES {
        if answer.as_ref().err().map(reason).as_deref() != Some(Reason::DEADLINE_EXCEEDED.as_str()) {
            break;
        }
        answer = access.reservations().hold_capacity(request.clone()).await;
    }
    let until = chassis::clock::system().now();
    let what =
        match answer {
            Ok(held) => {
                let held = held.into_inner();
                if rng.random_ratio(1, 20) {
                    let again =
                        access.reservations().hold_capacity(request).await.map(|again| again.into_inner());
                    if again.as_ref().ok() != Some(&held) {
                        stage.faults.lock().unwrap().push(format!("another hold for the same id: {again:?}"));
                    }
                }
                mine.push(held.id.clone());
                Ok(held)
            }
            Err(status) if reason(&status) == Reason::CAPACITY_SHORT.as_str() => {
                let bucket = metadata(&status).remove("bucket_id").unwrap_or_default();
                let at = stage.offer.buckets.iter().position(|one| one.id == bucket).expect("a bucket");
                let quantity = parts.iter().find(|(one, _)| *one == at).expect("asked for").1;
                Err((Uuid::try_parse(&bucket).expect("an id"), quantity.parse().expect("a number")))
            }
            Err(status) => {
                let after = until - from;
                stage.faults.lock().unwrap().push(format!(
                    "refused after {after}, tried {TRIES} times where time ran out: {status:?}"
                ));
                return;
            }
        };
    stage.seen.lock().unwrap().push(Seen { from, until, what });
}

/// A change of a bucket: by how much, when by the database's clock, and of which reservation.
#[derive(Clone, Debug)]
struct Step {
    by: Decimal,
    at: OffsetDateTime,
    reservation: Uuid,
    /// When the hold's time was over, where nobody confirmed it.
    lapsed: Option<OffsetDateTime>,
}

type Row =
    (Uuid, Uuid, Decimal, i64, Option<i64>, OffsetDateTime, Option<OffsetDateTime>, OffsetDateTime, String);

/// Each bucket's changes by version; faults where two have one version.
async fn steps(world: &World, faults: &mut Vec<String>) -> BTreeMap<Uuid, BTreeMap<i64, Step>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select p.bucket_id, p.reservation_id, p.quantity, p.taken_version, p.returned_version, r.held_at, r.ended_at,
                r.expires_at, r.state
         from capacity.reservation_part p
         join capacity.reservation r on r.supplier = p.supplier and r.id = p.reservation_id",
    )
    .fetch_all(world.owner_pool().await)
    .await
    .unwrap();
    let mut steps: BTreeMap<Uuid, BTreeMap<i64, Step>> = BTreeMap::new();
    for (bucket, reservation, quantity, taken, returned, held_at, ended_at, expires_at, state) in rows {
        let lapsed = (state == "expired").then_some(expires_at);
        let mut step = |version: i64, by: Decimal, at: OffsetDateTime| {
            let step = Step { by, at, reservation, lapsed };
            if steps.entry(bucket).or_default().insert(version, step).is_some() {
                faults.push(format!("version {version} of {bucket} was taken twice"));
            }
        };
        step(taken, quantity, held_at);
        if let Some((version, at)) = returned.zip(ended_at) {
            step(version, -quantity, at);
        }
    }
    steps
}

async fn judge(world: &World, seen: &[Seen]) -> Vec<String> {
    let mut faults = Vec::new();
    let steps = steps(world, &mut faults).await;
    let standing: Vec<(Uuid, Decimal, Decimal, i64)> =
        sqlx::query_as("select id, total, reserved, version from capacity.capacity_bucket")
            .fetch_all(world.owner_pool().await)
            .await
            .unwrap();
    for (bucket, total, reserved, version) in standing {
        let Some(steps) = steps.get(&bucket) else { continue };
        let mut sum = Decimal::ZERO;
        for (expected, (version, step)) in (1..).zip(steps) {
            sum += step.by;
            if *version != expected {
                faults.push(format!("version {expected} of {bucket} is missing"));
                break;
            }
            if sum > total || sum < Decimal::ZERO {
                faults.push(format!("oversold: {sum} of {total} in version {version} of {bucket}"));
            }
        }
        if sum != reserved || steps.len() as i64 != version {
            faults.push(format!("{bucket} says {reserved} in version {version}, its history {sum}"));
        }
        let mut unneeded = 0;
        for one in seen {
            if let Err((short, quantity)) = &one.what
                && *short == bucket
                && !justified(one, *quantity, total, steps)
            {
                unneeded += 1;
            }
        }
        if unneeded > 0 {
            faults.push(format!("{unneeded} refusals without need of {bucket}"));
        }
        faults.extend(out_of_order(seen, steps, bucket));
    }
    let (held, refused): (Vec<_>, Vec<_>) = seen.iter().partition(|one| one.what.is_ok());
    println!("{} held, {} refused, {} faults", held.len(), refused.len(), faults.len());
    if held.is_empty() || refused.is_empty() {
        faults.push("nothing was held, or nobody refused: the test tests nothing".into());
    }
    faults
}

/// Whether in one of the states that stood while the request ran too little was left, holds that had lapsed before it was
/// sent not counted.
fn justified(one: &Seen, quantity: Decimal, total: Decimal, steps: &BTreeMap<i64, Step>) -> bool {
    let mut sum = Decimal::ZERO;
    let mut lapsed: BTreeMap<Uuid, Decimal> = BTreeMap::new();
    let mut list = steps.values().peekable();
    while let Some(step) = list.next() {
        if step.at > one.until {
            break;
        }
        sum += step.by;
        if step.lapsed.is_some_and(|at| at < one.from) {
            *lapsed.entry(step.reservation).or_default() += step.by;
        }
        let stood = list.peek().is_none_or(|next| next.at >= one.from);
        if stood && sum - lapsed.values().sum::<Decimal>() + quantity > total {
            return true;
        }
    }
    false
}

/// Holds of which one was answered before the other was asked for, and took the later version.
fn out_of_order(seen: &[Seen], steps: &BTreeMap<i64, Step>, bucket: Uuid) -> Option<String> {
    let mut windows: BTreeMap<Uuid, (OffsetDateTime, OffsetDateTime)> = BTreeMap::new();
    for one in seen {
        if let Ok(held) = &one.what {
            windows.insert(Uuid::try_parse(&held.id).expect("an id"), (one.from, one.until));
        }
    }
    let mut earliest = None;
    for step in steps.values().rev().filter(|step| step.by > Decimal::ZERO) {
        let Some((from, until)) = windows.get(&step.reservation) else { continue };
        if earliest.is_some_and(|earliest| earliest < *from) {
            return Some(format!(
                "{bucket}: {} took its version before one that was answered first",
                step.reservation
            ));
        }
        earliest = Some(earliest.map_or(*until, |earliest: OffsetDateTime| earliest.min(*until)));
    }
    None
}
