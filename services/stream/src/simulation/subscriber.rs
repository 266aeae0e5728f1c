//! A subscriber: a client that keeps its cursor, and the stream that a process opens for it, driven as `gateway`,
//! `subscription` and `catch_up` drive it. It writes down what came over the wire.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use chassis::{
    Error, Reason,
    caller::{Credential, CredentialKind, Grants},
    cursor::Cursor,
    feed::{
        Head,
        start::{Start, expired},
    },
    secret::SigningKeys,
    serve::Leaving,
};
use uuid::Uuid;

use super::{postgres::Postgres, process::Process, random::Random, writer::PUBLISHED};
use crate::{
    catch_up::{Held, Lost, Page, Verify},
    db::read::Stretch,
    entry::Entry,
    filter::{Filter, Pattern, Sight},
    frame::Message,
    hub::Registration,
    reader::{Begin, Reader, Step},
};

/// The most entries of one page.
pub const PAGE: usize = 3;
/// Messages that may be on their way.
const WINDOW: usize = 2;

/// What a client saw.
#[derive(Debug)]
pub enum Seen {
    /// A stream was opened after this place.
    Opened(i64),
    Event(Arc<Entry>),
    /// A cursor came that is not the last event's.
    Bookmark(i64),
    /// What followed is gone: where it stood, and where it may begin anew.
    Expired(i64, i64),
    /// It was refused: though its cursor is good, or because it has seen what a lost server alone knew; and where the feed stood
    /// when its place was looked for.
    Refused(Reason, i64),
}

enum State {
    Away,
    /// Registered; its start is looked up next.
    Registered(Registration, Start),
    /// The head was read; the chain at its start is next.
    Headed(Registration, Start, Head),
    Open(Box<Reader>, Reading),
}

/// Where the page stands that the stream asked for.
enum Reading {
    No,
    Asked(Cursor, Verify),
    Headed(Cursor, Head),
    /// It was left in the slot, or is not there to be read; the stream is told when it waits for it.
    Ended(Result<Held, Error>),
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

pub struct Subscriber {
    pub feed: Uuid,
    pub filtered: bool,
    /// The process that it is with.
    pub at: usize,
    pub seen: Vec<Seen>,
    state: State,
    cursor: Option<Cursor>,
    /// Where the client stands.
    pub seq: i64,
    /// Where the feed stood when the client's place was last looked for.
    stood: i64,
    wire: VecDeque<Message>,
    woken: Arc<Woken>,
    keys: Arc<SigningKeys>,
}

impl Subscriber {
    pub fn new(feed: Uuid, filtered: bool, keys: Arc<SigningKeys>) -> Self {
        Self {
            feed,
            filtered,
            at: 0,
            seen: Vec::new(),
            state: State::Away,
            cursor: None,
            seq: 0,
            stood: 0,
            wire: VecDeque::new(),
            woken: Arc::default(),
            keys,
        }
    }

    /// The client goes, or its process does: of what is on the way some arrives.
    pub fn leave(&mut self, random: &mut Random) {
        for _ in 0..random.below(self.wire.len() + 1) {
            self.receive();
        }
        self.wire.clear();
        self.state = State::Away;
    }

    pub fn is_away(&self) -> bool {
        matches!(self.state, State::Away)
    }

    /// What is kept for its stream alone.
    pub fn kept(&self) -> usize {
        if let State::Open(reader, _) = &self.state { reader.place.slot.kept() } else { 0 }
    }

    /// The client takes a message; whether there was one.
    pub fn receive(&mut self) -> bool {
        let Some(message) = self.wire.pop_front() else { return false };
        let last = message.entries.last().map(|entry| entry.seq);
        self.seen.extend(message.entries.into_iter().map(Seen::Event));
        if last != Some(message.at.seq) {
            self.seen.push(Seen::Bookmark(message.at.seq));
        }
        self.seq = message.at.seq;
        self.cursor = Some(message.at);
        true
    }

    /// Opens a stream at a process.
    pub fn open(&mut self, at: usize, process: &Process) {
        let start = match &self.cursor {
            None => Start::Earliest,
            // As it was handed out and comes back.
            Some(cursor) => match Cursor::decode(&cursor.encode(&self.keys), self.feed, &self.keys) {
                Ok(cursor) => Start::After(cursor),
                Err(error) => return self.seen.push(Seen::Refused(error.reason, self.stood)),
            },
        };
        let credential = Credential { kind: CredentialKind::ApiKey, id: "k".into() };
        match process.hub.register(self.feed, credential, &Grants::default(), Leaving::default()) {
            Ok(place) => (self.at, self.state) = (at, State::Registered(place, start)),
            Err(error) => self.seen.push(Seen::Refused(error.reason, self.stood)),
        }
    }

    /// One statement of its stream, or one thing that it does; whether there was anything to do. `asks`: that HTTP/2 asks
    /// comes before what is left to do for a page.
    pub fn step(&mut self, postgres: &Postgres, now_ms: u64, asks: bool) -> bool {
        match std::mem::replace(&mut self.state, State::Away) {
            State::Away => return false,
            State::Registered(place, start) => {
                self.state = State::Headed(place, start, postgres.feed_head(self.feed));
            }
            State::Headed(place, start, head) => {
                self.stood = head.seq;
                self.opened(postgres, place, start, &head);
            }
            State::Open(reader, reading @ (Reading::No | Reading::Ended(_))) => {
                return self.poll(reader, reading, now_ms);
            }
            State::Open(reader, reading) if asks => return self.poll(reader, reading, now_ms),
            State::Open(reader, Reading::Asked(at, Verify::Yes)) => {
                self.state = State::Open(reader, Reading::Headed(at, postgres.feed_head(self.feed)));
            }
            State::Open(reader, Reading::Headed(at, head)) => {
                self.stood = head.seq;
                match self.placed(postgres, Start::After(at), &head) {
                    Ok(_) => self.state = State::Open(reader, Reading::Asked(at, Verify::No)),
                    Err(error) => self.ended(reader, Err(error)),
                }
            }
            State::Open(reader, Reading::Asked(at, Verify::No)) => {
                self.stood = postgres.feed_head(self.feed).seq;
                let page = self.page(postgres, at);
                let held = page.map(|page| page.leave(&reader.place.slot, at, now_ms));
                self.ended(reader, held);
            }
        }
        true
    }

    /// The page after a place, whose transaction sees one server.
    fn page(&self, postgres: &Postgres, at: Cursor) -> Result<Page, Error> {
        let entries = postgres.page(self.feed, at.seq, PAGE);
        let before = postgres.chain_at(self.feed, at.seq).filter(|_| !entries.is_empty());
        let head = || postgres.feed_head(self.feed);
        match Page::after(at, Stretch { before, entries }, PAGE as i64, i64::MAX) {
            Err(Lost::Diverged) => Err(Error::new(Reason::FEED_DIVERGED)),
            Err(Lost::Gone) => Err(expired(&head(), &self.keys)),
            Ok(page) if page.known => Ok(page),
            Ok(page) => self.placed(postgres, Start::After(at), &head()).map(|_| page),
        }
    }

    /// The server is lost, and with it every transaction.
    pub fn lose(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Away) {
            State::Headed(..) => State::Away,
            State::Open(reader, Reading::Headed(at, _)) => {
                State::Open(reader, Reading::Asked(at, Verify::Yes))
            }
            others => others,
        };
    }

    /// The task that read the page has ended.
    fn ended(&mut self, reader: Box<Reader>, held: Result<Held, Error>) {
        self.woken.0.store(true, Ordering::Release);
        self.state = State::Open(reader, Reading::Ended(held));
    }

    fn placed(&self, postgres: &Postgres, start: Start, head: &Head) -> Result<Cursor, Error> {
        let chain = start.stored(head).and_then(|seq| postgres.chain_at(self.feed, seq));
        start.place(head, chain.as_deref(), &self.keys)
    }

    fn opened(&mut self, postgres: &Postgres, place: Registration, start: Start, head: &Head) {
        let at = match self.placed(postgres, start, head) {
            Ok(at) => at,
            Err(error) => return self.refused(&error, self.seq),
        };
        let types = vec![Pattern::Exactly(PUBLISHED.into())];
        let filter = if self.filtered { Filter { types, ..Filter::default() } } else { Filter::default() };
        let chain = head.chain.as_slice().try_into().expect("a chain has 32 bytes");
        let begin = Begin { at, present: head.seq, chain, until_head: false, sight: Sight::new(filter) };
        self.seen.push(Seen::Opened(at.seq));
        self.woken.0.store(true, Ordering::Release);
        self.state = State::Open(Box::new(Reader::new(place, begin)), Reading::No);
    }

    /// The stream ends, and says where to go on where what followed is gone.
    fn refused(&mut self, error: &Error, at: i64) {
        while self.receive() {}
        let oldest = error.metadata.iter().find(|(key, _)| *key == "oldest_cursor");
        let oldest = oldest.and_then(|(_, text)| Cursor::decode(text, self.feed, &self.keys).ok());
        match oldest {
            Some(cursor) if error.reason == Reason::CURSOR_EXPIRED => {
                self.seen.push(Seen::Expired(at, cursor.seq));
                self.seq = cursor.seq;
                self.cursor = Some(cursor);
            }
            _ => self.seen.push(Seen::Refused(error.reason, self.stood)),
        }
        if error.reason == Reason::FEED_DIVERGED {
            // It begins anew, as everybody is told to.
            (self.seq, self.cursor) = (0, None);
        }
    }

    /// HTTP/2 asks for a message where there is room for one, and the stream was woken.
    fn poll(&mut self, mut reader: Box<Reader>, mut reading: Reading, now_ms: u64) -> bool {
        if self.wire.len() >= WINDOW || !self.woken.0.swap(false, Ordering::AcqRel) {
            self.state = State::Open(reader, reading);
            return false;
        }
        reader.place.slot.asked(&Waker::from(self.woken.clone()), now_ms);
        let step = reader.step(now_ms);
        // After these it goes on at once.
        let goes_on =
            matches!((&step, &reading), (Step::Send(_) | Step::Read(..), _) | (_, Reading::Ended(_)));
        self.woken.0.fetch_or(goes_on, Ordering::AcqRel);
        match step {
            Step::Send(message) => self.wire.push_back(message),
            Step::Read(at, verify) => reading = Reading::Asked(at, verify),
            Step::Wait => match reading {
                Reading::Ended(Ok(held)) => {
                    reader.take(held);
                    reading = Reading::No;
                }
                Reading::Ended(Err(error)) => {
                    self.refused(&error, reader.at.seq);
                    return true;
                }
                waits => reading = waits,
            },
            Step::Done | Step::End(_) => {
                while self.receive() {}
                return true;
            }
        }
        self.state = State::Open(reader, reading);
        true
    }
}
