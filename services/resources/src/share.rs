//! What one firm may have under way at once in this process, so that none takes what others need.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chassis::{Error, Reason, Result};
use uuid::Uuid;

/// Counts what is under way, by firm.
pub(crate) struct Shares {
    most: usize,
    used: Mutex<BTreeMap<Uuid, usize>>,
}

/// One of a firm's; given back when it is dropped.
pub(crate) struct Share {
    of: Arc<Shares>,
    firm: Uuid,
}

impl Shares {
    /// So many for each firm.
    pub(crate) fn new(most: usize) -> Arc<Shares> {
        Arc::new(Shares { most, used: Mutex::default() })
    }

    /// One more of a firm's. LIMIT_REACHED where it has all of them.
    pub(crate) fn take(self: &Arc<Self>, firm: Uuid) -> Result<Share> {
        let mut used = self.used();
        let count = used.entry(firm).or_default();
        if *count >= self.most {
            let too_many = Error::new(Reason::LIMIT_REACHED).with("limit", self.most);
            return Err(too_many.message("so many are under way already; wait until one has ended"));
        }
        *count += 1;
        Ok(Share { of: self.clone(), firm })
    }

    fn used(&self) -> MutexGuard<'_, BTreeMap<Uuid, usize>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut used = self.of.used();
        if let Some(count) = used.get_mut(&self.firm) {
            *count -= 1;
            if *count == 0 {
                used.remove(&self.firm);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firm_has_its_share_and_gets_it_back() {
        let shares = Shares::new(2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = shares.take(one).unwrap();
        let _second = shares.take(one).unwrap();
        assert_eq!(shares.take(one).err().unwrap().reason, Reason::LIMIT_REACHED);
        let _others = shares.take(other).unwrap();
        drop(first);
        let third = shares.take(one).unwrap();
        drop((third, _second));
        assert!(!shares.used().contains_key(&one), "nothing is kept of who has none");
    }
}
