//! An answer on its way out: gRPC's frames and trailers as one JSON body, or as lines that are sent as they come.

use std::{io::Write as _, sync::Arc};

use axum::{body::Body, response::Response};
use bytes::{Buf as _, Bytes, BytesMut};
use flate2::{Compression, write::GzEncoder};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::{Code, Status};

use super::{
    Accepts, Shape,
    contract::{Contract, Rpc},
    failure, write,
};
use crate::{Error, Result};

/// Smaller answers are not worth packing.
const WORTH_PACKING: usize = 1024;

/// The HTTP answer that a gRPC answer means.
pub(super) async fn answer(
    contract: Arc<Contract>,
    rpc: &Rpc,
    response: Response,
    accepts: Accepts,
) -> Response {
    let (parts, body) = response.into_parts();
    let mut answer = match Status::from_header_map(&parts.headers).filter(|status| status.code() != Code::Ok)
    {
        Some(status) => failure::response(&status, Some(rpc)),
        None => {
            let frames = Frames { body, buffer: BytesMut::new(), ended: false };
            match accepts.shape {
                Shape::One => one(&contract, rpc, frames, accepts.gzip).await,
                shape => many(contract, rpc, frames, shape),
            }
        }
    };
    for (name, value) in &parts.headers {
        if passes(name) {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    answer
}

/// What of the gRPC answer's headers means something over HTTP.
fn passes(name: &HeaderName) -> bool {
    let ours = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRAILER, header::TE, header::DATE];
    !ours.contains(name) && !name.as_str().starts_with("grpc-")
}

async fn one(contract: &Contract, rpc: &Rpc, mut frames: Frames, gzip: bool) -> Response {
    let json = async {
        // An answer of one message whose status says no has no message.
        let message = frames.next().await?.unwrap_or_default();
        // Its status comes after it.
        while frames.next().await?.is_some() {}
        write::write(contract, &rpc.method.output(), &message).map_err(Status::from)
    };
    let mut json = match json.await {
        Ok(json) => json,
        Err(status) => return failure::response(&status, Some(rpc)),
    };
    json.push(b'\n');
    let packed = if gzip && json.len() >= WORTH_PACKING { pack(&json) } else { None };
    let is_packed = packed.is_some();
    let mut response = super::plain(StatusCode::OK, "application/json", packed.unwrap_or(json));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_packed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

pub(super) fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// Each message is its own piece of the body, sent as soon as it is there.
fn many(contract: Arc<Contract>, rpc: &Rpc, frames: Frames, shape: Shape) -> Response {
    let kind = match shape {
        Shape::Events => "text/event-stream",
        _ => "application/x-ndjson",
    };
    let rpc = rpc.clone();
    let lines = stream::unfold(Some(frames), move |frames| {
        let (contract, rpc) = (contract.clone(), rpc.clone());
        async move {
            let mut frames = frames?;
            let output = rpc.method.output();
            let line = match frames.next().await {
                Ok(None) => return None,
                Ok(Some(message)) => line(&contract, &output, &message, shape).map_err(Status::from),
                Err(status) => Err(status),
            };
            let (line, frames) = match line {
                Ok(line) => (line, Some(frames)),
                Err(status) => (last(&status, &rpc, shape), None),
            };
            Some((Ok::<_, std::convert::Infallible>(line), frames))
        }
    });
    let mut response = super::plain(StatusCode::OK, kind, Body::from_stream(lines));
    // nginx would hold lines back until its buffer is full.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn line(contract: &Contract, output: &MessageDescriptor, message: &Bytes, shape: Shape) -> Result<Bytes> {
    let json = write::write(contract, output, message)?;
    if shape != Shape::Events {
        return Ok([json.as_slice(), b"\n"].concat().into());
    }
    // A browser repeats the last id when it connects again.
    let cursor = DynamicMessage::decode(output.clone(), message.clone()).map_err(Error::internal)?;
    let cursor = cursor.get_field_by_name("cursor");
    let id = cursor.as_deref().and_then(|cursor| cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Ok([id.as_bytes(), b"data: ", json.as_slice(), b"\n\n"].concat().into())
}

fn last(status: &Status, rpc: &Rpc, shape: Shape) -> Bytes {
    let json = failure::line(status, rpc);
    match shape {
        Shape::Events => [b"event: error\ndata: ", json.as_slice(), b"\n\n"].concat().into(),
        _ => [json.as_slice(), b"\n"].concat().into(),
    }
}

/// The messages of a gRPC body, then its status.
struct Frames {
    body: Body,
    buffer: BytesMut,
    ended: bool,
}

impl Frames {
    /// The next message; `None` after the last where all went well.
    async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            if let Some(message) = self.message() {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            match self.body.frame().await {
                None => {
                    self.ended = true;
                }
                Some(Err(error)) => return Err(Error::internal(error).into()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => {
                        self.ended = true;
                        ended(frame.trailers_ref())?;
                    }
                },
            }
        }
    }

    fn message(&mut self) -> Option<Bytes> {
        // The first byte says whether it is packed, which nobody asked for.
        let size: [u8; 4] = self.buffer.get(1..5)?.try_into().ok()?;
        let end = usize::try_from(u32::from_be_bytes(size)).ok()?.checked_add(5)?;
        if self.buffer.len() < end {
            return None;
        }
        let mut frame = self.buffer.split_to(end);
        frame.advance(5);
        Some(frame.freeze())
    }
}

fn ended(trailers: Option<&HeaderMap>) -> Result<(), Status> {
    match trailers.and_then(Status::from_header_map) {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}
