//! The row of a webhook, and the statements on it, each of which is alone with it: as `db::delivery` and `db::webhook` write
//! them.

use time::{Duration, OffsetDateTime};

use crate::{
    place::{Noted, Place},
    sending::LEASE,
    simulation::Defect,
    webhook::Disabled,
};

/// Whoever claimed it.
pub type Lease = u64;

pub struct Hook {
    pub in_flight: i32,
    pub disabled: Option<Disabled>,
    pub seq: i64,
    seen: i64,
    noted: Vec<(i64, Noted)>,
    pending: i32,
    pub retry_at: Option<OffsetDateTime>,
    /// Moves when the place was set by hand or attempts were set back.
    pub epoch: i64,
    lease: Option<Lease>,
    leased_until: OffsetDateTime,
    version: i64,
}

/// What a process takes over.
pub struct Claim {
    pub epoch: i64,
    pub version: i64,
    pub place: Place,
}

impl Hook {
    pub fn new(in_flight: i32) -> Self {
        Self {
            in_flight,
            disabled: None,
            seq: 0,
            seen: 0,
            noted: Vec::new(),
            pending: 0,
            retry_at: None,
            epoch: 1,
            lease: None,
            leased_until: OffsetDateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    /// The first event was tried so often already, and is again then.
    pub fn tried(&mut self, attempts: i32, next_at: OffsetDateTime) {
        self.seen = 1;
        self.noted = vec![(1, Noted { accepted: false, attempts, next_at })];
        self.pending = 1;
        self.retry_at = Some(next_at);
    }

    fn free(&self, now: OffsetDateTime) -> bool {
        self.lease.is_none() || self.leased_until < now
    }

    /// Whether something is to be sent, by a process's clock `at` and that of the database; `event.webhooks_in_turn`.
    pub fn due(&self, at: OffsetDateTime, now: OffsetDateTime, head: i64) -> bool {
        let more = head > self.seen && self.pending < self.in_flight && self.seen - self.seq < 1_000;
        self.disabled.is_none() && self.free(now) && (self.retry_at.is_some_and(|retry| retry <= at) || more)
    }

    pub fn claim(&mut self, lease: Lease, now: OffsetDateTime) -> Option<Claim> {
        if self.disabled.is_some() || !(self.free(now) || Defect::NoLease.present()) {
            return None;
        }
        self.lease = Some(lease);
        self.leased_until = now + Duration::seconds_f64(LEASE);
        let place = Place::new(self.seen, self.noted.iter().copied());
        Some(Claim { epoch: self.epoch, version: self.version, place })
    }

    /// The version that stands then; `None` where nothing was saved.
    pub fn save(
        &mut self,
        (lease, epoch): (Lease, i64),
        place: &Place,
        disabled: Option<Disabled>,
    ) -> Option<i64> {
        let ours = self.lease == Some(lease) && self.epoch == epoch;
        if !ours && !Defect::NoFence.present() {
            return None;
        }
        self.seq = place.seq();
        self.seen = place.seen();
        self.noted = place.all_noted().collect();
        self.pending = place.pending();
        self.retry_at = place.retry_at();
        if disabled.is_some() {
            self.disabled = disabled;
            self.version += 1;
        }
        Some(self.version)
    }

    pub fn release(&mut self, lease: Lease, now: OffsetDateTime) {
        if self.lease == Some(lease) {
            self.lease = None;
            self.leased_until = now;
        }
    }

    /// The firm changes something of it, or pauses it; why it does not work stays.
    pub fn change(&mut self, pause: bool) {
        if pause {
            self.disabled = self.disabled.or(Some(Disabled::ByFirm));
        }
        self.version += 1;
    }

    /// The firm resumes it: what was not accepted is tried at once, as for the first time.
    pub fn resume(&mut self, now: OffsetDateTime) {
        self.disabled = None;
        self.version += 1;
        self.epoch += 1;
        self.retry_at = (self.pending > 0).then_some(now);
        for (_, noted) in &mut self.noted {
            noted.attempts = 0;
            noted.next_at = now;
        }
    }

    /// The firm turns it back, or forward.
    pub fn move_to(&mut self, seq: i64) {
        self.seq = seq;
        self.seen = seq;
        self.noted.clear();
        self.pending = 0;
        self.retry_at = None;
        self.epoch += 1;
        self.version += 1;
    }
}
