//! Capable to promise through the public API: what a supplier can answer an order with, over all of its customers.

use chassis::Reason;
use harness::{
    Access, World,
    booking::offer,
    capacity::{demand, group, link, linking},
    date, decimal,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::capacity::{
    DemandCategory, PreviewPromiseRequest, PromisePreview, PromiseResult, PublishOfferRequest, TurnedWeek,
    UpdateCapacityWeeksRequest, UploadCapacityGroupRequest, UploadMaterialDemandRequest,
};
use tonic::Status;

use super::golden;

const W52: &str = "2026-12-21";
const W53: &str = "2026-12-28";
const W01: &str = "2027-01-04";
const W02: &str = "2027-01-11";

fn question(customer: &str, material: &str, quantity: &str, requested: &str) -> PreviewPromiseRequest {
    PreviewPromiseRequest {
        customer_id: customer.into(),
        material_number_customer: material.into(),
        customer_location: "CY01".into(),
        quantity: Some(decimal(quantity)),
        requested_delivery_date: Some(date(requested)),
        ..PreviewPromiseRequest::default()
    }
}

async fn preview(supplier: &Access, request: PreviewPromiseRequest) -> Result<PromisePreview, Status> {
    Ok(supplier.promises().preview_promise(request).await?.into_inner())
}

/// Each week as `2026-W53 quantity/room`, unknown as `–`, and `late` where it is.
fn weeks(preview: &PromisePreview) -> Vec<String> {
    let figure =
        |decimal: &Option<proto::Decimal>| decimal.clone().map_or("–".into(), |decimal| decimal.value);
    let week = |week: &proto::capacity::PromiseWeek| {
        let late = if week.late { " late" } else { "" };
        format!("{} {}/{}{late}", week.iso_week, figure(&week.quantity), figure(&week.room))
    };
    preview.weeks.iter().map(week).collect()
}

/// Each as `2026-W53 BEFORE → AFTER`.
fn turns(turned: &[TurnedWeek]) -> Vec<String> {
    let name = |result: proto::capacity::MatchResult| {
        result.as_str_name().trim_start_matches("MATCH_RESULT_").to_owned()
    };
    let turn =
        |week: &TurnedWeek| format!("{} {} → {}", week.iso_week, name(week.before()), name(week.after()));
    turned.iter().map(turn).collect()
}

fn nested(request: UploadCapacityGroupRequest, children: &[&str]) -> UploadCapacityGroupRequest {
    let mut request = request;
    if let Some(content) = &mut request.content {
        content.linked_group_ids = children.iter().map(|id| (*id).to_owned()).collect();
    }
    request
}

/// 20,000 pieces of 45 seconds for the 53rd week of 2026, on machines that have 240 hours a week.
#[tokio::test]
async fn a_supplier_sees_what_it_can_promise_before_it_answers() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let hours = |hours: i64| (hours * 3600).to_string();
    let (actual, maximum) = (hours(204), hours(240));
    let machines = group(
        "S1-G3 大机组",
        &[(W52, &actual, &maximum), (W53, &actual, &maximum), (W01, &actual, &maximum)],
    );
    let links = vec![link(&buyer.id, "CY-BX-0450", "45"), link(&rival.id, "M-7", "30")];
    let machines = supplier.state_group(linking(machines, links)).await.unwrap();

    let asked = |quantity| question(&buyer.id, "CY-BX-0450", quantity, "2026-12-30");
    let got = preview(&supplier, asked("20000")).await.unwrap();
    assert_eq!(got.result(), PromiseResult::Late);
    assert_eq!(weeks(&got), ["2026-W53 19200/19200", "2027-W01 800/19200 late"]);
    assert_eq!((got.late.unwrap().value, got.unpromised.unwrap().value), ("800".into(), "0".into()));
    assert_eq!(turns(&got.turned), ["2026-W53 UNMATCHED → BOTTLENECK_WITHIN_MAXIMUM"]);
    assert_eq!(turns(&got.turned_as_requested), ["2026-W53 UNMATCHED → BOTTLENECK_BEYOND_MAXIMUM"]);
    assert!(got.weeks.iter().all(|week| week.group_id == machines.id));

    // It may come a week before.
    let early = PreviewPromiseRequest { earliest_delivery_date: Some(date("2026-12-22")), ..asked("20000") };
    let got = preview(&supplier, early).await.unwrap();
    assert_eq!(got.result(), PromiseResult::OnTime);
    assert_eq!(weeks(&got), ["2026-W52 19200/19200", "2026-W53 800/19200"]);

    // Another customer's forecast leaves the room as it is, and shows as weeks that turn.
    let stated = UploadMaterialDemandRequest {
        vendor_number: "GYS-033".into(),
        ..demand("M-7", &[(W53, "24000"), (W01, "24480")])
    };
    rival.state_demand(stated).await.unwrap();
    world.settled().await;
    let got = preview(&supplier, asked("20000")).await.unwrap();
    assert_eq!(weeks(&got), ["2026-W53 19200/19200", "2027-W01 800/19200 late"]);
    assert_eq!(
        turns(&got.turned),
        [
            "2026-W53 SURPLUS → BOTTLENECK_BEYOND_MAXIMUM",
            "2027-W01 ZERO_DEVIATION → BOTTLENECK_WITHIN_MAXIMUM"
        ]
    );

    // An order that names no site is asked about as it would be booked: of whatever location the groups link.
    let nowhere = PreviewPromiseRequest { customer_location: String::new(), ..asked("20000") };
    let unnamed = preview(&supplier, nowhere).await.unwrap();
    assert_eq!((weeks(&unnamed), turns(&unnamed.turned)), (weeks(&got), turns(&got.turned)));
    let elsewhere = PreviewPromiseRequest { customer_location: "CY99".into(), ..asked("20000") };
    assert_eq!(preview(&supplier, elsewhere).await.unwrap().result(), PromiseResult::Unknown);

    // What is offered is promised; and beyond what is stated nothing is known.
    let despite = offer(&machines.id, &[(W53, &hours(140))]);
    supplier.publish_offer(PublishOfferRequest { despite_forecast: true, ..despite }).await.unwrap();
    let got = preview(&supplier, asked("30000")).await.unwrap();
    assert_eq!(got.result(), PromiseResult::Partial);
    assert_eq!(weeks(&got), ["2026-W53 8000/8000", "2027-W01 19200/19200 late"]);
    assert_eq!(got.unpromised.unwrap().value, "2800");
    // Asking holds nothing and tells nobody.
    world.settled().await;
    let told = (buyer.events().await.len(), supplier.events().await.len());
    for _ in 0..2 {
        assert_eq!(weeks(&preview(&supplier, asked("8000")).await.unwrap()), ["2026-W53 8000/8000"]);
    }
    world.settled().await;
    assert_eq!((buyer.events().await.len(), supplier.events().await.len()), told);
    world.finish().await;
}

#[tokio::test]
async fn every_group_must_have_room_and_unknown_is_not_full() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let press = linking(
        group("压机", &[(W52, "90", "90"), (W53, "90", "90"), (W02, "90", "90")]),
        vec![link(&buyer.id, "A", "3")],
    );
    let press = supplier.state_group(press).await.unwrap().id;
    let paint = linking(
        group("喷漆", &[(W52, "10", "10"), (W53, "5", "5"), (W01, "9", "9"), (W02, "50", "50")]),
        vec![link(&buyer.id, "A", "0.5")],
    );
    let paint = supplier.state_group(paint).await.unwrap().id;
    let got = preview(&supplier, question(&buyer.id, "A", "50", W52)).await.unwrap();
    assert_eq!(
        weeks(&got),
        ["2026-W52 20/20", "2026-W53 10/10 late", "2027-W01 0/– late", "2027-W02 20/30 late"]
    );
    let tightest: Vec<&str> = got.weeks.iter().map(|week| &*week.group_id).collect();
    assert_eq!(tightest, [&*paint, &*paint, &*press, &*press]);

    // A shop sums both: 3.5 a piece. Without capacity of its own it bounds nothing, with some it does.
    let shop = supplier.state_group(nested(group("车间", &[]), &[&press, &paint])).await.unwrap().id;
    let again = preview(&supplier, question(&buyer.id, "A", "50", W52)).await.unwrap();
    assert_eq!(weeks(&again), weeks(&got));
    let stated = UploadCapacityGroupRequest {
        group_id: shop.clone(),
        ..nested(group("车间", &[(W52, "35", "35"), (W53, "70", "70")]), &[&press, &paint])
    };
    supplier.state_group(stated).await.unwrap();
    let got = preview(&supplier, question(&buyer.id, "A", "50", W52)).await.unwrap();
    assert_eq!(got.result(), PromiseResult::Partial);
    let expected = ["2026-W52 10/10", "2026-W53 10/10 late", "2027-W01 0/– late", "2027-W02 0/– late"];
    assert_eq!(weeks(&got), expected);

    // A group that is inactive is as if absent, and what nobody makes is unknown.
    let stop = |group_id: &str, version| UpdateCapacityWeeksRequest {
        request_id: request_id(),
        group_id: group_id.into(),
        version,
        inactive: Some(true),
        ..UpdateCapacityWeeksRequest::default()
    };
    supplier.capacity_groups().update_capacity_weeks(stop(&shop, 2)).await.unwrap();
    supplier.capacity_groups().update_capacity_weeks(stop(&paint, 1)).await.unwrap();
    let got = preview(&supplier, question(&buyer.id, "A", "50", W52)).await.unwrap();
    assert_eq!(weeks(&got), ["2026-W52 30/30", "2026-W53 20/30 late"]);
    let spare = PreviewPromiseRequest {
        demand_category: DemandCategory::AfterSales.into(),
        ..question(&buyer.id, "A", "50", W52)
    };
    for unknown in [spare, question(&buyer.id, "B", "50", W52)] {
        let got = preview(&supplier, unknown).await.unwrap();
        assert_eq!((got.result(), weeks(&got)), (PromiseResult::Unknown, vec!["2026-W52 0/–".to_owned()]));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_question_names_what_is_wrong_with_it() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let bad = PreviewPromiseRequest {
        material_number_customer: " ".into(),
        quantity: Some(decimal("0")),
        earliest_delivery_date: Some(date(W53)),
        ..question(&buyer.id, "A", "1", W52)
    };
    bad_fields(
        preview(&supplier, bad).await,
        &[
            ("material_number_customer", "REQUIRED"),
            ("quantity", "RANGE"),
            ("earliest_delivery_date", "RANGE"),
        ],
    );
    let empty = PreviewPromiseRequest {
        quantity: None,
        requested_delivery_date: None,
        ..question(&buyer.id, "A", "1", W52)
    };
    bad_fields(
        preview(&supplier, empty).await,
        &[("quantity", "REQUIRED"), ("requested_delivery_date", "REQUIRED")],
    );
    // The customer asks in vain: it is the supplier's own view.
    refused(preview(&buyer, question(&supplier.id, "A", "1", W52)).await, Reason::NOT_FOUND);
    refused(preview(&buyer, question(&buyer.id, "A", "1", W52)).await, Reason::NOT_FOUND);
    refused(preview(&supplier, question(&request_id(), "A", "1", W52)).await, Reason::NOT_FOUND);
    refused(preview(&supplier, question("x", "A", "1", W52)).await, Reason::NOT_FOUND);
    // A week that is past is promised nothing of.
    let made = linking(
        group("G", &[("2026-11-16", "9", "9"), ("2026-11-23", "9", "9")]),
        vec![link(&buyer.id, "A", "")],
    );
    supplier.state_group(made).await.unwrap();
    let got = preview(&supplier, question(&buyer.id, "A", "3", "2026-11-20")).await.unwrap();
    assert_eq!((got.result(), weeks(&got)), (PromiseResult::Late, vec!["2026-W48 3/9 late".to_owned()]));
    world.finish().await;
}
