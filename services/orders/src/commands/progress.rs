//! The supplier says how far it is.

use chassis::{Error, Reason, Result};
use proto::orders::{ProgressStage, SetProgressResponse};
use uuid::Uuid;

use super::{
    follow::{locked, may},
    single::{Begun, Single},
};
use crate::{
    db::{
        follow,
        progress::{self as db, Report},
    },
    events,
    progress::{Line, Refused, Said, moves},
};

/// Says how far schedule lines of an order are. Where all stand there already, nothing happens and no version is taken.
pub(crate) async fn set_progress(
    command: &Single<'_>,
    id: Uuid,
    said: &Said,
    note: &str,
) -> Result<SetProgressResponse> {
    let mut tx = match command.begin::<SetProgressResponse>().await? {
        Begun::Replay(receipt) => return Ok(SetProgressResponse { replayed: true, ..receipt }),
        Begun::New(tx) => tx,
    };
    let (deps, caller, at) = (command.deps, command.caller, command.now());
    let order = locked(&mut tx, id).await?;
    may(deps, caller, &order, order.supplier)?;
    let lines = db::lines(&mut tx, id).await?;
    let moved = moves(&lines, said).map_err(|refused| match refused {
        Refused::Fields(fields) => Error::invalid(fields),
        Refused::NothingAccepted(fields) => Error::new(Reason::NOTHING_ACCEPTED).fields(fields),
    })?;
    let moved: Vec<(&Line, ProgressStage)> =
        lines.iter().filter_map(|line| Some((line, *moved.get(&line.id)?))).collect();
    let mut receipt = SetProgressResponse {
        order_id: id.to_string(),
        version: order.version,
        schedule_line_ids: moved.iter().map(|(line, _)| line.id.to_string()).collect(),
        replayed: false,
    };
    let mut events = Vec::new();
    if !moved.is_empty() {
        receipt.version += 1;
        follow::take_version(&mut tx, &[id], at).await?;
        let report = Report {
            order: id,
            buyer: order.buyer,
            supplier: order.supplier,
            version: receipt.version,
            lines: moved.iter().map(|(line, stage)| (line.id, *stage as i16)).collect(),
            note,
            actor_name: &caller.actor_name,
            at,
        };
        db::insert(&mut tx, &report).await?;
        events.push(vec![events::follow::progressed(deps, at, &caller.traceparent, &order, &moved, note)]);
    }
    command.finish_apart(tx, &receipt, events).await?;
    Ok(receipt)
}
