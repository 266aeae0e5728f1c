//! HTTP/2 frame by frame, for clients that behave as no library does.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// The code of a call that was not begun.
const REFUSED_STREAM: u32 = 7;
/// Longer than a server that ends a connection takes.
const SOON: Duration = Duration::from_secs(20);

/// A connection on which the preface and empty settings were sent.
pub struct Frames {
    socket: TcpStream,
}

impl Frames {
    /// Connects to a server.
    pub async fn open(at: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(at).await.expect("it listens");
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &[]));
        socket.write_all(&hello).await.expect("it reads");
        Self { socket }
    }

    /// Begins this many calls and takes each back at once, all in one breath.
    pub async fn begin_and_reset(&mut self, path: &str, calls: u32) {
        let block = headers(path);
        let mut bytes = Vec::new();
        for id in (0..calls).map(|n| 2 * n + 1) {
            bytes.extend(frame(HEADERS, END_HEADERS, id, &block));
            bytes.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
        }
        self.write(&bytes).await;
    }

    /// Begins this many calls in one breath, and says no more on them.
    pub async fn begin(&mut self, path: &str, calls: u32) {
        let block = headers(path);
        let ids = (0..calls).map(|n| 2 * n + 1);
        let bytes: Vec<u8> = ids.flat_map(|id| frame(HEADERS, END_HEADERS, id, &block)).collect();
        self.write(&bytes).await;
    }

    /// Reads until the server has refused to begin so many calls: which of them, the first being 1.
    pub async fn refused(&mut self, calls: usize) -> Vec<u32> {
        let mut refused = Vec::new();
        let read = async {
            while refused.len() < calls {
                let (kind, stream, payload) = self.next().await.expect("the connection stays");
                if kind == RST_STREAM && number(&payload) == REFUSED_STREAM {
                    refused.push(stream.div_ceil(2));
                }
            }
        };
        timeout(SOON, read).await.expect("the server refuses calls");
        refused
    }

    /// Begins one call whose headers never end: this many continuations of a kilobyte each.
    pub async fn headers_without_end(&mut self, path: &str, continuations: u32) {
        self.write(&frame(HEADERS, 0, 1, &headers(path))).await;
        // A literal field that is not indexed, named `x`, of 1,000 bytes: its length is 127 + 873, in two bytes more.
        let mut field = vec![0, 1, b'x', 0x7f, 0xe9, 0x06];
        field.extend([b'y'; 1_000]);
        for _ in 0..continuations {
            self.write(&frame(CONTINUATION, 0, 1, &field)).await;
        }
    }

    /// Sends this many pings, whose answers are not read meanwhile.
    pub async fn ping(&mut self, pings: u32) {
        let bytes: Vec<u8> = (0..pings).flat_map(|_| frame(PING, 0, 0, &[0; 8])).collect();
        self.write(&bytes).await;
    }

    /// Reads until the server ends the connection; the code of the GOAWAY that it said before, if it did.
    pub async fn ended(mut self) -> Option<u32> {
        let mut code = None;
        let read = async {
            while let Some((kind, _, payload)) = self.next().await {
                if kind == GOAWAY {
                    code = Some(number(&payload[4..]));
                }
            }
        };
        timeout(SOON, read).await.expect("the server ends the connection");
        code
    }

    /// The next frame's kind, stream and payload, until the connection ends. Settings are acknowledged.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.socket.read_exact(&mut head).await.ok()?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; len];
        self.socket.read_exact(&mut payload).await.ok()?;
        if head[3] == SETTINGS && head[4] & ACK == 0 {
            self.write(&frame(SETTINGS, ACK, 0, &[])).await;
        }
        Some((head[3], number(&head[5..]), payload))
    }

    /// What a server that has ended the connection does not read any more is nobody's fault.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes).await;
    }
}

/// The number of four bytes that these begin with.
fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().expect("four bytes"))
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A POST over HTTP as HPACK says it, without Huffman codes and without the dynamic table.
fn headers(path: &str) -> Vec<u8> {
    // Of the static table: `:method: POST`, `:scheme: http`; and the names of `:path`, `:authority`, `content-type`.
    let mut block = vec![0x83, 0x86];
    for (name, value) in
        [(&[0x04][..], path), (&[0x01][..], "localhost"), (&[0x0f, 0x10][..], "application/grpc")]
    {
        block.extend(name);
        block.push(u8::try_from(value.len()).ok().filter(|len| *len < 127).expect("a short value"));
        block.extend(value.as_bytes());
    }
    block
}
