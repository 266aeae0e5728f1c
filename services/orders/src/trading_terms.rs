//! What a buyer agrees on with its suppliers beside the orders: pure. Each value is looked up by itself, from the
//! narrowest rule to the widest.

use chassis::calendar::{Calendar, Counted};
use time::Date;
use uuid::Uuid;

use crate::deadline::Due;

/// The most working days that a term may name.
pub const MAX_DAYS: i32 = 250;
/// The most working days before the due day on which a reminder may be sent.
pub const MAX_REMIND_DAYS: i32 = 60;

/// What holds where nobody set anything.
const PLATFORM: [i32; 3] = [3, 0, 0];

/// One rule of a buyer; a value that is absent is as the wider rule says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// `None`: every supplier without a rule of its own.
    pub supplier: Option<Uuid>,
    pub answer_within_working_days: Option<i32>,
    pub frozen_working_days: Option<i32>,
    pub remind_before_working_days: Option<i32>,
}

/// Which rule a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Platform,
    AllSuppliers,
    Supplier,
}

/// What holds between a buyer and a supplier: each value in working days, and its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    pub answer_within: (i32, Rule),
    pub frozen: (i32, Rule),
    pub remind_before: (i32, Rule),
}

/// What holds for a supplier under its own rule and that for all suppliers.
pub fn effective(own: Option<&Terms>, all: Option<&Terms>) -> Effective {
    let value = |of: fn(&Terms) -> Option<i32>, platform: i32| {
        let own = own.and_then(of).map(|value| (value, Rule::Supplier));
        own.or_else(|| all.and_then(of).map(|value| (value, Rule::AllSuppliers)))
            .unwrap_or((platform, Rule::Platform))
    };
    let [answer, frozen, remind] = PLATFORM;
    Effective {
        answer_within: value(|terms| terms.answer_within_working_days, answer),
        frozen: value(|terms| terms.frozen_working_days, frozen),
        remind_before: value(|terms| terms.remind_before_working_days, remind),
    }
}

/// The rules of a buyer for some suppliers, and its calendar: what its deadlines are counted by.
#[derive(Clone, Debug, Default)]
pub struct Agreed {
    pub rules: Vec<Terms>,
    pub calendar: Calendar,
}

impl Agreed {
    /// What holds for a supplier.
    pub fn with(&self, supplier: Uuid) -> Effective {
        let find = |who| self.rules.iter().find(|terms| terms.supplier == who);
        effective(find(Some(supplier)), find(None))
    }

    /// When an answer is due to what was published or changed on `today`.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn answer_due(&self, supplier: Uuid, today: Date) -> chassis::Result<Due> {
        self.due_in(supplier, today, self.with(supplier).answer_within.0)
    }

    /// When an answer is due for which so many working days are left on `today`.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn due_in(&self, supplier: Uuid, today: Date, days: i32) -> chassis::Result<Due> {
        let due = self.calendar.count(today, days)?;
        let remind_on = match self.with(supplier).remind_before.0 {
            0 => None,
            // A reminder on the day itself would say nothing new.
            days => Some(self.calendar.count(due.date, -days)?.date).filter(|day| *day > today),
        };
        Ok(Due { on: due.date, certain: due.is_certain(), remind_on })
    }

    /// The last requested day that is frozen on `today`: whoever changes a line that is requested on or before it
    /// needs the supplier's consent. Before `today` where nothing is frozen.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn frozen_until(&self, supplier: Uuid, today: Date) -> chassis::Result<Counted> {
        match self.with(supplier).frozen.0 {
            0 => self.calendar.count(today.previous_day().unwrap_or(today), 0),
            days => self.calendar.count(today, days),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const WHO: Uuid = Uuid::from_u128(7);

    fn rule(supplier: Option<Uuid>, answer: Option<i32>, frozen: Option<i32>) -> Terms {
        Terms {
            supplier,
            answer_within_working_days: answer,
            frozen_working_days: frozen,
            remind_before_working_days: None,
        }
    }

    #[test]
    fn each_value_comes_from_the_narrowest_rule_that_has_it() {
        let nothing = effective(None, None);
        assert_eq!(nothing.answer_within, (3, Rule::Platform));
        let (own, all) = (rule(Some(WHO), None, Some(10)), rule(None, Some(2), Some(5)));
        let mixed = effective(Some(&own), Some(&all));
        assert_eq!(mixed.answer_within, (2, Rule::AllSuppliers));
        assert_eq!(mixed.frozen, (10, Rule::Supplier));
        assert_eq!(mixed.remind_before, (0, Rule::Platform));
        let zero = effective(Some(&rule(Some(WHO), Some(0), None)), Some(&all));
        assert_eq!(zero.answer_within, (0, Rule::Supplier), "0 is a value");
    }

    #[test]
    fn days_are_counted_by_the_buyers_calendar() {
        let agreed = Agreed {
            rules: vec![rule(Some(WHO), Some(3), Some(2)), rule(None, Some(1), None)],
            ..Agreed::default()
        };
        let today = date!(2026 - 09 - 30);
        assert_eq!(agreed.answer_due(WHO, today).unwrap().on, date!(2026 - 10 - 10));
        assert_eq!(agreed.answer_due(Uuid::nil(), today).unwrap().on, date!(2026 - 10 - 08));
        assert_eq!(agreed.frozen_until(WHO, today).unwrap().date, date!(2026 - 10 - 09));
        assert_eq!(agreed.frozen_until(Uuid::nil(), today).unwrap().date, date!(2026 - 09 - 29));
    }
}
