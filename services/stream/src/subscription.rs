//! One open stream: a small state machine that is polled when HTTP/2 has room. It catches up from Postgres page by
//! page, then lives from its feed's ring; falling off the ring is catching up again. While it is idle it holds a few
//! hundred bytes and no task, channel or timer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use chassis::{Error, Reason, Result, cursor::Cursor, secret};
use futures::{Stream, future::BoxFuture};
use tonic::Status;

use crate::{
    catch_up::{self, Page},
    entry::Entry,
    filter::Sight,
    frame::Message,
    gateway::Gateway,
    hub::Registration,
    ring::Next,
    slot::End,
};

/// About the most bytes of one message, so that a reader who stalls in the middle of one holds little.
const MESSAGE_BYTES: usize = 8 * 1024;

/// An open stream.
pub struct Subscription {
    gateway: Arc<Gateway>,
    place: Registration,
    sight: Sight,
    at: Cursor,
    mode: Mode,
    /// Everything up to here was present when the stream began.
    present: i64,
    live_said: bool,
    until_head: bool,
    ended: bool,
    generation: u32,
}

enum Mode {
    /// A page is being read.
    Reading(BoxFuture<'static, Result<Page>>),
    /// A page was read up to `upto`; `more` lies behind it.
    Holding { upto: i64, more: bool },
    /// All that Postgres had was read: the ring has what follows.
    Live,
}

/// How a stream begins.
pub struct Begin {
    /// After this place, which was verified.
    pub at: Cursor,
    /// Where the feed stood then.
    pub present: i64,
    /// End there.
    pub until_head: bool,
    /// What the caller sees.
    pub sight: Sight,
}

impl Subscription {
    /// A stream of a registered reader. The place must have been read after the registration.
    pub fn new(gateway: Arc<Gateway>, place: Registration, begin: Begin) -> Self {
        let Begin { at, present, until_head, sight } = begin;
        let mode = if at.seq >= present { Mode::Live } else { Mode::Holding { upto: at.seq, more: true } };
        let generation = place.hub.generation();
        Self {
            gateway,
            place,
            sight,
            at,
            mode,
            present,
            live_said: false,
            until_head,
            ended: false,
            generation,
        }
    }

    /// The next message; `None` at the end of the stream.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        // Registered before anything is looked at, so that nothing can come in between unseen.
        self.place.slot.asked(cx.waker(), self.place.hub.now_ms());
        loop {
            if let Some(why) = self.place.slot.ended() {
                return Poll::Ready(Some(Err(self.end(why))));
            }
            if !self.live_said && self.at.seq >= self.present {
                self.live_said = true;
                return Poll::Ready(Some(Ok(self.message(Vec::new(), true))));
            }
            if self.live_said && self.until_head {
                return Poll::Ready(None);
            }
            match self.entries(cx) {
                Poll::Ready(Ok(entries)) => {
                    let shown = self.pass(entries);
                    if !shown.is_empty() {
                        return Poll::Ready(Some(Ok(self.message(shown, false))));
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending if self.place.slot.bookmark_due(self.place.hub.now_ms()) => {
                    return Poll::Ready(Some(Ok(self.message(Vec::new(), false))));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// What follows, from wherever it is; may be empty where the mode changed.
    fn entries(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<Arc<Entry>>>> {
        match &mut self.mode {
            Mode::Reading(page) => {
                let page = ready!(page.as_mut().poll(cx))?;
                let upto = page.entries.back().map_or(self.at.seq, |entry| entry.seq);
                self.place.slot.hold(page.entries);
                self.mode = Mode::Holding { upto, more: page.more };
                Poll::Ready(Ok(Vec::new()))
            }
            Mode::Holding { upto, more } => {
                let entries = self.place.slot.take(MESSAGE_BYTES);
                if entries.is_empty() {
                    // A page that was dropped because nobody asked for it is read again.
                    self.mode = match *more || self.at.seq < *upto {
                        true => self.read(catch_up::Verify::No),
                        false => Mode::Live,
                    };
                }
                Poll::Ready(Ok(entries))
            }
            Mode::Live => {
                let generation = self.place.hub.generation();
                if generation != self.generation {
                    self.generation = generation;
                    self.mode = self.read(catch_up::Verify::Yes);
                    return Poll::Ready(Ok(Vec::new()));
                }
                match self.place.feed.after(self.at.seq, MESSAGE_BYTES) {
                    Next::Entries(entries) => Poll::Ready(Ok(entries)),
                    Next::Nothing => Poll::Pending,
                    Next::Gone => {
                        self.mode = self.read(catch_up::Verify::Yes);
                        Poll::Ready(Ok(Vec::new()))
                    }
                }
            }
        }
    }

    fn read(&self, verify: catch_up::Verify) -> Mode {
        Mode::Reading(Box::pin(catch_up::page(
            self.gateway.clone(),
            self.place.feed.clone(),
            self.at,
            verify,
        )))
    }

    /// Moves past entries and answers those that the caller sees.
    fn pass(&mut self, mut entries: Vec<Arc<Entry>>) -> Vec<Arc<Entry>> {
        if let Some(last) = entries.last() {
            self.at = Cursor::new(self.at.feed, last.seq, &last.chain);
        }
        let narrowed = self.place.slot.narrowed();
        entries.retain(|entry| self.sight.shows(&entry.fact, entry.feed, narrowed.as_deref()));
        entries
    }

    fn message(&self, entries: Vec<Arc<Entry>>, live: bool) -> Message {
        self.gateway.delivered.increment(entries.len() as u64);
        // What was caught up with is as old as its reader was away.
        if let (Mode::Live, Some(last)) = (&self.mode, entries.last()) {
            let delay = (self.gateway.clock.now() - last.fact.at).as_seconds_f64();
            self.gateway.delay.record(delay.max(0.0));
        }
        self.place.slot.sent(self.place.hub.now_ms());
        Message { entries, at: self.at, live }
    }

    fn end(&self, why: End) -> Error {
        let error = match why {
            End::Revoked => return Error::new(Reason::UNAUTHENTICATED),
            End::Denied => return Error::new(Reason::PERMISSION_DENIED),
            End::Draining => Error::new(Reason::DRAINING),
            End::Unavailable => Error::new(Reason::UNAVAILABLE),
        };
        error.with("cursor", self.at.encode(&self.gateway.keys)).retry_after(retry_after())
    }
}

/// When to come back: spread over a second, so that those who leave together do not return together.
pub fn retry_after() -> Duration {
    Duration::from_millis(200 + u64::from(u16::from_be_bytes(secret::random())) % 1_000)
}

impl Stream for Subscription {
    type Item = Result<Message, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = ready!(self.step(cx));
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next.map(|message| message.map_err(Status::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        filter::{Filter, Pattern, tests::caller},
        hub::Hub,
        sample::{entry, entry_with},
    };
    use chassis::{caller::Grants, db::TenantPool, secret::SigningKeys};
    use futures::{FutureExt, StreamExt};
    use sqlx::postgres::PgPoolOptions;
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    /// A reader who stands at the head, 5; whatever would ask the database does not come back.
    fn reader(hub: &Arc<Hub>, filter: Filter, until_head: bool) -> Subscription {
        let pool = PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let keys = SigningKeys::new([7; 32], None);
        let gateway = Gateway::new(TenantPool::new(pool), keys, chassis::clock::system(), hub.clone());
        let caller = caller(FEED, &[], &[]);
        let place = hub.register(FEED, caller.credential.clone(), &Grants::of(&caller)).unwrap();
        let sight = Sight::new(filter);
        Subscription::new(
            gateway,
            place,
            Begin { at: Cursor::new(FEED, 5, &[5; 32]), present: 5, until_head, sight },
        )
    }

    fn seqs(message: Option<Option<Result<Message, Status>>>) -> (Vec<i64>, i64, bool) {
        let message = message.expect("a message is ready").expect("the stream goes on").expect("it is well");
        (message.entries.iter().map(|entry| entry.seq).collect(), message.at.seq, message.live)
    }

    #[tokio::test]
    async fn it_says_live_and_then_delivers_what_comes() {
        let hub = Hub::new(9);
        let mut stream = reader(&hub, Filter::default(), false);
        assert_eq!(seqs(stream.next().now_or_never()), (vec![], 5, true));
        assert!(stream.next().now_or_never().is_none(), "nothing came yet");
        hub.offer([entry(FEED, 4), entry(FEED, 5), entry(FEED, 6), entry(FEED, 7)]);
        assert_eq!(seqs(stream.next().now_or_never()), (vec![6, 7], 7, false));
        hub.offer((8..=10).map(|seq| entry_with(FEED, seq, vec![0; 6_000])));
        assert_eq!(seqs(stream.next().now_or_never()), (vec![8, 9], 9, false), "a message has its bound");
        assert_eq!(seqs(stream.next().now_or_never()), (vec![10], 10, false));
        hub.offer([entry(FEED, 13)]);
        assert!(stream.next().now_or_never().is_none(), "11 and 12 are read from the database first");
        assert!(matches!(stream.mode, Mode::Reading(_)));
    }

    #[tokio::test]
    async fn what_is_left_out_moves_the_place_and_sends_nothing() {
        let hub = Hub::new(9);
        let types = vec![Pattern::Exactly("something.else.v1".into())];
        let mut stream = reader(&hub, Filter { types, ..Filter::default() }, false);
        assert!(seqs(stream.next().now_or_never()).2);
        hub.offer((6..=200).map(|seq| entry(FEED, seq)));
        assert!(stream.next().now_or_never().is_none());
        assert_eq!(stream.at, Cursor::new(FEED, 200, &[200; 32]));
    }

    #[tokio::test]
    async fn it_ends_at_the_head_where_that_was_asked_for() {
        let mut stream = reader(&Hub::new(9), Filter::default(), true);
        assert!(seqs(stream.next().now_or_never()).2);
        assert!(matches!(stream.next().now_or_never(), Some(None)));
    }

    #[tokio::test]
    async fn it_ends_when_it_has_to_and_stays_ended() {
        for (end, code) in [
            (End::Revoked, tonic::Code::Unauthenticated),
            (End::Denied, tonic::Code::PermissionDenied),
            (End::Draining, tonic::Code::Unavailable),
            (End::Unavailable, tonic::Code::Unavailable),
        ] {
            let hub = Hub::new(9);
            let mut stream = reader(&hub, Filter::default(), false);
            assert!(seqs(stream.next().now_or_never()).2);
            hub.offer([entry(FEED, 6)]);
            hub.end_all(end);
            let status = stream.next().now_or_never().flatten().expect("an end").unwrap_err();
            assert_eq!(status.code(), code);
            assert!(matches!(stream.next().now_or_never(), Some(None)));
        }
    }

    #[tokio::test]
    async fn everyone_reads_again_where_the_log_may_be_another() {
        let hub = Hub::new(9);
        let mut stream = reader(&hub, Filter::default(), false);
        assert!(seqs(stream.next().now_or_never()).2);
        hub.read_again();
        assert!(stream.next().now_or_never().is_none());
        assert!(matches!(stream.mode, Mode::Reading(_)));
    }
}
