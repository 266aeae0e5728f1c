//! What a customer sees of its supplier's capacity: as far as the policy goes, and nothing of anybody else.

use harness::{
    Firm, World,
    capacity::{demand, for_customer, group, link, linking},
    events::{event, short},
};
use proto::capacity::{
    DisclosedGroup, DisclosureLevel, ListDisclosedGroupsRequest, UploadCapacityGroupRequest,
};

use super::golden;

const W53: &str = "2026-12-28";

async fn sees(customer: &Firm) -> Vec<DisclosedGroup> {
    let request = ListDisclosedGroupsRequest { page_size: 100, ..Default::default() };
    customer.capacity_groups().list_disclosed_groups(request).await.expect("a list").into_inner().groups
}

fn exchanged(customer: &Firm, weeks: &[(&str, &str, &str)]) -> UploadCapacityGroupRequest {
    linking(for_customer(group("给客户的产能", weeks), &customer.id), vec![link("", "M", "2")])
}

#[tokio::test]
async fn each_policy_shows_what_it_says() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let request = exchanged(&buyer, &[(W53, "100", "120"), ("2027-01-04", "100", "120")]);
    let id = supplier.state_group(request).await.unwrap().id;
    buyer.state_demand(demand("M", &[(W53, "55")])).await.unwrap();
    world.settled().await;
    let week = |group: &DisclosedGroup| {
        let week = &group.weeks[0];
        let figures = [&week.actual_capacity, &week.maximum_capacity, &week.demand];
        let figures: Vec<String> =
            figures.iter().map(|one| one.as_ref().map_or("–".into(), |one| one.value.clone())).collect();
        (group.weeks.len(), figures.join("/"), week.quarter, week.sufficient)
    };
    let expected = |count, figures: &str, quarter| (count, figures.to_owned(), quarter, Some(true));
    assert_eq!(week(&sees(&buyer).await[0]), expected(2, "100/120/110", Some(4)));
    let factor = |group: &DisclosedGroup| group.linked_demand[0].load_factor.is_some();
    assert!(factor(&sees(&buyer).await[0]));
    supplier.disclose(&buyer.id, DisclosureLevel::Banded).await.unwrap();
    assert_eq!(week(&sees(&buyer).await[0]), expected(1, "–/–/–", Some(4)));
    assert!(!factor(&sees(&buyer).await[0]), "a factor would turn a band into a figure");
    supplier.disclose("", DisclosureLevel::Hidden).await.unwrap();
    assert_eq!(sees(&buyer).await.len(), 1, "its own policy goes first");
    supplier.disclose(&buyer.id, DisclosureLevel::YesNo).await.unwrap();
    assert_eq!(week(&sees(&buyer).await[0]), expected(1, "–/–/–", None));

    // A week that turns: the supplier reads figures, the customer that there is a bottleneck, and no more.
    buyer.state_demand(demand("M", &[(W53, "61")])).await.unwrap();
    world.settled().await;
    assert_eq!(sees(&buyer).await[0].weeks[0].sufficient, Some(false));
    let told = super::bottlenecks(&buyer).await;
    let (turn, weeks) = told.last().unwrap();
    assert_eq!((*turn, &*weeks[0].iso_week, weeks[0].result), ("raised", "2026-W53", 0));
    assert!(weeks[0].demand.is_none() && weeks[0].maximum_capacity.is_none());
    let own = super::bottlenecks(&supplier).await;
    assert_eq!(own.last().unwrap().1[0].demand, Some(harness::decimal("122")));

    supplier.disclose(&buyer.id, DisclosureLevel::Hidden).await.unwrap();
    assert!(sees(&buyer).await.is_empty(), "not even that there is a group");
    let before = buyer.events().await.len();
    let again = UploadCapacityGroupRequest { group_id: id, ..exchanged(&buyer, &[(W53, "1", "2")]) };
    supplier.state_group(again).await.unwrap();
    world.settled().await;
    assert_eq!(buyer.events().await.len(), before, "and it hears nothing of it");
    world.finish().await;
}

#[tokio::test]
async fn a_rival_changes_nothing_that_a_customer_sees() {
    let mut worlds = Vec::new();
    for with_rival in [false, true] {
        let world = World::with(golden()).await;
        let (buyer, supplier) = world.pair().await;
        let rival = world.firm("木棉门业(示例)有限公司").await;
        world.partner(&rival, &supplier, "GYS-033").await;
        let shared = group("大机组", &[(W53, "100", "120")]);
        let links = vec![link(&buyer.id, "M", "2"), link(&rival.id, "R", "3")];
        supplier.state_group(linking(shared, links)).await.unwrap();
        supplier.state_group(exchanged(&buyer, &[(W53, "100", "120")])).await.unwrap();
        if with_rival {
            supplier.state_group(exchanged(&rival, &[(W53, "1", "1")])).await.unwrap();
            let mut wanted = demand("R", &[(W53, "1000")]);
            wanted.vendor_number = "GYS-033".into();
            rival.state_demand(wanted).await.unwrap();
            // Demands that wait together are matched together, and turn a group once.
            world.settled().await;
        }
        buyer.state_demand(demand("M", &[(W53, "55")])).await.unwrap();
        world.settled().await;
        let feed = buyer.events().await;
        let told: Vec<String> = feed.iter().map(|entry| short(entry).to_owned()).collect();
        let subjects =
            feed.iter().filter(|entry| event(entry).subject.starts_with("capacity-groups/")).count();
        let groups = sees(&buyer).await;
        assert_eq!(groups.len(), 1);
        let shape = groups[0].weeks.clone();
        worlds.push((told, subjects, shape));
        if with_rival {
            let told = super::turns(&super::bottlenecks(&supplier).await);
            assert_eq!(
                told.len(),
                3,
                "the shared group is raised and changes, the buyer's is raised: {told:?}"
            );
        }
        world.finish().await;
    }
    assert_eq!(worlds[0], worlds[1]);
}
