//! What the operator announces: written, seen, changed and withdrawn.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    partners::{
        Announcement, AnnouncementKind, ListAnnouncementsRequest, OperatedAnnouncement,
        PublishAnnouncementRequest, UpdateAnnouncementRequest, WithdrawAnnouncementRequest,
    },
};
use serde::Deserialize;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::back;
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    format::china,
    i18n::{Text, key},
    order::Tag,
    page::{self, Tab},
    pages::announcements::text,
    session::Member,
    table::{Act, Cell, Listing, Part},
    typed,
};

const LIST: &str = "/operator/announcements";
const NEW: &str = "/operator/announcements/new";
/// How many are looked through for one that is changed.
const FOUND: i32 = 1_000;

/// Which page, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

fn denied(member: &Member) -> Result<(), Failure> {
    if member.may(Permission::Operate) { Ok(()) } else { Err(Failure::denied()) }
}

/// All of them, the newest first.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    denied(&member)?;
    let t = member.text();
    let request = ListAnnouncementsRequest { page_size: member.rows(50), page_token: place.page };
    let list = member.app().api.operator().list_announcements(member.call(request)).await?.into_inner();
    let now = member.app().clock.now();
    let rows = list.announcements.iter().map(|one| row(&member, one, now)).collect();
    let columns = [key::ANNOUNCEMENTS, key::ANNOUNCEMENT_SHOWN, key::ANNOUNCEMENT_BY, key::STATE];
    let columns = columns.map(|label| t.say(label)).into_iter().chain([String::new()]).collect();
    let part = Part::new(columns, rows, t.say(key::ANNOUNCEMENTS_NONE));
    let done = if place.done.is_empty() { String::new() } else { t.say(key::ANNOUNCEMENT_DONE) };
    Ok(Listing::new(&member, Tab::Firms, t.say(key::ANNOUNCEMENTS), Some(back(t)))
        .live("operator untold")
        .lead(t.say(key::ANNOUNCEMENTS_BODY))
        .done(done)
        .button(NEW, t.say(key::ANNOUNCEMENT_NEW))
        .part(part.next(LIST, &[], &list.next_page_token))
        .saved()
        .show())
}

fn state(t: &Text, one: &OperatedAnnouncement, now: OffsetDateTime) -> (bool, Tag) {
    let told = one.announcement.clone().unwrap_or_default();
    let past = |at: &Option<prost_types::Timestamp>| {
        at.as_ref().and_then(chassis::value::time).is_some_and(|at| at <= now)
    };
    let (standing, shape, label) = if one.withdrawn_at.is_some() {
        (false, "cancelled", key::ANNOUNCEMENT_WITHDRAWN)
    } else if past(&told.shown_until) {
        (false, "cancelled", key::ANNOUNCEMENT_OVER)
    } else if past(&told.shown_from) {
        (true, "accepted", key::ANNOUNCEMENT_CURRENT)
    } else {
        (true, "unanswered", key::ANNOUNCEMENT_PLANNED)
    };
    (standing, Tag { shape, label: t.say(label) })
}

fn row(member: &Member, one: &OperatedAnnouncement, now: OffsetDateTime) -> Vec<Cell> {
    let (app, t) = (member.app(), member.text());
    let told = one.announcement.clone().unwrap_or_default();
    let (standing, tag) = state(t, one, now);
    let shown = [&told.shown_from, &told.shown_until].map(|at| t.moment(at.as_ref())).join(" – ");
    let acts = if standing {
        let action = format!("{LIST}/{}/withdraw/{}", told.id, told.etag);
        let token = app.tokens.make(app, Some(&member.token), &action);
        vec![
            Act::Go { href: format!("{LIST}/{}", told.id), label: t.say(key::ANNOUNCEMENT_CHANGE) },
            Act::Do { action, token, label: t.say(key::ANNOUNCEMENT_WITHDRAW) },
        ]
    } else {
        Vec::new()
    };
    vec![
        Cell::name(text(&told, t.lang).0),
        Cell::Text(shown),
        Cell::Text(one.changed_by.clone()),
        Cell::Tag(tag),
        Cell::Acts(acts),
    ]
}

/// The days and times that are asked for: the name of each, its label, and where the API names it.
fn times(t: &Text, told: &Announcement) -> Vec<Question> {
    let until = || t.say(key::ANNOUNCEMENT_UNTIL_WRONG);
    let maintenance = || t.say(key::ANNOUNCEMENT_FOR_MAINTENANCE);
    let rows = [
        (
            ["begins_day", "begins_time"],
            [key::ANNOUNCEMENT_BEGINS_DAY, key::ANNOUNCEMENT_BEGINS_TIME],
            ("announcement.begins_at", told.begins_at, None, maintenance()),
        ),
        (
            ["ends_day", "ends_time"],
            [key::ANNOUNCEMENT_ENDS_DAY, key::ANNOUNCEMENT_ENDS_TIME],
            ("announcement.ends_at", told.ends_at, None, t.say(key::ANNOUNCEMENT_RANGE)),
        ),
        (
            ["from_day", "from_time"],
            [key::ANNOUNCEMENT_FROM_DAY, key::ANNOUNCEMENT_FROM_TIME],
            ("announcement.shown_from", told.shown_from, Some(key::ANNOUNCEMENT_FROM_HINT), until()),
        ),
        (
            ["until_day", "until_time"],
            [key::ANNOUNCEMENT_UNTIL_DAY, key::ANNOUNCEMENT_UNTIL_TIME],
            ("announcement.shown_until", told.shown_until, Some(key::ANNOUNCEMENT_UNTIL_HINT), until()),
        ),
    ];
    let mut questions = Vec::new();
    for ([day, clock], [day_label, clock_label], (path, at, hint, wrong)) in rows {
        let at = at.as_ref().and_then(chassis::value::time).map(|at| at.to_offset(china()));
        let (known_day, known_time) = at
            .map(|at| (at.date().to_string(), format!("{:02}:{:02}", at.hour(), at.minute())))
            .unwrap_or_default();
        let hint = hint.map(|hint| t.say(hint)).unwrap_or_default();
        let question = Question::new(day, Kind::Date, t.say(day_label)).optional().hint(hint);
        questions.push(question.at(path).wrong(wrong).with(known_day));
        let question = Question::new(clock, Kind::Time, t.say(clock_label)).optional();
        questions.push(question.at("-").with(known_time));
    }
    questions
}

fn asking(member: &Member, told: &Announcement) -> Ask {
    let t = member.text();
    let (action, title, lead) = match told.id.as_str() {
        "" => (NEW.to_string(), key::ANNOUNCEMENT_NEW, key::ANNOUNCEMENTS_BODY),
        id => (format!("{LIST}/{id}"), key::ANNOUNCEMENT_CHANGE, key::ANNOUNCEMENT_CHANGE_BODY),
    };
    let way = Way { href: LIST.into(), label: t.say(key::ANNOUNCEMENTS) };
    let kinds = vec![
        Choice::new("notice", t.say(key::ANNOUNCEMENT_NOTICE)),
        Choice {
            hint: t.say(key::ANNOUNCEMENT_MAINTENANCE_HINT),
            ..Choice::new("maintenance", t.say(key::ANNOUNCEMENT_MAINTENANCE))
        },
    ];
    let kind = if told.kind() == AnnouncementKind::Maintenance { "maintenance" } else { "notice" };
    let words = |name, label, path: &'static str, value: &str| {
        Question::new(name, Kind::Area, t.say(label)).optional().at(path).with(value)
    };
    Ask::below(member, Tab::Firms, action, t.say(title), way)
        .lead(t.say(lead))
        .submit(t.say(key::ANNOUNCEMENT_PUBLISH))
        .hidden("etag", told.etag.clone())
        .ask(
            Question::of("kind", Kind::Radios, t.say(key::ANNOUNCEMENT_KIND), kinds)
                .at("announcement.kind")
                .with(kind),
        )
        .ask(
            words("zh", key::ANNOUNCEMENT_ZH, "announcement.text_zh", &told.text_zh)
                .hint(t.say(key::ANNOUNCEMENT_TEXT_HINT)),
        )
        .ask(words("en", key::ANNOUNCEMENT_EN, "announcement.text_en", &told.text_en))
        .ask_all(times(t, told))
}

/// What was typed; `Err` names the field whose day or time is none.
fn read(id: &str, fields: &Fields) -> Result<Announcement, &'static str> {
    let moment = |day: &'static str, clock: &'static str| {
        let date = typed::date(fields.get(day)).map_err(|()| day)?;
        let time = typed::clock(fields.get(clock)).map_err(|()| clock)?;
        match (date, time) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(day),
            (Some(date), time) => {
                let at = PrimitiveDateTime::new(date, time.unwrap_or(time::Time::MIDNIGHT));
                Ok(Some(chassis::value::timestamp(at.assume_offset(china()))))
            }
        }
    };
    let kind = match fields.get("kind") {
        "maintenance" => AnnouncementKind::Maintenance,
        "notice" => AnnouncementKind::Notice,
        _ => AnnouncementKind::Unspecified,
    };
    Ok(Announcement {
        id: id.to_string(),
        kind: kind.into(),
        text_zh: fields.get("zh").to_string(),
        text_en: fields.get("en").to_string(),
        begins_at: moment("begins_day", "begins_time")?,
        ends_at: moment("ends_day", "ends_time")?,
        shown_from: moment("from_day", "from_time")?,
        shown_until: moment("until_day", "until_time")?,
        etag: fields.get("etag").to_string(),
    })
}

/// The form of a new one.
pub async fn new(member: Member) -> Result<Response, Failure> {
    denied(&member)?;
    Ok(asking(&member, &Announcement::default()).show())
}

/// Publishes it.
pub async fn publish(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    send(&posted, Announcement::default(), &fields).await
}

async fn find(member: &Member, id: &str) -> Result<Announcement, Failure> {
    let request = ListAnnouncementsRequest { page_size: FOUND, page_token: String::new() };
    let list = member.app().api.operator().list_announcements(member.call(request)).await?.into_inner();
    let standing = list.announcements.into_iter().filter(|one| one.withdrawn_at.is_none());
    let mut all = standing.filter_map(|one| one.announcement);
    all.find(|one| one.id == id).ok_or_else(Failure::not_found)
}

/// The form of one that is changed.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    denied(&member)?;
    let told = find(&member, &id).await?;
    Ok(asking(&member, &told).show())
}

/// Changes it.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{LIST}/{id}"), &fields).await?;
    send(&posted, Announcement { id, ..Announcement::default() }, &fields).await
}

async fn send(posted: &Posted, told: Announcement, fields: &Fields) -> Result<Response, Failure> {
    let member = &posted.member;
    let mut ask = asking(member, &told).fill(fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let told = match read(&told.id, fields) {
        Ok(told) => told,
        Err(name) => {
            ask.blame(name, member.text().say(key::ANNOUNCEMENT_UNTIL_WRONG));
            return Ok(ask.wrong());
        }
    };
    let (request_id, known) = (posted.request_id.clone(), !told.id.is_empty());
    let mut api = member.app().api.operator();
    let done = if known {
        let request = UpdateAnnouncementRequest { request_id, announcement: Some(told) };
        api.update_announcement(member.call(request)).await
    } else {
        let request = PublishAnnouncementRequest { request_id, announcement: Some(told) };
        api.publish_announcement(member.call(request)).await
    };
    match done {
        Ok(_) => Ok(page::go(&format!("{LIST}?done=1"))),
        Err(status) => ask.refused(status),
    }
}

/// Takes it back.
pub async fn withdraw(
    member: Member,
    Path((id, etag)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let app = member.app();
    let action = format!("{LIST}/{id}/withdraw/{etag}");
    let request_id = app.tokens.check(Some(&member.token), &action, fields.get("token"))?;
    let request = WithdrawAnnouncementRequest { request_id, announcement_id: id, etag };
    app.api.operator().withdraw_announcement(member.call(request)).await?;
    Ok(page::go(&format!("{LIST}?done=1")))
}
