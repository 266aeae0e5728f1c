//! Reads the feeds of suppliers that have groups, as any subscriber does: in order, from where it was, in the supplier's own
//! tenant. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background};

use crate::{
    commands::{Context, load},
    db::load as db,
};

/// How often feeds are looked at.
const EVERY: Duration = Duration::from_millis(200);
/// Suppliers of one look.
const FIRMS: i32 = 100;

/// Looks at feeds until shutdown.
pub(crate) async fn run(context: Context) {
    background::run(&context.deps.shutdown, EVERY, "following feeds", || try_once(&context)).await;
}

/// Takes capacity for the next events of every supplier that is behind; whether there may be more at once.
/// What comes while a firm is busy waits for the next look, as it does while nothing happens: looked at every few events,
/// feeds took more of the machine than what they follow.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms(&mut outside, FIRMS).await?;
    outside.commit().await?;
    let full = firms.len() >= FIRMS as usize;
    Ok(background::each_firm(firms, "following a feed", |firm| load::follow(context, firm)).await || full)
}
