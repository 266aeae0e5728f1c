//! The public cursor of a feed: opaque base64url of version, feed, seq, the first 8 bytes of the chain, and a
//! signature. It says where a reader stands and which history it saw.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{Error, Reason, Result, secret::SigningKeys};

/// A place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The firm whose feed it is.
    pub feed: Uuid,
    /// After this entry; 0 before the first.
    pub seq: i64,
    /// The beginning of the chain at `seq`.
    pub chain: [u8; 8],
}

const VERSION: u8 = 1;
const PURPOSE: &str = "cursor";
/// What is encoded, in bytes.
const BYTES: usize = 49;
/// Characters of a cursor.
pub const TEXT: usize = (BYTES * 8).div_ceil(6);

impl Cursor {
    /// A cursor after the entry with this chain.
    pub fn new(feed: Uuid, seq: i64, chain: &[u8]) -> Self {
        let mut short = [0; 8];
        let len = chain.len().min(8);
        short[..len].copy_from_slice(&chain[..len]);
        Self { feed, seq, chain: short }
    }

    /// As it goes to the caller.
    pub fn encode(&self, keys: &SigningKeys) -> String {
        String::from_utf8_lossy(&self.text(keys)).into_owned()
    }

    /// The same as characters of ASCII, for whoever writes very many.
    pub fn text(&self, keys: &SigningKeys) -> [u8; TEXT] {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION;
        bytes[1..17].copy_from_slice(self.feed.as_bytes());
        bytes[17..25].copy_from_slice(&self.seq.to_be_bytes());
        bytes[25..33].copy_from_slice(&self.chain);
        let signature = keys.sign(PURPOSE, &bytes[..33]);
        bytes[33..].copy_from_slice(&signature);
        let mut text = [0; TEXT];
        // It fits, as its length is what so many bytes become.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        text
    }

    /// A cursor of this feed that one of the keys signed; CURSOR_INVALID for any other, a stranger's included.
    pub fn decode(text: &str, feed: Uuid, keys: &SigningKeys) -> Result<Self> {
        let invalid = || Error::new(Reason::CURSOR_INVALID);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| invalid())?;
        let mut seq = [0; 8];
        seq.copy_from_slice(&bytes[17..25]);
        let cursor = Self::new(
            Uuid::from_slice(&bytes[1..17]).map_err(|_| invalid())?,
            i64::from_be_bytes(seq),
            &bytes[25..33],
        );
        let ours = bytes[0] == VERSION && keys.verify(PURPOSE, &bytes[..33], &bytes[33..]);
        if !ours || cursor.feed != feed || cursor.seq < 0 {
            return Err(invalid());
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M01 and M03.
    #[test]
    fn a_cursor_fits_its_feed_and_key_only() {
        let keys = SigningKeys::new([7; 32], None);
        let feed = Uuid::from_u128(1);
        let cursor = Cursor::new(feed, 42, &[9; 32]);
        let text = cursor.encode(&keys);
        assert_eq!(Cursor::decode(&text, feed, &keys).unwrap(), cursor);
        assert!(Cursor::decode(&text, Uuid::from_u128(2), &keys).is_err());
        assert!(Cursor::decode(&text, feed, &SigningKeys::new([8; 32], None)).is_err());
        for i in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Cursor::decode(&changed, feed, &keys).is_err(), "byte {i}");
        }
    }

    /// M05 and M07.
    #[test]
    fn what_is_signed_and_of_another_version_or_before_the_feed_is_no_cursor() {
        let keys = SigningKeys::new([7; 32], None);
        let feed = Uuid::from_u128(1);
        let signed = |version: u8, seq: i64| {
            let text = Cursor::new(feed, seq, &[9; 32]).encode(&keys);
            let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            bytes[0] = version;
            let signature = keys.sign(PURPOSE, &bytes[..33]);
            bytes[33..].copy_from_slice(&signature);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        for seq in [0, 1, i64::MAX] {
            let cursor = Cursor::decode(&signed(VERSION, seq), feed, &keys).unwrap();
            assert_eq!(cursor, Cursor::new(feed, seq, &[9; 32]));
        }
        for (version, seq) in [(0, 42), (VERSION + 1, 42), (255, 42), (VERSION, -1), (VERSION, i64::MIN)] {
            let refused = Cursor::decode(&signed(version, seq), feed, &keys).unwrap_err();
            assert_eq!(refused.reason, Reason::CURSOR_INVALID, "version {version}, place {seq}");
        }
    }
}
