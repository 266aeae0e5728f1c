//! The partner portal: pages for the people of firms that have no system of their own, and for their buyers.
//!
//! An ordinary client of the API: it forwards the token of the visitor's session, holds no credential of its own and
//! has no database. Every page works without scripts; htmx and a live stream come on top.
//!
//! * [`session`] cookies, language, who visits · [`form`] form tokens and where a post may come from
//! * [`client`] the API · [`live`] the feed as server-sent events · [`untold`] what no feed tells of · [`board`] what is
//!   announced to everybody
//! * [`i18n`] the two languages · [`format`] dates, quantities, money
//! * [`page`] the frame around pages · [`pages`] the pages · [`failure`] what went wrong, as a page
//! * [`revision`] what a filled-in change form means · [`added`] order lines that are typed
//! * [`answer`] what a filled-in answer form means · [`typed`] numbers and days as typed · [`upload`] files that come along
//! * [`order`] an order as people read it; its [`proposal`]s, [`difference`]s, [`timeline`], [`deadline`], [`reminder`]s,
//!   and how answers compare with what the buyer tolerates ([`tolerance`])
//! * [`week`] and [`measure`] weeks and figures of capacity · [`grid`] tables of weeks that are filled in
//! * [`ask`] pages that ask for a few things · [`table`] lists of what is set up · [`rows`] lists as spreadsheets have them ·
//!   [`sheet`] lists as files, [`saved`] those of any page
//! * [`assets`] style sheet and script · [`download`] files to save · [`qr`] QR codes · `pdf` pages for paper, where it is
//!   built in
//!
//! **Invariants:** a GET changes nothing; no string that a person reads stands outside the catalogues; no page has
//! an inline script or style.

mod added;
mod answer;
mod ask;
mod assets;
mod board;
mod client;
mod deadline;
mod difference;
mod download;
mod failure;
mod form;
mod format;
mod grid;
mod i18n;
mod live;
mod measure;
mod order;
mod page;
mod pages;
#[cfg(feature = "pdf")]
mod pdf;
mod proposal;
mod qr;
mod reminder;
mod revision;
mod rows;
mod saved;
mod session;
mod sheet;
mod table;
mod timeline;
mod tolerance;
mod typed;
mod untold;
mod upload;
mod week;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use chassis::{clock::SharedClock, service::Deps};
use tokio_util::sync::CancellationToken;
use tower_http::compression::{CompressionLayer, DefaultPredicate, Predicate as _};

use crate::{
    assets::Assets, board::Board, client::Api, failure::Failure, form::Tokens, i18n::Catalogue,
    saved::file_of, untold::Changes,
};

/// A filled-in form of a long order.
const LARGEST_FORM_BYTES: usize = 1024 * 1024;

/// What the portal needs to know.
#[derive(Clone)]
pub struct Config {
    /// The API's address, such as `http://127.0.0.1:50051`.
    pub api: String,
    /// As people reach the portal, such as `https://portal.example.com`; then no other host name is answered.
    /// `None`: whatever host is asked for.
    pub public_url: Option<String>,
    /// Whether people reach it by TLS: `__Host-` cookies and HSTS.
    pub secure_cookies: bool,
    /// The largest file of a resource that the API takes, in bytes.
    pub largest_file: u64,
    /// The font of PDF files, by its path; empty: the machine's Noto Sans CJK. Nothing where that is not built in.
    pub font: String,
    /// Signs form tokens; all portals of a deployment share it.
    pub form_key: [u8; 32],
}

/// What all requests share.
struct App {
    config: Config,
    clock: SharedClock,
    api: Api,
    catalogue: Arc<Catalogue>,
    assets: Assets,
    tokens: Tokens,
    #[cfg(feature = "pdf")]
    font: pdf::font::Shelf,
    #[cfg(feature = "pdf")]
    drawing: pdf::Drawing,
    board: Board,
    changes: Changes,
    shutdown: CancellationToken,
}

/// The portal as a process of Tandem configures it.
///
/// # Errors
/// Where the API's address or the public address is malformed, or a font is set that this build has no use for.
pub fn build(config: &chassis::config::Config, deps: &Deps) -> anyhow::Result<Router> {
    if !cfg!(feature = "pdf") && !config.portal.font.is_empty() {
        anyhow::bail!(
            "portal.font is set, and this binary was built without PDF; build it with --features pdf"
        );
    }
    let public_url = Some(config.portal.public_url.clone()).filter(|url| !url.is_empty());
    let terminated = config.portal.tls == chassis::config::Tls::Terminated;
    let secure_cookies = terminated || public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let form_key = deps.keys.derive("portal forms");
    let config = Config {
        api: config.api_url(),
        public_url,
        secure_cookies,
        largest_file: config.resources.max_file_bytes,
        font: config.portal.font.clone(),
        form_key,
    };
    router(config, deps.clock.clone(), deps.shutdown.clone())
}

/// The portal's pages. Live streams end at `shutdown`. Needs a tokio runtime.
///
/// # Errors
/// Where an address is malformed.
pub fn router(config: Config, clock: SharedClock, shutdown: CancellationToken) -> anyhow::Result<Router> {
    if let Some(url) = &config.public_url
        && !(url.starts_with("https://") || url.starts_with("http://"))
    {
        anyhow::bail!("the portal's public address {url:?} must begin with https:// or http://");
    }
    let app = Arc::new(App {
        api: Api::new(&config.api)?,
        tokens: Tokens::new(config.form_key),
        board: Board::default(),
        changes: Changes::default(),
        catalogue: Catalogue::load()?,
        assets: Assets::load()?,
        #[cfg(feature = "pdf")]
        font: pdf::font::Shelf::default(),
        #[cfg(feature = "pdf")]
        drawing: pdf::Drawing::default(),
        config,
        clock,
        shutdown,
    });
    let router = pages()
        .fallback(|| async { Failure::not_found() })
        .method_not_allowed_fallback(|| async { Failure::not_found() })
        .layer(DefaultBodyLimit::max(LARGEST_FORM_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), untold::tell))
        .layer(middleware::from_fn_with_state(app.clone(), form::guard))
        .layer(middleware::from_fn_with_state(app.clone(), failure::render))
        .layer(middleware::from_fn_with_state(app.clone(), secure))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(not_in_parts)))
        .with_state(app);
    Ok(router)
}

/// Files of which a part may be asked for are sent as they are: their parts are counted in their own bytes.
fn not_in_parts(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

fn pages() -> Router<Arc<App>> {
    use pages::{
        accept, at_risk, change, changes, decide, document, ending, help, hold, home, inbox, invitation,
        members, order, partners, proposals, purchases, refuse, remind, revise,
        settings::{evidence, partner, terms, tolerances},
        share, sign_in,
    };
    Router::new()
        .route("/", get(home::show))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/help", get(help::show))
        .route("/static/{name}", get(assets::serve))
        .route("/live", get(live::follow))
        .route("/sign-in", get(sign_in::show).post(sign_in::ask))
        .route("/sign-out", post(sign_in::leave))
        .route("/language", post(sign_in::language))
        .route("/s/{token}", get(sign_in::link).post(sign_in::redeem))
        .route("/i/{token}", get(invitation::show).post(invitation::accept))
        .route("/i/{token}/claim", post(invitation::claim))
        .route("/inbox", get(inbox::show))
        .route("/inbox/export", file_of(inbox::show))
        .route("/purchases", get(purchases::show))
        .route("/proposals", get(proposals::show))
        .route("/proposals/export", file_of(proposals::show))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/accept", get(accept::show).post(accept::send))
        .route("/orders/{id}/change", get(change::show).post(change::send))
        .route("/orders/{id}/refuse", get(refuse::show).post(refuse::send))
        .route("/orders/{id}/decide", post(decide::send))
        .route("/orders/{id}/share", get(share::show).post(share::make))
        .route("/orders/{id}/share/{link}/revoke", post(share::revoke))
        .route("/d/{token}", get(document::show))
        .route("/d/{token}/accept", get(document::accept_form).post(document::accept))
        .route("/d/{token}/change", get(document::change_form).post(document::change))
        .route("/d/{token}/progress", post(document::progress))
        .route("/d/{token}/refuse", get(document::refuse_form).post(document::refuse))
        .route("/at-risk", get(at_risk::show))
        .route("/at-risk/export", file_of(at_risk::show))
        .route("/remind", post(remind::send))
        .route("/reminders", get(remind::list))
        .route("/reminders/export", file_of(remind::list))
        .route("/orders/{id}/remind", get(remind::form))
        .route("/orders/{id}/revise", get(revise::show).post(revise::send))
        .route("/orders/{id}/withdraw-change", post(changes::withdraw))
        .route("/orders/{id}/cancel", get(ending::cancel_form).post(ending::cancel))
        .route("/orders/{id}/close", get(ending::close_form).post(ending::close))
        .route("/orders/{id}/hold", get(hold::hold_form).post(hold::hold))
        .route("/orders/{id}/release", get(hold::release_form).post(hold::release))
        .merge(supplying())
        .merge(set_up())
        .merge(parts())
        .route("/partners", get(partners::show))
        .route("/partners/export", file_of(partners::show))
        .route("/partners/{id}", get(partner::show).post(partner::change))
        .route("/partners/{id}/invitation", post(partners::renew))
        .route("/partners/{id}/score/{figure}", get(evidence::show))
        .route("/partners/{id}/score/{figure}/export", file_of(evidence::show))
        .route("/partners/{id}/terms", post(terms::set))
        .route("/partners/{id}/tolerances", post(tolerances::set))
        .route("/tolerances/{id}/end", post(tolerances::end))
        .route("/members", get(members::show))
        .route("/members/export", file_of(members::show))
        .route("/members/{id}/sign-in-link", post(members::make_link))
}

/// What a firm sets up once.
fn set_up() -> Router<Arc<App>> {
    use pages::settings::{self, calendar, channels, general, keys};
    Router::new()
        .route("/settings", get(settings::show))
        .route("/terms", get(general::show).post(general::set))
        .route("/calendar", get(calendar::show).post(calendar::set))
        .route("/channels", get(channels::show))
        .route("/channels/export", file_of(channels::show))
        .route("/channels/new", get(channels::form).post(channels::make))
        .route("/channels/{id}", get(channels::edit).post(channels::save))
        .route("/channels/{id}/test", post(channels::test))
        .route("/channels/{id}/delete", post(channels::delete))
        .route("/keys", get(keys::show).post(keys::make))
        .route("/keys/export", file_of(keys::show))
        .route("/keys/{id}/revoke", post(keys::revoke))
}

/// Parts of the portal that name their own addresses.
fn parts() -> Router<Arc<App>> {
    Router::new()
        .merge(pages::settings::webhooks::routes())
        .merge(pages::filters::routes())
        .merge(pages::purchases::new::routes())
        .merge(pages::sheets::changes::routes())
        .merge(pages::sheets::orders::routes())
        .merge(pages::announcements::routes())
        .merge(pages::firm::routes())
        .merge(pages::inviting::routes())
        .merge(pages::clusters::routes())
        .merge(pages::capacity::routes())
        .merge(pages::booking::routes())
        .merge(pages::resources::routes())
        .merge(pages::operator::routes())
        .merge(pages::paper::routes())
        .merge(pages::despatch::routes())
        .merge(pages::search::routes())
        .merge(pages::practice::routes())
}

/// What a supplier does beside answering one order, and what both sides write to each other.
fn supplying() -> Router<Arc<App>> {
    use pages::{bulk, consent, progress, sheets, thread, withdraw};
    let files = DefaultBodyLimit::max(upload::LARGEST_BYTES);
    Router::new()
        .route("/inbox/bulk", post(bulk::review))
        .route("/inbox/bulk/send", post(bulk::send))
        .route("/inbox/sheets", get(sheets::show).post(sheets::import).layer(files))
        .route("/inbox/sheets/marked", post(sheets::marked).layer(files))
        .route("/inbox/sheets/export", get(sheets::export))
        .route("/orders/{id}/consent", post(consent::send))
        .route("/orders/{id}/proposals/withdraw", post(withdraw::send))
        .route("/orders/{id}/progress", post(progress::send))
        .route("/orders/{id}/messages", post(thread::send).layer(files))
        .route("/orders/{id}/files/{file}", get(thread::attachment))
}

/// Nothing from elsewhere, nothing inline, no framing, and no guessing of types.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // The own address must reach the own origin, or browsers send `Origin: null` with forms.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.config.secure_cookies {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
