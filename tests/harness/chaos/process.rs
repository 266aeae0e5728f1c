//! A process of the product that a test may kill, hold still, and start again.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

use super::{BACK, Cluster, Environment, free, signal};
use crate::{World, binary};

/// A `tandem serve` at addresses of its own that it keeps over its deaths.
pub struct Process {
    binary: PathBuf,
    /// What it runs; a change counts from the next start.
    pub services: Vec<&'static str>,
    /// What else stands on its command line, likewise.
    pub flags: Vec<String>,
    pub api: SocketAddr,
    metrics: SocketAddr,
    environment: Environment,
    log: PathBuf,
    child: Option<Child>,
    /// How often it ended without being killed.
    pub ended: usize,
}

impl Process {
    /// A process that does not run yet; the name is that of its log in the cluster's folder.
    pub fn new(cluster: &Cluster, name: &str, services: &[&'static str]) -> Self {
        Self::with(cluster.environment(), &cluster.dir, name, services)
    }

    /// The same of another binary, which is told of nothing but its database and its keys: it may know no more.
    pub fn of_binary(binary: &Path, cluster: &Cluster, name: &str, services: &[&'static str]) -> Self {
        let environment = cluster.environment_of(&["TANDEM_DATABASE__", "TANDEM_KEYS__"]);
        let process = Self::with(environment, &cluster.dir, name, services);
        Self { binary: binary.to_owned(), ..process }
    }

    /// The same beside the node of a world, on its database; its log lies in this folder.
    pub async fn beside(world: &World, folder: &Path, name: &str, services: &[&'static str]) -> Self {
        let mut environment = world.environment().await;
        // Services that it does not run are reached there.
        environment.push(("TANDEM_API__URL", format!("http://{}", world.node().api)));
        Self::with(environment, folder, name, services)
    }

    fn with(environment: Environment, folder: &Path, name: &str, services: &[&'static str]) -> Self {
        let log = folder.join(format!("{name}.log"));
        let _ = fs::remove_file(&log);
        let services = services.into();
        let (binary, api, metrics) = (binary::path().clone(), free(), free());
        Self { binary, services, flags: Vec::new(), api, metrics, environment, log, child: None, ended: 0 }
    }

    /// Starts it and does not wait for it.
    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(&self.binary);
        command.arg("serve").args(&self.services).args(&self.flags);
        command.arg("--api").arg(self.api.to_string()).arg("--metrics").arg(self.metrics.to_string());
        command.env_remove("DATABASE_URL").env_remove("TANDEM_CONFIG").envs(self.environment.iter().cloned());
        let err = log.try_clone().expect("a log");
        command.stdin(Stdio::null()).stdout(log).stderr(err).kill_on_drop(true);
        self.child = Some(command.spawn().expect("the binary starts"));
    }

    /// Sets what it is told by its environment, from the next start on.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.environment.retain(|(old, _)| *old != name);
        self.environment.push((name, value));
    }

    /// Its id, where it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// What it counts under this name, over all labels; 0 where it counts nothing yet, or does not answer.
    pub async fn counted(&self, name: &str) -> f64 {
        counted(self.metrics, name).await
    }

    /// Kills it; its port is free when this returns.
    pub async fn kill(&mut self) {
        self.watch();
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("a child can be killed");
        }
    }

    /// Asks it to end, and waits until it has.
    pub async fn terminate(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        signal(child.id().expect("it runs"), "TERM");
        let ended = tokio::time::timeout(BACK, child.wait()).await.expect("it drains");
        assert!(ended.expect("a child is waited for").success(), "it ends well");
    }

    /// Holds it still, or lets it go on.
    pub fn hold(&self, still: bool) {
        if let Some(pid) = self.pid() {
            signal(pid, if still { "STOP" } else { "CONT" });
        }
    }

    /// Has it reach its Postgres at this port.
    pub fn through(&mut self, postgres: SocketAddr, port: u16) {
        for (name, value) in &mut self.environment {
            if name.starts_with("TANDEM_DATABASE__") {
                *value = value.replace(&format!("@{postgres}/"), &format!("@127.0.0.1:{port}/"));
            }
        }
    }

    /// Starts it again where it ended by itself, as whoever runs it in earnest does.
    pub fn supervise(&mut self) {
        self.watch();
        if self.child.is_none() {
            self.start();
        }
    }

    fn watch(&mut self) {
        if self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None))) {
            self.child = None;
            self.ended += 1;
        }
    }
}

/// What is counted under this name by whoever shows its metrics there.
pub async fn counted(metrics: SocketAddr, name: &str) -> f64 {
    let Ok(answer) = reqwest::get(format!("http://{metrics}/metrics")).await else { return 0.0 };
    let text = answer.text().await.unwrap_or_default();
    let of = |line: &str| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with([' ', '{']) {
            return None;
        }
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    };
    text.lines().filter_map(of).sum()
}
