//! Servers in processes of their own, ours and a bare tonic server, so that what they take can be told from what their
//! clients take.

use std::{
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    process::{Child, Command},
    sync::atomic::{AtomicI64, Ordering},
};

use futures::{Stream, StreamExt as _};
use harness::{
    Access, World,
    chaos::{self, Process},
};
use proto::{
    event::Event,
    stream::{
        FeedEvent, GetHeadRequest, GetHeadResponse, SubscribeRequest, SubscribeResponse,
        stream_service_server::{StreamService, StreamServiceServer},
        subscribe_request::Start,
    },
};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status, Streaming};

/// The argument that makes this program the bare server.
pub const BARE_SERVER: &str = "bare-server";
/// Messages that a subscriber of the bare server may be behind.
const BEHIND: usize = 1_024;

/// Our stream service in a process of its own, on the database of a world.
pub struct Tandem {
    pub process: Process,
    folder: PathBuf,
}

impl Tandem {
    /// One that is started and bounds no firm; the name is that of the benchmark.
    pub async fn start(world: &World, name: &str) -> Self {
        let folder = chaos::folder(&format!("bench-{name}")).await;
        let mut process = Process::beside(world, &folder, "stream", &["stream", "partners"]).await;
        for limit in ["TANDEM_LIMITS__REQUESTS_PER_SECOND", "TANDEM_LIMITS__BURST"] {
            process.set(limit, "1000000".into());
        }
        process.start();
        Self { process, folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.process.api
    }

    pub fn pid(&self) -> anyhow::Result<u32> {
        self.process.pid().ok_or_else(|| anyhow::anyhow!("the stream service has ended"))
    }

    pub async fn finish(mut self) {
        self.process.kill().await;
        chaos::remove(&self.folder).await;
    }
}

/// A plain tonic server in a process of its own.
pub struct Bare {
    process: Child,
    pub address: SocketAddr,
}

impl Bare {
    /// One whose subscribers get a message at first and then nothing, unless a size is given: then each call of GetHead
    /// sends all of them an event with so many bytes.
    pub fn start(bytes: Option<usize>) -> anyhow::Result<Self> {
        let address = chaos::free();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(BARE_SERVER).env("BARE_ADDRESS", address.to_string());
        command.envs(bytes.map(|bytes| ("BARE_BYTES", bytes.to_string())));
        Ok(Self { process: command.spawn()?, address })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Opens a stream of what comes from now on, and waits for its first message.
pub async fn open(access: &Access) -> Result<Streaming<SubscribeResponse>, Status> {
    let request = SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
    let mut stream = access.stream().subscribe(request).await?.into_inner();
    stream.message().await?;
    Ok(stream)
}

/// What the bare server serves.
struct Broadcast {
    data: Vec<u8>,
    seq: AtomicI64,
    sender: Option<broadcast::Sender<SubscribeResponse>>,
}

#[tonic::async_trait]
impl StreamService for Broadcast {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

    async fn subscribe(
        &self,
        _request: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let first =
            futures::stream::iter([Ok(SubscribeResponse { live: true, ..SubscribeResponse::default() })]);
        Ok(Response::new(match &self.sender {
            None => Box::pin(first.chain(futures::stream::pending())),
            Some(sender) => {
                let messages = BroadcastStream::new(sender.subscribe());
                Box::pin(first.chain(
                    messages.map(|message| message.map_err(|behind| Status::data_loss(behind.to_string()))),
                ))
            }
        }))
    }

    async fn get_head(&self, _request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        if let Some(sender) = &self.sender {
            // Nobody listens before the first subscriber.
            let _ = sender.send(self.message());
        }
        Ok(Response::new(GetHeadResponse::default()))
    }
}

impl Broadcast {
    /// A message with the fields that ours have.
    fn message(&self) -> SubscribeResponse {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        let cursor = "c".repeat(80);
        let event = Event {
            id: crate::bare::new_id().to_string(),
            source: "tandem/orders".into(),
            r#type: "tandem.orders.order.published.v1".into(),
            subject: format!("orders/{}", crate::bare::new_id()),
            time: Some(chassis::value::timestamp(chassis::clock::system().now())),
            data: self.data.clone().into(),
            data_sha256: vec![0; 32].into(),
            version: seq,
            ..Event::default()
        };
        let entry = FeedEvent {
            event: Some(event),
            seq,
            chain: vec![0; 32].into(),
            cursor: cursor.clone(),
            last_of_command: true,
        };
        SubscribeResponse { events: vec![entry], cursor, seq, live: false }
    }
}

/// Serves [`Broadcast`] until it is killed.
pub async fn bare_server() -> anyhow::Result<()> {
    let told = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let address: SocketAddr = told("BARE_ADDRESS").unwrap_or_default().parse()?;
    let bytes: Option<usize> = told("BARE_BYTES").map(|bytes| bytes.parse()).transpose()?;
    let service = Broadcast {
        data: vec![0; bytes.unwrap_or_default()],
        seq: AtomicI64::new(1),
        sender: bytes.map(|_| broadcast::channel(BEHIND).0),
    };
    tonic::transport::Server::builder().add_service(StreamServiceServer::new(service)).serve(address).await?;
    Ok(())
}
