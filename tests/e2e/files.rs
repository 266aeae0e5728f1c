//! Files of revisions through the public API: sent in pieces, cut off, gone on with, checked; got in parts, by gRPC and by
//! links; what is refused, and what happens when a process is killed in between.

mod commands;
mod downloads;
mod hostile;
mod large;
mod limits;
mod links;
mod plain;
mod s3;
mod sweeping;

use std::{path::Path, time::Duration};

use chassis::Reason;
use harness::{
    Access, Options, World,
    file::{CHUNK, Content},
    refusal::{bad_fields, metadata, refused},
    request_id,
    resource::drawing,
    until,
};
use proto::resources::*;
use tonic::Code;

/// A released revision with one file, granted to the supplier: the resource, the file, and the entitlement.
async fn opened(owner: &Access, reader: &str, content: &Content) -> (String, String, String) {
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let entitlement = owner.grant_resource(&resource, reader).await.expect("a grant").id;
    let revision = owner.drafted(&resource, "B").await;
    let file = owner.put_file(&revision, "支架 B.pdf", content).await.expect("a file").id;
    release(owner, &revision).await;
    (resource, file, entitlement)
}

async fn release(owner: &Access, revision: &str) {
    let request = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision.into(),
        ..ReleaseRevisionRequest::default()
    };
    owner.revisions().release_revision(request).await.expect("released");
}

/// Every file below a folder, by its path in it.
fn stored(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.push(path.strip_prefix(folder).expect("below").display().to_string()),
            }
        }
    }
    found
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_comes_down_whole() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let content = Content::pdf(9 * CHUNK + 12_345);
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision = owner.drafted(&resource, "B").await;
    let upload = owner.begin_upload(&revision, "支架 B.pdf", &content).await.expect("begun");
    assert_eq!((upload.offset_bytes, upload.chunk_bytes, upload.ended), (0, CHUNK as i32, false));

    // Cut off after some chunks: what arrived whole stays, and it goes on there, in pieces of any size.
    let half = owner.send(&upload.id, &content, 0..2 * CHUNK + 7).await.expect("the first half");
    assert_eq!(half.offset_bytes as usize, 2 * CHUNK + 7);
    let early = refused(owner.finish_upload(&upload.id).await, Reason::UPLOAD_INCOMPLETE);
    assert_eq!(metadata(&early)["offset_bytes"], half.offset_bytes.to_string());
    for wrong in [0, CHUNK, 2 * CHUNK + 6, 2 * CHUNK + 8] {
        let status = refused(owner.send(&upload.id, &content, wrong..3 * CHUNK).await, Reason::UPLOAD_OFFSET);
        assert_eq!(metadata(&status)["offset_bytes"], half.offset_bytes.to_string(), "{wrong}");
    }
    let (chunks, out) = tokio::sync::mpsc::channel(1);
    let mut transfers = owner.transfers();
    let broken = tokio::spawn(async move {
        transfers.upload_chunks(tokio_stream::wrappers::ReceiverStream::new(out)).await
    });
    for chunk in content.chunks(&upload.id, 2 * CHUNK + 7..8 * CHUNK) {
        chunks.send(chunk).await.expect("the stream takes it");
    }
    until("what arrived is kept while more comes", Duration::from_secs(60), async || {
        let found = owner.upload(&upload.id).await.expect("an upload");
        (found.offset_bytes > half.offset_bytes).then_some(())
    })
    .await;
    broken.abort();
    let gone_on = owner.upload(&upload.id).await.expect("an upload").offset_bytes;
    assert!(gone_on as usize <= 8 * CHUNK, "{gone_on}");
    owner.resume(&upload.id, &content).await.expect("the rest");
    let file = owner.finish_upload(&upload.id).await.expect("a file");
    assert_eq!((file.name.as_str(), file.size_bytes as usize), ("支架 B.pdf", content.size));
    assert_eq!(file.sha256, content.sha256());
    assert!(owner.upload(&upload.id).await.expect("an upload").ended);

    // Nobody else gets it before it is released, and then whoever may use it does, in any part.
    refused(supplier.fetch(&file.id, 0, 0).await, Reason::NOT_FOUND);
    release(owner, &revision).await;
    assert!(supplier.fetch(&file.id, 0, 0).await.expect("whole") == content.bytes(0..content.size));
    let size = content.size as i64;
    for (offset, length) in
        [(0, 1), (9, 100), (CHUNK as i64 - 1, 2), (size - 5, 0), (size - 5, 100), (size - 1, 1)]
    {
        let got = supplier.fetch(&file.id, offset, length).await.expect("a part");
        let end = if length == 0 { size } else { (offset + length).min(size) };
        assert!(got == content.bytes(offset as usize..end as usize), "{offset} {length}");
    }
    let beyond = refused(supplier.fetch(&file.id, size, 0).await, Reason::FILE_OFFSET);
    assert_eq!(metadata(&beyond)["size_bytes"], size.to_string());
    bad_fields(supplier.fetch(&file.id, -1, 0).await, &[("offset_bytes", "RANGE")]);
    // What was uploaded left nothing but the content, under its owner and hash.
    let content_only = until("the parts go", Duration::from_secs(30), async || {
        let stored = stored(world.files());
        (stored.len() == 1).then_some(stored)
    });
    let hash = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(content_only.await, [format!("content/{}/{}/{hash}", buyer.id, &hash[..2])]);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_a_file_does_not_begin() {
    let world = World::start().await;
    let owner = world.firm("澄屿家居用品(示例)有限公司").await;
    let owner = owner.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let content = Content::pdf(3_000);
    let request = |name: &str, kind: &str, size: i64| BeginUploadRequest {
        request_id: request_id(),
        revision_id: revision.clone(),
        file_name: name.into(),
        media_type: kind.into(),
        size_bytes: size,
        sha256: content.sha256(),
    };
    // Groups I and H of the attack cases: names that are paths, tricks or devices; nothing is repaired.
    for name in [
        "../name",
        "..\\name",
        "/etc/passwd",
        "C:\\x",
        "a\0b",
        "a\nb",
        "in\u{202E}fdp.exe",
        "CON",
        "nul.txt",
        "trailing.",
        ".htaccess",
        &"x".repeat(300),
        "a\u{200B}b",
        "=cmd|x",
    ] {
        bad_fields(owner.transfers().begin_upload(request(name, "", 1)).await, &[("file_name", "NAME")]);
    }
    for size in [0, -1, i64::MAX] {
        bad_fields(owner.transfers().begin_upload(request("a", "", size)).await, &[("size_bytes", "RANGE")]);
    }
    bad_fields(owner.transfers().begin_upload(request("a", "a b", 1)).await, &[("media_type", "FORMAT")]);
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_as_announced_becomes_no_file() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let content = Content::pdf(3_000);
    // Another content: it begins anew. Another type: what begins as HTML is no PDF.
    let upload = owner.begin_upload(&revision, "a.pdf", &content).await.expect("begun").id;
    owner.send(&upload, &Content::new(3_000, b"%PDF-2.0"), 0..3_000).await.expect("sent");
    refused(owner.finish_upload(&upload).await, Reason::UPLOAD_DIFFERS);
    assert_eq!(owner.upload(&upload).await.expect("an upload").offset_bytes, 0);
    let page = owner.send(&upload, &Content::new(3_000, b"<html><script>"), 0..3_000).await;
    bad_fields(page, &[("data", "MEDIA_TYPE")]);
    // A small file has to fit, too, whole at once or in pieces.
    let small = Content::new(100, b"<html><script>");
    let upload_small = owner.begin_upload(&revision, "small.pdf", &small).await.expect("begun").id;
    bad_fields(owner.send(&upload_small, &small, 0..100).await, &[("data", "MEDIA_TYPE")]);
    owner.send(&upload_small, &small, 0..50).await.expect("a piece");
    owner.send(&upload_small, &small, 50..100).await.expect("the rest");
    bad_fields(owner.finish_upload(&upload_small).await, &[("upload_id", "MEDIA_TYPE")]);
    assert_eq!(owner.upload(&upload_small).await.expect("an upload").offset_bytes, 0);
    let abort = AbortUploadRequest { request_id: request_id(), upload_id: upload_small };
    owner.transfers().abort_upload(abort).await.expect("given up");
    // More than was announced, and chunks of no or too many bytes.
    let more = Content::pdf(4_000);
    assert_eq!(owner.send(&upload, &more, 0..4_000).await.unwrap_err().code(), Code::InvalidArgument);
    let empty = UploadChunk { upload_id: upload.clone(), offset_bytes: 0, data: Default::default() };
    bad_fields(owner.transfers().upload_chunks(futures::stream::iter([empty])).await, &[("data", "SIZE")]);
    // Others' uploads are not there, and two streams do not mix.
    refused(supplier.session().send(&upload, &content, 0..10).await, Reason::NOT_FOUND);
    refused(supplier.session().upload(&upload).await, Reason::NOT_FOUND);
    owner.send(&upload, &content, 0..3_000).await.expect("sent");
    owner.finish_upload(&upload).await.expect("a file");
    refused(owner.finish_upload(&upload).await, Reason::UPLOAD_ENDED);
    refused(owner.send(&upload, &content, 0..10).await, Reason::UPLOAD_ENDED);
    refused(owner.begin_upload(&revision, "a.pdf", &content).await, Reason::ALREADY_EXISTS);

    // Given up: it takes nothing more, and what arrived goes. A file goes from a draft alone.
    let given_up = owner.begin_upload(&revision, "b.pdf", &content).await.expect("begun").id;
    owner.send(&given_up, &content, 0..1_000).await.expect("sent");
    let abort = AbortUploadRequest { request_id: request_id(), upload_id: given_up.clone() };
    assert!(owner.transfers().abort_upload(abort).await.expect("given up").into_inner().ended);
    refused(owner.send(&given_up, &content, 1_000..2_000).await, Reason::UPLOAD_ENDED);
    until("the parts go", Duration::from_secs(30), async || (stored(world.files()).len() == 1).then_some(()))
        .await;
    let late = owner.begin_upload(&revision, "c.pdf", &content).await.expect("begun").id;
    let file = owner.put_file(&revision, "d.pdf", &content).await.expect("the same content again");
    let remove = |id: &str| RemoveFileRequest { request_id: request_id(), file_id: id.into() };
    owner.transfers().remove_file(remove(&file.id)).await.expect("removed");
    refused(owner.fetch(&file.id, 0, 0).await, Reason::NOT_FOUND);
    release(owner, &revision).await;
    refused(owner.send(&late, &content, 0..3_000).await, Reason::REVISION_STATE);
    refused(owner.begin_upload(&revision, "e.pdf", &content).await, Reason::REVISION_STATE);
    world.finish().await;
}

#[tokio::test]
async fn where_files_are_not_set_up_nobody_uploads() {
    let none = |config: &mut chassis::config::Config| config.resources.store = String::new();
    let world = World::with(Options { configure: none, ..Options::default() }).await;
    let firm = world.firm("无存储").await;
    let owner = firm.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    refused(owner.begin_upload(&revision, "a.pdf", &Content::pdf(10)).await, Reason::FILES_NOT_SET_UP);
    world.finish().await;
}

#[tokio::test]
async fn an_upload_that_stands_still_is_given_up() {
    let clock = chassis::clock::FixedClock::new(chassis::clock::system().now());
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let firm = world.firm("停滞").await;
    let owner = firm.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let content = Content::pdf(3_000);
    let upload = owner.begin_upload(&revision, "a.pdf", &content).await.expect("begun").id;
    owner.send(&upload, &content, 0..1_000).await.expect("sent");
    clock.advance(time::Duration::hours(23));
    owner.send(&upload, &content, 1_000..2_000).await.expect("it waits a day from its last part");
    clock.advance(time::Duration::hours(25));
    refused(owner.send(&upload, &content, 2_000..3_000).await, Reason::UPLOAD_ENDED);
    until("its bytes go", Duration::from_secs(60), async || stored(world.files()).is_empty().then_some(()))
        .await;
    assert!(owner.upload(&upload).await.expect("an upload").ended);
    world.finish().await;
}
