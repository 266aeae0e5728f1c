//! Publish → subscriber over NATS JetStream, which a user could pick instead: printed beside commit → subscriber at the same
//! rate and with rows of the same size, in the same rounds.
//!
//! Its clock begins when a row is sent, and each publisher waits for JetStream's answer, which is all that it promises: the
//! row stands in a file. That file is not synced for each row, and ours is, twice: the ratio compares promises that are not
//! the same.

use std::sync::Arc;

use harness::nats::{Client, Connection, Server};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    bare,
    commit::BYTES,
    lag::{Lag, Pace, Times, drive},
    report::Report,
};

const STREAM: &str = "bench";
const SUBJECT: &str = "bench.row";

/// A server with a stream, and who publishes to it.
pub struct Peer {
    server: Server,
    publisher: Arc<Client>,
    of: Uuid,
}

impl Peer {
    /// One that is warm, for rows of this firm; `None`, saying so, where this machine has none.
    pub async fn start(of: Uuid) -> anyhow::Result<Option<Self>> {
        let Some(server) = Server::start("bench-nats").await else { return Ok(None) };
        let publisher = Arc::new(Client::open(server.address).await?);
        let stream = json!({
            "name": STREAM, "subjects": [SUBJECT], "storage": "file", "retention": "limits", "num_replicas": 1,
        });
        let create = format!("$JS.API.STREAM.CREATE.{STREAM}");
        publisher.ask(&create, stream.to_string().as_bytes()).await?;
        let peer = Self { server, publisher, of };
        peer.arrive(Pace::OneByOne, 50).await?;
        Ok(Some(peer))
    }

    /// Its process, where it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Rows that are published, and delivered to a subscriber on a connection of its own.
    pub async fn arrive(&self, pace: Pace, count: usize) -> anyhow::Result<Times> {
        let lag = Lag::of(count)?;
        let to = format!("delivered.{}", bare::new_id());
        let mut delivered = Connection::open(self.server.address, &to).await?;
        let consumer = json!({
            "stream_name": STREAM,
            "config": { "deliver_subject": to, "deliver_policy": "new", "ack_policy": "none" },
        });
        let create = format!("$JS.API.CONSUMER.CREATE.{STREAM}");
        self.publisher.ask(&create, consumer.to_string().as_bytes()).await?;
        let (mut reading, arriving) = (JoinSet::new(), lag.clone());
        reading.spawn(async move {
            while let Ok(message) = delivered.message().await {
                let n = message.payload.first_chunk().copied();
                arriving.arrived(u64::from_be_bytes(n.expect("a number was sent")) as usize);
            }
        });
        let of = self.of;
        let publish = |n: usize| {
            let (publisher, lag) = (self.publisher.clone(), lag.clone());
            async move {
                let mut row = (n as u64).to_be_bytes().to_vec();
                row.extend(bare::told_all(of, &[of], BYTES, n as i64 + 1));
                lag.begins(n);
                publisher.ask(SUBJECT, &row).await?;
                anyhow::Ok(())
            }
        };
        drive(pace, count, publish).await?;
        Ok(lag.complete().await)
    }

    /// Ends the server and removes what it has.
    pub async fn finish(self) {
        self.server.finish().await;
    }
}

/// Adds what it took beside what ours took in the same rounds, in which other processes used so many cores.
pub fn compare(report: &mut Report, per_second: usize, ours: &[Times], instead: &[Times], others: f64) {
    let ratio = Times::ratio(ours, instead);
    let line = format!(
        "ours p50 / p99 {} ms at {per_second} events/s, NATS JetStream, which does not sync each, {} ms, ratio {ratio}; others \
         used {others:.2} cores",
        Times::median(ours),
        Times::median(instead),
    );
    let figure = json!({
        "ours": Times::json(ours), "nats": Times::json(instead), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "others_cores": others,
    });
    report.add("commit_beside_nats", &line, figure);
}
