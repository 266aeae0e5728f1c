//! How much a firm may ask: one bucket of requests for each, whichever way they come, and one for each document link.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::DefaultClock};
use uuid::Uuid;

use crate::{Error, Reason, Result, caller::Caller, config::Limits};

/// What one document link may ask: a person with a page, and nothing that tries.
pub const LINK_REQUESTS_PER_SECOND: u32 = 5;
/// What one document link may ask at once.
pub const LINK_BURST: u32 = 60;

/// What is left to everybody in this process; cheap to clone. The gate takes from it for every method, and whatever answers
/// beside the gate takes from the same.
#[derive(Clone)]
pub struct Rates(Arc<Both>);

struct Both {
    firms: Buckets,
    /// By link: one that went astray must not use up its firm's rate.
    links: Buckets,
}

impl Rates {
    /// As the settings say.
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Both {
            firms: Buckets::new(limits.requests_per_second, limits.burst),
            links: Buckets::new(LINK_REQUESTS_PER_SECOND, LINK_BURST),
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
}

/// A bucket of requests for each firm, or for each document link.
struct Buckets {
    limiter: DefaultKeyedRateLimiter<Uuid>,
    taken: AtomicU64,
}

impl Buckets {
    fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self { limiter: RateLimiter::keyed(quota), taken: AtomicU64::new(0) }
    }

    fn take(&self, whose: Uuid) -> Result<()> {
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
        let buckets = Buckets::new(1, 2);
        let firm = Uuid::from_u128(1);
        assert!(buckets.take(firm).is_ok() && buckets.take(firm).is_ok());
        let refusal = buckets.take(firm).unwrap_err();
        assert!(refusal.reason == Reason::RATE_LIMITED && refusal.retry_after.is_some());
        assert!(buckets.take(Uuid::from_u128(2)).is_ok(), "others do not wait for it");
    }
}
