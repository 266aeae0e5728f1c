//! The same few scripts on Postgres and in the model, statement by statement: who waits, what is said, and what stands then.
//! What the model says is worth as much as the two are alike.

use std::{collections::BTreeMap, time::Duration};

use harness::{Firm, World, booking, capacity::group, until};
use proto::capacity::Offer;
use sqlx::{AssertSqlSafe, PgPool, Postgres, pool::PoolConnection, postgres::PgPoolOptions};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::model::{Call, Database, Session};
use crate::defects::mutate;

/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);
/// How long the hold lasts, in seconds: what is in time has that long.
const SECONDS: i32 = 8;
/// What there is, all of which is held.
const TOTAL: i64 = 80;

/// What a session calls; all but the first is about the hold that is there.
#[derive(Clone, Copy)]
enum What {
    /// As much again.
    Hold,
    Confirm,
    Release,
    Expire,
    Take,
}

#[derive(Clone, Copy)]
enum Does {
    /// A session begins a transaction and calls something in it.
    Begin(usize, What),
    Commit(usize),
    RollBack(usize),
    /// Time passes until the hold is over.
    Over,
}

use Does::{Begin, Commit, Over, RollBack};

const SCRIPTS: &[(&str, &[Does])] = &[
    (
        "a confirmation that waits for whoever ends the hold",
        &[Over, Begin(0, What::Expire), Begin(1, What::Confirm), Commit(0), Commit(1)],
    ),
    (
        "a sweeper that waits for a confirmation in time",
        &[Begin(0, What::Confirm), Over, Begin(1, What::Expire), Commit(0), Commit(1)],
    ),
    (
        "a confirmation that waits until the hold is over",
        &[Begin(0, What::Release), Begin(1, What::Confirm), Over, RollBack(0), Commit(1)],
    ),
    (
        "two sweepers, of which one gives back",
        &[Over, Begin(0, What::Expire), Begin(1, What::Expire), Commit(0), Commit(1)],
    ),
    (
        "an order that takes late what was confirmed in time",
        &[Begin(0, What::Confirm), Begin(1, What::Take), Over, Commit(0), Commit(1)],
    ),
    (
        "an order that comes too late while it waits",
        &[Begin(0, What::Release), Begin(1, What::Take), Over, RollBack(0), Commit(1)],
    ),
    (
        "a hold that waits for what a sweeper gives back",
        &[Over, Begin(0, What::Expire), Begin(1, What::Hold), Commit(0), Commit(1)],
    ),
    (
        "a hold that waits for what nobody gave back",
        &[Over, Begin(0, What::Expire), Begin(1, What::Hold), RollBack(0), Commit(1)],
    ),
];

#[tokio::test]
async fn the_model_is_as_postgres_is() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    // What is over is ended by the scripts' own sweepers, and by nobody in between.
    mutate(&world, "capacity.reservations_due", "where x.state = 'held'", "where false and x.state = 'held'")
        .await;
    let offer = offer(&supplier).await;
    let options = world.app_pool().await.connect_options();
    let sessions =
        PgPoolOptions::new().max_connections(2 * SCRIPTS.len() as u32).connect_lazy_with((*options).clone());
    let play = |n: usize| play(&world, &sessions, (&buyer, &supplier), (&offer, n));
    futures::future::join_all((0..SCRIPTS.len()).map(play)).await;
    sessions.close().await;
    world.finish().await;
}

/// Plays the script of this number on both.
async fn play(world: &World, sessions: &PgPool, firms: (&Firm, &Firm), (offer, n): (&Offer, usize)) {
    let (what, does) = SCRIPTS[n];
    let mut real = Real::new(world, sessions, firms, (offer, n)).await;
    let mut model = Model::new();
    for one in does {
        model.does(*one);
        real.does(*one).await;
        real.stands_as(&model, what).await;
    }
    assert_eq!(real.ends().await, model.ends(), "{what}");
}

/// A bucket for each script.
async fn offer(supplier: &Firm) -> Offer {
    let first = time::macros::date!(2026 - 12 - 28);
    let monday = |n: usize| (first + time::Duration::weeks(n as i64)).to_string();
    let mondays: Vec<String> = (0..SCRIPTS.len()).map(monday).collect();
    let total = TOTAL.to_string();
    let weeks: Vec<_> =
        mondays.iter().map(|monday| (monday.as_str(), total.as_str(), total.as_str())).collect();
    let group = supplier.state_group(group("机组", &weeks)).await.expect("a group").id;
    let weeks: Vec<_> = mondays.iter().map(|monday| (monday.as_str(), total.as_str())).collect();
    supplier.publish_offer(booking::offer(&group, &weeks)).await.expect("an offer")
}

/// How a script ended: what each session was told, what the hold is, and what of the bucket is taken.
type Ends = (BTreeMap<usize, String>, String, i64);

struct Model {
    database: Database,
    open: BTreeMap<usize, Session>,
    said: BTreeMap<usize, String>,
}

impl Model {
    fn new() -> Self {
        let mut database = Database::new(1, TOTAL, None);
        let hold = Call::Hold { id: 0, parts: vec![(0, TOTAL)], seconds: SECONDS as u64 };
        let mut session = Session::begin(0, hold, &database);
        while session.step(&mut database) {}
        session.commit(&mut database);
        Self { database, open: BTreeMap::new(), said: BTreeMap::new() }
    }

    fn does(&mut self, does: Does) {
        match does {
            Begin(n, what) => {
                let call = match what {
                    What::Hold => Call::Hold { id: 1, parts: vec![(0, TOTAL)], seconds: SECONDS as u64 },
                    What::Confirm => Call::Confirm(0),
                    What::Release => Call::Release(0),
                    What::Expire => Call::Expire(0),
                    What::Take => Call::Take(0),
                };
                self.open.insert(n, Session::begin(n, call, &self.database));
            }
            Commit(n) => self.end(n).commit(&mut self.database),
            RollBack(n) => self.end(n).roll_back(&mut self.database),
            Over => self.database.now += SECONDS as u64,
        }
        for session in self.open.values_mut() {
            while session.step(&mut self.database) {}
        }
    }

    fn end(&mut self, n: usize) -> Session {
        let session = self.open.remove(&n).expect("it began");
        self.said.insert(n, session.said.expect("it was answered").to_owned());
        session
    }

    fn ends(&self) -> Ends {
        let state = self.database.reservations[&0].state.as_str().to_owned();
        (self.said.clone(), state, self.database.buckets[0].reserved)
    }
}

/// A transaction that calls a function, and its connection once that was answered.
struct Open {
    process: i32,
    answer: JoinHandle<(PoolConnection<Postgres>, String)>,
}

struct Real<'a> {
    world: &'a World,
    sessions: &'a PgPool,
    buyer: Uuid,
    supplier: Uuid,
    offer: Uuid,
    bucket: Uuid,
    hold: Uuid,
    open: BTreeMap<usize, Open>,
    said: BTreeMap<usize, String>,
}

impl<'a> Real<'a> {
    async fn new(
        world: &'a World,
        sessions: &'a PgPool,
        (buyer, supplier): (&Firm, &Firm),
        (offer, n): (&Offer, usize),
    ) -> Self {
        let id = |id: &str| Uuid::try_parse(id).expect("an id");
        let total = TOTAL.to_string();
        let hold = buyer.hold(offer, &[(n, total.as_str())], SECONDS).await.expect("a hold");
        Self {
            world,
            sessions,
            buyer: buyer.uuid(),
            supplier: supplier.uuid(),
            offer: id(&offer.id),
            bucket: id(&offer.buckets[n].id),
            hold: id(&hold.id),
            open: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    async fn does(&mut self, does: Does) {
        match does {
            Begin(n, what) => {
                let open = self.begin(what).await;
                self.open.insert(n, open);
            }
            Commit(n) => self.end(n, "commit").await,
            RollBack(n) => self.end(n, "rollback").await,
            Over => self.over().await,
        }
    }

    async fn begin(&self, what: What) -> Open {
        let firm = if matches!(what, What::Expire) { self.supplier } else { self.buyer };
        let mut connection = self.sessions.acquire().await.expect("a connection");
        let begin = format!("begin; select set_config('tandem.firm', '{firm}', true)");
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await.expect("begun");
        let process = sqlx::query_scalar("select pg_backend_pid()");
        let process = process.fetch_one(&mut *connection).await.expect("a number");
        let call = self.call(what);
        let answer = tokio::spawn(async move {
            let said: Result<String, sqlx::Error> =
                sqlx::query_scalar(AssertSqlSafe(call)).fetch_one(&mut *connection).await;
            let code = |error: sqlx::Error| {
                let code = error.as_database_error().and_then(|error| error.code());
                code.map_or_else(|| error.to_string(), |code| code.into_owned())
            };
            (connection, said.unwrap_or_else(code))
        });
        Open { process, answer }
    }

    fn call(&self, what: What) -> String {
        let Self { supplier, offer, bucket, hold, .. } = self;
        let settle = |want: &str| {
            format!("select outcome from capacity.settle_many('{{{hold}}}', '{{{want}}}') limit 1")
        };
        let new = chassis::clock::system().id();
        match what {
            What::Hold => format!(
                "select outcome from capacity.hold_many('{{{offer}}}', '{{{new}}}', '{{1}}', '{{{SECONDS}}}', '{{1}}', \
                 '{{{bucket}}}', '{{1}}', '{{1}}', '{{{TOTAL}}}') limit 1"
            ),
            What::Confirm => settle("confirmed"),
            What::Release => settle("released"),
            What::Expire => format!("select capacity.end_reservation('{supplier}', '{hold}', 'expired')"),
            // It answers the supplier, where it took the hold.
            What::Take => format!(
                "select case when capacity.take_hold('{hold}', '{new}', '10') is not null then 'done' end"
            ),
        }
    }

    async fn end(&mut self, n: usize, how: &'static str) {
        let Open { answer, .. } = self.open.remove(&n).expect("it began");
        let (mut connection, said) = answer.await.expect("it answers");
        sqlx::raw_sql(how).execute(&mut *connection).await.expect("ended");
        self.said.insert(n, said);
    }

    async fn over(&self) {
        let pool = self.world.owner_pool().await;
        until("the hold is over", SOON, async || {
            let over: bool = sqlx::query_scalar(
                "select expires_at <= clock_timestamp() from capacity.reservation where id = $1",
            )
            .bind(self.hold)
            .fetch_one(pool)
            .await
            .expect("it is there");
            over.then_some(())
        })
        .await;
    }

    /// Waits until whoever was answered in the model is, and until whoever waits there waits for a row.
    async fn stands_as(&self, model: &Model, what: &str) {
        let pool = self.world.app_pool().await;
        for (n, open) in &self.open {
            let answered = model.open[n].said.is_some();
            until(&format!("{what}: {n} stands as in the model"), SOON, async || {
                if answered {
                    return open.answer.is_finished().then_some(());
                }
                // A role sees what its own sessions wait for.
                let waits: bool = sqlx::query_scalar(
                    "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')",
                )
                .bind(open.process)
                .fetch_one(pool)
                .await
                .expect("it may look");
                waits.then_some(())
            })
            .await;
        }
    }

    async fn ends(self) -> Ends {
        let (state, reserved): (String, i64) = sqlx::query_as(
            "select x.state, b.reserved::bigint from capacity.reservation x, capacity.capacity_bucket b
             where x.id = $1 and b.id = $2",
        )
        .bind(self.hold)
        .bind(self.bucket)
        .fetch_one(self.world.owner_pool().await)
        .await
        .expect("they are there");
        (self.said, state, reserved)
    }
}
