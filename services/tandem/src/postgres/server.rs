//! initdb and the server process.

use std::{
    fs::{DirBuilder, File},
    io::Write as _,
    os::unix::{
        fs::{DirBuilderExt as _, OpenOptionsExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Child,
};

use super::{
    Durability, Error, SUPERUSER,
    binaries::{self, Binaries},
    files,
    pidfile::{self, Found, State},
    place::Place,
    settings::{Settings, free_port},
};

/// How often the state of a starting or stopping server is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// A server that was killed may read much of its log before it is ready.
const START_LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a server that is well may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How often another port is tried where a program took the one that was free.
const PORTS: usize = 5;

/// How long workers of a server that was killed may hold its memory.
const WORKERS_LIMIT: Duration = Duration::from_secs(10);

/// A server that accepts connections.
pub(super) struct Started {
    pub(super) pid: u32,
    pub(super) port: u16,
    pub(super) settings: Settings,
    /// Absent where it was found running.
    pub(super) child: Option<Child>,
}

/// Finds or starts the server of a place; the caller holds the place's lock.
pub(super) async fn start(place: &Place, durability: Durability) -> Result<Started, Error> {
    if let Some(found) = settled(place).await? {
        let settings = Settings::read(&place.settings_file())?;
        return Ok(Started { pid: found.pid, port: found.port, settings, child: None });
    }
    let binaries = pick_binaries(&place.data())?;
    let mut settings = prepare(place, &binaries, durability).await?;
    let since = Instant::now();
    let mut ports = 0;
    while ports < PORTS {
        match launch(place, &binaries, durability, settings.port).await? {
            Launched::Ready(child) => {
                let pid = child.id().unwrap_or_default();
                return Ok(Started { pid, port: settings.port, settings, child: Some(child) });
            }
            Launched::PortTaken => {
                ports += 1;
                settings.port = free_port().map_err(files("finding a port for", place.home()))?;
                settings.write(&place.settings_file())?;
            }
            Launched::WorkersLeft if since.elapsed() < WORKERS_LIMIT => tokio::time::sleep(10 * LOOK).await,
            Launched::WorkersLeft => {
                return Err(failed(place, "processes of a server that was killed still run"));
            }
        }
    }
    Err(failed(place, "every port that was free was taken at once"))
}

/// A server that was left running, once it is ready; one that is going is waited for.
async fn settled(place: &Place) -> Result<Option<Found>, Error> {
    let since = Instant::now();
    while since.elapsed() < START_LIMIT {
        match pidfile::find(&place.data()) {
            None => return Ok(None),
            // A server that was just killed keeps its process and its file for a moment, but answers nobody.
            Some(found) if found.state == State::Ready && answers(found.port).await => {
                return Ok(Some(found));
            }
            Some(_) => tokio::time::sleep(LOOK).await,
        }
    }
    Err(failed(place, "the server that runs already is neither ready nor gone"))
}

/// Whether a server answers at the port; it is asked whether it speaks TLS, which needs no login.
async fn answers(port: u16) -> bool {
    /// The message's length and its code, from the protocol's description.
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(&SSL_REQUEST).await?;
        stream.read_u8().await
    };
    matches!(tokio::time::timeout(ANSWER_LIMIT, ask).await, Ok(Ok(b'S' | b'N')))
}

fn pick_binaries(data: &Path) -> Result<Binaries, Error> {
    let Ok(version) = std::fs::read_to_string(data.join("PG_VERSION")) else {
        return binaries::find(None).ok_or(Error::NotInstalled);
    };
    let damaged = || Error::Damaged { path: data.join("PG_VERSION"), reason: "no version".into() };
    let major = version.trim().parse().map_err(|_| damaged())?;
    let found = binaries::find(Some(major));
    found.ok_or_else(|| match binaries::find(None) {
        Some(_) => Error::OtherVersion { data: data.into(), major },
        None => Error::NotInstalled,
    })
}

/// The settings of the cluster, which is created where there is none.
async fn prepare(place: &Place, binaries: &Binaries, durability: Durability) -> Result<Settings, Error> {
    if place.data().join("PG_VERSION").exists() {
        return Settings::read(&place.settings_file());
    }
    let settings = Settings::generate().map_err(files("finding a port for", place.home()))?;
    settings.write(&place.settings_file())?;
    initdb(place, binaries, durability, &settings.superuser).await?;
    Ok(settings)
}

/// Creates the cluster under another name first, so that one that is there is always whole.
async fn initdb(
    place: &Place,
    binaries: &Binaries,
    durability: Durability,
    password: &str,
) -> Result<(), Error> {
    let (new, words) = (place.home().join("new"), place.home().join("password"));
    for old in [&new, &place.data()] {
        if old.exists() {
            std::fs::remove_dir_all(old).map_err(files("removing", old))?;
        }
    }
    DirBuilder::new().mode(0o700).create(&new).map_err(files("creating", &new))?;
    place.give(&new)?;
    let write = || -> std::io::Result<()> {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&words)?;
        writeln!(file, "{password}")
    };
    write().map_err(files("writing", &words))?;
    place.give(&words)?;

    let mut command = place.command(&binaries.program("initdb"));
    command.args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-instructions"]);
    command.arg(format!("--username={SUPERUSER}")).arg("--pwfile").arg(&words).arg("--pgdata").arg(&new);
    if durability == Durability::Fast {
        command.arg("--no-sync");
    }
    let output = tokio::process::Command::from(command).output().await;
    std::fs::remove_file(&words).map_err(files("removing", &words))?;
    let output = output.map_err(files("running", &binaries.program("initdb")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Initdb(complaint(&text).unwrap_or("it said nothing").to_string()));
    }
    std::fs::rename(&new, place.data()).map_err(files("renaming", &new))
}

/// How a launch ended, where another may do better or none is needed.
enum Launched {
    Ready(Child),
    PortTaken,
    /// A server that was killed leaves workers, which need a moment to notice.
    WorkersLeft,
}

/// Starts the server and waits until it accepts connections.
async fn launch(
    place: &Place,
    binaries: &Binaries,
    durability: Durability,
    port: u16,
) -> Result<Launched, Error> {
    forget_stranger(place)?;
    let log = place.log_file();
    let _ = std::fs::rename(&log, log.with_extension("log.1"));
    let out =
        File::options().create(true).append(true).mode(0o600).open(&log).map_err(files("opening", &log))?;
    let err = out.try_clone().map_err(files("opening", &log))?;

    let mut command = place.command(&binaries.program("postgres"));
    command.arg("-D").arg(place.data()).arg("-p").arg(port.to_string());
    for setting in configuration(durability) {
        command.arg("-c").arg(setting);
    }
    // Its own group: Ctrl-C reaches the launcher alone, which drains first and stops the server last.
    command.stdout(out).stderr(err).process_group(0);
    let program = binaries.program("postgres");
    let mut child = tokio::process::Command::from(command).spawn().map_err(files("running", &program))?;

    let since = Instant::now();
    while since.elapsed() < START_LIMIT {
        if child.try_wait().map_err(files("watching", &program))?.is_some() {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            return if text.contains("could not create any TCP/IP sockets") {
                Ok(Launched::PortTaken)
            } else if text.contains("pre-existing shared memory block") {
                Ok(Launched::WorkersLeft)
            } else {
                Err(failed(place, complaint(&text).unwrap_or("it ended without a word")))
            };
        }
        let found = pidfile::read(&place.data());
        if found.is_some_and(|found| Some(found.pid) == child.id() && found.state == State::Ready) {
            return Ok(Launched::Ready(child));
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(failed(place, "it was not ready within five minutes"))
}

/// Removes a pid file whose process id now belongs to another program: Postgres itself would take that one for a
/// server. A file whose process is gone stays, since from it Postgres knows of workers that outlived their server.
fn forget_stranger(place: &Place) -> Result<(), Error> {
    let Some(found) = pidfile::read(&place.data()) else { return Ok(()) };
    let alive = pid_of(found.pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok());
    if alive && pidfile::find(&place.data()).is_none() {
        let file = place.data().join("postmaster.pid");
        std::fs::remove_file(&file).map_err(files("removing", &file))?;
    }
    Ok(())
}

fn configuration(durability: Durability) -> Vec<&'static str> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "shared_buffers=128MB",
        // Nobody replicates from here.
        "wal_level=minimal",
        "max_wal_senders=0",
        // Queries are short, and compiling one costs more than running it.
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
        // The detail of an error quotes the row, and rows are other people's business.
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
    ];
    settings.extend_from_slice(match durability {
        Durability::Full => &["max_connections=200", "max_wal_size=1GB", "fsync=on"],
        // It may lie in memory.
        Durability::Fast => &[
            "max_connections=400",
            "max_wal_size=256MB",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ],
    });
    settings
}

/// Asks the server to end its sessions and go, and waits until it has.
pub(super) async fn stop(place: &Place, pid: u32, child: Option<Child>) -> Result<(), Error> {
    signal(pid, Signal::INT);
    if gone(place, pid, child, STOP_LIMIT).await { Ok(()) } else { Err(Error::Stop { pid }) }
}

async fn gone(place: &Place, pid: u32, child: Option<Child>, limit: Duration) -> bool {
    if let Some(mut child) = child {
        return tokio::time::timeout(limit, child.wait()).await.is_ok();
    }
    let since = Instant::now();
    while since.elapsed() < limit {
        if pidfile::find(&place.data()).is_none_or(|found| found.pid != pid) {
            return true;
        }
        tokio::time::sleep(LOOK).await;
    }
    false
}

/// Leaves a process behind that stops the server once nobody holds the lock of its users any more, however they
/// ended. It holds that lock alone until the server is gone, so that a new user never meets one that is going.
pub(super) fn stop_after_last_user(place: &Place, pid: u32) {
    const STOP: &str = r#"
        [ "$(head -n 1 "$2")" = "$1" ] && kill -INT "$1"
        n=0; while [ -e "$2" ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done"#;
    let mut command = Command::new("flock");
    command.arg("--exclusive").arg(place.users_file()).args(["/bin/sh", "-c", STOP, "sh", &pid.to_string()]);
    command.arg(place.data().join("postmaster.pid")).current_dir("/").process_group(0);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = quiet.spawn() {
        tracing::warn!(%error, "flock is not installed: the shared Postgres stays when its users are gone");
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = pid_of(pid) {
        // A process that has gone by itself is as good.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(pid.try_into().ok()?)
}

fn failed(place: &Place, reason: &str) -> Error {
    Error::Start { reason: reason.to_string(), log: place.log_file() }
}

/// The line of a program's output that says what is wrong.
fn complaint(text: &str) -> Option<&str> {
    let marks = ["PANIC: ", "FATAL: ", "ERROR: ", "error: "];
    let marked = text.lines().find_map(|line| {
        let at = marks.iter().find_map(|mark| line.find(mark).map(|at| at + mark.len()))?;
        line.get(at..)
    });
    marked.or_else(|| text.lines().rfind(|line| !line.trim().is_empty())).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_what_is_wrong_is_found() {
        let log = "2026-01-01 UTC [7] LOG:  starting\n2026-01-01 UTC [7] FATAL:  no space left\nLOG:  down\n";
        assert_eq!(complaint(log), Some("no space left"));
        assert_eq!(complaint("initdb: error: directory exists\nhint\n"), Some("directory exists"));
        assert_eq!(complaint("a\nb\n\n"), Some("b"));
        assert_eq!(complaint(""), None);
    }
}
