//! Single requests, each to be refused by its status: who has no session that counts is answered 401, a form that is none of
//! ours 403, and what HTTP has a closer word for by that.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};

use crate::hostile::Hostile;

/// The portal as people reach it by TLS.
const SECURE: &str = "https://portal.test";
const JSON: &str = "{\"token\":\"x\",\"revision\":1,\"accept_all\":true}";

struct Case {
    id: &'static str,
    what: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    refused: StatusCode,
}

/// A session's cookie by its real name.
const OWN: (&str, &str) = ("cookie", "__Host-tandem=tdm_session_sales");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

const CASES: &[Case] = &[
    Case {
        id: "D06",
        what: "a second cookie of the session's name, from another site of the domain",
        method: "GET",
        path: "/inbox",
        headers: &[("cookie", "__Host-tandem=tdm_session_sales; __Host-tandem=tdm_session_buyer")],
        body: "",
        refused: StatusCode::UNAUTHORIZED,
    },
    Case {
        id: "D06",
        what: "the same in a header of its own",
        method: "GET",
        path: "/inbox",
        headers: &[OWN, ("cookie", "__Host-tandem=tdm_session_buyer")],
        body: "",
        refused: StatusCode::UNAUTHORIZED,
    },
    Case {
        id: "D06",
        what: "the name in other letters, which a browser does not bind to the host",
        method: "GET",
        path: "/inbox",
        headers: &[("cookie", "__host-tandem=tdm_session_sales")],
        body: "",
        refused: StatusCode::UNAUTHORIZED,
    },
    Case {
        id: "D06",
        what: "the name behind another one's sign of equality",
        method: "GET",
        path: "/inbox",
        headers: &[("cookie", "=__Host-tandem=tdm_session_sales")],
        body: "",
        refused: StatusCode::UNAUTHORIZED,
    },
    Case {
        id: "D12",
        what: "JSON sent as text/plain",
        method: "POST",
        path: "/orders/0192f000-0000-7000-8000-000000000001/accept",
        headers: &[OWN, ("origin", SECURE), ("content-type", "text/plain")],
        body: JSON,
        // 415 and not 400 (RFC 9110, 15.5.16): the kind of content is at fault, whatever stands in it.
        refused: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    },
    Case {
        id: "D12",
        what: "JSON that says that it is JSON",
        method: "POST",
        path: "/orders/0192f000-0000-7000-8000-000000000001/accept",
        headers: &[OWN, ("origin", SECURE), ("content-type", "application/json")],
        body: JSON,
        // 415 and not 400 (RFC 9110, 15.5.16): the kind of content is at fault, whatever stands in it.
        refused: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    },
    Case {
        id: "D12",
        what: "JSON where a form is expected",
        method: "POST",
        path: "/orders/0192f000-0000-7000-8000-000000000001/accept",
        headers: &[OWN, ("origin", SECURE), FORM],
        body: JSON,
        refused: StatusCode::FORBIDDEN,
    },
    Case {
        id: "D13",
        what: "a look that says to be a form",
        method: "GET",
        path: "/orders/0192f000-0000-7000-8000-000000000001/decide?_method=POST",
        headers: &[OWN, ("x-http-method-override", "POST"), ("x-http-method", "POST")],
        body: "",
        // 404 and not 400 (RFC 9110, 15.5.5): nobody reads the header, and by this method there is no such page.
        refused: StatusCode::NOT_FOUND,
    },
    Case {
        id: "D13",
        what: "a form that says to be a look",
        method: "POST",
        path: "/orders/0192f000-0000-7000-8000-000000000001/accept",
        headers: &[OWN, ("origin", SECURE), FORM, ("x-http-method-override", "GET")],
        body: "_method=GET&revision=1",
        refused: StatusCode::FORBIDDEN,
    },
    Case {
        id: "D13",
        what: "a form of another site that says to be a look",
        method: "POST",
        path: "/orders/0192f000-0000-7000-8000-000000000001/accept",
        headers: &[OWN, ("origin", "https://evil.example"), FORM, ("x-http-method-override", "GET")],
        body: "revision=1",
        refused: StatusCode::FORBIDDEN,
    },
    Case {
        id: "D13",
        what: "a method of no page",
        method: "DELETE",
        path: "/channels/0192f000-0000-7000-8000-0000000000e1",
        headers: &[OWN, ("origin", SECURE), ("x-http-method-override", "POST")],
        body: "",
        // 404 and not 400 (RFC 9110, 15.5.5): nobody reads the header, and by this method there is no such page.
        refused: StatusCode::NOT_FOUND,
    },
    Case {
        id: "D31",
        what: "the stream with a place in it and no session",
        method: "GET",
        path: "/live?after=cursor-7",
        headers: &[("last-event-id", "cursor-7")],
        body: "",
        refused: StatusCode::UNAUTHORIZED,
    },
];

#[tokio::test]
async fn what_must_be_refused_is_refused() {
    let (api, world) = Hostile::start(true, Some(SECURE)).await;
    for case in CASES {
        let mut request = Request::builder().method(case.method).uri(case.path).header("host", "portal.test");
        for (name, value) in case.headers {
            request = request.header(*name, *value);
        }
        let page = world.send(request.body(Body::from(case.body)).unwrap()).await;
        let Case { id, what, refused, .. } = case;
        assert_eq!(page.status, *refused, "{id}: {what}");
        assert_eq!(page.header("cache-control"), "no-store", "{id}: {what}");
        assert!(!page.says("<script>alert"), "{id}: {what}");
        api.unchanged(&format!("{id}: {what}"));
    }
}
