//! Clusters: the operator makes them and invites, firms join and leave.

use chassis::{Error, Result, outbox::NewEvent};
use proto::partners as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    cluster::{Cluster, Membership, MembershipState},
    convert,
    db::{self, cluster::Which},
    events,
    operator::refusal,
};

/// Makes a cluster that the caller's firm runs.
pub(crate) async fn create_cluster(command: &Command<'_>, names: (String, String)) -> Result<wire::Cluster> {
    let (id, at) = (command.deps.clock.id(), command.deps.now());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::cluster::insert(&mut tx, id, &names, at).await?;
    let cluster = db::cluster::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let receipt = convert::cluster(&cluster);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Invites a firm into a cluster of the caller.
pub(crate) async fn invite_to_cluster(
    command: &Command<'_>,
    id: Uuid,
    firm: Uuid,
) -> Result<wire::ClusterMembership> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let outcome = db::cluster::invite(&mut tx, id, firm, at).await?;
    if let Some(refused) = refusal(&outcome) {
        return Err(refused);
    }
    let cluster = db::cluster::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let which = Which { firm: Some(firm), limit: 1, ..Which::default() };
    let member = db::cluster::members(&mut tx, id, &which).await?.pop().ok_or_else(Error::not_found)?;
    let told = if outcome == "same" { Vec::new() } else { vec![event(command, at, &cluster, &member)] };
    let receipt = convert::membership(&member);
    command.finish(tx, &receipt, told).await?;
    Ok(receipt)
}

/// Takes the caller's own firm into a cluster, or out of it.
pub(crate) async fn move_membership(
    command: &Command<'_>,
    id: Uuid,
    to: MembershipState,
) -> Result<wire::ClusterMembership> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = db::cluster::lock_own(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if !before.may_become(to) {
        // Without an invitation the cluster is not for the firm to know.
        return Err(Error::not_found());
    }
    if before != to {
        db::cluster::move_own(&mut tx, id, to, at).await?;
    }
    let cluster = db::cluster::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let member = db::cluster::own(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let told = if before == to { Vec::new() } else { vec![event(command, at, &cluster, &member)] };
    let receipt = convert::membership(&member);
    command.finish(tx, &receipt, told).await?;
    Ok(receipt)
}

fn event(command: &Command<'_>, at: OffsetDateTime, cluster: &Cluster, member: &Membership) -> NewEvent {
    let payload = convert::membership_changed(cluster, member);
    let audience = vec![member.firm, cluster.operator];
    let traceparent = &command.caller.traceparent;
    events::membership_changed(command.deps.clock.id(), at, traceparent, cluster.id, audience, &payload)
}
