//! What a firm wants to hear of.

use chassis::{Error, Reason, Result};
use proto::resources as wire;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    convert::following::following_out,
    db::{
        self,
        following::{self as rows, Row},
    },
    resource::Category,
};

/// The most that a firm follows.
pub(crate) const MAX_FOLLOWING: i64 = 500;

/// Follows a firm, a category, or a category of a firm.
pub(crate) async fn follow(
    command: &Command<'_>,
    owner: Option<Uuid>,
    category: Option<Category>,
) -> Result<wire::Following> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if let Some(owner) = owner
        && db::knows(&mut tx, owner).await? == db::Known::No
    {
        return Err(Error::not_found());
    }
    db::lock(&mut tx, "following", "").await?;
    let now = command.now();
    let new =
        Row { id: now.deps.clock.id(), owner, category: category.map(Category::number), followed_at: now.at };
    let standing = rows::list(&mut tx, MAX_FOLLOWING).await?;
    let known = standing.iter().any(|row| (row.owner, row.category) == (new.owner, new.category));
    if standing.len() as i64 >= MAX_FOLLOWING && !known {
        return Err(Error::new(Reason::LIMIT_REACHED));
    }
    let answer = following_out(&rows::follow(&mut tx, &new).await?, false);
    command.finish(tx, &answer, Vec::new()).await?;
    Ok(answer)
}

/// Follows it no more.
pub(crate) async fn unfollow(command: &Command<'_>, id: Uuid) -> Result<wire::Following> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let row = rows::end(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let answer = following_out(&row, true);
    command.finish(tx, &answer, Vec::new()).await?;
    Ok(answer)
}
