//! A reader of a feed that goes on where its last effect was stored, whatever was cut off in between: the one part of the
//! contract that a client has to get right by itself. Delivery is at least once, so that an event may come twice; whoever
//! stores the [`Place`] together with the effect has each event take effect once.
//!
//! A channel looks by itself whether its connection is still there only where its [`Endpoint`] says so, as below. Else a
//! connection that died without a word stays the channel's, each attempt on it is silent, and events come only once TCP
//! gives it up, which takes a quarter of an hour.
//!
//! [`Endpoint`]: tonic::transport::Endpoint
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use proto::follow::{Follower, Place};
//! use proto::stream::stream_service_client::StreamServiceClient;
//! use tonic::transport::Endpoint;
//!
//! /// The effect, here how many orders were published, and the place: one file, which is replaced in one step.
//! fn store(published: usize, place: &Place) -> std::io::Result<()> {
//!     std::fs::write("state.new", format!("{published}\n{}\n{}\n", place.seq, place.cursor))?;
//!     std::fs::File::open("state.new")?.sync_all()?;
//!     std::fs::rename("state.new", "state")
//! }
//!
//! fn stored() -> Option<(usize, Place)> {
//!     let text = std::fs::read_to_string("state").ok()?;
//!     let mut lines = text.lines();
//!     let published = lines.next()?.parse().ok()?;
//!     Some((published, Place { seq: lines.next()?.parse().ok()?, cursor: lines.next()?.to_owned() }))
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::from_static("http://127.0.0.1:50051")
//!     .http2_keep_alive_interval(Duration::from_secs(20))
//!     .keep_alive_timeout(Duration::from_secs(10));
//! let channel = endpoint.connect_lazy();
//! let (mut published, place) = stored().unzip();
//! let mut follower = Follower::new(StreamServiceClient::new(channel), place);
//! loop {
//!     let batch = follower.next().await?;
//!     let kinds = batch.events.iter().filter_map(|event| event.event.as_ref()).map(|event| event.r#type.as_str());
//!     let more = kinds.filter(|kind| *kind == "tandem.orders.order.published.v1").count();
//!     let now = *published.insert(published.unwrap_or_default() + more);
//!     store(now, &batch.place)?;
//! }
//! # }
//! ```

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::{
    Code, Status, Streaming,
    body::Body,
    client::GrpcService,
    codegen::{Body as HttpBody, Bytes, StdError},
};
use tonic_types::StatusExt as _;

use crate::stream::{
    FeedEvent, Filter, SubscribeRequest, SubscribeResponse, stream_service_client::StreamServiceClient,
    subscribe_request::Start,
};

/// A bookmark comes every 15 s, and a stream begins sooner: a line that is silent for three of them is dead.
const SILENCE: Duration = Duration::from_secs(45);
/// How long to wait before the next attempt where the server does not say: from the first, doubled, to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Where a reader stands. Store it in the transaction that stores the effect of the events up to here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The last event's place in the feed; what comes with it or before it was seen.
    pub seq: i64,
    /// Subscribe after this.
    pub cursor: String,
}

/// What came next.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Events that were not seen before, in order; none where a bookmark moved the place past what was left out.
    pub events: Vec<FeedEvent>,
    /// Where the reader stands after them.
    pub place: Place,
}

impl Place {
    /// What a message brings to a reader who stands here, and moves it there; `None` where all of it was seen.
    fn take(&mut self, message: SubscribeResponse) -> Option<Batch> {
        if message.seq <= self.seq {
            return None;
        }
        let mut events = message.events;
        events.retain(|event| event.seq > self.seq);
        *self = Place { seq: message.seq, cursor: message.cursor };
        Some(Batch { events, place: self.clone() })
    }
}

/// A reader of the caller's feed.
#[derive(Debug)]
pub struct Follower<T> {
    client: StreamServiceClient<T>,
    filter: Option<Filter>,
    place: Place,
    open: Option<Streaming<SubscribeResponse>>,
    pause: Duration,
    /// How long a line may be silent.
    silence: Duration,
}

impl<T> Follower<T>
where
    T: GrpcService<Body>,
    T::Error: Into<StdError>,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
{
    /// Goes on from where the last effect was stored; from the oldest event that is still there where none was.
    pub fn new(client: StreamServiceClient<T>, stored: Option<Place>) -> Self {
        let place = stored.unwrap_or_default();
        Self { client, filter: None, place, open: None, pause: PAUSES.0, silence: SILENCE }
    }

    /// The same reader of some events alone.
    pub fn only(self, filter: Filter) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// What comes next. Reconnects by itself, when the server says. The place moves when a batch is answered: whoever
    /// could not store it makes a new follower from what is stored.
    ///
    /// # Errors
    /// What another attempt cannot mend: a place that has expired or is of another history, a credential that no longer
    /// works, a filter that makes no sense.
    pub async fn next(&mut self) -> Result<Batch, Status> {
        loop {
            match self.message().await {
                Ok(Some(message)) => {
                    self.pause = PAUSES.0;
                    if let Some(batch) = self.place.take(message) {
                        return Ok(batch);
                    }
                }
                Ok(None) => self.rest(None).await,
                Err(status) if is_passing(&status) => self.rest(Some(&status)).await,
                Err(status) => return Err(status),
            }
        }
    }

    /// Silence ends a stream as the server would, and so it does before one has begun: nothing else would end a call whose
    /// connection does not look for itself whether it is still there.
    async fn message(&mut self) -> Result<Option<SubscribeResponse>, Status> {
        if self.open.is_none() {
            let start = match self.place.cursor.is_empty() {
                true => Start::Earliest(true),
                false => Start::After(self.place.cursor.clone()),
            };
            let request =
                SubscribeRequest { start: Some(start), filter: self.filter.clone(), until_head: false };
            let Ok(answer) = timeout(self.silence, self.client.subscribe(request)).await else {
                return Ok(None);
            };
            self.open = Some(answer?.into_inner());
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        timeout(self.silence, open.message()).await.unwrap_or(Ok(None))
    }

    /// Gives the stream up, and waits before the next.
    async fn rest(&mut self, why: Option<&Status>) {
        self.open = None;
        let hint = why.and_then(|status| status.get_details_retry_info()?.retry_delay);
        sleep(hint.unwrap_or(self.pause)).await;
        self.pause = (self.pause * 2).min(PAUSES.1);
    }
}

/// Whether another attempt may fare better. Every other refusal needs a person: a place that has expired, a credential that
/// no longer works.
pub fn is_passing(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded => true,
        // Where there is a source, the line broke and the server said nothing.
        Code::Unknown | Code::Internal | Code::Cancelled => std::error::Error::source(status).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Pending, pending},
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll},
    };

    use tonic::codegen::{Service, http};

    use super::*;

    fn message(events: &[i64], seq: i64) -> SubscribeResponse {
        let event = |seq: &i64| FeedEvent { seq: *seq, ..FeedEvent::default() };
        let events = events.iter().map(event).collect();
        SubscribeResponse { events, seq, cursor: format!("c{seq}"), live: false }
    }

    #[test]
    fn what_was_seen_is_left_out_and_bookmarks_move_the_place() {
        let mut place = Place { seq: 4, cursor: "c4".into() };
        assert_eq!(place.take(message(&[3, 4], 4)), None);
        assert_eq!(place.take(message(&[], 4)), None);
        let batch = place.take(message(&[3, 4, 5, 6], 7)).expect("5 and 6 are new");
        assert_eq!(batch.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(batch.place, Place { seq: 7, cursor: "c7".into() });
        assert_eq!(place, batch.place);
        assert!(place.take(message(&[], 9)).is_some_and(|batch| batch.events.is_empty()));
        assert_eq!(place.seq, 9);
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        for (status, passing) in [
            (Status::unavailable("restarting"), true),
            (Status::resource_exhausted("too many streams"), true),
            (Status::out_of_range("expired"), false),
            (Status::failed_precondition("diverged"), false),
            (Status::unauthenticated("revoked"), false),
            (Status::internal("a fault of the server"), false),
        ] {
            assert_eq!(is_passing(&status), passing, "{status:?}");
        }
    }

    /// A server that takes calls, counts them, and says nothing.
    struct Silent(Arc<AtomicUsize>);

    impl Service<http::Request<Body>> for Silent {
        type Response = http::Response<Body>;
        type Error = Status;
        type Future = Pending<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            self.0.fetch_add(1, Ordering::Relaxed);
            pending()
        }
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_asked_again() {
        let calls = Arc::new(AtomicUsize::new(0));
        let follower = Follower::new(StreamServiceClient::new(Silent(calls.clone())), None);
        let mut follower = Follower { silence: Duration::from_millis(10), ..follower };
        let asked_again = async {
            while calls.load(Ordering::Relaxed) < 2 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            end = follower.next() => panic!("it neither ends nor gives up: {end:?}"),
            asked = timeout(Duration::from_secs(60), asked_again) => asked.expect("it is asked again"),
        }
    }
}
