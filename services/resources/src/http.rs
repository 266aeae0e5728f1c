//! Files over plain HTTP, for whoever holds a link: with ranges, and never drawn by a browser. The link says who follows it;
//! whether that firm may use the file is looked up each time.

mod upload;

use std::ops::Range;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use chassis::{Error, Reason, Result};
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
    let link = files.links.open(token, files.context.deps.clock.now()).ok_or_else(Error::not_found)?;
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
    let asked = text(header::RANGE).filter(|_| same).map_or(Asked::Whole, |range| asked(range, size));
    let (status, part) = match asked {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Beyond => {
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

/// Which part is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Beyond,
}

/// One range of bytes (RFC 9110, section 14). What cannot be understood, and several ranges at once, mean the whole.
fn asked(range: &str, size: u64) -> Asked {
    let Some(range) = range.strip_prefix("bytes=") else { return Asked::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Asked::Whole };
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number has are beyond every file.
        true => Some(text.parse::<u64>().unwrap_or(u64::MAX)),
        false => None,
    };
    let part = match (first, last) {
        ("", "") => return Asked::Whole,
        ("", last) => number(last).map(|last| size.saturating_sub(last)..size),
        (first, "") => number(first).map(|first| first..size),
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Some(first..last.saturating_add(1).min(size)),
            _ => None,
        },
    };
    match part {
        None => Asked::Whole,
        Some(part) if part.start >= size || part.is_empty() => Asked::Beyond,
        Some(part) => Asked::Part(part),
    }
}

/// A refusal in words; nobody learns whether there is such a file.
fn refusal(error: &Error) -> Response {
    error.log();
    let status = match error.reason {
        Reason::NOT_FOUND => StatusCode::NOT_FOUND,
        Reason::DOWNLOAD_LIMIT => StatusCode::FORBIDDEN,
        Reason::LIMIT_REACHED => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, format!("{}\n{}\n", error.reason.zh(), error.reason.en())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_within_the_file_or_the_whole() {
        let table = [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=4-", Asked::Part(4..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-100", Asked::Part(0..10)),
            ("bytes=0-100", Asked::Part(0..10)),
            ("bytes=9-9", Asked::Part(9..10)),
            ("bytes=0-99999999999999999999999", Asked::Part(0..10)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=10-12", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("items=0-1", Asked::Whole),
            ("", Asked::Whole),
        ];
        for (range, expected) in table {
            assert_eq!(asked(range, 10), expected, "{range}");
        }
    }

    #[test]
    fn a_tag_is_one_of_many() {
        assert!(matches("\"a\", W/\"b\"", "\"b\"") && matches("*", "\"b\"") && !matches("\"a\"", "\"b\""));
    }
}
