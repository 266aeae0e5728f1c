//! The sequencer's own statements with a fault in them, before a real Postgres: what the simulation's model of Postgres does
//! wrong on purpose (`services/stream/src/simulation.rs`) the product's text does here. Each runs once as it is, and once with
//! the fault.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use harness::{
    altered::{Altered, Change},
    cluster, seeded, until,
};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::*;
use crate::defects::queued;

/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);

const AS_IT_IS: &[Change] = &[];

/// Looks at what lies beyond the last row that it saw, and not at whatever is there.
const ID_TAIL: &[Change] = &[
    (
        "from event.outbox o order by o.id limit $1",
        "from event.outbox o where o.id > coalesce(nullif(current_setting('tandem.last', true), '')::bigint, 0)
         order by o.id limit $1",
    ),
    ("where w.before < $2", "where w.before < $2 and set_config('tandem.last', w.id::text, false) <> ''"),
];

/// Remembers the first row that it saw, before which nothing was.
const LOW_WATER: &[Change] = &[
    (
        "from event.outbox o order by o.id limit $1",
        "from event.outbox o where o.id >= coalesce(nullif(current_setting('tandem.low', true), '')::bigint, 0)
         order by o.id limit $1",
    ),
    (
        "where w.before < $2",
        "where w.before < $2 and set_config('tandem.low', case when w.before = 0 then w.id::text
                                                          else current_setting('tandem.low') end, false) <> ''",
    ),
];

/// Reads what was written by transactions before the oldest that still runs, in their order.
const XID_FENCE: &[Change] = &[
    ("octet_length(o.payload) as size", "octet_length(o.payload) as size, o.xmin::text::bigint as writer"),
    (
        "from event.outbox o order by o.id limit $1",
        "from event.outbox o
         where o.xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         order by o.xmin::text::bigint, o.id limit $1",
    ),
    (
        "first.payload, sum(first.size) over (order by first.id)",
        "first.payload, first.writer, sum(first.size) over (order by first.writer, first.id)",
    ),
    ("order by w.id", "order by w.writer, w.id"),
];

/// Moves the log whatever became of what was seen.
const NO_FENCE: &[Change] = &[("where h.log_pos = $30", "where true or h.log_pos = $30")];

/// A sequencer of one connection, whose statements are changed on their way.
struct Mutant {
    line: Altered,
    pool: PgPool,
    known: Known,
}

impl Mutant {
    async fn of(bench: &Bench, changes: &'static [Change]) -> Self {
        let url = cluster::get().await.url("tandem_stream", bench.world.database());
        let options: PgConnectOptions = url.parse().expect("an address of Postgres");
        let postgres = SocketAddr::from(([127, 0, 0, 1], options.get_port()));
        let line = Altered::start(postgres, changes).await;
        let through = options.port(line.at().port()).ssl_mode(PgSslMode::Disable);
        Self { line, pool: chassis::db::Near::new(through).pool().clone(), known: Known::default() }
    }

    async fn sequence(&mut self) -> usize {
        sequence_once(&self.pool, &mut self.known).await.expect("the sequencer runs").moved
    }

    /// What waits is moved by the product.
    async fn finish(self, bench: &Bench) {
        assert!(self.line.met() > 0, "the text is there");
        self.pool.close().await;
        stream::drain(&bench.sequencer).await.expect("drain");
    }
}

/// How many of two commands come to their reader, of which the one with the lower id commits when the other one was moved.
async fn came_late(bench: &Bench, changes: &'static [Change]) -> usize {
    let (firm, mut mutant) = (id(), Mutant::of(bench, changes).await);
    let late = bench.open(vec![event(&[firm], "orders/late", 1)]).await;
    bench.commit(vec![event(&[firm], "orders/early", 1)]).await;
    assert_eq!(mutant.sequence().await, 1);
    late.commit().await.expect("commit");
    for _ in 0..3 {
        mutant.sequence().await;
    }
    let came = bench.feed(firm).await.len();
    mutant.finish(bench).await;
    came
}

#[tokio::test]
async fn a_tail_of_ids_in_the_statement_is_noticed() {
    let (bench, began) = (Bench::new().await, Instant::now());
    assert_eq!(came_late(&bench, AS_IT_IS).await, 2);
    assert_eq!(came_late(&bench, ID_TAIL).await, 1, "a committed command reached nobody");
    seeded::noticed("a-tail-of-ids-in-the-statement", began.elapsed());
    bench.world.finish().await;
}

#[tokio::test]
async fn a_low_water_mark_in_the_statement_is_noticed() {
    let (bench, began) = (Bench::new().await, Instant::now());
    assert_eq!(came_late(&bench, AS_IT_IS).await, 2);
    assert_eq!(came_late(&bench, LOW_WATER).await, 1, "a committed command reached nobody");
    seeded::noticed("a-low-water-mark-in-the-statement", began.elapsed());
    bench.world.finish().await;
}

/// One order is changed by two transactions, of which the second one had written elsewhere before the first one began: how
/// many commands are moved while it is still open, and in which order their versions come; and how long the rest was waited
/// for, which with the fault depends on whoever else works on this Postgres.
async fn came_in_order(bench: &Bench, changes: &'static [Change]) -> ((usize, Vec<i64>), Duration) {
    let (firm, mut mutant) = (id(), Mutant::of(bench, changes).await);
    let mut second = bench.tenants.begin(firm).await.expect("begin");
    sqlx::query("select pg_current_xact_id()::text").execute(second.conn()).await.expect("its number");
    bench.commit(vec![event(&[firm], "orders/1", 1)]).await;
    let meanwhile = mutant.sequence().await;
    outbox::append(&mut second, vec![vec![event(&[firm], "orders/1", 2)]]).await.expect("append");
    second.commit().await.expect("commit");
    // With the fault, transactions of other tests are waited for as well.
    let (mut moved, since) = (meanwhile, Instant::now());
    while moved < 2 {
        moved += until("something is moved", SOON, async || {
            let outcome = sequence_once(&mutant.pool, &mut Known::default()).await.expect("it runs");
            (outcome.moved > 0).then_some(outcome.moved)
        })
        .await;
    }
    let waited = since.elapsed();
    let versions = bench.feed(firm).await.iter().map(|row| row.version).collect();
    mutant.finish(bench).await;
    ((meanwhile, versions), waited)
}

#[tokio::test]
async fn an_order_by_transactions_in_the_statement_is_noticed() {
    let (bench, began) = (Bench::new().await, Instant::now());
    let (sound, _) = came_in_order(&bench, AS_IT_IS).await;
    assert_eq!(sound, (1, vec![1, 2]));
    let (faulty, waited) = came_in_order(&bench, XID_FENCE).await;
    assert_eq!(faulty, (0, vec![2, 1]), "late, and in another order");
    let took = began.elapsed().saturating_sub(waited);
    seeded::noticed("an-order-by-transactions-in-the-statement", took);
    bench.world.finish().await;
}

/// What becomes of a second sequencer that saw what a first one has moved and not committed yet; `None` where its transaction
/// fails.
async fn raced(bench: &Bench, changes: &'static [Change]) -> Option<Outcome> {
    let (mut first, mut second) = (Mutant::of(bench, AS_IT_IS).await, Mutant::of(bench, changes).await);
    bench.commit(vec![event(&[id()], "orders/1", 1)]).await;
    // Of its one connection.
    sqlx::raw_sql("begin").execute(&first.pool).await.expect("begin");
    assert_eq!(first.sequence().await, 1);
    let raced = tokio::spawn(async move {
        let outcome = sequence_once(&second.pool, &mut second.known).await;
        (outcome.ok(), second)
    });
    queued(&bench.sequencer, 1).await;
    sqlx::raw_sql("commit").execute(&first.pool).await.expect("commit");
    let (outcome, second) = raced.await.expect("it ends");
    first.finish(bench).await;
    second.finish(bench).await;
    outcome
}

/// The places of a feed whose head was put back by an entry while the log's head stayed, as a restore of one table does, after
/// the next command was moved by a sequencer that knew where it stood before.
async fn put_back(bench: &Bench, changes: &'static [Change]) -> Vec<i64> {
    let (firm, mut mutant) = (id(), Mutant::of(bench, changes).await);
    for version in 1..=2 {
        bench.commit(vec![event(&[firm], "orders/1", version)]).await;
        assert_eq!(mutant.sequence().await, 1);
    }
    sqlx::query(
        "with gone as (delete from event.feed_entry where feed = $1 and seq = 2)
         update event.feed_head h set next_seq = 2, chain = f.chain
         from event.feed_entry f where f.feed = h.feed and f.seq = 1 and h.feed = $1",
    )
    .bind(firm)
    .execute(&bench.owner)
    .await
    .expect("the owner may");
    bench.commit(vec![event(&[firm], "orders/1", 3)]).await;
    // Who is told that something changed looks again.
    while mutant.sequence().await == 0 {}
    mutant.finish(bench).await;
    sqlx::query_scalar("select seq from event.feed_entry where feed = $1 order by seq")
        .bind(firm)
        .fetch_all(&bench.owner)
        .await
        .expect("the owner reads")
}

#[tokio::test]
async fn a_move_without_the_fence_is_noticed() {
    let (bench, began) = (Bench::new().await, Instant::now());
    assert_eq!(raced(&bench, AS_IT_IS).await, Some(Outcome { lost: true, ..Outcome::default() }));
    assert_eq!(raced(&bench, NO_FENCE).await, None, "only the log's key stood in its way");
    assert_eq!(put_back(&bench, AS_IT_IS).await, [1, 2]);
    assert_eq!(put_back(&bench, NO_FENCE).await, [1, 3], "a feed with a gap");
    seeded::noticed("a-move-without-the-fence", began.elapsed());
    bench.world.finish().await;
}
