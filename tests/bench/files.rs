//! A file over a link ÷ a plain axum server that streams the same bytes from the same disk to the same client; and beside it the
//! same over gRPC. One reader at a time, over loopback, the file in the system's cache for both.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use axum::{Router, body::Body, routing::get};
use harness::{
    Firm, World,
    file::{CHUNK, Content},
    request_id,
    resource::drawing,
};
use proto::resources::ReleaseRevisionRequest;
use tokio::io::AsyncReadExt as _;

use crate::{
    report::{Report, interleaved},
    scale::Scale,
};

const MEBIBYTES: usize = 256;
/// As large as what the product reads at once.
const READ_BYTES: usize = 256 * 1024;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world: World = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let mebibytes = scale.of(MEBIBYTES);
    let size = mebibytes * CHUNK;
    let file = file(&Content::pdf(size)).await?;
    let bare = plain(file.clone()).await?;
    let id = put(&buyer, &supplier, &Content::pdf(size)).await?;
    let link = supplier.link_to(&id, 3_600).await?;
    let over_http = async |url: &str| fetch(url, size).await;
    let theirs = format!("http://{bare}/");
    // Both once before it counts, so that both files are in memory.
    over_http(&link).await?;
    over_http(&theirs).await?;
    let (ours, limit) = (async || over_http(&link).await, async || over_http(&theirs).await);
    interleaved("file_download", report, scale, mebibytes, "MiB/s", ours, limit).await?;
    let (ours, limit) = (async || stream(&supplier, &id, size).await, async || over_http(&theirs).await);
    interleaved("file_download_grpc", report, scale, mebibytes, "MiB/s", ours, limit).await?;
    std::fs::remove_file(file)?;
    crate::finish(world).await
}

/// The same bytes in a file of their own.
async fn file(content: &Content) -> anyhow::Result<PathBuf> {
    use std::io::Write as _;
    let folder = harness::cluster::target().join("bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("file.bin");
    let mut out = std::fs::File::create(&path)?;
    for at in (0..content.size).step_by(CHUNK) {
        out.write_all(&content.chunk(at))?;
    }
    Ok(path)
}

/// A file that the reader may use; its id.
async fn put(owner: &Firm, reader: &Firm, content: &Content) -> anyhow::Result<String> {
    let resource = owner.publish_resource(drawing("文件")).await?;
    owner.grant_resource(&resource, &reader.id).await?;
    let revision_id = owner.drafted(&resource, "A").await;
    let file = owner.put_file(&revision_id, "file.pdf", content).await?.id;
    let request = ReleaseRevisionRequest { request_id: request_id(), revision_id, ..Default::default() };
    owner.revisions().release_revision(request).await?;
    Ok(file)
}

fn rate(size: usize, got: usize, started: Instant) -> anyhow::Result<f64> {
    anyhow::ensure!(got == size, "{got} of {size} bytes came");
    Ok(size as f64 / CHUNK as f64 / started.elapsed().as_secs_f64())
}

/// Mebibytes a second over HTTP.
async fn fetch(url: &str, size: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let started = Instant::now();
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut got = 0;
    while let Some(chunk) = response.chunk().await? {
        got += chunk.len();
    }
    rate(size, got, started)
}

/// Mebibytes a second over gRPC.
async fn stream(reader: &Firm, id: &str, size: usize) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut chunks = reader.open(id, 0, 0).await?;
    let mut got = 0;
    while let Some(chunk) = chunks.message().await? {
        got += chunk.data.len();
    }
    rate(size, got, started)
}

/// A server that does nothing but read a file.
async fn plain(path: PathBuf) -> anyhow::Result<SocketAddr> {
    let app = Router::new().route("/", get(move || whole(path.clone())));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn whole(path: impl AsRef<Path>) -> Body {
    let opened = tokio::fs::File::open(path).await.expect("the file");
    Body::from_stream(futures::stream::try_unfold(opened, |mut opened| async move {
        let mut bytes = vec![0; READ_BYTES];
        let read = opened.read(&mut bytes).await?;
        bytes.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((bytes, opened)))
    }))
}
