//! The same over a real S3-compatible server, versitygw, where there is one: on the PATH, or as `target/s3/versitygw`, where
//! `GOBIN=$PWD/target/s3 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0` puts it. Skipped, and said so, elsewhere.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use chassis::clock::FixedClock;
use harness::{
    Options, World, chaos, cluster,
    file::{CHUNK, Content},
    request_id,
    resource::drawing,
    tell, until,
};
use proto::resources::RemoveFileRequest;

use super::{release, stored};

const BUCKET: &str = "tandem";
const KEY: &str = "tandem-test-key";
const SECRET: &str = "tandem-test-secret";

/// Where the server of this run answers.
static ENDPOINT: OnceLock<String> = OnceLock::new();

/// The server's program.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::split_paths(&path).map(|folder| folder.join("versitygw"));
    let found = named.chain([cluster::target().join("s3/versitygw")]).find(|path| path.is_file());
    if found.is_none() {
        tell::skipped("no S3-compatible server here; the head of tests/e2e/files/s3.rs says how to get one");
    }
    found
}

/// A server over a folder with one bucket; killed when it is dropped.
struct Server(std::process::Child);

impl Server {
    async fn start(program: &Path, folder: &Path) -> Server {
        std::fs::create_dir_all(folder.join(BUCKET)).expect("a bucket");
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("a port").port();
        let port = format!("127.0.0.1:{free}");
        let mut command = Command::new(program);
        command.args(["--access", KEY, "--secret", SECRET, "--port", &port, "posix"]).arg(folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Server(child.expect("the server starts"));
        until("the server answers", Duration::from_secs(30), async || TcpStream::connect(&port).ok()).await;
        ENDPOINT.set(format!("http://{port}")).expect("one server a run");
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn files_stand_in_a_bucket() {
    let Some(program) = program() else { return };
    let folder = chaos::folder("files-s3").await;
    let server = Server::start(&program, &folder).await;
    let clock = FixedClock::new(chassis::clock::system().now());
    let configure = |config: &mut chassis::config::Config| {
        config.resources.store = format!("s3://{BUCKET}/firms/files");
        config.resources.s3_endpoint = ENDPOINT.get().expect("a server").clone();
        config.resources.s3_key = KEY.into();
        config.resources.s3_secret = SECRET.into();
    };
    let world = World::with(Options { clock: clock.clone(), configure, ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision = owner.drafted(&resource, "B").await;

    // Cut, gone on with, and put together out of more than one part of S3's.
    let content = Content::pdf(11 * CHUNK + 321);
    let upload = owner.begin_upload(&revision, "支架 B.pdf", &content).await.expect("begun").id;
    owner.send(&upload, &content, 0..3 * CHUNK + 7).await.expect("the beginning");
    owner.resume(&upload, &content).await.expect("the rest");
    let file = owner.finish_upload(&upload).await.expect("a file");
    assert_eq!(file.sha256, content.sha256());
    let other = owner.put_file(&revision, "b.pdf", &Content::pdf(9_000)).await.expect("another").id;
    let same = owner.put_file(&revision, "c.pdf", &content).await.expect("the same content").id;
    let bucket = folder.join(BUCKET);
    let objects = || -> Vec<String> {
        let all = stored(&bucket);
        all.into_iter().filter(|name| name.starts_with("firms/files/")).collect()
    };
    let left = async |count: usize| {
        until("what nobody uses goes", Duration::from_secs(60), async || {
            (objects().len() == count).then_some(())
        })
        .await;
    };
    left(2).await;
    let hash: String = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("firms/files/content/{}/{}/{hash}", buyer.id, &hash[..2]);
    assert!(objects().contains(&path), "{:?}", objects());

    // What no file is made of goes, and nothing else.
    clock.advance(time::Duration::hours(25));
    for id in [&other, &same] {
        let request = RemoveFileRequest { request_id: request_id(), file_id: id.clone() };
        owner.transfers().remove_file(request).await.expect("removed");
    }
    left(1).await;
    release(owner, &revision).await;
    assert!(supplier.fetch(&file.id, 0, 0).await.expect("whole") == content.bytes(0..content.size));
    for (offset, length) in [(0, 1), (CHUNK as i64 - 1, 2), (5 * CHUNK as i64 + 3, 2 * CHUNK as i64)] {
        let got = supplier.fetch(&file.id, offset, length).await.expect("a part");
        assert!(got == content.bytes(offset as usize..(offset + length) as usize), "{offset} {length}");
    }
    let link = supplier.link_to(&file.id, 60).await.expect("a link");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let part = client.get(&link).header("range", "bytes=1048570-1048590").send().await.expect("an answer");
    assert_eq!(part.status().as_u16(), 206);
    assert!(part.bytes().await.expect("bytes") == content.bytes(1_048_570..1_048_591));
    world.finish().await;
    drop(server);
    chaos::remove(&folder).await;
}
