//! A proxy before Postgres that puts other text into statements on their way: a test runs the product's own statements with a
//! fault in them, and the product knows nothing of it.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::{JoinHandle, JoinSet},
};

/// Text of a statement, and what stands there instead.
pub type Change = (&'static str, &'static str);

/// The message that brings a statement: its name, its text, and the types of its parameters.
const PARSE: u8 = b'P';
const NUL: &[u8] = &[0];

/// The proxy, at an address of its own.
pub struct Altered {
    at: SocketAddr,
    met: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Altered {
    /// Carries connections without TLS to a Postgres, and changes each statement that has the text of all changes.
    pub async fn start(to: SocketAddr, changes: &'static [Change]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let met = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn(serve(listener, to, changes, met.clone()));
        Self { at, met, server }
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// How many statements were changed: 0 where the product's text is another one by now.
    pub fn met(&self) -> usize {
        self.met.load(Ordering::Relaxed)
    }
}

impl Drop for Altered {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, to: SocketAddr, changes: &'static [Change], met: Arc<AtomicUsize>) {
    // Dropped with the proxy, and its connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                connections.spawn(carry(client, to, changes, met.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection until a side ends it.
async fn carry(
    client: TcpStream,
    to: SocketAddr,
    changes: &'static [Change],
    met: Arc<AtomicUsize>,
) -> io::Result<()> {
    let server = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (mut from_server, to_server)) = (client.into_split(), server.into_split());
    let back = async move {
        let mut to_client = to_client;
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(ask(from_client, to_server, changes, &met), back)?;
    Ok(())
}

/// Passes on what a client says, message by message.
async fn ask(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    changes: &[Change],
    met: &AtomicUsize,
) -> io::Result<()> {
    // The first message alone has no kind.
    let hello = body(&mut from).await?;
    to.write_all(&framed(&hello)).await?;
    loop {
        let Ok(kind) = from.read_u8().await else { return to.shutdown().await };
        let mut message = body(&mut from).await?;
        if kind == PARSE
            && let Some(other) = altered(&message, changes)
        {
            met.fetch_add(1, Ordering::Relaxed);
            message = other;
        }
        to.write_all(&[&[kind][..], &framed(&message)].concat()).await?;
    }
}

/// The rest of a message after its length, which counts itself.
async fn body(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?.saturating_sub(4);
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body).await?;
    Ok(body)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("messages are small");
    [&length.to_be_bytes()[..], body].concat()
}

/// A statement with all changes; `None` where it has not the text of each.
fn altered(message: &[u8], changes: &[Change]) -> Option<Vec<u8>> {
    let mut parts = message.splitn(3, |byte| *byte == 0);
    let (name, text, types) = (parts.next()?, parts.next()?, parts.next()?);
    let mut text = String::from_utf8(text.to_vec()).ok()?;
    for (old, new) in changes {
        if !text.contains(old) {
            return None;
        }
        text = text.replace(old, new);
    }
    Some([name, NUL, text.as_bytes(), NUL, types].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_changed_that_has_the_text_of_all_changes() {
        let message = b"s1\0select a from b\0\0\x01\0\0\0\x17";
        let changed = altered(message, &[("a from", "c, a from"), ("from b", "from d")]);
        assert_eq!(changed.as_deref(), Some(&b"s1\0select c, a from d\0\0\x01\0\0\0\x17"[..]));
        assert_eq!(altered(message, &[("a from", "c from"), ("from e", "from d")]), None);
    }
}
