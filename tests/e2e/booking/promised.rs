//! A machine hour is promised once, whoever reaches for it: orders are accepted and cancelled, offers published, changed,
//! withdrawn and held of, and weeks of the group stated anew, all of the same weeks at the same moment. Nobody says here that
//! it promises despite offers.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use chassis::Reason;
use harness::{
    Firm, World, accept_all,
    booking::offer,
    capacity::{group, link, linking},
    change::cancel,
    date, decimal, order,
    refusal::{fields, metadata, reason, refused},
    request_id,
};
use proto::capacity::{
    ChangeOfferRequest, NewBucket, Offer, UploadCapacityGroupRequest, WithdrawOfferRequest,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tonic::Status;

use super::{W01, W53};

const ROUNDS: usize = 8;
const ORDERS: usize = 4;
const OFFERERS: usize = 4;
/// Steps of each who offers.
const STEPS: usize = 6;
const WEEKS: [&str; 2] = [W53, W01];
/// The most hours of one offer or order in a week.
const MOST: i64 = 9;

/// What the supplier states of both weeks, before the race and in it. Where it stays as scarce, nothing at all may be promised
/// twice at any moment.
const MAXIMA: [[i64; 2]; ROUNDS] =
    [[1000, 900], [40, 30], [30, 60], [25, 10], [600, 1000], [60, 20], [20, 20], [14, 14]];

/// Hours of a week.
type Hours = BTreeMap<&'static str, i64>;

/// One round: a group of its own, and what is done to it at once.
struct Round<'a> {
    buyer: &'a Firm,
    supplier: &'a Firm,
    item: String,
    group: String,
}

/// An order that was published and waits for its answer.
struct Placed {
    id: String,
    monday: &'static str,
    hours: i64,
    accepted: bool,
    cancelled: bool,
}

/// A week as the database has it.
#[derive(Debug)]
struct Week {
    monday: String,
    maximum: i64,
    booked: i64,
    /// Accepted, and not booked yet.
    pending: i64,
    offered: i64,
    overcommitted: bool,
    /// What buckets of all offers of the group promise.
    buckets: i64,
    /// The part of it that is held.
    sold: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_is_promised_once_whichever_way_it_is_reached_for() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    // From its first offer on, what a supplier accepts is looked at.
    let other = supplier.state_group(stated(1)).await.expect("a group").id;
    supplier.publish_offer(offer(&other, &[(W53, "1")])).await.expect("an offer");
    let (mut refusals, mut unaccepted, mut sold) = (0, 0, 0);
    for (n, [before, after]) in MAXIMA.into_iter().enumerate() {
        let item = format!("CY-{n}");
        let stated = linking(stated(before), vec![link(&buyer.id, &item, "")]);
        let group = supplier.state_group(stated).await.expect("a group").id;
        let round = Round { buyer: &buyer, supplier: &supplier, item, group };
        let mut placed = round.place(&mut rng).await;
        let offerers = (0..OFFERERS).map(|_| {
            let rng = StdRng::seed_from_u64(rng.random());
            round.offer(rng)
        });
        let done = AtomicBool::new(false);
        let (offered, mut refused, ()) = tokio::join!(
            async {
                let offered = futures::future::join_all(offerers.collect::<Vec<_>>()).await;
                done.store(true, Ordering::Relaxed);
                offered
            },
            round.answer(&mut placed),
            async {
                round.restate(after).await;
                while !done.load(Ordering::Relaxed) {
                    round.look(&world, before <= after).await;
                }
            }
        );
        unaccepted += refused.len();
        round.look(&world, before <= after).await;
        world.settled().await;

        let mut wanted = Hours::new();
        for (asked, refusal) in offered {
            refused.extend(refusal);
            for (monday, hours) in asked {
                *wanted.entry(monday).or_default() += hours;
            }
        }
        for one in &placed {
            *wanted.entry(one.monday).or_default() += one.hours;
        }
        // Where all of it fits even together, nobody may be refused whatever came first.
        let needless = refused.iter().find(|monday| wanted[monday.as_str()] <= before.min(after));
        assert!(
            needless.is_none(),
            "refused without need in {needless:?}: {wanted:?} of {before} and {after}"
        );
        refusals += refused.len();
        let mut booked = Hours::new();
        for one in placed.iter().filter(|one| one.accepted && !one.cancelled) {
            *booked.entry(one.monday).or_default() += one.hours;
        }
        sold += round.look(&world, before <= after).await;
        round.check(&world, after, &booked).await;
    }
    println!("{refusals} refused, {unaccepted} of them orders; {sold} hours sold");
    assert!(refusals > unaccepted && sold > 0, "nobody was refused, or nothing sold: the test tests nothing");
    world.finish().await;
}

/// A group of so many hours in both weeks.
fn stated(maximum: i64) -> UploadCapacityGroupRequest {
    let maximum = maximum.to_string();
    let weeks: Vec<_> = WEEKS.iter().map(|monday| (*monday, maximum.as_str(), maximum.as_str())).collect();
    group("机组", &weeks)
}

impl Round<'_> {
    async fn place(&self, rng: &mut StdRng) -> Vec<Placed> {
        let mut placed = Vec::new();
        for n in 0..ORDERS {
            let (monday, hours) = (WEEKS[n % 2], rng.random_range(1..=MOST));
            let number = format!("{}-{n}", self.item);
            let quantity = hours.to_string();
            let order =
                order(&number).line("10", &self.item, &quantity, "1").schedule("1", &quantity, monday, "");
            let id = self.buyer.publish(order.to("V100")).await.expect("published").order_id;
            placed.push(Placed { id, monday, hours, accepted: false, cancelled: n == 0 });
        }
        placed
    }

    /// Accepts every order whose hours are not offered, all at once, and one is cancelled then: the weeks of those that are.
    async fn answer(&self, placed: &mut [Placed]) -> Vec<String> {
        let each = placed.iter_mut().map(|one| async move {
            let answer = self.supplier.respond(accept_all(&one.id)).await;
            one.accepted = answer.is_ok();
            if one.cancelled {
                self.buyer.cancel(cancel(&one.id, &[])).await.expect("cancelled");
            }
            let status = answer.err()?;
            assert_eq!(reason(&status), Reason::HOURS_OFFERED.as_str(), "{status:?}");
            assert_eq!(fields(&status), [("accept_all".to_owned(), "OFFERED".to_owned())]);
            Some(one.monday.to_owned())
        });
        futures::future::join_all(each).await.into_iter().flatten().collect()
    }

    /// How many hours are sold. Whatever stands at any moment adds up: nothing is sold that is not offered, and nothing is
    /// promised twice (`promised_once`) where nobody lowered the maximum.
    async fn look(&self, world: &World, promised_once: bool) -> i64 {
        let weeks = self.weeks(world).await;
        for week in &weeks {
            assert!(week.sold <= week.offered, "{week:?}");
            if promised_once {
                assert!(!week.overcommitted, "{week:?}");
                let promised = week.booked + week.pending + week.offered;
                assert!(week.offered == 0 || promised <= week.maximum, "{week:?}");
            }
        }
        weeks.iter().map(|week| week.sold).sum()
    }

    async fn restate(&self, maximum: i64) {
        let links = vec![link(&self.buyer.id, &self.item, "")];
        let request =
            UploadCapacityGroupRequest { group_id: self.group.clone(), ..linking(stated(maximum), links) };
        self.supplier.state_group(request).await.expect("stated");
    }

    /// Publishes, changes and withdraws offers: the most that was asked for of each week, and the weeks of which too
    /// little was left.
    async fn offer(&self, mut rng: StdRng) -> (Hours, Vec<String>) {
        let (mut asked, mut refused) = (Hours::new(), Vec::new());
        let mut standing: Vec<Offer> = Vec::new();
        for _ in 0..STEPS {
            let hours: Hours = WEEKS.into_iter().map(|monday| (monday, rng.random_range(1..=MOST))).collect();
            let answer = match (standing.pop(), rng.random_range(0..4)) {
                (Some(one), 0) => self.withdraw(&one).await,
                (Some(one), 1) => {
                    let answer = self.change(&one, &hours).await;
                    standing.extend(answer.is_err().then_some(one));
                    answer
                }
                (one, _) => {
                    standing.extend(one);
                    self.supplier.publish_offer(self.wish(&hours)).await
                }
            };
            for (monday, hours) in hours {
                *asked.entry(monday).or_default() += hours;
            }
            match answer {
                Ok(offer) if offer.withdrawn => {}
                Ok(offer) => {
                    self.hold(&offer, rng.random_range(0..=MOST)).await;
                    standing.push(offer);
                }
                // What is held of an offer stays of it.
                Err(status) if reason(&status) == Reason::CAPACITY_SHORT.as_str() => {}
                Err(status) => refused.push(short(&status)),
            }
        }
        (asked, refused)
    }

    /// Holds so much of an offer's first week, or nothing where less is left.
    async fn hold(&self, offer: &Offer, hours: i64) {
        let quantity = hours.to_string();
        if hours > 0
            && let Err(status) = self.buyer.hold(offer, &[(0, quantity.as_str())], 0).await
        {
            assert_eq!(reason(&status), Reason::CAPACITY_SHORT.as_str(), "{status:?}");
        }
    }

    fn wish(&self, hours: &Hours) -> proto::capacity::PublishOfferRequest {
        let mut request = offer(&self.group, &[]);
        request.buckets = buckets(hours);
        request
    }

    async fn change(&self, one: &Offer, hours: &Hours) -> Result<Offer, Status> {
        let wish = self.wish(hours);
        let request = ChangeOfferRequest {
            request_id: request_id(),
            offer_id: one.id.clone(),
            version: one.version,
            content: wish.content,
            visibility: wish.visibility,
            buckets: wish.buckets,
            ..ChangeOfferRequest::default()
        };
        Ok(self.supplier.offers().change_offer(request).await?.into_inner())
    }

    async fn withdraw(&self, one: &Offer) -> Result<Offer, Status> {
        let request = WithdrawOfferRequest { request_id: request_id(), offer_id: one.id.clone() };
        Ok(self.supplier.offers().withdraw_offer(request).await?.into_inner())
    }

    /// Every week adds up, says where too much is promised, and what is left of it can be offered to the last hour.
    async fn check(&self, world: &World, maximum: i64, booked: &Hours) {
        let weeks = self.weeks(world).await;
        assert_eq!(weeks.len(), WEEKS.len());
        for week in weeks {
            assert_eq!((week.maximum, week.pending), (maximum, 0), "{week:?}");
            assert_eq!(
                week.booked,
                booked.get(week.monday.as_str()).copied().unwrap_or_default(),
                "{week:?}"
            );
            assert_eq!(week.offered, week.buckets, "{week:?}");
            let free = week.maximum - week.booked - week.offered;
            // Where nothing is offered, an order is not refused for want of hours.
            assert_eq!(week.overcommitted, free < 0 && week.offered > 0, "{week:?}");
            let more = |hours: i64| {
                let hours = hours.to_string();
                let request = offer(&self.group, &[(week.monday.as_str(), hours.as_str())]);
                self.supplier.publish_offer(request)
            };
            if free > 0 {
                more(free).await.unwrap_or_else(|status| panic!("{free} are left of {week:?}: {status:?}"));
            }
            refused(more(1).await, Reason::OFFER_EXCEEDS_CAPACITY);
        }
    }

    async fn weeks(&self, world: &World) -> Vec<Week> {
        let rows: Vec<(String, i64, i64, i64, i64, bool, i64, i64)> = sqlx::query_as(
            "select w.monday::text, w.maximum::bigint, w.booked::bigint, w.pending::bigint, w.offered::bigint, w.overcommitted,
                    s.buckets, s.sold
             from capacity.capacity_week w
             cross join lateral (
                 select coalesce(sum(b.total), 0)::bigint as buckets, coalesce(sum(b.reserved), 0)::bigint as sold
                 from capacity.offer o
                 join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
                 where o.supplier = w.supplier and o.group_id = w.group_id and b.monday = w.monday) s
             where w.group_id = $1::uuid order by w.monday",
        )
        .bind(&self.group)
        .fetch_all(world.owner_pool().await)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(monday, maximum, booked, pending, offered, overcommitted, buckets, sold)| Week {
                monday,
                maximum,
                booked,
                pending,
                offered,
                overcommitted,
                buckets,
                sold,
            })
            .collect()
    }
}

fn buckets(hours: &Hours) -> Vec<NewBucket> {
    let bucket = |(monday, hours): (&&str, &i64)| NewBucket {
        monday: Some(date(monday)),
        quantity: Some(decimal(&hours.to_string())),
        ..NewBucket::default()
    };
    hours.iter().map(bucket).collect()
}

/// The week of which too little was left.
#[track_caller]
fn short(status: &Status) -> String {
    assert_eq!(reason(status), Reason::OFFER_EXCEEDS_CAPACITY.as_str(), "{status:?}");
    metadata(status).remove("monday").expect("a week is named")
}
