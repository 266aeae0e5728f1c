//! Each service in processes of its own, struck in turn, while firms work with all of them.

use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    BREATH_MS, HURRY, PACES, Volume,
    figures::Figures,
    fleet::Fleet,
    stage::{LASTS_MS, Stage},
    strikes::{SERVICES, strikes},
    trade::Trade,
};
use crate::load::Load;

/// Replicas of each service in a long run; a short one has one, so that it is done in its time.
const REPLICAS: usize = 2;

/// Works with a fleet and strikes it, with firms of its own; how many of its processes ended without being killed, too.
pub async fn run(stage: &mut Stage, name: &str, volume: &Volume) -> (Figures, usize) {
    stage.clear().await;
    let replicas = if volume.kills > 0 { REPLICAS } else { 1 };
    let mut fleet = Fleet::start(&stage.cluster, name, replicas).await;
    let [working, trading, told] = stage.alone();
    let (commands, feeds) = (vec![fleet.gate("orders")], vec![fleet.gate("stream")]);
    let load = Load::begin(name, working, commands, feeds, PACES);
    let trade = Trade::begin(fleet.api(), fleet.gate("portal"), &trading, &told).await;
    let mut random = StdRng::seed_from_u64(stage.random.random());
    let mut figures = Figures::new("Alone");
    let mut course = volume.begin(name);
    let mut hurried = false;
    for strike in strikes(&mut random, replicas, volume.kills) {
        let (struck, lasts) = (Instant::now(), Duration::from_millis(random.random_range(LASTS_MS)));
        fleet.strike(strike, lasts).await;
        *figures.strikes.entry(strike).or_default() += 1;
        hurried = volume.kills > 0 && strike.kills() > 0 && random.random_ratio(HURRY.0, HURRY.1);
        if hurried {
            tokio::time::sleep(Duration::from_millis(random.random_range(BREATH_MS))).await;
            continue;
        }
        fleet.progress(&load, &trade, strike.service).await;
        figures.recoveries.push(struck.elapsed());
        course.go_on(&stage.cluster, &figures, &load).await;
    }
    while hurried || !course.is_over() {
        hurried = false;
        for service in SERVICES {
            fleet.progress(&load, &trade, service).await;
        }
        course.go_on(&stage.cluster, &figures, &load).await;
    }
    load.writers_stop().await;
    let (traded, unanswered) = (trade.tally(), trade.unanswered());
    let untrue = trade.stop().await;
    stage.drained().await;
    let seen = load.followers_stop().await;
    figures.judge(&seen);
    figures.trade(traded, unanswered, untrue);
    assert!(fleet.mails() > 0, "mail went out");
    let ended = fleet.ended();
    fleet.finish().await;
    (figures, ended)
}
