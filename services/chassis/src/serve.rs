//! How a listener is served: our own accept loop over hyper, since neither axum's nor tonic's sets the limits that
//! the internet asks for. HTTP/1.1 and HTTP/2 share the port.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use futures::stream::{FuturesUnordered, StreamExt as _};
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use crate::config::Limits;

/// How long a client may take to say which HTTP it speaks.
const GREETING: Duration = Duration::from_secs(10);
/// What HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Stands in the extensions of each request: cancelled when its connection has become old enough to be let go. A stream that
/// is open for ever ends then, or the connection would never go.
#[derive(Clone, Debug, Default)]
pub struct Leaving(pub CancellationToken);

/// Serves until `shutdown`, then lets open requests end for `limits.drain_s`. The caller owns the listener and the
/// token, so that tests bind port 0 and several listeners share one process.
pub async fn serve(listener: TcpListener, app: Router, limits: &Limits, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let builder = Arc::new(http(limits));
    let connections = TaskTracker::new();
    // Of all listeners of the process.
    let open = metrics::gauge!("tandem_connections");
    let mut age = Ages::new(limits.connection_age_s);
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Out of file descriptors, or a peer that went away: later ones may do better.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            metrics::counter!("tandem_connections_refused_total").increment(1);
            continue;
        };
        let open = open.clone();
        let (app, builder, shutdown, age) = (app.clone(), builder.clone(), shutdown.clone(), age.next());
        connections.spawn(async move {
            open.increment(1.0);
            connection(socket, app, &builder, shutdown, age).await;
            open.decrement(1.0);
            drop(slot);
        });
    }
    drop(listener);
    connections.close();
    let drained = tokio::time::timeout(Duration::from_secs(limits.drain_s), connections.wait()).await;
    if drained.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut at the end of the drain");
    }
}

fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .max_pending_accept_reset_streams(Some(64))
        .max_local_error_reset_streams(Some(256))
        .max_header_list_size(32 * 1024)
        // hyper buffers up to 400 KiB for each stream by default; a stalled subscriber is to cost 16.
        .max_send_buf_size(16 * 1024)
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(10))
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024);
    builder
}

async fn connection(
    socket: TcpStream,
    app: Router,
    builder: &auto::Builder<TokioExecutor>,
    shutdown: CancellationToken,
    age: Duration,
) {
    let _ = socket.set_nodelay(true);
    let greeted = tokio::select! {
        () = shutdown.cancelled() => false,
        greeted = greets(&socket, GREETING) => greeted,
    };
    if !greeted {
        return;
    }
    let leaving = Leaving(CancellationToken::new());
    let inside = leaving.clone();
    let app = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(inside.clone());
        request
    });
    let served = builder.serve_connection_with_upgrades(TokioIo::new(socket), TowerToHyperService::new(app));
    let mut served = std::pin::pin!(served);
    let leave = async {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(age) => {}
        }
    };
    // Looked at only when it says so, and not for each message that the connection carries.
    let mut leave = FuturesUnordered::from_iter([leave]);
    let ended = tokio::select! {
        biased;
        result = served.as_mut() => Some(result),
        _ = leave.next() => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            leaving.0.cancel();
            // HTTP/2 says GOAWAY and HTTP/1 closes after the running request.
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Whether the client says in time which HTTP it speaks, for which hyper would wait without end. Takes nothing from the
/// socket.
async fn greets(socket: &TcpStream, within: Duration) -> bool {
    let greeting = async {
        let mut seen = [0; PREFACE.len()];
        loop {
            let n = socket.peek(&mut seen).await.unwrap_or(0);
            if n == 0 || n == PREFACE.len() || !PREFACE.starts_with(&seen[..n]) {
                return n > 0;
            }
            // A part of the preface was seen, which would be seen again at once.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(within, greeting).await.unwrap_or(false)
}

/// Ages of connections, spread by a fifth, so that clients that came together do not leave together.
struct Ages {
    seconds: u64,
    started: Instant,
    count: u64,
}

impl Ages {
    fn new(seconds: u64) -> Self {
        Self { seconds, started: Instant::now(), count: 0 }
    }

    fn next(&mut self) -> Duration {
        self.count += 1;
        let spread = (self.seconds / 5).max(1);
        let step =
            self.count.wrapping_mul(0x9e37_79b9).wrapping_add(self.started.elapsed().subsec_nanos().into());
        Duration::from_secs(self.seconds.saturating_sub(spread) + step % (2 * spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn who_says_nothing_in_time_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let short = Duration::from_millis(100);
        for (said, greets_us) in [
            (&PREFACE[..], true),
            (b"POST / HTTP/1.1\r\n", true),
            (b"PRIVATE", true),
            (b"", false),
            (&PREFACE[..1], false),
            (&PREFACE[..23], false),
        ] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (socket, _) = listener.accept().await.unwrap();
            client.write_all(said).await.unwrap();
            assert_eq!(greets(&socket, short).await, greets_us, "{}", String::from_utf8_lossy(said));
        }
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        drop(client);
        assert!(!greets(&socket, Duration::from_secs(60)).await, "it went away");
    }

    #[test]
    fn connections_that_came_together_leave_apart() {
        let mut ages = Ages::new(3600);
        let mut all: Vec<u64> = (0..100).map(|_| ages.next().as_secs()).collect();
        assert!(all.iter().all(|age| (2880..4320).contains(age)), "{all:?}");
        all.sort_unstable();
        all.dedup();
        assert!(all.len() > 50, "{} ages of 100", all.len());
    }
}
