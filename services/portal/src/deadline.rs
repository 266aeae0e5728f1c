//! Until when an answer is due, as people read it.

use proto::orders::AnswerDue;
use time::Date;

use crate::{
    format,
    i18n::{Text, key},
};

/// The day of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Due {
    pub day: String,
    /// How much time is left, or how much is over.
    pub left: String,
    pub overdue: bool,
    /// What to know about the day; empty for nothing.
    pub note: String,
}

/// The day of an answer, seen from `today`. `None` where nothing waits.
pub fn due(text: &Text, due: Option<&AnswerDue>, today: Date) -> Option<Due> {
    let due = due?;
    let day = format::day(due.date.as_ref())?;
    let days = (day - today).whole_days();
    let left = match days {
        _ if due.paused => text.say(key::DUE_PAUSED),
        0 => text.say(key::DUE_TODAY),
        days if days < 0 => text.one(key::DUE_OVER, -days),
        days => text.one(key::DUE_LEFT, days),
    };
    let note = match due.uncertain {
        true => text.say(key::DUE_UNCERTAIN),
        false => String::new(),
    };
    Some(Due { day: text.day(day), left, overdue: due.overdue && !due.paused, note })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_deadline_says_how_much_time_is_left() {
        let zh = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let today = date!(2026 - 11 - 23);
        for (day, paused, left, overdue) in [
            (date!(2026 - 11 - 23), false, "今天截止", false),
            (date!(2026 - 11 - 24), false, "还剩 1 天", false),
            (date!(2026 - 12 - 23), false, "还剩 30 天", false),
            (date!(2026 - 11 - 20), false, "已逾期 3 天", true),
            (date!(2026 - 11 - 20), true, "暂停计时", false),
        ] {
            let wire = AnswerDue {
                date: Some(chassis::value::wire_date(day)),
                overdue: day < today,
                paused,
                ..AnswerDue::default()
            };
            let told = due(&zh, Some(&wire), today).unwrap();
            assert_eq!((told.left.as_str(), told.overdue), (left, overdue), "{day}");
        }
        assert_eq!(due(&zh, None, today), None);
    }
}
