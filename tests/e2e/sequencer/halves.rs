//! The halves of the outbox, which ids fill in turn: an old snapshot keeps no dead rows in the sequencer's way, and no row that
//! waits, or that may still commit, goes with those that are cleared away.

use std::{ops::Range, time::Duration};

use chassis::migrate::Passwords;
use harness::{cluster, until};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction, postgres::PgConnectOptions};
use stream::db::sequence::{self, PER_HALF};

use super::*;

/// How long anything may take.
const SOON: Duration = Duration::from_secs(30);
/// The pages of both halves together never take more than this, when each is full of rows of [`large`] once.
const BOTH: i64 = 6 << 20;
/// So many rows of [`Bench::fill`] take more pages than a half is left with.
const SOME: i64 = 400;

impl Bench {
    /// Whether nothing is left to empty.
    pub(super) async fn clear(&self) -> bool {
        sequence::clear(&self.sequencer).await.expect("whatever it finds is no error")
    }

    /// Whoever else looks, such as at how many commands wait, is gone in a moment.
    async fn cleared(&self) {
        until("the half is empty", SOON, async || self.clear().await.then_some(())).await;
    }

    /// The next id is this one, as after ids that were rolled back.
    async fn go_on_at(&self, id: i64) {
        sqlx::query("select setval('event.outbox_id_seq', $1, false)")
            .bind(id)
            .execute(&self.owner)
            .await
            .expect("the owner may");
    }

    /// Commits a command for each version, all in one transaction.
    async fn fill(&self, firm: Uuid, versions: Range<i64>) {
        let mut tx = self.tenants.begin(firm).await.expect("begin");
        let commands = versions.map(|version| vec![large(firm, "orders/1", version, 700)]).collect();
        outbox::append(&mut tx, commands).await.expect("append");
        tx.commit().await.expect("commit");
    }

    /// A transaction of another part of the product whose snapshot is of now, and that has written.
    async fn elsewhere(&self) -> Transaction<'static, Postgres> {
        let app = self.world.app_pool().await;
        let begin =
            "begin isolation level repeatable read; set local idle_in_transaction_session_timeout = 0";
        let mut open = app.begin_with(begin).await.expect("begin");
        sqlx::query("select pg_current_xact_id()::text").execute(&mut *open).await.expect("a snapshot");
        open
    }

    /// How many bytes the pages of the two halves take.
    async fn bytes(&self) -> (i64, i64) {
        sqlx::query_as("select pg_relation_size('event.outbox_even'), pg_relation_size('event.outbox_odd')")
            .fetch_one(&self.sequencer)
            .await
            .expect("sizes")
    }
}

/// An event that takes about so many bytes.
fn large(firm: Uuid, subject: &str, version: i64, bytes: usize) -> NewEvent {
    NewEvent { data: vec![b'x'; bytes].into(), ..event(&[firm], subject, version) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_snapshot_keeps_no_dead_rows_in_the_way() {
    const TOGETHER: i64 = 512;
    let bench = Bench::with(Options::default()).await;
    let firm = id();
    let elsewhere = bench.elsewhere().await;
    let mut next = 1;
    // Ten MiB, as one table that nothing can be removed from, and every half of it is filled two or three times.
    for _ in 0..20 {
        bench.fill(firm, next..next + TOGETHER).await;
        next += TOGETHER;
        until("everything is moved", SOON, async || {
            let seq: Option<i64> = sqlx::query_scalar("select next_seq from event.feed_head where feed = $1")
                .bind(firm)
                .fetch_optional(&bench.sequencer)
                .await
                .expect("head");
            (seq == Some(next)).then_some(())
        })
        .await;
        let (even, odd) = bench.bytes().await;
        assert!(even + odd < BOTH, "after {next}: {even} and {odd}");
    }
    // Ids have just gone on into the odd half.
    until("the even half is empty", SOON, async || (bench.bytes().await.0 == 0).then_some(())).await;
    elsewhere.rollback().await.expect("rollback");
    let versions: Vec<i64> = bench.feed(firm).await.iter().map(|row| row.version).collect();
    assert_eq!(versions, (1..next).collect::<Vec<_>>());
    bench.world.finish().await;
}

#[tokio::test]
async fn a_row_that_waits_keeps_its_half() {
    let bench = Bench::new().await;
    let firm = id();
    for stretch in 0..2 {
        bench.go_on_at(stretch * PER_HALF + 10).await;
        bench.fill(firm, stretch * SOME + 1..(stretch + 1) * SOME + 1).await;
        bench.go_on_at((stretch + 1) * PER_HALF).await;
        assert!(!bench.clear().await, "nobody uses it, but its rows wait");
        assert_eq!(bench.waiting().await, SOME);
        assert_eq!(stream::drain(&bench.sequencer).await.expect("drain"), SOME as usize);
        bench.cleared().await;
        assert_eq!(bench.bytes().await, (0, 0));
    }
    assert_eq!(bench.feed(firm).await.len() as i64, 2 * SOME);
    bench.world.finish().await;
}

#[tokio::test]
async fn large_payloads_go_with_their_half() {
    const COUNT: i64 = 15;
    const BYTES: i64 = 60_000;
    let bench = Bench::new().await;
    let firm = id();
    // Or they would be removed one by one.
    let elsewhere = bench.elsewhere().await;
    for version in 1..=COUNT {
        bench.commit(vec![large(firm, "orders/1", version, BYTES as usize)]).await;
    }
    assert_eq!(stream::drain(&bench.sequencer).await.expect("drain"), COUNT as usize);
    bench.go_on_at(PER_HALF).await;
    let with_payloads = async || -> i64 {
        let size = sqlx::query_scalar("select pg_table_size('event.outbox_even')");
        size.fetch_one(&bench.sequencer).await.expect("a size")
    };
    let (rows, all) = (bench.bytes().await.0, with_payloads().await);
    assert!(rows <= 4 * 8192 && all > COUNT * BYTES, "{rows} of {all}");
    bench.cleared().await;
    let (rows, all) = (bench.bytes().await.0, with_payloads().await);
    // The beginning of an index is left.
    assert!(rows == 0 && all <= 2 * 8192, "{rows} of {all}");
    elsewhere.rollback().await.expect("rollback");
    assert_eq!(bench.feed(firm).await.len() as i64, COUNT);
    bench.world.finish().await;
}

#[tokio::test]
async fn a_row_that_may_still_commit_keeps_its_half() {
    let bench = Bench::new().await;
    let firm = id();
    let late = bench.open(vec![event(&[firm], "orders/late", 1)]).await;
    for stretch in 0..4 {
        bench.go_on_at(stretch * PER_HALF + 10).await;
        bench.fill(firm, stretch * SOME + 1..(stretch + 1) * SOME + 1).await;
        bench.go_on_at((stretch + 1) * PER_HALF).await;
        assert_eq!(stream::drain(&bench.sequencer).await.expect("drain"), SOME as usize);
        let even = stretch % 2 == 0;
        if even {
            assert!(!bench.clear().await, "nothing waits, but it has a row that nobody sees yet");
        } else {
            bench.cleared().await;
        }
        let (kept, gone) = bench.bytes().await;
        assert!(kept > 0 && (even || gone == 0), "{kept} and {gone}");
    }
    late.commit().await.expect("commit");
    assert_eq!(bench.sequence().await, 1);
    bench.go_on_at(5 * PER_HALF).await;
    bench.cleared().await;
    assert_eq!(bench.bytes().await, (0, 0));
    let feed = bench.feed(firm).await;
    assert_eq!(feed.len() as i64, 4 * SOME + 1);
    assert_eq!(feed.last().expect("a row").subject, "orders/late");
    bench.world.finish().await;
}

#[tokio::test]
async fn a_backup_that_has_begun_keeps_what_its_moment_holds() {
    let bench = Bench::new().await;
    let firm = id();
    bench.fill(firm, 1..401).await;
    let url = cluster::get().await.access.superuser_url(bench.world.database());
    let mut backup = PgConnection::connect(&url).await.expect("the superuser comes in");
    // Before it has locked a table, and before these rows were sequenced.
    sqlx::raw_sql("begin isolation level repeatable read; select 1")
        .execute(&mut backup)
        .await
        .expect("begin");
    assert_eq!(stream::drain(&bench.sequencer).await.expect("drain"), 400);
    bench.go_on_at(PER_HALF).await;
    assert!(!bench.clear().await);
    let held: i64 = sqlx::query_scalar("select count(*) from event.outbox")
        .fetch_one(&mut backup)
        .await
        .expect("the superuser reads");
    assert_eq!(held, 400);
    backup.close().await.expect("close");
    bench.cleared().await;
    assert_eq!(bench.bytes().await.0, 0);
    bench.world.finish().await;
}

/// One order's versions, one after the other, in rows of a page each; some roll back, some stay open while ids run on into the
/// other half. How many committed.
async fn write_large(bench: Arc<Bench>, writer: usize, firm: Uuid) -> i64 {
    let mut version = 0;
    for n in 0..40 {
        let tx = bench.open(vec![large(firm, &format!("orders/{writer}"), version + 1, 6_000)]).await;
        if (writer + n).is_multiple_of(5) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if (writer + n).is_multiple_of(7) {
            tx.rollback().await.expect("rollback");
        } else {
            tx.commit().await.expect("commit");
            version += 1;
        }
    }
    version
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_sequencers_that_clear_beside_writers_lose_nothing() {
    const WRITERS: usize = 8;
    let bench = Arc::new(Bench::new().await);
    let firm = id();
    // Ids run through a half in some forty rows, a few more than the pages that a half is left with.
    sqlx::query("alter sequence event.outbox_id_seq increment by 53")
        .execute(&bench.owner)
        .await
        .expect("the owner may");
    // Or rows would be removed one by one.
    let elsewhere = bench.elsewhere().await;
    let done = Arc::new(AtomicBool::new(false));
    let sequencers: Vec<_> =
        (0..2).map(|_| tokio::spawn(sequence_until(done.clone(), bench.clone(), true))).collect();
    let writers: Vec<_> = (0..WRITERS).map(|i| tokio::spawn(write_large(bench.clone(), i, firm))).collect();
    let mut committed = Vec::new();
    for writer in writers {
        committed.push(writer.await.expect("a writer"));
    }
    done.store(true, Ordering::Release);
    let mut moved = 0;
    for sequencer in sequencers {
        moved += sequencer.await.expect("a sequencer");
    }
    assert_eq!((bench.waiting().await, moved as i64), (0, committed.iter().sum::<i64>()));
    let (even, odd) = bench.bytes().await;
    assert!(even + odd < moved as i64 * 8192 / 2, "halves were cleared: {even} and {odd}");
    elsewhere.rollback().await.expect("rollback");
    let mut orders: BTreeMap<String, i64> = BTreeMap::new();
    for row in bench.feed(firm).await {
        let version = orders.entry(row.subject.clone()).or_default();
        *version += 1;
        assert_eq!(row.version, *version, "{} is in order", row.subject);
    }
    let expected = committed.iter().enumerate().map(|(i, count)| (format!("orders/{i}"), *count));
    assert_eq!(orders, expected.collect::<BTreeMap<_, _>>());
    Arc::into_inner(bench).expect("nobody else holds it").world.finish().await;
}

#[tokio::test]
async fn the_version_before_takes_from_both_halves_in_order() {
    let bench = Bench::new().await;
    let firm = id();
    bench.go_on_at(PER_HALF - 2).await;
    bench.fill(firm, 1..5).await;
    let halves: Vec<(i64, String)> =
        sqlx::query_as("select id, tableoid::regclass::text from event.outbox order by id")
            .fetch_all(&bench.owner)
            .await
            .expect("rows");
    let (even, odd) = ("event.outbox_even", "event.outbox_odd");
    let expected = [(-2, even), (-1, even), (0, odd), (1, odd)];
    assert_eq!(halves, expected.map(|(id, half)| (PER_HALF + id, half.to_string())));
    let take = async |most: i64| -> Vec<i64> {
        sqlx::query_scalar("select id from event.take($1, 1000000)")
            .bind(most)
            .fetch_all(&bench.sequencer)
            .await
            .expect("it takes")
    };
    assert_eq!(take(3).await, [-2, -1, 0].map(|id| PER_HALF + id));
    assert_eq!(take(500).await, [PER_HALF + 1]);
    assert_eq!(bench.waiting().await, 0);
    bench.world.finish().await;
}

async fn run(connection: &mut PgConnection, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// What waits, by ids.
async fn held(connection: &mut PgConnection) -> Vec<(i64, Uuid, Vec<u8>)> {
    sqlx::query_as("select id, firm, payload from event.outbox order by id")
        .fetch_all(connection)
        .await
        .expect("rows")
}

#[tokio::test]
async fn what_waits_in_one_table_goes_into_the_halves_with_its_ids() {
    // What a run that fails leaves of it goes with the next one, as with worlds.
    let name = format!("world_{}_whole", std::process::id());
    let access = &cluster::get().await.access;
    let mut admin =
        PgConnection::connect(&access.superuser_url("postgres")).await.expect("the superuser comes in");
    let made = format!("create database {name} template template0 encoding 'UTF8' locale 'C.UTF-8'");
    run(&mut admin, &made).await;
    let mut owner =
        PgConnection::connect(&access.superuser_url(&name)).await.expect("the superuser comes in");
    run(&mut owner, &format!("grant create on database {name} to tandem_owner; set role tandem_owner")).await;
    chassis::MIGRATOR.run_to(5, &mut owner).await.expect("the versions before");
    let insert = "insert into event.outbox (firm, payload)
                  select gen_random_uuid(), decode(n::text, 'escape') from generate_series(1, 5) n";
    run(&mut owner, insert).await;
    // The highest id that was given is of no row any more.
    run(&mut owner, "delete from event.outbox where id in (2, 5)").await;
    let before = held(&mut owner).await;
    assert_eq!(before.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [1, 3, 4]);
    let address: PgConnectOptions = access.superuser_url(&name).parse().expect("an address");
    let migrate = async || {
        let event = [("event", &chassis::MIGRATOR)];
        chassis::migrate::run(&address, &Passwords::default(), &event).await
    };
    let mut backup =
        PgConnection::connect(&access.superuser_url(&name)).await.expect("the superuser comes in");
    run(&mut backup, "begin; lock table event.outbox in access share mode").await;
    let refused = migrate().await.expect_err("it keeps nobody waiting for the backup's end").to_string();
    assert!(refused.contains("migrate again when that has ended"), "{refused}");
    assert_eq!(held(&mut owner).await, before);
    run(&mut backup, "rollback").await;
    backup.close().await.expect("close");
    migrate().await.expect("this version");
    assert_eq!(held(&mut owner).await, before);
    run(&mut owner, insert).await;
    let after: Vec<i64> = held(&mut owner).await[3..].iter().map(|(id, ..)| *id).collect();
    assert_eq!(after, [6, 7, 8, 9, 10]);
    owner.close().await.expect("close");
    run(&mut admin, &format!("drop database {name} with (force)")).await;
    admin.close().await.expect("close");
}
