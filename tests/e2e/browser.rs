//! The portal in a real browser: `tests/portal/run.mjs` drives Chromium against `tandem dev` with its sandbox.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use harness::{binary, chaos, tell};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// How long `tandem dev` may take from nothing to a sandbox, and to go.
const READY: Duration = Duration::from_secs(180);
const GONE: Duration = Duration::from_secs(60);

/// What drives the browser, and what is missing for it.
fn driver() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("portal");
    let script = folder.join("run.mjs");
    let runs = |program: &str| {
        let mut command = std::process::Command::new(program);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    match () {
        () if !script.exists() => Err(format!("{} is absent", script.display())),
        () if !runs("node") => Err("node is not installed".into()),
        () if !runs("chromium") => Err("chromium is not installed".into()),
        () if !folder.join("node_modules").is_dir() => {
            Err("tests/portal/node_modules is absent; tests/run installs it".into())
        }
        () => Ok(script),
    }
}

/// A `tandem dev` with data of its own.
pub(super) struct Dev {
    pub(super) data: PathBuf,
    child: Child,
}

impl Dev {
    /// Starts it with these settings, as variables of its environment.
    pub(super) async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let data = chaos::folder(name).await;
        let log = fs::File::create(data.join("dev.log")).expect("a log");
        let mut command = Command::new(binary::path());
        command.arg("dev").arg("--data").arg(&data).args(["--output", "json"]);
        command.args(["--api", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
        command.env_remove("DATABASE_URL").env_remove("TANDEM_CONFIG").envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the binary starts");
        let mut told = BufReader::new(child.stdout.take().expect("its output")).lines();
        let dev = Self { data, child };
        let first = tokio::time::timeout(READY, told.next_line()).await.expect("it is ready in time");
        let ready = first.expect("its output can be read");
        assert!(
            ready.is_some_and(|line| line.starts_with('{')),
            "it ended; see {}/dev.log",
            dev.data.display()
        );
        dev
    }

    /// Ends it, and waits until its Postgres has gone with it.
    pub(super) async fn finish(mut self) {
        self.terminate();
        let ended = tokio::time::timeout(GONE, self.child.wait()).await.expect("it ends in time");
        assert!(ended.expect("a child can be waited for").success(), "it ends without an error");
        chaos::remove(&self.data).await;
    }

    fn terminate(&self) {
        if let Some(pid) = self.child.id() {
            let _ = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status();
        }
    }
}

impl Drop for Dev {
    /// A test that failed must not leave a server behind; asked like this, it stops its Postgres, too.
    fn drop(&mut self) {
        self.terminate();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_portal_works_in_a_browser() {
    let script = match driver() {
        Ok(script) => script,
        Err(missing) => {
            tell::lacks(format_args!("tests in a browser: {missing}"));
            return;
        }
    };
    // The tests themselves take the mail there.
    let url = format!("smtp://{}", chaos::free());
    let mail = [
        ("TANDEM_NOTICES__SMTP_URL", url.as_str()),
        ("TANDEM_NOTICES__MAIL_FROM", "Tandem <no-reply@example.invalid>"),
    ];
    let dev = Dev::start("portal-test", &mail).await;
    let mut node = Command::new("node");
    node.arg(script).env("TANDEM_SANDBOX", dev.data.join("sandbox.json")).env("TANDEM_BIN", binary::path());
    node.envs(mail);
    let status = node.stdin(Stdio::null()).kill_on_drop(true).status().await.expect("node runs");
    dev.finish().await;
    assert!(status.success(), "the browser's tests failed: {status}");
}
