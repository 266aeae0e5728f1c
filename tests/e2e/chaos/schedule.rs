//! What befalls whom, and when: chosen by a seed, so that a schedule comes again.

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};

/// Which process does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One process takes commands, the other one sequences and serves feeds.
    Split,
    /// Both do everything, and so does a third, in the driver's process, whose clock is moved.
    Twins,
}

impl Layout {
    /// As figures are named.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Split => "Split",
            Layout::Twins => "Twins",
        }
    }
}

/// What befalls something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    KillCommands,
    KillFeeds,
    KillBoth,
    /// Feeds first, then commands with what they took since, then only feeds come back.
    KillBetween,
    /// Held still for a while, with everything open.
    StopCommands,
    StopFeeds,
    KillPostgres,
    StopPostgres,
    KillKafka,
    /// Killed, and back with nothing of what it had.
    WipeKafka,
    StopKafka,
    /// Both processes come back with Kafka where they ran without, or the other way round.
    SwitchKafka,
    /// Connections of clients to one process.
    CutClients,
    SlowClients,
    SilenceClients,
    /// Connections of one process to Postgres.
    CutDatabase,
    SlowDatabase,
    SilenceDatabase,
    FillDisk,
    JumpClock,
}

use Fault::*;

/// What is tried in the short run of each layout; together they have everything, and Kafka comes and goes.
const SPLIT: &[Fault] = &[
    KillCommands,
    KillFeeds,
    KillBetween,
    StopCommands,
    StopFeeds,
    KillKafka,
    WipeKafka,
    StopKafka,
    CutDatabase,
    SlowDatabase,
    SilenceDatabase,
];
const TWINS: &[Fault] = &[
    KillCommands,
    KillFeeds,
    KillBoth,
    KillPostgres,
    StopPostgres,
    SwitchKafka,
    SwitchKafka,
    CutClients,
    SlowClients,
    SilenceClients,
    FillDisk,
    JumpClock,
];

impl Fault {
    /// How many processes it kills.
    pub fn kills(self) -> usize {
        match self {
            KillCommands | KillFeeds | KillPostgres | KillKafka | WipeKafka => 1,
            KillBoth | KillBetween | SwitchKafka => 2,
            _ => 0,
        }
    }

    /// Whether it kills processes of Tandem and touches nothing else.
    pub fn is_of_processes(self) -> bool {
        matches!(self, KillCommands | KillFeeds | KillBoth | KillBetween)
    }

    /// Whether it may last until others have given up what it meets: a process that goes on when its leases are another's, and
    /// connections that both ends take for dead.
    pub fn may_outlast(self) -> bool {
        matches!(self, StopFeeds | SilenceClients | SilenceDatabase)
    }

    pub fn needs_kafka(self) -> bool {
        matches!(self, KillKafka | WipeKafka | StopKafka | SwitchKafka)
    }

    fn possible(self, layout: Layout) -> bool {
        match self {
            KillBetween => layout == Layout::Split,
            JumpClock | SwitchKafka => layout == Layout::Twins,
            _ => true,
        }
    }
}

/// What a short run (no kills are asked for) tries in this layout, in any order; in a long one everything that can happen there,
/// and then whatever chance brings until so many were killed.
pub fn schedule(
    random: &mut StdRng,
    layout: Layout,
    kills: usize,
    allowed: impl Fn(Fault) -> bool,
) -> Vec<Fault> {
    let own = if layout == Layout::Split { SPLIT } else { TWINS };
    let rest: Vec<Fault> = [SPLIT, TWINS]
        .concat()
        .into_iter()
        .filter(|fault| fault.possible(layout) && allowed(*fault))
        .collect();
    let mut chosen: Vec<Fault> = match kills {
        0 => own.iter().copied().filter(|fault| allowed(*fault)).collect(),
        _ => rest.clone(),
    };
    chosen.shuffle(random);
    let mut killed: usize = chosen.iter().map(|fault| fault.kills()).sum();
    while killed < kills {
        let next = match random.random_range(0..100) {
            0..33 => KillCommands,
            33..60 => KillFeeds,
            60..76 => KillBoth,
            76..92 if KillBetween.possible(layout) => KillBetween,
            76..92 => KillCommands,
            // The others take longer, and are not kills for the most part.
            _ => rest[random.random_range(0..rest.len())],
        };
        killed += next.kills();
        chosen.push(next);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_seed_gives_the_same_schedule_again_and_each_has_everything() {
        let of = |seed, layout, kills| schedule(&mut StdRng::seed_from_u64(seed), layout, kills, |_| true);
        let short: BTreeSet<Fault> =
            [Layout::Split, Layout::Twins].into_iter().flat_map(|layout| of(7, layout, 0)).collect();
        assert_eq!(short.len(), JumpClock as usize + 1, "every fault stands in a short run");
        for layout in [Layout::Split, Layout::Twins] {
            let long = of(7, layout, 500);
            assert_eq!(long, of(7, layout, 500));
            assert_ne!(long, of(8, layout, 500));
            let kills: usize = long.iter().map(|fault| fault.kills()).sum();
            assert!((500..502).contains(&kills), "{kills}");
            assert!(long.iter().all(|fault| fault.possible(layout)));
            let met: BTreeSet<Fault> = long.iter().copied().collect();
            let possible: BTreeSet<Fault> =
                short.iter().copied().filter(|fault| fault.possible(layout)).collect();
            assert_eq!(met, possible, "a long run has everything in each layout");
        }
        let switched = of(7, Layout::Twins, 0).iter().filter(|fault| **fault == SwitchKafka).count();
        assert_eq!(switched, 2, "on, and off again");
        let spared = schedule(&mut StdRng::seed_from_u64(7), Layout::Split, 50, |fault| !fault.needs_kafka());
        assert!(!spared.iter().any(|fault| fault.needs_kafka()));
    }
}
