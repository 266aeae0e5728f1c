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
    async fn catches_up(&self, stage: &Stage) {
        let access = chaos::access(stage.feeds.api, Some(&stage.supplier.key));
        let head = access.read(Start::Earliest(true)).await.len();
        let enough = async || (self.seen.lock().unwrap().len() >= head).then_some(());
        until("the follower has everything", SOON, enough).await;
    }

    /// All that came is a feed without a gap or a repetition.
    fn finish(self, party: &Party) {
        self.task.abort();
        check_feed(&party.id.to_string(), &self.seen.lock().unwrap());
    }
}

/// Two processes on one database, of which the first takes commands and the second only feeds its readers.
struct Stage {
    broker: Broker,
    cluster: Cluster,
    commands: Process,
    feeds: Process,
    buyer: Party,
    supplier: Party,
}

impl Stage {
    /// Without Kafka yet, but for the broker; `None` where there is none.
    async fn set() -> Option<Self> {
        let broker = Broker::start("kafka-broker").await?;
        let cluster = Cluster::start("kafka").await;
        let mut commands = Process::new(&cluster, "commands", EVERYTHING);
        let feeds = Process::new(&cluster, "feeds", &["partners", "stream"]);
        commands.start();
        let operator = chaos::operator(&cluster, commands.api).await;
        let (buyer, supplier) = chaos::pair(&operator, commands.api).await;
        Some(Self { broker, cluster, commands, feeds, buyer, supplier })
    }

    /// Starts both anew, with Kafka or without.
    async fn switch(&mut self, on: bool) {
        let exports = format!("[{:?}]", self.buyer.id.to_string());
        for process in [&mut self.commands, &mut self.feeds] {
            process.kill().await;
            process.flags = if on { vec!["--kafka".into(), self.broker.bootstrap()] } else { Vec::new() };
            process.set("TANDEM_KAFKA__EXPORTS", exports.clone());
            process.start();
        }
        for process in [&self.commands, &self.feeds] {
            chaos::answering(&chaos::access(process.api, Some(&self.buyer.key))).await;
        }
    }

    /// A buyer publishes orders and its supplier answers them.
    async fn work(&self, orders: usize) {
        let buyer = chaos::access(self.commands.api, Some(&self.buyer.key));
        let supplier = chaos::access(self.commands.api, Some(&self.supplier.key));
        for _ in 0..orders {
            let publish = order(&format!("PO-{}", harness::request_id())).line("10", "P-1", "5", "1.00");
            let receipt = buyer.publish(publish.to("V100")).await.expect("it is published");
            supplier.respond(accept_all(&receipt.order_id)).await.expect("it is answered");
        }
    }

    /// Entries that came over Kafka to the process that feeds.
    async fn carried(&self) -> f64 {
        self.feeds.counted("tandem_kafka_carried_entries_total").await
    }

    /// Works until events come over Kafka.
    async fn work_until_carried(&self) {
        let before = self.carried().await;
        until("events come over Kafka", SOON, async || {
            self.work(1).await;
            (self.carried().await > before).then_some(())
        })
        .await;
    }

    async fn finish(self) {
        let Self { broker, cluster, commands, feeds, .. } = self;
        assert_eq!((commands.ended, feeds.ended), (0, 0), "nothing ended without being killed");
        for mut process in [commands, feeds] {
            process.kill().await;
        }
        broker.finish().await;
        cluster.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_over_kafka_and_all_the_same_without_it() {
    let Some(mut stage) = Stage::set().await else { return };
    // Switched on while there is something in the log already.
    stage.work(1).await;
    stage.switch(true).await;
    let follower = Follower::begin(&stage.feeds, &stage.supplier);
    stage.work_until_carried().await;
    // Two events of each order, in two feeds.
    let all = stage.carried().await + (4 * ORDERS) as f64;
    stage.work(ORDERS).await;
    follower.catches_up(&stage).await;
    until("all of it came over Kafka", SOON, async || (stage.carried().await >= all).then_some(())).await;
    exported(&stage).await;

    // Killed: what happens meanwhile comes from Postgres.
    stage.broker.kill().await;
    stage.work(ORDERS).await;
    follower.catches_up(&stage).await;

    // Back with nothing of what it had: it begins anew, and the publisher goes on where it was.
    stage.broker.wipe();
    stage.broker.run().await;
    stage.work_until_carried().await;
    follower.catches_up(&stage).await;

    // A publisher dies, wherever it is: it, or the other process, goes on from what was acknowledged.
    stage.switch(true).await;
    stage.work(ORDERS).await;
    stage.work_until_carried().await;
    follower.catches_up(&stage).await;

    stage.switch(false).await;
    stage.work(ORDERS).await;
    follower.catches_up(&stage).await;
    follower.finish(&stage.supplier);
    stage.finish().await;
}

/// The firm's own topic has its feed from where it was switched on: each place once or more, in order, as it stands there.
async fn exported(stage: &Stage) {
    let (broker, firm) = (&stage.broker, stage.buyer.id);
    let access = chaos::access(stage.feeds.api, Some(&stage.buyer.key));
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
            tokio::time::timeout(SOON, consumer.recv()).await.expect("a record comes").expect("it is well");
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
