//! What firms whose receivers never answer take from others.

use harness::receiver::Reply;

use super::*;
use crate::gateway::commit_one;

/// Firms whose receivers are silent, and how many webhooks each has: all that it may.
const FIRMS: usize = 4;
const WEBHOOKS: usize = 20;
/// How long a firm whose receiver answers may wait beside them, on a busy machine: where they hold it up it waits for 18 s.
const PROMPT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_receivers_of_some_firms_hold_no_other_firm_up() {
    let world = World::start().await;
    let (silent, receiver) = (Receiver::start().await, Receiver::start().await);
    // Longer than any attempt.
    silent.rule(|_, _| Reply::Late(504, SOON));
    let mut firms = Vec::new();
    for n in 0..FIRMS {
        firms.push(world.firm(&format!("北屿家具{n}(示例)")).await);
    }
    let other = world.firm("顺模塑料(示例)").await;
    world.settled().await;
    for firm in &firms {
        for _ in 0..WEBHOOKS {
            make(firm, to(&silent.url(), WebhookMode::Ordered)).await;
        }
    }
    make(&other, to(&receiver.url(), WebhookMode::Ordered)).await;
    for firm in &firms {
        commit_one(&world, firm, 1).await;
    }
    // Each has several that wait for an answer; a moment later whoever may have a place has it.
    calls(&silent, 3 * FIRMS).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("{} receivers of {FIRMS} firms are silent", silent.received().len());
    assert!(receiver.received().is_empty());
    commit_one(&world, &other, 1).await;
    until("another firm is told", PROMPT, async || receiver.received().pop()).await;
    world.finish().await;
}
