//! What the operator announces.

use chassis::{Result, value};
use proto::partners as wire;
use time::OffsetDateTime;

use super::{Check, etag};
use crate::announcement::{Announcement, AnnouncementKind, Operated, TEXT, Told, time_faults};

/// What is announced; what is shown from now on begins at `now`.
pub(crate) fn told(given: Option<&wire::Announcement>, now: OffsetDateTime) -> Result<Told> {
    let mut check = Check::default();
    let told = check_told(&mut check, given, now);
    check.done(told)
}

/// What is announced instead, and the etag that it was made on.
pub(crate) fn told_instead(
    given: Option<&wire::Announcement>,
    now: OffsetDateTime,
) -> Result<(uuid::Uuid, Told, String)> {
    let mut check = Check::default();
    let told = check_told(&mut check, given, now);
    let (id, etag) = given.map(|one| (one.id.as_str(), one.etag.clone())).unwrap_or_default();
    check_etag(&mut check, "announcement.etag", &etag);
    let told = check.done(told)?;
    Ok((value::id(id)?, told, etag))
}

/// The etag that an announcement was read with.
pub(crate) fn announcement_etag(given: &str) -> Result<String> {
    let mut check = Check::default();
    check_etag(&mut check, "etag", given);
    check.done(given.to_owned())
}

fn check_etag(check: &mut Check, path: &str, given: &str) {
    if given.is_empty() {
        check.bad(path, "REQUIRED", "is required; send back the one that came with the announcement");
    }
}

fn check_told(check: &mut Check, given: Option<&wire::Announcement>, now: OffsetDateTime) -> Told {
    let given = given.cloned().unwrap_or_default();
    let kind = match given.kind() {
        wire::AnnouncementKind::Notice => Some(AnnouncementKind::Notice),
        wire::AnnouncementKind::Maintenance => Some(AnnouncementKind::Maintenance),
        wire::AnnouncementKind::Unspecified => {
            check.bad("announcement.kind", "REQUIRED", "must be NOTICE or MAINTENANCE");
            None
        }
    };
    let text_zh = check.optional_text("announcement.text_zh", &given.text_zh, TEXT);
    let text_en = check.optional_text("announcement.text_en", &given.text_en, TEXT);
    if text_zh.is_empty() && text_en.is_empty() {
        check.bad("announcement.text_zh", "REQUIRED", "or text_en is required");
    }
    let mut moment = |name: &str, given: &Option<prost_types::Timestamp>| {
        let at = given.as_ref().and_then(value::time).map(value::micros);
        if given.is_some() && at.is_none() {
            check.bad(format!("announcement.{name}"), "TIME", "is no time that can be kept");
        }
        at
    };
    let begins_at = moment("begins_at", &given.begins_at);
    let ends_at = moment("ends_at", &given.ends_at);
    let shown_from = moment("shown_from", &given.shown_from);
    let shown_until = moment("shown_until", &given.shown_until);
    if let Some(kind) = kind {
        for fault in time_faults(kind, begins_at, ends_at, shown_until) {
            check.fields.push(fault);
        }
    }
    Told {
        kind: kind.unwrap_or(AnnouncementKind::Notice),
        text_zh,
        text_en,
        begins_at,
        ends_at,
        shown_from: shown_from.unwrap_or(now),
        shown_until: shown_until.or(ends_at).unwrap_or(now),
    }
}

pub(crate) fn announcement(one: &Announcement) -> wire::Announcement {
    let kind = match one.told.kind {
        AnnouncementKind::Notice => wire::AnnouncementKind::Notice,
        AnnouncementKind::Maintenance => wire::AnnouncementKind::Maintenance,
    };
    wire::Announcement {
        id: one.id.to_string(),
        kind: kind.into(),
        text_zh: one.told.text_zh.clone(),
        text_en: one.told.text_en.clone(),
        begins_at: one.told.begins_at.map(value::timestamp),
        ends_at: one.told.ends_at.map(value::timestamp),
        shown_from: Some(value::timestamp(one.told.shown_from)),
        shown_until: Some(value::timestamp(one.told.shown_until)),
        etag: etag(one.version),
    }
}

pub(crate) fn operated_announcement(one: &Operated) -> wire::OperatedAnnouncement {
    wire::OperatedAnnouncement {
        announcement: Some(announcement(&one.announcement)),
        published_at: Some(value::timestamp(one.published_at)),
        changed_at: Some(value::timestamp(one.changed_at)),
        changed_by: one.changed_by.clone(),
        withdrawn_at: one.withdrawn_at.map(value::timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_of_an_announcement_is_named() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let paths = |given: wire::Announcement| -> Vec<String> {
            let error = told_instead(Some(&given), now).unwrap_err();
            error.fields.into_iter().map(|field| field.path.replace("announcement.", "")).collect()
        };
        assert_eq!(paths(wire::Announcement::default()), ["kind", "text_zh", "etag"]);
        let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let bad = wire::Announcement {
            kind: wire::AnnouncementKind::Maintenance.into(),
            text_zh: "字".repeat(501),
            text_en: "a\u{202e}b".into(),
            begins_at: second(20),
            ends_at: second(10),
            shown_from: second(i64::MAX),
            etag: "1".into(),
            ..wire::Announcement::default()
        };
        assert_eq!(paths(bad), ["text_zh", "text_en", "shown_from", "ends_at"]);
    }

    #[test]
    fn maintenance_is_shown_until_it_ends() {
        let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let given = wire::Announcement {
            kind: wire::AnnouncementKind::Maintenance.into(),
            text_en: "Back at six.".into(),
            begins_at: second(10),
            ends_at: second(20),
            ..wire::Announcement::default()
        };
        let now = OffsetDateTime::UNIX_EPOCH;
        let told = told(Some(&given), now).unwrap();
        assert_eq!((told.shown_from, Some(told.shown_until)), (now, told.ends_at));
    }
}
