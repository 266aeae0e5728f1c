//! An ERP that knows only files, while everything around it is killed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use harness::{Firm, World, accept_all, chaos, cli, order, until};
use proto::orders::{ListOrdersRequest, Side};
use serde_json::Value;
use tokio::process::Child;

/// How long a bridge may take for what it was given.
const SOON: Duration = Duration::from_secs(60);

const HEAD: &str = "采购订单号,行号,物料编码,数量,单价,含税,供应商编码\n";

async fn folder(name: &str) -> PathBuf {
    chaos::folder(&format!("bridge-{name}")).await
}

/// A table of so many orders, numbered from a prefix.
fn table(prefix: &str, orders: usize) -> String {
    let rows = (0..orders).map(|n| format!("{prefix}{n:04},10,X,5,1,否,V100\n"));
    HEAD.to_string() + &rows.collect::<String>()
}

fn arguments<'a>(dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["bridge", dir.to_str().unwrap(), "--poll", "1"][..], more].concat()
}

fn start(world: &World, buyer: &Firm, dir: &Path, more: &[&str]) -> Child {
    cli::command(world, &buyer.key, &arguments(dir, more)).spawn().expect("it starts")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

async fn count(firm: &Firm) -> usize {
    let mut request =
        ListOrdersRequest { side: Side::Buyer.into(), page_size: 1_000, ..ListOrdersRequest::default() };
    let mut numbers = BTreeSet::new();
    let mut rows = 0;
    loop {
        let page = firm.orders().list_orders(request.clone()).await.expect("a list").into_inner();
        rows += page.orders.len();
        numbers.extend(page.orders.into_iter().map(|order| order.order_number));
        if page.next_page_token.is_empty() {
            assert_eq!(numbers.len(), rows, "no order stands twice");
            return rows;
        }
        request.page_token = page.next_page_token;
    }
}

/// Drops a file as a careful program does.
fn drop_in(dir: &Path, name: &str, content: &[u8]) {
    let incoming = dir.join("in");
    std::fs::create_dir_all(&incoming).unwrap();
    std::fs::write(incoming.join(format!("{name}.tmp")), content).unwrap();
    std::fs::rename(incoming.join(format!("{name}.tmp")), incoming.join(name)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_in_and_answers_come_out() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let dir = folder("once").await;
    drop_in(&dir, "good.csv", table("G", 2).as_bytes());
    drop_in(&dir, "half.csv", table("H", 2).replace("H0001,10,X,5", "H0001,10,X,five").as_bytes());
    drop_in(&dir, "one.xml", crate::matrix::cast::ubl("UBL-9").as_bytes());
    drop_in(&dir, "bad.json", b"{\"content\":");
    std::fs::write(dir.join("in/being-written.csv.tmp"), "x").unwrap();
    std::fs::write(dir.join("in/readme.txt"), "x").unwrap();
    let once = arguments(&dir, &["--once", "--settle", "0", "--locale", "zh"]);
    let ran = cli::run(&world, &buyer.key, &once).await;
    assert_eq!(ran.code, Some(3), "some were refused: {ran:?}");
    assert_eq!(names(&dir.join("in")), ["being-written.csv.tmp", "readme.txt"].map(str::to_string).into());
    let done = [
        "bad.json",
        "bad.json.err.txt",
        "good.csv",
        "good.csv.ok",
        "half.csv",
        "half.csv.err.txt",
        "half.csv.err.xlsx",
        "one.xml",
        "one.xml.ok",
    ];
    assert_eq!(names(&dir.join("done")), done.map(str::to_string).into());
    let ok = std::fs::read_to_string(dir.join("done/good.csv.ok")).unwrap();
    let receipts: Vec<Value> = ok.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(receipts.len() == 2 && receipts.iter().all(|receipt| receipt["order_id"].is_string()), "{ok}");
    assert!(std::fs::read_to_string(dir.join("done/half.csv.err.txt")).unwrap().contains("不是数字"));
    assert_eq!(count(&buyer).await, 4);

    // What was published comes out once; then what is answered.
    world.settled().await;
    let pulled = cli::run(&world, &buyer.key, &once).await.done();
    let id = receipts[0]["order_id"].as_str().unwrap();
    supplier.respond(accept_all(id)).await.expect("answered");
    world.settled().await;
    cli::run(&world, &buyer.key, &once).await.done();
    let out = names(&dir.join("out"));
    assert!(
        !out.is_empty() && out.iter().all(|name| name.starts_with("answers-00000")),
        "{out:?} {pulled:?}"
    );
    let last = std::fs::read_to_string(dir.join("out").join(out.last().unwrap())).unwrap();
    assert!(last.contains(id), "{last}");
    cli::run(&world, &buyer.key, &once).await.done();
    assert_eq!(names(&dir.join("out")), out, "nothing changed, nothing is written");

    the_same_again(&world, &buyer, &dir, &once).await;
    world.finish().await;
}

/// The same content under any name is not published again; the same name with other content is.
async fn the_same_again(world: &World, buyer: &Firm, dir: &Path, once: &[&str]) {
    drop_in(dir, "copy.csv", table("G", 2).as_bytes());
    drop_in(dir, "good.csv", table("N", 1).as_bytes());
    let again = cli::run(world, &buyer.key, once).await.done();
    let results: Vec<_> = again
        .json()
        .iter()
        .filter(|row| row["in"].is_string())
        .map(|row| row["result"].to_string())
        .collect();
    assert!(results.iter().any(|result| result.contains("published before")), "{results:?}");
    assert_eq!(count(buyer).await, 5);
    assert_eq!(names(&dir.join("done")).iter().filter(|name| name.starts_with("good.")).count(), 4);
    // What the table says anew changes the order that is there.
    drop_in(dir, "changed.csv", table("G", 1).replace(",5,", ",6,").as_bytes());
    cli::run(world, &buyer.key, once).await.done();
    let ok = std::fs::read_to_string(dir.join("done/changed.csv.ok")).unwrap();
    let changed: Value = serde_json::from_str(ok.trim()).unwrap();
    assert_eq!(
        (&changed["outcome"], &changed["reconfirm_lines"]),
        (&"changed".into(), &1.into()),
        "{changed}"
    );
    assert_eq!(count(buyer).await, 5, "and publishes no other");
    // A document whose number is taken by another content is not passed over in silence.
    let other = crate::matrix::cast::ubl("UBL-9").replace("</", " </");
    drop_in(dir, "two.xml", other.as_bytes());
    assert_eq!(cli::run(world, &buyer.key, once).await.code, Some(3));
    assert!(dir.join("done/two.xml.err.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_is_killed_in_the_middle_publishes_everything_once() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let dir = folder("killed").await;
    let files = 5;
    for file in 0..files {
        drop_in(&dir, &format!("f{file}.csv"), table(&format!("F{file}-"), 60).as_bytes());
    }
    // Killed after some of every file's orders, then again while it repeats.
    for share in 1..=6 {
        let mut bridge = start(&world, &buyer, &dir, &["--settle", "0", "--out-format", "none"]);
        until("some orders are there", SOON, async || (count(&buyer).await >= share * 45).then_some(()))
            .await;
        bridge.kill().await.expect("killed");
    }
    let left = names(&dir.join("in")).len();
    let mut bridge = start(&world, &buyer, &dir, &["--settle", "0", "--out-format", "none"]);
    until("every file is done", SOON, async || names(&dir.join("in")).is_empty().then_some(())).await;
    bridge.kill().await.expect("killed");
    println!("{left} of {files} files were left for the last bridge");
    assert_eq!(count(&buyer).await, files * 60);
    let done = names(&dir.join("done"));
    let fitting = (0..files)
        .all(|file| done.contains(&format!("f{file}.csv")) && done.contains(&format!("f{file}.csv.ok")));
    assert!(fitting && done.len() == 2 * files, "{done:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_wait_until_they_are_complete_and_the_api_is_back() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let dir = folder("waiting").await;
    drop_in(&dir, "a.csv", table("A", 3).as_bytes());
    // Nobody answers there.
    let mut offline = cli::command_at(chaos::free(), &buyer.key, &arguments(&dir, &["--settle", "0"]));
    let mut offline = offline.spawn().expect("it starts");
    until("the bridge holds the folder", SOON, async || dir.join("state/lock").exists().then_some(())).await;
    let second = until("the folder is held", SOON, async || {
        let second = cli::run(&world, &buyer.key, &arguments(&dir, &["--once", "--settle", "0"])).await;
        (second.code != Some(0)).then_some(second)
    });
    let second = second.await;
    assert!(second.err.contains("another bridge"), "one bridge a folder: {second:?}");
    assert!(offline.try_wait().expect("it can be asked").is_none(), "it waits for the API");
    offline.kill().await.expect("killed");
    // A key that is refused is a reason to wait, not to lose a file.
    let refused = cli::run(&world, "tdm_live_none", &arguments(&dir, &["--once", "--settle", "0"])).await;
    assert_eq!(refused.code, Some(5), "{refused:?}");
    assert!(names(&dir.join("in")).contains("a.csv"));

    // A file that grows is left alone until it has not changed for a while.
    let growing = dir.join("in/growing.csv");
    std::fs::write(&growing, HEAD).unwrap();
    let mut bridge = start(&world, &buyer, &dir, &["--settle", "2"]);
    let content = table("B", 40);
    // A slow program writes it, a little every quarter of a second, for longer than files have to settle.
    let mut pace = tokio::time::interval(Duration::from_millis(250));
    let step = (content.len() - HEAD.len()) / 20;
    for end in (HEAD.len()..content.len()).step_by(step).chain([content.len()]) {
        pace.tick().await;
        assert!(growing.exists(), "it is still being written");
        std::fs::write(&growing, &content[..end]).unwrap();
    }
    until("both are done", SOON, async || {
        let done = names(&dir.join("done"));
        (done.contains("a.csv.ok") && done.contains("growing.csv.ok")).then_some(())
    })
    .await;
    assert_eq!(count(&buyer).await, 43);
    // What happens later comes out while it runs.
    let receipt =
        buyer.publish(order("LATER").line("10", "X", "1", "1").to("V100")).await.expect("published");
    until("it comes out", SOON, async || {
        let out = dir.join("out");
        let found = names(&out).iter().any(|name| {
            std::fs::read_to_string(out.join(name)).is_ok_and(|text| text.contains(&receipt.order_id))
        });
        found.then_some(())
    })
    .await;
    bridge.kill().await.expect("killed");
    world.finish().await;
}
