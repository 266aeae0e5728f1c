//! The way to servers of firms' own: one signed POST to one address, and what came of it.
//!
//! * [`address`]  what may be called: pure
//! * [`signature`]  how a receiver knows that it is us: pure
//!
//! **Invariant:** a name is looked up once for each attempt, refused where any of its addresses is not public, and the
//! connection goes to exactly the address that was looked at, so that a name cannot lead into our own network. No redirect is
//! followed, no proxy asked, nothing kept open. Time and memory of an attempt are bounded whatever the other side does.

pub mod address;
#[cfg(test)]
mod defect;
pub mod signature;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::{
    FutureExt as _,
    future::{BoxFuture, Either, select},
};
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use self::address::{Address, Fault, Host, Rules};

/// How long an attempt may take altogether.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long a name may take to be looked up when an address is saved.
const LOOK_UP: Duration = Duration::from_secs(5);
/// How much of an answer's head is read, and of its body, in bytes.
const HEAD_BYTES: usize = 16 * 1024;
const ANSWER_BYTES: usize = 16 * 1024;

/// Looks names up.
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a name.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Opens connections.
pub trait Connector: Send + Sync + 'static {
    /// A connection to this address and no other.
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<TcpStream>>;
}

/// The machine's own resolver and network.
pub struct Internet;

impl Resolver for Internet {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(
            async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) },
        )
    }
}

impl Connector for Internet {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect(to))
    }
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `retry-after`, as it came.
    pub retry_after: String,
    /// The first 16 KiB.
    pub body: Vec<u8>,
}

/// Why there is no answer. None of these says where the call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address may not be called, or leads nowhere.
    Address(Fault),
    /// Nobody takes a connection there.
    Unreachable,
    /// The certificate does not prove the host.
    Tls,
    /// Not in time.
    Timeout,
    /// No HTTP answer, or one with a head that is too large.
    Malformed,
    /// The answer broke off.
    Interrupted,
}

impl Failure {
    /// As it is told to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Failure::Address(fault) => fault.as_str(),
            Failure::Unreachable => "UNREACHABLE",
            Failure::Tls => "TLS",
            Failure::Timeout => "TIMEOUT",
            Failure::Malformed => "MALFORMED",
            Failure::Interrupted => "INTERRUPTED",
        }
    }
}

/// Calls servers of firms' own.
#[derive(Clone)]
pub struct Sender {
    rules: Arc<Rules>,
    resolver: Arc<dyn Resolver>,
    connector: Arc<dyn Connector>,
    tls: TlsConnector,
    /// What a worse sender would do.
    #[cfg(test)]
    defect: Option<defect::Defect>,
}

impl Sender {
    /// A sender over the internet, which trusts the web's certificate authorities whatever the machine trusts.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(rules: Rules) -> anyhow::Result<Self> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::with(rules, Arc::new(Internet), Arc::new(Internet), roots)
    }

    /// A sender by a resolver, connector and roots of one's own.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn with(
        rules: Rules,
        resolver: Arc<dyn Resolver>,
        connector: Arc<dyn Connector>,
        roots: RootCertStore,
    ) -> anyhow::Result<Self> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            rules: Arc::new(rules),
            resolver,
            connector,
            tls: TlsConnector::from(Arc::new(config)),
            #[cfg(test)]
            defect: None,
        })
    }

    /// Whether an address may be called, as far as one can say without calling it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self, text: &str) -> Result<(), Fault> {
        let address = Address::parse(text, &self.rules)?;
        timeout(LOOK_UP, self.look_up(&address)).await.unwrap_or(Err(Fault::NameUnknown)).map(|_| ())
    }

    /// Posts a message once.
    ///
    /// # Errors
    /// Where there is no answer, or not in 15 s; an answer of any status is one.
    pub async fn post(&self, text: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        timeout(TIMEOUT, self.attempt(text, headers, body)).await.unwrap_or(Err(Failure::Timeout))
    }

    async fn attempt(&self, text: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        let address = Address::parse(text, &self.rules).map_err(Failure::Address)?;
        let to = self.look_up(&address).await;
        #[cfg(test)]
        let to = defect::misled(self, &address, to).await;
        let to = to.map_err(Failure::Address)?;
        let stream = self.connector.connect(to).await.map_err(|_| Failure::Unreachable)?;
        let request = request(&address, headers, body)?;
        if !address.tls {
            return exchange(stream, request).await;
        }
        let name = match &address.host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::Tls)?,
            Host::Number(number) => ServerName::IpAddress((*number).into()),
        };
        // Boxed: a TLS connection is large, and most of the time nothing is sent.
        let stream = self.tls.connect(name, stream).boxed().await.map_err(|_| Failure::Tls)?;
        exchange(stream, request).await
    }

    async fn look_up(&self, address: &Address) -> Result<SocketAddr, Fault> {
        address.vet(&self.resolve(address).await?, &self.rules)
    }

    async fn resolve(&self, address: &Address) -> Result<Vec<IpAddr>, Fault> {
        match &address.host {
            Host::Number(number) => Ok(vec![*number]),
            Host::Name(name) => self.resolver.resolve(name).await.map_err(|_| Fault::NameUnknown),
        }
    }
}

fn request(address: &Address, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, Failure> {
    let malformed = |_| Failure::Address(Fault::Characters);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&address.path)
        .header(header::HOST, address.authority())
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(malformed)?;
    request.headers_mut().extend(headers);
    Ok(request)
}

/// Sends over a connection and reads what comes back.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Unreachable)?;
    let answer = async move {
        let response = sender.send_request(request).await.map_err(|error| match error.is_parse() {
            true => Failure::Malformed,
            false => Failure::Interrupted,
        })?;
        read(response).await
    };
    match select(Box::pin(answer), Box::pin(connection)).await {
        Either::Left((answer, _)) => answer,
        // The connection is at its end; what it brought is still to be read.
        Either::Right((_, answer)) => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, Failure> {
    let (head, mut incoming) = response.into_parts();
    let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES
        && let Some(frame) = incoming.frame().await
    {
        let frame = frame.map_err(|_| Failure::Interrupted)?;
        if let Some(part) = frame.data_ref() {
            body.extend_from_slice(&part[..part.len().min(ANSWER_BYTES - body.len())]);
        }
    }
    let retry_after = retry_after.unwrap_or_default().to_owned();
    Ok(Answer { status: head.status.as_u16(), retry_after, body })
}

#[cfg(test)]
mod tests;
