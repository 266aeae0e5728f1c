//! What all streams of a process share.

use std::sync::Arc;

use chassis::{
    Error, Result,
    caller::{Caller, Grants},
    clock::SharedClock,
    db::TenantPool,
    feed::{self, Head, start::Start},
    secret::SigningKeys,
};
use metrics::{Counter, Histogram};
use proto::stream::SubscribeRequest;
use tokio::sync::Semaphore;

use crate::{
    catch_up,
    convert::{self, Origin, Wanted},
    db,
    filter::Sight,
    hub::Hub,
    reader::Begin,
    subscription::Subscription,
};

/// The most pages being read at once, so that five thousand readers who come back together do not take every
/// connection from everybody else.
const PAGES: usize = 64;

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
    /// Turns to read a page.
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
        Arc::new(Self {
            pool,
            keys: Arc::new(keys),
            clock,
            hub,
            pages: Semaphore::new(PAGES),
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
    ) -> Result<Subscription> {
        let Wanted { origin, filter, until_head } = convert::wanted(request, caller.firm, &self.keys)?;
        // Registered first: what is committed after this reaches the ring, what was before is read below.
        let place = self.hub.register(caller.firm, caller.credential.clone(), &Grants::of(caller))?;
        let mut tx = self.pool.begin(caller.firm).await?;
        let start = match origin {
            Origin::Start(start) => start,
            Origin::Subscription(name) => {
                let durable = db::subscription::get(&mut tx, Some(caller.firm), &name).await?;
                Start::After(durable.ok_or_else(Error::not_found)?.at)
            }
        };
        let (at, present) = catch_up::open(&mut tx, start, self).await?;
        tx.commit().await?;
        let begin = Begin { at, present, until_head, sight: Sight::new(filter) };
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
