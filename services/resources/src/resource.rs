//! What a resource is, and who may find it. Pure.

use uuid::Uuid;

/// The most items that a resource belongs to.
pub const MAX_ITEMS: usize = 200;

/// What kind of thing it is; numbered as in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Drawing = 1,
    Specification = 2,
    Software = 3,
    Data = 4,
    Template = 5,
    Course = 6,
    Instrument = 7,
    Design = 8,
}

impl Category {
    /// All of them, by number.
    pub const ALL: [Category; 8] = [
        Category::Drawing,
        Category::Specification,
        Category::Software,
        Category::Data,
        Category::Template,
        Category::Course,
        Category::Instrument,
        Category::Design,
    ];

    /// As it is stored.
    pub fn number(self) -> i16 {
        self as i16
    }

    /// From what is stored.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.number() == number)
    }

    /// Whether a revision of it is nothing without a file or a place where it is found.
    pub fn made_of_files(self) -> bool {
        !matches!(self, Category::Software | Category::Course | Category::Instrument)
    }
}

/// Classes of data, numbered as in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification {
    General = 1,
    Important = 2,
    Core = 3,
}

impl Classification {
    /// From what is stored.
    pub fn from_number(number: i16) -> Option<Self> {
        [Classification::General, Classification::Important, Classification::Core]
            .into_iter()
            .find(|class| *class as i16 == number)
    }
}

/// Who may find a resource without an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Nobody.
    Granted,
    /// Firms with an active relationship to the owner.
    Partners,
    /// Members of a cluster.
    Cluster(Uuid),
    All,
}

impl Visibility {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Visibility::Granted => "granted",
            Visibility::Partners => "partners",
            Visibility::Cluster(_) => "cluster",
            Visibility::All => "all",
        }
    }

    /// Whose members may find it, where it is for a cluster.
    pub fn cluster(self) -> Option<Uuid> {
        match self {
            Visibility::Cluster(cluster) => Some(cluster),
            _ => None,
        }
    }
}

/// What does not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Important, and visible to all.
    ImportantForAll,
    /// Core, and found by others than those who were named.
    CoreFound,
    /// Open to those who find it, and found by nobody.
    OpenToNobody,
}

/// Whether class, visibility and openness go together.
pub fn fits(class: Classification, visibility: Visibility, open: bool) -> Result<(), Misfit> {
    match (class, visibility) {
        (Classification::Important, Visibility::All) => Err(Misfit::ImportantForAll),
        (Classification::Core, visibility) if visibility != Visibility::Granted => Err(Misfit::CoreFound),
        (_, Visibility::Granted) if open => Err(Misfit::OpenToNobody),
        _ => Ok(()),
    }
}

/// A code of GB/T 4754: a letter, then 2 to 4 digits or none.
pub fn is_industry(code: &str) -> bool {
    let mut bytes = code.bytes();
    let letter = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase() && byte <= b'T');
    letter && matches!(code.len(), 1 | 3..=5) && bytes.all(|byte| byte.is_ascii_digit())
}

/// A code of GB/T 2260: province, city or county.
pub fn is_region(code: &str) -> bool {
    matches!(code.len(), 2 | 4 | 6) && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_a_resource_matters_the_fewer_find_it() {
        use Classification::{Core, General, Important};
        let cluster = Visibility::Cluster(Uuid::from_u128(1));
        for (class, visibility, open, expected) in [
            (General, Visibility::All, true, Ok(())),
            (General, Visibility::Granted, false, Ok(())),
            (General, Visibility::Granted, true, Err(Misfit::OpenToNobody)),
            (Important, Visibility::Partners, true, Ok(())),
            (Important, cluster, false, Ok(())),
            (Important, Visibility::All, false, Err(Misfit::ImportantForAll)),
            (Core, Visibility::Granted, false, Ok(())),
            (Core, Visibility::Partners, false, Err(Misfit::CoreFound)),
            (Core, cluster, false, Err(Misfit::CoreFound)),
            (Core, Visibility::Granted, true, Err(Misfit::OpenToNobody)),
        ] {
            assert_eq!(fits(class, visibility, open), expected, "{class:?} {visibility:?} {open}");
        }
    }

    #[test]
    fn codes_are_those_of_the_standards() {
        for good in ["C", "C29", "C292", "C2929", "T97"] {
            assert!(is_industry(good), "{good}");
        }
        for bad in ["", "29", "C2", "c29", "C29291", "U01", "C2a", "中29"] {
            assert!(!is_industry(bad), "{bad}");
        }
        assert!(is_region("44") && is_region("4419") && is_region("441900"));
        assert!(!is_region("") && !is_region("441") && !is_region("44a9"));
    }

    #[test]
    fn categories_are_numbered_as_in_the_contract() {
        for (place, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category.number(), place as i16 + 1);
            assert_eq!(Category::from_number(category.number()), Some(category));
        }
    }
}
