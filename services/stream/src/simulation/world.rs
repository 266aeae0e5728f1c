//! One interleaving: writers, processes, subscribers and Kafka around one Postgres, of which a seed says who acts next and
//! what goes wrong. Then nothing goes wrong any more, and everything has to come to its end.

use std::sync::Arc;

use chassis::secret::SigningKeys;

use super::{
    kafka::Kafka,
    postgres::Postgres,
    process::Process,
    publisher::Publisher,
    random::Random,
    subscriber::Subscriber,
    writer::{FEEDS, Write, Writer},
};

/// Milliseconds of a tick.
const TICK_MS: u64 = 500;
/// The most rounds after which everything must be quiet.
const ROUNDS: usize = 12;
/// The most that anybody does in one of them: more only where something goes round in circles.
const PATIENCE: usize = 500;

/// What may happen in one interleaving; chosen by its seed.
struct Course {
    steps: usize,
    /// One step in so many is a fault; 0: none.
    faults: usize,
    /// One step in so many is a reader who leaves or comes.
    restless: usize,
    retention: bool,
    /// A standby may take over without the last commits.
    standby: bool,
}

pub struct World {
    random: Random,
    course: Course,
    pub postgres: Postgres,
    pub kafka: Kafka,
    pub kafka_runs: bool,
    writers: Vec<Writer>,
    pub writes: Vec<Write>,
    /// Which of them were committed when the standby was cut off.
    followed: Vec<bool>,
    processes: Vec<(Process, Publisher)>,
    pub subscribers: Vec<Subscriber>,
    /// The most entries that were kept for one stream.
    pub kept: usize,
    started: u128,
    keys: Arc<SigningKeys>,
}

impl World {
    /// The beginning of an interleaving.
    pub fn new(seed: u64, steps: usize) -> Self {
        let mut random = Random::new(seed);
        let month = [0, 0, 25, 60][random.below(4)];
        let standby = random.one_in(3);
        let course = Course {
            steps,
            faults: [0, 60, 25][random.below(3)],
            restless: [0, 40, 15][random.below(3)],
            // Where both happen, a reader may be told either, and begins anew by what it is told.
            retention: !standby && random.one_in(3),
            standby,
        };
        let kafka_runs = random.one_in(2);
        let processes = 1 + random.below(2);
        let keys = Arc::new(SigningKeys::new([7; 32], None));
        let readers = 2 + random.below(2);
        let subscriber = |n: usize| Subscriber::new(FEEDS[n % 2], n == 2, keys.clone());
        let mut world = Self {
            course,
            postgres: Postgres::new(month),
            kafka: Kafka::new(),
            kafka_runs,
            writers: (0..3).map(|_| Writer::new()).collect(),
            writes: Vec::new(),
            followed: Vec::new(),
            processes: Vec::new(),
            subscribers: (0..readers).map(subscriber).collect(),
            kept: 0,
            started: 0,
            keys: keys.clone(),
            random,
        };
        for _ in 0..processes {
            let process = world.start();
            world.processes.push(process);
        }
        world
    }

    /// Runs it from its beginning to its end.
    pub fn run(mut self) -> Self {
        for _ in 0..self.course.steps {
            self.postgres.now += 1;
            if self.random.one_in(self.course.faults) {
                self.fault();
            }
            self.act();
        }
        self.end();
        self
    }

    fn start(&mut self) -> (Process, Publisher) {
        self.started += 1;
        (Process::start(self.started), Publisher::Idle)
    }

    /// Somebody does something.
    fn act(&mut self) {
        if self.kafka_runs && self.random.one_in(2) {
            return self.publish();
        }
        match self.random.below(18) {
            0..=4 => {
                let n = self.random.below(self.writers.len());
                self.writers[n].step(&mut self.postgres, &mut self.writes, &mut self.random, true);
            }
            5..=9 => {
                let n = self.random.below(self.processes.len());
                let sure = self.course.faults == 0 || !self.random.one_in(20);
                self.sequence(n, sure);
            }
            10..=12 => {
                let n = self.random.below(self.processes.len());
                let look = self.random.one_in(6);
                self.processes[n].0.tail(&self.postgres, look);
            }
            _ => self.read(),
        }
        let kept = self.subscribers.iter().map(Subscriber::kept).max();
        self.kept = self.kept.max(kept.unwrap_or(0));
    }

    fn sequence(&mut self, n: usize, sure: bool) -> bool {
        let moved = self.processes[n].0.sequence(&mut self.postgres, sure);
        if std::mem::take(&mut self.processes[n].0.hinted) {
            for other in (0..self.processes.len()).filter(|other| *other != n) {
                // Lost, or doubled.
                self.processes[other].0.hints += self.random.below(3);
            }
        }
        moved
    }

    fn read(&mut self) {
        let n = self.random.below(self.subscribers.len());
        let at = self.random.below(self.processes.len());
        let (subscriber, process) = (&mut self.subscribers[n], &self.processes[at].0);
        if subscriber.is_away() {
            subscriber.open(at, process);
        } else if self.random.one_in(self.course.restless) {
            subscriber.leave(&mut self.random);
        } else if !self.random.one_in(3) || !subscriber.receive() {
            subscriber.step(&self.postgres, self.postgres.now * TICK_MS, self.random.one_in(2));
        }
    }

    fn publish(&mut self) {
        let n = self.random.below(self.processes.len());
        let (process, publisher) = &mut self.processes[n];
        match self.random.below(4) {
            0 => publisher.step(process.id, &mut self.postgres, &mut self.kafka),
            1 => process.receive(&self.kafka, &mut self.random),
            _ => self.kafka.work(&mut self.random, self.course.faults > 0),
        };
    }

    /// Something goes wrong.
    fn fault(&mut self) {
        let n = self.random.below(self.processes.len());
        match self.random.below(12) {
            0..=1 => self.kill(n),
            2 => {
                self.postgres.crash();
                self.processes.iter_mut().for_each(|(process, _)| process.reconnect());
            }
            3 => self.kafka.up = !self.kafka.up,
            4 => self.kafka.wipe(self.postgres.feed_heads()),
            // A hint that nobody sent.
            5 => self.processes[n].0.hints += 1,
            // Time in which nobody does anything: leases and months end.
            6 => self.postgres.now += 50,
            7 if self.course.retention => {
                let feed = FEEDS[self.random.below(2)];
                let head = self.postgres.feed_head(feed);
                let oldest = head.min_seq + self.random.below((head.seq - head.min_seq + 2) as usize) as i64;
                self.postgres.shorten(feed, oldest);
            }
            8 if self.course.retention => self.postgres.drop_old(),
            9..=10 if self.course.standby => self.fail_over(),
            // What falls due by time: rings and pages are forgotten, bookmarks go out.
            _ => self.processes[n].0.hub.tick_at(self.postgres.now * TICK_MS),
        }
    }

    /// The standby is cut off; and the next time the server is lost, and the standby takes over without what came since.
    fn fail_over(&mut self) {
        if self.postgres.cut() {
            self.followed = self.writes.iter().map(|write| write.committed).collect();
        } else if self.postgres.promote() {
            for (n, write) in self.writes.iter_mut().enumerate() {
                if !self.followed.get(n).is_some_and(|followed| *followed) {
                    (write.committed, write.acknowledged) = (false, None);
                }
            }
            // As deploy/two-machines/README.md says: the topics go.
            self.kafka.begin_anew(self.postgres.published_heads(), self.postgres.published());
            self.processes.iter_mut().for_each(|(process, _)| process.reconnect());
            self.subscribers.iter_mut().for_each(Subscriber::lose);
        }
    }

    /// A process dies, and another one starts in its place.
    fn kill(&mut self, n: usize) {
        if let Some(tx) = self.processes[n].0.transaction() {
            self.postgres.vanish(tx);
        }
        for subscriber in self.subscribers.iter_mut().filter(|subscriber| subscriber.at == n) {
            subscriber.leave(&mut self.random);
        }
        self.processes[n] = self.start();
    }

    /// Nothing goes wrong any more: everything that was begun ends, and everybody gets what there is. Readers who come late
    /// read all of it.
    fn end(&mut self) {
        if self.course.standby && self.random.one_in(2) {
            self.fail_over();
        }
        self.kafka.up = true;
        for feed in FEEDS {
            self.subscribers.push(Subscriber::new(feed, false, self.keys.clone()));
        }
        for round in 0..ROUNDS {
            let mut busy = false;
            self.postgres.now += 100;
            for writer in &mut self.writers {
                while writer.step(&mut self.postgres, &mut self.writes, &mut self.random, false) {}
                busy |= !writer.idle();
            }
            for n in 0..self.processes.len() {
                busy |= (0..PATIENCE).take_while(|_| self.sequence(n, true)).count() > 0;
            }
            busy |= self.publish_all();
            for n in 0..self.processes.len() {
                let process = &mut self.processes[n].0;
                process.tail(&self.postgres, true);
                while process.tails() {
                    process.tail(&self.postgres, false);
                }
            }
            busy |= self.read_all();
            // The tail looks twice before it reads what does not come over Kafka; then bookmarks tell those who left out what
            // came last.
            if round > 2 {
                let now_ms = self.postgres.now * TICK_MS;
                self.processes.iter().for_each(|(process, _)| process.hub.tick_at(now_ms));
            }
            if round > 3 && !busy && !self.postgres.waiting() {
                break;
            }
        }
    }

    fn publish_all(&mut self) -> bool {
        let mut busy = false;
        while self.kafka_runs {
            let mut more = self.kafka.work(&mut self.random, false);
            for (process, publisher) in &mut self.processes {
                more |= publisher.step(process.id, &mut self.postgres, &mut self.kafka);
                more |= process.receive(&self.kafka, &mut self.random);
            }
            if !more {
                break;
            }
            busy = true;
        }
        busy
    }

    fn read_all(&mut self) -> bool {
        let (mut busy, now_ms) = (false, self.postgres.now * TICK_MS);
        for n in 0..self.subscribers.len() {
            let at = n % self.processes.len();
            if self.subscribers[n].is_away() {
                self.subscribers[n].open(at, &self.processes[at].0);
                busy = true;
            }
            let subscriber = &mut self.subscribers[n];
            for _ in 0..PATIENCE {
                let asked = subscriber.step(&self.postgres, now_ms, true);
                if !(asked | subscriber.step(&self.postgres, now_ms, false) | subscriber.receive()) {
                    break;
                }
                busy = true;
                if subscriber.is_away() {
                    subscriber.open(at, &self.processes[at].0);
                }
            }
        }
        busy
    }
}
