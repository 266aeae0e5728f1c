//! Reads the feeds of firms that have channels, as any subscriber does: in order, from where it was, in the firm's own
//! tenant. What is noted and the place in the feed are one transaction, so that whatever is killed loses nothing.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chassis::{Result, background, feed};
use uuid::Uuid;

use crate::{
    Context,
    channel::{Channel, Scope},
    db::{self, feed::NewNotice},
    note::{Event, Note, note},
};

/// How often feeds are looked at.
const EVERY: Duration = Duration::from_millis(500);
/// Firms of one look, and events of one transaction.
const FIRMS: i32 = 100;
const EVENTS: i64 = 100;

/// Looks at feeds until shutdown.
pub(crate) async fn run(context: Arc<Context>) {
    if context.vault.is_none() {
        // Without a key there are no channels, and nobody to tell.
        return;
    }
    background::run(&context.deps.shutdown, EVERY, "following feeds", || try_once(&context)).await;
}

/// Notes the next events of every firm that is behind; whether there were any.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms_behind(&mut outside, FIRMS).await?;
    outside.commit().await?;
    Ok(background::each_firm(firms, "following a feed", |firm| follow(context, firm)).await)
}

/// Notes the next events of a firm.
async fn follow(context: &Context, firm: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin(firm).await?;
    let Some(place) = db::feed::lock_place(&mut tx).await? else { return Ok(false) };
    let events = db::feed::events(&mut tx, place, EVENTS).await?;
    let last = feed::read_upto(&mut tx, events.last().map(|(seq, _)| *seq)).await?;
    if last <= place {
        return Ok(false);
    }
    let channels = db::channel::list(&mut tx, None, crate::channel::MAX_CHANNELS * 2).await?;
    let members: Vec<Uuid> = channels.iter().filter_map(|channel| channel.member).collect();
    let members: HashMap<Uuid, (bool, Scope)> = db::channel::member_scopes(&mut tx, &members)
        .await?
        .into_iter()
        .map(|(id, active, scope)| (id, (active, scope)))
        .collect();
    let now = context.deps.clock.now();
    let mut notices = Vec::new();
    for (_, event) in &events {
        let Some(note) = note(&context.contract, event, firm) else { continue };
        let asked = channels.iter().filter(|channel| asks_for(channel, &members, event, &note, firm));
        notices.extend(asked.map(|channel| NewNotice {
            channel: channel.id,
            event: event.id,
            kind: note.kind.into(),
            subject: event.subject.clone(),
            number: note.number.clone(),
            line: note.line(&channel.locale).to_string(),
            due_at: channel.due(note.kind, now),
        }));
    }
    if !notices.is_empty() {
        db::feed::insert_notices(&mut tx, &notices, now).await?;
    }
    db::feed::move_place(&mut tx, last).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether a channel tells the event: its kind, and what the channel and its member are narrowed to.
fn asks_for(
    channel: &Channel,
    members: &HashMap<Uuid, (bool, Scope)>,
    event: &Event,
    note: &Note,
    firm: Uuid,
) -> bool {
    let own = event.scope_firm == Some(firm);
    let covered = |scope: &Scope| !own || scope.covers(&event.sites, &event.purchasing_group);
    let member = match channel.member {
        None => true,
        Some(id) => members.get(&id).is_some_and(|(active, scope)| *active && covered(scope)),
    };
    channel.tells(note.kind) && member && covered(&channel.scope)
}
