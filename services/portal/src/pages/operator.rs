//! The pages of whoever runs the platform: firms, what is done to them and why. No orders, no prices, no drawings.

pub mod act;
pub mod announcements;
pub mod firms;

use std::sync::Arc;

use axum::{
    Router,
    extract::Query,
    response::Response,
    routing::{get, post},
};
use proto::{
    notices::ListDeliveryHealthRequest,
    partners::{ListOperatorActionsRequest, ListWebhookHealthRequest},
};

use crate::{
    App,
    ask::Way,
    failure::Failure,
    i18n::{Lang, Text, key},
    page::Tab,
    pages::{
        firm::{Place, acts},
        settings::channels::medium_name,
    },
    saved::file_of,
    session::Member,
    table::{Cell, Listing, Part},
};

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/operator/firms", get(firms::show))
        .route("/operator/firms/export", file_of(firms::show))
        .route("/operator/firms/new", get(firms::new).post(firms::create))
        .route("/operator/firms/{id}", get(firms::firm))
        .route("/operator/firms/{id}/{act}", get(act::form).post(act::send))
        .route("/operator/actions", get(actions))
        .route("/operator/actions/export", file_of(actions))
        .route("/operator/webhooks", get(webhooks))
        .route("/operator/webhooks/export", file_of(webhooks))
        .route("/operator/notices", get(notices))
        .route("/operator/notices/export", file_of(notices))
        .route("/operator/announcements", get(announcements::show))
        .route("/operator/announcements/export", file_of(announcements::show))
        .route("/operator/announcements/new", get(announcements::new).post(announcements::publish))
        .route("/operator/announcements/{id}", get(announcements::form).post(announcements::change))
        .route("/operator/announcements/{id}/withdraw/{etag}", post(announcements::withdraw))
}

/// The way back to all firms.
fn back(t: &Text) -> Way {
    Way { href: "/operator/firms".into(), label: t.say(key::NAV_FIRMS) }
}

/// Firms whose webhooks are not accepted, ended or paused.
async fn webhooks(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let request = ListWebhookHealthRequest { page_size: member.rows(50), page_token: place.page };
    let list = member.app().api.operator().list_webhook_health(member.call(request)).await?.into_inner();
    let count = |count: i32| Cell::Text(if count == 0 { String::new() } else { count.to_string() });
    let rows = list.firms.into_iter().map(|one| {
        let english = t.lang == Lang::En && !one.firm_name_en.is_empty();
        let name = if english { one.firm_name_en } else { one.firm_name };
        let since = one.since.map(|since| t.moment(Some(&since))).unwrap_or_default();
        vec![
            Cell::link(name, format!("/operator/firms/{}", one.firm_id)),
            count(one.failing),
            count(one.ended),
            count(one.paused),
            Cell::Text(since),
        ]
    });
    let columns =
        [key::FIRM, key::WEBHOOKS_FAILING, key::WEBHOOKS_ENDED, key::WEBHOOKS_PAUSED, key::WEBHOOKS_SINCE];
    let part = Part::new(columns.map(|label| t.say(label)).into(), rows.collect(), t.say(key::WEBHOOKS_WELL));
    Ok(Listing::new(&member, Tab::Firms, t.say(key::WEBHOOKS_HEALTH), Some(back(t)))
        .live("untold")
        .lead(t.say(key::WEBHOOKS_HEALTH_BODY))
        .part(part.next("/operator/webhooks", &[], &list.next_page_token))
        .saved()
        .show())
}

/// Firms that mail or a group's robot tells nothing of late.
async fn notices(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let request = ListDeliveryHealthRequest { page_size: member.rows(50), page_token: place.page };
    let list = member.app().api.notices().list_delivery_health(member.call(request)).await?.into_inner();
    let rows = list.firms.into_iter().map(|one| {
        let medium = medium_name(t, one.medium());
        let english = t.lang == Lang::En && !one.firm_name_en.is_empty();
        let name = if english { one.firm_name_en } else { one.firm_name };
        vec![
            Cell::link(name, format!("/operator/firms/{}", one.firm_id)),
            Cell::Text(medium),
            Cell::Text(one.channels.to_string()),
            Cell::Text(one.failed.to_string()),
            Cell::Text(t.moment(one.since.as_ref())),
            Cell::Code(one.failure),
        ]
    });
    let columns =
        [key::FIRM, key::MEDIUM, key::CHANNELS, key::NOTICES_UNTAKEN, key::WEBHOOKS_SINCE, key::SAVE_FAILURE];
    let part = Part::new(columns.map(|label| t.say(label)).into(), rows.collect(), t.say(key::NOTICES_WELL));
    Ok(Listing::new(&member, Tab::Firms, t.say(key::NOTICES_HEALTH), Some(back(t)))
        .live("untold")
        .lead(t.say(key::NOTICES_HEALTH_BODY))
        .part(part.next("/operator/notices", &[], &list.next_page_token))
        .saved()
        .show())
}

/// What the operator did, the newest first.
async fn actions(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let request = ListOperatorActionsRequest {
        page_size: member.rows(50),
        page_token: place.page,
        firm_id: String::new(),
    };
    let list = member.app().api.operator().list_operator_actions(member.call(request)).await?.into_inner();
    let part = acts::part(t, &list.actions, true).next("/operator/actions", &[], &list.next_page_token);
    Ok(Listing::new(&member, Tab::Firms, t.say(key::ACTS), Some(back(t)))
        .live("operator untold")
        .lead(t.say(key::ACTS_BODY))
        .part(part)
        .saved()
        .show())
}
