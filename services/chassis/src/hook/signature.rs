//! Signatures of Standard Webhooks (version `v1`): HMAC-SHA-256 over id, timestamp and body, one for each secret that works,
//! so that a receiver may change its secret whenever it likes while two work.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::secret::{self, Redacted};

const PREFIX: &str = "whsec_";

/// A new secret of 256 bits, as it is shown once.
pub fn new_secret() -> Redacted<String> {
    Redacted::new(format!("{PREFIX}{}", STANDARD.encode(secret::random::<32>())))
}

/// The header `webhook-signature`; secrets that are none sign nothing.
pub fn sign(secrets: &[Redacted<String>], id: &str, timestamp: i64, body: &[u8]) -> String {
    let one = |secret: &Redacted<String>| {
        let key = STANDARD.decode(secret.reveal().strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, which its libraries test themselves against.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn owned(text: &str) -> Redacted<String> {
        Redacted::new(text.to_owned())
    }

    #[test]
    fn the_published_example_is_signed_as_published() {
        assert_eq!(sign(&[owned(SECRET)], ID, 1_614_265_330, BODY), SIGNATURE);
        for (id, at, body) in
            [("msg_q", 1_614_265_330, BODY), (ID, 1_614_265_331, BODY), (ID, 1_614_265_330, b"{}")]
        {
            assert_ne!(sign(&[owned(SECRET)], id, at, body), SIGNATURE);
        }
    }

    #[test]
    fn each_secret_that_works_signs() {
        let other = new_secret();
        let both = sign(&[other.clone(), owned(SECRET)], ID, 1_614_265_330, BODY);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, sign(&[other], ID, 1_614_265_330, BODY));
        assert_eq!(second, SIGNATURE);
        assert_eq!(sign(&[owned("no secret")], ID, 0, BODY), "");
    }

    #[test]
    fn secrets_are_as_the_specification_wants_them() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        let key = STANDARD.decode(one.reveal().strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
