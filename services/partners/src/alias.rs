//! Aliases: what a buyer's ERP writes, and what it means. The names of its purchasing groups stand here too, since
//! both are tables that a firm keeps for its own documents.

use rust_decimal::Decimal;

/// The most aliases of a firm.
pub const MAX_ALIASES: i64 = 5_000;
/// The most aliases of one request.
pub const MAX_AT_ONCE: usize = 1_000;
/// The most purchasing groups of a firm.
pub const MAX_GROUPS: i64 = 1_000;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AliasKind {
    Unit,
    Site,
    Tax,
}

impl AliasKind {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Site => "site",
            Self::Tax => "tax",
        }
    }

    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unit, Self::Site, Self::Tax].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What identifies an alias of a firm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AliasKey {
    pub kind: AliasKind,
    /// The ERP; empty: every one.
    pub source_system: String,
    /// As the ERP writes it.
    pub written: String,
}

/// An entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub key: AliasKey,
    /// UN/ECE Rec 20 code, site code, or UNCL5305 category.
    pub meaning: String,
    /// As a fraction; with a tax category alone.
    pub tax_rate: Option<Decimal>,
}

/// Whether a text has the form of a code of UN/ECE Recommendation 20: one to three capital letters and digits.
pub fn is_unit_code(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a text has the form of a category of UNCL5305: one to three capital letters.
pub fn is_tax_category(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// How a request changes the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub added: i32,
    pub changed: i32,
    pub unchanged: i32,
}

/// What of `wanted` has to be written over what is there, and the counts.
pub fn difference<'a>(wanted: &'a [Alias], there: &[Alias]) -> (Vec<&'a Alias>, Tally) {
    let mut tally = Tally::default();
    let write = wanted.iter().filter(|one| match there.iter().find(|other| other.key == one.key) {
        None => {
            tally.added += 1;
            true
        }
        Some(same) if same == *one => {
            tally.unchanged += 1;
            false
        }
        Some(_) => {
            tally.changed += 1;
            true
        }
    });
    (write.collect(), tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(written: &str, meaning: &str) -> Alias {
        let key = AliasKey { kind: AliasKind::Unit, source_system: String::new(), written: written.into() };
        Alias { key, meaning: meaning.into(), tax_rate: None }
    }

    #[test]
    fn codes_have_their_form() {
        for good in ["H87", "KGM", "PR", "4L", "E", "C62"] {
            assert!(is_unit_code(good), "{good}");
        }
        for bad in ["", "pcs", "件", "H 7", "ABCD", "K-M"] {
            assert!(!is_unit_code(bad), "{bad}");
        }
        assert!(is_tax_category("S") && is_tax_category("AE") && !is_tax_category("0.13"));
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        let there = [unit("个", "H87"), unit("套", "SET")];
        let wanted = [unit("个", "H87"), unit("套", "NMP"), unit("对", "PR")];
        let (write, tally) = difference(&wanted, &there);
        assert_eq!(write, [&wanted[1], &wanted[2]]);
        assert_eq!(tally, Tally { added: 1, changed: 1, unchanged: 1 });
    }

    #[test]
    fn kinds_have_names() {
        for kind in [AliasKind::Unit, AliasKind::Site, AliasKind::Tax] {
            assert_eq!(AliasKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(AliasKind::parse("colour"), None);
    }
}
