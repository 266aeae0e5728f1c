//! Bytes of an upload over plain HTTP, for whoever has an API key and curl: the body of a PUT, from its beginning or from where
//! `Content-Range` says that it goes on. The upload is begun and finished by the methods of TransferService, in JSON.

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use chassis::{Error, Reason, Result, caller::Caller, json, parts};
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use proto::{access::Permission, resources::UploadChunk};
use tonic::{Code, Status};

use crate::{convert::transfer::CHUNK_BYTES, files::Files, receive};

/// Takes the body in.
pub(super) async fn put(
    State(files): State<Files>,
    Path(upload): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let at = begins_at(&headers);
    let (caller, at) = match (caller(&files, &headers).await, at) {
        (Ok(caller), Ok(at)) => (caller, at),
        (Err(error), _) | (_, Err(error)) => return refused(&Status::from(error)),
    };
    let received = tokio::spawn(receive::run(files, caller, chunks(upload, at, body).boxed()));
    match received.await.map_err(|error| Status::from(Error::internal(error))) {
        Ok(Ok(upload)) => answer(&serde_json::json!({
            "id": upload.id,
            "offsetBytes": upload.offset_bytes.to_string(),
            "sizeBytes": upload.size_bytes.to_string(),
        })),
        Ok(Err(status)) | Err(status) => refused(&status),
    }
}

/// Who sends it: exactly one credential, which may publish.
async fn caller(files: &Files, headers: &HeaderMap) -> Result<Caller> {
    let mut tokens = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (tokens.next(), tokens.next()) {
        (Some(one), None) => one.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")),
        _ => None,
    };
    let token = token.ok_or_else(|| Error::new(Reason::UNAUTHENTICATED))?;
    let caller = files.context.deps.resolver.resolve(token).await?;
    if !caller.may(Permission::ResourcesPublish) {
        return Err(Error::new(Reason::PERMISSION_DENIED));
    }
    // Nothing of this passes the gate.
    files.context.deps.rates.take(&caller)?;
    Ok(caller)
}

/// Where the body begins.
fn begins_at(headers: &HeaderMap) -> Result<i64> {
    let Some(range) = headers.get(header::CONTENT_RANGE) else { return Ok(0) };
    let first = range.to_str().ok().and_then(first_byte);
    first.ok_or_else(|| {
        Error::field(
            "content-range",
            "FORMAT",
            "must look like bytes 1048576-2097151/4194304; a * for what is not known",
        )
    })
}

/// The first byte of `bytes 0-9/10` or `bytes 0-9/*` (RFC 9110, section 14.4). The body says itself where it ends.
fn first_byte(range: &str) -> Option<i64> {
    let (first, rest) = range.strip_prefix("bytes ")?.split_once('-')?;
    let (last, size) = rest.split_once('/')?;
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<i64>().ok(),
        false => None,
    };
    let (first, last) = (number(first)?, number(last)?);
    let within = size == "*" || number(size).is_some_and(|size| last < size);
    (first <= last && within).then_some(first)
}

/// The body as chunks of an upload, none larger than the service takes. A body that breaks off is a stream that does.
fn chunks(
    upload_id: String,
    from: i64,
    body: Body,
) -> impl Stream<Item = std::result::Result<UploadChunk, Status>> {
    let pieces = body.into_data_stream().flat_map(|piece| match piece {
        Ok(bytes) => stream::iter(parts::cut(bytes, CHUNK_BYTES).into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => {
            let mut cut_off = Error::new(Reason::UNAVAILABLE);
            cut_off.source = Some(anyhow::Error::new(error).context("a body that broke off"));
            stream::iter(vec![Err(Status::from(cut_off))])
        }
    });
    pieces.scan((from, upload_id), |(at, upload_id), piece| {
        let chunk = piece.map(|data| {
            let chunk = UploadChunk { upload_id: upload_id.clone(), offset_bytes: *at, data };
            *at += chunk.data.len() as i64;
            chunk
        });
        futures::future::ready(Some(chunk))
    })
}

/// A refusal as the JSON API words it, but that a body which begins elsewhere is a range that cannot be had.
fn refused(status: &Status) -> Response {
    let mut response = json::refusal(status);
    if status.code() == Code::OutOfRange {
        *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    }
    response
}

fn answer(body: &serde_json::Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, format!("{body}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_begins_where_its_range_says() {
        let table = [
            ("bytes 0-9/10", Some(0)),
            ("bytes 5-9/10", Some(5)),
            ("bytes 5-9/*", Some(5)),
            ("bytes 5-4/10", None),
            ("bytes 5-10/10", None),
            ("bytes -1-9/10", None),
            ("bytes */10", None),
            ("bytes 0-/10", None),
            ("bytes=0-9/10", None),
            ("bytes 0-99999999999999999999/*", None),
            ("", None),
        ];
        for (range, first) in table {
            assert_eq!(first_byte(range), first, "{range}");
        }
    }
}
