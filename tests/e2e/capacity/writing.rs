//! Stating demand and groups: the rules of an upload, whole series and deltas, versions, streams.

use chassis::Reason;
use futures::stream;
use harness::{
    World,
    capacity::{demand, for_customer, group, link, linking, series},
    decimal,
    events::{Payload, event, payload},
    refusal::{bad_fields, metadata, refused},
    request_id,
};
use proto::capacity::{
    CapacityWeek, GetMaterialDemandRequest, ListDemandVersionsRequest, ListMaterialDemandsRequest,
    UpdateCapacityWeeksRequest, UpdateDemandWeeksRequest, UploadCapacityGroupsRequest,
    UploadMaterialDemandRequest, UploadMaterialDemandsRequest, UploadOutcome,
};

use super::golden;

const W52: &str = "2026-12-21";
const W53: &str = "2026-12-28";

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_795_000_000 + seconds, nanos: 0 })
}

#[tokio::test]
async fn the_first_rule_that_fits_decides() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("陌生企业(示例)").await;
    let upload = |id: &str, second: i64, material: &str| UploadMaterialDemandRequest {
        demand_id: id.into(),
        changed_at: at(second),
        ..demand(material, &[(W52, "1")])
    };
    let (one, other) = (request_id(), request_id());

    let mut bad = upload("x", 5, " ");
    let content = bad.content.as_mut().unwrap();
    content.unit_code = "EA".into();
    content.series[0].weeks[0].monday = Some(harness::date("2026-12-22"));
    content.series.push(series("", &[(W52, "-1"), (W52, "")]));
    bad_fields(
        buyer.state_demand(bad).await,
        &[
            ("demand_id", "ID"),
            ("content.material_number_customer", "REQUIRED"),
            ("content.unit_code", "UNIT"),
            ("content.series[0].weeks[0].monday", "MONDAY"),
            ("content.series[1].customer_location", "REQUIRED"),
            ("content.series[1].weeks[0].quantity", "RANGE"),
            ("content.series[1].weeks[1].quantity", "REQUIRED"),
            ("content.series[1].weeks[1].monday", "REPEATED"),
        ],
    );
    let strange = UploadMaterialDemandRequest {
        vendor_number: String::new(),
        supplier_id: stranger.id.clone(),
        ..upload(&one, 5, "M")
    };
    refused(buyer.state_demand(strange).await, Reason::SUPPLIER_UNKNOWN);
    // As the other side the supplier has no such supplier.
    refused(supplier.state_demand(upload(&one, 5, "M")).await, Reason::SUPPLIER_UNKNOWN);
    let created = buyer.state_demand(upload(&one, 5, "M")).await.unwrap();
    assert_eq!(
        (created.id.clone(), created.version, created.outcome()),
        (one.clone(), 1, UploadOutcome::Created)
    );
    let same_moment = buyer.state_demand(upload(&one, 5, "M")).await.unwrap();
    assert_eq!((same_moment.version, same_moment.outcome()), (2, UploadOutcome::Replaced));
    assert_eq!(buyer.state_demand(upload(&one, 6, "M")).await.unwrap().version, 3);
    refused(buyer.state_demand(upload(&one, 4, "M")).await, Reason::CHANGED_AT_OLDER);
    let taken = refused(buyer.state_demand(upload(&other, 9, "M")).await, Reason::ALREADY_EXISTS);
    assert_eq!(metadata(&taken)["demand_id"], one);
    bad_fields(buyer.state_demand(upload(&one, 9, "N")).await, &[("id", "IMMUTABLE")]);
    let stale = UploadMaterialDemandRequest { expected_version: 2, ..upload(&one, 9, "M") };
    refused(buyer.state_demand(stale).await, Reason::STALE_ETAG);
    let fitting = UploadMaterialDemandRequest { expected_version: 3, ..upload("", 9, "M") };
    assert_eq!(buyer.state_demand(fitting.clone()).await.unwrap().id, one, "by its key");
    assert!(buyer.state_demand(fitting.clone()).await.unwrap().replayed);
    let reused = UploadMaterialDemandRequest { demand_id: one.clone(), ..fitting };
    refused(buyer.state_demand(reused).await, Reason::IDEMPOTENCY_KEY_REUSED);
    world.finish().await;
}

#[tokio::test]
async fn whole_series_replace_and_deltas_compare() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let mut first = demand("M", &[(W52, "1.50"), (W53, "0")]);
    first.content.as_mut().unwrap().series.push(series("CY02", &[(W53, "7")]));
    let id = buyer.state_demand(first).await.unwrap().id;
    let delta = |version: i64, list| UpdateDemandWeeksRequest {
        request_id: request_id(),
        demand_id: id.clone(),
        version,
        series: list,
        inactive: None,
    };
    let changed =
        delta(1, vec![series("CY01", &[(W52, ""), ("2027-01-04", "3")]), series("CY03", &[(W52, "2")])]);
    assert_eq!(buyer.demands().update_demand_weeks(changed).await.unwrap().into_inner().version, 2);
    let lost = buyer.demands().update_demand_weeks(delta(1, vec![series("CY01", &[(W53, "9")])])).await;
    assert_eq!(metadata(&refused(lost, Reason::STALE_ETAG))["current_version"], "2");
    // The other side reads, and writes nothing.
    let foreign = supplier.demands().update_demand_weeks(delta(2, vec![series("CY01", &[(W53, "9")])])).await;
    refused(foreign, Reason::NOT_FOUND);
    let get = |version| GetMaterialDemandRequest { demand_id: id.clone(), version };
    let now = supplier.demands().get_material_demand(get(0)).await.unwrap().into_inner();
    assert_eq!(
        now.content.unwrap().series,
        [
            series("CY01", &[(W53, "0"), ("2027-01-04", "3")]),
            series("CY02", &[(W53, "7")]),
            series("CY03", &[(W52, "2")]),
        ]
    );
    // What an upload leaves out is gone, and every version stays.
    buyer.state_demand(demand("M", &[(W52, "4")])).await.unwrap();
    let third = buyer.demands().get_material_demand(get(3)).await.unwrap().into_inner();
    assert_eq!(third.content.unwrap().series, [series("CY01", &[(W52, "4")])]);
    let first = buyer.demands().get_material_demand(get(1)).await.unwrap().into_inner();
    assert_eq!(first.content.unwrap().series[0], series("CY01", &[(W52, "1.50"), (W53, "0")]));
    refused(buyer.demands().get_material_demand(get(4)).await, Reason::NOT_FOUND);
    let list = ListDemandVersionsRequest { demand_id: id.clone(), page_size: 2, ..Default::default() };
    let page = buyer.demands().list_demand_versions(list.clone()).await.unwrap().into_inner();
    assert_eq!(page.versions.iter().map(|one| one.version).collect::<Vec<_>>(), [3, 2]);
    let rest = ListDemandVersionsRequest { page_token: page.next_page_token, ..list };
    let page = supplier.demands().list_demand_versions(rest).await;
    refused(page, Reason::PAGE_TOKEN_INVALID);
    // Both firms have each version in their feeds.
    world.settled().await;
    for firm in [&buyer, &supplier] {
        let feed = firm.events().await;
        let versions = feed.iter().filter_map(|entry| match payload(event(entry)) {
            Payload::DemandUploaded(uploaded) => Some(uploaded.demand.unwrap().version),
            _ => None,
        });
        assert_eq!(versions.collect::<Vec<_>>(), [1, 2, 3]);
    }
    let all = ListMaterialDemandsRequest { counterparty_id: buyer.id.clone(), ..Default::default() };
    let listed = supplier.demands().list_material_demands(all).await.unwrap().into_inner();
    assert_eq!(listed.demands.iter().map(|one| (&*one.id, one.version)).collect::<Vec<_>>(), [(&*id, 3)]);
    world.finish().await;
}

#[tokio::test]
async fn many_are_answered_each_by_itself() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let items: Vec<UploadMaterialDemandsRequest> = (0..250)
        .map(|index| {
            let quantity = if index % 50 == 7 { "-1" } else { "5" };
            UploadMaterialDemandsRequest {
                item_id: index.to_string(),
                demand: Some(demand(&format!("M{index}"), &[(W53, quantity)])),
            }
        })
        .collect();
    let mut answers =
        buyer.demands().upload_material_demands(stream::iter(items)).await.unwrap().into_inner();
    let (mut taken, mut bad) = (0, Vec::new());
    while let Some(answer) = answers.message().await.unwrap() {
        match (answer.receipt, answer.refusal) {
            (Some(receipt), None) => taken += i32::from(receipt.version == 1),
            (None, Some(refusal)) => bad.push((answer.item_id, refusal.violations[0].field.clone())),
            other => panic!("{other:?}"),
        }
    }
    bad.sort();
    let path = "content.series[0].weeks[0].quantity".to_string();
    let expected: Vec<_> = ["107", "157", "207", "57", "7"].map(|id| (id.to_string(), path.clone())).into();
    assert_eq!((taken, bad), (245, expected));

    let items: Vec<UploadCapacityGroupsRequest> = (0..120)
        .map(|index| {
            let capacity = group(&format!("G{index}"), &[(W53, "1", "2")]);
            let upload = linking(capacity, vec![link(&buyer.id, &format!("M{index}"), "")]);
            UploadCapacityGroupsRequest { item_id: index.to_string(), group: Some(upload) }
        })
        .collect();
    let mut answers =
        supplier.capacity_groups().upload_capacity_groups(stream::iter(items)).await.unwrap().into_inner();
    let mut count = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(answer.refusal.is_none(), "{answer:?}");
        count += 1;
    }
    assert_eq!(count, 120);
    world.settled().await;
    let raised = super::bottlenecks(&supplier).await;
    assert_eq!(raised.len(), 117, "one for each group but the three whose demand was refused");
    world.finish().await;
}

#[tokio::test]
async fn groups_say_what_no_schema_says() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let stranger = world.firm("陌生企业(示例)").await;
    let plain = || group("G", &[(W53, "10", "20")]);

    let below = &[("content.weeks[0].maximum_capacity", "BELOW_ACTUAL")];
    bad_fields(supplier.state_group(group("G", &[(W53, "10", "9.99")])).await, below);
    let kinds = &[("content.linked_group_ids", "LINK_KINDS")];
    bad_fields(supplier.state_group(for_customer(plain(), &buyer.id)).await, kinds);
    let mut both = linking(for_customer(plain(), &buyer.id), vec![link("", "M", "")]);
    both.content.as_mut().unwrap().linked_group_ids = vec![request_id()];
    bad_fields(supplier.state_group(both).await, kinds);
    let factors = linking(plain(), vec![link(&buyer.id, "M", "2"), link(&buyer.id, "N", "")]);
    bad_fields(supplier.state_group(factors).await, &[("content.linked_demand", "LOAD_FACTORS")]);
    let of_rival = linking(for_customer(plain(), &buyer.id), vec![link(&rival.id, "M", "")]);
    bad_fields(supplier.state_group(of_rival).await, &[("content.linked_demand", "CUSTOMER_DIFFERS")]);
    let strange = linking(plain(), vec![link(&stranger.id, "M", "")]);
    let unknown = &[("content.linked_demand[0].customer_id", "CUSTOMER_UNKNOWN")];
    bad_fields(supplier.state_group(strange).await, unknown);
    let exchanged = linking(for_customer(plain(), &stranger.id), vec![link("", "M", "")]);
    refused(supplier.state_group(exchanged).await, Reason::NOT_FOUND);

    // A group that names a customer sums nothing of another one, whichever of the two comes first.
    let own = supplier.state_group(linking(plain(), vec![link(&rival.id, "M", "")])).await.unwrap().id;
    let nested = |customer: &str, child: &str| {
        let mut request = for_customer(plain(), customer);
        request.content.as_mut().unwrap().linked_group_ids = vec![child.to_owned()];
        request
    };
    let differs = &[("content.linked_group_ids", "CUSTOMER_DIFFERS")];
    bad_fields(supplier.state_group(nested(&buyer.id, &own)).await, differs);
    let later = request_id();
    supplier.state_group(nested(&buyer.id, &later)).await.expect("it may come later");
    let mut foreign = linking(plain(), vec![link(&rival.id, "M", "")]);
    foreign.group_id = later;
    bad_fields(supplier.state_group(foreign).await, &[("customer_id", "CUSTOMER_DIFFERS")]);

    // Weeks by delta, in full each, or unknown again.
    let delta = |version, removed: &[&str]| UpdateCapacityWeeksRequest {
        request_id: request_id(),
        group_id: own.clone(),
        version,
        weeks: vec![CapacityWeek {
            monday: Some(harness::date(W52)),
            actual_capacity: Some(decimal("1")),
            maximum_capacity: Some(decimal("1")),
            agreed_capacity: Some(decimal("9")),
            delta_production: Some(decimal("-3")),
        }],
        removed_mondays: removed.iter().map(|day| harness::date(day)).collect(),
        inactive: None,
    };
    supplier.capacity_groups().update_capacity_weeks(delta(1, &[W53])).await.unwrap();
    refused(supplier.capacity_groups().update_capacity_weeks(delta(1, &[])).await, Reason::STALE_ETAG);
    refused(buyer.capacity_groups().update_capacity_weeks(delta(2, &[])).await, Reason::NOT_FOUND);
    let shown = supplier.capacity_group(&own).await.unwrap();
    assert_eq!(shown.version, 2);
    assert_eq!(
        shown.matched.iter().map(harness::capacity::shown).collect::<Vec<_>>(),
        ["2026-W52 –/1/1 UNMATCHED"]
    );
    refused(buyer.capacity_group(&own).await, Reason::NOT_FOUND);
    world.finish().await;
}
