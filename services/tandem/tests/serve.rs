//! `tandem serve` where the database is not there yet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tandem::{database, postgres};
use tokio::net::{TcpListener, TcpStream};

/// Starts it with a database behind this port, which it waits for so long.
fn serve(port: u16, app_url: &str, stream_url: &str, wait_s: u32) -> Child {
    let at = |url: &str| {
        let (login, rest) = url.rsplit_once('@').unwrap();
        format!("{login}@127.0.0.1:{port}/{}", rest.rsplit_once('/').unwrap().1)
    };
    Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["serve", "partners", "--api", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
        .env_remove("DATABASE_URL")
        .env("TANDEM_DATABASE__APP_URL", at(app_url))
        .env("TANDEM_DATABASE__STREAM_URL", at(stream_url))
        .env("TANDEM_DATABASE__WAIT_S", wait_s.to_string())
        .env("TANDEM_KEYS__CURRENT", "42".repeat(32))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The line that says it, with what came before.
fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, word: &str) -> String {
    let mut seen = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        seen.push_str(&line);
        if line.contains(word) {
            return line;
        }
    }
    panic!("it never said {word:?}: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_waited_for_and_not_for_ever() {
    if postgres::binaries::find(None).is_none() {
        println!("skipped: PostgreSQL is not installed");
        return;
    }
    let dir = std::env::temp_dir().join(format!("tandem-serve-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let cluster = postgres::start(&dir).await.unwrap();
    cluster.ensure_database("tandem").await.unwrap();
    let passwords = cluster.access.passwords();
    database::migrate(&cluster.access.superuser_url("tandem"), &passwords).await.unwrap();
    let app_url = cluster.access.url_for("tandem_app", &passwords.app, "tandem");
    let stream_url = cluster.access.url_for("tandem_stream", &passwords.stream, "tandem");
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();

    let mut impatient = serve(port, &app_url, &stream_url, 1);
    let since = Instant::now();
    let mut lines = BufReader::new(impatient.stderr.take().unwrap()).lines();
    until(&mut lines, "the database does not answer yet; waiting");
    let last = until(&mut lines, "database.wait_s");
    assert!(last.contains("database.app_url: the database did not answer within 1 s"), "{last}");
    assert_eq!(impatient.wait().unwrap().code(), Some(1));
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());

    let mut patient = serve(port, &app_url, &stream_url, 60);
    let mut lines = BufReader::new(patient.stderr.take().unwrap()).lines();
    until(&mut lines, "the database does not answer yet; waiting");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let behind = cluster.access.port();
    let forwarding = tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    until(&mut lines, "the database answers");
    until(&mut lines, "ready");
    Command::new("kill").arg(patient.id().to_string()).status().unwrap();
    assert!(patient.wait().unwrap().success());
    forwarding.abort();
    cluster.stop().await.unwrap();
    postgres::reset(&dir).await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}
