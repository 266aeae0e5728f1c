//! Processes are killed without warning while firms publish, answer and follow: nothing that was acknowledged may be
//! lost, nothing may come twice, and nothing out of order.
//!
//! Two layouts: commands and feeds in processes of their own, where a kill in between leaves commands committed and
//! not sequenced; and two whole replicas, where a sequencer dies while the other one goes on. In the second one
//! Postgres itself is killed, too.

mod replicas;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    chaos::{self, Cluster, Party, Process},
    until,
    validators::{self, Breach, Rule},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::load::{self, Load, Pace};

/// How long anything may take to be back after a kill.
const BACK: Duration = Duration::from_secs(60);
/// Commands that must be committed while no sequencer runs, before the process that took them is killed.
const UNSEQUENCED: i64 = 6;

const EVERYTHING: &[&str] = &["partners", "orders", "interchange", "stream"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_reordered_whatever_is_killed() {
    crash("crash", 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn nothing_is_lost_doubled_or_reordered_over_hundreds_of_kills() {
    crash("crash-long", 300).await;
}

async fn crash(name: &str, kills: usize) {
    let seed = rand::rng().random();
    println!("{name}: seed {seed}");
    let mut stage = Stage::set(name, seed).await;
    let split = stage.run(&format!("{name}-split"), Layout::Split, kills / 2).await;
    let twins = stage.run(&format!("{name}-twins"), Layout::Twins, kills - kills / 2).await;
    let ended = stage.commands.ended + stage.feeds.ended;
    stage.finish().await;
    for figures in [&split, &twins] {
        println!("{figures}");
    }
    let breaches: Vec<&Breach> = split.breaches.iter().chain(&twins.breaches).collect();
    // Who starts while there is no database says so and ends.
    assert!(ended <= 2 * twins.postgres_kills, "{ended} processes ended without being killed");
    let first: Vec<String> = breaches.iter().take(20).map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "seed {seed}: {} breaches:\n{}", breaches.len(), first.join("\n"));
    assert!(split.kills + twins.kills >= kills, "everything that was to be killed was killed");
    assert!(split.unsequenced > 0, "kills fell between commit and sequencing");
    assert!(split.replayed + twins.replayed > 0, "kills fell between commit and acknowledgement");
    assert!(twins.postgres_kills > 0, "Postgres was killed");
}

/// Which process does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One process takes commands, the other one sequences and serves feeds.
    Split,
    /// Both do everything.
    Twins,
}

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Commands,
    Feeds,
    Both,
    /// Feeds first, then commands with what they took since, then only feeds come back.
    Between,
    Postgres,
}

struct Stage {
    cluster: Cluster,
    commands: Process,
    feeds: Process,
    operator: harness::Access,
    random: StdRng,
}

impl Stage {
    /// A Postgres, two processes on it, and an operator.
    async fn set(name: &str, seed: u64) -> Self {
        let cluster = Cluster::start(name).await;
        let mut commands = Process::new(&cluster, "commands", EVERYTHING);
        let feeds = Process::new(&cluster, "feeds", EVERYTHING);
        commands.start();
        let operator = chaos::operator(&cluster, commands.api).await;
        Self { cluster, commands, feeds, operator, random: StdRng::seed_from_u64(seed) }
    }

    async fn finish(mut self) {
        self.commands.kill().await;
        self.feeds.kill().await;
        self.cluster.finish().await;
    }

    /// Works and kills in one layout, with firms of its own.
    async fn run(&mut self, name: &str, layout: Layout, kills: usize) -> Figures {
        let (buyer, supplier) = self.pair(layout).await;
        let (commands, feeds) = match layout {
            Layout::Split => (vec![self.commands.api], vec![self.feeds.api]),
            Layout::Twins => {
                (vec![self.commands.api, self.feeds.api], vec![self.feeds.api, self.commands.api])
            }
        };
        let load = Load::begin(name, (buyer, supplier), commands, feeds, &[Pace::Steady]);
        let mut figures = Figures { layout, ..Figures::new(layout) };
        let began = Instant::now();
        while figures.kills < kills {
            self.progress(&load).await;
            let blow = self.choose(layout, &figures, kills);
            let struck = Instant::now();
            self.strike(blow, &mut figures).await;
            self.progress(&load).await;
            figures.recoveries.push(struck.elapsed());
        }
        figures.took = began.elapsed();
        load.writers_stop().await;
        self.drained().await;
        let followed = load.followers_stop().await;
        figures.judge(followed);
        figures
    }

    /// Firms, made while one process runs everything; then both processes run what the layout says.
    async fn pair(&mut self, layout: Layout) -> (Party, Party) {
        self.commands.kill().await;
        self.feeds.kill().await;
        self.commands.services = EVERYTHING.into();
        self.commands.start();
        chaos::answering(&self.operator).await;
        let pair = chaos::pair(&self.operator, self.commands.api).await;
        self.commands.kill().await;
        (self.commands.services, self.feeds.services) = match layout {
            Layout::Split => (vec!["orders"], vec!["stream"]),
            Layout::Twins => (EVERYTHING.into(), EVERYTHING.into()),
        };
        self.commands.start();
        self.feeds.start();
        pair
    }

    fn choose(&mut self, layout: Layout, figures: &Figures, kills: usize) -> Blow {
        if layout == Layout::Twins && figures.kills >= (figures.postgres_kills + 1) * kills / 4 {
            return Blow::Postgres;
        }
        match (self.random.random_range(0..100), layout) {
            (0..30, _) => Blow::Commands,
            (30..55, _) => Blow::Feeds,
            (55..75, _) | (_, Layout::Twins) => Blow::Both,
            (_, Layout::Split) => Blow::Between,
        }
    }

    async fn strike(&mut self, blow: Blow, figures: &mut Figures) {
        // Any moment will do: this is when the kill falls, and nothing waits for it.
        tokio::time::sleep(Duration::from_micros(self.random.random_range(0..8_000))).await;
        match blow {
            Blow::Commands => {
                self.commands.kill().await;
                self.commands.start();
            }
            Blow::Feeds => {
                self.feeds.kill().await;
                self.feeds.start();
            }
            Blow::Both => {
                self.commands.kill().await;
                self.feeds.kill().await;
                self.feeds.start();
                self.commands.start();
                figures.kills += 1;
            }
            Blow::Between => {
                self.feeds.kill().await;
                let waiting = until("commands wait with nobody to sequence them", BACK, async || {
                    Some(self.cluster.unsequenced().await).filter(|waiting| *waiting >= UNSEQUENCED)
                })
                .await;
                self.commands.kill().await;
                figures.unsequenced += waiting;
                self.feeds.start();
                self.drained().await;
                self.commands.start();
                figures.kills += 1;
            }
            Blow::Postgres => {
                self.cluster.kill().await;
                self.cluster.restart().await;
                figures.postgres_kills += 1;
            }
        }
        figures.kills += 1;
    }

    /// Waits until some more was acknowledged and delivered: the system is back, and busy.
    async fn progress(&mut self, load: &Load) {
        let goal = load.goal(self.random.random_range(1..5), self.random.random_range(1..5));
        until("work goes on", BACK, async || {
            self.commands.supervise();
            self.feeds.supervise();
            load.reached(&goal).then_some(())
        })
        .await;
    }

    /// Waits until everything that is committed stands in the feeds.
    async fn drained(&self) {
        until("the outbox is empty", BACK, async || (self.cluster.unsequenced().await == 0).then_some(()))
            .await;
    }
}

/// What happened and what became of it.
struct Figures {
    layout: Layout,
    kills: usize,
    postgres_kills: usize,
    /// Commands that were committed and not sequenced when their process was killed.
    unsequenced: i64,
    /// From each kill until firms got on with their work.
    recoveries: Vec<Duration>,
    took: Duration,
    acknowledged: usize,
    /// Tries that nobody answered.
    unanswered: usize,
    /// Receipts of an earlier try.
    replayed: usize,
    events: usize,
    breaches: Vec<Breach>,
}

impl Figures {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            kills: 0,
            postgres_kills: 0,
            unsequenced: 0,
            recoveries: Vec::new(),
            took: Duration::ZERO,
            acknowledged: 0,
            unanswered: 0,
            replayed: 0,
            events: 0,
            breaches: Vec::new(),
        }
    }

    fn judge(&mut self, load: load::Seen) {
        self.acknowledged = load.counts.acknowledged.load(Ordering::Relaxed);
        self.unanswered = load.counts.unanswered.load(Ordering::Relaxed);
        self.replayed = load.counts.replayed.load(Ordering::Relaxed);
        self.events = load.counts.delivered.load(Ordering::Relaxed);
        self.breaches = validators::all(&load.records);
    }

    fn of(&self, rules: &[Rule]) -> usize {
        self.breaches.iter().filter(|breach| rules.contains(&breach.rule)).count()
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort();
        let at = |share: usize| recoveries.get((recoveries.len() * share / 100).min(recoveries.len() - 1));
        write!(
            f,
            "{:?}: {} kills ({} of Postgres, {} commands unsequenced at a kill) in {:.1} s, back within {:?} (median) \
             and {:?} (longest); {} acknowledged, {} tries unanswered, {} receipts replayed, {} events delivered; \
             {} lost, {} doubled, {} reordered, {} breaches in all",
            self.layout,
            self.kills,
            self.postgres_kills,
            self.unsequenced,
            self.took.as_secs_f64(),
            at(50).unwrap_or(&Duration::ZERO),
            at(100).unwrap_or(&Duration::ZERO),
            self.acknowledged,
            self.unanswered,
            self.replayed,
            self.events,
            self.of(&[Rule::Reliable, Rule::Gapless, Rule::Resumable, Rule::Bookmarkable]),
            self.of(&[Rule::Unique]),
            self.of(&[Rule::Ordered, Rule::Atomic]),
            self.breaches.len(),
        )
    }
}
