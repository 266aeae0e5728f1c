//! Secrets: random tokens, their hashes, constant-time comparison, and a wrapper that no log can read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A value that prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a secret.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself; the name shows up in a review.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> std::fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Bytes from the operating system's generator. A machine without one cannot keep any secret, so this ends the
/// process rather than go on.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// 256 random bits as URL-safe text of 43 characters.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Equality that takes the same time wherever the first difference stands.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Keys that sign cursors, page tokens and form tokens: the current one signs, both verify.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    current: Redacted<[u8; 32]>,
    previous: Option<Redacted<[u8; 32]>>,
}

impl SigningKeys {
    /// Keys to sign with now, and to accept from before the last rotation.
    pub fn new(current: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        Self { current: Redacted::new(current), previous: previous.map(Redacted::new) }
    }

    /// The first 16 bytes of HMAC-SHA-256 over the purpose and the message.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 16] {
        mac(self.current.reveal(), purpose, message)
    }

    /// Whether one of the keys signed it for this purpose.
    pub fn verify(&self, purpose: &str, message: &[u8], signature: &[u8]) -> bool {
        let previous = self.previous.as_ref().map(|key| mac(key.reveal(), purpose, message));
        equal(&self.sign(purpose, message), signature) || previous.is_some_and(|mac| equal(&mac, signature))
    }

    /// A key of its own for one purpose, such as the portal's form tokens.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut out = [0; 32];
        out[..16].copy_from_slice(&mac(self.current.reveal(), purpose, b"derive 1"));
        out[16..].copy_from_slice(&mac(self.current.reveal(), purpose, b"derive 2"));
        out
    }
}

fn mac(key: &[u8; 32], purpose: &str, message: &[u8]) -> [u8; 16] {
    // HMAC takes a key of any length, so that this never falls to the default.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 16] };
    mac.update(&(purpose.len() as u64).to_be_bytes());
    mac.update(purpose.as_bytes());
    mac.update(message);
    let full = mac.finalize().into_bytes();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_purpose_and_key_only() {
        let old = SigningKeys::new([1; 32], None);
        let new = SigningKeys::new([2; 32], Some([1; 32]));
        let signature = old.sign("page", b"x");
        assert!(new.verify("page", b"x", &signature), "the previous key still verifies");
        assert!(!new.verify("cursor", b"x", &signature));
        assert!(!new.verify("page", b"y", &signature));
        assert!(!SigningKeys::new([2; 32], None).verify("page", b"x", &signature));
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?} {}", Redacted::new("k"), Redacted::new("k")), "[redacted] [redacted]");
    }
}
