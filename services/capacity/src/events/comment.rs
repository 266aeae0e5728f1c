//! Comments → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;

use super::envelope;
use crate::{
    commands::Now,
    convert::comment::comment_out,
    db::{comment::Head, scope::Sites},
};

/// For both firms. Entries of a feed stay, and what a comment said does not once it is deleted: who wants to read it asks
/// for it.
pub(crate) fn comment(now: Now<'_>, head: &Head, sites: &Sites) -> NewEvent {
    let comment = wire::Comment { text: String::new(), author: String::new(), ..comment_out(head) };
    let comment = Some(comment);
    let (r#type, data) = match head.deleted {
        true => {
            ("tandem.capacity.comment.deleted.v1", wire::CapacityCommentDeleted { comment }.encode_to_vec())
        }
        false => {
            ("tandem.capacity.comment.posted.v1", wire::CapacityCommentPosted { comment }.encode_to_vec())
        }
    };
    envelope(now, r#type, ("capacity-comments", head.id), 0, vec![head.customer, head.supplier], data)
        .concerning(sites)
}
