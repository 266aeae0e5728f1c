//! Secrets of firms at rest, such as addresses of robots: encrypted with a key from the settings and bound to their place, so
//! that a row copied to another firm opens nothing.

use hmac::{Hmac, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

use crate::{Error, Result, secret, secret::Redacted};

/// Seals and opens secrets.
pub struct Vault {
    /// The setting that holds the key, for messages.
    setting: &'static str,
    key: LessSafeKey,
    fingerprints: [u8; 32],
}

impl Vault {
    /// A vault of addresses with the key of a setting such as `notices.key`; none for an empty one. What is sealed for one
    /// section of the settings opens in no other, even where both have the same key.
    ///
    /// # Errors
    /// Where the key is not 64 hexadecimal digits.
    pub fn open_with(setting: &'static str, key: &str) -> anyhow::Result<Option<Vault>> {
        if key.is_empty() {
            return Ok(None);
        }
        let wrong =
            || anyhow::anyhow!("{setting} must be 64 hexadecimal digits; `openssl rand -hex 32` makes one");
        let section = setting.split('.').next().unwrap_or_default();
        let key: [u8; 32] = hex::decode(key).map_err(|_| wrong())?.try_into().map_err(|_| wrong())?;
        let sealing = derive(&key, format!("{section}: addresses at rest").as_bytes());
        let unbound = UnboundKey::new(&AES_256_GCM, &sealing).map_err(|_| wrong())?;
        let fingerprints = derive(&key, format!("{section}: fingerprints of addresses").as_bytes());
        Ok(Some(Vault { setting, key: LessSafeKey::new(unbound), fingerprints }))
    }

    /// Seals a text for its place: nonce, then ciphertext with its tag.
    pub fn seal(&self, place: &str, text: &str) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = secret::random();
        let mut bytes = text.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| Error::internal(anyhow::anyhow!("a secret cannot be sealed")))?;
        Ok(nonce.into_iter().chain(bytes).collect())
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// INTERNAL where the key is another one, or the row was tampered with.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Redacted<String>> {
        let wrong = || {
            Error::internal(anyhow::anyhow!("a secret cannot be opened; is {} another one?", self.setting))
        };
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut bytes = bytes.to_vec();
        let text =
            self.key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut bytes).map_err(|_| wrong())?;
        Ok(Redacted::new(String::from_utf8(text.to_vec()).map_err(|_| wrong())?))
    }

    /// Tells the same secret again without knowing it.
    pub fn fingerprint(&self, text: &str) -> [u8; 32] {
        derive(&self.fingerprints, text.as_bytes())
    }
}

fn derive(key: &[u8; 32], what: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so that this never falls to the default.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(what);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: &str) -> Vault {
        Vault::open_with("notices.key", &byte.repeat(32)).unwrap().unwrap()
    }

    #[test]
    fn an_address_opens_at_its_place_with_its_key_alone() {
        let one = vault("ab");
        let sealed = one.seal("firm/1/address", "key=secret").unwrap();
        assert_eq!(one.open("firm/1/address", &sealed).unwrap().reveal(), "key=secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert!(one.open("firm/2/address", &sealed).is_err(), "another place");
        let other = Vault::open_with("webhooks.key", &"ab".repeat(32)).unwrap().unwrap();
        assert!(other.open("firm/1/address", &sealed).is_err(), "another section with the same key");
        assert!(vault("cd").open("firm/1/address", &sealed).is_err(), "another key");
        let mut broken = sealed.clone();
        broken[20] ^= 1;
        assert!(one.open("firm/1/address", &broken).is_err());
        assert!(one.open("firm/1/address", b"short").is_err());
        assert_ne!(one.seal("p", "x").unwrap(), one.seal("p", "x").unwrap(), "each with a nonce of its own");
    }

    #[test]
    fn fingerprints_tell_the_same_address_and_nothing_else() {
        assert_eq!(vault("ab").fingerprint("x"), vault("ab").fingerprint("x"));
        assert_ne!(vault("ab").fingerprint("x"), vault("ab").fingerprint("y"));
        assert_ne!(vault("ab").fingerprint("x"), vault("cd").fingerprint("x"));
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits_or_none() {
        assert!(Vault::open_with("notices.key", "").unwrap().is_none());
        for wrong in ["ab", "x", &"zz".repeat(32), &"ab".repeat(33)] {
            assert!(Vault::open_with("notices.key", wrong).is_err(), "{wrong}");
        }
    }
}
