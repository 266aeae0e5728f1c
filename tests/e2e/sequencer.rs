//! The sequencer against the database: whatever commits when, and whoever sequences, nothing is lost, feeds have no
//! gaps, and one order's events stand in their order.

mod halves;
mod mutated;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use chassis::{
    db::{TenantPool, TenantTx},
    outbox::{self, NewEvent},
};
use futures::future::poll_fn;
use harness::{Options, World};
use sqlx::PgPool;
use stream::{Known, Outcome, chain, sequence_once};
use time::OffsetDateTime;
use uuid::Uuid;

/// A world whose sequencer runs by hand, and what these tests need of it.
struct Bench {
    world: World,
    owner: PgPool,
    tenants: TenantPool,
    sequencer: PgPool,
}

/// An entry of a feed as the owner sees it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    seq: i64,
    event_id: Uuid,
    subject: String,
    version: i64,
    chain: Vec<u8>,
    payload_sha256: Vec<u8>,
    last_of_command: bool,
    month: time::Date,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Options { sequencer_by_hand: true, ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        let world = World::with(options).await;
        let owner = world.owner_pool().await.clone();
        let tenants = TenantPool::new(world.app_pool().await.clone());
        let sequencer = world.stream_pool().await.clone();
        Self { world, owner, tenants, sequencer }
    }

    /// A committed command.
    async fn commit(&self, events: Vec<NewEvent>) {
        let tx = self.open(events).await;
        tx.commit().await.expect("commit");
    }

    /// A command whose transaction is still open.
    async fn open(&self, events: Vec<NewEvent>) -> TenantTx {
        let mut tx = self.tenants.begin(events[0].audience[0]).await.expect("begin");
        outbox::append(&mut tx, vec![events]).await.expect("append");
        tx
    }

    async fn sequence(&self) -> usize {
        self.sequence_knowing(&mut Known::default()).await.moved
    }

    /// As a process does that keeps what it knows.
    async fn sequence_knowing(&self, known: &mut Known) -> Outcome {
        sequence_once(&self.sequencer, known).await.expect("the sequencer runs")
    }

    /// The feed from its first entry, after checking that it has no gap and that its chain recomputes.
    async fn feed(&self, firm: Uuid) -> Vec<Row> {
        let rows: Vec<(i64, Uuid, String, i64, Vec<u8>, Vec<u8>, bool, time::Date)> = sqlx::query_as(
            "select f.seq, l.event_id, l.subject, l.version, f.chain, l.payload_sha256, f.last_of_command, f.month
             from event.feed_entry f join event.event_log l on l.log_pos = f.log_pos and l.month = f.month
             where f.feed = $1 order by f.seq",
        )
        .bind(firm)
        .fetch_all(&self.owner)
        .await
        .expect("feed");
        let mut before = chassis::feed::FIRST_CHAIN;
        let mut feed = Vec::new();
        for (i, row) in rows.into_iter().enumerate() {
            let (seq, event_id, subject, version, chain, payload_sha256, last_of_command, month) = row;
            assert_eq!(seq, i as i64 + 1, "the feed has no gap");
            before = chain::next(&before, firm, seq, event_id, &payload_sha256);
            assert_eq!(chain, before, "the chain recomputes at {seq}");
            feed.push(Row { seq, event_id, subject, version, chain, payload_sha256, last_of_command, month });
        }
        let head: Option<(i64, Vec<u8>)> =
            sqlx::query_as("select next_seq, chain from event.feed_head where feed = $1")
                .bind(firm)
                .fetch_optional(&self.owner)
                .await
                .expect("head");
        let (next_seq, chain) = head.unwrap_or((1, chassis::feed::FIRST_CHAIN.into()));
        assert_eq!((next_seq, chain.as_slice()), (feed.len() as i64 + 1, before.as_slice()));
        feed
    }

    /// The log's places and months in order, which have no gap.
    async fn log(&self) -> Vec<(i64, time::Date)> {
        let log: Vec<(i64, time::Date)> =
            sqlx::query_as("select log_pos, month from event.event_log order by log_pos")
                .fetch_all(&self.owner)
                .await
                .expect("log");
        assert!(log.iter().enumerate().all(|(i, (place, _))| *place == i as i64 + 1), "the log has no gap");
        assert!(log.windows(2).all(|pair| pair[0].1 <= pair[1].1), "the month never steps back");
        log
    }

    /// How many events are in the log and in each of two feeds, and how many commands wait: at one moment, since a commit
    /// that was cut off may still take effect while one looks.
    async fn stands(&self, feeds: [Uuid; 2]) -> (i64, [i64; 2], i64) {
        let (log, one, two, waiting) = sqlx::query_as(
            "select (select count(*) from event.event_log), (select count(*) from event.feed_entry where feed = $1),
                    (select count(*) from event.feed_entry where feed = $2), (select count(*) from event.outbox)",
        )
        .bind(feeds[0])
        .bind(feeds[1])
        .fetch_one(&self.owner)
        .await
        .expect("one row");
        (log, [one, two], waiting)
    }

    async fn waiting(&self) -> i64 {
        sqlx::query_scalar("select count(*) from event.outbox").fetch_one(&self.owner).await.expect("outbox")
    }
}

fn id() -> Uuid {
    chassis::clock::system().id()
}

fn event(audience: &[Uuid], subject: &str, version: i64) -> NewEvent {
    NewEvent {
        id: id(),
        source: "tandem/orders",
        r#type: "tandem.orders.order.published.v1",
        subject: subject.into(),
        subject_id: None,
        version,
        at: OffsetDateTime::UNIX_EPOCH,
        traceparent: String::new(),
        audience: audience.to_vec(),
        sites: vec!["W1".into(), "it's, \"{odd}\"".into()],
        purchasing_group: "G1".into(),
        scope_firm: Some(audience[0]),
        data: format!("{subject} {version}").into(),
    }
}

#[tokio::test]
async fn a_command_that_commits_late_is_not_skipped() {
    let bench = Bench::new().await;
    let (buyer, supplier) = (id(), id());
    let late = event(&[buyer, supplier], "orders/late", 1);
    let early = event(&[buyer, supplier], "orders/early", 1);
    let (late_id, early_id) = (late.id, early.id);

    let open = bench.open(vec![late]).await;
    bench.commit(vec![early]).await;
    assert_eq!(bench.sequence().await, 1, "the command with the later id is moved first");
    open.commit().await.expect("commit");
    assert_eq!(bench.sequence().await, 1);
    assert_eq!(bench.sequence().await, 0);

    for firm in [buyer, supplier] {
        let ids: Vec<Uuid> = bench.feed(firm).await.iter().map(|row| row.event_id).collect();
        assert_eq!(ids, [early_id, late_id]);
    }
    bench.world.finish().await;
}

#[tokio::test]
async fn a_command_stays_together_and_its_end_is_marked_in_each_feed() {
    let bench = Bench::new().await;
    let (one, two) = (id(), id());
    let command =
        vec![event(&[one, two], "orders/a", 1), event(&[two], "orders/b", 1), event(&[one], "orders/c", 1)];
    bench.commit(command).await;
    bench.commit(vec![event(&[two], "orders/d", 1)]).await;
    let once = bench.sequence_knowing(&mut Known::default()).await;
    assert_eq!(once, Outcome { moved: 2, events: 4, ..Outcome::default() });
    let ends =
        |feed: Vec<Row>| feed.into_iter().map(|row| (row.subject, row.last_of_command)).collect::<Vec<_>>();
    let expected = |rows: &[(&str, bool)]| rows.iter().map(|(s, l)| (s.to_string(), *l)).collect::<Vec<_>>();
    assert_eq!(ends(bench.feed(one).await), expected(&[("orders/a", false), ("orders/c", true)]));
    assert_eq!(
        ends(bench.feed(two).await),
        expected(&[("orders/a", false), ("orders/b", true), ("orders/d", true)])
    );
    let (sites, group, scope, audience): (Vec<String>, String, Uuid, Vec<Uuid>) = sqlx::query_as(
        "select sites, purchasing_group, scope_firm, audience from event.event_log order by log_pos limit 1",
    )
    .fetch_one(&bench.owner)
    .await
    .expect("log");
    assert_eq!((sites.len(), sites[1].as_str(), group.as_str()), (2, "it's, \"{odd}\"", "G1"));
    assert_eq!((scope, audience), (one, vec![one, two]));
    bench.world.finish().await;
}

const WRITERS: usize = 12;
const COMMANDS: usize = 40;
const ORDERS: usize = 5;

/// Commands against a few orders, each under its order's lock; some roll back, some stay open for long.
async fn write(
    bench: Arc<Bench>,
    writer: usize,
    firms: [Uuid; 3],
    versions: Arc<[Mutex<i64>; ORDERS]>,
) -> Vec<Uuid> {
    let mut committed = Vec::new();
    for n in 0..COMMANDS {
        let order = (writer * 7 + n * 3) % ORDERS;
        let (buyer, supplier) = (firms[order % 2], firms[2]);
        let mut tx = bench.tenants.begin(buyer).await.expect("begin");
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(order as i64)
            .execute(tx.conn())
            .await
            .expect("the order's lock");
        let gives_up = (writer + n).is_multiple_of(11);
        let version = *versions[order].lock().expect("version") + 1;
        let event = event(&[buyer, supplier], &format!("orders/{order}"), version);
        let event_id = event.id;
        outbox::append(&mut tx, vec![vec![event]]).await.expect("append");
        if (writer + n).is_multiple_of(5) {
            // Others commit meanwhile, so that this row becomes visible late.
            sqlx::query("select pg_sleep(0.01)").execute(tx.conn()).await.expect("a long transaction");
        }
        if gives_up {
            tx.rollback().await.expect("rollback");
            continue;
        }
        // Still under the lock, which the commit releases.
        *versions[order].lock().expect("version") = version;
        tx.commit().await.expect("commit");
        committed.push(event_id);
    }
    committed
}

/// Sequences until everybody is done and nothing waits, and empties halves of the outbox on the way; how many commands.
async fn sequence_until(done: Arc<AtomicBool>, bench: Arc<Bench>, clears: bool) -> usize {
    let (mut known, mut moved) = (Known::default(), 0);
    loop {
        let last = done.load(Ordering::Acquire);
        let now = bench.sequence_knowing(&mut known).await;
        moved += now.moved;
        if clears {
            bench.clear().await;
        }
        if last && now.moved == 0 && !now.lost {
            return moved;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_sequencers_over_many_writers_lose_and_reorder_nothing() {
    let bench = Arc::new(Bench::new().await);
    let firms = [id(), id(), id()];
    let versions: Arc<[Mutex<i64>; ORDERS]> = Arc::default();
    let done = Arc::new(AtomicBool::new(false));
    let sequencers: Vec<_> =
        (0..2).map(|_| tokio::spawn(sequence_until(done.clone(), bench.clone(), false))).collect();
    let writers: Vec<_> =
        (0..WRITERS).map(|i| tokio::spawn(write(bench.clone(), i, firms, versions.clone()))).collect();
    let mut committed = HashSet::new();
    for writer in writers {
        committed.extend(writer.await.expect("a writer"));
    }
    done.store(true, Ordering::Release);
    let mut moved = 0;
    for sequencer in sequencers {
        moved += sequencer.await.expect("a sequencer");
    }

    assert_eq!((bench.waiting().await, moved), (0, committed.len()));
    assert_eq!(bench.log().await.len(), committed.len());
    let mut both = HashSet::new();
    for firm in firms {
        let feed = bench.feed(firm).await;
        let mut orders: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &feed {
            let version = orders.entry(&row.subject).or_default();
            *version += 1;
            assert_eq!(row.version, *version, "{} is in order", row.subject);
        }
        both.extend(feed.iter().map(|row| row.event_id));
        if firm == firms[2] {
            assert_eq!(feed.len(), committed.len(), "the supplier of all orders has every event");
        }
    }
    assert_eq!(both, committed, "what was committed is in the feeds, and nothing else");
    Arc::into_inner(bench).expect("nobody else holds it").world.finish().await;
}

#[tokio::test]
async fn the_month_moves_on_and_never_back() {
    let bench = Bench::new().await;
    let firm = id();
    let put = async |months: i32| {
        sqlx::query(
            "update event.head set month = (date_trunc('month', now() at time zone 'utc')
                         + make_interval(months => $1))::date",
        )
        .bind(months)
        .execute(&bench.owner)
        .await
        .expect("head");
        bench.commit(vec![event(&[firm], "orders/1", 1)]).await;
        assert_eq!(bench.sequence().await, 1);
    };
    // The last sequencing was last month's; then another process's clock is ahead.
    put(-1).await;
    put(0).await;
    put(1).await;
    bench.commit(vec![event(&[firm], "orders/1", 2)]).await;
    assert_eq!(bench.sequence().await, 1);

    let months: Vec<time::Date> = bench.log().await.iter().map(|(_, month)| *month).collect();
    assert!(months[0] == months[1] && months[1] < months[2] && months[2] == months[3], "{months:?}");
    let feed = bench.feed(firm).await;
    assert_eq!(feed.iter().map(|row| row.month).collect::<Vec<_>>(), months);
    bench.world.finish().await;
}

/// Drops a future after so many polls, as a crash would cut it.
async fn cut_after<F: Future>(mut polls: usize, running: F) -> Option<F::Output> {
    let mut running = std::pin::pin!(running);
    poll_fn(|cx| {
        polls -= 1;
        match running.as_mut().poll(cx) {
            Poll::Pending if polls == 0 => Poll::Ready(None),
            other => other.map(Some),
        }
    })
    .await
}

#[tokio::test]
async fn a_sequencer_that_dies_anywhere_leaves_nothing_half_done() {
    let bench = Bench::new().await;
    let (one, two) = (id(), id());
    let mut committed = Vec::new();
    for version in 1..=3 {
        let event = event(&[one, two], "orders/1", version);
        committed.push(event.id);
        bench.commit(vec![event]).await;
    }
    // Cut a little later each time, until one comes to its end. Where every answer was there at once, it was not cut at all,
    // and there is more to do.
    let (mut polls, mut cut, mut known) = (1, false, Known::default());
    loop {
        let outcome = cut_after(polls, sequence_once(&bench.sequencer, &mut known)).await;
        let done = outcome.map(|outcome| outcome.expect("the sequencer runs")).is_some();
        // Whatever was cut off: log, feeds and outbox fit together.
        let (moved, fed, waiting) = bench.stands([one, two]).await;
        assert_eq!(fed, [moved, moved], "after {polls} polls");
        assert_eq!(waiting + moved, committed.len() as i64, "after {polls} polls");
        match (done, cut) {
            (true, true) => break,
            (true, false) => {
                let event = event(&[one, two], "orders/1", committed.len() as i64 + 1);
                committed.push(event.id);
                bench.commit(vec![event]).await;
            }
            (false, _) => (polls, cut) = (polls + 1 + polls / 8, true),
        }
    }
    stream::drain(&bench.sequencer).await.expect("drain");
    let ids: Vec<Uuid> = bench.feed(one).await.iter().map(|row| row.event_id).collect();
    assert_eq!(ids, committed);
    bench.world.finish().await;
}

#[tokio::test]
async fn a_command_that_nobody_can_read_stops_nobody() {
    let bench = Bench::new().await;
    let firm = id();
    bench.commit(vec![event(&[firm], "orders/1", 1)]).await;
    sqlx::query("insert into event.outbox (firm, payload) values ($1, $2)")
        .bind(firm)
        .bind(b"\xffnonsense".as_slice())
        .execute(&bench.owner)
        .await
        .expect("insert");
    bench.commit(vec![event(&[firm], "orders/1", 2)]).await;
    assert_eq!(bench.sequence().await, 3);
    assert_eq!(bench.feed(firm).await.iter().map(|row| row.version).collect::<Vec<_>>(), [1, 2]);
    let kept: Vec<(String, Vec<u8>)> =
        sqlx::query_as("select type, payload from event.event_log where audience = '{}'")
            .fetch_all(&bench.owner)
            .await
            .expect("log");
    assert_eq!(kept, [("tandem.stream.command.unreadable.v1".into(), b"\xffnonsense".to_vec())]);
    bench.world.finish().await;
}

#[tokio::test]
async fn what_a_sequencer_knows_is_held_against_what_is_there() {
    let bench = Bench::new().await;
    let firm = id();
    let mut known = Known::default();
    let commit = async |version| bench.commit(vec![event(&[firm], "orders/1", version)]).await;
    commit(1).await;
    assert_eq!(bench.sequence_knowing(&mut known).await.moved, 1);
    // By another process.
    commit(2).await;
    assert_eq!(bench.sequence().await, 1);
    commit(3).await;
    assert_eq!(bench.sequence_knowing(&mut known).await.moved, 1);
    // By hand, while the log's head stays as it was.
    sqlx::query(
        "with gone as (delete from event.feed_entry where feed = $1 and seq = 3)
         update event.feed_head h set next_seq = 3, chain = f.chain
         from event.feed_entry f where f.feed = h.feed and f.seq = 2 and h.feed = $1",
    )
    .bind(firm)
    .execute(&bench.owner)
    .await
    .expect("the owner may");
    commit(4).await;
    let lost = Outcome { lost: true, ..Outcome::default() };
    assert_eq!(bench.sequence_knowing(&mut known).await, lost, "it stands elsewhere than it was left");
    assert_eq!(bench.sequence_knowing(&mut known).await.moved, 1);
    let versions: Vec<i64> = bench.feed(firm).await.iter().map(|row| row.version).collect();
    assert_eq!(versions, [1, 2, 4]);
    bench.world.finish().await;
}

/// The version before took the fence with what waited, and moved the log in a second statement.
#[tokio::test]
async fn the_version_before_sequences_beside_this_one() {
    let bench = Bench::new().await;
    let firm = id();
    let waits = async |moves: bool| {
        bench.commit(vec![event(&[firm], "orders/1", 1)]).await;
        let mut before = bench.sequencer.begin().await.expect("begin");
        let taken = sqlx::query("select * from event.take(500, 1000000)").fetch_all(&mut *before).await;
        assert_eq!(taken.expect("it takes").len(), 1);
        let sequencer = bench.sequencer.clone();
        let second =
            tokio::spawn(
                async move { sequence_once(&sequencer, &mut Known::default()).await.expect("it runs") },
            );
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(!second.is_finished(), "it waits for the fence");
        if moves {
            let moved =
                sqlx::query("update event.head set log_pos = log_pos + 1").execute(&mut *before).await;
            assert_eq!(moved.expect("it moves").rows_affected(), 1);
            before.commit().await.expect("commit");
        } else {
            before.rollback().await.expect("rollback");
        }
        second.await.expect("it ends")
    };
    assert_eq!(waits(false).await, Outcome { moved: 1, events: 1, ..Outcome::default() });
    assert_eq!(waits(true).await, Outcome { lost: true, ..Outcome::default() });
    assert_eq!((bench.waiting().await, bench.feed(firm).await.len()), (0, 1));
    bench.world.finish().await;
}
