//! Reads the feeds of suppliers that have groups, as any subscriber does: in order, from where it was, in the supplier's own
//! tenant. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::Result;

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
    loop {
        let wait = match try_once(&context).await {
            // There may be more than one transaction's worth.
            Ok(true) => Duration::ZERO,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::warn!(error = %error, source = ?error.source, "following feeds failed; going on");
                EVERY
            }
        };
        tokio::select! {
            () = context.deps.shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Takes capacity for the next events of every supplier that is behind; whether there were any.
async fn try_once(context: &Context) -> Result<bool> {
    let mut outside = context.deps.pool.begin_outside().await?;
    let firms = db::firms(&mut outside, FIRMS).await?;
    outside.commit().await?;
    let mut any = false;
    for firm in firms {
        match load::follow(context, firm).await {
            Ok(heard) => any |= heard,
            // One firm's trouble is not its neighbour's.
            Err(error) => {
                tracing::warn!(firm.id = %firm, error = %error, source = ?error.source, "following a feed failed; going on");
            }
        }
    }
    Ok(any)
}
