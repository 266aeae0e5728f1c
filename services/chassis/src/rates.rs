//! How much a firm may ask: one bucket of requests for each, whichever way they come, and one for each document link. Who has
//! not said who it is, such as somebody who signs in, has one for its address, and one with all others.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::DefaultClock};
use http::HeaderMap;
use uuid::Uuid;

use crate::{Error, Reason, Result, caller::Caller, config::Limits, dial::is_public};

/// What one document link may ask: a person with a page, and nothing that tries.
pub const LINK_REQUESTS_PER_SECOND: u32 = 5;
/// What one document link may ask at once.
pub const LINK_BURST: u32 = 60;
/// What one address may ask without a caller: an office whose people all open links at nine, and nothing that tries.
pub const ADDRESS_REQUESTS_PER_SECOND: u32 = 20;
/// What one address may ask without a caller at once.
pub const ADDRESS_BURST: u32 = 200;
/// How many links to sign in one mail address is sent in an hour: perhaps it was somebody else who asked.
pub const MAILED_LINKS_PER_HOUR: u32 = 6;
/// How many links to sign in one mail address is sent at once.
pub const MAILED_LINKS_BURST: u32 = 3;
/// How many links to sign in are asked for from one address in an hour: an office whose people all lost theirs.
pub const ASKED_LINKS_PER_HOUR: u32 = 60;
/// How many links to sign in are asked for from one address at once.
pub const ASKED_LINKS_BURST: u32 = 20;
/// Where a proxy says whom it speaks for, and the portal whom a page is for.
pub const SEEN_FROM: &str = "x-forwarded-for";

/// What is left to everybody in this process; cheap to clone. The gate takes from it for every method, and whatever answers
/// beside the gate takes from the same.
#[derive(Clone)]
pub struct Rates(Arc<All>);

struct All {
    firms: Buckets<Uuid>,
    /// By link: one that went astray must not use up its firm's rate.
    links: Buckets<Uuid>,
    /// By address, of those who are no caller: one that tries must not use up everybody's.
    addresses: Buckets<IpAddr>,
    /// The same, all together: an address can be invented where no proxy looks.
    anybody: Buckets<()>,
    /// Links to sign in by what the mail address is known by, and by who asks: mail reaches somebody who did not ask.
    mailed: Buckets<[u8; 32]>,
    asked: Buckets<IpAddr>,
}

impl Rates {
    /// As the settings say.
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(All {
            firms: Buckets::new(Quota::per_second, limits.requests_per_second, limits.burst),
            links: Buckets::new(Quota::per_second, LINK_REQUESTS_PER_SECOND, LINK_BURST),
            addresses: Buckets::new(Quota::per_second, ADDRESS_REQUESTS_PER_SECOND, ADDRESS_BURST),
            anybody: Buckets::new(
                Quota::per_second,
                limits.anonymous_requests_per_second,
                limits.anonymous_burst,
            ),
            mailed: Buckets::new(Quota::per_hour, MAILED_LINKS_PER_HOUR, MAILED_LINKS_BURST),
            asked: Buckets::new(Quota::per_hour, ASKED_LINKS_PER_HOUR, ASKED_LINKS_BURST),
        }))
    }

    /// One request of a caller's. RATE_LIMITED, with when to come again.
    pub fn take(&self, caller: &Caller) -> Result<()> {
        if caller.order.is_some() {
            self.0.links.take(caller.actor)?;
        }
        self.take_of(caller.firm)
    }

    /// One request of a firm's, where it is known by something else than a credential. RATE_LIMITED.
    pub fn take_of(&self, firm: Uuid) -> Result<()> {
        self.0.firms.take(firm)
    }

    /// One request without a caller, from an address where that is known. RATE_LIMITED.
    pub fn take_of_anybody(&self, from: Option<IpAddr>) -> Result<()> {
        if let Some(from) = from {
            self.0.addresses.take(subscriber(from))?;
        }
        self.0.anybody.take(())
    }

    /// One link to sign in by mail, for who asks from an address where that is known, to a mail address by what it is known
    /// by. RATE_LIMITED, whether or not the mail address is anybody's.
    pub fn take_of_mailed_links(&self, from: Option<IpAddr>, to: [u8; 32]) -> Result<()> {
        if let Some(from) = from {
            self.0.asked.take(subscriber(from))?;
        }
        self.0.mailed.take(to)
    }
}

/// The public address that the nearest proxy says a request came from. `None` where it says none, and for those in the
/// deployment's own network: there stands no person, but a service that asks for many.
pub fn seen_from(headers: &HeaderMap) -> Option<IpAddr> {
    let nearest = headers.get_all(SEEN_FROM).iter().next_back()?.to_str().ok()?;
    let address = nearest.rsplit(',').next()?.trim().parse().ok()?;
    is_public(address).then_some(address)
}

/// What one subscriber of the internet has: an address of IPv4, or 2^64 of IPv6.
fn subscriber(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(four) => four.into(),
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// A bucket of requests for each of something.
struct Buckets<K: Clone + Eq + Hash> {
    limiter: DefaultKeyedRateLimiter<K>,
    taken: AtomicU64,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    /// So many in a time such as [`Quota::per_second`], and so many at once.
    fn new(per: fn(NonZeroU32) -> Quota, many: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = per(at_least_one(many)).allow_burst(at_least_one(burst));
        Self { limiter: RateLimiter::keyed(quota), taken: AtomicU64::new(0) }
    }

    fn take(&self, whose: K) -> Result<()> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % 100_000 == 99_999 {
            // Who has not called for long needs no bucket.
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&whose).map_err(|until| {
            let wait = until.wait_time_from(governor::clock::Clock::now(&DefaultClock::default()));
            Error::new(Reason::RATE_LIMITED).retry_after(wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firm_that_hurries_is_told_to_wait() {
        let buckets = Buckets::new(Quota::per_second, 1, 2);
        let firm = Uuid::from_u128(1);
        assert!(buckets.take(firm).is_ok() && buckets.take(firm).is_ok());
        let refusal = buckets.take(firm).unwrap_err();
        assert!(refusal.reason == Reason::RATE_LIMITED && refusal.retry_after.is_some());
        assert!(buckets.take(Uuid::from_u128(2)).is_ok(), "others do not wait for it");
    }

    #[test]
    fn an_address_that_hurries_leaves_others_theirs_until_all_are_too_many() {
        let limits = crate::config::Config::load(None).unwrap().limits;
        let most = ADDRESS_BURST + 2 * ADDRESS_REQUESTS_PER_SECOND;
        let rates = Rates::new(&Limits { anonymous_requests_per_second: 1, anonymous_burst: most, ..limits });
        let take = |from: &str| rates.take_of_anybody(from.parse().ok()).map_err(|error| error.reason);
        let until_refused = |from: &str| (0..10 * most).take_while(|_| take(from).is_ok()).count() as u32;
        let taken = until_refused("2400:3200::1");
        assert!((ADDRESS_BURST..most).contains(&taken), "{taken}");
        assert!(until_refused("2400:3200::2:0:0:1") < 3, "of the same subscriber");
        for other in ["2400:3200:0:1::1", "1.2.3.4", "::ffff:1.2.3.4", "none"] {
            assert_eq!(take(other), Ok(()), "{other}");
        }
        assert!(until_refused("none") < most - ADDRESS_BURST);
        assert_eq!(take("1.2.3.5"), Err(Reason::RATE_LIMITED), "all together");
    }

    #[test]
    fn links_are_mailed_seldom_to_one_and_not_often_for_one() {
        let rates = Rates::new(&crate::config::Config::load(None).unwrap().limits);
        let take = |from: &str, to: u8| rates.take_of_mailed_links(from.parse().ok(), [to; 32]);
        let taken = (0..10).filter(|_| take("none", 1).is_ok()).count() as u32;
        assert_eq!(taken, MAILED_LINKS_BURST, "whoever asks");
        assert!(take("1.2.3.4", 1).is_err() && take("1.2.3.4", 2).is_ok());
        let taken = (3..100).filter(|to| take("1.2.3.4", *to).is_ok()).count() as u32;
        assert_eq!(taken, ASKED_LINKS_BURST - 2, "to whomever");
        assert!(take("1.2.3.5", 200).is_ok(), "others are not held up");
    }

    #[test]
    fn an_address_is_what_the_nearest_proxy_saw_on_the_internet() {
        for (said, expected) in [
            ("", None),
            ("1.2.3.4", Some("1.2.3.4")),
            ("9.9.9.9, 1.2.3.4", Some("1.2.3.4")),
            ("9.9.9.9|2400:3200::1", Some("2400:3200::1")),
            ("1.2.3.4, 127.0.0.1", None),
            ("10.0.0.7", None),
            ("1.2.3.4:80", None),
            ("unknown", None),
        ] {
            let mut headers = HeaderMap::new();
            for one in said.split('|') {
                headers.append(SEEN_FROM, one.parse().unwrap());
            }
            assert_eq!(seen_from(&headers), expected.and_then(|text| text.parse().ok()), "{said}");
        }
    }
}
