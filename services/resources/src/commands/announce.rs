//! Tells those who may use a resource, or follow and may find it, what became of it: a slice of firms at a time, each with an
//! event of its own. The publisher's row is locked meanwhile, so that nobody is told after its right has ended.

use chassis::{Result, db::TenantTx, outbox, outbox::NewEvent};
use uuid::Uuid;

use super::{Context, Now, now};
use crate::{
    convert::{resource::resource_out, revision::revision_out},
    db::{
        self,
        announcement::{self as rows, Announcement, What},
        resource::{Seen, Sight},
        revision,
    },
    error, events,
};

/// Firms that are told in one transaction.
const SLICE: i64 = 90;

/// Tells the next slice of what a firm has to tell; whether there was any.
pub(crate) async fn next(context: &Context, owner: Uuid) -> Result<bool> {
    let now = Now { deps: &context.deps, at: now(&context.deps), traceparent: "" };
    let mut tx = context.deps.pool.begin_by_keys(owner).await?;
    db::lock_publisher(&mut tx).await?;
    let Some(one) = rows::next(&mut tx).await? else { return Ok(false) };
    let what = What::from_name(&one.what).ok_or_else(|| error::unreadable(one.id))?;
    let gone = what == What::Withdrawn;
    let readers = rows::readers(&mut tx, one.resource_id, gone, one.after, SLICE).await?;
    let done = readers.len() < SLICE as usize;
    rows::told(&mut tx, one.id, readers.last().map(|reader| reader.0), done).await?;
    let events = events_of(&mut tx, now, what, &one, readers).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(true)
}

async fn events_of(
    tx: &mut TenantTx,
    now: Now<'_>,
    what: What,
    one: &Announcement,
    readers: Vec<(Uuid, Sight)>,
) -> Result<Vec<NewEvent>> {
    let missing = || error::unreadable(one.resource_id);
    let own = db::resource::one(tx, one.resource_id).await?.ok_or_else(missing)?;
    let revision = match one.revision_id {
        Some(id) => Some(revision::one(tx, id).await?.ok_or_else(missing)?),
        None => None,
    };
    let revision = revision.as_ref().map(revision_out).transpose()?;
    let event = |(firm, sight): (Uuid, Sight)| -> Result<NewEvent> {
        // Who found it before it was withdrawn learns no more of it than that.
        let sight = if what == What::Withdrawn { Sight::Find } else { sight };
        let seen = Seen {
            sight,
            to_acknowledge: what == What::RevisionReleased && acknowledges(&own)?,
            ..own.clone()
        };
        let revision = revision.clone().filter(|_| sight == Sight::Use).map(|revision| match what {
            // What was taken back is not to be had any more.
            What::RevisionWithdrawn => {
                proto::resources::Revision { files: Vec::new(), location: String::new(), ..revision }
            }
            _ => revision,
        });
        Ok(events::resource(now, what, (own.id, own.version), resource_out(&seen)?, revision, firm))
    };
    readers.into_iter().map(event).collect()
}

fn acknowledges(seen: &Seen) -> Result<bool> {
    Ok(crate::convert::resource::content(seen)?.acknowledge)
}
