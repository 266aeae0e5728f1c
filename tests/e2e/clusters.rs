//! Clusters: firms join by their own consent, and nothing but their names is shared.

use chassis::Reason;
use harness::{
    Firm, World,
    events::{Payload, event, payload, short},
    refusal::refused,
    request_id,
};
use proto::partners::{
    Cluster, ClusterMembership, ClusterMembershipState as State, CreateClusterRequest, GetFirmRequest,
    InviteToClusterRequest, JoinClusterRequest, LeaveClusterRequest, ListClusterMembersRequest,
    ListClustersRequest,
};
use tonic::Status;

async fn join(firm: &Firm, cluster: &Cluster) -> Result<ClusterMembership, Status> {
    let request = JoinClusterRequest { request_id: request_id(), cluster_id: cluster.id.clone() };
    Ok(firm.clusters().join_cluster(request).await?.into_inner())
}

async fn leave(firm: &Firm, cluster: &Cluster) -> Result<ClusterMembership, Status> {
    let request = LeaveClusterRequest { request_id: request_id(), cluster_id: cluster.id.clone() };
    Ok(firm.clusters().leave_cluster(request).await?.into_inner())
}

async fn invite(operator: &Firm, cluster: &Cluster, firm: &Firm) -> Result<ClusterMembership, Status> {
    let request = InviteToClusterRequest {
        request_id: request_id(),
        cluster_id: cluster.id.clone(),
        firm_id: firm.id.clone(),
    };
    Ok(operator.session().clusters().invite_to_cluster(request).await?.into_inner())
}

async fn members(firm: &harness::Access, cluster: &Cluster) -> Result<Vec<(String, State)>, Status> {
    let request = ListClusterMembersRequest { cluster_id: cluster.id.clone(), ..Default::default() };
    let listed = firm.clusters().list_cluster_members(request).await?.into_inner();
    Ok(listed.members.into_iter().map(|member| (member.firm_name.clone(), member.state())).collect())
}

async fn clusters(firm: &harness::Access) -> Vec<Cluster> {
    firm.clusters().list_clusters(ListClustersRequest::default()).await.expect("listed").into_inner().clusters
}

#[tokio::test]
async fn firms_join_by_consent_and_see_names_alone() {
    let world = World::start().await;
    let operator = world.operator().await;
    let [one, two, three] =
        [world.firm("恒铆五金").await, world.firm("顺模塑料").await, world.firm("邻益注塑").await];
    let request = CreateClusterRequest {
        request_id: request_id(),
        name: "南汀塑料与五金集群(示例)".into(),
        name_en: "Nanting cluster (Example)".into(),
    };
    let cluster = operator.session().clusters().create_cluster(request).await.expect("made").into_inner();
    refused(join(&one, &cluster).await, Reason::NOT_FOUND);
    for firm in [&one, &two] {
        assert_eq!(invite(operator, &cluster, firm).await.expect("invited").state(), State::Invited);
    }
    assert_eq!(invite(operator, &cluster, &one).await.expect("twice").state(), State::Invited);
    refused(members(&one, &cluster).await, Reason::NOT_FOUND);
    let own = clusters(&one).await;
    assert_eq!((own.len(), own[0].own_state(), own[0].members), (1, State::Invited, 0));
    assert!(clusters(&three).await.is_empty());

    assert_eq!(join(&one, &cluster).await.expect("joined").state(), State::Joined);
    assert_eq!(join(&one, &cluster).await.expect("twice is no error").state(), State::Joined);
    join(&two, &cluster).await.expect("joined");
    let both = [("恒铆五金".to_string(), State::Joined), ("顺模塑料".to_string(), State::Joined)];
    let mut seen = members(&one, &cluster).await.expect("members see members");
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    let mut expected = both.to_vec();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen, expected);
    refused(members(&three, &cluster).await, Reason::NOT_FOUND);
    // A name in the list opens nothing else.
    let get = GetFirmRequest { firm_id: two.id.clone() };
    refused(one.firms().get_firm(get).await, Reason::NOT_FOUND);

    invite(operator, &cluster, &three).await.expect("invited");
    assert_eq!(leave(&three, &cluster).await.expect("declined").state(), State::Left);
    refused(join(&three, &cluster).await, Reason::NOT_FOUND);
    leave(&two, &cluster).await.expect("left");
    assert_eq!(members(&one, &cluster).await.unwrap().len(), 1);
    refused(members(&two, &cluster).await, Reason::NOT_FOUND);
    assert_eq!(members(operator.session(), &cluster).await.unwrap().len(), 3, "with those who left");
    invite(operator, &cluster, &two).await.expect("invited again");
    join(&two, &cluster).await.expect("and back");
    world.settled().await;
    let feed = two.events().await;
    let told: Vec<&str> = feed.iter().map(short).collect();
    assert_eq!(told, ["cluster.membership_changed"; 5]);
    let Payload::ClusterMembershipChanged(last) = payload(event(feed.last().unwrap())) else { panic!() };
    assert_eq!(last.membership.unwrap().state(), State::Joined);
    assert!(one.events().await.len() == 2, "the others' comings and goings are not told");
    world.finish().await;
}

#[tokio::test]
async fn only_an_operator_makes_clusters_and_invites_active_firms() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, _) = world.pair().await;
    let request =
        || CreateClusterRequest { request_id: request_id(), name: "x".into(), ..Default::default() };
    refused(buyer.clusters().create_cluster(request()).await, Reason::PERMISSION_DENIED);
    let cluster = operator.session().clusters().create_cluster(request()).await.unwrap().into_inner();
    let (placeholder, _) = world.invite(&buyer, "清禾包装", "V400").await;
    let invite = |firm_id: &str| InviteToClusterRequest {
        request_id: request_id(),
        cluster_id: cluster.id.clone(),
        firm_id: firm_id.into(),
    };
    let clusters = || operator.session().clusters();
    refused(clusters().invite_to_cluster(invite(&placeholder.supplier_id)).await, Reason::FIRM_NOT_ACTIVE);
    refused(clusters().invite_to_cluster(invite(&request_id())).await, Reason::NOT_FOUND);
    world.finish().await;
}
