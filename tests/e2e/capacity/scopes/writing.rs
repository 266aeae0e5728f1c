//! Writes of those who are narrowed: what lies at own sites, and nothing else.

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::{group, link, linking, series},
    date, decimal,
    need::{needed, proposal},
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    capacity::{
        CapacityWeek, ChangeOfferRequest, CommentSubject as Subject, CountMatchesRequest,
        DeleteCommentRequest, DisclosureLevel, GetMatchRequest, ListDisclosuresRequest, ListMatchesRequest,
        MatchState, PrefillOrderRequest, PreviewPromiseRequest, PublishOfferRequest,
        UpdateCapacityWeeksRequest, UpdateDemandWeeksRequest, UploadCapacityGroupRequest,
        UploadMaterialDemandRequest, WithdrawOfferRequest,
    },
    partners::Role,
};
use tonic::Status;

use super::{
    super::{catena::numbered, golden},
    CA, CB, Of, SA, SB, W53, a_demand, at, narrowed, reservations, say, told, wanted,
};

async fn take_back(firm: &Access, comment: &str) -> Result<(), Status> {
    let request = DeleteCommentRequest { request_id: request_id(), comment_id: comment.into() };
    firm.comments().delete_comment(request).await.map(|_| ())
}

#[tokio::test]
async fn a_customers_member_states_demand_of_its_sites() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let both = (&customer, &supplier);
    let (a, b) = (Of::site(both, "MA", (CA, SA)).await, Of::site(both, "MB", (CB, SB)).await);
    let delta = |id: &str, version, location: &str| UpdateDemandWeeksRequest {
        request_id: request_id(),
        demand_id: id.into(),
        version,
        series: vec![series(location, &[(W53, "7")])],
        inactive: None,
    };
    for (round, buyer) in narrowed(&customer, Role::Buyer, CA).await.into_iter().enumerate() {
        let material = format!("NEW-{round}");
        buyer.state_demand(wanted(&material, CA, SA, "1")).await.unwrap();
        let strange = buyer.state_demand(wanted("OTHER", CB, SB, "1")).await;
        bad_fields(strange, &[("content.series", "SCOPE")]);
        // Of its own and of another site: the part that it may not state is named, and nothing is stated.
        let mut mixed = wanted(&material, CA, SA, "2");
        mixed.content.as_mut().unwrap().series.push(series(CB, &[(W53, "9")]));
        bad_fields(buyer.state_demand(mixed).await, &[("content.series", "SCOPE")]);
        let taken = buyer.state_demand(wanted("MB", CA, SA, "1")).await;
        bad_fields(taken, &[("content.material_number_customer", "SCOPE")]);
        let known = UploadMaterialDemandRequest { demand_id: b.demand.clone(), ..wanted("MB", CA, SA, "1") };
        refused(buyer.state_demand(known).await, Reason::NOT_FOUND);
        refused(buyer.demands().update_demand_weeks(delta(&b.demand, 1, CB)).await, Reason::NOT_FOUND);
        let other = buyer.demands().update_demand_weeks(delta(&a.demand, 1 + round as i64, CB)).await;
        bad_fields(other, &[("series", "SCOPE")]);
        buyer.demands().update_demand_weeks(delta(&a.demand, 1 + round as i64, CA)).await.unwrap();
        refused(say(&buyer, Subject::MaterialDemand, &b.demand).await, Reason::NOT_FOUND);
        refused(say(&buyer, Subject::CapacityGroup, &b.group).await, Reason::NOT_FOUND);
        refused(take_back(&buyer, &b.comments[0]).await, Reason::NOT_FOUND);
        say(&buyer, Subject::CapacityGroup, &a.group).await.unwrap();
        // What others offer may be held for any site.
        buyer.confirm(&buyer.hold(&b.offer, &[(0, "1")], 0).await.unwrap().id).await.unwrap();
    }
    // What is repeated is answered to whom it is meant for.
    let once = wanted("AGAIN", CB, SB, "1");
    customer.state_demand(once.clone()).await.unwrap();
    let [buyer, _] = narrowed(&customer, Role::Buyer, CA).await;
    refused(buyer.state_demand(once.clone()).await, Reason::NOT_FOUND);
    assert!(customer.state_demand(once).await.unwrap().replayed);
    // Two sites want one material: each sees all of it, and changes its own.
    let mut shared = wanted("SHARED", CA, SA, "1");
    shared.content.as_mut().unwrap().series.push(series(CB, &[(W53, "9")]));
    let id = customer.state_demand(shared.clone()).await.unwrap().id;
    a_demand(&buyer, &id).await.unwrap();
    let mut next = UploadMaterialDemandRequest { request_id: request_id(), ..shared };
    next.content.as_mut().unwrap().series[0].weeks[0].quantity = Some(decimal("3"));
    buyer.state_demand(next).await.unwrap();
    bad_fields(buyer.state_demand(wanted("SHARED", CA, SA, "3")).await, &[("content.series", "SCOPE")]);
    world.finish().await;
}

#[tokio::test]
async fn a_suppliers_member_states_and_offers_groups_of_its_sites() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let both = (&customer, &supplier);
    let (a, b) = (Of::site(both, "MA", (CA, SA)).await, Of::site(both, "MB", (CB, SB)).await);
    let machine = |site: &str| at(group("新机", &[(W53, "10", "10")]), &[site]);
    for (round, sales) in narrowed(&supplier, Role::Sales, SA).await.into_iter().enumerate() {
        sales.state_group(machine(SA)).await.unwrap();
        let field = "content.supplier_locations";
        bad_fields(sales.state_group(machine(SB)).await, &[(field, "SCOPE")]);
        let known = UploadCapacityGroupRequest { group_id: b.machine.clone(), ..machine(SA) };
        refused(sales.state_group(known).await, Reason::NOT_FOUND);
        let moved = UploadCapacityGroupRequest { group_id: a.machine.clone(), ..machine(SB) };
        bad_fields(sales.state_group(moved).await, &[(field, "SCOPE")]);
        // A group that sums what is out of sight would tell of it.
        let mut sum = machine(SA);
        sum.content.as_mut().unwrap().linked_group_ids = vec![b.machine.clone()];
        bad_fields(sales.state_group(sum).await, &[("content.linked_group_ids", "SCOPE")]);
        let mut spy = link(&customer.id, "MB", "1");
        spy.customer_location = CB.into();
        let spying = sales.state_group(linking(machine(SA), vec![spy])).await;
        bad_fields(spying, &[("content.linked_demand", "SCOPE")]);
        let update = |id: &str| UpdateCapacityWeeksRequest {
            request_id: request_id(),
            group_id: id.into(),
            version: 1 + round as i64,
            weeks: vec![CapacityWeek {
                monday: Some(date(W53)),
                actual_capacity: Some(decimal("90")),
                maximum_capacity: Some(decimal("110")),
                ..CapacityWeek::default()
            }],
            ..UpdateCapacityWeeksRequest::default()
        };
        refused(sales.capacity_groups().update_capacity_weeks(update(&b.group)).await, Reason::NOT_FOUND);
        sales.capacity_groups().update_capacity_weeks(update(&a.group)).await.unwrap();
        refused(say(&sales, Subject::MaterialDemand, &b.demand).await, Reason::NOT_FOUND);
        refused(take_back(&sales, &b.comments[3]).await, Reason::NOT_FOUND);
        offering(&sales, (&a, &b), &customer).await;
        let policy = sales.disclose(&customer.id, DisclosureLevel::Banded).await;
        refused(policy, Reason::PERMISSION_DENIED);
        sales.disclosures().list_disclosures(ListDisclosuresRequest::default()).await.unwrap();
    }
    world.finish().await;
}

/// Offers from groups of the own site; those of others cannot be changed or withdrawn.
async fn offering(sales: &Access, (a, b): (&Of, &Of), customer: &Firm) {
    let hours = |group: &str| named(offer(group, &[(W53, "3")]), &[customer]);
    sales.publish_offer(hours(&a.machine)).await.unwrap();
    refused(sales.publish_offer(hours(&b.machine)).await, Reason::NOT_FOUND);
    let PublishOfferRequest { content, visibility, firm_ids, buckets, .. } = hours(&b.machine);
    let change = ChangeOfferRequest {
        request_id: request_id(),
        offer_id: b.offer.id.clone(),
        version: 1,
        content,
        visibility,
        firm_ids,
        buckets,
        ..ChangeOfferRequest::default()
    };
    refused(sales.offers().change_offer(change).await, Reason::NOT_FOUND);
    let withdraw = WithdrawOfferRequest { request_id: request_id(), offer_id: b.offer.id.clone() };
    refused(sales.offers().withdraw_offer(withdraw).await, Reason::NOT_FOUND);
}

#[tokio::test]
async fn borrowed_hours_matches_and_promises_keep_to_sites() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let both = (&customer, &supplier);
    let (a, b) = (Of::site(both, "MA", (CA, SA)).await, Of::site(both, "MB", (CB, SB)).await);
    // Hours that strengthen a group of the holder's are that group's.
    let line = at(group("自有产线", &[(W53, "10", "10")]), &[CB]);
    let line = customer.state_group(line).await.unwrap().id;
    let [buyer, _] = narrowed(&customer, Role::Admin, CA).await;
    refused(buyer.borrow(&b.hold.id, &line).await, Reason::NOT_FOUND);
    customer.borrow(&b.hold.id, &line).await.unwrap();
    assert_eq!(reservations(&buyer).await, [a.hold.id.as_str()]);
    refused(buyer.reservation(&b.hold.id).await, Reason::NOT_FOUND);
    refused(buyer.confirm(&b.hold.id).await, Reason::NOT_FOUND);
    refused(buyer.give_back(&b.hold.id).await, Reason::NOT_FOUND);
    let prefill = PrefillOrderRequest { reservation_id: b.hold.id.clone() };
    refused(buyer.reservations().prefill_order(prefill).await, Reason::NOT_FOUND);

    // A match is its offer's.
    let need = customer.publish_need(needed("1", (W53, W53))).await.unwrap();
    let [sales, _] = narrowed(&supplier, Role::Sales, SA).await;
    let of_b = proposal(&need.id, &b.offer.id);
    refused(sales.propose_match(of_b.clone()).await, Reason::NOT_FOUND);
    let matched = supplier.propose_match(of_b).await.unwrap();
    let get = GetMatchRequest { match_id: matched.id.clone() };
    refused(sales.capacity_matches().get_match(get).await, Reason::NOT_FOUND);
    let list = sales.capacity_matches().list_matches(ListMatchesRequest::default()).await.unwrap();
    assert!(list.into_inner().matches.is_empty());
    let counts = sales.capacity_matches().count_matches(CountMatchesRequest::default()).await.unwrap();
    assert!(counts.into_inner().counts.iter().all(|count| count.matches == Some(0)));
    refused(sales.advance_match(&matched.id, MatchState::Declined).await, Reason::NOT_FOUND);
    world.settled().await;
    assert!(!told(&sales).await.iter().any(|subject| subject.ends_with(&matched.id)));
    assert!(told(&supplier).await.iter().any(|subject| subject.ends_with(&matched.id)));
    assert!(!told(&buyer).await.iter().any(|subject| subject.ends_with(&line)));

    // What can be promised of the own sites' groups, and no group of others named.
    let question = |material: &str, location: &str| PreviewPromiseRequest {
        customer_id: customer.id.clone(),
        material_number_customer: material.into(),
        customer_location: location.into(),
        quantity: Some(decimal("55")),
        requested_delivery_date: Some(date(W53)),
        ..PreviewPromiseRequest::default()
    };
    let preview = async |access: &Access, material: &str, location: &str| {
        access.promises().preview_promise(question(material, location)).await.unwrap().into_inner()
    };
    assert_eq!(preview(&sales, "MA", CA).await, preview(&supplier, "MA", CA).await);
    let (hidden, unknown) = (preview(&sales, "MB", CB).await, preview(&sales, "NO-SUCH", CB).await);
    assert_eq!(hidden, unknown, "as what nobody makes");
    assert!(!preview(&supplier, "MB", CB).await.turned.is_empty());
    world.finish().await;
}
