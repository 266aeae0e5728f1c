//! One interleaving: holders, an order service and two sweepers, of which a seed says who acts next, who goes away, and how
//! much time passes. Then nobody asks any more, and what is over has to end.

use std::{collections::BTreeMap, fmt};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::model::{Call, Database, Fault, Reservation, Session, State};

const BUCKETS: usize = 2;
const TOTAL: i64 = 10;
/// Who may act: the last two sweep.
const CLIENTS: usize = 6;
const SWEEPERS: usize = 2;
/// How long a hold lasts at most, in ticks.
const SECONDS: u64 = 20;
/// The most rounds after which everything must have ended.
const ROUNDS: usize = 2_000;

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Of no bucket more is sold than there is.
    Sold,
    /// What is taken is what standing reservations take: each that ended gave back, and once.
    Returned,
    /// What ended stays ended.
    Once,
    /// Nothing is confirmed or consumed after it was over, and nothing expires before.
    InTime,
    /// What is over ends, and nobody waits for ever.
    Ended,
}

/// A promise that was not kept, and where.
pub struct Breach(pub Rule, pub String);

impl fmt::Debug for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0, self.1)
    }
}

pub struct Clients {
    random: StdRng,
    database: Database,
    sessions: Vec<Option<Session>>,
    /// What each sweeper found and did not end yet.
    found: [Vec<usize>; SWEEPERS],
    holds: usize,
    /// How often which state followed which.
    pub followed: BTreeMap<(&'static str, &'static str), usize>,
    /// What was said of what, in its order.
    pub story: Vec<(usize, Call, Option<&'static str>)>,
    pub breaches: Vec<Breach>,
}

impl Clients {
    /// The beginning of an interleaving.
    pub fn new(seed: u64, fault: Option<Fault>) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            database: Database::new(BUCKETS, TOTAL, fault),
            sessions: (0..CLIENTS).map(|_| None).collect(),
            found: Default::default(),
            holds: 0,
            followed: BTreeMap::new(),
            story: Vec::new(),
            breaches: Vec::new(),
        }
    }

    /// Runs it from its beginning to its end.
    pub fn run(mut self, steps: usize) -> Self {
        for _ in 0..steps {
            self.database.now += u64::from(self.one_in(4));
            if self.one_in(60) {
                self.database.now += SECONDS;
            }
            let n = self.below(CLIENTS);
            self.act(n);
        }
        self.end();
        self
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.random_range(0..n)
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.random.random_ratio(1, n)
    }

    fn act(&mut self, n: usize) {
        let Some(mut session) = self.sessions[n].take() else {
            if let Some(call) = self.next_call(n) {
                self.sessions[n] = Some(Session::begin(n, call, &self.database));
            }
            return;
        };
        let goes = session.step(&mut self.database);
        // Some go away before they are answered, and some after.
        if !goes && self.one_in(12) {
            return self.leave(session, false);
        }
        if session.said.is_some() && self.one_in(3) {
            return self.leave(session, true);
        }
        self.sessions[n] = Some(session);
    }

    fn next_call(&mut self, n: usize) -> Option<Call> {
        if n >= CLIENTS - SWEEPERS {
            return self.sweep(n + SWEEPERS - CLIENTS);
        }
        let what = self.below(6);
        let last: Vec<usize> = self.database.reservations.keys().rev().take(4).copied().collect();
        if what == 0 || last.is_empty() {
            return Some(self.new_hold());
        }
        let id = last[self.below(last.len())];
        Some(match what {
            1..=3 => Call::Confirm(id),
            4 => Call::Release(id),
            _ => Call::Take(id),
        })
    }

    fn new_hold(&mut self) -> Call {
        let (id, first) = (self.holds, self.below(BUCKETS));
        self.holds += 1;
        let mut parts = vec![(first, 1 + self.below(6) as i64)];
        if self.one_in(3) {
            parts.push(((first + 1) % BUCKETS, 1 + self.below(6) as i64));
        }
        let seconds = 1 + self.below(SECONDS as usize) as u64;
        Call::Hold { id, parts, seconds }
    }

    fn sweep(&mut self, sweeper: usize) -> Option<Call> {
        if self.found[sweeper].is_empty() {
            self.found[sweeper] = self.database.due();
        }
        self.found[sweeper].pop().map(Call::Expire)
    }

    /// A transaction ends.
    fn leave(&mut self, session: Session, commit: bool) {
        let (call, said, decided_at) = (session.call.clone(), session.said, session.decided_at);
        let id = call.about();
        let before = self.database.reservations.get(&id).cloned();
        self.story.push((session.id, call, said.filter(|_| commit)));
        if !commit {
            return session.roll_back(&mut self.database);
        }
        session.commit(&mut self.database);
        let after = self.database.reservations.get(&id).cloned();
        if let (Some(before), Some(after)) = (before, after) {
            self.judge(id, &before, &after, (said, decided_at));
        }
        self.count();
    }

    fn hold(&mut self, kept: bool, rule: Rule, what: impl FnOnce() -> String) {
        if !kept {
            self.breaches.push(Breach(rule, what()));
        }
    }

    /// What became of a reservation.
    fn judge(
        &mut self,
        id: usize,
        before: &Reservation,
        after: &Reservation,
        (said, at): (Option<&str>, u64),
    ) {
        if said != Some("done") {
            self.hold(before == after, Rule::Once, || format!("{id}: {said:?}, and {before:?} is {after:?}"));
            return;
        }
        let follows = match before.state {
            State::Held => after.state != State::Held,
            State::Confirmed => matches!(after.state, State::Consumed | State::Released),
            _ => false,
        };
        self.hold(follows, Rule::Once, || format!("{id} was {before:?} and is {after:?}"));
        let over = at >= before.expires_at;
        let in_time = match (before.state, after.state) {
            (State::Held, State::Confirmed | State::Consumed) => !over,
            (_, State::Expired) => over,
            _ => true,
        };
        self.hold(in_time, Rule::InTime, || format!("{id} is {after:?}, decided at {at}"));
        *self.followed.entry((before.state.as_str(), after.state.as_str())).or_default() += 1;
    }

    /// What is taken of each bucket.
    fn count(&mut self) {
        for n in 0..BUCKETS {
            let bucket = self.database.buckets[n];
            let standing = self.database.reservations.values().filter(|one| one.state.takes());
            let parts = standing.flat_map(|one| &one.parts).filter(|(bucket, _)| *bucket == n);
            let taken: i64 = parts.map(|(_, quantity)| quantity).sum();
            self.hold(bucket.reserved == taken, Rule::Returned, || format!("{bucket:?} and {taken} taken"));
            self.hold(taken <= bucket.total, Rule::Sold, || format!("{taken} of {bucket:?} taken"));
        }
    }

    /// Nobody asks any more, and time is over for all that is held.
    fn end(&mut self) {
        self.database.now += SECONDS;
        for round in 0..ROUNDS {
            let n = round % CLIENTS;
            if let Some(mut session) = self.sessions[n].take() {
                session.step(&mut self.database);
                if session.said.is_some() {
                    self.leave(session, true);
                } else {
                    self.sessions[n] = Some(session);
                }
            } else if let Some(sweeper) = (n + SWEEPERS).checked_sub(CLIENTS)
                && let Some(call) = self.sweep(sweeper)
            {
                self.sessions[n] = Some(Session::begin(n, call, &self.database));
            }
            let quiet = self.sessions.iter().all(Option::is_none) && self.found.iter().all(Vec::is_empty);
            if quiet && self.database.due().is_empty() && self.held() == 0 {
                return;
            }
            // What was held at the last moment is over, too.
            self.database.now += 1;
        }
        let held = self.held();
        self.hold(false, Rule::Ended, || format!("{held} are held for ever, or somebody waits"));
    }

    fn held(&self) -> usize {
        self.database.reservations.values().filter(|one| one.state == State::Held).count()
    }
}
