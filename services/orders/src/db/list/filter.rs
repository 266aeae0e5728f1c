//! What a list asks for.

use proto::orders::{OrderState, Side};
use time::Date;
use uuid::Uuid;

use crate::db::{group, search::Matching};

/// What selects orders. The caller's own narrowing to sites and purchasing groups comes in here too.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub side: Side,
    pub states: Vec<i16>,
    pub counterparty: Option<Uuid>,
    pub order: Option<Uuid>,
    pub purchasing_group: String,
    pub source_system: String,
    pub order_number: String,
    pub requested_from: Option<Date>,
    pub requested_until: Option<Date>,
    pub has_open_proposals: Option<bool>,
    pub erp_differs: Option<bool>,
    pub has_pending_changes: Option<bool>,
    /// Only orders with an event of the caller's feed after this place.
    pub changed_after: Option<i64>,
    /// Only orders that wait for an answer which was due before this day.
    pub due_before: Option<Date>,
    /// Only orders that have the words that are looked for.
    pub matching: Option<Matching>,
    /// Only these orders, too.
    pub among: Option<Matching>,
    pub own_purchasing_groups: Vec<String>,
    pub own_sites: Vec<String>,
}

impl Filter {
    /// The purchasing groups that orders are narrowed to, each once. `None`: they may be of any. A supplier's people are
    /// narrowed to none of its buyers' groups.
    pub(crate) fn groups(&self) -> Option<Vec<String>> {
        let own: &[String] = if self.side == Side::Buyer { &self.own_purchasing_groups } else { &[] };
        group::wanted(&self.purchasing_group, own)
    }

    /// The column of the tenant's own side.
    pub(crate) fn own(&self) -> &'static str {
        if self.side == Side::Supplier { "supplier" } else { "buyer" }
    }

    /// Whether the newest orders of each of several groups fill a page soon: they are many, most of them settle where it is
    /// asked for that, and nothing else is asked for that few have.
    pub(super) fn walks_groups(&self) -> bool {
        let several = self.groups().is_some_and(|groups| groups.len() > 1);
        let settled = self.states.is_empty() || self.states.contains(&(OrderState::Accepted as i16));
        let few = self.among.is_some()
            || self.matching.is_some()
            || self.counterparty.is_some()
            || self.changed_after.is_some()
            || self.due_before.is_some()
            || self.has_open_proposals == Some(true);
        several && settled && !few
    }

    /// The one state that is asked for, where orders do not stay in it, so that few have it.
    pub(crate) fn open(&self) -> Option<OrderState> {
        let [state] = self.states[..] else { return None };
        let state = OrderState::try_from(i32::from(state)).ok()?;
        [OrderState::Unanswered, OrderState::Proposed].contains(&state).then_some(state)
    }

    /// Whether every order that fits waits for an answer.
    pub(crate) fn waits(&self) -> bool {
        self.due_before.is_some() || self.open() == Some(OrderState::Unanswered)
    }

    /// Whether no order has what was looked for, so that there is nothing to read.
    pub(super) fn fits_none(&self) -> bool {
        let none = |matching: &Matching| matches!(matching, Matching::Among(ids) if ids.is_empty());
        self.matching.iter().chain(&self.among).any(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_groups_are_walked_where_each_fills_a_page_soon() {
        let several = || Filter {
            side: Side::Buyer,
            own_purchasing_groups: vec!["P2".into(), "P1".into()],
            ..Filter::default()
        };
        let state = |state: OrderState| vec![state as i16];
        for (what, filter, walks) in [
            ("two groups", several(), true),
            ("their settled orders", Filter { states: state(OrderState::Accepted), ..several() }, true),
            ("those that few are", Filter { states: state(OrderState::Rejected), ..several() }, false),
            ("open proposals", Filter { has_open_proposals: Some(true), ..several() }, false),
            ("one partner", Filter { counterparty: Some(Uuid::nil()), ..several() }, false),
            ("few orders", Filter { among: Some(Matching::Among(Vec::new())), ..several() }, false),
            ("words", Filter { matching: Some(Matching::Each(Vec::new())), ..several() }, false),
            ("one of the two", Filter { purchasing_group: "P1".into(), ..several() }, false),
            ("the same as a supplier", Filter { side: Side::Supplier, ..several() }, false),
            ("all groups", Filter::default(), false),
        ] {
            assert_eq!(filter.walks_groups(), walks, "{what}");
        }
    }
}
