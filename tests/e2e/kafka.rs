//! The live part of the log over a real Kafka: events come over it from one process to the other, and come all the same,
//! once and in order, where it is killed, has lost everything, or is switched off.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use harness::{
    accept_all,
    chaos::{self, Cluster, Party, Process},
    events::check_feed,
    kafka::Broker,
    order, until,
};
use proto::stream::{FeedEvent, SubscribeRequest, subscribe_request::Start};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::Headers as _,
};
use uuid::Uuid;

const EVERYTHING: &[&str] = &["partners", "orders", "interchange", "stream"];
/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(120);
/// Orders of a turn; each is published and answered.
const ORDERS: usize = 10;

/// The whole feed of a firm as a client sees it that comes back after its last cursor whenever its stream ends.
struct Follower {
    seen: Arc<Mutex<Vec<FeedEvent>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Follower {
    fn begin(at: &Process, party: &Party) -> Self {
        let access = chaos::access(at.api, Some(&party.key));
        let seen: Arc<Mutex<Vec<FeedEvent>>> = Arc::default();
        let kept = seen.clone();
        let task = tokio::spawn(async move {
            loop {
                let last = kept.lock().unwrap().last().map(|event| event.cursor.clone());
                let start = Some(last.map_or(Start::Earliest(true), Start::After));
                let request = SubscribeRequest { start, ..SubscribeRequest::default() };
                if let Ok(stream) = access.stream().subscribe(request).await {
                    let mut stream = stream.into_inner();
                    while let Ok(Some(message)) = stream.message().await {
                        kept.lock().unwrap().extend(message.events);
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        Self { seen, task }
    }

    /// Waits until it has everything that stands in the feed.
    async fn catches_up(&self, at: &Process, party: &Party) -> usize {
        let head = chaos::access(at.api, Some(&party.key)).read(Start::Earliest(true)).await.len();
        until("the follower has everything", SOON, async || (self.count() >= head).then_some(())).await;
        head
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// All that came is a feed without a gap or a repetition.
    fn finish(self, party: &Party) {
        self.task.abort();
        check_feed(&party.id.to_string(), &self.seen.lock().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_over_kafka_and_all_the_same_without_it() {
    let Some(mut broker) = Broker::start("kafka-broker").await else { return };
    let cluster = Cluster::start("kafka").await;
    let mut commands = Process::new(&cluster, "commands", EVERYTHING);
    let mut feeds = Process::new(&cluster, "feeds", &["partners", "stream"]);
    commands.start();
    let operator = chaos::operator(&cluster, commands.api).await;
    let (buyer, supplier) = chaos::pair(&operator, commands.api).await;

    // Switched on while there is something already; the buyer's feed is exported.
    commands.kill().await;
    for process in [&mut commands, &mut feeds] {
        process.flags = vec!["--kafka".into(), broker.bootstrap()];
        process.set("TANDEM_KAFKA__EXPORTS", format!("[{:?}]", buyer.id.to_string()));
        process.start();
    }
    let follower = Follower::begin(&feeds, &supplier);
    let carried = async |process: &Process| process.counted("tandem_kafka_carried_entries_total").await;
    // Who comes first makes the topic; the other one finds it.
    let work = Work { buyer: &buyer, supplier: &supplier, commands: commands.api };
    chaos::answering(&chaos::access(commands.api, Some(&buyer.key))).await;
    chaos::answering(&chaos::access(feeds.api, Some(&buyer.key))).await;
    until("events come over Kafka", SOON, async || {
        work.turn("first", 1).await;
        (carried(&feeds).await > 0.0).then_some(())
    })
    .await;
    let before = carried(&feeds).await;
    work.turn("over", ORDERS).await;
    follower.catches_up(&feeds, &supplier).await;
    // Two events of each order, in two feeds.
    let all = before + (4 * ORDERS) as f64;
    until("all of it came over Kafka", SOON, async || (carried(&feeds).await >= all).then_some(())).await;

    // What is exported is the buyer's feed, in order.
    let head = chaos::access(feeds.api, Some(&buyer.key)).read(Start::Earliest(true)).await;
    exported(&broker, buyer.id, &head).await;

    // Killed: what happens meanwhile comes from Postgres.
    broker.kill().await;
    work.turn("without", ORDERS).await;
    follower.catches_up(&feeds, &supplier).await;

    // Back with nothing of what it had: it begins anew, and the publisher goes on where it was.
    broker.wipe();
    broker.run().await;
    let before = carried(&feeds).await;
    until("events come over Kafka again", SOON, async || {
        work.turn("anew", 1).await;
        (carried(&feeds).await > before).then_some(())
    })
    .await;
    follower.catches_up(&feeds, &supplier).await;

    // The publisher dies between what it sent and what it noted, as often as not: the other process takes over.
    commands.kill().await;
    commands.start();
    chaos::answering(&chaos::access(commands.api, Some(&buyer.key))).await;
    work.turn("restarted", ORDERS).await;
    follower.catches_up(&feeds, &supplier).await;

    // Switched off.
    for process in [&mut commands, &mut feeds] {
        process.kill().await;
        process.flags.clear();
        process.start();
    }
    for process in [&commands, &feeds] {
        chaos::answering(&chaos::access(process.api, Some(&buyer.key))).await;
    }
    work.turn("off", ORDERS).await;
    follower.catches_up(&feeds, &supplier).await;
    follower.finish(&supplier);
    assert_eq!((commands.ended, feeds.ended), (0, 0), "nothing ended without being killed");

    for mut process in [commands, feeds] {
        process.kill().await;
    }
    broker.finish().await;
    cluster.finish().await;
}

/// A buyer publishes and its supplier answers.
struct Work<'a> {
    buyer: &'a Party,
    supplier: &'a Party,
    commands: std::net::SocketAddr,
}

impl Work<'_> {
    async fn turn(&self, name: &str, orders: usize) {
        let buyer = chaos::access(self.commands, Some(&self.buyer.key));
        let supplier = chaos::access(self.commands, Some(&self.supplier.key));
        for n in 0..orders {
            let number = format!("PO-{name}-{n}-{}", Uuid::new_v4().simple());
            let publish = order(&number).line("10", "P-1", "5", "1.00").to("V100");
            let receipt = buyer.publish(publish).await.expect("it is published");
            supplier.respond(accept_all(&receipt.order_id)).await.expect("it is answered");
        }
    }
}

/// The firm's own topic has its feed from where it was switched on: each place once or more, in order, as it stands there.
async fn exported(broker: &Broker, firm: Uuid, feed: &[FeedEvent]) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap()).set("group.id", "erp");
    let consumer: StreamConsumer = config.create().expect("a consumer");
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(&format!("tandem.feed.{firm}"), 0, Offset::Beginning).expect("a partition");
    consumer.assign(&all).expect("it is assigned");
    let mut last = 0;
    while last < feed.last().expect("a feed").seq {
        let record = tokio::time::timeout(SOON, consumer.recv()).await.expect("a record comes").expect("it is well");
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
