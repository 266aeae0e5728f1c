//! What a firm sets up once and looks at now and then: one page that leads to all of it.

pub mod calendar;
pub mod channels;
pub mod keys;
pub mod partner;
pub mod score;
pub mod terms;
pub mod tolerances;

use askama::Template;
use axum::response::Response;
use proto::access::Permission;

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
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
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    t: Text,
    ways: Vec<Way>,
}

/// What there is to set up, as far as the roles allow.
pub async fn show(member: Member) -> Result<Response, Failure> {
    let t = member.text().clone();
    let all = [
        (Permission::PartnersRead, "/partners", key::NAV_PARTNERS, key::SETTINGS_PARTNERS),
        (Permission::OrdersRead, "/calendar", key::CALENDAR, key::SETTINGS_CALENDAR),
        (Permission::MembersAdmin, "/channels", key::CHANNELS, key::SETTINGS_CHANNELS),
        (Permission::MembersAdmin, "/members", key::NAV_MEMBERS, key::SETTINGS_MEMBERS),
        (Permission::MembersAdmin, "/keys", key::KEYS, key::SETTINGS_KEYS),
    ];
    let ways = all.into_iter().filter(|(permission, ..)| member.may(*permission));
    Ok(page::show(&SettingsPage {
        page: Page::member(&member, Tab::Settings).titled(t.say(key::NAV_SETTINGS)),
        ways: ways
            .map(|(_, href, label, body)| Way { href, label: t.say(label), body: t.say(body) })
            .collect(),
        t,
    }))
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
