//! Publishes the log to Kafka, and takes what was published to the readers of this process.
//!
//! Of all processes one publishes: who has the lease. Its place is what was acknowledged without a gap ([`Publication`]), so
//! that what was sent and not yet noted is sent again; whoever reads drops what it has.

use std::{error::Error, sync::Arc, time::Duration};

use chassis::{background, config::Kafka, cursor::Cursor, secret::SigningKeys};
use sqlx::PgPool;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    carried::{self, Carried},
    db::{kafka as place, read},
    entry::{Batch, Entry, Fact, LogPlace, Placed, Standing},
    handoff::Handoff,
    kafka::{self, Receiver, Record, Sender},
    publication::Publication,
};

/// How long the right to publish lasts unless it is kept, in seconds: longer than Kafka may take for a batch.
const LEASE_S: f64 = 8.0;
/// How often it is kept where nothing is published, and looked for where somebody else has it.
const KEEP: Duration = Duration::from_secs(2);
/// How long it is left to others by a process that Kafka does not answer: a little longer than they wait between two looks.
const LEFT: Duration = Duration::from_millis(2_500);
/// How long to wait after an error: doubles from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

type Fault = Box<dyn Error + Send + Sync>;

/// The publisher of a process.
pub(crate) struct Publisher {
    /// Connections of tandem_stream.
    pub pool: PgPool,
    pub settings: Kafka,
    /// Sign the cursors of firms' own topics.
    pub keys: SigningKeys,
    /// Says when the log grew.
    pub handoff: Arc<Handoff>,
    /// This process.
    pub holder: Uuid,
}

impl Publisher {
    /// Publishes until shutdown. Errors back off, begin anew from what was noted, and never end the loop.
    pub async fn run(self, shutdown: CancellationToken) {
        // Shown before anything is published: alerts tell who publishes nothing from who has no Kafka.
        metrics::counter!("tandem_kafka_published_events_total").increment(0);
        let mut backoff = BACKOFF.0;
        loop {
            let began = Instant::now();
            let published = tokio::select! {
                () = shutdown.cancelled() => break,
                published = self.publish() => published,
            };
            if let Err(error) = published {
                background::failed("publishing to Kafka");
                tracing::warn!(%error, "publishing to Kafka failed; trying again");
            }
            // What worked for a while fails for another reason.
            backoff = if began.elapsed() > BACKOFF.1 { BACKOFF.0 } else { (backoff * 2).min(BACKOFF.1) };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = sleep(backoff) => {}
            }
        }
        if let Err(error) = place::release(&self.pool, self.holder).await {
            tracing::debug!(%error, "others publish once the lease ends");
        }
    }

    /// Publishes for as long as this process has the right to; first waits for it.
    async fn publish(&self) -> Result<(), Fault> {
        let Standing { place: mut at, run } = loop {
            match place::claim(&self.pool, self.holder, LEASE_S).await? {
                Some(at) => break at,
                None => sleep(KEEP).await,
            }
        };
        if let Err(trouble) = kafka::ensure_topics(&self.settings).await {
            // Nothing was sent. Kafka may well answer another process, which would else never have its turn.
            place::release(&self.pool, self.holder).await?;
            sleep(LEFT).await;
            return Err(trouble.into());
        }
        let sender = Sender::connect(&self.settings)?;
        let mut kept = Instant::now();
        loop {
            let (upto, trouble) = match read::tail(&self.pool, at).await? {
                // What follows may be of another history, and the place beyond its end.
                Some(batch) if batch.run != run => return Ok(()),
                Some(batch) => self.send(&sender, at, &batch).await?,
                None => {
                    let _ = timeout(KEEP, self.handoff.grown()).await;
                    if kept.elapsed() < KEEP {
                        continue;
                    }
                    (at, None)
                }
            };
            if !place::moved(&self.pool, self.holder, Standing { place: upto, run }, LEASE_S).await? {
                return Ok(());
            }
            if let Some(trouble) = trouble {
                return Err(trouble.into());
            }
            (at, kept) = (upto, Instant::now());
        }
    }

    /// Sends a batch: how far it was acknowledged, and what went wrong if that is not its end.
    async fn send(
        &self,
        sender: &Sender,
        after: LogPlace,
        batch: &Batch,
    ) -> Result<(LogPlace, Option<kafka::Trouble>), kafka::Trouble> {
        let exports: Vec<(Uuid, String)> =
            self.settings.exports.iter().map(|firm| (*firm, kafka::export(*firm))).collect();
        let exported = |feed: Uuid| exports.iter().filter(move |(firm, _)| *firm == feed);
        let records =
            |placed: &Placed| placed.entries.iter().map(|entry| 1 + exported(entry.feed).count()).sum();
        let mut publication = Publication::of(after, batch, batch.facts.iter().map(records));
        let entries: Vec<(&Entry, &Fact, Vec<u8>)> = batch
            .facts
            .iter()
            .flat_map(|placed: &Placed| placed.entries.iter().map(move |entry| (placed, entry)))
            .map(|(placed, entry)| (&**entry, &*placed.fact, carried::encode(batch.run, placed, entry)))
            .collect();
        let records = entries.iter().flat_map(|(entry, fact, carried)| {
            let topic = self.settings.topic.as_str();
            let within =
                Record { topic, key: entry.feed.as_bytes(), value: carried, headers: place_of(entry, fact) };
            let exported = exported(entry.feed).map(|(_, topic)| Record {
                topic,
                key: fact.subject.as_bytes(),
                value: &fact.payload,
                headers: exported_headers(entry, fact, &self.keys),
            });
            std::iter::once(within).chain(exported)
        });
        // What Kafka does not take is sent again for ever, and nothing that follows: to leave it out would be a gap in a firm's
        // topic. So no event is too large for it; `kafka::ensure_topics` sees to that.
        let (acknowledged, trouble) = sender.send(records)?.acknowledged().await;
        if trouble.is_none() {
            metrics::counter!("tandem_kafka_published_events_total").increment(batch.facts.len() as u64);
        }
        let written = acknowledged.into_iter().enumerate().filter(|(_, written)| *written);
        written.for_each(|(record, _)| publication.acknowledge(record));
        Ok((publication.upto(), trouble))
    }
}

/// Where an entry stands, for who looks at the records themselves.
fn place_of(entry: &Entry, fact: &Fact) -> Vec<(&'static str, String)> {
    vec![
        ("feed", entry.feed.to_string()),
        ("seq", entry.seq.to_string()),
        ("event_id", fact.event_id.to_string()),
    ]
}

/// Of a record in a firm's own topic: the event, and the cursor to subscribe after, which is what fills a jump of `seq` in a
/// topic that has lost or no longer has what lies between.
fn exported_headers(entry: &Entry, fact: &Fact, keys: &SigningKeys) -> Vec<(&'static str, String)> {
    let mut headers = cloud_event(entry, fact);
    headers.push(("cursor", Cursor::new(entry.feed, entry.seq, &entry.chain).encode(keys)));
    headers
}

/// An event's attributes as Kafka carries them (CloudEvents 1.0, Kafka protocol binding, binary content mode); the value is
/// the payload, in protobuf.
fn cloud_event(entry: &Entry, fact: &Fact) -> Vec<(&'static str, String)> {
    let mut headers = place_of(entry, fact);
    headers.extend([
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", fact.event_id.to_string()),
        ("ce_source", fact.source.clone()),
        ("ce_type", fact.kind.clone()),
        ("ce_subject", fact.subject.clone()),
        ("ce_time", fact.at.format(&Rfc3339).unwrap_or_default()),
        ("content-type", "application/protobuf".to_owned()),
    ]);
    if !fact.traceparent.is_empty() {
        headers.push(("ce_traceparent", fact.traceparent.clone()));
    }
    headers
}

/// Takes what Kafka carries to the tail, until shutdown. Where Kafka does not answer, the tail goes by hints meanwhile.
pub(crate) async fn receive(settings: Kafka, handoff: Arc<Handoff>, shutdown: CancellationToken) {
    let mut backoff = BACKOFF.0;
    loop {
        let began = Instant::now();
        let received = tokio::select! {
            () = shutdown.cancelled() => return,
            received = receive_from(&settings, &handoff) => received,
        };
        handoff.carrying(false);
        if let Err(error) = received {
            background::failed("receiving from Kafka");
            tracing::warn!(%error, "Kafka does not answer; events are read from Postgres meanwhile");
        }
        backoff = if began.elapsed() > BACKOFF.1 { BACKOFF.0 } else { (backoff * 2).min(BACKOFF.1) };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(backoff) => {}
        }
    }
}

async fn receive_from(settings: &Kafka, handoff: &Handoff) -> Result<(), kafka::Trouble> {
    let receiver = Receiver::connect(settings).await?;
    tracing::info!("events come over Kafka");
    handoff.carrying(true);
    loop {
        let mut carried: Vec<Carried> = Vec::new();
        for bytes in receiver.next().await? {
            match carried::decode(bytes) {
                Ok(entry) => carried.push(entry),
                // The tail finds it in Postgres.
                Err(reason) => tracing::error!(reason, "a record of Kafka cannot be read"),
            }
        }
        metrics::counter!("tandem_kafka_carried_entries_total").increment(carried.len() as u64);
        handoff.carry(carried);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_record_of_a_firms_own_topic_says_its_place_its_event_and_where_to_go_on() {
        let (feed, keys) = (Uuid::from_u128(1), SigningKeys::new([7; 32], None));
        let entry = sample::entry(feed, 42);
        let headers = exported_headers(&entry, &entry.fact, &keys);
        let of = |name: &str| {
            let mut named = headers.iter().filter(|(header, _)| *header == name).map(|(_, value)| &**value);
            let value = named.next().unwrap_or_default();
            assert_eq!(named.next(), None, "{name} stands once");
            value
        };
        assert_eq!((of("feed"), of("seq")), (&*feed.to_string(), "42"));
        assert_eq!((of("event_id"), of("ce_id")), (of("ce_id"), &*entry.fact.event_id.to_string()));
        assert_eq!((of("ce_type"), of("ce_subject")), (&*entry.fact.kind, &*entry.fact.subject));
        let cursor = Cursor::decode(of("cursor"), feed, &keys).expect("Subscribe takes it");
        assert_eq!(cursor, Cursor::new(feed, 42, &entry.chain));
        // For the gateways, which know the chain, it would be bytes for nothing.
        assert!(place_of(&entry, &entry.fact).iter().all(|(name, _)| *name != "cursor"));
    }
}
