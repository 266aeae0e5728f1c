//! As much of Postgres as holds need: rows that are locked until their transaction ends, statements that read what is committed
//! when they have their row (READ COMMITTED), and two clocks, of which `now()` stands still from the beginning of a transaction
//! on; and on it the functions of the schema, one row lock at a time.

use std::collections::BTreeMap;

/// What a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Held,
    Confirmed,
    Consumed,
    Released,
    Expired,
}

impl State {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Held => "held",
            State::Confirmed => "confirmed",
            State::Consumed => "consumed",
            State::Released => "released",
            State::Expired => "expired",
        }
    }

    /// Whether what it took is taken.
    pub fn takes(self) -> bool {
        matches!(self, State::Held | State::Confirmed | State::Consumed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub state: State,
    pub expires_at: u64,
    /// How much of which bucket, by the bucket.
    pub parts: Vec<(usize, i64)>,
}

impl Reservation {
    /// Whether nobody confirmed it in time.
    pub fn due(&self, now: u64) -> bool {
        self.state == State::Held && self.expires_at <= now
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    pub total: i64,
    pub reserved: i64,
}

/// What can be locked, in the order in which everybody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Reservation(usize),
    Bucket(usize),
}

/// A fault that somebody could well have built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `now()` in place of `clock_timestamp()`.
    StandingClock,
    /// The reservation and the clock are looked at before the row is waited for.
    DecidedBeforeLock,
    /// A sweeper ends what it found, as it found it.
    SweptUnseen,
    /// What is left is summed before the buckets are locked.
    SummedBeforeLock,
}

/// What is committed, and who holds which row.
pub struct Database {
    /// `clock_timestamp()`.
    pub now: u64,
    pub buckets: Vec<Bucket>,
    pub reservations: BTreeMap<usize, Reservation>,
    locks: BTreeMap<Row, usize>,
    fault: Option<Fault>,
}

impl Database {
    pub fn new(buckets: usize, total: i64, fault: Option<Fault>) -> Self {
        let buckets = vec![Bucket { total, reserved: 0 }; buckets];
        Self { now: 0, buckets, reservations: BTreeMap::new(), locks: BTreeMap::new(), fault }
    }

    /// Whether the row is this session's now.
    fn lock(&mut self, row: Row, session: usize) -> bool {
        *self.locks.entry(row).or_insert(session) == session
    }

    fn unlock(&mut self, session: usize) {
        self.locks.retain(|_, holder| *holder != session);
    }

    /// `capacity.reservations_due`.
    pub fn due(&self) -> Vec<usize> {
        self.reservations.iter().filter(|(_, one)| one.due(self.now)).map(|(id, _)| *id).collect()
    }
}

/// A function of the schema that a session calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `hold_many`, of one.
    Hold {
        id: usize,
        parts: Vec<(usize, i64)>,
        seconds: u64,
    },
    /// `settle_many`, of one.
    Confirm(usize),
    Release(usize),
    /// `end_reservation`, as supplier.
    Expire(usize),
    /// `take_hold`, into an order of its own.
    Take(usize),
}

impl Call {
    /// The reservation that it is about.
    pub fn about(&self) -> usize {
        match self {
            Call::Hold { id, .. }
            | Call::Confirm(id)
            | Call::Release(id)
            | Call::Expire(id)
            | Call::Take(id) => *id,
        }
    }
}

/// A transaction that calls one function.
pub struct Session {
    pub id: usize,
    pub call: Call,
    /// `now()`.
    began: u64,
    /// What stood when it began.
    before: (Option<Reservation>, Vec<Bucket>),
    /// Rows that it waits for, the first one last.
    wanted: Vec<Row>,
    /// What the reservation becomes, once its buckets are locked too.
    becomes: Option<Reservation>,
    /// By how much of which bucket is taken more.
    taken: Vec<(usize, i64)>,
    /// By `clock_timestamp()`, when it had the rows on which it decides.
    pub decided_at: u64,
    /// `done`, `held`, `short`, the state that stands, or an SQLSTATE.
    pub said: Option<&'static str>,
}

impl Session {
    /// Begins a transaction that calls this.
    pub fn begin(id: usize, call: Call, database: &Database) -> Self {
        let mut wanted: Vec<Row> = match &call {
            Call::Hold { parts, .. } => parts.iter().map(|(bucket, _)| Row::Bucket(*bucket)).collect(),
            _ => vec![Row::Reservation(call.about())],
        };
        wanted.sort_unstable();
        wanted.reverse();
        let before = (database.reservations.get(&call.about()).cloned(), database.buckets.clone());
        Self {
            id,
            call,
            began: database.now,
            before,
            wanted,
            becomes: None,
            taken: Vec::new(),
            decided_at: 0,
            said: None,
        }
    }

    /// Takes the next row or decides; false where it has to wait, or has said all.
    pub fn step(&mut self, database: &mut Database) -> bool {
        if self.said.is_some() {
            return false;
        }
        if let Some(row) = self.wanted.last() {
            let ours = database.lock(*row, self.id);
            if ours {
                self.wanted.pop();
            }
            return ours;
        }
        if self.becomes.is_some() {
            // It has the buckets of what it gives back.
            self.said = Some("done");
        } else {
            self.decide(database);
        }
        true
    }

    fn decide(&mut self, database: &Database) {
        self.decided_at = database.now;
        let at = match database.fault {
            Some(Fault::StandingClock | Fault::DecidedBeforeLock) => self.began,
            _ => database.now,
        };
        if let Call::Hold { parts, seconds, .. } = &self.call {
            let early = database.fault == Some(Fault::SummedBeforeLock);
            let buckets = if early { &self.before.1 } else { &database.buckets };
            let left = |bucket: usize| buckets[bucket].total - buckets[bucket].reserved;
            if parts.iter().any(|(bucket, quantity)| left(*bucket) < *quantity) {
                self.said = Some("short");
                return;
            }
            self.taken = parts.clone();
            let (parts, expires_at) = (parts.clone(), at + seconds);
            self.becomes = Some(Reservation { state: State::Held, expires_at, parts });
            self.said = Some("held");
            return;
        }
        let early = match database.fault {
            Some(Fault::DecidedBeforeLock) => true,
            Some(Fault::SweptUnseen) => matches!(self.call, Call::Expire(_)),
            _ => false,
        };
        let committed = database.reservations.get(&self.call.about());
        let Some(row) = (if early { self.before.0.as_ref() } else { committed }).cloned() else {
            self.said = Some("TC404");
            return;
        };
        match became(&self.call, &row, at) {
            Ok(state) => {
                if !state.takes() {
                    self.taken = row.parts.iter().map(|(bucket, quantity)| (*bucket, -quantity)).collect();
                    self.wanted = row.parts.iter().map(|(bucket, _)| Row::Bucket(*bucket)).collect();
                    self.wanted.sort_unstable();
                    self.wanted.reverse();
                }
                self.becomes = Some(Reservation { state, ..row });
            }
            Err(stands) => self.said = Some(stands),
        }
    }

    /// What it wrote is there, and its rows are free.
    pub fn commit(self, database: &mut Database) {
        for (bucket, quantity) in self.taken {
            database.buckets[bucket].reserved += quantity;
        }
        if let Some(row) = self.becomes {
            database.reservations.insert(self.call.about(), row);
        }
        database.unlock(self.id);
    }

    /// It never was.
    pub fn roll_back(self, database: &mut Database) {
        database.unlock(self.id);
    }
}

/// What a call makes of a reservation, by the clock; or what it says instead.
fn became(call: &Call, row: &Reservation, at: u64) -> Result<State, &'static str> {
    let over = at >= row.expires_at;
    match (call, row.state) {
        (Call::Confirm(_), State::Held) if !over => Ok(State::Confirmed),
        (Call::Confirm(_), State::Held) => Err("expired"),
        (Call::Release(_), State::Held | State::Confirmed) => Ok(State::Released),
        (Call::Expire(_), State::Held) if over => Ok(State::Expired),
        (Call::Take(_), State::Confirmed) => Ok(State::Consumed),
        (Call::Take(_), State::Held) if !over => Ok(State::Consumed),
        (Call::Take(_), _) => Err("TC410"),
        (_, stands) => Err(stands.as_str()),
    }
}
