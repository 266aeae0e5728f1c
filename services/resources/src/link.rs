//! Links to files: sealed, so that they say nothing to whoever sees one, and cannot be made or changed by anybody else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::secret::{self, Redacted, SigningKeys};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::commands::download::Reader;

/// Where links lead, before the sealed part.
pub(crate) const PATH: &str = "/files/";
/// The longest that one is believed, in bytes.
const MAX_BYTES: usize = 1_024;

/// What a link stands for. No right: that is looked up each time that it is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub file: Uuid,
    /// Who follows it.
    pub firm: Uuid,
    /// Who asked for it, for the owner's log.
    pub actor_name: String,
    /// The kind of what it was asked for with, as it is stored, and its id: the link ends with it.
    pub credential: (String, String),
    /// In seconds of the epoch.
    expires: i64,
}

/// Makes and opens links.
pub(crate) struct Links {
    key: LessSafeKey,
    base: String,
}

impl Links {
    /// Links below an address. A rotated key ends them, which live an hour at most.
    pub(crate) fn new(keys: &SigningKeys, base: &str) -> anyhow::Result<Links> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &keys.derive("resources: links to files"))
            .map_err(|_| anyhow::anyhow!("no key for links"))?;
        Ok(Links { key: LessSafeKey::new(key), base: base.trim_end_matches('/').to_owned() })
    }

    /// The address of a link that is good until then.
    pub(crate) fn make(
        &self,
        file: Uuid,
        reader: Reader<'_>,
        expires: OffsetDateTime,
    ) -> chassis::Result<Redacted<String>> {
        let link = Link {
            file,
            firm: reader.firm,
            actor_name: reader.actor_name.to_owned(),
            credential: (reader.credential.0.to_owned(), reader.credential.1.to_owned()),
            expires: expires.unix_timestamp(),
        };
        let mut sealed = serde_json::to_vec(&link).map_err(chassis::Error::internal)?;
        let nonce: [u8; NONCE_LEN] = secret::random();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| chassis::Error::internal(anyhow::anyhow!("a link cannot be sealed")))?;
        let token: Vec<u8> = nonce.into_iter().chain(sealed).collect();
        Ok(Redacted::new(format!("{}{PATH}{}", self.base, URL_SAFE_NO_PAD.encode(token))))
    }

    /// What a link stands for; `None` where it is not ours, was changed, or its time is over.
    pub(crate) fn open(&self, token: &str, now: OffsetDateTime) -> Option<Link> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = token.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        let link: Link = serde_json::from_slice(plain).ok()?;
        (now.unix_timestamp() < link.expires).then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-12-01 08:00 UTC);

    fn links(byte: u8) -> Links {
        Links::new(&SigningKeys::new([byte; 32], None), "http://127.0.0.1:1/").unwrap()
    }

    #[test]
    fn a_link_is_good_until_it_expires_and_as_it_was_made() {
        let (file, firm) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let reader = Reader { firm, actor_name: "小周", credential: ("session", "k1") };
        let url = links(1).make(file, reader, NOW + time::Duration::seconds(60)).unwrap();
        let token = url.reveal().strip_prefix("http://127.0.0.1:1/files/").unwrap();
        let opened = links(1).open(token, NOW).unwrap();
        assert_eq!((opened.file, opened.firm, opened.actor_name.as_str()), (file, firm, "小周"));
        assert_eq!(opened.credential, ("session".to_owned(), "k1".to_owned()));
        assert!(links(1).open(token, NOW + time::Duration::seconds(59)).is_some());
        assert_eq!(links(1).open(token, NOW + time::Duration::seconds(60)), None, "its time is over");
        assert_eq!(links(2).open(token, NOW), None, "another key");
        for at in 0..token.len() {
            let mut other = token.as_bytes().to_vec();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(links(1).open(std::str::from_utf8(&other).unwrap(), NOW), None, "changed at {at}");
        }
        for cut in [0, 1, 11, 12, 20, token.len() - 1] {
            assert_eq!(links(1).open(&token[..cut], NOW), None, "cut at {cut}");
        }
        assert_eq!(links(1).open(&format!("{token}A"), NOW), None);
        assert_eq!(links(1).open(&"A".repeat(5_000), NOW), None);
    }
}
