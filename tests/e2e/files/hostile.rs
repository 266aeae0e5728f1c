//! Files that are meant to do harm where they are opened: nothing here opens them. Archives, drawings with scripts and whatever
//! else is sent stand as they are under their hash, and what a scanner refuses does not stand at all.

use std::io::Write as _;

use chassis::Reason;
use harness::{
    Access, Options, World,
    file::{CHUNK, Content},
    http::answer,
    refusal::{bad_fields, refused},
    request_id,
    resource::drawing,
    until,
};
use proto::resources::*;
use tonic::Status;

use super::{release, stored};

/// A file of these bytes in a draft.
async fn put(
    owner: &Access,
    revision_id: &str,
    file_name: &str,
    media_type: &str,
    bytes: &[u8],
) -> Result<RevisionFile, Status> {
    let begin = BeginUploadRequest {
        request_id: request_id(),
        revision_id: revision_id.into(),
        file_name: file_name.into(),
        media_type: media_type.into(),
        ..BeginUploadRequest::default()
    };
    let upload_id = owner.transfers().begin_upload(begin).await?.into_inner().id;
    let chunks: Vec<UploadChunk> = bytes
        .chunks(CHUNK)
        .enumerate()
        .map(|(number, data)| UploadChunk {
            upload_id: upload_id.clone(),
            offset_bytes: (number * CHUNK) as i64,
            data: data.to_vec().into(),
        })
        .collect();
    owner.transfers().upload_chunks(futures::stream::iter(chunks)).await?;
    owner.finish_upload(&upload_id).await
}

/// A zip of one entry, whatever it is called.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
    archive.write_all(content).expect("its content");
    archive.finish().expect("an archive").into_inner()
}

/// 64 MiB of zeros, each again in an archive: what it unfolds to is some thousand times its size.
fn bomb() -> Vec<u8> {
    let zeros = zip("0", &vec![0; 64 * CHUNK]);
    (0..16).fold(zeros, |inner, _| zip("lib.zip", &inner))
}

/// A tar of one symbolic link out of wherever it is unpacked.
fn tar_of_a_link() -> Vec<u8> {
    let mut block = [0_u8; 512];
    block[..4].copy_from_slice(b"link");
    block[100..108].copy_from_slice(b"0000777\0");
    block[156] = b'2';
    block[157..168].copy_from_slice(b"/etc/passwd");
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [block.to_vec(), vec![0; 1024]].concat()
}

#[tokio::test]
async fn what_is_sent_stands_as_it_is_and_is_never_opened() {
    let small = |config: &mut chassis::config::Config| config.resources.max_file_bytes = 4 * CHUNK as u64;
    let world = World::with(Options { configure: small, ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision = owner.drafted(&resource, "B").await;
    let nested = (0..50).fold(zip("a.txt", b"a"), |inner, _| zip("a.zip", &inner));
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>";
    let cases: [(&str, &str, &str, Vec<u8>); 7] = [
        ("slip.zip", "application/zip", "application/zip", zip("../../../etc/passwd", b"root")),
        ("absolute.zip", "application/zip", "application/zip", zip("/etc/cron.d/x", b"root")),
        ("42.zip", "application/zip", "application/zip", bomb()),
        ("nested.zip", "application/zip", "application/zip", nested),
        ("link.tar", "application/x-tar", "application/x-tar", tar_of_a_link()),
        ("a.svg", "image/svg+xml", "application/octet-stream", svg.to_vec()),
        ("a.html", "text/html", "application/octet-stream", b"<script>alert(1)</script>".to_vec()),
    ];
    let mut files = Vec::new();
    for (name, kind, _, bytes) in &cases {
        assert!(bytes.len() < CHUNK, "{name} is small as it is sent");
        files.push(
            put(owner, &revision, name, kind, bytes).await.unwrap_or_else(|why| panic!("{name}: {why}")),
        );
    }
    // What it says to be, it is not.
    let lie = put(owner, &revision, "b.pdf", "application/pdf", &zip("b", b"b")).await;
    bad_fields(lie, &[("upload_id", "MEDIA_TYPE")]);
    // One byte too many: said, and not said.
    let (most, more) = (Content::pdf(4 * CHUNK), Content::pdf(4 * CHUNK + 1));
    bad_fields(owner.begin_upload(&revision, "more.pdf", &more).await, &[("size_bytes", "RANGE")]);
    let unsaid = put(owner, &revision, "more.pdf", "", &more.bytes(0..more.size)).await;
    bad_fields(unsaid, &[("data", "LIMIT")]);
    let largest = owner.put_file(&revision, "most.pdf", &most).await.expect("as much as may be");
    release(owner, &revision).await;

    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for ((name, _, sent_as, bytes), file) in cases.iter().zip(&files) {
        let got =
            client.get(supplier.link_to(&file.id, 60).await.expect("a link")).send().await.expect("sent");
        let said = |header: &str| got.headers()[header].to_str().expect("text").to_owned();
        assert_eq!(said("content-type"), *sent_as, "{name}");
        assert!(said("content-disposition").starts_with("attachment; "), "{name}");
        assert!(said("content-security-policy").contains("sandbox"), "{name}");
        assert!(got.bytes().await.expect("bytes") == *bytes, "{name} comes as it was");
    }
    // Nothing stands but contents, each under its owner and hash: no name that anybody chose.
    let contents = format!("content/{}/", buyer.id);
    until(
        "what is no file goes, uploads that are open aside",
        std::time::Duration::from_secs(30),
        async || {
            let all = stored(world.files());
            let whole = all.iter().filter(|path| path.starts_with(&contents)).count();
            (whole == cases.len() + 1 && all.iter().all(|path| !path.contains("..") && path.is_ascii()))
                .then_some(())
        },
    )
    .await;
    // What was taken out of a draft is not to be had by a link that was made before.
    let draft = owner.drafted(&resource, "C").await;
    let gone = owner.put_file(&draft, "c.pdf", &Content::pdf(100)).await.expect("a file").id;
    let link = owner.link_to(&gone, 60).await.expect("a link");
    let remove = RemoveFileRequest { request_id: request_id(), file_id: gone };
    owner.transfers().remove_file(remove).await.expect("removed");
    assert_eq!(answer(client.get(&link)).await.status, 404);
    assert!(owner.fetch(&largest.id, 0, 0).await.expect("whole").len() == most.size);
    world.finish().await;
}

#[tokio::test]
async fn what_the_scanner_refuses_becomes_no_file() {
    let scanned = |config: &mut chassis::config::Config| {
        // It reads the first bytes alone and leaves, as scanners do that have seen enough.
        let looks = "case $(head -c 20 | tr -d '\\0') in *INFECTED*) exit 1;; *BROKEN*) exit 2;; esac";
        config.resources.scanner = ["/bin/sh", "-c", looks].map(String::from).to_vec();
    };
    let world = World::with(Options { configure: scanned, ..Options::default() }).await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let owner = firm.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let clean = owner.put_file(&revision, "a.pdf", &Content::pdf(3 * CHUNK)).await.expect("a file").id;
    assert_eq!(owner.fetch(&clean, 0, 0).await.expect("whole").len(), 3 * CHUNK);

    let infected = Content::new(3 * CHUNK, b"%PDF-1.7\nINFECTED\n");
    let upload = owner.begin_upload(&revision, "b.pdf", &infected).await.expect("begun").id;
    owner.send(&upload, &infected, 0..infected.size).await.expect("sent");
    refused(owner.finish_upload(&upload).await, Reason::CONTENT_REFUSED);
    refused(owner.finish_upload(&upload).await, Reason::UPLOAD_ENDED);
    refused(owner.send(&upload, &infected, 0..10).await, Reason::UPLOAD_ENDED);
    until("its bytes go", std::time::Duration::from_secs(30), async || {
        (stored(world.files()).len() == 1).then_some(())
    })
    .await;

    // A scanner that fails says nothing: the upload waits, and is no file.
    let unsure = Content::new(3_000, b"%PDF-1.7\nBROKEN\n");
    let upload = owner.begin_upload(&revision, "c.pdf", &unsure).await.expect("begun").id;
    owner.send(&upload, &unsure, 0..unsure.size).await.expect("sent");
    for _ in 0..2 {
        refused(owner.finish_upload(&upload).await, Reason::UNAVAILABLE);
        assert!(!owner.upload(&upload).await.expect("an upload").ended);
    }
    release(owner, &revision).await;
    let of = ListRevisionsRequest { resource_id: resource, ..ListRevisionsRequest::default() };
    let listed = owner.revisions().list_revisions(of).await.expect("listed").into_inner().revisions;
    assert_eq!(listed[0].files.iter().map(|file| &*file.id).collect::<Vec<_>>(), [&*clean]);
    world.finish().await;
}
