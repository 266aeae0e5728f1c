//! A real Apache Kafka on loopback, as `deploy/kafka/run` runs it, where the machine has Java and Maven.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::{chaos, cluster::target, tell, wait::until};

/// How long it may take to answer, on a busy machine.
const BACK: Duration = Duration::from_secs(120);

/// A broker at a port of its own that it keeps over its deaths.
pub struct Broker {
    dir: PathBuf,
    port: u16,
    flags: &'static [&'static str],
    child: Option<Child>,
}

impl Broker {
    /// One that answers; `None` where this machine cannot run it, which is said.
    pub async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, &[]).await
    }

    /// The same with flags of `deploy/kafka/run`.
    pub async fn start_with(name: &str, flags: &'static [&'static str]) -> Option<Self> {
        let fetched = script().arg("--fetch").output().await.expect("bash runs");
        if !fetched.status.success() {
            tell::skipped(format_args!("no Kafka here: {}", String::from_utf8_lossy(&fetched.stderr).trim()));
            return None;
        }
        let dir = chaos::folder(name).await;
        let mut broker = Self { dir, port: chaos::free().port(), flags, child: None };
        broker.run().await;
        Some(broker)
    }

    /// Where it answers.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its process, where it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Starts it again, with what it has.
    pub async fn run(&mut self) {
        let log = File::options().create(true).append(true).open(self.dir.join("kafka.log")).expect("a log");
        let mut command = script();
        command.arg("--port").arg(self.port.to_string()).arg("--data").arg(self.data()).args(self.flags);
        let err = log.try_clone().expect("a log");
        command.stdin(Stdio::null()).stdout(log).stderr(err).kill_on_drop(true);
        self.child = Some(command.spawn().expect("Kafka starts"));
        let at = self.bootstrap();
        until("Kafka answers", BACK, async || TcpStream::connect(&at).await.ok()).await;
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("a child can be killed");
        }
    }

    /// Holds it still, or lets it go on.
    pub fn hold(&self, still: bool) {
        if let Some(pid) = self.child.as_ref().and_then(Child::id) {
            chaos::signal(pid, if still { "STOP" } else { "CONT" });
        }
    }

    /// Takes all that it has, while it does not run.
    pub fn wipe(&self) {
        assert!(self.child.is_none(), "it runs");
        fs::remove_dir_all(self.data()).expect("its records are there");
    }

    /// Ends it and removes its folder.
    pub async fn finish(mut self) {
        self.kill().await;
        chaos::remove(&self.dir).await;
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }
}

fn script() -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kafka/run"));
    command.arg("--libs").arg(target().join("kafka/libs"));
    command
}
