//! The launcher against real servers, each in a directory of its own.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sqlx::{Connection as _, PgConnection};

use super::*;

/// A new empty directory that another user can reach.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("tandem-{name}-{}", &chassis::secret::token()[..8]));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

async fn remove(dir: &Path) {
    reset(dir).await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

async fn session(running: &Running) -> PgConnection {
    PgConnection::connect(&running.access.superuser_url("notes")).await.unwrap()
}

async fn write(running: &Running, text: &'static str) {
    sqlx::raw_sql(text).execute(&mut session(running).await).await.unwrap();
}

async fn ask(running: &Running, text: &'static str) -> String {
    sqlx::query_scalar(text).fetch_one(&mut session(running).await).await.unwrap()
}

#[tokio::test]
async fn what_is_committed_outlives_a_restart_and_not_a_reset() {
    let dir = scratch("restart");
    let first = start(&dir).await.unwrap();
    assert!(!first.reused());
    first.ensure_database("notes").await.unwrap();
    first.ensure_database("notes").await.unwrap();
    write(&first, "create table note (text text); insert into note values ('携手')").await;
    assert_eq!(ask(&first, "show server_encoding").await, "UTF8");
    assert_eq!(ask(&first, "select lower('Ä')").await, "ä", "the locale knows more than ASCII");
    assert_eq!(ask(&first, "show fsync").await, "on");
    let (port, data) = (first.access.port(), first.data());
    first.stop().await.unwrap();
    assert!(!data.join("postmaster.pid").exists());

    let second = start(&dir).await.unwrap();
    assert_eq!(second.access.port(), port, "the port is kept");
    assert_eq!(ask(&second, "select text from note").await, "携手");
    second.stop().await.unwrap();

    reset(&dir).await.unwrap();
    assert!(!data.exists());
    let third = start(&dir).await.unwrap();
    third.ensure_database("notes").await.unwrap();
    assert_eq!(ask(&third, "select count(*)::text from pg_class where relname = 'note'").await, "0");
    third.stop().await.unwrap();
    remove(&dir).await;
}

#[tokio::test]
async fn a_server_whose_launcher_was_killed_is_taken_over() {
    let dir = scratch("reuse");
    let killed = start(&dir).await.unwrap();
    killed.ensure_database("notes").await.unwrap();
    let (pid, port) = (killed.pid, killed.access.port());
    // Dropping closes the lock and nothing else, as the end of a process does.
    drop(killed);
    assert!(attach(&dir).is_some_and(|access| access.port() == port));

    let next = start(&dir).await.unwrap();
    assert!(next.reused());
    assert_eq!((next.pid, next.access.port()), (pid, port));
    assert_eq!(ask(&next, "select 'still here'").await, "still here");
    next.stop().await.unwrap();
    assert!(attach(&dir).is_none());
    remove(&dir).await;
}

#[tokio::test]
async fn a_server_that_was_killed_itself_is_started_again() {
    let dir = scratch("crash");
    let mut first = start(&dir).await.unwrap();
    first.ensure_database("notes").await.unwrap();
    write(&first, "create table note (text text); insert into note values ('kept')").await;
    let mut child = first.child.take().unwrap();
    child.kill().await.unwrap();
    assert!(first.data().join("postmaster.pid").exists(), "a killed server leaves its file");
    drop(first);

    let second = start(&dir).await.unwrap();
    assert_eq!(ask(&second, "select text from note").await, "kept");
    second.stop().await.unwrap();

    let data = second_life(&dir).await;
    assert!(!data.join("postmaster.pid").exists());
    remove(&dir).await;
}

#[tokio::test]
async fn a_start_right_after_a_kill_does_not_take_the_dying_server_for_a_living_one() {
    let dir = scratch("kill");
    let mut running = start(&dir).await.unwrap();
    running.ensure_database("notes").await.unwrap();
    for _ in 0..3 {
        // What makes it slow to die: memory to give back.
        let mut sessions = Vec::new();
        for _ in 0..20 {
            sessions.push(session(&running).await);
        }
        let pid = rustix::process::Pid::from_raw(running.pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        drop(running);
        running = start(&dir).await.unwrap();
        assert_eq!(ask(&running, "select 'here'").await, "here");
    }
    running.stop().await.unwrap();
    remove(&dir).await;
}

/// Starts where a pid file names a living process that is no server.
async fn second_life(dir: &Path) -> PathBuf {
    let data = Place::choose(dir).unwrap().data();
    let file = data.join("postmaster.pid");
    std::fs::write(&file, format!("{}\n{}\n1\n5432\n\n\n1 2\nready\n", std::process::id(), data.display()))
        .unwrap();
    let running = start(dir).await.unwrap();
    assert!(!running.reused());
    running.stop().await.unwrap();
    data
}

#[tokio::test]
async fn a_second_start_on_the_same_directory_is_refused() {
    let dir = scratch("busy");
    let first = start(&dir).await.unwrap();
    let refusal = start(&dir).await.err().unwrap().to_string();
    let me = std::process::id().to_string();
    assert!(refusal.contains("already runs") && refusal.contains(&me), "{refusal}");
    assert!(matches!(reset(&dir).await, Err(Error::Busy { .. })));
    first.stop().await.unwrap();
    remove(&dir).await;
}

#[tokio::test]
async fn a_port_that_was_taken_is_replaced() {
    let dir = scratch("port");
    let first = start(&dir).await.unwrap();
    let port = first.access.port();
    first.stop().await.unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let second = start(&dir).await.unwrap();
    assert_ne!(second.access.port(), port);
    second.stop().await.unwrap();
    remove(&dir).await;
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let dir = scratch("password");
    let running = start(&dir).await.unwrap();
    let url = running.access.url_for(SUPERUSER, "guess", "postgres");
    assert!(PgConnection::connect(&url).await.is_err());
    running.stop().await.unwrap();
    remove(&dir).await;
}

#[tokio::test]
async fn users_share_a_server_that_goes_with_the_last_of_them() {
    let dir = scratch("shared");
    let first = start_shared(&dir, Durability::Fast).await.unwrap();
    let second = start_shared(&dir, Durability::Fast).await.unwrap();
    assert_eq!((first.reused(), second.reused()), (false, true));
    assert_eq!(first.access.port(), second.access.port());
    second.ensure_database("notes").await.unwrap();
    assert_eq!(ask(&second, "show fsync").await, "off");

    let data = first.data();
    drop(first);
    assert_eq!(ask(&second, "select 'one user is left'").await, "one user is left");
    drop(second);
    let place = Place::choose(&dir).unwrap();
    let limit = std::time::Duration::from_secs(60);
    let pid = pidfile::read(&data).map_or(0, |found| found.pid);
    assert!(
        tokio::time::timeout(limit, async {
            while data.join("postmaster.pid").exists() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await
        .is_ok(),
        "process {pid} of {} still runs",
        place.home().display()
    );
    remove(&dir).await;
}

#[tokio::test]
async fn root_keeps_the_cluster_of_a_closed_directory_elsewhere() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root runs Postgres as somebody else");
        return;
    }
    let closed = scratch("closed");
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    let dir = closed.join("data");
    let running = start(&dir).await.unwrap();
    let data = running.data();
    assert!(data.starts_with("/var/lib/tandem/clusters"), "{}", data.display());
    running.stop().await.unwrap();
    reset(&dir).await.unwrap();
    assert!(!data.exists(), "a reset removes it there too");
    std::fs::remove_dir_all(closed).unwrap();
}
