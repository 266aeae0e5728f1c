//! 共享产能: hours that firms offer each other, and what is reserved of them until an order uses it.

pub mod audience;
mod borrow;
mod changing;
mod offer;
mod offering;
mod offers;
mod order;
pub mod read;
mod reservations;
mod slots;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use proto::capacity::{Bucket, ReservedPart};
use time::OffsetDateTime;

use crate::{
    App,
    ask::{Ask, Way},
    format,
    i18n::{Key, Text, key},
    page::Tab,
    saved::file_of,
    session::Member,
};

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/capacity/offers", get(offers::show))
        .route("/capacity/offers/export", file_of(offers::show))
        .route("/capacity/offers/new", get(offering::form).post(offering::publish))
        .route("/capacity/offers/new/slots", get(slots::form).post(slots::publish))
        .route("/capacity/offers/{id}", get(offer::show))
        .route("/capacity/offers/{id}/change", get(changing::form).post(changing::change))
        .route("/capacity/offers/{id}/hold", get(offer::hold_form).post(offer::hold))
        .route("/capacity/offers/{id}/withdraw", get(offer::withdraw_form).post(offer::withdraw))
        .route("/capacity/reservations", get(reservations::show))
        .route("/capacity/reservations/export", file_of(reservations::show))
        .route("/capacity/reservations/{id}/confirm", post(reservations::confirm))
        .route(
            "/capacity/reservations/{id}/release",
            get(reservations::release_form).post(reservations::release),
        )
        .route("/capacity/reservations/{id}/borrow", get(borrow::form).post(borrow::borrow))
        .route("/capacity/reservations/{id}/order", get(order::form).post(order::publish))
}

pub use offers::{free, state};
pub use reservations::tag;

/// What others offer, and what the own firm offers.
pub const OFFERS: &str = "/capacity/offers";
const RESERVATIONS: &str = "/capacity/reservations";

fn to_offers(t: &Text) -> Way {
    Way { href: OFFERS.into(), label: t.say(key::OFFERS) }
}

fn to_reservations(t: &Text) -> Way {
    Way { href: RESERVATIONS.into(), label: t.say(key::RESERVATIONS) }
}

/// A page that asks, below one of these lists.
fn asking(member: &Member, action: String, title: Key<0>, back: Way) -> Ask {
    Ask::below(member, Tab::Capacity, action, member.text().say(title), back)
}

/// When a bucket is: a week, or a slot in it.
fn when(t: &Text, bucket: &Bucket) -> String {
    slot(t, bucket.monday.as_ref(), bucket.starts_at.as_ref(), bucket.ends_at.as_ref())
}

/// When a part of a reservation is.
fn part_when(t: &Text, part: &ReservedPart) -> String {
    slot(t, part.monday.as_ref(), part.starts_at.as_ref(), part.ends_at.as_ref())
}

fn slot(
    t: &Text,
    monday: Option<&proto::Date>,
    starts_at: Option<&prost_types::Timestamp>,
    ends_at: Option<&prost_types::Timestamp>,
) -> String {
    let at = |at: Option<&prost_types::Timestamp>| {
        at.and_then(chassis::value::time).map(|at| at.to_offset(format::china()))
    };
    match (at(starts_at), at(ends_at)) {
        (Some(from), Some(until)) if from.date() == until.date() => {
            let clock = |at: OffsetDateTime| format!("{:02}:{:02}", at.hour(), at.minute());
            let hours = format!("{}–{}", clock(from), clock(until));
            t.three(key::SLOT, t.day(from.date()), hours, t.weekday(from.date()))
        }
        (Some(_), Some(_)) => t.two(key::DATE_SPAN, t.moment(starts_at), t.moment(ends_at)),
        _ => format::day(monday).map_or_else(|| t.say(key::UNSTATED), |monday| t.whole_week(monday)),
    }
}

/// Process and machine.
pub fn name(content: Option<&proto::capacity::OfferContent>) -> String {
    let content = content.cloned().unwrap_or_default();
    format!("{} {}", content.process, content.machine).trim().to_string()
}
