//! 查找: one text, looked for in everything that the member may read. The lists that have a search of their own lead on
//! to it; the others are read here and looked through by the same rule.

mod tables;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Router, extract::Query, http::HeaderMap, response::Response, routing::get};
use chassis::search::{self, Wanted};
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
        booking::read::strangers,
        list, partners,
        resources::{self, OPEN, OWN},
    },
    session::Member,
    table::{Listing, Part, Search},
};

const PATH: &str = "/search";
/// Hits of a place where all places are shown.
const HITS: usize = 10;
/// Rows of one answer, of what is looked through here.
const MOST: i32 = 1_000;
/// Answers that are looked through of a list: few firms have as many partners or machines.
const PAGES: i32 = 5;
/// A place that takes longer is left out, so that the others are seen.
const PATIENCE: Duration = Duration::from_secs(3);
/// Characters of the text; the API looks for no longer ones among orders.
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
    /// The one place whose hits are all shown, by its name; empty for the first hits of every place.
    #[serde(default)]
    only: String,
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

    /// Where all hits of the place are: its list, where that looks for words.
    fn whole(self, text: &str) -> String {
        match self {
            Place::Supplied => link("/inbox", &[("show", "all"), ("q", text)]),
            Place::Bought => link("/purchases", &[("q", text)]),
            Place::Open => link(OPEN, &[("q", text)]),
            Place::Own => link(OWN, &[("q", text)]),
            Place::Offers | Place::Groups | Place::Partners => {
                link(PATH, &[("q", text), ("only", self.name())])
            }
        }
    }
}

/// Hits of a place.
struct Found<T> {
    hits: Vec<T>,
    /// Whether all that is there was looked through.
    whole: bool,
}

/// What a place answered; `None` where it was not asked.
type Heard<T> = Option<Result<Found<T>, Failure>>;

/// Reads a list page by page, to its end or until enough is read. `page`: the hits of the page that begins at a token, and
/// where the next one does.
async fn through<T, F>(page: impl Fn(String) -> F) -> Result<Found<T>, Failure>
where
    F: Future<Output = Result<(Vec<T>, String), Failure>>,
{
    let (mut hits, mut token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let (some, next) = page(token).await?;
        hits.extend(some);
        token = next;
        if token.is_empty() {
            break;
        }
    }
    Ok(Found { hits, whole: token.is_empty() })
}

/// A text and who looks for it.
struct Look<'a> {
    member: &'a Member,
    text: &'a str,
    wanted: Wanted,
    only: &'a str,
}

impl Look<'_> {
    /// Asks a place, unless the roles do not allow it or another one alone is shown.
    async fn at<T>(&self, place: Place, asking: impl Future<Output = Result<Found<T>, Failure>>) -> Heard<T> {
        let shown = self.only.is_empty() || self.only == place.name();
        if !shown || !self.member.may(place.permission()) {
            return None;
        }
        let heard = tokio::time::timeout(PATIENCE, asking).await;
        Some(heard.unwrap_or_else(|_| Err(Failure::late())))
    }

    /// The hits of a place as a table.
    fn part<T>(&self, place: Place, heard: Heard<T>, table: impl FnOnce(Vec<T>) -> Part) -> Option<Part> {
        shown(self.member.text(), place, (self.text, self.only), heard, table)
    }

    /// Whether these texts hold all that is looked for, as the lists of orders and resources have it.
    fn fits<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let kept = search::index(texts);
        self.wanted.keys.iter().all(|key| kept.keys.contains(key))
            && self.wanted.words.iter().all(|word| kept.text.contains(word.as_str()))
    }

    async fn orders(&self, side: Side) -> Result<Found<OrderSummary>, Failure> {
        // As many as on a page of the lists: the one whose number is just this text is among as many here as there.
        let request = ListOrdersRequest {
            side: side as i32,
            page_size: list::PAGE,
            text: self.text.to_owned(),
            ..ListOrdersRequest::default()
        };
        let mut client = self.member.app().api.orders();
        let hits = client.list_orders(self.member.call(request)).await?.into_inner().orders;
        Ok(Found { hits, whole: true })
    }

    async fn resources(&self, own: bool) -> Result<Found<Resource>, Failure> {
        // One more than are shown tells whether there are more.
        let request = ListResourcesRequest {
            own,
            text: self.text.to_owned(),
            page_size: HITS as i32 + 1,
            ..ListResourcesRequest::default()
        };
        let mut client = self.member.app().api.resources();
        let hits = client.list_resources(self.member.call(request)).await?.into_inner().resources;
        Ok(Found { hits, whole: true })
    }

    /// Offers of others and of the own firm, with whose they are.
    async fn offers(&self) -> Result<Found<(Offer, String)>, Failure> {
        let (theirs, own) = try_join!(self.offers_of(false), self.offers_of(true))?;
        let whole = theirs.whole && own.whole;
        let mut found: Vec<Offer> = theirs.hits.into_iter().chain(own.hits).collect();
        if self.only.is_empty() {
            found.truncate(HITS + 1);
        }
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
        Ok(Found { hits: named.collect(), whole })
    }

    async fn offers_of(&self, own: bool) -> Result<Found<Offer>, Failure> {
        let page = move |page_token: String| async move {
            let request =
                ListOffersRequest { own, page_size: MOST, page_token, ..ListOffersRequest::default() };
            let mut client = self.member.app().api.offers();
            let list = client.list_offers(self.member.call(request)).await?.into_inner();
            let hits: Vec<Offer> = list.offers.into_iter().filter(|one| self.fits_offer(one)).collect();
            Ok::<_, Failure>((hits, list.next_page_token))
        };
        through(page).await
    }

    fn fits_offer(&self, one: &Offer) -> bool {
        let Some(content) = &one.content else { return false };
        let lists = content.materials.iter().chain(&content.certificates).map(String::as_str);
        self.fits([content.process.as_str(), &content.machine, &content.note].into_iter().chain(lists))
    }

    async fn groups(&self) -> Result<Found<GroupSummary>, Failure> {
        let page = move |page_token: String| async move {
            let request = ListCapacityGroupsRequest {
                page_size: MOST,
                page_token,
                ..ListCapacityGroupsRequest::default()
            };
            let mut client = self.member.app().api.capacity_groups();
            let list = client.list_capacity_groups(self.member.call(request)).await?.into_inner();
            let fits = |group: &GroupSummary| self.fits([group.name.as_str()]);
            let hits: Vec<GroupSummary> = list.groups.into_iter().filter(fits).collect();
            Ok::<_, Failure>((hits, list.next_page_token))
        };
        through(page).await
    }

    async fn partners(&self) -> Result<Found<partners::Row>, Failure> {
        let page = move |page_token: String| async move {
            let request = ListRelationshipsRequest { page_size: MOST, page_token, ..Default::default() };
            let mut client = self.member.app().api.relationships();
            let list = client.list_relationships(self.member.call(request)).await?.into_inner();
            let rows = list.relationships.into_iter().map(|one| partners::row(self.member, one));
            let fits = |row: &partners::Row| self.fits([row.name.as_str(), &row.number]);
            let hits: Vec<partners::Row> = rows.filter(fits).collect();
            Ok::<_, Failure>((hits, list.next_page_token))
        };
        through(page).await
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
    let wanted = search::wanted(&text);
    if wanted.keys.is_empty() {
        return Ok(listing.lead(t.say(key::SEARCH_BODY)).show());
    }
    let look = Look { member: &member, text: &text, wanted, only: &wish.only };
    let (supplied, bought, open, own, offers, groups, partners) = join!(
        look.at(Place::Supplied, look.orders(Side::Supplier)),
        look.at(Place::Bought, look.orders(Side::Buyer)),
        look.at(Place::Open, look.resources(false)),
        look.at(Place::Own, look.resources(true)),
        look.at(Place::Offers, look.offers()),
        look.at(Place::Groups, look.groups()),
        look.at(Place::Partners, look.partners()),
    );
    let orders = supplied.iter().chain(bought.iter()).flatten().flat_map(|found| &found.hits);
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

/// The hits of a place, the first few of them where all places are shown; what went wrong there; or `None` where there
/// is nothing to show. `asked`: the text, and the one place that is shown.
fn shown<T>(
    t: &Text,
    place: Place,
    asked: (&str, &str),
    heard: Heard<T>,
    table: impl FnOnce(Vec<T>) -> Part,
) -> Option<Part> {
    let title = t.say(place.label());
    let (text, only) = asked;
    match heard? {
        Ok(found) if found.hits.is_empty() && found.whole => None,
        Ok(Found { mut hits, whole }) => {
            let more = only.is_empty() && hits.len() > HITS;
            let note = if whole { String::new() } else { t.one(key::SEARCH_MOST, MOST * PAGES) };
            if hits.is_empty() {
                return Some(Part::new(Vec::new(), Vec::new(), note).titled(title));
            }
            if more {
                hits.truncate(HITS);
            }
            let part = table(hits).note(note);
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
        let heard = |hits, whole| -> Heard<usize> { Some(Ok(Found { hits: (0..hits).collect(), whole })) };
        let first = shown(&t, Place::Bought, ("盖 板", ""), heard(11, true), lines).unwrap();
        assert_eq!((first.rows.len(), first.title.as_str()), (10, "Purchase orders"));
        assert_eq!(first.whole.unwrap().href, "/purchases?q=%E7%9B%96+%E6%9D%BF");
        let few = shown(&t, Place::Bought, ("x", ""), heard(10, true), lines).unwrap();
        assert!(few.rows.len() == 10 && few.whole.is_none(), "there are no more");
        let all = shown(&t, Place::Offers, ("x", "offers"), heard(11, true), lines).unwrap();
        assert!(all.rows.len() == 11 && all.whole.is_none() && all.note.is_empty());
        assert!(shown(&t, Place::Bought, ("x", ""), heard(0, true), lines).is_none(), "no hit");
        let some = shown(&t, Place::Offers, ("x", ""), heard(1, false), lines).unwrap();
        assert!(some.note.contains("first 5000"), "{}", some.note);
        let none = shown(&t, Place::Offers, ("x", ""), heard(0, false), lines).unwrap();
        assert!(none.empty.contains("first 5000"), "as far as was looked: {}", none.empty);
        assert!(shown(&t, Place::Bought, ("x", ""), None, lines).is_none(), "not asked");
    }

    #[test]
    fn a_place_that_fails_says_so() {
        let failed =
            shown(&english(), Place::Offers, ("x", ""), Some(Err(Failure::denied())), lines).unwrap();
        assert!(failed.rows.is_empty() && failed.empty.contains("PERMISSION_DENIED"), "{}", failed.empty);
    }
}
