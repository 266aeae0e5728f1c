//! The one seam through which a message leaves for somebody else's server. A dialer knows which hosts it may call and
//! refuses every other one; what is off calls nobody.
//!
//! **Invariant:** an address is looked up once, refused where any of its numbers is not public, and the connection
//! goes to exactly what was looked at, so that a name cannot lead into our own network.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How long a call may take altogether.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer is read, in bytes.
const ANSWER_BYTES: usize = 16 * 1024;

/// A JSON message for a host.
#[derive(Clone)]
pub struct Post {
    /// The host's name; always over TLS, on its usual port.
    pub host: &'static str,
    /// Path and query; may hold a secret, and stands in no log.
    pub path: String,
    /// The message, `application/json`.
    pub body: Vec<u8>,
}

/// What the host answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The first 16 KiB.
    pub body: Vec<u8>,
}

/// Why nothing was answered. None of these says more than the host's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Not one of the hosts that may be called.
    #[error("{0} is no host that may be called")]
    Refused(String),
    /// Calling is switched off.
    #[error("calling other servers is switched off")]
    Off,
    /// Nobody answered, or not in time.
    #[error("{0} does not answer")]
    Unreachable(String),
}

/// Calls other servers.
pub trait Dialer: Send + Sync + 'static {
    /// Sends the message and waits for the answer.
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Answer, DialError>>;
}

/// A dialer that many tasks share.
pub type SharedDialer = Arc<dyn Dialer>;

/// Calls nobody.
pub struct Off;

impl Dialer for Off {
    fn post<'a>(&'a self, _: &'a Post) -> BoxFuture<'a, Result<Answer, DialError>> {
        Box::pin(async { Err(DialError::Off) })
    }
}

/// Calls some hosts of the internet.
pub struct Internet {
    hosts: &'static [&'static str],
    client: reqwest::Client,
}

impl Internet {
    /// A dialer for these hosts alone.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(hosts: &'static [&'static str]) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .dns_resolver(Arc::new(PublicOnly))
            .build()?;
        Ok(Self { hosts, client })
    }
}

impl Dialer for Internet {
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Answer, DialError>> {
        Box::pin(async move {
            if !self.hosts.contains(&post.host) || !post.path.starts_with('/') {
                return Err(DialError::Refused(post.host.to_string()));
            }
            // The error of the client names the whole address, which is a secret.
            let unreachable = |_| DialError::Unreachable(post.host.to_string());
            let request = self
                .client
                .post(format!("https://{}{}", post.host, post.path))
                .header("content-type", "application/json; charset=utf-8")
                .body(post.body.clone());
            let mut response = request.send().await.map_err(unreachable)?;
            let status = response.status().as_u16();
            let mut body = Vec::new();
            while body.len() < ANSWER_BYTES
                && let Some(part) = response.chunk().await.map_err(unreachable)?
            {
                body.extend_from_slice(&part);
            }
            body.truncate(ANSWER_BYTES);
            Ok(Answer { status, body })
        })
    }
}

/// Looks names up and refuses one that leads to anything but public addresses.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() || found.iter().any(|address| !is_public(address.ip())) {
                return Err("the name does not lead to a public address".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the public internet (RFC 6890 lists those that do not).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_unspecified()
        || v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        // shared by carriers (RFC 6598), protocol assignments, benchmarks
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        // relays into IPv6 (RFC 7526)
        || (a == 192 && b == 88 && c == 99)
        // what a cloud tells each of its machines about itself, at an address that looks public
        || v4 == Ipv4Addr::new(168, 63, 129, 16)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    // Global unicast is 2000::/3; in it are documentation (2001:db8::/32, 3fff::/20), Teredo, 6to4 and other tunnels that
    // hide an IPv4 address.
    let tunnel = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    (first & 0xe000) == 0x2000 && !tunnel && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_dialled() {
        for public in ["1.2.3.4", "203.119.1.1", "2400:3200::1", "::ffff:1.2.3.4"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for not in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "192.88.99.1",
            "168.63.129.16",
            "203.0.113.9",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff:0fff::1",
            "2001:0:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(not.parse().unwrap()), "{not}");
        }
    }

    #[tokio::test]
    async fn every_other_host_is_refused_before_anything_is_sent() {
        let dialer = Internet::new(&["robot.example"]).unwrap();
        for (host, path) in
            [("localhost", "/x"), ("robot.example.evil.example", "/x"), ("robot.example", "@localhost/x")]
        {
            let post = Post { host, path: path.into(), body: Vec::new() };
            assert_eq!(dialer.post(&post).await, Err(DialError::Refused(host.into())));
        }
        let post = Post { host: "robot.example", path: "/".into(), body: Vec::new() };
        assert_eq!(Off.post(&post).await, Err(DialError::Off));
    }

    #[tokio::test]
    async fn a_name_that_leads_into_our_own_network_is_not_followed() {
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
    }
}
