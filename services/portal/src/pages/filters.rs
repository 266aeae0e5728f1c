//! Filters of lists of orders that a member keeps under a name, as links beside the states.

use std::sync::Arc;

use axum::{Router, response::Response, routing::post};
use proto::partners::{
    DeleteSavedFilterRequest, FilteredList, ListSavedFiltersRequest, SaveFilterRequest, SavedFilter,
};

use crate::{
    App,
    failure::Failure,
    form::Fields,
    page::{self, link},
    session::Member,
};

/// What the form tokens are for.
const PURPOSE: &str = "filters";

/// The addresses of this part.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/filters", post(save)).route("/filters/delete", post(delete))
}

/// A filter that is kept.
pub struct Kept {
    pub name: String,
    pub href: String,
    pub current: bool,
    /// The token of the form that lets it go.
    pub token: String,
}

/// What a list shows of filters.
pub struct Filters {
    /// The number of the list.
    pub list: i32,
    pub kept: Vec<Kept>,
    /// What the list is filtered by now, to be kept; where it is not filtered, kept already, or one too many, `None`.
    pub to_keep: Option<(String, SavedFilter)>,
}

impl Filters {
    /// Whether there is anything to show.
    pub fn any(&self) -> bool {
        !self.kept.is_empty() || self.to_keep.is_some()
    }
}

/// The filters of a list, which is filtered by `now`. A list is worth showing without them.
pub async fn of(member: &Member, now: SavedFilter) -> Filters {
    let app = member.app();
    let token = || app.tokens.make(app, Some(&member.token), PURPOSE);
    let asked = app.api.sessions().list_saved_filters(member.call(ListSavedFiltersRequest {})).await;
    let all = asked.map(|answer| answer.into_inner().filters).unwrap_or_default();
    let most = member.who.limits.as_ref().map_or(0, |limits| limits.saved_filters);
    let full = full(all.len(), most);
    let own = all.into_iter().filter(|one| one.list == now.list);
    let kept: Vec<Kept> = own
        .map(|one| Kept {
            href: address(&one),
            current: SavedFilter { name: String::new(), ..one.clone() } == now,
            token: token(),
            name: one.name,
        })
        .collect();
    // A state alone is a link already.
    let plain = now.purchasing_group.is_empty() && now.text.is_empty();
    let keeps = !plain && !full && kept.iter().all(|one| !one.current);
    Filters { list: now.list, kept, to_keep: keeps.then(|| (token(), now)) }
}

/// Whether no further filter is kept. A service of an earlier release does not say how many are, and 0 is no bound.
fn full(kept: usize, most: i32) -> bool {
    most > 0 && kept as i32 >= most
}

/// Where the list stands so filtered.
fn address(filter: &SavedFilter) -> String {
    let (view, group, text) = (filter.view.as_str(), filter.purchasing_group.as_str(), filter.text.as_str());
    match filter.list() {
        FilteredList::Purchases => link("/purchases", &[("state", view), ("group", group), ("q", text)]),
        FilteredList::Inbox | FilteredList::Unspecified => link("/inbox", &[("show", view), ("q", text)]),
    }
}

/// Keeps a filter, and shows the list by it.
pub async fn save(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let filter = SavedFilter {
        list: fields.get("list").parse().unwrap_or_default(),
        name: fields.get("name").to_string(),
        view: fields.get("view").to_string(),
        purchasing_group: fields.get("group").to_string(),
        text: fields.get("text").to_string(),
    };
    let request = SaveFilterRequest { request_id, filter: Some(filter) };
    let saved = app.api.sessions().save_filter(member.call(request)).await?.into_inner();
    Ok(page::go(&address(&saved)))
}

/// Lets a filter go, and shows the list without one.
pub async fn delete(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let list = fields.get("list").parse().unwrap_or_default();
    let request = DeleteSavedFilterRequest { request_id, list, name: fields.get("name").to_string() };
    app.api.sessions().delete_saved_filter(member.call(request)).await?;
    Ok(page::go(&address(&SavedFilter { list, ..SavedFilter::default() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_kept_as_the_service_says_and_where_it_does_not_it_decides() {
        assert!(!full(0, 1) && full(1, 1) && full(2, 1));
        assert!(!full(0, 0) && !full(20, 0));
    }
}
