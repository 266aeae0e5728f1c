//! A firm says what it can make.

use chassis::{Error, Reason, Result};
use prost::Message;
use proto::capacity as wire;

use super::{Begun, Now, Single, offer::may_see};
use crate::{
    convert::capability::{NewProfile, own_name, profile_out},
    db::{
        self,
        capability::{self, Head},
        offer,
    },
    events,
    offer::{MAX_READERS, Visibility},
};

/// Sets the profile in full, in place of the version that is named.
pub(crate) async fn set(command: &Single<'_>, new: NewProfile) -> Result<wire::CapabilityProfile> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    // The row may not be there yet, so that it cannot be locked.
    db::lock(&mut tx, "capability profile", "").await?;
    let version = capability::own(&mut tx).await?.map_or(0, |head| head.version);
    if version != new.version {
        return Err(Error::new(Reason::STALE_ETAG).with("version", version));
    }
    may_see(&mut tx, &new.visibility).await?;
    let head = Head {
        firm: tx.firm(),
        version: version + 1,
        content: new.content.encode_to_vec(),
        changed_at: command.now(),
        visibility: Some(new.visibility.as_str().to_owned()),
        cluster: new.visibility.cluster(),
    };
    capability::save(&mut tx, &head, &new.process_keys()).await?;
    let profile = profile_out(&head, &own_name(command.caller))?;
    // Members of clusters and everybody look at the list.
    let others = match new.visibility {
        Visibility::Partners => offer::partners(&mut tx, MAX_READERS as i64).await?,
        _ => Vec::new(),
    };
    let now = Now { deps: command.deps, at: head.changed_at, traceparent: &command.caller.traceparent };
    let events = events::capability::profile(now, &head, profile.clone(), others);
    command.finish(tx, &profile, events).await?;
    Ok(profile)
}
