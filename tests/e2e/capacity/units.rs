//! An accepted order counts in the unit of the demand that it is linked to, whatever unit it is placed in; and what cannot be
//! converted is told, and counted nowhere.

use harness::{
    Access, Firm, World, accept_all,
    capacity::{demand, for_customer, group, link, linking, shown},
    date, decimal, order,
    refusal::bad_fields,
};
use proto::capacity::{
    DisclosureLevel, GetMaterialDemandRequest, ListCapacityGroupsRequest, ListDisclosedGroupsRequest,
    PreviewPromiseRequest, PromisePreview, UploadCapacityGroupRequest, UploadMaterialDemandRequest,
};
use tonic::Status;

use super::{bottlenecks, golden, turns};

const W53: &str = "2026-12-28";
const W01: &str = "2027-01-04";
const ITEM: &str = "PE-100";

/// A group of extruders, which are measured in kilograms.
fn extruders(weeks: &[(&str, &str, &str)]) -> UploadCapacityGroupRequest {
    let mut made = group("挤出机组", weeks);
    made.content.as_mut().unwrap().unit_code = "KGM".into();
    made
}

fn wanted(unit: &str, quantity: &str) -> UploadMaterialDemandRequest {
    let mut wanted = demand(ITEM, &[(W53, quantity)]);
    wanted.content.as_mut().unwrap().unit_code = unit.into();
    wanted
}

/// Publishes an order of one line for the 53rd week, which its supplier accepts.
async fn accepted(buyer: &Access, supplier: &Access, vendor: &str, line: (&str, &str, &str)) {
    let (number, quantity, unit) = line;
    let placed = order(number).line("10", ITEM, quantity, "6.85").unit(unit);
    let id = buyer.publish(placed.to(vendor)).await.unwrap().order_id;
    supplier.respond(accept_all(&id)).await.unwrap();
}

/// Weeks of a group, with what orders take of them and how many lines are not counted.
async fn weeks(supplier: &Access, group: &str) -> Vec<String> {
    let group = supplier.capacity_group(group).await.expect("the supplier's own");
    let week = |week: &proto::capacity::MatchedWeek| {
        let booked = week.booked.clone().unwrap_or_default().value;
        format!("{} booked {booked} without {}", shown(week), week.uncounted_lines)
    };
    group.matched.iter().map(week).collect()
}

/// How many lines are not counted: of the group, in the list of groups, and of the demand as its two firms see it.
async fn uncounted(firms: (&Firm, &Firm), group: &str, demand: &str) -> [i32; 4] {
    let (buyer, supplier) = firms;
    let list = supplier.capacity_groups().list_capacity_groups(ListCapacityGroupsRequest::default()).await;
    let listed = list.unwrap().into_inner().groups.into_iter().find(|one| one.id == group).unwrap();
    let mut of_demand = Vec::new();
    for firm in [buyer, supplier] {
        let request = GetMaterialDemandRequest { demand_id: demand.into(), version: 0 };
        let demand = firm.demands().get_material_demand(request).await.unwrap().into_inner();
        of_demand.push(demand.uncounted_lines);
    }
    let of_group = supplier.capacity_group(group).await.unwrap().uncounted_lines;
    [of_group, listed.uncounted_lines, of_demand[0], of_demand[1]]
}

async fn preview(
    supplier: &Access,
    customer: &str,
    quantity: &str,
    unit: &str,
) -> Result<PromisePreview, Status> {
    let request = PreviewPromiseRequest {
        customer_id: customer.into(),
        material_number_customer: ITEM.into(),
        customer_location: "CY01".into(),
        quantity: Some(decimal(quantity)),
        unit_code: unit.into(),
        requested_delivery_date: Some(date("2026-12-30")),
        ..PreviewPromiseRequest::default()
    };
    Ok(supplier.promises().preview_promise(request).await?.into_inner())
}

/// Its unit, each week as `2026-W53 quantity/room`, and what is late.
fn split(preview: &PromisePreview) -> String {
    let figure = |decimal: &Option<proto::Decimal>| decimal.clone().unwrap_or_default().value;
    let weeks = preview.weeks.iter();
    let weeks: Vec<String> = weeks
        .map(|week| format!("{} {}/{}", week.iso_week, figure(&week.quantity), figure(&week.room)))
        .collect();
    format!("{}: {}, late {}", preview.unit_code, weeks.join(", "), figure(&preview.late))
}

/// Five tonnes are five thousand kilograms: in the load, in the bottleneck, and in what can be promised beside them.
#[tokio::test]
async fn an_order_in_tonnes_counts_in_kilograms_and_one_in_pieces_is_told() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let stated = extruders(&[(W53, "4000", "6000.5"), (W01, "4000", "6000")]);
    let unlinked = UploadCapacityGroupRequest { group_id: harness::request_id(), ..stated };
    let linked = || UploadCapacityGroupRequest {
        request_id: harness::request_id(),
        ..linking(unlinked.clone(), vec![link(&buyer.id, ITEM, "")])
    };
    let made = supplier.state_group(unlinked.clone()).await.unwrap().id;
    let forecast = buyer.state_demand(wanted("KGM", "1000")).await.unwrap().id;
    accepted(&buyer, &supplier, "V100", ("1", "5", "TNE")).await;
    world.settled().await;
    let none = |week: &str, capacity: &str| format!("{week} –/{capacity} UNMATCHED booked 0 without 0");
    let idle = [none("2026-W53", "4000/6000.5"), none("2027-W01", "4000/6000")];
    assert_eq!(weeks(&supplier, &made).await, idle, "before it is linked");

    supplier.state_group(linked()).await.unwrap();
    world.settled().await;
    let orange = "2026-W53 5000/4000/6000.5 BOTTLENECK_WITHIN_MAXIMUM booked 5000 without";
    let after = none("2027-W01", "4000/6000");
    assert_eq!(weeks(&supplier, &made).await, [format!("{orange} 0"), after.clone()]);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    // A thousand kilograms and a half are left, however it is asked.
    for (quantity, unit, expected) in [
        ("2", "TNE", "TNE: 2026-W53 1/1, 2027-W01 1/6, late 1"),
        ("2000", "KGM", "KGM: 2026-W53 1000/1000, 2027-W01 1000/6000, late 1000"),
        ("2000", "", "KGM: 2026-W53 1000/1000, 2027-W01 1000/6000, late 1000"),
        ("2.0005", "TNE", "TNE: 2026-W53 1.0005/1.0005, 2027-W01 1/6, late 1"),
        ("2000.5", "KGM", "KGM: 2026-W53 1000.5/1000.5, 2027-W01 1000/6000, late 1000"),
        ("2000500", "GRM", "GRM: 2026-W53 1000500/1000500, 2027-W01 1000000/6000000, late 1000000"),
    ] {
        let got = preview(&supplier, &buyer.id, quantity, unit).await.unwrap();
        let as_requested: Vec<_> = got.turned_as_requested.iter().map(|week| week.iso_week.clone()).collect();
        assert_eq!(as_requested, ["2026-W53"], "{quantity} {unit}: 7 t are more than can be reached");
        assert_eq!(split(&got), expected, "{quantity} {unit}");
    }
    for unit in ["H87", "MTR", "个"] {
        bad_fields(preview(&supplier, &buyer.id, "2", unit).await, &[("unit_code", "UNIT")]);
    }

    // Pieces are no kilograms: told, and in no figure; nothing turns.
    accepted(&buyer, &supplier, "V100", ("2", "7", "C62")).await;
    world.settled().await;
    assert_eq!(weeks(&supplier, &made).await, [format!("{orange} 1"), after.clone()]);
    assert_eq!(uncounted((&buyer, &supplier), &made, &forecast).await, [1, 1, 1, 1]);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    // Linked no more, and linked again.
    supplier
        .state_group(UploadCapacityGroupRequest { request_id: harness::request_id(), ..unlinked.clone() })
        .await
        .unwrap();
    world.settled().await;
    assert_eq!(weeks(&supplier, &made).await, idle);
    assert_eq!(uncounted((&buyer, &supplier), &made, &forecast).await, [0, 0, 1, 1]);
    supplier.state_group(linked()).await.unwrap();
    world.settled().await;
    assert_eq!(weeks(&supplier, &made).await, [format!("{orange} 1"), after.clone()]);

    // The customer counts in pieces from now on: 7 of them are ordered, and the tonnes are none.
    buyer.state_demand(wanted("H87", "9")).await.unwrap();
    world.settled().await;
    let green = "2026-W53 9/4000/6000.5 SURPLUS booked 7 without 1".to_owned();
    assert_eq!(weeks(&supplier, &made).await, [green, after]);
    assert_eq!(turns(&bottlenecks(&supplier).await).last().unwrap(), "cleared 2026-W53");
    world.finish().await;
}

/// Where no demand says a unit, the group does if it measures the same and no load factor says otherwise; else the order that
/// was placed first.
#[tokio::test]
async fn without_a_demand_orders_count_in_the_groups_unit_or_in_that_of_the_first() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    accepted(&buyer, &supplier, "V100", ("1", "5", "TNE")).await;
    accepted(&buyer, &supplier, "V100", ("2", "500", "KGM")).await;
    accepted(&buyer, &supplier, "V100", ("3", "3", "H87")).await;
    let hours =
        |factor: &str| linking(group("烘干", &[(W53, "10", "20")]), vec![link(&buyer.id, ITEM, factor)]);
    let stated = extruders(&[(W53, "4000", "6000")]);
    let by_weight = supplier.state_group(linking(stated, vec![link(&buyer.id, ITEM, "")])).await.unwrap().id;
    let by_hours = supplier.state_group(hours("2")).await.unwrap().id;
    let by_default = supplier.state_group(hours("")).await.unwrap().id;
    world.settled().await;
    let expected = "2026-W53 5500/4000/6000 BOTTLENECK_WITHIN_MAXIMUM booked 5500 without 1";
    assert_eq!(weeks(&supplier, &by_weight).await, [expected]);
    // Two seconds a tonne, and one where nothing is said.
    assert_eq!(
        weeks(&supplier, &by_hours).await,
        ["2026-W53 11.0/10/20 BOTTLENECK_WITHIN_MAXIMUM booked 11.0 without 1"]
    );
    assert_eq!(weeks(&supplier, &by_default).await, ["2026-W53 5.5/10/20 SURPLUS booked 5.5 without 1"]);
    // All three have room for half a tonne: 500 kg, 9 s and 14.5 s.
    for (quantity, unit, expected) in
        [("0.5", "TNE", "TNE: 2026-W53 0.5/0.5, late 0"), ("500", "KGM", "KGM: 2026-W53 500/500, late 0")]
    {
        assert_eq!(split(&preview(&supplier, &buyer.id, quantity, unit).await.unwrap()), expected);
    }
    bad_fields(preview(&supplier, &buyer.id, "1", "H87").await, &[("unit_code", "UNIT")]);
    world.finish().await;
}

/// What a rival's orders are counted in changes nothing of what a customer sees, though they share a group.
#[tokio::test]
async fn a_customer_learns_nothing_of_what_others_order() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    supplier.disclose(&buyer.id, DisclosureLevel::Exact).await.unwrap();
    let hours = || extruders(&[(W53, "4000", "6000")]);
    let shared = linking(hours(), vec![link(&buyer.id, ITEM, ""), link(&rival.id, ITEM, "")]);
    let made = supplier.state_group(shared).await.unwrap().id;
    let meant = for_customer(linking(hours(), vec![link(&buyer.id, ITEM, "")]), &buyer.id);
    supplier.state_group(meant).await.unwrap();
    let weighed = UploadMaterialDemandRequest { vendor_number: "GYS-033".into(), ..wanted("KGM", "1") };
    rival.state_demand(weighed).await.unwrap();
    world.settled().await;
    let seen = async || {
        let list = buyer.capacity_groups().list_disclosed_groups(ListDisclosedGroupsRequest::default()).await;
        (list.unwrap().into_inner().groups, buyer.events().await.len())
    };
    let before = seen().await;
    assert_eq!(before.0.len(), 1);
    accepted(&rival, &supplier, "GYS-033", ("1", "7", "H87")).await;
    world.settled().await;
    assert!(weeks(&supplier, &made).await[0].ends_with("without 1"));
    assert_eq!(seen().await, before);
    world.finish().await;
}
