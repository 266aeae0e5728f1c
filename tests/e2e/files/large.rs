//! Large files: the process that takes one is killed in the middle, another one goes on, and none of them holds more of it
//! in memory than a few parts.

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{
    Access, World,
    chaos::{self, Process},
    file::{CHUNK, Content},
    request_id,
    resource::drawing,
    until,
};
use proto::resources::FinishUploadRequest;
use ring::digest;

use super::release;

/// What a process may take beyond what it takes when it does nothing.
const MORE: u64 = 64 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_survive_a_kill_in_flat_memory() {
    large("files", 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "moves gigabytes"]
async fn two_gigabytes_survive_a_kill_in_flat_memory() {
    large("files-long", 2_048).await;
}

/// A figure of a process's memory, in bytes.
fn memory(pid: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with(what)).expect("the figure");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kib * 1024
}

async fn large(name: &str, megabytes: usize) {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let folder = chaos::folder(name).await;
    let mut process = Process::beside(&world, &folder, name, &["partners", "resources"]).await;
    process.start();
    let owner = chaos::access(process.api, Some(buyer.session().token()));
    let reader = chaos::access(process.api, Some(supplier.session().token()));
    chaos::answering(&owner).await;
    let idle = memory(process.pid().expect("it runs"), "VmRSS:");
    let content = Content::pdf(megabytes * CHUNK + 4_321);
    let resource = owner.publish_resource(drawing("三维模型")).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision = owner.drafted(&resource, "B").await;
    let upload = owner.begin_upload(&revision, "模型.pdf", &content).await.expect("begun").id;

    let began = Instant::now();
    let (sender, sent, what) = (owner.clone(), upload.clone(), content.clone());
    let sending = tokio::spawn(async move { sender.send(&sent, &what, 0..what.size).await });
    until("half of it stands", Duration::from_secs(900), async || {
        let stands = buyer.session().upload(&upload).await.expect("an upload").offset_bytes;
        (stands as usize > content.size / 2).then_some(())
    })
    .await;
    process.kill().await;
    assert!(sending.await.expect("the task").is_err(), "it was cut off");
    process.start();
    chaos::answering(&owner).await;
    let pid = process.pid().expect("it runs");
    let at = owner.upload(&upload).await.expect("an upload").offset_bytes as usize;
    assert!(at > content.size / 2 && at < content.size, "{at}");
    owner.send(&upload, &content, at..content.size).await.expect("the rest");
    let up = began.elapsed();
    let began = Instant::now();
    let file = finish(&owner, &upload).await;
    let finished = began.elapsed();
    release(&owner, &revision).await;
    let began = Instant::now();
    let mut stream = reader.open(&file, 0, 0).await.expect("open");
    let mut hash = digest::Context::new(&digest::SHA256);
    while let Some(chunk) = stream.message().await.expect("a chunk") {
        hash.update(&chunk.data);
    }
    assert_eq!(hash.finish().as_ref(), content.sha256().as_ref(), "what comes down is what went up");
    let most = memory(pid, "VmHWM:");
    println!(
        "{megabytes} MiB: up {up:.1?} with a kill, finished {finished:.1?}, down {:.1?}; memory {} MiB idle, {} MiB at most",
        began.elapsed(),
        idle >> 20,
        most >> 20
    );
    assert!(most < idle + MORE, "{} MiB at most, {} MiB idle", most >> 20, idle >> 20);
    process.kill().await;
    chaos::remove(&folder).await;
    world.finish().await;
}

/// Asks until it is a file: a large one may take longer than a call.
async fn finish(owner: &Access, upload: &str) -> String {
    let request = FinishUploadRequest { request_id: request_id(), upload_id: upload.into() };
    let mut transfers = owner.transfers();
    until("it becomes a file", Duration::from_secs(600), async || {
        match transfers.finish_upload(request.clone()).await {
            Ok(file) => Some(file.into_inner().id),
            Err(status) if status.code() == tonic::Code::DeadlineExceeded => None,
            Err(status) => panic!("{status:?}"),
        }
    })
    .await
}
