//! How robots know us: 钉钉 wants its signature in the address, 飞书 in the message.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

fn mac(key: &[u8], message: &[u8]) -> String {
    // HMAC takes a key of any length, so that this never falls to the default.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// 钉钉: HMAC-SHA256 of `timestamp\nsecret` with the secret as key, in base64, encoded for an address. The time is in
/// milliseconds and may be an hour off.
pub fn dingtalk(timestamp_ms: i128, secret: &str) -> String {
    let signature = mac(secret.as_bytes(), format!("{timestamp_ms}\n{secret}").as_bytes());
    form_urlencoded::byte_serialize(signature.as_bytes()).collect()
}

/// 飞书: HMAC-SHA256 of nothing with `timestamp\nsecret` as key, in base64. The time is in seconds.
pub fn feishu(timestamp_s: i64, secret: &str) -> String {
    mac(format!("{timestamp_s}\n{secret}").as_bytes(), b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_vectors() {
        let secret = "this is secret";
        assert_eq!(dingtalk(1_700_000_000_000, secret), "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D");
        assert_eq!(feishu(1_700_000_000, secret), "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=");
    }
}
