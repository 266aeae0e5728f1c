//! The outbox: one row holding all events of a command, inserted as the last statement before COMMIT, after the
//! aggregate's row lock. Then the order of ids within one aggregate follows the order of commits.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use proto::event::{Addressed, Command, Event};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Error, Reason, Result, caller::of_firm, db::TenantTx, secret, value};

/// The most firms that one event may go to; larger audiences fan out as separate commands.
pub const MAX_AUDIENCE: usize = 100;

/// The largest event, in bytes, its audience and sites included. Whoever subscribes takes messages of 4 MiB, which is what
/// clients of gRPC do unless they are told otherwise: an event that is larger would end their streams for ever, and one that
/// Kafka does not take would stop it for everybody. The rest is room for a cursor, and for small events in the same message.
pub const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024 - 64 * 1024;

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
///
/// # Errors
/// REQUEST_TOO_LARGE where an event is larger than [`MAX_EVENT_BYTES`]; services keep theirs well below it.
pub async fn append(tx: &mut TenantTx, commands: Vec<Vec<NewEvent>>) -> Result<()> {
    let rows = rows(commands)?;
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
pub(crate) fn rows(commands: Vec<Vec<NewEvent>>) -> Result<Vec<Vec<u8>>> {
    let told = commands.into_iter().filter(|events| !events.is_empty());
    told.map(|events| {
        let events = events.into_iter().map(addressed).collect::<Result<Vec<_>>>()?;
        Ok(Command { events }.encode_to_vec())
    })
    .collect()
}

fn addressed(event: NewEvent) -> Result<Addressed> {
    debug_assert!(event.audience.len() <= MAX_AUDIENCE);
    let (kind, sha256) = (event.r#type, secret::sha256(&event.data));
    let addressed = Addressed {
        audience: event.audience.iter().map(|firm| Bytes::copy_from_slice(firm.as_bytes())).collect(),
        subject_id: event.subject_id.map(|id| Bytes::copy_from_slice(id.as_bytes())).unwrap_or_default(),
        sites: event.sites,
        purchasing_group: event.purchasing_group,
        scope_firm: event.scope_firm.map(|id| Bytes::copy_from_slice(id.as_bytes())).unwrap_or_default(),
        event: Some(Event {
            id: event.id.to_string(),
            source: event.source.to_string(),
            r#type: kind.to_string(),
            subject: event.subject,
            time: Some(value::timestamp(event.at)),
            traceparent: event.traceparent,
            data: event.data,
            data_sha256: Bytes::copy_from_slice(&sha256),
            counterparty: String::new(),
            version: event.version,
        }),
    };
    let bytes = addressed.encoded_len();
    if bytes > MAX_EVENT_BYTES { Err(too_large(kind, bytes)) } else { Ok(addressed) }
}

/// The caller may send less at a time; and whoever runs the platform learns of it, since the service should have told less.
fn too_large(kind: &str, bytes: usize) -> Error {
    let what =
        format!("an event of {kind} would take {bytes} bytes, and at most {MAX_EVENT_BYTES} are possible");
    let mut error = Error::new(Reason::REQUEST_TOO_LARGE).message(format!("{what}; send less at a time"));
    error.source = Some(anyhow::anyhow!(what));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bytes: usize) -> NewEvent {
        NewEvent {
            id: Uuid::nil(),
            source: "tandem/capacity",
            r#type: "tandem.capacity.capacity_group.disclosed.v1",
            subject: "capacity-groups/1".into(),
            subject_id: None,
            version: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            traceparent: String::new(),
            audience: vec![Uuid::nil()],
            sites: Vec::new(),
            purchasing_group: String::new(),
            scope_firm: None,
            data: vec![b'x'; bytes].into(),
        }
    }

    #[test]
    fn an_event_that_nobody_could_read_is_refused_by_its_name() {
        let most = MAX_EVENT_BYTES - 1024;
        assert_eq!(rows(vec![vec![event(most)], Vec::new()]).map(|rows| rows.len()).unwrap(), 1);
        let sites = (0..100).map(|n| format!("{n:0>36}/W{n}")).collect();
        for large in [event(MAX_EVENT_BYTES), NewEvent { sites, ..event(most) }] {
            let refused = rows(vec![vec![event(1)], vec![event(1), large]]).unwrap_err();
            assert_eq!(refused.reason, Reason::REQUEST_TOO_LARGE);
            assert!(refused.to_string().contains("capacity_group.disclosed.v1"), "{refused}");
        }
    }
}
