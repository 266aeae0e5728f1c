//! Weeks that promise more than their groups have: what they do have is sold to the last hour, whichever buckets it is asked of.

use chassis::{Reason, value::timestamp};
use harness::{
    Firm, World, accept_all,
    booking::offer,
    capacity::{group, link, linking},
    date, decimal, order,
    refusal::refused,
};
use proto::{
    capacity::{NewBucket, Offer, PublishOfferRequest},
    orders::RespondToOrderRequest,
};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{W53, consume::ITEM, free};

/// A hold of an offer, by its place, of how much of which buckets of [`Narrow::slice`], counted from 1.
type Hold<'a> = (i32, &'a [(i32, &'a str)]);

/// A week of 100 hours, of which 60 are offered and 70 promised to an order: 30 are there to be sold.
struct Narrow {
    world: World,
    buyer: Firm,
    /// In two slots of 20 hours.
    slots: Offer,
    /// 20 hours of the whole week.
    week: Offer,
}

impl Narrow {
    async fn open() -> Self {
        let world = World::start().await;
        let (buyer, supplier) = world.pair().await;
        let stated = linking(group("机组", &[(W53, "100", "100")]), vec![link(&buyer.id, ITEM, "")]);
        let group = supplier.state_group(stated).await.unwrap().id;
        let slots = supplier.publish_offer(in_slots(&group)).await.unwrap();
        let week = supplier.publish_offer(offer(&group, &[(W53, "20")])).await.unwrap();
        let placed = order("1").line("10", ITEM, "70", "1").schedule("1", "70", W53, "");
        let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
        let despite = RespondToOrderRequest { despite_offers: true, ..accept_all(&id) };
        supplier.respond(despite).await.unwrap();
        Self { world, buyer, slots, week }
    }

    /// What becomes of holds of one slice, of which nothing stays: of the offer in slots, whose buckets come first, and of the
    /// week's.
    async fn slice(&self, holds: &[Hold<'_>]) -> Vec<String> {
        let offers = vec![self.slots.id.clone(), self.week.id.clone()];
        let buckets: Vec<String> =
            self.slots.buckets.iter().chain(&self.week.buckets).map(|bucket| bucket.id.clone()).collect();
        let ids: Vec<Uuid> = holds.iter().map(|_| chassis::clock::system().id()).collect();
        let of_offers: Vec<i32> = holds.iter().map(|(offer, _)| *offer).collect();
        let (mut parts, mut quantities, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (_, of) in holds {
            for (bucket, quantity) in *of {
                parts.push(*bucket);
                quantities.push((*quantity).to_owned());
            }
            ends.push(parts.len() as i32);
        }
        let mut tx = self.world.app_pool().await.begin().await.unwrap();
        sqlx::query("select set_config('tandem.firm', $1, true)")
            .bind(self.buyer.id.as_str())
            .execute(&mut *tx)
            .await
            .unwrap();
        let outcomes = sqlx::query_scalar(
            "select distinct on (place) outcome
             from capacity.hold_many($1::text[]::uuid[], $2, $3, $4, $5, $6::text[]::uuid[], '{1,1,2}', $7,
                                     $8::text[]::numeric[])
             order by place",
        )
        .bind(offers)
        .bind(ids)
        .bind(of_offers)
        .bind(vec![60_i32; holds.len()])
        .bind(ends)
        .bind(buckets)
        .bind(parts)
        .bind(quantities)
        .fetch_all(&mut *tx)
        .await
        .unwrap();
        tx.rollback().await.unwrap();
        outcomes
    }
}

fn in_slots(group: &str) -> PublishOfferRequest {
    let slot = |starts_at: OffsetDateTime| NewBucket {
        monday: Some(date(W53)),
        starts_at: Some(timestamp(starts_at)),
        ends_at: Some(timestamp(starts_at + Duration::HOUR)),
        quantity: Some(decimal("20")),
    };
    let buckets = [datetime!(2026-12-29 01:00 UTC), datetime!(2026-12-30 01:00 UTC)].map(slot).to_vec();
    PublishOfferRequest { buckets, ..offer(group, &[]) }
}

#[tokio::test]
async fn two_slots_of_a_week_are_held_in_one_hold() {
    let Narrow { world, buyer, slots, week } = Narrow::open().await;
    buyer.hold(&slots, &[(0, "10"), (1, "10")], 0).await.unwrap();
    // 10 are left, of whichever slot, and not of each.
    refused(buyer.hold(&slots, &[(0, "6"), (1, "5")], 0).await, Reason::CAPACITY_SHORT);
    buyer.hold(&slots, &[(0, "6"), (1, "4")], 0).await.unwrap();
    assert_eq!(free(&buyer.offer(&slots.id).await.unwrap()), ["0", "0"]);
    refused(buyer.hold(&week, &[(0, "1")], 0).await, Reason::CAPACITY_SHORT);
    world.finish().await;
}

#[tokio::test]
async fn holds_of_one_slice_share_what_a_week_has() {
    let narrow = Narrow::open().await;
    let cases: [(&[Hold<'_>], &[&str]); 4] = [
        (&[(2, &[(3, "20")]), (1, &[(1, "10")])], &["held", "held"]),
        (&[(1, &[(1, "20")]), (2, &[(3, "11")])], &["held", "short"]),
        // What the first one may not have is there for the next.
        (&[(1, &[(1, "21")]), (2, &[(3, "20")])], &["short", "held"]),
        (&[(1, &[(1, "20"), (2, "11")]), (2, &[(3, "20")]), (1, &[(2, "10")])], &["short", "held", "held"]),
    ];
    for (holds, expected) in cases {
        assert_eq!(narrow.slice(holds).await, expected, "{holds:?}");
    }
    narrow.world.finish().await;
}
