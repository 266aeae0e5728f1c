//! What pages that are open are told beside orders: what else changed, what is announced, and that the line is alive.

mod routes;
mod untold;

use std::time::{Duration, Instant};

use axum::body::Body;
use http_body_util::BodyExt as _;
use proto::{
    access::Permission,
    event,
    partners::Announcement,
    stream::{FeedEvent, SubscribeResponse},
};
use tower::ServiceExt as _;

use crate::{
    Page, World,
    fake::{BUYER, HOLDER, SALES},
    request,
};

/// The stream as a browser opens it.
async fn open(world: &World) -> Body {
    open_as(world, SALES).await
}

async fn open_as(world: &World, token: &str) -> Body {
    open_at(world, "/live", token).await
}

async fn open_at(world: &World, path: &str, token: &str) -> Body {
    let request = request("GET", path, token).body(Body::empty()).unwrap();
    world.app.clone().oneshot(request).await.unwrap().into_body()
}

/// What comes until something is heard, which is at most so far away.
async fn heard(body: &mut Body, within: Duration, is_it: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    while !is_it(&text) {
        let frame = tokio::time::timeout(within, body.frame()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    text
}

fn announced(id: &str) -> Announcement {
    Announcement { id: id.into(), text_zh: "今晚维护".into(), etag: "1".into(), ..Default::default() }
}

/// An attribute of the place where announcements stand.
fn told<'a>(page: &'a Page, attribute: &str) -> &'a str {
    of_place(page, "told", attribute)
}

/// An attribute of a place that is read anew; empty where it has none of that name.
fn of_place<'a>(page: &'a Page, id: &str, attribute: &str) -> &'a str {
    let place = page.html.split(&format!("<div id=\"{id}\"")).nth(1).unwrap().split('>').next().unwrap();
    let after = place.split_once(&format!(" {attribute}=\"")).map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or_default()
}

#[tokio::test]
async fn pages_that_are_open_hear_what_is_announced() {
    let world = World::start().await;
    world.api.state.lock().unwrap().announcements = vec![announced("a1")];
    let page = world.get("/inbox", SALES).await;
    let mark = told(&page, "data-told");
    let soon = Duration::from_secs(15);
    let mut body = open(&world).await;
    let shown = format!("event: told\ndata: {{\"mark\":\"{mark}\"}}\n");
    heard(&mut body, soon, |text| text.contains(&shown)).await;
    world.api.state.lock().unwrap().announcements = vec![announced("a2")];
    let look = "event: told\ndata: {\"mark\":\"\"}\n";
    heard(&mut body, soon, |text| text.contains(look)).await;
    // For everybody once, and no more while nothing else is announced.
    let more = tokio::time::timeout(Duration::from_secs(4), body.frame()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn pages_without_a_stream_read_every_minute_what_is_announced() {
    let world = World::start().await;
    world.api.state.lock().unwrap().announcements = vec![announced("a1")];
    let link = format!("/d/{HOLDER}");
    for (path, token, part) in [
        ("/help", SALES, "/announcements?next=%2Fhelp"),
        (&*link, "", "/announcements/all"),
        ("/sign-in", "", "/announcements/all"),
    ] {
        let page = world.get(path, token).await;
        assert!(page.says("今晚维护"), "{path}");
        assert_eq!(page.says("data-live="), !token.is_empty(), "{path}: without a stream the script asks");
        assert_eq!((told(&page, "hx-get"), told(&page, "hx-trigger")), (part, "tandem:refresh"), "{path}");
        let read = world.get(part, token).await;
        assert!(read.says("今晚维护") && !read.says("<main"), "{path}: nothing else is read");
        for attribute in ["data-told", "hx-get", "hx-trigger"] {
            assert_eq!(told(&read, attribute), told(&page, attribute), "{path}");
        }
        assert_eq!(read.says("/announcements/dismiss"), !token.is_empty(), "{path}: members put it away");
    }
    let beside = world.get("/announcements/all", SALES).await;
    assert!(
        !beside.says("/announcements/dismiss"),
        "a link's page is nobody's, whoever is signed in beside it"
    );
}

#[tokio::test]
async fn a_quiet_stream_shows_every_fifteen_seconds_that_it_is_alive() {
    let world = World::start().await;
    let mut body = open(&world).await;
    let began = Instant::now();
    // Whatever comes: every twenty seconds the stream says what may have changed, which is too seldom.
    while began.elapsed() < Duration::from_secs(21) {
        let frame = tokio::time::timeout(Duration::from_secs(17), body.frame()).await;
        assert!(frame.is_ok(), "nothing for 17 s, {:?} after it began", began.elapsed());
    }
}

/// An event as the feed carries it.
fn happened(kind: &str, subject: &str) -> FeedEvent {
    let told = event::Event {
        r#type: format!("tandem.{kind}.v1"),
        subject: subject.into(),
        ..event::Event::default()
    };
    FeedEvent { event: Some(told), cursor: "cursor-7".into(), ..FeedEvent::default() }
}

#[tokio::test]
async fn what_else_changed_is_told_once_by_kind_and_id() {
    let world = World::start().await;
    let mut body = open(&world).await;
    let together = vec![
        happened("capacity.offer.published", "offers/o1"),
        happened("capacity.offer.changed", "offers/o1"),
        happened("resources.entitlement.granted", "entitlements/e1"),
        // Whoever looks changes nothing but the log of it.
        happened("resources.resource.viewed", "resources/r1"),
        happened("resources.resource.downloaded", "resources/r1"),
    ];
    let answer = SubscribeResponse { events: together, cursor: "cursor-8".into(), ..Default::default() };
    world.api.news.send(answer).unwrap();
    let text = heard(&mut body, Duration::from_secs(5), |text| text.contains("event: beat")).await;
    let told = r#"{"what":["access","e1","entitlement","o1","offer"],"text":""}"#;
    assert!(text.contains(&format!("event: changed\nid: cursor-8\ndata: {told}\n")), "{text}");
    assert_eq!(text.matches("event: changed").count(), 1, "{text}");
    assert!(!text.contains("event: order"), "{text}");
}

#[tokio::test]
async fn nobody_hears_of_what_they_may_not_read() {
    let world = World::start().await;
    let types = |world: &World| {
        let started = world.api.state.lock().unwrap().started.pop().unwrap();
        started.filter.unwrap().types
    };
    drop(open(&world).await);
    assert_eq!(types(&world), ["tandem.orders.*", "tandem.stream.webhook.*", "tandem.partners.*"]);
    world.api.state.lock().unwrap().permitted = vec![Permission::CapacityRead, Permission::ResourcesRead];
    drop(open(&world).await);
    let areas = ["orders", "stream.webhook", "capacity", "resources", "partners"];
    assert_eq!(types(&world), areas.map(|area| format!("tandem.{area}.*")));
}

#[tokio::test]
async fn lists_are_read_anew_where_something_that_they_show_changed() {
    let world = World::start().await;
    for (path, token, kind) in [
        ("/inbox", SALES, "order"),
        ("/purchases", BUYER, "order"),
        ("/purchases?state=unanswered", BUYER, "order"),
        ("/purchases?state=overdue", BUYER, "order"),
        ("/proposals", BUYER, "order"),
        ("/at-risk", BUYER, "order"),
        ("/reminders", BUYER, "order"),
        ("/partners", BUYER, "relationship"),
    ] {
        let page = world.get(path, token).await;
        let list = |attribute| of_place(&page, "list", attribute);
        assert!(list("data-live-on").split(' ').any(|one| one == kind), "{path}: {}", list("data-live-on"));
        assert_eq!((list("hx-get"), list("hx-select"), list("hx-swap")), (path, "#list", "outerMorph"));
        assert_eq!((list("hx-status:4xx"), list("hx-status:5xx")), ("swap:none", "swap:none"), "{path}");
    }
    let page = world.get("/purchases?state=unanswered", BUYER).await;
    let (before, list) = page.html.split_once("<div id=\"list\"").unwrap();
    assert!(list.contains("form=\"remind\""), "what is chosen stays with it");
    assert!(before.contains("id=\"q\""), "what is looked for does not");
}

#[tokio::test]
async fn a_reminder_that_is_being_typed_is_no_part_of_the_list() {
    let world = World::start().await;
    for (path, token, bar) in [
        ("/purchases?state=unanswered", BUYER, true),
        ("/purchases?state=overdue", BUYER, true),
        ("/at-risk", BUYER, true),
        ("/purchases", BUYER, false),
        ("/purchases?state=unanswered", SALES, false),
    ] {
        for orders in ["some", "none"] {
            let page = world.get(path, token).await;
            let (_, rest) = page.html.split_once("<div id=\"list\"").unwrap();
            let (list, typed) = rest.split_once("<form id=\"remind\"").unwrap_or((rest, ""));
            assert_eq!(typed.contains("id=\"message\""), bar, "{path}: {orders}");
            let over = list.matches("</div>").count() == list.matches("<div").count() + 1;
            assert!(over || !bar, "{path}: {orders}: the list ends before it");
            world.api.state.lock().unwrap().orders.clear();
        }
        world.api.state.lock().unwrap().orders = crate::story::story();
    }
}

#[tokio::test]
async fn a_page_whose_session_the_browser_has_no_more_hears_nothing_of_the_next_one() {
    let world = World::start().await;
    let page = world.get("/help", SALES).await;
    let of = page.html.split("data-live=\"").nth(1).and_then(|after| after.split('"').next()).unwrap();
    let path = format!("/live?of={of}&after=");
    let replaced = world.get(&path, BUYER).await;
    assert!(replaced.says("event: signed-out"), "{}", replaced.html);
    assert!(world.api.state.lock().unwrap().started.is_empty(), "no feed was begun");
    let mut own = open_at(&world, &path, SALES).await;
    let answer = SubscribeResponse { cursor: "cursor-9".into(), ..Default::default() };
    world.api.news.send(answer).unwrap();
    let text =
        heard(&mut own, Duration::from_secs(5), |text| text.contains("event: beat\nid: cursor-9")).await;
    assert!(!text.contains("signed-out"), "its own goes on: {text}");
}
