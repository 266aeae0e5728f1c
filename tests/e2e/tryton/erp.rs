//! A real Tryton, and the connector beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use harness::{chaos, cluster};
use serde_json::Value;
use tokio::process::{Child, Command};

const PASSWORD: &str = "not-a-secret";

/// A Tryton with a database of its own.
pub(super) struct Erp {
    pub(super) folder: PathBuf,
    port: u16,
    server: Child,
}

/// A program of the Tryton that `tests/run --long` installed.
pub(super) fn program(name: &str) -> PathBuf {
    cluster::target().join("tryton/bin").join(name)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

impl Erp {
    pub(super) async fn start() -> Self {
        let folder = chaos::folder("tryton-test").await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        let settings = format!(
            "[database]\nuri = sqlite://\npath = {}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\nauthentications = password\n",
            folder.display()
        );
        fs::write(folder.join("trytond.conf"), settings).expect("settings");
        fs::write(folder.join("password"), PASSWORD).expect("a password");
        let template = cluster::target().join("tryton").join(format!("{:08x}.sqlite", setup()));
        let database = folder.join("erp.sqlite");
        let empty = fs::copy(&template, &database).is_err();
        if empty {
            fs::write(&database, "").expect("an empty database");
            for arguments in
                [&["--all", "--email", "a@example.org"][..], &["-u", "purchase", "--activate-dependencies"]]
            {
                let mut admin = Command::new(program("trytond-admin"));
                admin.args(["-d", "erp", "-c"]).arg(folder.join("trytond.conf")).args(arguments);
                ran(admin.env("TRYTONPASSFILE", folder.join("password"))).await;
            }
        }
        let log = fs::File::create(folder.join("trytond.log")).expect("a log");
        let mut server = Command::new(program("trytond"));
        server.args(["-d", "erp", "-c"]).arg(folder.join("trytond.conf"));
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let erp = Self { server: server.spawn().expect("trytond starts"), folder, port };
        harness::until("trytond answers", Duration::from_secs(60), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        if empty {
            erp.act(&["fill", PASSWORD]).await;
            // By SQLite itself, since part of the database is in its log; renamed, so that half a copy is no template.
            let draft = erp.folder.join("template");
            let copy =
                "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('vacuum into ?', sys.argv[2:])";
            ran(Command::new(program("python")).args(["-c", copy]).arg(&database).arg(&draft)).await;
            fs::rename(&draft, &template).expect("a template");
        }
        erp
    }

    /// What a person does in Tryton.
    async fn act(&self, arguments: &[&str]) -> Value {
        let mut act = Command::new(program("python"));
        act.arg(repository().join("tests/python/tryton.py"));
        act.arg(format!("http://admin:{PASSWORD}@127.0.0.1:{}/erp/", self.port)).args(arguments);
        let output = ran(&mut act).await;
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// A confirmed purchase from a supplier: its number and lines.
    pub(super) async fn buy(&self, supplier: &str, quantities: &[&str]) -> (String, Vec<String>) {
        let bought = self.act(&[&["buy", supplier], quantities].concat()).await;
        let lines = bought["lines"].as_array().expect("lines").iter().map(Value::to_string).collect();
        (bought["number"].as_str().expect("a number").to_string(), lines)
    }

    /// Delivery date and note of a line.
    pub(super) async fn line(&self, id: &str) -> (String, String) {
        let seen = self.act(&["look", id]).await;
        let text = |key: &str| seen[0][key].as_str().unwrap_or_default().to_string();
        (text("day"), text("note"))
    }

    /// Runs the connector once against an API: exit status, output, complaints.
    pub(super) async fn connect(&self, api: &str, key: &str) -> (i32, String, String) {
        let settings = format!(
            "state_file = \"{0}/state.json\"\n[tryton]\nurl = \"http://127.0.0.1:{1}\"\ndatabase = \"erp\"\nuser = \
             \"tandem\"\npassword_file = \"{0}/password\"\n[tandem]\nurl = \"http://{api}\"\nkey_file = \"{0}/key\"\n",
            self.folder.display(),
            self.port
        );
        fs::write(self.folder.join("connector.toml"), settings).expect("settings");
        fs::write(self.folder.join("key"), key).expect("a key");
        // The machine's own Python, since the connector needs nothing else.
        let mut connector = Command::new("python3");
        connector.arg(repository().join("deploy/connectors/tryton/connector.py"));
        let output = connector.arg(self.folder.join("connector.toml")).output().await.expect("python3 runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    pub(super) async fn finish(mut self) {
        self.server.kill().await.expect("it can be ended");
        chaos::remove(&self.folder).await;
    }
}

/// Changes when another Tryton is installed, or it is set up in another way.
fn setup() -> u32 {
    let mut sum = flate2::Crc::new();
    for file in [".config/tryton.txt", "tests/python/tryton.py"] {
        sum.update(&fs::read(repository().join(file)).expect("it is there"));
    }
    sum.sum()
}

/// A program that must not fail.
async fn ran(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
