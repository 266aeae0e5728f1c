//! Who visits: cookies, language, and the caller behind a session.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use chassis::{rates, secret::Redacted};
use cookie::{Cookie, SameSite, time::Duration};
use proto::{
    access::Permission,
    partners::{WhoAmIRequest, WhoAmIResponse},
};

use crate::{
    App, client,
    failure::Failure,
    i18n::{Lang, Text},
    pages::practice,
    untold::Poster,
};

/// Rows of a page that hands its lists over to a file: few enough that the longest of them come through.
const SAVED_ROWS: i32 = 500;
/// How long a device is remembered.
const REMEMBERED: Duration = Duration::days(30);
const LANGUAGE_COOKIE: &str = "tandem_language";

/// Stands with the request of a page whose lists are saved, in place of being shown.
#[derive(Clone, Copy)]
pub struct Saving;

/// Anybody who asks for a page.
#[derive(Clone)]
pub struct Visitor {
    /// The portal.
    pub app: Arc<App>,
    /// The language that was chosen here, or that the browser asks for.
    pub text: Text,
    /// Whether the language was chosen here.
    chosen: bool,
    /// The session's token.
    pub token: Option<Redacted<String>>,
    /// Path and query of a page that may be asked for again, else where one begins.
    pub here: String,
    /// The path that was asked for, or posted to.
    pub path: String,
    /// Where links that are handed over begin, such as `https://portal.example.com`.
    pub base: String,
    /// The device as people know it, such as `Android · WeChat`.
    pub device: String,
    /// Where it stands on the internet, if a proxy says so.
    from: Option<IpAddr>,
    /// Whether the page hands its lists over, instead of showing them.
    pub saving: bool,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        Ok(Visitor::read(parts, app))
    }
}

impl Visitor {
    /// Reads cookies and headers.
    pub fn read(parts: &Parts, app: &Arc<App>) -> Self {
        let headers = &parts.headers;
        let token = cookie(headers, session_cookie(app)).map(Redacted::new);
        let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(|code| Lang::parse(&code));
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let lang = chosen.or_else(|| accepted.and_then(Lang::accepted)).unwrap_or(Lang::Zh);
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            app: app.clone(),
            text: Text::new(app.catalogue.clone(), lang),
            chosen: chosen.is_some(),
            token,
            here: match (parts.method == Method::GET, parts.uri.path_and_query()) {
                (true, Some(here)) => here.to_string(),
                _ => "/".to_string(),
            },
            path: parts.uri.path().to_string(),
            base: base(app, headers),
            device: device(agent),
            from: rates::seen_from(headers),
            saving: parts.extensions.get::<Saving>().is_some(),
        }
    }

    /// A call that anybody may make.
    pub fn call<T>(&self, message: T) -> tonic::Request<T> {
        client::open_for(self.from, message)
    }

    /// The caller behind the session.
    ///
    /// # Errors
    /// 401 without a session that works.
    pub async fn member(mut self) -> Result<Member, Failure> {
        let Some(token) = self.token.clone() else { return Err(Failure::signed_out()) };
        let request = client::signed(&token, WhoAmIRequest {});
        let who = self.app.api.sessions().who_am_i(request).await?.into_inner();
        if !self.chosen
            && let Some(lang) = Lang::parse(&who.locale)
        {
            self.text.lang = lang;
        }
        Ok(Member { token, who, visitor: self, document: None })
    }

    /// Whether the browser is WeChat's own, which saves no files.
    pub fn in_wechat(&self) -> bool {
        self.device.ends_with("WeChat")
    }

    /// The same visitor in another language.
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.text.lang = lang;
        self.chosen = true;
        self
    }
}

/// Who acts for a firm: one of its members, or the holder of a document link.
#[derive(Clone)]
pub struct Member {
    /// The session's token.
    pub token: Redacted<String>,
    /// Firm, name and permissions.
    pub who: WhoAmIResponse,
    /// Everything else.
    pub visitor: Visitor,
    /// Where the one order stands that a document link opens, such as `/d/tdm_doc_…`; `None` for people with an account.
    pub document: Option<String>,
}

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let member = Visitor::read(parts, app).member().await?;
        if let Some(poster) = parts.extensions.get::<Poster>() {
            poster.is_of(&member.who.firm_id);
        }
        Ok(member)
    }
}

impl Member {
    /// A call in the member's name.
    pub fn call<T>(&self, message: T) -> tonic::Request<T> {
        client::signed(&self.token, message)
    }

    /// A call in the member's name that may take a minute.
    pub fn call_patiently<T>(&self, message: T) -> tonic::Request<T> {
        client::patient(&self.token, message)
    }

    /// A call in the member's name that stays open.
    pub fn call_openly<T>(&self, message: T) -> tonic::Request<T> {
        client::streaming(&self.token, message)
    }

    /// Whether the member's roles allow something.
    pub fn may(&self, permission: Permission) -> bool {
        self.who.permissions.contains(&(permission as i32))
    }

    /// Rows of a list's page: as many as it shows, or as many as are read at once for a file.
    pub fn rows(&self, shown: i32) -> i32 {
        if self.visitor.saving { SAVED_ROWS } else { shown }
    }

    /// The portal.
    pub fn app(&self) -> &App {
        &self.visitor.app
    }

    /// Where this visitor finds an order; pages of its own stand below it.
    pub fn order_path(&self, id: &str) -> String {
        match &self.document {
            Some(document) => document.clone(),
            None if id == practice::ID => practice::PATH.to_string(),
            None => format!("/orders/{id}"),
        }
    }

    /// The own firm's name, in the member's language where it has one there.
    pub fn firm_name(&self) -> &str {
        let english = self.text().lang == Lang::En && !self.who.firm_name_en.is_empty();
        if english { &self.who.firm_name_en } else { &self.who.firm_name }
    }

    /// What pages call their session, so that those of one share a stream and those of others do not.
    pub fn session(&self) -> String {
        hex::encode(&chassis::secret::sha256(self.token.reveal().as_bytes())[..6])
    }

    /// The member's language.
    pub fn text(&self) -> &Text {
        &self.visitor.text
    }
}

/// Sets the session's cookie.
pub fn remember(app: &App, token: &str) -> HeaderValue {
    header(built(app, session_cookie(app), token.to_string(), REMEMBERED))
}

/// Takes the session's cookie away.
pub fn forget(app: &App) -> HeaderValue {
    header(built(app, session_cookie(app), String::new(), Duration::ZERO))
}

/// Keeps the language for a year.
pub fn choose(app: &App, lang: Lang) -> HeaderValue {
    header(built(app, LANGUAGE_COOKIE, lang.code().to_string(), Duration::days(365)))
}

fn built(app: &App, name: &'static str, value: String, age: Duration) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.secure_cookies)
        .max_age(age)
        .build()
}

fn header(cookie: Cookie<'static>) -> HeaderValue {
    // Names and values are ours or were checked to be visible ASCII.
    HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// `__Host-` binds the cookie to this very host over TLS; browsers refuse that name without Secure, so that plain
/// http in development has a name of its own.
fn session_cookie(app: &App) -> &'static str {
    if app.config.secure_cookies { "__Host-tandem" } else { "tandem_dev" }
}

/// A cookie's value. Where several contradict each other, another site of the same domain may have set one of them, and
/// none counts.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut found = values
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"'));
    let first = found.next().filter(|value| !value.is_empty())?;
    found.all(|other| other == first).then(|| first.to_string())
}

/// The configured address, else the host that was asked for: links are shown to the one who asked alone.
fn base(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.config.public_url {
        return url.trim_end_matches('/').to_string();
    }
    let plain = |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).filter(plain);
    let scheme = if app.config.secure_cookies { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// A short name of the device for the list of sessions: system and browser, which are product names and the same in
/// every language. The order matters, since browsers name each other.
fn device(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("DingTalk", "DingTalk"),
        ("QQBrowser", "QQ Browser"),
        ("HuaweiBrowser", "Huawei Browser"),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    match (system, browser) {
        (Some(system), Some(browser)) => format!("{system} · {browser}"),
        (Some(name), None) | (None, Some(name)) => name.to_string(),
        (None, None) => "?".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_system_and_browser() {
        let phone = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Chrome/116 Mobile \
                     MicroMessenger/8.0.47";
        assert_eq!(device(phone), "Android · WeChat");
        let desk =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130";
        assert_eq!(device(desk), "Windows · Edge");
        assert_eq!(device("<script>"), "?");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; tandem_dev=tok; xtandem_dev=no"));
        assert_eq!(cookie(&headers, "tandem_dev").as_deref(), Some("tok"));
        assert_eq!(cookie(&headers, "tandem"), None);
        headers.append(header::COOKIE, HeaderValue::from_static("tandem_dev=tok"));
        assert_eq!(cookie(&headers, "tandem_dev").as_deref(), Some("tok"), "the same twice is one");
        headers.append(header::COOKIE, HeaderValue::from_static("tandem_dev=other"));
        assert_eq!(cookie(&headers, "tandem_dev"), None);
    }
}
