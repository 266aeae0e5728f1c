//! One interleaving: two processes, a receiver and a firm around one webhook, of which a seed says who acts next and what goes
//! wrong. Then nothing goes wrong any more, and everything has to be accepted.

use chassis::hook::{Answer, Failure};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{
    hook::Hook,
    judge::{By, Ledger, accepts},
    sender::{ASKED, ATTEMPT, Ahead, Answered, Flight, Run, Sender, State},
};
use crate::{
    ladder::PAUSES,
    sending::{Attempt, Next},
    simulation::random::Random,
};

const BEGIN: OffsetDateTime = datetime!(2026-11-23 02:10 UTC);
/// The most rounds after which everything must have been accepted.
const ROUNDS: usize = 60;
/// The most that the processes do in one of them, and how long each of these takes.
const PATIENCE: usize = 2_000;
const MOMENT: Duration = Duration::milliseconds(50);
/// Longer than a lease.
const REST: Duration = Duration::seconds(21);
/// Entries in a row that are left out: to look at all of them takes longer than a lease, however little goes wrong, since a
/// process does something else half of the time.
const STRETCH: usize = 400;

/// How a receiver answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    /// Half of the time.
    Now,
    /// Hardly ever.
    Hopeless,
}

/// What may happen in one interleaving; chosen by its seed.
struct Course {
    steps: usize,
    /// One step in so many is a fault; 0: none.
    faults: usize,
    /// One step in so many is the firm's; 0: none.
    people: usize,
    /// One step in so many passes until the next attempt is due.
    patient: usize,
    mood: Mood,
    retention: bool,
    /// One event in so many comes after a stretch that is left out; 0: none.
    stretches: usize,
}

pub struct World {
    random: Random,
    course: Course,
    now: OffsetDateTime,
    hook: Hook,
    /// Whether the event at each place is wanted, from the first on.
    log: Vec<bool>,
    /// The oldest that is still there.
    oldest: i64,
    senders: [Sender; 2],
    leases: u64,
    ledger: Ledger,
}

impl World {
    /// The beginning of an interleaving.
    pub fn new(seed: u64, steps: usize) -> Self {
        let mut random = Random::new(seed);
        let in_flight = [1, 1, 3, 8][random.below(4)];
        let mood = [Mood::Well, Mood::Now, Mood::Now, Mood::Hopeless][random.below(4)];
        let course = Course {
            steps,
            faults: [0, 30, 12][random.below(3)],
            people: [0, 0, 25][random.below(3)],
            patient: if mood == Mood::Hopeless { 4 } else { 12 },
            mood,
            retention: random.one_in(4),
            stretches: [0, 0, 0, 0, 20][random.below(5)],
        };
        let high = mood == Mood::Hopeless && random.one_in(2);
        let mut world = Self {
            random,
            course,
            now: BEGIN,
            hook: Hook::new(in_flight),
            log: Vec::new(),
            oldest: 1,
            senders: Default::default(),
            leases: 0,
            ledger: Ledger::new(in_flight),
        };
        if high {
            world.begin_high();
        }
        world
    }

    /// It begins high on the ladder, which takes days and more steps than there are.
    fn begin_high(&mut self) {
        let attempts = PAUSES.len() as i32 - self.random.below(4) as i32;
        self.log.push(true);
        self.hook.tried(attempts, BEGIN);
        self.ledger.owe(1);
        self.ledger.tried(attempts, BEGIN);
    }

    /// Runs it from its beginning to its end.
    pub fn run(mut self) -> Ledger {
        for _ in 0..self.course.steps {
            let passed = self.random.below(400) as i64;
            self.pass(Duration::milliseconds(passed));
            if self.random.one_in(self.course.faults) {
                self.fault();
            }
            if self.random.one_in(self.course.people) {
                self.person();
            }
            if self.random.one_in(self.course.patient) {
                self.pass_until_due();
            }
            if self.random.one_in(5) {
                self.write();
            }
            let n = self.random.below(2);
            self.step(n);
        }
        self.end();
        self.ledger
    }

    fn head(&self) -> i64 {
        self.log.len() as i64
    }

    fn wanted(&self, seq: i64) -> bool {
        usize::try_from(seq - 1).is_ok_and(|at| self.log.get(at) == Some(&true))
    }

    /// An event is written to the log.
    fn write(&mut self) {
        if self.random.one_in(self.course.stretches) {
            self.log.resize(self.log.len() + STRETCH, false);
        }
        let wanted = !self.random.one_in(4);
        self.log.push(wanted);
        if wanted {
            self.ledger.owe(self.head());
        }
    }

    /// Time passes, and what takes too long on its way is given up.
    fn pass(&mut self, by: Duration) {
        self.now += by;
        for sender in &mut self.senders {
            let State::Serving(run) = &mut sender.state else { continue };
            let late = |began: OffsetDateTime| self.now - began >= ATTEMPT;
            for flight in run.flights.iter_mut().filter(|one| one.answer.is_none() && late(one.began)) {
                flight.answer = Some(Err(Failure::Timeout));
                self.ledger.ended(flight.attempt, false);
            }
        }
    }

    fn pass_until_due(&mut self) {
        let due = self.hook.retry_at.map_or(Duration::ZERO, |retry| retry - self.now);
        self.pass(due.clamp(Duration::ZERO, Duration::days(2)) + Duration::SECOND);
    }

    /// Something goes wrong.
    fn fault(&mut self) {
        let n = self.random.below(2);
        match self.random.below(6) {
            0..=1 => self.drop_run(n),
            2 => {
                let by = Duration::seconds(self.random.below(7_200) as i64 - 3_600);
                self.senders[n].clock.jump(by);
            }
            3 => self.senders[n].clock.stand(self.now),
            // Everybody is held up for longer than a lease.
            4 => self.pass(REST),
            _ if self.course.retention => {
                self.oldest += self.random.below((self.head() + 2 - self.oldest) as usize) as i64;
            }
            _ => self.senders[n].clock = Default::default(),
        }
    }

    /// A process dies, or hears nothing of the database: what is on its way is on its way no more, and the claim stays.
    fn drop_run(&mut self, n: usize) {
        if let State::Serving(run) = std::mem::take(&mut self.senders[n].state) {
            for flight in run.flights.iter().filter(|flight| flight.answer.is_none()) {
                self.ledger.ended(flight.attempt, false);
            }
        }
    }

    /// The firm does something with its webhook.
    fn person(&mut self) {
        match self.random.below(6) {
            0 => self.hook.change(false),
            1..=2 => self.hook.change(true),
            3..=4 if self.hook.disabled.is_some() => self.resume(),
            _ => {
                let seq = self.random.below(self.log.len() + 1) as i64;
                self.hook.move_to(seq);
                let wanted: Vec<i64> = (seq + 1..=self.head()).filter(|seq| self.wanted(*seq)).collect();
                self.ledger.moved(seq, wanted.into_iter());
            }
        }
    }

    fn resume(&mut self) {
        self.hook.resume(self.now);
        self.ledger.resumed();
    }

    /// A process does something.
    fn step(&mut self, n: usize) {
        let clock = self.senders[n].clock.read(self.now);
        match std::mem::take(&mut self.senders[n].state) {
            State::Idle if self.hook.due(clock, self.now, self.head()) => {
                self.senders[n].state = State::Found(self.now);
            }
            State::Idle => {}
            State::Found(began) => {
                self.leases += 1;
                if let Some(claim) = self.hook.claim(self.leases, self.now) {
                    let ends = (self.hook.in_flight, self.oldest);
                    let run = Run::new(self.leases, claim, ends, began);
                    self.senders[n].state = State::Serving(Box::new(run));
                }
            }
            State::Serving(run) => self.serve(n, run, clock),
        }
    }

    /// Looks at one or sends it, hears of one, or records one.
    fn serve(&mut self, n: usize, mut run: Box<Run>, clock: OffsetDateTime) {
        let nth = self.random.below(64);
        match self.random.below(4) {
            0..=1 => match run.ahead {
                Ahead::Ready(attempt, decided) => {
                    run.ahead = Ahead::Nothing;
                    self.post(&mut run, attempt, decided);
                }
                before => {
                    run.ahead = self.look(&mut run, clock);
                    let nothing = run.ahead == Ahead::Nothing;
                    let stretch = nothing && before == Ahead::Looking && !run.in_time(self.now);
                    self.ledger.stretches += usize::from(stretch);
                    if nothing && run.flights.is_empty() {
                        return self.leave(&run);
                    }
                }
            },
            2 => {
                if let Some(flight) = run.pick(false, nth) {
                    let answer = self.answer();
                    self.ledger.ended(run.flights[flight].attempt, accepts(&answer));
                    run.flights[flight].answer = Some(answer);
                }
            }
            // Nothing is recorded while what goes out next is read.
            _ if run.ahead != Ahead::Nothing => {}
            _ => {
                if let Some(flight) = run.pick(true, nth) {
                    return self.record(n, run, flight, clock);
                }
            }
        }
        self.senders[n].state = State::Serving(run);
    }

    /// Reads an entry, which goes out next unless it is left out.
    fn look(&self, run: &mut Run, clock: OffsetDateTime) -> Ahead {
        let attempt = match run.next(clock, self.now) {
            Next::Nothing => return Ahead::Nothing,
            Next::Cut(attempt) => Some(attempt),
            // It may have gone meanwhile.
            Next::Due(seq) if seq < self.oldest => return Ahead::Nothing,
            Next::Due(seq) => run.sending.again(seq, self.wanted(seq)),
            Next::Following => {
                let seq = run.sending.place.looked() + 1;
                if seq < self.oldest || seq > self.head() {
                    return Ahead::Nothing;
                }
                run.sending.looked_at(seq, self.wanted(seq))
            }
        };
        attempt.map_or(Ahead::Looking, |attempt| Ahead::Ready(attempt, clock))
    }

    /// Sends what was read, unless that took too long.
    fn post(&mut self, run: &mut Run, attempt: Attempt, clock: OffsetDateTime) {
        if !run.in_time(self.now) {
            return;
        }
        let current = run.epoch == self.hook.epoch;
        self.ledger.sent(attempt, &By { clock, current, told: run.told });
        run.flights.push(Flight { attempt, began: self.now, answer: None });
    }

    fn answer(&mut self) -> Answered {
        let one_in = match self.course.mood {
            Mood::Well => 1,
            Mood::Now => 2,
            Mood::Hopeless => 40,
        };
        let answer = |status: u16, retry_after: String| Ok(Answer { status, retry_after, body: Vec::new() });
        if self.random.one_in(one_in) {
            return answer(204, String::new());
        }
        match self.random.below(40) {
            0 => answer(410, String::new()),
            1..=5 => answer(429, ASKED.whole_seconds().to_string()),
            6..=10 => Err(Failure::Interrupted),
            11..=15 => Err(Failure::Unreachable),
            _ => answer(500, String::new()),
        }
    }

    /// Records what came of an attempt, and where that leaves the webhook.
    fn record(&mut self, n: usize, mut run: Box<Run>, flight: usize, clock: OffsetDateTime) {
        let flight = run.flights.swap_remove(flight);
        let Some(answer) = flight.answer else { return };
        let chance = self.random.below(256) as u8;
        let follows = run.sending.answered(flight.attempt, &answer, clock, chance);
        // One statement in some does not come through, or nobody hears that it did.
        let unsure = self.random.one_in(self.course.faults).then(|| self.random.one_in(2));
        if unsure == Some(false) {
            self.senders[n].state = State::Serving(run);
            return self.drop_run(n);
        }
        let saved = self.hook.save((run.lease, run.epoch), &run.sending.place, follows.disabled);
        let Some(version) = saved else {
            // Moved by hand, or another process has it.
            self.hook.release(run.lease, self.now);
            self.senders[n].state = State::Serving(run);
            return self.drop_run(n);
        };
        self.ledger.recorded(flight.attempt, &answer, &By { clock, current: true, told: run.told }, &follows);
        run.told |= version != run.version;
        run.sending.saved(version != run.version);
        self.senders[n].state = State::Serving(run);
        if unsure.is_some() {
            self.drop_run(n);
        }
    }

    /// Nothing is left to send, or the slice is over.
    fn leave(&mut self, run: &Run) {
        self.hook.save((run.lease, run.epoch), &run.sending.place, None);
        self.hook.release(run.lease, self.now);
    }

    /// Nothing goes wrong any more.
    fn end(&mut self) {
        self.course = Course { faults: 0, mood: Mood::Well, ..self.course };
        self.senders.iter_mut().for_each(|sender| sender.clock = Default::default());
        if self.hook.disabled.is_some() {
            self.resume();
        }
        for _ in 0..ROUNDS {
            for _ in 0..PATIENCE {
                self.pass(MOMENT);
                (0..self.senders.len()).for_each(|n| self.step(n));
                let idle = self.senders.iter().all(Sender::idle);
                if idle && !self.hook.due(self.now, self.now, self.head()) {
                    break;
                }
            }
            // What was on its way when the firm was told that its address is gone.
            if self.hook.disabled.is_some() {
                self.resume();
            }
            if self.hook.seq == self.head() && self.senders.iter().all(Sender::idle) {
                break;
            }
            self.pass(REST);
            self.pass_until_due();
        }
        self.ledger.end(self.hook.seq, self.head());
    }
}
