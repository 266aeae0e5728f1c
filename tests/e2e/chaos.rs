//! One driver of everything that may go wrong around the event stream: firms publish, answer and follow, by streams of all or
//! some of it, from places that they or the server keep, and by a webhook, while processes are killed and held still, Postgres
//! and Kafka are killed, held still and wiped, connections are cut, slow and silent, the disk is full and a clock is wrong. What
//! everybody saw is written down and judged afterwards: nothing that was acknowledged may be lost, nothing may come twice, and
//! nothing out of order. In the end each service runs in processes of its own, which are killed and held still in turn while
//! firms work with all of them.
//!
//! A seed chooses the schedule; `TANDEM_CHAOS_SEED` gives one again. `TANDEM_CHAOS_KILLS` says how many processes a long run
//! kills, `TANDEM_CHAOS_MINUTES` how long it lasts at least, and `TANDEM_CHAOS_DISK_MIB` how large the disk of its Postgres
//! is. Whatever befalls the system in a short run, it comes back before the next blow; in a long one most kills
//! of processes fall while what was struck before them is still coming back, and some of what is held still or silent stays so
//! until its leases went on elsewhere and keepalives took it for dead. Where there is no Kafka, or no disk that may be
//! filled, a short run says so and leaves out what needs it; a long one fails.

mod alone;
mod exported;
mod figures;
mod fleet;
mod hooked;
mod schedule;
mod stage;
mod strikes;
mod trade;
mod volume;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    asked,
    history::Record,
    tell::{aloud, measured},
    validators,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::load::{Load, Pace};
use figures::Figures;
use hooked::Hooked;
use schedule::{Fault, Layout, schedule};
use stage::Stage;
pub use trade::Trade;
use volume::Volume;

/// Of a long run's kills of processes this share is followed by the next kill after a moment, whatever came back until then.
const HURRY: (u32, u32) = (4, 5);
const BREATH_MS: std::ops::Range<u64> = 0..800;
/// The followers of each firm.
const PACES: &[Pace] = &[Pace::Steady, Pace::Filtered, Pace::Acknowledging];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short() {
    chaos("chaos", Volume::short()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn long() {
    chaos("chaos-long", Volume::long()).await;
}

async fn chaos(name: &str, volume: Volume) {
    let seed = asked("TANDEM_CHAOS_SEED").unwrap_or_else(|| rand::rng().random());
    aloud(format_args!("{name}: seed {seed}"));
    let began = Instant::now();
    let mut stage = Stage::set(name, &volume, StdRng::seed_from_u64(seed)).await;
    aloud(format_args!("{name}: set after {:.1} s", began.elapsed().as_secs_f64()));
    if volume.kills > 0 {
        stage.lacks_nothing();
    }
    let [first, second, third] = volume.parts::<3>();
    let (split, _) = run(&mut stage, &format!("{name}-split"), Layout::Split, &first).await;
    split.tell(name);
    let (twins, hooked) = run(&mut stage, &format!("{name}-twins"), Layout::Twins, &second).await;
    twins.tell(name);
    // What waits for somebody who was killed while it sent comes through a rolling restart, too.
    let hooked = async {
        let (hooked, records) = hooked.expect("it has a webhook");
        hooked.finish(&records, twins.outlasting.contains_key(&Fault::StopFeeds)).await;
    };
    let rolling = format!("{name}-rolling");
    tokio::join!(Box::pin(roll(&mut stage, &rolling)), hooked);
    let (alone, unasked) = Box::pin(alone::run(&mut stage, &format!("{name}-alone"), &third)).await;
    alone.tell(name);
    let ended = stage.ended();
    let full = stage.cluster.disk().is_some();
    stage.finish().await;
    volume.took(name, began.elapsed());

    let parts = [&split, &twins, &alone];
    let sum = |of: fn(&Figures) -> usize| parts.iter().map(|part| of(part)).sum::<usize>();
    let kills = sum(Figures::kills);
    measured(&format!("{name}-kills"), kills, "processes");
    measured(&format!("{name}-acknowledged"), sum(|part| part.acknowledged), "calls");
    measured(&format!("{name}-events"), sum(|part| part.events), "events");
    let breaches: Vec<String> = parts.iter().flat_map(|part| part.broken()).collect();
    let first: Vec<&str> = breaches.iter().take(20).map(String::as_str).collect();
    assert!(breaches.is_empty(), "seed {seed}: {} breaches:\n{}", breaches.len(), first.join("\n"));
    let of = |fault: Fault| split.of(fault) + twins.of(fault);
    // Who starts while there is no database says so and ends.
    let without = of(Fault::KillPostgres) + of(Fault::FillDisk) + of(Fault::SilenceDatabase);
    assert!(ended <= 2 * without, "{ended} processes ended without being killed");
    assert_eq!(unasked, 0, "processes of one service ended without being killed");
    assert!(kills >= volume.kills, "everything that was to be killed was killed");
    assert!(split.unsequenced > 0, "kills fell between commit and sequencing");
    assert!(!full || split.disk_full + twins.disk_full > 0, "the full disk was met");
    assert!(volume.kills == 0 || of(Fault::WipeKafka) > 0, "Kafka lost what it had");
    assert!(
        volume.kills < 100 || split.replayed + twins.replayed > 0,
        "kills fell between commit and answer"
    );
}

/// Works and strikes in one layout, with firms of its own; where it has a webhook, that and what followers saw of its feed.
async fn run(
    stage: &mut Stage,
    name: &str,
    layout: Layout,
    volume: &Volume,
) -> (Figures, Option<(Hooked, Vec<Record>)>) {
    let (buyer, supplier) = stage.arrange(layout).await;
    let (commands, feeds) = stage.addresses(layout);
    let hooked = match layout {
        Layout::Split => None,
        Layout::Twins => Some(Hooked::begin(feeds[0], &supplier).await),
    };
    let mut random = StdRng::seed_from_u64(stage.random.random());
    let faults = schedule(&mut random, layout, volume.kills, |fault| stage.allows(fault));
    let load = Load::begin(name, (buyer, supplier), commands, feeds, PACES);
    let mut figures = Figures::new(layout.name());
    let mut course = volume.begin(name);
    let mut hurried = false;
    for fault in faults {
        if !(hurried && fault.is_of_processes()) {
            stage.progress(&load).await;
        }
        if fault == Fault::SwitchKafka {
            // Before it is switched off: what publishers left, one after the other.
            stage.exported(layout).await;
        }
        let struck = Instant::now();
        let outlasted = stage.strike(fault, &load, &mut figures).await;
        hurried = volume.kills > 0 && fault.is_of_processes() && random.random_ratio(HURRY.0, HURRY.1);
        if hurried {
            tokio::time::sleep(Duration::from_millis(random.random_range(BREATH_MS))).await;
            continue;
        }
        stage.progress(&load).await;
        figures.recoveries.push(struck.elapsed().saturating_sub(outlasted));
        let anew = match fault {
            Fault::WipeKafka => layout == Layout::Split,
            Fault::SwitchKafka => stage.kafka,
            _ => false,
        };
        if anew {
            stage.carried().await;
        }
        course.go_on(&stage.cluster, &figures, &load).await;
    }
    while hurried || !course.is_over() {
        hurried = false;
        stage.progress(&load).await;
        course.go_on(&stage.cluster, &figures, &load).await;
    }
    if stage.kafka {
        stage.carried().await;
    }
    load.writers_stop().await;
    stage.drained().await;
    stage.exported(layout).await;
    let seen = load.followers_stop().await;
    figures.judge(&seen);
    (figures, hooked.map(|hooked| (hooked, seen.records)))
}

/// Two replicas, and nobody else, are replaced in turn, twice, under load: with the client library no call fails, and no event
/// is lost.
async fn roll(stage: &mut Stage, name: &str) {
    let (pair, balancer) = stage.rolling().await;
    let load = Load::by_library(name, pair, balancer.at());
    stage.progress(&load).await;
    let since = Instant::now();
    let turns = stage.roll(&load).await;
    let took = since.elapsed();
    load.writers_stop().await;
    stage.drained().await;
    let seen = load.followers_stop().await;
    let counts = &seen.counts;
    let [acknowledged, again, broken] =
        [&counts.acknowledged, &counts.unanswered, &counts.broken].map(|count| count.load(Ordering::Relaxed));
    aloud(format_args!("{name}: {turns} restarts in {:.1} s", took.as_secs_f64()));
    for (what, count) in [("acknowledged", acknowledged), ("repeated", again), ("failed", broken)] {
        measured(&format!("{name}-{what}"), count, "calls");
    }
    assert_eq!(broken, 0, "given up by the client library: {}", counts.last_broken.lock().unwrap());
    validators::check(&seen.records);
}
