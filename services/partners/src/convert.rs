//! Proto ⇄ domain, collecting every bad field and not just the first.

mod alias;
mod announcement;
mod cluster;
mod filter;
mod firm;
mod invitation;
mod member;
mod operator;
mod relationship;

pub(crate) use alias::{alias, alias_filter, alias_key, aliases, group};
pub(crate) use announcement::{announcement, announcement_etag, operated_announcement, told, told_instead};
use chassis::{Error, Field, Result, value::is_hidden};
pub(crate) use cluster::{cluster, membership, membership_changed, new_cluster};
pub(crate) use filter::{filter_key, saved_filter};
pub(crate) use firm::{firm, new_firm, new_site, site};
use firm::{firm_state, uscc};
pub(crate) use invitation::{contact, row_result, supplier_rows};
pub(crate) use member::{
    api_key, device, locale, member, member_change, new_key, new_member, new_member_name, scope,
};
pub(crate) use operator::{
    act, action, firm_changed, merge, new_admin, operated, state_filter, webhook_health,
};
pub(crate) use relationship::{
    accept, change, link_kind, new_supplier, relationship as trading_relationship,
};

/// The longest name of a firm, person, key or site, in characters.
const NAME: usize = 200;
/// The longest number or code.
const CODE: usize = 60;

/// Bad fields so far.
#[derive(Default)]
pub(crate) struct Check {
    fields: Vec<Field>,
}

impl Check {
    fn bad(&mut self, path: impl Into<String>, reason: &'static str, message: impl Into<String>) {
        self.fields.push(Field::new(path, reason, message));
    }

    /// A text that must be there, without the blanks around it.
    fn text(&mut self, path: &str, value: &str, max: usize) -> String {
        if value.trim().is_empty() {
            self.bad(path, "REQUIRED", "is required");
        }
        self.optional_text(path, value, max)
    }

    /// A text that may be empty. Characters that hide or reorder others are refused: a name has to read as it is.
    fn optional_text(&mut self, path: &str, value: &str, max: usize) -> String {
        let value = value.trim();
        if value.chars().count() > max {
            self.bad(path, "TOO_LONG", format!("must have at most {max} characters"));
        } else if value.chars().any(is_hidden) {
            self.bad(path, "CHARACTERS", "must not contain control or text direction characters");
        }
        value.to_string()
    }

    /// The value, or INVALID_ARGUMENT naming every bad field.
    fn done<T>(self, value: T) -> Result<T> {
        if self.fields.is_empty() { Ok(value) } else { Err(Error::invalid(self.fields)) }
    }
}

/// An etag of a version.
pub(crate) fn etag(version: i64) -> String {
    version.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_as_they_are() {
        for bad in ["", "  ", "a\0b", "a\nb", "\u{202e}abc", "a\u{200b}b", &"长".repeat(201)] {
            let mut check = Check::default();
            check.text("name", bad, NAME);
            assert_eq!(check.fields.len(), 1, "{bad:?}");
        }
        let mut check = Check::default();
        assert_eq!(check.text("name", " 顺模 <b>'; drop table -- ", NAME), "顺模 <b>'; drop table --");
        assert_eq!(check.optional_text("name_en", "", NAME), "");
        assert!(check.done(()).is_ok());
    }
}
