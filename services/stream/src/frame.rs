//! How messages of Subscribe are encoded: an entry once for all its readers, its payload shared by all feeds. Only
//! the small header differs by feed. This is why Subscribe has a codec of its own and not prost's, which would
//! encode every event again for every subscriber.

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use chassis::{Error, cursor::Cursor, secret::SigningKeys, value};
use prost::Message as _;
use proto::{
    event::Event,
    stream::{FeedEvent, SubscribeRequest, SubscribeResponse},
};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::entry::Entry;

/// Field 1, length-delimited: `SubscribeResponse.events` and `FeedEvent.event`.
const FIELD_1: u8 = (1 << 3) | 2;
/// Field 7, length-delimited: `Event.data`.
const FIELD_7: u8 = (7 << 3) | 2;

/// What an idle stream keeps allocated, in bytes; tonic's own default is 8 KiB.
const BUFFER_BYTES: usize = 256;
/// A chunk is handed to HTTP/2 from this size on, so that a stalled reader holds little.
const CHUNK_BYTES: usize = 8 * 1024;

/// An entry's part of a message, up to its payload, which follows it.
#[derive(Debug)]
pub(crate) struct Frame {
    header: Box<[u8]>,
    cursor: Box<str>,
}

impl Frame {
    // Fields may stand in any order on the wire: the payload comes last, so that it can be shared.
    fn of(entry: &Entry, keys: &SigningKeys) -> Self {
        let fact = &entry.fact;
        let cursor = Cursor::new(entry.feed, entry.seq, &entry.chain).encode(keys);
        let place = FeedEvent {
            event: None,
            seq: entry.seq,
            chain: Bytes::copy_from_slice(&entry.chain),
            cursor,
            last_of_command: entry.last_of_command,
        };
        let event = Event {
            id: fact.event_id.to_string(),
            source: fact.source.clone(),
            r#type: fact.kind.clone(),
            subject: fact.subject.clone(),
            time: Some(value::timestamp(fact.at)),
            traceparent: fact.traceparent.clone(),
            data: Bytes::new(),
            data_sha256: fact.payload_sha256.clone(),
            counterparty: fact.counterparty(entry.feed).map(|firm| firm.to_string()).unwrap_or_default(),
            version: fact.version,
        };
        let data = fact.payload.len();
        // An absent field is empty: an erased payload takes nothing.
        let data_field = if data == 0 { 0 } else { 1 + prost::length_delimiter_len(data) + data };
        let event_len = event.encoded_len() + data_field;
        let len = place.encoded_len() + 1 + prost::length_delimiter_len(event_len) + event_len;
        let mut header = Vec::with_capacity(1 + prost::length_delimiter_len(len) + len - data);
        delimited(FIELD_1, len, &mut header);
        header.extend(place.encode_to_vec());
        delimited(FIELD_1, event_len, &mut header);
        header.extend(event.encode_to_vec());
        if data > 0 {
            delimited(FIELD_7, data, &mut header);
        }
        Self { header: header.into(), cursor: place.cursor.into() }
    }
}

impl Entry {
    /// How it goes over the wire; encoded when that is first asked for.
    pub(crate) fn frame(&self, keys: &SigningKeys) -> &Frame {
        self.frame.get_or_init(|| Frame::of(self, keys))
    }
}

fn delimited(tag: u8, len: usize, buffer: &mut Vec<u8>) {
    buffer.put_u8(tag);
    let mut rest = len as u64;
    while rest >= 0x80 {
        buffer.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    buffer.put_u8(rest as u8);
}

/// A message of Subscribe before it is encoded.
#[derive(Debug)]
pub struct Message {
    /// What it delivers.
    pub entries: Vec<Arc<Entry>>,
    /// Where the reader stands after it.
    pub at: Cursor,
    /// Whether it is the first after everything present at the start.
    pub live: bool,
}

impl Message {
    fn encode(&self, keys: &SigningKeys, buffer: &mut impl BufMut) -> Result<(), prost::EncodeError> {
        let mut cursor = None;
        for entry in &self.entries {
            let frame = entry.frame(keys);
            buffer.put_slice(&frame.header);
            buffer.put_slice(&entry.fact.payload);
            cursor = (entry.seq == self.at.seq).then_some(&frame.cursor);
        }
        let rest = SubscribeResponse {
            events: Vec::new(),
            cursor: cursor.map_or_else(|| self.at.encode(keys), |cursor| cursor.to_string()),
            seq: self.at.seq,
            live: self.live,
        };
        rest.encode(buffer)
    }
}

/// The codec of Subscribe.
#[derive(Clone)]
pub struct FrameCodec(pub Arc<SigningKeys>);

/// Encodes messages of Subscribe.
pub struct FrameEncoder(Arc<SigningKeys>);

impl Codec for FrameCodec {
    type Encode = Message;
    type Decode = SubscribeRequest;
    type Encoder = FrameEncoder;
    type Decoder = ProstDecoder<SubscribeRequest>;

    fn encoder(&mut self) -> Self::Encoder {
        FrameEncoder(self.0.clone())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(BufferSettings::default())
    }
}

impl Encoder for FrameEncoder {
    type Item = Message;
    type Error = Status;

    fn encode(&mut self, message: Message, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(&self.0, buffer).map_err(|error| Error::internal(error).into())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, CHUNK_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{entry, entry_with};
    use uuid::Uuid;

    fn decoded(message: &Message, keys: &SigningKeys) -> SubscribeResponse {
        let mut buffer = Vec::new();
        message.encode(keys, &mut buffer).unwrap();
        SubscribeResponse::decode(buffer.as_slice()).unwrap()
    }

    #[test]
    fn a_message_is_what_the_contract_says() {
        let keys = SigningKeys::new([7; 32], None);
        let feed = Uuid::from_u128(1);
        for size in [0, 1, 100, 127, 128, 20_000, 300_000] {
            let entries = vec![entry_with(feed, 4, vec![b'x'; size]), entry_with(feed, 5, vec![b'y'; size])];
            let at = Cursor::new(feed, 5, &entries[1].chain);
            let message = decoded(&Message { entries: entries.clone(), at, live: true }, &keys);
            assert_eq!((message.seq, message.live, message.events.len()), (5, true, 2));
            assert_eq!(message.cursor, at.encode(&keys));
            for (entry, got) in entries.iter().zip(message.events) {
                let fact = &entry.fact;
                let cursor = Cursor::new(feed, entry.seq, &entry.chain).encode(&keys);
                assert_eq!((got.seq, got.cursor, got.last_of_command), (entry.seq, cursor, true));
                assert_eq!(got.chain, entry.chain.as_slice());
                let event = got.event.unwrap();
                assert_eq!(event.id, fact.event_id.to_string());
                assert_eq!((event.r#type, event.source), (fact.kind.clone(), fact.source.clone()));
                assert_eq!((event.subject, event.version), (fact.subject.clone(), fact.version));
                assert_eq!(
                    (event.data, event.data_sha256),
                    (fact.payload.clone(), fact.payload_sha256.clone())
                );
                assert_eq!(event.counterparty, Uuid::from_u128(2).to_string());
                assert_eq!(event.time, Some(value::timestamp(fact.at)));
            }
        }
    }

    #[test]
    fn a_bookmark_stands_behind_what_was_passed_over() {
        let keys = SigningKeys::new([7; 32], None);
        let feed = Uuid::from_u128(1);
        let at = Cursor::new(feed, 9, &[3; 32]);
        let message = decoded(&Message { entries: vec![entry(feed, 8)], at, live: false }, &keys);
        assert_eq!(message.cursor, at.encode(&keys), "9 was left out by the filter");
        let message = decoded(&Message { entries: vec![], at, live: false }, &keys);
        assert_eq!((message.cursor, message.seq), (at.encode(&keys), 9));
    }
}
