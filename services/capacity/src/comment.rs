//! What is said about a demand or a group, and of what kind it is. Pure.

/// The most characters of a comment (CX-0128, IdBasedComment).
pub const MAX_CHARACTERS: usize = 5_000;

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Demand,
    Group,
}

const SUBJECTS: [(Subject, &str, &str); 2] = [
    (Subject::Demand, "material_demand", "urn:samm:io.catenax.week_based_material_demand"),
    (Subject::Group, "capacity_group", "urn:samm:io.catenax.week_based_capacity_group"),
];

impl Subject {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        SUBJECTS.iter().find(|(one, ..)| *one == self).map_or("", |(_, name, _)| name)
    }

    /// As it was stored.
    pub fn from_name(name: &str) -> Option<Subject> {
        SUBJECTS.iter().find(|(_, one, _)| *one == name).map(|(subject, ..)| *subject)
    }

    /// The model that CX-0128 names it by, without a version.
    pub fn model(self) -> &'static str {
        SUBJECTS.iter().find(|(one, ..)| *one == self).map_or("", |(.., model)| model)
    }

    /// By its model.
    pub fn from_model(model: &str) -> Option<Subject> {
        SUBJECTS.iter().find(|(.., one)| *one == model).map(|(subject, ..)| *subject)
    }
}

/// Of what kind a comment is; names are those of CX-0128, which is also how they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Default,
    Information,
    Warning,
    ActionRequired,
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Default, "default"),
    (Kind::Information, "information"),
    (Kind::Warning, "warning"),
    (Kind::ActionRequired, "actionRequired"),
];

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        KINDS.iter().find(|(one, _)| *one == self).map_or("default", |(_, name)| name)
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Kind> {
        KINDS.iter().find(|(_, one)| *one == name).map(|(kind, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_models_lead_back() {
        for subject in [Subject::Demand, Subject::Group] {
            assert_eq!(Subject::from_name(subject.as_str()), Some(subject));
            assert_eq!(Subject::from_model(subject.model()), Some(subject));
        }
        for kind in [Kind::Default, Kind::Information, Kind::Warning, Kind::ActionRequired] {
            assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!((Subject::from_model("urn:samm:x"), Kind::from_name("Warning")), (None, None));
    }
}
