//! Hours that are lent are load of the week that they are taken from, beside what is wanted of it: for the lender alone.

use chassis::Reason;
use harness::{
    Firm, World,
    booking::{named, offer},
    capacity::{demand, for_customer, group, link, linking, shown},
    change::cancel,
    cli,
    refusal::{fields, metadata, refused},
    request_id,
};
use proto::capacity::{ChangeOfferRequest, DisclosureLevel, ListDisclosedGroupsRequest, PublishOfferRequest};

use super::{
    W53,
    consume::{ITEM, consuming},
};
use crate::capacity::{bottlenecks, golden, turns};

/// The first week of a group with what it lends.
async fn week(firm: &Firm, group: &str) -> String {
    let group = firm.capacity_group(group).await.expect("a group");
    let figure = |one: &Option<proto::Decimal>| one.clone().unwrap_or_default().value;
    let week = &group.matched[0];
    format!("{} lent {} of {}", shown(week), figure(&week.lent), figure(&week.offered))
}

/// What a customer sees of the group that names it.
async fn seen(customer: &Firm) -> String {
    let request = ListDisclosedGroupsRequest { page_size: 10, ..Default::default() };
    let list = customer.capacity_groups().list_disclosed_groups(request).await.expect("a list").into_inner();
    list.groups[0].weeks[0].demand.clone().unwrap_or_default().value
}

/// 70 hours are forecast of 80 that are planned; 20 are lent to a neighbour, and 10 to the customer itself.
#[tokio::test]
async fn lent_hours_are_load_from_when_they_are_confirmed_until_they_are_given_back() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let neighbour = world.firm("邻近注塑(示例)有限公司").await;
    world.partner(&neighbour, &supplier, "V200").await;
    let machines = for_customer(group("大机组", &[(W53, "80", "100")]), &buyer.id);
    let made = linking(machines, vec![link(&buyer.id, ITEM, "")]);
    let made = supplier.state_group(made).await.expect("a group").id;
    buyer.state_demand(demand(ITEM, &[(W53, "70")])).await.expect("a demand");
    world.settled().await;
    let published = named(offer(&made, &[(W53, "30")]), &[&buyer, &neighbour]);
    let published = supplier.publish_offer(published).await.expect("an offer");

    let held = neighbour.hold(&published, &[(0, "20")], 0).await.expect("a hold").id;
    world.settled().await;
    assert_eq!(
        week(&supplier, &made).await,
        "2026-W53 70/80/100 SURPLUS lent 0 of 30",
        "a hold lends nothing"
    );
    neighbour.confirm(&held).await.expect("confirmed");
    world.settled().await;
    let orange = "2026-W53 90/80/100 BOTTLENECK_WITHIN_MAXIMUM lent 20 of 30";
    assert_eq!(week(&supplier, &made).await, orange);
    let told = cli::run(&world, &supplier.key, &["capacity", "show", &made]).await.done().json();
    assert_eq!(told[0]["matched"][0]["lent"]["value"], "20", "{told:?}");
    // What the customer sees is written out anew meanwhile, and is what it wants itself.
    supplier.disclose(&buyer.id, DisclosureLevel::Exact).await.expect("a policy");
    assert_eq!(seen(&buyer).await, "70", "not what a neighbour has");

    // The customer reserves too, and its order is made in these hours: of its forecast, and counted once.
    let own = buyer.hold(&published, &[(0, "10")], 0).await.expect("a hold").id;
    buyer.confirm(&own).await.expect("confirmed");
    world.settled().await;
    let beside = "2026-W53 100/80/100 BOTTLENECK_WITHIN_MAXIMUM lent 30 of 30";
    assert_eq!(week(&supplier, &made).await, beside);
    let id = buyer.publish(consuming("4500000001", "10", &own).to("V100")).await.expect("an order").order_id;
    world.settled().await;
    assert_eq!(week(&supplier, &made).await, beside, "nobody accepted it yet");
    supplier.accept_all(&id).await.expect("accepted");
    world.settled().await;
    let once = "2026-W53 90/80/100 BOTTLENECK_WITHIN_MAXIMUM lent 30 of 30";
    assert_eq!(week(&supplier, &made).await, once);

    // Cancelled, its hours go back in the same step, and no week turns for it.
    buyer.cancel(cancel(&id, &[])).await.expect("cancelled");
    world.settled().await;
    assert_eq!(week(&supplier, &made).await, orange);
    neighbour.give_back(&held).await.expect("given back");
    world.settled().await;
    assert_eq!(week(&supplier, &made).await, "2026-W53 70/80/100 SURPLUS lent 0 of 30");
    let told = turns(&bottlenecks(&supplier).await);
    assert_eq!(told, ["raised 2026-W53", "changed 2026-W53", "changed 2026-W53", "cleared 2026-W53"]);

    // Whom the group names learns nothing of what others have of it.
    assert_eq!((seen(&buyer).await, bottlenecks(&buyer).await.len()), ("70".to_owned(), 0));
    world.finish().await;
}

/// The red week of the sandbox has 0 to spare, though no order has its hours yet.
#[tokio::test]
async fn what_a_forecast_needs_is_offered_only_where_the_supplier_says_so() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let machines = group("大机组", &[(W53, "204", "240"), ("2027-01-04", "204", "240")]);
    let made =
        supplier.state_group(linking(machines, vec![link(&buyer.id, ITEM, "")])).await.expect("a group").id;
    buyer.state_demand(demand(ITEM, &[(W53, "250"), ("2027-01-04", "200")])).await.expect("a demand");
    world.settled().await;
    let wanted = |weeks: &[(&str, &str)]| named(offer(&made, weeks), &[&buyer]);
    let red = wanted(&[(W53, "230"), ("2027-01-04", "40")]);
    let status = refused(supplier.publish_offer(red.clone()).await, Reason::OFFER_EXCEEDS_CAPACITY);
    assert_eq!(fields(&status), [("buckets[0].quantity".into(), "FORECAST".into())]);
    let (monday, spare) = (metadata(&status)["monday"].clone(), metadata(&status)["spare"].clone());
    assert_eq!((monday.as_str(), spare.as_str()), (W53, "0"));
    let both = wanted(&[(W53, "1"), ("2027-01-04", "241")]);
    let status = refused(supplier.publish_offer(both.clone()).await, Reason::OFFER_EXCEEDS_CAPACITY);
    let named_fields = [("buckets[0].quantity", "FORECAST"), ("buckets[1].quantity", "PROMISED")];
    assert_eq!(fields(&status), named_fields.map(|(path, reason)| (path.to_owned(), reason.to_owned())));

    // Said so, they are; and what no maximum has is nobody's to offer.
    let despite = |request: PublishOfferRequest| PublishOfferRequest {
        request_id: request_id(),
        despite_forecast: true,
        ..request
    };
    let status = refused(supplier.publish_offer(despite(both)).await, Reason::OFFER_EXCEEDS_CAPACITY);
    assert_eq!(fields(&status), [("buckets[1].quantity".into(), "PROMISED".into())]);
    let published = supplier.publish_offer(despite(red)).await.expect("an offer");

    // What others have of it is no forecast beside it: the last 10 hours are left to those who say so.
    let held = buyer.hold(&published, &[(1, "40")], 0).await.expect("a hold").id;
    buyer.confirm(&held).await.expect("confirmed");
    world.settled().await;
    let change = |first: &str, second: &str, despite_forecast: bool| {
        let new = wanted(&[(W53, first), ("2027-01-04", second)]);
        let request = ChangeOfferRequest {
            request_id: request_id(),
            offer_id: published.id.clone(),
            version: published.version,
            content: new.content,
            visibility: new.visibility,
            firm_ids: new.firm_ids,
            cluster_id: String::new(),
            hold_seconds: 0,
            buckets: new.buckets,
            despite_forecast,
        };
        let mut offers = supplier.offers();
        async move { offers.change_offer(request).await }
    };
    let status = refused(change("231", "41", false).await, Reason::OFFER_EXCEEDS_CAPACITY);
    let named_fields = ["buckets[0].quantity", "buckets[1].quantity"];
    assert_eq!(fields(&status), named_fields.map(|path| (path.to_owned(), "FORECAST".to_owned())));
    change("220", "40", false).await.expect("less is always possible");
    world.finish().await;
}
