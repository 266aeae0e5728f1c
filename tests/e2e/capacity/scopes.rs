//! A member or key that is narrowed to a site sees and writes what concerns it, on either side; what is of other sites is
//! not there for it, and not on its feed.

mod writing;

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::{demand, for_customer, group, link, linking, series},
    events::event,
    refusal::refused,
    request_id,
};
use proto::{
    capacity::{
        CommentSubject as Subject, ExportPayloadsRequest, GetCapacityGroupRequest, GetMaterialDemandRequest,
        ListCapacityGroupsRequest, ListCapacityWeeksRequest, ListCommentsRequest, ListDemandVersionsRequest,
        ListDisclosedGroupsRequest, ListGroupVersionsRequest, ListMaterialDemandsRequest, ListOffersRequest,
        ListReservationsRequest, Offer, PayloadKind, PostCommentRequest, Reservation,
        UploadCapacityGroupRequest, UploadMaterialDemandRequest,
    },
    partners::{Role, Scope},
};
use tonic::Status;

use super::{catena::numbered, golden};

const W53: &str = "2026-12-28";
/// Sites of the customer, and of the supplier.
const CA: &str = "BPNS0000000000CA";
const CB: &str = "BPNS0000000000CB";
const SA: &str = "BPNS0000000000SA";
const SB: &str = "BPNS0000000000SB";

/// A demand of a material at one site of each.
fn wanted(material: &str, customer: &str, supplier: &str, pieces: &str) -> UploadMaterialDemandRequest {
    let mut request = demand(material, &[]);
    let mut one = series(customer, &[(W53, pieces)]);
    one.expected_supplier_location = supplier.into();
    request.content.as_mut().unwrap().series = vec![one];
    request
}

/// The same group at these sites.
fn at(mut request: UploadCapacityGroupRequest, sites: &[&str]) -> UploadCapacityGroupRequest {
    request.content.as_mut().unwrap().supplier_locations = sites.iter().map(ToString::to_string).collect();
    request
}

/// What there is of one site of each: a demand, the group that makes it, what both say of them, hours of a machine that are
/// offered, and the customer's hold of some.
struct Of {
    demand: String,
    group: String,
    machine: String,
    comments: Vec<String>,
    offer: Offer,
    hold: Reservation,
}

impl Of {
    async fn site((customer, supplier): (&Firm, &Firm), material: &str, (theirs, ours): (&str, &str)) -> Of {
        let demand = customer.state_demand(wanted(material, theirs, ours, "10")).await.unwrap().id;
        let mut link = link("", material, "2");
        link.customer_location = theirs.into();
        let made = for_customer(group(material, &[(W53, "100", "120")]), &customer.id);
        let group_id = supplier.state_group(at(linking(made, vec![link]), &[ours])).await.unwrap().id;
        let machine = at(group(&format!("{material} 机"), &[(W53, "100", "100")]), &[ours]);
        let machine = supplier.state_group(machine).await.unwrap().id;
        let mut comments = Vec::new();
        for (firm, subject, object) in [
            (customer, Subject::MaterialDemand, &demand),
            (supplier, Subject::MaterialDemand, &demand),
            (customer, Subject::CapacityGroup, &group_id),
            (supplier, Subject::CapacityGroup, &group_id),
        ] {
            comments.push(say(firm, subject, object).await.unwrap());
        }
        let offer = named(offer(&machine, &[(W53, "40")]), &[customer]);
        let offer = supplier.publish_offer(offer).await.unwrap();
        let hold = customer.hold(&offer, &[(0, "5")], 0).await.unwrap();
        Of { demand, group: group_id, machine, comments, offer, hold }
    }
}

async fn say(firm: &Access, subject: Subject, object: &str) -> Result<String, Status> {
    let request = PostCommentRequest {
        request_id: request_id(),
        subject: subject.into(),
        object_id: object.into(),
        text: "请确认".into(),
        ..PostCommentRequest::default()
    };
    Ok(firm.comments().post_comment(request).await?.into_inner().id)
}

/// A key and a member that are narrowed to a site.
async fn narrowed(firm: &Firm, role: Role, site: &str) -> [Access; 2] {
    let scope = || Some(Scope { sites: vec![site.into()], ..Scope::default() });
    [firm.key_with(&[role], scope()).await, firm.person("王敏", &[role], scope()).await.1]
}

async fn demands(firm: &Access) -> Vec<String> {
    // Pages of one stay full, whatever lies between.
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMaterialDemandsRequest { page_size: 1, page_token, ..Default::default() };
        let page = firm.demands().list_material_demands(request).await.unwrap().into_inner();
        assert_eq!(page.demands.len(), 1, "a page is full");
        found.extend(page.demands.into_iter().map(|one| one.id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

async fn groups(firm: &Access) -> Vec<String> {
    let listed = firm.capacity_groups().list_capacity_groups(ListCapacityGroupsRequest::default()).await;
    listed.unwrap().into_inner().groups.into_iter().map(|one| one.id).collect()
}

async fn weeks(firm: &Access) -> Vec<String> {
    let listed = firm.capacity_groups().list_capacity_weeks(ListCapacityWeeksRequest::default()).await;
    let mut groups: Vec<String> =
        listed.unwrap().into_inner().weeks.into_iter().map(|one| one.group_id).collect();
    groups.dedup();
    groups
}

async fn disclosed(firm: &Access) -> Vec<String> {
    let listed = firm.capacity_groups().list_disclosed_groups(ListDisclosedGroupsRequest::default()).await;
    listed.unwrap().into_inner().groups.into_iter().map(|one| one.id).collect()
}

async fn offers(firm: &Access) -> Vec<String> {
    let request = ListOffersRequest { own: true, ..ListOffersRequest::default() };
    let listed = firm.offers().list_offers(request).await.unwrap().into_inner();
    listed.offers.into_iter().map(|one| one.id).collect()
}

async fn reservations(firm: &Access) -> Vec<String> {
    let listed = firm.reservations().list_reservations(ListReservationsRequest::default()).await;
    listed.unwrap().into_inner().reservations.into_iter().map(|one| one.id).collect()
}

async fn said(firm: &Access) -> usize {
    let mut count = 0;
    for subject in [Subject::MaterialDemand, Subject::CapacityGroup] {
        let request = ListCommentsRequest { subject: subject.into(), ..ListCommentsRequest::default() };
        count += firm.comments().list_comments(request).await.unwrap().into_inner().comments.len();
    }
    count
}

/// How many objects a message to the other firm holds or could not say.
async fn exported(firm: &Access, other: &Firm, kind: PayloadKind) -> usize {
    let request = ExportPayloadsRequest {
        kind: kind.into(),
        counterparty_id: other.id.clone(),
        ..ExportPayloadsRequest::default()
    };
    let answer = firm.catena().export_payloads(request).await.unwrap().into_inner();
    answer.objects as usize + answer.left_out_ids.len()
}

/// What the events of the feed are about.
async fn told(firm: &Access) -> Vec<String> {
    firm.events().await.iter().map(|entry| event(entry).subject.clone()).collect()
}

async fn a_demand(firm: &Access, demand_id: &str) -> Result<(), Status> {
    let request = GetMaterialDemandRequest { demand_id: demand_id.into(), version: 1 };
    firm.demands().get_material_demand(request).await?;
    let request = ListDemandVersionsRequest { demand_id: demand_id.into(), ..Default::default() };
    firm.demands().list_demand_versions(request).await.map(|_| ())
}

async fn versions_of_demand(firm: &Access, demand_id: &str) -> Result<(), Status> {
    let request = ListDemandVersionsRequest { demand_id: demand_id.into(), ..Default::default() };
    firm.demands().list_demand_versions(request).await.map(|_| ())
}

async fn versions_of_group(firm: &Access, group_id: &str) -> Result<(), Status> {
    let request = GetCapacityGroupRequest { group_id: group_id.into(), version: 1 };
    firm.capacity_groups().get_capacity_group(request).await?;
    let request = ListGroupVersionsRequest { group_id: group_id.into(), ..Default::default() };
    firm.capacity_groups().list_group_versions(request).await.map(|_| ())
}

#[tokio::test]
async fn who_is_narrowed_to_a_site_reads_what_concerns_it() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let both = (&customer, &supplier);
    let b = Of::site(both, "MB", (CB, SB)).await;
    let a = Of::site(both, "MA", (CA, SA)).await;
    let whole = supplier.state_group(group("全厂", &[(W53, "1", "1")])).await.unwrap().id;
    world.settled().await;

    assert_eq!(demands(&customer).await.len(), 2);
    assert_eq!((groups(&supplier).await.len(), weeks(&supplier).await.len()), (5, 5));
    assert_eq!((offers(&supplier).await.len(), reservations(&supplier).await.len()), (2, 2));
    for firm in [&customer, &supplier] {
        assert_eq!(said(firm).await, 8);
        let all = told(firm).await;
        let of = |id: &str| all.iter().any(|subject| subject.ends_with(id));
        assert!(of(&b.demand) && of(&b.group) && of(&b.hold.id) && b.comments.iter().all(|id| of(id)));
    }
    for buyer in narrowed(&customer, Role::Buyer, CA).await {
        assert_eq!(demands(&buyer).await, [a.demand.as_str()]);
        assert_eq!(disclosed(&buyer).await, [a.group.as_str()]);
        a_demand(&buyer, &a.demand).await.unwrap();
        refused(a_demand(&buyer, &b.demand).await, Reason::NOT_FOUND);
        refused(versions_of_demand(&buyer, &b.demand).await, Reason::NOT_FOUND);
        assert_eq!(exported(&buyer, &supplier, PayloadKind::MaterialDemand).await, 1);
        assert_eq!(exported(&buyer, &supplier, PayloadKind::Comment).await, 2);
        assert_eq!(said(&buyer).await, 4);
        // Offers of others are of none of the own sites, and so is what is held of them.
        assert_eq!(reservations(&buyer).await.len(), 2);
        let seen = told(&buyer).await;
        let of = |id: &str| seen.iter().any(|subject| subject.ends_with(id));
        assert!(of(&a.demand) && of(&a.group) && of(&a.hold.id) && of(&b.hold.id) && of(&b.offer.id));
        assert!(a.comments.iter().all(|id| of(id)));
        assert!(!of(&b.demand) && !of(&b.group) && !b.comments.iter().any(|id| of(id)), "{seen:?}");
    }
    for sales in narrowed(&supplier, Role::Sales, SA).await {
        assert_eq!(demands(&sales).await, [a.demand.as_str()]);
        refused(a_demand(&sales, &b.demand).await, Reason::NOT_FOUND);
        let mut own = [a.group.clone(), a.machine.clone(), whole.clone()];
        own.sort();
        assert_eq!(groups(&sales).await, own);
        assert_eq!(weeks(&sales).await, own);
        let of_b = ListCapacityWeeksRequest { group_id: b.group.clone(), ..Default::default() };
        let hidden = sales.capacity_groups().list_capacity_weeks(of_b).await.unwrap().into_inner();
        assert!(hidden.weeks.is_empty());
        sales.capacity_group(&a.group).await.unwrap();
        refused(sales.capacity_group(&b.group).await, Reason::NOT_FOUND);
        refused(versions_of_group(&sales, &b.group).await, Reason::NOT_FOUND);
        assert_eq!(exported(&sales, &customer, PayloadKind::CapacityGroup).await, 1);
        assert_eq!(exported(&sales, &customer, PayloadKind::Comment).await, 2);
        assert_eq!(said(&sales).await, 4);
        assert_eq!(offers(&sales).await, [a.offer.id.as_str()]);
        refused(sales.offer(&b.offer.id).await, Reason::NOT_FOUND);
        assert_eq!(reservations(&sales).await, [a.hold.id.as_str()]);
        refused(sales.reservation(&b.hold.id).await, Reason::NOT_FOUND);
        let seen = told(&sales).await;
        let of = |id: &str| seen.iter().any(|subject| subject.ends_with(id));
        assert!(of(&a.demand) && of(&a.group) && of(&a.offer.id) && of(&a.hold.id) && of(&whole));
        assert!(!of(&b.demand) && !of(&b.group) && !of(&b.machine) && !of(&b.offer.id) && !of(&b.hold.id));
        assert!(!b.comments.iter().any(|id| of(id)), "{seen:?}");
    }
    world.finish().await;
}
