//! What the database says that happened, in the order in which each bucket's row was locked, against what clients saw.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use harness::World;
use time::OffsetDateTime;
use uuid::Uuid;

/// An operation of a client, from before it was first sent to after it was answered.
pub struct Seen {
    pub from: OffsetDateTime,
    pub until: OffsetDateTime,
    pub what: What,
}

/// What was answered.
pub enum What {
    Held(Uuid),
    /// Of which bucket too little was left for how much.
    Short(Uuid, i64),
    Confirmed(Uuid),
    /// By an order, which has its hours until the supplier gives them back.
    Consumed(Uuid),
    Released(Uuid),
}

/// When clients saw that something was taken (true) or given back.
type Windows = HashMap<(Uuid, bool), (OffsetDateTime, OffsetDateTime)>;

/// A change of a bucket.
struct Step {
    by: i64,
    /// By the database's clock, before it was committed.
    at: OffsetDateTime,
    /// By when it was committed at the latest, where that is known.
    done: Option<OffsetDateTime>,
    reservation: Uuid,
}

/// A hold that nobody confirmed: the versions between which it stood, and when its time was over.
struct Hold {
    taken: i64,
    returned: i64,
    over: OffsetDateTime,
    quantity: i64,
}

#[derive(Default)]
struct Bucket {
    steps: BTreeMap<i64, Step>,
    /// The same changes by when they were made, whatever version they took.
    moments: Vec<(OffsetDateTime, i64)>,
    holds: Vec<Hold>,
}

type Row = (Uuid, Uuid, i64, i64, Option<i64>, OffsetDateTime, Option<OffsetDateTime>, OffsetDateTime, bool);

/// Each bucket's changes by version; faults where two have one version.
async fn buckets(world: &World, windows: &Windows, faults: &mut Vec<String>) -> BTreeMap<Uuid, Bucket> {
    // Who confirmed a hold took a version of it.
    let rows: Vec<Row> = sqlx::query_as(
        "select p.bucket_id, p.reservation_id, p.quantity::bigint, p.taken_version, p.returned_version, r.held_at,
                r.ended_at, r.expires_at,
                r.state in ('expired', 'released') and r.version = 2
         from capacity.reservation_part p
         join capacity.reservation r on r.supplier = p.supplier and r.id = p.reservation_id",
    )
    .fetch_all(world.owner_pool().await)
    .await
    .unwrap();
    let mut buckets: BTreeMap<Uuid, Bucket> = BTreeMap::new();
    for (id, reservation, quantity, taken, returned, held_at, ended_at, over, unconfirmed) in rows {
        let bucket = buckets.entry(id).or_default();
        let mut step = |version: i64, by: i64, at: OffsetDateTime| {
            let done = windows.get(&(reservation, by > 0)).map(|(_, until)| *until);
            bucket.moments.push((at, by));
            if bucket.steps.insert(version, Step { by, at, done, reservation }).is_some() {
                faults.push(format!("version {version} of {id} was taken twice"));
            }
        };
        step(taken, quantity, held_at);
        if let Some((version, at)) = returned.zip(ended_at) {
            step(version, -quantity, at);
        }
        if let Some(returned) = returned.filter(|_| unconfirmed) {
            bucket.holds.push(Hold { taken, returned, over, quantity });
        }
    }
    buckets
}

/// Everything that is wrong. Every hold has ended.
pub async fn judge(world: &World, seen: &[Seen]) -> Vec<String> {
    let windows: Windows = seen
        .iter()
        .filter_map(|one| match one.what {
            What::Held(id) => Some(((id, true), (one.from, one.until))),
            What::Released(id) => Some(((id, false), (one.from, one.until))),
            What::Short(..) | What::Confirmed(_) | What::Consumed(_) => None,
        })
        .collect();
    let mut faults = Vec::new();
    let mut buckets = buckets(world, &windows, &mut faults).await;
    let standing: Vec<(Uuid, i64, i64, i64)> =
        sqlx::query_as("select id, total::bigint, reserved::bigint, version from capacity.capacity_bucket")
            .fetch_all(world.owner_pool().await)
            .await
            .unwrap();
    for (id, total, reserved, version) in standing {
        let mut bucket = buckets.remove(&id).unwrap_or_default();
        faults.extend(oversold(id, total, &mut bucket.moments));
        let sums = replay(id, total, &bucket, &mut faults);
        if sums.last() != Some(&reserved) || bucket.steps.len() as i64 != version {
            faults.push(format!("{id} says {reserved} in version {version}, its history {:?}", sums.last()));
        }
        let states = States::of(total, bucket, sums);
        let unneeded = seen.iter().filter(|one| match one.what {
            What::Short(of, quantity) => of == id && !states.justify(one, quantity),
            _ => false,
        });
        let unneeded = unneeded.count();
        if unneeded > 0 {
            faults.push(format!("{unneeded} refusals without need of {id}"));
        }
        faults.extend(out_of_order(&states.steps, &windows, id));
    }
    faults.extend(buckets.keys().map(|id| format!("{id} has parts and is no bucket")));
    faults.extend(forgotten(world, seen).await);
    let short = seen.iter().filter(|one| matches!(one.what, What::Short(..))).count();
    let held = seen.iter().filter(|one| matches!(one.what, What::Held(_))).count();
    let consumed = seen.iter().filter(|one| matches!(one.what, What::Consumed(_))).count();
    println!("{held} held, {short} refused, {consumed} consumed, {} faults", faults.len());
    if held == 0 || short == 0 {
        faults.push("nothing was held, or nobody refused: the test tests nothing".into());
    }
    faults
}

/// When more was sold than there was, by the clock alone. What is given back says so no later than it is free, and what is
/// taken no earlier than its row is locked: added up by these moments it is never more than what stood, so that one that
/// trusts no version accuses nobody falsely.
fn oversold(id: Uuid, total: i64, moments: &mut [(OffsetDateTime, i64)]) -> Option<String> {
    moments.sort_unstable();
    let mut sum = 0;
    moments.iter().find_map(|(at, by)| {
        sum += by;
        (sum > total).then(|| format!("oversold at {at}: {sum} of {total} of {id}"))
    })
}

/// What was reserved after each version, from version 0 on.
fn replay(id: Uuid, total: i64, bucket: &Bucket, faults: &mut Vec<String>) -> Vec<i64> {
    let mut sum = 0;
    let mut sums = vec![sum];
    for (expected, (version, step)) in (1..).zip(&bucket.steps) {
        sum += step.by;
        sums.push(sum);
        if *version != expected {
            faults.push(format!("version {expected} of {id} is missing"));
            break;
        }
        if sum > total || sum < 0 {
            faults.push(format!("oversold: {sum} of {total} in version {version} of {id}"));
        }
    }
    sums
}

/// The states through which a bucket went.
struct States {
    total: i64,
    /// The n-th ends the n-th state, from 0 on.
    steps: Vec<Step>,
    sums: Vec<i64>,
    /// In the order in which they were taken.
    holds: Vec<Hold>,
    /// How many versions the longest hold stood for.
    longest: i64,
}

impl States {
    fn of(total: i64, bucket: Bucket, sums: Vec<i64>) -> Self {
        let Bucket { steps, mut holds, .. } = bucket;
        let mut steps: Vec<Step> = steps.into_values().collect();
        // What came later was committed later, so that it says of what came before that this was committed by then.
        let mut done = None;
        for step in steps.iter_mut().rev() {
            done = step.done.into_iter().chain(done).min();
            step.done = done;
        }
        holds.sort_unstable_by_key(|hold| hold.taken);
        let longest = holds.iter().map(|hold| hold.returned - hold.taken).max().unwrap_or(0);
        Self { total, steps, sums, holds, longest }
    }

    /// Whether in one of the states that stood while the request ran too little was left, holds whose time was over before
    /// it was sent not counted.
    fn justify(&self, one: &Seen, quantity: i64) -> bool {
        let first = self.steps.partition_point(|step| step.done.is_some_and(|done| done < one.from));
        let last = self.steps.partition_point(|step| step.at <= one.until);
        (first..=last).any(|state| {
            let sum = self.sums.get(state).copied().unwrap_or_default();
            sum - self.over(state as i64, one.from) + quantity > self.total
        })
    }

    /// What of a state was held by those whose time was over by then.
    fn over(&self, version: i64, by: OffsetDateTime) -> i64 {
        let from = self.holds.partition_point(|hold| hold.taken < version - self.longest);
        let until = self.holds.partition_point(|hold| hold.taken <= version);
        let over = self.holds[from..until].iter().filter(|hold| hold.returned > version && hold.over < by);
        over.map(|hold| hold.quantity).sum()
    }
}

/// Operations of which one was answered before the other was asked for, and took the later version.
fn out_of_order(steps: &[Step], windows: &Windows, bucket: Uuid) -> Option<String> {
    let mut earliest = None;
    for step in steps.iter().rev() {
        let Some((from, until)) = windows.get(&(step.reservation, step.by > 0)) else { continue };
        if earliest.is_some_and(|earliest| earliest < *from) {
            let id = step.reservation;
            return Some(format!("{bucket}: {id} took its version before one that was answered first"));
        }
        earliest = Some(earliest.map_or(*until, |earliest: OffsetDateTime| earliest.min(*until)));
    }
    None
}

/// What was answered and is not so: everything that was held is there and nothing besides, what was confirmed did not
/// expire, orders have what they consumed and nothing besides, and what was given back is.
async fn forgotten(world: &World, seen: &[Seen]) -> Vec<String> {
    let rows: Vec<(Uuid, String, bool)> =
        sqlx::query_as("select id, state, order_id is not null from capacity.reservation")
            .fetch_all(world.owner_pool().await)
            .await
            .unwrap();
    let ordered: BTreeSet<Uuid> = rows.iter().filter(|(.., ordered)| *ordered).map(|(id, ..)| *id).collect();
    let states: BTreeMap<Uuid, String> = rows.into_iter().map(|(id, state, _)| (id, state)).collect();
    let (mut held, mut consumed) = (BTreeSet::new(), BTreeSet::new());
    for one in seen {
        match one.what {
            What::Held(id) => held.insert(id),
            What::Consumed(id) => consumed.insert(id),
            _ => false,
        };
    }
    let mut faults = Vec::new();
    let unknown = states.keys().filter(|id| !held.contains(id)).count();
    if unknown > 0 {
        faults.push(format!("{unknown} holds that nobody was answered"));
    }
    let differ = ordered.symmetric_difference(&consumed).count();
    if differ > 0 {
        faults.push(format!("{differ} are of an order and were not consumed, or the other way round"));
    }
    for one in seen {
        let state = |id: &Uuid| states.get(id).map_or("lost", String::as_str);
        match &one.what {
            What::Held(id) if state(id) == "lost" => faults.push(format!("{id} was held and is lost")),
            What::Confirmed(id) if !["confirmed", "released"].contains(&state(id)) => {
                faults.push(format!("{id} was confirmed and is {}", state(id)));
            }
            What::Released(id) if state(id) != "released" => {
                faults.push(format!("{id} was given back and is {}", state(id)));
            }
            _ => {}
        }
    }
    faults
}
