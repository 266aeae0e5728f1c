//! The built `tandem` as a person or a script runs it against a world.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::process::Command;

use crate::{World, binary};

/// How long a command may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The output as JSON, one value a line.
    pub fn json(&self) -> Vec<Value> {
        let lines = self.out.lines().filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }

    /// The same command, which must have ended well.
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }
}

/// A command against a world, as the caller of this key, that answers in JSON.
pub fn command(world: &World, key: &str, arguments: &[&str]) -> Command {
    command_at(world.node().api, key, arguments)
}

/// The same against whatever listens there, or nobody.
pub fn command_at(api: SocketAddr, key: &str, arguments: &[&str]) -> Command {
    let mut command = text_at(api, key, arguments);
    command.args(["--output", "json"]);
    command
}

/// The same that answers as people read it.
fn text_at(api: SocketAddr, key: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary::path());
    command.args(arguments).args(["--api", &api.to_string(), "--key", key]);
    for name in ["TANDEM_API", "TANDEM_KEY", "TANDEM_LOCALE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a [`command`] to its end.
pub async fn run(world: &World, key: &str, arguments: &[&str]) -> Ran {
    ended(command(world, key, arguments), arguments).await
}

/// Runs a command to its end that answers as people read it.
pub async fn read(world: &World, key: &str, arguments: &[&str]) -> Ran {
    ended(text_at(world.node().api, key, arguments), arguments).await
}

async fn ended(mut command: Command, arguments: &[&str]) -> Ran {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} did not end")).expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}
