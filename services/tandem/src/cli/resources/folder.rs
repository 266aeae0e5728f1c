//! A folder that a PLM has exported: each file's name says of which resource and revision it is. What is there already, by its
//! hash, does not go twice, so that the same command given again goes on; and one file that is faulty stops no other.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use proto::resources::{
    CreateRevisionRequest, ListRevisionsRequest, PublishResourceRequest, ReleaseRevisionRequest, Revision,
    RevisionState,
};
use serde_json::{Value, json};

use super::{PublishArgs, find, publish_request, request_id};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    files,
    output::{short, table, table_text},
};

/// What a file's name says, as a pattern such as `{number}_{revision}`: both once, `*` for whatever else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Number,
    Revision,
    Any,
    Text(String),
}

impl Pattern {
    /// # Errors
    /// Says what a pattern needs.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let known = [("{number}", Piece::Number), ("{revision}", Piece::Revision), ("*", Piece::Any)];
            let found = known.into_iter().find_map(|(name, piece)| Some((piece, rest.strip_prefix(name)?)));
            let (piece, after) = match found {
                Some(found) => found,
                None => (Piece::Text(first.to_string()), rest.get(first.len_utf8()..).unwrap_or_default()),
            };
            match (pieces.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => pieces.push(piece),
            }
            rest = after;
        }
        let once = |piece| pieces.iter().filter(|one| **one == piece).count() == 1;
        match once(Piece::Number) && once(Piece::Revision) {
            true => Ok(Pattern(pieces)),
            false => Err("must have {number} and {revision} once each, such as {number}_{revision}".into()),
        }
    }

    /// Number and revision of a name without its end; of several ways, the one with the longest parts on the left.
    fn read(&self, stem: &str) -> Option<(String, String)> {
        let mut found = (String::new(), String::new());
        fits(&self.0, stem, &mut found).then_some(found)
    }
}

fn fits(pieces: &[Piece], text: &str, found: &mut (String, String)) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    if let Piece::Text(wanted) = first {
        return text.strip_prefix(wanted.as_str()).is_some_and(|text| fits(rest, text, found));
    }
    let least = usize::from(*first != Piece::Any);
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut ends: Vec<usize> = ends.filter(|at| *at >= least).collect();
    ends.reverse();
    ends.into_iter().any(|at| {
        let (taken, text) = text.split_at(at);
        match first {
            Piece::Number => taken.clone_into(&mut found.0),
            Piece::Revision => taken.clone_into(&mut found.1),
            Piece::Any | Piece::Text(_) => {}
        }
        fits(rest, text, found)
    })
}

/// A file, and what became of it.
struct Line {
    path: PathBuf,
    name: String,
    number: String,
    revision: String,
    sha256: Vec<u8>,
    outcome: Outcome,
}

enum Outcome {
    Uploaded,
    There,
    /// Of a trial run.
    WouldUpload,
    Failed(Failure),
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Uploaded => "uploaded",
            Outcome::There => "there",
            Outcome::WouldUpload => "would-upload",
            Outcome::Failed(_) => "failed",
        }
    }
}

/// Files of one revision.
type Group = Vec<Line>;
/// All of them, by number, and by label where shorter ones come first.
type Groups = BTreeMap<(String, (usize, String)), Group>;

/// Publishes a folder; how the worst of its files ended.
pub(super) async fn publish(args: &PublishArgs, folder: &Path, session: &Session) -> Result<Exit, Failure> {
    let (groups, unmatched) = read(folder, &args.pattern)?;
    let mut worst = Exit::Ok;
    let mut rows = table(&["FILE", "NUMBER", "REVISION", "OUTCOME", "STATE", "WHY"]);
    let mut say = |lines: &[Line], state: &str| -> Result<(), Failure> {
        for line in lines {
            let fault = match &line.outcome {
                Outcome::Failed(failure) => Some(failure),
                _ => None,
            };
            worst = worst.max(fault.map_or(Exit::Ok, |failure| failure.exit));
            match session.out.json() {
                true => session.out.value(&line_json(line, state, fault))?,
                false => {
                    let why = fault.map(why).unwrap_or_default();
                    let (number, revision) = (line.number.as_str(), line.revision.as_str());
                    rows.add_row([
                        line.name.as_str(),
                        number,
                        revision,
                        line.outcome.word(),
                        state,
                        why.as_str(),
                    ]);
                }
            }
        }
        Ok(())
    };
    say(&unmatched, "")?;
    for ((number, (_, label)), lines) in groups {
        let (lines, state) = one(args, &number, &label, lines, session).await;
        say(&lines, &state)?;
    }
    if !session.out.json() {
        session.out.line(&table_text(&rows))?;
    }
    Ok(worst)
}

/// What is wrong with the file itself says more than that something is.
fn why(failure: &Failure) -> String {
    failure.fields.first().map_or_else(|| failure.message.clone(), |field| field.description.clone())
}

fn line_json(line: &Line, state: &str, fault: Option<&Failure>) -> Value {
    let mut value = json!({
        "file": line.name,
        "number": line.number,
        "revision": line.revision,
        "sha256": hex::encode(&line.sha256),
        "outcome": line.outcome.word(),
        "state": state,
    });
    if let Some(failure) = fault {
        value["error"] = failure.json();
    }
    value
}

/// Files by number and revision, shorter labels first, so that 9 comes before 10 and Z before AA; and those whose names say
/// neither. Folders and hidden files are left out.
fn read(folder: &Path, pattern: &Pattern) -> Result<(Groups, Group), Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::local(Exit::Failed, format!("cannot read {}: {error}", folder.display()))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut groups, mut unmatched) = (Groups::new(), Group::new());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let said = pattern.read(stem);
        let matched = said.is_some();
        let (number, revision) = said.unwrap_or_default();
        let outcome = Outcome::Failed(
            Failure::local(Exit::Failed, "its name does not say of which number and revision it is")
                .advise("rename it, or say with --pattern how names are made"),
        );
        let line = Line { path, name, number, revision, sha256: Vec::new(), outcome };
        if matched {
            let label = (line.revision.chars().count(), line.revision.clone());
            groups.entry((line.number.clone(), label)).or_default().push(line);
        } else {
            unmatched.push(line);
        }
    }
    Ok((groups, unmatched))
}

/// What stands of a revision before anything is done.
struct Standing {
    resource_id: Option<String>,
    revision: Option<Revision>,
}

/// One revision with its files, and how it stands in the end.
async fn one(
    args: &PublishArgs,
    number: &str,
    label: &str,
    mut lines: Group,
    session: &Session,
) -> (Group, String) {
    for line in &mut lines {
        line.outcome = match hashed(line) {
            Ok(sha256) => {
                line.sha256 = sha256;
                Outcome::WouldUpload
            }
            Err(failure) => Outcome::Failed(failure),
        };
    }
    match through(args, number, label, &mut lines, session).await {
        Ok(state) => (lines, state),
        Err(failure) => {
            for line in lines.iter_mut().filter(|line| matches!(line.outcome, Outcome::WouldUpload)) {
                line.outcome = Outcome::Failed(failure.clone());
            }
            (lines, String::new())
        }
    }
}

/// The hash of a file that can become one of a revision.
fn hashed(line: &Line) -> Result<Vec<u8>, Failure> {
    let local = |message: String| Failure::local(Exit::Failed, message);
    resources::file::name(&line.name).map_err(|wrong| local(format!("its name {wrong}")))?;
    let size = line.path.metadata().map_err(|error| local(error.to_string()))?.len();
    if size == 0 {
        return Err(local("it is empty".into()));
    }
    files::hash(&line.path)
}

async fn through(
    args: &PublishArgs,
    number: &str,
    label: &str,
    lines: &mut Group,
    session: &Session,
) -> Result<String, Failure> {
    let standing = standing(number, label, session).await?;
    let known = standing.revision.as_ref().map(|one| one.files.clone()).unwrap_or_default();
    let there = |line: &Line| known.iter().any(|file| file.name == line.name && file.sha256 == line.sha256);
    for line in lines.iter_mut().filter(|line| matches!(line.outcome, Outcome::WouldUpload)) {
        if there(line) {
            line.outcome = Outcome::There;
        }
    }
    let state = standing.revision.as_ref().map_or(RevisionState::Unspecified, Revision::state);
    let wanted = |line: &Line| matches!(line.outcome, Outcome::WouldUpload);
    if matches!(state, RevisionState::Released | RevisionState::Superseded) {
        for line in lines.iter_mut().filter(|line| wanted(line)) {
            let message =
                format!("revision {label} of {number} is {} already, without this content", word(state));
            let advice = "give the content a revision of its own";
            line.outcome = Outcome::Failed(Failure::local(Exit::Refused, message).advise(advice));
        }
        return Ok(word(state));
    }
    if args.dry_run || !lines.iter().any(|line| wanted(line) || matches!(line.outcome, Outcome::There)) {
        return Ok(if standing.revision.is_some() { word(state) } else { String::new() });
    }
    let revision = draft(args, number, label, standing, session).await?;
    for line in lines.iter_mut() {
        if let Outcome::WouldUpload = line.outcome {
            let sent = files::put_one(session, &revision, &line.path, &line.name, &line.sha256).await;
            line.outcome = sent.map_or_else(Outcome::Failed, |_| Outcome::Uploaded);
        }
    }
    // A revision that lacks a file is for nobody.
    if args.draft || lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_))) {
        return Ok(word(RevisionState::Draft));
    }
    let request =
        ReleaseRevisionRequest { request_id: request_id(), revision_id: revision, ..Default::default() };
    let released = session.connection.revisions().release_revision(request).await;
    Ok(word(released.map_err(|status| session.refused(&status))?.into_inner().state()))
}

fn word(state: RevisionState) -> String {
    short(state.as_str_name(), "REVISION_STATE_").to_lowercase()
}

async fn standing(number: &str, label: &str, session: &Session) -> Result<Standing, Failure> {
    let resource_id = match find(number, session).await {
        Ok(resource) => resource.id,
        Err(failure) if failure.code == "NOT_FOUND" => {
            return Ok(Standing { resource_id: None, revision: None });
        }
        Err(failure) => return Err(failure),
    };
    let request =
        ListRevisionsRequest { resource_id: resource_id.clone(), page_size: 1_000, ..Default::default() };
    let answer = session.connection.revisions().list_revisions(request).await;
    let all = answer.map_err(|status| session.refused(&status))?.into_inner().revisions;
    let revision = all.into_iter().find(|one| one.label == label && one.state() != RevisionState::Withdrawn);
    Ok(Standing { resource_id: Some(resource_id), revision })
}

/// The draft, with its resource where there is none of this number.
async fn draft(
    args: &PublishArgs,
    number: &str,
    label: &str,
    standing: Standing,
    session: &Session,
) -> Result<String, Failure> {
    if let Some(revision) = standing.revision {
        return Ok(revision.id);
    }
    let resource_id = match standing.resource_id {
        Some(id) => id,
        None => {
            let request = PublishResourceRequest {
                resource_number: number.to_owned(),
                buyer_item_ids: vec![number.to_owned()],
                ..publish_request(args, number)
            };
            let answer = session.connection.resources().publish_resource(request).await;
            answer.map_err(|status| session.refused(&status))?.into_inner().resource_id
        }
    };
    let request = CreateRevisionRequest {
        request_id: request_id(),
        resource_id,
        label: label.to_owned(),
        change_note: String::new(),
        location: String::new(),
    };
    let answer = session.connection.revisions().create_revision(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner().revision_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_number_and_revision() {
        let table = [
            ("{number}_{revision}", "YZ-10022_C", Some(("YZ-10022", "C"))),
            ("{number}_{revision}", "YZ_10022_C", Some(("YZ_10022", "C"))),
            ("{number}_{revision}", "YZ-10022", None),
            ("{number}_{revision}", "_C", None),
            ("{number}_{revision}", "YZ_", None),
            ("{number} 第{revision}版", "支架 第3版", Some(("支架", "3"))),
            ("{number}_{revision}_*", "YZ-1_C_sheet2", Some(("YZ-1", "C"))),
            ("{number}_{revision}_*", "YZ-1_C_", Some(("YZ-1", "C"))),
            ("{revision}-{number}", "B-YZ", Some(("YZ", "B"))),
        ];
        for (pattern, stem, expected) in table {
            let read = Pattern::parse(pattern).unwrap().read(stem);
            let expected = expected.map(|(number, revision)| (number.to_owned(), revision.to_owned()));
            assert_eq!(read, expected, "{pattern} {stem}");
        }
        for bad in ["", "{number}", "{revision}", "{number}{number}_{revision}", "x"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
