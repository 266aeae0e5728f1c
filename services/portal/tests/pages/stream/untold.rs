//! What no feed tells of: a change that is made through the portal is told to open pages of the same firm.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use http_body_util::BodyExt as _;
use proto::partners::WhoAmIResponse;

use super::{heard, of_place, open_as};
use crate::{
    Page, World,
    attacks::minted,
    fake::{BUYER, SALES},
    hostile::{Hostile, ID},
};

const SOON: Duration = Duration::from_secs(5);

/// What pages are told where something of a kind has changed.
fn changed(kind: &str) -> String {
    format!("event: changed\ndata: {{\"what\":[\"{kind}\"],\"text\":\"\"}}\n")
}

/// A form of the buyer's, whose token is for this.
async fn send(world: &World, path: &str, purpose: &str, fields: &[(&str, &str)]) -> Page {
    let token = minted(BUYER, purpose);
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    world.post(path, BUYER, &all).await
}

/// What comes until it is quiet for a second.
async fn rest(body: &mut Body) -> String {
    let mut text = String::new();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_secs(1), body.frame()).await {
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    text
}

#[tokio::test]
async fn what_is_changed_here_is_told_to_the_own_firm_and_to_nobody_else() {
    let world = World::start().await;
    let mut own = open_as(&world, BUYER).await;
    let mut others = open_as(&world, SALES).await;
    let failed = send(&world, "/keys", "new key", &[("name", "ERP"), ("role", "2")]).await;
    assert!(failed.status.is_server_error(), "{}", failed.html);
    let link = send(&world, "/members/m2/sign-in-link", "sign-in-link m2", &[]).await;
    assert_eq!(link.status, StatusCode::OK, "{}", link.html);
    let text = heard(&mut own, SOON, |text| text.contains(&changed("members"))).await;
    assert!(!text.contains("keys"), "what failed has changed nothing: {text}");
    // What is read anew by the clock may come in between.
    let members = changed("members");
    assert!(!rest(&mut own).await.contains(&members), "once");
    let text = rest(&mut others).await;
    assert!(text.contains("event: told") && !text.contains(&members), "{text}");
}

#[tokio::test]
async fn whoever_may_follow_no_feed_hears_of_it() {
    let (api, world) = Hostile::start(false, None).await;
    let who = WhoAmIResponse { firm_id: ID.into(), ..WhoAmIResponse::default() };
    api.script().answer("WhoAmI", [Ok(who)]);
    let mut colleague = open_as(&world, SALES).await;
    let act = format!("/operator/firms/{ID}/verify");
    for (path, purpose, kind) in [
        ("/keys", "new key", "keys"),
        ("/webhooks/new", "webhook ", "webhooks"),
        (act.as_str(), act.as_str(), "operator"),
    ] {
        let fields = [("name", "ERP"), ("role", "2"), ("reason", "GB 32100"), ("url", "https://erp.example")];
        let page = send(&world, path, purpose, &fields).await;
        assert!(page.status.is_success() || page.status.is_redirection(), "{path}: {}", page.html);
        heard(&mut colleague, SOON, |text| text.contains(&changed(kind))).await;
    }
    assert!(api.calls().iter().all(|call| call.rpc != "Subscribe"), "no feed is asked for");
}

#[tokio::test]
async fn pages_that_show_it_are_read_anew_every_twenty_seconds_too() {
    let world = World::start().await;
    let mut body = open_as(&world, BUYER).await;
    heard(&mut body, Duration::from_secs(25), |text| text.contains(&changed("untold"))).await;
    let page = world.get("/members", BUYER).await;
    assert_eq!(of_place(&page, "list", "data-live-on"), "members untold");
}

#[tokio::test]
async fn a_page_of_many_calls_is_read_anew_once() {
    let (_, world) = Hostile::start(false, None).await;
    let path = format!("/partners/{ID}");
    let page = world.get(&path, SALES).await;
    assert_eq!(page.html.matches(&format!("hx-get=\"{path}\"")).count(), 1, "{}", page.html);
    assert_eq!(of_place(&page, "list", "data-live-on"), "relationship firm partners tolerances untold");
}

#[tokio::test]
async fn a_kept_filter_appears_beside_a_list_where_what_is_typed_stays() {
    let world = World::start().await;
    let page = world.get("/inbox?show=all&q=CY261102", SALES).await;
    let place = |attribute| of_place(&page, "kept", attribute);
    assert_eq!((place("data-live-on"), place("hx-select"), place("class")), ("filters", "#kept", "kept"));
    let plain = world.get("/inbox", SALES).await;
    assert_eq!(of_place(&plain, "kept", "class"), "", "nothing is shown before there is one");
}
