//! Tells those who may use a resource, or follow and may find it, what became of it: a slice of firms at a time, each with an
//! event of its own, the first slice with what happened. The publisher's row is locked meanwhile, so that nobody is told after its right has ended.

use chassis::{Result, db::TenantTx, outbox, outbox::NewEvent};
use uuid::Uuid;

use super::{Context, Now};
use crate::{
    convert::{resource::resource_out, revision::revision_out},
    db::{
        self,
        announcement::{self as rows, Announcement, What},
        resource::{Seen, Sight},
        revision,
    },
    error, events,
    revision::State,
};

/// Firms that are told in one transaction.
const SLICE: i64 = 90;

/// Events for the first slice, in the transaction of what happened; the loop goes on where there are more.
pub(super) async fn begin(
    tx: &mut TenantTx,
    now: Now<'_>,
    what: What,
    resource: Uuid,
    revision: Option<Uuid>,
) -> Result<Vec<NewEvent>> {
    let id = now.deps.clock.id();
    let what_name = what.as_str().to_owned();
    let first =
        Announcement { id, what: what_name, resource_id: resource, revision_id: revision, after: None };
    let (events, after) = slice(tx, now, what, &first).await?;
    if after.is_some() {
        rows::insert(tx, &Announcement { after, ..first }).await?;
    }
    Ok(events)
}

/// Tells the next slice of what a firm has to tell; whether there was any.
pub(crate) async fn next(context: &Context, owner: Uuid) -> Result<bool> {
    let now = Now::unasked(&context.deps);
    let mut tx = context.deps.pool.begin_by_keys(owner).await?;
    db::lock_publisher(&mut tx).await?;
    let Some(one) = rows::next(&mut tx).await? else { return Ok(false) };
    let what = What::from_name(&one.what).ok_or_else(|| error::unreadable(one.id))?;
    let (events, after) = slice(&mut tx, now, what, &one).await?;
    rows::told(&mut tx, one.id, after, after.is_none()).await?;
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    context.deps.wake.wake();
    Ok(true)
}

/// Events for a slice, and its last firm where more may be left.
async fn slice(
    tx: &mut TenantTx,
    now: Now<'_>,
    what: What,
    one: &Announcement,
) -> Result<(Vec<NewEvent>, Option<Uuid>)> {
    // What was taken back or replaced before all were told of it is news to nobody.
    if what == What::RevisionReleased && !released(tx, one).await? {
        return Ok((Vec::new(), None));
    }
    let gone = what == What::Withdrawn;
    let readers = rows::readers(tx, one.resource_id, gone, one.after, SLICE).await?;
    let more = readers.len() == SLICE as usize;
    let after = readers.last().map(|reader| reader.0).filter(|_| more);
    Ok((events_of(tx, now, what, one, readers).await?, after))
}

/// Whether the revision that is told of is the one in force.
async fn released(tx: &mut TenantTx, one: &Announcement) -> Result<bool> {
    let Some(id) = one.revision_id else { return Ok(false) };
    let revision = revision::one(tx, id).await?.ok_or_else(|| error::unreadable(id))?;
    Ok(State::from_name(&revision.state) == Some(State::Released))
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
