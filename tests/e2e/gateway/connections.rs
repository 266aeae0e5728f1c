//! Bounds of connections: how many there may be, how many streams each may carry, and how long one may be silent. What lies
//! beyond is refused, and what is there goes on.

use harness::{
    Options, chaos,
    frames::Frames,
    proxy::{Proxy, Weather},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::*;

const SUBSCRIBE: &str = "/tandem.stream.v1.StreamService/Subscribe";
/// Sooner than who says nothing is given up anyway, which is after 10 seconds.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn connections_and_the_streams_of_each_have_a_bound_and_those_within_go_on() {
    const CONNECTIONS: usize = 3;
    const STREAMS: u32 = 5;
    let few = |config: &mut chassis::config::Config| {
        (config.limits.connections, config.limits.streams_per_connection) = (CONNECTIONS, STREAMS);
    };
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    // Over the first connection, which all that the world does shares.
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let (start, at) = (head(&firm).await.seq, world.node().api);

    let second = world.connection(&firm.key);
    let live = async || {
        let stream = second.stream().subscribe(from(Start::Latest(true))).await;
        let mut stream = stream.expect("it is taken").into_inner();
        assert!(message(&mut stream).await.live);
        stream
    };
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(live().await);
    }
    let mut sixth = Box::pin(live());
    let waits = timeout(Duration::from_millis(500), &mut sixth).await.is_err();
    assert!(waits, "a client that is told how many there may be lets one more wait");
    let mut third = Frames::open(at).await;
    third.begin(SUBSCRIBE, STREAMS + 2).await;
    assert_eq!(third.refused(2).await, [STREAMS + 1, STREAMS + 2], "who begins more all the same");

    let refused = async || chaos::counted(world.node().metrics, "tandem_connections_refused_total").await;
    let before = refused().await;
    let mut fourth = TcpStream::connect(at).await.expect("it listens");
    let read = timeout(AT_ONCE, fourth.read(&mut [0])).await.expect("it is closed at once");
    assert_eq!(read.expect("it ends well"), 0);
    assert!(refused().await > before, "it is counted");

    commit_one(&world, &firm, 1).await;
    for stream in &mut streams {
        assert_eq!(seqs(&read_some(stream).await), [start + 1]);
    }
    drop(streams.pop());
    let sixth = timeout(SOON, sixth).await.expect("who waited comes where another one has gone");
    streams.push(sixth);
    commit_one(&world, &firm, 2).await;
    for stream in &mut streams {
        assert_eq!(seqs(&read_some(stream).await), [start + 2]);
    }
    drop(third);
    harness::until("another connection is taken where one has gone", SOON, async || {
        world.connection(&firm.key).stream().get_head(GetHeadRequest {}).await.ok()
    })
    .await;
    world.finish().await;
}

async fn read_some(stream: &mut Streaming<SubscribeResponse>) -> Vec<FeedEvent> {
    read(stream, |events| !events.is_empty()).await
}

#[tokio::test]
#[ignore = "waits half a minute for somebody who says nothing"]
async fn a_peer_that_falls_silent_is_let_go_and_one_that_answers_stays() {
    let few = |config: &mut chassis::config::Config| config.limits.streams_per_firm = 2;
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await.seq;
    let line = Proxy::start(world.node().api).await;
    let far = chaos::access(line.at(), Some(&firm.key));
    let silent = far.stream().subscribe(from(Start::Latest(true))).await;
    let mut silent = silent.expect("subscribe").into_inner();
    let mut quiet = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut silent).await.live && message(&mut quiet).await.live);
    line.set(Weather::Silent);
    let since = Instant::now();
    refusal::refused(subscribe(&firm, from(Start::Latest(true))).await.map(drop), Reason::TOO_MANY_STREAMS);
    let place = harness::until("who is silent loses its place", SOON, async || {
        subscribe(&firm, from(Start::Latest(true))).await.ok()
    });
    let mut place = place.await;
    // It is asked after 20 seconds, and has 10 to answer.
    let waited = since.elapsed();
    assert!((25..45).contains(&waited.as_secs()), "{waited:?}");
    assert!(message(&mut place).await.live);
    commit_one(&world, &firm, 1).await;
    for stream in [&mut quiet, &mut place] {
        assert_eq!(seqs(&read_some(stream).await), [start + 1]);
    }
    world.finish().await;
}
