//! What is followed, in and out.

use chassis::{Result, value};
use proto::resources as wire;
use uuid::Uuid;

use super::{read::Wrong, resource::category};
use crate::{db::following::Row, resource::Category};

/// Whom, and of what category: at least one of the two.
pub(crate) fn what(request: &wire::FollowRequest) -> Result<(Option<Uuid>, Option<Category>)> {
    let mut wrong = Wrong::default();
    let owner = match request.owner_id.is_empty() {
        true => None,
        false => wrong.id("owner_id", &request.owner_id),
    };
    let category = category(request.category());
    if request.owner_id.is_empty() && category.is_none() {
        wrong.note("owner_id", "REQUIRED", "name a firm, a category, or both");
    }
    wrong.done(Some((owner, category)))
}

pub(crate) fn following_out(row: &Row, ended: bool) -> wire::Following {
    wire::Following {
        id: row.id.to_string(),
        owner_id: row.owner.map(|id| id.to_string()).unwrap_or_default(),
        category: i32::from(row.category.unwrap_or_default()),
        followed_at: Some(value::timestamp(row.followed_at)),
        ended,
    }
}
