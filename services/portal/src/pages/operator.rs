//! The pages of whoever runs the platform: firms, what is done to them and why. No orders, no prices, no drawings.

pub mod act;
pub mod firms;

use std::sync::Arc;

use axum::{Router, extract::Query, response::Response, routing::get};
use proto::partners::ListOperatorActionsRequest;

use crate::{
    App,
    ask::Way,
    failure::Failure,
    i18n::{Text, key},
    page::Tab,
    pages::firm::{Place, acts},
    session::Member,
    table::Listing,
};

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/operator/firms", get(firms::show))
        .route("/operator/firms/new", get(firms::new).post(firms::create))
        .route("/operator/firms/{id}", get(firms::firm))
        .route("/operator/firms/{id}/{act}", get(act::form).post(act::send))
        .route("/operator/actions", get(actions))
}

/// The way back to all firms.
fn back(t: &Text) -> Way {
    Way { href: "/operator/firms".into(), label: t.say(key::NAV_FIRMS) }
}

/// What the operator did, the newest first.
async fn actions(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let request =
        ListOperatorActionsRequest { page_size: 50, page_token: place.page, firm_id: String::new() };
    let list = member.app().api.operator().list_operator_actions(member.call(request)).await?.into_inner();
    let part = acts::part(t, &list.actions, true).next("/operator/actions", &[], &list.next_page_token);
    Ok(Listing::new(&member, Tab::Firms, t.say(key::ACTS), Some(back(t)))
        .lead(t.say(key::ACTS_BODY))
        .part(part)
        .show())
}
