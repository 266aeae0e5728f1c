//! Help: what each place is for, what to do first there, and what its words mean, in plain sentences.
//!
//! Every page leads to what is said of it, by [`about()`], or else of its place.

mod about;

use askama::Template;
use axum::response::Response;
use proto::access::Permission;

use crate::{
    failure::Failure,
    i18n::{Key, Text, key},
    page::{self, Page, Tab},
    session::Visitor,
};

pub use about::about;

/// What is said of one thing.
struct Topic {
    /// Where it stands on the page.
    id: &'static str,
    title: Key<0>,
    body: &'static [Key<0>],
}

const fn topic(id: &'static str, title: Key<0>, body: &'static [Key<0>]) -> Topic {
    Topic { id, title, body }
}

/// In the order of the page.
const TOPICS: &[Topic] = &[
    topic("start", key::HELP_START, &[key::HELP_START_FOR, key::HELP_START_FIRST]),
    topic("inbox", key::NAV_INBOX, &[key::HELP_INBOX_FOR, key::HELP_INBOX_FIRST, key::HELP_INBOX_WORDS]),
    topic(ANSWER, key::HELP_ANSWER, &[key::HELP_ANSWER_BODY]),
    topic("change", key::HELP_CHANGE, &[key::HELP_CHANGE_BODY]),
    topic("sheet", key::HELP_SHEET, &[key::HELP_SHEET_BODY]),
    topic("bulk", key::HELP_BULK, &[key::HELP_BULK_FOR, key::HELP_BULK_FIRST]),
    topic("despatch", key::HELP_DESPATCH, &[key::HELP_DESPATCH_BODY]),
    topic(
        "purchases",
        key::NAV_PURCHASES,
        &[
            key::HELP_PURCHASES_FOR,
            key::HELP_PURCHASES_FIRST,
            key::HELP_PURCHASES_TABLES,
            key::HELP_PURCHASES_WORDS,
        ],
    ),
    topic("new-order", key::NEW_ORDER, &[key::HELP_NEW_ORDER_FOR, key::HELP_NEW_ORDER_FIRST]),
    topic("changes", key::HELP_CHANGES, &[key::HELP_CHANGES_FOR, key::HELP_CHANGES_FIRST]),
    topic("change-sheets", key::CHANGES_TITLE, &[key::HELP_CHANGE_SHEETS_FOR, key::HELP_CHANGE_SHEETS_FIRST]),
    topic("handover", key::HELP_HANDOVER, &[key::HELP_HANDOVER_FOR, key::HELP_HANDOVER_FIRST]),
    topic("reminders", key::REMINDERS, &[key::HELP_REMINDERS_FOR, key::HELP_REMINDERS_FIRST]),
    topic(
        "proposals",
        key::NAV_PROPOSALS,
        &[key::HELP_PROPOSALS_FOR, key::HELP_PROPOSALS_FIRST, key::HELP_PROPOSALS_WORDS],
    ),
    topic(
        "at-risk",
        key::NAV_AT_RISK,
        &[key::HELP_AT_RISK_FOR, key::HELP_AT_RISK_FIRST, key::HELP_AT_RISK_WORDS],
    ),
    topic(
        "capacity",
        key::NAV_CAPACITY,
        &[key::HELP_CAPACITY_FOR, key::HELP_CAPACITY_FIRST, key::HELP_CAPACITY_WORDS],
    ),
    topic("groups", key::HELP_GROUPS, &[key::HELP_GROUPS_FOR, key::HELP_GROUPS_FIRST]),
    topic("demand", key::DEMAND_TITLE, &[key::HELP_DEMAND_FOR, key::HELP_DEMAND_FIRST]),
    topic("requests", key::NEEDS, &[key::HELP_REQUESTS_FOR, key::HELP_REQUESTS_FIRST]),
    topic("offers", key::OFFERS, &[key::HELP_OFFERS_FOR, key::HELP_OFFERS_FIRST]),
    topic("reservations", key::RESERVATIONS, &[key::HELP_RESERVATIONS_FOR, key::HELP_RESERVATIONS_FIRST]),
    topic("profile", key::PROFILE, &[key::HELP_PROFILE_FOR, key::HELP_PROFILE_FIRST]),
    topic("disclosure", key::POLICY_TITLE, &[key::HELP_DISCLOSURE_FOR, key::HELP_DISCLOSURE_FIRST]),
    topic("payloads", key::PAYLOADS, &[key::HELP_PAYLOADS_FOR, key::HELP_PAYLOADS_FIRST]),
    topic(
        "resources",
        key::NAV_RESOURCES,
        &[key::HELP_RESOURCES_FOR, key::HELP_RESOURCES_FIRST, key::HELP_RESOURCES_WORDS],
    ),
    topic("acknowledge", key::RESOURCES_WAITING, &[key::HELP_ACKNOWLEDGE_FOR, key::HELP_ACKNOWLEDGE_FIRST]),
    topic("own", key::RESOURCES_OWN, &[key::HELP_OWN_FOR, key::HELP_OWN_FIRST]),
    topic("access", key::RESOURCES_ENTITLED, &[key::HELP_ACCESS_FOR, key::HELP_ACCESS_FIRST]),
    topic("following", key::RESOURCES_FOLLOWING, &[key::HELP_FOLLOWING_FOR, key::HELP_FOLLOWING_FIRST]),
    topic("impact", key::HELP_IMPACT, &[key::HELP_IMPACT_FOR, key::HELP_IMPACT_FIRST]),
    topic(
        "partners",
        key::NAV_PARTNERS,
        &[key::HELP_PARTNERS_FOR, key::HELP_PARTNERS_FIRST, key::HELP_PARTNERS_WORDS],
    ),
    topic("invite", key::INVITE_ONE, &[key::HELP_INVITE_FOR, key::HELP_INVITE_FIRST]),
    topic("score", key::HELP_SCORE, &[key::HELP_SCORE_FOR, key::HELP_SCORE_FIRST]),
    topic(
        "members",
        key::NAV_MEMBERS,
        &[key::HELP_MEMBERS_FOR, key::HELP_MEMBERS_FIRST, key::HELP_MEMBERS_WORDS],
    ),
    topic(
        "settings",
        key::NAV_SETTINGS,
        &[key::HELP_SETTINGS_FOR, key::HELP_SETTINGS_FIRST, key::HELP_SETTINGS_WORDS],
    ),
    topic("terms", key::TERMS_ALL, &[key::HELP_TERMS_FOR, key::HELP_TERMS_FIRST]),
    topic("calendar", key::CALENDAR, &[key::HELP_CALENDAR_FOR, key::HELP_CALENDAR_FIRST]),
    topic("channels", key::CHANNELS, &[key::HELP_CHANNELS_FOR, key::HELP_CHANNELS_FIRST]),
    topic("keys", key::KEYS, &[key::HELP_KEYS_FOR, key::HELP_KEYS_FIRST]),
    topic("webhooks", key::WEBHOOKS, &[key::HELP_WEBHOOKS_FOR, key::HELP_WEBHOOKS_FIRST]),
    topic("aliases", key::ALIASES, &[key::HELP_ALIASES_FOR, key::HELP_ALIASES_FIRST]),
    topic("sites", key::SITES, &[key::HELP_SITES_FOR, key::HELP_SITES_FIRST]),
    topic(
        "purchasing-groups",
        key::GROUPS,
        &[key::HELP_PURCHASING_GROUPS_FOR, key::HELP_PURCHASING_GROUPS_FIRST],
    ),
    topic("clusters", key::CLUSTERS, &[key::HELP_CLUSTERS_FOR, key::HELP_CLUSTERS_FIRST]),
    topic(
        "platform-actions",
        key::ACTS_OWN,
        &[key::HELP_PLATFORM_ACTIONS_FOR, key::HELP_PLATFORM_ACTIONS_FIRST],
    ),
    topic(FIRMS, key::NAV_FIRMS, &[key::HELP_FIRMS_FOR, key::HELP_FIRMS_FIRST, key::HELP_FIRMS_WORDS]),
    topic("announcements", key::ANNOUNCEMENTS, &[key::HELP_ANNOUNCEMENTS_FOR, key::HELP_ANNOUNCEMENTS_FIRST]),
    topic("deliveries", key::HELP_DELIVERIES, &[key::HELP_DELIVERIES_FOR, key::HELP_DELIVERIES_FIRST]),
    topic("actions", key::ACTS, &[key::HELP_ACTIONS_FOR, key::HELP_ACTIONS_FIRST]),
    topic("search", key::NAV_SEARCH, &[key::HELP_SEARCH_FOR, key::HELP_SEARCH_FIRST, key::HELP_SEARCH_WORDS]),
    topic("invitation", key::HELP_INVITATION, &[key::HELP_INVITATION_FOR, key::HELP_INVITATION_FIRST]),
    topic("live", key::HELP_LIVE, &[key::HELP_LIVE_BODY]),
    topic("sign-in", key::HELP_SIGN_IN, &[key::HELP_SIGN_IN_BODY]),
    topic("code", key::HELP_CODE, &[key::HELP_CODE_BODY]),
];

/// The topic of what a supplier does first, which may be practised.
const ANSWER: &str = "answer";
/// The first topic of those who run the platform.
const FIRMS: &str = "firms";
/// Theirs; nobody else has use for them.
const OPERATING: [&str; 4] = [FIRMS, "announcements", "deliveries", "actions"];

/// A topic as people read it.
struct Section {
    id: &'static str,
    title: String,
    body: Vec<String>,
    /// Whether an order may be practised with, which it is about.
    practises: bool,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    page: Page,
    t: Text,
    sections: Vec<Section>,
}

/// One page for everybody.
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let (page, operates, answers) = match visitor.token {
        Some(_) => {
            let member = visitor.member().await?;
            let may = |permission| member.may(permission);
            (Page::member(&member, Tab::Help), may(Permission::Operate), may(Permission::OrdersRespond))
        }
        None => (Page::visitor(&visitor), false, false),
    };
    let t = page.t.clone();
    let section = |topic: &Topic| Section {
        id: topic.id,
        title: t.say(topic.title),
        body: topic.body.iter().map(|text| t.say(text)).collect(),
        practises: answers && topic.id == ANSWER,
    };
    let topics = TOPICS.iter().filter(|topic| operates || !OPERATING.contains(&topic.id));
    let sections = topics.map(section).collect();
    Ok(page::show(&HelpPage { page: page.titled(t.say(key::NAV_HELP)), sections, t }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_has_its_section() {
        let ids: BTreeSet<&str> = TOPICS.iter().map(|topic| topic.id).collect();
        assert_eq!(ids.len(), TOPICS.len(), "each once");
        for (at, tab) in Tab::ALL.into_iter().enumerate() {
            assert_eq!(tab as usize, at, "all places are looked at");
            let id = tab.help().strip_prefix("/help#").unwrap();
            assert!(ids.contains(id), "{tab:?} leads to {id}");
            let topic = TOPICS.iter().find(|topic| topic.id == id).unwrap();
            // Failures and help itself are no places to work at.
            let parts = if [Tab::None, Tab::Help].contains(&tab) { 1 } else { 3 };
            assert!(topic.body.len() >= parts, "{tab:?}: what for, what first, what words");
        }
        assert_eq!(Tab::ALL.len(), Tab::Help as usize + 1, "help is the last place");
        for (start, topic) in about::TOPICS {
            let id = topic.strip_prefix("/help#").unwrap();
            assert!(ids.contains(id), "{start} leads to {id}");
        }
    }
}
