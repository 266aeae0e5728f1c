//! Files over plain HTTP, for whoever holds a link: with ranges, and never drawn by a browser. The link says who follows it;
//! whether that firm may use the file is looked up each time.

mod upload;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use chassis::{Error, Reason, Result, json, parts};
use http::{HeaderMap, Method, StatusCode, header};

use crate::{
    commands::download::{self, Reader},
    db::download::File,
    file::{disposition, sent_type},
    files::Files,
    link::PATH,
};

/// The routes, to be merged with the API's.
pub(crate) fn routes(files: Files) -> Router {
    Router::new()
        .route(&format!("{PATH}{{token}}"), get(follow))
        .route(&format!("{PATH}uploads/{{upload}}"), put(upload::put))
        .with_state(files)
}

async fn follow(
    State(files): State<Files>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    match answer(&files, &token, &method, &headers).await {
        Ok(response) => response,
        Err(error) => refusal(&error),
    }
}

async fn answer(files: &Files, token: &str, method: &Method, headers: &HeaderMap) -> Result<Response> {
    let deps = &files.context.deps;
    let link = files.links.open(token, deps.clock.now()).ok_or_else(Error::not_found)?;
    // Nothing of this passes the gate; whoever follows a link asks all the same.
    deps.rates.take_of(link.firm)?;
    let reader = Reader {
        firm: link.firm,
        actor_name: &link.actor_name,
        credential: (&link.credential.0, &link.credential.1),
    };
    download::check_reader(files, reader).await?;
    let file = download::file(files, link.firm, link.file).await?;
    let size = u64::try_from(file.size_bytes).map_err(Error::internal)?;
    let etag = format!("\"{}\"", hex::encode(&file.sha256));
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|tags| matches(tags, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    // A part of another content would be no part of this one.
    let same = text(header::IF_RANGE).is_none_or(|tag| tag == etag);
    let asked = text(header::RANGE).filter(|_| same).and_then(parts::asked);
    let (status, part) = match asked.map(|asked| asked.of(size)) {
        None => (StatusCode::OK, 0..size),
        Some(Some(part)) => (StatusCode::PARTIAL_CONTENT, part),
        Some(None) => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let length = part.end - part.start;
    let range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => Body::from_stream(download::begin(files, reader, &file, part).await?.pieces()),
    };
    let mut response = (status, body).into_response();
    describe(response.headers_mut(), &file, etag, length)?;
    if status == StatusCode::PARTIAL_CONTENT {
        response.headers_mut().insert(header::CONTENT_RANGE, range.parse().map_err(Error::internal)?);
    }
    Ok(response)
}

/// What the answer says of the file; all of it keeps a browser from drawing or running what others uploaded.
fn describe(headers: &mut HeaderMap, file: &File, etag: String, length: u64) -> Result<()> {
    let said = [
        (header::CONTENT_TYPE, sent_type(&file.media_type).to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&file.name)),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::ETAG, etag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    for (name, value) in said {
        headers.insert(name, value.parse().map_err(Error::internal)?);
    }
    Ok(())
}

/// Whether a list of tags has this one.
fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// A refusal in words; nobody learns whether there is such a file.
fn refusal(error: &Error) -> Response {
    error.log();
    let status = match error.reason {
        Reason::NOT_FOUND => StatusCode::NOT_FOUND,
        Reason::DOWNLOAD_LIMIT => StatusCode::FORBIDDEN,
        Reason::LIMIT_REACHED | Reason::RATE_LIMITED => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let words = format!("{}\n{}\n", error.reason.zh(), error.reason.en());
    let mut response = (status, headers, words).into_response();
    if let Some(wait) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, json::retry_after(wait));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_of_many() {
        assert!(matches("\"a\", W/\"b\"", "\"b\"") && matches("*", "\"b\"") && !matches("\"a\"", "\"b\""));
    }
}
