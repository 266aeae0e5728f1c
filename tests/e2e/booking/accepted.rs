//! An hour that is offered is not promised to an order as well: what a supplier accepts is looked at when it accepts, and is
//! load of the week before its feed has told of it.

mod changed;

use std::time::Duration;

use chassis::Reason;
use harness::{
    Access, Firm, Options, World, accept_all, answer,
    booking::{named, offer},
    capacity::{group, link, linking},
    change::{cancel, change},
    cli, date, decide, decimal, number, order,
    refusal::{fields, metadata, refused},
    request_id, until,
};
use proto::{
    capacity::{PreviewPromiseRequest, UploadCapacityGroupRequest},
    orders::{
        BulkRespondRequest, PreviewResponseRequest, Remainder, RespondToChangeRequest, RespondToOrderRequest,
        SetTermsRequest, Terms, bulk_respond_result::Result as Each,
    },
};
use rust_decimal::Decimal;

use super::{
    W01, W53,
    consume::{ITEM, consuming},
};

/// A supplier whose feed says nothing until it is told to, with a machine of 100 hours in two weeks, 60 of the first offered.
struct Workshop {
    world: World,
    buyer: Firm,
    supplier: Firm,
    group: String,
    offer: proto::capacity::Offer,
}

impl Workshop {
    async fn open() -> Self {
        let world = World::with(Options { sequencer_by_hand: true, ..Options::default() }).await;
        let (buyer, supplier) = world.pair().await;
        let hours = linking(hours("大机组"), vec![link(&buyer.id, ITEM, "3600")]);
        let group = supplier.state_group(hours).await.unwrap().id;
        let offer =
            supplier.publish_offer(named(offer(&group, &[(W53, "216000")]), &[&buyer])).await.unwrap();
        world.settled().await;
        Self { world, buyer, supplier, group, offer }
    }

    /// An order of so many hours in the first week.
    async fn place(&self, number: &str, hours: &str) -> String {
        let placed = order(number).line("10", ITEM, hours, "1").schedule("1", hours, W53, "");
        self.buyer.publish(placed.to("V100")).await.unwrap().order_id
    }

    /// How many pieces the first week has room for, each an hour of the machine.
    async fn room(&self) -> Decimal {
        let ask = PreviewPromiseRequest {
            customer_id: self.buyer.id.clone(),
            material_number_customer: ITEM.into(),
            quantity: Some(decimal("1")),
            requested_delivery_date: Some(date(W53)),
            ..PreviewPromiseRequest::default()
        };
        let promised = self.supplier.promises().preview_promise(ask).await.expect("a preview").into_inner();
        number(promised.weeks[0].room.as_ref())
    }

    /// Booked, pending and offered hours of a group's first week, and whether that is too much.
    async fn week(&self, group: &str) -> (i64, i64, i64, bool) {
        sqlx::query_as(
            "select (w.booked / 3600)::bigint, (w.pending / 3600)::bigint, (w.offered / 3600)::bigint, w.overcommitted
             from capacity.capacity_week w
             where w.group_id = $1::uuid and w.monday = $2::date
                 and w.pending = (select coalesce(sum(p.quantity), 0) from capacity.pending_load p
                                  where p.supplier = w.supplier and p.group_id = w.group_id and p.monday = w.monday)",
        )
        .bind(group)
        .bind(W53)
        .fetch_one(self.world.owner_pool().await)
        .await
        .expect("a week is pending by the sum of what is pending of it")
    }

    /// How many hours are pending of what three pieces take, once a firm noted that an order promises them to a customer.
    async fn noted(&self, me: &Firm, order: &str, customer: &Firm) -> i64 {
        let tenant = "select set_config('tandem.firm', $1, true)";
        let mut tx = self.world.app_pool().await.begin().await.unwrap();
        sqlx::query(tenant).bind(me.id.as_str()).execute(&mut *tx).await.unwrap();
        sqlx::query(
            "select from capacity.note_promises($1::uuid, $2::uuid, 9, array[$2::uuid], array['10'], array[$3::uuid],
                 array[$4], array[''], array[''], array[$5::date], array[3.0], '{}', '{}', '{}')",
        )
        .bind(self.supplier.id.as_str())
        .bind(order)
        .bind(customer.id.as_str())
        .bind(ITEM)
        .bind(W53)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(tenant).bind(self.supplier.id.as_str()).execute(&mut *tx).await.unwrap();
        let pending = "select (coalesce(sum(p.hours), 0) / 3600)::bigint from capacity.pending_load p";
        let hours = sqlx::query_scalar(pending).fetch_one(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        hours
    }

    async fn offer_hours(&self, seconds: &str) -> Result<proto::capacity::Offer, tonic::Status> {
        self.supplier.publish_offer(named(offer(&self.group, &[(W53, seconds)]), &[&self.buyer])).await
    }
}

fn hours(name: &str) -> UploadCapacityGroupRequest {
    group(name, &[(W53, "288000", "360000"), (W01, "288000", "360000")])
}

fn despite(request: RespondToOrderRequest) -> RespondToOrderRequest {
    RespondToOrderRequest { request_id: request_id(), despite_offers: true, ..request }
}

async fn preview(supplier: &Access, request: &RespondToOrderRequest) -> Result<(), tonic::Status> {
    let request = PreviewResponseRequest {
        order_id: request.order_id.clone(),
        revision: request.revision,
        accept_all: request.accept_all,
        lines: request.lines.clone(),
        despite_offers: request.despite_offers,
        ..PreviewResponseRequest::default()
    };
    supplier.responses().preview_response(request).await.map(drop)
}

#[tokio::test]
async fn hours_that_are_offered_are_promised_by_those_who_say_so() {
    let shop = Workshop::open().await;
    let (buyer, supplier) = (&shop.buyer, &shop.supplier);
    let id = shop.place("1", "41").await;
    let all = accept_all(&id);
    let status = refused(supplier.respond(all.clone()).await, Reason::HOURS_OFFERED);
    assert_eq!(fields(&status), [("accept_all".into(), "OFFERED".into())]);
    let said = metadata(&status);
    for (fact, value) in [
        ("line_number", "10"),
        ("iso_week", "2026-W53"),
        ("group_id", shop.group.as_str()),
        ("group_name", "大机组"),
        ("short", "3600"),
        ("unit_code", "SEC"),
    ] {
        assert_eq!(said.get(fact).map(String::as_str), Some(value), "{fact}: {said:?}");
    }
    // Trying it out says the same, and so does each of many answers.
    refused(preview(supplier, &all).await, Reason::HOURS_OFFERED);
    let tried = RespondToOrderRequest { validate_only: true, request_id: String::new(), ..all.clone() };
    refused(supplier.respond(tried).await, Reason::HOURS_OFFERED);
    let lines = answer(&id).accept("10", "").done();
    let status = refused(supplier.respond(lines).await, Reason::HOURS_OFFERED);
    assert_eq!(fields(&status), [("lines[0]".into(), "OFFERED".into())]);
    let other = shop.place("2", "40").await;
    let responses = vec![accept_all(&id), accept_all(&other)];
    let results = supplier.responses().bulk_respond(BulkRespondRequest { responses }).await.unwrap();
    let results: Vec<Option<Each>> = results.into_inner().results.into_iter().map(|one| one.result).collect();
    assert!(
        matches!(&results[..], [Some(Each::Refusal(refusal)), Some(Each::Receipt(_))]
            if refusal.reason == "HOURS_OFFERED" && refusal.fields.len() == 1),
        "{results:?}"
    );

    // What was accepted is taken before anybody heard of it: nothing is left to be offered or accepted.
    assert_eq!(shop.week(&shop.group).await, (0, 40, 60, false));
    refused(shop.offer_hours("1").await, Reason::OFFER_EXCEEDS_CAPACITY);
    let third = shop.place("3", "1").await;
    refused(supplier.respond(accept_all(&third)).await, Reason::HOURS_OFFERED);
    // Another day, and a proposal, which the buyer decides, take nothing of the week.
    let later = answer(&third).propose("10", "", &[("1", W53)]).done();
    let proposal = supplier.respond(later).await.unwrap().lines[0].proposal_id.clone();
    assert_eq!(shop.week(&shop.group).await, (0, 40, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (40, 0, 60, false), "booked once");
    refused(shop.offer_hours("1").await, Reason::OFFER_EXCEEDS_CAPACITY);

    // The buyer is not refused for what its supplier offers others; the week says that it is too much.
    buyer.orders().resolve_proposal(decide(&third, &[(&proposal, true)])).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (40, 1, 60, true), "before anybody heard of it");
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (41, 0, 60, true));
    buyer.cancel(cancel(&third, &[])).await.unwrap();
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (40, 0, 60, false));

    // Whoever says so promises an hour twice, and no more of the offer is sold than is left.
    preview(supplier, &despite(all.clone())).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (40, 0, 60, false), "nothing was given");
    supplier.respond(despite(all)).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (40, 41, 60, true));
    refused(buyer.hold(&shop.offer, &[(0, "68401")], 0).await, Reason::CAPACITY_SHORT);
    buyer.hold(&shop.offer, &[(0, "68400")], 0).await.unwrap();
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (81, 0, 60, true));
    shop.world.finish().await;
}

#[tokio::test]
async fn what_was_just_accepted_can_not_be_promised_again() {
    let shop = Workshop::open().await;
    assert_eq!(shop.room().await, Decimal::from(40));
    let id = shop.place("1", "30").await;
    shop.supplier.respond(accept_all(&id)).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (0, 30, 60, false));
    assert_eq!(shop.room().await, Decimal::from(10), "before anybody heard of it");
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (30, 0, 60, false));
    assert_eq!(shop.room().await, Decimal::from(10), "once");
    shop.world.finish().await;
}

/// They wait together, and take the weeks one after another all the same.
#[tokio::test]
async fn decisions_at_one_time_are_all_counted() {
    let shop = Workshop::open().await;
    let mut decisions = Vec::new();
    for number in ["1", "2", "3", "4", "5"] {
        let id = shop.place(number, "2").await;
        let proposed = answer(&id).propose("10", "", &[("1", W53), ("1", W01)]).done();
        let proposal = shop.supplier.respond(proposed).await.unwrap().lines[0].proposal_id.clone();
        decisions.push(decide(&id, &[(&proposal, true)]));
    }
    assert_eq!(shop.week(&shop.group).await, (0, 0, 60, false));
    let buyer = &shop.buyer;
    let decided = decisions.into_iter().map(|decision| async move {
        buyer.orders().resolve_proposal(decision).await.expect("decided");
    });
    futures::future::join_all(decided).await;
    assert_eq!(shop.week(&shop.group).await, (0, 5, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (5, 0, 60, false));
    shop.world.finish().await;
}

#[tokio::test]
async fn what_is_pending_is_booked_once_or_not_at_all() {
    let shop = Workshop::open().await;
    let (buyer, supplier) = (&shop.buyer, &shop.supplier);
    // In two answers, of which the feed tells together.
    let id = shop.place("1", "30").await;
    supplier.respond(answer(&id).accept("10", "10").rest(Remainder::LeaveUnanswered).done()).await.unwrap();
    supplier.respond(answer(&id).accept("10", "").done()).await.unwrap();
    // Cancelled before anybody heard that it was accepted.
    let second = shop.place("2", "5").await;
    supplier.respond(accept_all(&second)).await.unwrap();
    buyer.cancel(cancel(&second, &[])).await.unwrap();
    let rejected =
        answer(&shop.place("3", "99").await).reject("10", "", proto::orders::RejectReason::NoCapacity);
    supplier.respond(rejected.done()).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (0, 35, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (30, 0, 60, false));
    buyer.cancel(cancel(&id, &[])).await.unwrap();
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (0, 0, 60, false));
    let kept: i64 = sqlx::query_scalar("select count(*) from capacity.pending_load")
        .fetch_one(shop.world.owner_pool().await)
        .await
        .unwrap();
    assert_eq!(kept, 0);

    // A repeated request takes nothing again.
    let fourth = shop.place("4", "7").await;
    let once = accept_all(&fourth);
    supplier.respond(once.clone()).await.unwrap();
    assert!(supplier.respond(once).await.unwrap().replayed);
    assert_eq!(shop.week(&shop.group).await, (0, 7, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (7, 0, 60, false));

    // Of a change that the supplier consents to, what is more than before.
    let terms = Some(Terms { frozen_working_days: Some(250), ..Terms::default() });
    buyer.terms().set_terms(SetTermsRequest { request_id: request_id(), terms }).await.unwrap();
    let more = order("4").line("10", ITEM, "9", "1").schedule("1", "9", W53, "");
    buyer.change(change(&fourth, more)).await.unwrap();
    let asked = supplier.order(&fourth).await.unwrap().pending_changes;
    let consent = RespondToChangeRequest {
        request_id: request_id(),
        order_id: fourth,
        change_id: asked[0].id.clone(),
        accept: true,
        ..RespondToChangeRequest::default()
    };
    supplier.changes().respond_to_change(consent).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (7, 2, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (9, 0, 60, false));
    shop.world.finish().await;
}

#[tokio::test]
async fn what_a_line_reserved_and_what_several_groups_share_is_counted_as_matching_does() {
    let shop = Workshop::open().await;
    let (buyer, supplier) = (&shop.buyer, &shop.supplier);
    // Another machine makes it too, and a hall sums both: 60 of its hours are offered below it, and 10 its own.
    let second = linking(hours("小机组"), vec![link(&buyer.id, ITEM, "1800")]);
    let second = supplier.state_group(second).await.unwrap().id;
    let mut hall = group("车间", &[(W53, "288000", "360000")]);
    hall.content.get_or_insert_default().linked_group_ids = vec![shop.group.clone(), second.clone()];
    let hall = supplier.state_group(hall).await.unwrap().id;
    supplier.publish_offer(named(offer(&hall, &[(W53, "36000")]), &[buyer])).await.unwrap();

    // 50 pieces in 45 reserved hours: 5 beside them in the machine that lends, and 30 of the 75 in the hall, which is full.
    let held = buyer.hold(&shop.offer, &[(0, "162000")], 0).await.unwrap().id;
    let id = buyer.publish(consuming("1", "50", &held).to("V100")).await.unwrap().order_id;
    supplier.respond(accept_all(&id)).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (0, 5, 60, false));
    assert_eq!(shop.week(&second).await, (0, 25, 0, false));
    assert_eq!(shop.week(&hall).await, (0, 30, 10, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (5, 0, 60, false));
    assert_eq!(shop.week(&second).await, (25, 0, 0, false));
    assert_eq!(shop.week(&hall).await, (30, 0, 10, false));

    // 11 more would fit into the machine, but not into the hall; in dozens of which the machine counts pieces, as well.
    let more = shop.place("2", "11").await;
    let status = refused(supplier.respond(accept_all(&more)).await, Reason::HOURS_OFFERED);
    assert_eq!(metadata(&status).get("group_name").map(String::as_str), Some("车间"));
    let dozen = order("3").line("10", ITEM, "1", "1").unit("DZN").schedule("1", "1", W53, "");
    let dozen = buyer.publish(dozen.to("V100")).await.unwrap().order_id;
    let status = refused(supplier.respond(accept_all(&dozen)).await, Reason::HOURS_OFFERED);
    // 12 hours in the one machine and 6 in the other, of which none is left in the hall.
    assert_eq!(metadata(&status).get("short").map(String::as_str), Some("64800"));
    // What is made elsewhere, and what cannot be counted, takes nothing.
    for (number, unit, site) in [("4", "H87", "CY09"), ("5", "KGM", "")] {
        let other = order(number).line("10", ITEM, "1000", "1").unit(unit).schedule("1", "1000", W53, site);
        let id = buyer.publish(other.to("V100")).await.unwrap().order_id;
        supplier.respond(accept_all(&id)).await.unwrap();
    }
    assert_eq!(shop.week(&hall).await, (30, 0, 10, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&hall).await, (30, 0, 10, false));
    let accept = ["orders", "respond", more.as_str(), "--accept-all"];
    let told = cli::run(&shop.world, &supplier.key, &accept).await;
    assert!(told.code == Some(3) && told.err.contains("HOURS_OFFERED"), "{told:?}");
    let despite = [&accept[..], &["--despite-offers"][..]].concat();
    cli::run(&shop.world, &supplier.key, &despite).await.done();
    assert!(shop.week(&hall).await.3, "more is promised of the hall than it has");
    shop.world.finish().await;
}

#[tokio::test]
async fn what_is_pending_for_long_goes_once_all_is_heard() {
    let shop = Workshop::open().await;
    let id = shop.place("1", "3").await;
    shop.supplier.respond(accept_all(&id)).await.unwrap();
    assert_eq!(shop.week(&shop.group).await, (0, 3, 60, false));
    let owner = shop.world.owner_pool().await;
    let aged = "update capacity.pending_load set promised_at = now() - interval '2 days'";
    let kept = "select count(*) from capacity.pending_load";
    // As long as the feed has more, an event of it may book what was promised.
    let mut tx = owner.begin().await.unwrap();
    sqlx::query(aged).execute(&mut *tx).await.unwrap();
    sqlx::query("select set_config('tandem.firm', $1, true)")
        .bind(shop.supplier.id.as_str())
        .execute(&mut *tx)
        .await
        .unwrap();
    for (settle, left) in [
        ("select from capacity.settle_promises('{}', '{}', false)", 1),
        ("select from capacity.settle_promises('{}', '{}', true)", 0),
    ] {
        sqlx::query(settle).execute(&mut *tx).await.unwrap();
        let pending: i64 = sqlx::query_scalar(kept).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(pending, left, "{settle}");
    }
    tx.rollback().await.unwrap();

    // The feed says nothing at all, and it goes all the same.
    sqlx::query(aged).execute(owner).await.unwrap();
    until("nothing is pending", Duration::from_secs(20), async || {
        let pending: i64 = sqlx::query_scalar(kept).fetch_one(owner).await.unwrap();
        (pending == 0).then_some(())
    })
    .await;
    assert_eq!(shop.week(&shop.group).await, (0, 0, 60, false));
    shop.world.settled().await;
    assert_eq!(shop.week(&shop.group).await, (3, 0, 60, false));
    shop.world.finish().await;
}

/// An answer is tried out without a lock of the order: it may be given between the look and what is promised.
#[tokio::test]
async fn a_preview_that_meets_the_answer_is_no_fault() {
    let shop = Workshop::open().await;
    let id = shop.place("1", "3").await;
    let owner = shop.world.owner_pool().await;
    sqlx::query(
        "insert into capacity.pending_load
             (supplier, order_id, version, order_line, group_id, monday, hours, quantity, promised_at)
         select supplier, order_id, version + 1, '10', $2::uuid, $3::date, 10800, 10800, now()
         from orders.order_state where order_id = $1::uuid",
    )
    .bind(id.as_str())
    .bind(shop.group.as_str())
    .bind(W53)
    .execute(owner)
    .await
    .unwrap();
    preview(&shop.supplier, &accept_all(&id)).await.unwrap();
    sqlx::query("delete from capacity.pending_load").execute(owner).await.unwrap();
    shop.world.finish().await;
}

/// Whatever a firm says, past the service, that an order promises.
#[tokio::test]
async fn promises_are_noted_of_the_firms_own_order_alone() {
    let shop = Workshop::open().await;
    let (buyer, supplier) = (&shop.buyer, &shop.supplier);
    let rival = shop.world.firm("木棉门业(示例)有限公司").await;
    shop.world.partner(&rival, supplier, "GYS-033").await;
    let lent = linking(hours("小机组"), vec![link(&rival.id, ITEM, "3600")]);
    supplier.state_group(lent).await.unwrap();
    let id = shop.place("1", "3").await;
    let nobodys = request_id();
    for (case, me, order, customer, expected) in [
        ("its order", buyer, &id, buyer, 3),
        ("its customer's order", supplier, &id, buyer, 3),
        ("no order", buyer, &nobodys, buyer, 0),
        ("no order of its customer", supplier, &nobodys, buyer, 0),
        ("a customer, and another one's order", &rival, &id, &rival, 0),
        ("another one's order for its buyer", &rival, &id, buyer, 0),
        ("its order for another one", buyer, &id, &rival, 0),
    ] {
        assert_eq!(shop.noted(me, order, customer).await, expected, "{case}");
    }
    shop.world.finish().await;
}
