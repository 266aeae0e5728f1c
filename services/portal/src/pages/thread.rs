//! The order's thread 沟通: messages of both firms, internal notes of the own one, and files.

use axum::{body::Body, extract::Path, http::StatusCode, response::Response};
use chassis::secret::sha256;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::{
    access::Permission,
    orders::{GetAttachmentRequest, ListMessagesRequest, Message, NewAttachment, Order, PostMessageRequest},
};

use crate::{
    download::{self, Saves},
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::Row,
    page::{self, link},
    pages::order,
    session::Member,
    upload::{File, Upload},
};

/// Messages on the page; earlier ones are a link away.
const PAGE: i32 = 20;
/// The largest file, in bytes; the API refuses larger ones, too.
const LARGEST_FILE: usize = 5 * 1024 * 1024;

/// A file to save.
pub struct Attached {
    pub href: String,
    pub name: String,
    pub size: String,
}

/// A message or note.
pub struct Said {
    pub who: String,
    pub firm: String,
    pub at: String,
    /// Whether the own firm wrote it.
    pub own: bool,
    pub internal: bool,
    pub line: String,
    pub body: String,
    pub files: Vec<Attached>,
}

/// What was typed into a form that came back.
#[derive(Default)]
pub struct Typed {
    pub body: String,
    pub line: String,
    pub internal: bool,
    pub faults: Vec<String>,
}

/// The thread on the order page.
#[derive(Default)]
pub struct Panel {
    /// Oldest first.
    pub said: Vec<Said>,
    /// Where earlier messages are; empty where there are none.
    pub earlier: String,
    /// Whether the page shows earlier messages.
    pub past: bool,
    /// The form token where the member may write; empty elsewhere.
    pub token: String,
    /// Who else reads a message.
    pub partner: String,
    /// Lines that a message may be about.
    pub lines: Vec<(String, String)>,
    pub typed: Typed,
}

fn purpose(id: &str) -> String {
    format!("message {id}")
}

/// Reads a page of the thread; `before` is empty or a page's token.
pub async fn panel(
    member: &Member,
    order: &Order,
    rows: &[Row],
    before: &str,
    typed: Typed,
) -> Result<Panel, Failure> {
    let app = member.app();
    let request = ListMessagesRequest {
        order_id: order.id.clone(),
        page_size: PAGE,
        page_token: before.to_string(),
        newest_first: true,
        ..ListMessagesRequest::default()
    };
    let page = app.api.threads().list_messages(member.call(request)).await?.into_inner();
    let t = member.text();
    let line = |row: &Row| {
        let number = row.line.line_number.clone();
        (number.clone(), t.two(key::LINE_OF, row.item_name(), number))
    };
    Ok(Panel {
        said: page.messages.iter().rev().map(|message| said(t, member, order, message)).collect(),
        earlier: match page.next_page_token.as_str() {
            "" => String::new(),
            token => format!("{}#thread", link(&format!("/orders/{}", order.id), &[("before", token)])),
        },
        past: !before.is_empty(),
        token: match member.may(Permission::OrdersDiscuss) {
            true => app.tokens.make(app, Some(&member.token), &purpose(&order.id)),
            false => String::new(),
        },
        partner: match order.supplier_id == member.who.firm_id {
            true => order.buyer_name.clone(),
            false => order.supplier_name.clone(),
        },
        lines: rows.iter().filter(|row| row.first).map(line).collect(),
        typed,
    })
}

fn said(t: &Text, member: &Member, order: &Order, message: &Message) -> Said {
    let attached = |file: &proto::orders::MessageAttachment| Attached {
        href: format!("/orders/{}/files/{}", order.id, file.id),
        name: file.name.clone(),
        size: size(t, file.size_bytes),
    };
    Said {
        who: message.actor_name.clone(),
        firm: match message.author_id == order.buyer_id {
            true => order.buyer_name.clone(),
            false => order.supplier_name.clone(),
        },
        at: t.moment(message.posted_at.as_ref()),
        own: message.author_id == member.who.firm_id,
        internal: message.internal,
        line: match message.line_number.as_str() {
            "" => String::new(),
            number => t.one(key::LINE_NAMED, number),
        },
        body: message.body.clone(),
        files: message.attachments.iter().map(attached).collect(),
    }
}

fn size(t: &Text, bytes: i32) -> String {
    match bytes {
        ..1_048_576 => t.one(key::SIZE_KB, format::grouped((bytes.max(1) as u32).div_ceil(1024).into())),
        _ => t.one(key::SIZE_MB, format!("{}.{}", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576)),
    }
}

/// Sends a message, or keeps a note.
pub async fn send(member: Member, Path(id): Path<String>, upload: Upload) -> Result<Response, Failure> {
    let app = member.app();
    let fields = &upload.fields;
    let nonce = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let mut typed = Typed {
        body: fields.get("body").to_string(),
        line: fields.get("line").to_string(),
        internal: fields.get("readers") == "own",
        faults: Vec::new(),
    };
    let t = member.text();
    let too_large = upload.files.iter().filter(|file| file.cut || file.content.len() > LARGEST_FILE);
    typed.faults = too_large.map(|file| t.two(key::FILE_FAULT, &file.name, t.say(key::FILE_SIZE))).collect();
    if !typed.faults.is_empty() {
        return again(&member, &id, typed).await;
    }
    let names: Vec<String> = upload.files.iter().map(|file| file.name.clone()).collect();
    let request = PostMessageRequest {
        request_id: format!("{nonce}-{}", digest(&typed, &upload.files)),
        order_id: id.clone(),
        internal: typed.internal,
        line_number: typed.line.clone(),
        body: typed.body.clone(),
        attachments: upload
            .files
            .into_iter()
            .map(|file| NewAttachment { name: file.name, content: file.content.into() })
            .collect(),
    };
    match app.api.threads().post_message(member.call_patiently(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(page::go(&format!("/orders/{id}#thread"))),
        Err(failure) if !failure.fields.is_empty() => {
            typed.faults = failure.fields.iter().map(|(path, why)| fault(t, &names, path, why)).collect();
            again(&member, &id, typed).await
        }
        Err(failure) => Err(failure),
    }
}

/// A message that says something else is another message, even from a page that was gone back to.
fn digest(typed: &Typed, files: &[File]) -> String {
    let mut told = [typed.internal.to_string().as_str(), &typed.line, &typed.body].join("\0").into_bytes();
    for file in files {
        told.extend_from_slice(file.name.as_bytes());
        told.extend_from_slice(&sha256(&file.content));
    }
    hex::encode(&sha256(&told)[..16])
}

async fn again(member: &Member, id: &str, typed: Typed) -> Result<Response, Failure> {
    let shown = order::unsaid(member, id, typed).await?;
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

/// What the API has against a field, in words: `attachments[1].content` is the second file.
fn fault(t: &Text, names: &[String], path: &str, reason: &str) -> String {
    let file = path.strip_prefix("attachments[").and_then(|rest| rest.split_once(']'));
    let name = file.and_then(|(index, _)| names.get(index.parse::<usize>().ok()?));
    let said: Key<0> = match (path, reason) {
        ("body", "REQUIRED") => key::FAULT_MESSAGE_EMPTY,
        ("body", "TOO_LONG") => key::FAULT_MESSAGE_LONG,
        ("attachments", _) => key::FAULT_FILES,
        (_, "SIZE") => key::FILE_SIZE,
        (_, "TYPE") => key::FILE_TYPE,
        (_, "CONTENT") => key::FILE_CONTENT,
        (_, "LENGTH" | "FORMAT") => key::FILE_NAME,
        _ => key::FAULT_REFUSED,
    };
    match name {
        Some(name) => t.two(key::FILE_FAULT, name, t.say(said)),
        None => t.say(said),
    }
}

/// A file of a message, to be saved.
pub async fn attachment(
    member: Member,
    _: Saves,
    Path((id, attachment)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let request = GetAttachmentRequest { order_id: id, attachment_id: attachment };
    let mut parts =
        member.app().api.threads().get_attachment(member.call_patiently(request)).await?.into_inner();
    let first = parts.message().await?.ok_or_else(Failure::not_found)?;
    let about = first.attachment.ok_or_else(Failure::not_found)?;
    let rest = parts.map_ok(|part| part.data);
    let all = futures::stream::iter([Ok(first.data)]).chain(rest);
    let mut response = download::file(&about.name, &about.media_type, Body::from_stream(all));
    response.headers_mut().insert(axum::http::header::CONTENT_LENGTH, about.size_bytes.into());
    Ok(response)
}
