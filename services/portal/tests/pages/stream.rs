//! What pages that are open are told beside orders: what is announced, and that the line is alive.

use std::time::{Duration, Instant};

use axum::body::Body;
use http_body_util::BodyExt as _;
use proto::partners::Announcement;
use tower::ServiceExt as _;

use crate::{
    Page, World,
    fake::{HOLDER, SALES},
    request,
};

/// The stream as a browser opens it.
async fn open(world: &World) -> Body {
    let request = request("GET", "/live", SALES).body(Body::empty()).unwrap();
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

/// An attribute of the place where announcements stand; empty where it has none of that name.
fn told<'a>(page: &'a Page, attribute: &str) -> &'a str {
    let place = page.html.split("<div id=\"told\"").nth(1).unwrap().split('>').next().unwrap();
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
    world.api.state.lock().unwrap().feedless = true;
    world.api.state.lock().unwrap().announcements = vec![announced("a1")];
    let link = format!("/d/{HOLDER}");
    for (path, token, part) in [
        ("/help", SALES, "/announcements?next=%2Fhelp"),
        (&*link, "", "/announcements/all"),
        ("/sign-in", "", "/announcements/all"),
    ] {
        let page = world.get(path, token).await;
        assert!(page.says("今晚维护"), "{path}");
        assert!(!page.says("data-live="), "{path}: the script asks by itself");
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
    world.api.state.lock().unwrap().feedless = false;
    let streamed = world.get("/help", SALES).await;
    assert!(streamed.says("data-live=") && told(&streamed, "hx-trigger") == "tandem:refresh");
}

#[tokio::test]
async fn a_quiet_stream_shows_every_fifteen_seconds_that_it_is_alive() {
    let world = World::start().await;
    let mut body = open(&world).await;
    let began = Instant::now();
    let comment = |text: &str| text.lines().any(|line| line.starts_with(':'));
    heard(&mut body, Duration::from_secs(20), comment).await;
    let quiet = began.elapsed();
    assert!(quiet > Duration::from_secs(13) && quiet < Duration::from_secs(18), "{quiet:?}");
}
