//! Finding one's way: the box that looks for everything, help, and the order to practise with.

use std::collections::{BTreeMap, BTreeSet};

use axum::{body::Body, http::StatusCode};
use proto::partners::{ListRelationshipsResponse, TradingRelationship};

use crate::{
    ORDER, Page, World,
    attacks::{is_file, routes},
    fake::{BUYER, SALES},
    hostile::Hostile,
    request,
};

#[tokio::test]
async fn one_box_on_every_page_finds_in_every_place_that_the_member_may_read() {
    let world = World::start().await;
    for (path, token) in [("/inbox", SALES), (ORDER, BUYER), ("/help", SALES), ("/search", BUYER)] {
        assert!(world.get(path, token).await.says("<form class=\"search\" action=\"/search\""), "{path}");
    }
    assert!(!world.get("/sign-in", "").await.says("action=\"/search\""), "strangers look for nothing");
    let page = world.get("/search?q=cy2611", SALES).await;
    assert!(page.says("CY26110231") && page.says("CY26110219"), "{}", page.html);
    assert!(!page.says("href=\"/purchases?q"), "nothing was bought, and nothing is said of it");
    let page = world.get("/search?q=V10027+%E9%A1%BA%E6%A8%A1", BUYER).await;
    assert!(page.says("href=\"/partners/r1\"") && !page.says("/partners/r2"), "all words must be there");
    assert!(!page.says("href=\"/partners?q") && !page.says("没有找到"), "all that is found is there");
    let page = world.get("/search?q=%EF%BC%88%E7%A4%BA%E4%BE%8B%EF%BC%89", BUYER).await;
    assert!(page.says("/partners/r2") && page.says("/partners/r4") && !page.says("href=\"/partners?q"));
}

#[tokio::test]
async fn each_list_is_asked_once_for_its_first_hits_and_leads_on_to_the_others() {
    let (api, world) = Hostile::start(false, None).await;
    let one = |number: i32| TradingRelationship {
        supplier_name: format!("盖板{number}厂"),
        buyer_name: format!("盖板{number}厂"),
        ..Default::default()
    };
    let relationships = (0..11).map(one).collect();
    let found = ListRelationshipsResponse { relationships, next_page_token: "more".into() };
    api.script().answer("ListRelationships", [Ok(found)]);
    let page = world.get("/search?q=%E7%9B%96%E6%9D%BF+50%25", BUYER).await;
    assert!(page.says("盖板9厂") && !page.says("盖板10厂"), "{}", page.html);
    assert!(page.says("href=\"/partners?q=%E7%9B%96%E6%9D%BF+50%25\""), "{}", page.html);
    let calls = api.calls();
    let asked = |rpc: &str| -> Vec<&str> {
        calls.iter().filter(|call| call.rpc == rpc).map(|call| call.text.as_str()).collect()
    };
    for (rpc, times) in [("ListOffers", 2), ("ListCapacityGroups", 1), ("ListRelationships", 1)] {
        assert_eq!(asked(rpc), vec!["盖板 50%"; times], "{rpc}");
    }
}

#[tokio::test]
async fn a_number_leads_to_its_order_and_what_is_nowhere_is_said() {
    let world = World::start().await;
    for (number, token) in [("CY26110231", SALES), ("cy26110231", BUYER)] {
        let page = world.get(&format!("/search?q={number}"), token).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, ORDER));
    }
    let page = world.get("/search?q=nothing-of-it", SALES).await;
    assert!(page.says("没有找到“nothing-of-it”") && page.says("订单号、料号、品名"));
    for nothing in ["/search", "/search?q=+%E2%80%94+"] {
        let page = world.get(nothing, SALES).await;
        assert!(page.says("订单号、料号、品名") && !page.says("没有找到"), "{nothing}");
        assert!(!page.says("CY26110231"), "nothing is listed unasked");
    }
    assert_eq!(world.get("/search?q=CY26110231", "").await.status, StatusCode::UNAUTHORIZED);
    let english = request("GET", "/search?q=none", SALES).header("accept-language", "en-GB");
    let page = world.send(english.body(Body::empty()).unwrap()).await;
    assert!(page.says("Nothing found for “none”.") && !page.says("订单"), "{}", page.html);
}

#[tokio::test]
async fn help_on_each_page_is_about_that_page() {
    let world = World::start().await;
    let help = world.get("/help", SALES).await;
    for (path, token, topic) in [
        ("/inbox", SALES, "inbox"),
        (ORDER, SALES, "inbox"),
        (ORDER, BUYER, "purchases"),
        ("/purchases", BUYER, "purchases"),
        ("/partners", BUYER, "partners"),
        ("/search", SALES, "search"),
        ("/sign-in", "", "sign-in"),
        ("/no-such-page", SALES, "code"),
        ("/help", SALES, "start"),
    ] {
        let page = world.get(path, token).await;
        let link = format!("href=\"/help#{topic}\"");
        let places = if token.is_empty() { 1 } else { 2 };
        assert_eq!(
            page.html.matches(&link).count(),
            places,
            "{path}: in the footer, and in the menu of a member"
        );
        assert!(help.says(&format!("<section id=\"{topic}\">")), "{path}: {topic}");
    }
    assert!(!help.says("id=\"firms\""), "what runs the platform is nobody else's");
}

/// A page of each topic, which has a section of its own.
const TOPICS: [&str; 38] = [
    "/at-risk",
    "/aliases",
    "/calendar",
    "/capacity",
    "/capacity/demand",
    "/capacity/disclosure",
    "/capacity/edit",
    "/capacity/offers",
    "/capacity/payloads",
    "/capacity/profile",
    "/capacity/requests",
    "/capacity/reservations",
    "/channels",
    "/clusters",
    "/inbox",
    "/inbox/sheets",
    "/keys",
    "/members",
    "/operator/actions",
    "/operator/announcements",
    "/operator/firms",
    "/operator/webhooks",
    "/partners",
    "/platform-actions",
    "/proposals",
    "/purchases",
    "/purchases/new",
    "/purchases/sheets",
    "/purchasing-groups",
    "/reminders",
    "/resources",
    "/resources/access",
    "/resources/following",
    "/resources/own",
    "/resources/waiting",
    "/settings",
    "/sites",
    "/webhooks",
];

#[tokio::test]
async fn every_page_leads_to_a_section_about_its_topic() {
    let (api, world) = Hostile::start(false, None).await;
    let help = world.get("/help", SALES).await;
    let mut about: BTreeMap<String, String> = BTreeMap::new();
    for last in [false, true] {
        api.script().last = last;
        for route in routes().into_iter().filter(|route| route.shows && !is_file(&route.path)) {
            let page = world.get(&route.path, SALES).await;
            let Some(footer) = page.html.split("<footer class=\"wrap bottom\">").nth(1) else { continue };
            let topic = footer.split("href=\"/help#").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(help.says(&format!("<section id=\"{topic}\">")), "{} leads to {topic}", route.path);
            if page.status == StatusCode::OK {
                about.insert(route.pattern, topic.to_string());
            }
        }
    }
    let hidden: Vec<&&str> = TOPICS.iter().filter(|page| !about.contains_key(**page)).collect();
    assert!(hidden.is_empty(), "these were not shown: {hidden:?}");
    let topics: BTreeSet<&String> = TOPICS.iter().map(|page| &about[*page]).collect();
    let led: Vec<(&&str, &String)> = TOPICS.iter().map(|page| (page, &about[*page])).collect();
    assert_eq!(topics.len(), TOPICS.len(), "pages of different topics lead to one section: {led:?}");
}

#[tokio::test]
async fn an_order_is_practised_with_and_nobody_hears_of_it() {
    let world = World::start().await;
    let order = world.get("/practice", SALES).await;
    assert!(order.says("<title>练习：") && order.says("<strong>练习</strong>") && order.says("练习-001"));
    assert!(order.says("href=\"/practice/accept\"") && !order.says("data-live=\""), "{}", order.html);
    assert!(
        !order.says("/orders/practice") && !order.says("/inbox/sheets/export"),
        "it leads nowhere but to its answers"
    );
    for path in ["/practice/accept", "/practice/change", "/practice/refuse"] {
        assert!(world.get(path, SALES).await.says("<strong>练习</strong>"), "{path}");
        assert_eq!(world.get(path, BUYER).await.status, StatusCode::FORBIDDEN, "{path}");
        let untold = world.post(path, SALES, &[("revision", "1")]).await;
        assert_eq!(untold.status, StatusCode::FORBIDDEN, "{path}: a form of ours");
    }
    let form = world.get("/practice/accept", SALES).await;
    let token = form.field("action=\"/practice/accept\"", "token");
    let done = world.post("/practice/accept", SALES, &[("token", &token), ("revision", "1")]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.says("练习完成") && done.says("全部按要求供应") && done.says("tag accepted"));
    assert!(!done.says("/progress\"><input") && !done.says("despatch-note"), "nothing leads on");
    let refused = world.post("/practice/refuse", SALES, &[("token", &token), ("line", "practice-10")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says("class=\"errors\""));
    let fields =
        [("token", token.as_str()), ("reason", "1"), ("line", "practice-10"), ("line", "practice-20")];
    let refused = world.post("/practice/refuse", SALES, &fields).await;
    assert!(refused.says("练习完成") && refused.says("tag rejected"), "{}", refused.html);
    let english = request("GET", "/practice/change", SALES).header("accept-language", "en-GB");
    let page = world.send(english.body(Body::empty()).unwrap()).await;
    assert!(page.says("PRACTICE-001") && !page.says("练习") && !page.says("订单"), "{}", page.html);
    assert!(world.api.calls().read.is_empty(), "no order is read");
    assert!(world.api.calls().previews.is_empty() && world.api.state.lock().unwrap().responses.is_empty());
}

/// Sends the form of changes with what it hides and what is typed.
async fn practise(world: &World, hidden: &[(&str, String)], typed: &[(&str, &str)]) -> Page {
    let kept = hidden.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<(&str, &str)> = kept.chain(typed.iter().copied()).collect();
    world.post("/practice/change", SALES, &fields).await
}

#[tokio::test]
async fn what_is_practised_is_looked_at_as_a_real_answer_is() {
    let world = World::start().await;
    let form = world.get("/practice/change", SALES).await;
    let mark = "<form id=\"change\"";
    let hidden = ["token", "revision", "line-0", "was-0", "per-0", "line-1", "was-1", "per-1"];
    let hidden: Vec<(&str, String)> = hidden.map(|name| (name, form.field(mark, name))).into();
    let asked = [("q-1", "500"), ("d-1", "2026-12-14")];
    let page = practise(&world, &hidden, &[("q-0", "9999"), ("d-0", "2026-12-14"), asked[0], asked[1]]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("value=\"9999\""), "{}", page.html);
    let later = [("q-0", "2000"), ("d-0", "2026-12-21"), asked[0], asked[1]];
    let page = practise(&world, &hidden, &[later.as_slice(), &[("preview", "1")]].concat()).await;
    assert!(page.says("1 行立即生效，1 行须由采购方确认。") && page.says("尚未提交"), "{}", page.html);
    let page = practise(&world, &hidden, &later).await;
    assert!(
        page.says("练习完成") && page.says("tag proposed") && page.says("1 行须由采购方确认"),
        "{}",
        page.html
    );
    assert!(world.api.calls().previews.is_empty() && world.api.state.lock().unwrap().responses.is_empty());
}
