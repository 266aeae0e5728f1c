//! Kafka: what sends records to it and what receives them. Nothing else knows its client.
//!
//! No transactions and no consumer groups: the producer is idempotent and waits for all copies, a gateway assigns itself all
//! partitions, and the public cursor is the place in a feed, never an offset.

use std::time::Duration;

use bytes::Bytes;
use chassis::config::Kafka;
use futures::FutureExt as _;
use rdkafka::{
    ClientConfig, Message as _, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{Consumer as _, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord, future_producer::DeliveryFuture},
    topic_partition_list::Offset,
};
use uuid::Uuid;

/// How long Kafka may take for anything.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the internal topic keeps what gateways have read long ago.
const KEPT_MS: &str = "3600000";
/// The most records that are taken together.
const TOGETHER: usize = 256;

/// What goes wrong with it.
pub(crate) type Trouble = KafkaError;

/// The topic of a firm's feed.
pub(crate) fn export(firm: Uuid) -> String {
    format!("tandem.feed.{firm}")
}

/// A record to send.
pub(crate) struct Record<'a> {
    pub topic: &'a str,
    /// Records of one key keep their order.
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub headers: Vec<(&'static str, String)>,
}

fn client(settings: &Kafka) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &settings.bootstrap).set("client.id", "tandem");
    // Who is gone is looked for again soon.
    client.set("reconnect.backoff.max.ms", "1000").set("socket.connection.setup.timeout.ms", "3000");
    client
}

/// Makes the topics that are missing.
pub(crate) async fn ensure_topics(settings: &Kafka) -> Result<(), Trouble> {
    let admin: AdminClient<DefaultClientContext> = client(settings).create()?;
    let exports: Vec<String> = settings.exports.iter().map(|firm| export(*firm)).collect();
    let copies = || TopicReplication::Fixed(settings.replication);
    let mut topics = vec![
        // Never compacted: that would keep one event of a feed.
        NewTopic::new(&settings.topic, settings.partitions, copies())
            .set("cleanup.policy", "delete")
            .set("retention.ms", KEPT_MS),
    ];
    topics
        .extend(exports.iter().map(|name| NewTopic::new(name, 1, copies()).set("cleanup.policy", "delete")));
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    for made in admin.create_topics(&topics, &options).await? {
        match made {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(KafkaError::AdminOp(code)),
        }
    }
    Ok(())
}

/// What sends.
pub(crate) struct Sender(FutureProducer);

impl Sender {
    pub fn connect(settings: &Kafka) -> Result<Self, Trouble> {
        let mut config = client(settings);
        config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "1");
        // What was not written is followed by nothing in its partition: who reads a firm's topic would else meet a later place
        // first, and drop the earlier one when it comes again.
        config.set("enable.gapless.guarantee", "true");
        config.set("message.timeout.ms", PATIENCE.as_millis().to_string());
        Ok(Self(config.create()?))
    }

    /// Sends records in their order.
    ///
    /// # Errors
    /// Where they cannot be taken on: begin again with a new sender.
    pub fn send<'a>(&self, records: impl Iterator<Item = Record<'a>>) -> Result<Sent, Trouble> {
        let mut sent = Vec::new();
        for Record { topic, key, value, headers } in records {
            let with = |all: OwnedHeaders, (key, value): &(&'static str, String)| {
                all.insert(Header { key, value: Some(value) })
            };
            let headers = headers.iter().fold(OwnedHeaders::new(), with);
            let record = FutureRecord::to(topic).key(key).payload(value).headers(headers);
            sent.push(self.0.send_result(record).map_err(|(error, _)| error)?);
        }
        Ok(Sent(sent))
    }
}

/// Records that are on their way.
pub(crate) struct Sent(Vec<DeliveryFuture>);

impl Sent {
    /// Waits until it is known of each whether all copies are written; and what went wrong first. Then begin again with a
    /// new sender.
    pub async fn acknowledged(self) -> (Vec<bool>, Option<Trouble>) {
        let (mut acknowledged, mut trouble) = (Vec::with_capacity(self.0.len()), None);
        for answer in self.0 {
            let written = match answer.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err((error, _))) => Err(error),
                Err(_) => Err(KafkaError::Canceled),
            };
            acknowledged.push(written.is_ok());
            trouble = trouble.or_else(|| written.err());
        }
        (acknowledged, trouble)
    }
}

/// What receives the internal topic, from the moment on when it connects.
pub(crate) struct Receiver(StreamConsumer);

impl Receiver {
    pub async fn connect(settings: &Kafka) -> Result<Self, Trouble> {
        let mut config = client(settings);
        // Asked for by the client, and used for nothing: nobody subscribes, and nobody commits.
        config.set("group.id", "tandem-gateway").set("enable.auto.commit", "false");
        config.set("auto.offset.reset", "earliest").set("fetch.wait.max.ms", "100");
        let consumer: StreamConsumer = config.create()?;
        let topic = settings.topic.clone();
        let assigned = tokio::task::spawn_blocking(move || {
            let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE)?;
            let mut all = TopicPartitionList::new();
            for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
                all.add_partition_offset(&topic, partition.id(), Offset::End)?;
            }
            if all.count() == 0 {
                return Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition));
            }
            consumer.assign(&all)?;
            Ok(consumer)
        });
        Ok(Self(assigned.await.map_err(|_| KafkaError::Canceled)??))
    }

    /// What came next, at least one record.
    ///
    /// # Errors
    /// Where Kafka is gone, or the topic: connect again.
    pub async fn next(&self) -> Result<Vec<Bytes>, Trouble> {
        let value = |message: rdkafka::message::BorrowedMessage<'_>| {
            Bytes::copy_from_slice(message.payload().unwrap_or_default())
        };
        let mut values = vec![value(self.0.recv().await?)];
        while values.len() < TOGETHER {
            match self.0.recv().now_or_never() {
                Some(message) => values.push(value(message?)),
                None => break,
            }
        }
        Ok(values)
    }
}
