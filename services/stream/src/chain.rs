//! The chain that makes a feed provable: each entry's hash covers the one before it, so that whoever keeps one
//! chain value can tell whether anything before it was changed, added or left out.

use proto::stream::FeedEvent;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A chain value.
pub type Chain = [u8; 32];

/// SHA-256(previous ‖ feed ‖ seq ‖ event id ‖ payload_sha256): feed and id as 16 bytes, seq as 8 bytes big-endian.
pub fn next(previous: &[u8], feed: Uuid, seq: i64, event_id: Uuid, payload_sha256: &[u8]) -> Chain {
    Sha256::new()
        .chain_update(previous)
        .chain_update(feed.as_bytes())
        .chain_update(seq.to_be_bytes())
        .chain_update(event_id.as_bytes())
        .chain_update(payload_sha256)
        .finalize()
        .into()
}

/// Where a reader's copy of a feed stops being the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The entry is not the one after the last.
    Gap {
        /// The place that was due.
        expected: i64,
        /// The place that came.
        got: i64,
    },
    /// An event without id, or whose hash has no 32 bytes.
    Malformed(i64),
    /// The payload is not what was hashed.
    Payload(i64),
    /// The chain does not recompute.
    Chain(i64),
}

/// Recomputes the chain over events that follow the place `(seq, chain)`, and answers the place after them.
/// An empty payload counts as erased: its hash still stands in the chain.
///
/// # Errors
/// Names the first place that does not fit.
pub fn verify_chain<'a>(
    feed: Uuid,
    (mut seq, mut chain): (i64, Chain),
    events: impl IntoIterator<Item = &'a FeedEvent>,
) -> Result<(i64, Chain), Broken> {
    for entry in events {
        if entry.seq != seq + 1 {
            return Err(Broken::Gap { expected: seq + 1, got: entry.seq });
        }
        seq = entry.seq;
        let event = entry.event.as_ref().ok_or(Broken::Malformed(seq))?;
        let id = Uuid::try_parse(&event.id).map_err(|_| Broken::Malformed(seq))?;
        if event.data_sha256.len() != 32 {
            return Err(Broken::Malformed(seq));
        }
        if !event.data.is_empty() && Sha256::digest(&event.data).as_slice() != event.data_sha256 {
            return Err(Broken::Payload(seq));
        }
        chain = next(&chain, feed, seq, id, &event.data_sha256);
        if entry.chain != chain.as_slice() {
            return Err(Broken::Chain(seq));
        }
    }
    Ok((seq, chain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proto::event::Event;

    const FEED: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

    fn feed(n: i64) -> Vec<FeedEvent> {
        let mut chain = [0; 32];
        (1..=n)
            .map(|seq| {
                let id = Uuid::from_u128(seq as u128);
                let data = Bytes::from(format!("payload {seq}"));
                let data_sha256 = Bytes::copy_from_slice(&Sha256::digest(&data));
                chain = next(&chain, FEED, seq, id, &data_sha256);
                let event = Event { id: id.to_string(), data, data_sha256, ..Event::default() };
                FeedEvent {
                    event: Some(event),
                    seq,
                    chain: Bytes::copy_from_slice(&chain),
                    ..FeedEvent::default()
                }
            })
            .collect()
    }

    #[test]
    fn the_vector_holds() {
        // 32 + 16 + 8 + 16 + 32 bytes; the expected value was computed with another implementation of SHA-256.
        let chain = next(&[0; 32], FEED, 1, Uuid::from_u128(7), &[0xab; 32]);
        let mut text = [0; 104];
        text[32..48].copy_from_slice(FEED.as_bytes());
        text[55] = 1;
        text[71] = 7;
        text[72..].copy_from_slice(&[0xab; 32]);
        assert_eq!(chain, <[u8; 32]>::from(Sha256::digest(text)));
        let hex: String = chain.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "7bd77b2a9ebeb2764ca49e75893a823d26fcf2b4b267934c18c2317d6f7630de");
    }

    #[test]
    fn a_whole_feed_verifies_and_resumes_anywhere() {
        let events = feed(6);
        let whole = verify_chain(FEED, (0, [0; 32]), &events).unwrap();
        let half = verify_chain(FEED, (0, [0; 32]), &events[..3]).unwrap();
        assert_eq!(half.0, 3);
        assert_eq!(verify_chain(FEED, half, &events[3..]).unwrap(), whole);
    }

    #[test]
    fn what_was_changed_is_found_and_located() {
        let start = (0, [0; 32]);
        let changed = |change: fn(&mut Vec<FeedEvent>)| {
            let mut events = feed(5);
            change(&mut events);
            verify_chain(FEED, start, &events).unwrap_err()
        };
        assert_eq!(changed(|e| drop(e.remove(2))), Broken::Gap { expected: 3, got: 4 });
        assert_eq!(changed(|e| e.swap(1, 2)), Broken::Gap { expected: 2, got: 3 });
        assert_eq!(changed(|e| e[2].event.as_mut().unwrap().data = "x".into()), Broken::Payload(3));
        assert_eq!(changed(|e| e[3].event.as_mut().unwrap().id = Uuid::nil().to_string()), Broken::Chain(4));
        assert_eq!(changed(|e| e[0].chain = vec![1; 32].into()), Broken::Chain(1));
        assert_eq!(changed(|e| e[4].event = None), Broken::Malformed(5));
        let mut renumbered = feed(5);
        renumbered.remove(0);
        renumbered.iter_mut().for_each(|e| e.seq -= 1);
        assert_eq!(verify_chain(FEED, start, &renumbered).unwrap_err(), Broken::Chain(1));
        assert!(verify_chain(Uuid::nil(), start, &feed(1)).is_err(), "another firm's feed");
    }

    #[test]
    fn an_erased_payload_leaves_the_chain_whole() {
        let mut events = feed(3);
        events[1].event.as_mut().unwrap().data = Bytes::new();
        assert!(verify_chain(FEED, (0, [0; 32]), &events).is_ok());
    }
}
