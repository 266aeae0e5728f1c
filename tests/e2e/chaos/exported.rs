//! A firm's own topic in Kafka.

use std::{collections::HashMap, net::SocketAddr};

use harness::{
    chaos::{self, Party},
    kafka::Broker,
};
use proto::stream::{FeedEvent, subscribe_request::Start};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::Headers as _,
};

use super::stage::BACK;

/// The topic has the feed from where Kafka was begun anew: each place once or more, in order, as it stands there.
pub async fn check(broker: &Broker, feeds: SocketAddr, party: &Party) {
    let firm = party.id;
    let access = chaos::access(feeds, Some(&party.key));
    let feed: Vec<FeedEvent> = access.read(Start::Earliest(true)).await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap()).set("group.id", "erp");
    let consumer: StreamConsumer = config.create().expect("a consumer");
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(&format!("tandem.feed.{firm}"), 0, Offset::Beginning).expect("a partition");
    consumer.assign(&all).expect("it is assigned");
    let mut last = 0;
    while last < feed.last().expect("a feed").seq {
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
        assert!(last == 0 || seq <= last + 1, "{seq} after {last}");
        let event = feed[seq as usize - 1].event.as_ref().expect("an event");
        assert_eq!((&headers["ce_id"], &headers["ce_type"]), (&event.id, &event.r#type));
        assert_eq!(record.payload().unwrap_or_default(), &event.data[..]);
        last = last.max(seq);
    }
}
