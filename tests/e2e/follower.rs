//! Readers as third parties write them: they are killed anywhere, connections are let go under them, their clocks are wrong,
//! and each event takes effect once.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use harness::{Access, Firm, Options, World, cli};
use proto::{
    follow::{Follower, Place},
    stream::{CreateSubscriptionRequest, GetHeadRequest, create_subscription_request},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use crate::{gateway::commit_one, third_party::python};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(60);
/// How many events come while readers are killed.
const EVENTS: usize = 60;

/// Places of the events that took effect, and where the reader stands, in one file.
struct Store(PathBuf);

impl Store {
    fn read(&self) -> (Vec<i64>, Option<Place>) {
        let Ok(text) = std::fs::read_to_string(&self.0) else { return Default::default() };
        let mut lines = text.lines();
        let cursor = lines.next().expect("a cursor").to_owned();
        let seq = lines.next().expect("a place").parse().expect("a number");
        let effects = lines.map(|line| line.parse().expect("a number")).collect();
        (effects, Some(Place { seq, cursor }))
    }

    /// Effect and place are replaced in one step; whoever is killed before it has done nothing.
    async fn write(&self, effects: &[i64], place: &Place) {
        let mut text = format!("{}\n{}\n", place.cursor, place.seq);
        effects.iter().for_each(|seq| text.push_str(&format!("{seq}\n")));
        let new = self.0.with_extension("new");
        std::fs::write(&new, text).expect("written");
        tokio::task::yield_now().await;
        std::fs::rename(&new, &self.0).expect("replaced");
        tokio::task::yield_now().await;
    }
}

async fn reader(access: Access, file: PathBuf) {
    let store = Store(file);
    let (mut effects, place) = store.read();
    let mut follower = Follower::new(access.stream(), place);
    loop {
        let batch = follower.next().await.expect("it goes on");
        effects.extend(batch.events.iter().map(|event| event.seq));
        store.write(&effects, &batch.place).await;
    }
}

/// Something happens, again and again.
async fn work(world: &World, firm: &Firm) -> i64 {
    for n in 0..EVENTS {
        commit_one(world, firm, n).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.settled().await;
    firm.stream().get_head(GetHeadRequest {}).await.expect("a head").into_inner().seq
}

fn leaving_soon(config: &mut chassis::config::Config) {
    config.limits.connection_age_s = 2;
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tandem-{name}-{}", harness::request_id()));
    std::fs::create_dir(&folder).expect("a folder");
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_dies_anywhere_has_each_event_take_effect_once() {
    let world = World::with(Options { configure: leaving_soon, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    let folder = folder("follower");
    let file = folder.join("state");
    let mut random = StdRng::seed_from_u64(7);
    let mut deaths = 0;
    let readers = async {
        loop {
            let life = tokio::spawn(reader(world.access(&firm.key), file.clone()));
            tokio::time::sleep(Duration::from_millis(random.random_range(1..150))).await;
            life.abort();
            assert!(life.await.is_err_and(|end| end.is_cancelled()), "no reader gives up");
            deaths += 1;
        }
    };
    let last = tokio::select! {
        last = work(&world, &firm) => last,
        () = readers => unreachable!("they die for ever"),
    };
    let life = tokio::spawn(reader(world.access(&firm.key), file.clone()));
    let store = Store(file);
    let effects = harness::until("everything took effect", SOON, async || {
        Some(store.read()).filter(|(_, place)| place.as_ref().is_some_and(|place| place.seq >= last))
    });
    let (effects, _) = effects.await;
    life.abort();
    println!("{deaths} deaths in {last} events");
    assert_eq!(effects, (1..=last).collect::<Vec<_>>());
    std::fs::remove_dir_all(&folder).expect("removed");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_in_python_that_is_killed_has_each_event_take_effect_once() {
    let Some(python) = python() else { return };
    let world = World::with(Options { configure: leaving_soon, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    let folder = folder("python");
    let database = folder.join("events.sqlite");
    let run = |more: &[&str]| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/connectors/follower/follower.py");
        let mut command = Command::new(&python);
        command
            .arg(script)
            .args([&world.node().api.to_string(), &database.display().to_string()])
            .args(more)
            .env("TANDEM_KEY", &firm.key)
            // A proxy of the machine's has no business on loopback.
            .env("no_grpc_proxy", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    };
    let mut kills = 0;
    let readers = async {
        loop {
            let mut life = run(&[]).spawn().expect("python runs");
            // It takes a while until it reads.
            tokio::time::sleep(Duration::from_millis(600 + 150 * (kills % 3))).await;
            life.kill().await.expect("killed");
            kills += 1;
        }
    };
    let last = tokio::select! {
        last = work(&world, &firm) => last,
        () = readers => unreachable!("they are killed for ever"),
    };
    let ran = tokio::time::timeout(SOON, run(&["--until-head"]).output()).await.expect("it ends soon");
    let ran = ran.expect("python runs");
    let (told, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{told}\n{complained}");
    let found: serde_json::Value = serde_json::from_str(&told).expect("one JSON object");
    println!("{kills} kills: {found}");
    assert_eq!(
        (&found["events"], &found["seq"], &found["sum"]),
        (&last.into(), &last.into(), &(last * (last + 1) / 2).into(),)
    );
    std::fs::remove_dir_all(&folder).expect("removed");
    world.finish().await;
}

/// Feeds the reader's store messages, of which some come late, and from two connections; says what is there after each.
const STEPS: &str = r#"
import json, sys
from types import SimpleNamespace as Of
sys.path.insert(0, sys.argv[1])
from follower import Store
stores = [Store(sys.argv[2]), Store(sys.argv[2])]
def message(seq, *events):
    named = lambda n: Of(id=str(n), type="t", subject="s", data=b"")
    return Of(seq=seq, cursor=f"c{seq}", events=[Of(seq=n, event=named(n)) for n in events])
seen = []
for n, step in enumerate([message(2, 1, 2), message(1, 1), message(5, 2, 3), message(5, 3), message(4), message(7)]):
    stores[n % 2].take(step)
    seen.append([*stores[0].place(), stores[1].summary()["events"]])
print(json.dumps(seen))
"#;

/// Python that finds the reader where its first argument says.
fn scripted(python: &Path, script: &str) -> Command {
    let mut command = Command::new(python);
    // Nothing compiled is left beside the reader.
    command
        .args(["-B", "-c", script])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/connectors/follower"));
    // A proxy of the machine's has no business on loopback.
    command.env("no_grpc_proxy", "127.0.0.1").stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_reader_in_python_goes_forwards_alone() {
    let Some(python) = python() else { return };
    let folder = folder("steps");
    let mut command = scripted(&python, STEPS);
    command.arg(folder.join("events.sqlite"));
    let ran = tokio::time::timeout(SOON, command.output()).await.expect("it ends soon").expect("python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let seen: Vec<(i64, String, i64)> = serde_json::from_slice(&ran.stdout).expect("a list");
    let expected = [(2, "c2", 2), (2, "c2", 2), (5, "c5", 3), (5, "c5", 3), (5, "c5", 3), (7, "c7", 3)];
    assert_eq!(seen, expected.map(|(seq, cursor, events)| (seq, cursor.to_owned(), events)));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[tokio::test]
async fn a_reader_in_python_waits_as_long_as_it_is_asked_to_or_as_it_would() {
    let Some(python) = python() else { return };
    let mut command = scripted(&python, include_str!("follower/asked.py"));
    let ran = tokio::time::timeout(SOON, command.output()).await.expect("it ends soon").expect("python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let waited: Vec<f64> = serde_json::from_slice(&ran.stdout).expect("a list");
    // Asked for 700 ms by the first answer alone; else its own pause, which doubles.
    assert_eq!(waited, [0.7, 0.4, 0.8, 1.6, 3.2, 6.4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_in_python_waits_as_a_process_asks_that_goes() {
    let Some(python) = python() else { return };
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    commit_one(&world, &firm, 0).await;
    world.settled().await;
    let mut command = scripted(&python, include_str!("follower/drained.py"));
    command.arg(world.node().api.to_string()).env("TANDEM_KEY", &firm.key).stdout(Stdio::piped());
    let mut life = command.spawn().expect("python runs");
    let mut lines = BufReader::new(life.stdout.take().expect("its output")).lines();
    let mut line = async || {
        let line = tokio::time::timeout(SOON, lines.next_line()).await.expect("it tells soon");
        line.expect("text").expect("it goes on")
    };
    assert_eq!(line().await, "read");
    world.deps().shutdown.cancel();
    let waits = loop {
        match line().await {
            read if read == "read" => {}
            waits => break waits.parse::<f64>().expect("seconds"),
        }
    };
    assert!((0.2..=1.2).contains(&waits), "{waits} s, where its own pause is 20");
    world.finish().await;
}

/// A library that has whoever is started with it believe that it is 1970; by the compiler that links every Rust program.
async fn past(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("past.c"), folder.join("past.so"));
    std::fs::write(&source, include_str!("follower/past.c")).expect("written");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().await;
    assert!(compiled.expect("cc runs").success());
    library
}

/// M23.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_whose_clock_says_1970_reads_and_resumes() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let folder = folder("past");
    let library = past(&folder).await;
    let then = async |mut command: Command| {
        let ran = command.env("LD_PRELOAD", &library).stdout(Stdio::piped()).output();
        let ran = tokio::time::timeout(SOON, ran).await.expect("it ends soon").expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text")
    };
    let mut date = Command::new("date");
    date.args(["-u", "+%Y"]);
    assert_eq!(then(date).await.trim(), "1970", "its clock is wrong");
    let read = async |arguments: &[&str]| {
        let told = then(cli::command(&world, &firm.key, arguments)).await;
        let lines = told.lines().map(|line| serde_json::from_str(line).expect("an event a line"));
        lines.collect::<Vec<serde_json::Value>>()
    };
    let places = |events: &[serde_json::Value]| {
        events.iter().map(|event| event["seq"].as_i64().expect("a place")).collect::<Vec<_>>()
    };
    let create = CreateSubscriptionRequest {
        request_id: harness::request_id(),
        name: "erp".into(),
        start: Some(create_subscription_request::Start::Earliest(true)),
    };
    firm.subscriptions().create_subscription(create).await.expect("a subscription");
    let (mut by_cursor, mut by_name, mut cursor) = (Vec::new(), Vec::new(), None);
    for n in 0..2 {
        commit_one(&world, &firm, n).await;
        world.settled().await;
        let mut arguments = vec!["events"];
        arguments.extend(cursor.iter().flat_map(|cursor: &String| ["--after", cursor.as_str()]));
        let events = read(&arguments).await;
        cursor = events.last().and_then(|event| event["cursor"].as_str()).map(ToOwned::to_owned);
        by_cursor.extend(places(&events));
        // What it acknowledges, it asks for by an id that its clock gave.
        by_name.extend(places(&read(&["events", "--subscription", "erp"]).await));
    }
    let last = firm.stream().get_head(GetHeadRequest {}).await.expect("a head").into_inner().seq;
    let all: Vec<i64> = (1..=last).collect();
    assert_eq!((&by_cursor, &by_name), (&all, &all), "each once");
    std::fs::remove_dir_all(&folder).expect("removed");
    world.finish().await;
}
