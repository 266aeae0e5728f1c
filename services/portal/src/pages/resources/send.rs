//! Files on their way into a draft: as a form that a browser sends by itself, or in pieces by the page's script, which counts,
//! goes on where it was cut off, and says beforehand what the content hashes to. Either way they pass through, never kept here.

use axum::{
    body::Body,
    extract::{
        FromRequest, Multipart, Path, Query, Request,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chassis::{parts, secret::sha256};
use futures::{Stream, StreamExt as _, stream};
use proto::{
    access::Permission,
    resources::{
        AbortUploadRequest, BeginUploadRequest, FinishUploadRequest, GetUploadRequest, RevisionFile, Upload,
        UploadChunk,
    },
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{files, needs, revision, words};
use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page,
    session::Member,
};

/// The largest piece that the API takes.
const CHUNK_BYTES: usize = 1024 * 1024;
/// How much of a file is read after the API has refused it, so that the browser hears why.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;
/// How often it is asked whether a file has been put together; each time waits a minute.
const TURNS: usize = 15;
/// How often an upload is begun again where earlier ones of the same content have ended.
const UPLOADS: usize = 20;

/// A form with files, streamed through one after another.
pub async fn form(member: Member, Path(id): Path<String>, request: Request) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let broken = |error: MultipartError| Failure::malformed(error.status());
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|_| Failure::malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let (mut checked, mut sent, mut faults) = (false, 0, Vec::new());
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        match (part.name(), part.file_name().map(own_name)) {
            (Some("token"), None) => {
                let token = part.text().await.map_err(broken)?;
                member.app().tokens.check(Some(&member.token), &files::path(&id), &token)?;
                checked = true;
            }
            // The token stands first; nothing is taken before it.
            _ if !checked => return Err(Failure::form_expired()),
            (_, Some(name)) if !name.is_empty() => match one(&member, &id, &name, &mut part).await? {
                Ok(_) => sent += 1,
                Err(failure) => {
                    faults.push(fault(&member, &name, &failure));
                    drain(&mut part).await.map_err(broken)?;
                }
            },
            // A file field where nothing was chosen.
            _ => {}
        }
    }
    if faults.is_empty() && sent == 0 {
        faults.push(member.text().say(key::FILES_FAULT_NONE));
    }
    match faults.is_empty() {
        true => Ok(page::go(&format!("{}?done=uploaded", files::path(&id)))),
        false => files::wrong(&member, &id, faults).await,
    }
}

/// One file of a form; the inner error is how the API refused it.
async fn one(
    member: &Member,
    revision_id: &str,
    name: &str,
    part: &mut Field<'_>,
) -> Result<Result<RevisionFile, Failure>, Failure> {
    let kind = part.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let request = BeginUploadRequest {
        // Of its own each time: what was cut off cannot be told from another content.
        request_id: member.app().clock.id().to_string(),
        revision_id: revision_id.to_owned(),
        file_name: name.to_owned(),
        media_type: kind.to_owned(),
        ..BeginUploadRequest::default()
    };
    let mut client = member.app().api.transfers();
    let upload = match client.begin_upload(member.call(request)).await {
        Ok(upload) => upload.into_inner(),
        Err(status) => return Ok(Err(status.into())),
    };
    let (out, chunks) = mpsc::channel(1);
    let sending = client.upload_chunks(member.call_openly(ReceiverStream::new(chunks)));
    let (taken, read) = tokio::join!(sending, pass_on(part, &upload.id, out));
    let refused = match (taken, read) {
        (Ok(_), Ok(())) => match finish(member, &upload.id).await {
            Ok(file) => return Ok(Ok(file)),
            Err(failure) => Ok(failure),
        },
        (Err(status), Ok(())) => Ok(status.into()),
        // The browser has gone.
        (_, Err(error)) => Err(Failure::malformed(error.status())),
    };
    let request =
        AbortUploadRequest { request_id: member.app().clock.id().to_string(), upload_id: upload.id };
    if let Err(status) = client.abort_upload(member.call(request)).await {
        tracing::debug!(code = ?status.code(), "an upload was not given up; it ends by itself");
    }
    refused.map(Err)
}

/// Hands a file's bytes over as they come, until the API takes no more.
async fn pass_on(
    part: &mut Field<'_>,
    upload_id: &str,
    out: mpsc::Sender<UploadChunk>,
) -> Result<(), MultipartError> {
    let mut at = 0;
    while let Some(bytes) = part.chunk().await? {
        for data in parts::cut(bytes, CHUNK_BYTES) {
            let (offset_bytes, length) = (at, data.len() as i64);
            let chunk = UploadChunk { upload_id: upload_id.to_owned(), offset_bytes, data };
            if out.send(chunk).await.is_err() {
                return Ok(());
            }
            at += length;
        }
    }
    Ok(())
}

async fn drain(part: &mut Field<'_>) -> Result<(), MultipartError> {
    let mut left = DRAINED_BYTES;
    while let Some(bytes) = part.chunk().await? {
        let Some(rest) = left.checked_sub(bytes.len()) else { return Ok(()) };
        left = rest;
    }
    Ok(())
}

/// Makes a file of what arrived, which may take longer than one call.
async fn finish(member: &Member, upload_id: &str) -> Result<RevisionFile, Failure> {
    let request =
        FinishUploadRequest { request_id: format!("finish-{upload_id}"), upload_id: upload_id.to_owned() };
    let mut turn = 0;
    loop {
        let call = member.call_patiently(request.clone());
        match member.app().api.transfers().finish_upload(call).await.map_err(Failure::from) {
            Err(failure) if failure.is("DEADLINE_EXCEEDED") && turn < TURNS => turn += 1,
            finished => return finished.map(tonic::Response::into_inner),
        }
    }
}

/// The file's own name; some browsers send folders along. Anything else that is wrong with it is refused, not repaired.
fn own_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

// ---- In pieces ----

/// The script's form token, which stands for the page of the revision's files.
fn check(member: &Member, id: &str, token: &str) -> Result<(), Failure> {
    needs(member, Permission::ResourcesPublish)?;
    member.app().tokens.check(Some(&member.token), &files::path(id), token).map(|_| ())
}

fn token_of(headers: &HeaderMap) -> &str {
    headers.get("x-form-token").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What the script is told: how things stand, or what is wrong in words.
fn told(member: &Member, name: &str, outcome: Result<serde_json::Value, Failure>) -> Response {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(failure) => {
            let status = failure.status();
            (status, json!({ "fault": fault(member, name, &failure), "reason": failure.reason }))
        }
    };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// Begins to send a file, or goes on with what was begun before. Says `done` where the draft has this very file.
pub async fn begin(member: Member, Path(id): Path<String>, fields: Fields) -> Response {
    let name = fields.get("name").to_owned();
    told(&member, &name, begun(&member, &id, &name, &fields).await)
}

async fn begun(member: &Member, id: &str, name: &str, fields: &Fields) -> Result<serde_json::Value, Failure> {
    check(member, id, fields.get("token"))?;
    let hash = hex::decode(fields.get("sha256")).unwrap_or_default();
    let there = revision(member, id).await?.files;
    if there.iter().any(|file| file.name == name && file.sha256 == hash) {
        return Ok(json!({ "done": true }));
    }
    let about = hex::encode(sha256(format!("{id} {} {name}", fields.get("sha256")).as_bytes()));
    for number in 0..UPLOADS {
        let request = BeginUploadRequest {
            request_id: format!("page-{}-{number}", &about[..32]),
            revision_id: id.to_owned(),
            file_name: name.to_owned(),
            media_type: fields.get("type").to_owned(),
            size_bytes: fields.get("size").parse().unwrap_or(-1),
            sha256: hash.clone().into(),
        };
        let begun = member.app().api.transfers().begin_upload(member.call(request)).await?.into_inner();
        let upload = standing(member, &begun.id).await?;
        if !upload.ended {
            return Ok(json!({ "id": upload.id, "offset": upload.offset_bytes }));
        }
    }
    Err(Failure::malformed(StatusCode::CONFLICT))
}

async fn standing(member: &Member, upload_id: &str) -> Result<Upload, Failure> {
    let request = GetUploadRequest { upload_id: upload_id.to_owned() };
    Ok(member.app().api.transfers().get_upload(member.call(request)).await?.into_inner())
}

/// How far an upload is.
pub async fn how_far(member: Member, Path((_, upload)): Path<(String, String)>) -> Response {
    let found = standing(&member, &upload).await;
    told(&member, "", found.map(|upload| json!({ "offset": upload.offset_bytes, "ended": upload.ended })))
}

/// Where a piece begins.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    offset: i64,
}

/// A piece of a file.
pub async fn piece(
    member: Member,
    Path((id, upload)): Path<(String, String)>,
    Query(from): Query<From>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let sent = async {
        check(&member, &id, token_of(&headers))?;
        let call = member.call_openly(chunks(upload, from.offset, body));
        let upload = member.app().api.transfers().upload_chunks(call).await?.into_inner();
        Ok(json!({ "offset": upload.offset_bytes }))
    };
    let sent = sent.await;
    told(&member, "", sent)
}

/// A body as chunks. Where it breaks off, what came is sent all the same.
fn chunks(upload_id: String, from: i64, body: Body) -> impl Stream<Item = UploadChunk> + Send {
    let whole = body.into_data_stream().take_while(|piece| futures::future::ready(piece.is_ok()));
    let pieces = whole.flat_map(|piece| stream::iter(parts::cut(piece.unwrap_or_default(), CHUNK_BYTES)));
    pieces.scan((from, upload_id), |(at, upload_id), data| {
        let chunk = UploadChunk { upload_id: upload_id.clone(), offset_bytes: *at, data };
        *at += chunk.data.len() as i64;
        futures::future::ready(Some(chunk))
    })
}

/// Makes a file of an upload that is whole.
pub async fn end(member: Member, Path((id, upload)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let finished = async {
        check(&member, &id, token_of(&headers))?;
        finish(&member, &upload).await?;
        Ok(json!({ "done": true }))
    };
    let finished = finished.await;
    told(&member, "", finished)
}

/// What is wrong with a file, in words.
fn fault(member: &Member, name: &str, failure: &Failure) -> String {
    let t = member.text();
    let largest = words::size(i64::try_from(member.app().config.largest_file).unwrap_or(i64::MAX));
    let said = match failure.fields.first().map(|(path, reason)| (path.as_str(), reason.as_str())) {
        Some((_, "MEDIA_TYPE")) => t.say(key::FILES_FAULT_CONTENT),
        Some((_, "LIMIT") | ("size_bytes", _)) => t.one(key::FILES_FAULT_SIZE, largest),
        Some(("file_name", _)) => t.say(key::FILES_FAULT_NAME),
        Some(("media_type", _)) => t.say(key::FILES_FAULT_TYPE),
        _ => of_reason(t, failure),
    };
    if name.is_empty() { said } else { t.two(key::FILE_FAULT, name, said) }
}

fn of_reason(t: &Text, failure: &Failure) -> String {
    let known: Key<0> = match failure.reason.as_str() {
        "ALREADY_EXISTS" => key::FILES_FAULT_THERE,
        "UPLOAD_INCOMPLETE" => key::FILES_FAULT_EMPTY,
        _ => return failure.sentence(t),
    };
    t.say(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_files_own_and_not_repaired() {
        for (sent, kept) in [
            ("图 B.pdf", "图 B.pdf"),
            ("C:\\图纸\\a.pdf", "a.pdf"),
            ("a/b.step", "b.step"),
            ("..", ".."),
            ("", ""),
        ] {
            assert_eq!(own_name(sent), kept);
        }
    }
}
