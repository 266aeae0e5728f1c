//! Which revision counts for a line of an order, and what that means for a despatch of it. Pure.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A revision that was released once, of a resource that an item has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: Uuid,
    pub label: String,
    pub released_at: OffsetDateTime,
    /// When it was superseded or withdrawn.
    pub ended_at: Option<OffsetDateTime>,
    /// For which lines it counts that were ordered before.
    pub effectivity: Option<Effectivity>,
}

/// A line, as far as it says what it is made by.
#[derive(Clone, Copy, Debug)]
pub struct Ordered<'a> {
    /// What it says of its drawing.
    pub text: &'a str,
    pub published_at: OffsetDateTime,
    pub first_requested: Option<Date>,
    /// Something of it is still to come.
    pub open: bool,
}

/// What stands between several revisions that one line names.
const SEPARATOR: &str = "; ";

/// Whether a line's text names the revision of this label: by the label alone, or after what the resource is called where
/// the line is made by several.
fn names(text: &str, resource: &str, label: &str) -> bool {
    let qualified =
        |part: &str| part.strip_prefix(resource).and_then(|rest| rest.strip_prefix(' ')) == Some(label);
    !text.is_empty() && (text == label || text.split(SEPARATOR).any(qualified))
}

/// The text of a line that is made by these: (what the resource is called, label). One is named by its label alone.
pub fn stated(pins: &[(&str, &str)]) -> String {
    match pins {
        [(_, label)] => (*label).to_owned(),
        pins => {
            let parts: Vec<String> =
                pins.iter().map(|(resource, label)| format!("{resource} {label}")).collect();
            parts.join(SEPARATOR)
        }
    }
}

/// **The rule of what a line is pinned to** of one resource of its item: the revision that the line names; else the one
/// that it has; else the one that was in force when the line was published. A line from before its item had a drawing has
/// nothing that a change of its order would take back: it takes the one in force now, where that reaches it.
pub fn pinned(
    line: Ordered<'_>,
    resource: &str,
    kept: Option<Uuid>,
    candidates: &[Candidate],
) -> Option<Uuid> {
    let first = |fits: &dyn Fn(&Candidate) -> bool| candidates.iter().find(|one| fits(one)).map(|one| one.id);
    let at = line.published_at;
    first(&|one| names(line.text, resource, &one.label))
        .or(kept)
        .or_else(|| first(&|one| one.released_at <= at && one.ended_at.is_none_or(|ended| ended > at)))
        .or_else(|| {
            let reaches =
                |one: &Candidate| one.effectivity.is_some_and(|of| of.reaches(line.first_requested));
            first(&|one| line.open && one.ended_at.is_none() && reaches(one))
        })
}

/// For which lines a released revision counts that were ordered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effectivity {
    NewOrders,
    /// What is wanted on this day or later.
    FromDate(Date),
    AtOnce,
}

impl Effectivity {
    /// From what is stored; `None` before a release.
    pub fn from_stored(number: Option<i16>, date: Option<Date>) -> Option<Self> {
        match (number?, date) {
            (1, _) => Some(Effectivity::NewOrders),
            (2, Some(date)) => Some(Effectivity::FromDate(date)),
            (3, _) => Some(Effectivity::AtOnce),
            _ => None,
        }
    }

    /// Whether it reaches an open line that is wanted from this day on. A line without a day is reached by what counts at
    /// once alone.
    pub fn reaches(self, first_requested: Option<Date>) -> bool {
        match self {
            Effectivity::NewOrders => false,
            Effectivity::FromDate(date) => first_requested.is_some_and(|day| day >= date),
            Effectivity::AtOnce => true,
        }
    }
}

/// What becomes of a despatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Allow,
    Warn,
    Block,
}

impl Rule {
    /// As in the contract, and as it is stored.
    pub fn number(self) -> i16 {
        match self {
            Rule::Allow => 1,
            Rule::Warn => 2,
            Rule::Block => 3,
        }
    }

    /// From what is stored.
    pub fn from_number(number: i16) -> Option<Self> {
        [Rule::Allow, Rule::Warn, Rule::Block].into_iter().find(|rule| rule.number() == number)
    }
}

/// What an owner says to despatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub superseded: Rule,
    pub not_acknowledged: Rule,
}

impl Default for Policy {
    /// Nobody is stopped by an owner who said nothing, and nobody goes on unaware.
    fn default() -> Self {
        Self { superseded: Rule::Warn, not_acknowledged: Rule::Warn }
    }
}

/// How a pin stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concern {
    /// Another revision counts for the line by now, or its own was taken back.
    pub superseded: bool,
    /// The supplier was asked to take note of what counts for the line, and has not.
    pub not_acknowledged: bool,
}

/// What a pin is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Whether the owner asks for acknowledgements of the resource at all.
    pub asks: bool,
    pub withdrawn: bool,
    pub acknowledged: bool,
    /// What is released now, where it is another: for which lines, and whether the supplier took note of it.
    pub current: Option<(Effectivity, bool)>,
}

/// **The despatch rule**, first half: what is wrong with what a line is pinned to. A newer revision that does not reach the
/// line leaves it with its own, which is then no concern.
pub fn concern(pin: Pinned, first_requested: Option<Date>) -> Concern {
    let newer = pin.current.filter(|(effectivity, _)| effectivity.reaches(first_requested));
    // Whoever has taken note of the newer one knows which lines it leaves alone.
    let of_newer = pin.current.is_some_and(|(_, acknowledged)| acknowledged);
    Concern {
        superseded: pin.withdrawn || newer.is_some(),
        not_acknowledged: pin.asks && !(of_newer || (newer.is_none() && pin.acknowledged)),
    }
}

/// **The despatch rule**, second half: what the owner's policy says to these concerns; the strictest counts.
pub fn verdict(policy: Policy, concerns: impl IntoIterator<Item = Concern>) -> Rule {
    let rules = concerns.into_iter().flat_map(|concern| {
        let superseded = concern.superseded.then_some(policy.superseded);
        let not_acknowledged = concern.not_acknowledged.then_some(policy.not_acknowledged);
        [superseded, not_acknowledged]
    });
    rules.flatten().max().unwrap_or(Rule::Allow)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    const B: Uuid = Uuid::from_u128(2);
    const C: Uuid = Uuid::from_u128(3);

    fn candidates() -> [Candidate; 2] {
        let changed = datetime!(2026-11-20 8:00 UTC);
        let one = |id, label: &str, released_at, ended_at| Candidate {
            id,
            label: label.into(),
            released_at,
            ended_at,
            effectivity: Some(Effectivity::NewOrders),
        };
        [one(C, "C", changed, None), one(B, "B", datetime!(2026-08-03 8:00 UTC), Some(changed))]
    }

    #[test]
    fn a_line_is_pinned_to_what_it_names_or_has_or_found_in_force() {
        let (before, between, after) =
            (datetime!(2026-08-01 8:00 UTC), datetime!(2026-11-09 8:00 UTC), datetime!(2026-11-20 8:00 UTC));
        for (text, kept, published_at, expected) in [
            ("", None, before, None),
            ("", None, between, Some(B)),
            // The moment of a release is the first of the new one.
            ("", None, after, Some(C)),
            ("", Some(B), after, Some(B)),
            ("C", Some(B), between, Some(C)),
            ("B", None, after, Some(B)),
            ("B", None, before, Some(B)),
            // It names what was not released here.
            ("D", Some(B), after, Some(B)),
            ("D", None, after, Some(C)),
            ("支架 C; 规范 2", Some(B), between, Some(C)),
            ("支架2 C; 规范 2", Some(B), between, Some(B)),
            ("规范 C", Some(B), between, Some(B)),
        ] {
            let line = Ordered { text, published_at, first_requested: None, open: true };
            let found = pinned(line, "支架", kept, &candidates());
            assert_eq!(found, expected, "{text:?} {kept:?} {published_at}");
        }
        assert_eq!(stated(&[("支架", "C")]), "C");
        assert_eq!(stated(&[("支架", "C"), ("规范", "2")]), "支架 C; 规范 2");
    }

    #[test]
    fn a_line_from_before_its_drawing_takes_what_reaches_it() {
        use Effectivity::{AtOnce, FromDate, NewOrders};
        let (before, day) = (datetime!(2026-08-01 8:00 UTC), date!(2026 - 12 - 04));
        for (effectivity, text, kept, open, expected) in [
            (AtOnce, "", None, true, Some(C)),
            (AtOnce, "", None, false, None),
            (AtOnce, "", Some(B), true, Some(B)),
            (AtOnce, "B", None, true, Some(B)),
            (FromDate(day), "", None, true, Some(C)),
            (FromDate(date!(2026 - 12 - 05)), "", None, true, None),
            (NewOrders, "", None, true, None),
        ] {
            let candidates = candidates().map(|one| Candidate { effectivity: Some(effectivity), ..one });
            let line = Ordered { text, published_at: before, first_requested: Some(day), open };
            let found = pinned(line, "支架", kept, &candidates);
            assert_eq!(found, expected, "{effectivity:?} {text:?} {kept:?} {open}");
        }
    }

    #[test]
    fn a_revision_reaches_what_its_effectivity_says() {
        let day = date!(2026 - 12 - 04);
        for (effectivity, first_requested, expected) in [
            (Effectivity::NewOrders, Some(day), false),
            (Effectivity::NewOrders, None, false),
            (Effectivity::AtOnce, Some(day), true),
            (Effectivity::AtOnce, None, true),
            (Effectivity::FromDate(date!(2026 - 12 - 05)), Some(day), false),
            (Effectivity::FromDate(day), Some(day), true),
            (Effectivity::FromDate(date!(2026 - 12 - 01)), Some(day), true),
            (Effectivity::FromDate(day), None, false),
        ] {
            assert_eq!(effectivity.reaches(first_requested), expected, "{effectivity:?} {first_requested:?}");
        }
    }

    #[test]
    fn a_despatch_is_judged_by_what_counts_for_its_line() {
        use Rule::{Allow, Block, Warn};
        let strict = Policy { superseded: Block, not_acknowledged: Warn };
        let pin = |withdrawn, acknowledged, current| Pinned { asks: true, withdrawn, acknowledged, current };
        let (new, at_once) = (Effectivity::NewOrders, Effectivity::AtOnce);
        for (pin, superseded, not_acknowledged, expected) in [
            (pin(false, true, None), false, false, Allow),
            (pin(false, false, None), false, true, Warn),
            (pin(true, true, None), true, false, Block),
            // A newer one for new orders alone.
            (pin(false, true, Some((new, false))), false, false, Allow),
            (pin(false, false, Some((new, false))), false, true, Warn),
            (pin(false, false, Some((new, true))), false, false, Allow),
            // A newer one that reaches the line: what is asked for is that.
            (pin(false, true, Some((at_once, false))), true, true, Block),
            (pin(false, false, Some((at_once, true))), true, false, Block),
            (Pinned { asks: false, ..pin(false, false, None) }, false, false, Allow),
        ] {
            let found = concern(pin, None);
            assert_eq!(found, Concern { superseded, not_acknowledged }, "{pin:?}");
            assert_eq!(verdict(strict, [found]), expected, "{pin:?}");
        }
        let both = Concern { superseded: true, not_acknowledged: true };
        let only = Concern { superseded: false, not_acknowledged: true };
        for (superseded, not_acknowledged, concerns, expected) in [
            (Allow, Allow, vec![both], Allow),
            (Allow, Block, vec![both], Block),
            (Warn, Allow, vec![both], Warn),
            (Block, Allow, vec![only], Allow),
            (Allow, Warn, vec![Concern::default(), only], Warn),
            (Block, Block, vec![], Allow),
        ] {
            let policy = Policy { superseded, not_acknowledged };
            assert_eq!(verdict(policy, concerns.clone()), expected, "{policy:?} {concerns:?}");
        }
    }
}
