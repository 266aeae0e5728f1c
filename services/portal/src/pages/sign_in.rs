//! Signing in by a link, asking for one by mail, signing out, and the language.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::Response,
};
use proto::{
    notices::RequestSignInLinkRequest,
    partners::{
        EndSessionRequest, InspectLinkRequest, InspectLinkResponse, LinkKind, RedeemSignInLinkRequest,
        SetLocaleRequest,
    },
};
use serde::Deserialize;

use crate::{
    App, client,
    failure::Failure,
    form::{Fields, safe_next},
    i18n::{Lang, Text, key},
    page::{self, LANGUAGE, Page, SIGN_OUT},
    pages::announcements,
    session::{self, Visitor},
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    page: Page,
    t: Text,
    /// Why the visitor is here: a session that has ended, or nothing.
    ended: bool,
    /// Whether a link was asked for.
    sent: bool,
    mail: Option<MailForm>,
}

/// Asks for a link by mail.
struct MailForm {
    token: String,
    /// The address as it was typed.
    typed: String,
    /// Whether that is no mail address.
    wrong: bool,
    /// Why no link was asked for; empty for nothing.
    fault: String,
}

impl MailForm {
    /// The form; none where no mail goes out.
    async fn of(visitor: &Visitor) -> Option<Self> {
        let app = &visitor.app;
        let sends_mail = app.board.sends_mail(&app.api).await;
        sends_mail.then(|| Self {
            token: app.tokens.make(app, None, BY_MAIL),
            typed: String::new(),
            wrong: false,
            fault: String::new(),
        })
    }
}

/// What the form's token is for.
const BY_MAIL: &str = "sign in by mail";

/// What was just done.
#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    done: String,
}

/// How to sign in.
pub async fn show(visitor: Visitor, Query(place): Query<Place>) -> Response {
    page::show(&SignInPage { sent: place.done == "sent", ..ways(&visitor).await })
}

/// How to sign in, after a session has ended or without.
pub async fn explain(visitor: &Visitor, ended: bool) -> Response {
    page::show(&SignInPage { ended, ..ways(visitor).await })
}

async fn ways(visitor: &Visitor) -> SignInPage {
    // Maintenance is why one may not come in.
    let (page, mail) = futures::join!(announcements::to_all(visitor), MailForm::of(visitor));
    let title = page.t.say(key::SIGN_IN_TITLE);
    SignInPage { t: page.t.clone(), page: page.titled(title), ended: false, sent: false, mail }
}

/// Asks for a link by mail. The answer does not tell whether the address is anybody's.
pub async fn ask(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    visitor.app.tokens.check(None, BY_MAIL, fields.get("token"))?;
    let request = RequestSignInLinkRequest { address: fields.get("mail").to_string() };
    let asked = visitor.app.api.notices().request_sign_in_link(visitor.call(request)).await;
    let Err(failure) = asked.map_err(Failure::from) else { return Ok(page::go("/sign-in?done=sent")) };
    let (status, fault) = match failure.status() {
        StatusCode::BAD_REQUEST => (StatusCode::UNPROCESSABLE_ENTITY, key::MAIL_LINK_WRONG),
        StatusCode::TOO_MANY_REQUESTS => (StatusCode::TOO_MANY_REQUESTS, key::MAIL_LINK_OFTEN),
        _ => return Err(failure),
    };
    let page = ways(&visitor).await;
    let mail = page.mail.map(|mail| MailForm {
        typed: fields.get("mail").to_string(),
        wrong: status == StatusCode::UNPROCESSABLE_ENTITY,
        fault: page.t.say(fault),
        ..mail
    });
    Ok(page::show_as(status, &SignInPage { mail, ..page }))
}

/// A link that no longer works, or never did.
#[derive(Template)]
#[template(path = "dead_link.html")]
struct DeadLinkPage {
    page: Page,
    t: Text,
    title: String,
    body: String,
    invitation: bool,
    /// Only members are sent links.
    mail: Option<MailForm>,
    code: String,
}

/// Explains what became of a link and where there is a new one; faults of other kinds stay what they are.
pub async fn dead_link(visitor: &Visitor, invitation: bool, failure: Failure) -> Result<Response, Failure> {
    let t = visitor.text.clone();
    let (title, body) = match failure.reason.as_str() {
        "LINK_EXPIRED" => (key::LINK_EXPIRED, key::LINK_EXPIRED_BODY),
        "LINK_USED" | "INVITATION_ACCEPTED" => (key::LINK_USED, key::LINK_USED_BODY),
        "NOT_FOUND" => (key::LINK_UNKNOWN, key::LINK_UNKNOWN_BODY),
        _ => return Err(failure),
    };
    let (title, body) = (t.say(title), t.say(body));
    let page = Page::visitor(visitor).titled(title.clone());
    let status = if failure.is("NOT_FOUND") { StatusCode::NOT_FOUND } else { StatusCode::GONE };
    let mail = if invitation { None } else { MailForm::of(visitor).await };
    Ok(page::show_as(status, &DeadLinkPage { page, t, title, body, invitation, mail, code: failure.reason }))
}

/// What a link is for, without using it up.
pub async fn inspect(visitor: &Visitor, token: &str) -> Result<InspectLinkResponse, Failure> {
    let request = visitor.call(InspectLinkRequest { token: token.to_string() });
    Ok(visitor.app.api.sessions().inspect_link(request).await?.into_inner())
}

#[derive(Template)]
#[template(path = "sign_in_link.html")]
struct LinkPage {
    page: Page,
    t: Text,
    action: String,
    token: String,
    firm: String,
    member: String,
    device: String,
    expires: String,
    /// The page to go on to; empty where one begins.
    next: String,
}

/// Where a link leads once it has signed somebody in.
#[derive(Default, Deserialize)]
pub struct Onward {
    #[serde(default)]
    next: String,
}

/// Shows who would be signed in on this device. Chat apps and mail scanners fetch links: only the button signs in.
pub async fn link(
    visitor: Visitor,
    Path(token): Path<String>,
    Query(onward): Query<Onward>,
) -> Result<Response, Failure> {
    let link = match inspect(&visitor, &token).await {
        Ok(link) if link.kind() == LinkKind::SignIn => link,
        Ok(_) => return dead_link(&visitor, false, Failure::not_found()).await,
        Err(failure) => return dead_link(&visitor, false, failure).await,
    };
    let t = visitor.text.clone();
    let page = announcements::to_all(&visitor).await.titled(t.say(key::SIGN_IN_LINK_TITLE));
    Ok(page::show(&LinkPage {
        page,
        action: format!("/s/{token}"),
        token: visitor.app.tokens.make(&visitor.app, None, &purpose(&token)),
        firm: link.firm_name,
        member: link.member_name,
        device: visitor.device,
        expires: t.moment(link.expires_at.as_ref()),
        next: safe_next(&onward.next).unwrap_or_default().to_string(),
        t,
    }))
}

fn purpose(token: &str) -> String {
    format!("sign-in {token}")
}

/// Uses the link up and remembers the device.
pub async fn redeem(
    visitor: Visitor,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    visitor.app.tokens.check(None, &purpose(&token), fields.get("token"))?;
    let request = RedeemSignInLinkRequest { token, device: visitor.device.clone() };
    let session = match visitor.app.api.sessions().redeem_sign_in_link(visitor.call(request)).await {
        Ok(session) => session.into_inner(),
        Err(status) => return dead_link(&visitor, false, status.into()).await,
    };
    let next = safe_next(fields.get("next")).unwrap_or("/");
    Ok(enter(&visitor, &session.session_token, next).await)
}

/// Goes on with a session. One that the browser had before ends: its pages that are open say so, instead of showing what
/// the next member may read.
pub async fn enter(visitor: &Visitor, token: &str, next: &str) -> Response {
    if let Err(failure) = end(visitor).await {
        tracing::debug!(code = %failure.reason, "the session of before was not ended");
    }
    let mut response = page::go(next);
    response.headers_mut().append(header::SET_COOKIE, session::remember(&visitor.app, token));
    response
}

/// Ends the session at the API, if there is one that works.
async fn end(visitor: &Visitor) -> Result<(), Failure> {
    let Some(token) = &visitor.token else { return Ok(()) };
    let ended = visitor.app.api.sessions().end_session(client::signed(token, EndSessionRequest {})).await;
    match ended {
        Err(status) if status.code() != tonic::Code::Unauthenticated => Err(status.into()),
        _ => Ok(()),
    }
}

/// Ends the session, here and at the API.
pub async fn leave(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    if let Some(token) = &visitor.token {
        visitor.app.tokens.check(Some(token), SIGN_OUT, fields.get("token"))?;
        end(&visitor).await?;
    }
    let mut response = page::go("/sign-in");
    response.headers_mut().append(header::SET_COOKIE, session::forget(&visitor.app));
    Ok(response)
}

/// Changes the language and comes back to the page.
pub async fn language(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Failure> {
    app.tokens.check(visitor.token.as_ref(), LANGUAGE, fields.get("token"))?;
    let Some(lang) = Lang::parse(fields.get("lang")) else { return Err(Failure::not_found()) };
    keep_language(&visitor, lang).await;
    let mut response = page::go(safe_next(fields.get("next")).unwrap_or("/"));
    response.headers_mut().append(header::SET_COOKIE, session::choose(&app, lang));
    Ok(response)
}

/// Tells the API, so that the member's other devices speak the language too. The cookie alone is enough here, so
/// that a fault is no reason to stop.
pub async fn keep_language(visitor: &Visitor, lang: Lang) {
    if let Some(token) = &visitor.token {
        let request = SetLocaleRequest { locale: lang.code().to_string() };
        if let Err(status) = visitor.app.api.sessions().set_locale(client::signed(token, request)).await {
            tracing::debug!(code = ?status.code(), "the language was not kept");
        }
    }
}

/// The language that a half-filled form asks for instead of being sent.
pub fn wanted_language(fields: &Fields) -> Option<Lang> {
    Lang::parse(fields.get("lang"))
}

/// A member's page in another language, with the cookie that keeps it.
pub async fn in_language(
    mut member: session::Member,
    lang: Lang,
) -> (session::Member, axum::http::HeaderValue) {
    keep_language(&member.visitor, lang).await;
    let cookie = session::choose(&member.visitor.app, lang);
    member.visitor = member.visitor.speaking(lang);
    (member, cookie)
}
