//! What a firm sets up once and looks at now and then: one page that leads to all of it.

pub mod calendar;
pub mod channels;
pub mod evidence;
pub mod general;
pub mod keys;
pub mod partner;
pub mod score;
pub mod terms;
pub mod tolerances;
pub mod webhooks;

use askama::Template;
use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    notices::ListChannelsRequest,
    partners::{ListAliasesRequest, ListApiKeysRequest, ListPurchasingGroupsRequest, ListSitesRequest},
    stream::ListWebhooksRequest,
};
use serde::Deserialize;

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab},
    session::Member,
};

/// A thing that is wrong with a form: the field that it leads to, and what to do.
pub struct Fault {
    pub href: String,
    pub text: String,
}

impl Fault {
    fn new(id: &str, text: String) -> Self {
        Self { href: format!("#{id}"), text }
    }

    /// What the API says of the fields of a form, each by its label; the whole sentence where none is known.
    fn of(failure: &Failure, t: &Text, labels: &[(&str, &str, Key<0>)]) -> Vec<Self> {
        let known = failure.fields.iter().filter_map(|(path, _)| {
            let (_, id, label) = labels.iter().find(|(prefix, ..)| path.starts_with(prefix))?;
            Some(Fault::new(id, t.one(key::FAULT_FIELD, t.say(label))))
        });
        let mut faults: Vec<Self> = known.collect();
        faults.dedup_by(|one, other| one.href == other.href);
        if faults.is_empty() {
            faults.push(Fault::new("form", failure.sentence(t)));
        }
        faults
    }
}

/// A box to tick.
pub struct Tick {
    pub value: String,
    pub label: String,
    pub on: bool,
}

/// A way to another page, with what it is for.
struct Way {
    href: &'static str,
    label: String,
    body: String,
    /// Whether anything is set up there; `None` where that says nothing.
    tag: Option<Tag>,
}

/// Ways that belong together.
struct Group {
    title: String,
    ways: Vec<Way>,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    t: Text,
    groups: Vec<Group>,
    done: String,
}

/// What was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    done: String,
}

/// Title; then permission, address, label and what it is for.
type Section = (Key<0>, &'static [(Permission, &'static str, Key<0>, Key<0>)]);

const SECTIONS: [Section; 4] = [
    (
        key::SETTINGS_TRADE,
        &[
            (Permission::PartnersRead, "/partners", key::NAV_PARTNERS, key::SETTINGS_PARTNERS),
            (Permission::PartnersWrite, "/terms", key::TERMS_ALL, key::SETTINGS_TERMS),
            (Permission::OrdersRead, "/calendar", key::CALENDAR, key::SETTINGS_CALENDAR),
            (Permission::PartnersRead, "/clusters", key::CLUSTERS, key::SETTINGS_CLUSTERS),
        ],
    ),
    (
        key::SETTINGS_TOLD,
        &[
            (Permission::MembersAdmin, "/channels", key::CHANNELS, key::SETTINGS_CHANNELS),
            (Permission::MembersAdmin, "/keys", key::KEYS, key::SETTINGS_KEYS),
            (Permission::MembersAdmin, "/webhooks", key::WEBHOOKS, key::SETTINGS_WEBHOOKS),
            (Permission::PartnersRead, "/aliases", key::ALIASES, key::SETTINGS_ALIASES),
        ],
    ),
    (
        key::SETTINGS_OWN,
        &[
            (Permission::MembersAdmin, "/members", key::NAV_MEMBERS, key::SETTINGS_MEMBERS),
            (Permission::PartnersRead, "/sites", key::SITES, key::SETTINGS_SITES),
            (Permission::PartnersRead, "/purchasing-groups", key::GROUPS, key::SETTINGS_GROUPS),
        ],
    ),
    (
        key::SETTINGS_PLATFORM,
        &[
            (Permission::Operate, "/operator/firms", key::NAV_FIRMS, key::SETTINGS_FIRMS),
            (Permission::PartnersRead, "/platform-actions", key::ACTS_OWN, key::SETTINGS_ACTS),
        ],
    ),
];

/// What there is to set up, as far as the roles allow.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text().clone();
    let begun = begun(&member).await;
    let group = |(title, ways): &Section| {
        let ways = ways.iter().filter(|(permission, ..)| member.may(*permission));
        let way = |(_, href, label, body): &(Permission, &'static str, Key<0>, Key<0>)| Way {
            href,
            label: t.say(label),
            body: t.say(body),
            tag: begun.iter().find(|(path, _)| path == href).map(|(_, begun)| match begun {
                true => Tag { shape: "accepted", label: t.say(key::SETTINGS_DONE) },
                // Nothing is amiss: most firms need only some of it.
                false => Tag { shape: "cancelled", label: t.say(key::SETTINGS_NONE) },
            }),
        };
        Group { title: t.say(title), ways: ways.map(way).collect() }
    };
    let groups: Vec<Group> = SECTIONS.iter().map(group).filter(|group| !group.ways.is_empty()).collect();
    Ok(page::show(&SettingsPage {
        page: Page::member(&member, Tab::Settings).titled(t.say(key::NAV_SETTINGS)),
        done: if place.done == "terms" { t.say(key::DONE_TERMS) } else { String::new() },
        groups,
        t,
    }))
}

/// Where anything is set up already, of what the member may see. What cannot be found out now is left out: the page
/// leads on all the same.
async fn begun(member: &Member) -> Vec<(&'static str, bool)> {
    let api = &member.app().api;
    let (mut notices, mut members, mut firms) = (api.notices(), api.members(), api.firms());
    let (mut groups, mut aliases, mut hooks) = (api.groups(), api.aliases(), api.webhooks());
    let one = 1;
    let (channels, keys, sites, groups, aliases, webhooks) = tokio::join!(
        notices.list_channels(member.call(ListChannelsRequest { page_size: one, ..Default::default() })),
        members.list_api_keys(member.call(ListApiKeysRequest { page_size: one, ..Default::default() })),
        firms.list_sites(member.call(ListSitesRequest { page_size: one, ..Default::default() })),
        groups.list_purchasing_groups(
            member.call(ListPurchasingGroupsRequest { page_size: one, ..Default::default() })
        ),
        aliases.list_aliases(member.call(ListAliasesRequest { page_size: one, ..Default::default() })),
        hooks.list_webhooks(member.call(ListWebhooksRequest { page_size: one, ..Default::default() })),
    );
    let all = [
        ("/channels", channels.ok().map(|list| !list.get_ref().channels.is_empty())),
        ("/keys", keys.ok().map(|list| !list.get_ref().api_keys.is_empty())),
        ("/sites", sites.ok().map(|list| !list.get_ref().sites.is_empty())),
        ("/purchasing-groups", groups.ok().map(|list| !list.get_ref().groups.is_empty())),
        ("/webhooks", webhooks.ok().map(|list| !list.get_ref().webhooks.is_empty())),
        ("/aliases", aliases.ok().map(|list| !list.get_ref().aliases.is_empty())),
    ];
    all.into_iter().filter_map(|(path, begun)| Some((path, begun?))).collect()
}

/// A number of days as people type it; `None` for nothing.
fn days(text: &str) -> Result<Option<i32>, ()> {
    match text {
        "" => Ok(None),
        text => {
            let value = crate::typed::quantity(text).ok_or(())?;
            i32::try_from(value).map(Some).map_err(|_| ()).and_then(|days| match value.fract().is_zero() {
                true => Ok(days),
                false => Err(()),
            })
        }
    }
}

/// The roles that are ticked in a form.
fn roles(fields: &Fields) -> Vec<i32> {
    fields.all("role").filter_map(|role| role.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole() {
        assert_eq!(days(""), Ok(None));
        assert_eq!(days("３"), Ok(Some(3)));
        assert_eq!(days("250"), Ok(Some(250)));
        for bad in ["1.5", "-1", "x", "99999999999"] {
            assert_eq!(days(bad), Err(()), "{bad}");
        }
    }
}
