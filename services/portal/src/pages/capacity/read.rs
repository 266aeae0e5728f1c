//! What the pages read of the API.

use std::collections::{BTreeMap, HashMap};

use futures::future::try_join_all;
use proto::{
    access::Permission,
    capacity::{
        CapacityGroup, DisclosedGroup, GetCapacityGroupRequest, GroupSummary, ListCapacityGroupsRequest,
        ListCapacityWeeksRequest, ListDisclosedGroupsRequest, MatchedWeek,
    },
    partners::{ListRelationshipsRequest, RelationshipState, TradingRelationship},
};
use time::Date;

use crate::{failure::Failure, format, session::Member, week::Span};

/// Groups on one page.
const GROUPS: i32 = 20;
/// Rows of one answer.
const MOST: i32 = 1_000;
/// Calls of one page that wait at a time, where it makes one for each group.
pub const AT_ONCE: usize = 20;

/// A page of the own groups with these words, those that are inactive last, and where the next begins.
pub async fn groups(
    member: &Member,
    words: &str,
    page_token: &str,
) -> Result<(Vec<GroupSummary>, String), Failure> {
    let request = ListCapacityGroupsRequest {
        page_size: GROUPS,
        page_token: page_token.to_string(),
        text: words.to_string(),
        ..ListCapacityGroupsRequest::default()
    };
    let list =
        member.app().api.capacity_groups().list_capacity_groups(member.call(request)).await?.into_inner();
    let mut groups = list.groups;
    groups.sort_by_key(|group| group.inactive);
    Ok((groups, list.next_page_token))
}

/// The own groups with these words; the first thousand.
pub async fn all(member: &Member, words: &str) -> Result<Vec<GroupSummary>, Failure> {
    further(member, words, 0).await
}

/// The own groups with these words; the first thousand, and further ones as long as they are no more than `most`.
pub async fn further(member: &Member, words: &str, most: usize) -> Result<Vec<GroupSummary>, Failure> {
    let mut request = ListCapacityGroupsRequest {
        page_size: MOST,
        text: words.to_string(),
        ..ListCapacityGroupsRequest::default()
    };
    let mut groups = Vec::new();
    loop {
        let mut client = member.app().api.capacity_groups();
        let list = client.list_capacity_groups(member.call(request.clone())).await?.into_inner();
        groups.extend(list.groups);
        if groups.len() > most || list.next_page_token.is_empty() {
            return Ok(groups);
        }
        request.page_token = list.next_page_token;
    }
}

/// Those of the own groups whose demand moved too far; of the first thousand.
pub async fn moved(member: &Member) -> Result<Vec<GroupSummary>, Failure> {
    Ok(all(member, "").await?.into_iter().filter(|group| !group.demand_alerts.is_empty()).collect())
}

/// One week of each of the own groups, by the group's id; of the first thousand.
pub async fn week_of_all(member: &Member, monday: Date) -> Result<HashMap<String, MatchedWeek>, Failure> {
    let day = Some(chassis::value::wire_date(monday));
    let request = ListCapacityWeeksRequest {
        from: day,
        until: day,
        page_size: MOST,
        ..ListCapacityWeeksRequest::default()
    };
    let list =
        member.app().api.capacity_groups().list_capacity_weeks(member.call(request)).await?.into_inner();
    Ok(list.weeks.into_iter().map(|week| (week.group_id.clone(), week)).collect())
}

/// A group as it was in a version; 0: as it stands.
///
/// # Errors
/// 404 for everybody but its supplier.
pub async fn group(member: &Member, id: &str, version: i64) -> Result<CapacityGroup, Failure> {
    let request = GetCapacityGroupRequest { group_id: id.to_string(), version };
    Ok(member.app().api.capacity_groups().get_capacity_group(member.call(request)).await?.into_inner())
}

/// Groups as they stand, some at a time.
pub async fn whole(member: &Member, groups: &[GroupSummary]) -> Result<Vec<CapacityGroup>, Failure> {
    let mut whole = Vec::with_capacity(groups.len());
    for some in groups.chunks(AT_ONCE) {
        whole.extend(try_join_all(some.iter().map(|one| group(member, &one.id, 0))).await?);
    }
    Ok(whole)
}

/// The weeks of a page, of one group.
pub async fn weeks(member: &Member, group: &str, span: Span) -> Result<BTreeMap<Date, MatchedWeek>, Failure> {
    let request = ListCapacityWeeksRequest {
        group_id: group.to_string(),
        from: span.mondays().first().copied().map(chassis::value::wire_date),
        until: Some(chassis::value::wire_date(span.last())),
        page_size: MOST,
        page_token: String::new(),
    };
    let list =
        member.app().api.capacity_groups().list_capacity_weeks(member.call(request)).await?.into_inner();
    let dated = list.weeks.into_iter().filter_map(|week| Some((format::day(week.monday.as_ref())?, week)));
    Ok(dated.collect())
}

/// The weeks of a page, of each of these groups.
pub async fn weeks_of(
    member: &Member,
    groups: &[GroupSummary],
    span: Span,
) -> Result<Vec<BTreeMap<Date, MatchedWeek>>, Failure> {
    try_join_all(groups.iter().map(|group| weeks(member, &group.id, span))).await
}

/// The weeks of a page, of all the own groups; the first thousand rows at a time, and no more than twenty times.
pub async fn weeks_of_all(member: &Member, span: Span) -> Result<Vec<MatchedWeek>, Failure> {
    let mut request = ListCapacityWeeksRequest {
        from: span.mondays().first().copied().map(chassis::value::wire_date),
        until: Some(chassis::value::wire_date(span.last())),
        page_size: MOST,
        ..ListCapacityWeeksRequest::default()
    };
    let mut weeks = Vec::new();
    for _ in 0..20 {
        let mut client = member.app().api.capacity_groups();
        let list = client.list_capacity_weeks(member.call(request.clone())).await?.into_inner();
        weeks.extend(list.weeks);
        if list.next_page_token.is_empty() {
            break;
        }
        request.page_token = list.next_page_token;
    }
    Ok(weeks)
}

/// What suppliers show of groups that name the own firm, of those with these words; the first thousand.
pub async fn disclosed(member: &Member, words: &str) -> Result<Vec<DisclosedGroup>, Failure> {
    further_disclosed(member, words, 0).await
}

/// What suppliers show likewise; the first thousand, and further ones as long as they are no more than `most`.
pub async fn further_disclosed(
    member: &Member,
    words: &str,
    most: usize,
) -> Result<Vec<DisclosedGroup>, Failure> {
    let mut request = ListDisclosedGroupsRequest {
        page_size: MOST,
        text: words.to_string(),
        ..ListDisclosedGroupsRequest::default()
    };
    let mut groups = Vec::new();
    loop {
        let mut client = member.app().api.capacity_groups();
        let list = client.list_disclosed_groups(member.call(request.clone())).await?.into_inner();
        groups.extend(list.groups);
        if groups.len() > most || list.next_page_token.is_empty() {
            return Ok(groups);
        }
        request.page_token = list.next_page_token;
    }
}

/// Whom the own firm trades with; it may buy from a firm and supply it.
pub struct Partners {
    all: Vec<TradingRelationship>,
    /// Where a firm stands among them, by its id.
    places: HashMap<String, usize>,
}

impl Partners {
    /// Reads them; nobody where the roles do not allow it.
    pub async fn read(member: &Member) -> Result<Self, Failure> {
        let (mut all, mut places) = (Vec::new(), HashMap::new());
        let mut page_token = String::new();
        while member.may(Permission::PartnersRead) {
            let request = ListRelationshipsRequest {
                page_size: MOST,
                page_token,
                ..ListRelationshipsRequest::default()
            };
            let list =
                member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
            for one in list.relationships {
                let other = if one.buyer_id == member.who.firm_id { &one.supplier_id } else { &one.buyer_id };
                places.insert(other.clone(), all.len());
                all.push(one);
            }
            if list.next_page_token.is_empty() {
                break;
            }
            page_token = list.next_page_token;
        }
        Ok(Self { all, places })
    }

    /// Customers of the own firm that trade with it, by name.
    pub fn customers(&self, own: &str) -> impl Iterator<Item = (&str, &str)> {
        self.trading(move |one| (one.supplier_id == own).then_some((&one.buyer_id, &one.buyer_name)))
    }

    /// Suppliers of the own firm that trade with it, by name.
    pub fn suppliers(&self, own: &str) -> impl Iterator<Item = (&str, &str)> {
        self.trading(move |one| (one.buyer_id == own).then_some((&one.supplier_id, &one.supplier_name)))
    }

    /// Suppliers of the own firm that it has invited and that did not come yet, by name.
    pub fn invited(&self, own: &str) -> impl Iterator<Item = (&str, &str)> {
        self.among(RelationshipState::Invited, move |one| {
            (one.buyer_id == own).then_some((&one.supplier_id, &one.supplier_name))
        })
    }

    fn trading<'a>(
        &'a self,
        other: impl Fn(&'a TradingRelationship) -> Option<(&'a String, &'a String)>,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.among(RelationshipState::Active, other)
    }

    fn among<'a>(
        &'a self,
        state: RelationshipState,
        other: impl Fn(&'a TradingRelationship) -> Option<(&'a String, &'a String)>,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let found = self.all.iter().filter(|one| one.state() == state);
        let mut all: Vec<(&str, &str)> =
            found.filter_map(other).map(|(id, name)| (id.as_str(), name.as_str())).collect();
        all.sort_by_key(|(_, name)| *name);
        all.into_iter()
    }

    /// A firm's name; a dash where it is no partner any more.
    pub fn name(&self, firm: &str) -> &str {
        self.places.get(firm).map(|at| &self.all[*at]).map_or("–", |one| match one.buyer_id == firm {
            true => one.buyer_name.as_str(),
            false => one.supplier_name.as_str(),
        })
    }
}
