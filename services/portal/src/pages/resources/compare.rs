//! Two revisions of one resource side by side.

use std::collections::BTreeSet;

use axum::{extract::Query, response::Response};
use proto::resources::{CompareRevisionsRequest, Revision};
use serde::Deserialize;

use super::{back_to, resource, words};
use crate::{
    failure::Failure,
    i18n::{Text, key},
    order::Tag,
    page::Tab,
    session::Member,
    table::{Cell, Listing, Part, Row},
};

/// Which two.
#[derive(Deserialize)]
pub struct Pair {
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

/// The page.
pub async fn show(member: Member, Query(pair): Query<Pair>) -> Result<Response, Failure> {
    let t = member.text();
    let request = CompareRevisionsRequest { before_revision_id: pair.before, after_revision_id: pair.after };
    let mut client = member.app().api.resource_revisions();
    let found = client.compare_revisions(member.call(request)).await?.into_inner();
    let (before, after) = (found.before.unwrap_or_default(), found.after.unwrap_or_default());
    let one = resource(&member, &after.resource_id).await?;
    let differs = |field: &str, file: &str| {
        found.differences.iter().any(|found| found.field == field && found.file_name == file)
    };
    let fields = [
        ("change_note", key::REVISION_CHANGES, before.change_note.clone(), after.change_note.clone()),
        (
            "effective_date",
            key::REVISION_EFFECTIVE,
            t.wire_day(before.effective_date.as_ref()),
            t.wire_day(after.effective_date.as_ref()),
        ),
        ("location", key::REVISION_LOCATION, before.location.clone(), after.location.clone()),
    ];
    let mut rows: Vec<Row> = fields
        .into_iter()
        .map(|(field, label, old, new)| row(t, t.say(label), old, new, differs(field, "")))
        .collect();
    let files: BTreeSet<&String> = before.files.iter().chain(&after.files).map(|file| &file.name).collect();
    for file in files {
        let differs = differs("files", file);
        rows.push(row(t, file.clone(), content(t, &before, file), content(t, &after, file), differs));
    }
    let state = |one: &Revision| words::revision_state(t, one.state()).label;
    let column = |one: &Revision| t.two(key::COMPARE_COLUMN, &one.label, state(one));
    let columns = vec![t.say(key::COMPARE_WHAT), column(&before), column(&after), t.say(key::STATE)];
    let title = t.three(key::COMPARE_TITLE, &after.label, &before.label, words::name(t, &one));
    Ok(Listing::new(&member, Tab::Resources, title, Some(back_to(t, &one)))
        .part(Part::new(columns, rows, String::new()))
        .show())
}

fn row(t: &Text, what: String, before: String, after: String, differs: bool) -> Row {
    let (shape, label) = match differs {
        true => ("proposed", key::COMPARE_DIFFERENT),
        false => ("accepted", key::COMPARE_SAME),
    };
    let shown = |text: String| if text.is_empty() { t.say(key::UNSTATED) } else { text };
    let tag = Tag { shape, label: t.say(label) };
    vec![Cell::name(what), Cell::Text(shown(before)), Cell::Text(shown(after)), Cell::Tag(tag)]
}

/// A file's size and the beginning of its SHA-256; empty where the revision has no such file.
fn content(t: &Text, revision: &Revision, name: &str) -> String {
    let file = revision.files.iter().find(|file| file.name == name);
    file.map_or_else(String::new, |file| {
        let hash = hex::encode(file.sha256.get(..6).unwrap_or(&file.sha256));
        t.two(key::COMPARE_FILE, hash, words::file(t, file))
    })
}
