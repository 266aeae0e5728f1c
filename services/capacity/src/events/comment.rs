//! Comments → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;

use super::envelope;
use crate::{commands::Now, convert::comment::comment_out, db::comment::Head};

/// For both firms.
pub(crate) fn comment(now: Now<'_>, head: &Head) -> NewEvent {
    let comment = Some(comment_out(head));
    let (r#type, data) = match head.deleted {
        true => {
            ("tandem.capacity.comment.deleted.v1", wire::CapacityCommentDeleted { comment }.encode_to_vec())
        }
        false => {
            ("tandem.capacity.comment.posted.v1", wire::CapacityCommentPosted { comment }.encode_to_vec())
        }
    };
    envelope(now, r#type, ("capacity-comments", head.id), 0, vec![head.customer, head.supplier], data)
}
