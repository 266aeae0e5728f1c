//! The outbox: one row holding all events of a command, inserted as the last statement before COMMIT, after the
//! aggregate's row lock. Then the order of ids within one aggregate follows the order of commits.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use proto::event::{Addressed, Command, Event};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Error, Result, caller::of_firm, db::TenantTx, secret, value};

/// The most firms that one event may go to; larger audiences fan out as separate commands.
pub const MAX_AUDIENCE: usize = 100;

/// Wakes the sequencer of the same process; across processes it polls.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Says that a command was committed.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until something was committed.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// A fact on its way to the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// UUIDv7.
    pub id: Uuid,
    /// The speaking service, such as `tandem/orders`.
    pub source: &'static str,
    /// The CloudEvents type, such as `tandem.orders.order.published.v1`.
    pub r#type: &'static str,
    /// What it happened to, such as `orders/<id>`.
    pub subject: String,
    /// The id behind `subject`, for `changed_since`.
    pub subject_id: Option<Uuid>,
    /// The subject's version after it; 0 for one-sided facts.
    pub version: i64,
    /// When.
    pub at: OffsetDateTime,
    /// W3C trace context of the command.
    pub traceparent: String,
    /// Whose feeds carry it; at most [`MAX_AUDIENCE`].
    pub audience: Vec<Uuid>,
    /// Readers of `scope_firm` who are scoped to other sites do not see it; where no firm is named, sites of several, as
    /// [`NewEvent::concerning`] writes them.
    pub sites: Vec<String>,
    /// Readers of `scope_firm` who are scoped to other purchasing groups do not see it.
    pub purchasing_group: String,
    /// The firm whose sites and purchasing group these are.
    pub scope_firm: Option<Uuid>,
    /// The encoded payload.
    pub data: Bytes,
}

impl NewEvent {
    /// The event as one that concerns these sites of each firm; of a firm without any it concerns the whole.
    pub fn concerning(mut self, sites: &[(Uuid, Vec<String>)]) -> Self {
        self.sites =
            sites.iter().flat_map(|(firm, sites)| sites.iter().map(|site| of_firm(*firm, site))).collect();
        self.sites.sort_unstable();
        self.sites.dedup();
        self
    }
}

/// Inserts a row for each command; the last statement of the transaction.
pub async fn append(tx: &mut TenantTx, commands: Vec<Vec<NewEvent>>) -> Result<()> {
    let rows = rows(commands);
    if rows.is_empty() {
        return Ok(());
    }
    let firm = tx.firm();
    sqlx::query!(
        "insert into event.outbox (firm, payload) select $1, * from unnest($2::bytea[])",
        firm,
        &rows
    )
    .execute(tx.conn())
    .await
    .map_err(Error::from)?;
    Ok(())
}

/// The row of each command of which anything is told.
pub(crate) fn rows(commands: Vec<Vec<NewEvent>>) -> Vec<Vec<u8>> {
    let told = commands.into_iter().filter(|events| !events.is_empty());
    told.map(|events| Command { events: events.into_iter().map(addressed).collect() }.encode_to_vec())
        .collect()
}

fn addressed(event: NewEvent) -> Addressed {
    debug_assert!(event.audience.len() <= MAX_AUDIENCE);
    let sha256 = secret::sha256(&event.data);
    Addressed {
        audience: event.audience.iter().map(|firm| Bytes::copy_from_slice(firm.as_bytes())).collect(),
        subject_id: event.subject_id.map(|id| Bytes::copy_from_slice(id.as_bytes())).unwrap_or_default(),
        sites: event.sites,
        purchasing_group: event.purchasing_group,
        scope_firm: event.scope_firm.map(|id| Bytes::copy_from_slice(id.as_bytes())).unwrap_or_default(),
        event: Some(Event {
            id: event.id.to_string(),
            source: event.source.to_string(),
            r#type: event.r#type.to_string(),
            subject: event.subject,
            time: Some(value::timestamp(event.at)),
            traceparent: event.traceparent,
            data: event.data,
            data_sha256: Bytes::copy_from_slice(&sha256),
            counterparty: String::new(),
            version: event.version,
        }),
    }
}
