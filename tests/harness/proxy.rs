//! A TCP proxy on loopback that does to connections what networks do: it cuts them, delays what they carry, and swallows it
//! for a while. Before several servers it is the plainest of balancers.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

/// Between two bytes that trickle.
const TRICKLE: Duration = Duration::from_secs(1);

/// What becomes of bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// They pass.
    Clear,
    /// Each piece waits before it passes.
    Slow(Duration),
    /// One byte passes a second.
    Trickle,
    /// Nothing passes, and nobody is told: connections stay open.
    Silent,
}

#[derive(Clone, Copy)]
struct State {
    weather: Weather,
    /// How often all connections were cut.
    cuts: usize,
}

/// The proxy, at an address of its own.
pub struct Proxy {
    at: SocketAddr,
    state: watch::Sender<State>,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Carries connections to this address, whether somebody listens there yet or not.
    pub async fn start(to: SocketAddr) -> Self {
        Self::among([to].into()).await
    }

    /// Carries each connection to the next of these that listens.
    pub async fn among(to: Arc<[SocketAddr]>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let state = watch::Sender::new(State { weather: Weather::Clear, cuts: 0 });
        let server = tokio::spawn(serve(listener, to, state.subscribe()));
        Self { at, state, server }
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// From now on.
    pub fn set(&self, weather: Weather) {
        self.state.send_modify(|state| state.weather = weather);
    }

    /// Ends every connection there is; new ones pass.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, to: Arc<[SocketAddr]>, state: watch::Receiver<State>) {
    // Dropped with the proxy, and its connections with it.
    let mut connections = JoinSet::new();
    let mut turn = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                turn += 1;
                connections.spawn(carry(client, to.clone(), turn, state.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection until a side ends it or it is cut.
async fn carry(client: TcpStream, to: Arc<[SocketAddr]>, turn: usize, state: watch::Receiver<State>) {
    let cuts = state.borrow().cuts;
    let mut cut = state.clone();
    let carried = async {
        let server = reach(&to, turn).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::try_join!(
            pass(from_client, to_server, state.clone()),
            pass(from_server, to_client, state.clone())
        )
    };
    tokio::select! {
        _ = carried => {}
        _ = cut.wait_for(|state| state.cuts != cuts) => {}
    }
}

/// Whoever listens, beginning with the one whose turn it is.
async fn reach(to: &[SocketAddr], turn: usize) -> io::Result<TcpStream> {
    let mut refused = io::Error::other("there is no address");
    for next in 0..to.len() {
        match TcpStream::connect(to[(turn + next) % to.len()]).await {
            Ok(server) => return Ok(server),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let seen = state.wait_for(|state| state.weather != Weather::Silent).await;
        let weather = seen.map_err(io::Error::other)?.weather;
        if let Weather::Slow(pause) = weather {
            tokio::time::sleep(pause).await;
        }
        if read == 0 {
            return to.shutdown().await;
        }
        let mut rest = &buffer[..read];
        while !rest.is_empty() && trickles(&state) {
            let (one, more) = rest.split_at(1);
            to.write_all(one).await?;
            rest = more;
            let _ = timeout(TRICKLE, state.wait_for(|state| state.weather != Weather::Trickle)).await;
        }
        to.write_all(rest).await?;
    }
}

fn trickles(state: &watch::Receiver<State>) -> bool {
    state.borrow().weather == Weather::Trickle
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        at
    }

    async fn heard(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_u8(7).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn connections_pass_wait_fall_silent_and_are_cut() {
        let proxy = Proxy::start(echo().await).await;
        let mut stream = TcpStream::connect(proxy.at()).await.expect("it is carried");
        assert_eq!(heard(&mut stream).await.expect("it passes"), 7);

        proxy.set(Weather::Slow(Duration::from_millis(60)));
        let since = Instant::now();
        assert_eq!(heard(&mut stream).await.expect("it passes"), 7);
        assert!(since.elapsed() >= Duration::from_millis(120), "there and back: {:?}", since.elapsed());

        proxy.set(Weather::Trickle);
        stream.write_all(b"ab").await.expect("it is taken");
        assert_eq!(stream.read_u8().await.expect("one passes"), b'a');
        let patience = Duration::from_millis(150);
        assert!(timeout(patience, stream.read_u8()).await.is_err(), "the next one waits");
        proxy.set(Weather::Clear);
        assert_eq!(stream.read_u8().await.expect("and goes on"), b'b');

        proxy.set(Weather::Silent);
        assert!(timeout(patience, heard(&mut stream)).await.is_err(), "nothing comes");
        proxy.set(Weather::Clear);
        assert_eq!(stream.read_u8().await.expect("it was only late"), 7);

        proxy.cut();
        assert!(heard(&mut stream).await.is_err(), "it is cut");
        let mut again = TcpStream::connect(proxy.at()).await.expect("others pass");
        assert_eq!(heard(&mut again).await.expect("it passes"), 7);
    }

    #[tokio::test]
    async fn nothing_is_carried_to_whom_does_not_listen() {
        let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let nobody = gone.local_addr().expect("an address");
        drop(gone);
        let proxy = Proxy::among([nobody, echo().await].into()).await;
        for _ in 0..4 {
            let mut stream = TcpStream::connect(proxy.at()).await.expect("it is carried");
            assert_eq!(heard(&mut stream).await.expect("somebody listens"), 7);
        }
    }
}
