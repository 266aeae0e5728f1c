//! Commit → subscriber where events come over Kafka, against a bare producer and consumer of the same broker with the same
//! settings. The subscriber's node sequences nothing and has all of it over Kafka, which is held: a node to which nothing is
//! carried would be told of each event by Postgres, and what was measured would be that.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chassis::config::Config;
use harness::{Options, chaos, kafka::Broker};
use rdkafka::{
    ClientConfig, Message as _, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{Consumer as _, StreamConsumer},
    producer::{FutureProducer, FutureRecord},
    topic_partition_list::Offset,
};
use serde_json::json;
use tandem::node::Node;
use tokio::{sync::Notify, task::JoinSet};
use uuid::Uuid;

use crate::{
    bare,
    commit::{BYTES, Ours},
    lag::{Lag, Pace, Times, drive},
    report::{Noise, Report, cpu_seconds_of, median},
    scale::Scale,
    spent::{Meter, Spent},
};

const PER_SECOND: usize = 500;
const SECONDS: usize = 10;
const TOPIC: &str = "bench";
const PATIENCE: Duration = Duration::from_secs(5);
/// The number of the row that comes before those that are measured.
const WARM: u64 = u64::MAX;
/// How long Kafka may take to begin.
const BEGUN: Duration = Duration::from_secs(60);
const CARRIED: &str = "tandem_kafka_carried_entries_total";
/// Both nodes take each entry that is carried, and count it together; so many of each are due, and at least so many for either
/// of them to have had most of what was measured.
const DUE: f64 = 2.0;
const LEAST: f64 = 1.8;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    // Says why where there is none.
    let Some(broker) = Broker::start("bench-kafka").await else { return Ok(()) };
    let world = crate::world_of(Options { kafka: broker.bootstrap(), ..crate::usual() }).await?;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let gateway = world.gateway().await;
    let reader = chaos::access(gateway.api, Some(firm.token()));
    let ours = Ours::on(world, firm, reader).await?;
    harness::until("events come over Kafka", BEGUN, async || {
        ours.arrive(Pace::OneByOne, 20).await.ok()?;
        (chaos::counted(gateway.metrics, CARRIED).await > 0.0).then_some(())
    })
    .await;
    // Whatever becomes of it, everything is put away.
    let measured = measure(&ours, &gateway, &broker, report, scale).await;
    let world = ours.leave().await;
    gateway.shutdown().await;
    crate::finish(world).await?;
    broker.finish().await;
    measured
}

async fn measure(
    sides: &Ours,
    gateway: &Node,
    broker: &Broker,
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let (pace, count) = (Pace::PerSecond(PER_SECOND), scale.of(PER_SECOND * SECONDS));
    let of = sides.firm.uuid();
    topic(&broker.bootstrap()).await?;
    produce(&broker.bootstrap(), of, Pace::OneByOne, 20).await?;
    let (mut ours, mut limit, mut spent, mut brokers) =
        (Vec::new(), Vec::new(), Spent::default(), Vec::new());
    let (before_all, mut entries) = (chaos::counted(gateway.metrics, CARRIED).await, 0);
    let mut noise = Noise::new(scale);
    broker.pid().into_iter().for_each(|pid| noise.own(pid));
    let of_broker = || broker.pid().map_or(0.0, cpu_seconds_of);
    while noise.wants_another(ours.len()) {
        noise.begin()?;
        let (meter, before) = (Meter::begin()?, of_broker());
        let (mine, _) = sides.arrive(pace, count).await?;
        entries += count;
        let (each, taken) = (meter.each(count)?, of_broker() - before);
        let bare = produce(&broker.bootstrap(), of, pace, count).await?;
        if noise.too_loud()? {
            continue;
        }
        ours.push(mine);
        spent.add(each);
        brokers.push(taken * 1e6 / count as f64);
        limit.push(bare);
    }
    let carried = carried_since(gateway, before_all, entries).await?;
    let ratio = Times::ratio(&ours, &limit);
    let line = format!(
        "p50 / p99 {} ms at {PER_SECOND} events/s, bare produce and consume {} ms, ratio {ratio}; {entries} entries came \
         over Kafka, {carried:.0} to both nodes; {spent}, broker {:.0}; others used {:.2} cores",
        Times::median(&ours),
        Times::median(&limit),
        median(&brokers),
        noise.heard()
    );
    let figure = json!({
        "ours": Times::json(&ours), "bare": Times::json(&limit), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "entries": entries, "carried": carried, "us_each": spent.own(), "postgres_us_each": spent.postgres(),
        "broker_us_each": median(&brokers), "others_cores": noise.heard(),
    });
    report.add("kafka", &line, figure);
    Ok(())
}

/// How many were carried to both nodes together since it was counted before, of so many entries that were committed since, in
/// rounds that count and in those that were too loud. The other node may have the last of them a moment later.
///
/// # Errors
/// Where so few were carried that a node was told of many by Postgres.
async fn carried_since(gateway: &Node, before: f64, entries: usize) -> anyhow::Result<f64> {
    let (since, of) = (Instant::now(), entries as f64);
    let mut carried = 0.0;
    while carried < DUE * of && since.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        carried = chaos::counted(gateway.metrics, CARRIED).await - before;
    }
    anyhow::ensure!(
        carried >= LEAST * of,
        "{carried:.0} came over Kafka to both nodes, where {entries} entries were committed: others told of some"
    );
    Ok(carried)
}

/// The bare side's topic, with as many partitions as ours.
async fn topic(bootstrap: &str) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create()?;
    let partitions = Config::load(None)?.kafka.partitions;
    let topic = NewTopic::new(TOPIC, partitions, TopicReplication::Fixed(1));
    for made in admin.create_topics([&topic], &AdminOptions::new()).await? {
        made.map_err(|(name, code)| anyhow::anyhow!("{name}: {code}"))?;
    }
    // A topic that was made has its leaders a little later.
    let led = async || tokio::task::block_in_place(|| consumer(bootstrap)).ok().map(drop);
    harness::until("the topic is there", BEGUN, led).await;
    Ok(())
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", bootstrap);
    client
}

/// The same rows by a bare producer, at a bare consumer.
async fn produce(bootstrap: &str, of: Uuid, pace: Pace, count: usize) -> anyhow::Result<Times> {
    let lag = Lag::of(count)?;
    let consumer = tokio::task::block_in_place(|| consumer(bootstrap))?;
    let warm = Arc::new(Notify::new());
    let (mut reading, arriving, first) = (JoinSet::new(), lag.clone(), warm.clone());
    reading.spawn(async move {
        while let Ok(message) = consumer.recv().await {
            let n = message.payload().and_then(|payload| payload.first_chunk()).copied();
            match u64::from_be_bytes(n.expect("a number was sent")) {
                WARM => first.notify_one(),
                n => arriving.arrived(n as usize),
            }
        }
    });
    let mut config = client(bootstrap);
    config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "1");
    let producer: FutureProducer = config.set("enable.gapless.guarantee", "true").create()?;
    // A new consumer takes half a second for its first record, which is not the broker's limit.
    write(&producer, of, WARM).await?;
    tokio::time::timeout(BEGUN, warm.notified()).await?;
    let send = |n: usize| {
        let (producer, lag) = (producer.clone(), lag.clone());
        async move {
            lag.begins(n);
            write(&producer, of, n as u64).await
        }
    };
    drive(pace, count, send).await?;
    Ok(lag.complete().await)
}

/// Sends a row that begins with its number, and waits until the broker has it.
async fn write(producer: &FutureProducer, of: Uuid, n: u64) -> anyhow::Result<()> {
    let mut row = n.to_be_bytes().to_vec();
    row.extend(bare::told_all(of, &[of], BYTES, 1));
    let record = FutureRecord::to(TOPIC).key(of.as_bytes()).payload(&row);
    producer.send(record, PATIENCE).await.map_err(|(error, _)| error)?;
    Ok(())
}

/// One of all partitions, from their ends on, as a gateway is.
fn consumer(bootstrap: &str) -> anyhow::Result<StreamConsumer> {
    let mut config = client(bootstrap);
    config.set("group.id", "bench").set("enable.auto.commit", "false").set("fetch.wait.max.ms", "100");
    let consumer: StreamConsumer = config.create()?;
    let metadata = consumer.fetch_metadata(Some(TOPIC), PATIENCE)?;
    let mut all = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        // What stands there now, and not what the end is when it is asked for later.
        let (_, end) = consumer.fetch_watermarks(TOPIC, partition.id(), PATIENCE)?;
        all.add_partition_offset(TOPIC, partition.id(), Offset::Offset(end))?;
    }
    anyhow::ensure!(all.count() > 0, "the topic has no partitions");
    consumer.assign(&all)?;
    Ok(consumer)
}
