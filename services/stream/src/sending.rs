//! What whoever serves a webhook decides: whether anything may go out, what it is, and what follows from what was answered.
//! A pure state machine around a [`Place`], with time and chance, and what the log holds, passed in; [`crate::deliver`] reads,
//! sends and saves as it says.
//!
//! **Invariant:** an attempt begins within [`SLICE`] of the claim, and [`LEASE`] is longer than that and an attempt, so that
//! nobody else sends for the webhook while one is on its way. Nor is anything looked at after the slice, so that what a filter
//! leaves out is passed for good, slice by slice, however much of it there is.

use std::time::Duration;

use chassis::{
    hook::{Answer, Failure},
    value,
};
use time::OffsetDateTime;

#[cfg(test)]
use crate::simulation::Defect;
use crate::{
    ladder::{self, Step},
    place::Place,
    webhook::Disabled,
};

/// How long a webhook is served before others have their turn; the last attempt begins within it.
pub(crate) const SLICE: Duration = Duration::from_secs(3);
/// How long nobody else sends for a webhook that was claimed, in seconds: longer than a slice and the attempt that began at its
/// end.
pub(crate) const LEASE: f64 = 20.0;
/// How far a webhook looks beyond an event that was not accepted.
const WINDOW: i64 = 1_000;

/// How far a webhook has come that this process serves.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub place: Place,
    /// The most that are on their way at a time; 1 where events go out in order.
    in_flight: usize,
    /// The oldest entry that is still there.
    oldest: i64,
    /// Somebody changed the webhook since it was claimed.
    changed: bool,
}

/// What goes out next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, now.
    Nothing,
    /// That the log no longer reaches back, before anything else.
    Cut(Attempt),
    /// This entry once more, if it is still wanted.
    Due(i64),
    /// The entry after the last one that was looked at, if it is wanted.
    Following,
}

/// An attempt to send something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub seq: i64,
    /// The first is 1.
    pub number: i32,
    /// It says that everything up to its place is gone.
    pub cut: bool,
}

/// What follows from an attempt, beside where it leaves the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Follows {
    /// Set where the webhook is given up.
    pub disabled: Option<Disabled>,
    /// When the same is tried again.
    pub retry_at: Option<OffsetDateTime>,
}

/// Whether what was read may still go out, so long after the claim: to read it may have taken any time. What may not is as if
/// it had not been read.
pub(crate) fn in_time(served: Duration) -> bool {
    #[cfg(test)]
    if Defect::SentLate.present() {
        return true;
    }
    served < SLICE
}

impl Sending {
    /// A webhook that was claimed, in a log whose oldest entry is this one.
    pub fn new(place: Place, in_flight: i32, oldest: i64) -> Self {
        Self { place, in_flight: usize::try_from(in_flight).unwrap_or_default(), oldest, changed: false }
    }

    /// What goes out next, beside so many that are on their way, so long after the claim. To be asked again after each entry
    /// that does not go out.
    pub fn next(&self, now: OffsetDateTime, flying: usize, served: Duration) -> Next {
        let over = served >= SLICE;
        #[cfg(test)]
        let over = over && !Defect::LookedOn.present();
        if over || self.changed || flying >= self.in_flight {
            return Next::Nothing;
        }
        if self.place.seq() < self.oldest - 1 {
            return self.truncated(now).filter(|_| flying == 0).map_or(Next::Nothing, Next::Cut);
        }
        if let Some(seq) = self.place.due(now) {
            return Next::Due(seq);
        }
        let full = self.place.open() >= self.in_flight;
        #[cfg(test)]
        let full = full && !Defect::NotWaitedFor.present();
        if full || self.place.looked() - self.place.seq() >= WINDOW {
            return Next::Nothing;
        }
        Next::Following
    }

    fn truncated(&self, now: OffsetDateTime) -> Option<Attempt> {
        let seq = self.oldest - 1;
        let noted = self.place.noted(seq);
        let waits = noted.is_some_and(|noted| noted.next_at > now);
        let number = noted.map_or(0, |noted| noted.attempts) + 1;
        (!waits).then_some(Attempt { seq, number, cut: true })
    }

    /// An entry whose time has come was read again; it goes on its way where it is still wanted.
    pub fn again(&mut self, seq: i64, wanted: bool) -> Option<Attempt> {
        if !wanted {
            self.place.accept(seq);
            return None;
        }
        Some(self.begin(seq))
    }

    /// The entry that follows was looked at; it goes on its way where it is wanted and was not tried before.
    pub fn looked_at(&mut self, seq: i64, wanted: bool) -> Option<Attempt> {
        if self.place.knows(seq) || !wanted {
            self.place.pass(seq);
            return None;
        }
        Some(self.begin(seq))
    }

    fn begin(&mut self, seq: i64) -> Attempt {
        let number = self.place.begin(seq);
        #[cfg(test)]
        if Defect::AcceptedWhenSent.present() {
            self.place.accept(seq);
        }
        Attempt { seq, number, cut: false }
    }

    /// An attempt was answered, which ended `now`. `chance`: any byte.
    pub fn answered(
        &mut self,
        attempt: Attempt,
        answer: &Result<Answer, Failure>,
        now: OffsetDateTime,
        chance: u8,
    ) -> Follows {
        let Attempt { seq, number, cut } = attempt;
        #[cfg(test)]
        let number = if Defect::FirstRung.present() { 1 } else { number };
        let step = ladder::step(answer, number, now, chance);
        let follows = match step {
            Step::Accepted => Follows { disabled: None, retry_at: None },
            Step::Again(at) => Follows { disabled: None, retry_at: Some(value::micros(at)) },
            // What an address of before says, or one that was given up already, ends nothing.
            Step::Disable(_) if self.changed => Follows { disabled: None, retry_at: None },
            Step::Disable(why) => Follows { disabled: Some(why), retry_at: None },
        };
        let next_at = follows.retry_at.unwrap_or(now);
        match step {
            Step::Accepted if cut => self.place.cut(seq),
            Step::Accepted => self.place.accept(seq),
            Step::Again(_) | Step::Disable(_) if cut => self.place.fail_cut(seq, next_at),
            Step::Again(_) | Step::Disable(_) => self.place.fail(seq, next_at),
        }
        follows
    }

    /// What came of an attempt was saved; `changed`: somebody changed the webhook since it was claimed, so that nothing more
    /// goes out.
    pub fn saved(&mut self, changed: bool) {
        self.changed |= changed;
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 02:10 UTC);

    fn sending(in_flight: i32, oldest: i64) -> Sending {
        Sending::new(Place::new(4, []), in_flight, oldest)
    }

    fn answer(status: u16) -> Result<Answer, Failure> {
        Ok(Answer { status, retry_after: String::new(), body: Vec::new() })
    }

    #[test]
    fn one_goes_out_in_its_slice_and_nothing_beside_it() {
        let mut one = sending(1, 1);
        let next = |one: &Sending, flying| one.next(NOW, flying, Duration::ZERO);
        assert_eq!((next(&one, 0), next(&one, 1)), (Next::Following, Next::Nothing));
        assert_eq!(one.looked_at(5, false), None, "left out");
        assert_eq!(one.looked_at(6, true), Some(Attempt { seq: 6, number: 1, cut: false }));
        assert_eq!(next(&one, 1), Next::Nothing, "it is on its way");
        let mut two = sending(2, 1);
        assert_eq!(next(&two, 1), Next::Following);
        two.saved(true);
        assert_eq!(next(&two, 1), Next::Nothing, "somebody changed it");
    }

    /// A filter may leave out a million entries in a row, and to look at one takes a while.
    #[test]
    fn what_is_left_out_takes_no_longer_than_the_slice_and_is_passed_for_good() {
        let (mut one, mut served, each) = (sending(1, 1), Duration::ZERO, Duration::from_millis(2));
        while one.next(NOW, 0, served) == Next::Following {
            let seq = one.place.looked() + 1;
            assert_eq!(one.looked_at(seq, false), None);
            served += each;
        }
        assert_eq!(served, SLICE);
        assert_eq!((one.place.seq(), one.place.seen()), (4 + 1_500, 4 + 1_500), "others go on from there");
    }

    #[test]
    fn what_is_due_comes_before_what_follows_and_what_is_gone_before_both() {
        let mut two = sending(2, 1);
        let first = two.looked_at(5, true).unwrap();
        let again = two.answered(first, &answer(500), NOW, 127).retry_at.unwrap();
        let at = |sending: &Sending, now, flying| sending.next(now, flying, Duration::ZERO);
        assert_eq!((at(&two, NOW, 0), at(&two, again, 0)), (Next::Following, Next::Due(5)));
        assert_eq!(two.again(5, true).map(|attempt| attempt.number), Some(2));
        let behind = sending(2, 9);
        assert_eq!(at(&behind, NOW, 1), Next::Nothing, "something is on its way");
        assert_eq!(at(&behind, NOW, 0), Next::Cut(Attempt { seq: 8, number: 1, cut: true }));
    }

    #[test]
    fn what_the_address_of_before_says_ends_nothing() {
        let (mut one, mut changed) = (sending(1, 1), sending(1, 1));
        changed.saved(true);
        let attempt = one.looked_at(5, true).unwrap();
        assert_eq!(changed.looked_at(5, true), Some(attempt));
        let gone = |sending: &mut Sending| sending.answered(attempt, &answer(410), NOW, 0).disabled;
        assert_eq!((gone(&mut one), gone(&mut changed)), (Some(Disabled::Gone), None));
    }
}
