//! The lines that the first page tells people to type are typed here, exactly.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use harness::{World, binary};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use crate::browser::Dev;

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
    tokio::time::timeout(Duration::from_secs(60), read).await.expect("it comes in time");
    println!("publish, answer and follow by curl: {:?}", began.elapsed());
    assert!(all.contains("ORDER_STATE_ACCEPTED") && all.contains("45L 收纳箱"), "{all}");
    shell.kill().await.expect("it can be ended");
    world.finish().await;
}

/// What a whole journey may take, from nothing to the answer on the feed.
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// The lines to type after everything was started, for this sandbox.
fn second_terminal(page: &str, tandem: &Path, key: &str) -> String {
    let (_, start) = page.split_once("\n## Start\n").expect("how to start");
    let blocks: Vec<&str> =
        start.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks[0].contains("./deploy/up "), "the first starts everything: {}", blocks[0]);
    let lines = blocks[1];
    let placeholders = [("$PWD/target/debug/tandem", tandem.to_str().expect("a path")), ("tdm_live_…", key)];
    placeholders.iter().fold(lines.to_string(), |lines, (placeholder, real)| {
        assert!(lines.contains(placeholder), "{placeholder} is in\n{lines}");
        lines.replace(placeholder, real)
    })
}

/// What the inbox shows to whoever opens a sign-in link and presses its button.
async fn inbox(sign_in: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    let shown = client.get(sign_in).send().await.expect("the link opens").text().await.expect("a page");
    let form = shown.split("<form").find(|form| form.contains("action=\"/s/")).expect("a form that signs in");
    let (_, token) = form.split_once("name=\"token\" value=\"").expect("its token");
    let token = token.split('"').next().expect("an end").to_string();
    let form = format!("token={}", token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
    let signed = client.post(sign_in).header("content-type", "application/x-www-form-urlencoded");
    let signed = signed.body(form).send().await.expect("signed in");
    let cookie = signed.headers().get("set-cookie").expect("a session").to_str().expect("text").to_string();
    let cookie = cookie.split(';').next().expect("a cookie").to_string();
    let (site, _) = sign_in.split_once("/s/").expect("a link");
    let inbox = client.get(format!("{site}/inbox")).header("cookie", cookie);
    inbox.send().await.expect("the inbox").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_minutes_are_enough_from_nothing_to_an_answer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let page = std::fs::read_to_string(root.join("README.md")).expect("the first page");
    // Building is not part of it.
    let tandem = binary::path();
    let began = Instant::now();
    let dev = Dev::start("five-minutes", &[]).await;
    let sandbox = std::fs::read(dev.data.join("sandbox.json")).expect("it says what is there");
    let sandbox: Value = serde_json::from_slice(&sandbox).expect("JSON");
    let started = began.elapsed();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}")).to_string();
    let suppliers = sandbox["suppliers"].as_array().expect("suppliers");
    let supplier = suppliers.iter().find(|firm| firm["id"] == "S1").expect("the first supplier");
    let api = text(&sandbox["api"]);

    let lines = second_terminal(&page, tandem, &text(&sandbox["anchor"]["key"]));
    let mut shell = Command::new("bash")
        .args(["-O", "expand_aliases", "-euo", "pipefail", "-c", &lines])
        .current_dir(root)
        .env("TANDEM_API", &api)
        .env_remove("TANDEM_KEY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell");
    let mut told = BufReader::new(shell.stdout.take().expect("its output")).lines();
    let mut all = String::new();
    let mut answered = false;
    let journey = async {
        while let Some(line) = told.next_line().await.expect("text") {
            all.push_str(&line);
            all.push('\n');
            let published = line.contains("order.published") && line.contains("CY26110240");
            if published && !answered {
                answered = true;
                assert!(
                    inbox(&text(&supplier["sign_in"])).await.contains("CY26110240"),
                    "it is in the inbox"
                );
                let mut answer = Command::new(tandem);
                answer.args(["orders", "respond", "CY26110240", "--accept-all", "--api", &api, "--key"]);
                let answer = answer.arg(text(&supplier["key"])).output().await.expect("it runs");
                assert!(answer.status.success(), "{answer:?}");
            }
            if answered && line.contains("order.responded") && line.contains("CY26110240") {
                return;
            }
        }
        panic!("it ended by itself:\n{all}");
    };
    tokio::time::timeout(FIVE_MINUTES, journey).await.unwrap_or_else(|_| panic!("the answer does not come"));
    let whole = began.elapsed();
    println!("started after {started:.1?}, answered after {whole:.1?}");
    assert!(whole < FIVE_MINUTES);
    shell.kill().await.expect("it can be ended");
    dev.finish().await;
}
