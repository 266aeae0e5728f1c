//! What the operator tells everybody for a time, signed in or not.

use chassis::{Error, Field, Result};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a text may be, in characters.
pub const TEXT: usize = 500;
/// The most that are not over at a time: each page reads them.
pub const MOST: i64 = 20;
/// The longest time that one is shown.
pub const LONGEST: Duration = Duration::days(366);

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementKind {
    Notice,
    Maintenance,
}

impl AnnouncementKind {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Maintenance => "maintenance",
        }
    }

    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Notice, Self::Maintenance].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What is announced, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: AnnouncementKind,
    pub text_zh: String,
    pub text_en: String,
    /// Of maintenance alone, as is `ends_at`.
    pub begins_at: Option<OffsetDateTime>,
    pub ends_at: Option<OffsetDateTime>,
    pub shown_from: OffsetDateTime,
    pub shown_until: OffsetDateTime,
}

impl Told {
    /// INVALID_ARGUMENT where it would be shown to nobody any more, or before it begins, or for too long.
    pub fn check(&self, now: OffsetDateTime) -> Result<()> {
        let path = "announcement.shown_until";
        if self.shown_until <= now || self.shown_until <= self.shown_from {
            return Err(Error::field(path, "RANGE", "must be in the future and after shown_from"));
        }
        if self.shown_until - self.shown_from > LONGEST {
            return Err(Error::field(path, "RANGE", "must be at most a year after shown_from"));
        }
        Ok(())
    }
}

/// An announcement as everybody reads it.
#[derive(Clone, Debug)]
pub struct Announcement {
    pub id: Uuid,
    pub told: Told,
    pub version: i64,
}

/// An announcement as the operator sees it.
#[derive(Clone, Debug)]
pub struct Operated {
    pub announcement: Announcement,
    pub published_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
    pub changed_by: String,
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// What is wrong with the times that were given, by the rules that need no clock.
pub fn time_faults(
    kind: AnnouncementKind,
    begins_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
    shown_until: Option<OffsetDateTime>,
) -> Vec<Field> {
    let mut faults = Vec::new();
    let mut bad = |name: &str, reason, message: &str| {
        faults.push(Field::new(format!("announcement.{name}"), reason, message));
    };
    match (kind, begins_at, ends_at) {
        (AnnouncementKind::Notice, begins, ends) => {
            for (name, given) in [("begins_at", begins), ("ends_at", ends)] {
                if given.is_some() {
                    bad(name, "VALUE", "is for maintenance alone");
                }
            }
            if shown_until.is_none() {
                bad("shown_until", "REQUIRED", "is required for a notice");
            }
        }
        (AnnouncementKind::Maintenance, Some(begins), Some(ends)) => {
            if ends <= begins {
                bad("ends_at", "RANGE", "must be after begins_at");
            }
        }
        (AnnouncementKind::Maintenance, begins, ends) => {
            for (name, given) in [("begins_at", begins), ("ends_at", ends)] {
                if given.is_none() {
                    bad(name, "REQUIRED", "is required for maintenance");
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::hours(hour)
    }

    #[test]
    fn times_fit_the_kind() {
        use AnnouncementKind::{Maintenance, Notice};
        let faults = |kind, begins: Option<i64>, ends: Option<i64>, until: Option<i64>| -> Vec<String> {
            let faults = time_faults(kind, begins.map(at), ends.map(at), until.map(at));
            faults.into_iter().map(|fault| fault.path.replace("announcement.", "")).collect()
        };
        assert!(faults(Notice, None, None, Some(1)).is_empty());
        assert_eq!(faults(Notice, Some(1), Some(2), None), ["begins_at", "ends_at", "shown_until"]);
        assert!(faults(Maintenance, Some(1), Some(2), None).is_empty());
        assert_eq!(faults(Maintenance, Some(2), Some(2), None), ["ends_at"]);
        assert_eq!(faults(Maintenance, None, None, None), ["begins_at", "ends_at"]);
    }

    #[test]
    fn it_is_shown_for_a_time_that_is_not_over() {
        let told = |from, until| Told {
            kind: AnnouncementKind::Notice,
            text_zh: "今晚维护".into(),
            text_en: String::new(),
            begins_at: None,
            ends_at: None,
            shown_from: at(from),
            shown_until: at(until),
        };
        assert!(told(1, 11).check(at(10)).is_ok());
        for (from, until) in [(1, 10), (12, 11), (12, 12), (1, 24 * 366 + 2)] {
            assert!(told(from, until).check(at(10)).is_err(), "{from} {until}");
        }
    }

    #[test]
    fn kinds_have_names() {
        for kind in [AnnouncementKind::Notice, AnnouncementKind::Maintenance] {
            assert_eq!(AnnouncementKind::parse(kind.as_str()), Some(kind));
        }
    }
}
