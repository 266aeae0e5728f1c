//! 查找: one text, looked for in everything that the member may read: the first hits of each list, which lead on to the list
//! itself where there are more.

mod tables;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Router, extract::Query, http::HeaderMap, response::Response, routing::get};
use futures::{join, try_join};
use proto::{
    access::Permission,
    capacity::{GroupSummary, ListCapacityGroupsRequest, ListOffersRequest, Offer},
    orders::{ListOrdersRequest, OrderSummary, Side},
    partners::ListRelationshipsRequest,
    resources::{ListResourcesRequest, Resource},
};
use serde::Deserialize;

use crate::{
    App,
    ask::Way,
    failure::Failure,
    i18n::{Key, Text, key},
    page::{self, Tab, link},
    pages::{
        booking::{OFFERS, read::strangers},
        list, partners,
        resources::{self, OPEN, OWN},
    },
    session::Member,
    table::{Listing, Part, Search},
};

const PATH: &str = "/search";
/// Hits of a place that are shown.
const HITS: usize = 10;
/// Hits that are asked for: one more tells whether there are more.
const ASKED: i32 = HITS as i32 + 1;
/// A place that takes longer is left out, so that the others are seen.
const PATIENCE: Duration = Duration::from_secs(3);
/// Characters of the text; the API looks for no longer ones.
const LONGEST: usize = 100;

/// Its page.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route(PATH, get(show))
}

/// What is looked for.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
}

/// Where something is looked for.
#[derive(Clone, Copy)]
enum Place {
    Supplied,
    Bought,
    Open,
    Own,
    Offers,
    Groups,
    Partners,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Supplied => "supplied",
            Place::Bought => "bought",
            Place::Open => "resources",
            Place::Own => "own-resources",
            Place::Offers => "offers",
            Place::Groups => "groups",
            Place::Partners => "partners",
        }
    }

    fn label(self) -> Key<0> {
        match self {
            Place::Supplied => key::SEARCH_SUPPLIED,
            Place::Bought => key::NAV_PURCHASES,
            Place::Open => key::NAV_RESOURCES,
            Place::Own => key::RESOURCES_OWN,
            Place::Offers => key::OFFERS,
            Place::Groups => key::MAP_OWN,
            Place::Partners => key::NAV_PARTNERS,
        }
    }

    /// Who may read it.
    fn permission(self) -> Permission {
        match self {
            Place::Supplied | Place::Bought => Permission::OrdersRead,
            Place::Open => Permission::ResourcesRead,
            Place::Own => Permission::ResourcesPublish,
            Place::Offers | Place::Groups => Permission::CapacityRead,
            Place::Partners => Permission::PartnersRead,
        }
    }

    /// Where all hits of the place are: its list.
    fn whole(self, text: &str) -> String {
        match self {
            Place::Supplied => link("/inbox", &[("show", "all"), ("q", text)]),
            Place::Bought => link("/purchases", &[("q", text)]),
            Place::Open => link(OPEN, &[("q", text)]),
            Place::Own => link(OWN, &[("q", text)]),
            Place::Offers => link(OFFERS, &[("q", text)]),
            Place::Groups => link("/capacity", &[("q", text)]),
            Place::Partners => link("/partners", &[("q", text)]),
        }
    }
}

/// What a place answered; `None` where it was not asked.
type Heard<T> = Option<Result<Vec<T>, Failure>>;

/// A text and who looks for it.
struct Look<'a> {
    member: &'a Member,
    text: &'a str,
}

impl Look<'_> {
    /// Asks a place, unless the roles do not allow it.
    async fn at<T>(&self, place: Place, asking: impl Future<Output = Result<Vec<T>, Failure>>) -> Heard<T> {
        if !self.member.may(place.permission()) {
            return None;
        }
        let heard = tokio::time::timeout(PATIENCE, asking).await;
        Some(heard.unwrap_or_else(|_| Err(Failure::late())))
    }

    /// The hits of a place as a table.
    fn part<T>(&self, place: Place, heard: Heard<T>, table: impl FnOnce(Vec<T>) -> Part) -> Option<Part> {
        shown(self.member.text(), place, self.text, heard, table)
    }

    async fn orders(&self, side: Side) -> Result<Vec<OrderSummary>, Failure> {
        // As many as on a page of the lists: the one whose number is just this text is among as many here as there.
        let request = ListOrdersRequest {
            side: side as i32,
            page_size: list::PAGE,
            text: self.text.to_owned(),
            ..ListOrdersRequest::default()
        };
        let mut client = self.member.app().api.orders();
        Ok(client.list_orders(self.member.call(request)).await?.into_inner().orders)
    }

    async fn resources(&self, own: bool) -> Result<Vec<Resource>, Failure> {
        let request = ListResourcesRequest {
            own,
            text: self.text.to_owned(),
            page_size: ASKED,
            ..ListResourcesRequest::default()
        };
        let mut client = self.member.app().api.resources();
        Ok(client.list_resources(self.member.call(request)).await?.into_inner().resources)
    }

    /// Offers of others and of the own firm, with whose they are.
    async fn offers(&self) -> Result<Vec<(Offer, String)>, Failure> {
        let (theirs, own) = try_join!(self.offers_of(false), self.offers_of(true))?;
        let found: Vec<Offer> = theirs.into_iter().chain(own).take(HITS + 1).collect();
        let me = &self.member.who.firm_id;
        let others = found.iter().map(|one| &one.supplier_id).filter(|firm| *firm != me).cloned().collect();
        let names: HashMap<String, String> = strangers(self.member, others).await?.into_iter().collect();
        let name = |firm: &String| match firm == me {
            true => self.member.firm_name().to_owned(),
            false => names.get(firm).cloned().unwrap_or_else(|| self.member.text().say(key::FIRM_UNKNOWN)),
        };
        let named = found.into_iter().map(|one| {
            let name = name(&one.supplier_id);
            (one, name)
        });
        Ok(named.collect())
    }

    async fn offers_of(&self, own: bool) -> Result<Vec<Offer>, Failure> {
        let request = ListOffersRequest {
            own,
            text: self.text.to_owned(),
            page_size: ASKED,
            ..ListOffersRequest::default()
        };
        let mut client = self.member.app().api.offers();
        Ok(client.list_offers(self.member.call(request)).await?.into_inner().offers)
    }

    async fn groups(&self) -> Result<Vec<GroupSummary>, Failure> {
        let request = ListCapacityGroupsRequest {
            text: self.text.to_owned(),
            page_size: ASKED,
            ..ListCapacityGroupsRequest::default()
        };
        let mut client = self.member.app().api.capacity_groups();
        Ok(client.list_capacity_groups(self.member.call(request)).await?.into_inner().groups)
    }

    async fn partners(&self) -> Result<Vec<partners::Row>, Failure> {
        let request = ListRelationshipsRequest {
            text: self.text.to_owned(),
            page_size: ASKED,
            ..ListRelationshipsRequest::default()
        };
        let mut client = self.member.app().api.relationships();
        let found = client.list_relationships(self.member.call(request)).await?.into_inner().relationships;
        Ok(found.into_iter().map(|one| partners::row(self.member, one)).collect())
    }
}

/// What is found, place by place.
pub async fn show(member: Member, headers: HeaderMap, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    let t = member.text();
    let text: String = wish.q.trim().chars().take(LONGEST).collect();
    let mut listing = Listing::new(&member, Tab::Search, t.say(key::NAV_SEARCH), None).search(Search {
        action: PATH.into(),
        label: t.say(key::SEARCH_LABEL),
        value: text.clone(),
        ..Search::default()
    });
    if !text.chars().any(char::is_alphanumeric) {
        return Ok(listing.lead(t.say(key::SEARCH_BODY)).show());
    }
    let look = Look { member: &member, text: &text };
    let (supplied, bought, open, own, offers, groups, partners) = join!(
        look.at(Place::Supplied, look.orders(Side::Supplier)),
        look.at(Place::Bought, look.orders(Side::Buyer)),
        look.at(Place::Open, look.resources(false)),
        look.at(Place::Own, look.resources(true)),
        look.at(Place::Offers, look.offers()),
        look.at(Place::Groups, look.groups()),
        look.at(Place::Partners, look.partners()),
    );
    let orders = supplied.iter().chain(bought.iter()).flatten().flatten();
    if let Some(order) = list::exact(&headers, orders, &text) {
        return Ok(page::go(&order));
    }
    let resources = |found: Vec<Resource>| resources::part(&member, &found, String::new());
    let parts = [
        look.part(Place::Supplied, supplied, |found| tables::orders(&member, found, Side::Supplier)),
        look.part(Place::Bought, bought, |found| tables::orders(&member, found, Side::Buyer)),
        look.part(Place::Open, open, resources),
        look.part(Place::Own, own, resources),
        look.part(Place::Offers, offers, |found| tables::offers(t, &found)),
        look.part(Place::Groups, groups, |found| tables::groups(t, &found)),
        look.part(Place::Partners, partners, |found| tables::partners(t, found)),
    ];
    let mut parts: Vec<Part> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        listing = listing.lead(t.say(key::SEARCH_BODY));
        parts.push(Part::new(Vec::new(), Vec::new(), t.one(key::SEARCH_EMPTY, &text)));
    }
    Ok(parts.into_iter().fold(listing, Listing::part).show())
}

/// The first few hits of a place, and where all of them are; what went wrong there; or `None` where there is nothing to show.
fn shown<T>(
    t: &Text,
    place: Place,
    text: &str,
    heard: Heard<T>,
    table: impl FnOnce(Vec<T>) -> Part,
) -> Option<Part> {
    let title = t.say(place.label());
    match heard? {
        Ok(hits) if hits.is_empty() => None,
        Ok(mut hits) => {
            let more = hits.len() > HITS;
            hits.truncate(HITS);
            let part = table(hits);
            let way = || Way { href: place.whole(text), label: t.one(key::SEARCH_ALL, &title) };
            let part = if more { part.whole(way()) } else { part };
            Some(part.titled(title))
        }
        Err(failure) => {
            tracing::warn!(
                place = place.name(),
                reason = failure.reason,
                "a place could not be looked through"
            );
            let said = t.one(key::SEARCH_FAILED, &failure.reason);
            Some(Part::new(Vec::new(), Vec::new(), said).titled(title))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        i18n::{Catalogue, Lang},
        table::Cell,
    };

    fn english() -> Text {
        Text::new(Catalogue::load().unwrap(), Lang::En)
    }

    fn lines(found: Vec<usize>) -> Part {
        Part::new(
            Vec::new(),
            found.iter().map(|one| vec![Cell::name(one.to_string())]).collect(),
            String::new(),
        )
    }

    #[test]
    fn a_place_shows_its_first_hits_and_where_all_of_them_are() {
        let t = english();
        let heard = |hits| -> Heard<usize> { Some(Ok((0..hits).collect())) };
        let first = shown(&t, Place::Bought, "盖 板", heard(11), lines).unwrap();
        assert_eq!((first.rows.len(), first.title.as_str()), (10, "Purchase orders"));
        assert_eq!(first.whole.unwrap().href, "/purchases?q=%E7%9B%96+%E6%9D%BF");
        let few = shown(&t, Place::Bought, "x", heard(10), lines).unwrap();
        assert!(few.rows.len() == 10 && few.whole.is_none(), "there are no more");
        for (place, list) in [
            (Place::Offers, "/capacity/offers?q=x"),
            (Place::Groups, "/capacity?q=x"),
            (Place::Partners, "/partners?q=x"),
        ] {
            assert_eq!(shown(&t, place, "x", heard(11), lines).unwrap().whole.unwrap().href, list);
        }
        assert!(shown(&t, Place::Bought, "x", heard(0), lines).is_none(), "no hit");
        assert!(shown(&t, Place::Bought, "x", None, lines).is_none(), "not asked");
    }

    #[test]
    fn a_place_that_fails_says_so() {
        let failed = shown(&english(), Place::Offers, "x", Some(Err(Failure::denied())), lines).unwrap();
        assert!(failed.rows.is_empty() && failed.empty.contains("PERMISSION_DENIED"), "{}", failed.empty);
    }
}
