//! A machine hour is promised once, whoever reaches for it: orders are accepted and cancelled, proposals decided, offers
//! published, changed, withdrawn and held of, and weeks of the group stated anew, all of the same weeks at the same moment,
//! from the supplier's first offer on; in half of the rounds by slots, and beside orders that change and are answered again.
//! Nobody says here that it promises despite offers.

mod week;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use chassis::{Reason, value::timestamp};
use harness::{
    Firm, Order, World, accept_all, answer,
    booking::offer,
    capacity::{group, link, linking},
    change::{cancel, change},
    date, decide, decimal, number, order,
    refusal::{fields, metadata, reason, refused},
    request_id, until,
};
use proto::{
    capacity::{
        Bucket, ChangeOfferRequest, NewBucket, Offer, UploadCapacityGroupRequest, WithdrawOfferRequest,
    },
    orders::RespondToOrderRequest,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rust_decimal::Decimal;
use time::Duration;
use tonic::Status;

use super::{SOON, W01, W53, replaced, rewrite};
use week::weeks;

/// Of each round; every other one of the second week, and see [`Placed`].
const ORDERS: usize = 6;
const OFFERERS: usize = 4;
/// Steps of each who offers.
const STEPS: usize = 6;
const WEEKS: [&str; 2] = [W53, W01];
/// The most hours of one offer or order in a week.
const MOST: i64 = 9;

/// What the supplier states of both weeks, before each round and in it. Where it stays as scarce, nothing at all may be promised
/// twice at any moment, but for what the buyer decides. Nothing is offered before the first round, and little is there to offer.
const MAXIMA: [[i64; 2]; 8] =
    [[20, 20], [1000, 900], [40, 30], [30, 60], [25, 10], [600, 1000], [60, 20], [14, 14]];

/// Hours of a week.
type Hours = BTreeMap<&'static str, i64>;

/// What rounds came to.
#[derive(Default)]
struct Outcome {
    /// What may never be.
    faults: Vec<String>,
    /// How often too little was left, for an offer or an order.
    refusals: usize,
    /// For an order.
    unaccepted: usize,
    /// Hours.
    sold: i64,
}

/// One round: a group of its own, and what is done to it at once.
struct Round<'a> {
    world: &'a World,
    buyer: &'a Firm,
    supplier: &'a Firm,
    item: String,
    group: String,
    /// Of both weeks, before the round and in it.
    maxima: [i64; 2],
    /// Whether what is offered of a week is two slots of it, and orders change.
    slots: bool,
    /// That all who offer have done.
    steps: AtomicUsize,
    faults: RefCell<Vec<String>>,
}

/// An order that was published and waits for its answer, or for what its buyer says to the supplier's.
#[derive(Debug)]
struct Placed {
    id: String,
    number: String,
    monday: &'static str,
    hours: i64,
    /// How many it is of from when its first answer was given, to be answered again.
    changed: Option<i64>,
    /// Decided by the buyer, who is not refused for what is offered: of the second week alone, so that nothing at all is
    /// promised twice of the first.
    proposal: Option<String>,
    /// Once half of the offers were made.
    late: bool,
    accepted: bool,
    cancelled: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_is_promised_once_whichever_way_it_is_reached_for() {
    let Outcome { faults, refusals, unaccepted, sold } = race(&MAXIMA, None).await;
    println!("{refusals} refused, {unaccepted} of them orders; {sold} hours sold");
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
    assert!(refusals > unaccepted && sold > 0, "nobody was refused, or nothing sold: the test tests nothing");
}

/// Answers that take too much are kept like any other. One round of two or so shows it, by an order that comes when most is
/// offered; or by a hold of what is free, and of a week that has not so much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_never_refused_is_noticed() {
    let faults = race(&[[14, 14]; 12], Some(("where s.short > 0", "where false"))).await.faults;
    let noticed =
        |fault: &String| fault.starts_with("promised twice") || fault.starts_with("a hold was refused");
    assert!(faults.iter().any(noticed), "{faults:?}");
}

/// Goes from round to round up to the first fault; with another text in the place of one in the function that promises.
async fn race(maxima: &[[i64; 2]], mutation: Option<(&str, &str)>) -> Outcome {
    let world = World::start().await;
    if let Some((old, new)) = mutation {
        rewrite(&world, "promise", |text| replaced(text, old, new)).await;
    }
    let (buyer, supplier) = world.pair().await;
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut came = Outcome::default();
    for (n, maxima) in maxima.iter().enumerate() {
        let item = format!("CY-{n}");
        let stated = linking(stated(maxima[0]), vec![link(&buyer.id, &item, "")]);
        let group = supplier.state_group(stated).await.expect("a group").id;
        let round = Round {
            world: &world,
            buyer: &buyer,
            supplier: &supplier,
            item,
            group,
            maxima: *maxima,
            slots: n % 2 == 1,
            steps: AtomicUsize::new(0),
            faults: RefCell::default(),
        };
        round.run(&mut rng, &mut came).await;
        came.faults = round.faults.into_inner();
        if !came.faults.is_empty() {
            break;
        }
    }
    world.finish().await;
    came
}

/// A group of so many hours in both weeks.
fn stated(maximum: i64) -> UploadCapacityGroupRequest {
    let maximum = maximum.to_string();
    let weeks: Vec<_> = WEEKS.iter().map(|monday| (*monday, maximum.as_str(), maximum.as_str())).collect();
    group("机组", &weeks)
}

impl Round<'_> {
    async fn run(&self, rng: &mut StdRng, came: &mut Outcome) {
        let [before, after] = self.maxima;
        let mut placed = self.place(rng).await;
        let mut decided = Hours::new();
        for one in placed.iter().filter(|one| one.proposal.is_some()) {
            *decided.entry(one.monday).or_default() += one.hours;
        }
        let offerers = (0..OFFERERS).map(|_| self.offer(StdRng::seed_from_u64(rng.random())));
        let offerers: Vec<_> = offerers.collect();
        let done = AtomicBool::new(false);
        let (offered, mut refused, ()) = tokio::join!(
            async {
                let offered = futures::future::join_all(offerers).await;
                done.store(true, Ordering::Relaxed);
                offered
            },
            self.answer(&mut placed),
            async {
                self.restate(after).await;
                while !done.load(Ordering::Relaxed) {
                    self.look(&decided).await;
                }
            }
        );
        came.unaccepted += refused.len();
        self.look(&decided).await;
        self.world.settled().await;

        let mut wanted = Hours::new();
        for (asked, refusal) in offered {
            refused.extend(refusal);
            for (monday, hours) in asked {
                *wanted.entry(monday).or_default() += hours;
            }
        }
        for one in &placed {
            // Of an order that changed no more than the most that it was ever of.
            *wanted.entry(one.monday).or_default() += one.hours.max(one.changed.unwrap_or_default());
        }
        // Where all of it fits even together, nobody may be refused whatever came first.
        let needless = refused.iter().find(|monday| wanted[monday.as_str()] <= before.min(after));
        if let Some(monday) = needless {
            self.fault(format!("refused without need in {monday}: {wanted:?} of {before} and {after}"));
        }
        came.refusals += refused.len();
        let mut booked = Hours::new();
        for one in placed.iter().filter(|one| one.accepted && !one.cancelled) {
            *booked.entry(one.monday).or_default() += one.changed.unwrap_or(one.hours);
        }
        came.sold += self.look(&decided).await;
        let adds_up = self.faults.borrow().is_empty();
        if adds_up {
            self.check(after, &booked).await;
        }
    }

    fn fault(&self, fault: String) {
        self.faults.borrow_mut().push(fault);
    }

    async fn place(&self, rng: &mut StdRng) -> Vec<Placed> {
        let mut placed = Vec::new();
        for n in 0..ORDERS {
            let (monday, hours) = (WEEKS[n % 2], rng.random_range(1..=MOST));
            let number = format!("{}-{n}", self.item);
            let order = self.order(&number, hours, monday);
            let id = self.buyer.publish(order.to("V100")).await.expect("published").order_id;
            let proposal = match n {
                3 | 5 => {
                    let quantity = hours.to_string();
                    let proposed = answer(&id).propose("10", "", &[(&quantity, monday)]).done();
                    let receipt = self.supplier.respond(proposed).await.expect("proposed");
                    Some(receipt.lines[0].proposal_id.clone())
                }
                _ => None,
            };
            let (late, cancelled) = (matches!(n, 1..=3), n == 0);
            // Any other number of hours.
            let other = (hours + rng.random_range(0..MOST - 1)) % MOST + 1;
            let changed = (self.slots && matches!(n, 1 | 4)).then_some(other);
            let accepted = false;
            placed.push(Placed { id, number, monday, hours, changed, proposal, late, accepted, cancelled });
        }
        placed
    }

    fn order(&self, number: &str, hours: i64, monday: &str) -> Order {
        let quantity = hours.to_string();
        order(number).line("10", &self.item, &quantity, "1").schedule("1", &quantity, monday, "")
    }

    /// Accepts every order whose hours are not offered, the first of them all at once, and one is cancelled then, some are changed
    /// and answered again: the weeks of those that are. The buyer accepts what was proposed, whatever is offered.
    async fn answer(&self, placed: &mut [Placed]) -> Vec<String> {
        let each = placed.iter_mut().map(|one| self.settle(one));
        futures::future::join_all(each).await.into_iter().flatten().collect()
    }

    async fn settle(&self, one: &mut Placed) -> Vec<String> {
        if one.late {
            let half = async || (self.steps.load(Ordering::Relaxed) >= OFFERERS * STEPS / 2).then_some(());
            until("half of the offers are made", SOON, half).await;
        }
        let answer = match &one.proposal {
            Some(proposal) => {
                let accepted = decide(&one.id, &[(proposal, true)]);
                self.buyer.orders().resolve_proposal(accepted).await.expect("decided");
                Ok(())
            }
            None => self.supplier.respond(accept_all(&one.id)).await.map(drop),
        };
        let mut refused = Vec::from_iter(self.answered(one, answer).await);
        if one.cancelled {
            self.buyer.cancel(cancel(&one.id, &[])).await.expect("cancelled");
        }
        if let Some(hours) = one.changed {
            let new = self.order(&one.number, hours, one.monday);
            self.buyer.change(change(&one.id, new)).await.expect("changed");
            let again = RespondToOrderRequest { revision: 2, ..accept_all(&one.id) };
            let answer = self.supplier.respond(again).await.map(drop);
            refused.extend(self.answered(one, answer).await);
        }
        refused
    }

    /// What came of an answer: the week, where too little was left of it.
    async fn answered(&self, one: &mut Placed, answer: Result<(), Status>) -> Option<String> {
        one.accepted = answer.is_ok();
        if one.accepted && !self.is_load(&one.id).await {
            self.fault(format!("accepted, and no load: {one:?}"));
        }
        let status = answer.err()?;
        assert_eq!(reason(&status), Reason::HOURS_OFFERED.as_str(), "{status:?}");
        assert_eq!(fields(&status), [("accept_all".to_owned(), "OFFERED".to_owned())]);
        Some(one.monday.to_owned())
    }

    /// Whether what an order was promised counts, whether or not the feed has told of it.
    async fn is_load(&self, order: &str) -> bool {
        sqlx::query_scalar(
            "select exists (select from capacity.pending_load where order_id = $1::uuid)
                 or exists (select from capacity.booked_line where order_id = $1::uuid and quantity > 0)",
        )
        .bind(order)
        .fetch_one(self.world.owner_pool().await)
        .await
        .unwrap()
    }

    /// How many hours are sold. Whatever stands at any moment adds up: nothing is sold that is not offered, a week says whether
    /// too much is promised of it, and nothing is promised twice where nobody lowered the maximum, but for what the buyer
    /// decides (`decided`).
    async fn look(&self, decided: &Hours) -> i64 {
        let weeks = weeks(self.world, &self.group).await;
        for week in &weeks {
            let promised = week.booked + week.pending + week.offered;
            let too_much = week.offered > 0 && promised > week.maximum;
            let decided = decided.get(week.monday.as_str()).copied().unwrap_or_default();
            if week.sold > week.offered {
                self.fault(format!("sold and not offered: {week:?}"));
            }
            if week.overcommitted != too_much {
                self.fault(format!("not said to be too much, or needlessly: {week:?}"));
            }
            if self.maxima[0] <= self.maxima[1] && too_much && promised > week.maximum + decided {
                self.fault(format!("promised twice beside {decided} decided: {week:?}"));
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
            self.steps.fetch_add(1, Ordering::Relaxed);
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

    /// Holds so much of an offer's first week, of both slots at once where it has two, or nothing where less is left. As long
    /// as nobody lowers the maximum, that week promises no more than it has, and what is free can be held.
    async fn hold(&self, offer: &Offer, hours: i64) {
        let of_week = |bucket: &&Bucket| bucket.monday == Some(date(W53));
        let parts = match offer.buckets.iter().filter(of_week).count() {
            1 => vec![hours],
            _ => halves(hours).to_vec(),
        };
        let parts: Vec<(usize, i64)> =
            parts.into_iter().enumerate().filter(|(_, hours)| *hours > 0).collect();
        if parts.is_empty() {
            return;
        }
        let texts: Vec<(usize, String)> =
            parts.iter().map(|(place, hours)| (*place, hours.to_string())).collect();
        let wanted: Vec<(usize, &str)> = texts.iter().map(|(place, text)| (*place, text.as_str())).collect();
        let Err(status) = self.buyer.hold(offer, &wanted, 0).await else { return };
        assert_eq!(reason(&status), Reason::CAPACITY_SHORT.as_str(), "{status:?}");
        let is_free = |(place, hours): &(usize, i64)| {
            number(offer.buckets[*place].free.as_ref()) >= Decimal::from(*hours)
        };
        if self.maxima[0] <= self.maxima[1] && parts.iter().all(is_free) {
            self.fault(format!("a hold was refused without need: {parts:?} of {offer:?}"));
        }
    }

    fn wish(&self, hours: &Hours) -> proto::capacity::PublishOfferRequest {
        let mut request = offer(&self.group, &[]);
        request.buckets = buckets(hours, self.slots);
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
    async fn check(&self, maximum: i64, booked: &Hours) {
        let weeks = weeks(self.world, &self.group).await;
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
}

/// Hours of two slots.
fn halves(hours: i64) -> [i64; 2] {
    [hours - hours / 2, hours / 2]
}

/// What is offered: whole weeks, or of each the Tuesday and the Wednesday.
fn buckets(hours: &Hours, slots: bool) -> Vec<NewBucket> {
    let mut buckets = Vec::new();
    for (monday, hours) in hours {
        let monday = date(monday);
        let whole = |hours: i64| NewBucket {
            monday: Some(monday),
            quantity: Some(decimal(&hours.to_string())),
            ..NewBucket::default()
        };
        if !slots {
            buckets.push(whole(*hours));
            continue;
        }
        let mut begins = chassis::value::date(&monday).expect("a day").midnight().assume_utc();
        for hours in halves(*hours).into_iter().filter(|hours| *hours > 0) {
            begins += Duration::DAY;
            let (starts_at, ends_at) =
                (Some(timestamp(begins)), Some(timestamp(begins + 8 * Duration::HOUR)));
            buckets.push(NewBucket { starts_at, ends_at, ..whole(hours) });
        }
    }
    buckets
}

/// The week of which too little was left.
#[track_caller]
fn short(status: &Status) -> String {
    assert_eq!(reason(status), Reason::OFFER_EXCEEDS_CAPACITY.as_str(), "{status:?}");
    metadata(status).remove("monday").expect("a week is named")
}
