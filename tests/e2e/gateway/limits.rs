//! What a client that behaves badly, or not at all, takes from the others, and how old connections are let go.

use harness::{
    Options, chaos,
    frames::Frames,
    proxy::{Proxy, Weather},
};
use proto::stream::{CreateSubscriptionRequest, create_subscription_request};

use super::*;

const SUBSCRIBE: &str = "/tandem.stream.v1.StreamService/Subscribe";
/// HTTP/2's code for a peer that makes too much work.
const ENHANCE_YOUR_CALM: u32 = 11;

/// M24, with nothing but frames.
#[tokio::test]
async fn a_client_that_begins_and_takes_back_is_put_off() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let at = world.node().api;
    let mut resets = Frames::open(at).await;
    resets.begin_and_reset(SUBSCRIBE, 2_000).await;
    assert_eq!(resets.ended().await, Some(ENHANCE_YOUR_CALM));
    let mut headers = Frames::open(at).await;
    headers.headers_without_end(SUBSCRIBE, 2_000).await;
    assert!(headers.ended().await.is_some_and(|code| code != 0), "headers have an end");
    // A flood of pings is at most answered; whoever behaves is served meanwhile.
    let mut pings = Frames::open(at).await;
    pings.ping(20_000).await;
    head(&firm).await;
    world.finish().await;
}

/// M11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_streams_begun_over_many_connections_keep_nobody_waiting() {
    const CONNECTIONS: u32 = 20;
    let few = |config: &mut chassis::config::Config| config.limits.streams_per_firm = 200;
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await.seq;
    let mut live = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut live).await.live);
    let (at, since) = (world.node().api, Instant::now());
    let strangers = (0..CONNECTIONS).map(|_| async move {
        let mut resets = Frames::open(at).await;
        resets.begin_and_reset(SUBSCRIBE, 10_000 / CONNECTIONS).await;
        resets.ended().await
    });
    // And whoever has a key, as fast as they are answered.
    let known = (0..CONNECTIONS).map(|_| async {
        let access = world.connection(&firm.key);
        for _ in 0..20 {
            drop(access.stream().subscribe(from(Start::Earliest(true))).await);
        }
    });
    let waits = async {
        commit_one(&world, &firm, 1).await;
        let came = seqs(&read(&mut live, |events| !events.is_empty()).await);
        (came, since.elapsed())
    };
    let (ended, _, (came, waited)) =
        tokio::join!(futures::future::join_all(strangers), futures::future::join_all(known), waits);
    println!("streams begun and taken back over {CONNECTIONS} connections: {:?}", since.elapsed());
    assert!(ended.iter().all(|code| *code == Some(ENHANCE_YOUR_CALM)), "{ended:?}");
    assert_eq!(came, [start + 1]);
    assert!(waited < Duration::from_secs(5), "an event came after {waited:?}");
    // Nothing of them is left.
    let mut places = Vec::new();
    for _ in 1..200 {
        let place = harness::until("a place is free", SOON, async || {
            subscribe(&firm, from(Start::Latest(true))).await.ok()
        });
        places.push(place.await);
    }
    refusal::refused(subscribe(&firm, from(Start::Latest(true))).await.map(drop), Reason::TOO_MANY_STREAMS);
    world.finish().await;
}

/// M12.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_of_one_key_get_their_events_and_keep_nobody_waiting() {
    const CONNECTIONS: usize = 5;
    let world = World::start().await;
    let (firm, other) = (world.firm("北屿家具(示例)").await, world.firm("顺模塑料(示例)").await);
    world.settled().await;
    let (start, since) = (head(&firm).await.seq, Instant::now());
    let opened = (0..CONNECTIONS).map(|_| async {
        let access = world.connection(&firm.key);
        let mut streams = Vec::new();
        for _ in 0..1_000 / CONNECTIONS {
            let stream = access.stream().subscribe(from(Start::Latest(true))).await;
            streams.push(stream.expect("the default allows for it").into_inner());
        }
        streams
    });
    let mut streams: Vec<_> = futures::future::join_all(opened).await.into_iter().flatten().collect();
    for stream in &mut streams {
        assert!(message(stream).await.live);
    }
    println!("{} streams of one key: {:?}", streams.len(), since.elapsed());
    // Another firm does what it always does, while a thousand are told.
    let place = head(&other).await.seq;
    let mut reader = subscribe(&other, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut reader).await.live);
    let since = Instant::now();
    commit_one(&world, &firm, 1).await;
    commit_one(&world, &other, 2).await;
    assert_eq!(seqs(&read(&mut reader, |events| !events.is_empty()).await), [place + 1]);
    let waited = since.elapsed();
    for stream in &mut streams {
        assert_eq!(seqs(&read(stream, |events| !events.is_empty()).await), [start + 1]);
    }
    println!("another firm waited {waited:?}, the last of {} {:?}", streams.len(), since.elapsed());
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    world.finish().await;
}

/// M24.
#[tokio::test]
async fn streams_that_are_taken_back_leave_their_places() {
    let few = |config: &mut chassis::config::Config| config.limits.streams_per_firm = 20;
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    // Opened and cancelled, before and after the first answer.
    for n in 0..200 {
        let mut client = firm.stream();
        let open = client.subscribe(from(Start::Earliest(true)));
        if n % 2 == 0 {
            let _ = timeout(Duration::from_micros(50 * n), open).await;
        } else {
            drop(open.await);
        }
    }
    let mut open = Vec::new();
    for _ in 0..20 {
        let stream = harness::until("a place is free", SOON, async || {
            subscribe(&firm, from(Start::Latest(true))).await.ok()
        });
        open.push(stream.await);
    }
    refusal::refused(subscribe(&firm, from(Start::Latest(true))).await.map(drop), Reason::TOO_MANY_STREAMS);
    world.finish().await;
}

/// M13.
#[tokio::test]
async fn readers_who_do_not_read_keep_nobody_waiting_and_miss_nothing() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let start = head(&firm).await.seq;
    // Over another connection than everybody else: who does not read fills the window of the connection as well.
    let narrow = world.narrow(&firm.key);
    let mut stalled = Vec::new();
    for n in 0..30 {
        // Half of them from the record, half live.
        let start = if n % 2 == 0 { Start::Earliest(true) } else { Start::Latest(true) };
        stalled.push(narrow.stream().subscribe(from(start)).await.expect("subscribe").into_inner());
    }
    let mut reader = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut reader).await.live);
    // Far more than all windows and buffers hold, and more than a ring does.
    let events = 40;
    let since = Instant::now();
    for n in 0..events {
        let data = vec![n as u8; 100_000];
        commit(&world, vec![event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", data)]).await;
    }
    let last = start + events;
    let got = read(&mut reader, |events| events.last().is_some_and(|event| event.seq >= last)).await;
    println!("{events} events of 100 kB beside 30 readers who do not read: {:?}", since.elapsed());
    assert_eq!(seqs(&got), (start + 1..=last).collect::<Vec<_>>());
    // What was held for them is given up after a while, and read again when they ask.
    stalled.truncate(2);
    for (mut stream, first) in stalled.into_iter().zip([1, start + 1]) {
        let got = read(&mut stream, |events| events.last().is_some_and(|event| event.seq >= last)).await;
        assert_eq!(seqs(&got), (first..=last).collect::<Vec<_>>());
    }
    world.finish().await;
}

/// M14.
#[tokio::test]
async fn a_reader_of_a_byte_a_second_keeps_nobody_waiting_and_misses_nothing() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await.seq;
    let line = Proxy::start(world.node().api).await;
    let access = chaos::access(line.at(), Some(&firm.key));
    let crawling = access.stream().subscribe(from(Start::Latest(true))).await;
    let mut crawling = crawling.expect("subscribe").into_inner();
    let mut reader = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut crawling).await.live && message(&mut reader).await.live);
    line.set(Weather::Trickle);
    // Far more than windows and buffers hold.
    let events = 20;
    let mut longest = Duration::ZERO;
    for n in 0..events {
        let since = Instant::now();
        let data = vec![n as u8; 100_000];
        commit(&world, vec![event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", data)]).await;
        let came = read(&mut reader, |events| !events.is_empty()).await;
        assert_eq!(seqs(&came), [start + 1 + n]);
        longest = longest.max(since.elapsed());
    }
    println!("{events} events of 100 kB beside a reader of a byte a second: {longest:?} at most");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    // One event would take it a day.
    assert!(timeout(Duration::from_secs(2), crawling.message()).await.is_err());
    line.set(Weather::Clear);
    let last = start + events;
    let got = read(&mut crawling, |events| events.last().is_some_and(|event| event.seq >= last)).await;
    assert_eq!(seqs(&got), (start + 1..=last).collect::<Vec<_>>());
    world.finish().await;
}

/// M18.
#[tokio::test]
async fn a_filter_has_its_bound_and_what_lies_beyond_is_named() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await;
    let ask = async |filter: Filter| {
        let start = Some(Start::After(start.cursor.clone()));
        subscribe(&firm, SubscribeRequest { start, filter: Some(filter), until_head: true }).await
    };
    let types = |count: usize| (0..count).map(|n| format!("tandem.other{n}.*")).collect::<Vec<_>>();
    let ids = |count: u128| (0..count).map(|n| Uuid::from_u128(n).to_string()).collect::<Vec<_>>();
    for (filter, wrong) in [
        (Filter { types: types(10_000), ..Filter::default() }, "filter.types"),
        (Filter { types: types(101), ..Filter::default() }, "filter.types"),
        (Filter { counterparties: ids(10_000), ..Filter::default() }, "filter.counterparties"),
        (
            Filter { types: types(101), counterparties: ids(101), ..Filter::default() },
            "filter.types filter.counterparties",
        ),
    ] {
        let wrong: Vec<(&str, &str)> = wrong.split(' ').map(|path| (path, "TOO_MANY")).collect();
        refusal::bad_fields(ask(filter).await.map(drop), &wrong);
    }
    // As many as there may be are looked through to the last.
    commit_one(&world, &firm, 1).await;
    reached(&firm, start.seq + 1).await;
    let mut most = types(99);
    most.push("tandem.test.*".into());
    let mut stream = ask(Filter { types: most, ..Filter::default() }).await.expect("100 are taken");
    assert_eq!(seqs(&read(&mut stream, |events| !events.is_empty()).await), [start.seq + 1]);
    world.finish().await;
}

/// M19.
#[tokio::test]
async fn a_filter_is_text_whatever_it_would_be_elsewhere() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await;
    // What takes an engine of expressions longer than the world lasts.
    let (kind, subject) = ("tandem.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "a".repeat(200) + "!");
    let events = (0..100).map(|_| event(&[firm.uuid()], kind, &subject, b"x".to_vec()));
    commit(&world, events.collect()).await;
    reached(&firm, start.seq + 100).await;
    let ask = async |filter: Filter| {
        let start = Some(Start::After(start.cursor.clone()));
        subscribe(&firm, SubscribeRequest { start, filter: Some(filter), until_head: true }).await
    };
    let types = |text: &str| Filter { types: vec![text.into()], ..Filter::default() };
    let since = Instant::now();
    for text in ["(a+)+$", "^tandem\\.(a|aa)+$", "(?:a{0,1000}){0,1000}b", "tandem.(([a-z])+.)+[A-Z]", ".*"] {
        let about = Filter { subject_prefix: text.into(), ..Filter::default() };
        for filter in [types(text), about] {
            let mut stream = ask(filter).await.expect("it is text like any other");
            while let Some(message) = next(&mut stream).await.expect("well") {
                assert_eq!(message.events, [], "{text} is nowhere");
            }
        }
    }
    for text in ["(a*)*$", "tandem.*aaa", "**"] {
        refusal::bad_fields(ask(types(text)).await.map(drop), &[("filter.types[0]", "VALUE")]);
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let mut stream = ask(types("tandem.a*")).await.expect("a prefix");
    assert_eq!(read(&mut stream, |events| events.len() == 100).await.len(), 100);
    world.finish().await;
}

#[tokio::test]
async fn an_old_connection_is_let_go_and_its_streams_go_on_over_another() {
    let old = |config: &mut chassis::config::Config| config.limits.connection_age_s = 2;
    let world = World::with(Options { configure: old, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await.seq;
    let create = CreateSubscriptionRequest {
        request_id: harness::request_id(),
        name: "erp".into(),
        start: Some(create_subscription_request::Start::Latest(true)),
    };
    firm.subscriptions().create_subscription(create).await.expect("a subscription");
    let mut got = Vec::new();
    let mut origin = Start::Subscription("erp".into());
    for n in 0.. {
        if n > 1 && got.len() > 1 {
            break;
        }
        let mut stream = subscribe(&firm, from(origin)).await.expect("it is taken");
        let mut at = String::new();
        if n < 2 {
            commit_one(&world, &firm, n).await;
        }
        let end = loop {
            match next(&mut stream).await {
                Ok(Some(message)) => {
                    got.extend(seqs(&message.events));
                    at = message.cursor;
                }
                end => break end,
            }
        };
        let status = refusal::refused(end, Reason::DRAINING);
        let cursor = refusal::metadata(&status)["cursor"].clone();
        // It may end before it has said anything.
        assert!(at.is_empty() || cursor == at, "{cursor} after {at}");
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert!(retry.is_some_and(|retry| retry <= Duration::from_millis(1_200)), "{retry:?}");
        origin = Start::After(cursor);
    }
    assert_eq!(got, [start + 1, start + 2]);
    world.finish().await;
}

#[tokio::test]
async fn what_the_log_loses_under_a_reader_is_never_skipped_over() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let start = head(&firm).await.seq;
    // More than a client takes that does not read.
    for count in [189, 11] {
        if count == 11 {
            reached(&firm, start + 189).await;
            world.age(5).await;
        }
        let events =
            (0..count).map(|_| event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", vec![7; 40_000]));
        commit(&world, events.collect()).await;
    }
    reached(&firm, start + 200).await;
    let mut stream = subscribe(&firm, from(Start::Earliest(true))).await.expect("subscribe");
    let mut got = seqs(&message(&mut stream).await.events);
    assert_eq!(world.let_go().await.0.len(), 1);
    let end = loop {
        match next(&mut stream).await {
            Ok(Some(message)) => got.extend(seqs(&message.events)),
            end => break end,
        }
    };
    let status = refusal::refused(end, Reason::CURSOR_EXPIRED);
    assert_eq!(got, (1..=got.len() as i64).collect::<Vec<_>>(), "without a gap");
    let oldest = refusal::metadata(&status)["oldest_cursor"].clone();
    assert_eq!(firm.events_after(&oldest).await.len(), 11);
    world.finish().await;
}
