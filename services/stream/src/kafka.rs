//! Kafka: what sends records to it and what receives them. Nothing else knows its client.
//!
//! No transactions and no consumer groups: the producer is idempotent and waits for all copies, a gateway assigns itself all
//! partitions, and the public cursor is the place in a feed, never an offset.

use std::time::Duration;

use bytes::Bytes;
use chassis::config::{Kafka, KafkaSasl, KafkaSecurity};
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
/// The largest record, in bytes: twice what an event may take ([`chassis::outbox::MAX_EVENT_BYTES`]), so that with its place and
/// headers there is none that cannot be sent. The client's own limit, and that of a broker's topics, is a fourth of an event.
const MESSAGE_BYTES: usize = 8 * 1024 * 1024;
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
    client.set("message.max.bytes", MESSAGE_BYTES.to_string());
    let Protection { protocol, tls, sasl } = Protection::of(settings);
    client.set("security.protocol", protocol);
    if tls && !settings.ca_file.is_empty() {
        client.set("ssl.ca.location", &settings.ca_file);
    }
    if let Some(mechanism) = sasl {
        client.set("sasl.mechanism", mechanism);
        client.set("sasl.username", &settings.user).set("sasl.password", &settings.password);
    }
    client
}

/// What protects a connection, in the client's words.
struct Protection {
    protocol: &'static str,
    tls: bool,
    /// The mechanism.
    sasl: Option<&'static str>,
}

impl Protection {
    fn of(settings: &Kafka) -> Self {
        let mechanism = match settings.sasl {
            KafkaSasl::Plain => "PLAIN",
            KafkaSasl::ScramSha256 => "SCRAM-SHA-256",
            KafkaSasl::ScramSha512 => "SCRAM-SHA-512",
        };
        let (protocol, tls, sasl) = match settings.security {
            KafkaSecurity::Plaintext => ("plaintext", false, None),
            KafkaSecurity::Ssl => ("ssl", true, None),
            KafkaSecurity::SaslPlaintext => ("sasl_plaintext", false, Some(mechanism)),
            KafkaSecurity::SaslSsl => ("sasl_ssl", true, Some(mechanism)),
        };
        Self { protocol, tls, sasl }
    }
}

/// Whether these settings can be followed at all.
///
/// # Errors
/// Where they ask for what this binary's client was built without, or for SASL without a user.
pub(crate) fn check(settings: &Kafka) -> anyhow::Result<()> {
    let features = ClientConfig::new().create_native_config()?.get("builtin.features")?;
    possible(settings, &features)
}

/// The same for a client with these features, which it lists between commas.
fn possible(settings: &Kafka, features: &str) -> anyhow::Result<()> {
    let Protection { protocol, tls, sasl } = Protection::of(settings);
    let has = |feature: &str| features.split(',').any(|one| one.trim() == feature);
    if tls && !has("ssl") {
        anyhow::bail!(
            "kafka.security is {protocol}, and this binary's Kafka client was built without TLS; \
             deploy/kafka/README.md says how to build it"
        );
    }
    let Some(mechanism) = sasl else { return Ok(()) };
    if !has(if settings.sasl == KafkaSasl::Plain { "sasl_plain" } else { "sasl_scram" }) {
        anyhow::bail!(
            "kafka.sasl is {mechanism}, and this binary's Kafka client was built without it; \
             deploy/kafka/README.md says how to build it"
        );
    }
    if settings.user.is_empty() || settings.password.is_empty() {
        anyhow::bail!("kafka.security is {protocol}, and kafka.user or kafka.password is empty");
    }
    Ok(())
}

/// Makes the topics that are missing.
pub(crate) async fn ensure_topics(settings: &Kafka) -> Result<(), Trouble> {
    let admin: AdminClient<DefaultClientContext> = client(settings).create()?;
    let exports: Vec<String> = settings.exports.iter().map(|firm| export(*firm)).collect();
    let largest = MESSAGE_BYTES.to_string();
    // Never compacted: that would keep one event of a feed.
    let topic = |name, partitions| {
        NewTopic::new(name, partitions, TopicReplication::Fixed(settings.replication))
            .set("cleanup.policy", "delete")
            .set("max.message.bytes", &largest)
    };
    let mut topics = vec![topic(settings.topic.as_str(), settings.partitions).set("retention.ms", KEPT_MS)];
    topics.extend(exports.iter().map(|name| topic(name.as_str(), 1)));
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

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "gzip,snappy,sasl,regex,lz4,sasl_plain,plugins";
    const WHOLE: &str = "gzip,ssl,sasl,sasl_plain,sasl_scram";

    fn settings(security: KafkaSecurity, sasl: KafkaSasl) -> Kafka {
        let (user, password) = ("tandem".into(), "s3cret".into());
        Kafka { security, sasl, user, password, ca_file: "/etc/kafka/ca.pem".into(), ..Kafka::default() }
    }

    #[test]
    fn a_client_is_told_what_its_protection_needs_and_no_more() {
        let told = |security, sasl| {
            let client = client(&settings(security, sasl));
            ["security.protocol", "ssl.ca.location", "sasl.mechanism", "sasl.username"]
                .map(|name| client.get(name).unwrap_or_default().to_owned())
        };
        let plain = KafkaSasl::Plain;
        assert_eq!(told(KafkaSecurity::Plaintext, plain), ["plaintext", "", "", ""]);
        assert_eq!(told(KafkaSecurity::Ssl, plain), ["ssl", "/etc/kafka/ca.pem", "", ""]);
        assert_eq!(told(KafkaSecurity::SaslPlaintext, plain), ["sasl_plaintext", "", "PLAIN", "tandem"]);
        assert_eq!(
            told(KafkaSecurity::SaslSsl, KafkaSasl::ScramSha512),
            ["sasl_ssl", "/etc/kafka/ca.pem", "SCRAM-SHA-512", "tandem"]
        );
        let shown = format!("{:?}", client(&settings(KafkaSecurity::SaslPlaintext, plain)));
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn the_largest_event_is_taken() {
        let client = client(&settings(KafkaSecurity::Plaintext, KafkaSasl::Plain));
        let most: usize = client.get("message.max.bytes").unwrap().parse().unwrap();
        assert!(most > 2 * chassis::outbox::MAX_EVENT_BYTES, "{most}");
    }

    #[test]
    fn what_the_client_was_built_without_is_said_in_one_line() {
        let said = |security, sasl, features| {
            possible(&settings(security, sasl), features).err().map(|error| error.to_string())
        };
        let (plain, scram) = (KafkaSasl::Plain, KafkaSasl::ScramSha256);
        for (security, sasl, missing) in [
            (KafkaSecurity::Plaintext, scram, None),
            (KafkaSecurity::SaslPlaintext, plain, None),
            (KafkaSecurity::SaslPlaintext, scram, Some("kafka.sasl is SCRAM-SHA-256, and")),
            (KafkaSecurity::Ssl, plain, Some("kafka.security is ssl, and")),
            (KafkaSecurity::SaslSsl, plain, Some("kafka.security is sasl_ssl, and")),
        ] {
            let refused = said(security, sasl, BARE);
            match missing {
                None => assert_eq!(refused, None),
                Some(begins) => {
                    let line = refused.expect("it is refused");
                    assert!(line.starts_with(begins) && !line.contains('\n'), "{line}");
                }
            }
            assert_eq!(said(security, sasl, WHOLE), None);
        }
        let nobody = Kafka { user: String::new(), ..settings(KafkaSecurity::SaslPlaintext, plain) };
        assert!(possible(&nobody, WHOLE).is_err());
    }

    #[test]
    fn the_client_of_this_build_knows_users_and_passwords() {
        let by_password = settings(KafkaSecurity::SaslPlaintext, KafkaSasl::Plain);
        check(&by_password).unwrap();
        client(&by_password).create_native_config().unwrap();
    }
}
