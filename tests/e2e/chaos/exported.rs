//! A firm's own topic in Kafka.

use std::{collections::HashMap, net::SocketAddr};

use harness::{
    chaos::{self, Party},
    kafka::Broker,
    until,
};
use proto::stream::{FeedEvent, subscribe_request::Start};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::Headers as _,
};

use super::stage::BACK;

/// The topic has all that came to the feed since it stood there, when Kafka had nothing: each place once or more, in order, as
/// it stands in the feed. Some of what came before may be there as well.
pub async fn check(broker: &Broker, feeds: SocketAddr, party: &Party, since: i64) {
    let firm = party.id;
    let access = chaos::access(feeds, Some(&party.key));
    let feed: Vec<FeedEvent> =
        until("the feed is read", BACK, async || access.try_read(Start::Earliest(true)).await.ok()).await;
    let end = feed.last().expect("a feed").seq;
    assert!(end > since, "nothing came since {since}");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap()).set("group.id", "erp");
    let consumer: StreamConsumer = config.create().expect("a consumer");
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(&format!("tandem.feed.{firm}"), 0, Offset::Beginning).expect("a partition");
    consumer.assign(&all).expect("it is assigned");
    let mut last: Option<i64> = None;
    while last.unwrap_or(since) < end {
        let record =
            tokio::time::timeout(BACK, consumer.recv()).await.expect("a record comes").expect("it is well");
        let headers: HashMap<String, String> = record
            .headers()
            .into_iter()
            .flat_map(|headers| headers.iter())
            .map(|header| {
                let value = String::from_utf8_lossy(header.value.unwrap_or_default());
                (header.key.to_owned(), value.into_owned())
            })
            .collect();
        let seq: i64 = headers["seq"].parse().expect("a place");
        let most = last.unwrap_or(since) + 1;
        assert!(seq <= most, "{seq} after {last:?}, where {most} is due");
        let entry = &feed[seq as usize - 1];
        assert_eq!(headers["cursor"], entry.cursor, "where to go on by Subscribe");
        let event = entry.event.as_ref().expect("an event");
        assert_eq!((&headers["ce_id"], &headers["ce_type"]), (&event.id, &event.r#type));
        assert_eq!(record.payload().unwrap_or_default(), &event.data[..]);
        last = last.max(Some(seq));
    }
}
