//! A buyer that publishes orders at a steady rate to many suppliers, each followed by many subscribers on connections of
//! their own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use harness::{Firm, World};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::{
    lag::{Pace, Times, drive, histogram},
    process::open,
    publish::document,
    scale::Scale,
};

const SUPPLIERS: usize = 50;
pub const EVENTS_PER_SECOND: usize = 500;

/// Subscribers that read whatever comes.
pub struct Crowd {
    pub world: World,
    buyer: Firm,
    pub suppliers: Vec<Firm>,
    /// Of each supplier.
    subscribers: usize,
    seen: Arc<Mutex<Histogram<u64>>>,
    reading: JoinSet<()>,
}

impl Crowd {
    /// So many of all suppliers together, all of them live.
    pub async fn gather(subscribers: usize, scale: Scale) -> anyhow::Result<Self> {
        let world = crate::world().await?;
        let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
        let mut suppliers = Vec::new();
        for i in 0..if scale == Scale::Smoke { 2 } else { SUPPLIERS } {
            let supplier = world.firm(&format!("供应商{i}(示例)")).await;
            world.partner(&buyer, &supplier, &format!("V{i}")).await;
            suppliers.push(supplier);
        }
        world.settled().await;
        let seen = Arc::new(Mutex::new(histogram()?));
        let each = subscribers / suppliers.len();
        let mut reading = JoinSet::new();
        for supplier in &suppliers {
            for _ in 0..each {
                let mut stream = open(&world.connection(supplier.token())).await?;
                let seen = seen.clone();
                reading.spawn(async move {
                    while let Ok(Some(message)) = stream.message().await {
                        let now = chassis::clock::system().now();
                        let mut seen = seen.lock().expect("no subscriber panics");
                        for entry in &message.events {
                            let at = entry.event.as_ref().and_then(|event| event.time.as_ref());
                            let at = at.and_then(chassis::value::time).expect("an event has a time");
                            let us = (now - at).whole_microseconds().max(1);
                            seen.saturating_record(u64::try_from(us).unwrap_or(u64::MAX));
                        }
                    }
                });
            }
        }
        Ok(Self { world, buyer, suppliers, subscribers: each, seen, reading })
    }

    /// Publishes so many orders at the rate, whatever the answers take: how long after its command's time each was held by
    /// each subscriber. That time lies before the commit, so that the transaction is contained.
    pub async fn publish(&self, orders: usize) -> anyhow::Result<Times> {
        Ok(Times::of(&self.lags(orders).await?))
    }

    /// The same, each by itself, in microseconds.
    pub async fn lags(&self, orders: usize) -> anyhow::Result<Histogram<u64>> {
        self.seen.lock().expect("no subscriber panics").reset();
        let publish = |n| {
            let (buyer, vendor) = ((*self.buyer).clone(), format!("V{}", n % self.suppliers.len()));
            async move {
                buyer.publish(document().to(&vendor)).await?;
                anyhow::Ok(())
            }
        };
        drive(Pace::PerSecond(EVENTS_PER_SECOND), orders, publish).await?;
        let expected = (orders * self.subscribers) as u64;
        harness::until("every subscriber saw its events", Duration::from_secs(60), async || {
            (self.seen.lock().expect("no subscriber panics").len() >= expected).then_some(())
        })
        .await;
        Ok(self.seen.lock().expect("no subscriber panics").clone())
    }

    pub async fn leave(mut self) -> anyhow::Result<()> {
        self.reading.shutdown().await;
        crate::finish(self.world).await
    }
}
