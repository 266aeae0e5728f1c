//! Attacks on the portal, by their ids: what must be refused is refused and asks nothing of the API, and what others wrote
//! stays a text. Every route is read from the source, so that none is forgotten. `tests/architecture/attacks.rs` lists what is
//! tried here and elsewhere.

mod cases;
mod routes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use chassis::secret::{SigningKeys, sha256};
use tonic::Code;

use self::routes::Route;
pub use self::routes::{is_file, named, routes};
use crate::{
    ORDER, Page, World,
    fake::{BUYER, SALES},
    form,
    hostile::{Hostile, ID, MARKUP},
};

#[tokio::test]
async fn a_place_in_another_firms_stream_shows_nothing_of_it() {
    let (api, world) = Hostile::start(false, None).await;
    // As the API refuses a cursor that was made for another firm.
    api.script().refused = Some(("Subscribe", Code::InvalidArgument));
    let page = world.get("/live?after=cursor-of-sales", BUYER).await;
    assert!(page.says("event: anew") && !page.says("event: order"), "D31: {}", page.html);
    let asked = api.calls();
    assert!(asked.iter().any(|call| call.rpc == "Subscribe" && call.token == BUYER), "D31: {asked:?}");
    assert!(asked.iter().all(|call| call.token != SALES), "D31: {asked:?}");
}

// ---- D11: every route ----

/// A form token for whatever purpose, as the portal makes it.
pub fn minted(session: &str, purpose: &str) -> String {
    let nonce = "0192f00000007000800000000000dead";
    // Of nobody's session, as the page of a link has it.
    let session = if session.is_empty() { [0; 32] } else { sha256(session.as_bytes()) };
    let message = [session.as_slice(), nonce.as_bytes()].concat();
    format!("{nonce}.{}", hex::encode(SigningKeys::new([7; 32], None).sign(purpose, &message)))
}

/// A form with a file, as browsers send it.
pub fn upload(path: &str, session: &str, origin: &str, token: &str, file: (&str, &str)) -> Request<Body> {
    let (name, content) = file;
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--x\r\ncontent-disposition: \
         form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/csv\r\n\r\n{content}\r\n--x--\r\n"
    );
    let request = Request::builder().method("POST").uri(path).header("host", "portal.test");
    let request = request.header("origin", origin).header("cookie", format!("tandem_dev={session}"));
    request.header("content-type", "multipart/form-data; boundary=x").body(Body::from(body)).unwrap()
}

/// A form without a file.
fn post(path: &str, session: &str, origin: &str, token: &str) -> Request<Body> {
    let request =
        crate::request("POST", path, session).header("origin", origin).header("x-form-token", token);
    request.body(form(&[("token", token)])).unwrap()
}

pub const HOME: &str = "http://portal.test";
/// Whether a form changes nothing, or nothing that is there: the choice of orders to answer together is only shown again,
/// and whoever is not signed in is signed out already.
fn shows_only(path: &str, session: &str) -> bool {
    path == "/inbox/bulk" || (path == "/sign-out" && session.is_empty())
}

/// The tokens that pages give their forms, by where these are sent.
async fn given(api: &Hostile, world: &World, routes: &[Route]) -> HashMap<String, String> {
    let mut tokens = HashMap::new();
    for last in [true, false] {
        api.script().last = last;
        for route in routes.iter().filter(|route| route.shows) {
            let page = world.get(&route.path, SALES).await;
            for form in page.html.split("<form").skip(1) {
                let form = form.split("</form>").next().unwrap();
                let value =
                    |before: &str| form.split_once(before).and_then(|(_, rest)| rest.split('"').next());
                if let (Some(action), Some(token)) = (value(" action=\""), value("name=\"token\" value=\"")) {
                    tokens.insert(action.split('?').next().unwrap().to_string(), token.to_string());
                }
            }
        }
    }
    tokens
}

/// Whether strangers fill it in: such a token is bound to a link or a page, and to no session.
fn of_strangers(path: &str) -> bool {
    path == "/sign-in" || path.starts_with("/s/") || (path.starts_with("/i/") && !path.ends_with("/claim"))
}

/// A form without a file and with one, of which a page takes at most one kind.
fn both(path: &str, session: &str, origin: &str, token: &str) -> [Request<Body>; 2] {
    let file = ("a.csv", "a,b\r\n1,2\r\n");
    [post(path, session, origin, token), upload(path, session, origin, token, file)]
}

/// Whether a form gets past the look at its token.
async fn passes(world: &World, path: &str, token: &str) -> bool {
    for request in both(path, SALES, HOME, token) {
        let page = world.send(request).await;
        if !page.says("FORM_EXPIRED") && !page.says("FORM_MALFORMED") {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_look_at_any_page_changes_nothing() {
    let (api, world) = Hostile::start(false, None).await;
    for last in [false, true] {
        api.script().last = last;
        for route in routes().iter().filter(|route| route.shows) {
            world.get(&route.path, SALES).await;
            api.unchanged(&format!("D11: GET {}", route.path));
        }
    }
}

/// Forms that take no token of their own here, or would take any, and why: what they refuse below may be refused for another
/// fault than the one that is tried.
const UNTAKEN: &[(&str, &str)] = &[
    ("/aliases/delete", "answers before it looks at a token"),
    ("/capacity/offers/new/slots", "its token is for more than the page that gives it"),
    ("/channels/{id}/delete", "no page here gives its token"),
    ("/d/{token}/accept", "its token is for more than the page that gives it"),
    ("/d/{token}/progress", "its token is for more than the page that gives it"),
    ("/filters", "no page here gives its token"),
    ("/i/{token}", "its token is for more than the page that gives it"),
    ("/inbox/bulk", "answers before it looks at a token"),
    ("/inbox/bulk/send", "no page here gives its token"),
    ("/inbox/sheets/marked", "no page here gives its token"),
    ("/keys/{id}/revoke", "no page here gives its token"),
    ("/orders/{id}/accept", "its token is for more than the page that gives it"),
    ("/orders/{id}/decide", "no page here gives its token"),
    ("/orders/{id}/progress", "its token is for more than the page that gives it"),
    ("/orders/{id}/release", "no page here gives its token"),
    ("/orders/{id}/share/{link}/revoke", "no page here gives its token"),
    ("/orders/{id}/withdraw-change", "its token is for more than the page that gives it"),
    ("/partners/invite/links", "no page here gives its token"),
    ("/purchases/sheets/new/send", "no page here gives its token"),
    ("/purchases/sheets/send", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads/{upload}", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads/{upload}/finish", "no page here gives its token"),
    ("/s/{token}", "its token is for more than the page that gives it"),
    ("/sign-in", "no page here gives its token"),
    ("/webhooks/{id}/resend", "its token is for more than the page that gives it"),
];

/// What seems to be the reason why a form is none that is taken for its own token alone.
fn seems(taken: bool, given: bool) -> String {
    let why = match (taken, given) {
        (true, _) => "answers before it looks at a token",
        (false, true) => "its token is for more than the page that gives it",
        (false, false) => "no page here gives its token",
    };
    why.to_string()
}

#[tokio::test]
async fn no_form_is_taken_without_session_token_and_origin_of_its_own() {
    let (api, world) = Hostile::start(false, None).await;
    let routes = routes();
    let taking: Vec<&Route> = routes.iter().filter(|one| one.takes).collect();
    assert!(taking.len() > 100, "only {} forms were found: are they still recognised?", taking.len());
    let tokens = given(&api, &world, &routes).await;
    let (mut passed, mut others) = (BTreeSet::new(), BTreeMap::new());
    for route in taking {
        let path = route.path.as_str();
        let own = tokens.get(path).filter(|_| !of_strangers(path)).cloned();
        let own = own.unwrap_or_else(|| minted(SALES, path));
        // What is refused below is refused for its own fault only where all is well without it.
        let taken = passes(&world, path, &own).await;
        if taken && !passes(&world, path, "").await {
            passed.insert(route.pattern.as_str());
        } else {
            others.insert(route.pattern.as_str(), seems(taken, tokens.contains_key(path)));
        }
        api.calls();
        for (what, session, origin, token) in [
            ("D11: without a session", "", HOME, own.as_str()),
            ("D07: without a token", SALES, HOME, ""),
            ("D08: with another page's token", SALES, HOME, &minted(SALES, "another page")),
            ("D08: with a token of another firm's session", BUYER, HOME, &own),
            ("D09: from another site", SALES, "https://evil.example", &own),
            ("D10: from a page of no site", SALES, "null", &own),
        ] {
            if origin == HOME && shows_only(path, session) {
                continue;
            }
            for request in both(path, session, origin, token) {
                let page = world.send(request).await;
                assert!(page.status.is_client_error(), "{what}: {path}: {}", page.status);
                assert!(origin == HOME || page.says("FORM_FOREIGN"), "{what}: {path}: {}", page.html);
                api.unchanged(&format!("{what}: {path}"));
            }
        }
    }
    // Of several words for a part of a path, a page knows some.
    others.retain(|form, _| !passed.contains(form));
    named("forms that take no token of their own", &others, UNTAKEN);
}

#[tokio::test]
async fn what_belongs_to_another_firm_is_refused_by_every_form() {
    let (api, world) = Hostile::start(false, None).await;
    // The API knows nothing by ids of others.
    api.script().refused = Some(("", Code::NotFound));
    let mut asked = 0;
    for route in routes().iter().filter(|route| route.takes && route.path.contains(ID)) {
        let page = world.send(post(&route.path, SALES, HOME, &minted(SALES, &route.path))).await;
        assert!(page.status.is_client_error(), "D11: {}: {}", route.path, page.status);
        // Where a token is for another thing than the path, it is refused before anything is asked.
        asked += usize::from(api.calls().iter().any(|call| !call.rpc.starts_with("WhoAmI")));
    }
    assert!(asked > 20, "only {asked} forms asked for what belongs to others");
}

// ---- D15 to D22: what others wrote ----

fn harmless(page: &Page, path: &str) {
    if page.header("content-type").starts_with("text/html") {
        assert!(!page.says("<script>alert") && !page.says("<img src=x"), "D15–D20: {path}");
        for attribute in ["href", "src", "action", "hx-get", "hx-post"] {
            assert!(!page.says(&format!("{attribute}=\"javascript:")), "D22: {path}: {attribute}");
        }
    }
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
}

#[tokio::test]
async fn no_page_makes_more_than_text_of_what_others_wrote() {
    let (api, world) = Hostile::start(false, None).await;
    for (text, named) in [(MARKUP, true), ("javascript:alert(1)", false)] {
        for last in [false, true] {
            {
                let mut script = api.script();
                (script.text, script.named, script.last) = (text, named, last);
            }
            for route in routes().iter().filter(|route| route.shows) {
                harmless(&world.get(&route.path, SALES).await, &route.path);
            }
        }
    }
}

/// Where a field is shown, escaped.
const SHOWN: [(&str, &str, &str); 5] = [
    ("D15", "/help", "firm_name"),
    ("D16", ORDER, "note"),
    ("D17", "/resources/revisions/0192f000-0000-7000-8000-0000000000e1/files", "name"),
    ("D18", ORDER, "buyer_item_id"),
    ("D19", "/webhooks/0192f000-0000-7000-8000-0000000000e1", "url"),
];

#[tokio::test]
async fn what_others_wrote_is_there_to_be_read() {
    let (_, world) = Hostile::start(false, None).await;
    for (id, path, field) in SHOWN {
        let page = world.get(path, SALES).await;
        assert!(page.says(&format!("{field}&#34;&#62;&#60;script&#62;")), "{id}: {path}: {}", page.html);
    }
    let sought = world.get("/inbox?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", SALES).await;
    harmless(&sought, "D21");
    assert!(sought.says("&#34;&#62;&#60;script&#62;"), "D21: {}", sought.html);
}

#[tokio::test]
async fn a_table_that_comes_in_is_shown_as_text() {
    let (api, world) = Hostile::start(false, None).await;
    let file = ("<img src=x onerror=alert(1)>.csv", "number\r\n<script>alert(1)</script>\r\n");
    for last in [false, true] {
        api.script().last = last;
        let token = minted(SALES, "changes");
        let page = world.send(upload("/purchases/sheets", SALES, HOME, &token, file)).await;
        assert_eq!(page.status, StatusCode::OK, "D20");
        harmless(&page, "D20");
        assert!(page.says("message&#34;&#62;&#60;script&#62;"), "D20: {}", page.html);
        // The file's own name goes along with what would be changed.
        assert_eq!(
            page.says("value=\"&#60;img src=x onerror=alert(1)&#62;.csv\""),
            last,
            "D17: {}",
            page.html
        );
    }
    let unreadable =
        upload("/partners/invite/list", SALES, HOME, &minted(SALES, "/partners/invite/list"), file);
    harmless(&world.send(unreadable).await, "D20: a column of no name that we know");
}

#[tokio::test]
async fn nobody_is_sent_on_to_a_script() {
    let world = World::start().await;
    let page = world.get("/s/good?next=javascript:alert(1)", "").await;
    harmless(&page, "/s/good");
    assert!(!page.says("value=\"javascript:"), "D22: {}", page.html);
    let token = page.field("action=\"/s/good\"", "token");
    let page = world.post("/s/good", "", &[("token", &token), ("next", "javascript:alert(1)")]).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/"), "D22");
}

#[tokio::test]
async fn nobody_is_sent_on_to_another_site() {
    let world = World::start().await;
    for (id, next) in [
        ("D23", "//evil.example"),
        ("D24", "/\\evil.example"),
        ("D25", "%2f%2fevil.example"),
        ("D25", "/%2f%2fevil.example"),
    ] {
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = world.get(&format!("/s/good?next={encoded}"), "").await;
        let form = page.html.split("action=\"/s/good\"").nth(1).unwrap().split("</form>").next().unwrap();
        assert!(!form.contains("name=\"next\""), "{id}: {next}: {form}");
        let token = page.field("action=\"/s/good\"", "token");
        let page = world.post("/s/good", "", &[("token", &token), ("next", next)]).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/"), "{id}: {next}");
    }
}

// ---- D01 to D04, and D29: sessions, and who has one ----

#[tokio::test]
async fn whoever_signs_in_gets_a_session_that_nobody_had_before() {
    // Somebody else's session, and one that was made up, planted before the link is used.
    for planted in [BUYER, "tdm_session_planted"] {
        let world = World::start().await;
        let page = world.get("/s/good", planted).await;
        assert!(page.header("set-cookie").is_empty(), "D01: a look signs nobody in");
        let token = page.field("action=\"/s/good\"", "token");
        let page = world.post("/s/good", planted, &[("token", &token)]).await;
        let cookie = page.header("set-cookie");
        assert!(cookie.starts_with(&format!("tandem_dev={SALES};")), "D01: {planted}: {cookie}");
    }
    let world = World::start().await;
    for path in ["/inbox?tandem_dev=tdm_session_sales", "/inbox?token=tdm_session_sales"] {
        assert_eq!(world.get(path, "").await.status, StatusCode::UNAUTHORIZED, "D01: {path}");
    }
}

/// There is none that could be changed. Who must not sign in any more is disabled, which ends the sessions.
#[tokio::test]
async fn no_page_asks_for_a_password() {
    let (_, world) = Hostile::start(false, None).await;
    for route in routes().iter().filter(|route| route.shows) {
        for session in ["", SALES] {
            let page = world.get(&route.path, session).await;
            // With this robots of chats sign what they are sent.
            let signs = route.path.starts_with("/channels") && page.says("id=\"secret\"");
            assert!(signs || !page.says("type=\"password\""), "D03: {}", route.path);
            for kind in ["current-password", "new-password"] {
                assert!(!page.says(kind), "D03: {}: {kind}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn an_open_page_hears_that_its_session_has_ended() {
    let (api, world) = Hostile::start(false, None).await;
    api.script().refused = Some(("Subscribe", Code::Unauthenticated));
    let page = world.get("/live", SALES).await;
    assert!(page.says("event: signed-out"), "D04: {}", page.html);
    // Who opens the stream later is refused without a word of why, and asks here.
    assert_eq!(world.get("/live", "").await.status, StatusCode::UNAUTHORIZED, "D04");
    assert_eq!(world.get("/announcements", "").await.status, StatusCode::UNAUTHORIZED, "D04");
}

/// What a page says between its header and its footer.
pub fn body(page: &Page) -> &str {
    page.html.split("<main").nth(1).unwrap().split("</main>").next().unwrap()
}

#[tokio::test]
async fn a_link_that_is_none_says_no_more_than_any_other() {
    let world = World::start().await;
    let told = async |path: &str| {
        let page = world.get(path, "").await;
        (page.status, body(&page).to_string())
    };
    // Somebody's invitation, too, is no link to sign in with.
    for (none, others) in
        [("/s/nonsense", ["/s/another", "/s/invite"]), ("/i/nonsense", ["/i/another", "/i/good"])]
    {
        let said = told(none).await;
        assert_eq!(said.0, StatusCode::NOT_FOUND, "D29: {none}");
        for other in others {
            assert_eq!(told(other).await, said, "D29: {other}");
        }
    }
    let page = world.get("/sign-in", "").await;
    let main = body(&page);
    let typed = ["text", "email"].map(|kind| main.contains(&format!("type=\"{kind}\"")));
    assert_eq!(typed, [false; 2], "D29: nobody is asked for a name, where no mail goes out");
}
