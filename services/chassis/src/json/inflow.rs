//! A request's body on its way in: unpacked, cut at its limit, and turned into gRPC's frames when somebody behind the
//! gate reads it. A body that cannot be read fails with a status, which tonic hands through to the caller.

use std::io::Write as _;

use axum::body::Body;
use bytes::{Buf as _, Bytes, BytesMut};
use flate2::write::GzDecoder;
use futures::stream;
use http_body_util::BodyExt as _;
use prost_reflect::MessageDescriptor;
use tonic::Status;

use super::{Shape, contract::Rpc, read};
use crate::{Error, Reason, Result};

/// JSON repeats names and writes bytes in base64: the text may be so many times as large as the message that it means,
/// which itself is held to the limit of its method.
pub(super) const TEXT: usize = 2;
/// Packed data is unpacked in bites, each of which may grow a thousandfold.
const BITE: usize = 4 * 1024;

/// The frames that a JSON body means.
pub(super) fn grpc(rpc: Rpc, body: Body, shape: Shape, gzip: bool) -> Body {
    let max = rpc.limits.request_bytes.saturating_mul(TEXT);
    let source = Source { body, packed: Bytes::new(), decoder: gzip.then(|| GzDecoder::new(Vec::new())) };
    let input = rpc.method.input();
    match shape {
        Shape::Lines => {
            Body::from_stream(stream::unfold(Some(Lines::new(source, input, max)), |lines| async {
                let mut lines = lines?;
                match lines.next().await {
                    Ok(None) => None,
                    Ok(Some(frame)) => Some((Ok(frame), Some(lines))),
                    Err(error) => Some((Err(Status::from(error)), None)),
                }
            }))
        }
        _ => Body::from_stream(stream::once(async move {
            let text = source.whole(max).await.map_err(Status::from)?;
            read::read(&input, &text).map(|message| frame(&message)).map_err(Status::from)
        })),
    }
}

/// A message behind its prefix.
fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.extend_from_slice(&[0]);
    // A request is far smaller than 4 GiB by its limit.
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(message);
    frame.freeze()
}

fn too_large() -> Error {
    Error::new(Reason::REQUEST_TOO_LARGE)
}

/// The body's bytes, unpacked.
struct Source {
    body: Body,
    /// What came and was not unpacked yet.
    packed: Bytes,
    decoder: Option<GzDecoder<Vec<u8>>>,
}

impl Source {
    /// The next bytes, never none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(decoder) = &mut self.decoder
                && self.packed.has_remaining()
            {
                let bite = self.packed.split_to(self.packed.len().min(BITE));
                decoder.write_all(&bite).map_err(|_| broken())?;
                let plain = std::mem::take(decoder.get_mut());
                if !plain.is_empty() {
                    return Ok(Some(plain.into()));
                }
                continue;
            }
            let Some(frame) = self.body.frame().await else { return self.rest() };
            // The client went away in the middle; nobody will read what this says.
            let frame = frame.map_err(|_| {
                Error::new(Reason::JSON_MALFORMED).message("the body ended before its announced length")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if self.decoder.is_some() {
                self.packed = data;
            } else if !data.is_empty() {
                return Ok(Some(data));
            }
        }
    }

    /// What the decoder still holds at the end; a body that was cut is no body.
    fn rest(&mut self) -> Result<Option<Bytes>> {
        let Some(decoder) = self.decoder.take() else { return Ok(None) };
        let plain = decoder.finish().map_err(|_| broken())?;
        Ok((!plain.is_empty()).then(|| plain.into()))
    }

    /// Everything.
    async fn whole(mut self, max: usize) -> Result<Bytes> {
        if self.decoder.is_none() && http_body::Body::size_hint(&self.body).lower() > max as u64 {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > max {
                return Err(too_large());
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}

fn broken() -> Error {
    Error::new(Reason::JSON_MALFORMED).message("the body is not the gzip that its content-encoding says")
}

/// A message a line; empty lines keep a connection open and mean nothing.
struct Lines {
    source: Source,
    input: MessageDescriptor,
    max: usize,
    buffer: BytesMut,
    /// So far into the buffer there is no end of a line.
    seen: usize,
    line: usize,
    ended: bool,
}

impl Lines {
    fn new(source: Source, input: MessageDescriptor, max: usize) -> Self {
        Self { source, input, max, buffer: BytesMut::new(), seen: 0, line: 0, ended: false }
    }

    /// The next line's frame.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let end = self.buffer[self.seen..].iter().position(|byte| *byte == b'\n');
            let line = match end {
                Some(end) => self.buffer.split_to(self.seen + end + 1),
                None if self.ended && self.buffer.is_empty() => return Ok(None),
                None if self.ended => self.buffer.split(),
                None => {
                    self.seen = self.buffer.len();
                    match self.source.next().await? {
                        Some(bytes) => self.buffer.extend_from_slice(&bytes),
                        None => self.ended = true,
                    }
                    if self.buffer.len() > self.max.saturating_add(BITE * 1100) {
                        return Err(too_large());
                    }
                    continue;
                }
            };
            self.seen = 0;
            self.line += 1;
            if line.len() > self.max {
                return Err(too_large().with("record", self.line));
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return match read::read(&self.input, &line) {
                Ok(message) => Ok(Some(frame(&message))),
                Err(error) => Err(error.with("record", self.line)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};
    use prost::Message as _;
    use proto::orders::GetOrderRequest;
    use tonic_types::StatusExt as _;

    use super::*;
    use crate::json::contract::Contract;

    fn rpc() -> Rpc {
        Contract::load().unwrap().rpc("/tandem.orders.v1.OrderService/GetOrder").unwrap().clone()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The reason why a body was refused, or the orders that its frames ask for.
    async fn orders(body: Body, shape: Shape, gzip: bool) -> Result<Vec<String>, String> {
        let mut frames = match grpc(rpc(), body, shape, gzip).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) => {
                let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                let status = tonic::Status::from_error(error);
                return Err(status.get_details_error_info().unwrap().reason);
            }
        };
        let mut orders = Vec::new();
        while frames.has_remaining() {
            assert_eq!(frames.get_u8(), 0);
            let len = frames.get_u32() as usize;
            orders.push(GetOrderRequest::decode(frames.split_to(len)).unwrap().order_id);
        }
        Ok(orders)
    }

    /// A body that comes in pieces.
    fn pieces(text: &[u8], size: usize) -> Body {
        let pieces: Vec<_> = text.chunks(size).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_body_is_read_however_it_comes() {
        let text = br#"{"orderId": "a"}"#;
        for size in [1, 7, 100] {
            assert_eq!(orders(pieces(text, size), Shape::One, false).await.unwrap(), ["a"]);
            assert_eq!(orders(pieces(&packed(text), size), Shape::One, true).await.unwrap(), ["a"]);
            let lines = b"{\"orderId\": \"a\"}\n\n  \r\n{}\n{\"orderId\":\"c\"}";
            assert_eq!(orders(pieces(lines, size), Shape::Lines, false).await.unwrap(), ["a", "", "c"]);
            assert_eq!(
                orders(pieces(&packed(lines), size), Shape::Lines, true).await.unwrap(),
                ["a", "", "c"]
            );
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_cut_off_packed_or_not() {
        let large = format!("{{\"orderId\": \"{}\"}}", "x".repeat(3 << 20)).into_bytes();
        for shape in [Shape::One, Shape::Lines] {
            let refused = orders(Body::from(large.clone()), shape, false).await;
            assert_eq!(refused.unwrap_err(), "REQUEST_TOO_LARGE");
            assert_eq!(orders(pieces(&large, 10_000), shape, false).await.unwrap_err(), "REQUEST_TOO_LARGE");
            // Many megabytes of blanks in a few kilobytes.
            let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
            for _ in 0..32 {
                bomb.write_all(&[b' '; 1 << 20]).unwrap();
            }
            let bomb = bomb.finish().unwrap();
            assert!(bomb.len() < 1 << 20);
            assert_eq!(orders(Body::from(bomb), shape, true).await.unwrap_err(), "REQUEST_TOO_LARGE");
        }
    }

    #[tokio::test]
    async fn what_is_no_gzip_is_refused() {
        let text = packed(br#"{"orderId": "a"}"#);
        for bad in [&b"{}"[..], &text[..text.len() - 3], &[&text[..], b"{}"].concat()] {
            for shape in [Shape::One, Shape::Lines] {
                let refused = orders(Body::from(bad.to_vec()), shape, true).await;
                assert_eq!(refused.unwrap_err(), "JSON_MALFORMED", "{bad:?}");
            }
        }
    }
}
