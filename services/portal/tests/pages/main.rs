//! The portal's pages over an API in memory: what a browser gets, what a browser may do, and what the API is asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends where it is")]

mod attacks;
mod capacity;
mod despatch;
mod every;
mod fake;
mod finding;
mod follow;
mod hostile;
mod lists;
mod ordering;
#[cfg(feature = "pdf")]
mod paper;
mod parity;
mod score;
mod sheets;
mod signing_in;
mod story;
mod stream;
mod supplying;

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use chassis::clock::FixedClock;
use fake::{BUYER, Fake, SALES};
use http_body_util::BodyExt as _;
use proto::{
    event,
    orders::{OrderPublished, Remainder, line_response::Answer},
    stream::{FeedEvent, SubscribeResponse, subscribe_request::Start},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tower::ServiceExt as _;

const ORDER: &str = "/orders/0192f000-0000-7000-8000-000000000001";
const PROPOSED: &str = "/orders/0192f000-0000-7000-8000-000000000005";

struct World {
    app: Router,
    api: Fake,
    shutdown: CancellationToken,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    html: String,
}

impl World {
    async fn start() -> Self {
        Self::with(false, None).await
    }

    async fn with(secure_cookies: bool, public_url: Option<&str>) -> Self {
        Self::set(secure_cookies, public_url, "").await
    }

    #[cfg(feature = "pdf")]
    async fn with_font(font: &str) -> Self {
        Self::set(false, None, font).await
    }

    async fn set(secure_cookies: bool, public_url: Option<&str>, font: &str) -> Self {
        let api = Fake::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(proto::orders::order_service_server::OrderServiceServer::new(api.clone()))
            .add_service(proto::partners::session_service_server::SessionServiceServer::new(api.clone()))
            .add_service(proto::partners::member_service_server::MemberServiceServer::new(api.clone()))
            .add_service(proto::partners::relationship_service_server::RelationshipServiceServer::new(
                api.clone(),
            ))
            .add_service(proto::orders::order_link_service_server::OrderLinkServiceServer::new(api.clone()))
            .add_service(proto::orders::thread_service_server::ThreadServiceServer::new(api.clone()))
            .add_service(proto::orders::reminder_service_server::ReminderServiceServer::new(api.clone()))
            .add_service(proto::orders::progress_service_server::ProgressServiceServer::new(api.clone()))
            .add_service(follow::changes(&api))
            .add_service(score::server(&api))
            .add_service(proto::orders::response_service_server::ResponseServiceServer::new(api.clone()))
            .add_service(proto::interchange::sheet_service_server::SheetServiceServer::new(api.clone()))
            .add_service(proto::stream::stream_service_server::StreamServiceServer::new(api.clone()))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        tokio::spawn(server);
        Self::over(&format!("http://{address}"), api, (secure_cookies, public_url, font))
    }

    /// The pages over whatever answers at an address.
    fn over(address: &str, api: Fake, set: (bool, Option<&str>, &str)) -> Self {
        let shutdown = CancellationToken::new();
        let clock = FixedClock::new(time::macros::datetime!(2026-11-23 01:00 UTC));
        let (secure_cookies, public_url, font) = set;
        let config = portal::Config {
            api: address.to_string(),
            public_url: public_url.map(str::to_string),
            secure_cookies,
            largest_file: 1_000_000,
            font: font.to_string(),
            form_key: [7; 32],
        };
        let app = portal::router(config, clock, shutdown.clone()).unwrap();
        Self { app, api, shutdown }
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let html = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Page { status: parts.status, headers: parts.headers, html }
    }

    async fn get(&self, path: &str, token: &str) -> Page {
        self.send(request("GET", path, token).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Page {
        let request = request("POST", path, token).header("origin", "http://portal.test");
        self.send(request.body(form(fields)).unwrap()).await
    }
}

fn request(method: &str, path: &str, token: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header("host", "portal.test");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if token.is_empty() { request } else { request.header("cookie", format!("tandem_dev={token}")) }
}

fn form(fields: &[(&str, &str)]) -> Body {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(fields);
    Body::from(encoder.finish())
}

impl Page {
    /// The value of a hidden field.
    fn field(&self, form: &str, name: &str) -> String {
        let form = self.html.find(form).map(|at| &self.html[at..]).unwrap_or_else(|| panic!("no {form}"));
        let mark = format!("name=\"{name}\" value=\"");
        let at = form.find(&mark).unwrap_or_else(|| panic!("no field {name}")) + mark.len();
        form[at..].split('"').next().unwrap().to_string()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }
}

#[tokio::test]
async fn a_look_at_a_sign_in_link_uses_nothing_up() {
    let world = World::start().await;
    let page = world.get("/s/good", "").await;
    assert!(page.says("林小燕") && page.says("清禾包装"));
    assert!(world.api.state.lock().unwrap().redeemed.is_empty());
    assert_eq!(world.post("/s/good", "", &[("token", "0.0")]).await.status, StatusCode::FORBIDDEN);
    let token = page.field("action=\"/s/good\"", "token");
    assert_eq!(world.post("/s/other", "", &[("token", &token)]).await.status, StatusCode::FORBIDDEN);
    let page = world.post("/s/good", "", &[("token", &token), ("next", "//evil.example")]).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with(&format!("tandem_dev={SALES};")) && cookie.contains("HttpOnly"), "{cookie}");
    assert!(
        cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=2592000") && cookie.contains("Path=/")
    );
    assert!(!cookie.contains("Secure"));
    let page = world.get("/s/good?next=/orders/7?show=all", "").await;
    assert_eq!(page.field("action=\"/s/good\"", "next"), "/orders/7?show=all", "it leads on to a page");
    let page = world.get("/s/good?next=//evil.example", "").await;
    assert!(!page.says("name=\"next\" value=\"//evil"), "of ours alone: {}", page.html);
    for (path, word) in [("/s/old", "链接已过期"), ("/s/used", "链接已使用过"), ("/s/nonsense", "链接无效")]
    {
        assert!(world.get(path, "").await.says(word), "{path}");
    }
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let world = World::with(true, Some("https://portal.test")).await;
    let page = world.get("/s/good", "").await;
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    let token = page.field("action=\"/s/good\"", "token");
    let request = request("POST", "/s/good", "").header("origin", "https://portal.test");
    let page = world.send(request.body(form(&[("token", &token)])).unwrap()).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-tandem=") && cookie.contains("; Secure"), "{cookie}");
    let plain_name = world.get("/inbox", SALES).await;
    assert_eq!(plain_name.status, StatusCode::UNAUTHORIZED, "D05: the development cookie is not taken");
    let elsewhere =
        Request::builder().uri("/sign-in").header("host", "evil.example").body(Body::empty()).unwrap();
    // 421 and not 400 (RFC 9110, 15.5.20): nothing is wrong with it but that it came here.
    assert_eq!(world.send(elsewhere).await.status, StatusCode::MISDIRECTED_REQUEST, "D26");
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let world = World::start().await;
    let token = world.get(&format!("{ORDER}/accept"), SALES).await.field("/accept\" data-once", "token");
    let fields = [("token", token.as_str()), ("revision", "1")];
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = request("POST", &format!("{ORDER}/accept"), SALES).header(name, value);
        let page = world.send(request.body(form(&fields)).unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let others = world.post(&format!("{ORDER}/accept"), BUYER, &fields).await;
    assert_eq!(others.status, StatusCode::FORBIDDEN, "a token holds for its own session");
    let language = world.get(ORDER, SALES).await.field("/language", "token");
    let wrong =
        world.post(&format!("{ORDER}/accept"), SALES, &[("token", &language), ("revision", "1")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "and for its own form");
    assert!(world.api.state.lock().unwrap().responses.is_empty());
}

#[tokio::test]
async fn the_inbox_counts_what_waits_and_escapes_what_others_wrote() {
    let world = World::start().await;
    world.api.change(&ORDER[8..], |order| order.buyer_name = "<script>alert(1)</script>".into());
    let page = world.get("/inbox", SALES).await;
    assert!(page.says("<title>(5) 待我答复"), "the count is in the title");
    assert!(page.says("CNY 183,000.00") && page.says("2026年12月28日") && page.says("已过 3 天"));
    assert!(!page.says("<script>alert") && page.says("&#60;script&#62;alert"));
    assert!(page.says("data-cursor=\"cursor-0\""));
    assert!(!page.says("CY26110228"), "what waits for the buyer is elsewhere");
    assert!(world.get("/inbox?show=proposed", SALES).await.says("CY26110228"));
    let none = world.get("/inbox?q=%3CNONE%3E", SALES).await;
    assert!(none.says("没有找到“&#60;NONE&#62;”") && none.says("品名和客户名称"));
    let found = world.get("/inbox?show=all&q=CY261102", SALES).await;
    assert!(found.says("CY26110231") && found.says("CY26110228"), "a part of a number is enough");
    let exact = world.get("/inbox?show=all&q=cy26110228", SALES).await;
    assert_eq!(exact.header("location"), PROPOSED, "the only one of just this number is opened");
}

#[tokio::test]
async fn a_filter_in_use_is_kept_under_a_name_and_let_go() {
    let world = World::start().await;
    assert!(!world.get("/inbox?show=proposed", SALES).await.says("/filters"), "a state is a link already");
    let found = world.get("/inbox?show=all&q=CY261102", SALES).await;
    let (token, text) = (found.field("\"/filters\"", "token"), found.field("\"/filters\"", "text"));
    assert_eq!((text.as_str(), found.field("\"/filters\"", "view").as_str()), ("CY261102", "all"));
    let fields = [("token", &*token), ("list", "1"), ("name", "<澄屿>"), ("view", "all"), ("text", &*text)];
    let saved = world.post("/filters", SALES, &fields).await;
    assert_eq!(saved.header("location"), "/inbox?show=all&q=CY261102");
    let list = world.get("/inbox?show=all&q=CY261102", SALES).await;
    assert!(list.says("href=\"/inbox?show=all&#38;q=CY261102\" aria-current=\"page\">&#60;澄屿&#62;</a>"));
    assert!(!list.says("action=\"/filters\""), "it is kept already");
    assert!(!world.get("/inbox?show=all&q=CY", SALES).await.says("action=\"/filters\""), "one is the most");
    let token = list.field("\"/filters/delete\"", "token");
    let fields = [("token", &*token), ("list", "1"), ("name", "<澄屿>")];
    assert_eq!(world.post("/filters/delete", SALES, &fields).await.header("location"), "/inbox");
    assert!(world.api.state.lock().unwrap().filters.is_empty());
}

#[tokio::test]
async fn accepting_twice_has_one_effect() {
    let world = World::start().await;
    let token = world.get(&format!("{ORDER}/accept"), SALES).await.field("/accept\" data-once", "token");
    let fields = [("token", token.as_str()), ("revision", "1")];
    for _ in 0..2 {
        let page = world.post(&format!("{ORDER}/accept"), SALES, &fields).await;
        assert_eq!(page.header("location"), format!("{ORDER}?done=answered"));
    }
    let responses = world.api.state.lock().unwrap().responses.clone();
    assert_eq!(responses.len(), 1);
    assert!(responses[0].accept_all && responses[0].lines.is_empty() && responses[0].revision == 1);
    let page = world.get(&format!("{ORDER}?done=answered"), SALES).await;
    assert!(page.says("答复已送达") && page.says("下一个：MM2610-0049"));
    let claimed = world.get(&format!("{PROPOSED}?done=answered"), SALES).await;
    assert!(!claimed.says("答复已送达"), "an address alone confirms nothing");
}

/// The change form of the order with its first line as typed.
async fn change(world: &World, typed: &[(&str, &str)]) -> Page {
    let page = world.get(&format!("{ORDER}/change"), SALES).await;
    let token = page.field("id=\"change\"", "token");
    let mut fields = vec![("token", token.as_str()), ("revision", "1")];
    let hidden: Vec<(String, String)> =
        ["line-0", "was-0", "no-0", "q-0", "d-0", "line-1", "was-1", "no-1", "q-1", "d-1"]
            .iter()
            .map(|name| ((*name).to_string(), page.field("id=\"change\"", name)))
            .collect();
    let kept = hidden.iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
    fields.extend(kept.map(|(name, value)| (name.as_str(), value.as_str())));
    fields.extend(typed);
    world.post(&format!("{ORDER}/change"), SALES, &fields).await
}

#[tokio::test]
async fn one_number_is_typed_and_the_rest_is_computed() {
    let world = World::start().await;
    let typed = [("q-0", "16,000"), ("rest-0", "later"), ("d2-0", "2027-01-04"), ("note-1", "照做")];
    assert_eq!(change(&world, &typed).await.status, StatusCode::SEE_OTHER);
    let responses = world.api.state.lock().unwrap().responses.clone();
    let [split, whole] = &responses[0].lines[..] else { panic!("two lines") };
    let Some(Answer::Propose(propose)) = &split.answer else { panic!("{split:?}") };
    let quantities: Vec<_> = propose.deliveries.iter().map(|d| d.quantity.clone().unwrap().value).collect();
    assert_eq!(quantities, ["16000", "4000"]);
    assert!(
        matches!(&whole.answer, Some(Answer::Accept(a)) if a.quantity.as_ref().unwrap().value == "20000")
    );
    assert_eq!(whole.remainder(), Remainder::Unspecified);
    assert_eq!(responses[0].note, "第 20 行：照做");
}

#[tokio::test]
async fn a_wrong_form_comes_back_with_everything_that_was_typed() {
    let world = World::start().await;
    let page = change(&world, &[("q-0", "20001"), ("note-0", "加急 <b>")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.says("最多可答复 20,000 个") && page.says("href=\"#q-0\"") && page.says("value=\"20001\""));
    assert!(page.says("加急 &#60;b&#62;"));
    let nothing =
        change(&world, &[("q-0", "0"), ("rest-0", "leave"), ("q-1", "0"), ("rest-1", "leave")]).await;
    assert!(nothing.says("请至少答复一行"));
    let english = change(&world, &[("q-0", "123"), ("lang", "en")]).await;
    assert!(english.says("Accept order CY26110231 with changes") && english.says("value=\"123\""));
    assert!(english.header("set-cookie").starts_with("tandem_language=en"));
    assert!(world.api.state.lock().unwrap().responses.is_empty());
}

#[tokio::test]
async fn an_order_that_changed_while_the_form_was_open_is_shown_with_its_differences() {
    let world = World::start().await;
    let before = world.get(&format!("{ORDER}/change"), SALES).await;
    let was = before.field("id=\"change\"", "was-0");
    world.api.change(&ORDER[8..], |order| {
        order.revision = 2;
        order.schedule[0].quantities.as_mut().unwrap().unanswered = fake::wire("18000");
    });
    let page = change(&world, &[("was-0", &was), ("q-0", "15000"), ("rest-0", "leave")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.says("修订 1 改为修订 2") && page.says("数量已由 20,000 个 变为 18,000 个"));
    assert!(page.says("value=\"15000\""), "what was typed is kept");
    assert!(world.api.state.lock().unwrap().responses.is_empty());
}

#[tokio::test]
async fn refusing_needs_a_reason() {
    let world = World::start().await;
    let page = world.get(&format!("{ORDER}/refuse"), SALES).await;
    let (token, line) = (page.field("id=\"refuse\"", "token"), page.field("id=\"refuse\"", "line"));
    let fields = [("token", token.as_str()), ("revision", "1"), ("line", line.as_str())];
    let page = world.post(&format!("{ORDER}/refuse"), SALES, &fields).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("请选择原因"));
    let fields = [fields[0], fields[1], fields[2], ("reason", "3")];
    assert_eq!(world.post(&format!("{ORDER}/refuse"), SALES, &fields).await.status, StatusCode::SEE_OTHER);
    let responses = world.api.state.lock().unwrap().responses.clone();
    let Some(Answer::Reject(reject)) = &responses[0].lines[0].answer else { panic!("a rejection") };
    assert_eq!((reject.reason, reject.quantity.is_none()), (3, true));
}

#[tokio::test]
async fn the_buyer_decides_proposals() {
    let world = World::start().await;
    let page = world.get(PROPOSED, BUYER).await;
    assert!(page.says("16,000 个，2026年12月21日") && page.says("1,600 个，2026年12月28日"));
    let (token, proposal) = (page.field("id=\"decide\"", "token"), page.field("id=\"decide\"", "proposal"));
    let path = format!("{PROPOSED}/decide");
    let nothing = world.post(&path, BUYER, &[("token", &token), ("proposal", &proposal)]).await;
    assert!(nothing.says("请至少对一项提议作出选择"));
    let decision = format!("decision-{proposal}");
    let fields = [("token", token.as_str()), ("proposal", &proposal), (&decision, "accept")];
    assert_eq!(world.post(&path, BUYER, &fields).await.status, StatusCode::SEE_OTHER);
    let decisions = world.api.state.lock().unwrap().decisions.clone();
    assert!(decisions[0].decisions[0].accept && decisions[0].decisions[0].proposal_id == proposal);
    assert!(!world.get(PROPOSED, SALES).await.says("id=\"decide\""), "the supplier does not");
}

#[tokio::test]
async fn a_new_order_reaches_an_open_page_and_the_stream_ends_with_the_portal() {
    let world = World::start().await;
    let request = request("GET", "/live?after=old", SALES).header("last-event-id", "cursor-7");
    let response = world.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let started = world.api.state.lock().unwrap().started.clone();
    assert_eq!(started[0].start, Some(Start::After("cursor-7".into())), "the browser's own place counts");
    let order = world.api.state.lock().unwrap().orders[0].clone();
    let data = prost::Message::encode_to_vec(&OrderPublished { order: Some(order) }).into();
    let told = event::Event { r#type: "tandem.orders.order.published.v1".into(), data, ..Default::default() };
    let entry = FeedEvent { event: Some(told), cursor: "cursor-8".into(), ..Default::default() };
    world
        .api
        .news
        .send(SubscribeResponse { events: vec![entry], cursor: "cursor-8".into(), ..Default::default() })
        .unwrap();
    world.api.news.send(SubscribeResponse { cursor: "cursor-9".into(), ..Default::default() }).unwrap();
    let mut body = response.into_body();
    let mut text = String::new();
    while !text.contains("cursor-9") {
        let frame =
            tokio::time::timeout(Duration::from_secs(5), body.frame()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(text.contains("retry: 2000") && text.contains("event: order\nid: cursor-8\n"), "{text}");
    assert!(text.contains("新订单 MM2610-0049，来自木棉门业"), "{text}");
    world.shutdown.cancel();
    let end = tokio::time::timeout(Duration::from_secs(5), body.frame()).await.unwrap();
    assert!(end.is_none(), "the stream ends at shutdown");
}

#[tokio::test]
async fn the_first_load_is_small() {
    let world = World::start().await;
    let page = world.get("/inbox", SALES).await;
    let mut bytes = 0;
    let assets: Vec<&str> = page.html.split('"').filter(|part| part.starts_with("/static/")).collect();
    assert_eq!(assets.len(), 2);
    for path in [&assets[..], &["/inbox"]].concat() {
        let request = request("GET", path, SALES).header("accept-encoding", "gzip");
        let response = world.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip", "{path}");
        if path.starts_with("/static") {
            assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        }
        bytes += response.into_body().collect().await.unwrap().to_bytes().len();
    }
    assert!(bytes <= 32 * 1024, "{bytes} bytes");
}

#[tokio::test]
async fn an_api_that_does_not_answer_is_a_page_that_says_so() {
    let world = World::over("http://127.0.0.1:9", Fake::new(), (false, None, ""));
    let page = world.get("/inbox", SALES).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.says("暂时连接不上") && page.says("UNAVAILABLE"));
}
