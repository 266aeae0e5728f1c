//! Files of a revision: what it is made of, to save; and while it is a draft, what comes and goes.

use axum::{
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chassis::parts::{self, Asked};
use futures::{StreamExt as _, TryStreamExt as _};
use proto::{
    access::Permission,
    resources::{DownloadRequest, RemoveFileRequest, Resource, Revision, RevisionFile, RevisionState},
};

use super::{OPEN, Seen, back_to, needs, resource, revision, words};
use crate::{
    download::{self, Saves},
    failure::Failure,
    form::Fields,
    i18n::key,
    page::{self, Tab},
    session::Member,
    table::{Act, Cell, Listing, Part, Row, Sending},
};

/// The page of a revision's files.
pub fn path(revision: &str) -> String {
    format!("{OPEN}/revisions/{revision}/files")
}

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Failure> {
    Ok(listing(&member, &id, Vec::new()).await?.done(seen.said(member.text())).show())
}

/// The page with what is wrong with files that were sent.
pub async fn wrong(member: &Member, id: &str, faults: Vec<String>) -> Result<Response, Failure> {
    let page = listing(member, id, faults).await?;
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn listing(member: &Member, id: &str, faults: Vec<String>) -> Result<Listing, Failure> {
    let t = member.text();
    let this = revision(member, id).await?;
    let one = resource(member, &this.resource_id).await?;
    let changes = may_change(member, &one, &this);
    let title = t.two(key::FILES_TITLE, &this.label, words::name(t, &one));
    let columns = [key::FILES_NAME, key::FILES_SIZE, key::FILES_HASH].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let rows = this.files.iter().map(|file| row(member, file, changes)).collect();
    let mut page = Listing::new(member, Tab::Resources, title, Some(back_to(t, &one)))
        .tag(words::revision_state(t, this.state()))
        .part(Part::new(columns, rows, t.say(key::FILES_EMPTY)).titled(t.say(key::FILES)));
    if changes {
        if !this.files.is_empty() || !this.location.is_empty() {
            let href = format!("{OPEN}/revisions/{id}/impact");
            page = page.button(href, t.say(key::IMPACT_RELEASE));
        }
        let largest = i64::try_from(member.app().config.largest_file).unwrap_or(i64::MAX);
        page = page.lead(t.say(key::FILES_DRAFT_BODY)).sending(Sending {
            token: member.app().tokens.make(member.app(), Some(&member.token), &path(id)),
            action: path(id),
            script: member.app().assets.sending(),
            hint: t.one(key::FILES_HINT, words::size(largest)),
            faults,
        });
    }
    Ok(page)
}

/// Whether files come and go: of the own firm's drafts.
fn may_change(member: &Member, one: &Resource, this: &Revision) -> bool {
    one.owner_id == member.who.firm_id
        && member.may(Permission::ResourcesPublish)
        && this.state() == RevisionState::Draft
}

fn row(member: &Member, file: &RevisionFile, changes: bool) -> Row {
    let t = member.text();
    let mut acts = vec![Act::Go { href: saved_at(file), label: t.say(key::FILES_SAVE) }];
    if changes {
        let action = format!("{OPEN}/files/{}/remove", file.id);
        let token = member.app().tokens.make(member.app(), Some(&member.token), &action);
        acts.push(Act::Do { action, token, label: t.say(key::FILES_REMOVE) });
    }
    vec![
        Cell::name(file.name.clone()),
        Cell::Text(words::size(file.size_bytes)),
        Cell::Code(hex::encode(file.sha256.get(..6).unwrap_or(&file.sha256))),
        Cell::Acts(acts),
    ]
}

/// Where a file is saved from.
pub fn saved_at(file: &RevisionFile) -> String {
    format!("{OPEN}/files/{}", file.id)
}

/// Takes a file out of a draft.
pub async fn remove(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let app = member.app();
    let action = format!("{OPEN}/files/{id}/remove");
    let request_id = app.tokens.check(Some(&member.token), &action, fields.get("token"))?;
    let request = RemoveFileRequest { request_id, file_id: id };
    let removed = app.api.transfers().remove_file(member.call(request)).await?.into_inner();
    Ok(page::go(&format!("{}?done=removed", path(&removed.revision_id))))
}

/// The file, or from where a browser that was cut off goes on.
pub async fn save(
    member: Member,
    _: Saves,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let wanted = text(header::RANGE).and_then(parts::asked).and_then(missing);
    let (mut file, mut body) = match open(&member, &id, wanted.unwrap_or(WHOLE)).await {
        Err(failure) if failure.is("FILE_OFFSET") => {
            return Ok(StatusCode::RANGE_NOT_SATISFIABLE.into_response());
        }
        opened => opened?,
    };
    let mut part = wanted;
    // What goes on where another content stopped would be neither.
    if part.is_some() && text(header::IF_RANGE).is_some_and(|tag| tag != etag(&file)) {
        (file, body) = open(&member, &id, WHOLE).await?;
        part = None;
    }
    let size = u64::try_from(file.size_bytes).unwrap_or_default();
    let (from, length) = part.unwrap_or(WHOLE);
    let end = if length == 0 { size } else { from.saturating_add(length).min(size) };
    let mut response = download::file(&file.name, sent_type(&file.media_type), body);
    if part.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {from}-{}/{size}", end.saturating_sub(1));
        response.headers_mut().insert(header::CONTENT_RANGE, value(&range));
    }
    let said = response.headers_mut();
    said.insert(header::CONTENT_LENGTH, end.saturating_sub(from).into());
    said.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    said.insert(header::ETAG, value(&etag(&file)));
    Ok(response)
}

/// A part of a file, on its way.
async fn open(member: &Member, id: &str, (from, length): Bytes) -> Result<(RevisionFile, Body), Failure> {
    let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let request =
        DownloadRequest { file_id: id.to_owned(), offset_bytes: number(from), length_bytes: number(length) };
    let mut chunks = member.app().api.transfers().download(member.call_openly(request)).await?.into_inner();
    let first = chunks.message().await?.ok_or_else(Failure::not_found)?;
    let file = first.file.ok_or_else(Failure::not_found)?;
    let rest = chunks.map_ok(|chunk| chunk.data);
    Ok((file, Body::from_stream(futures::stream::iter([Ok(first.data)]).chain(rest))))
}

fn etag(file: &RevisionFile) -> String {
    format!("\"{}\"", hex::encode(&file.sha256))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// What browsers would draw with scripts in it is sent as bytes; they save it all the same.
fn sent_type(media_type: &str) -> &str {
    let active = ["html", "xml", "script", "svg"];
    if active.iter().any(|word| media_type.contains(word)) { "application/octet-stream" } else { media_type }
}

/// Where a part begins and how long it is; 0: to the end.
type Bytes = (u64, u64);
const WHOLE: Bytes = (0, 0);

/// What is missing of a file, as browsers ask for it. Any other part means the whole.
fn missing(asked: Asked) -> Option<Bytes> {
    match asked {
        Asked::From(first) => Some((first, 0)),
        Asked::Between(first, last) => Some((first, (last - first).saturating_add(1))),
        Asked::Last(_) => None,
    }
}
