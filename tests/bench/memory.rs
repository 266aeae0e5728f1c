//! Memory of the server's process: of an idle subscriber against a bare tonic stream, and of everything when nothing
//! happens.

use std::{
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures::Stream;
use harness::{World, cluster};
use proto::stream::{
    GetHeadRequest, GetHeadResponse, SubscribeRequest, SubscribeResponse,
    stream_service_client::StreamServiceClient,
    stream_service_server::{StreamService, StreamServiceServer},
    subscribe_request::Start,
};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Endpoint},
};

use crate::report::{Report, resident_kib};

/// The argument that makes this program the bare server.
pub const BARE_SERVER: &str = "bare-server";
/// Streams that share a connection in the multiplexed case.
const SHARED: usize = 100;

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Idle subscribers, ours and bare: 5,000 that share connections, 2,000 with one each.
pub async fn streams(report: &mut Report) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, _) = world.pair().await;
    for (name, count, shared) in [("multiplexed", 5_000, SHARED), ("one_a_connection", 2_000, 1)] {
        let ours = {
            let server = tandem_stream(&world).await?;
            per_stream(&server, Some(buyer.token()), count, shared).await?
        };
        let bare = {
            let server = spawn_bare()?;
            per_stream(&server, None, count, shared).await?
        };
        let line =
            format!("{ours:.1} KiB an idle subscriber, bare tonic {bare:.1} KiB, ratio {:.2}", ours / bare);
        let figure =
            serde_json::json!({ "ours_kib": ours, "bare_kib": bare, "ratio": ours / bare, "streams": count });
        report.add(&format!("idle_stream_{name}"), &line, figure);
    }
    crate::finish(world).await
}

/// Everything in one process, with the sandbox inside and nobody there.
pub async fn idle(report: &mut Report) -> anyhow::Result<()> {
    let dir = std::env::temp_dir().join(format!("tandem-bench-{}", std::process::id()));
    let ports = ["--api", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
    let mut process = Command::new(binary()?)
        .arg("dev")
        .arg("--data")
        .arg(&dir)
        .args(ports)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ready = dir.join("sandbox.json");
    harness::until("tandem dev is ready", Duration::from_secs(60), async || ready.exists().then_some(()))
        .await;
    // What start-up left for the allocator settles while nothing happens.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mib = resident_kib(process.id())? as f64 / 1024.0;
    let stopped = Command::new("kill").arg(process.id().to_string()).status();
    process.wait()?;
    stopped?;
    let _ = std::fs::remove_dir_all(&dir);
    report.add("idle", &format!("{mib:.0} MiB resident, Postgres apart"), serde_json::json!({ "mib": mib }));
    Ok(())
}

/// The release binary; builds it where it is missing.
fn binary() -> anyhow::Result<PathBuf> {
    let built = Command::new("cargo")
        .args(["build", "--release", "-p", "tandem"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("SQLX_OFFLINE", "true")
        .status()?;
    anyhow::ensure!(built.success(), "the release binary does not build");
    Ok(cluster::target().join("release/tandem"))
}

/// The stream service in a process of its own, over the world's database.
async fn tandem_stream(world: &World) -> anyhow::Result<Server> {
    let cluster = cluster::get().await;
    let address = free_address()?;
    let process = Command::new(binary()?)
        .args(["serve", "stream", "partners"])
        .env("TANDEM_DATABASE__APP_URL", cluster.url("tandem_app", world.database()))
        .env("TANDEM_DATABASE__STREAM_URL", cluster.url("tandem_stream", world.database()))
        .env("TANDEM_KEYS__CURRENT", "42".repeat(32))
        .env("TANDEM_API__LISTEN", address.to_string())
        .env("TANDEM_METRICS__LISTEN", free_address()?.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Server { process, address })
}

fn spawn_bare() -> anyhow::Result<Server> {
    let address = free_address()?;
    let process = Command::new(std::env::current_exe()?)
        .arg(BARE_SERVER)
        .env("BARE_ADDRESS", address.to_string())
        .spawn()?;
    Ok(Server { process, address })
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// KiB that one idle stream costs the server.
async fn per_stream(
    server: &Server,
    token: Option<&str>,
    count: usize,
    shared: usize,
) -> anyhow::Result<f64> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address))?;
    let first = harness::until("the server answers", Duration::from_secs(30), async || {
        let channel = endpoint.connect().await.ok()?;
        open(&channel, token).await.ok()
    })
    .await;
    let before = resident_kib(server.process.id())?;
    let mut held: Vec<(Channel, Streaming<SubscribeResponse>)> = Vec::with_capacity(count);
    let mut channel = endpoint.connect().await?;
    for i in 0..count {
        if i % shared == 0 && i > 0 {
            channel = endpoint.connect().await?;
        }
        held.push((channel.clone(), open(&channel, token).await?));
    }
    let after = resident_kib(server.process.id())?;
    drop(first);
    Ok((after - before) as f64 / count as f64)
}

/// Opens a stream and waits for its first message, so that it is idle.
async fn open(channel: &Channel, token: Option<&str>) -> Result<Streaming<SubscribeResponse>, Status> {
    let mut request =
        Request::new(SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() });
    if let Some(bearer) = token.and_then(|token| format!("Bearer {token}").parse().ok()) {
        request.metadata_mut().insert("authorization", bearer);
    }
    let mut stream = StreamServiceClient::new(channel.clone()).subscribe(request).await?.into_inner();
    stream.message().await?;
    Ok(stream)
}

/// A tonic server with nothing in it but the stream: one message, then silence.
struct Bare;

#[tonic::async_trait]
impl StreamService for Bare {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

    async fn subscribe(
        &self,
        _request: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let first =
            futures::stream::iter([Ok(SubscribeResponse { live: true, ..SubscribeResponse::default() })]);
        let stream = futures::StreamExt::chain(first, futures::stream::pending());
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_head(&self, _request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        Ok(Response::new(GetHeadResponse::default()))
    }
}

/// Serves [`Bare`] until it is killed.
pub async fn bare_server() -> anyhow::Result<()> {
    let given = std::env::var_os("BARE_ADDRESS").unwrap_or_default();
    let address: SocketAddr = given.to_string_lossy().parse()?;
    tonic::transport::Server::builder().add_service(StreamServiceServer::new(Bare)).serve(address).await?;
    Ok(())
}
