//! What may be struck: two processes, each with a proxy before it and one behind it, a replica with a clock of its own, their
//! Postgres on a small disk, and a Kafka where the machine can run one.

use std::{
    net::SocketAddr,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    chaos::{self, Cluster, Party, Process},
    kafka::Broker,
    proxy::{Proxy, Weather},
    skewed::Skewed,
    until,
};
use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::{
    exported,
    figures::Figures,
    schedule::{Fault, Layout},
    volume::Volume,
};
use crate::load::Load;

/// How long anything may take to be back.
pub const BACK: Duration = Duration::from_secs(60);
/// Commands that must be committed while no sequencer runs, before the process that took them is killed.
const UNSEQUENCED: i64 = 6;
/// How long a full disk is waited for to be felt.
const FELT: Duration = Duration::from_secs(10);

/// Which firms the rolling restart has, after those of the layouts; and how often a process is replaced.
const ROLLING: usize = 2;
const TURNS: usize = 4;
/// Which have each service in processes of its own: who publish and answer, who trade with all services, and who are told.
const ALONE: [usize; 3] = [3, 4, 5];
const PAIRS: usize = 6;

/// As their firms stand among the pairs.
const LAYOUTS: [Layout; 2] = [Layout::Split, Layout::Twins];
const EVERYTHING: &[&str] = &["partners", "orders", "interchange", "stream"];

/// A process, and what its connections go through.
struct Station {
    process: Process,
    /// From its clients.
    front: Proxy,
    /// To Postgres.
    back: Proxy,
}

impl Station {
    async fn new(cluster: &Cluster, name: &str) -> Self {
        let mut process = Process::new(cluster, name, EVERYTHING);
        let back = Proxy::start(cluster.at()).await;
        process.through(cluster.at(), back.at().port());
        let front = Proxy::start(process.api).await;
        Self { process, front, back }
    }

    async fn restart(&mut self) {
        self.process.kill().await;
        self.process.start();
    }
}

pub struct Stage {
    /// Whether some of what is held still or silent stays so until others have given it up.
    long: bool,
    pub cluster: Cluster,
    commands: Station,
    feeds: Station,
    broker: Option<Broker>,
    /// Whether processes use it.
    pub kafka: bool,
    skewed: Option<Skewed>,
    /// Where the feed of each layout's buyer, who has a topic of its own, stood when Kafka last lost all that it had; 0: it never
    /// did, and all of the feed is due.
    since: [i64; LAYOUTS.len()],
    /// Firms for each layout, for the rolling restart, and for processes of one service each.
    pairs: Vec<(Party, Party)>,
    pub random: StdRng,
}

impl Stage {
    /// Everything that a run needs, and firms that work together.
    pub async fn set(name: &str, volume: &Volume, random: StdRng) -> Self {
        let broker = format!("{name}-kafka");
        // Kafka is the last to come, and nobody needs it yet.
        let (broker, (cluster, commands, feeds, pairs)) =
            tokio::join!(Broker::start(&broker), Self::firms(name, volume.disk_mib));
        let (long, since) = (volume.kills > 0, [0; LAYOUTS.len()]);
        Self { long, cluster, commands, feeds, broker, kafka: false, skewed: None, since, pairs, random }
    }

    /// Postgres, both processes, of which the first one runs, and firms that were made by it.
    async fn firms(name: &str, disk_mib: usize) -> (Cluster, Station, Station, Vec<(Party, Party)>) {
        let cluster = Cluster::start_on_a_small_disk(name, disk_mib).await;
        let mut commands = Station::new(&cluster, "commands").await;
        let feeds = Station::new(&cluster, "feeds").await;
        commands.process.start();
        let api = commands.process.api;
        let operator = chaos::operator(&cluster, api).await;
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            pairs.push(chaos::pair(&operator, api).await);
        }
        (cluster, commands, feeds, pairs)
    }

    /// Lets the processes do what a layout says; its firms.
    pub async fn arrange(&mut self, layout: Layout) -> (Party, Party) {
        let pair = self.pairs[layout as usize].clone();
        let services = match layout {
            Layout::Split => [&["orders"], &["stream"]].map(|services| services.to_vec()),
            Layout::Twins => [EVERYTHING, EVERYTHING].map(<[_]>::to_vec),
        };
        self.kafka = layout == Layout::Split && self.broker.is_some();
        let exports = LAYOUTS.map(|layout| self.pairs[layout as usize].0.id.to_string());
        for (station, services) in [&mut self.commands, &mut self.feeds].into_iter().zip(services) {
            station.process.services = services;
            station.process.set("TANDEM_KAFKA__EXPORTS", format!("{exports:?}"));
        }
        self.tell_of_kafka();
        self.commands.restart().await;
        self.feeds.restart().await;
        if layout == Layout::Twins {
            self.skewed = Some(self.cluster.skewed().await);
            for station in [&self.commands, &self.feeds] {
                chaos::answering(&chaos::access(station.front.at(), Some(&pair.0.key))).await;
            }
        }
        pair
    }

    /// Where commands are taken, and where feeds are read.
    pub fn addresses(&self, layout: Layout) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let (commands, feeds) = (self.commands.front.at(), self.feeds.front.at());
        match layout {
            Layout::Split => (vec![commands], vec![feeds]),
            Layout::Twins => {
                let third = self.skewed.as_ref().expect("it runs").api();
                (vec![commands, feeds, third], vec![feeds, third, commands])
            }
        }
    }

    fn tell_of_kafka(&mut self) {
        let flags: Vec<String> = match &self.broker {
            Some(broker) if self.kafka => vec!["--kafka".into(), broker.bootstrap()],
            _ => Vec::new(),
        };
        for station in [&mut self.commands, &mut self.feeds] {
            station.process.flags = flags.clone();
        }
    }

    /// That everything can happen here: a long run that leaves something out and passes would say what it does not know.
    ///
    /// # Panics
    /// Where there is no Kafka, or no disk that may be filled.
    pub fn lacks_nothing(&self) {
        assert!(
            self.broker.is_some(),
            "a long run kills and wipes a Kafka, and none runs here: it takes Java and Maven; what is said to be skipped \
             above says why"
        );
        assert!(
            self.cluster.disk().is_some(),
            "a long run fills the disk of its Postgres, and has none of its own here: it takes a user who may mount a \
             tmpfs, in a folder that whoever runs Postgres reaches; what is said to be skipped above says why"
        );
    }

    /// Whether this can happen here.
    pub fn allows(&self, fault: Fault) -> bool {
        match fault {
            Fault::FillDisk => self.cluster.disk().is_some(),
            fault => self.broker.is_some() || !fault.needs_kafka(),
        }
    }

    /// Waits until some more was acknowledged and delivered: the system is back, and busy.
    pub async fn progress(&mut self, load: &Load) {
        let goal = load.goal(self.random.random_range(1..5), self.random.random_range(1..5));
        until("work goes on", BACK, async || {
            self.commands.process.supervise();
            self.feeds.process.supervise();
            load.reached(&goal).then_some(())
        })
        .await;
    }

    /// Lets one thing happen; for how long it lasted where others had given up by then, which is no time that anything took to be
    /// back.
    pub async fn strike(&mut self, fault: Fault, load: &Load, figures: &mut Figures) -> Duration {
        // Any moment will do: this is when the blow falls, and nothing waits for it.
        tokio::time::sleep(Duration::from_micros(self.random.random_range(0..8_000))).await;
        let outlasts = self.outlasts(fault, figures);
        let lasts = self.random.random_range(if outlasts { OUTLASTS_MS } else { LASTS_MS });
        let lasts = Duration::from_millis(lasts);
        match fault {
            Fault::KillCommands => self.commands.restart().await,
            Fault::KillFeeds => self.feeds.restart().await,
            Fault::KillBoth => self.kill_both().await,
            Fault::KillBetween => figures.unsequenced += self.kill_between().await,
            Fault::StopCommands => {
                self.commands.process.hold(true);
                tokio::time::sleep(lasts).await;
                self.commands.process.hold(false);
            }
            Fault::StopFeeds => {
                self.feeds.process.hold(true);
                tokio::time::sleep(lasts).await;
                self.feeds.process.hold(false);
            }
            Fault::KillPostgres => {
                self.cluster.kill().await;
                self.cluster.restart().await;
            }
            Fault::StopPostgres => {
                self.cluster.hold(true);
                tokio::time::sleep(lasts).await;
                self.cluster.hold(false);
            }
            Fault::KillKafka | Fault::WipeKafka | Fault::StopKafka => self.strike_kafka(fault, lasts).await,
            Fault::SwitchKafka => {
                self.kafka = !self.kafka;
                self.tell_of_kafka();
                self.kill_both().await;
            }
            Fault::FillDisk => figures.disk_full += self.fill_disk(load).await,
            Fault::JumpClock => {
                let seconds = [-7_200, -60, 60, 7_200].choose(&mut self.random).copied();
                self.skewed.as_ref().expect("it runs").jump(seconds.unwrap_or_default());
            }
            _ => self.strike_connections(fault, lasts).await,
        }
        *figures.faults.entry(fault).or_default() += 1;
        if !outlasts {
            return Duration::ZERO;
        }
        *figures.outlasting.entry(fault).or_default() += 1;
        lasts
    }

    /// Whether this lasts until others have given it up: in a long run the first of a kind, and one in some of the others.
    fn outlasts(&mut self, fault: Fault, figures: &Figures) -> bool {
        let (share, of) = OUTLASTING;
        self.long && fault.may_outlast() && (figures.of(fault) == 0 || self.random.random_ratio(share, of))
    }

    async fn kill_both(&mut self) {
        self.commands.process.kill().await;
        self.feeds.restart().await;
        self.commands.process.start();
    }

    /// How many commands were not sequenced when who took them was killed.
    async fn kill_between(&mut self) -> i64 {
        self.feeds.process.kill().await;
        let waiting = until("commands wait with nobody to sequence them", BACK, async || {
            self.commands.process.supervise();
            Some(self.cluster.unsequenced().await).filter(|waiting| *waiting >= UNSEQUENCED)
        })
        .await;
        self.commands.process.kill().await;
        self.feeds.process.start();
        self.drained().await;
        self.commands.process.start();
        waiting
    }

    async fn strike_kafka(&mut self, fault: Fault, lasts: Duration) {
        let broker = self.broker.as_mut().expect("there is one");
        if fault == Fault::StopKafka {
            broker.hold(true);
            tokio::time::sleep(lasts).await;
            broker.hold(false);
            return;
        }
        broker.kill().await;
        if fault == Fault::WipeKafka {
            broker.wipe();
            // What comes later was never there to be taken away.
            for (since, (buyer, _)) in self.since.iter_mut().zip(&self.pairs) {
                *since = self.cluster.head(buyer.id).await;
            }
        }
        broker.run().await;
    }

    /// Connections of one of the processes.
    async fn strike_connections(&mut self, fault: Fault, lasts: Duration) {
        let station = if self.random.random() { &self.commands } else { &self.feeds };
        let (proxy, weather) = match fault {
            Fault::CutClients => return station.front.cut(),
            Fault::CutDatabase => return station.back.cut(),
            Fault::SlowClients => (&station.front, Weather::Slow(Duration::from_millis(40))),
            Fault::SlowDatabase => (&station.back, Weather::Slow(Duration::from_millis(5))),
            Fault::SilenceClients => (&station.front, Weather::Silent),
            _ => (&station.back, Weather::Silent),
        };
        proxy.set(weather);
        tokio::time::sleep(lasts).await;
        proxy.set(Weather::Clear);
        // What was silent for long enough is given up by somebody on the way.
        if weather == Weather::Silent && self.random.random() {
            proxy.cut();
        }
    }

    /// Fills the disk until somebody feels it, and gives it back; how many writes met it.
    async fn fill_disk(&mut self, load: &Load) -> usize {
        self.cluster.checkpoint().await;
        let unanswered = || load.counts().unanswered.load(Ordering::Relaxed);
        let (before, since) = (unanswered(), Instant::now());
        self.cluster.disk().expect("there is one").fill();
        while unanswered() < before + 3 && since.elapsed() < FELT {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let felt = unanswered() - before;
        self.cluster.disk().expect("there is one").free();
        self.cluster.ensure().await;
        felt
    }

    /// Waits until everything that is committed stands in the feeds.
    pub async fn drained(&self) {
        until("the outbox is empty", BACK, async || (self.cluster.unsequenced().await == 0).then_some(()))
            .await;
    }

    /// Waits until entries come to the process that feeds over Kafka, whatever became of it.
    pub async fn carried(&self) {
        let entries = async || self.feeds.process.counted("tandem_kafka_carried_entries_total").await;
        let before = entries().await;
        until("events come over Kafka", 2 * BACK, async || (entries().await > before).then_some(())).await;
    }

    /// Judges the topic of a layout's buyer, as far as its feed is, where Kafka is in use.
    pub async fn exported(&self, layout: Layout) {
        let Some(broker) = self.broker.as_ref().filter(|_| self.kafka) else { return };
        let (_, feeds) = self.addresses(layout);
        let n = layout as usize;
        exported::check(broker, feeds[0], &self.pairs[n].0, self.since[n]).await;
    }

    /// Firms for the rolling restart, and a balancer before both processes. Nobody runs beside these from now on: a third replica
    /// would take, sequence and send what the two leave, and nothing would show that they suffice.
    pub async fn rolling(&mut self) -> ((Party, Party), Proxy) {
        if let Some(skewed) = self.skewed.take() {
            skewed.finish().await;
        }
        let replicas = [self.commands.process.api, self.feeds.process.api];
        (self.pairs[ROLLING].clone(), Proxy::among(replicas.into()).await)
    }

    /// Asks each process in turn to end, and starts it again, as a new release is brought in; how often.
    pub async fn roll(&mut self, load: &Load) -> usize {
        let caller = self.pairs[ROLLING].0.clone();
        for turn in 0..TURNS {
            let station = if turn % 2 == 0 { &mut self.commands } else { &mut self.feeds };
            station.process.terminate().await;
            station.process.start();
            chaos::answering(&chaos::access(station.process.api, Some(&caller.key))).await;
            self.progress(load).await;
        }
        TURNS
    }

    /// Ends everything but Postgres, so that each service may run alone.
    pub async fn clear(&mut self) {
        for station in [&mut self.commands, &mut self.feeds] {
            station.process.kill().await;
        }
    }

    /// Firms for processes of one service each.
    pub fn alone(&self) -> [(Party, Party); 3] {
        ALONE.map(|place| self.pairs[place].clone())
    }

    /// How many processes ended without being killed.
    pub fn ended(&self) -> usize {
        self.commands.process.ended + self.feeds.process.ended
    }

    pub async fn finish(mut self) {
        self.clear().await;
        if let Some(broker) = self.broker {
            broker.finish().await;
        }
        self.cluster.finish().await;
    }
}

/// How long something that is not over at once lasts, in milliseconds.
pub const LASTS_MS: std::ops::Range<u64> = 300..1_200;
/// And what outlasts others: the leases of a publisher (8 s) and of whoever sends webhooks (20 s), the patience of clients (5 s),
/// and now and then a server's keepalive (20 s and 10 s more). Work that stood still is back within [`BACK`] all the same, which
/// counts from the end of it.
const OUTLASTS_MS: std::ops::Range<u64> = 22_000..35_000;
/// Of what may outlast others this share does, beside the first of each kind.
const OUTLASTING: (u32, u32) = (1, 10);
