//! Outbox rows back into facts.
//!
//! Rows are written by `chassis::outbox` alone, so that one that cannot be read does not occur by construction. If
//! it does all the same (a newer writer, a damaged page), the stream of all firms must not stand still behind it,
//! and its bytes must not be lost: the row goes into the log as a fact of its own kind that no feed carries, with
//! the row's bytes as its payload, and an error says where it stands. An operator can hand it in again from there.

use bytes::Bytes;
use chassis::{secret, value};
use prost::Message;
use proto::event::{Addressed, Command};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entry::Fact;

/// The kind of facts that hold a command nobody could read.
pub const UNREADABLE: &str = "tandem.stream.command.unreadable.v1";

/// The facts of a command, in order; never empty.
pub fn facts(row: i64, payload: Vec<u8>, now: OffsetDateTime) -> Vec<Fact> {
    let payload = Bytes::from(payload);
    // Payloads of the events point into the row's bytes instead of being copied.
    match read(payload.clone()) {
        Ok(facts) => facts,
        Err(reason) => {
            tracing::error!(outbox.id = row, reason, "a command cannot be read; it is set aside in the log");
            metrics::counter!("tandem_unreadable_commands_total").increment(1);
            vec![set_aside(payload, now)]
        }
    }
}

fn read(payload: Bytes) -> Result<Vec<Fact>, &'static str> {
    let command = Command::decode(payload).map_err(|_| "it is no command")?;
    if command.events.is_empty() {
        return Err("it has no events");
    }
    command.events.into_iter().map(fact).collect()
}

/// A fact that was encoded for the log.
pub(crate) fn fact(addressed: Addressed) -> Result<Fact, &'static str> {
    let event = addressed.event.ok_or("an event is missing")?;
    let mut audience: Vec<Uuid> = Vec::with_capacity(addressed.audience.len());
    for firm in &addressed.audience {
        let firm = Uuid::from_slice(firm).map_err(|_| "a firm of the audience is no id")?;
        if !audience.contains(&firm) {
            audience.push(firm);
        }
    }
    let texts =
        [&event.r#type, &event.source, &event.subject, &event.traceparent, &addressed.purchasing_group];
    // Postgres keeps no NUL in text, and would refuse the whole batch.
    if texts.into_iter().chain(&addressed.sites).any(|text| text.contains('\0')) {
        return Err("a text contains NUL");
    }
    if event.data_sha256.len() != 32 {
        return Err("the payload has no hash");
    }
    Ok(Fact {
        event_id: Uuid::try_parse(&event.id).map_err(|_| "an event has no id")?,
        subject_id: optional_id(&addressed.subject_id)?,
        kind: event.r#type,
        source: event.source,
        subject: event.subject,
        at: micros(event.time.as_ref().and_then(value::time).ok_or("an event has no time")?)?,
        traceparent: event.traceparent,
        version: event.version,
        audience,
        sites: addressed.sites,
        purchasing_group: addressed.purchasing_group,
        scope_firm: optional_id(&addressed.scope_firm)?,
        payload: event.data,
        payload_sha256: event.data_sha256,
        shared: Default::default(),
    })
}

/// What Postgres keeps of a time, so that an event is the same from memory and from the record.
fn micros(at: OffsetDateTime) -> Result<OffsetDateTime, &'static str> {
    at.replace_microsecond(at.microsecond()).map_err(|_| "an event has no time")
}

fn optional_id(bytes: &[u8]) -> Result<Option<Uuid>, &'static str> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Uuid::from_slice(bytes).map(Some).map_err(|_| "an id has not 16 bytes")
}

fn set_aside(payload: Bytes, now: OffsetDateTime) -> Fact {
    Fact {
        event_id: Uuid::nil(),
        subject_id: None,
        kind: UNREADABLE.into(),
        source: "tandem/stream".into(),
        subject: String::new(),
        at: now,
        traceparent: String::new(),
        version: 0,
        audience: Vec::new(),
        sites: Vec::new(),
        purchasing_group: String::new(),
        scope_firm: None,
        payload_sha256: Bytes::copy_from_slice(&secret::sha256(&payload)),
        payload,
        shared: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::event::Event;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn addressed() -> Addressed {
        let firm = |n: u128| Bytes::copy_from_slice(Uuid::from_u128(n).as_bytes());
        Addressed {
            event: Some(Event {
                id: Uuid::from_u128(5).to_string(),
                r#type: "t".into(),
                time: Some(prost_types::Timestamp { seconds: 7, nanos: 1_999 }),
                data: "payload".into(),
                data_sha256: Bytes::copy_from_slice(&secret::sha256(b"payload")),
                version: 3,
                ..Event::default()
            }),
            audience: vec![firm(1), firm(2), firm(1)],
            scope_firm: firm(1),
            ..Addressed::default()
        }
    }

    fn row(events: Vec<Addressed>) -> Vec<u8> {
        Command { events }.encode_to_vec()
    }

    #[test]
    fn a_command_becomes_its_facts() {
        let facts = facts(1, row(vec![addressed(), addressed()]), NOW);
        assert_eq!(facts.len(), 2);
        assert_eq!(facts[0].audience, [Uuid::from_u128(1), Uuid::from_u128(2)], "no firm twice");
        assert_eq!((facts[0].version, facts[0].at.unix_timestamp_nanos()), (3, 7_000_001_000));
        assert_eq!((facts[0].scope_firm, facts[0].subject_id), (Some(Uuid::from_u128(1)), None));
        assert_eq!(facts[0].payload, "payload");
    }

    #[test]
    fn what_cannot_be_read_is_set_aside_whole_and_addressed_to_nobody() {
        let changed = |change: fn(&mut Addressed)| {
            let mut bad = addressed();
            change(&mut bad);
            row(vec![addressed(), bad])
        };
        let rows = [
            b"\xff\xff".to_vec(),
            row(vec![]),
            changed(|a| a.event = None),
            changed(|a| a.audience.push("short".into())),
            changed(|a| a.subject_id = "short".into()),
            changed(|a| a.sites.push("a\0b".into())),
            changed(|a| a.event.as_mut().unwrap().subject = "\0".into()),
            changed(|a| a.event.as_mut().unwrap().time = None),
            changed(|a| a.event.as_mut().unwrap().id = "x".into()),
            changed(|a| a.event.as_mut().unwrap().data_sha256 = Bytes::new()),
        ];
        for (i, row) in rows.into_iter().enumerate() {
            let facts = facts(1, row.clone(), NOW);
            assert_eq!(facts.len(), 1, "case {i}");
            assert_eq!((facts[0].kind.as_str(), facts[0].audience.len()), (UNREADABLE, 0), "case {i}");
            assert_eq!(facts[0].payload, row, "case {i}");
        }
    }
}
