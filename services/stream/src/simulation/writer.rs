//! Writers: commands on one or two orders, each under its orders' locks taken in order, with the outbox's row last. They
//! dawdle, give up, die, and sometimes do not hear that they succeeded.

use bytes::Bytes;
use chassis::secret::sha256;
use prost::Message as _;
use proto::event::{Addressed, Command, Event};
use uuid::Uuid;

use super::{
    postgres::{Blocked, Postgres, Tx},
    random::Random,
};

/// The buyer of all orders, and its suppliers.
pub const FEEDS: [Uuid; 3] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
pub const ORDERS: usize = 4;
pub const PUBLISHED: &str = "tandem.orders.order.published.v1";
const CHANGED: &str = "tandem.orders.order.changed.v1";
/// A large payload takes much of a message.
const LARGE: [u8; 5_000] = [7; 5_000];

/// An event of a command, as its writer knows it.
#[derive(Clone, Debug)]
pub struct Promise {
    pub event_id: Uuid,
    pub feeds: Vec<Uuid>,
}

/// A command and what its writer knows of it.
#[derive(Clone, Debug)]
pub struct Write {
    pub events: Vec<Promise>,
    pub began: u64,
    /// When it was acknowledged; nobody knows of the others.
    pub acknowledged: Option<u64>,
    pub committed: bool,
}

/// The supplier of an order.
fn supplier(order: usize) -> Uuid {
    FEEDS[1 + order % 2]
}

enum State {
    Idle,
    Locking { tx: Tx, orders: Vec<usize>, locked: Vec<(usize, i64)> },
    Inserted { tx: Tx, id: i64, locked: Vec<(usize, i64)>, payload: Vec<u8> },
}

pub struct Writer {
    state: State,
    /// It does nothing until then.
    asleep: u64,
    /// The one that is under way; in the list of all.
    write: usize,
}

impl Writer {
    pub fn new() -> Self {
        Self { state: State::Idle, asleep: 0, write: 0 }
    }

    pub fn idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// One statement; whether anything was done. `more`: whether it may begin another command, and fail.
    pub fn step(
        &mut self,
        postgres: &mut Postgres,
        writes: &mut Vec<Write>,
        random: &mut Random,
        more: bool,
    ) -> bool {
        if more && postgres.now < self.asleep {
            return false;
        }
        let lost = |tx: Tx| !postgres.runs(tx);
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {
                if !more {
                    return false;
                }
                self.begin(postgres, writes, random);
            }
            State::Locking { tx, .. } | State::Inserted { tx, .. } if lost(tx) => {}
            State::Locking { tx, orders, mut locked } if locked.len() < orders.len() => {
                let order = orders[locked.len()];
                let answer = postgres.lock_order(tx, order);
                if let Ok(version) = answer {
                    locked.push((order, version + 1));
                }
                self.state = State::Locking { tx, orders, locked };
                return answer != Err(Blocked);
            }
            State::Locking { tx, locked, .. } => {
                let id = postgres.insert();
                let payload = self.fill(&locked, writes, random);
                if random.one_in(3) {
                    self.asleep = postgres.now + random.below(30) as u64;
                }
                self.state = State::Inserted { tx, id, locked, payload };
            }
            State::Inserted { tx, .. } if more && random.one_in(10) => postgres.vanish(tx),
            State::Inserted { tx, id, locked, payload } => {
                postgres.commit_command(tx, id, payload, &locked);
                let write = &mut writes[self.write];
                write.committed = true;
                write.acknowledged = (!random.one_in(10)).then_some(postgres.now);
            }
        }
        true
    }

    fn begin(&mut self, postgres: &mut Postgres, writes: &mut Vec<Write>, random: &mut Random) {
        let mut orders = vec![random.below(ORDERS)];
        if random.one_in(3) {
            orders.push(random.below(ORDERS));
        }
        orders.sort_unstable();
        orders.dedup();
        self.write = writes.len();
        writes.push(Write { events: Vec::new(), began: postgres.now, acknowledged: None, committed: false });
        self.state = State::Locking { tx: postgres.begin(), orders, locked: Vec::new() };
    }

    /// The outbox's row: one event of each order.
    fn fill(&self, locked: &[(usize, i64)], writes: &mut [Write], random: &mut Random) -> Vec<u8> {
        let mut events = Vec::new();
        for (n, (order, version)) in locked.iter().enumerate() {
            let event_id = Uuid::from_u128(((self.write as u128) << 8) | (n as u128 + 1));
            let feeds = vec![FEEDS[0], supplier(*order)];
            events.push(addressed(event_id, *order, *version, &feeds, random.one_in(6)));
            writes[self.write].events.push(Promise { event_id, feeds });
        }
        Command { events }.encode_to_vec()
    }
}

fn addressed(event_id: Uuid, order: usize, version: i64, feeds: &[Uuid], large: bool) -> Addressed {
    let id = event_id.as_bytes();
    let data: &[u8] = if large { &LARGE } else { id };
    let event = Event {
        id: event_id.to_string(),
        source: "s".into(),
        r#type: if version == 1 { PUBLISHED.into() } else { CHANGED.into() },
        subject: format!("orders/{order}"),
        time: Some(prost_types::Timestamp::default()),
        data: Bytes::copy_from_slice(data),
        data_sha256: Bytes::copy_from_slice(&sha256(data)),
        version,
        ..Event::default()
    };
    let audience = feeds.iter().map(|feed| Bytes::copy_from_slice(feed.as_bytes())).collect();
    Addressed { event: Some(event), audience, ..Addressed::default() }
}
