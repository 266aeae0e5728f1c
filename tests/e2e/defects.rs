//! Faults that somebody could well build into the database's side, and the tests that notice: each runs once as the product
//! is, and once with the fault put in. What the stream itself could do wrong stands in its simulation
//! (`services/stream/src/simulation.rs`), faults in the sequencer's statements in `sequencer::mutated`, a sum before the lock in
//! `booking::race`, other ends of holds in `booking::expiry`, and broken walls in `wall::catalogue`; all of them are listed in
//! `tests/architecture/defects.rs`.

use std::time::{Duration, Instant};

use harness::{Firm, World, booking, capacity::group, seeded, until};
use proto::capacity::Offer;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Puts another text into a function.
pub async fn mutate(world: &World, function: &str, old: &str, new: &str) {
    let owner = world.owner_pool().await;
    let text: String = sqlx::query_scalar("select pg_get_functiondef(to_regproc($1))")
        .bind(function)
        .fetch_one(owner)
        .await
        .unwrap();
    assert!(text.contains(old), "the text is there");
    sqlx::raw_sql(AssertSqlSafe(text.replace(old, new))).execute(owner).await.unwrap();
}

/// Two buckets of a supplier that its buyer may hold.
async fn offer(supplier: &Firm) -> Offer {
    let weeks = [("2026-12-28", "80", "80"), ("2027-01-04", "80", "80")];
    let group = supplier.state_group(group("机组", &weeks)).await.expect("a group").id;
    let weeks = [("2026-12-28", "80"), ("2027-01-04", "80")];
    supplier.publish_offer(booking::offer(&group, &weeks)).await.expect("an offer")
}

/// One text that a call in a firm's transaction answers, which is committed.
async fn ask(pool: PgPool, firm: Uuid, call: String) -> Result<String, sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query("select set_config('tandem.firm', $1, true)")
        .bind(firm.to_string())
        .execute(&mut *tx)
        .await?;
    let said = sqlx::query_scalar(AssertSqlSafe(call)).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(said)
}

/// Waits until so many sessions of a pool's login wait for rows.
pub async fn queued(pool: &PgPool, sessions: i64) {
    until("somebody waits", SOON, async || {
        // A role sees what its own sessions wait for.
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and usename = current_user and wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .expect("it may look");
        (waiting >= sessions).then_some(())
    })
    .await;
}

/// What a confirmation says that waited for its row until the hold was over, and how long it took until that was known.
async fn confirmed_late(fault: bool) -> (String, Duration) {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let offer = offer(&supplier).await;
    if fault {
        mutate(&world, "capacity.settle_many", "at := clock_timestamp()", "at := now()").await;
    }
    let began = Instant::now();
    let hold = buyer.hold(&offer, &[(0, "5")], 4).await.expect("a hold").id;
    let owner = world.owner_pool().await;
    let mut other = owner.begin().await.expect("begin");
    sqlx::query("select from capacity.reservation where id = $1 for update")
        .bind(Uuid::try_parse(&hold).unwrap())
        .execute(&mut *other)
        .await
        .expect("locked");
    let confirm = format!("select outcome from capacity.settle_many('{{{hold}}}', '{{confirmed}}') limit 1");
    let confirmed = tokio::spawn(ask(world.app_pool().await.clone(), buyer.uuid(), confirm));
    queued(world.app_pool().await, 1).await;
    until("the hold is over", SOON, async || {
        let over: bool = sqlx::query_scalar(
            "select expires_at < clock_timestamp() from capacity.reservation where id = $1",
        )
        .bind(Uuid::try_parse(&hold).unwrap())
        .fetch_one(owner)
        .await
        .expect("it is there");
        over.then_some(())
    })
    .await;
    other.rollback().await.expect("rolled back");
    let said = confirmed.await.expect("it ends").expect("it answers");
    let took = began.elapsed();
    world.finish().await;
    (said, took)
}

#[tokio::test]
async fn a_clock_that_stands_still_while_one_waits_is_noticed() {
    let ((sound, _), (faulty, took)) = tokio::join!(confirmed_late(false), confirmed_late(true));
    assert_eq!(sound, "expired");
    assert_eq!(faulty, "done", "a hold was confirmed that was over");
    seeded::noticed("a-clock-that-stands-still", took);
}

/// Two holds of the same two buckets in opposite orders, of which the first stands in line for one of them while the second
/// takes the other: what becomes of both, and how long it took until that was known.
async fn crossed(fault: bool) -> (Vec<Result<String, String>>, Duration) {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let offer = offer(&supplier).await;
    if fault {
        let sorted = "order by b.id for no key update of b";
        mutate(&world, "capacity.hold_many", sorted, "order by w.place for no key update of b").await;
    }
    let began = Instant::now();
    let mut buckets: Vec<Uuid> =
        offer.buckets.iter().map(|bucket| Uuid::try_parse(&bucket.id).unwrap()).collect();
    buckets.sort();
    let (low, high) = (buckets[0], buckets[1]);
    let mut other = world.owner_pool().await.begin().await.expect("begin");
    sqlx::query("select from capacity.capacity_bucket where id = $1 for update")
        .bind(high)
        .execute(&mut *other)
        .await
        .expect("locked");
    let mut holds = Vec::new();
    for (n, (one, two)) in [(high, low), (low, high)].into_iter().enumerate() {
        let hold = format!(
            "select outcome from capacity.hold_many('{{{}}}', '{{{}}}', '{{1}}', '{{60}}', '{{2}}', '{{{one},{two}}}', \
             '{{1,1}}', '{{1,2}}', '{{5,5}}') limit 1",
            offer.id,
            chassis::clock::system().id()
        );
        holds.push(tokio::spawn(ask(world.app_pool().await.clone(), buyer.uuid(), hold)));
        queued(world.app_pool().await, n as i64 + 1).await;
    }
    other.rollback().await.expect("rolled back");
    let mut became = Vec::new();
    for hold in holds {
        became.push(hold.await.expect("it ends").map_err(|error| {
            error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
        }));
    }
    let took = began.elapsed();
    world.finish().await;
    (became, took)
}

#[tokio::test]
async fn locks_that_are_not_taken_in_one_order_are_noticed() {
    let held = || Ok("held".to_owned());
    let ((sound, _), (became, took)) = tokio::join!(crossed(false), crossed(true));
    assert_eq!(sound, [held(), held()]);
    assert!(became.contains(&Err("40P01".to_owned())), "a deadlock: {became:?}");
    seeded::noticed("locks-in-no-order", took);
}

/// What a pooled connection still knows of the firm whose transaction was committed on it.
async fn remembered(pool: &PgPool) -> String {
    let setting = sqlx::query_scalar("select coalesce(current_setting('tandem.firm', true), '')");
    setting.fetch_one(pool).await.expect("the connection answers")
}

#[tokio::test]
async fn a_tenant_that_outlives_its_transaction_is_noticed() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let began = Instant::now();
    let options = world.app_pool().await.connect_options();
    let one = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_lazy_with((*options).clone());
    let tenants = chassis::db::TenantPool::new(one.clone());
    for by_keys in [false, true] {
        let firm = buyer.uuid();
        let tx = if by_keys { tenants.begin_by_keys(firm).await } else { tenants.begin(firm).await };
        tx.expect("begin").commit().await.expect("commit");
        assert_eq!(remembered(&one).await, "", "no firm is known once its transaction is over");
    }
    let session = format!("begin; select set_config('tandem.firm', '{}', false); commit", buyer.id);
    sqlx::raw_sql(AssertSqlSafe(session)).execute(&one).await.expect("set for the session");
    assert_eq!(remembered(&one).await, buyer.id, "and so it would be seen");
    seeded::noticed("a-tenant-of-the-session", began.elapsed());
    one.close().await;
    world.finish().await;
}
