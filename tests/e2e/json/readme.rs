//! The lines that the first page tells people to type are typed here, exactly.

use std::{path::Path, process::Stdio, time::Instant};

use harness::World;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

/// The block of lines below a heading.
fn block(page: &str, heading: &str) -> String {
    let (_, below) =
        page.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("{heading} is there"));
    let (_, code) = below.split_once("```sh\n").expect("lines to type");
    code.split_once("```").expect("an end").0.to_string()
}

#[tokio::test]
async fn an_order_goes_its_way_by_curl_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let page = std::fs::read_to_string(root.join("README.md")).expect("the first page");
    let lines = block(&page, "By curl alone");
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    // What the page's examples and the sandbox call it.
    world.partner(&buyer, &supplier, "V10027").await;

    let began = Instant::now();
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &lines])
        .current_dir(root)
        .env("TANDEM_API", format!("http://{}", world.node().api))
        .env("TANDEM_KEY", &buyer.key)
        .env("SUPPLIER_KEY", &supplier.key)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell");
    let mut told = BufReader::new(shell.stdout.take().expect("its output")).lines();
    let mut all = String::new();
    // The last line follows the feed until somebody ends it.
    let read = async {
        while let Some(line) = told.next_line().await.expect("text") {
            all.push_str(&line);
            all.push('\n');
            if all.contains("order.published.v1") && all.contains("order.responded.v1") {
                return;
            }
        }
        panic!("it ended by itself:\n{all}");
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), read).await.expect("it comes in time");
    println!("publish, answer and follow by curl: {:?}", began.elapsed());
    assert!(all.contains("ORDER_STATE_ACCEPTED") && all.contains("45L 收纳箱"), "{all}");
    shell.kill().await.expect("it can be ended");
    world.finish().await;
}
