//! How much of a group a customer sees. Pure.

/// A supplier's policy towards a customer, from all to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every figure as it stands.
    Exact,
    /// How full a week is, in steps of a quarter.
    Banded,
    /// Whether a week suffices.
    YesNo,
    /// Nothing, not even that there is a group.
    Hidden,
}

/// Where no policy was set: a group names a customer because it is meant for it.
pub const DEFAULT: Level = Level::Exact;

const NAMES: &[(Level, &str)] = &[
    (Level::Exact, "exact"),
    (Level::Banded, "banded"),
    (Level::YesNo, "yes_no"),
    (Level::Hidden, "hidden"),
];

impl Level {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(level, _)| *level == self).map_or("hidden", |(_, name)| name)
    }

    /// What was stored; the least for what a newer program wrote.
    pub fn from_name(name: &str) -> Level {
        NAMES.iter().find(|(_, one)| *one == name).map_or(Level::Hidden, |(level, _)| *level)
    }
}
