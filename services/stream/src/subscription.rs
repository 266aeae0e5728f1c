//! One open stream: it is polled when HTTP/2 has room, and asks its [`Reader`] what to do. While it is idle it holds a
//! few hundred bytes and no task, channel or timer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use chassis::{Error, Result, secret};
use futures::Stream;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

use crate::{
    catch_up::{self, Held},
    frame::Message,
    gateway::Gateway,
    hub::Registration,
    reader::{Begin, Reader, Step},
    slot::End,
};

/// An open stream.
pub struct Subscription {
    gateway: Arc<Gateway>,
    reader: Reader,
    /// The page that is being read, or was and is not wanted yet. In a task of its own: HTTP/2 does not poll a stream whose reader takes nothing, and a turn
    /// that such a one was given would be nobody's.
    page: Option<AbortOnDropHandle<Result<Held>>>,
    ended: bool,
}

impl Subscription {
    /// A stream of a registered reader. The place must have been read after the registration.
    pub fn new(gateway: Arc<Gateway>, place: Registration, begin: Begin) -> Self {
        Self { gateway, reader: Reader::new(place, begin), page: None, ended: false }
    }

    /// The next message; `None` at the end of the stream.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        let place = &self.reader.place;
        let mut now_ms = place.hub.now_ms();
        // Registered before anything is looked at, so that nothing can come in between unseen.
        place.slot.asked(cx.waker(), now_ms);
        loop {
            match self.reader.step(now_ms) {
                Step::Send(message) => {
                    self.sent(&message);
                    return Poll::Ready(Some(Ok(message)));
                }
                Step::Read(at, verify) => {
                    let page = catch_up::page(self.gateway.clone(), self.reader.asked(at, verify));
                    self.page = Some(AbortOnDropHandle::new(tokio::spawn(page)));
                }
                Step::Wait => {
                    let Some(page) = &mut self.page else { return Poll::Pending };
                    let page = ready!(Pin::new(page).poll(cx));
                    self.page = None;
                    now_ms = self.reader.place.hub.now_ms();
                    match page.unwrap_or_else(|lost| Err(Error::internal(lost))) {
                        Ok(held) => self.reader.take(held),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
                Step::Done => return Poll::Ready(None),
                Step::End(why) => return Poll::Ready(Some(Err(self.end(why)))),
            }
        }
    }

    fn sent(&self, message: &Message) {
        self.gateway.delivered.increment(message.entries.len() as u64);
        // What was caught up with is as old as its reader was away.
        if let (true, Some(last)) = (self.reader.is_live(), message.entries.last()) {
            let delay = (self.gateway.clock.now() - last.fact.at).as_seconds_f64();
            self.gateway.delay.record(delay.max(0.0));
        }
    }

    fn end(&self, why: End) -> Error {
        let error = Error::new(why.reason());
        match why {
            End::Revoked | End::Denied => error,
            End::Draining | End::Unavailable => {
                error.with("cursor", self.reader.at.encode(&self.gateway.keys)).retry_after(retry_after())
            }
        }
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
        filter::{Filter, Pattern, Sight, tests::caller},
        hub::Hub,
        sample::{chain, entry, entry_with},
    };
    use chassis::{caller::Grants, cursor::Cursor, db::TenantPool, secret::SigningKeys, serve::Leaving};
    use futures::{FutureExt, StreamExt};
    use sqlx::postgres::PgPoolOptions;
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    fn at(seq: i64) -> Cursor {
        Cursor::new(FEED, seq, &chain(FEED, seq))
    }

    fn reader(hub: &Arc<Hub>, filter: Filter, until_head: bool) -> Subscription {
        reader_by(hub, filter, until_head, Leaving::default())
    }

    /// A reader who stands at the head, 5; whatever would ask the database does not come back.
    fn reader_by(hub: &Arc<Hub>, filter: Filter, until_head: bool, leaving: Leaving) -> Subscription {
        let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(50));
        let pool = pool.connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let keys = SigningKeys::new([7; 32], None);
        let gateway = Gateway::new(TenantPool::new(pool), keys, chassis::clock::system(), hub.clone());
        let caller = caller(FEED, &[], &[]);
        let place = hub.register(FEED, caller.credential.clone(), &Grants::of(&caller), leaving).unwrap();
        let sight = Sight::new(filter);
        Subscription::new(
            gateway,
            place,
            Begin { at: at(5), present: 5, chain: chain(FEED, 5), until_head, sight },
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
        assert!(stream.page.is_some());
    }

    #[tokio::test]
    async fn what_is_left_out_moves_the_place_and_sends_nothing() {
        let hub = Hub::new(9);
        let types = vec![Pattern::Exactly("something.else.v1".into())];
        let mut stream = reader(&hub, Filter { types, ..Filter::default() }, false);
        assert!(seqs(stream.next().now_or_never()).2);
        hub.offer((6..=200).map(|seq| entry(FEED, seq)));
        assert!(stream.next().now_or_never().is_none());
        assert_eq!(stream.reader.at, at(200));
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
    async fn it_ends_with_its_connection() {
        let (hub, connection) = (Hub::new(9), Leaving::default());
        let mut stream = reader_by(&hub, Filter::default(), false, connection.clone());
        let mut other = reader(&hub, Filter::default(), false);
        assert!(seqs(stream.next().now_or_never()).2 && seqs(other.next().now_or_never()).2);
        assert!(stream.next().now_or_never().is_none());
        connection.0.cancel();
        hub.tick();
        let status = stream.next().now_or_never().flatten().expect("an end").unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(other.next().now_or_never().is_none(), "the others stay");
    }

    #[tokio::test]
    async fn everyone_reads_again_where_the_log_may_be_another() {
        let hub = Hub::new(9);
        let mut stream = reader(&hub, Filter::default(), false);
        assert!(seqs(stream.next().now_or_never()).2);
        hub.read_again();
        assert!(stream.next().now_or_never().is_none());
        assert!(stream.page.is_some());
    }

    #[tokio::test]
    async fn a_turn_that_comes_to_a_reader_who_takes_nothing_is_given_back() {
        let hub = Hub::new(9);
        let mut stream = reader(&hub, Filter::default(), false);
        let gateway = stream.gateway.clone();
        let turns = u32::try_from(gateway.pages.available_permits()).unwrap();
        assert!(seqs(stream.next().now_or_never()).2);
        let all = gateway.pages.acquire_many(turns).await.unwrap();
        hub.read_again();
        assert!(stream.next().now_or_never().is_none(), "it waits for a turn");
        tokio::task::yield_now().await;
        drop(all);
        // From here on nobody polls it.
        let again = tokio::time::timeout(Duration::from_secs(60), gateway.pages.acquire_many(turns)).await;
        assert!(again.is_ok(), "it keeps its turn");
    }
}
