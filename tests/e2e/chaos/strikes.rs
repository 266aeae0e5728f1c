//! Which process of a fleet is struck, how, and in which order: chosen by a seed, so that it comes again.

use std::fmt;

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};

/// Every service that there is, each in processes of its own.
pub const SERVICES: &[&str] =
    &["partners", "orders", "interchange", "notices", "capacity", "resources", "stream", "portal"];

/// Of a long run's strikes beyond the first ones this share kills.
const KILLING: (u32, u32) = (9, 10);

/// What befalls a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    Kill,
    /// Held still for a while, with everything open.
    Stop,
}

const BLOWS: [Blow; 2] = [Blow::Kill, Blow::Stop];

/// A blow, and whom it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strike {
    pub blow: Blow,
    pub service: &'static str,
    pub replica: usize,
}

impl Strike {
    /// How many processes it kills.
    pub fn kills(self) -> usize {
        usize::from(self.blow == Blow::Kill)
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.blow, self.service)
    }
}

/// A short run (no kills are asked for) strikes each service once, by the one blow or the other in turn; a long one each
/// replica of each by each blow, and then whomever chance brings until so many were killed.
pub fn strikes(random: &mut StdRng, replicas: usize, kills: usize) -> Vec<Strike> {
    let first = random.random_range(0..BLOWS.len());
    let mut chosen: Vec<Strike> = match kills {
        0 => {
            let mut services = SERVICES.to_vec();
            services.shuffle(random);
            let once = |(n, service): (usize, &'static str)| Strike {
                blow: BLOWS[(first + n) % BLOWS.len()],
                service,
                replica: 0,
            };
            services.into_iter().enumerate().map(once).collect()
        }
        _ => everything(replicas),
    };
    chosen.shuffle(random);
    let mut killed: usize = chosen.iter().map(|strike| strike.kills()).sum();
    while killed < kills {
        let blow = if random.random_ratio(KILLING.0, KILLING.1) { Blow::Kill } else { Blow::Stop };
        let service = SERVICES[random.random_range(0..SERVICES.len())];
        let next = Strike { blow, service, replica: random.random_range(0..replicas) };
        killed += next.kills();
        chosen.push(next);
    }
    chosen
}

fn everything(replicas: usize) -> Vec<Strike> {
    let of =
        |service| (0..replicas).flat_map(move |replica| BLOWS.map(|blow| Strike { blow, service, replica }));
    SERVICES.iter().copied().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    fn of(seed: u64, replicas: usize, kills: usize) -> Vec<Strike> {
        strikes(&mut StdRng::seed_from_u64(seed), replicas, kills)
    }

    #[test]
    fn a_fleet_has_every_service() {
        let named = tandem::node::ALL.iter().map(|service| format!("{service:?}").to_lowercase());
        assert_eq!(SERVICES.to_vec(), named.collect::<Vec<_>>());
    }

    #[test]
    fn a_short_run_strikes_each_service_once_and_by_each_blow_some() {
        for seed in 0..20 {
            let short = of(seed, 1, 0);
            let mut services: Vec<&str> = short.iter().map(|strike| strike.service).collect();
            services.sort_unstable();
            let mut all = SERVICES.to_vec();
            all.sort_unstable();
            assert_eq!(services, all, "seed {seed}");
            let blows: BTreeSet<Blow> = short.iter().map(|strike| strike.blow).collect();
            assert_eq!(blows, BTreeSet::from(BLOWS), "seed {seed}");
            assert_eq!(short, of(seed, 1, 0), "a seed gives the same again");
        }
        assert_ne!(of(7, 1, 0), of(8, 1, 0));
    }

    #[test]
    fn a_long_run_strikes_each_replica_of_each_service_by_each_blow() {
        let long = of(7, 2, 300);
        let met: BTreeSet<Strike> = long.iter().copied().collect();
        assert_eq!(met, everything(2).into_iter().collect());
        assert_eq!(met.len(), SERVICES.len() * 2 * BLOWS.len());
        assert_eq!(long.iter().map(|strike| strike.kills()).sum::<usize>(), 300);
    }
}
