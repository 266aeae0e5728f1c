//! 产能: demand against what machines can make, week by week. The pages of it, and the line above each of them that
//! leads to the others.

mod bounds;
mod chart;
mod demand;
mod disclosed;
mod edit;
mod entry;
mod export;
mod group;
mod history;
mod lent;
mod map;
mod moved;
mod origin;
mod past;
mod payloads;
mod policy;
mod quick;
pub mod read;
mod setup;
mod sheets;
pub mod state;
mod talk;
mod want;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use proto::{access::Permission, capacity::DemandCategory};
use serde::Deserialize;

use crate::{
    App,
    i18n::{Key, Text, key},
    page::{Link, Page, Tab},
    saved::file_of,
    session::Member,
    upload,
};

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    let files = DefaultBodyLimit::max(upload::LARGEST_BYTES);
    Router::new()
        .route("/capacity", get(map::show))
        .route("/capacity/demand", get(demand::show).post(demand::send))
        .route("/capacity/demand/export", file_of(demand::show))
        .route("/capacity/disclosure", get(policy::show))
        .route("/capacity/disclosure/export", file_of(policy::show))
        .route("/capacity/disclosure/set", get(policy::edit).post(policy::set))
        .route("/capacity/export", get(export::save))
        .route("/capacity/shown/export", get(export::save_shown))
        .route("/capacity/sheets", get(sheets::show).post(sheets::import).layer(files))
        .route("/capacity/payloads", get(payloads::show))
        .route("/capacity/payloads/answer", get(payloads::answer_form).post(payloads::answer).layer(files))
        .route("/capacity/payloads/preview", get(payloads::preview))
        .route("/capacity/payloads/file", get(payloads::save))
        .route("/capacity/payloads/import", get(payloads::form).post(payloads::import).layer(files))
        .route("/capacity/edit", get(edit::show).post(edit::send))
        .route("/capacity/comments/{word}/{id}", get(talk::show))
        .route("/capacity/comments/{word}/{id}/export", file_of(talk::show))
        .route("/capacity/comments/{word}/{id}/new", get(talk::form).post(talk::send))
        .route("/capacity/comments/{word}/{id}/delete/{comment}", get(talk::delete_form).post(talk::delete))
        .route("/capacity/demand/new", get(want::new).post(want::create))
        .route("/capacity/demand/{id}/history", get(past::show))
        .route("/capacity/demand/{id}/history/export", file_of(past::show))
        .route("/capacity/groups/new", get(setup::new).post(setup::create))
        .route("/capacity/groups/{id}", get(group::show))
        .route("/capacity/groups/{id}/bounds", get(bounds::form).post(bounds::set))
        .route("/capacity/groups/{id}/history", get(history::show))
        .route("/capacity/groups/{id}/history/export", file_of(history::show))
        .route("/capacity/groups/{id}/edit", get(setup::edit).post(setup::change))
        .merge(super::needs::routes())
}

/// The pages that stand beside each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Map,
    Edit,
    Demand,
    Requests,
    Offers,
    Reservations,
    Profile,
    Disclosure,
    Payloads,
}

/// Who may see a page, where it is, and what it is called; in the order of the line.
const PLACES: &[(Place, Permission, &str, Key<0>)] = &[
    (Place::Map, Permission::CapacityRead, "/capacity", key::CAPACITY_MAP),
    (Place::Edit, Permission::CapacityWrite, "/capacity/edit", key::EDIT_TITLE),
    (Place::Demand, Permission::CapacityRead, "/capacity/demand", key::DEMAND_TITLE),
    (Place::Requests, Permission::CapacityRead, "/capacity/requests", key::NEEDS),
    (Place::Offers, Permission::CapacityRead, "/capacity/offers", key::OFFERS),
    (Place::Reservations, Permission::CapacityRead, "/capacity/reservations", key::RESERVATIONS),
    (Place::Profile, Permission::CapacityRead, "/capacity/profile", key::PROFILE),
    (Place::Disclosure, Permission::CapacityWrite, "/capacity/disclosure", key::POLICY_TITLE),
    (Place::Payloads, Permission::CapacityRead, "/capacity/payloads", key::PAYLOADS),
];

/// The line above a page, as far as the roles allow.
pub fn places(member: &Member, current: Place) -> Vec<Link> {
    let open = PLACES.iter().filter(|(_, permission, ..)| member.may(*permission));
    let link = |(place, _, href, label): &(Place, Permission, &'static str, Key<0>)| Link {
        href,
        label: member.text().say(label),
        current: *place == current,
        tucked: false,
    };
    open.map(link).collect()
}

/// The frame of such a page.
pub fn frame(member: &Member, title: String) -> Page {
    Page::member(member, Tab::Capacity).titled(title).with_grid(member.app())
}

/// Which weeks, which groups, and what was just done.
#[derive(Deserialize, Default)]
pub struct Wish {
    /// The first Monday.
    #[serde(default)]
    pub from: String,
    /// The Monday that is looked at.
    #[serde(default)]
    pub week: String,
    /// Which figure is filled in.
    #[serde(default)]
    pub figure: String,
    /// Words of groups that are looked for.
    #[serde(default)]
    pub q: String,
    /// Which page of groups.
    #[serde(default)]
    pub page: String,
    #[serde(default)]
    pub done: String,
    /// Tells apart what an open table shows.
    #[serde(default)]
    pub seen: String,
}

impl Wish {
    /// What was just done, in words.
    pub fn said(&self, t: &Text) -> String {
        match self.done.as_str() {
            "saved" => t.say(key::CAPACITY_SAVED),
            "borrowed" => t.say(key::CAPACITY_BORROWED),
            _ => String::new(),
        }
    }
}

/// Links to the weeks before and after.
pub struct Turn {
    pub earlier: String,
    pub later: String,
    /// Empty where this week is the first.
    pub present: String,
}

/// Why something is wanted.
pub fn category(t: &Text, category: DemandCategory) -> String {
    use DemandCategory as C;
    t.say(match category {
        C::Default | C::Unspecified => key::CATEGORY_DEFAULT,
        C::AfterSales => key::CATEGORY_AFTER_SALES,
        C::Series => key::CATEGORY_SERIES,
        C::PhaseIn => key::CATEGORY_PHASE_IN,
        C::SingleOrder => key::CATEGORY_SINGLE_ORDER,
        C::SmallSeries => key::CATEGORY_SMALL_SERIES,
        C::Extraordinary => key::CATEGORY_EXTRAORDINARY,
        C::PhaseOut => key::CATEGORY_PHASE_OUT,
    })
}
