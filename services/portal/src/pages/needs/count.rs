//! How many matches stand in which state: the own firm's, and those of each cluster that it has joined.

use std::collections::HashMap;

use futures::future::try_join_all;
use proto::{
    access::Permission,
    capacity::{CountMatchesRequest, MatchState},
    partners::{Cluster, ClusterMembershipState},
};

use super::words;
use crate::{
    failure::Failure,
    i18n::key,
    pages::clusters,
    session::Member,
    table::{Cell, Part, Row},
};

/// In the order of the columns.
const STATES: [MatchState; 5] = [
    MatchState::Proposed,
    MatchState::Accepted,
    MatchState::Declined,
    MatchState::Contracted,
    MatchState::Delivered,
];

/// A row for the own matches, and one for those among the members of each cluster, as far as the member may read clusters.
pub async fn part(member: &Member) -> Result<Part, Failure> {
    let t = member.text();
    let mut joined: Vec<Cluster> = Vec::new();
    if member.may(Permission::PartnersRead) {
        joined = clusters::all(member).await?;
        joined.retain(|one| one.own_state() == ClusterMembershipState::Joined);
    }
    let own = row(member, t.say(key::NEED_COUNT_OWN), String::new());
    let clusters = joined.into_iter().map(|one| row(member, one.name, one.id));
    let rows = try_join_all(std::iter::once(own).chain(clusters)).await?;
    let states = STATES.map(|state| words::state(t, state).label);
    let columns = std::iter::once(t.say(key::NEED_COUNT_AMONG)).chain(states).collect();
    Ok(Part::new(columns, rows, String::new())
        .titled(t.say(key::NEED_COUNT))
        .note(t.say(key::NEED_COUNT_NOTE)))
}

async fn row(member: &Member, name: String, cluster_id: String) -> Result<Row, Failure> {
    let t = member.text();
    let request = CountMatchesRequest { cluster_id };
    let counts = member.app().api.capacity_matches().count_matches(member.call(request)).await?;
    let counts: HashMap<MatchState, Option<i64>> =
        counts.into_inner().counts.into_iter().map(|one| (one.state(), one.matches)).collect();
    let figures = STATES.map(|state| {
        let count = counts.get(&state).copied().flatten();
        Cell::Text(count.map_or_else(|| t.say(key::NEED_COUNT_FEW), |count| count.to_string()))
    });
    Ok(std::iter::once(Cell::name(name)).chain(figures).collect())
}
