//! The firms write to each other, or for themselves.

use chassis::{Error, Result, secret, value};
use proto::orders::{Message, MessageAttachment, PostMessageResponse};
use uuid::Uuid;

use super::{
    follow::{locked, may_either, whole},
    single::{self, Begun, Single},
};
use crate::{
    db::{
        follow,
        thread::{self as db, NewFile, NewMessage},
    },
    events,
};

/// A message as it was sent, checked: files with their names and media types.
pub(crate) struct Post {
    pub order: Uuid,
    pub internal: bool,
    pub line_number: String,
    pub body: String,
    pub files: Vec<(String, &'static str, Vec<u8>)>,
}

/// Posts a message, which takes a version, or writes a note, which takes none and locks nothing.
pub(crate) async fn post_message(command: &Single<'_>, post: Post) -> Result<PostMessageResponse> {
    let mut tx = match single::begin_about::<PostMessageResponse>(command, &[post.order]).await? {
        Begun::Replay(receipt) => return Ok(PostMessageResponse { replayed: true, ..receipt }),
        Begun::New(tx) => tx,
    };
    let (deps, caller, at) = (command.deps, command.caller, command.now());
    let order =
        if post.internal { whole(&mut tx, post.order).await? } else { locked(&mut tx, post.order).await? };
    may_either(deps, caller, &order)?;
    if !post.line_number.is_empty() && !db::has_line(&mut tx, order.id, &post.line_number).await? {
        return Err(Error::invalid(vec![crate::error::no_such_line("line_number")]));
    }
    let version = if post.internal { 0 } else { order.version + 1 };
    let files: Vec<NewFile> = post
        .files
        .into_iter()
        .map(|(name, media_type, content)| NewFile {
            id: deps.clock.id(),
            name,
            media_type,
            sha256: secret::sha256(&content).to_vec(),
            content,
        })
        .collect();
    let new = NewMessage {
        id: deps.clock.id(),
        order: order.id,
        buyer: order.buyer,
        supplier: order.supplier,
        internal: post.internal,
        line_number: &post.line_number,
        body: &post.body,
        actor_name: &caller.actor_name,
        version,
        at,
    };
    if !post.internal {
        follow::take_version(&mut tx, &[order.id], at).await?;
    }
    db::insert(&mut tx, &new, &files).await?;
    let message = Message {
        id: new.id.to_string(),
        order_id: order.id.to_string(),
        author_id: caller.firm.to_string(),
        actor_name: caller.actor_name.clone(),
        internal: post.internal,
        line_number: post.line_number.clone(),
        body: post.body.clone(),
        attachments: files.iter().map(attachment).collect(),
        posted_at: Some(value::timestamp(at)),
        version,
    };
    let trace = &caller.traceparent;
    let event = if post.internal {
        events::follow::note_written(deps, at, trace, &order, caller.firm, message.clone())
    } else {
        events::follow::message_posted(deps, at, trace, &order, message.clone())
    };
    let receipt = PostMessageResponse { message: Some(message), replayed: false };
    command.finish_apart(tx, &receipt, vec![vec![event]]).await?;
    Ok(receipt)
}

fn attachment(file: &NewFile) -> MessageAttachment {
    MessageAttachment {
        id: file.id.to_string(),
        name: file.name.clone(),
        media_type: file.media_type.to_string(),
        size_bytes: file.content.len() as i32,
        sha256: file.sha256.clone().into(),
    }
}
