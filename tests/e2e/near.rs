//! The connections that are tried before the others, where they are not to be had.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use chassis::db::{Near, TenantPool};
use harness::{
    World,
    proxy::{Proxy, Weather},
    until,
};
use tokio::time::timeout;

/// How long anything may take that is not refused.
const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn who_waits_is_given_whatever_comes_back_in_the_order_of_coming() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await.uuid();
    let options = world.app_pool().await.connect_options().as_ref().clone();
    let rest = chassis::db::connect(options.clone(), 1).await.expect("the database answers");
    let pool = TenantPool::new(rest.clone()).near([Near::new(options)]);
    // All of the rest is in use and stays so, as by one that reads for long.
    let kept = rest.acquire().await.expect("the only one");
    let mut tx = pool.begin(firm).await.expect("the near one");
    let come = || {
        let pool = pool.clone();
        tokio::spawn(async move { pool.begin(firm).await })
    };
    let mut waiting = come();
    for _ in 0..3 {
        assert!(timeout(Duration::from_millis(200), &mut waiting).await.is_err(), "there is none");
        let mut next = come();
        assert!(timeout(Duration::from_millis(200), &mut next).await.is_err(), "there is none");
        tx.commit().await.expect("committed");
        let woken = timeout(LIMIT, waiting).await.expect("who came first is woken first");
        tx = woken.expect("it does not panic").expect("begun");
        waiting = next;
    }
    tx.commit().await.expect("committed");
    waiting.await.expect("it does not panic").expect("begun").commit().await.expect("committed");
    drop(kept);
    pool.close().await;
    world.finish().await;
}

#[tokio::test]
async fn one_that_falls_silent_is_left_and_another_one_opened() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await.uuid();
    let raw = world.app_pool().await;
    let options = raw.connect_options().as_ref().clone();
    let line = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, options.get_port()))).await;
    let near = Near::new(options.host("127.0.0.1").port(line.at().port()));
    let pool = TenantPool::new(raw.clone()).near([near.clone()]);
    let begin = async || {
        let since = Instant::now();
        let begun = timeout(LIMIT, pool.begin(firm)).await.expect("nothing hangs").expect("begun");
        (since.elapsed(), begun)
    };
    let opened = || until("a near one rests", LIMIT, async || (near.pool().num_idle() == 1).then_some(()));

    // The first one has it opened, and goes by the rest.
    begin().await.1.commit().await.expect("committed");
    opened().await;
    line.set(Weather::Silent);
    let (took, tx) = begin().await;
    tx.commit().await.expect("by another one");
    assert!(took >= Duration::from_secs(1), "it was tried: {took:?}");
    until("it is closed", LIMIT, async || (near.pool().size() == 0).then_some(())).await;
    let (took, tx) = begin().await;
    tx.commit().await.expect("by another one");
    assert!(took < Duration::from_secs(1), "it is waited for once: {took:?}");

    line.set(Weather::Clear);
    opened().await;
    let (_, tx) = begin().await;
    assert_eq!((near.pool().size(), near.pool().num_idle()), (1, 0), "the new one is taken");
    tx.commit().await.expect("committed");
    world.finish().await;
}
