//! Revisions: how they go from draft to the end, and in what two differ. Pure.

use std::collections::BTreeMap;

use crate::resource::Category;

/// Where a revision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Released,
    Superseded,
    Withdrawn,
}

impl State {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Released => "released",
            State::Superseded => "superseded",
            State::Withdrawn => "withdrawn",
        }
    }

    /// From what is stored.
    pub fn from_name(name: &str) -> Option<Self> {
        [State::Draft, State::Released, State::Superseded, State::Withdrawn]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// Whether others may have it.
    pub fn is_out(self) -> bool {
        matches!(self, State::Released | State::Superseded)
    }
}

/// Why a revision is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReleased {
    /// It is no draft.
    State,
    /// There is nothing in it.
    Empty,
}

/// Whether a revision with so many files may be released.
pub fn release(state: State, category: Category, files: usize, location: &str) -> Result<(), NotReleased> {
    match state {
        State::Draft if category.made_of_files() && files == 0 && location.is_empty() => {
            Err(NotReleased::Empty)
        }
        State::Draft => Ok(()),
        _ => Err(NotReleased::State),
    }
}

/// What of a revision is held against another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub label: String,
    pub change_note: String,
    pub location: String,
    /// As `2026-11-20`; empty: none.
    pub effective_date: String,
    /// SHA-256 in hexadecimal, by name.
    pub files: BTreeMap<String, String>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub field: &'static str,
    /// For files.
    pub file_name: String,
    pub before: String,
    pub after: String,
}

/// In what two revisions differ, fields first, then files by name.
pub fn differences(before: &Side, after: &Side) -> Vec<Difference> {
    let fields = [
        ("label", &before.label, &after.label),
        ("change_note", &before.change_note, &after.change_note),
        ("location", &before.location, &after.location),
        ("effective_date", &before.effective_date, &after.effective_date),
    ];
    let mut found: Vec<Difference> = fields
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(field, before, after)| Difference {
            field,
            file_name: String::new(),
            before: before.clone(),
            after: after.clone(),
        })
        .collect();
    let names: std::collections::BTreeSet<&String> = before.files.keys().chain(after.files.keys()).collect();
    for name in names {
        let of = |side: &Side| side.files.get(name).cloned().unwrap_or_default();
        let (before, after) = (of(before), of(after));
        if before != after {
            found.push(Difference { field: "files", file_name: name.clone(), before, after });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_with_something_in_it_is_released_once() {
        for (state, category, files, location, expected) in [
            (State::Draft, Category::Drawing, 1, "", Ok(())),
            (State::Draft, Category::Drawing, 0, "https://plm.example/1", Ok(())),
            (State::Draft, Category::Drawing, 0, "", Err(NotReleased::Empty)),
            (State::Draft, Category::Software, 0, "", Ok(())),
            (State::Released, Category::Drawing, 1, "", Err(NotReleased::State)),
            (State::Superseded, Category::Drawing, 1, "", Err(NotReleased::State)),
            (State::Withdrawn, Category::Drawing, 1, "", Err(NotReleased::State)),
        ] {
            assert_eq!(release(state, category, files, location), expected, "{state:?} {category:?}");
        }
    }

    #[test]
    fn two_revisions_differ_in_fields_and_files() {
        let side = |label: &str, files: &[(&str, &str)]| Side {
            label: label.into(),
            files: files.iter().map(|(name, hash)| (name.to_string(), hash.to_string())).collect(),
            ..Side::default()
        };
        let (b, c) = (
            side("B", &[("a.pdf", "01"), ("a.step", "02"), ("old.txt", "03")]),
            side("C", &[("a.pdf", "11"), ("a.step", "02"), ("new.txt", "04")]),
        );
        let found = differences(&b, &c);
        let found: Vec<[&str; 4]> = found
            .iter()
            .map(|one| [one.field, one.file_name.as_str(), one.before.as_str(), one.after.as_str()])
            .collect();
        assert_eq!(
            found,
            [
                ["label", "", "B", "C"],
                ["files", "a.pdf", "01", "11"],
                ["files", "new.txt", "", "04"],
                ["files", "old.txt", "03", ""],
            ]
        );
        assert!(differences(&b, &b).is_empty());
    }
}
