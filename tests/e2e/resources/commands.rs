//! The same from the command line of both sides.

use harness::{Firm, World, cli};
use serde_json::Value;

async fn run(world: &World, firm: &Firm, arguments: &[&str]) -> Vec<Value> {
    cli::run(world, &firm.key, arguments).await.done().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_is_opened_and_closed_by_commands() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publish = ["resources", "publish", "支架图纸", "--category", "drawing", "--number", "YZ-10022"];
    let id = run(&world, &buyer, &publish).await[0]["resourceId"].as_str().unwrap_or_default().to_owned();
    let at = ["--note", "孔位", "--location", "https://plm.example/C"];
    let revised = run(&world, &buyer, &[&["resources", "revise", "YZ-10022", "C"][..], &at].concat()).await;
    assert_eq!(revised[0]["state"], "REVISION_STATE_RELEASED");
    let hidden = cli::run(&world, &supplier.key, &["resources", "get", &id]).await;
    assert!(hidden.code == Some(3) && hidden.err.contains("NOT_FOUND"), "{hidden:?}");
    let grant = ["resources", "grant", "YZ-10022", "--to", &supplier.id, "--until", "2099-12-31"];
    let granted = run(&world, &buyer, &grant).await;
    assert_eq!(granted[0]["terms"]["validUntil"], "2099-12-31T16:00:00Z", "to the end of the day in China");
    let found = run(&world, &supplier, &["resources", "get", "--text", "支架"]).await;
    assert_eq!((found.len(), &found[0]["id"], &found[0]["usable"]), (1, &id.clone().into(), &true.into()));
    let entitlement = granted[0]["id"].as_str().unwrap_or_default();
    let revoked = run(&world, &buyer, &["resources", "revoke", entitlement]).await;
    assert_eq!(revoked[0]["state"], "ENTITLEMENT_STATE_REVOKED");
    assert!(run(&world, &supplier, &["resources", "get"]).await.is_empty());
    let log = run(&world, &buyer, &["resources", "log", "YZ-10022"]).await;
    let kinds: Vec<&str> = log.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["ACCESS_KIND_GRANTED", "ACCESS_KIND_REVOKED"]);
    world.finish().await;
}
