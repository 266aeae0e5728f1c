//! The own firm: its people, places and purchasing groups, what its ERP's words mean, and what the operator did to it.

pub mod acts;
pub mod aliases;
pub mod groups;
pub mod people;
pub mod scope;
pub mod sites;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;

use crate::{
    App,
    ask::Way,
    i18n::{Text, key},
    saved::file_of,
};

/// Which page of a list, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    pub page: String,
    #[serde(default)]
    pub done: String,
}

impl Place {
    /// What was just done, in words.
    pub fn said(&self, t: &Text) -> String {
        match self.done.as_str() {
            "saved" => t.say(key::FIRM_SAVED),
            "removed" => t.say(key::FIRM_REMOVED),
            _ => String::new(),
        }
    }
}

/// The way back to everything that is set up.
pub fn settings(t: &Text) -> Way {
    Way { href: "/settings".into(), label: t.say(key::NAV_SETTINGS) }
}

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/members/new", get(people::new).post(people::create))
        .route("/members/{id}", get(people::edit).post(people::update))
        .route("/sites", get(sites::show))
        .route("/sites/export", file_of(sites::show))
        .route("/sites/new", get(sites::new).post(sites::create))
        .route("/purchasing-groups", get(groups::show))
        .route("/purchasing-groups/export", file_of(groups::show))
        .route("/purchasing-groups/new", get(groups::new).post(groups::set))
        .route("/purchasing-groups/delete", get(groups::ask_delete).post(groups::delete))
        .route("/aliases", get(aliases::show))
        .route("/aliases/export", file_of(aliases::show))
        .route("/aliases/new", get(aliases::new).post(aliases::set))
        .route("/aliases/list", get(aliases::many).post(aliases::set_many))
        .route("/aliases/delete", post(aliases::delete))
        .route("/platform-actions", get(acts::show))
        .route("/platform-actions/export", file_of(acts::show))
}
