//! Demand against capacity through the public API: what is stated, what is found, who learns of it, and once.

pub(crate) mod alerts;
mod best;
mod booked;
mod catena;
mod commands;
mod comment;
pub(crate) mod need;
mod privacy;
mod profile;
mod promise;
mod scopes;
mod units;
mod writing;

use harness::{
    Access, Firm, Options, World,
    capacity::{demand, group, link, linking, shown},
    events::{Payload, event, payload},
    request_id,
};
use proto::capacity::{
    BottleneckWeek, CapacityGroup, CapacityWeek, GroupContent, UpdateCapacityWeeksRequest,
    UploadCapacityGroupRequest,
};
use time::macros::datetime;

/// Monday 23 November 2026, nine in Shanghai.
pub(crate) fn golden() -> Options {
    Options { clock: chassis::clock::FixedClock::new(datetime!(2026-11-23 01:00 UTC)), ..Options::default() }
}

/// Bottleneck events of a feed: how the bottleneck turned, and its weeks.
pub(crate) async fn bottlenecks(firm: &Access) -> Vec<(&'static str, Vec<BottleneckWeek>)> {
    let feed = firm.events().await;
    let turn = |entry: &proto::stream::FeedEvent| match payload(event(entry)) {
        Payload::BottleneckRaised(event) => Some(("raised", event.weeks)),
        Payload::BottleneckChanged(event) => Some(("changed", event.weeks)),
        Payload::BottleneckCleared(event) => Some(("cleared", event.weeks)),
        _ => None,
    };
    feed.iter().filter_map(turn).collect()
}

/// Each turn with the names of its weeks.
pub(crate) fn turns(events: &[(&'static str, Vec<BottleneckWeek>)]) -> Vec<String> {
    let weeks = |weeks: &[BottleneckWeek]| {
        weeks.iter().map(|week| week.iso_week.clone()).collect::<Vec<_>>().join(" ")
    };
    events.iter().map(|(turn, list)| format!("{turn} {}", weeks(list))).collect()
}

async fn weeks(supplier: &Firm, group: &str) -> Vec<String> {
    let group: CapacityGroup = supplier.capacity_group(group).await.expect("the supplier's own");
    group.matched.iter().map(shown).collect()
}

/// The week of the sandbox that turns red: 20,000 pieces of 45 seconds in the 53rd week of 2026.
#[tokio::test]
async fn the_red_week_turns_orange_once_and_green_again() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let hours = |hours: i64| (hours * 3600).to_string();
    let (actual, maximum) = (hours(204), hours(240));
    let capacity =
        group("S1-G3 大机组", &[("2026-12-28", &actual, &maximum), ("2027-01-04", &actual, &maximum)]);
    let made =
        supplier.state_group(linking(capacity, vec![link(&buyer.id, "CY-BX-0450", "45")])).await.unwrap();
    assert_eq!(
        weeks(&supplier, &made.id).await,
        ["2026-W53 –/734400/864000 UNMATCHED", "2027-W01 –/734400/864000 UNMATCHED",]
    );

    let stated =
        demand("CY-BX-0450", &[("2026-12-21", "100"), ("2026-12-28", "20000"), ("2027-01-04", "14000")]);
    let first = buyer.state_demand(stated.clone()).await.unwrap();
    world.settled().await;
    let red = [
        "2026-W52 4500/–/– UNMATCHED",
        "2026-W53 900000/734400/864000 BOTTLENECK_BEYOND_MAXIMUM",
        "2027-W01 630000/734400/864000 SURPLUS",
    ];
    assert_eq!(weeks(&supplier, &made.id).await, red);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    // The same again, and another version that changes nothing: the state stands.
    assert!(buyer.state_demand(stated.clone()).await.unwrap().replayed);
    let again = buyer
        .state_demand(proto::capacity::UploadMaterialDemandRequest { request_id: request_id(), ..stated })
        .await
        .unwrap();
    assert_eq!((again.id, again.version), (first.id.clone(), 2));
    world.settled().await;
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    // A neighbour lends 40 hours.
    let week = CapacityWeek {
        monday: Some(harness::date("2026-12-28")),
        actual_capacity: Some(harness::decimal(&hours(244))),
        maximum_capacity: Some(harness::decimal(&hours(280))),
        ..CapacityWeek::default()
    };
    let lent = UpdateCapacityWeeksRequest {
        request_id: request_id(),
        group_id: made.id.clone(),
        version: 1,
        weeks: vec![week],
        ..UpdateCapacityWeeksRequest::default()
    };
    supplier.capacity_groups().update_capacity_weeks(lent).await.unwrap();
    world.settled().await;
    assert_eq!(
        weeks(&supplier, &made.id).await[1],
        "2026-W53 900000/878400/1008000 BOTTLENECK_WITHIN_MAXIMUM"
    );
    buyer.state_demand(demand("CY-BX-0450", &[("2026-12-28", "19520")])).await.unwrap();
    world.settled().await;
    assert_eq!(
        weeks(&supplier, &made.id).await,
        ["2026-W53 878400/878400/1008000 ZERO_DEVIATION", "2027-W01 –/734400/864000 UNMATCHED",]
    );
    assert_eq!(
        turns(&bottlenecks(&supplier).await),
        ["raised 2026-W53", "changed 2026-W53", "cleared 2026-W53"]
    );
    assert!(bottlenecks(&buyer).await.is_empty(), "the group is the supplier's own");
    world.finish().await;
}

#[tokio::test]
async fn a_group_of_groups_follows_what_is_below_it() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let w53 = "2026-12-28";
    let leaf = |name: &str, material: &str| {
        linking(group(name, &[(w53, "100", "100")]), vec![link(&buyer.id, material, "2")])
    };
    let one = supplier.state_group(leaf("一号机", "A")).await.unwrap().id;
    let two = supplier.state_group(leaf("二号机", "B")).await.unwrap().id;
    let nest = |children: &[&String]| {
        let mut request = group("车间", &[(w53, "150", "180")]);
        let content: &mut GroupContent = request.content.as_mut().unwrap();
        content.linked_group_ids = children.iter().map(ToString::to_string).collect();
        request
    };
    let shop = supplier.state_group(nest(&[&one, &two])).await.unwrap().id;
    let plant = supplier.state_group(nest(&[&shop, &one])).await.unwrap().id;

    buyer.state_demand(demand("A", &[(w53, "40")])).await.unwrap();
    buyer.state_demand(demand("B", &[(w53, "45")])).await.unwrap();
    world.settled().await;
    for group in [&shop, &plant] {
        assert_eq!(weeks(&supplier, group).await, ["2026-W53 170/150/180 BOTTLENECK_WITHIN_MAXIMUM"]);
    }
    // An inactive child is as if absent; so is inactive demand.
    let mut idle = UploadCapacityGroupRequest { group_id: two.clone(), ..leaf("二号机", "B") };
    idle.content.as_mut().unwrap().inactive = true;
    supplier.state_group(idle).await.unwrap();
    assert_eq!(weeks(&supplier, &plant).await, ["2026-W53 80/150/180 SURPLUS"]);
    assert_eq!(weeks(&supplier, &two).await, ["2026-W53 –/100/100 UNMATCHED"]);
    supplier
        .state_group(UploadCapacityGroupRequest { group_id: two.clone(), ..leaf("二号机", "B") })
        .await
        .unwrap();
    let mut stopped = demand("A", &[(w53, "40")]);
    stopped.content.as_mut().unwrap().inactive = true;
    buyer.state_demand(stopped).await.unwrap();
    world.settled().await;
    assert_eq!(weeks(&supplier, &plant).await, ["2026-W53 90/150/180 SURPLUS"]);
    assert_eq!(weeks(&supplier, &one).await, ["2026-W53 –/100/100 UNMATCHED"]);

    // One that would be a part of itself.
    let circle = UploadCapacityGroupRequest { group_id: shop.clone(), ..nest(&[&plant]) };
    let refused = supplier.state_group(circle).await.unwrap_err();
    assert_eq!(
        harness::refusal::fields(&refused),
        [("content.linked_group_ids".into(), "LINK_CYCLE".into())]
    );
    world.finish().await;
}
