//! Downloads: counted, told to the owner with what was sent, and stopped when the right to them ends.

use std::time::{Duration, Instant};

use chassis::Reason;
use futures::future::join_all;
use harness::{
    Access, World,
    events::{event, short},
    file::{CHUNK, Content},
    refusal::{reason, refused},
    request_id,
    resource::{drawing, grant},
    until,
};
use proto::resources::*;
use tokio::sync::watch;

use super::{opened, release};

/// What stands in the owner's log of downloads: who, and how much was sent, the oldest first.
pub(super) async fn downloads(owner: &Access) -> Vec<(String, i64)> {
    let filter = AccessFilter { kinds: vec![AccessKind::Downloaded.into()], ..AccessFilter::default() };
    let request = ExportAccessRequest { filter: Some(filter) };
    let mut stream = owner.access_log().export_access(request).await.expect("a log").into_inner();
    let mut entries = Vec::new();
    while let Some(entry) = stream.message().await.expect("an entry") {
        entries.push((entry.firm_name, entry.sent_bytes));
    }
    entries
}

/// The same when there are so many.
pub(super) async fn logged(owner: &Access, count: usize) -> Vec<(String, i64)> {
    until("the log has them", Duration::from_secs(60), async || {
        let found = downloads(owner).await;
        (found.len() == count).then_some(found)
    })
    .await
}

#[tokio::test]
async fn downloads_are_counted_and_told() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let content = Content::pdf(3 * CHUNK);
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let mut limited = grant(&resource, &supplier.id);
    limited.terms.get_or_insert_default().download_limit = 1;
    owner.entitlements().grant_entitlement(limited).await.expect("granted");
    let revision = owner.drafted(&resource, "B").await;
    let one = owner.put_file(&revision, "a.pdf", &content).await.expect("a file").id;
    let other = owner.put_file(&revision, "b.pdf", &content).await.expect("the same content again").id;
    release(owner, &revision).await;

    // A part, then the rest of the same file, are one download; another file would be a second one.
    supplier.fetch(&one, 0, 100).await.expect("a part");
    supplier.fetch(&one, 100, 0).await.expect("the rest");
    refused(supplier.fetch(&other, 0, 0).await, Reason::DOWNLOAD_LIMIT);
    // Half of it, and the reader is gone.
    let mut cut = supplier.open(&one, 0, 0).await.expect("open");
    cut.message().await.expect("a chunk");
    drop(cut);
    let told = logged(owner, 3).await;
    assert_eq!(told[..2], [(supplier.name.clone(), 100), (supplier.name.clone(), 3 * CHUNK as i64 - 100)]);
    assert!(told[2].1 > 0, "{told:?}");
    // The owner's own are in nobody's log; and each of the others was told once.
    owner.fetch(&one, 0, 0).await.expect("the owner's");
    world.settled().await;
    assert_eq!(downloads(owner).await.len(), 3);
    let feed = buyer.events().await;
    let told = feed.iter().filter(|entry| event(entry).r#type.ends_with("resource.downloaded.v1"));
    assert_eq!(told.map(short).count(), 3);
    let listed = ListEntitlementsRequest { own: true, ..ListEntitlementsRequest::default() };
    let listed = owner.entitlements().list_entitlements(listed).await;
    let listed = listed.expect("a list").into_inner().entitlements;
    assert_eq!(listed[0].downloads, 1);
    world.finish().await;
}

/// How many readers there are.
const READERS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_downloads_stop_when_the_right_ends() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let content = Content::pdf(24 * CHUNK);
    let mut took = Vec::new();
    // A machine that is busy with something else may be late once.
    for round in 1..=3 {
        let (_, file, entitlement) = opened(owner, &supplier.id, &content).await;
        let slowest = stop(&world, owner, supplier.session().token(), (&file, &entitlement)).await;
        let told = logged(owner, round * READERS).await;
        let sent = told.iter().map(|(_, sent)| *sent);
        assert!(sent.clone().all(|sent| sent > 0 && sent < content.size as i64), "{:?}", sent.max());
        refused(supplier.fetch(&file, 0, 0).await, Reason::NOT_FOUND);
        // All of them were stopped before the first was told of; readers find out when they have read what was on its way.
        let stopped: f64 = sqlx::query_scalar(
            "select extract(epoch from min(d.ended_at) - max(e.ended_at))::float8 from resources.download d
             join resources.entitlement e on e.owner = d.owner and e.id = d.entitlement_id where e.id = $1::uuid",
        )
        .bind(&entitlement)
        .fetch_one(world.owner_pool().await)
        .await
        .expect("downloads");
        println!(
            "{READERS} downloads stopped {stopped:.3} s after the revocation, the last reader knew after {slowest:?}"
        );
        took.push(stopped);
        if stopped <= 1.0 {
            break;
        }
    }
    assert!(took.iter().any(|stopped| *stopped <= 1.0), "{took:?}");
    world.finish().await;
}

/// Begins many downloads, half of them over HTTP, revokes, and says when the last one stopped.
async fn stop(world: &World, owner: &Access, token: &str, (file, entitlement): (&str, &str)) -> Duration {
    let (begun, mut counted) = tokio::sync::mpsc::channel(READERS);
    let (revoked, wait) = watch::channel(false);
    let link = world.access(token).link_to(file, 60).await.expect("a link");
    let readers = (0..READERS).map(|number| {
        let (begun, mut wait, access) = (begun.clone(), wait.clone(), world.narrow(token));
        let (file, link) = (file.to_owned(), link.clone());
        tokio::spawn(async move {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            if number % 2 == 0 {
                let mut stream = access.open(&file, 0, 0).await.expect("open");
                stream.message().await.expect("a chunk").expect("not empty");
                begun.send(()).await.expect("counted");
                wait.wait_for(|revoked| *revoked).await.expect("told");
                loop {
                    match stream.message().await {
                        Ok(chunk) => assert!(chunk.is_some(), "it came whole"),
                        Err(status) => break assert_eq!(reason(&status), "NOT_FOUND"),
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            } else {
                let mut response = client.get(&link).send().await.expect("an answer");
                response.chunk().await.expect("bytes").expect("not empty");
                begun.send(()).await.expect("counted");
                wait.wait_for(|revoked| *revoked).await.expect("told");
                while let Ok(chunk) = response.chunk().await {
                    assert!(chunk.is_some(), "it came whole");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Instant::now()
        })
    });
    let readers: Vec<_> = readers.collect();
    for _ in 0..READERS {
        counted.recv().await.expect("a reader");
    }
    owner.revoke(entitlement).await.expect("revoked");
    let since = Instant::now();
    revoked.send(true).expect("readers");
    let ended = join_all(readers).await;
    ended.into_iter().map(|ended| ended.expect("a reader").duration_since(since)).max().expect("readers")
}

#[tokio::test]
async fn the_end_of_a_revision_stops_what_runs() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let content = Content::pdf(24 * CHUNK);
    let (resource_id, file, _) = opened(owner, &supplier.id, &content).await;
    let reader = world.narrow(supplier.session().token());
    let mut stream = reader.open(&file, 0, 0).await.expect("open");
    let first = stream.message().await.expect("a chunk").expect("not empty").file.expect("what it is");
    assert_eq!(first.id, file);
    let request = WithdrawResourceRequest { request_id: request_id(), resource_id };
    owner.resources().withdraw_resource(request).await.expect("withdrawn");
    let ended = until("it ends", Duration::from_secs(60), async || match stream.message().await {
        Ok(chunk) => {
            assert!(chunk.is_some(), "it came whole");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
        Err(status) => Some(status),
    });
    assert_eq!(reason(&ended.await), "NOT_FOUND");
    world.finish().await;
}
