//! What a day brings for an order that waits for its supplier: pure.

use time::Date;

/// When an answer is due, and when the supplier is reminded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub on: Date,
    /// False where days of a year without calendar data were counted.
    pub certain: bool,
    /// `None`: nobody is reminded without being asked.
    pub remind_on: Option<Date>,
}

/// A deadline as it stands, and whether anything still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub due_on: Date,
    pub remind_on: Option<Date>,
    pub paused_on: Option<Date>,
    /// False once the answer came in time, or its absence was told.
    pub watched: bool,
    pub waiting: bool,
}

/// What is to be done about a deadline today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is over and something waits: tell both firms.
    Overdue,
    /// It is over and everything was answered.
    Settle,
    /// The terms want a reminder.
    Remind,
    /// The day of the reminder came and nothing waits, so that nobody is reminded.
    SkipReminder,
    Nothing,
}

impl Deadline {
    /// What is to be done on a day. Two that look at the same time do one after the other, and the later finds nothing.
    pub fn on(&self, today: Date) -> Step {
        if !self.watched || self.paused_on.is_some() {
            return Step::Nothing;
        }
        match (self.due_on < today, self.waiting) {
            (true, true) => Step::Overdue,
            (true, false) => Step::Settle,
            (false, waiting) if self.remind_on.is_some_and(|day| day <= today) => {
                if waiting {
                    Step::Remind
                } else {
                    Step::SkipReminder
                }
            }
            (false, _) => Step::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_deadline_is_over_the_day_after_it_and_only_where_something_waits() {
        let open = Deadline {
            due_on: date!(2026 - 10 - 10),
            remind_on: None,
            paused_on: None,
            watched: true,
            waiting: true,
        };
        let reminding = Deadline { remind_on: Some(date!(2026 - 10 - 09)), ..open };
        let answered = |deadline| Deadline { waiting: false, ..deadline };
        for (deadline, today, step) in [
            (open, date!(2026 - 10 - 10), Step::Nothing),
            (open, date!(2026 - 10 - 11), Step::Overdue),
            (answered(open), date!(2026 - 10 - 11), Step::Settle),
            (Deadline { watched: false, ..open }, date!(2026 - 10 - 11), Step::Nothing),
            (
                Deadline { paused_on: Some(date!(2026 - 10 - 01)), ..open },
                date!(2026 - 10 - 11),
                Step::Nothing,
            ),
            (reminding, date!(2026 - 10 - 08), Step::Nothing),
            (reminding, date!(2026 - 10 - 09), Step::Remind),
            (answered(reminding), date!(2026 - 10 - 09), Step::SkipReminder),
            (reminding, date!(2026 - 10 - 12), Step::Overdue),
        ] {
            assert_eq!(deadline.on(today), step, "{deadline:?} on {today}");
        }
    }
}
