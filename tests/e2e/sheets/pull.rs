//! What changed, for an ERP that polls: never left out, whatever is killed when.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use harness::{World, accept_all, cli, order};
use rand::Rng as _;
use serde_json::Value;

use super::folder;

fn numbers(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("complete rows alone"));
    rows.map(|row| row["order_number"].as_str().unwrap().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_changed_since_the_last_time_comes() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let one =
        buyer.publish(order("000001").line("10", "007", "100.50", "1").to("V100")).await.unwrap().order_id;
    buyer.publish(order("000002").line("10", "X", "5", "1").to("V100")).await.unwrap();
    world.settled().await;
    let folder = folder("pull").await;
    let (state, to) = (folder.join("state.json"), folder.join("out.json"));
    let arguments = ["orders", "pull", "--state", state.to_str().unwrap(), "--out", to.to_str().unwrap()];
    let rows =
        async || cli::run(&world, &buyer.key, &arguments).await.done().json()[0]["rows"].as_u64().unwrap();
    assert_eq!(rows().await, 2, "the first time everything");
    let text = std::fs::read_to_string(&to).unwrap();
    assert!(text.contains("\"order_number\":\"000001\"") && text.contains("\"ordered\":100.50,"), "{text}");
    assert_eq!(rows().await, 0, "nothing has changed");
    assert_eq!(numbers(&to), [""; 0], "and the file says so");

    supplier.respond(accept_all(&one)).await.expect("answered");
    world.settled().await;
    // As if the machine had stopped after the file was there and before the state was advanced.
    let before = std::fs::read(&state).unwrap();
    assert_eq!(rows().await, 1);
    std::fs::write(&state, &before).unwrap();
    assert_eq!(rows().await, 1, "the same rows again");
    assert_eq!(numbers(&to), ["000001"]);
    let row: Value = serde_json::from_str(std::fs::read_to_string(&to).unwrap().trim()).unwrap();
    assert_eq!((row["accepted"].as_f64(), row["commitment"].as_u64()), (Some(100.5), Some(1)));
    assert_eq!(rows().await, 0);

    // A workbook and csv hold the same; a state of one side is none of the other.
    for name in ["a.xlsx", "a.csv"] {
        let (state, to) = (folder.join(format!("{name}.state")), folder.join(name));
        let arguments = [
            "orders",
            "pull",
            "--state",
            state.to_str().unwrap(),
            "--out",
            to.to_str().unwrap(),
            "--side",
            "supplier",
        ];
        cli::run(&world, &supplier.key, &arguments).await.done();
        let bytes = std::fs::read(&to).unwrap();
        let grid = interchange::sheet::grid::read(&interchange::sheet::grid::Source {
            content: &bytes,
            ..Default::default()
        })
        .unwrap();
        assert_eq!(grid.rows.len(), 3, "{name}");
    }
    let other = [
        "orders",
        "pull",
        "--side",
        "supplier",
        "--state",
        state.to_str().unwrap(),
        "--out",
        to.to_str().unwrap(),
    ];
    assert_eq!(cli::run(&world, &buyer.key, &other).await.code, Some(2));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_that_is_killed_at_any_moment_loses_nothing() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let folder = folder("pull-killed").await;
    let (state, out) = (folder.join("state.json"), folder.join("out"));
    std::fs::create_dir_all(&out).unwrap();
    let to = out.join("rows-{n}.json");
    let arguments = ["orders", "pull", "--state", state.to_str().unwrap(), "--out", to.to_str().unwrap()];
    let mut expected = BTreeSet::new();
    let mut killed = 0;
    for round in 0..25 {
        let number = format!("K{round}");
        buyer.publish(order(&number).line("10", "X", "1", "1").to("V100")).await.expect("published");
        world.settled().await;
        expected.insert(number);
        let mut child = cli::command(&world, &buyer.key, &arguments).spawn().expect("it starts");
        // Any moment of its life, which is some tens of milliseconds.
        let moment = std::time::Duration::from_micros(rand::rng().random_range(0..120_000));
        if tokio::time::timeout(moment, child.wait()).await.is_err() {
            child.kill().await.expect("killed");
            killed += 1;
        }
        // Files are whole at every moment.
        for path in files(&out) {
            numbers(&path);
        }
    }
    cli::run(&world, &buyer.key, &arguments).await.done();
    let found: BTreeSet<String> = files(&out).iter().flat_map(|path| numbers(path)).collect();
    println!("killed {killed} times; {} files", files(&out).len());
    assert!(killed > 0, "some were killed");
    assert_eq!(found, expected, "every order came, in one file or another");
    world.finish().await;
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}
