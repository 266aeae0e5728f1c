//! How messages of Subscribe are encoded: what all feeds send of a fact once for all of them, and its payload not at all, since
//! it is at hand as it goes out. Only what differs by feed is written for each: the place, the cursor, the firm on the other
//! side. This is why Subscribe has a codec of its own and not prost's, which would encode every event again for every
//! subscriber.

use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes};
use chassis::{
    cursor::{self, Cursor},
    secret::SigningKeys,
};
use prost::{
    Message as _,
    encoding::{WireType, bool, encode_key, encode_varint, encoded_len_varint, int64},
};
use proto::stream::SubscribeRequest;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;
use uuid::fmt::Hyphenated;

use crate::entry::{Entry, Fact};

/// What an idle stream keeps allocated, in bytes; tonic's own default is 8 KiB.
const BUFFER_BYTES: usize = 256;
/// A chunk is handed to HTTP/2 from this size on, so that a stalled reader holds little.
const CHUNK_BYTES: usize = 8 * 1024;

/// What all feeds send of a fact, encoded by the first reader who needs it: its event without the payload and the firm on the
/// other side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(OnceLock<Box<[u8]>>);

/// It says nothing that the fact does not say.
impl PartialEq for Shared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shared {}

impl Fact {
    fn shared(&self) -> &[u8] {
        self.shared.0.get_or_init(|| self.event(Bytes::new()).encode_to_vec().into())
    }
}

impl Entry {
    /// The cursor after it; encoded when that is first asked for.
    fn cursor(&self, keys: &SigningKeys) -> &[u8; cursor::TEXT] {
        self.cursor.get_or_init(|| Cursor::new(self.feed, self.seq, &self.chain).text(keys))
    }

    /// Encodes what is kept of that, before anybody waits for it.
    pub(crate) fn encode_ahead(&self, keys: &SigningKeys) {
        self.fact.shared();
        self.cursor(keys);
    }
}

/// An entry's part of a message. The numbers of its fields are those of FeedEvent and Event; they may stand in any order on the
/// wire.
struct Part<'a> {
    entry: &'a Entry,
    cursor: &'a [u8; cursor::TEXT],
    shared: &'a [u8],
    counterparty: Option<Hyphenated>,
    /// Bytes of the event, and of the entry with it.
    event: usize,
    whole: usize,
}

impl<'a> Part<'a> {
    fn of(entry: &'a Entry, keys: &SigningKeys) -> Self {
        let (shared, cursor) = (entry.fact.shared(), entry.cursor(keys));
        let counterparty = entry.fact.counterparty(entry.feed).map(uuid::Uuid::hyphenated);
        let other = counterparty.map_or(0, |_| field_len(Hyphenated::LENGTH));
        // An absent field is empty: an erased payload takes nothing.
        let data = Some(entry.fact.payload.len()).filter(|len| *len > 0).map_or(0, field_len);
        let event = shared.len() + other + data;
        let last = if entry.last_of_command { bool::encoded_len(5, &true) } else { 0 };
        let place =
            int64::encoded_len(2, &entry.seq) + field_len(entry.chain.len()) + field_len(cursor.len());
        Self { entry, cursor, shared, counterparty, event, whole: field_len(event) + place + last }
    }

    fn len(&self) -> usize {
        field_len(self.whole)
    }

    fn put(&self, buffer: &mut impl BufMut) {
        let Self { entry, .. } = self;
        begin(1, self.whole, buffer);
        int64::encode(2, &entry.seq, buffer);
        put(3, &entry.chain, buffer);
        put(4, self.cursor, buffer);
        if entry.last_of_command {
            bool::encode(5, &true, buffer);
        }
        begin(1, self.event, buffer);
        buffer.put_slice(self.shared);
        if let Some(firm) = self.counterparty {
            put(9, firm.encode_lower(&mut [0; Hyphenated::LENGTH]).as_bytes(), buffer);
        }
        if !entry.fact.payload.is_empty() {
            put(7, &entry.fact.payload, buffer);
        }
    }
}

/// A field of so many bytes begins, whose number is below 16.
fn begin(number: u32, len: usize, buffer: &mut impl BufMut) {
    encode_key(number, WireType::LengthDelimited, buffer);
    encode_varint(len as u64, buffer);
}

fn put(number: u32, bytes: &[u8], buffer: &mut impl BufMut) {
    begin(number, bytes.len(), buffer);
    buffer.put_slice(bytes);
}

/// What such a field takes.
fn field_len(len: usize) -> usize {
    1 + encoded_len_varint(len as u64) + len
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
    /// What it takes, or a little more.
    fn most(&self, keys: &SigningKeys) -> usize {
        let parts = self.entries.iter().map(|entry| Part::of(entry, keys).len());
        parts.sum::<usize>() + field_len(cursor::TEXT) + int64::encoded_len(3, &self.at.seq) + 2
    }

    /// The numbers of the fields are those of SubscribeResponse.
    fn encode(&self, keys: &SigningKeys, buffer: &mut impl BufMut) {
        self.entries.iter().for_each(|entry| Part::of(entry, keys).put(buffer));
        match self.entries.last().filter(|last| last.seq == self.at.seq) {
            Some(last) => put(2, last.cursor(keys), buffer),
            None => put(2, &self.at.text(keys), buffer),
        }
        if self.at.seq != 0 {
            int64::encode(3, &self.at.seq, buffer);
        }
        if self.live {
            bool::encode(4, &true, buffer);
        }
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
        buffer.reserve(message.most(&self.0));
        message.encode(&self.0, buffer);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, CHUNK_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{entry, entry_with, fact};
    use proto::{
        event::Event,
        stream::{FeedEvent, SubscribeResponse},
    };
    use uuid::Uuid;

    fn decoded(message: &Message, keys: &SigningKeys) -> SubscribeResponse {
        let mut buffer = Vec::new();
        message.encode(keys, &mut buffer);
        assert!((0..=4).contains(&(message.most(keys) as isize - buffer.len() as isize)));
        SubscribeResponse::decode(buffer.as_slice()).unwrap()
    }

    /// As the contract has it, with each field of the entry named.
    fn told(entry: &Entry, keys: &SigningKeys) -> FeedEvent {
        let fact = &entry.fact;
        let counterparty = fact.counterparty(entry.feed).map(|firm| firm.to_string()).unwrap_or_default();
        let event = Event { counterparty, ..fact.event(fact.payload.clone()) };
        FeedEvent {
            event: Some(event),
            seq: entry.seq,
            chain: Bytes::copy_from_slice(&entry.chain),
            cursor: Cursor::new(entry.feed, entry.seq, &entry.chain).encode(keys),
            last_of_command: entry.last_of_command,
        }
    }

    #[test]
    fn a_message_is_what_the_contract_says() {
        let keys = SigningKeys::new([7; 32], None);
        let feed = Uuid::from_u128(1);
        let alone = |seq, last| {
            let fact = Fact { audience: vec![feed], traceparent: "00-ab-cd-01".into(), ..fact(seq, vec![1]) };
            Arc::new(Entry::new(feed, seq, [8; 32], last, Arc::new(fact)))
        };
        for size in [0, 1, 100, 127, 128, 20_000, 300_000] {
            let entries = vec![
                entry_with(feed, 4, vec![b'x'; size]),
                alone(5, false),
                entry_with(feed, 6, vec![b'y'; size]),
            ];
            let at = Cursor::new(feed, 6, &entries[2].chain);
            let message = decoded(&Message { entries: entries.clone(), at, live: true }, &keys);
            let events = entries.iter().map(|entry| told(entry, &keys)).collect();
            let expected = SubscribeResponse { events, cursor: at.encode(&keys), seq: 6, live: true };
            assert_eq!(message, expected, "{size}");
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
