//! Subscribe from outside: when it says that it is live, what filters leave out, that live and recorded events are
//! the same bytes, and how a stream ends. That feeds resume anywhere stands in resume.rs, that they go on whatever dies in
//! chaos.rs.

mod connections;
mod fairness;
mod limits;
mod restored;

use std::time::{Duration, Instant};

use chassis::{
    Reason,
    outbox::{self, NewEvent},
    secret::sha256,
};
use harness::{Firm, World, refusal};
use proto::{
    partners::{RevokeApiKeyRequest, Role},
    stream::{
        FeedEvent, Filter, GetHeadRequest, GetHeadResponse, SubscribeRequest, SubscribeResponse,
        subscribe_request::Start,
    },
};
use tokio::time::timeout;
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(60);

fn event(audience: &[Uuid], kind: &'static str, subject: &str, data: Vec<u8>) -> NewEvent {
    NewEvent {
        id: chassis::clock::system().id(),
        source: "tandem/orders",
        r#type: kind,
        subject: subject.into(),
        subject_id: None,
        version: 0,
        at: chassis::clock::system().now(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        audience: audience.to_vec(),
        sites: Vec::new(),
        purchasing_group: String::new(),
        scope_firm: None,
        data: data.into(),
    }
}

/// Commits a command, as a service does.
async fn commit(world: &World, events: Vec<NewEvent>) {
    let mut tx = world.deps().pool.begin(events[0].audience[0]).await.expect("begin");
    outbox::append(&mut tx, vec![events]).await.expect("append");
    tx.commit().await.expect("commit");
    world.deps().wake.wake();
}

pub async fn commit_one(world: &World, firm: &Firm, n: usize) {
    commit_data(world, firm, n.to_string().into()).await;
}

/// Commits an event with this payload.
pub async fn commit_data(world: &World, firm: &Firm, data: Vec<u8>) {
    commit(world, vec![event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", data)]).await;
}

fn from(start: Start) -> SubscribeRequest {
    SubscribeRequest { start: Some(start), filter: None, until_head: false }
}

async fn subscribe(firm: &Firm, request: SubscribeRequest) -> Result<Streaming<SubscribeResponse>, Status> {
    Ok(firm.stream().subscribe(request).await?.into_inner())
}

async fn next(stream: &mut Streaming<SubscribeResponse>) -> Result<Option<SubscribeResponse>, Status> {
    timeout(SOON, stream.message()).await.expect("a message comes soon")
}

async fn message(stream: &mut Streaming<SubscribeResponse>) -> SubscribeResponse {
    next(stream).await.expect("the stream is well").expect("the stream goes on")
}

/// Reads until `enough` of the events that were read.
async fn read(
    stream: &mut Streaming<SubscribeResponse>,
    enough: impl Fn(&[FeedEvent]) -> bool,
) -> Vec<FeedEvent> {
    let mut events = Vec::new();
    while !enough(&events) {
        events.extend(message(stream).await.events);
    }
    events
}

async fn head(firm: &Firm) -> GetHeadResponse {
    firm.stream().get_head(GetHeadRequest {}).await.expect("the feed has a head").into_inner()
}

/// Waits until the feed stands at `seq`.
async fn reached(firm: &Firm, seq: i64) -> GetHeadResponse {
    harness::until("the feed grows", SOON, async || Some(head(firm).await).filter(|head| head.seq >= seq))
        .await
}

fn seqs(events: &[FeedEvent]) -> Vec<i64> {
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test]
async fn live_is_said_once_and_even_where_nothing_was_there() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let head = head(&firm).await;
    for start in [Start::Latest(true), Start::After(head.cursor.clone())] {
        let mut stream = subscribe(&firm, from(start.clone())).await.expect("subscribe");
        let first = message(&mut stream).await;
        assert_eq!((first.live, first.seq, &first.cursor), (true, head.seq, &head.cursor));
        assert!(first.events.is_empty());
        let ends = SubscribeRequest { until_head: true, ..from(start) };
        let mut stream = subscribe(&firm, ends).await.expect("subscribe");
        assert!(message(&mut stream).await.live);
        assert_eq!(next(&mut stream).await.expect("ends well"), None);
    }
    for n in 0..3 {
        commit_one(&world, &firm, n).await;
    }
    reached(&firm, head.seq + 3).await;
    let mut stream = subscribe(&firm, from(Start::Earliest(true))).await.expect("subscribe");
    let mut said = Vec::new();
    let mut seen = 0;
    while seen < head.seq + 4 {
        let message = message(&mut stream).await;
        seen += message.events.len() as i64;
        if message.live {
            said.push(seen);
            commit_one(&world, &firm, 9).await;
        }
    }
    assert_eq!(said, [head.seq + 3], "after everything that was present, once");
    world.finish().await;
}

#[tokio::test]
async fn a_filter_leaves_out_and_the_cursor_moves_past() {
    let world = World::start().await;
    let (one, two) = (world.firm("北屿家具(示例)").await, world.firm("顺模塑料(示例)").await);
    let start = head(&one).await;
    let other = Uuid::from_u128(7);
    let mut ids = Vec::new();
    for (audience, kind, subject) in [
        (vec![one.uuid(), two.uuid()], "tandem.orders.order.published.v1", "orders/1"),
        (vec![one.uuid(), other], "tandem.orders.order.responded.v1", "orders/2"),
        (vec![one.uuid()], "tandem.partners.firm.changed.v1", "firms/1"),
    ] {
        let event = event(&audience, kind, subject, b"x".to_vec());
        ids.push(event.id.to_string());
        commit(&world, vec![event]).await;
    }
    reached(&one, start.seq + 3).await;
    let ask = async |filter: Filter| {
        let start = Some(Start::After(start.cursor.clone()));
        let mut stream = subscribe(&one, SubscribeRequest { start, filter: Some(filter), until_head: true })
            .await
            .expect("subscribe");
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(message) = next(&mut stream).await.expect("well") {
            found.extend(message.events.into_iter().map(|event| event.event.expect("event")));
            at = message.seq;
        }
        assert_eq!(at, head(&one).await.seq, "the cursor stands behind what was left out");
        found
    };
    let types =
        |types: &[&str]| Filter { types: types.iter().map(|t| t.to_string()).collect(), ..Filter::default() };
    let found = async |filter| ask(filter).await.into_iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(found(types(&["tandem.orders.*"])).await, ids[..2]);
    assert_eq!(found(types(&["tandem.partners.firm.changed.v1", "nothing"])).await, ids[2..]);
    assert_eq!(found(types(&["nothing"])).await, [""; 0]);
    let with = |firm: String| Filter { counterparties: vec![firm], ..Filter::default() };
    assert_eq!(found(with(two.id.clone())).await, ids[..1]);
    assert_eq!(found(with(one.id.clone())).await, [""; 0]);
    let about = Filter { subject_prefix: "orders/2".into(), ..Filter::default() };
    assert_eq!(found(about).await, ids[1..2]);

    let sides: Vec<String> =
        ask(Filter::default()).await.into_iter().map(|event| event.counterparty).collect();
    assert_eq!(sides, [two.id.clone(), other.to_string(), String::new()]);
    let seen = two.events().await;
    let last = seen.last().and_then(|entry| entry.event.as_ref()).expect("an event");
    assert_eq!((&last.id, &last.counterparty), (&ids[0], &one.id), "seen from the other side");
    world.finish().await;
}

#[tokio::test]
async fn large_and_many_events_arrive_whole() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let start = head(&firm).await;
    let mut live = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    let sizes: Vec<usize> = (0..40).map(|n| [10, 1_000, 9_000, 70_000, 250_000][n % 5]).collect();
    for (n, size) in sizes.iter().enumerate() {
        let data = vec![n as u8; *size];
        commit(&world, vec![event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", data)]).await;
    }
    let last = start.seq + sizes.len() as i64;
    let got = read(&mut live, |events| events.last().is_some_and(|event| event.seq >= last)).await;
    let again = firm.events_after(&start.cursor).await;
    assert_eq!(seqs(&got), (start.seq + 1..=last).collect::<Vec<_>>());
    assert_eq!(got, again, "live and from the record");
    for (entry, (n, size)) in got.iter().zip(sizes.iter().enumerate()) {
        let event = entry.event.as_ref().expect("event");
        assert_eq!((event.data.len(), event.data.first()), (*size, Some(&(n as u8))));
        assert_eq!(event.data_sha256, sha256(&event.data).as_slice());
    }
    world.finish().await;
}

/// M09.
#[tokio::test]
async fn a_restored_database_is_noticed_by_readers_who_come_back() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let start = head(&firm).await.seq;
    for n in 0..6 {
        commit_one(&world, &firm, n).await;
    }
    reached(&firm, start + 6).await;
    let events = firm.events().await;
    // A backup that lacks the last two; others take their places.
    let kept = start + 4;
    let owner = world.owner_pool().await;
    sqlx::query(
        "with gone as (delete from event.feed_entry where feed = $1 and seq > $2)
         update event.feed_head h set next_seq = f.seq + 1, chain = f.chain
         from event.feed_entry f where f.feed = h.feed and f.seq = $2 and h.feed = $1",
    )
    .bind(firm.uuid())
    .bind(kept)
    .execute(owner)
    .await
    .expect("the owner may");
    for n in 6..10 {
        commit_one(&world, &firm, n).await;
    }
    reached(&firm, kept + 4).await;
    for entry in events.iter().filter(|entry| entry.seq > kept) {
        let answer = subscribe(&firm, from(Start::After(entry.cursor.clone()))).await;
        refusal::refused(answer.map(drop), Reason::FEED_DIVERGED);
    }
    let last = events.iter().find(|entry| entry.seq == kept).expect("it was read");
    assert_eq!(seqs(&firm.events_after(&last.cursor).await), (kept + 1..=kept + 4).collect::<Vec<_>>());
    world.finish().await;
}

#[tokio::test]
async fn streams_of_a_revoked_key_end_within_five_seconds_and_others_go_on() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let (key_id, key) = firm.try_key("leaver", &[Role::Viewer], None).await.expect("a key");
    let leaver = world.access(&key);
    let mut ends =
        leaver.stream().subscribe(from(Start::Latest(true))).await.expect("subscribe").into_inner();
    let mut stays = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut ends).await.live && message(&mut stays).await.live);
    let revoke = RevokeApiKeyRequest { request_id: harness::request_id(), api_key_id: key_id };
    firm.session().members().revoke_api_key(revoke).await.expect("revoked");
    let since = Instant::now();
    let end = loop {
        match next(&mut ends).await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    refusal::refused(end, Reason::UNAUTHENTICATED);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    commit_one(&world, &firm, 1).await;
    assert_eq!(read(&mut stays, |events| !events.is_empty()).await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_draining_process_tells_each_stream_where_to_go_on() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let mut stream = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    let mut at = message(&mut stream).await.cursor;
    world.settled().await;
    world.deps().shutdown.cancel();
    let end = loop {
        match next(&mut stream).await {
            Ok(Some(message)) => at = message.cursor,
            end => break end,
        }
    };
    let status = refusal::refused(end, Reason::DRAINING);
    assert_eq!(refusal::metadata(&status)["cursor"], at);
    let retry =
        status.get_details_retry_info().and_then(|info| info.retry_delay).expect("a hint when to return");
    assert!((Duration::from_millis(200)..=Duration::from_millis(1_200)).contains(&retry), "{retry:?}");
    world.finish().await;
}

#[tokio::test]
async fn lost_connections_to_the_database_end_no_stream() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    let start = head(&firm).await;
    let mut stream = subscribe(&firm, from(Start::Latest(true))).await.expect("subscribe");
    assert!(message(&mut stream).await.live);
    for n in 0..3 {
        // A role may end its own sessions.
        for pool in [world.app_pool().await, world.stream_pool().await] {
            sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and usename = current_user and pid <> pg_backend_pid()",
            )
            .execute(pool)
            .await
            .expect("ended");
        }
        // The services' pools meet their dead connections one by one, as callers who try again would.
        harness::until("a command is committed", SOON, async || {
            let mut tx = world.deps().pool.begin(firm.uuid()).await.ok()?;
            let event = event(&[firm.uuid()], "tandem.test.happened.v1", "tests/1", n.to_string().into());
            outbox::append(&mut tx, vec![vec![event]]).await.ok()?;
            tx.commit().await.ok()
        })
        .await;
        world.deps().wake.wake();
        let came = read(&mut stream, |events| !events.is_empty()).await;
        assert_eq!(seqs(&came), [start.seq + 1 + n]);
    }
    world.finish().await;
}
