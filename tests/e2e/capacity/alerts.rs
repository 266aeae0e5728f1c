//! Demand that moved too far since it was measured: told once, to whom it concerns, as far as it may be.

use std::sync::Arc;

use chassis::clock::FixedClock;
use harness::{
    Access, Firm, Options, World,
    capacity::{demand, for_customer, group, link, linking},
    decimal,
    events::{Payload, event, payload},
    request_id, until,
};
use proto::capacity::{
    AlertThreshold, DemandAlert, DemandVolatility, DisclosureLevel, ListCapacityGroupsRequest,
    ListDisclosedGroupsRequest, UploadCapacityGroupRequest, UploadMaterialDemandRequest,
};
use time::{Duration, OffsetDateTime, macros::datetime};

const W52: &str = "2026-12-21";
const W53: &str = "2026-12-28";
const START: OffsetDateTime = datetime!(2026-11-25 00:00 UTC);
const SECOND: OffsetDateTime = datetime!(2026-12-09 00:00 UTC);

/// The same upload, measured from a moment on every two weeks: a rise by more than a fifth or a fall by more than a tenth is an alert, and
/// from the second part of the horizon on, which begins with week 53, from 50 on too.
pub(crate) fn measured(
    mut request: UploadCapacityGroupRequest,
    start: OffsetDateTime,
) -> UploadCapacityGroupRequest {
    let threshold = |sequence_number, absolute_positive: &str| AlertThreshold {
        sequence_number,
        subhorizon_length_weeks: 5,
        relative_positive: Some(decimal("0.2")),
        relative_negative: Some(decimal("0.1")),
        absolute_positive: Some(decimal(absolute_positive)),
        absolute_negative: None,
    };
    request.content.as_mut().expect("content").volatility = Some(DemandVolatility {
        start_at: Some(chassis::value::timestamp(start)),
        measurement_interval_weeks: 2,
        thresholds: vec![threshold(1, "1000"), threshold(2, "50")],
    });
    request
}

/// `2026-W53 200→242 0.21 12`: week, figures, share, and the numbers of the bounds.
fn said(alert: &DemandAlert) -> String {
    let figure =
        |figure: &Option<proto::Decimal>| figure.as_ref().map_or("–".into(), |figure| figure.value.clone());
    let beyond: Vec<String> = alert.beyond.iter().map(ToString::to_string).collect();
    let (previous, latest) = (figure(&alert.previous), figure(&alert.latest));
    format!("{} {previous}→{latest} {} {}", alert.iso_week, figure(&alert.relative), beyond.join(","))
}

/// Alerts of a feed: how they turned, for which group, and what they said.
async fn told(firm: &Access) -> Vec<String> {
    let feed = firm.events().await;
    let turn = |entry: &proto::stream::FeedEvent| match payload(event(entry)) {
        Payload::DemandAlert(turn, group, alerts) => {
            let alerts: Vec<String> = alerts.iter().map(said).collect();
            Some(format!("{turn} {group} {}", alerts.join(" ")))
        }
        _ => None,
    };
    feed.iter().filter_map(turn).collect()
}

async fn wants(world: &World, customer: &Firm, material: &str, vendor: &str, w53: &str) {
    let wanted = demand(material, &[(W52, "100"), (W53, w53)]);
    let wanted = UploadMaterialDemandRequest { vendor_number: vendor.into(), ..wanted };
    customer.state_demand(wanted).await.expect("a demand");
    world.settled().await;
}

async fn alerts(supplier: &Firm, group: &str) -> Vec<String> {
    supplier.capacity_group(group).await.expect("a group").demand_alerts.iter().map(said).collect()
}

/// Waits until a group was measured at a moment: by the loop, since nobody writes.
pub(crate) async fn measured_at(supplier: &Firm, group: &str, at: OffsetDateTime) {
    until("the demand was measured", std::time::Duration::from_secs(30), async || {
        let group = supplier.capacity_group(group).await.expect("a group");
        (group.demand_measured_at == Some(chassis::value::timestamp(at))).then_some(())
    })
    .await;
}

/// What the customer is shown under a policy.
async fn shown(buyer: &Firm, supplier: &Firm, level: DisclosureLevel) -> Vec<String> {
    supplier.disclose(&buyer.id, level).await.expect("a policy");
    let request = ListDisclosedGroupsRequest { page_size: 100, ..Default::default() };
    let list = buyer.capacity_groups().list_disclosed_groups(request).await.expect("a list").into_inner();
    list.groups.iter().flat_map(|group| &group.demand_alerts).map(said).collect()
}

/// A customer with a group of its own at a supplier, and one that it shares with a rival; both are measured from [`START`].
struct Shop {
    clock: Arc<FixedClock>,
    world: World,
    buyer: Firm,
    supplier: Firm,
    rival: Firm,
    /// The customer's group, and how it was stated.
    exchanged: String,
    theirs: UploadCapacityGroupRequest,
    own: String,
}

impl Shop {
    async fn open() -> Self {
        let clock = FixedClock::new(datetime!(2026-11-23 01:00 UTC));
        let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
        let (buyer, supplier) = world.pair().await;
        let rival = world.firm("木棉门业(示例)有限公司").await;
        world.partner(&rival, &supplier, "GYS-033").await;
        let theirs = for_customer(group("专用", &[(W53, "1000", "1000")]), &buyer.id);
        let theirs = measured(linking(theirs, vec![link("", "M", "2")]), START);
        let exchanged = supplier.state_group(theirs.clone()).await.expect("a group").id;
        let links = vec![link(&buyer.id, "M", "2"), link(&rival.id, "R", "1")];
        let own = measured(linking(group("共用", &[(W53, "9000", "9000")]), links), START);
        let own = supplier.state_group(own).await.expect("a group").id;
        Self { clock, world, buyer, supplier, rival, exchanged, theirs, own }
    }

    /// A load factor moves the total as demand does; who states no parameters any more is not told.
    async fn state_anew(&self) {
        let Self { world, supplier, exchanged, theirs, .. } = self;
        let again = |request: UploadCapacityGroupRequest| UploadCapacityGroupRequest {
            request_id: request_id(),
            group_id: exchanged.clone(),
            ..request
        };
        let mut heavier = theirs.clone();
        heavier.content.as_mut().expect("content").linked_demand = vec![link("", "M", "3")];
        supplier.state_group(again(heavier.clone())).await.expect("a group");
        assert_eq!(alerts(supplier, exchanged).await, ["2026-W52 200→300 0.5 1", "2026-W53 160→240 0.5 1"]);
        heavier.content.as_mut().expect("content").volatility = None;
        supplier.state_group(again(heavier)).await.expect("a group");
        world.settled().await;
        assert!(alerts(supplier, exchanged).await.is_empty());
        assert!(told(supplier).await.pop().expect("it was told").starts_with("cleared"));
    }
}

#[tokio::test]
async fn demand_that_moves_too_far_is_told_once() {
    let shop = Shop::open().await;
    let Shop { clock, world, buyer, supplier, rival, exchanged, own, .. } = &shop;

    // Before the first measurement nothing moves; at it, what stands is measured, though nobody writes.
    wants(world, rival, "R", "GYS-033", "300").await;
    wants(world, buyer, "M", "V100", "500").await;
    wants(world, buyer, "M", "V100", "100").await;
    assert!(alerts(supplier, exchanged).await.is_empty());
    clock.advance(Duration::days(2));
    measured_at(supplier, exchanged, START).await;
    measured_at(supplier, own, START).await;

    // Exactly at the bound is within; strictly beyond it is told, and told once.
    wants(world, buyer, "M", "V100", "120").await;
    assert_eq!((told(supplier).await, told(buyer).await), (vec![], vec![]));
    wants(world, buyer, "M", "V100", "121").await;
    let first = format!("raised {exchanged} 2026-W53 200→242 0.21 1");
    assert_eq!(told(supplier).await, [first.as_str()], "not of the own group, of whose total it is little");
    assert_eq!(told(buyer).await, [first.as_str()]);
    wants(world, buyer, "M", "V100", "121.0").await;
    assert_eq!(told(supplier).await, [first.as_str()], "the state stands");

    // Further: changed; and what each policy shows of it. Then a rival moves a group that it shares, of which the customer
    // learns nothing.
    wants(world, buyer, "M", "V100", "126").await;
    let second = format!("changed {exchanged} 2026-W53 200→252 0.26 1,3");
    let beside = format!("raised {own} 2026-W53 500→552 0.104 3");
    assert_eq!(told(supplier).await[1..], [second.clone(), beside]);
    assert_eq!(alerts(supplier, exchanged).await, ["2026-W53 200→252 0.26 1,3"]);
    assert_eq!(shown(buyer, supplier, DisclosureLevel::YesNo).await, [""; 0]);
    assert_eq!(shown(buyer, supplier, DisclosureLevel::Banded).await, ["2026-W53 –→– – "]);
    assert_eq!(shown(buyer, supplier, DisclosureLevel::Exact).await, ["2026-W53 200→252 0.26 1,3"]);
    wants(world, rival, "R", "GYS-033", "900").await;
    assert_eq!(alerts(supplier, own).await, ["2026-W53 500→1152 1.304 1,3"]);
    assert_eq!(told(buyer).await, [first, second]);
    let request = ListCapacityGroupsRequest { page_size: 100, ..Default::default() };
    let list = supplier.capacity_groups().list_capacity_groups(request).await.expect("a list").into_inner();
    assert!(list.groups.iter().all(|group| group.demand_alerts.len() == 1), "{list:?}");

    // Under the bound again, below the other one, and measured anew.
    wants(world, buyer, "M", "V100", "90").await;
    let cleared = told(buyer).await.pop().expect("it was told");
    assert_eq!(cleared, format!("cleared {exchanged} 2026-W53 200→252 0.26 1,3"));
    wants(world, buyer, "M", "V100", "80").await;
    assert_eq!(alerts(supplier, exchanged).await, ["2026-W53 200→160 -0.2 2"]);
    clock.advance(Duration::weeks(2));
    measured_at(supplier, exchanged, SECOND).await;
    world.settled().await;
    assert!(alerts(supplier, exchanged).await.is_empty(), "that is what demand is compared with now");
    assert!(told(buyer).await.pop().expect("it was told").starts_with("cleared"));

    shop.state_anew().await;
    shop.world.finish().await;
}
