//! Clusters 产业集群: what the own firm belongs to by its consent, and what an operator runs.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use proto::{
    access::Permission,
    partners::{
        Cluster, ClusterMembership, ClusterMembershipState, CreateClusterRequest, JoinClusterRequest,
        LeaveClusterRequest, ListClusterMembersRequest, ListClustersRequest,
    },
};

use crate::{
    App,
    ask::{Ask, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Lang, Text, key},
    order::Tag,
    page::{self, Tab},
    pages::firm::{Place, settings},
    saved::file_of,
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
};

const NEW: &str = "/clusters/new";

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/clusters", get(show))
        .route("/clusters/export", file_of(show))
        .route("/clusters/new", get(new).post(create))
        .route("/clusters/{id}", get(members))
        .route("/clusters/{id}/export", file_of(members))
        .route("/clusters/{id}/join", get(join_form).post(join))
        .route("/clusters/{id}/leave", get(leave_form).post(leave))
}

fn back(t: &Text) -> Way {
    Way { href: "/clusters".into(), label: t.say(key::CLUSTERS) }
}

fn name(t: &Text, zh: &str, en: &str) -> String {
    if t.lang == Lang::En && !en.is_empty() { en.to_string() } else { zh.to_string() }
}

/// Every cluster that the firm has to do with.
pub async fn all(member: &Member) -> Result<Vec<Cluster>, Failure> {
    let (mut clusters, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListClustersRequest { page_size: 200, page_token };
        let list = member.app().api.clusters().list_clusters(member.call(request)).await?.into_inner();
        clusters.extend(list.clusters);
        if list.next_page_token.is_empty() {
            return Ok(clusters);
        }
        page_token = list.next_page_token;
    }
}

async fn find(member: &Member, id: &str) -> Result<Cluster, Failure> {
    all(member).await?.into_iter().find(|one| one.id == id).ok_or_else(Failure::not_found)
}

/// Clusters by how the firm stands to them.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    use ClusterMembershipState as State;
    let t = member.text();
    let clusters = all(&member).await?;
    let operates = member.may(Permission::Operate);
    let columns = vec![t.say(key::CLUSTER), t.say(key::OPERATOR), t.say(key::CLUSTER_MEMBERS), String::new()];
    let of = |state: State| -> Vec<Row> {
        clusters.iter().filter(|one| one.own_state() == state).map(|one| row(&member, one)).collect()
    };
    let done = match place.done.as_str() {
        "joined" => t.say(key::CLUSTER_JOINED),
        "left" => t.say(key::CLUSTER_LEFT),
        _ => place.said(t),
    };
    let mut listing = Listing::new(&member, Tab::Settings, t.say(key::CLUSTERS), Some(settings(t)))
        .live("cluster clusters untold")
        .lead(t.say(key::CLUSTERS_BODY))
        .done(done)
        .saved();
    let invited = of(State::Invited);
    if !invited.is_empty() {
        let part = Part::new(columns.clone(), invited, String::new());
        listing = listing.part(part.titled(t.say(key::CLUSTERS_INVITED)));
    }
    let listing = match operates {
        true => {
            let run = Part::new(columns, of(State::Unspecified), t.say(key::CLUSTERS_RUN_EMPTY));
            listing.button(NEW, t.say(key::CLUSTER_NEW)).part(run.titled(t.say(key::CLUSTERS_RUN)))
        }
        false => {
            let own = Part::new(columns, of(State::Joined), t.say(key::CLUSTERS_EMPTY));
            listing.part(own.titled(t.say(key::CLUSTERS_OWN)))
        }
    };
    Ok(listing.show())
}

fn row(member: &Member, one: &Cluster) -> Row {
    let t = member.text();
    let may = member.may(Permission::MembersAdmin);
    let go =
        |path: &str, label| Act::Go { href: format!("/clusters/{}/{path}", one.id), label: t.say(label) };
    let invited = one.own_state() == ClusterMembershipState::Invited;
    let acts = match one.own_state() {
        ClusterMembershipState::Invited if may => {
            vec![go("join", key::CLUSTER_JOIN), go("leave", key::CLUSTER_DECLINE)]
        }
        ClusterMembershipState::Joined if may => vec![go("leave", key::CLUSTER_LEAVE)],
        _ => Vec::new(),
    };
    let shown = name(t, &one.name, &one.name_en);
    vec![
        if invited { Cell::name(shown) } else { Cell::link(shown, format!("/clusters/{}", one.id)) },
        Cell::Text(one.operator_name.clone()),
        Cell::Text(one.members.to_string()),
        Cell::Acts(acts),
    ]
}

/// Who belongs to a cluster.
pub async fn members(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let t = member.text();
    let cluster = find(&member, &id).await?;
    let request = ListClusterMembersRequest {
        cluster_id: id.clone(),
        page_size: member.rows(100),
        page_token: place.page,
    };
    let list = member.app().api.clusters().list_cluster_members(member.call(request)).await?.into_inner();
    let rows = list.members.iter().map(|one| {
        vec![
            Cell::name(name(t, &one.firm_name, &one.firm_name_en)),
            Cell::Text(t.moment(one.changed_at.as_ref())),
            Cell::Tag(state(t, one)),
        ]
    });
    let columns = [key::FIRM, key::SINCE, key::STATE].map(|label| t.say(label)).into();
    let runs = cluster.own_state() == ClusterMembershipState::Unspecified;
    let empty = t.say(if runs { key::CLUSTER_MEMBERS_RUN_EMPTY } else { key::CLUSTER_MEMBERS_EMPTY });
    let part = Part::new(columns, rows.collect(), empty);
    let path = format!("/clusters/{id}");
    let mut listing =
        Listing::new(&member, Tab::Settings, name(t, &cluster.name, &cluster.name_en), Some(back(t)))
            .live("cluster clusters untold")
            .lead(t.say(key::CLUSTER_MEMBERS_BODY))
            .fact(t.say(key::OPERATOR), cluster.operator_name.clone())
            .part(part.next(&path, &[], &list.next_page_token))
            .saved();
    if runs {
        listing = listing.button("/operator/firms", t.say(key::CLUSTER_INVITE_FIND));
    }
    Ok(listing.show())
}

fn state(t: &Text, one: &ClusterMembership) -> Tag {
    let (shape, label) = match one.state() {
        ClusterMembershipState::Joined => ("accepted", key::CLUSTER_STATE_JOINED),
        ClusterMembershipState::Invited => ("unanswered", key::CLUSTER_STATE_INVITED),
        ClusterMembershipState::Left | ClusterMembershipState::Unspecified => {
            ("cancelled", key::CLUSTER_STATE_LEFT)
        }
    };
    Tag { shape, label: t.say(label) }
}

fn form(member: &Member) -> Ask {
    let t = member.text();
    Ask::new(member, NEW.into(), t.say(key::CLUSTER_NEW), back(t))
        .lead(t.say(key::CLUSTERS_BODY))
        .submit(t.say(key::CLUSTER_NEW))
        .ask(Question::new("name", Kind::Text, t.say(key::CLUSTER_NAME)))
        .ask(Question::new("name_en", Kind::Text, t.say(key::CLUSTER_NAME_EN)).optional())
}

/// The form of a new cluster.
pub async fn new(member: Member) -> Result<Response, Failure> {
    if member.may(Permission::Operate) { Ok(form(&member).show()) } else { Err(Failure::denied()) }
}

/// Makes a cluster.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = CreateClusterRequest {
        request_id: posted.request_id.clone(),
        name: fields.get("name").to_string(),
        name_en: fields.get("name_en").to_string(),
    };
    match member.app().api.clusters().create_cluster(member.call(request)).await {
        Ok(made) => Ok(page::go(&format!("/clusters/{}", made.into_inner().id))),
        Err(status) => ask.refused(status),
    }
}

fn consent(member: &Member, cluster: &Cluster) -> Ask {
    let t = member.text();
    Ask::new(member, format!("/clusters/{}/join", cluster.id), t.say(key::CLUSTER_JOIN), back(t))
        .lead(t.say(key::CLUSTER_JOIN_BODY))
        .fact(t.say(key::CLUSTER), name(t, &cluster.name, &cluster.name_en))
        .fact(t.say(key::OPERATOR), cluster.operator_name.clone())
        .submit(t.say(key::CLUSTER_JOIN_DO))
}

/// What joining means.
pub async fn join_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(consent(&member, &find(&member, &id).await?).show())
}

/// Joins.
pub async fn join(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/clusters/{id}/join"), &fields).await?;
    let member = &posted.member;
    let mut ask = consent(member, &find(member, &id).await?);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = JoinClusterRequest { request_id: posted.request_id.clone(), cluster_id: id };
    member.app().api.clusters().join_cluster(member.call(request)).await?;
    Ok(page::go("/clusters?done=joined"))
}

fn leaving(member: &Member, cluster: &Cluster) -> Ask {
    let t = member.text();
    let declines = cluster.own_state() == ClusterMembershipState::Invited;
    let word = t.say(if declines { key::CLUSTER_DECLINE } else { key::CLUSTER_LEAVE });
    Ask::new(member, format!("/clusters/{}/leave", cluster.id), word.clone(), back(t))
        .lead(t.say(if declines { key::CLUSTER_DECLINE_BODY } else { key::CLUSTER_LEAVE_BODY }))
        .fact(t.say(key::CLUSTER), name(t, &cluster.name, &cluster.name_en))
        .fact(t.say(key::OPERATOR), cluster.operator_name.clone())
        .submit(word)
        .taking_away()
}

/// Asks once more.
pub async fn leave_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(leaving(&member, &find(&member, &id).await?).show())
}

/// Leaves, or declines.
pub async fn leave(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/clusters/{id}/leave"), &fields).await?;
    let member = &posted.member;
    let mut ask = leaving(member, &find(member, &id).await?);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = LeaveClusterRequest { request_id: posted.request_id.clone(), cluster_id: id };
    member.app().api.clusters().leave_cluster(member.call(request)).await?;
    Ok(page::go("/clusters?done=left"))
}
