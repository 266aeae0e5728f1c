//! PublishOrder → subscriber with 1,000 subscribers: as usual, and with a transaction open elsewhere in the cluster that
//! keeps everything that was deleted in the way.

use serde_json::json;

use crate::{
    crowd::{Crowd, EVENTS_PER_SECOND},
    lag::{Elsewhere, Times},
    report::{Noise, Report},
    scale::Scale,
    spent::{Meter, Spent},
};

const SUBSCRIBERS: usize = 1_000;
const SECONDS: usize = 10;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let subscribers = scale.of(SUBSCRIBERS);
    let crowd = Crowd::gather(subscribers, scale).await?;
    let orders = scale.of(EVENTS_PER_SECOND * SECONDS);
    crowd.publish(scale.of(EVENTS_PER_SECOND)).await?;
    let (mut usual, mut held, mut spent) = (Vec::new(), Vec::new(), Spent::default());
    let mut noise = Noise::new(scale);
    while noise.wants_another(usual.len()) {
        noise.begin()?;
        let meter = Meter::begin()?;
        let without = crowd.publish(orders).await?;
        let each = meter.each(orders)?;
        let other = Elsewhere::begin().await?;
        let with = crowd.publish(orders).await?;
        other.end().await?;
        if noise.too_loud()? {
            continue;
        }
        usual.push(without);
        spent.add(each);
        held.push(with);
    }
    let ratio = Times::ratio(&held, &usual);
    let line = format!(
        "{subscribers} subscribers at {EVENTS_PER_SECOND} orders/s: p50 / p99 {} ms; with a transaction open elsewhere {} \
         ms, ratio {ratio}; of an order, with its deliveries, {spent}; others used {:.2} cores",
        Times::median(&usual),
        Times::median(&held),
        noise.heard()
    );
    let figure = json!({
        "usual": Times::json(&usual), "beside_a_transaction": Times::json(&held), "ratio_p50": ratio.p50,
        "ratio_p99": ratio.p99, "us_each": spent.own(), "postgres_us_each": spent.postgres(),
        "others_cores": noise.heard(),
    });
    report.add("latency", &line, figure);
    crowd.leave().await
}
