//! One resource, and more firms to tell of it than one transaction tells.

use std::time::Duration;

use harness::{World, request_id, resource::shown, until};
use proto::resources::*;

use super::told;

/// More than two slices of those who are told at once.
const FIRMS: i64 = 200;

#[tokio::test]
async fn very_many_are_told_each_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let follow = FollowRequest {
        request_id: request_id(),
        owner_id: buyer.id.clone(),
        category: ResourceCategory::Unspecified.into(),
    };
    supplier.following().follow(follow).await.expect("followed");
    // Firms without anybody in them: what they follow is all that counts here.
    sqlx::query(
        "with firm as (insert into partners.firm (id, name, state, created_at)
                       select gen_random_uuid(), 'F' || n, 'active', now() from generate_series(1, $2) n returning id)
         insert into resources.following (firm, id, owner, followed_at)
         select id, gen_random_uuid(), $1, now() from firm",
    )
    .bind(buyer.uuid())
    .bind(FIRMS)
    .execute(world.owner_pool().await)
    .await
    .expect("followers");

    let open =
        PublishResourceRequest { visibility: ResourceVisibility::All.into(), open: true, ..shown("规范") };
    let resource = buyer.publish_resource(open).await.expect("published");
    let count = async || -> (i64, i64) {
        sqlx::query_as(
            "select count(*), count(distinct e.feed) from event.feed_entry e
             join resources.following f on f.firm = e.feed and f.owner = $1",
        )
        .bind(buyer.uuid())
        .fetch_one(world.owner_pool().await)
        .await
        .expect("a count")
    };
    // The supplier's own feed has its partnership, too.
    let all = FIRMS + 1;
    until("all are told", Duration::from_secs(60), async || (count().await.1 == all).then_some(())).await;
    world.settled().await;
    let withdraw = WithdrawResourceRequest { request_id: request_id(), resource_id: resource };
    buyer.resources().withdraw_resource(withdraw).await.expect("withdrawn");
    world.settled().await;
    let (events, feeds) = count().await;
    let of_supplier = supplier.events().await.len() as i64;
    assert_eq!(
        (events - of_supplier, feeds),
        (FIRMS, all),
        "each once; of its end only those hear to whom it was granted"
    );
    assert_eq!(told(&supplier, 0).await, ["resource.published 规范 use"]);
    world.finish().await;
}
