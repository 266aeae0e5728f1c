//! What all streams of a process share.

use std::{num::NonZero, sync::Arc, thread};

use chassis::{
    Error, Reason, Result,
    caller::{Caller, Grants},
    clock::SharedClock,
    db::TenantPool,
    feed::{self, Head, start::Start},
    secret::SigningKeys,
    serve::Leaving,
};
use metrics::{Counter, Histogram};
use proto::stream::SubscribeRequest;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    catch_up,
    chain::Chain,
    convert::{self, Origin, Wanted},
    db,
    filter::Sight,
    hub::Hub,
    reader::Begin,
    subscription::Subscription,
    tail::TROUBLE_MAX,
};

/// What all streams of a process share.
pub struct Gateway {
    /// Readers read in their own tenant.
    pub pool: TenantPool,
    /// Sign cursors.
    pub keys: Arc<SigningKeys>,
    /// Tells the time of answers.
    pub clock: SharedClock,
    /// Who reads.
    pub hub: Arc<Hub>,
    /// Turns to begin a stream: half of the connections. The rest of five thousand readers who come back together wait here,
    /// and not before everybody else's calls.
    pub begins: Semaphore,
    /// Turns to read a page and encode it. Nobody holds one while a reader takes its time.
    pub pages: Semaphore,
    /// Events sent.
    pub delivered: Counter,
    /// How long after it happened an event goes to a reader who is live.
    pub delay: Histogram,
    /// Pages read.
    pub pages_read: Counter,
}

impl Gateway {
    /// A gateway without streams.
    pub fn new(pool: TenantPool, keys: SigningKeys, clock: SharedClock, hub: Arc<Hub>) -> Arc<Self> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let connections = pool.most() as usize;
        Arc::new(Self {
            pool,
            keys: Arc::new(keys),
            clock,
            hub,
            begins: Semaphore::new((connections / 2).max(1)),
            pages: Semaphore::new(turns(processors, connections)),
            delivered: metrics::counter!("tandem_stream_delivered_events_total"),
            delay: metrics::histogram!("tandem_delivery_seconds"),
            pages_read: metrics::counter!("tandem_stream_pages_total"),
        })
    }

    /// Opens a stream of the caller's feed.
    pub async fn subscribe(
        self: &Arc<Self>,
        caller: &Caller,
        request: SubscribeRequest,
        leaving: Leaving,
    ) -> Result<Subscription> {
        let Wanted { origin, filter, until_head } = convert::wanted(request, caller.firm, &self.keys)?;
        // Registered first: what is committed after this reaches the ring, what was before is read below.
        let grants = Grants::of(caller);
        let place = self.hub.register(caller.firm, caller.credential.clone(), &grants, leaving)?;
        // First among the firm's own, then among all.
        let feed = place.feed.clone();
        let turns = async { (feed.begins.acquire().await, self.begins.acquire().await) };
        let Ok((Ok(_own), Ok(_turn))) = timeout(TROUBLE_MAX, turns).await else {
            return Err(Error::new(Reason::UNAVAILABLE));
        };
        if let Some(why) = place.slot.ended() {
            return Err(Error::new(why.reason()));
        }
        let mut tx = self.pool.begin(caller.firm).await?;
        let start = match origin {
            Origin::Start(start) => start,
            Origin::Subscription(name) => {
                let durable = db::subscription::get(&mut tx, Some(caller.firm), &name).await?;
                Start::After(durable.ok_or_else(Error::not_found)?.at)
            }
        };
        let (at, head) = catch_up::open(&mut tx, start, self).await?;
        tx.commit().await?;
        let chain = Chain::try_from(head.chain.as_slice()).map_err(Error::internal)?;
        let begin = Begin { at, present: head.seq, chain, until_head, sight: Sight::new(filter) };
        Ok(Subscription::new(self.clone(), place, begin))
    }

    /// The ends of the caller's feed.
    pub async fn head(&self, caller: &Caller) -> Result<Head> {
        let mut tx = self.pool.begin(caller.firm).await?;
        let head = feed::head(&mut tx).await?;
        tx.commit().await?;
        Ok(head)
    }
}

/// How many pages are read and encoded at once. Two a processor: one waits for the database while another is encoded, and
/// more would stand before everybody else's tasks instead of waiting for a turn. And at most half of the connections, which
/// leaves the others theirs.
fn turns(processors: usize, connections: usize) -> usize {
    (2 * processors).min(connections / 2).max(2)
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use proto::stream::subscribe_request::Start;
    use sqlx::postgres::PgPoolOptions;
    use uuid::Uuid;

    use super::*;
    use crate::{filter::tests::caller, slot::End};

    const FEED: Uuid = Uuid::from_u128(1);

    #[test]
    fn pages_take_neither_all_processors_nor_all_connections() {
        for (processors, connections, expected) in
            [(2, 24, 4), (1, 24, 2), (64, 24, 12), (2, 4, 2), (4, 1, 2)]
        {
            assert_eq!(turns(processors, connections), expected, "{processors}, {connections}");
        }
    }

    #[tokio::test]
    async fn streams_begin_in_turns_and_one_that_has_to_end_does_not_begin() {
        let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(50));
        let pool = pool.connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let keys = SigningKeys::new([7; 32], None);
        let hub = Hub::new(9);
        let gateway = Gateway::new(TenantPool::new(pool), keys, chassis::clock::system(), hub.clone());
        let begin = async || {
            let request = SubscribeRequest { start: Some(Start::Earliest(true)), ..Default::default() };
            let began = gateway.subscribe(&caller(FEED, &[], &[]), request, Leaving::default()).await;
            began.map(drop).map_err(|error| error.reason)
        };
        let turns = gateway.begins.available_permits();
        let all = gateway.begins.acquire_many(u32::try_from(turns).unwrap()).await.unwrap();
        let mut waiting = pin!(begin());
        assert!(timeout(Duration::from_millis(200), &mut waiting).await.is_err(), "it waits for a turn");
        drop(all);
        assert_eq!(waiting.await, Err(Reason::UNAVAILABLE), "there is no database");
        assert_eq!(gateway.begins.available_permits(), turns);

        let all = gateway.begins.acquire_many(u32::try_from(turns).unwrap()).await.unwrap();
        let mut waiting = pin!(begin());
        assert!(timeout(Duration::from_millis(200), &mut waiting).await.is_err(), "it waits for a turn");
        hub.end_all(End::Draining);
        drop(all);
        assert_eq!(waiting.await, Err(Reason::DRAINING));
    }
}
