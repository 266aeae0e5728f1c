//! What the operator of the platform did, as the firm concerned reads it and as the operator does.

use axum::{extract::Query, response::Response};
use proto::partners::{ListActionsOnOwnFirmRequest, OperatorAction, OperatorActionKind};

use crate::{
    failure::Failure,
    i18n::{Key, Text, key},
    page::Tab,
    pages::firm::{Place, settings},
    session::Member,
    table::{Cell, Listing, Part, Row},
};

/// What was done to the own firm, the newest first.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let request = ListActionsOnOwnFirmRequest { page_size: member.rows(50), page_token: place.page };
    let list = member.app().api.operator().list_actions_on_own_firm(member.call(request)).await?.into_inner();
    let part = part(t, &list.actions, false).next("/platform-actions", &[], &list.next_page_token);
    Ok(Listing::new(&member, Tab::Settings, t.say(key::ACTS_OWN), Some(settings(t)))
        .live("firm untold")
        .lead(t.say(key::ACTS_OWN_BODY))
        .part(part)
        .saved()
        .show())
}

/// A table of acts; with the firms that they were done to, where that is not clear.
pub fn part(t: &Text, actions: &[OperatorAction], firms: bool) -> Part {
    let rows = actions.iter().map(|action| {
        let mut row: Row = vec![
            Cell::Name { text: t.say(kind(action.kind())), href: String::new(), sub: action.note.clone() },
            Cell::Text(action.actor_name.clone()),
            Cell::Text(t.moment(action.at.as_ref())),
        ];
        if firms {
            row.insert(1, Cell::Text(action.firm_name.clone()));
        }
        row
    });
    let mut columns = vec![t.say(key::ACT), t.say(key::ACT_BY), t.say(key::ACT_AT)];
    if firms {
        columns.insert(1, t.say(key::FIRM));
    }
    Part::new(columns, rows.collect(), t.say(key::ACTS_EMPTY))
}

fn kind(kind: OperatorActionKind) -> Key<0> {
    match kind {
        OperatorActionKind::Verify => key::ACT_VERIFIED,
        OperatorActionKind::Unverify => key::ACT_UNVERIFIED,
        OperatorActionKind::Suspend => key::ACT_SUSPENDED,
        OperatorActionKind::Reinstate => key::ACT_REINSTATED,
        OperatorActionKind::Merge => key::ACT_MERGED,
        OperatorActionKind::ResetAdmin => key::ACT_RESET_ADMIN,
        OperatorActionKind::Unspecified => key::ACT_OTHER,
    }
}
