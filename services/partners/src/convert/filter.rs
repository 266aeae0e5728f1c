//! Filters that somebody keeps.

use chassis::Result;
use proto::partners as wire;

use super::{CODE, Check};
use crate::filter::Saved;

/// The longest name of a filter, in characters; the longest text is what lists of orders take.
const NAME: usize = 40;
const TEXT: usize = 100;
/// The longest name of a work list.
const VIEW: usize = 20;

fn check_list(check: &mut Check, path: &str, given: i32) {
    if wire::FilteredList::try_from(given).unwrap_or_default() == wire::FilteredList::Unspecified {
        check.bad(path, "REQUIRED", "must be INBOX or PURCHASES");
    }
}

pub(crate) fn saved_filter(request: &wire::SaveFilterRequest) -> Result<Saved> {
    let given = request.filter.clone().unwrap_or_default();
    let mut check = Check::default();
    check_list(&mut check, "filter.list", given.list);
    let view = check.optional_text("filter.view", &given.view, VIEW);
    if !view.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        check.bad("filter.view", "VALUE", "must be small letters alone");
    }
    let saved = Saved {
        list: given.list,
        name: check.text("filter.name", &given.name, NAME),
        view,
        purchasing_group: check.optional_text("filter.purchasing_group", &given.purchasing_group, CODE),
        text: check.optional_text("filter.text", &given.text, TEXT),
    };
    check.done(saved)
}

/// The list and the name of a filter.
pub(crate) fn filter_key(request: &wire::DeleteSavedFilterRequest) -> Result<(i32, String)> {
    let mut check = Check::default();
    check_list(&mut check, "list", request.list);
    let name = check.text("name", &request.name, NAME);
    check.done((request.list, name))
}

impl From<&Saved> for wire::SavedFilter {
    fn from(saved: &Saved) -> Self {
        Self {
            list: saved.list,
            name: saved.name.clone(),
            view: saved.view.clone(),
            purchasing_group: saved.purchasing_group.clone(),
            text: saved.text.clone(),
        }
    }
}

impl From<wire::SavedFilter> for Saved {
    fn from(saved: wire::SavedFilter) -> Self {
        Self {
            list: saved.list,
            name: saved.name,
            view: saved.view,
            purchasing_group: saved.purchasing_group,
            text: saved.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_of_a_filter_is_named() {
        let filter = wire::SavedFilter {
            list: 0,
            name: "长".repeat(41),
            view: "Proposed?".into(),
            purchasing_group: "组".repeat(61),
            text: "字".repeat(101),
        };
        let request = wire::SaveFilterRequest { request_id: "1".into(), filter: Some(filter) };
        let paths: Vec<String> =
            saved_filter(&request).unwrap_err().fields.into_iter().map(|field| field.path).collect();
        let names = ["list", "view", "name", "purchasing_group", "text"].map(|name| format!("filter.{name}"));
        assert_eq!(paths, names);
        let none = wire::DeleteSavedFilterRequest::default();
        assert_eq!(filter_key(&none).unwrap_err().fields.len(), 2);
    }
}
