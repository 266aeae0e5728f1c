//! What a subscriber sees of its feed: what it asked for, within what its roles and scopes cover.
//!
//! Every role that may follow the feed (STREAM_READ) may also read orders and relationships, so that no event type
//! needs a permission of its own. A role that breaks this has to be looked at here: a test holds the table.

use std::sync::Arc;

use chassis::caller::Grants;
use uuid::Uuid;

use crate::entry::Fact;

/// What a subscriber asked for; an empty list leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Event types.
    pub types: Vec<Pattern>,
    /// Firms on the other side.
    pub counterparties: Vec<Uuid>,
    /// Beginning of the subject.
    pub subject_prefix: String,
}

/// An event type, or the beginning of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This type.
    Exactly(String),
    /// Types that begin so.
    Prefix(String),
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Exactly(kind) => f.write_str(kind),
            Pattern::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl Filter {
    fn wants(&self, fact: &Fact, reader: Uuid) -> bool {
        let kind = |pattern: &Pattern| match pattern {
            Pattern::Exactly(kind) => *kind == fact.kind,
            Pattern::Prefix(prefix) => fact.kind.starts_with(prefix),
        };
        let other = || fact.counterparty(reader).is_some_and(|firm| self.counterparties.contains(&firm));
        (self.types.is_empty() || self.types.iter().any(kind))
            && (self.counterparties.is_empty() || other())
            && fact.subject.starts_with(&self.subject_prefix)
    }
}

/// What one open stream lets through: what it asked for. What its owner is narrowed to may change while it is open and
/// is told with each question.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Absent for subscribers who want everything, which is nearly all.
    filter: Option<Arc<Filter>>,
}

impl Sight {
    /// What shows through this filter.
    pub fn new(filter: Filter) -> Self {
        Self { filter: (filter != Filter::default()).then(|| Arc::new(filter)) }
    }

    /// Whether the fact is delivered to `reader`.
    pub fn shows(&self, fact: &Fact, reader: Uuid, narrowed: Option<&Grants>) -> bool {
        let covered = narrowed
            .is_none_or(|grants| grants.hears(reader, fact.scope_firm, &fact.sites, &fact.purchasing_group));
        covered && self.filter.as_ref().is_none_or(|filter| filter.wants(fact, reader))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sample::fact;
    use chassis::caller::{Caller, Credential, CredentialKind, Role, granted};
    use proto::access::Permission;

    pub(crate) fn caller(firm: Uuid, sites: &[&str], groups: &[&str]) -> Caller {
        let owned = |list: &[&str]| list.iter().map(|s| s.to_string()).collect();
        Caller {
            firm,
            firm_name: String::new(),
            sandbox: false,
            credential: Credential { kind: CredentialKind::ApiKey, id: "0123456789abcdef".into() },
            actor: Uuid::nil(),
            actor_name: String::new(),
            roles: vec![Role::Viewer],
            sites: owned(sites),
            purchasing_groups: owned(groups),
            order: None,
            locale: "zh".into(),
            token: Default::default(),
            traceparent: String::new(),
        }
    }

    const ME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn whoever_may_follow_the_feed_may_read_what_is_in_it() {
        for role in [Role::Admin, Role::Buyer, Role::Sales, Role::Viewer, Role::Operator] {
            let may = |permission| granted(role).contains(&permission);
            let reads = may(Permission::OrdersRead) && may(Permission::PartnersRead);
            assert!(!may(Permission::StreamRead) || reads, "{role:?}");
        }
    }

    #[test]
    fn a_filter_leaves_out_what_does_not_match() {
        let fact = fact(1, vec![]);
        let open = Filter::default();
        let types = |patterns: &[Pattern]| Filter { types: patterns.to_vec(), ..Filter::default() };
        let exactly = |kind: &str| Pattern::Exactly(kind.into());
        let prefix = |kind: &str| Pattern::Prefix(kind.into());
        let to = |firms: &[Uuid]| Filter { counterparties: firms.to_vec(), ..Filter::default() };
        let about = |prefix: &str| Filter { subject_prefix: prefix.into(), ..Filter::default() };
        for (filter, wanted) in [
            (open, true),
            (types(&[exactly("tandem.orders.order.published.v1")]), true),
            (types(&[exactly("tandem.orders.order.published")]), false),
            (types(&[exactly("x"), prefix("tandem.orders.")]), true),
            (types(&[prefix("")]), true),
            (types(&[prefix("tandem.partners.")]), false),
            (to(&[OTHER]), true),
            (to(&[ME]), false),
            (to(&[Uuid::from_u128(9), OTHER]), true),
            (about("orders/"), true),
            (about("relationships/"), false),
            (Filter { types: vec![prefix("tandem.")], ..about("documents/") }, false),
        ] {
            assert_eq!(Sight::new(filter.clone()).shows(&fact, ME, None), wanted, "{filter:?}");
        }
    }

    #[test]
    fn only_the_firm_whose_sites_they_are_is_narrowed_by_them() {
        let at = |sites: &[&str], group: &str| Fact {
            sites: sites.iter().map(|s| s.to_string()).collect(),
            purchasing_group: group.into(),
            scope_firm: Some(ME),
            ..fact(1, vec![])
        };
        let sees = |caller: &Caller, fact: &Fact| {
            Sight::default().shows(fact, caller.firm, Some(&Grants::of(caller)))
        };
        let narrow = caller(ME, &["W1"], &[]);
        assert!(sees(&narrow, &at(&["W1"], "G1")) && sees(&narrow, &at(&["W2", "W1"], "")));
        assert!(!sees(&narrow, &at(&["W2"], "G1")));
        assert!(sees(&narrow, &at(&[], "G1")), "concerns no site");
        let group = caller(ME, &[], &["G1"]);
        assert!(sees(&group, &at(&["W2"], "G1")) && !sees(&group, &at(&["W2"], "G2")));
        let supplier = caller(OTHER, &["W1"], &["G9"]);
        assert!(sees(&supplier, &at(&["W2"], "G1")), "they are the buyer's sites");
    }

    #[test]
    fn each_of_two_firms_is_narrowed_by_its_own_sites() {
        let of = |firm, site| chassis::caller::of_firm(firm, site);
        let at = |sites: Vec<String>| Fact { sites, ..fact(1, vec![]) };
        let sees = |reader, sites: &[&str], groups: &[&str], fact: &Fact| {
            Sight::default().shows(fact, reader, Some(&Grants::of(&caller(reader, sites, groups))))
        };
        let both = at(vec![of(ME, "W1"), of(ME, "W2"), of(OTHER, "W9")]);
        assert!(sees(ME, &["W2"], &[], &both) && !sees(ME, &["W3"], &[], &both));
        assert!(!sees(ME, &["W9"], &[], &both), "that is the other's");
        assert!(sees(OTHER, &["W9"], &[], &both) && !sees(OTHER, &["W1"], &[], &both));
        assert!(sees(ME, &[], &["G1"], &both), "it is of no purchasing group");
        let one = at(vec![of(OTHER, "W9")]);
        assert!(sees(ME, &["W3"], &[], &one), "concerns the whole of the firm");
    }

    #[test]
    fn the_counterparty_is_the_other_of_two() {
        let two = fact(1, vec![]);
        assert_eq!(two.counterparty(ME), Some(OTHER));
        assert_eq!(two.counterparty(OTHER), Some(ME));
        assert_eq!(two.counterparty(Uuid::from_u128(3)), None);
        assert_eq!(Fact { audience: vec![ME], ..fact(1, vec![]) }.counterparty(ME), None);
        let three = Fact { audience: vec![ME, OTHER, Uuid::from_u128(3)], ..fact(1, vec![]) };
        assert_eq!(three.counterparty(ME), None);
    }
}
