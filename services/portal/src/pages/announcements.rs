//! What the operator tells everybody, on top of each page, until whoever reads it puts it away; whoever has not signed in
//! reads it, too. Pages that are open read it anew: as soon as the live stream says so, else every minute in which it is
//! looked at.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::Query,
    response::Response,
    routing::{get, post},
};
use proto::partners::{Announcement, DismissAnnouncementRequest};
use serde::Deserialize;

use crate::{
    App, board,
    failure::Failure,
    form::{Fields, safe_next},
    i18n::{Lang, Text, key},
    page::{self, Page, Tab},
    session::{Member, Visitor},
};

/// What the form token is for.
const PURPOSE: &str = "announcement";
/// Where what is announced is read without being anybody.
pub const TO_ALL: &str = "/announcements/all";

/// Where the forms go.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/announcements", get(part))
        .route(TO_ALL, get(part_to_all))
        .route("/announcements/dismiss", post(dismiss))
}

/// An announcement as it stands on top of a page.
pub struct Told {
    /// For members, who put it away; whoever holds a document link is none.
    pub away: Option<Away>,
    /// Of maintenance.
    pub when: String,
    pub text: String,
    /// Where there is no text in the page's language, that of the text; else empty.
    pub lang: &'static str,
}

/// What the form that puts one away posts.
pub struct Away {
    pub id: String,
    pub etag: String,
    pub token: String,
}

/// What is shown to a member now.
pub fn told(member: &Member) -> Vec<Told> {
    let app = member.app();
    let away = |one: &Announcement| Away {
        id: one.id.clone(),
        etag: one.etag.clone(),
        token: app.tokens.make(app, Some(&member.token), PURPOSE),
    };
    let signed_in = member.document.is_none();
    let told = member.who.announcements.iter();
    told.map(|one| shown(one, signed_in.then(|| away(one)), member.text())).collect()
}

/// The frame of a page for whoever has not signed in, with what is announced.
pub async fn to_all(visitor: &Visitor) -> Page {
    let announced = visitor.app.board.told(&visitor.app.api).await;
    let mut page = Page::visitor(visitor);
    page.told = announced.iter().map(|one| shown(one, None, &visitor.text)).collect();
    page.told_mark = board::mark(&announced);
    page
}

fn shown(one: &Announcement, away: Option<Away>, t: &Text) -> Told {
    let (text, lang) = text(one, t.lang);
    Told {
        away,
        when: when(one, t),
        text: text.to_string(),
        lang: if lang == t.lang { "" } else { lang.html() },
    }
}

/// The text in a language, else in the one that there is.
pub fn text(one: &Announcement, lang: Lang) -> (&str, Lang) {
    let of = |lang| match lang {
        Lang::Zh => one.text_zh.as_str(),
        Lang::En => one.text_en.as_str(),
    };
    let lang = if of(lang).is_empty() { lang.other() } else { lang };
    (of(lang), lang)
}

/// When maintenance is planned; empty for a notice.
fn when(one: &Announcement, t: &Text) -> String {
    if one.begins_at.is_none() {
        return String::new();
    }
    t.two(key::TOLD_MAINTENANCE, t.moment(one.begins_at.as_ref()), t.moment(one.ends_at.as_ref()))
}

#[derive(Template)]
#[template(path = "announcements.html")]
struct Part {
    page: Page,
    t: Text,
}

/// The page that is open.
#[derive(Deserialize)]
struct Open {
    #[serde(default)]
    next: String,
}

/// The announcements alone, for a page that is open.
async fn part(member: Member, Query(open): Query<Open>) -> Response {
    let mut page = Page::member(&member, Tab::None);
    page.here = safe_next(&open.next).unwrap_or("/").to_string();
    page::show(&Part { t: page.t.clone(), page })
}

/// The same as everybody is told it, whoever asks.
async fn part_to_all(visitor: Visitor) -> Response {
    let page = to_all(&visitor).await;
    page::show(&Part { t: page.t.clone(), page })
}

/// Puts one away, and shows the page again.
async fn dismiss(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let request = DismissAnnouncementRequest {
        request_id,
        announcement_id: fields.get("id").to_string(),
        etag: fields.get("etag").to_string(),
    };
    let done = app.api.sessions().dismiss_announcement(member.call(request)).await;
    // One that is over or withdrawn since is not shown anyway.
    if let Err(status) = done
        && status.code() != tonic::Code::NotFound
    {
        return Err(status.into());
    }
    Ok(page::go(safe_next(fields.get("next")).unwrap_or("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_language_that_there_is() {
        let both =
            Announcement { text_zh: "维护".into(), text_en: "Maintenance".into(), ..Default::default() };
        assert_eq!(text(&both, Lang::En), ("Maintenance", Lang::En));
        assert_eq!(text(&both, Lang::Zh), ("维护", Lang::Zh));
        let one = Announcement { text_en: String::new(), ..both };
        assert_eq!(text(&one, Lang::En), ("维护", Lang::Zh), "and says which");
    }
}
