//! How much a run does, and how far it is.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    asked,
    chaos::Cluster,
    tell::{aloud, late, measured},
};

use super::figures::Figures;
use crate::load::Load;

/// How many processes a long run kills.
const KILLS: usize = 1_000;
/// How long a short run may take in all, so that nobody leaves it out.
const SHORT: Duration = Duration::from_secs(180);
/// The disk of Postgres: what a run writes, and its log between two checkpoints.
const DISK_MIB: usize = 768;
const LONG_DISK_MIB: usize = 6_144;
/// How often a long run says how far it is, and how often its Postgres writes what its log holds into its tables.
const SAID: Duration = Duration::from_secs(60);
const CHECKPOINT: Duration = Duration::from_secs(10);

/// What is done at least.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    /// Processes that are killed; 0: a short run, where everything befalls the system once.
    pub kills: usize,
    /// How long firms work, whatever befalls them.
    pub lasts: Duration,
    pub disk_mib: usize,
}

impl Volume {
    pub fn short() -> Self {
        Self { kills: 0, lasts: Duration::ZERO, disk_mib: DISK_MIB }
    }

    /// A long run, as whoever runs it by hand asks for it.
    pub fn long() -> Self {
        let minutes: u64 = asked("TANDEM_CHAOS_MINUTES").unwrap_or_default();
        Self {
            kills: asked("TANDEM_CHAOS_KILLS").unwrap_or(KILLS).max(1),
            lasts: Duration::from_secs(60 * minutes),
            disk_mib: asked("TANDEM_CHAOS_DISK_MIB").unwrap_or(LONG_DISK_MIB),
        }
    }

    /// The same in so many parts of one size; what does not divide falls to the first ones.
    pub fn parts<const N: usize>(self) -> [Self; N] {
        std::array::from_fn(|n| Self {
            kills: self.kills / N + usize::from(n < self.kills % N),
            lasts: self.lasts / u32::try_from(N).expect("few parts"),
            ..self
        })
    }

    /// Says how long all of it took, beside the other figures, and warns where a short run is not short any more.
    pub fn took(&self, name: &str, took: Duration) {
        measured(&format!("{name}-took"), format_args!("{:.1}", took.as_secs_f64()), "s");
        if self.is_late(took) {
            late(format_args!("{name} took {:.1} s, of {} that it may", took.as_secs_f64(), SHORT.as_secs()));
        }
    }

    fn is_late(&self, took: Duration) -> bool {
        self.kills == 0 && took > SHORT
    }

    /// Begins to count its time.
    pub fn begin(self, name: &str) -> Progress {
        let now = Instant::now();
        Progress { name: name.into(), volume: self, began: now, said: now, written: now }
    }
}

/// How far a run is.
pub struct Progress {
    name: String,
    volume: Volume,
    began: Instant,
    said: Instant,
    written: Instant,
}

impl Progress {
    /// Whether its time is over.
    pub fn is_over(&self) -> bool {
        self.began.elapsed() >= self.volume.lasts
    }

    /// In a long run: what has to be done and said from time to time, while Postgres answers.
    pub async fn go_on(&mut self, cluster: &Cluster, figures: &Figures, load: &Load) {
        if self.volume.kills == 0 {
            return;
        }
        if self.written.elapsed() >= CHECKPOINT {
            self.written = Instant::now();
            cluster.checkpoint().await;
        }
        if self.said.elapsed() >= SAID {
            self.said = Instant::now();
            aloud(self.far(figures, load));
        }
    }

    fn far(&self, figures: &Figures, load: &Load) -> String {
        let counts = load.counts();
        let [acknowledged, unanswered, delivered] =
            [&counts.acknowledged, &counts.unanswered, &counts.delivered]
                .map(|count| count.load(Ordering::Relaxed));
        let minutes = self.began.elapsed().as_secs_f64() / 60.0;
        let (name, kills, killed) = (&self.name, self.volume.kills, figures.kills());
        format!(
            "{name}: {killed} of {kills} kills after {minutes:.1} min, {:.1} a minute; {acknowledged} acknowledged, \
             {unanswered} tries unanswered, {delivered} delivered",
            killed as f64 / minutes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_much_as_the_whole() {
        let whole = Volume { kills: 1_000, lasts: Duration::from_secs(90), disk_mib: 1 };
        let parts = whole.parts::<3>();
        assert_eq!(parts.map(|part| part.kills), [334, 333, 333]);
        assert!(parts.iter().all(|part| part.lasts == Duration::from_secs(30)));
    }

    #[test]
    fn a_short_run_is_late_after_three_minutes_and_a_long_one_never() {
        let short = Volume::short();
        assert!(!short.is_late(Duration::from_secs(180)) && short.is_late(Duration::from_millis(180_001)));
        assert!(!Volume { kills: 1, ..short }.is_late(Duration::from_secs(86_400)));
    }
}
