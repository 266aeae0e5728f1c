//! A log that lost its last events, and took others in their place, while gateways serve on: whoever has seen what was lost is
//! told, and whoever has not gets what came instead.

use super::*;

/// Commits events to the firm's feed, waits until they are there, and answers them as this reader got them.
async fn grown(
    world: &World,
    firm: &Firm,
    stream: &mut Streaming<SubscribeResponse>,
    n: i64,
) -> Vec<FeedEvent> {
    let last = head(firm).await.seq + n;
    for number in 0..n {
        commit_one(world, firm, number as usize).await;
    }
    read(stream, |events| events.last().is_some_and(|event| event.seq >= last)).await
}

/// What a reader gets until its stream ends, and how that ends.
async fn to_its_end(stream: &mut Streaming<SubscribeResponse>) -> (Vec<FeedEvent>, Status) {
    let mut events = Vec::new();
    loop {
        match next(stream).await {
            Ok(Some(message)) => events.extend(message.events),
            Ok(None) => panic!("the stream ends without a word, after {:?}", seqs(&events)),
            Err(status) => return (events, status),
        }
    }
}

#[tokio::test]
async fn readers_who_stay_while_the_log_is_set_back_are_told_and_others_get_what_came_instead() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await;
    let open = async |cursor: &str| {
        let mut stream = subscribe(&firm, from(Start::After(cursor.into()))).await.expect("subscribe");
        assert!(message(&mut stream).await.live);
        stream
    };
    let (mut live, mut idle) = (open(&start.cursor).await, open(&start.cursor).await);
    let lost = grown(&world, &firm, &mut live, 6).await;
    let kept = &lost[3];
    sqlx::query(
        "with kept as (select seq, chain, log_pos, month from event.feed_entry where feed = $1 and seq = $2),
              entries as (delete from event.feed_entry f using kept k where f.log_pos > k.log_pos),
              facts as (delete from event.event_log l using kept k where l.log_pos > k.log_pos),
              head as (update event.head set log_pos = k.log_pos, month = k.month from kept k)
         update event.feed_head h set next_seq = k.seq + 1, chain = k.chain from kept k where h.feed = $1",
    )
    .bind(firm.uuid())
    .bind(kept.seq)
    .execute(world.owner_pool().await)
    .await
    .expect("the owner may");
    let (more, status) = to_its_end(&mut live).await;
    refusal::refused(Err::<(), _>(status), Reason::FEED_DIVERGED);
    assert_eq!(seqs(&more), [0; 0], "all of it came before");

    // While the other stream keeps the feed in its gateway.
    let mut back = open(&kept.cursor).await;
    let came = grown(&world, &firm, &mut back, 4).await;
    assert_eq!(seqs(&came), (kept.seq + 1..=kept.seq + 4).collect::<Vec<_>>());
    assert_eq!(came, firm.events_after(&kept.cursor).await);
    assert!(came.iter().all(|event| !lost.contains(event)), "what was lost is shown to nobody");
    let (seen, status) = to_its_end(&mut idle).await;
    refusal::refused(Err::<(), _>(status), Reason::FEED_DIVERGED);
    assert!(
        lost.starts_with(&seen),
        "{:?}: what was on its way to it, and nothing of what came instead",
        seqs(&seen)
    );
    world.finish().await;
}

#[tokio::test]
async fn readers_who_are_live_are_told_when_the_feed_goes_on_from_another_history() {
    let world = World::start().await;
    let firm = world.firm("北屿家具(示例)").await;
    world.settled().await;
    let start = head(&firm).await;
    let mut live = subscribe(&firm, from(Start::After(start.cursor.clone()))).await.expect("subscribe");
    let seen = grown(&world, &firm, &mut live, 6).await;
    let kept = &seen[3];
    // As long as it was, and its last two are others.
    sqlx::query(
        "with other as (update event.feed_entry set chain = sha256(chain) where feed = $1 and seq > $2
                        returning seq, chain)
         update event.feed_head h set chain = o.chain from other o where h.feed = $1 and o.seq = h.next_seq - 1",
    )
    .bind(firm.uuid())
    .bind(kept.seq)
    .execute(world.owner_pool().await)
    .await
    .expect("the owner may");
    commit_one(&world, &firm, 6).await;
    let (more, status) = to_its_end(&mut live).await;
    refusal::refused(Err::<(), _>(status), Reason::FEED_DIVERGED);
    assert_eq!(seqs(&more), [0; 0], "the seventh follows another sixth than it has");
    reached(&firm, kept.seq + 3).await;
    let whole: Vec<i64> = (kept.seq + 1..=kept.seq + 3).collect();
    assert_eq!(seqs(&firm.events_after(&kept.cursor).await), whole);
    world.finish().await;
}
