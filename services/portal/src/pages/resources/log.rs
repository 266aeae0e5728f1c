//! Who looked at what of the own firm's resources; on a page, and as a table to save.

use axum::{body::Body, extract::Query, response::Response};
use futures::{StreamExt as _, TryStreamExt as _};
use proto::{
    access::Permission,
    resources::{AccessEntry, AccessFilter, ExportAccessRequest, ListAccessRequest},
};
use serde::Deserialize;

use super::{OPEN, Place, ROWS, listing, needs, words};
use crate::{
    download::{self, Saves},
    failure::Failure,
    i18n::{Key, Text, key},
    page::link,
    rows,
    session::Member,
    table::{Cell, Part, Row},
};

const LIST: &str = "/resources/access";

/// Of which resource; empty: of all.
#[derive(Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    resource: String,
    #[serde(default)]
    page: String,
}

impl Wish {
    fn filter(&self) -> Option<AccessFilter> {
        Some(AccessFilter { resource_id: self.resource.clone(), ..AccessFilter::default() })
    }
}

/// Entries, the newest first.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let t = member.text();
    let request = ListAccessRequest { filter: wish.filter(), page_size: ROWS, page_token: wish.page.clone() };
    let list = member.app().api.resource_access().list_access(member.call(request)).await?.into_inner();
    let columns = [key::FIRM, key::ACCESS_KIND, key::RESOURCE, key::ACCESS_WHO, key::ACCESS_AT];
    let rows = list.entries.iter().map(|one| row(t, one)).collect();
    let part = Part::new(columns.map(|label| t.say(label)).into(), rows, t.say(key::ACCESS_EMPTY));
    let of = [("resource", wish.resource.as_str())];
    Ok(listing(&member, Place::Access)
        .live("access")
        .lead(t.say(key::RESOURCES_ACCESS_BODY))
        .button(link("/resources/access/export", &of), t.say(key::ACCESS_EXPORT))
        .part(part.next(LIST, &of, &list.next_page_token))
        .show())
}

fn row(t: &Text, one: &AccessEntry) -> Row {
    let about = match (one.resource_name.as_str(), one.revision_label.as_str()) {
        (name, "") => name.to_owned(),
        (name, label) => t.two(key::ACCESS_ABOUT, label, name),
    };
    vec![
        Cell::Name {
            text: if one.firm_name.is_empty() { t.say(key::SHARE_CLUSTER) } else { one.firm_name.clone() },
            href: match one.resource_id.as_str() {
                "" => String::new(),
                id => format!("{OPEN}/{id}"),
            },
            sub: String::new(),
        },
        Cell::Text(words::access(t, one.kind())),
        Cell::Text(about),
        Cell::Text(one.actor_name.clone()),
        Cell::Text(t.moment(one.at.as_ref())),
    ]
}

/// The columns of the table, in their order.
const COLUMNS: [Key<0>; 9] = [
    key::ACCESS_AT,
    key::FIRM,
    key::ACCESS_WHO,
    key::ACCESS_KIND,
    key::RESOURCE_NUMBER,
    key::RESOURCE,
    key::RESOURCE_REVISION,
    key::ACCESS_FILE,
    key::ACCESS_BYTES,
];

fn cells(t: &Text, one: &AccessEntry) -> Vec<String> {
    vec![
        t.moment(one.at.as_ref()),
        one.firm_name.clone(),
        one.actor_name.clone(),
        words::access(t, one.kind()),
        one.resource_number.clone(),
        one.resource_name.clone(),
        one.revision_label.clone(),
        one.file_name.clone(),
        if one.sent_bytes == 0 { String::new() } else { one.sent_bytes.to_string() },
    ]
}

/// All entries, the oldest first; as they come, so that a long log needs no room here.
pub async fn export(member: Member, _: Saves, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let t = member.text().clone();
    let request = ExportAccessRequest { filter: wish.filter() };
    let entries =
        member.app().api.resource_access().export_access(member.call_patiently(request)).await?.into_inner();
    let header = rows::write(&COLUMNS.map(|label| t.say(label)), std::iter::empty());
    let lines = entries.map_ok(move |one| rows::line(&cells(&t, &one)));
    let all = futures::stream::iter([Ok(header)]).chain(lines);
    Ok(download::file("access.csv", "text/csv; charset=utf-8", Body::from_stream(all)))
}
