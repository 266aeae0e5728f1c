//! How the places of a process that sends to webhooks are shared out among firms: pure.
//!
//! **Invariant:** half of the places are for firms that have none. Where receivers of fewer firms than that never answer, the
//! next firm's webhook is served at once.

use uuid::Uuid;

/// Places, and who has them.
pub(crate) struct Shares {
    all: usize,
    /// The firm that has it, of each that is taken.
    taken: Vec<Uuid>,
}

impl Shares {
    /// So many places, all free.
    pub(crate) fn of(all: usize) -> Self {
        Self { all, taken: Vec::with_capacity(all) }
    }

    /// How many are free.
    pub(crate) fn free(&self) -> usize {
        self.all - self.taken.len()
    }

    /// The firm of each that is taken.
    pub(crate) fn taken(&self) -> &[Uuid] {
        &self.taken
    }

    /// Takes a place for a firm, if it may have one now. Of those that are not kept for firms without any, it leaves more than
    /// it has: alone it has many, and each that comes finds some.
    pub(crate) fn take(&mut self, firm: Uuid) -> bool {
        let takes = match self.taken.iter().filter(|other| **other == firm).count() {
            0 => self.free() > 0,
            own => own + self.all / 2 < self.free(),
        };
        if takes {
            self.taken.push(firm);
        }
        takes
    }

    /// A firm's place is free again.
    pub(crate) fn give_back(&mut self, firm: Uuid) {
        if let Some(index) = self.taken.iter().position(|other| *other == firm) {
            self.taken.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firms(count: u128) -> impl Iterator<Item = Uuid> {
        (1..=count).map(Uuid::from_u128)
    }

    #[test]
    fn firms_that_take_all_they_can_leave_some_to_the_next() {
        for count in 1..=32 {
            let mut shares = Shares::of(64);
            for firm in firms(count) {
                while shares.take(firm) {}
            }
            assert!(shares.take(Uuid::nil()), "beside {count} firms");
        }
        let mut shares = Shares::of(64);
        while firms(4).filter(|firm| shares.take(*firm)).count() > 0 {}
        let of = |firm| shares.taken().iter().filter(|other| **other == firm).count();
        assert!(firms(4).all(|firm| (6..=7).contains(&of(firm))), "in turn they have the same");
    }

    #[test]
    fn what_is_given_back_is_free() {
        let mut shares = Shares::of(4);
        let [one, two] = [1, 2].map(Uuid::from_u128);
        assert!(shares.take(one) && !shares.take(one), "2 of 4 are for those without any");
        assert!(shares.take(two) && shares.free() == 2);
        shares.give_back(one);
        shares.give_back(one);
        assert_eq!((shares.taken(), shares.free()), (&[two][..], 3));
        assert!(shares.take(one));
        let mut last = Shares::of(1);
        assert!(last.take(one) && !last.take(two) && last.free() == 0);
    }
}
