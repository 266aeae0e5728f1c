//! Every page that can be asked for: what it shows is read anew, or there is a reason why it is not.

use std::collections::HashMap;

use crate::{
    attacks::{is_file, routes},
    fake::SALES,
    hostile::Hostile,
};

/// Pages that keep what they show up to date, or say that there is something newer.
const LIVE: [&str; 50] = [
    "/aliases",
    "/at-risk",
    "/capacity",
    "/capacity/comments/{word}/{id}",
    "/capacity/demand",
    "/capacity/demand/{id}/history",
    "/capacity/disclosure",
    "/capacity/edit",
    "/capacity/groups/{id}",
    "/capacity/groups/{id}/history",
    "/capacity/offers",
    "/capacity/offers/{id}",
    "/capacity/profile",
    "/capacity/requests",
    "/capacity/requests/{id}",
    "/capacity/reservations",
    "/channels",
    "/clusters",
    "/clusters/{id}",
    "/inbox",
    "/keys",
    "/members",
    "/operator/actions",
    "/operator/announcements",
    "/operator/firms",
    "/operator/firms/{id}",
    "/operator/notices",
    "/operator/webhooks",
    "/orders/{id}",
    "/orders/{id}/share",
    "/partners",
    "/partners/{id}",
    "/platform-actions",
    "/proposals",
    "/purchases",
    "/purchasing-groups",
    "/reminders",
    "/resources",
    "/resources/access",
    "/resources/entitlements",
    "/resources/following",
    "/resources/mine",
    "/resources/own",
    "/resources/revisions/{id}/acknowledgements",
    "/resources/revisions/{id}/impact",
    "/resources/waiting",
    "/resources/{id}",
    "/settings",
    "/sites",
    "/webhooks",
];

/// Why the others are not. Pages whose form is posted to where they are have a reason already: what is typed is not touched.
const REASONS: [(&str, &[&str]); 9] = [
    ("it leads on, or is no page", &["/", "/healthz", "/live", "/static/{name}"]),
    ("nothing on it changes before the next release", &["/help", "/sign-in", "/practice"]),
    ("what was found is what was there when it was looked for", &["/search"]),
    (
        "the holder of a link has no session to follow anything by; an answer says what has changed",
        &["/d/{token}"],
    ),
    ("the period that it is of has ended", &["/partners/{id}/score/{figure}"]),
    ("two revisions stay as they were released", &["/resources/compare"]),
    (
        "it says where payloads go in and out, and shows what a partner's system would get now",
        &["/capacity/payloads", "/capacity/payloads/preview"],
    ),
    ("it asks for a message, which is posted elsewhere", &["/orders/{id}/remind"]),
    (
        "it is read by pages, or saved, as what ends with `/export` or `/pdf` is",
        &[
            "/announcements",
            "/announcements/all",
            "/capacity/payloads/file",
            "/orders/{id}/files/{file}",
            "/resources/files/{id}",
        ],
    ),
];

#[test]
fn every_page_keeps_itself_up_to_date_or_there_is_a_reason() {
    let routes = routes();
    let shown = || routes.iter().filter(|route| route.shows && !is_file(&route.path));
    let others: Vec<&str> = REASONS.iter().flat_map(|(_, patterns)| patterns.iter().copied()).collect();
    for route in shown() {
        let pattern = route.pattern.as_str();
        match (LIVE.contains(&pattern), others.contains(&pattern)) {
            (true, true) => panic!("{pattern} is live, and there is a reason why it is not"),
            (false, false) => assert!(route.takes, "{pattern}: is it live, or why not?"),
            _ => {}
        }
    }
    for pattern in LIVE.iter().chain(&others) {
        assert!(shown().any(|route| route.pattern == *pattern), "{pattern} is no page any more");
    }
}

#[tokio::test]
async fn what_pages_show_is_read_anew() {
    let (api, world) = Hostile::start(false, None).await;
    let mut live: HashMap<String, bool> = HashMap::new();
    for last in [false, true] {
        api.script().last = last;
        for route in routes().into_iter().filter(|route| LIVE.contains(&route.pattern.as_str())) {
            let page = world.get(&route.path, SALES).await;
            let mut places =
                page.html.split(" data-live-on=\"").skip(1).filter_map(|rest| rest.split('>').next());
            let anew = places.any(|place| place.contains("hx-trigger=\"tandem:refresh\""));
            *live.entry(route.pattern).or_default() |= anew && page.says("<body data-live=\"");
        }
    }
    let dead: Vec<&String> = live.iter().filter(|(_, live)| !**live).map(|(pattern, _)| pattern).collect();
    assert!(dead.is_empty(), "nothing on these is read anew: {dead:?}");
}
